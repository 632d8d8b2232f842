// SPDX-License-Identifier: AGPL-3.0-or-later
//! Posts a new message.
//!
//! Rule: a part is named as done as soon as Discord has answered with its id and the id of the
//! channel that it was meant for, and never sent again.

use crate::rights::{self, Permission};
use bot_core::Refusal;
use std::time::Duration;

use bot_core::refusal::Fallback;
use bot_core::{Action, DeliverError, Failure, MediaSource, Order, Part, Receipt, SendAs};
use bridge_model::{Message, MessageId, Missing, RichText};
use reqwest::Method;
use serde_json::Value;

use super::post_target::{self, PostTarget};
use super::upload::{self, Open, UploadError};
use super::webhook::{self, webhook};
use super::{failed, link_to};
use crate::convert::incoming;
use crate::convert::outgoing::{self, Lost, MessageLocation, Piece, id_in};
use crate::rest::{Body, Idempotency, RestError, code, deliver_error};
use crate::shared::{Shared, Webhook};

/// What saying something needs.
pub(super) const TO_POST: &[Permission] = rights::POST;

/// Who posts the words of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Poster {
    /// The bot, for itself.
    Bot,
    /// Our webhook, under the name of the person.
    Webhook,
    /// The bot, with the name of the person above each part, and why.
    BotFor(String, Fallback),
}

impl Poster {
    /// Who posts in `chat` for `send_as`. A channel that takes no webhook is asked again once its
    /// webhooks have changed.
    ///
    /// # Errors
    /// The courier's decision.
    pub(super) async fn of(
        shared: &Shared,
        chat: &str,
        send_as: &SendAs,
    ) -> Result<Self, DeliverError> {
        let SendAs::Person { name, .. } = send_as else { return Ok(Self::Bot) };
        if shared.takes_no_webhook(chat) {
            return Ok(Self::BotFor(name.clone(), Fallback::NoWebhook));
        }
        match webhook(shared, chat).await {
            Ok(_) => Ok(Self::Webhook),
            Err(error) if error.code() == Some(code::TOO_MANY_WEBHOOKS) => {
                shared.note_no_webhook(chat);
                tracing::warn!("a channel has no room for our webhook; the bot posts there itself");
                Ok(Self::BotFor(name.clone(), Fallback::NoWebhook))
            }
            Err(error) => Err(deliver_error(&error, Idempotency::Repeatable, rights::WEBHOOKS)),
        }
    }
}

/// Why a part was not posted.
pub(super) enum Unposted {
    /// Discord refuses the name for a webhook.
    Name,
    /// The courier's decision.
    Decided(DeliverError),
}

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
    let stop = |error| failed(error, &order.done);
    let target = post_target::of_message(shared, order, message, *native_reply).await;
    let poster = Poster::of(shared, order.chat.as_str(), send_as).await.map_err(stop)?;
    let mut post = MessagePost {
        shared,
        order,
        send_as,
        poster,
        message,
        media,
        target: target.map_err(stop)?,
    };
    let mut done = order.done.clone();
    match post.post_rest(*native_reply, &mut done).await {
        Err(Unposted::Name) => {
            tracing::warn!("Discord refuses a name; the bot posts, with the name above the words");
            let name = match send_as {
                SendAs::Person { name, .. } => name.clone(),
                SendAs::Bot => message.author.name.clone(),
            };
            post.poster = Poster::BotFor(name, Fallback::NameRefused);
            let posted = post.post_rest(*native_reply, &mut done).await;
            posted.map_err(|error| failed(error.decided(), &done))?;
        }
        other => other.map_err(|error| failed(error.decided(), &done))?,
    }
    let fallback = match post.poster {
        Poster::BotFor(_, why) => Some(why),
        Poster::Bot | Poster::Webhook => None,
    };
    Ok(Receipt { parts: done, fallback, ..Receipt::default() })
}

impl Unposted {
    /// The courier's decision.
    pub(super) fn decided(self) -> DeliverError {
        match self {
            Self::Decided(error) => error,
            Self::Name => {
                let reason = Refusal::NameRefused;
                DeliverError::Refused { reason }
            }
        }
    }
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

/// The same, as `poster` posts them.
pub(super) fn pieces_by(
    shared: &Shared,
    order: &Order,
    message: &Message,
    (send_as, native_reply, poster): (&SendAs, bool, &Poster),
) -> Vec<Piece> {
    match poster {
        Poster::Bot | Poster::Webhook => pieces(shared, order, message, (send_as, native_reply)),
        Poster::BotFor(name, _) => {
            let answered = answered(shared, order, message, (send_as, native_reply));
            outgoing::pieces_under_name(message, answered, &order.words, name)
        }
    }
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

/// A message on its way into a channel.
pub(super) struct MessagePost<'a> {
    pub(super) shared: &'a Shared,
    pub(super) order: &'a Order,
    pub(super) send_as: &'a SendAs,
    pub(super) poster: Poster,
    pub(super) message: &'a Message,
    pub(super) media: &'a dyn MediaSource,
    pub(super) target: PostTarget,
}

impl MessagePost<'_> {
    /// Posts what is not in `done`, and adds it.
    async fn post_rest(
        &mut self,
        native_reply: bool,
        done: &mut Vec<Part>,
    ) -> Result<(), Unposted> {
        let how = (self.send_as, native_reply, &self.poster);
        let pieces = pieces_by(self.shared, self.order, self.message, how);
        for (number, piece) in pieces.iter().enumerate().skip(done.len()) {
            let (part, channel) = self.post_piece(piece, number, native_reply).await?;
            done.push(part);
            if let PostTarget::NewPost(_) = self.target {
                self.target = PostTarget::Thread(channel);
            }
        }
        Ok(())
    }

