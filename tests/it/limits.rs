// SPDX-License-Identifier: AGPL-3.0-or-later
//! Nobody's queue, command or account hurts others.
//!
//! Rule: a test is named after the finding that it keeps from coming back.

use std::time::Duration;

use anyhow::Context;
use sandbox::town::{BOT, Side, code_in};

use crate::{ask, crosses, eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn s5_whoever_reads_a_code_first_takes_no_group_over() -> anyhow::Result<()> {
    let town = crate::unlinked().await?;
    town.group.say(&town.tanja, "/link")?;
    let told = town.group.expect(|seen| seen.is_bot && code_in(&seen.text).is_some()).await?;
    let code = code_in(&told.text).unwrap_or_default();
    let mallory = town.synapse.person_named("mallory", "Mallory").await?;
    let room = mallory.create_room(sandbox::synapse::RoomOptions::public("OWNED")).await?;
    mallory.invite(&room, BOT).await?;
    mallory.expect(&room, |seen| seen.sender == BOT).await?;
    ask(&mallory, &room, &format!("!freeside link {code}")).await?;
    let asks = |seen: &sandbox::telegram::Seen| seen.is_bot && seen.text.contains("OWNED");
    let question = town.group.expect(asks).await?;
    assert!(question.text.contains("@mallory:localhost"), "{question}");
    for typed in [format!("link yes {code}"), "set metadata matrix".to_owned()] {
        let answer = ask(&mallory, &room, &format!("!freeside {typed}")).await?;
        assert!(!answer.contains("Connected to"), "{answer}");
    }
    town.group.press(&town.tanja, question.id, "No")?;
    mallory.expect(&room, |seen| seen.body.contains("have declined")).await?;
    assert_eq!(town.group.title(), "Free knowledge");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_a_chat_that_is_full_says_so_and_holds_up_nobody() -> anyhow::Result<()> {
    let town = town("12", "[lanes]\nmost_waiting = 4").await?;
    town.discord.rate_limit(&town.channel, Duration::from_secs(45));
    for number in 0..9 {
        let text = format!("number {number}");
        town.say(Side::Telegram, &text).await?;
        town.expect(Side::Matrix, |line| line.text == text).await?;
    }
    let full = "Too many messages are waiting for Discord";
    town.expect(Side::Telegram, |line| line.text.starts_with(full)).await?;
    let left_out = |lines: &[sandbox::town::Line]| {
        let line = lines.iter().find(|line| line.text.contains("Not shared here"))?;
        Some(line.text.clone())
    };
    let told = town.until_within(Side::Discord, Duration::from_secs(90), left_out).await?;
    assert!(told.contains("messages from Telegram (Free knowledge)"), "{told}");
    town.say(Side::Telegram, "there is room again").await?;
    town.expect(Side::Discord, |line| line.text == "there is room again").await?;
    let discord = town.lines(Side::Discord).await?;
    let kept = discord.iter().filter(|line| line.text.starts_with("number")).count();
    assert!((4..9).contains(&kept), "{kept} were kept");
    let telegram = town.lines(Side::Telegram).await?;
    assert_eq!(telegram.iter().filter(|line| line.text.starts_with(full)).count(), 1);
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_commands_have_a_budget_and_their_answers_yield_to_messages() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.bridge.reconfigure("commands_per_minute = 1000", "commands_per_minute = 5")?;
    town.bridge.kill()?;
    town.bridge.start()?;
    let tom = town.telegram.user("Tom");
    town.group.join(&tom)?;
    let before = town.group.messages().iter().filter(|seen| seen.is_bot).count();
    for _ in 0..30 {
        town.group.say(&tom, "/privacy")?;
    }
    let slow_down = |line: &sandbox::town::Line| line.text.starts_with("Too many commands at once");
    town.expect(Side::Telegram, slow_down).await?;
    crosses(&town, Side::Matrix, "said in between").await?;
    crosses(&town, Side::Telegram, "and back").await?;
    let after = town.group.messages().iter().filter(|seen| seen.is_bot).count();
    let relayed = 1;
    assert_eq!(after - before - relayed, 6, "five answers and one word");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_the_bot_comes_to_those_who_may_have_it() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let admins = "admins = [\"@alice:localhost\"]\n";
    town.bridge.reconfigure(admins, &format!("{admins}allow = [\"elsewhere.example\"]\n"))?;
    town.bridge.kill()?;
    town.bridge.start()?;
    let mallory = town.synapse.person("mallory").await?;
    let room = mallory.create_room(sandbox::synapse::RoomOptions::public("Mine")).await?;
    mallory.invite(&room, BOT).await?;
    eventually("the bot declines", async || {
        let members = mallory.state(&room, "m.room.member", BOT).await?.unwrap_or_default();
        let membership = members.get("membership").and_then(|it| it.as_str()).map(str::to_owned);
        let reason = members.get("reason").and_then(|it| it.as_str()).unwrap_or_default();
        Ok(membership.as_deref() == Some("leave") && reason.contains("@alice:localhost"))
    })
    .await?;

    mallory.join(&town.room).await?;
    let answer = ask(&mallory, &town.room, "!freeside link discord").await?;
    assert!(!answer.contains("connection code"), "{answer}");
    let private = mallory.create_room(sandbox::synapse::RoomOptions::public("Private")).await?;
    mallory.invite(&private, BOT).await?;
    mallory.expect(&private, |seen| seen.sender == BOT).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_one_side_shows_nothing_of_the_other_and_helpers_change_nothing() -> anyhow::Result<()>
{
    let town = town("12", "").await?;
    let helper = town.telegram.user("Helper");
    town.group.join(&helper)?;
    let rights = sandbox::telegram::Rights::all();
    town.group.promote_with(&helper, sandbox::telegram::Rights { change_info: false, ..rights });
    let commands = ["/set silent calls", "/set phone-numbers on", "/unlink", "/vote \"x?\""];
    for (before, typed) in commands.into_iter().enumerate() {
        town.group.say(&helper, typed)?;
        let told = |seen: &[sandbox::telegram::Seen]| {
            seen.iter().filter(|it| it.text.starts_with("Only the owner of this group")).count()
        };
        eventually(typed, async || Ok(told(&town.group.messages()) == before + 1)).await?;
    }
    let card = |number: &str, name: &str| {
        let contact = serde_json::json!({"phone_number": number, "first_name": name});
        sandbox::telegram::Post::content(&serde_json::json!({"contact": contact}))
    };
    let asked = ask(&town.alice, &town.room, "!freeside set phone-numbers on").await?;
    assert!(asked.contains("concerns the other side"), "{asked}");
    town.group.expect(|seen| seen.is_bot && seen.text.contains("wants to set")).await?;
    town.group.send(&town.tanja, &card("+491111111", "Rose"))?;
    let seen = town.alice.expect(&town.room, |seen| seen.body.contains("Rose")).await?;
    assert!(!seen.content.to_string().contains("1111111"), "{seen:?}");
    crate::set_by_all(&town, "phone-numbers on").await?;
    town.group.send(&town.tanja, &card("+492222222", "Iris"))?;
    town.alice.expect(&town.room, |seen| seen.body.contains("+492222222")).await?;
    let off = ask(&town.alice, &town.room, "!freeside set phone-numbers off").await?;
    assert!(off.contains("is now off"), "one side alone takes it back: {off}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_new_people_write_in_a_raid_stays_on_their_side() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    crosses(&town, Side::Telegram, "I was here before").await?;
    let set = ask(&town.alice, &town.room, "!freeside set brakes raid").await?;
    anyhow::ensure!(set.contains("brakes is now raid"), "{set}");
    let eve = town.telegram.user("Eve");
    town.group.join(&eve)?;
    let said = town.group.say(&eve, "join my channel")?;
    let told = |seen: &sandbox::telegram::Seen| {
        seen.is_bot && seen.reply_to == Some(said) && seen.text.contains("/set brakes newcomers")
    };
    town.group.expect(told).await.context("Eve is not told")?;
    crosses(&town, Side::Telegram, "I am still heard").await?;
    let room = town.alice.transcript(&town.room).await?;
    anyhow::ensure!(room.line("join my channel").is_none(), "{room}");
    ask(&town.alice, &town.room, "!freeside set brakes off").await?;
    town.group.say(&eve, "hello, all")?;
    town.alice.expect(&town.room, |seen| seen.body == "hello, all").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_of_a_newcomer_waits_until_somebody_reacts() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    for side in [Side::Telegram, Side::Matrix] {
        crosses(&town, side, "I write here").await?;
    }
    let set = ask(&town.alice, &town.room, "!freeside set first-messages wait").await?;
    assert!(set.contains("first-messages is now wait"), "{set}");
    let newcomer = town.telegram.user("Nora");
    town.group.join(&newcomer)?;
    let said = town.group.say(&newcomer, "is this the place?")?;
    let told = |seen: &sandbox::telegram::Seen| {
        seen.is_bot && seen.reply_to == Some(said) && seen.text.contains("your first message")
    };
    town.group.expect(told).await?;
    crosses(&town, Side::Matrix, "nothing of Nora is here yet").await?;
    for side in [Side::Matrix, Side::Discord] {
        assert!(town.lines(side).await?.iter().all(|line| line.text != "is this the place?"));
    }
    town.group.react(&town.tanja, said, &["👍"])?;
    for side in [Side::Matrix, Side::Discord] {
        town.expect(side, |line| line.text == "is this the place?").await?;
    }
    town.group.say(&newcomer, "thank you")?;
    town.expect(Side::Matrix, |line| line.text == "thank you").await?;
    town.assert_clean()
}
