// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes and takes away what was said.
//!
//! Rule: a part that is gone already is fine. Files stay as they are; only text is
//! replaced.

use bot_core::{Act, Failure, MediaSource, Order, Part, Receipt, Voice};
use reqwest::Method;

use super::post::{self, Saying};
use super::{failed, webhook};
use crate::convert::outgoing::{self, Piece};
use crate::rest::{Body, Effect, RestError, deliver_error};
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
    let Act::Edit { voice, parts, message, native_reply, media_changed: _ } = &order.act else {
        return Ok(Receipt::default());
    };
    let pieces = post::pieces(shared, order, message, (voice, *native_reply));
    let plan = Plan::new(parts, pieces);
    let mut there = Vec::new();
    for (part, piece) in &plan.replaced {
        match replace(shared, order, voice, (part, piece)).await {
            Ok(()) => there.push((*part).clone()),
            // Unknown Message: somebody deleted this part.
            Err(error) if error.code() == Some(10008) => {}
            Err(error) => {
                let error = deliver_error(&error, Effect::Repeats);
                return Err(failed(error, &order.done));
            }
        }
    }
    let surplus: Vec<Part> = plan.surplus.iter().map(|part| (*part).clone()).collect();
    delete(shared, order, voice, &surplus).await?;
    there.extend(plan.kept.into_iter().cloned());
    // What is done beyond the old parts was added by an earlier try.
    let added: Vec<Part> =
        order.done.iter().filter(|part| !parts.contains(part)).cloned().collect();
    let skip = added.len();
    there.extend(added);
    for (number, piece) in plan.added.iter().enumerate().skip(skip) {
        let saying = Saying { shared, order, voice, message, media };
        let part = saying.say(piece, parts.len() + number, false).await;
        there.push(part.map_err(|error| failed(error, &there))?);
    }
    Ok(Receipt { parts: there, ..Receipt::default() })
}

/// Which part gets which text.
struct Plan<'p> {
    replaced: Vec<(&'p Part, Piece)>,
    kept: Vec<&'p Part>,
    surplus: Vec<&'p Part>,
    added: Vec<Piece>,
}

impl<'p> Plan<'p> {
    /// The last text goes to the first part with files, which carries the caption; the
    /// texts before it to the parts without.
    fn new(parts: &'p [Part], pieces: Vec<Piece>) -> Self {
        let (with_media, bare): (Vec<_>, Vec<_>) = parts.iter().partition(|part| part.media);
        let mut texts: Vec<Piece> = pieces
            .into_iter()
            .filter(|piece| !piece.content.is_empty())
            .map(|piece| Piece { files: Vec::new(), ..piece })
            .collect();
        let mut captioned = with_media.into_iter();
        let caption = captioned.next().map(|part| (part, texts.pop().unwrap_or_default()));
        let mut texts = texts.into_iter();
        let mut free = bare.into_iter();
        let mut replaced: Vec<_> = free.by_ref().zip(texts.by_ref()).collect();
        // `zip` has taken one part too many when the texts ran out first.
        let taken: Vec<&Part> = replaced.iter().map(|(part, _)| *part).collect();
        let surplus = parts.iter().filter(|part| !part.media && !taken.contains(part)).collect();
        replaced.extend(caption);
        Self { replaced, kept: captioned.collect(), surplus, added: texts.collect() }
    }
}

async fn replace(
    shared: &Shared,
    order: &Order,
    voice: &Voice,
    (part, piece): (&Part, &Piece),
) -> Result<(), RestError> {
    let chat = order.chat.as_str();
    let id = part.id.as_str();
    match voice {
        Voice::Bot => {
            let path = format!("/channels/{chat}/messages/{id}");
            let body = Body::Json(outgoing::bot_edit(piece));
            shared.rest.tell(Method::PATCH, &path, body).await
        }
        Voice::Person { .. } => {
            let path = webhook(shared, chat).await?.message_path(id);
            let body = Body::Json(outgoing::webhook_edit(piece));
            shared.rest.tell_openly(Method::PATCH, &path, body).await.inspect_err(|error| {
                if error.code() == Some(10015) {
                    shared.forget_webhook(chat);
                }
            })
        }
    }
}

/// Takes parts away.
///
/// # Errors
/// See [`Failure`]; parts that are gone already are no error.
pub(super) async fn delete(
    shared: &Shared,
    order: &Order,
    voice: &Voice,
    parts: &[Part],
) -> Result<(), Failure> {
    for part in parts {
        shared.will_delete(part.id.as_str());
        match delete_one(shared, order, voice, part.id.as_str()).await {
            Ok(()) => {}
            Err(error) if error.code() == Some(10008) => {}
            Err(error) => {
                let error = deliver_error(&error, Effect::Repeats);
                return Err(failed(error, &order.done));
            }
        }
    }
    Ok(())
}

async fn delete_one(
    shared: &Shared,
    order: &Order,
    voice: &Voice,
    message: &str,
) -> Result<(), RestError> {
    let chat = order.chat.as_str();
    if let Voice::Person { .. } = voice {
        let path = webhook(shared, chat).await?.message_path(message);
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
    let path = format!("/channels/{chat}/messages/{message}");
    shared.rest.tell(Method::DELETE, &path, Body::Empty).await
}
