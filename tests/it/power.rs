// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who decides over the way of a community, and when.

use anyhow::{Context, ensure};
use sandbox::synapse::{Person, Seen};
use sandbox::telegram;
use sandbox::town::{BOT, Side, Town};

use crate::claiming::{alone_with_bot, code_for_tanja, opens};
use crate::moving::{self, DECISION, day_comes, inventory, inventory_with, rests, schedule, step};
use crate::{crosses, eventually, sure};

/// The answer to what somebody types in the group.
async fn in_group(town: &Town, by: &telegram::User, typed: &str) -> anyhow::Result<telegram::Seen> {
    let asked = town.group.say(by, typed)?;
    let answers = |seen: &telegram::Seen| seen.is_bot && seen.reply_to == Some(asked);
    town.group.expect(answers).await.with_context(|| format!("no answer to {typed}"))
}

/// The answer to what somebody asks for in the channel.
async fn in_channel(
    town: &Town,
    command: &str,
    options: &[(&str, &str)],
) -> anyhow::Result<String> {
    let typed = town.channel.slash(&town.dora, "freeside", command, options)?;
    Ok(typed.answer().await?.message.content)
}

/// Ben openly owns Tanja's account; she owns the group.
async fn ben_is_tanja(town: &Town, ben: &Person) -> anyhow::Result<()> {
    let code = code_for_tanja(town).await?;
    let alone = alone_with_bot(ben).await?;
    let answer = crate::ask(ben, &alone, &code).await?;
    ensure!(answer.starts_with("Done."), "{answer}");
    opens(ben, &alone).await
}

