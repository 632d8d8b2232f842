// SPDX-License-Identifier: AGPL-3.0-or-later
//! Albums: one member goes; the bridge dies in the middle of one, or of a poll.

use std::time::Duration;

use anyhow::{Context, ensure};
use sandbox::faults::Fault;
use sandbox::telegram::MessageId;
use sandbox::town::{Side, Town};

use crate::pictures::picture;
use crate::scenes::Scenes;
use crate::{crosses, eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn albums_and_polls_survive_a_death_in_their_middle() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let mut scenes = Scenes::default();
    scenes.played("one file of an album goes", one_goes(&town).await);
    scenes.played("an album survives", album(&mut town).await);
    scenes.played("a poll survives", poll(&mut town).await);
    scenes.played("a poll of Discord survives", poll_of_discord(&mut town).await);
    for side in Side::ALL {
        scenes.played("the lanes go on", crosses(&town, side, &format!("on: {side:?}")).await);
    }
    scenes.played("the platforms have no complaint", town.assert_clean());
    scenes.end()
}

/// Pictures that differ.
fn pictures(first: u8, count: u8) -> Vec<Vec<u8>> {
    (first..first + count).map(picture).collect()
}

fn show(town: &Town, pictures: &[Vec<u8>], caption: &str) -> anyhow::Result<Vec<MessageId>> {
    let files: Vec<_> = pictures.iter().map(|it| it.clone().into()).collect();
    town.group.album(&town.tanja, &files, caption)
}

/// How often each picture of a town is seen: on Matrix, and on Discord in one message.
async fn seen(town: &Town, pictures: &[Vec<u8>]) -> anyhow::Result<[Vec<usize>; 2]> {
    let lines = town.lines(Side::Matrix).await?;
    let files: Vec<&[u8]> = lines.iter().filter_map(|line| line.file.as_deref()).collect();
    let count = |files: &[&[u8]]| -> Vec<usize> {
        pictures.iter().map(|it| files.iter().filter(|file| *file == it).count()).collect()
    };
    let messages = town.channel.messages();
    let there: Vec<&[u8]> = messages
        .iter()
        .flat_map(|seen| seen.attachments.iter().map(|file| file.bytes.as_ref()))
        .collect();
    Ok([count(&files), count(&there)])
}

async fn shown(town: &Town, pictures: &[Vec<u8>], wanted: &[usize]) -> anyhow::Result<()> {
    let mut last = [Vec::new(), Vec::new()];
    let result = eventually("the pictures are right", async || {
        last = seen(town, pictures).await?;
        Ok(last.iter().all(|counts| counts == wanted))
    })
    .await;
    result.with_context(|| format!("on Matrix and Discord: {last:?}, wanted {wanted:?}"))
}

async fn one_goes(town: &Town) -> anyhow::Result<()> {
    let pictures = pictures(0, 3);
    let ids = show(town, &pictures, "three maps")?;
    shown(town, &pictures, &[1, 1, 1]).await?;
    let group = town.channel.expect(|seen| seen.content == "three maps").await?;
    ensure!(group.attachments.len() == 3, "Discord tears it apart");
    let second = ids.get(1).context("no second picture")?;
    crosses(town, Side::Telegram, "after the album").await?;
    town.group.reply(&town.tanja, *second, "/delete")?;
    eventually("the second one is gone from Matrix alone", async || {
        // The others share their message on Discord, so that it stays there as long as they do.
        Ok(seen(town, &pictures).await? == [[1, 0, 1], [1, 1, 1]])
    })
    .await?;
    eventually("it is gone from Telegram", async || Ok(town.group.message(*second).is_none()))
        .await?;
    let told = "so the file stays until all are deleted";
    town.group.expect(|seen| seen.is_bot && seen.text.contains(told)).await?;
    for id in ids.iter().filter(|id| *id != second) {
        town.group.reply(&town.tanja, *id, "/delete")?;
    }
    shown(town, &pictures, &[0, 0, 0]).await?;
    town.channel.expect_gone(group.id).await
}

