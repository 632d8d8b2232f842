// SPDX-License-Identifier: AGPL-3.0-or-later
//! A community walks to Matrix, stage by stage, on the real platforms' terms.

use anyhow::{Context, ensure};
use bot_core::clock::{Clock, SystemClock};
use bridge_model::Timestamp;
use bridge_policy::calendar::{DAY_MS, Date};
use sandbox::discord::permissions;
use sandbox::synapse::{Person, Seen};
use sandbox::telegram::Rights;
use sandbox::town::{BOT, Side, Town, TownOptions};
use serde_json::Value;

use crate::clock::FileClock;
use crate::{crosses, eventually, program_with_clock};

/// Everything that takes time elsewhere takes none here.
const HURRIED: &str = "[stages]\nadmins = 2\nservers = 0\nannounced_days = 0\nnative_percent = 0\n\
    majority_percent = 0\nmajority_weeks = 0\nclosing_notice_days = 0\nsunset_notice_days = 0\n";
pub const DECISION: &str = "--decision https://meta.example.org/vote";

/// Three chats at the first stage, with two admins in the room.
pub async fn inventory() -> anyhow::Result<(Town, Person)> {
    inventory_with("").await
}

/// The same, with some of what steps need as this says.
pub async fn inventory_with(stages: &str) -> anyhow::Result<(Town, Person)> {
    let name = |line: &str| line.split(" =").next().unwrap_or_default().to_owned();
    let changed: Vec<String> = stages.lines().map(name).collect();
    let kept = HURRIED.lines().filter(|line| !changed.contains(&name(line)));
    let more_config = kept.chain(stages.lines()).map(|line| format!("{line}\n")).collect();
    let town = Town::build(TownOptions {
        program: program_with_clock()?,
        room_version: "12".into(),
        encrypted: false,
        more_config,
        progress: &mut |_| {},
    })
    .await?;
    town.invite_bot().await?;
    let ben = town.synapse.person_named("ben", "Ben").await?;
    ben.join(&town.room).await?;
    town.alice.set_power(&town.room, ben.user_id(), 100).await?;
    town.group.promote_bot(Rights::all());
    town.guild.bot_permissions(permissions::BOT | permissions::MANAGE_ROLES);
    town.join_telegram().await?;
    town.join_discord().await?;
    Ok((town, ben))
}

/// What the bot answers to a command in the room.
pub async fn ask(town: &Town, by: &Person, command: &str) -> anyhow::Result<String> {
    let answer = crate::sure(by, &town.room, &format!("!freeside {command}")).await;
    answer.with_context(|| format!("no answer to {command}"))
}

/// Waits until nothing is under way.
pub async fn rests(town: &Town) -> anyhow::Result<()> {
    eventually("nothing is under way", async || {
        let now = ask(town, &town.alice, "stage").await?;
        Ok(!now.contains("in progress") && !now.contains("✗ The notice about data"))
    })
    .await
}

/// Takes a step and waits until all of it is done.
pub async fn step(town: &Town, typed: &str, stage: &str) -> anyhow::Result<()> {
    rests(town).await?;
    if (typed, stage) == ("stage next", "bridged") {
        let result = self_test(town).await?;
        ensure!(result.starts_with("Self-test passed."), "{result}");
    }
    let answer = ask(town, &town.alice, &format!("{typed} {DECISION}")).await?;
    ensure!(answer.contains(&format!("Stage: {stage}")), "{typed}: {answer}");
    rests(town).await
}

/// Bans, mutes and deletions are tried on all sides: what the room reads of it.
pub async fn self_test(town: &Town) -> anyhow::Result<String> {
    let is_result = |seen: &Seen| {
        seen.sender == BOT && seen.body.starts_with("Self-test ") && seen.body.contains('\n')
    };
    let results = async || {
        let said = town.alice.transcript(&town.room).await?.0;
        anyhow::Ok(said.into_iter().filter(is_result).map(|seen| seen.body).collect::<Vec<_>>())
    };
    let before = results().await?.len();
    ask(town, &town.alice, "selftest").await?;
    let come = async || Ok(results().await?.len() > before);
    let come = eventually("the result of the self-test", come).await;
    come.with_context(|| town.bridge.last_words())?;
    results().await?.pop().context("no result")
}

/// The day of the next step is announced.
pub async fn schedule(town: &Town) -> anyhow::Result<()> {
    let clock = FileClock::beside(&town.bridge.config());
    let now = SystemClock.now().0 + clock.ahead();
    let day = Date::of(Timestamp(now + 2 * DAY_MS));
    let answer = ask(town, &town.alice, &format!("stage schedule {day} {DECISION}")).await?;
    ensure!(answer.contains("is planned for"), "{answer}");
    Ok(())
}

/// That day comes, and the step is taken.
pub async fn day_comes(town: &Town, stage: &str) -> anyhow::Result<()> {
    let clock = FileClock::beside(&town.bridge.config());
    clock.set_ahead(clock.ahead() + 2 * DAY_MS)?;
    let come = format!("Today is the planned day: stage {stage}");
    let seen = town.alice.expect(&town.room, |seen| seen.body.contains(&come)).await;
    seen.with_context(|| town.bridge.last_words()).map(drop)
}

pub async fn vote(town: &Town, ben: &Person) -> anyhow::Result<()> {
    ask(town, &town.alice, "stage approve").await?;
    ask(town, ben, "stage approve").await?;
    Ok(())
}

