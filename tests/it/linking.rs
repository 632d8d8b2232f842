// SPDX-License-Identifier: AGPL-3.0-or-later
//! Chats are joined by the consent of both sides, and parted without harm.
//!
//! Rule: people type, and read what they are answered.

use std::collections::BTreeSet;
use std::time::Duration;

use sandbox::faults::Fault;
use sandbox::synapse::RoomOptions;
use sandbox::telegram::{Group, Rights, User};
use sandbox::town::{BOT, Side, Town, TownOptions, code_in};
use serde_json::Value;

use crate::{ask, crosses, eventually, program, town};

/// What every notice on a legacy side says.
const NOTICE: &str = "is connected to a Matrix room";

async fn unlinked(room_version: &str) -> anyhow::Result<Town> {
    Town::build(TownOptions {
        program: program(),
        room_version: room_version.into(),
        encrypted: false,
        more_config: String::new(),
        progress: &mut |_| {},
    })
    .await
}

/// The bot's answer to what a person types in a group.
async fn ask_group(group: &Group, user: &User, typed: &str) -> anyhow::Result<String> {
    let asked = group.say(user, typed)?;
    Ok(group.expect(|seen| seen.is_bot && seen.reply_to == Some(asked)).await?.text)
}

/// The bot's answer to a slash command with a code.
async fn type_code(
    town: &Town,
    user: &sandbox::discord::User,
    code: &str,
) -> anyhow::Result<String> {
    let typed = town.channel.slash(user, "freeside", "link", &[("code", code)])?;
    Ok(typed.answer().await?.message.content)
}

