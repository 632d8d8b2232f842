// SPDX-License-Identifier: AGPL-3.0-or-later
//! Looks for what an earlier, doubtful try has left in a chat. See `docs/adr/0002`.
//!
//! Rule: a bot cannot read history, but it learns from an edit whether a message is there and its
//! own. Candidates are edited to exactly what this order would send, so that nothing can change
//! that is not this order's.

use bot_core::{DeliverError, Failure, Order, Part};
use bridge_model::MessageId;
use teloxide::types as telegram;

use super::errors::{Said, Sort, decide};
use super::{Desk, chat_id, edit};
use crate::convert::outgoing::{self, Call, Piece};

/// So many ids without a message in a row are taken as the end of the chat. More than one,
/// because messages are deleted and service messages vanish.
const EMPTY_IN_A_ROW: u32 = 5;
/// Most ids that are tried: a chat in which more was said since is not searched for ever.
const MOST_PROBES: u32 = 100;

/// What an edit tells about an id.
enum Found {
    Ours,
    SomebodyElses,
    Nothing,
}

/// Finds the parts that a doubtful try left after `order.after`, in order; without a place to
/// start from, none.
pub(crate) async fn look(desk: &Desk, order: &Order) -> Result<Vec<Part>, Failure> {
    let chat = chat_id(order)?;
    let mut wanted = unsent(desk, order).into_iter();
    let mut found = Vec::new();
    let Some(mut piece) = wanted.next() else { return Ok(found) };
    let Some(mut id) = start(order) else { return Ok(found) };
    let mut empty = 0;
    for _ in 0..MOST_PROBES {
        id = id.saturating_add(1);
        let probe = probe(desk, chat, telegram::MessageId(id), &piece).await;
        match probe.map_err(|error| failure(error, order))? {
            Found::Ours => {
                empty = 0;
                found.push(Part { id: MessageId::new(id.to_string()), media: piece.is_media() });
                match wanted.next() {
                    Some(next) => piece = next,
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

fn unsent(desk: &Desk, order: &Order) -> Vec<Piece> {
    outgoing::calls(&order.act, &order.done, desk.max_upload)
        .into_iter()
        .filter_map(|call| match call {
            Call::Send { piece, .. } => Some(piece),
            Call::Keep(_)
            | Call::Edit { .. }
            | Call::Delete(_)
            | Call::React { .. }
            | Call::Pin(_)
            | Call::Leave
            | Call::Impossible { .. } => None,
        })
        .collect()
}

/// The newest id that is certainly not what is looked for.
fn start(order: &Order) -> Option<i32> {
    let after = order.after.as_ref()?.as_str().parse().ok()?;
    let done = order.done.iter().filter_map(|part| part.id.as_str().parse().ok());
    Some(done.fold(after, i32::max))
}

async fn probe(
    desk: &Desk,
    chat: telegram::ChatId,
    id: telegram::MessageId,
    piece: &Piece,
) -> Result<Found, DeliverError> {
    let answer = edit(&desk.methods, chat, id, piece.is_media(), piece.words()).await;
    let Err(error) = answer else { return Ok(Found::Ours) };
    match Said::of(&error) {
        Some(said) if said.is_unchanged() => Ok(Found::Ours),
        Some(said) if said.is_gone() => Ok(Found::Nothing),
        Some(said) if said.is_not_for_us() => Ok(Found::SomebodyElses),
        Some(_) | None => Err(decide(&error, Sort::Repeatable)),
    }
}
