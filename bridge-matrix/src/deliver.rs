// SPDX-License-Identifier: AGPL-3.0-or-later
//! Carries orders into rooms, as ghosts.
//!
//! Rule: a transaction id is made of the store's number, the entry's and the part's, so that it is
//! unique over all ghosts and for ever, and the same on every try.

mod chat;
mod files;
mod moderation;
mod thread;
mod upload;

use async_trait::async_trait;
use bridge_model::{Capabilities, Message, MessageId, Timestamp};
use ruma::api::client::membership::leave_room;
use ruma::api::client::message::send_message_event;
use ruma::api::client::redact::redact_event;
use ruma::events::MessageLikeEventType;
use ruma::{MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId, OwnedTransactionId, UInt};
use serde_json::Value;

use super::action_error::ActionError;
use super::client::{ClientError, Identity};
use super::convert::outgoing::{self, PartContent};
use super::{MatrixNetwork, convert, find_sent, rooms};
use bot_core::Refusal;
use bot_core::network::{AskError, Deliver, MediaSource};
use bot_core::order::{Action, DeliverError, Failure, Order, Part, Receipt, SendAs};
use bot_core::store::topics;

#[async_trait]
impl Deliver for MatrixNetwork {
    fn capabilities(&self) -> &Capabilities {
        &convert::CAPABILITIES
    }

    async fn deliver(&self, order: &Order, media: &dyn MediaSource) -> Result<Receipt, Failure> {
        if order.chat.as_str().starts_with(topics::WAITING) {
            let reason = "the room is being made".to_owned();
            return Err(Failure::clean(DeliverError::Retry { after: None, reason }));
        }
        let room = OwnedRoomId::try_from(order.chat.as_str()).map_err(|error| {
            Failure::clean(DeliverError::Refused { reason: Refusal::unexpected(error) })
        })?;
        let mut done = order.done.clone();
        let mut result = self.act(order, &room, (media, false), &mut done).await;
        if matches!(&result, Err(error) if error.is("M_FORBIDDEN")) {
            // The ghost may have been removed, or the homeserver has forgotten it.
            result = self.act(order, &room, (media, true), &mut done).await;
        }
        let error = match result {
            Ok(()) => return Ok(Receipt { parts: done, ..Receipt::default() }),
            Err(error) => error,
        };
        let barred = self.barred(&room, &order.act, &error).await;
        let error = match (self.decide(&room, error).await, barred) {
            (DeliverError::Refused { .. }, Some(ghost)) => {
                DeliverError::Refused { reason: Refusal::Barred(ghost) }
            }
            (error, _) => error,
        };
        Err(Failure { error, done })
    }

    async fn find_sent(&self, order: &Order) -> Result<Vec<Part>, Failure> {
        self.look_for(order)
            .await
            .map_err(|error| Failure { error: error.decide().or_retry(), done: order.done.clone() })
    }

    /// Each event has its source in its content, and a transaction id of its own.
    fn ahead(&self) -> usize {
        find_sent::AHEAD
    }
}

/// An order on its way into a room, and as whom it goes there.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub(super) order: &'a Order,
    pub(super) room: &'a OwnedRoomId,
    pub(super) identity: &'a Identity,
}