fn notices(town: &Town) -> (usize, usize) {
    let telegram = town.group.messages();
    let discord = town.channel.messages();
    (
        telegram.iter().filter(|seen| seen.is_bot && seen.text.contains(NOTICE)).count(),
        discord.iter().filter(|seen| seen.content.contains(NOTICE)).count(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_where_it_is_meant_for_those_with_the_right() -> anyhow::Result<()> {
    let town = unlinked("12").await?;
    town.invite_bot().await?;
    town.discord.expect_connected().await?;
    let bob = town.synapse.person("bob").await?;
    bob.join(&town.room).await?;
    let answer = ask(&bob, &town.room, "!freeside link telegram").await?;
    assert!(answer.contains("power level") && code_in(&answer).is_none(), "{answer}");

    let code = town.ask_for_code("telegram").await?;
    let tom = town.telegram.user("Tom");
    town.group.join(&tom)?;
    let typed = format!("/link {code}");
    let answer = ask_group(&town.group, &tom, &typed).await?;
    assert!(answer.contains("Only admins of a group"), "{answer}");
    let answer = ask_group(&town.group, &town.tanja, "/link ABCD-EFGH").await?;
    assert!(answer.contains("not right"), "{answer}");
    let answer = type_code(&town, &town.dora, &code).await?;
    assert!(answer.contains("Type it on Telegram"), "{answer}");
    assert_eq!(notices(&town), (0, 0), "joined without a right code");

    let answer = ask_group(&town.group, &town.tanja, &typed).await?;
    assert!(answer.contains("The connection code is right"), "{answer}");
    assert_eq!(notices(&town), (0, 0), "joined before anybody has agreed");
    let other = town.telegram.group("Somewhere else");
    other.own(&town.tanja);
    other.promote_bot(Rights::all());
    let answer = ask_group(&other, &town.tanja, &typed).await?;
    assert!(answer.contains("used already"), "{answer}");
    let answer = ask(&bob, &town.room, &format!("!freeside link yes {code}")).await?;
    assert!(answer.contains("power level"), "{answer}");
    town.agree(&town.room, &code).await?;

    let code = town.ask_for_code("discord").await?;
    let dave = town.discord.user("Dave");
    let answer = type_code(&town, &dave, &code).await?;
    assert!(answer.contains("Manage Server"), "{answer}");
    let answer = type_code(&town, &town.dora, &code).await?;
    assert!(answer.contains("The connection code is right"), "{answer}");
    town.agree(&town.room, &code).await?;
    crosses(&town, Side::Matrix, "joined at last").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn linking_from_telegram_and_parting_there_leave_the_room_whole() -> anyhow::Result<()> {
    let town = unlinked("12").await?;
    town.invite_bot().await?;
    link_from_telegram(&town).await?;
    town.say(Side::Telegram, "hello").await?;
    town.expect(Side::Matrix, |line| line.text == "hello").await?;
    let notice = town.group.expect(|seen| seen.pinned && seen.text.contains(NOTICE)).await?;
    let members = town.alice.members(&town.room).await?;

    let shown = ask_group(&town.group, &town.tanja, "/unlink").await?;
    assert!(shown.contains("Nothing has happened yet."), "{shown}");
    let answer = ask_group(&town.group, &town.tanja, "/confirm").await?;
    assert!(answer.contains("has ended"), "{answer}");
    town.expect(Side::Matrix, |line| line.text.contains("has ended here")).await?;
    assert!(members.keys().any(|member| member.starts_with("@fs_")), "{members:?}");
    eventually("the accounts of the group's people leave, and nobody else", async || {
        let left = town.alice.members(&town.room).await?;
        let people = members.keys().filter(|member| !member.starts_with("@fs_"));
        Ok(people.collect::<BTreeSet<_>>() == left.keys().collect())
    })
    .await?;
    town.say(Side::Telegram, "said apart").await?;
    town.say(Side::Matrix, "said apart").await?;
    let answer = ask_group(&town.group, &town.tanja, "/status").await?;
    assert!(answer.contains("is not connected"), "{answer}");
    let answer = ask(&town.alice, &town.room, "!freeside status").await?;
    assert!(answer.contains("is not connected"), "{answer}");

    link_from_telegram(&town).await?;
    for (side, other) in [(Side::Telegram, Side::Matrix), (Side::Matrix, Side::Telegram)] {
        town.say(side, "together again").await?;
        let crossed = |line: &sandbox::town::Line| {
            line.who.starts_with(side.speaker()) && line.text == "together again"
        };
        town.expect(other, crossed).await?;
        // Lanes keep their order: what was said apart would be there by now.
        let lines = town.lines(other).await?;
        assert_eq!(lines.iter().filter(|line| line.text == "said apart").count(), 1, "{other:?}");
    }
    assert_eq!(notices(&town), (1, 0), "{}", town.group.transcript());
    let old = town.group.message(notice.id);
    let is_over = old.is_some_and(|seen| !seen.pinned && !seen.text.contains(NOTICE));
    assert!(is_over, "the first notice still says so: {}", town.group.transcript());
    let new = town.group.expect(|seen| seen.pinned && seen.text.contains(NOTICE)).await?;
    assert!(new.id > notice.id, "{}", town.group.transcript());
    town.assert_clean()
}

async fn link_from_telegram(town: &Town) -> anyhow::Result<()> {
    let answer = ask_group(&town.group, &town.tanja, "/link").await?;
    let code = code_in(&answer).ok_or_else(|| anyhow::anyhow!("no code in: {answer}"))?;
    let answer = ask(&town.alice, &town.room, &format!("!freeside link {code}")).await?;
    anyhow::ensure!(answer.contains("The connection code is right"), "{answer}");
    let answer = ask_group(&town.group, &town.tanja, &format!("/link yes {code}")).await?;
    anyhow::ensure!(answer.contains("Connected to Matrix"), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notice_is_there_once_although_the_bridge_dies_while_it_links() -> anyhow::Result<()> {
    let mut town = unlinked("12").await?;
    town.invite_bot().await?;
    let pause = || Fault::Delay(Duration::from_secs(5));
    let code = town.ask_for_code("telegram").await?;
    town.telegram.faults().next("pinChatMessage", 1, pause());
    town.group.say(&town.tanja, &format!("/link {code}"))?;
    town.agree(&town.room, &code).await?;
    town.group.expect(|seen| seen.is_bot && seen.text.contains(NOTICE)).await?;
    town.bridge.kill()?;
    town.telegram.faults().clear();
    town.bridge.start()?;
    town.group.expect(|seen| seen.pinned && seen.text.contains(NOTICE)).await?;

    let code = town.ask_for_code("discord").await?;
    town.discord.expect_connected().await?;
    town.discord.faults().next("pins", 1, pause());
    town.channel.slash(&town.dora, "freeside", "link", &[("code", &code)])?;
    town.agree(&town.room, &code).await?;
    town.channel.expect(|seen| seen.content.contains(NOTICE)).await?;
    town.bridge.kill()?;
    town.discord.faults().clear();
    town.bridge.start()?;
    town.channel.expect(|seen| seen.pinned && seen.content.contains(NOTICE)).await?;

    town.discord.expect_connected().await?;
    for side in Side::ALL {
        crosses(&town, side, &format!("after the deaths, on {side:?}")).await?;
    }
    assert_eq!(notices(&town), (1, 1));
    let lines = town.lines(Side::Matrix).await?;
    for kind in ["is connected to a chat on Telegram", "is connected to a chat on Discord"] {
        assert_eq!(lines.iter().filter(|line| line.text.contains(kind)).count(), 1, "{kind}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_through_which_another_bridge_speaks_is_joined_only_by_who_insists()
-> anyhow::Result<()> {
    let town = unlinked("12").await?;
    town.invite_bot().await?;
    town.discord.expect_connected().await?;
    town.channel.webhook("GitHub");
    town.channel.webhook("matterbridge");
    let told = ask(&town.alice, &town.room, "!freeside link discord").await?;
    let code = code_in(&told).ok_or_else(|| anyhow::anyhow!("no code: {told}"))?;
    let answer = type_code(&town, &town.dora, &code).await?;
    assert!(answer.contains("another bridge is already here: matterbridge."), "{answer}");
    let answer = type_code(&town, &town.dora, &format!("{code} --take-over")).await?;
    assert!(answer.contains("The connection code is right"), "{answer}");
    town.agree(&town.room, &code).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_made_on_request_is_the_asker_s_in_version_12() -> anyhow::Result<()> {
    a_room_made_on_request_is_the_asker_s("12").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_made_on_request_is_the_asker_s_in_version_11() -> anyhow::Result<()> {
    a_room_made_on_request_is_the_asker_s("11").await
}

async fn a_room_made_on_request_is_the_asker_s(version: &str) -> anyhow::Result<()> {
    let town = unlinked(version).await?;
    let alice = &town.alice;
    town.invite_bot().await?;
    // A third person: in the room they are alone with, the bot would do it.
    town.synapse.person("bob").await?.join(&town.room).await?;
    let answer = ask(alice, &town.room, "!freeside create telegram").await?;
    assert!(answer.contains("in private") && code_in(&answer).is_none(), "{answer}");
    let options = RoomOptions { invite: vec![BOT.into()], ..RoomOptions::default() };
    let private = alice.create_room(options).await?;
    alice.expect(&private, |seen| seen.sender == BOT).await?;
    let answer = ask(alice, &private, "!freeside create telegram").await?;
    let code = code_in(&answer).ok_or_else(|| anyhow::anyhow!("no code in: {answer}"))?;
    let made = alice.expect_invite(&[]).await?;
    alice.join(&made).await?;
    // Only one who owns the room can do this.
    alice.set_power(&made, "@bob:localhost", 50).await?;
    let power = alice.state(&made, "m.room.power_levels", "").await?.unwrap_or_default();
    let listed = power.pointer("/users/@alice:localhost").and_then(Value::as_i64);
    let create = alice.state(&made, "m.room.create", "").await?.unwrap_or_default();
    let creators = create.get("additional_creators").cloned().unwrap_or_default();
    match version {
        "12" => assert_eq!(creators, serde_json::json!([alice.user_id()])),
        _ => assert_eq!(listed, Some(100)),
    }
    town.group.say(&town.tanja, &format!("/link {code}"))?;
    town.agree(&made, &code).await?;
    town.group.expect(|seen| seen.pinned).await?;
    town.group.say(&town.tanja, "into the new room")?;
    alice.expect(&made, |seen| seen.body == "into the new room").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_has_one_answer_and_what_ghosts_say_is_no_command() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let cases = [
        ("status", "connected, nothing is waiting"),
        ("portals", "One room is connected"),
        ("help", "!freeside unlink"),
        ("version", env!("CARGO_PKG_VERSION")),
        ("source", "AGPL"),
        ("dance", "I do not know"),
    ];
    for (command, says) in cases {
        let answer = ask(&town.alice, &town.room, &format!("!freeside {command}")).await?;
        assert!(answer.contains(says), "{command}: {answer}");
    }
    for (command, says) in [("/status", "connected"), ("/help", "/unlink"), ("/matrix", "browser")]
    {
        let answer = ask_group(&town.group, &town.tanja, command).await?;
        assert!(answer.contains(says), "{command}: {answer}");
    }
    let status = town.channel.slash(&town.dora, "freeside", "status", &[])?;
    let answer = status.answer().await?.message.content;
    assert!(answer.contains("connected"), "{answer}");

    // On Matrix a ghost says this, on Telegram the bot itself.
    crosses(&town, Side::Telegram, "!freeside unlink discord").await?;
    crosses(&town, Side::Discord, "/unlink").await?;
    let other = town.discord.other_bot("Other");
    town.channel.say(&other, "/freeside unlink");
    for side in Side::ALL {
        crosses(&town, side, &format!("still joined on {side:?}")).await?;
    }
    let answer = ask(&town.alice, &town.room, "!freeside status").await?;
    assert_eq!(answer.matches("connected, nothing").count(), 3, "{answer}");
    one_answer_each(&town).await?;
    menus_are_published(&town);
    town.assert_clean()
}

async fn one_answer_each(town: &Town) -> anyhow::Result<()> {
    let lines = town.alice.transcript(&town.room).await?.0;
    for asked in lines.iter().filter(|line| line.body.starts_with("!freeside ")) {
        let to_it = |line: &&sandbox::synapse::Seen| {
            line.sender == BOT && line.reply_to.as_deref() == Some(asked.event_id.as_str())
        };
        let wanted = usize::from(asked.sender == town.alice.user_id());
        assert_eq!(lines.iter().filter(to_it).count(), wanted, "{}", asked.body);
    }
    Ok(())
}

fn menus_are_published(town: &Town) {
    let telegram: Vec<String> =
        town.telegram.commands().into_iter().map(|(name, _)| name).collect();
    for name in ["link", "unlink", "status", "help", "privacy", "matrix"] {
        assert!(telegram.iter().any(|known| known == name), "/{name} is not in {telegram:?}");
    }
    let discord = serde_json::json!(town.discord.commands()).to_string();
    for name in ["freeside", "link", "unlink", "status", "help"] {
        assert!(discord.contains(&format!("\"name\":\"{name}\"")), "{name} is not in {discord}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_told_to_programs_without_anybody_s_account_number() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    for side in Side::ALL {
        crosses(&town, side, &format!("said on {side:?}")).await?;
    }
    let state = town.alice.whole_state(&town.room).await?;
    for kind in ["m.bridge", "uk.half-shot.bridge"] {
        let of_kind = state.iter().filter(|event| event.get("type") == Some(&kind.into()));
        let mut networks: Vec<&str> = of_kind
            .filter_map(|event| event.pointer("/content/protocol/id").and_then(Value::as_str))
            .collect();
        networks.sort_unstable();
        assert_eq!(networks, ["discord", "telegram"], "{kind}");
    }
    let group = town.group.id().to_string();
    let numbers = [
        group.trim_start_matches("-100").to_owned(),
        town.tanja.id().to_string(),
        town.dora.id().to_string(),
        town.channel.id().to_string(),
        town.guild.id().to_string(),
    ];
    let members = town.alice.members(&town.room).await?;
    assert_eq!(members.len(), 4, "Alice, the bot and two ghosts: {members:?}");
    let places = [
        ("state", serde_json::json!(state).to_string()),
        ("members", format!("{members:?}")),
        ("log", town.bridge.log()),
    ];
    for (place, text) in &places {
        for number in &numbers {
            assert!(!text.contains(number), "{number} is in the {place}");
        }
    }
    town.assert_clean()
}
