// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes and takes away what was said.
//!
//! Rule: a part that is gone already is fine. Text goes from part to part in order; files
//! stay with the message that has them, as long as they are the same.

use crate::rights;
use bot_core::Refusal;
use bot_core::refusal::Fallback;
use bot_core::{Action, DeliverError, Failure, MediaSource, Order, Part, Receipt, SendAs};
use bridge_model::Message;
use reqwest::Method;
use serde_json::Value;

use super::plan::Plan;
use super::post::{self, MessagePost, Poster, TO_POST};
use super::post_target::{PostTarget, is_forum, wake};
use super::upload::{self, UploadError};
use super::{failed, webhook};
use crate::convert::incoming;
use crate::convert::outgoing::{self, Lost, MessageLocation, Piece};
use crate::rest::{Body, Idempotency, RestError, code, deliver_error};
use crate::shared::Shared;

/// Replaces the parts of a message by its new version.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn edit(
    shared: &Shared,
    order: &Order,
    media: &dyn MediaSource,
) -> Result<Receipt, Failure> {
    let Action::Edit { send_as, parts, message, native_reply, media_changed } = &order.act else {
        return Ok(Receipt::default());
    };
    let chat = order.chat.as_str();
    let stop = |error: DeliverError| failed(error, &order.done);
    let forum = is_forum(shared, chat).await.map_err(|error| stop(decided(&error)))?;
    let thread = parts.first().and_then(|part| MessageLocation::of(part.id.as_str(), forum).thread);
    let target = thread.map_or(PostTarget::Channel, |thread| PostTarget::Thread(thread.to_owned()));
    let media_changed = *media_changed;
    let mut poster = match send_as {
        SendAs::Bot => Poster::Bot,
        SendAs::Person { .. } => Poster::Webhook,
    };
    loop {
        let how = (send_as, *native_reply, &poster);
        let pieces = post::pieces_by(shared, order, message, how);
        let plan = Plan::new(parts, pieces, media_changed);
        let writer = Writer::of(&poster);
        let changing = Changing { shared, order, writer, message, media, forum, media_changed };
        match changing.carry_out(&plan, (send_as, &poster, &target)).await {
            Err(Unchanged::ByBot) => {
                let name = send_as.name().unwrap_or(&message.author.name).to_owned();
                poster = Poster::BotFor(name, Fallback::NoWebhook);
            }
            Err(Unchanged::Failed(failure)) => return Err(failure),
            Ok(parts) => return Ok(Receipt { parts, ..Receipt::default() }),
        }
    }
}

/// Why a message was not changed.
enum Unchanged {
    /// The bot has posted it for a person, so that names belong above the words.
    ByBot,
    /// The courier's decision.
    Failed(Failure),
}

fn decided(error: &RestError) -> DeliverError {
    deliver_error(error, Idempotency::Repeatable, TO_POST)
}

/// One message being changed.
struct Changing<'a> {
    shared: &'a Shared,
    order: &'a Order,
    writer: Writer,
    message: &'a Message,
    media: &'a dyn MediaSource,
    forum: bool,
    media_changed: bool,
}

/// Who wrote a message of ours, and so who can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// The webhook that our channel has now.
    Webhook,
    /// The bot.
    Bot,
}

impl Writer {
    /// Who has written what `poster` has posted.
    fn of(poster: &Poster) -> Self {
        match poster {
            Poster::Webhook => Self::Webhook,
            Poster::Bot | Poster::BotFor(..) => Self::Bot,
        }
    }
}

/// Why a part was not changed.
enum Unreplaced {
    /// The bot has posted it for a person.
    ByBot,
    /// The courier's decision.
    Decided(DeliverError),
}

/// An attachment that is there.
struct Attached {
    id: String,
    name: String,
    size: Option<u64>,
}

