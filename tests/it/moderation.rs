// SPDX-License-Identifier: AGPL-3.0-or-later
//! Moderators act on one side, and it is done on all.

use anyhow::{Context, ensure};
use sandbox::discord::permissions::{BAN_MEMBERS, KICK_MEMBERS, MODERATE_MEMBERS};
use sandbox::faults::Fault;
use sandbox::synapse::Person;
use sandbox::telegram::{self, Rights, Standing};
use sandbox::town::{BOT, Side, Town};
use serde_json::Value;

use crate::{ask, eventually, town, town_with_clock};

/// Somebody on Matrix besides Alice, in the room.
async fn mallory(town: &Town) -> anyhow::Result<Person> {
    let mallory = town.synapse.person_named("mallory", "Mallory").await?;
    mallory.join(&town.room).await?;
    Ok(mallory)
}

/// The ghost that said this in the room.
async fn ghost(town: &Town, text: &str) -> anyhow::Result<String> {
    Ok(town.alice.expect(&town.room, |seen| seen.body == text).await?.sender)
}

async fn member(town: &Town, user: &str) -> anyhow::Result<(String, String)> {
    let content = town.alice.state(&town.room, "m.room.member", user).await?.unwrap_or_default();
    let field = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((field("membership"), field("reason")))
}

async fn becomes(town: &Town, user: &str, membership: &str) -> anyhow::Result<String> {
    eventually(&format!("{membership} of a member"), async || {
        Ok(member(town, user).await?.0 == membership)
    })
    .await?;
    Ok(member(town, user).await?.1)
}

async fn stands(town: &Town, user: &telegram::User, standing: Standing) -> anyhow::Result<()> {
    let is = format!("{standing:?} in the group");
    eventually(&is, async || Ok(town.group.standing_of(user) == standing)).await
}