/// Both legacy chats as they are: who may speak.
fn access(town: &Town) -> (Value, Value) {
    (town.group.permissions(), town.channel.overwrites())
}

fn may_speak(town: &Town) -> (bool, bool) {
    let group = town.group.say(&town.telegram.user("Tom"), "may I?").is_ok();
    (group, town.channel.try_say(&town.discord.user("Vera"), "may I?").is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_walks_to_matrix_and_back() -> anyhow::Result<()> {
    let (mut town, ben) = inventory().await?;
    // Nothing crosses before the community says so.
    town.group.say(&town.tanja, "too early")?;
    step(&town, "stage next", "announced").await?;
    let pinned = |text: &str| text.contains("will be connected to a");
    town.group.expect(|seen| seen.pinned && pinned(&seen.text)).await?;
    town.channel.expect(|seen| seen.pinned && pinned(&seen.content)).await?;
    step(&town, "stage next", "bridged").await?;
    crosses(&town, Side::Telegram, "hello from Telegram").await?;
    let early = town.alice.transcript(&town.room).await?;
    ensure!(early.line("too early").is_none(), "relayed before the stage:\n{early}");
    vote(&town, &ben).await?;
    step(&town, "stage next", "matrix-first").await?;
    town.alice.rename(&town.room, "The free side").await?;
    eventually("Matrix names the group", async || Ok(town.group.title() == "The free side"))
        .await?;

    town.group.permit("can_send_polls", false);
    let role = town.guild.role("helpers");
    town.channel.overwrite_role(role, permissions::SEND_MESSAGES, 0);
    let before = access(&town);
    vote(&town, &ben).await?;
    schedule(&town).await?;
    let early = ask(&town, &town.alice, &format!("stage next {DECISION}")).await?;
    ensure!(early.contains("left"), "before the announced day: {early}");
    day_comes(&town, "read-only").await?;
    // The process dies somewhere in the middle.
    town.bridge.kill()?;
    town.bridge.start()?;
    eventually("nobody speaks there", async || Ok(may_speak(&town) == (false, false))).await?;
    crosses_from_matrix(&town, "the bot still does").await?;
    ensure!(access(&town) != before);
    step(&town, "stage back", "matrix-first").await?;
    eventually("all is as it was", async || Ok(access(&town) == before)).await?;
    ensure!(may_speak(&town) == (true, true));
    crosses(&town, Side::Discord, "and it goes on").await?;
    town.assert_clean()
}

pub async fn crosses_from_matrix(town: &Town, text: &str) -> anyhow::Result<()> {
    town.alice.say(&town.room, text).await?;
    town.group.expect(|seen| seen.text.contains(text)).await?;
    town.channel.expect(|seen| seen.content.contains(text)).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_is_named_and_the_step_goes_on_with_it() -> anyhow::Result<()> {
    let (town, ben) = inventory().await?;
    step(&town, "stage next", "announced").await?;
    step(&town, "stage next", "bridged").await?;
    vote(&town, &ben).await?;
    step(&town, "stage next", "matrix-first").await?;
    vote(&town, &ben).await?;
    schedule(&town).await?;
    town.group.promote_bot(Rights { restrict_members: false, ..Rights::all() });
    let plan = ask(&town, &town.alice, "stage plan").await?;
    ensure!(plan.contains("the right to decide who may write (“Ban Users”)"), "{plan}");
    day_comes(&town, "read-only").await?;
    let told = |seen: &Seen| seen.body.contains("not done") && seen.body.contains("Ban Users");
    let seen = town.alice.expect(&town.room, told).await;
    seen.with_context(|| town.bridge.last_words())?;
    ensure!(town.group.say(&town.tanja, "we can still speak").is_ok());
    let now = ask(&town, &town.alice, "stage").await?;
    ensure!(now.contains("let only admins and me write"), "{now}");
    town.group.promote_bot(Rights::all());
    ask(&town, &town.alice, "stage retry").await?;
    eventually("nobody speaks there", async || Ok(!may_speak(&town).0)).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_end_nothing_is_left_but_the_pointer() -> anyhow::Result<()> {
    let (town, ben) = inventory().await?;
    step(&town, "stage next", "announced").await?;
    step(&town, "stage next", "bridged").await?;
    crosses(&town, Side::Telegram, "who was here").await?;
    crosses(&town, Side::Discord, "and who else").await?;
    for stage in ["matrix-first", "read-only", "sunset"] {
        if stage == "matrix-first" {
            vote(&town, &ben).await?;
            step(&town, "stage next", stage).await?;
            continue;
        }
        schedule(&town).await?;
        vote(&town, &ben).await?;
        day_comes(&town, stage).await?;
        if stage != "sunset" {
            rests(&town).await?;
        }
    }
    let receipt = town.alice.expect(&town.room, |seen| seen.body.starts_with("Erased: ")).await;
    receipt.context("no receipt")?;
    let pointer = |text: &str| text.contains("This community is now in its");
    ensure!(
        town.group.pinned().iter().any(|seen| pointer(&seen.text)),
        "{}",
        town.group.transcript()
    );
    let members = town.alice.members(&town.room).await?;
    ensure!(!members.keys().any(|user| user.starts_with("@_freeside_")), "{members:?}");
    Ok(())
}
