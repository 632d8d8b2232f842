// SPDX-License-Identifier: AGPL-3.0-or-later
//! What whoever watches the bridge sees of what happens in it.
//!
//! Rule: numbers are read where Prometheus reads them, from the running bridge.

use std::time::Duration;

use anyhow::{Context, ensure};
use sandbox::town::{Side, Town};
use serde_json::Value;

use crate::{crosses, eventually, town};

/// The list of all metrics.
const LIST: &str = include_str!("../../src/monitoring/list.rs");

fn is_name(text: &&str) -> bool {
    let words = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    words && (text.starts_with("freeside_") || text.starts_with("process_"))
}

/// The page of metrics.
async fn page(town: &Town) -> anyhow::Result<String> {
    let answer = reqwest::get(format!("{}/metrics", town.bridge.watch_url())).await?;
    let kind = answer.headers().get("content-type").context("no content type")?.to_str()?;
    ensure!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    Ok(answer.error_for_status()?.text().await?)
}

/// The number of a sample, by its name with its labels.
fn number(page: &str, sample: &str) -> anyhow::Result<f64> {
    let value = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    Ok(value.with_context(|| format!("no {sample} in:\n{page}"))?.parse()?)
}

async fn look(town: &Town, sample: &str) -> anyhow::Result<f64> {
    number(&page(town).await?, sample)
}

