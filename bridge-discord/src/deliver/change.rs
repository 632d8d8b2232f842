// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes and takes away what was said.
//!
//! Rule: a part that is gone already is fine. Text goes from part to part in order; files
//! stay with the message that has them, as long as they are the same.

use bot_core::{Action, DeliverError, Failure, MediaSource, Order, Part, Receipt, SendAs};
use bridge_model::Message;
use reqwest::Method;
use serde_json::Value;

use super::home::{Home, is_forum, wake};
use super::plan::Plan;
use super::post::{self, Saying, TO_POST};
use super::upload::{self, Stop};
use super::{failed, webhook};
use crate::convert::incoming;
use crate::convert::outgoing::{self, Lost, Piece, Spot};
use crate::rest::{Body, Effect, RestError, deliver_error};
use crate::rights;
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
    let Action::Edit { send_as, parts, message, native_reply, media_changed: _ } = &order.act
    else {
        return Ok(Receipt::default());
    };
    let stop = |error: DeliverError| failed(error, &order.done);
    let forum = is_forum(shared, order.chat.as_str()).await;
    let forum = forum.map_err(|error| stop(decided(&error)))?;
    let pieces = post::pieces(shared, order, message, (send_as, *native_reply));
    let plan = Plan::new(parts, pieces);
    let changing = Changing { shared, order, send_as, message, media, forum };
    let mut there = Vec::new();
    for (part, piece) in &plan.replaced {
        there.extend(changing.replace(part, piece).await.map_err(stop)?);
    }
    let surplus: Vec<Part> = plan.surplus.iter().map(|part| (*part).clone()).collect();
    delete(shared, order, send_as, &surplus).await?;
    there.extend(plan.kept.into_iter().cloned());
    // What is done beyond the old parts was added by an earlier try.
    let added: Vec<Part> =
        order.done.iter().filter(|part| !parts.contains(part)).cloned().collect();
    let skip = added.len();
    there.extend(added);
    let thread = parts.first().and_then(|part| Spot::of(part.id.as_str(), forum).thread);
    let home = thread.map_or(Home::Channel, |thread| Home::Thread(thread.to_owned()));
    for (number, piece) in plan.added.iter().enumerate().skip(skip) {
        let saying = Saying { shared, order, send_as, message, media, home: &home };
        let part = saying.say(piece, parts.len() + number, false).await;
        there.push(part.map_err(|error| failed(error, &there))?.0);
    }
    Ok(Receipt { parts: there, ..Receipt::default() })
}

fn decided(error: &RestError) -> DeliverError {
    deliver_error(error, Effect::Repeats, TO_POST)
}

/// One message being changed.
struct Changing<'a> {
    shared: &'a Shared,
    order: &'a Order,
    send_as: &'a SendAs,
    message: &'a Message,
    media: &'a dyn MediaSource,
    forum: bool,
}

/// An attachment that is there.
struct Attached {
    id: String,
    name: String,
    size: Option<u64>,
}