async fn album(town: &mut Town) -> anyhow::Result<()> {
    let pictures = pictures(10, 4);
    town.discord.faults().next("/webhooks/", 1, Fault::LoseResponse);
    show(town, &pictures, "four maps")?;
    let some = eventually("some of it is there", async || {
        Ok(seen(town, &pictures).await?.iter().flatten().any(|count| *count > 0))
    });
    some.await?;
    town.bridge.kill()?;
    town.bridge.start()?;
    town.discord.expect_connected().await?;
    crosses(town, Side::Telegram, "after the death").await?;
    shown(town, &pictures, &[1, 1, 1, 1]).await?;
    let groups = town.channel.messages();
    let groups = groups.iter().filter(|seen| seen.content == "four maps");
    ensure!(groups.map(|seen| seen.attachments.len()).collect::<Vec<_>>() == [4]);
    Ok(())
}

async fn dies(town: &mut Town) -> anyhow::Result<()> {
    town.bridge.kill()?;
    town.telegram.faults().clear();
    town.discord.faults().clear();
    town.bridge.start()?;
    town.discord.expect_connected().await
}

async fn polls(town: &Town, question: &str) -> anyhow::Result<[usize; 3]> {
    let matrix = town.alice.transcript(&town.room).await?.0;
    let matrix = matrix
        .iter()
        .filter(|it| it.poll.as_ref().is_some_and(|poll| poll.question.contains(question)));
    let telegram = town.group.messages();
    let telegram = telegram
        .iter()
        .filter(|it| it.poll.as_ref().is_some_and(|poll| poll.question.contains(question)));
    let discord = town.channel.messages();
    let discord = discord
        .iter()
        .filter(|it| it.poll.as_ref().is_some_and(|poll| poll.question.contains(question)));
    Ok([matrix.count(), telegram.count(), discord.count()])
}

async fn poll(town: &mut Town) -> anyhow::Result<()> {
    // Done, and the bridge does not hear of it.
    town.telegram.faults().next("sendPoll", 1, Fault::LoseResponse);
    town.discord.faults().next("/webhooks/", 1, Fault::Delay(Duration::from_secs(5)));
    let asked = town.alice.ask(&town.room, "Which map?", &["Old", "New"]).await?;
    eventually("Telegram has the poll", async || {
        Ok(polls(town, "Which map?").await?.get(1) == Some(&1))
    })
    .await?;
    dies(town).await?;
    crosses(town, Side::Matrix, "after the poll").await?;
    let polls = polls(town, "Which map?").await?;
    ensure!(polls == [1, 1, 1], "{polls:?}");
    let seen = town.channel.expect(|seen| seen.poll.is_some()).await?;
    town.channel.vote(&town.dora, seen.id, 2)?;
    let counted = |seen: &sandbox::synapse::Seen| {
        seen.reply_to.as_ref() == Some(&asked) && seen.body.contains("New: 1")
    };
    town.alice.expect(&town.room, counted).await.context("the vote is not counted")?;
    Ok(())
}

async fn poll_of_discord(town: &mut Town) -> anyhow::Result<()> {
    let id = town.channel.poll(&town.dora, "Which book?", &["Red", "Blue"], false);
    eventually("Matrix has the poll", async || {
        Ok(polls(town, "Which book?").await?.first() == Some(&1))
    })
    .await?;
    dies(town).await?;
    town.channel.vote(&town.dora, id, 1)?;
    crosses(town, Side::Discord, "after the other poll").await?;
    let polls = polls(town, "Which book?").await?;
    ensure!(polls == [1, 1, 1], "{polls:?}");
    let counted = |seen: &sandbox::synapse::Seen| seen.body.contains("Red: 1");
    town.alice.expect(&town.room, counted).await.context("the vote is not counted")?;
    Ok(())
}