/// What `/health/...` says, with its status.
async fn health(town: &Town, what: &str) -> anyhow::Result<(u16, Value)> {
    let answer = reqwest::get(format!("{}/health/{what}", town.bridge.watch_url())).await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

async fn becomes_ready(town: &Town) -> anyhow::Result<()> {
    eventually("all parts are ready", async || Ok(health(town, "ready").await?.0 == 200)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_crosses_is_counted_by_network_and_verdict() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    becomes_ready(&town).await?;
    let before = page(&town).await?;
    let delivered = |page: &str, network: &str| {
        number(
            page,
            &format!("freeside_deliveries_total{{network=\"{network}\",verdict=\"delivered\"}}"),
        )
    };
    crosses(&town, Side::Telegram, "a word that no page of numbers holds").await?;
    let arrived = async || {
        let now = page(&town).await?;
        let more = |network| anyhow::Ok(delivered(&now, network)? > delivered(&before, network)?);
        Ok(more("matrix")? && more("discord")?)
    };
    eventually("deliveries are counted", arrived).await?;
    let now = page(&town).await?;
    let events = "freeside_events_accepted_total{network=\"telegram\"}";
    assert_eq!(number(&now, events)?, number(&before, events)? + 1.0);
    for network in ["matrix", "discord"] {
        for family in ["freeside_delivery_seconds", "freeside_upstream_request_seconds"] {
            let count = number(&now, &format!("{family}_count{{network=\"{network}\"}}"))?;
            let upto = format!("{family}_bucket{{network=\"{network}\",le=\"+Inf\"}}");
            assert!(count >= 1.0 && number(&now, &upto)? == count, "{family} {network}");
        }
    }
    assert!(number(&now, "freeside_store_commit_seconds_count")? >= 1.0);
    assert!(number(&now, "freeside_store_size_bytes")? > 0.0);
    assert!(number(&now, "process_resident_memory_bytes")? > 1_000_000.0);
    assert_eq!(number(&now, "freeside_portals{stage=\"bridged\"}")?, 1.0);
    assert!(number(&now, "freeside_retention_last_success_timestamp_seconds")? > 0.0);
    let commit = format!("freeside_build_info{{version=\"{}\",commit=", env!("CARGO_PKG_VERSION"));
    assert!(now.contains(&commit), "{now}");
    // Of all that is in the list, nothing is missing; of people and chats there is nothing.
    let names: Vec<&str> = LIST.split('"').skip(1).step_by(2).filter(is_name).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(now.contains(&format!("# TYPE {name} ")), "{name}");
    }
    let room = town.room.trim_start_matches('!');
    for secret in ["no page", "Tanja", "localhost", room, &town.channel.id().to_string(), "token"] {
        assert!(!now.contains(secret), "{secret} in:\n{now}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_waits_shows_how_much_and_for_how_long() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    town.discord.rate_limit(&town.channel, Duration::from_secs(30));
    for number in 0..3 {
        town.say(Side::Telegram, &format!("waiting {number}")).await?;
    }
    town.expect(Side::Matrix, |line| line.text == "waiting 2").await?;
    let waits = async || {
        let page = page(&town).await?;
        let discord = |name: &str| number(&page, &format!("{name}{{network=\"discord\"}}"));
        let busy = number(&page, "freeside_lanes{network=\"discord\",state=\"busy\"}")?;
        let waiting = discord("freeside_lane_entries")? == 3.0 && busy == 1.0;
        let deep = discord("freeside_lane_deepest_entries")? == 3.0;
        let retried =
            number(&page, "freeside_deliveries_total{network=\"discord\",verdict=\"retried\"}")?;
        let old = discord("freeside_lane_oldest_head_seconds")? >= 1.0;
        Ok(waiting && deep && old && retried >= 1.0)
    };
    eventually("the lane is seen to wait", waits).await?;
    town.expect(Side::Discord, |line| line.text == "waiting 2").await?;
    let rests = async || {
        let page = page(&town).await?;
        let discord = |name: &str| number(&page, &format!("{name}{{network=\"discord\"}}"));
        let age = discord("freeside_lane_oldest_head_seconds")?;
        Ok(discord("freeside_lane_entries")? == 0.0 && age == 0.0)
    };
    eventually("the lane is empty", rests).await?;
    // It was slow, and that stays.
    let name = "freeside_delivery_seconds_bucket{network=\"discord\",le=";
    let all = look(&town, &format!("{name}\"+Inf\"}}")).await?;
    let quick = look(&town, &format!("{name}\"5\"}}")).await?;
    assert!(all - quick >= 1.0, "{quick} of {all} were quick");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_says_which_part_is_down() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    becomes_ready(&town).await?;
    let (status, said) = health(&town, "ready").await?;
    let expected = serde_json::json!({ "ready": true, "parts": {
        "homeserver": "ready", "store": "ready",
        "matrix": "ready", "telegram": "ready", "discord": "ready",
    } });
    assert_eq!((status, said), (200, expected));

    town.synapse.kill().await?;
    let down = async || {
        let (status, said) = health(&town, "ready").await?;
        let homeserver = said.pointer("/parts/homeserver") == Some(&"cannot be reached".into());
        let others = ["store", "telegram", "discord"];
        let fine =
            others.iter().all(|it| said.pointer(&format!("/parts/{it}")) == Some(&"ready".into()));
        Ok(status == 503 && homeserver && fine)
    };
    eventually("the homeserver is missed", down).await?;
    assert_eq!(look(&town, "freeside_ready{part=\"homeserver\"}").await?, 0.0);
    // Whoever starts it again because of that would mend nothing.
    assert_eq!(health(&town, "live").await?, (200, serde_json::json!({ "live": true })));
    town.synapse.start_again().await?;
    becomes_ready(&town).await?;

    town.telegram.outage(true);
    // The poll that waits already ends with this; the next one is not answered.
    town.say(Side::Telegram, "the last word before the outage").await?;
    let deaf = async || {
        let said = health(&town, "ready").await?.1;
        let telegram = said.pointer("/parts/telegram").and_then(Value::as_str).unwrap_or_default();
        Ok(telegram.starts_with("does not hear"))
    };
    eventually("Telegram is missed", deaf).await?;
    let unknown = reqwest::get(format!("{}/other", town.bridge.watch_url())).await?;
    assert_eq!(unknown.status().as_u16(), 404);
    Ok(())
}
