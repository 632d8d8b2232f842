// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was taken back before it was delivered is never posted, and no answer brings it back.
//!
//! Rule: Telegram is down while people change their minds; nothing that it was ever asked holds the word
//! that they took back.

use sandbox::town::{Line, Side, Town};

use crate::{crosses, town};

const WORD: &str = "hunter2";

fn says(text: &str) -> impl Fn(&Line) -> bool {
    move |line| line.text == text
}

/// Whether Telegram was ever asked to show the word.
fn telegram_knows(town: &Town) -> bool {
    town.telegram.requests().iter().any(|(_, body)| body.to_string().contains(WORD))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_while_telegram_is_down_never_appears_there() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let (alice, room) = (&town.alice, town.room.as_str());
    crosses(&town, Side::Matrix, "before").await?;
    let older = alice.say(room, "an older message").await?;
    town.expect(Side::Telegram, says("an older message")).await?;
    town.telegram.outage(true);
    town.say(Side::Matrix, "the first one waits").await?;
    let redacted = alice.say(room, &format!("redacted {WORD}")).await?;
    let edited = alice.say(room, &format!("edited {WORD}")).await?;
    let marked = alice.say(room, &format!("marked {WORD}")).await?;
    alice.edit(room, &older, &format!("an older message, {WORD}")).await?;
    alice.redact(room, &redacted).await?;
    alice.edit(room, &edited, "edited").await?;
    alice.edit(room, &marked, &format!("(NOFWD) marked {WORD}")).await?;
    alice.edit(room, &older, "an older message, corrected").await?;
    town.say(Side::Discord, "the last one").await?;
    town.expect(Side::Matrix, says("the last one")).await?;
    town.telegram.outage(false);
    town.expect(Side::Telegram, says("the last one")).await?;
    town.expect(Side::Telegram, says("edited")).await?;
    town.expect(Side::Telegram, says("an older message, corrected")).await?;
    assert!(!telegram_knows(&town), "{:?}", town.telegram.requests_of("sendMessage"));
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_redacted_restores_the_version_before_on_every_side() -> anyhow::Result<()>
{
    let town = town("12", "").await?;
    let (alice, room) = (&town.alice, town.room.as_str());
    let said = alice.say(room, "version one").await?;
    for side in Side::Matrix.others() {
        town.expect(side, says("version one")).await?;
    }
    alice.edit(room, &said, "version two").await?;
    for side in Side::Matrix.others() {
        town.expect(side, says("version two")).await?;
    }
    let third = alice.edit(room, &said, &format!("version three, {WORD}")).await?;
    for side in Side::Matrix.others() {
        town.expect(side, says(&format!("version three, {WORD}"))).await?;
    }
    alice.redact(room, &third).await?;
    for side in Side::Matrix.others() {
        town.expect(side, says("version two")).await?;
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_waits_quotes_nothing_that_was_edited_or_redacted_meanwhile()
-> anyhow::Result<()> {
    let town = town("12", "").await?;
    let (alice, room) = (&town.alice, town.room.as_str());
    crosses(&town, Side::Matrix, "before").await?;
    town.discord.outage(true);
    town.telegram.outage(true);
    alice.say(room, "the first one waits").await?;
    let edited = alice.say(room, &format!("my password is {WORD}")).await?;
    alice.reply(room, &edited, "answer to what is edited").await?;
    alice.edit(room, &edited, "nothing to see").await?;
    let redacted = alice.say(room, &format!("my password is {WORD}, really")).await?;
    alice.reply(room, &redacted, "answer to what is redacted").await?;
    alice.redact(room, &redacted).await?;
    alice.say(room, "the last one").await?;
    town.discord.outage(false);
    town.telegram.outage(false);
    for side in Side::Matrix.others() {
        town.expect(side, says("the last one")).await?;
        for line in town.lines(side).await? {
            assert!(!line.text.contains(WORD), "{line:?}");
        }
    }
    assert!(!telegram_knows(&town), "{:?}", town.telegram.requests_of("sendMessage"));
    let discord = town.discord.requests();
    assert!(!discord.iter().any(|request| format!("{request:?}").contains(WORD)));
    town.assert_clean()
}
