// SPDX-License-Identifier: AGPL-3.0-or-later
//! The chat itself: what it is called, who is in it, where it goes on.

use anyhow::{Context, ensure};
use sandbox::telegram::Seen;
use sandbox::town::{Side, Town};
use serde_json::Value;

use crate::crossing::PIXEL;
use crate::scenes::Scenes;
use crate::together::typed;
use crate::{crosses, eventually, set_by_all, town};

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_kept_alike_as_its_people_decide() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let mut scenes = Scenes::default();
    scenes.played("who leaves is seen to leave", leaves(&town).await);
    scenes.played("what is silent is not said", silent(&town).await);
    scenes.played("the room decides", room_decides(&town).await);
    scenes.played("the other side decides", group_decides(&town).await);
    scenes.played("nobody decides", nobody_decides(&town).await);
    scenes.played("a new version of the room is followed", upgraded(&mut town).await);
    scenes.played("the platforms have no complaint", town.assert_clean());
    scenes.end()
}

async fn room_is(town: &Town, what: [Option<&str>; 2]) -> anyhow::Result<()> {
    eventually(&format!("the room is {what:?}"), async || {
        let [name, topic, _] = town.alice.looks(&town.room).await?;
        let fits = |wanted: Option<&str>, is: Option<&str>| wanted.is_none() || wanted == is;
        Ok(fits(what[0], name.as_deref()) && fits(what[1], topic.as_deref()))
    })
    .await
}

async fn pinned_everywhere(town: &Town, text: &str, pinned: bool) -> anyhow::Result<()> {
    let ends = |found: &str| found.ends_with(text);
    town.group.expect(|seen| ends(&seen.text) && seen.pinned == pinned).await?;
    town.channel.expect(|seen| ends(&seen.content) && seen.pinned == pinned).await?;
    let id = town.alice.expect(&town.room, |seen| seen.body == text).await?.event_id;
    eventually("the room's pins are right", async || {
        Ok(town.alice.pins(&town.room).await?.contains(&id) == pinned)
    })
    .await
}

/// How often a name, topic, picture or list of pins was set in the room.
async fn changes(town: &Town) -> anyhow::Result<usize> {
    let kinds = ["m.room.name", "m.room.topic", "m.room.avatar", "m.room.pinned_events"];
    let events = town.alice.messages(&town.room).await?;
    Ok(events.iter().filter(|event| kinds.contains(&event.kind.as_str())).count())
}

async fn room_decides(town: &Town) -> anyhow::Result<()> {
    set_by_all(town, "metadata matrix").await?;
    let before = changes(town).await?;
    let mxc = town.alice.upload(PIXEL.to_vec(), "map.png", "image/png").await?;
    town.alice.rename(&town.room, "Maps and plans").await?;
    town.alice.describe(&town.room, "All about maps").await?;
    town.alice.picture(&town.room, &mxc).await?;
    let said = town.say(Side::Matrix, "read this first").await?;
    for side in Side::Matrix.others() {
        town.expect(side, |line| line.text == "read this first").await?;
    }
    let mut pins: Vec<String> = town.alice.pins(&town.room).await?;
    pins.push(said.id);
    let all: Vec<&str> = pins.iter().map(String::as_str).collect();
    town.alice.pin(&town.room, &all).await?;
    eventually("Telegram looks like the room", async || {
        let described = town.group.description() == "All about maps";
        let pictured = town.group.picture().is_some_and(|it| it == PIXEL);
        Ok(town.group.title() == "Maps and plans" && described && pictured)
    })
    .await?;
    eventually("Discord looks like the room", async || {
        let (name, topic) = town.channel.label();
        Ok(name.to_lowercase().replace(' ', "-") == "maps-and-plans" && topic == "All about maps")
    })
    .await?;
    pinned_everywhere(town, "read this first", true).await?;
    // What the other sides do stays with them.
    town.group.rename("Something else")?;
    town.channel.set_topic("Something else");
    crosses(town, Side::Telegram, "after the changes there").await?;
    crosses(town, Side::Discord, "after the changes elsewhere").await?;
    room_is(town, [Some("Maps and plans"), Some("All about maps")]).await?;
    ensure!(changes(town).await? == before + 4, "the room was changed by somebody else");
    Ok(())
}

