// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is measured: one direction with so many rooms, authors and so much delay.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::gateway::{self, Gateway};
use super::probe::{Probe, percentile};
use super::process::{Addresses, Bridge, Engine, per_message, rest};
use super::side::{Direction, Ear, Outbox, Speaker, deliver};
use super::stubs::{BotApi, Common, DiscordApi, Homeserver, Inbox};
use super::wire::serve;

/// Messages that are under way at most while the throughput is measured.
const WINDOW: u64 = 500;
/// How long nothing may arrive.
const PATIENCE: Duration = Duration::from_secs(120);

/// What all cases share.
pub(crate) struct Setting {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) quick: bool,
    /// Seconds for which the bridge is left alone before it is measured: for a minute after a start it
    /// compares each transaction with the timeline.
    pub(crate) settle: u64,
    /// A program that is started with the process's number while the throughput is measured.
    pub(crate) profiler: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Throughput, then latency at half of it.
    Flow,
    /// So many messages at once.
    Backlog(u64),
    /// So many people who speak for the first time.
    Newcomers(u64),
    /// Nothing.
    Idle,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) direction: Direction,
    pub(crate) rooms: u64,
    pub(crate) delay_ms: u64,
    pub(crate) engine: Engine,
    pub(crate) kind: Kind,
}

impl Case {
    pub(crate) fn name(&self) -> String {
        let kind = match self.kind {
            Kind::Flow => format!("{} rooms, {} ms", self.rooms, self.delay_ms),
            Kind::Backlog(count) => format!("backlog of {count}, {} ms", self.delay_ms),
            Kind::Newcomers(count) => format!("{count} new authors, {} ms", self.delay_ms),
            Kind::Idle => "idle".to_owned(),
        };
        let engine = if self.engine == Engine::Sled { "sled" } else { "postgres" };
        format!("{}, {kind}, {engine}", self.direction.name())
    }
}

/// The bridge between stubs, and the people who speak.
struct Stage {
    bridge: Bridge,
    probe: Arc<Probe>,
    speaker: Speaker,
    said: u64,
}

impl Stage {
    async fn set(setting: &Setting, case: &Case) -> anyhow::Result<Self> {
        let (probe, next) = (Arc::<Probe>::default(), Arc::new(AtomicU64::new(1)));
        let delay = Duration::from_millis(case.delay_ms);
        let common = || Common { probe: Arc::clone(&probe), delay, next: Arc::clone(&next) };
        let (inbox, outbox) = (Arc::<Inbox>::default(), Arc::<Outbox>::default());
        let homeserver = serve(Arc::new(Homeserver(common()))).await?;
        let (telegram, discord) = if case.direction.has_telegram() {
            let api = BotApi { common: common(), inbox: Arc::clone(&inbox) };
            (Some(serve(Arc::new(api)).await?), None)
        } else {
            let api = serve(Arc::new(DiscordApi(common()))).await?;
            let (probe, posts) = (Arc::clone(&probe), Arc::clone(&outbox));
            let gateway = Arc::new(Gateway { probe, rooms: case.rooms, posts });
            (None, Some((api, gateway::serve(gateway).await?)))
        };
        let to = Addresses { homeserver, telegram, discord };
        let portals = (0..case.rooms).map(|room| case.direction.portal(room)).collect();
        let program = (setting.program.as_path(), case.engine);
        let bridge = Bridge::start(program, to, portals, &setting.folder).await?;
        let ear = match case.direction {
            Direction::TelegramToMatrix => Ear::Telegram(inbox),
            Direction::DiscordToMatrix => Ear::Discord(outbox),
            Direction::MatrixToTelegram | Direction::MatrixToDiscord => {
                let delivers = deliver(Arc::clone(&outbox), bridge.address, Arc::clone(&probe));
                TaskTracker::new().spawn(delivers);
                Ear::Matrix(outbox)
            }
        };
        let speaker = Speaker { ear, next, rooms: case.rooms };
        Ok(Self { bridge, probe, speaker, said: 0 })
    }

    fn say(&mut self, authors: u64, salt: &str) {
        self.speaker.say(self.said, (self.said % authors, salt));
        self.said += 1;
    }

    async fn arrived(&self) -> anyhow::Result<()> {
        let words = || self.bridge.last_words();
        self.probe.until(self.said, PATIENCE).await.with_context(words)
    }

    /// Everybody says something, so that names, ghosts and connections are there.
    async fn warm(&mut self, authors: u64) -> anyhow::Result<()> {
        for _ in 0..2 {
            for _ in 0..authors {
                self.say(authors, "");
            }
            self.arrived().await?;
        }
        self.probe.take_calls();
        self.probe.take_latencies();
        Ok(())
    }

