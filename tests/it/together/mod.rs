// SPDX-License-Identifier: AGPL-3.0-or-later
//! What takes all sides at once: reactions, the chat itself, deaths in the middle of a group.
//!
//! Rule: as in `matrix`.

mod chat;
mod deaths;
mod reactions;

use sandbox::town::{BOT, Town};

/// The bot's answer to what Alice types.
async fn typed(town: &Town, command: &str) -> anyhow::Result<String> {
    let asked = town.alice.say(&town.room, command).await?;
    let answers = |seen: &sandbox::synapse::Seen| {
        seen.sender == BOT && seen.reply_to.as_deref() == Some(asked.as_str())
    };
    Ok(town.alice.expect(&town.room, answers).await?.body)
}
