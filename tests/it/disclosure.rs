// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is pinned in the chats is read against what is so at that moment.

use anyhow::{Context, ensure};
use sandbox::synapse::Seen;
use sandbox::town::{BOT, Side, Town};
use serde_json::json;

use crate::moving::{crosses_from_matrix, day_comes, inventory, schedule, step, vote};
use crate::{crosses, eventually, sure, town};

const TELEGRAM: &str = "Telegram's apps are free software. Its server is proprietary";
const DISCORD: &str = "Discord is proprietary software: the app and the server.";
const NOT_YET: &str = "Nothing is shared yet";
/// How each text that is true while messages cross says whose name is shown.
const SHOWN: [&str; 3] = [
    "shown there, too, with your name",
    "still shown there, with your name",
    "are shown there with the name",
];
const KEPT: &str = "A message that starts with (NOFWD) stays here";

/// What is pinned: in the group, in the channel, in the room.
async fn pinned(town: &Town) -> anyhow::Result<[Vec<String>; 3]> {
    let group = town.group.pinned().into_iter().map(|seen| seen.text).collect();
    let bare = |markdown: String| markdown.replace(['`', '*'], "");
    let channel = town.channel.pinned().into_iter().map(|seen| bare(seen.content)).collect();
    let pins = town.alice.pins(&town.room).await?;
    let said = town.alice.transcript(&town.room).await?.0;
    let body =
        |id: &String| said.iter().find(|seen| seen.event_id == *id).map(|it| it.body.clone());
    let room = pins.iter().filter_map(body).collect();
    Ok([group, channel, room])
}

/// What one notice gets wrong: whether messages cross, and whether anything is planned.
fn mistake(text: &str, software: &str, (crosses, planned): (bool, bool)) -> Option<&'static str> {
    let says = |words: &str| text.contains(words);
    let other = if software == TELEGRAM { DISCORD } else { TELEGRAM };
    if says(NOT_YET) == crosses {
        return Some("whether something is shared");
    }
    if SHOWN.iter().any(|words| says(words)) != crosses {
        return Some("whose name is shown");
    }
    if says(KEPT) != crosses {
        return Some("how a message is kept back");
    }
    if says(software) != planned || says(other) {
        return Some("what is proprietary");
    }
    None
}

/// Waits until everything that is pinned is true, and nothing is missing.
async fn all_true(town: &Town, stage: &str, crosses: bool) -> anyhow::Result<()> {
    let planned = stage != "inventory";
    let facts = (crosses, planned);
    let mut last = String::new();
    let is_true = async || {
        let [group, channel, room] = pinned(town).await?;
        last = format!("{group:#?}\n{channel:#?}\n{room:#?}");
        let legacy = usize::from(planned);
        let about = |name: &str| room.iter().find(|it| it.contains(&format!("a chat on {name}")));
        let notices = room.iter().filter(|it| it.contains("This room"));
        let whole = group.len() == legacy && channel.len() == legacy && notices.count() == 2;
        let read = group.iter().map(|text| (text, TELEGRAM));
        let read = read.chain(channel.iter().map(|text| (text, DISCORD)));
        let read = read.chain(about("Telegram").map(|text| (text, TELEGRAM)));
        let mut read = read.chain(about("Discord").map(|text| (text, DISCORD)));
        let ways = [": /matrix.", "/freeside matrix.", "open the room"];
        let leads = |text: &String| ways.iter().any(|way| text.contains(way));
        let ways = group.iter().chain(&channel).all(leads);
        Ok(whole && ways && read.all(|(text, software)| mistake(text, software, facts).is_none()))
    };
    let done = eventually("all that is pinned is true", is_true).await;
    done.with_context(|| format!("{stage}:\n{last}"))
}

