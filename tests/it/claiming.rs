// SPDX-License-Identifier: AGPL-3.0-or-later
//! One person moves: by a code from Telegram, shown to the bot on Matrix.

use anyhow::{Context, ensure};
use sandbox::synapse::{Person, RoomOptions};
use sandbox::town::{BOT, Town, code_in};

use crate::{ask, eventually, town};

/// Tanja speaks in the group, and asks for the way to Matrix in private; the code that she gets.
pub async fn code_for_tanja(town: &Town) -> anyhow::Result<String> {
    town.group.say(&town.tanja, "hello from Telegram")?;
    town.alice.expect(&town.room, |it| it.body == "hello from Telegram").await?;
    let private = town.telegram.private_chat(&town.tanja);
    private.say(&town.tanja, "/start matrix")?;
    let told = private.expect(|it| it.is_bot && it.text.contains("ten minutes")).await?;
    ensure!(told.photo.is_some(), "no picture that a phone can read: {told}");
    code_in(&told.text).context("no code")
}

/// A room of somebody with the bot alone.
pub async fn alone_with_bot(person: &Person) -> anyhow::Result<String> {
    let options = RoomOptions { invite: vec![BOT.into()], ..RoomOptions::default() };
    let alone = person.create_room(options).await?;
    eventually("the bot in the room", async || Ok(person.members(&alone).await?.contains_key(BOT)))
        .await?;
    Ok(alone)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_of_the_group_becomes_one_of_the_room_by_one_touch_of_another()
-> anyhow::Result<()> {
    let town = &town("12", "").await?;
    let code = code_for_tanja(town).await?;
    let bob = town.synapse.person_named("bob", "Bob").await?;
    bob.join(&town.room).await?;
    let alone = alone_with_bot(&bob).await?;
    let answer = ask(&bob, &alone, &code).await?;
    ensure!(answer.contains("You are an admin on Telegram"), "{answer}");
    let claimed = bob.expect(&alone, |it| it.body.starts_with("Done.")).await?;
    bob.react(&alone, &claimed.event_id, "▶ Ask for power").await?;
    let asks = |it: &sandbox::synapse::Seen| it.sender == BOT && it.body.contains("same power");
    let request = town.alice.expect(&town.room, asks).await?;
    ensure!(!request.body.contains("Tanja"), "{}", request.body);
    town.alice.react(&town.room, &request.event_id, "▶ Give the same power").await?;
    let given = |it: &sandbox::synapse::Seen| it.body.contains("now has power level 50");
    town.alice.expect(&town.room, given).await.context("nothing was given")?;
    let power = town.alice.state(&town.room, "m.room.power_levels", "").await?;
    let level = power.as_ref().and_then(|power| power.get("users")?.get(bob.user_id()));
    ensure!(level == Some(&serde_json::json!(50)), "{power:?}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_moves_and_stays_the_same_person() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    // Two messages of the bot in all: one says where to go, one that it worked.
    let code = code_for_tanja(town).await?;
    let private = town.telegram.private_chat(&town.tanja);
    let first = town.alice.expect(&town.room, |it| it.body == "hello from Telegram").await?;
    let alone = alone_with_bot(&town.alice).await?;
    let answer = ask(&town.alice, &alone, &code).await?;
    ensure!(answer.starts_with("Done."), "{answer}");
    private.expect(|it| it.is_bot && it.text.contains("It worked")).await?;
    let of_bot = private.messages().iter().filter(|it| it.is_bot).count();
    ensure!(of_bot <= 4, "{of_bot} messages of the bot");
    eventually("the ghost is gone", async || {
        Ok(!town.alice.members(&town.room).await?.contains_key(&first.sender))
    })
    .await?;
    // On Telegram she is who she was; who answers her there reaches her here.
    town.alice.say(&town.room, "I am here now").await?;
    let hers = |it: &sandbox::telegram::Seen| it.is_bot && it.text.contains("I am here now");
    let copy = town.group.expect(hers).await?;
    ensure!(copy.text.contains("Tanja"), "{copy}");
    ensure!(!copy.text.contains("Alice"), "{copy}");
    let tom = town.telegram.user("Tom");
    town.group.join(&tom)?;
    town.group.reply(&tom, copy.id, "good to see you")?;
    let reply = town.alice.expect(&town.room, |it| it.body.contains("good to see you")).await?;
    let mentioned = reply.content.pointer("/m.mentions/user_ids").and_then(|ids| ids.as_array());
    let her = |id: &serde_json::Value| id.as_str() == Some(town.alice.user_id());
    ensure!(mentioned.is_some_and(|ids| ids.iter().any(her)), "{}", reply.content);
    // What she still writes there comes by the bot, and no ghost comes back.
    town.group.say(&town.tanja, "one more from the old place")?;
    let late = town.alice.expect(&town.room, |it| it.body.contains("one more from")).await?;
    ensure!(late.sender == BOT && late.body.contains("Tanja (Telegram)"), "{}", late.body);
    let answer = ask(&town.alice, &alone, "unclaim").await?;
    ensure!(answer.starts_with("Done"), "{answer}");
    town.group.say(&town.tanja, "as before")?;
    let seen = town.alice.expect(&town.room, |it| it.body == "as before").await?;
    ensure!(seen.sender == first.sender, "{}", seen.sender);
    town.assert_clean()
}
