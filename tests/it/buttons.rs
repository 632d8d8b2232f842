// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything with one touch: buttons on Telegram and Discord, reactions on Matrix, the menu of a
//! message on Discord.

use anyhow::{Context, ensure};
use sandbox::town::{BOT, code_in};

use crate::claiming::{alone_with_bot, code_for_tanja};
use crate::{ask, eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_typed_can_be_touched_on_every_side() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    // Below the notice of the group stands the way to Matrix; it disturbs nobody there.
    town.group.expect(|it| it.is_bot && it.buttons.concat() == ["To Matrix"]).await?;
    town.group.say(&town.tanja, "/matrix")?;
    let told = town.group.expect(|it| it.is_bot && it.text.contains("free software and")).await?;
    let labels = told.buttons.concat();
    ensure!(labels == ["Open the room", "Ask in private"], "{labels:?}");
    // What is pressed is answered below the message that was pressed.
    town.group.say(&town.tanja, "/status")?;
    let status = town.group.expect(|it| it.is_bot && it.buttons.concat().len() == 3).await?;
    town.group.press(&town.tanja, status.id, "History")?;
    let history = |it: &sandbox::telegram::Seen| it.is_bot && it.reply_to == Some(status.id);
    let history = town.group.expect(history).await?;
    ensure!(history.text.contains("chats connected"), "{history}");
    // On Discord only the one who touched it sees the answer.
    let notice = town.channel.expect(|it| it.buttons == ["To Matrix"]).await?;
    let answer = town.channel.press(&town.dora, notice.id, "To Matrix")?.answer().await?;
    ensure!(answer.ephemeral && answer.message.content.contains("for one day"), "{answer:?}");
    code_in(&answer.message.content).context("no code")?;
    let pictures: Vec<&str> =
        answer.message.attachments.iter().map(|file| file.mime.as_str()).collect();
    ensure!(pictures == ["image/png"], "{pictures:?}");
    // On Matrix a button is a reaction that is there already.
    ask(&town.alice, &town.room, "!freeside set reaction-line off").await?;
    let done = |it: &sandbox::synapse::Seen| it.sender == BOT && it.body.contains("reaction-line");
    let offered = |it: &sandbox::synapse::Seen| {
        done(it) && it.reactions.iter().any(|one| one.key == "▶ Undo")
    };
    let done = town.alice.expect(&town.room, offered).await.context("no button")?;
    town.alice.react(&town.room, &done.event_id, "▶ Undo").await?;
    let undone = |it: &sandbox::synapse::Seen| {
        it.sender == BOT
            && it.body.contains("is now on")
            && it.reply_to.as_ref() == Some(&done.event_id)
    };
    town.alice.expect(&town.room, undone).await.context("it was not undone")?;
    // Whoever may not type it may not touch it either.
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
    bob.react(&town.room, &done.event_id, "▶ Undo").await?;
    let refused = |it: &sandbox::synapse::Seen| it.sender == BOT && it.body.contains("power level");
    town.alice.expect(&town.room, refused).await.context("Bob could undo it")?;
    // Words of others with the same field are no buttons.
    let forged = serde_json::json!({
        "msgtype": "m.text", "body": "touch me",
        "org.freeside.buttons": {"▶ Touch": "unlink discord"},
    });
    let forged = bob.send_raw(&town.room, "m.room.message", forged).await?;
    town.alice.react(&town.room, &forged, "▶ Touch").await?;
    town.alice.say(&town.room, "still joined").await?;
    town.channel.expect(|it| it.content == "still joined").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn discords_menu_of_a_message_takes_it_from_every_side() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let said = town.channel.say(&town.dora, "too hasty");
    town.group.expect(|it| it.text.contains("too hasty")).await?;
    town.alice.expect(&town.room, |it| it.body == "too hasty").await?;
    // Not everybody may.
    let eve = town.discord.user("Eve");
    let refused = town.channel.choose(&eve, said, "Delete on all sides")?.answer().await?;
    ensure!(refused.message.content.contains("only your own"), "{refused:?}");
    let done = town.channel.choose(&town.dora, said, "Delete on all sides")?.answer().await?;
    ensure!(done.ephemeral && done.message.content.contains("on all sides"), "{done:?}");
    eventually("the message is gone", async || {
        let there = town.group.messages().iter().any(|it| it.text.contains("too hasty"));
        let here = town.channel.messages().iter().any(|it| it.content.contains("too hasty"));
        Ok(!there && !here)
    })
    .await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_undone_with_one_touch() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let code = code_for_tanja(town).await?;
    let alone = alone_with_bot(&town.alice).await?;
    ask(&town.alice, &alone, &code).await?;
    let done = town.alice.expect(&alone, |it| it.body.starts_with("Done.")).await?;
    town.alice.react(&alone, &done.event_id, "▶ Undo").await?;
    let undone = |it: &sandbox::synapse::Seen| it.body.contains("your accounts are separate again");
    town.alice.expect(&alone, undone).await.context("it was not undone")?;
    town.assert_clean()
}
