// SPDX-License-Identifier: AGPL-3.0-or-later
//! Says something new.
//!
//! Rule: a part is named as done as soon as Discord has answered with its id, and
//! never sent again.

use bot_core::{Act, DeliverError, Failure, MediaSource, Order, Part, Receipt, Voice};
use bridge_model::{Message, MessageId, Span};
use reqwest::Method;
use serde_json::Value;

use super::{failed, link_to, upload, webhook};
use crate::convert::incoming;
use crate::convert::outgoing::{self, Piece};
use crate::rest::{Effect, RestError, deliver_error};
use crate::shared::Shared;

/// Posts the parts of the order that are not done.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn post(
    shared: &Shared,
    order: &Order,
    media: &dyn MediaSource,
) -> Result<Receipt, Failure> {
    let Act::Post { voice, message, native_reply, .. } = &order.act else {
        return Ok(Receipt::default());
    };
    let pieces = pieces(shared, order, message, (voice, *native_reply));
    let mut done = order.done.clone();
    for (number, piece) in pieces.iter().enumerate().skip(done.len()) {
        let saying = Saying { shared, order, voice, message, media };
        let part = saying.say(piece, number, *native_reply).await;
        done.push(part.map_err(|error| failed(error, &done))?);
    }
    Ok(Receipt { parts: done, ..Receipt::default() })
}

/// The pieces of a message, with the line that stands for a reply.
pub(super) fn pieces(
    shared: &Shared,
    order: &Order,
    message: &Message,
    (voice, native_reply): (&Voice, bool),
) -> Vec<Piece> {
    outgoing::pieces(message, answered(shared, order, message, (voice, native_reply)))
}

fn answered(
    shared: &Shared,
    order: &Order,
    message: &Message,
    (voice, native_reply): (&Voice, bool),
) -> Option<Vec<Span>> {
    // Only the bot can reply natively; a webhook cannot.
    if native_reply && *voice == Voice::Bot {
        return None;
    }
    let target = message.reply_to.as_ref().filter(|_| native_reply);
    let link = target.and_then(|r| link_to(shared, order.chat.as_str(), r.message.as_str()));
    outgoing::answered(message, link)
}

/// One message on its way.
pub(super) struct Saying<'a> {
    pub(super) shared: &'a Shared,
    pub(super) order: &'a Order,
    pub(super) voice: &'a Voice,
    pub(super) message: &'a Message,
    pub(super) media: &'a dyn MediaSource,
}

impl Saying<'_> {
    /// Sends piece `number`.
    ///
    /// # Errors
    /// The courier's decision.
    pub(super) async fn say(
        &self,
        piece: &Piece,
        number: usize,
        native_reply: bool,
    ) -> Result<Part, DeliverError> {
        let mut piece = piece.clone();
        let files = upload::open(self.media, self.message, &mut piece).await?;
        let part_has_media = !files.is_empty();
        let answered = match self.voice {
            Voice::Bot => {
                let body = self.bot_body(&piece, number, native_reply);
                let path = format!("/channels/{}/messages", self.order.chat.as_str());
                let (body, broken) = upload::body(body, files);
                let rest = &self.shared.rest;
                broken.check(rest.ask::<Value>(Method::POST, &path, body).await)
            }
            Voice::Person { name, avatar_url, .. } => {
                let channel = self.order.chat.as_str();
                let hook = webhook(self.shared, channel).await;
                let hook = hook.map_err(|error| deliver_error(&error, Effect::Repeats))?;
                let body = outgoing::webhook_post(&piece, name, avatar_url.as_deref());
                let path = format!("{}?wait=true", hook.path());
                let (body, broken) = upload::body(body, files);
                let rest = &self.shared.rest;
                broken.check(rest.ask_openly::<Value>(Method::POST, &path, body).await)
            }
        };
        let said =
            answered.map_err(|error| error.map_or_else(broken_upload, |e| self.refused(&e)))?;
        let id = incoming::id(&said, "id").ok_or_else(|| DeliverError::Uncertain {
            reason: "the answer has no message id".to_owned(),
        })?;
        Ok(Part { id: MessageId::from(id), media: part_has_media })
    }

    fn bot_body(&self, piece: &Piece, number: usize, native_reply: bool) -> Value {
        let reply = self.message.reply_to.as_ref().filter(|_| native_reply && number == 0);
        let chat = self.order.chat.as_str().parse().ok();
        let target = reply.and_then(|reply| reply.message.as_str().parse().ok());
        let nonce = format!("{}-{number}", self.order.entry.0);
        outgoing::bot_post(piece, &nonce, chat.zip(target))
    }

    fn refused(&self, error: &RestError) -> DeliverError {
        // Unknown Webhook: somebody deleted it; the next try makes another.
        if matches!(self.voice, Voice::Person { .. }) && error.code() == Some(10015) {
            self.shared.forget_webhook(self.order.chat.as_str());
            let reason = "the webhook is gone".to_owned();
            return DeliverError::Retry { after: None, reason };
        }
        deliver_error(error, Effect::Adds)
    }
}

fn broken_upload() -> DeliverError {
    DeliverError::Retry { after: None, reason: "a file broke off on its way".to_owned() }
}