/// The next stage is reached by a step, or on the day that was set for it.
async fn walk(town: &Town, ben: &sandbox::synapse::Person, stage: &str) -> anyhow::Result<()> {
    match stage {
        "announced" | "bridged" => step(town, "stage next", stage).await,
        "matrix-first" => {
            vote(town, ben).await?;
            step(town, "stage next", stage).await
        }
        _ => {
            schedule(town).await?;
            vote(town, ben).await?;
            day_comes(town, stage).await
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_06_disclosure_is_true_at_every_stage() -> anyhow::Result<()> {
    let (town, ben) = inventory().await?;
    let own = town.alice.say(&town.room, "too early").await?;
    eventually(
        "two notices are pinned",
        async || Ok(town.alice.pins(&town.room).await?.len() == 2),
    )
    .await?;
    let mut pins = town.alice.pins(&town.room).await?;
    pins.insert(0, own.clone());
    town.alice.pin(&town.room, &pins.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    all_true(&town, "inventory", false).await?;
    walk(&town, &ben, "announced").await?;
    all_true(&town, "announced", false).await?;
    walk(&town, &ben, "bridged").await?;
    crosses(&town, Side::Telegram, "hello from Telegram").await?;
    crosses(&town, Side::Matrix, "hello from Matrix").await?;
    all_true(&town, "bridged", true).await?;
    let early = |seen: &sandbox::telegram::Seen| seen.text.contains("too early");
    ensure!(!town.group.messages().iter().any(early), "it crossed while that was denied");
    for stage in ["matrix-first", "read-only"] {
        walk(&town, &ben, stage).await?;
        all_true(&town, stage, true).await?;
        crosses_from_matrix(&town, &format!("at {stage}")).await?;
    }
    ensure!(town.alice.pins(&town.room).await?.contains(&own), "somebody else's pin is gone");
    walk(&town, &ben, "sunset").await?;
    town.alice.expect(&town.room, |seen| seen.body.starts_with("Erased: ")).await?;
    let [group, _, room] = pinned(&town).await?;
    ensure!(group.len() == 1 && group[0].contains("Nothing is shared any more."), "{group:?}");
    ensure!(!room.iter().any(|text| text.contains("This room")), "{room:?}");
    let said = town.alice.transcript(&town.room).await?;
    let ended = |seen: &&Seen| seen.body.contains("This room is no longer connected to the chat");
    ensure!(said.0.iter().filter(ended).count() == 2, "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_06_a_connection_that_is_no_more_is_not_said_to_be_there() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    all_true(&town, "bridged", true).await?;
    town.group.remove_bot();
    eventually("the room reads that Telegram is gone", async || {
        let [_, _, room] = pinned(&town).await?;
        Ok(room.len() == 1 && room[0].contains("a chat on Discord"))
    })
    .await?;
    town.group.add_bot(&town.tanja)?;
    town.group.promote_bot(sandbox::telegram::Rights::all());
    town.group.say(&town.tanja, "here again")?;
    all_true(&town, "bridged", true).await?;
    sure(&town.alice, &town.room, "!freeside unlink telegram").await?;
    eventually("the group and the room read that it has ended", async || {
        let [group, _, room] = pinned(&town).await?;
        let ended = "This chat is no longer connected to a Matrix room.";
        let says = town.group.messages().iter().any(|seen| seen.text.contains(ended));
        Ok(group.is_empty() && says && room.len() == 1 && room[0].contains("a chat on Discord"))
    })
    .await?;
    let still = |seen: &sandbox::telegram::Seen| seen.text.contains("This group is connected");
    ensure!(!town.group.messages().last().is_some_and(still), "{}", town.group.transcript());
    crosses_from_discord(&town).await
}

async fn crosses_from_discord(town: &Town) -> anyhow::Result<()> {
    town.say(Side::Discord, "we are still here").await?;
    town.expect(Side::Matrix, |line| line.text == "we are still here").await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_06_a_room_that_lets_the_bot_pin_nothing_is_told_which_right_that_takes()
-> anyhow::Result<()> {
    let town = crate::unlinked().await?;
    town.invite_bot().await?;
    let kind = "m.room.power_levels";
    let mut levels = town.alice.state(&town.room, kind, "").await?.context("no power levels")?;
    levels["users"][BOT] = json!(50);
    levels["events"]["m.room.pinned_events"] = json!(75);
    town.alice.set_state(&town.room, kind, "", levels).await?;
    town.link_telegram().await?;
    town.link_discord().await?;
    let right = "Missing on Matrix: the right to pin messages (“Manage pinned events”).";
    town.alice.expect(&town.room, |seen| seen.body.starts_with(right)).await?;
    crosses(&town, Side::Telegram, "it works all the same").await?;
    crosses(&town, Side::Discord, "here, too").await?;
    let said = town.alice.transcript(&town.room).await?;
    ensure!(said.0.iter().filter(|seen| seen.body.starts_with(right)).count() == 1, "{said}");
    let notice = |seen: &&Seen| seen.body.starts_with("This room is connected to a chat on");
    ensure!(said.0.iter().filter(notice).count() == 2, "{said}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_10_whoever_joins_at_read_only_is_answered_with_the_way() -> anyhow::Result<()> {
    let (town, ben) = inventory().await?;
    for stage in ["announced", "bridged", "matrix-first", "read-only"] {
        walk(&town, &ben, stage).await?;
    }
    all_true(&town, "read-only", true).await?;
    let answers = |seen: &[sandbox::telegram::Seen]| {
        seen.iter().filter(|it| it.text.contains("write to me in private: /matrix")).count()
    };
    let before = answers(&town.group.messages());
    for (more, name) in [(1, "Nina"), (2, "Otto")] {
        town.group.join(&town.telegram.user(name))?;
        let answered =
            |seen: &[sandbox::telegram::Seen]| (answers(seen) == before + more).then_some(());
        let answered = town.group.until(answered).await;
        answered
            .with_context(|| format!("{name} is not answered\n{}", town.bridge.last_words()))?;
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_04_what_somebody_sets_elsewhere_is_told_in_the_room_and_kept() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    town.group.say(&town.tanja, "/set reaction-line off")?;
    let told = |seen: &Seen| {
        seen.body.contains("did this on Telegram:")
            && seen.body.contains("reaction-line is now off; it was on")
    };
    let told = town.alice.expect(&town.room, told).await?.body;
    ensure!(told.starts_with(&format!("{} ", Side::Telegram.speaker())), "{told}");
    let again = sure(&town.alice, &town.room, "!freeside set reaction-line on").await?;
    ensure!(again.contains("reaction-line is now on"), "{again}");
    let audit = sure(&town.alice, &town.room, "!freeside audit").await?;
    ensure!(audit.contains("setting reaction-line changed from on to off"), "{audit}");
    ensure!(audit.contains("setting reaction-line changed from off to on"), "{audit}");
    ensure!(audit.matches("connection to Telegram agreed to").count() == 2, "{audit}");
    ensure!(audit.contains("(Telegram)") && audit.contains("(Matrix)"), "{audit}");
    let said = town.alice.transcript(&town.room).await?;
    ensure!(!said.0.iter().any(|seen| seen.body.contains("did this on Matrix")), "{said}");
    town.assert_clean()
}
