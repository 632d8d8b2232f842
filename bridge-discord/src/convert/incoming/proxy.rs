// SPDX-License-Identifier: AGPL-3.0-or-later
//! What programs say again for people, under another name (PluralKit).
//!
//! Rule: webhooks cannot answer, so the program draws the answered message as a card; that card
//! is the answer and no part of what was said.
//! See <https://pluralkit.me/guide/#proxying-a-message> and the program's source.

use bridge_model::MessageId;
use serde_json::Value;

use super::Ours;
use super::field::{id, list, text};
use crate::convert::address;

/// What stands before the address of the answered message.
const MARK: &str = "**[Reply to:](";

/// The message of the same channel that is answered.
pub(super) fn answered(message: &Value, ours: &Ours) -> Option<MessageId> {
    if !ours.is_proxy(message) {
        return None;
    }
    let here = id(message, "channel_id")?;
    list(message, "embeds").iter().find_map(|card| target(card, here))
}

/// The card says which message of this channel is answered, and nothing else.
pub(super) fn is_reply(card: &Value, message: &Value, ours: &Ours) -> bool {
    let here = id(message, "channel_id").unwrap_or_default();
    ours.is_proxy(message) && target(card, here).is_some()
}

fn target(card: &Value, here: &str) -> Option<MessageId> {
    let (address, _) = text(card, "description")?.strip_prefix(MARK)?.split_once(')')?;
    let (channel, message) = address::message(address)?;
    (channel.as_str() == here).then_some(message)
}