async fn group_decides(town: &Town) -> anyhow::Result<()> {
    set_by_all(town, "metadata legacy").await?;
    // The room takes over what the group is called while the room decided.
    room_is(town, [Some("Something else"), None]).await?;
    let before = changes(town).await?;
    town.group.rename("The map room")?;
    room_is(town, [Some("The map room"), None]).await?;
    town.channel.set_topic("Maps only");
    room_is(town, [None, Some("Maps only")]).await?;
    let said = town.group.say(&town.tanja, "read this second")?;
    town.expect(Side::Matrix, |line| line.text == "read this second").await?;
    town.expect(Side::Discord, |line| line.text == "read this second").await?;
    town.group.pin(&town.tanja, said)?;
    pinned_everywhere(town, "read this second", true).await?;
    crosses(town, Side::Telegram, "all is set").await?;
    ensure!(changes(town).await? == before + 3, "something came back to the room");
    ensure!(town.group.title() == "The map room", "the group is called {}", town.group.title());
    Ok(())
}

async fn nobody_decides(town: &Town) -> anyhow::Result<()> {
    typed(town, "!freeside set metadata nobody").await?;
    town.alice.rename(&town.room, "Only here").await?;
    town.channel.set_topic("Only there");
    crosses(town, Side::Matrix, "nothing crossed").await?;
    crosses(town, Side::Discord, "nothing crossed back").await?;
    ensure!(town.group.title() == "The map room", "the group is called {}", town.group.title());
    room_is(town, [Some("Only here"), Some("Maps only")]).await
}

async fn leaves(town: &Town) -> anyhow::Result<()> {
    let tom = town.telegram.user("Tom");
    town.group.join(&tom)?;
    town.group.say(&tom, "hello and goodbye")?;
    let ghost =
        town.alice.expect(&town.room, |seen| seen.body == "hello and goodbye").await?.sender;
    town.expect(Side::Discord, |line| line.text == "hello and goodbye").await?;
    town.group.leave(&tom)?;
    eventually("the ghost leaves", async || {
        let member = town.alice.state(&town.room, "m.room.member", &ghost).await?;
        let membership = member.as_ref().and_then(|it| it.get("membership")).cloned();
        Ok(membership == Some(Value::from("leave")))
    })
    .await
}

async fn silent(town: &Town) -> anyhow::Result<()> {
    let called = |name: &str| format!("The chat is now called “{name}”.");
    typed(town, "!freeside set metadata nobody").await?;
    town.group.rename("Loud")?;
    town.expect(Side::Discord, |line| line.text.contains(&called("Loud"))).await?;
    typed(town, "!freeside set silent chat, members").await?;
    town.group.rename("Quiet")?;
    crosses(town, Side::Telegram, "was anything said?").await?;
    for side in Side::Telegram.others() {
        let lines = town.lines(side).await?;
        ensure!(!lines.iter().any(|line| line.text.contains(&called("Quiet"))), "{side:?} says it");
    }
    Ok(())
}

async fn upgraded(town: &mut Town) -> anyhow::Result<()> {
    let new = town.alice.upgrade(&town.room, "11").await?;
    town.room = new;
    let lead = |seen: &sandbox::synapse::Seen| seen.body.contains("replaces the old");
    town.alice.expect(&town.room, lead).await.context("the bot does not come")?;
    for side in Side::ALL {
        crosses(town, side, &format!("in the new room, from {side:?}")).await?;
    }
    let answers = |seen: &Seen| seen.text.ends_with("in the new room, from Matrix");
    let seen = town.group.expect(answers).await?;
    town.group.reply(&town.tanja, seen.id, "I followed")?;
    let seen = town.alice.expect(&town.room, |seen| seen.body == "I followed").await?;
    ensure!(seen.reply_body.is_some(), "it answers nothing: {seen}");
    Ok(())
}
