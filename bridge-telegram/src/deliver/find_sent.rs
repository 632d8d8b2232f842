// SPDX-License-Identifier: AGPL-3.0-or-later
//! Looks for what an earlier, doubtful try has left in a chat. See `docs/adr/0002`.
//!
//! Rule: a bot cannot read history, but it learns from an edit whether a message is there and its
//! own. Candidates are edited to exactly what this order would send, so that nothing can change
//! that is not this order's.

use bot_core::{DeliverError, Failure, Order, Part};
use bridge_model::{Button, MessageId};
use serde_json::json;

use super::errors::{Said, Sort, Trouble, decide};
use super::{Desk, check_chat};
use crate::convert::TelegramText;
use crate::convert::outgoing::{self, Call, FilePiece, Piece, Setting, render};

/// So many ids without a message in a row are taken as the end of the chat. More than one,
/// because messages are deleted and service messages vanish.
const EMPTY_IN_A_ROW: u32 = 5;
/// Most ids that are tried: a chat in which more was said since is not searched for ever.
const MOST_PROBES: u32 = 100;

/// One message that is looked for.
struct Wanted {
    media: bool,
    /// Its text or caption; `None` where it cannot have any, so that only its author tells.
    words: Option<TelegramText>,
    /// What stands below it.
    buttons: Vec<Button>,
}

/// What an edit tells about an id.
enum Found {
    Ours,
    SomebodyElses,
    Nothing,
}

/// Finds the parts that a doubtful try left after `order.after`, in order; without a place to
/// start from, none.
pub(crate) async fn find_sent(desk: &Desk, order: &Order) -> Result<Vec<Part>, Failure> {
    check_chat(order)?;
    let mut wanted = unsent(desk, order).into_iter();
    let mut found = Vec::new();
    let Some(mut message) = wanted.next() else { return Ok(found) };
    let Some(mut id) = start(order) else { return Ok(found) };
    let mut empty = 0;
    for _ in 0..MOST_PROBES {
        id = id.saturating_add(1);
        let part = Part { id: MessageId::new(id.to_string()), media: message.media };
        let probe = probe(desk, order.chat.as_str(), &part, &message).await;
        match probe.map_err(|error| failure(error, order))? {
            Found::Ours => {
                empty = 0;
                found.push(part);
                match wanted.next() {
                    Some(next) => message = next,
                    None => break,
                }
            }
            Found::SomebodyElses => empty = 0,
            Found::Nothing => empty += 1,
        }
        if empty == EMPTY_IN_A_ROW {
            break;
        }
    }
    Ok(found)
}

/// Parts found by a look that then failed are found again by the next one.
fn failure(error: DeliverError, order: &Order) -> Failure {
    Failure { error, done: order.done.clone() }
}

fn unsent(desk: &Desk, order: &Order) -> Vec<Wanted> {
    let setting = Setting { max_upload: desk.max_upload, words: &order.words };
    let calls = outgoing::calls(&order.act, &order.done, &setting).into_iter();
    calls
        .flat_map(|call| {
            if let Call::Send { piece, to } = call {
                messages(piece, to.buttons)
            } else {
                Vec::new()
            }
        })
        .collect()
}

fn messages(piece: Piece, buttons: Vec<Button>) -> Vec<Wanted> {
    let silent = || vec![Wanted { media: false, words: None, buttons: Vec::new() }];
    let file = |file: FilePiece| Wanted {
        media: true,
        words: file.upload_as.has_caption().then_some(file.caption),
        buttons: Vec::new(),
    };
    match piece {
        Piece::Text(text) => vec![Wanted { media: false, words: Some(text), buttons }],
        Piece::File(one) => vec![file(*one)],
        Piece::Album(files) => files.into_iter().map(file).collect(),
        Piece::Poll(_) | Piece::Place(_) | Piece::Contact { .. } => silent(),
    }
}

/// The newest id that is certainly not what is looked for.
fn start(order: &Order) -> Option<i32> {
    let after = order.after.as_ref()?.as_str().parse().ok()?;
    let done = order.done.iter().filter_map(|part| part.id.as_str().parse().ok());
    Some(done.fold(after, i32::max))
}

async fn probe(
    desk: &Desk,
    chat: &str,
    part: &Part,
    wanted: &Wanted,
) -> Result<Found, DeliverError> {
    let rendered = match &wanted.words {
        Some(text) => {
            let (text, buttons) = (text.clone(), wanted.buttons.clone());
            render(&Call::Edit { part: part.clone(), text, buttons }, chat)
        }
        // What has no words can still be given buttons; none leave it as it is.
        None => {
            let message = part.id.as_str().parse::<i64>().ok();
            let params = json!({ "chat_id": chat, "message_id": message });
            message.map(|_| ("editMessageReplyMarkup", params))
        }
    };
    let Some((method, params)) = rendered else { return Ok(Found::Nothing) };
    let answer = desk.ask(method, &params).await;
    let Err(trouble) = answer else { return Ok(Found::Ours) };
    classify(&trouble)
}

fn classify(trouble: &Trouble) -> Result<Found, DeliverError> {
    if trouble.is(Said::is_unchanged) {
        Ok(Found::Ours)
    } else if trouble.is(Said::is_gone) {
        Ok(Found::Nothing)
    } else if trouble.is(Said::is_not_for_us) {
        Ok(Found::SomebodyElses)
    } else {
        Err(decide(trouble, Sort::Repeatable))
    }
}