/// What the bot answers in the group to a reply there.
async fn typed(town: &Town, to: telegram::MessageId, text: &str) -> anyhow::Result<String> {
    let typed = town.group.reply(&town.tanja, to, text)?;
    let answers = |seen: &telegram::Seen| seen.is_bot && seen.reply_to == Some(typed);
    Ok(town.group.expect(answers).await?.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_ban_of_a_ghost_reaches_telegram_and_discord() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let (tom, sid) = (town.telegram.user("Tom"), town.discord.user("Sid"));
    town.group.say(&tom, "buy here")?;
    town.channel.say(&sid, "buy there");
    let (tom_ghost, sid_ghost) =
        (ghost(&town, "buy here").await?, ghost(&town, "buy there").await?);
    town.alice.ban(&town.room, &tom_ghost, "spam").await?;
    stands(&town, &tom, Standing::Kicked).await?;
    town.alice.ban(&town.room, &sid_ghost, "spam").await?;
    eventually("the ban on Discord", async || {
        Ok(town.guild.ban_of(&sid) == Some(Some("Alice (Matrix): spam".into())))
    })
    .await?;
    let shown = ask(&town.alice, &town.room, "!freeside audit").await?;
    ensure!(shown.contains("ban: Tom (Telegram)"), "{shown}");
    town.alice.unban(&town.room, &tom_ghost).await?;
    stands(&town, &tom, Standing::Left).await?;
    town.alice.unban(&town.room, &sid_ghost).await?;
    eventually("the end of the ban", async || Ok(town.guild.ban_of(&sid).is_none())).await?;
    town.group.say(&tom, "sorry")?;
    town.expect(Side::Discord, |line| line.text == "sorry").await?;
    town.expect(Side::Matrix, |line| line.text == "sorry").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_telegram_moderator_bans_a_matrix_person_by_reply() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mallory = mallory(&town).await?;
    mallory.say(&town.room, "buy this").await?;
    let copy = town.group.expect(|seen| seen.text.ends_with("buy this")).await?;
    town.channel.expect(|seen| seen.content == "buy this").await?;
    let answer = typed(&town, copy.id, "/ban purge bots").await?;
    ensure!(answer.contains("Mallory is banned") && answer.contains("/unban"), "{answer}");
    let reason = becomes(&town, mallory.user_id(), "ban").await?;
    ensure!(reason == "Tanja (Telegram): bots", "{reason}");
    town.expect_gone(Side::Telegram, |line| line.text == "buy this").await?;
    town.expect_gone(Side::Discord, |line| line.text == "buy this").await?;
    town.expect_gone(Side::Matrix, |line| line.text == "buy this").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_discord_moderator_acts_from_the_menu_and_by_hand() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mallory = mallory(&town).await?;
    town.guild.grant(&town.dora, BAN_MEMBERS | KICK_MEMBERS | MODERATE_MEMBERS);
    mallory.say(&town.room, "buy this").await?;
    let copy = town.channel.expect(|seen| seen.content == "buy this").await?;
    let chosen = town.channel.choose(&town.dora, copy.id, "Ban on all sides")?;
    let answer = chosen.answer().await?.message.content;
    ensure!(answer.contains("Mallory is banned"), "{answer}");
    let reason = becomes(&town, mallory.user_id(), "ban").await?;
    ensure!(reason == "Dora (Discord)", "{reason}");
    // What moderators do in Discord itself is heard by the audit log and the server's events.
    let (sid, kim) = (town.discord.user("Sid"), town.discord.user("Kim"));
    town.channel.say(&sid, "I shout");
    town.channel.say(&kim, "I leave");
    let (sid_ghost, kim_ghost) = (ghost(&town, "I shout").await?, ghost(&town, "I leave").await?);
    town.guild.ban(&town.dora, &sid, Some("rude"))?;
    let reason = becomes(&town, &sid_ghost, "ban").await?;
    ensure!(reason == "Dora (Discord): rude", "{reason}");
    town.guild.kick(&town.dora, &kim)?;
    becomes(&town, &kim_ghost, "leave").await?;
    town.guild.unban(&town.dora, &sid)?;
    becomes(&town, &sid_ghost, "leave").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_mute_ends_by_its_time() -> anyhow::Result<()> {
    let town = town_with_clock().await?;
    let clock = crate::clock::FileClock::beside(&town.bridge.config());
    let mallory = mallory(&town).await?;
    mallory.say(&town.room, "so loud").await?;
    let copy = town.group.expect(|seen| seen.text.ends_with("so loud")).await?;
    let answer = typed(&town, copy.id, "/mute 1h be quiet").await?;
    ensure!(answer.contains("may not write for 1h"), "{answer}");
    eventually("Mallory is muted", async || Ok(level(&town, &mallory).await? == Some(-1))).await?;
    ensure!(mallory.say(&town.room, "muted").await.is_err(), "whoever is muted cannot speak");
    clock.set_ahead(3_600_000 + 60_000)?;
    eventually("Mallory is heard again", async || Ok(level(&town, &mallory).await?.is_none()))
        .await?;
    mallory.say(&town.room, "thank you").await?;
    town.expect(Side::Telegram, |line| line.text == "thank you").await?;
    town.expect(Side::Discord, |line| line.text == "thank you").await?;
    town.assert_clean()
}

/// The power level that somebody has by name.
async fn level(town: &Town, person: &Person) -> anyhow::Result<Option<i64>> {
    let levels = town.alice.state(&town.room, "m.room.power_levels", "").await?;
    let levels = levels.context("the room has no power levels")?;
    Ok(levels.pointer("/users").and_then(|users| users.get(person.user_id())?.as_i64()))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_moderates_their_equals() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let said = town.group.say(&town.tanja, "I own the group")?;
    let tanja_ghost = ghost(&town, "I own the group").await?;
    let here = town.alice.expect(&town.room, |seen| seen.body == "I own the group").await?;
    let typed_there = town.alice.reply(&town.room, &here.event_id, "!freeside ban").await?;
    let answers = |seen: &sandbox::synapse::Seen| {
        seen.sender == BOT && seen.reply_to.as_deref() == Some(typed_there.as_str())
    };
    let answer = town.alice.expect(&town.room, answers).await?.body;
    ensure!(answer.contains("is a moderator, too"), "{answer}");
    // The room decides over its ghosts, and no further.
    town.alice.ban(&town.room, &tanja_ghost, "no").await?;
    let told = |seen: &sandbox::synapse::Seen| {
        seen.sender == BOT && seen.body.contains("Tanja is a moderator on Telegram")
    };
    town.alice.expect(&town.room, told).await?;
    ensure!(town.group.standing_of(&town.tanja) == Standing::Owner, "she owns it still");
    town.group.reply(&town.tanja, said, "and I am heard")?;
    town.channel.expect(|seen| seen.content.contains("and I am heard")).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_sudden_death_in_the_middle_of_a_ban_loses_nothing() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let tom = town.telegram.user("Tom");
    town.group.say(&tom, "buy here")?;
    let tom_ghost = ghost(&town, "buy here").await?;
    // The platform has banned him, and nobody hears that it has.
    town.telegram.faults().next("banChatMember", 2, Fault::LoseResponse);
    town.alice.ban(&town.room, &tom_ghost, "spam").await?;
    eventually("the ban is asked for", async || {
        Ok(!town.telegram.requests_of("banChatMember").is_empty())
    })
    .await?;
    town.bridge.kill()?;
    town.bridge.start()?;
    stands(&town, &tom, Standing::Kicked).await?;
    town.say(Side::Telegram, "still here").await?;
    town.expect(Side::Matrix, |line| line.text == "still here").await?;
    town.expect(Side::Discord, |line| line.text == "still here").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_banned_is_silent_also_where_the_bot_may_not_ban() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let tom = town.telegram.user("Tom");
    town.group.promote_bot(Rights { restrict_members: false, ..Rights::all() });
    let lacks =
        |seen: &sandbox::synapse::Seen| seen.sender == BOT && seen.body.contains("Ban Users");
    town.alice.expect(&town.room, lacks).await?;
    town.group.say(&tom, "buy here")?;
    let tom_ghost = ghost(&town, "buy here").await?;
    town.alice.ban(&town.room, &tom_ghost, "spam").await?;
    eventually("the ban is refused", async || {
        Ok(!town.telegram.requests_of("banChatMember").is_empty())
    })
    .await?;
    town.group.say(&tom, "buy more")?;
    town.say(Side::Telegram, "ignore him").await?;
    for side in [Side::Matrix, Side::Discord] {
        town.expect(side, |line| line.text == "ignore him").await?;
        let lines = town.lines(side).await?;
        ensure!(!lines.iter().any(|line| line.text == "buy more"), "{side:?} shows it");
    }
    let told = town.alice.transcript(&town.room).await?;
    let told = told.0.iter().filter(|seen| lacks(seen)).count();
    ensure!(told == 1, "told {told} times");
    town.assert_clean()
}
