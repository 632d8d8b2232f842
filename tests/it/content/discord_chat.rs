// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, threads and what happens in a Discord channel, on Matrix and Telegram.

use sandbox::discord::permissions;
use sandbox::synapse::RoomOptions;
use sandbox::town::{BOT, Town, code_in};

use super::{contains, on_matrix, on_telegram, rows};
use crate::{eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_in_a_discord_channel_is_told() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(town;
        a_poll_is_one_everywhere_and_its_counts_follow,
        a_thread_is_one_and_goes_both_ways,
        what_discord_says_is_told_and_can_be_silenced,
        pins_are_told,
    )
}

async fn a_poll_is_one_everywhere_and_its_counts_follow(town: &Town) -> anyhow::Result<()> {
    let id = town.channel.poll(&town.dora, "Tea?", &["Yes", "No"], false);
    let has = |it: &sandbox::synapse::Seen| {
        it.poll.as_ref().is_some_and(|it| it.question.starts_with("Tea?"))
    };
    let asked = on_matrix(town, "the poll", has).await?;
    let has = |it: &sandbox::telegram::Seen| {
        it.poll.as_ref().is_some_and(|it| it.question.contains("Tea?"))
    };
    on_telegram(town, "the poll", has).await?;
    let counted = |text: &str| text.contains("Yes: 1") && text.contains("No: 0");
    town.channel.vote(&town.dora, id, 1)?;
    let line = on_matrix(town, "the counts", |it| counted(&it.body)).await?;
    on_telegram(town, "the counts", |it| counted(&it.text)).await?;
    town.channel.vote(&town.discord.user("Vera"), id, 2)?;
    let both = |text: &str| text.contains("Yes: 1") && text.contains("No: 1");
    let seen = on_matrix(town, "the new counts", |it| both(&it.body)).await?;
    anyhow::ensure!(seen.event_id == line.event_id, "a second line of counts");
    town.channel.end_poll(id)?;
    let ended = |it: &sandbox::synapse::Seen| {
        it.event_id == asked.event_id && it.poll.as_ref().is_some_and(|it| it.closed)
    };
    on_matrix(town, "the end", ended).await?;
    let has = |it: &sandbox::telegram::Seen| it.poll.as_ref().is_some_and(|it| it.closed);
    on_telegram(town, "the end", has).await.map(drop)
}

async fn a_thread_is_one_and_goes_both_ways(town: &Town) -> anyhow::Result<()> {
    let said = town.channel.say(&town.dora, "shall we talk about it?");
    let root = on_matrix(town, "the root", |it| it.body == "shall we talk about it?").await?;
    let thread = town.channel.thread_on(&town.dora, said, "About it")?;
    thread.say(&town.dora, "inside the thread");
    let seen = on_matrix(town, "the thread", |it| it.body == "inside the thread").await?;
    anyhow::ensure!(seen.thread.as_ref() == Some(&root.event_id), "{:?}", seen.thread);
    on_telegram(town, "the thread", |it| it.text.ends_with("inside the thread")).await?;
    town.alice.say_in_thread(&town.room, &root.event_id, "Alice joins in").await?;
    thread.expect(|it| it.content == "Alice joins in" && it.author == "Alice").await?;
    let here = town.channel.messages();
    anyhow::ensure!(!here.iter().any(|it| it.content == "Alice joins in"), "beside the thread");
    Ok(())
}

async fn what_discord_says_is_told_and_can_be_silenced(town: &Town) -> anyhow::Result<()> {
    let set = async |value: &str| -> anyhow::Result<()> {
        let typed = format!("!freeside set silent {value}");
        let asked = town.alice.say(&town.room, &typed).await?;
        let answers = |it: &sandbox::synapse::Seen| it.reply_to.as_deref() == Some(asked.as_str());
        let seen = on_matrix(town, "the answer to set", answers).await?;
        contains(&seen.body, "silent")
    };
    set("none").await?;
    town.channel.system(&town.discord.user("Jo"), 7, "");
    let told = on_matrix(town, "who joined", |it| it.body.contains("Jo has joined")).await?;
    anyhow::ensure!(told.kind == "m.notice", "{}", told.kind);
    on_telegram(town, "who joined", |it| it.text.contains("Jo has joined")).await?;
    town.channel.system(&town.dora, 8, "3");
    on_matrix(town, "the boost", |it| it.body.contains("Boosted the chat 3 times")).await?;
    on_telegram(town, "the boost", |it| it.text.contains("Boosted the chat 3 times")).await?;
    set("boosts").await?;
    town.channel.system(&town.dora, 8, "5");
    town.channel.say(&town.dora, "after the boost");
    on_matrix(town, "what came after", |it| it.body == "after the boost").await?;
    let told = town.alice.transcript(&town.room).await?;
    anyhow::ensure!(!told.bodies().iter().any(|it| it.contains("5 times")), "it is told");
    Ok(())
}

async fn pins_are_told(town: &Town) -> anyhow::Result<()> {
    town.guild.grant(&town.dora, permissions::PIN_MESSAGES);
    let id = town.channel.say(&town.dora, "to be kept");
    let seen = on_matrix(town, "the message", |it| it.body == "to be kept").await?;
    town.channel.pin(&town.dora, id)?;
    eventually("a pin or a line about it", async || {
        let pinned = town.alice.pins(&town.room).await?.contains(&seen.event_id);
        let told = town.alice.transcript(&town.room).await?;
        Ok(pinned || told.bodies().iter().any(|it| it.contains("Pinned a message")))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_of_a_forum_are_threads() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(town; a_post_of_a_forum_is_a_thread)
}

async fn a_post_of_a_forum_is_a_thread(town: &Town) -> anyhow::Result<()> {
    let room = town.alice.create_room(RoomOptions::public("Questions")).await?;
    town.alice.invite(&room, BOT).await?;
    town.alice.set_power(&room, BOT, 100).await?;
    town.alice.expect(&room, |it| it.sender == BOT).await?;
    let answer = crate::ask(&town.alice, &room, "!freeside link discord").await?;
    let code = code_in(&answer).ok_or_else(|| anyhow::anyhow!("{answer}"))?;
    let forum = town.guild.forum("questions");
    // Nothing can be typed in a forum itself.
    let opened = forum.post_in_forum(&town.dora, "Settings", "here it is joined");
    let typed = opened.slash(&town.dora, "freeside", "link", &[("code", &code)])?;
    let answer = typed.answer().await?;
    contains(&answer.message.content, "The connection code is right")?;
    town.agree(&room, &code).await?;
    let post = forum.post_in_forum(&town.dora, "How to start?", "I am new here");
    let root = town.alice.expect(&room, |it| it.body.contains("I am new here")).await?;
    contains(&root.body, "How to start?")?;
    post.say(&town.dora, "and curious");
    let seen = town.alice.expect(&room, |it| it.body == "and curious").await?;
    anyhow::ensure!(seen.thread.as_ref() == Some(&root.event_id), "{:?}", seen.thread);
    town.alice.say_in_thread(&room, &root.event_id, "read the guide").await?;
    post.expect(|it| it.content == "read the guide").await.map(drop)
}
