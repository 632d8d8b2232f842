// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whose words leave their chat, and under which name: on the running bridge.
//!
//! Rule: who opts out is heard by nobody on the other sides, from the very next message on; what
//! follows on the same way (another person's words) shows that nothing is only late.

use anyhow::{Context, ensure};
use sandbox::telegram;
use sandbox::town::{Line, Side, Town};

use crate::claiming::alone_with_bot;
use crate::{ask, crosses, eventually, set_by_all, town};

/// Nobody on this side reads that.
async fn is_not_read(town: &Town, side: Side, text: &str) -> anyhow::Result<()> {
    let lines = town.lines(side).await?;
    let found = lines.iter().find(|line| line.text.contains(text));
    ensure!(
        found.is_none(),
        "{side:?} reads: {}",
        found.map(ToString::to_string).unwrap_or_default()
    );
    Ok(())
}

/// The bot's answer to what somebody types in the group.
async fn group_answers(town: &Town, who: &telegram::User, typed: &str) -> anyhow::Result<String> {
    let asked = town.group.say(who, typed)?;
    let answers = |seen: &telegram::Seen| seen.is_bot && seen.reply_to == Some(asked);
    Ok(town.group.expect(answers).await?.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_who_opts_out_is_not_heard_on_the_other_sides_from_the_next_message_on()
-> anyhow::Result<()> {
    let town = &town("12", "").await?;
    for side in Side::ALL {
        crosses(town, side, &format!("{side:?} before")).await?;
    }
    // Said at once after the command, before anybody has answered it.
    let typed = town.group.say(&town.tanja, "/stop")?;
    town.group.say(&town.tanja, "Tanja alone")?;
    let answers = |seen: &telegram::Seen| seen.is_bot && seen.reply_to == Some(typed);
    let answer = town.group.expect(answers).await?.text;
    ensure!(answer.contains("stays here") && answer.contains("/optin"), "{answer}");
    let typed = town.channel.slash(&town.dora, "freeside", "optout", &[])?;
    town.channel.say(&town.dora, "Dora alone");
    let answer = typed.answer().await?;
    ensure!(answer.ephemeral && answer.message.content.contains("stays here"), "{answer:?}");
    let answer = ask(&town.alice, &town.room, "!freeside optout").await?;
    ensure!(answer.contains("stays here"), "{answer}");
    town.alice.say(&town.room, "Alice alone").await?;
    // Others go on.
    let (tom, vera) = (town.telegram.user("Tom"), town.discord.user("Vera"));
    let bob = town.synapse.person_named("bob", "Bob").await?;
    town.group.join(&tom)?;
    bob.join(&town.room).await?;
    town.group.say(&tom, "Tom to all")?;
    town.channel.say(&vera, "Vera to all");
    bob.say(&town.room, "Bob to all").await?;
    for (side, alone, said) in [
        (Side::Telegram, "Tanja alone", "Tom to all"),
        (Side::Discord, "Dora alone", "Vera to all"),
        (Side::Matrix, "Alice alone", "Bob to all"),
    ] {
        for other in side.others() {
            town.expect(other, |line| line.text == said).await?;
            is_not_read(town, other, alone).await?;
            if side == Side::Telegram {
                is_not_read(town, other, "/stop").await?;
            }
        }
    }
    let answer = group_answers(town, &town.tanja, "/optin").await?;
    ensure!(answer.contains("/optout"), "{answer}");
    crosses(town, Side::Telegram, "Tanja again").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_old_copies_go_if_asked_and_private_means_everywhere() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    crosses(town, Side::Telegram, "an old word").await?;
    crosses(town, Side::Matrix, "a word of Alice").await?;
    let answer = group_answers(town, &town.tanja, "/optout erase").await?;
    ensure!(answer.contains("one older message"), "{answer}");
    for side in [Side::Matrix, Side::Discord] {
        town.expect_gone(side, |line: &Line| line.text == "an old word").await?;
    }
    town.expect(Side::Telegram, |line| line.text == "an old word").await?;
    town.expect(Side::Discord, |line| line.text == "a word of Alice").await?;
    // In private it is for all chats, also by the name of another command.
    let alone = alone_with_bot(&town.alice).await?;
    let answer = ask(&town.alice, &alone, "stop").await?;
    ensure!(answer.contains("in all chats"), "{answer}");
    town.alice.say(&town.room, "Alice alone").await?;
    let dora = town.say(Side::Discord, "Dora to all").await?;
    town.expect(Side::Telegram, |line| line.text == "Dora to all").await?;
    is_not_read(town, Side::Telegram, "Alice alone").await?;
    is_not_read(town, Side::Discord, "Alice alone").await?;
    // Nothing that is taken away is held back.
    town.take_back(&dora).await?;
    for side in [Side::Matrix, Side::Telegram] {
        town.expect_gone(side, |line: &Line| line.text == "Dora to all").await?;
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_command_about_oneself_is_answered_and_never_relayed() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    // A client that knows no such command sends it as words.
    let answer = ask(&town.alice, &town.room, "/optout").await?;
    ensure!(answer.contains("stays here"), "{answer}");
    let answer = ask(&town.alice, &town.room, "/optin").await?;
    ensure!(answer.contains("other networks see"), "{answer}");
    for typed in ["/stop", &format!("<@{}> optin", town.discord.bot().id())] {
        let asked = town.channel.say(&town.dora, typed);
        town.channel.expect(|seen| seen.reply == Some(asked)).await?;
    }
    crosses(town, Side::Discord, "Dora to all").await?;
    crosses(town, Side::Matrix, "Alice to all").await?;
    for side in Side::ALL {
        for typed in ["/optout", "/optin", "/stop", "optin"] {
            let read = town.lines(side).await?.into_iter().filter(|line| !line.who.is_empty());
            let own = side.speaker();
            let others = read.filter(|line| line.who != own);
            ensure!(others.clone().all(|line| line.text != typed), "{side:?}: {typed}");
        }
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_opt_in_lets_only_those_be_heard_who_agreed() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    set_by_all(town, "consent opt-in").await?;
    // The notices say it, with a button.
    let says = |line: &Line| line.text.contains("people who have agreed");
    for side in Side::ALL {
        town.expect(side, says).await?;
    }
    town.group.say(&town.tanja, "Tanja has not agreed")?;
    let asks = |seen: &telegram::Seen| seen.is_bot && seen.text.contains("Yours stay here");
    let asked = town.group.expect(asks).await?;
    town.group.press(&town.tanja, asked.id, "Share my messages")?;
    let done = |seen: &telegram::Seen| seen.is_bot && seen.text.contains("other networks see");
    town.group.expect(done).await?;
    town.group.say(&town.tanja, "Tanja has agreed")?;
    for side in [Side::Matrix, Side::Discord] {
        town.expect(side, |line| line.text == "Tanja has agreed").await?;
        is_not_read(town, side, "Tanja has not agreed").await?;
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_name_is_shown_as_far_as_portal_and_person_allow() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    crosses(town, Side::Telegram, "by name").await?;
    let first = town.alice.expect(&town.room, |it| it.body == "by name").await?;
    let answer = group_answers(town, &town.tanja, "/pseudonym on").await?;
    ensure!(answer.contains("Person "), "{answer}");
    // The account is renamed at once, without another word.
    let renamed = async || {
        let profile = town.alice.profile(&first.sender).await?;
        let name = profile.get("displayname").and_then(|name| name.as_str()).unwrap_or_default();
        Ok(name.starts_with("Person "))
    };
    eventually("the account has the invented name", renamed).await?;
    crosses(town, Side::Telegram, "by pseudonym").await?;
    let line = town.expect(Side::Discord, |line| line.text == "by pseudonym").await?;
    ensure!(line.who.starts_with("Person "), "{line}");
    // What she does as an admin is told without her name, too.
    group_answers(town, &town.tanja, "/set reaction-line off").await?;
    let told = town.alice.expect(&town.room, |it| it.body.contains("reaction-line")).await?;
    ensure!(told.body.contains("Person ") && !told.body.contains("Tanja"), "{}", told.body);
    // One admin alone may show less of everybody.
    let answer = ask(&town.alice, &town.room, "!freeside set names first-name").await?;
    ensure!(answer.contains("is now"), "{answer}");
    let zoe = town.synapse.person_named("zoe", "Zoe Zander").await?;
    zoe.join(&town.room).await?;
    zoe.say(&town.room, "Zoe here").await?;
    let copy = town.group.expect(|it: &telegram::Seen| it.text.contains("Zoe here")).await?;
    ensure!(!copy.text.contains("Zander"), "{copy}");
    // Showing more again takes the other sides.
    let answer = ask(&town.alice, &town.room, "!freeside set names full").await?;
    ensure!(answer.contains("concerns the other side"), "{answer}");
    town.assert_clean()
}

/// The bot's answer to what Tanja types in private.
async fn in_private(town: &Town, typed: &str) -> anyhow::Result<telegram::Seen> {
    let private = town.telegram.private_chat(&town.tanja);
    let asked = private.say(&town.tanja, typed)?;
    private.expect(|it| it.is_bot && it.reply_to == Some(asked)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_everybody_is_shown_what_is_stored_about_them_and_nobody_else_is() -> anyhow::Result<()>
{
    let town = &town("12", "").await?;
    crosses(town, Side::Telegram, "a word of Tanja").await?;
    crosses(town, Side::Discord, "a word of Dora").await?;
    let answer = group_answers(town, &town.tanja, "/mydata export").await?;
    ensure!(answer.contains("in private only") && answer.contains("t.me/"), "{answer}");
    let answer = ask(&town.alice, &town.room, "!freeside mydata").await?;
    ensure!(answer.contains("in private only"), "{answer}");
    let answer = in_private(town, "/mydata").await?;
    ensure!(answer.text.contains("one message of this account"), "{answer}");
    let answer = in_private(town, "/mydata export").await?;
    let file = answer.document.context("no file")?;
    let data: serde_json::Value = serde_json::from_slice(&file.bytes)?;
    let messages = data.get("messages").and_then(|it| it.as_array()).context("no messages")?;
    ensure!(messages.len() == 1, "{data:#}");
    let copies = messages.first().and_then(|it| it.get("copies")?.as_array());
    ensure!(copies.is_some_and(|copies| copies.len() == 2), "{data:#}");
    ensure!(data.pointer("/account/id").is_some_and(serde_json::Value::is_string), "{data:#}");
    ensure!(!data.to_string().contains("Dora"), "{data:#}");
    let typed = town.channel.slash(&town.dora, "freeside", "mydata", &[])?;
    let answer = typed.answer().await?;
    let shown = &answer.message.content;
    ensure!(answer.ephemeral && shown.contains("one message of this account"), "{answer:?}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_erase_takes_everything_back_also_when_the_bridge_dies_in_the_middle()
-> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "one").await?;
    crosses(&town, Side::Telegram, "two").await?;
    crosses(&town, Side::Matrix, "Alice stays").await?;
    let ghost = town.alice.expect(&town.room, |it| it.body == "one").await?.sender;
    let shown = in_private(&town, "/mydata erase").await?;
    ensure!(shown.text.contains("Nothing has happened yet"), "{shown}");
    ensure!(shown.text.contains("2 messages") && shown.text.contains("Beyond my reach"), "{shown}");
    let begun = in_private(&town, "/confirm").await?;
    ensure!(begun.text.contains("I am erasing it now"), "{begun}");
    town.bridge.kill()?;
    town.bridge.start()?;
    for side in [Side::Matrix, Side::Discord] {
        for text in ["one", "two"] {
            town.expect_gone(side, |line: &Line| line.text == text).await?;
        }
    }
    town.expect(Side::Discord, |line| line.text == "Alice stays").await?;
    town.expect(Side::Telegram, |line| line.text == "one").await?;
    eventually("the account has left", async || {
        Ok(!town.alice.members(&town.room).await?.contains_key(&ghost))
    })
    .await?;
    eventually("the account has no name", async || {
        // Synapse knows no profile of an account that was deactivated and erased.
        Ok(town.alice.profile(&ghost).await.map_or(true, |it| it.get("displayname").is_none()))
    })
    .await?;
    eventually("nothing leads to her", async || {
        let file = in_private(&town, "/mydata export").await?.document.context("no file")?;
        let data: serde_json::Value = serde_json::from_slice(&file.bytes)?;
        let none =
            |key: &str| data.get(key).and_then(|it| it.as_array()).is_some_and(Vec::is_empty);
        Ok(none("messages") && none("claims") && data.get("ghost").is_some_and(|it| it.is_null()))
    })
    .await?;
    // Once more does no harm; what she writes stays in the group until she says otherwise.
    in_private(&town, "/mydata erase").await?;
    in_private(&town, "/confirm").await?;
    town.group.say(&town.tanja, "Tanja alone")?;
    crosses(&town, Side::Discord, "Dora to all").await?;
    is_not_read(&town, Side::Matrix, "Tanja alone").await?;
    group_answers(&town, &town.tanja, "/optin").await?;
    town.group.say(&town.tanja, "Tanja is back")?;
    let back = |line: &Line| line.text.contains("Tanja is back");
    town.expect(Side::Matrix, back).await?;
    let ledger = town.bridge.tell(&["consent", "export"])?;
    let lines: Vec<serde_json::Value> =
        ledger.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let choices: Vec<_> = lines.iter().filter_map(|it| it.get("choice")?.as_str()).collect();
    ensure!(choices == ["opt-out", "opt-in"], "{ledger}");
    ensure!(!ledger.contains("Tanja"), "{ledger}");
    town.assert_clean()
}