impl Changing<'_> {
    /// Changes, adds and takes away parts; answers with those that are there then.
    async fn carry_out(
        &self,
        plan: &Plan<'_>,
        (send_as, poster, target): (&SendAs, &Poster, &PostTarget),
    ) -> Result<Vec<Part>, Unchanged> {
        let (shared, order) = (self.shared, self.order);
        let Action::Edit { parts, .. } = &order.act else { return Ok(Vec::new()) };
        let mut there = Vec::new();
        for (part, piece) in &plan.replaced {
            match self.replace(part, piece).await {
                Ok(part) => there.extend(part),
                Err(Unreplaced::ByBot) => return Err(Unchanged::ByBot),
                Err(Unreplaced::Decided(error)) => {
                    return Err(Unchanged::Failed(failed(error, &order.done)));
                }
            }
        }
        let surplus: Vec<Part> = plan.surplus.iter().map(|part| (*part).clone()).collect();
        delete(shared, order, send_as, &surplus).await.map_err(Unchanged::Failed)?;
        there.extend(plan.kept.iter().map(|part| (*part).clone()));
        // What is done beyond the old parts was added by an earlier try.
        let added: Vec<Part> =
            order.done.iter().filter(|part| !parts.contains(part)).cloned().collect();
        let skip = added.len();
        there.extend(added);
        for (number, piece) in plan.added.iter().enumerate().skip(skip) {
            let (target, poster) = (target.clone(), poster.clone());
            let (message, media) = (self.message, self.media);
            let post = MessagePost { shared, order, send_as, poster, message, media, target };
            let part = post.post_piece(piece, parts.len() + number, false).await;
            let part = part.map_err(|error| Unchanged::Failed(failed(error.decided(), &there)))?;
            there.push(part.0);
        }
        Ok(there)
    }

    /// Gives the part the content and files of the piece; `None` when it is gone.
    async fn replace(&self, part: &Part, piece: &Piece) -> Result<Option<Part>, Unreplaced> {
        let location = MessageLocation::of(part.id.as_str(), self.forum);
        let refused = |error: &RestError| Unreplaced::Decided(decided(error));
        let mut lost = Lost::default();
        let (mut woken, mut looked) = (false, false);
        loop {
            match self.try_replace(part, (location, piece), &mut lost).await {
                Ok(media) => return Ok(Some(Part { id: part.id.clone(), media })),
                Err(UploadError::TooBig(index)) if !lost.has(index) => {
                    lost.add(index, None, bridge_model::Missing::TooLargeToSend);
                }
                Err(UploadError::Rest(error)) => match error.code() {
                    Some(
                        code::UNKNOWN_MESSAGE | code::UNKNOWN_WEBHOOK | code::TOO_MANY_WEBHOOKS,
                    ) if self.writer == Writer::Webhook => {
                        match self.found_writer(location).await.map_err(Unreplaced::Decided)? {
                            Some(Writer::Bot) => return Err(Unreplaced::ByBot),
                            // Our old webhook was deleted; the one that is there now wrote it.
                            Some(Writer::Webhook) if !looked => looked = true,
                            Some(Writer::Webhook) => return Err(refused(&error)),
                            None => return Ok(None),
                        }
                    }
                    // Somebody deleted this part.
                    Some(code::UNKNOWN_MESSAGE) => return Ok(None),
                    // Unknown Channel: the thread went, and the part with it.
                    Some(code::UNKNOWN_CHANNEL) if location.thread.is_some() => return Ok(None),
                    // "Cannot edit a poll message"
                    Some(code::POLL_UNCHANGEABLE) => return Ok(Some(part.clone())),
                    Some(_) | None if woken => return Err(refused(&error)),
                    Some(_) | None => {
                        let waked = wake(self.shared, location.thread, error).await;
                        waked.map_err(|error| refused(&error))?;
                        woken = true;
                    }
                },
                Err(UploadError::Decided(error)) => return Err(Unreplaced::Decided(error)),
                Err(UploadError::Broken | UploadError::TooBig(_)) => {
                    let reason = "a file broke off on its way".to_owned();
                    let error = DeliverError::Retry { after: None, reason };
                    return Err(Unreplaced::Decided(error));
                }
            }
        }
    }

    /// Says whether files are on the message now.
    async fn try_replace(
        &self,
        part: &Part,
        (location, piece): (MessageLocation<'_>, &Piece),
        lost: &mut Lost,
    ) -> Result<bool, UploadError> {
        let path = self.path(location).await.map_err(UploadError::Rest)?;
        if !self.media_changed {
            let body = Body::Json(outgoing::edit_body(piece));
            let changed = self.patch(&path, body).await;
            return changed.map(|()| part.media).map_err(UploadError::Rest);
        }
        let there = match part.media {
            true => self.attached(&path).await.map_err(UploadError::Rest)?,
            false => vec![],
        };
        let (kept, new) = matched(self.message, &piece.files, &there);
        let all_kept = new.is_empty() && kept.len() == there.len();
        let files = upload::open(self.media, self.message, &new, lost).await;
        let files = files.map_err(UploadError::Decided)?;
        let media = !(kept.is_empty() && files.is_empty());
        let piece = outgoing::without(piece, self.message, lost, &self.order.words);
        let json = outgoing::edit_body(&piece);
        let kept = (!all_kept).then_some(kept.as_slice());
        let (body, watch) = upload::body(json, kept, files);
        watch.check(self.patch(&path, body).await).map(|()| media)
    }

    async fn patch(&self, path: &str, body: Body) -> Result<(), RestError> {
        let rest = &self.shared.rest;
        self.noticed(match self.writer {
            Writer::Bot => rest.tell(Method::PATCH, path, body).await,
            Writer::Webhook => rest.tell_openly(Method::PATCH, path, body).await,
        })
    }

    /// Who can change a message that the webhook of the channel cannot change; `None` when it is
    /// gone. Nobody can change the message of a webhook that was deleted or moved.
    async fn found_writer(
        &self,
        location: MessageLocation<'_>,
    ) -> Result<Option<Writer>, DeliverError> {
        let path = self.bot_path(location);
        let found: Result<Value, RestError> =
            self.shared.rest.ask(Method::GET, &path, Body::Empty).await;
        let message = match found {
            Ok(message) => message,
            Err(error) if error.code() == Some(code::UNKNOWN_MESSAGE) => return Ok(None),
            Err(error)
                if location.thread.is_some() && error.code() == Some(code::UNKNOWN_CHANNEL) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(decided(&error)),
        };
        let me = self.shared.me().await.map_err(|error| decided(&error))?;
        let author = message.get("author").and_then(|author| incoming::id(author, "id"));
        if author == Some(&me.bot) {
            return Ok(Some(Writer::Bot));
        }
        let chat = self.order.chat.as_str();
        match webhook(self.shared, chat).await {
            Ok(now) if incoming::id(&message, "webhook_id") == Some(&now.id) => {
                Ok(Some(Writer::Webhook))
            }
            Err(error) if error.code() != Some(code::TOO_MANY_WEBHOOKS) => Err(decided(&error)),
            Ok(_) | Err(_) => Err(DeliverError::Refused { reason: Refusal::PosterGone }),
        }
    }

    fn bot_path(&self, location: MessageLocation<'_>) -> String {
        let chat = self.order.chat.as_str();
        format!("/channels/{}/messages/{}", location.channel(chat), location.message)
    }

    async fn path(&self, location: MessageLocation<'_>) -> Result<String, RestError> {
        Ok(match self.writer {
            Writer::Bot => self.bot_path(location),
            Writer::Webhook => {
                webhook(self.shared, self.order.chat.as_str()).await?.message_path(location)
            }
        })
    }

    async fn attached(&self, path: &str) -> Result<Vec<Attached>, RestError> {
        let rest = &self.shared.rest;
        let message: Result<Value, RestError> = match self.writer {
            Writer::Bot => rest.ask(Method::GET, path, Body::Empty).await,
            Writer::Webhook => rest.ask_openly(Method::GET, path, Body::Empty).await,
        };
        let message = self.noticed(message)?;
        let files = incoming::list(&message, "attachments").iter();
        let read = |file: &Value| {
            Some(Attached {
                id: incoming::id(file, "id")?.to_owned(),
                name: incoming::text(file, "filename").unwrap_or_default().to_owned(),
                size: file.get("size").and_then(Value::as_u64),
            })
        };
        Ok(files.filter_map(read).collect())
    }

    /// The webhook may have been deleted; the next try looks for another.
    fn noticed<T>(&self, result: Result<T, RestError>) -> Result<T, RestError> {
        result.inspect_err(|error| {
            if error.code() == Some(code::UNKNOWN_WEBHOOK) {
                self.shared.forget_webhook(self.order.chat.as_str());
            }
        })
    }
}