async fn asked_in_room(town: &Town, typed: &str) -> anyhow::Result<String> {
    moving::ask(town, &town.alice, typed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_01_steps_are_the_rooms_and_settings_everybodys_on_their_side() -> anyhow::Result<()> {
    let (town, ben) = inventory().await?;
    let next = format!("stage next {DECISION}");
    for refused in [
        in_group(&town, &town.tanja, &format!("/{next}")).await?.text,
        in_channel(&town, "stage", &[("step", &format!("next {DECISION}"))]).await?,
    ] {
        ensure!(refused.contains("Only admins of the Matrix room decide"), "{refused}");
    }
    let member = town.synapse.person_named("mia", "Mia").await?;
    member.join(&town.room).await?;
    let refused = sure(&member, &town.room, &format!("!freeside {next}")).await?;
    ensure!(refused.contains("Only admins") || refused.contains("power level"), "{refused}");
    let now = asked_in_room(&town, "stage").await?;
    ensure!(now.contains("Stage: inventory"), "{now}");

    step(&town, "stage next", "announced").await?;
    step(&town, "stage next", "bridged").await?;
    // The owner of the group may say how the link behaves, and the room hears of it.
    let set = in_group(&town, &town.tanja, "/set reaction-line off").await?.text;
    ensure!(set.contains("is now off"), "{set}");
    let told = |seen: &Seen| seen.body.contains("did this on Telegram");
    town.alice.expect(&town.room, told).await.context("the room is not told")?;
    let tom = town.telegram.user("Tom");
    town.group.join(&tom)?;
    let refused = in_group(&town, &tom, "/set reaction-line on").await?.text;
    ensure!(refused.contains("Only the owner of this group"), "{refused}");
    // An admin of the room takes a step from Telegram.
    ben_is_tanja(&town, &ben).await?;
    rests(&town).await?;
    let taken = in_group(&town, &town.tanja, &format!("/stage back {DECISION}")).await?.text;
    ensure!(taken.contains("Stage: announced"), "{taken}");
    let told = |seen: &Seen| seen.body.contains("did this on Telegram:\nStage: announced");
    town.alice.expect(&town.room, told).await.context("the room is not told of the step")?;
    let audit = asked_in_room(&town, "audit").await?;
    ensure!(audit.contains("(Telegram)"), "{audit}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_02_approvals_count_people_of_the_room_once() -> anyhow::Result<()> {
    let (town, ben) = inventory_with("native_percent = 90\n").await?;
    step(&town, "stage next", "announced").await?;
    step(&town, "stage next", "bridged").await?;
    ben_is_tanja(&town, &ben).await?;
    // Ben agrees with both of his accounts, Dora with a server that is hers.
    in_group(&town, &town.tanja, "/stage approve").await?;
    moving::ask(&town, &ben, "stage approve").await?;
    in_channel(&town, "stage", &[("step", "approve")]).await?;
    let now = asked_in_room(&town, "stage").await?;
    ensure!(now.contains("now: 1, needed: 2"), "{now}");
    ensure!(now.contains("Others agreed, too: 1."), "{now}");
    let early = moving::ask(&town, &ben, &format!("stage next {DECISION}")).await?;
    ensure!(early.contains("not possible yet"), "{early}");
    // Whoever takes the step agrees to it.
    step(&town, "stage next", "matrix-first").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_03_nothing_is_closed_or_ended_before_its_day_and_by_one_alone() -> anyhow::Result<()> {
    let (town, ben) = inventory().await?;
    for stage in ["announced", "bridged"] {
        step(&town, "stage next", stage).await?;
    }
    moving::vote(&town, &ben).await?;
    step(&town, "stage next", "matrix-first").await?;
    moving::vote(&town, &ben).await?;
    let next = format!("stage next {DECISION}");
    let undated = asked_in_room(&town, &next).await?;
    ensure!(undated.contains("No day is planned yet"), "{undated}");
    schedule(&town).await?;
    let early = asked_in_room(&town, &next).await?;
    ensure!(early.contains("left"), "{early}");
    day_comes(&town, "read-only").await?;
    rests(&town).await?;
    // The end: who plans its day agrees, and that is one.
    schedule(&town).await?;
    let early = asked_in_room(&town, &next).await?;
    ensure!(early.contains("Admins of the room who agreed: 1 (needed: 2)"), "{early}");
    let shown = crate::ask(&ben, &town.room, "!freeside stage approve").await?;
    ensure!(shown.contains("Erased for good") && shown.contains("Nothing has happened"), "{shown}");
    crate::ask(&ben, &town.room, "!freeside confirm").await?;
    let early = asked_in_room(&town, &next).await?;
    ensure!(early.contains("left"), "agreed, and before the day: {early}");
    day_comes(&town, "sunset").await?;
    let receipt = town.alice.expect(&town.room, |seen| seen.body.starts_with("Erased: ")).await;
    receipt.context("no receipt").map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_05_nothing_that_reaches_many_people_happens_by_a_slip() -> anyhow::Result<()> {
    let town = crate::town("12", "").await?;
    let polls = |town: &Town| {
        let in_group = town.group.messages().iter().filter(|seen| seen.poll.is_some()).count();
        in_group + town.channel.messages().iter().filter(|seen| seen.poll.is_some()).count()
    };
    for typed in ["vote help", "vote close", "vote results", "vote Do we move", "vote “Do we?”"]
    {
        crate::ask(&town.alice, &town.room, &format!("!freeside {typed}")).await?;
        let answer = in_group(&town, &town.tanja, &format!("/{typed}")).await?.text;
        ensure!(!answer.contains("is open:"), "{typed}: {answer}");
    }
    for side in Side::ALL {
        crosses(&town, side, &format!("{side:?} after what was no vote")).await?;
    }
    ensure!(polls(&town) == 0, "a poll that nobody confirmed");
    // By touch, and by nobody without the right.
    let shown = in_group(&town, &town.tanja, "/vote “Shall we go?”").await?;
    ensure!(shown.text.contains("Nothing has happened yet."), "{shown}");
    let label = shown.buttons.concat().first().cloned().context("no button")?;
    let tom = town.telegram.user("Tom");
    town.group.join(&tom)?;
    town.group.press(&tom, shown.id, &label)?;
    let refused =
        |it: &telegram::Seen| it.is_bot && it.text.contains("Only the owner of this group");
    town.group.expect(refused).await.context("a member confirmed it")?;
    ensure!(polls(&town) == 0, "a poll that a member confirmed");
    town.group.press(&town.tanja, shown.id, &label)?;
    eventually("a poll in both chats", async || Ok(polls(&town) == 2)).await?;
    // The end of a connection, by the reaction that is there already.
    let shown = crate::ask(&town.alice, &town.room, "!freeside unlink discord").await?;
    ensure!(shown.contains("Nothing has happened yet."), "{shown}");
    crosses(&town, Side::Discord, "still connected").await?;
    let offered = |it: &Seen| it.sender == BOT && it.body == shown && !it.reactions.is_empty();
    let question = town.alice.expect(&town.room, offered).await?;
    let key = question.reactions.first().map(|one| one.key.clone()).unwrap_or_default();
    town.alice.react(&town.room, &question.event_id, &key).await?;
    town.channel.expect(|it| it.content.contains("has ended here")).await.map(drop)
}
