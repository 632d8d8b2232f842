// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whoever removes the bot from a chat wants no bridge there: nothing crosses until it is let in again.
//!
//! Rule: what was said while the bot was away is nowhere but where it was said.

use sandbox::synapse::RoomOptions;
use sandbox::town::{BOT, Line, Side, Town};
use serde_json::{Value, json};

use crate::{crosses, eventually, town, unlinked};

fn says(text: &str) -> impl Fn(&Line) -> bool {
    move |line| line.text == text
}

fn contains(words: &str) -> impl Fn(&Line) -> bool {
    move |line| line.text.contains(words)
}

async fn times(town: &Town, side: Side, words: &str) -> anyhow::Result<usize> {
    Ok(town.lines(side).await?.iter().filter(|line| line.text.contains(words)).count())
}

/// How often each side shows a text that was said on one of them only.
async fn stays_at_home(town: &Town, home: Side, words: &str) -> anyhow::Result<()> {
    for side in home.others() {
        assert_eq!(times(town, side, words).await?, 0, "{words} on {side:?}");
    }
    Ok(())
}

/// The Matrix id of the account that said something in the room.
async fn ghost(town: &Town, said: &str) -> anyhow::Result<String> {
    let seen = town.alice.expect(&town.room, |seen| seen.body == said).await?;
    Ok(seen.sender)
}

async fn membership(town: &Town, user: &str) -> anyhow::Result<String> {
    let member = town.alice.state(&town.room, "m.room.member", user).await?.unwrap_or_default();
    Ok(member.get("membership").and_then(Value::as_str).unwrap_or_default().to_owned())
}

