// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration is read again while people talk.

use anyhow::Context;
use sandbox::town::{BOT, Side};

use crate::{crosses, town};

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_setting_counts_after_a_reload_and_nothing_is_lost() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let process = town.bridge.process();
    town.bridge.reconfigure("display_name = \"Freeside\"", "display_name = \"Bridge of now\"")?;
    town.say(Side::Telegram, "before").await?;
    let told = town.bridge.tell(&["reload"])?;
    assert_eq!(told, "the bridge runs with the configuration of now\n");
    town.say(Side::Discord, "after").await?;
    for text in ["before", "after"] {
        town.expect(Side::Matrix, |line| line.text == text).await?;
    }
    crosses(&town, Side::Matrix, "and on").await?;
    let member = town.alice.state(&town.room, "m.room.member", BOT).await?.context("the bot")?;
    assert_eq!(member["displayname"], "Bridge of now");
    assert_eq!(town.bridge.process(), process, "the same process, started anew");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_configuration_changes_nothing() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    town.bridge.reconfigure("commands_per_minute = 1000", "commands_per_minute = \"many\"")?;
    let error = town.bridge.tell(&["reload"]).err().context("a mistake is one")?.to_string();
    assert!(error.contains("nothing was changed"), "{error}");
    assert!(error.contains("bot.commands_per_minute"), "{error}");
    let process = town.bridge.process().context("it runs")?.to_string();
    let told = std::process::Command::new("kill").args(["-HUP", &process]).status()?;
    assert!(told.success());
    crate::eventually("the log says why nothing changes", async || {
        Ok(town.bridge.log().contains("goes on with the one before"))
    })
    .await?;
    crosses(&town, Side::Telegram, "all goes on").await?;
    town.assert_clean()
}
