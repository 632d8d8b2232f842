// SPDX-License-Identifier: AGPL-3.0-or-later
//! Some nodes on one PostgreSQL: one runs the bridge, the others wait.

use std::time::Duration;

use sandbox::postgres::Postgres;
use sandbox::town::{Bridge, Line, Side, Town};

use crate::sudden_death::{numbered, numbers, told_once_and_in_order};
use crate::{crosses, eventually, town};

/// A town whose bridge has its store in a database; `None` where PostgreSQL is not installed.
async fn town_with_database() -> anyhow::Result<Option<(Postgres, Town)>> {
    let Some(server) = Postgres::start() else { return Ok(None) };
    let url = server.fresh();
    let store = format!("[store]\npath = \"store\"\nengine = \"postgres\"\nurl = \"{url}\"\n");
    let town = town("12", &store).await?;
    Ok(Some((server, town)))
}

/// A second node that waits.
async fn standby(town: &Town, same_address: bool) -> anyhow::Result<Bridge> {
    let mut twin = town.bridge.twin("second", same_address)?;
    twin.start()?;
    eventually("the second node waits", async || Ok(twin.log().contains("standing by"))).await?;
    Ok(twin)
}

async fn runs(node: &Bridge) -> anyhow::Result<()> {
    eventually("the node runs", async || Ok(node.log().contains("freeside is running"))).await
}

/// Whether a node that waits has the port where the homeserver calls.
async fn is_refused(town: &Town) -> anyhow::Result<bool> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer = client.get(town.bridge.url()).send().await;
    Ok(answer.is_ok_and(|it| it.status() == reqwest::StatusCode::SERVICE_UNAVAILABLE))
}

