// SPDX-License-Identifier: AGPL-3.0-or-later
//! Routes of pins, old and new.
//!
//! Rule: pinning needs PIN_MESSAGES; MANAGE_MESSAGES alone stopped to suffice in
//! February 2026 ("Permission Changes" in Discord's change log).

use serde_json::{Value, json};

use super::{Call, id, threads, wrong_method};
use crate::discord::permissions::{PIN_MESSAGES, READ_MESSAGE_HISTORY};
use crate::discord::refusal::{Answer, Outcome};
use crate::discord::world::World;
use crate::discord::{clock, message};

pub(super) fn route(world: &mut World, call: &Call) -> Outcome {
    let bot = world.bot;
    match (call.method, call.steps.as_slice()) {
        ("GET", ["channels", channel, "pins"]) => {
            let items = pinned(world, id(channel)?)?;
            Ok(Answer::Json(items.into_iter().map(|(_, message)| message).collect()))
        }
        ("GET", ["channels", channel, "messages", "pins"]) => {
            let items = pinned(world, id(channel)?)?.into_iter();
            let items: Vec<Value> = items
                .map(|(at, message)| json!({"pinned_at": clock::iso(at), "message": message}))
                .collect();
            Ok(Answer::Json(json!({"items": items, "has_more": false})))
        }
        (
            "PUT",
            ["channels", channel, "pins", message]
            | ["channels", channel, "messages", "pins", message],
        ) => {
            let row = world.allowed(id(channel)?, PIN_MESSAGES)?;
            threads::awake(row)?;
            let channel = row.id;
            world.pin(channel, id(message)?, bot)?;
            Ok(Answer::Empty)
        }
        (
            "DELETE",
            ["channels", channel, "pins", message]
            | ["channels", channel, "messages", "pins", message],
        ) => {
            let row = world.allowed(id(channel)?, PIN_MESSAGES)?;
            threads::awake(row)?;
            let channel = row.id;
            world.unpin(channel, id(message)?)?;
            Ok(Answer::Empty)
        }
        _ => wrong_method(),
    }
}

/// Pinned messages with the time of pinning, newest pin first.
fn pinned(
    world: &World,
    channel: u64,
) -> Result<Vec<(u64, Value)>, crate::discord::refusal::Refusal> {
    let row = world.visible(channel)?;
    if world.rights(row, world.bot) & READ_MESSAGE_HISTORY == 0 {
        return Ok(Vec::new());
    }
    let mut pins: Vec<(u64, u64)> = row.pins.iter().map(|(id, at)| (*at, *id)).collect();
    pins.sort_by_key(|pin| std::cmp::Reverse(*pin));
    let shown = pins.into_iter().filter_map(|(at, id)| {
        world.message(channel, id).map(|row| (at, message::rest(world, row)))
    });
    Ok(shown.collect())
}
