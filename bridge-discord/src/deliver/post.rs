// SPDX-License-Identifier: AGPL-3.0-or-later
//! Says something new.
//!
//! Rule: a part is named as done as soon as Discord has answered with its id, and
//! never sent again.

use crate::rights::Permission;
use bot_core::{Action, DeliverError, Failure, MediaSource, Order, Part, Receipt, SendAs};
use bridge_model::{Message, MessageId, Missing, RichText};
use reqwest::Method;
use serde_json::Value;

use super::home::{self, Home};
use super::upload::{self, Open, Stop};
use super::{failed, link_to, webhook};
use crate::convert::incoming;
use crate::convert::outgoing::{self, Lost, Piece, Spot, id_in};
use crate::rest::{Effect, RestError, deliver_error};
use crate::rights;
use crate::shared::Shared;

/// What saying something needs.
pub(super) const TO_POST: &[Permission] = rights::POST;

/// Posts the parts of the order that are not done.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn post(
    shared: &Shared,
    order: &Order,
    media: &dyn MediaSource,
) -> Result<Receipt, Failure> {
    let Action::Post { send_as, message, native_reply, .. } = &order.act else {
        return Ok(Receipt::default());
    };
    let pieces = pieces(shared, order, message, (send_as, *native_reply));
    let mut done = order.done.clone();
    let mut home = match home::of_message(shared, order, message, *native_reply).await {
        Ok(home) => home,
        Err(error) => return Err(failed(error, &done)),
    };
    for (number, piece) in pieces.iter().enumerate().skip(done.len()) {
        let saying = Saying { shared, order, send_as, message, media, home: &home };
        let said = saying.say(piece, number, *native_reply).await;
        let (part, channel) = said.map_err(|error| failed(error, &done))?;
        done.push(part);
        if let Home::NewPost(_) = home {
            home = Home::Thread(channel);
        }
    }
    Ok(Receipt { parts: done, ..Receipt::default() })
}

/// The pieces of a message, with the line that stands for a reply.
pub(super) fn pieces(
    shared: &Shared,
    order: &Order,
    message: &Message,
    (send_as, native_reply): (&SendAs, bool),
) -> Vec<Piece> {
    let answered = answered(shared, order, message, (send_as, native_reply));
    outgoing::pieces(message, answered, &order.words)
}

fn answered(
    shared: &Shared,
    order: &Order,
    message: &Message,
    (send_as, native_reply): (&SendAs, bool),
) -> RichText {
    // Only the bot can reply natively; a webhook cannot.
    if native_reply && *send_as == SendAs::Bot {
        return RichText::default();
    }
    let target = message.reply_to.as_ref().filter(|_| native_reply);
    let link = target.and_then(|r| link_to(shared, order.chat.as_str(), r.message.as_str()));
    outgoing::answered(message, link)
}

/// One message on its way.
pub(super) struct Saying<'a> {
    pub(super) shared: &'a Shared,
    pub(super) order: &'a Order,
    pub(super) send_as: &'a SendAs,
    pub(super) message: &'a Message,
    pub(super) media: &'a dyn MediaSource,
    pub(super) home: &'a Home,
}