/// The ids of the attachments that stay, and the files that are new.
fn matched(message: &Message, wanted: &[usize], there: &[Attached]) -> (Vec<String>, Vec<usize>) {
    let mut left: Vec<&Attached> = there.iter().collect();
    let (mut kept, mut new) = (Vec::new(), Vec::new());
    for index in wanted {
        let same = |file: &&Attached| {
            let media = message.media.get(*index);
            media.is_some_and(|one| outgoing::is_same(one, *index, &file.name, file.size))
        };
        match left.iter().position(same) {
            Some(at) => kept.push(left.remove(at).id.clone()),
            None => new.push(*index),
        }
    }
    (kept, new)
}

/// Takes parts away.
///
/// # Errors
/// See [`Failure`]; parts that are gone already are no error.
pub(super) async fn delete(
    shared: &Shared,
    order: &Order,
    send_as: &SendAs,
    parts: &[Part],
) -> Result<(), Failure> {
    if parts.is_empty() {
        return Ok(());
    }
    let stop = |error| {
        failed(deliver_error(&error, Idempotency::Repeatable, rights::MANAGE_MESSAGES), &order.done)
    };
    let forum = is_forum(shared, order.chat.as_str()).await.map_err(stop)?;
    for part in parts {
        let location = MessageLocation::of(part.id.as_str(), forum);
        shared.will_delete(location.message);
        match delete_one(shared, order, send_as, location).await {
            Ok(()) => {}
            // Unknown Message; the thread with it.
            Err(error) if error.code() == Some(code::UNKNOWN_MESSAGE) => {}
            Err(error)
                if location.thread.is_some() && error.code() == Some(code::UNKNOWN_CHANNEL) => {}
            Err(error) => return Err(stop(error)),
        }
    }
    Ok(())
}

async fn delete_one(
    shared: &Shared,
    order: &Order,
    send_as: &SendAs,
    location: MessageLocation<'_>,
) -> Result<(), RestError> {
    let chat = order.chat.as_str();
    if let SendAs::Person { .. } = send_as {
        match webhook(shared, chat).await {
            Ok(webhook) => {
                let path = webhook.message_path(location);
                let deleted = shared.rest.tell_openly(Method::DELETE, &path, Body::Empty).await;
                match deleted.as_ref().map_err(RestError::code) {
                    Err(Some(code::UNKNOWN_WEBHOOK)) => shared.forget_webhook(chat),
                    // A message of another one: the bot may still do it.
                    Err(Some(code::UNKNOWN_MESSAGE)) => {}
                    Ok(()) | Err(_) => return deleted,
                }
            }
            // The bot has posted for people.
            Err(error) if error.code() == Some(code::TOO_MANY_WEBHOOKS) => {}
            Err(error) => return Err(error),
        }
    }
    let path = format!("/channels/{}/messages/{}", location.channel(chat), location.message);
    shared.rest.tell(Method::DELETE, &path, Body::Empty).await
}