    /// Posts piece `number`; answers with the part and the channel in which it is.
    ///
    /// # Errors
    /// See [`Unposted`].
    pub(super) async fn post_piece(
        &self,
        piece: &Piece,
        number: usize,
        native_reply: bool,
    ) -> Result<(Part, String), Unposted> {
        let mut lost = Lost::default();
        let mut send_as = self.send_as.clone();
        loop {
            let files = upload::open(self.media, self.message, &piece.files, &mut lost).await;
            let files = files.map_err(Unposted::Decided)?;
            let piece = outgoing::without(piece, self.message, &lost, &self.order.words);
            let media = !files.is_empty();
            let by = if self.poster == Poster::Webhook { &send_as } else { &SendAs::Bot };
            let body = outgoing::post_body(&piece, self.message, (by, &self.order.words));
            match self.send(body, files, (number, native_reply)).await {
                Ok(posted) => return self.part(&posted, media).map_err(Unposted::Decided),
                Err(UploadError::TooBig(index)) if !lost.has(index) => {
                    lost.add(index, None, Missing::TooLargeToSend);
                }
                Err(UploadError::Rest(error)) if error.refuses_field("username") => {
                    return Err(Unposted::Name);
                }
                Err(UploadError::Rest(error)) if drops_avatar(&error, &mut send_as) => {}
                Err(UploadError::Rest(error)) => {
                    return Err(Unposted::Decided(self.refused(&error)));
                }
                Err(UploadError::Decided(error)) => return Err(Unposted::Decided(error)),
                Err(UploadError::Broken | UploadError::TooBig(_)) => {
                    let reason = "a file broke off on its way".to_owned();
                    let error = DeliverError::Retry { after: None, reason };
                    return Err(Unposted::Decided(error));
                }
            }
        }
    }

    async fn send(
        &self,
        mut json: Value,
        files: Vec<Open<'_>>,
        (number, native_reply): (usize, bool),
    ) -> Result<Value, UploadError> {
        let chat = self.order.chat.as_str();
        let rest = &self.shared.rest;
        let by_webhook = self.poster == Poster::Webhook;
        if let PostTarget::NewPost(post) = &self.target {
            json = outgoing::new_post(json, post, by_webhook);
        }
        if by_webhook {
            let hook = self.webhook().await?;
            let path = hook.post_path(self.target.thread());
            let (body, watch) = upload::body(json, None, files);
            let posted = watch.check(rest.ask_openly(Method::POST, &path, body).await)?;
            return self.in_its_channel(&hook, posted).await;
        }
        let path = match &self.target {
            PostTarget::Channel => format!("/channels/{chat}/messages"),
            PostTarget::Thread(thread) => format!("/channels/{thread}/messages"),
            PostTarget::NewPost(_) => format!("/channels/{chat}/threads"),
        };
        if !matches!(self.target, PostTarget::NewPost(_)) {
            let nonce = format!("{}-{number}", self.order.entry.0);
            json = outgoing::as_bot(json, &nonce, self.answers(number, native_reply));
        }
        let (body, watch) = upload::body(json, None, files);
        watch.check(rest.ask(Method::POST, &path, body).await)
    }

    async fn webhook(&self) -> Result<Webhook, UploadError> {
        let chat = self.order.chat.as_str();
        let decided = |error| {
            UploadError::Decided(deliver_error(&error, Idempotency::Repeatable, rights::WEBHOOKS))
        };
        let hook = webhook(self.shared, chat).await.map_err(decided)?;
        // A new post is in a channel of its own, so that its answer does not tell where it went.
        if matches!(self.target, PostTarget::NewPost(_)) {
            let here = webhook::is_in(self.shared, &hook, chat).await.map_err(UploadError::Rest)?;
            if !here {
                return Err(UploadError::Decided(self.moved()));
            }
        }
        Ok(hook)
    }

