// SPDX-License-Identifier: AGPL-3.0-or-later
//! Topics, speakers that are no persons, and what happens to a Telegram group.
//!
//! Rule: what changes the chat for all has a test of its own.

use sandbox::synapse::RoomOptions;
use sandbox::telegram::{Channel, Post, Rights};
use sandbox::town::{BOT, Side, Town, code_in};

use super::{contains, on_discord, on_matrix, rows};
use crate::{crosses, eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_in_a_telegram_group_is_told() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(town;
        an_anonymous_admin_speaks_as_the_group,
        a_post_of_the_linked_channel_comes_under_its_name,
        who_joins_is_told_and_can_be_silenced,
        a_supergroup_takes_the_place_of_its_group,
    )?;
    // These change what the ones above go by.
    rows!(town; a_topic_is_a_thread)?;
    rows!(town; title_and_pins_follow_the_legacy_side)
}

async fn an_anonymous_admin_speaks_as_the_group(town: &Town) -> anyhow::Result<()> {
    let post = Post::text("from nobody in particular").as_group(Some("Chair"));
    town.group.send(&town.tanja, &post)?;
    let seen = on_matrix(town, "the admin", |it| it.body == "from nobody in particular").await?;
    contains(&seen.name, "Free knowledge")?;
    anyhow::ensure!(!seen.name.contains("Tanja"), "{}", seen.name);
    let seen =
        on_discord(town, "the admin", |it| it.content == "from nobody in particular").await?;
    contains(&seen.author, "Free knowledge")
}

async fn a_post_of_the_linked_channel_comes_under_its_name(town: &Town) -> anyhow::Result<()> {
    let channel = Channel::new(9, "Bulletin");
    let post = Post::text("first issue").of_linked(&channel, Some("Ed"));
    town.group.send(&town.tanja, &post)?;
    let seen = on_matrix(town, "the post", |it| it.body.contains("first issue")).await?;
    contains(&seen.name, "Bulletin")?;
    let seen = on_discord(town, "the post", |it| it.content.contains("first issue")).await?;
    contains(&seen.author, "Bulletin")
}

async fn who_joins_is_told_and_can_be_silenced(town: &Town) -> anyhow::Result<()> {
    let set = async |value: &str| -> anyhow::Result<()> {
        let typed = format!("!freeside set silent {value}");
        let asked = town.alice.say(&town.room, &typed).await?;
        let answers = |it: &sandbox::synapse::Seen| it.reply_to.as_deref() == Some(asked.as_str());
        let seen = on_matrix(town, "the answer to set", answers).await?;
        contains(&seen.body, "silent")
    };
    set("none").await?;
    town.group.join(&town.telegram.user("Tom"))?;
    let told = on_matrix(town, "who joined", |it| it.body.contains("Tom has joined")).await?;
    anyhow::ensure!(told.kind == "m.notice", "{}", told.kind);
    town.channel.expect(|it| it.content.contains("Tom has joined")).await?;
    set("members").await?;
    town.group.join(&town.telegram.user("Uma"))?;
    town.group.say(&town.tanja, "after Uma")?;
    on_discord(town, "what came after", |it| it.content == "after Uma").await?;
    on_matrix(town, "what came after", |it| it.body == "after Uma").await?;
    let told = town.alice.transcript(&town.room).await?;
    anyhow::ensure!(!told.bodies().iter().any(|it| it.contains("Uma has")), "Uma is told");
    Ok(())
}

async fn a_topic_is_a_thread(town: &Town) -> anyhow::Result<()> {
    let topic = town.group.open_topic(&town.tanja, "Rules")?;
    let post = Post::text("the first rule").in_topic(topic);
    town.group.send(&town.tanja, &post)?;
    let root = on_matrix(town, "the topic", |it| it.body.contains("💬 Rules")).await?;
    let seen = on_matrix(town, "the rule", |it| it.body == "the first rule").await?;
    anyhow::ensure!(seen.thread == Some(root.event_id), "{:?}", seen.thread);
    let root = town.channel.expect(|it| it.content.contains("💬 Rules")).await?;
    eventually("a thread on Discord", async || {
        let inside = town.channel.at(root.id).messages();
        let known = town.channel.threads().iter().any(|thread| thread.id == root.id);
        Ok(known && inside.iter().any(|it| it.content == "the first rule"))
    })
    .await?;
    // And back: an answer in the thread stands in the topic.
    let event = seen.thread.unwrap_or_default();
    town.alice.say_in_thread(&town.room, &event, "the second rule").await?;
    let seen = super::on_telegram(town, "the answer", |it| it.text.contains("second rule")).await?;
    anyhow::ensure!(seen.topic.as_deref() == Some("Rules"), "{seen}");
    Ok(())
}

async fn title_and_pins_follow_the_legacy_side(town: &Town) -> anyhow::Result<()> {
    crate::set_by_all(town, "metadata legacy").await?;
    town.group.rename("Freer knowledge")?;
    eventually("the room's new name", async || {
        let [name, ..] = town.alice.looks(&town.room).await?;
        Ok(name.as_deref() == Some("Freer knowledge"))
    })
    .await?;
    let said = town.group.say(&town.tanja, "keep this in mind")?;
    let seen = on_matrix(town, "the message", |it| it.body == "keep this in mind").await?;
    town.group.pin(&town.tanja, said)?;
    eventually("the pin", async || Ok(town.alice.pins(&town.room).await?.contains(&seen.event_id)))
        .await?;
    // What Discord makes of the name does not come back.
    eventually("the channel's new name", async || {
        Ok(town.channel.label().0.eq_ignore_ascii_case("freer-knowledge"))
    })
    .await?;
    crosses(town, Side::Discord, "the last word").await?;
    let [name, ..] = town.alice.looks(&town.room).await?;
    let names = (name.as_deref(), town.group.title());
    anyhow::ensure!(names == (Some("Freer knowledge"), "Freer knowledge".into()), "{names:?}");
    Ok(())
}

async fn a_supergroup_takes_the_place_of_its_group(town: &Town) -> anyhow::Result<()> {
    let room = town.alice.create_room(RoomOptions::public("Small talk")).await?;
    town.alice.invite(&room, BOT).await?;
    town.alice.set_power(&room, BOT, 100).await?;
    town.alice.expect(&room, |it| it.sender == BOT).await?;
    let answer = crate::ask(&town.alice, &room, "!freeside link telegram").await?;
    let code = code_in(&answer).ok_or_else(|| anyhow::anyhow!("{answer}"))?;
    let small = town.telegram.plain_group("Small talk");
    small.own(&town.tanja);
    small.promote_bot(Rights::all());
    small.say(&town.tanja, &format!("/link {code}"))?;
    town.agree(&room, &code).await?;
    small.say(&town.tanja, "while it was small")?;
    town.alice.expect(&room, |it| it.body == "while it was small").await?;
    let large = small.migrate()?;
    large.say(&town.tanja, "now that it is large")?;
    town.alice.expect(&room, |it| it.body == "now that it is large").await?;
    town.alice.say(&room, "seen from Matrix").await?;
    large.expect(|it| it.is_bot && it.text.ends_with("seen from Matrix")).await.map(drop)
}
