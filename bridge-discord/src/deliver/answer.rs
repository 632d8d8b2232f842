// SPDX-License-Identifier: AGPL-3.0-or-later
//! Answers to slash commands, which only the asker sees.
//!
//! Rule: the answer replaces the "thinking ..." of the acknowledgement. When the token is no
//! longer good, nobody is answered: what was meant for one person is never posted for all.

use bot_core::{Failure, MediaSource, Order, Part, Receipt, SendAs};
use bridge_model::{Message, MessageId};
use reqwest::Method;
use serde_json::Value;

use super::{failed, post, upload};
use crate::convert::outgoing::Lost;
use crate::convert::{incoming, outgoing};
use crate::rest::{Idempotency, RestError, deliver_error};
use crate::shared::Shared;

/// The flag of a message that only one person sees.
const EPHEMERAL: u64 = 1 << 6;

/// `application/token`, both free of what would change the path.
fn is_handle(via: &str) -> bool {
    let good = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~=".contains(c))
    };
    via.split_once('/').is_some_and(|(application, token)| good(application) && good(token))
}

/// Answers; an asker who can no longer be reached (the token has expired, or they dismissed the
/// answer) gets none.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn answer(
    shared: &Shared,
    order: &Order,
    message: &Message,
    (via, media): (&str, &dyn MediaSource),
) -> Result<Receipt, Failure> {
    if !is_handle(via) {
        return Ok(Receipt::default());
    }
    let token = via.split_once('/').map_or(via, |(_, token)| token);
    shared.wait_for_acknowledgement(token).await;
    let pieces = post::pieces(shared, order, message, (&SendAs::Bot, true));
    let mut done = order.done.clone();
    for (number, piece) in pieces.iter().enumerate().skip(done.len()) {
        // What cannot be had is left out: the words name the same.
        let mut lost = Lost::default();
        let files = upload::open(media, message, &piece.files, &mut lost).await;
        let files = files.map_err(|error| failed(error, &done))?;
        let mut json = outgoing::edit_body(piece);
        let (method, path) = if number == 0 {
            (Method::PATCH, format!("/webhooks/{via}/messages/@original"))
        } else {
            if let Some(fields) = json.as_object_mut() {
                fields.insert("flags".to_owned(), EPHEMERAL.into());
            }
            (Method::POST, format!("/webhooks/{via}?wait=true"))
        };
        let (body, _) = upload::body(json, None, files);
        let said: Result<Value, RestError> = shared.rest.ask_openly(method, &path, body).await;
        match said {
            Ok(said) => {
                let id = incoming::id(&said, "id").unwrap_or("0");
                done.push(Part { id: MessageId::from(id), media: false });
            }
            Err(error) if is_over(&error) => {
                tracing::info!(%error, "whoever gave a command can no longer be answered");
                break;
            }
            Err(error) => {
                return Err(failed(
                    deliver_error(&error, Idempotency::Repeatable, post::TO_POST),
                    &done,
                ));
            }
        }
    }
    Ok(Receipt { parts: done, ..Receipt::default() })
}

/// The token has expired, or the answer was dismissed.
fn is_over(error: &RestError) -> bool {
    error.code().is_some() && matches!(error.status(), Some(401 | 404))
}