impl Saying<'_> {
    /// Sends piece `number`; answers with the part and the channel in which it is.
    ///
    /// # Errors
    /// The courier's decision.
    pub(super) async fn say(
        &self,
        piece: &Piece,
        number: usize,
        native_reply: bool,
    ) -> Result<(Part, String), DeliverError> {
        let mut lost = Lost::default();
        loop {
            let files = upload::open(self.media, self.message, &piece.files, &mut lost).await?;
            let piece = outgoing::without(piece, self.message, &lost, &self.order.words);
            let media = !files.is_empty();
            match self.send(&piece, files, (number, native_reply)).await {
                Ok(said) => return self.part(&said, media),
                Err(Stop::TooBig(index)) if !lost.has(index) => {
                    lost.add(index, None, Missing::TooLargeToSend);
                }
                Err(Stop::Rest(error)) => return Err(self.refused(&error)),
                Err(Stop::Decided(error)) => return Err(error),
                Err(Stop::Broken | Stop::TooBig(_)) => {
                    let reason = "a file broke off on its way".to_owned();
                    return Err(DeliverError::Retry { after: None, reason });
                }
            }
        }
    }

    async fn send(
        &self,
        piece: &Piece,
        files: Vec<Open<'_>>,
        (number, native_reply): (usize, bool),
    ) -> Result<Value, Stop> {
        let mut json = outgoing::post_body(piece, self.message, self.send_as);
        let chat = self.order.chat.as_str();
        let rest = &self.shared.rest;
        match self.send_as {
            SendAs::Bot => {
                let nonce = format!("{}-{number}", self.order.entry.0);
                json = outgoing::as_bot(json, &nonce, self.answers(number, native_reply));
                let path = match self.home {
                    Home::Channel => format!("/channels/{chat}/messages"),
                    Home::Thread(thread) => format!("/channels/{thread}/messages"),
                    Home::NewPost(name) => {
                        json = outgoing::new_post(json, name, self.send_as);
                        format!("/channels/{chat}/threads")
                    }
                };
                let (body, watch) = upload::body(json, None, files);
                watch.check(rest.ask(Method::POST, &path, body).await)
            }
            SendAs::Person { .. } => {
                if let Home::NewPost(name) = self.home {
                    json = outgoing::new_post(json, name, self.send_as);
                }
                let hook = webhook(self.shared, chat).await.map_err(|error| {
                    Stop::Decided(deliver_error(&error, Effect::Repeats, rights::WEBHOOKS))
                })?;
                let path = hook.post_path(self.home.thread());
                let (body, watch) = upload::body(json, None, files);
                watch.check(rest.ask_openly(Method::POST, &path, body).await)
            }
        }
    }

    /// The message that the bot replies to, which is in the same channel.
    fn answers(&self, number: usize, native_reply: bool) -> Option<(u64, u64)> {
        let reply = self.message.reply_to.as_ref().filter(|_| native_reply && number == 0)?;
        let forum = self.shared.is_forum(self.order.chat.as_str()).unwrap_or(false);
        let spot = Spot::of(reply.message.as_str(), forum);
        let channel = spot.channel(self.order.chat.as_str());
        let here = self.home.thread().unwrap_or(self.order.chat.as_str());
        // The message on which a thread hangs stands outside of it.
        let ids = channel.parse().ok().zip(spot.message.parse().ok());
        ids.filter(|_| channel == here)
    }

    fn part(&self, said: &Value, media: bool) -> Result<(Part, String), DeliverError> {
        // The bot's new post is a channel that holds its message; a webhook's is a message that
        // names its channel.
        let opened = matches!((self.home, self.send_as), (Home::NewPost(_), SendAs::Bot));
        let message = if opened { said.get("message").unwrap_or(said) } else { said };
        let id = incoming::id(message, "id").ok_or_else(|| DeliverError::Uncertain {
            reason: "the answer has no message id".to_owned(),
        })?;
        let channel = incoming::id(message, "channel_id").unwrap_or(id);
        let thread = match self.home {
            Home::Channel => None,
            Home::Thread(thread) => Some(thread.as_str()),
            Home::NewPost(_) => Some(channel),
        };
        let part = Part { id: MessageId::from(id_in(thread, id)), media };
        Ok((part, channel.to_owned()))
    }

    fn refused(&self, error: &RestError) -> DeliverError {
        // Unknown Webhook: somebody deleted it; the next try makes another.
        if matches!(self.send_as, SendAs::Person { .. }) && error.code() == Some(10015) {
            self.shared.forget_webhook(self.order.chat.as_str());
            let reason = "the webhook is gone".to_owned();
            return DeliverError::Retry { after: None, reason };
        }
        if let (Some(thread), Some(10003)) = (self.home.thread(), error.code()) {
            return home::lost_thread(self.shared, thread, self.order);
        }
        deliver_error(error, Effect::Adds, TO_POST)
    }
}