fn restart(town: &mut Town) -> anyhow::Result<()> {
    town.bridge.kill()?;
    town.bridge.start()
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_from_the_room_nothing_crosses_until_invited_again() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "before").await?;
    let tanja = ghost(&town, "before").await?;
    town.alice.kick(&town.room, BOT, "no bots here").await?;
    for side in Side::Matrix.others() {
        town.expect(side, contains("removed from the Matrix room")).await?;
    }
    eventually("the ghost leaves", async || Ok(membership(&town, &tanja).await? == "leave"))
        .await?;
    town.say(Side::Telegram, "after the kick, telegram").await?;
    town.say(Side::Discord, "after the kick, discord").await?;
    town.say(Side::Matrix, "after the kick, matrix").await?;
    town.say(Side::Matrix, "!freeside status").await?;
    restart(&mut town)?;
    town.say(Side::Telegram, "after the restart, telegram").await?;
    town.say(Side::Discord, "after the restart, discord").await?;
    town.say(Side::Matrix, "after the restart, matrix").await?;
    // An answer shows that what came before it was heard.
    town.say(Side::Telegram, "/status").await?;
    town.expect(Side::Telegram, contains("Matrix: disconnected")).await?;
    town.alice.invite(&town.room, BOT).await?;
    town.expect(Side::Matrix, contains("I am here again")).await?;
    for side in Side::Matrix.others() {
        town.expect(side, contains("invited to the Matrix room again")).await?;
    }
    crosses(&town, Side::Telegram, "here again, telegram").await?;
    crosses(&town, Side::Matrix, "here again, matrix").await?;
    crosses(&town, Side::Discord, "here again, discord").await?;
    for when in ["after the kick", "after the restart"] {
        for (home, name) in
            [(Side::Telegram, "telegram"), (Side::Discord, "discord"), (Side::Matrix, "matrix")]
        {
            stays_at_home(&town, home, &format!("{when}, {name}")).await?;
        }
    }
    assert_eq!(times(&town, Side::Matrix, "Connection 1").await?, 0, "it answers nothing there");
    for side in Side::Matrix.others() {
        assert_eq!(times(&town, side, "removed from the Matrix room").await?, 1);
        assert_eq!(times(&town, side, "invited to the Matrix room again").await?, 1);
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_from_the_group_nothing_crosses_until_let_in_again() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Matrix, "before").await?;
    town.group.remove_bot();
    town.expect(Side::Matrix, contains("removed from the chat on Telegram")).await?;
    town.say(Side::Matrix, "after the kick, matrix").await?;
    town.say(Side::Telegram, "after the kick, telegram").await?;
    town.expect(Side::Discord, says("after the kick, matrix")).await?;
    restart(&mut town)?;
    town.say(Side::Matrix, "after the restart, matrix").await?;
    town.expect(Side::Discord, says("after the restart, matrix")).await?;
    town.group.add_bot(&town.tanja)?;
    town.group.promote_bot(sandbox::telegram::Rights::all());
    town.expect(Side::Matrix, contains("let into the chat on Telegram again")).await?;
    town.expect(Side::Telegram, contains("I am here again")).await?;
    crosses(&town, Side::Matrix, "here again, matrix").await?;
    crosses(&town, Side::Telegram, "here again, telegram").await?;
    for words in ["after the kick, matrix", "after the restart, matrix"] {
        assert_eq!(times(&town, Side::Telegram, words).await?, 0, "{words}");
    }
    stays_at_home(&town, Side::Telegram, "after the kick, telegram").await?;
    for words in ["removed from the chat on Telegram", "let into the chat on Telegram again"] {
        assert_eq!(times(&town, Side::Matrix, words).await?, 1, "{words}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_from_the_server_nothing_crosses_until_let_in_again() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Matrix, "before").await?;
    town.guild.kick_bot();
    town.expect(Side::Matrix, contains("removed from the chat on Discord")).await?;
    town.say(Side::Matrix, "after the kick, matrix").await?;
    town.say(Side::Discord, "after the kick, discord").await?;
    town.expect(Side::Telegram, says("after the kick, matrix")).await?;
    restart(&mut town)?;
    town.say(Side::Matrix, "after the restart, matrix").await?;
    town.expect(Side::Telegram, says("after the restart, matrix")).await?;
    town.guild.invite_bot();
    town.expect(Side::Matrix, contains("let into the chat on Discord again")).await?;
    town.expect(Side::Discord, contains("I am here again")).await?;
    crosses(&town, Side::Matrix, "here again, matrix").await?;
    crosses(&town, Side::Discord, "here again, discord").await?;
    for words in ["after the kick, matrix", "after the restart, matrix"] {
        assert_eq!(times(&town, Side::Discord, words).await?, 0, "{words}");
    }
    stays_at_home(&town, Side::Discord, "after the kick, discord").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_ghost_silences_only_its_person() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    crosses(&town, Side::Telegram, "hello from the group").await?;
    crosses(&town, Side::Discord, "hello from the channel").await?;
    let tanja = ghost(&town, "hello from the group").await?;
    let dora = ghost(&town, "hello from the channel").await?;
    town.alice.ban(&town.room, &tanja, "spam").await?;
    // A level below that of messages: it may be in the room, and not speak.
    town.alice.set_power(&town.room, &dora, -1).await?;
    for text in ["banned one", "banned two"] {
        town.say(Side::Telegram, text).await?;
        town.expect(Side::Discord, says(text)).await?;
    }
    for text in ["muted one", "muted two"] {
        town.say(Side::Discord, text).await?;
        town.expect(Side::Telegram, says(text)).await?;
    }
    for ghost in [&tanja, &dora] {
        town.expect(Side::Matrix, contains(ghost)).await?;
    }
    let bob = town.telegram.user("Bob");
    town.group.join(&bob)?;
    town.group.say(&bob, "said by somebody else")?;
    town.expect(Side::Matrix, says("said by somebody else")).await?;
    crosses(&town, Side::Matrix, "and the room goes on").await?;
    for side in Side::Matrix.others() {
        assert_eq!(times(&town, side, "Not delivered to Matrix").await?, 1, "{side:?}");
    }
    for words in [&*tanja, &dora] {
        assert_eq!(times(&town, Side::Matrix, words).await?, 1, "the admins are told once");
    }
    for words in ["banned one", "banned two", "muted one", "muted two"] {
        assert_eq!(times(&town, Side::Matrix, words).await?, 0, "{words}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s27_encryption_switched_on_later_ends_relaying_and_no_word_follows_in_clear()
-> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "before").await?;
    let algorithm = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    town.alice.set_state(&town.room, "m.room.encryption", "", algorithm).await?;
    town.expect(Side::Matrix, contains("This room is encrypted now")).await?;
    for side in Side::Matrix.others() {
        town.expect(side, contains("The Matrix room is encrypted now")).await?;
    }
    town.say(Side::Telegram, "a secret of telegram").await?;
    town.expect(Side::Discord, says("a secret of telegram")).await?;
    restart(&mut town)?;
    town.say(Side::Discord, "a secret of discord").await?;
    town.expect(Side::Telegram, says("a secret of discord")).await?;
    town.say(Side::Matrix, "in clear all the same").await?;
    town.say(Side::Telegram, "/status").await?;
    town.expect(Side::Telegram, contains("That room is encrypted")).await?;
    for words in ["a secret of telegram", "a secret of discord"] {
        assert_eq!(times(&town, Side::Matrix, words).await?, 0, "{words}");
    }
    stays_at_home(&town, Side::Matrix, "in clear all the same").await?;
    assert_eq!(times(&town, Side::Matrix, "This room is encrypted now").await?, 1);
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_chat_with_the_bot_says_at_once_that_it_cannot_be_read() -> anyhow::Result<()>
{
    let town = town("12", "").await?;
    let room = town.alice.create_room(RoomOptions::default()).await?;
    let algorithm = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    town.alice.set_state(&room, "m.room.encryption", "", algorithm).await?;
    town.alice.invite(&room, BOT).await?;
    let told = |seen: &sandbox::synapse::Seen| {
        seen.sender == BOT && seen.body.contains("I cannot read this chat, because it is encrypted")
    };
    town.alice.expect(&room, told).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_room_is_not_linked_and_the_answer_says_what_to_do() -> anyhow::Result<()> {
    let town = unlinked().await?;
    town.invite_bot().await?;
    let code = town.ask_for_code("telegram").await?;
    let algorithm = json!({"algorithm": "m.megolm.v1.aes-sha2"});
    town.alice.set_state(&town.room, "m.room.encryption", "", algorithm).await?;
    let typed = town.group.say(&town.tanja, &format!("/link {code}"))?;
    let answers = |seen: &sandbox::telegram::Seen| seen.is_bot && seen.reply_to == Some(typed);
    let answer = town.group.expect(answers).await?.text;
    assert!(answer.contains("Not connected yet"), "{answer}");
    assert!(answer.contains("use a room without encryption"), "{answer}");
    town.assert_clean()
}
