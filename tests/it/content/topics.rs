// SPDX-License-Identifier: AGPL-3.0-or-later
//! Topics and threads that have a Matrix room of their own.

use sandbox::synapse::Seen;
use sandbox::telegram::Post;
use sandbox::town::Town;

use super::{on_matrix, on_telegram, rows};
use crate::{eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_has_a_room_of_its_own() -> anyhow::Result<()> {
    let town = &town("12", "[portals]\nthreads = \"rooms\"\n").await?;
    rows!(town; a_topic_of_telegram_is_a_room, a_thread_of_discord_is_a_room)
}

/// The room that the bot tells of, entered.
async fn enter(town: &Town, name: &str) -> anyhow::Result<String> {
    let told = format!("The topic “{name}” has its own room now");
    let line = on_matrix(town, "where the room is", |it| it.body.starts_with(&told)).await?;
    let room = line.body.split("/#/").nth(1).and_then(|rest| rest.split(['?', ')']).next());
    let room = room.ok_or_else(|| anyhow::anyhow!("no link in {}", line.body))?;
    town.alice.join(room).await
}

/// Waits until the room shows this.
async fn shows(town: &Town, room: &str, body: &str) -> anyhow::Result<Seen> {
    town.alice.expect(room, |it| it.body == body).await
}

async fn a_topic_of_telegram_is_a_room(town: &Town) -> anyhow::Result<()> {
    let topic = town.group.open_topic(&town.tanja, "Rules")?;
    town.group.send(&town.tanja, &Post::text("the first rule").in_topic(topic))?;
    let room = enter(town, "Rules").await?;
    let seen = shows(town, &room, "the first rule").await?;
    anyhow::ensure!(seen.thread.is_none(), "{seen:?}");
    let [name, ..] = town.alice.looks(&room).await?;
    anyhow::ensure!(name.as_deref() == Some("Rules"), "{name:?}");
    is_like_the_main_room(town, &room).await?;
    // And back: what is said in the room stands in the topic.
    town.alice.say(&room, "the second rule").await?;
    let seen = on_telegram(town, "the answer", |it| it.text.contains("second rule")).await?;
    anyhow::ensure!(seen.topic.as_deref() == Some("Rules"), "{seen}");
    town.alice.rename(&room, "Laws").await?;
    town.alice.say(&room, "the third").await?;
    let renamed = |it: &sandbox::telegram::Seen| {
        it.text.contains("the third") && it.topic.as_deref() == Some("Laws")
    };
    on_telegram(town, "the new name", renamed).await?;
    let main = town.alice.transcript(&town.room).await?;
    anyhow::ensure!(!main.bodies().iter().any(|it| it.contains("rule")), "{main}");
    Ok(())
}

/// Owned by the same people, open to the same people, in a space that holds both.
async fn is_like_the_main_room(town: &Town, room: &str) -> anyhow::Result<()> {
    let create = town.alice.state(room, "m.room.create", "").await?.unwrap_or_default();
    let alice = town.alice.user_id();
    let creators = create.get("additional_creators").and_then(|all| all.as_array());
    let owns = creators.is_some_and(|all| all.iter().any(|user| user.as_str() == Some(alice)));
    anyhow::ensure!(owns, "{create}");
    let whole = town.alice.whole_state(room).await?;
    let parent = whole.iter().find(|event| event["type"] == "m.space.parent");
    let space = parent.and_then(|event| event["state_key"].as_str());
    let space = space.ok_or_else(|| anyhow::anyhow!("no space"))?;
    town.alice.join(space).await?;
    eventually("both rooms in the space", async || {
        let state = town.alice.whole_state(space).await?;
        let children = state.iter().filter(|event| event["type"] == "m.space.child");
        let children: Vec<_> = children.filter_map(|event| event["state_key"].as_str()).collect();
        Ok(children.contains(&room) && children.contains(&town.room.as_str()))
    })
    .await
}

async fn a_thread_of_discord_is_a_room(town: &Town) -> anyhow::Result<()> {
    let said = town.channel.say(&town.dora, "shall we talk about it?");
    let thread = town.channel.thread_on(&town.dora, said, "About it")?;
    thread.say(&town.dora, "inside the thread");
    let room = enter(town, "About it").await?;
    shows(town, &room, "inside the thread").await?;
    let main = on_matrix(town, "the root", |it| it.body == "shall we talk about it?").await?;
    anyhow::ensure!(main.thread.is_none(), "{main:?}");
    town.alice.say(&room, "Alice joins in").await?;
    thread.expect(|it| it.content == "Alice joins in" && it.author == "Alice").await?;
    thread.say(&town.dora, "welcome");
    shows(town, &room, "welcome").await?;
    Ok(())
}