    /// The message, if it is where it should be. An admin may have moved the webhook: then the
    /// words stand before people for whom they were not meant, and are taken away again.
    async fn in_its_channel(&self, hook: &Webhook, posted: Value) -> Result<Value, UploadError> {
        let wanted = match &self.target {
            PostTarget::Channel => self.order.chat.as_str(),
            PostTarget::Thread(thread) => thread.as_str(),
            PostTarget::NewPost(_) => return Ok(posted),
        };
        let ids = incoming::id(&posted, "channel_id").zip(incoming::id(&posted, "id"));
        let Some((channel, message)) = ids.filter(|(channel, _)| *channel != wanted) else {
            return Ok(posted);
        };
        let error = self.moved();
        self.shared.will_delete(message);
        let location = MessageLocation { thread: None, message };
        let path = hook.message_path(location);
        let rest = &self.shared.rest;
        if rest.tell_openly(Method::DELETE, &path, Body::Empty).await.is_err() {
            let path = format!("/channels/{channel}/messages/{message}");
            if let Err(error) = rest.tell(Method::DELETE, &path, Body::Empty).await {
                tracing::error!(
                    %error,
                    "a message went into another channel with a moved webhook and cannot be deleted"
                );
            }
        }
        Err(UploadError::Decided(error))
    }

    /// The webhook posts into another channel: the next try looks for one of this channel.
    fn moved(&self) -> DeliverError {
        tracing::warn!("somebody moved our webhook to another channel; a new one is made");
        self.shared.forget_webhook(self.order.chat.as_str());
        let reason = "the webhook was moved to another channel".to_owned();
        DeliverError::Retry { after: Some(Duration::ZERO), reason }
    }

    /// The message that the bot replies to, which is in the same channel.
    fn answers(&self, number: usize, native_reply: bool) -> Option<(u64, u64)> {
        let native = native_reply && number == 0 && self.poster == Poster::Bot;
        let reply = self.message.reply_to.as_ref().filter(|_| native)?;
        let forum = self.shared.is_forum(self.order.chat.as_str()).unwrap_or(false);
        let location = MessageLocation::of(reply.message.as_str(), forum);
        let channel = location.channel(self.order.chat.as_str());
        let here = self.target.thread().unwrap_or(self.order.chat.as_str());
        // The message on which a thread hangs stands outside of it.
        let ids = channel.parse().ok().zip(location.message.parse().ok());
        ids.filter(|_| channel == here)
    }

    fn part(&self, posted: &Value, media: bool) -> Result<(Part, String), DeliverError> {
        // The bot's new post is a channel that holds its message; a webhook's is a message that
        // names its channel.
        let opened =
            matches!(self.target, PostTarget::NewPost(_)) && self.poster != Poster::Webhook;
        let message = if opened { posted.get("message").unwrap_or(posted) } else { posted };
        let id = incoming::id(message, "id").ok_or_else(|| DeliverError::Uncertain {
            reason: "the answer has no message id".to_owned(),
        })?;
        let channel = incoming::id(message, "channel_id").unwrap_or(id);
        let thread = match &self.target {
            PostTarget::Channel => None,
            PostTarget::Thread(thread) => Some(thread.as_str()),
            PostTarget::NewPost(_) => Some(channel),
        };
        let part = Part { id: MessageId::from(id_in(thread, id)), media };
        Ok((part, channel.to_owned()))
    }

    fn refused(&self, error: &RestError) -> DeliverError {
        let chat = self.order.chat.as_str();
        if error.code() == Some(code::TAG_REQUIRED) && self.shared.required_tag(chat).is_none() {
            // The forum is another one than when it was last heard of: the next try asks.
            if self.shared.forget_channel(chat) {
                let reason = "the forum needs a tag".to_owned();
                return DeliverError::Retry { after: Some(Duration::ZERO), reason };
            }
        }
        if self.poster == Poster::Webhook {
            let elsewhere = matches!(
                error.code(),
                Some(code::POST_NAME_REQUIRED | code::POST_NAME_REFUSED | code::UNKNOWN_CHANNEL)
            );
            if elsewhere || error.code() == Some(code::UNKNOWN_WEBHOOK) {
                self.shared.forget_webhook(self.order.chat.as_str());
            }
            // It is deleted, or its channel is of another kind than ours.
            if error.code() == Some(code::UNKNOWN_WEBHOOK)
                || elsewhere && error.code() != Some(code::UNKNOWN_CHANNEL)
            {
                let reason = "the webhook is gone".to_owned();
                return DeliverError::Retry { after: None, reason };
            }
        }
        if let (Some(thread), Some(code::UNKNOWN_CHANNEL)) = (self.target.thread(), error.code()) {
            return post_target::lost_thread(self.shared, thread, self.order);
        }
        deliver_error(error, Idempotency::Once, TO_POST)
    }
}

/// Takes the picture away that Discord refuses; `false` when that was not it.
fn drops_avatar(error: &RestError, send_as: &mut SendAs) -> bool {
    match send_as {
        SendAs::Person { avatar_url, .. } if error.refuses_field("avatar_url") => {
            avatar_url.take().is_some()
        }
        SendAs::Person { .. } | SendAs::Bot => false,
    }
}