impl Changing<'_> {
    /// Gives the part the content and files of the piece; `None` when it is gone.
    async fn replace(&self, part: &Part, piece: &Piece) -> Result<Option<Part>, DeliverError> {
        let spot = Spot::of(part.id.as_str(), self.forum);
        let mut lost = Lost::default();
        let mut woken = false;
        loop {
            match self.try_replace(part, (spot, piece), &mut lost).await {
                Ok(media) => return Ok(Some(Part { id: part.id.clone(), media })),
                Err(Stop::TooBig(index)) if !lost.has(index) => {
                    lost.add(index, None, bridge_model::Missing::TooLargeToSend);
                }
                Err(Stop::Rest(error)) => match error.code() {
                    // Unknown Message: somebody deleted this part.
                    Some(10008) => return Ok(None),
                    // Unknown Channel: the thread went, and the part with it.
                    Some(10003) if spot.thread.is_some() => return Ok(None),
                    // "Cannot edit a poll message"
                    Some(520_003) => return Ok(Some(part.clone())),
                    Some(_) | None if woken => return Err(decided(&error)),
                    Some(_) | None => {
                        let waked = wake(self.shared, spot.thread, error).await;
                        waked.map_err(|error| decided(&error))?;
                        woken = true;
                    }
                },
                Err(Stop::Decided(error)) => return Err(error),
                Err(Stop::Broken | Stop::TooBig(_)) => {
                    let reason = "a file broke off on its way".to_owned();
                    return Err(DeliverError::Retry { after: None, reason });
                }
            }
        }
    }

    /// Says whether files are on the message now.
    async fn try_replace(
        &self,
        part: &Part,
        (spot, piece): (Spot<'_>, &Piece),
        lost: &mut Lost,
    ) -> Result<bool, Stop> {
        let path = self.path(spot).await.map_err(Stop::Rest)?;
        let there =
            if part.media { self.attached(&path).await.map_err(Stop::Rest)? } else { vec![] };
        let (kept, new) = matched(self.message, &piece.files, &there);
        let all_kept = new.is_empty() && kept.len() == there.len();
        let files = upload::open(self.media, self.message, &new, lost).await;
        let files = files.map_err(Stop::Decided)?;
        let media = !(kept.is_empty() && files.is_empty());
        let piece = outgoing::without(piece, self.message, lost, &self.order.words);
        let json = outgoing::edit_body(&piece);
        let kept = (!all_kept).then_some(kept.as_slice());
        let (body, watch) = upload::body(json, kept, files);
        let rest = &self.shared.rest;
        let answer = match self.send_as {
            SendAs::Bot => rest.tell(Method::PATCH, &path, body).await,
            SendAs::Person { .. } => rest.tell_openly(Method::PATCH, &path, body).await,
        };
        watch.check(self.noticed(answer)).map(|()| media)
    }

    async fn path(&self, spot: Spot<'_>) -> Result<String, RestError> {
        let chat = self.order.chat.as_str();
        Ok(match self.send_as {
            SendAs::Bot => {
                format!("/channels/{}/messages/{}", spot.channel(chat), spot.message)
            }
            SendAs::Person { .. } => webhook(self.shared, chat).await?.message_path(spot),
        })
    }

    async fn attached(&self, path: &str) -> Result<Vec<Attached>, RestError> {
        let rest = &self.shared.rest;
        let message: Result<Value, RestError> = match self.send_as {
            SendAs::Bot => rest.ask(Method::GET, path, Body::Empty).await,
            SendAs::Person { .. } => rest.ask_openly(Method::GET, path, Body::Empty).await,
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
            if error.code() == Some(10015) {
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
        failed(deliver_error(&error, Effect::Repeats, rights::MANAGE_MESSAGES), &order.done)
    };
    let forum = is_forum(shared, order.chat.as_str()).await.map_err(stop)?;
    for part in parts {
        let spot = Spot::of(part.id.as_str(), forum);
        shared.will_delete(spot.message);
        match delete_one(shared, order, send_as, spot).await {
            Ok(()) => {}
            // Unknown Message; the thread with it.
            Err(error) if error.code() == Some(10008) => {}
            Err(error) if spot.thread.is_some() && error.code() == Some(10003) => {}
            Err(error) => return Err(stop(error)),
        }
    }
    Ok(())
}

async fn delete_one(
    shared: &Shared,
    order: &Order,
    send_as: &SendAs,
    spot: Spot<'_>,
) -> Result<(), RestError> {
    let chat = order.chat.as_str();
    if let SendAs::Person { .. } = send_as {
        let path = webhook(shared, chat).await?.message_path(spot);
        match shared.rest.tell_openly(Method::DELETE, &path, Body::Empty).await {
            // Unknown Webhook, or a message of another one: the bot may still do it.
            Err(error) if matches!(error.code(), Some(10008 | 10015)) => {
                if error.code() == Some(10015) {
                    shared.forget_webhook(chat);
                }
            }
            other => return other,
        }
    }
    let path = format!("/channels/{}/messages/{}", spot.channel(chat), spot.message);
    shared.rest.tell(Method::DELETE, &path, Body::Empty).await
}