impl MatrixNetwork {
    async fn act(
        &self,
        order: &Order,
        room: &OwnedRoomId,
        (media, anew): (&dyn MediaSource, bool),
        done: &mut Vec<Part>,
    ) -> Result<(), ActionError> {
        match &order.act {
            Action::Post { send_as, message, native_reply, .. } => {
                let identity = self.ghost(send_as, room, (media, anew)).await?;
                let message = self.in_its_thread(room, send_as, message).await?;
                let said = (&*message, *native_reply);
                self.post(Sending { order, room, identity: &identity }, said, media, done).await
            }
            Action::Edit { send_as, parts, message, native_reply, media_changed: _ } => {
                let identity = self.ghost(send_as, room, (media, anew)).await?;
                let sending = Sending { order, room, identity: &identity };
                let message = self.rehosted(sending, message, media).await?;
                self.edit(sending, parts, (&message, *native_reply), done).await
            }
            Action::Delete { send_as, parts } => {
                let identity = self.ghost_or_bot(send_as, room, (media, anew)).await?;
                for part in parts {
                    self.redact(Sending { order, room, identity: &identity }, &part.id).await?;
                }
                Ok(())
            }
            Action::React { send_as, target, reaction, .. } => {
                let identity = self.ghost(send_as, room, (media, anew)).await?;
                let content = outgoing::reaction(target.as_str(), reaction, &order.source);
                let sending = Sending { order, room, identity: &identity };
                self.send_parts(sending, vec![content], None, done).await
            }
            Action::Unreact { send_as, id, .. } => {
                let Some(id) = id else { return Ok(()) };
                let identity = self.ghost_or_bot(send_as, room, (media, anew)).await?;
                Ok(self.redact(Sending { order, room, identity: &identity }, id).await?)
            }
            Action::Pin { target } => self.pin(room, target, true).await,
            Action::Unpin { target } => self.pin(room, target, false).await,
            Action::ClosePoll { send_as, parts } => {
                // A copy that was closed from the start is words, and has no such part.
                let Some(poll) = parts.iter().find(|part| part.media) else { return Ok(()) };
                let identity = self.ghost(send_as, room, (media, anew)).await?;
                let end = outgoing::poll_end(poll.id.as_str(), &order.source);
                let sending = Sending { order, room, identity: &identity };
                Ok(self.send_one(sending, 0, end, None).await.map(drop)?)
            }
            Action::SetChat { change } => self.set_chat(room, change, media).await,
            // A thread is a message here: it has no name and cannot be closed.
            Action::SetThread { .. } => Ok(()),
            Action::Refresh { send_as } => Ok(self.refresh(send_as, media).await?),
            // The room is the free side: it is never closed by us.
            Action::SetAccess { .. } => Ok(()),
            Action::Withdraw { send_as } => Ok(self.withdraw(send_as, room).await?),
            Action::Moderate { whom, what, reason, .. } => {
                self.moderate(room, whom, (*what, reason)).await
            }
            Action::Retire { person } => Ok(self.retire(person, room).await?),
            Action::Leave => {
                let request = leave_room::v3::Request::new(room.clone());
                Ok(self.client.send(request, &Identity::Bot).await.map(drop)?)
            }
        }
    }