/// Each side has every message once and in order.
async fn all_told(town: &Town, messages: usize) -> anyhow::Result<()> {
    for side in Side::ALL {
        let all = |lines: &[Line]| (numbers(lines).len() >= messages).then_some(());
        town.until_within(side, Duration::from_secs(120), all).await?;
    }
    for side in Side::ALL {
        told_once_and_in_order(side, &town.lines(side).await?, messages);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_node_is_killed_while_people_talk_the_one_that_waits_goes_on() -> anyhow::Result<()>
{
    let Some((_server, mut town)) = town_with_database().await? else { return Ok(()) };
    let twin = standby(&town, true).await?;
    for number in 0..90 {
        town.say(Side::ALL[number % 3], &numbered(number)).await?;
        if number == 45 {
            town.bridge.kill()?;
        }
    }
    all_told(&town, 90).await?;
    runs(&twin).await?;
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_only_slow_ends_and_nothing_is_said_twice() -> anyhow::Result<()> {
    let Some((_server, mut town)) = town_with_database().await? else { return Ok(()) };
    let twin = standby(&town, false).await?;
    for number in 0..30 {
        town.say(Side::ALL[number % 2 + 1], &numbered(number)).await?;
    }
    town.bridge.freeze(true)?;
    runs(&twin).await?;
    town.bridge.freeze(false)?;
    eventually("the slow node ends", async || Ok(!town.bridge.runs())).await?;
    let log = town.bridge.log();
    assert!(log.contains("another node has taken over the store: this node ends"), "{log}");
    town.say(Side::Telegram, "and it goes on").await?;
    town.expect(Side::Discord, |line| line.text == "and it goes on").await?;
    for side in Side::ALL {
        let told = numbers(&town.lines(side).await?);
        let mut once = told.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), told.len(), "{side:?} tells something twice: {told:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_takes_over_gets_the_port_of_a_third_one_that_waits() -> anyhow::Result<()> {
    let Some((_server, mut town)) = town_with_database().await? else { return Ok(()) };
    let second = standby(&town, true).await?;
    town.bridge.kill()?;
    eventually("the second node has the port", async || is_refused(&town).await).await?;
    second.freeze(true)?;
    let mut third = town.bridge.twin("third", true)?;
    third.start()?;
    let waits = "another process listens at `appservice.listen`";
    eventually("the third node waits", async || Ok(third.log().contains(waits))).await?;
    town.say(Side::Telegram, "nothing else waits").await?;
    town.expect(Side::Discord, |line| line.text == "nothing else waits").await?;
    second.freeze(false)?;
    crosses(&town, Side::Matrix, "and Matrix is heard").await?;
    assert!(second.log().contains("has let the node have the port"), "{}", second.log());
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_takes_over_listens_as_soon_as_one_that_hung_ends() -> anyhow::Result<()> {
    let Some((_server, mut town)) = town_with_database().await? else { return Ok(()) };
    let twin = standby(&town, true).await?;
    town.bridge.freeze(true)?;
    runs(&twin).await?;
    town.say(Side::Telegram, "nothing else waits").await?;
    town.expect(Side::Discord, |line| line.text == "nothing else waits").await?;
    town.bridge.freeze(false)?;
    eventually("the slow node ends", async || Ok(!town.bridge.runs())).await?;
    crosses(&town, Side::Matrix, "and Matrix is heard").await?;
    let log = twin.log();
    for listens in ["listening for the homeserver", "telling metrics", "serving pages"] {
        assert!(log.contains(listens), "{log}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_waits_refuses_transactions_and_runs_as_soon_as_the_other_one_ends()
-> anyhow::Result<()> {
    let Some((_server, mut town)) = town_with_database().await? else { return Ok(()) };
    let twin = standby(&town, false).await?;
    let transaction = format!("{}/_matrix/app/v1/transactions/1", twin.url());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let refused = client.put(transaction).body("{\"events\":[]}").send().await?;
    assert_eq!(refused.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().await?.contains("this node stands by"));
    crosses(&town, Side::Telegram, "the first node runs").await?;
    town.bridge.terminate().await?;
    runs(&twin).await?;
    town.say(Side::Telegram, "the second node runs").await?;
    town.expect(Side::Discord, |line| line.text == "the second node runs").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_database_is_down_for_a_while_nothing_is_lost_and_it_goes_on_by_itself()
-> anyhow::Result<()> {
    let Some((mut server, mut town)) = town_with_database().await? else { return Ok(()) };
    for number in 0..60 {
        town.say(Side::ALL[number % 3], &numbered(number)).await?;
        if number == 20 {
            server.crash();
        }
    }
    server.serve();
    all_told(&town, 60).await?;
    assert!(town.bridge.runs(), "the same process");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_moves_from_sled_to_a_database_and_knows_what_was_said() -> anyhow::Result<()> {
    let Some(server) = Postgres::start() else { return Ok(()) };
    let mut town = town("12", "").await?;
    let said = town.say(Side::Discord, "before the move").await?;
    town.expect(Side::Matrix, |line| line.text == "before the move").await?;
    town.expect(Side::Telegram, |line| line.text == "before the move").await?;
    town.bridge.kill()?;
    let file = town.bridge.config().with_file_name("moved.jsonl").display().to_string();
    town.bridge.tell(&["store", "export", &file])?;
    let database = format!("path = \"store\"\nengine = \"postgres\"\nurl = \"{}\"", server.fresh());
    town.bridge.reconfigure("path = \"store\"", &database)?;
    town.bridge.tell(&["store", "import", &file])?;
    let again = town.bridge.tell(&["store", "import", &file]).unwrap_err().to_string();
    assert!(again.contains("the store is not empty"), "{again}");
    town.bridge.start()?;
    crosses(&town, Side::Matrix, "and it goes on").await?;
    town.edit(&said, "what was said before is known").await?;
    town.expect(Side::Telegram, |line| line.text == "what was said before is known").await?;
    let copy = town.bridge.config().with_file_name("copy").display().to_string();
    let copied = town.bridge.tell(&["store", "backup", &copy])?;
    assert!(copied.contains("is whole"), "while it runs: {copied}");
    let whole = town.bridge.tell(&["store", "check"])?;
    assert!(whole.contains("the store is whole"), "while it runs: {whole}");
    let held = town.bridge.tell(&["store", "compact"]).unwrap_err().to_string();
    assert!(held.contains("Is another freeside running on it?"), "{held}");
    town.bridge.terminate().await?;
    town.bridge.tell(&["store", "compact"])?;
    town.bridge.start()?;
    crosses(&town, Side::Telegram, "and once more").await
}
