// SPDX-License-Identifier: AGPL-3.0-or-later
//! Nobody's queue, command or account hurts others.
//!
//! Rule: a test is named after the finding that it keeps from coming back.

use std::time::Duration;

use sandbox::town::Side;

use crate::town;

#[tokio::test(flavor = "multi_thread")]
async fn s7_a_chat_that_is_full_says_so_and_holds_up_nobody() -> anyhow::Result<()> {
    let town = town("12", "[lanes]\nmost_waiting = 8").await?;
    town.discord.rate_limit(&town.channel, Duration::from_secs(20));
    for number in 0..15 {
        let text = format!("number {number}");
        town.say(Side::Telegram, &text).await?;
        town.expect(Side::Matrix, |line| line.text == text).await?;
    }
    let full = "More waits for Discord (general) than can be kept.";
    town.expect(Side::Telegram, |line| line.text.starts_with(full)).await?;
    let left_out = |lines: &[sandbox::town::Line]| {
        let line = lines.iter().find(|line| line.text.contains("Not carried here"))?;
        Some(line.text.clone())
    };
    let told = town.until_within(Side::Discord, Duration::from_secs(60), left_out).await?;
    assert!(told.contains("messages from Telegram (Free knowledge)"), "{told}");
    town.say(Side::Telegram, "there is room again").await?;
    town.expect(Side::Discord, |line| line.text == "there is room again").await?;
    let discord = town.lines(Side::Discord).await?;
    let kept = discord.iter().filter(|line| line.text.starts_with("number")).count();
    assert!((8..=9).contains(&kept), "{kept} were kept");
    let telegram = town.lines(Side::Telegram).await?;
    assert_eq!(telegram.iter().filter(|line| line.text.starts_with(full)).count(), 1);
    town.assert_clean()
}
