// SPDX-License-Identifier: AGPL-3.0-or-later
//! What takes all sides at once: reactions, the chat itself, deaths in the middle of a group.
//!
//! Rule: as in `matrix`.

mod chat;
mod deaths;
mod reactions;

use sandbox::town::Town;

/// The bot's answer to what Alice types.
async fn typed(town: &Town, command: &str) -> anyhow::Result<String> {
    crate::ask(&town.alice, &town.room, command).await
}
