// SPDX-License-Identifier: AGPL-3.0-or-later
//! Makes the calls that carry out an order.
//!
//! Rule: what changes a chat once (a send) is never repeated after a doubtful answer; what can be
//! repeated (edits, deletions, reactions, pins) is.

mod errors;
mod look;
mod send;

use bot_core::{Act, DeliverError, Failure, MediaSource, Order, Part, Receipt};
use bridge_model::MessageId;
use teloxide::Bot;
use teloxide::payloads::{
    EditMessageCaptionSetters, EditMessageTextSetters, PinChatMessageSetters,
    SetMessageReactionSetters,
};
use teloxide::requests::Requester;
use teloxide::types::{self as telegram, ReactionType};

use self::errors::{Said, Sort, decide};
use crate::convert::TelegramText;
use crate::convert::outgoing::{self, Call};

pub(crate) use look::look;

/// Where orders are carried out.
pub(crate) struct Desk {
    /// For ordinary methods.
    pub methods: Bot,
    /// With a client that waits long enough for uploads.
    pub files: Bot,
    /// In bytes.
    pub max_upload: u64,
}

/// The desk, turned to one chat.
struct Counter<'a> {
    desk: &'a Desk,
    chat: telegram::ChatId,
    media: &'a dyn MediaSource,
}

/// Carries out an order.
pub(crate) async fn carry_out(
    desk: &Desk,
    order: &Order,
    media: &dyn MediaSource,
) -> Result<Receipt, Failure> {
    let chat = chat_id(order)?;
    let counter = Counter { desk, chat, media };
    let mut parts: Vec<Part> = Vec::new();
    let mut refused = None;
    for call in outgoing::calls(&order.act, &order.done, desk.max_upload) {
        let goes_on = matches!(call, Call::Delete(_));
        match counter.make(call).await {
            Ok(part) => parts.extend(part),
            Err(error @ DeliverError::Refused { .. }) if goes_on => refused = Some(error),
            Err(error) => return Err(Failure { error, done: with_done(parts, &order.done) }),
        }
    }
    match refused {
        Some(error) => Err(Failure { error, done: with_done(parts, &order.done) }),
        None if matches!(order.act, Act::Post { .. } | Act::Edit { .. }) => {
            Ok(Receipt { parts, ..Receipt::default() })
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

fn chat_id(order: &Order) -> Result<telegram::ChatId, Failure> {
    order.chat.as_str().parse().map(telegram::ChatId).map_err(|_| {
        let reason = "this is not the id of a Telegram chat".to_owned();
        Failure::clean(DeliverError::Refused { reason })
    })
}

fn message_id(id: &MessageId) -> Result<telegram::MessageId, DeliverError> {
    id.as_str().parse().map(telegram::MessageId).map_err(|_| DeliverError::Refused {
        reason: "this is not the id of a Telegram message".to_owned(),
    })
}

impl Counter<'_> {
    /// Makes one call; returns the part that is there then.
    async fn make(&self, call: Call) -> Result<Option<Part>, DeliverError> {
        match call {
            Call::Keep(part) => Ok(Some(part)),
            Call::Send { piece, reply_to } => self.send(piece, reply_to.as_ref()).await.map(Some),
            Call::Edit { part, text } => self.edit(part, &text).await,
            Call::Delete(id) => self.delete(&id).await.map(|()| None),
            Call::React { target, emoji } => self.react(&target, emoji).await.map(|()| None),
            Call::Pin(target) => {
                let pin = self.bot().pin_chat_message(self.chat, message_id(&target)?);
                let answer = pin.disable_notification(true).await;
                answer.map_err(|error| decide(&error, Sort::Repeatable))?;
                Ok(None)
            }
            Call::Leave => {
                let answer = self.bot().leave_chat(self.chat).await;
                match answer.map_err(|error| decide(&error, Sort::Repeatable)) {
                    // Nothing is left to leave.
                    Ok(_) | Err(DeliverError::ChatClosed { .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Call::Impossible { reason } => Err(DeliverError::Refused { reason }),
        }
    }

    fn bot(&self) -> &Bot {
        &self.desk.methods
    }

    /// Edits in place; a message that is gone is no part any more.
    async fn edit(&self, part: Part, text: &TelegramText) -> Result<Option<Part>, DeliverError> {
        let id = message_id(&part.id)?;
        let answer = edit(self.bot(), self.chat, id, part.media, text).await;
        let Err(error) = answer else { return Ok(Some(part)) };
        match Said::of(&error) {
            Some(said) if said.is_unchanged() => Ok(Some(part)),
            Some(said) if said.is_gone() => Ok(None),
            Some(_) | None => Err(decide(&error, Sort::Repeatable)),
        }
    }

    async fn delete(&self, id: &MessageId) -> Result<(), DeliverError> {
        let answer = self.bot().delete_message(self.chat, message_id(id)?).await;
        let Err(error) = answer else { return Ok(()) };
        match Said::of(&error) {
            Some(said) if said.is_gone() => Ok(()),
            Some(_) | None => Err(decide(&error, Sort::Repeatable)),
        }
    }

    async fn react(&self, target: &MessageId, emoji: Option<String>) -> Result<(), DeliverError> {
        let reaction = emoji.map(|emoji| ReactionType::Emoji { emoji });
        let request = self.bot().set_message_reaction(self.chat, message_id(target)?);
        let answer = request.reaction(reaction).await;
        answer.map(|_| ()).map_err(|error| match Said::of(&error) {
            Some(said) if said.is_unwanted_reaction() => {
                DeliverError::Refused { reason: "reaction not available on telegram".to_owned() }
            }
            Some(_) | None => decide(&error, Sort::Repeatable),
        })
    }
}

/// `editMessageText` or `editMessageCaption`.
async fn edit(
    bot: &Bot,
    chat: telegram::ChatId,
    id: telegram::MessageId,
    is_caption: bool,
    text: &TelegramText,
) -> Result<telegram::Message, teloxide::RequestError> {
    let TelegramText { text, entities } = text.clone();
    if is_caption {
        bot.edit_message_caption(chat, id).caption(text).caption_entities(entities).await
    } else {
        bot.edit_message_text(chat, id, text).entities(entities).await
    }
}