    /// So many messages with a bounded number under way.
    async fn flow(&mut self, count: u64, authors: u64) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let end = self.said + count;
        while self.said < end {
            while self.said < end && self.said - self.probe.count() < WINDOW {
                self.say(authors, "");
            }
            let some = self.said.saturating_sub(WINDOW * 3 / 4).min(end);
            self.probe.until(some, PATIENCE).await.with_context(|| self.bridge.last_words())?;
        }
        self.arrived().await?;
        Ok(began.elapsed())
    }

    /// Messages at an even pace.
    async fn pace(&mut self, rate: f64, seconds: u64, authors: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        let whole = Duration::from_secs(seconds);
        let first = self.said;
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        while began.elapsed() < whole {
            tick.tick().await;
            #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
            while ((self.said - first) as f64) < began.elapsed().as_secs_f64() * rate {
                self.say(authors, "");
            }
        }
        self.arrived().await
    }
}

/// Measures a case.
pub(crate) async fn run(setting: &Setting, case: &Case) -> anyhow::Result<Value> {
    let mut stage = Stage::set(setting, case).await?;
    let mut figures = match case.kind {
        Kind::Flow => flow(setting, case, &mut stage).await?,
        Kind::Backlog(count) => burst(&mut stage, count, (50, "")).await?,
        Kind::Newcomers(count) => burst(&mut stage, count, (count, "n")).await?,
        Kind::Idle => {
            rest(10).await;
            Map::new()
        }
    };
    let (now, peak) = stage.bridge.memory()?;
    figures.insert("case".into(), case.name().into());
    figures.insert("memory_mb".into(), now.into());
    figures.insert("peak_mb".into(), peak.into());
    Ok(Value::Object(figures))
}

async fn flow(
    setting: &Setting,
    case: &Case,
    stage: &mut Stage,
) -> anyhow::Result<Map<String, Value>> {
    let authors = if case.rooms > 1 { case.rooms } else { 50 };
    stage.warm(authors).await?;
    rest(setting.settle).await;
    stage.probe.take_calls();
    let many = if setting.quick { 2_000 } else { 6_000 };
    let count = if case.delay_ms == 0 { many } else { 60 * case.rooms };
    let profiler = setting.profiler.as_ref().map(|program| {
        std::process::Command::new(program).arg(stage.bridge.id().to_string()).spawn()
    });
    let before = stage.bridge.usage()?;
    let took = stage.flow(count, authors).await?;
    let after = stage.bridge.usage()?;
    if let Some(profiler) = profiler {
        profiler?.wait()?;
    }
    stage.probe.take_latencies();
    let calls = stage.probe.take_calls();
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    let rate = count as f64 / took.as_secs_f64();
    let mut figures = figures(stage, (before, after), count, calls);
    figures.insert("per_s".into(), rate.into());
    let seconds = if setting.quick { 3 } else { 8 };
    stage.pace(rate / 2.0, seconds, authors).await?;
    let took = stage.probe.take_latencies();
    figures.insert("p50_ms".into(), percentile(&took, 0.50).into());
    figures.insert("p95_ms".into(), percentile(&took, 0.95).into());
    figures.insert("p99_ms".into(), percentile(&took, 0.99).into());
    Ok(figures)
}

/// So many messages at once.
async fn burst(
    stage: &mut Stage,
    count: u64,
    (authors, salt): (u64, &str),
) -> anyhow::Result<Map<String, Value>> {
    stage.warm(50).await?;
    let (before, began) = (stage.bridge.usage()?, Instant::now());
    for _ in 0..count {
        stage.say(authors, salt);
    }
    stage.arrived().await?;
    let (took, after) = (began.elapsed(), stage.bridge.usage()?);
    let calls = stage.probe.take_calls();
    stage.probe.take_latencies();
    let mut figures = figures(stage, (before, after), count, calls);
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    figures.insert("per_s".into(), (count as f64 / took.as_secs_f64()).into());
    Ok(figures)
}

fn figures(
    stage: &Stage,
    (before, after): (super::process::Usage, super::process::Usage),
    count: u64,
    calls: std::collections::BTreeMap<String, u64>,
) -> Map<String, Value> {
    let mut figures = match per_message(before, after, count) {
        Value::Object(figures) => figures,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    if stage.bridge.has_database() {
        figures.remove("flushes");
    }
    let all: u64 = calls.iter().filter(|(kind, _)| *kind != "poll").map(|(_, many)| many).sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    figures.insert("calls".into(), (all as f64 / count as f64).into());
    figures.insert("calls_by_kind".into(), json!(calls));
    figures
}
