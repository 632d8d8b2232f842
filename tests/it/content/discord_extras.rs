// SPDX-License-Identifier: AGPL-3.0-or-later
//! What only Discord has: programs that speak for people, answers to commands, emoji of a server,
//! threads that end.

use sandbox::synapse;
use sandbox::town::Town;
use serde_json::{Value, json};

use super::samples::{GIF, PNG};
use super::{contains, on_matrix, on_telegram, rows};
use crate::{eventually, town};

/// The application of PluralKit.
const PLURALKIT: u64 = 466_378_653_216_014_359;

#[tokio::test(flavor = "multi_thread")]
async fn what_only_discord_has_arrives() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(town;
        what_a_program_says_for_somebody_is_said_once,
        what_a_bot_answers_to_a_command_comes_when_it_is_written,
        the_emoji_of_a_server_are_a_pack_of_the_room,
    )
}

async fn what_a_program_says_for_somebody_is_said_once(town: &Town) -> anyhow::Result<()> {
    let hook = town.channel.webhook_of(PLURALKIT, "PluralKit Proxy Webhook");
    // The first time nobody knows yet that people speak so here.
    hook.say("Fox", "the fox is here");
    let first = on_matrix(town, "the first words", |it| it.body == "the fox is here").await?;
    let original = town.channel.say(&town.dora, "f: said by the fox");
    let again = hook.say("Fox", "said by the fox");
    town.channel.delete(&town.dora, original)?;
    let seen = on_matrix(town, "the fox", |it| it.body == "said by the fox").await?;
    anyhow::ensure!(seen.sender == first.sender, "{} and {}", first.sender, seen.sender);
    on_telegram(town, "the fox", |it| it.text.contains("said by the fox")).await?;
    // An answer is drawn as a card, and is an answer.
    let guild = town.guild.id();
    let address = format!("https://discord.com/channels/{guild}/{}/{again}", town.channel.id());
    let card = json!({ "type": "rich", "author": { "name": "Fox \u{21a9}\u{fe0f}" },
        "description": format!("**[Reply to:]({address})** said by the fox") });
    hook.say_with("Owl", "an answer to the fox", &json!({ "embeds": [card] }));
    let answer = on_matrix(town, "the owl", |it| it.body == "an answer to the fox").await?;
    anyhow::ensure!(answer.reply_to == Some(seen.event_id), "{:?}", answer.reply_to);
    anyhow::ensure!(answer.sender != seen.sender, "one account for two names");
    let bodies = town.alice.transcript(&town.room).await?;
    let doubled = bodies.bodies().iter().any(|body| body.contains("f: said"));
    anyhow::ensure!(!doubled, "the original was told");
    let told = town.group.messages().iter().any(|it| it.text.contains("f: said"));
    anyhow::ensure!(!told, "the original was told on Telegram");
    // What is not said again comes all the same.
    town.channel.say(&town.dora, "in my own name");
    on_matrix(town, "the plain words", |it| it.body == "in my own name").await.map(drop)
}

async fn what_a_bot_answers_to_a_command_comes_when_it_is_written(
    town: &Town,
) -> anyhow::Result<()> {
    let robot = town.discord.other_bot("Weather");
    let id = town.channel.answer(&robot, &town.dora, "forecast", None);
    town.channel.say(&town.dora, "it thinks");
    on_matrix(town, "what is said meanwhile", |it| it.body == "it thinks").await?;
    town.channel.think_over(id, "sunny, 21 degrees")?;
    let seen = on_matrix(town, "the answer", |it| it.body.contains("sunny, 21 degrees")).await?;
    contains(&seen.body, "forecast")?;
    contains(&seen.body, "Dora")?;
    let copy = on_telegram(town, "the answer", |it| it.text.contains("sunny, 21 degrees")).await?;
    contains(&copy.text, "forecast")
}

async fn the_emoji_of_a_server_are_a_pack_of_the_room(town: &Town) -> anyhow::Result<()> {
    let pack = async || -> anyhow::Result<Value> {
        let state = town.alice.whole_state(&town.room).await?;
        let is_pack =
            |it: &&Value| it.get("type").is_some_and(|kind| kind == "im.ponies.room_emotes");
        Ok(state.iter().find(is_pack).and_then(|it| it.get("content")).cloned().unwrap_or_default())
    };
    town.guild.emoji("logo", PNG);
    town.guild.emoji("dance", GIF);
    eventually("the pack", async || Ok(pack().await?.pointer("/images/dance").is_some())).await?;
    let pack = pack().await?;
    anyhow::ensure!(pack.pointer("/pack/usage") == Some(&json!(["emoticon"])), "{pack}");
    let mxc = pack.pointer("/images/logo/url").and_then(Value::as_str);
    let mxc = mxc.unwrap_or_default().to_owned();
    anyhow::ensure!(town.alice.download(&mxc).await? == PNG, "another picture");
    // Whoever uses one of them on Matrix uses the same one on Discord.
    town.alice.say_emoji(&town.room, &mxc, "logo").await?;
    town.channel.expect(|it| it.content.contains("<:logo:")).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_that_ended_while_nobody_listened_are_told() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let said = town.channel.say(&town.dora, "shall we?");
    on_matrix(&town, "the root", |it| it.body == "shall we?").await?;
    let thread = town.channel.thread_on(&town.dora, said, "Plans")?;
    thread.say(&town.dora, "first plan");
    on_matrix(&town, "the first plan", |it| it.body == "first plan").await?;
    town.bridge.kill()?;
    town.discord.time_out_sessions();
    thread.say(&town.dora, "second plan");
    thread.archive(false);
    let late = town.channel.say(&town.dora, "what about a day?");
    let other = town.channel.thread_on(&town.dora, late, "Days")?;
    other.say(&town.dora, "Friday");
    other.archive(false);
    town.bridge.start()?;
    for text in ["second plan", "what about a day?", "Friday"] {
        on_matrix(&town, text, |it| it.body == text).await?;
    }
    town.channel.say(&town.dora, "and now");
    on_matrix(&town, "what comes after", |it| it.body == "and now").await?;
    let seen = town.alice.transcript(&town.room).await?;
    let once = |text: &str| seen.bodies().iter().filter(|body| **body == text).count() == 1;
    anyhow::ensure!(once("second plan") && once("Friday") && once("first plan"), "{seen}");
    let in_thread = |it: &synapse::Seen| it.body == "Friday" && it.thread.is_some();
    anyhow::ensure!(seen.0.iter().any(in_thread), "{seen}");
    town.assert_clean()
}
