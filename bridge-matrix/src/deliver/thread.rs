// SPDX-License-Identifier: AGPL-3.0-or-later
//! In which thread the core bot answers.
//!
//! Rule: an answer stands where the question was asked. People's answers know their thread; the
//! bot's know only what they answer.

use std::borrow::Cow;

use bridge_model::{Message, Thread};
use ruma::OwnedRoomId;

use crate::action_error::ActionError;
use crate::convert::incoming;
use crate::{MatrixNetwork, rooms};
use bot_core::order::SendAs;

impl MatrixNetwork {
    /// The message, in the thread of what it answers when the core bot says it.
    pub(super) async fn in_its_thread<'m>(
        &self,
        room: &OwnedRoomId,
        send_as: &SendAs,
        message: &'m Message,
    ) -> Result<Cow<'m, Message>, ActionError> {
        let Some(reply) = message.reply_to.as_ref().filter(|_| message.thread.is_none()) else {
            return Ok(Cow::Borrowed(message));
        };
        if *send_as != SendAs::Bot {
            return Ok(Cow::Borrowed(message));
        }
        let answered = match rooms::event(&self.client, room, reply.message.as_str()).await {
            Ok(answered) => answered,
            Err(error) if error.is_refusal() => None,
            Err(error) => return Err(ActionError::Decided(error.decide().or_retry())),
        };
        let relation = answered.as_ref().and_then(|event| event.pointer("/content/m.relates_to"));
        let thread: Option<Thread> = incoming::place_in_conversation(relation).1;
        if thread.is_none() {
            return Ok(Cow::Borrowed(message));
        }
        Ok(Cow::Owned(Message { thread, ..message.clone() }))
    }
}