    /// Says something, with the bot's reactions that people have only to touch.
    async fn post(
        &self,
        sending: Sending<'_>,
        (message, native_reply): (&Message, bool),
        media: &dyn MediaSource,
        done: &mut Vec<Part>,
    ) -> Result<(), ActionError> {
        let uploaded = self.uploads(sending, message, media).await?;
        let source = &sending.order.source;
        let contents = outgoing::post_parts(message, native_reply, source, &uploaded);
        let (many, at) = (contents.len(), Some(message.sent_at));
        self.send_parts(sending, contents, at, done).await?;
        let Some(last) = done.last() else { return Ok(()) };
        let buttons = outgoing::buttons(last.id.as_str(), message, source);
        for (number, button) in (many..).zip(buttons) {
            match self.send_one(sending, number, button, None).await {
                // It is there from an earlier try.
                Err(error) if error.is("M_DUPLICATE_ANNOTATION") => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    async fn send_parts(
        &self,
        sending: Sending<'_>,
        contents: Vec<PartContent>,
        at: Option<Timestamp>,
        done: &mut Vec<Part>,
    ) -> Result<(), ActionError> {
        for (number, content) in contents.into_iter().enumerate().skip(done.len()) {
            let media = content.media;
            let id = self.send_one(sending, number, content, at).await?;
            done.push(Part { id, media });
        }
        Ok(())
    }

    async fn send_one(
        &self,
        sending: Sending<'_>,
        number: usize,
        content: PartContent,
        at: Option<Timestamp>,
    ) -> Result<MessageId, ClientError> {
        let Sending { order, room, identity } = sending;
        let content = self.sealed(room, (identity, order.in_clear), content).await?;
        let body = raw(&content.content)?;
        let mut request = send_message_event::v3::Request::new_raw(
            room.clone(),
            self.transaction(order, number),
            MessageLikeEventType::from(content.event_type),
            ruma::serde::Raw::from_json(body),
        );
        let at = at.and_then(|at| UInt::try_from(at.0).ok());
        request.timestamp = at.map(MilliSecondsSinceUnixEpoch);
        let outside = outgoing::without_thread(&content.content);
        let response = match self.client.send(request.clone(), identity).await {
            // No thread hangs on an event that is in one itself ("Threading"); nothing was sent.
            // An internal error has the same code, but the status 500; there it may have been.
            Err(error) if error.is_answer(400, "M_UNKNOWN") && outside.is_some() => {
                request.body = ruma::serde::Raw::from_json(raw(&outside.unwrap_or_default())?);
                self.client.send(request, identity).await?
            }
            other => other?,
        };
        Ok(MessageId::from(response.event_id.as_str()))
    }

    fn transaction(&self, order: &Order, number: usize) -> OwnedTransactionId {
        format!("{}.{}.{number}", self.instance, order.entry.0).into()
    }

    /// Edits the parts that are there, redacts what is too many, adds what is too few.
    async fn edit(
        &self,
        sending: Sending<'_>,
        parts: &[Part],
        (message, native_reply): (&Message, bool),
        done: &mut Vec<Part>,
    ) -> Result<(), ActionError> {
        let edits = outgoing::edit_parts(message, native_reply, &sending.order.source, parts);
        for (number, content) in edits.into_iter().enumerate().skip(done.len()) {
            let part = parts.get(number).cloned();
            let media = content.media;
            if content.event_type == outgoing::UNCHANGED {
                done.extend(part);
                continue;
            }
            let id = self.send_one(sending, number, content, None).await?;
            // An edited part keeps its own id; the edit's id is of no use.
            done.push(part.unwrap_or(Part { id, media }));
        }
        for surplus in parts.iter().skip(done.len()) {
            self.redact(sending, &surplus.id).await?;
        }
        Ok(())
    }

    /// Redacts as the one who said it, else as the core bot. What is gone already is a success.
    async fn redact(&self, sending: Sending<'_>, event: &MessageId) -> Result<(), ClientError> {
        let Sending { order, room, identity } = sending;
        let event = OwnedEventId::try_from(event.as_str())
            .map_err(|error| ClientError::Unwritable(error.to_string()))?;
        let name = rooms::short(event.as_str());
        let transaction = format!("{}.{}.r{name}", self.instance, order.entry.0);
        let request =
            redact_event::v3::Request::new(room.clone(), event, transaction.clone().into());
        match self.client.send(request.clone(), identity).await {
            Ok(_) => Ok(()),
            Err(error) if error.is("M_NOT_FOUND") => Ok(()),
            Err(error) if error.is("M_FORBIDDEN") && *identity != Identity::Bot => {
                self.client.send(request, &Identity::Bot).await.map(drop)
            }
            Err(error) => Err(error),
        }
    }

    /// The ghost that the room does not let in, or does not let speak; `None` when something else is
    /// the matter, or that cannot be learned.
    async fn barred(
        &self,
        room: &OwnedRoomId,
        act: &Action,
        error: &ActionError,
    ) -> Option<String> {
        let (Action::Post { send_as, .. }
        | Action::Edit { send_as, .. }
        | Action::React { send_as, .. }) = act
        else {
            return None;
        };
        let SendAs::Person { .. } = send_as else { return None };
        match error {
            ActionError::MayNotJoin { ghost, .. } => return Some(ghost.to_string()),
            ActionError::Client(error) if error.is("M_FORBIDDEN") => {}
            ActionError::Client(_) | ActionError::Decided(_) => return None,
        }
        let state = |kind| rooms::state(&self.client, room, kind, "");
        let create = state("m.room.create").await.ok()?.unwrap_or_default();
        let power = state("m.room.power_levels").await.ok()?;
        let ghost = self.sender_of(send_as);
        (!rooms::may_speak(&create, power.as_ref(), &ghost)).then_some(ghost)
    }

    /// A room that the core bot is not in any more is closed to everybody. What a ghost may not
    /// do there while the bot is in it concerns that ghost alone.
    async fn decide(&self, room: &OwnedRoomId, error: ActionError) -> DeliverError {
        let error = match error {
            ActionError::Decided(error) => return error,
            ActionError::MayNotJoin { error, .. } | ActionError::Client(error) => error,
        };
        if error.is("M_FORBIDDEN") || error.is("M_NOT_FOUND") {
            let bot = bridge_model::UserId::from(self.ghosts.bot());
            let chat = bridge_model::ChatId::from(room.as_str());
            match bot_core::network::Network::rights(self, &chat, &bot).await {
                Ok(rights) if rights.member => {}
                Ok(_) | Err(AskError::Refused(_)) => {
                    return DeliverError::ChatClosed { reason: Refusal::NotInChat };
                }
                Err(AskError::Retry { after, reason }) => {
                    return DeliverError::Retry { after, reason };
                }
            }
        }
        error.decide()
    }

    /// The Matrix id that speaks for a send_as.
    pub(super) fn sender_of(&self, send_as: &SendAs) -> String {
        match send_as {
            SendAs::Bot => self.ghosts.bot().to_owned(),
            SendAs::Person { person, .. } => self.ghosts.mxid(&self.ghosts.localpart(person)),
        }
    }
}

fn raw(content: &Value) -> Result<Box<serde_json::value::RawValue>, ClientError> {
    serde_json::value::to_raw_value(content)
        .map_err(|error| ClientError::Unwritable(error.to_string()))
}
