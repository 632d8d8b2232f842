// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every kind of content: said on one side, shown on the others.
//!
//! Rule: the rows of one table share a town and run at the same time; each has a function whose
//! name is the statement, and a verdict of its own.

mod discord_chat;
mod discord_extras;
mod discord_files;
mod discord_words;
pub(crate) mod samples;
mod telegram_cards;
mod telegram_chat;
mod telegram_files;
mod telegram_words;
mod topics;

use std::time::Duration;

use sandbox::town::Town;
use sandbox::{discord, synapse, telegram};

/// How long a side may take to show what was said on another.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs rows at the same time; fails with all that failed.
macro_rules! rows {
    ($town:expr; $($row:ident),+ $(,)?) => {{
        let town = $town;
        let ($($row,)+) = tokio::join!($($row(town)),+);
        $crate::content::verdict(town, vec![$((stringify!($row), $row)),+]).await
    }};
}
pub(crate) use rows;

/// Fails with the rows that failed, and with what the three sides show.
pub async fn verdict(town: &Town, rows: Vec<(&str, anyhow::Result<()>)>) -> anyhow::Result<()> {
    let failed: Vec<String> = rows
        .into_iter()
        .filter_map(|(name, row)| row.err().map(|error| format!("{name}: {error:#}")))
        .collect();
    if failed.is_empty() {
        return town.assert_clean();
    }
    let matrix = town.alice.transcript(&town.room).await?;
    anyhow::bail!(
        "{}\n\nMatrix:\n{matrix}\nTelegram:\n{}\n\nDiscord:\n{}\n{}",
        failed.join("\n\n"),
        town.group.transcript(),
        town.channel.transcript(),
        town.bridge.last_words()
    )
}

/// Waits until the Matrix room shows such a message.
pub async fn on_matrix(
    town: &Town,
    what: &str,
    fits: impl Fn(&synapse::Seen) -> bool,
) -> anyhow::Result<synapse::Seen> {
    let found = |lines: &synapse::Transcript| lines.0.iter().find(|line| fits(line)).cloned();
    let seen = town.alice.wait_within(PATIENCE, &town.room, found).await;
    seen.map_err(|_| anyhow::anyhow!("Matrix does not show {what}"))
}

/// Waits until the Telegram group shows such a message.
pub async fn on_telegram(
    town: &Town,
    what: &str,
    fits: impl Fn(&telegram::Seen) -> bool,
) -> anyhow::Result<telegram::Seen> {
    let seen = town.group.expect(|seen| seen.is_bot && fits(seen)).await;
    seen.map_err(|_| anyhow::anyhow!("Telegram does not show {what}"))
}

/// Waits until the Discord channel shows such a message.
pub async fn on_discord(
    town: &Town,
    what: &str,
    fits: impl Fn(&discord::Seen) -> bool,
) -> anyhow::Result<discord::Seen> {
    let seen = town.channel.expect(|seen| seen.webhook.is_some() && fits(seen)).await;
    seen.map_err(|_| anyhow::anyhow!("Discord does not show {what}"))
}

/// Fails with both where a text does not contain what it should.
pub fn contains(text: &str, wanted: &str) -> anyhow::Result<()> {
    anyhow::ensure!(text.contains(wanted), "no {wanted:?} in {text:?}");
    Ok(())
}
