// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a bridge may never do with people, one promise after the other.
//!
//! Rule: a promise that needs more than one test has them where its feature is tested, under the same
//! number.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use anyhow::Context;
use sandbox::town::{Line, Side, Town};
use serde_json::{Value, json};

use crate::clock::FileClock;
use crate::{ask, crosses, eventually, town, town_with_clock};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn contains(words: &str) -> impl Fn(&Line) -> bool {
    move |line| line.text.contains(words)
}

async fn stays(town: &Town, side: Side, words: &str) -> anyhow::Result<()> {
    let shown = town.lines(side).await?.iter().any(|line| line.text.contains(words));
    assert!(!shown, "{words} on {side:?}");
    Ok(())
}

async fn history(town: &Town, who_reads: &str) -> anyhow::Result<()> {
    let content = json!({ "history_visibility": who_reads });
    town.alice.set_state(&town.room, "m.room.history_visibility", "", content).await.map(drop)
}

/// Everything that a member is shown of the room: its whole state and its timeline.
async fn shown(town: &Town) -> anyhow::Result<String> {
    let state = town.alice.whole_state(&town.room).await?;
    let messages = town.alice.transcript(&town.room).await?.0;
    Ok(format!("{}\n{messages:?}", Value::from(state)))
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_no_account_event_or_address_holds_the_id_of_a_person() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    for side in Side::ALL {
        crosses(&town, side, &format!("hello from {side:?}")).await?;
    }
    let seen = town.alice.expect(&town.room, |seen| seen.body == "hello from Telegram").await?;
    town.alice.react(&town.room, &seen.event_id, "👍").await?;
    let all = shown(&town).await?;
    assert!(all.contains("hello from Telegram") && all.contains("m.room.power_levels"), "{all}");
    for id in [town.tanja.id().to_string(), town.dora.id().to_string()] {
        assert!(!all.contains(&id), "a room holds the id {id}");
    }
    let localpart = seen.sender.trim_start_matches('@').split(':').next().unwrap_or_default();
    let secret = localpart.rsplit('_').next().unwrap_or_default();
    assert!(secret.len() == 20 && secret.chars().all(|c| c.is_ascii_alphanumeric()), "{secret}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_nobody_can_write_to_a_ghost_and_its_name_says_which_network_it_is_from()
-> anyhow::Result<()> {
    let town = town("12", "").await?;
    crosses(&town, Side::Telegram, "hello").await?;
    crosses(&town, Side::Discord, "hi there").await?;
    for (said, network) in [("hello", "Telegram"), ("hi there", "Discord")] {
        let seen = town.alice.expect(&town.room, |seen| seen.body == said).await?;
        let member = town.alice.state(&town.room, "m.room.member", &seen.sender).await?;
        let member = member.context("the ghost is no member")?;
        let name = member["displayname"].as_str().unwrap_or_default();
        assert!(name.ends_with(&format!("({network})")), "{name}");
        let private = town.alice.create_room(sandbox::synapse::RoomOptions::default()).await?;
        town.alice.invite(&private, &seen.sender).await?;
        eventually("the ghost declines", async || {
            let member = town.alice.state(&private, "m.room.member", &seen.sender).await?;
            let member = member.unwrap_or_default();
            let reason = member["reason"].as_str().unwrap_or_default();
            Ok(member["membership"] == "leave" && !reason.is_empty())
        })
        .await?;
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_what_was_said_is_not_known_any_more_after_ninety_days() -> anyhow::Result<()> {
    let mut town = town_with_clock().await?;
    let clock = FileClock::beside(&town.bridge.config());
    let old = town.say(Side::Telegram, "an old message").await?;
    town.expect(Side::Matrix, contains("an old message")).await?;
    town.edit(&old, "a message of today").await?;
    town.expect(Side::Matrix, contains("a message of today")).await?;
    // Messages are forgotten by whole weeks.
    clock.set_ahead(98 * DAY_MS)?;
    town.bridge.kill()?;
    let before = town.bridge.log().len();
    town.bridge.start()?;
    eventually("the old messages are forgotten", async || {
        Ok(town.bridge.log().get(before..).is_some_and(|it| it.contains("were forgotten")))
    })
    .await?;
    town.edit(&old, "an old message, changed").await?;
    crosses(&town, Side::Telegram, "and it goes on").await?;
    stays(&town, Side::Matrix, "an old message, changed").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_no_address_of_a_message_is_ever_fetched() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let trap = TcpListener::bind("127.0.0.1:0")?;
    trap.set_nonblocking(true)?;
    let address = format!("http://{}", trap.local_addr()?);
    for side in Side::ALL {
        crosses(&town, side, &format!("see {address}/picture-of-{side:?}.png")).await?;
    }
    let picture = format!("look ![x]({address}/x.png) <{address}/y>");
    let html = format!("look <img src=\"{address}/x.png\"> <a href=\"{address}/y\">y</a>");
    let content = json!({
        "msgtype": "m.text", "body": picture,
        "format": "org.matrix.custom.html", "formatted_body": html,
        "m.url_previews": [{ "matched_url": format!("{address}/z") }],
    });
    town.alice.send_raw(&town.room, "m.room.message", content).await?;
    let image = json!({ "msgtype": "m.image", "body": "x.png", "url": format!("{address}/m.png") });
    town.alice.send_raw(&town.room, "m.room.message", image).await?;
    crosses(&town, Side::Matrix, "said after all that").await?;
    let caught = trap.accept().map(|(_, from)| from).map_err(|error| error.kind());
    assert_eq!(caught, Err(ErrorKind::WouldBlock), "somebody fetched an address of a message");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_what_everybody_can_read_is_not_fed_until_every_side_agrees() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "before").await?;
    history(&town, "world_readable").await?;
    town.expect(Side::Matrix, contains("Everybody can read this room")).await?;
    for side in Side::Matrix.others() {
        town.expect(side, contains("Everybody can read the Matrix room")).await?;
    }
    town.say(Side::Telegram, "for members only").await?;
    town.expect(Side::Discord, contains("for members only")).await?;
    town.say(Side::Matrix, "of the open room").await?;
    town.bridge.kill()?;
    town.bridge.start()?;
    let status = ask(&town.alice, &town.room, "!freeside status").await?;
    assert!(status.contains("Everybody can read that room"), "{status}");

    // One side alone opens nothing.
    let asked = ask(&town.alice, &town.room, "!freeside set readers everybody").await?;
    assert!(asked.contains("Telegram") && asked.contains("Discord"), "{asked}");
    town.say(Side::Telegram, "/set readers everybody").await?;
    town.expect(Side::Telegram, contains("readers")).await?;
    town.say(Side::Discord, "still for members only").await?;
    town.expect(Side::Telegram, contains("still for members only")).await?;
    for words in ["for members only", "still for members only"] {
        stays(&town, Side::Matrix, words).await?;
    }
    for side in Side::Matrix.others() {
        stays(&town, side, "of the open room").await?;
    }
    town.channel.slash(&town.dora, "freeside", "set", &[("setting", "readers everybody")])?;
    town.expect(Side::Matrix, contains("This room is shared with")).await?;
    crosses(&town, Side::Telegram, "for everybody").await?;
    crosses(&town, Side::Matrix, "agreed").await?;
    stays(&town, Side::Matrix, "for members only").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_a_room_that_is_closed_again_goes_on_without_what_was_said_meanwhile()
-> anyhow::Result<()> {
    let town = crate::unlinked().await?;
    history(&town, "world_readable").await?;
    town.invite_bot().await?;
    town.join_telegram().await?;
    town.expect(Side::Matrix, contains("Everybody can read this room")).await?;
    for side in [Side::Matrix, Side::Telegram] {
        town.expect(side, contains("Nothing is shared yet, because everybody can read")).await?;
    }
    town.say(Side::Telegram, "too early").await?;
    let said = ask(&town.alice, &town.room, "!freeside status").await?;
    assert!(said.contains("Everybody can read that room"), "{said}");
    history(&town, "shared").await?;
    town.expect(Side::Telegram, contains("shared with the Matrix room again")).await?;
    town.say(Side::Telegram, "now it is for us").await?;
    town.expect(Side::Matrix, contains("now it is for us")).await?;
    stays(&town, Side::Matrix, "too early").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p13_a_figure_about_fewer_than_five_people_is_not_told() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    for side in Side::ALL {
        crosses(&town, side, &format!("one word of {side:?}")).await?;
    }
    let report: Value = serde_json::from_str(&town.bridge.tell(&["report", "--format", "json"])?)?;
    let weeks = report.pointer("/portals/0/weeks").and_then(Value::as_array);
    let weeks = weeks.context("the report has no weeks")?;
    let sides = weeks.iter().flat_map(|week| week["sides"].as_array().into_iter().flatten());
    let authors: Vec<&Value> = sides.map(|side| &side["authors"]).collect();
    assert!(!authors.is_empty(), "{report}");
    assert!(authors.iter().all(|it| it.as_u64().is_none_or(|it| it == 0 || it >= 5)), "{report}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p14_secrets_come_from_files_that_nobody_else_reads_and_stand_in_no_room()
-> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "hello").await?;
    let all = shown(&town).await?;
    let tokens = [town.telegram.bot_token(), town.discord.bot_token()];
    for token in &tokens {
        assert!(!all.contains(token.as_str()), "a room holds a token");
    }
    let process = town.bridge.process().context("the bridge does not run")?;
    let arguments = std::fs::read(format!("/proc/{process}/cmdline"))?;
    let arguments = String::from_utf8_lossy(&arguments).into_owned();
    assert!(arguments.contains("freeside"), "{arguments}");
    assert!(tokens.iter().all(|token| !arguments.contains(token.as_str())), "{arguments}");

    let folder = town.bridge.config().parent().context("a folder")?.to_owned();
    let secret =
        std::fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.path()).find(|path| {
            let holds = |text: String| text.trim() == tokens[0];
            path.is_file() && std::fs::read_to_string(path).is_ok_and(holds)
        });
    let secret = secret.context("the token stands in no file")?;
    town.bridge.kill()?;
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644))?;
    town.bridge.start()?;
    eventually("the bridge ends", async || Ok(!town.bridge.runs())).await?;
    let said = town.bridge.last_words();
    assert!(said.contains("chmod 600"), "{said}");
    Ok(())
}
