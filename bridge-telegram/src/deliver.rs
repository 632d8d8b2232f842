// SPDX-License-Identifier: AGPL-3.0-or-later
//! Makes the calls that carry out an order.
//!
//! Rule: what changes a chat once (a send) is never repeated after a doubtful answer; what can be
//! repeated (edits, deletions, reactions, pins) is.

mod call;
mod change;
mod errors;
mod find_sent;
mod send;
mod stream;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use bot_core::Refusal;
use bot_core::{Action, DeliverError, Failure, MediaSource, Order, Part, Receipt, Words};
use bridge_model::{Alias, MessageId};
use reqwest_telegram::Client;

use crate::api::Api;
use crate::convert::outgoing::{self, Call, Setting};
use crate::moves::Moves;

pub(crate) use find_sent::{Searches, find_sent};

/// The Bot API with what delivering needs besides: clients, limits, and what was learned.
pub(crate) struct ApiContext {
    /// The server.
    pub api: Api,
    /// For ordinary methods.
    pub methods: Client,
    /// A client that waits long enough for uploads.
    pub files: Client,
    /// In bytes.
    pub max_upload: u64,
    /// Roots of threads, by chat, that are no topics of a forum. Only saves calls.
    pub no_topics: Mutex<HashSet<(String, MessageId)>>,
    /// Groups that go on under another id.
    pub moves: Arc<Moves>,
    /// How far searches for doubtful sends came.
    pub searches: Searches,
}

/// Makes the calls of one order in one chat.
struct ChatSender<'a> {
    context: &'a ApiContext,
    chat: &'a str,
    media: &'a dyn MediaSource,
    words: &'a Words,
}

/// What an order has left in the chat so far.
#[derive(Default)]
struct Made {
    parts: Vec<Part>,
    also: Vec<Alias>,
    /// The bot tried to react and has no reaction there now.
    shows_no_reaction: bool,
    /// The topic of a forum in which the parts stand, as the platform's answers say.
    topic: Option<MessageId>,
}

impl Made {
    fn note_topic(&mut self, sent: Option<&call::Sent>) {
        let topic = sent.and_then(call::Sent::topic).map(|it| MessageId::new(it.to_string()));
        self.topic = self.topic.take().or(topic);
    }
}

/// Carries out an order.
pub(crate) async fn carry_out(
    context: &ApiContext,
    order: &Order,
    media: &dyn MediaSource,
) -> Result<Receipt, Failure> {
    check_chat(order)?;
    let sender = ChatSender { context, chat: order.chat.as_str(), media, words: &order.words };
    let mut made = Made::default();
    let mut refused = None;
    for call in outgoing::calls(&order.act, &order.done, &sender.setting()) {
        let goes_on = matches!(call, Call::Delete(_));
        match sender.make(call, &mut made).await {
            Ok(()) => {}
            Err(error @ DeliverError::Refused { .. }) if goes_on => refused = Some(error),
            Err(error) => return Err(Failure { error, done: with_done(made.parts, &order.done) }),
        }
    }
    match refused {
        Some(error) => Err(Failure { error, done: with_done(made.parts, &order.done) }),
        // Who counts reactions in a line has to know.
        None if made.shows_no_reaction && matches!(order.act, Action::React { .. }) => {
            let reason = Refusal::NoReaction;
            Err(Failure::clean(DeliverError::Refused { reason }))
        }
        None if matches!(order.act, Action::Post { .. } | Action::Edit { .. }) => {
            Ok(Receipt { parts: made.parts, also: made.also, fallback: None })
        }
        None => Ok(Receipt::default()),
    }
}

fn with_done(mut parts: Vec<Part>, done: &[Part]) -> Vec<Part> {
    for part in done {
        if !parts.contains(part) {
            parts.push(part.clone());
        }
    }
    parts
}

fn check_chat(order: &Order) -> Result<(), Failure> {
    order.chat.as_str().parse::<i64>().map(|_| ()).map_err(|_| {
        let reason = Refusal::unexpected("this is not the id of a Telegram chat");
        Failure::clean(DeliverError::Refused { reason })
    })
}

impl ChatSender<'_> {
    fn setting(&self) -> Setting<'_> {
        Setting { max_upload: self.context.max_upload, words: self.words }
    }

    /// Makes one call, and notes the parts that are there then.
    async fn make(&self, call: Call, made: &mut Made) -> Result<(), DeliverError> {
        match call {
            Call::Keep(part) => {
                made.parts.push(part);
                Ok(())
            }
            Call::Send { piece, to } => self.send(piece, to, made).await,
            Call::Edit { .. } => self.edit(call, made).await,
            Call::Exchange { part, file, to } => self.exchange((part, *file, to), made).await,
            Call::Move { .. } => self.move_place(call, made).await,
            Call::React { target, choices } => self.react(&target, choices, made).await,
            Call::Delete(_)
            | Call::Pin(_)
            | Call::Unpin(_)
            | Call::StopPoll(_)
            | Call::SetTitle(_)
            | Call::SetDescription(_)
            | Call::SetPhoto(_)
            | Call::DeletePhoto
            | Call::RenameTopic { .. }
            | Call::CloseTopic(_)
            | Call::ReopenTopic(_)
            | Call::SetPermissions(_)
            | Call::Ban { .. }
            | Call::Unban(_)
            | Call::Restrict { .. }
            | Call::Leave => self.set(&call).await,
        }
    }
}
