// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links to proprietary services in joined chats: a notice on every side, once, and in the report.

use anyhow::ensure;
use sandbox::town::Town;

use crate::{ask, eventually, town};

const QUIET: &str = "[notices]\nquiet = \"\"\nper_person = 3\n";

/// The notices that a side shows.
fn telling(texts: &[String], service: &str) -> usize {
    texts
        .iter()
        .filter(|text| text.contains(service) && text.contains("proprietary software"))
        .count()
}

async fn seen(town: &Town, service: &str) -> anyhow::Result<[usize; 3]> {
    let bodies = |all: &[&str]| all.iter().map(|body| (*body).to_owned()).collect::<Vec<_>>();
    let matrix = bodies(&town.alice.transcript(&town.room).await?.bodies());
    let telegram: Vec<String> = town.group.messages().into_iter().map(|it| it.text).collect();
    let discord: Vec<String> = town.channel.messages().into_iter().map(|it| it.content).collect();
    Ok([telling(&matrix, service), telling(&telegram, service), telling(&discord, service)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_call_is_told_of_on_every_side_and_once() -> anyhow::Result<()> {
    let town = &town("12", QUIET).await?;
    town.channel.say(&town.dora, "we meet at https://zoom.us/j/123456");
    eventually("the notice on every side", async || Ok(seen(town, "Zoom").await? == [1, 1, 1]))
        .await?;
    let link = town.alice.expect(&town.room, |it| it.body.contains("zoom.us/j/123456")).await?;
    let notice =
        town.alice.expect(&town.room, |it| it.body.contains("Zoom is proprietary")).await?;
    ensure!(notice.reply_to.as_ref() == Some(&link.event_id), "{:?}", notice.reply_to);
    ensure!(notice.thread.as_ref() == Some(&link.event_id), "{:?}", notice.thread);
    ensure!(notice.body.contains("Jitsi Meet"), "{}", notice.body);
    let answered = town.channel.messages().into_iter().any(|it| {
        it.content.contains("Zoom") && it.content.contains("proprietary") && it.reply.is_some()
    });
    ensure!(answered, "{}", town.channel.transcript());
    // Once for each link; a free one in the same message needs no word.
    town.group.say(&town.tanja, "that was https://zoom.us/j/123456?utm_source=mail")?;
    town.group.say(&town.tanja, "or https://meet.jit.si/wiki instead of https://zoom.us/j/77")?;
    let answer = ask(&town.alice, &town.room, "!freeside set notices documents").await?;
    ensure!(answer.contains("notices"), "{answer}");
    town.group.say(&town.tanja, "https://zoom.us/j/88")?;
    town.group.say(&town.tanja, "minutes: https://docs.google.com/document/d/1/edit")?;
    let docs = |it: &sandbox::synapse::Seen| it.body.contains("Google Docs is proprietary");
    town.alice.expect(&town.room, docs).await?;
    ensure!(seen(town, "Zoom").await? == [1, 1, 1], "{:?}", seen(town, "Zoom").await?);
    town.assert_clean()
}
