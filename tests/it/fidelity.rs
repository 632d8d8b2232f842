// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message does besides its words: whom it calls, what it answers, where it stands, and how it
//! is repaired.
//!
//! Rule: each row is what somebody on one side sees of what somebody on another one did.

use anyhow::Context;
use sandbox::discord::Ping;
use sandbox::faults::Fault;
use sandbox::synapse::Seen;
use sandbox::telegram::Post;
use sandbox::town::{BOT, Side, Town};
use serde_json::{Value, json};

use crate::content::{contains, on_discord, on_matrix, on_telegram, rows};
use crate::crossing::PIXEL;
use crate::{crosses, eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_message_does_besides_its_words_arrives() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(
        town;
        an_answer_calls_whom_its_author_means,
        an_edit_of_any_kind_stays_in_its_topic,
        an_answer_shows_the_newest_words,
        the_bot_answers_in_the_thread_in_which_it_was_asked,
        a_link_to_a_room_is_a_link,
        a_quiz_is_called_one,
        an_account_that_nobody_speaks_through_is_not_made,
    )
}

/// Alice's answer to `to`, which names these people in `m.mentions`.
async fn answer(town: &Town, to: &Seen, (text, named): (&str, &[&str])) -> anyhow::Result<()> {
    let content = json!({
        "msgtype": "m.text", "body": text, "m.mentions": { "user_ids": named },
        "m.relates_to": { "m.in_reply_to": { "event_id": to.event_id } },
    });
    town.alice.send_raw(&town.room, "m.room.message", content).await.map(drop)
}

async fn an_answer_calls_whom_its_author_means(town: &Town) -> anyhow::Result<()> {
    town.channel.say(&town.dora, "who comes?");
    let asked = on_matrix(town, "the question", |it| it.body == "who comes?").await?;
    answer(town, &asked, ("I come", &[&asked.sender])).await?;
    answer(town, &asked, ("Bob comes", &[town.alice.user_id()])).await?;
    answer(town, &asked, ("nobody comes", &[])).await?;
    for (text, pings) in [
        ("I come", vec![Ping::User(town.dora.id())]),
        ("Bob comes", vec![]),
        ("nobody comes", vec![]),
    ] {
        let seen = on_discord(town, text, |it| it.content.ends_with(text)).await?;
        anyhow::ensure!(seen.pings == pings, "{:?}: {}", seen.pings, seen.content);
        let named = if pings.is_empty() { "[Dora](".to_owned() } else { town.dora.mention() };
        contains(&seen.content, &named)?;
        anyhow::ensure!(!seen.content.contains("Dora (Discord)"), "{}", seen.content);
    }
    let said = town.group.say(&town.tanja, "who brings tea?")?;
    let asked = on_matrix(town, "the question", |it| it.body == "who brings tea?").await?;
    answer(town, &asked, ("I bring it", &[&asked.sender])).await?;
    let seen = on_telegram(town, "the answer", |it| it.text.ends_with("I bring it")).await?;
    // The answer itself tells her; a mention would tell her twice.
    anyhow::ensure!(seen.reply_to == Some(said), "{seen}");
    anyhow::ensure!(seen.styled("text_mention").is_empty(), "{seen}");
    Ok(())
}

/// Replaces an event of Alice's.
async fn replace(town: &Town, event: &str, content: Value) -> anyhow::Result<()> {
    let mut edit = content.clone();
    let fields = edit.as_object_mut().context("a content is an object")?;
    fields.insert("m.new_content".into(), content);
    let relation = json!({ "rel_type": "m.replace", "event_id": event });
    fields.insert("m.relates_to".into(), relation);
    town.alice.send_raw(&town.room, "m.room.message", edit).await.map(drop)
}

async fn an_edit_of_any_kind_stays_in_its_topic(town: &Town) -> anyhow::Result<()> {
    town.group.open_topic(&town.tanja, "Paths")?;
    let root = on_matrix(town, "the topic", |it| it.body.contains("💬 Paths")).await?;
    let say = async |words: &str| {
        let said = town.alice.say_in_thread(&town.room, &root.event_id, words).await?;
        on_telegram(town, words, |it| it.text.ends_with(words)).await?;
        anyhow::Ok(said)
    };
    let grows = say("a path that grows").await?;
    let shows = say("a path that is shown").await?;
    let long = format!("{}the end of the path", "stone ".repeat(1_000));
    replace(town, &grows, json!({ "msgtype": "m.text", "body": long })).await?;
    let mxc = town.alice.upload(PIXEL.to_vec(), "path.png", "image/png").await?;
    let picture = json!({
        "msgtype": "m.image", "body": "the path itself", "filename": "path.png", "url": mxc,
        "info": { "mimetype": "image/png", "size": PIXEL.len(), "w": 1, "h": 1 },
    });
    replace(town, &shows, picture).await?;
    let last = on_telegram(town, "the end", |it| it.text.ends_with("the end of the path")).await?;
    let shown = on_telegram(town, "the picture", |it| it.text.ends_with("path itself")).await?;
    anyhow::ensure!(shown.photo.is_some(), "{shown}");
    replace(town, &shows, json!({ "msgtype": "m.text", "body": "no path any more" })).await?;
    let words = on_telegram(town, "words", |it| it.text.ends_with("no path any more")).await?;
    let parts = town.group.messages().into_iter().filter(|it| it.text.contains("stone stone"));
    for seen in parts.chain([last, shown, words]) {
        anyhow::ensure!(seen.topic.as_deref() == Some("Paths"), "{:?}: {seen}", seen.topic);
    }
    Ok(())
}

