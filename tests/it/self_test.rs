// SPDX-License-Identifier: AGPL-3.0-or-later
//! A self-test proves on the real platforms' terms that moderators can act, before anything crosses.

use std::time::Duration;

use anyhow::{Context, ensure};
use sandbox::discord::permissions::{self, MANAGE_MESSAGES};
use sandbox::faults::Fault;
use sandbox::telegram::Rights;
use sandbox::town::{BOT, Town};
use serde_json::{Value, json};

use crate::eventually;
use crate::moving::{DECISION, ask, inventory, rests, self_test, step};

const LINE: &str = "This is a test. The line is being deleted.";
const POWER: &str = "m.room.power_levels";

/// What is left of a self-test on any side.
async fn leftovers(town: &Town) -> anyhow::Result<Vec<String>> {
    let group = town.group.messages().into_iter().map(|seen| seen.text);
    let channel = town.channel.messages().into_iter().map(|seen| seen.content);
    let room = town.alice.transcript(&town.room).await?.0.into_iter().map(|seen| seen.body);
    Ok(group.chain(channel).chain(room).filter(|text| text.contains(LINE)).collect())
}

/// The test account, as the room's state has it.
async fn test_account(town: &Town) -> anyhow::Result<Value> {
    let state = town.alice.whole_state(&town.room).await?;
    let of_test = |event: &Value| {
        let reason = event.pointer("/content/reason").and_then(Value::as_str);
        event["type"] == "m.room.member" && reason == Some("Self-test")
    };
    state.into_iter().find(of_test).context("the test account was never banned")
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_self_test_bans_mutes_and_deletes_and_reads_it_back() -> anyhow::Result<()> {
    let (town, _ben) = inventory().await?;
    step(&town, "stage next", "announced").await?;
    let early = ask(&town, &town.alice, &format!("stage next {DECISION}")).await?;
    ensure!(early.contains("✗ The self-test of bans, mutes and deletions"), "{early}");
    let result = self_test(&town).await?;
    let expected = "Self-test passed. It counts for 30 days.\n\
        ✓ Matrix: ban, mute, delete messages – done, and read back\n\
        ✓ Telegram: ban, mute – I have the right; it cannot be tried without a real member\n\
        ✓ Telegram: delete messages – done, and read back\n\
        ✓ Discord: ban, mute – I have the right; it cannot be tried without a real member\n\
        ✓ Discord: delete messages – done, and read back";
    ensure!(result == expected, "{result}");
    // It was there, and nothing of it is.
    let said = town.telegram.requests_of("sendMessage");
    ensure!(said.iter().any(|request| format!("{request:?}").contains(LINE)), "{said:?}");
    ensure!(leftovers(&town).await?.is_empty(), "{:?}", leftovers(&town).await?);
    let account = test_account(&town).await?;
    ensure!(account["sender"] == BOT && account["content"]["membership"] == "leave", "{account}");
    let levels = town.alice.state(&town.room, POWER, "").await?.context("no power levels")?;
    let user = account["state_key"].as_str().context("no user")?;
    ensure!(levels["users"].get(user).is_none(), "{levels}");
    let audit = ask(&town, &town.alice, "audit").await?;
    ensure!(audit.contains("self-test passed"), "{audit}");
    ensure!(!audit.contains("ban:") && !audit.contains("muted:"), "no deed of anybody: {audit}");
    // Once more leaves as little.
    step(&town, "stage next", "bridged").await?;
    ensure!(leftovers(&town).await?.is_empty(), "{:?}", leftovers(&town).await?);
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_self_test_names_the_rights_that_are_missing_and_no_step_is_taken()
-> anyhow::Result<()> {
    let (town, _ben) = inventory().await?;
    step(&town, "stage next", "announced").await?;
    town.group.promote_bot(Rights { restrict_members: false, ..Rights::all() });
    let lacking = permissions::BOT & !MANAGE_MESSAGES;
    town.guild.bot_permissions(lacking | permissions::MANAGE_ROLES);
    let before = town.alice.state(&town.room, POWER, "").await?.context("no power levels")?;
    let mut levels = before.clone();
    levels["ban"] = json!(101);
    town.alice.set_state(&town.room, POWER, "", levels).await?;
    let result = self_test(&town).await?;
    for line in [
        "Self-test failed.",
        "✓ Matrix: mute, delete messages – done, and read back",
        "✗ Matrix: ban – ",
        "Missing on Matrix: the right to remove people and keep them out (“Ban users”)",
        "✗ Telegram: ban, mute – ",
        "Missing on Telegram: the right to decide who may write (“Ban Users”). The owner",
        "✗ Discord: delete messages – ",
        "(“Manage Messages”). A member with “Manage Roles” can give it",
    ] {
        ensure!(result.contains(line), "{line}:\n{result}");
    }
    ensure!(leftovers(&town).await?.is_empty(), "{:?}", leftovers(&town).await?);
    let refused = ask(&town, &town.alice, &format!("stage next {DECISION}")).await?;
    ensure!(refused.contains("not possible yet"), "{refused}");
    ensure!(refused.contains("✗ The last self-test failed"), "{refused}");
    town.group.promote_bot(Rights::all());
    town.guild.bot_permissions(permissions::BOT | permissions::MANAGE_ROLES);
    town.alice.set_state(&town.room, POWER, "", before).await?;
    step(&town, "stage next", "bridged").await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_sudden_death_in_the_middle_of_a_self_test_leaves_nothing_of_it() -> anyhow::Result<()>
{
    let (mut town, _ben) = inventory().await?;
    step(&town, "stage next", "announced").await?;
    rests(&town).await?;
    let never = Fault::Delay(Duration::from_secs(3600));
    town.telegram.faults().next("deleteMessage", 1, never);
    town.alice.say(&town.room, "!freeside selftest").await?;
    eventually("the line is to be deleted", async || {
        Ok(!town.telegram.requests_of("deleteMessage").is_empty())
    })
    .await?;
    ensure!(leftovers(&town).await?.iter().any(|text| text.contains(LINE)), "it is there");
    town.bridge.kill()?;
    town.bridge.start()?;
    let passed = |seen: &sandbox::synapse::Seen| seen.body.starts_with("Self-test passed.");
    let told = town.alice.expect(&town.room, passed).await;
    told.with_context(|| town.bridge.last_words())?;
    ensure!(leftovers(&town).await?.is_empty(), "{:?}", leftovers(&town).await?);
    town.assert_clean()
}
