// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads, polls, places.

use anyhow::{Context, ensure};
use sandbox::telegram::MessageId;
use sandbox::town::{Side, Town};

use crate::scenes::Scenes;
use crate::{crosses, town};

#[tokio::test(flavor = "multi_thread")]
async fn threads_polls_and_places_of_matrix_arrive() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mut scenes = Scenes::default();
    scenes.played("a thread goes on everywhere", thread(&town).await);
    scenes.played("a poll is one everywhere", poll(&town).await);
    scenes.played("a place is on the map", place(&town).await);
    scenes.played("who moves is one message", moving(&town).await);
    scenes.played("the lanes go on", crosses(&town, Side::Matrix, "and on").await);
    scenes.played("the platforms have no complaint", town.assert_clean());
    scenes.end()
}

async fn thread(town: &Town) -> anyhow::Result<()> {
    let root = town.alice.say(&town.room, "shall we meet?").await?;
    town.alice.say_in_thread(&town.room, &root, "in May?").await?;
    let head = town.group.expect(|seen| seen.text.ends_with("shall we meet?")).await?;
    let answer = town.group.expect(|seen| seen.text.ends_with("in May?")).await?;
    ensure!(answer.reply_to == Some(head.id), "Telegram shows no answer: {answer}");
    let head = town.channel.expect(|seen| seen.content == "shall we meet?").await?;
    let inside = town.channel.at(head.id);
    inside.expect(|seen| seen.content == "in May?").await.context("Discord has no thread")?;
    ensure!(!town.channel.messages().iter().any(|seen| seen.content == "in May?"));

    inside.say(&town.dora, "in June");
    let seen = town.alice.expect(&town.room, |seen| seen.body == "in June").await?;
    ensure!(seen.thread.as_ref() == Some(&root), "Matrix shows it outside: {seen}");
    town.group.reply(&town.tanja, answer.id, "or in July")?;
    let seen = town.alice.expect(&town.room, |seen| seen.body == "or in July").await?;
    ensure!(seen.reply_body.as_deref() == Some("in May?"), "Matrix shows no answer: {seen}");
    Ok(())
}

async fn poll(town: &Town) -> anyhow::Result<()> {
    let asked = town.alice.ask(&town.room, "Tea or coffee?", &["Tea", "Coffee"]).await?;
    let shown = |seen: &sandbox::telegram::Seen| {
        seen.poll.as_ref().is_some_and(|poll| poll.question.contains("Tea or coffee?"))
    };
    let telegram = town.group.expect(shown).await?;
    let shown = |seen: &sandbox::discord::Seen| {
        seen.poll.as_ref().is_some_and(|poll| poll.question.contains("Tea or coffee?"))
    };
    let discord = town.channel.expect(shown).await?;
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
    bob.vote(&town.room, &asked, &["Tea"]).await?;
    votes_are_counted(town, &asked, (telegram.id, discord.id)).await?;

    town.alice.close_poll(&town.room, &asked).await?;
    let closed = |seen: &sandbox::telegram::Seen| seen.poll.as_ref().is_some_and(|it| it.closed);
    town.group.expect(closed).await?;
    let lines = town.alice.transcript(&town.room).await?.0;
    let counts = lines.iter().filter(|line| line.body.contains("Votes elsewhere")).count();
    ensure!(counts == 1, "Matrix has {counts} lines of votes");
    Ok(())
}

async fn votes_are_counted(
    town: &Town,
    asked: &str,
    (telegram, discord): (MessageId, u64),
) -> anyhow::Result<()> {
    town.group.vote(&town.tanja, telegram, &[0])?;
    let counted = |tea: u8, coffee: u8| {
        move |text: &str| {
            text.contains("Votes elsewhere")
                && text.contains(&format!("Tea: {tea}"))
                && text.contains(&format!("Coffee: {coffee}"))
        }
    };
    let (first, second) = (counted(1, 0), counted(1, 1));
    let line = town.alice.expect(&town.room, |seen| first(&seen.body)).await?;
    ensure!(line.reply_to.as_deref() == Some(asked), "the count answers nothing: {line}");
    town.channel.vote(&town.dora, discord, 2)?;
    let again = town.alice.expect(&town.room, |seen| second(&seen.body)).await?;
    ensure!(again.event_id == line.event_id && again.edited, "the count is a new line: {again}");
    let (two, both) = (counted(2, 0), counted(1, 1));
    town.channel.expect(|seen| two(&seen.content)).await.context("Discord has no count")?;
    town.group.expect(|seen| both(&seen.text)).await.context("Telegram has no count")?;
    Ok(())
}

async fn place(town: &Town) -> anyhow::Result<()> {
    town.alice.send_location(&town.room, "52.5,13.4", "The library").await?;
    let shown = |seen: &sandbox::telegram::Seen| {
        let near = |a: f64, b: f64| (a - b).abs() < 0.001;
        seen.place.as_ref().is_some_and(|it| near(it.latitude, 52.5) && near(it.longitude, 13.4))
    };
    town.group.expect(shown).await.context("Telegram has no map")?;
    let named = |seen: &sandbox::discord::Seen| seen.content.contains("The library");
    let seen = town.channel.expect(named).await.context("Discord has no place")?;
    ensure!(seen.content.contains("52.5") && seen.content.contains("https://"), "{}", seen.content);
    Ok(())
}

async fn moving(town: &Town) -> anyhow::Result<()> {
    let shared = town.alice.share_location(&town.room, true).await?;
    town.alice.be_at(&town.room, &shared, "48.1,11.5").await?;
    let at = |north: f64| {
        move |seen: &sandbox::telegram::Seen| {
            seen.place.as_ref().is_some_and(|it| (it.latitude - north).abs() < 0.001)
        }
    };
    let first = town.group.expect(at(48.1)).await?;
    town.alice.be_at(&town.room, &shared, "48.2,11.5").await?;
    let second = town.group.expect(at(48.2)).await?;
    ensure!(first.id == second.id, "each step is a message of its own");
    town.channel.expect(|seen| seen.content.contains("48.2")).await?;
    ensure!(!town.channel.messages().iter().any(|seen| seen.content.contains("48.1")));
    Ok(())
}
