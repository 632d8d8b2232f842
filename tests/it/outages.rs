// SPDX-License-Identifier: AGPL-3.0-or-later
//! One platform in trouble never keeps another waiting.

use std::time::Duration;

use sandbox::town::Side;

use crate::town;

#[tokio::test(flavor = "multi_thread")]
async fn a_discord_channel_under_429_for_a_minute_delays_nobody_else() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    town.discord.rate_limit(&town.channel, Duration::from_secs(60));
    for number in 0..20 {
        town.say(Side::Telegram, &format!("telegram {number}")).await?;
        town.say(Side::Matrix, &format!("matrix {number}")).await?;
    }
    town.expect(Side::Matrix, |line| line.text == "telegram 19").await?;
    town.expect(Side::Telegram, |line| line.text == "matrix 19").await?;
    let stuck = town.lines(Side::Discord).await?;
    assert!(!stuck.iter().any(|line| line.text.contains("19")), "Discord was not under 429");
    let all = |lines: &[sandbox::town::Line]| {
        let has = |text: String| lines.iter().filter(|line| line.text == text).count() == 1;
        (0..20).all(|n| has(format!("telegram {n}")) && has(format!("matrix {n}"))).then_some(())
    };
    town.until_within(Side::Discord, Duration::from_secs(150), all).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_homeserver_that_is_down_loses_nothing() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.synapse.kill().await?;
    town.say(Side::Telegram, "said while Matrix was down").await?;
    town.expect(Side::Discord, |line| line.text == "said while Matrix was down").await?;
    town.bridge.kill()?;
    town.bridge.start()?;
    town.say(Side::Telegram, "said to a bridge that came up without Matrix").await?;
    let last = "said to a bridge that came up without Matrix";
    town.expect(Side::Discord, |line| line.text == last).await?;
    town.synapse.start_again().await?;
    town.expect(Side::Matrix, |line| line.text == last).await?;
    let lines = town.lines(Side::Matrix).await?;
    let during = lines.iter().filter(|line| line.text == "said while Matrix was down").count();
    assert_eq!(during, 1);
    town.assert_clean()
}
