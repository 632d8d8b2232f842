// SPDX-License-Identifier: AGPL-3.0-or-later
//! The line below a message that a chat refused, and its end when an edit repairs the message.
//!
//! Rule: a refusal is told to the author once for each chat; the line is taken away when a later
//! version arrives there.

use bridge_model::{Content, Event, MessageId, Place};

use super::Delivery;
use super::lookup::unread;
use crate::lane::{Answer, CORE, Entry, Speaker, Work, core_place};
use crate::order::{DeliverError, Receipt};

impl Delivery<'_> {
    /// One line under the message that did not arrive. Not for the bot's own words, and not for
    /// reactions, which would be louder than what was lost.
    pub(super) fn tell_author(&self, reason: &str) -> Option<(Place, Work)> {
        let event = &self.head.entry.work.event;
        let key = match &event.content {
            Content::Posted(_) => Some(self.refusal_key()),
            Content::Edited(_) | Content::Deleted { .. } | Content::PollClosed { .. } => None,
            Content::Reacted { .. }
            | Content::Unreacted { .. }
            | Content::Commanded(_)
            | Content::Moved { .. }
            | Content::Closed
            | Content::Invited { .. }
            | Content::Pinned
            | Content::Unpinned
            | Content::Voted { .. }
            | Content::Counted { .. }
            | Content::ChatChanged { .. }
            | Content::MemberChanged { .. }
            | Content::ThreadChanged { .. } => return None,
        };
        if event.place.network.as_str() == CORE {
            return None;
        }
        let text = self.wording.refused(&self.head.entry.lane.network, reason);
        let message = self.wording.message(text, self.relay.clock.now());
        let answer = Answer { to: Some(event.message.clone()), ..Answer::default() };
        let place = event.place.clone();
        let key = key.as_ref().map(MessageId::as_str);
        let work = Work::say(&place, key, message).answering(answer);
        Some((place, work))
    }

    /// The chat has refused the first version of the message, so that an edit of it may be posted.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn was_refused(&self) -> Result<bool, DeliverError> {
        let place = core_place(&self.head.entry.work.event.place);
        let line = self.relay.store.find_replica(&place, &self.refusal_key()).await;
        Ok(line.map_err(unread)?.is_some_and(|line| !line.deleted))
    }

    /// Takes the line away when an edit that was refused before has arrived.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn repaired(
        &self,
        receipt: &Receipt,
    ) -> Result<Option<(Place, Work)>, DeliverError> {
        let event = &self.head.entry.work.event;
        let is_edit = matches!(event.content, Content::Edited(_));
        if !is_edit || receipt.parts.is_empty() || !self.was_refused().await? {
            return Ok(None);
        }
        let event = Event {
            place: core_place(&event.place),
            message: self.refusal_key(),
            late: false,
            content: Content::Deleted { by: None },
        };
        let work = Work { event, speaker: Speaker::Bot, answer: None, task: None };
        Ok(Some((self.head.entry.work.event.place.clone(), work)))
    }

    /// The name of the line for ever: one for each message and chat.
    fn refusal_key(&self) -> MessageId {
        let Entry { lane, work, .. } = &self.head.entry;
        let pseudonyms = &self.relay.pseudonyms;
        let message = pseudonyms.message(&work.event.place, &work.event.message);
        MessageId::new(format!("refused/{}/{message}", pseudonyms.place(lane)))
    }
}