async fn an_answer_shows_the_newest_words(town: &Town) -> anyhow::Result<()> {
    let said = town.alice.say(&town.room, "the word is hunter2").await?;
    town.alice.edit(&town.room, &said, "nothing to see here").await?;
    on_discord(town, "the newest words", |it| it.content == "nothing to see here").await?;
    town.alice.reply(&town.room, &said, "what was it?").await?;
    let seen = on_discord(town, "the answer", |it| it.content.ends_with("what was it?")).await?;
    contains(&seen.content, "nothing to see here")?;
    anyhow::ensure!(!seen.content.contains("hunter2"), "{}", seen.content);
    Ok(())
}

async fn the_bot_answers_in_the_thread_in_which_it_was_asked(town: &Town) -> anyhow::Result<()> {
    let root = town.alice.say(&town.room, "about the bot").await?;
    let asked = town.alice.say_in_thread(&town.room, &root, "!freeside version").await?;
    let answers = |it: &Seen| it.sender == BOT && it.reply_to.as_deref() == Some(asked.as_str());
    let seen = on_matrix(town, "the answer", answers).await?;
    anyhow::ensure!(seen.thread.as_deref() == Some(root.as_str()), "{:?}", seen.thread);
    Ok(())
}

async fn a_link_to_a_room_is_a_link(town: &Town) -> anyhow::Result<()> {
    for (room, name) in [
        ("https://matrix.to/#/%23tea%3Aexample.org?via=example.org", "Tea by its alias"),
        ("https://matrix.to/#/!tea:example.org?via=example.org&via=x.org", "Tea by its id"),
        ("matrix:r/tea:example.org", "Tea by its URI"),
        ("https://matrix.to/#/!tea:example.org/$event?via=example.org", "Tea at a message"),
    ] {
        let html = format!("come to <a href=\"{room}\">{name}</a>");
        town.alice.say_html(&town.room, &format!("come to {name}"), &html).await?;
        let seen = on_telegram(town, name, |it| it.text.contains(name)).await?;
        let links = seen.entities.iter().filter_map(|it| it.rest.get("url")?.as_str());
        let links: Vec<&str> = links.collect();
        let leads = |url: &str| url.starts_with("https://matrix.to/#/") && url.contains("tea");
        anyhow::ensure!(links.iter().any(|url| leads(url)), "{name}: {links:?} in {seen}");
        let seen = on_discord(town, name, |it| it.content.contains(name)).await?;
        contains(&seen.content, "](https://matrix.to/#/")?;
    }
    Ok(())
}

async fn a_quiz_is_called_one(town: &Town) -> anyhow::Result<()> {
    let quiz = json!({
        "id": "77", "question": "Is two even?", "options": [
            { "text": "Yes", "voter_count": 0, "persistent_id": "y" },
            { "text": "No", "voter_count": 0, "persistent_id": "n" },
        ],
        "total_voter_count": 0, "is_closed": false, "is_anonymous": true, "type": "quiz",
        "allows_multiple_answers": false, "allows_revoting": false, "members_only": false,
        "explanation": "Half of it is whole.",
    });
    town.group.send(&town.tanja, &Post::content(&json!({ "poll": quiz })))?;
    let asks = |it: &Seen| it.poll.as_ref().is_some_and(|it| it.question == "Is two even?");
    on_matrix(town, "the question", asks).await?;
    on_matrix(town, "its kind", |it| it.body.contains("This poll is a quiz.")).await?;
    on_discord(town, "its kind", |it| it.content.contains("This poll is a quiz.")).await?;
    Ok(())
}

async fn an_account_that_nobody_speaks_through_is_not_made(town: &Town) -> anyhow::Result<()> {
    let room = town.alice.create_room(sandbox::synapse::RoomOptions::public("Nobody")).await?;
    let nobody = "@fs_nobodyatall:localhost";
    // Whether the homeserver lets people invite who does not exist is its own affair.
    drop(town.alice.invite(&room, nobody).await);
    crosses(town, Side::Matrix, "after nobody was invited").await?;
    let path = ["client", "v3", "profile", nobody];
    let known = town.alice.call(reqwest::Method::GET, &path, None).await;
    anyhow::ensure!(known.is_err(), "{known:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_refused_is_repaired_by_editing_it() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let words = "Bad Request: the platform does not like it";
    let body = json!({ "ok": false, "error_code": 400, "description": words });
    let refused = Fault::Answer { status: 400, body, headers: Vec::new() };
    town.telegram.faults().next("sendMessage", 1, refused);
    let said = town.alice.say(&town.room, "liked by nobody").await?;
    let line = |it: &Seen| it.sender == BOT && it.body.contains("Not delivered to Telegram");
    let told = on_matrix(&town, "the refusal", line).await?;
    anyhow::ensure!(told.reply_to.as_deref() == Some(said.as_str()), "{told:?}");
    town.alice.edit(&town.room, &said, "liked by all").await?;
    on_telegram(&town, "the new version", |it| it.text == "Alice:\nliked by all").await?;
    eventually("the line about the refusal goes", async || {
        let seen = town.alice.transcript(&town.room).await?;
        Ok(!seen.0.iter().any(line))
    })
    .await?;
    // What is edited from now on is edited there.
    town.alice.edit(&town.room, &said, "liked by everybody").await?;
    on_telegram(&town, "the newest version", |it| it.text.ends_with("by everybody")).await?;
    let shown = town.group.messages().into_iter().filter(|it| it.text.contains("liked by"));
    assert_eq!(shown.count(), 1);
    town.assert_clean()
}
