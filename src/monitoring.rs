// SPDX-License-Identifier: AGPL-3.0-or-later
//! For whoever watches the bridge: metrics for Prometheus, and whether it lives and is ready.
//!
//! Rule: a listener of its own, only where `[monitoring]` says so; it tells numbers, names nobody,
//! and changes nothing (`docs/adr/0026`).

pub mod ask;
mod counters;
mod health;
pub mod list;
mod page;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bot_core::clock::Clock;
use bot_core::store::Store;
use bot_core::store::gauges::{LaneGauges, StoreGauges};
use bridge_matrix::client::Client;
use bridge_matrix::port::{Opening, Port};
use bridge_matrix::server::serve_router;
use bridge_model::{NetworkId, Timestamp};
use bridge_policy::budget::Limits;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

pub(crate) use self::counters::Counters;
pub(crate) use self::health::Health;
use self::page::{MIME, MetricsPage, whole};

/// How long the store may take to say how full it is.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long numbers that take the store some work are told again.
const KEPT: Duration = Duration::from_secs(60);

/// What the monitor needs.
pub(crate) struct MonitorParts<'a> {
    /// Where it listens; nowhere without it.
    pub(crate) listen: Option<SocketAddr>,
    /// Other nodes of this bridge may listen there, one at a time.
    pub(crate) shared: bool,
    /// The folder of the store.
    pub(crate) folder: &'a Path,
    /// The budget of notices.
    pub(crate) limits: Limits,
    /// What is counted.
    pub(crate) counters: &'a Arc<Counters>,
    /// What waits.
    pub(crate) store: &'a Arc<Store>,
    /// Whom to ask whether it is there.
    pub(crate) homeserver: &'a Client,
    /// The time.
    pub(crate) clock: &'a Arc<dyn Clock>,
}

/// Tells how the bridge is.
pub(crate) struct Monitor {
    listen: Option<SocketAddr>,
    shared: bool,
    folder: PathBuf,
    limits: Limits,
    health: Health,
    started: Timestamp,
    known: Mutex<Option<(Instant, Costly)>>,
}

/// What is not asked at every look.
#[derive(Clone)]
struct Costly {
    gauges: StoreGauges,
    size: u64,
}

impl Monitor {
    /// Nothing is listened for yet.
    pub(crate) fn new(parts: &MonitorParts<'_>) -> Self {
        Self {
            listen: parts.listen,
            shared: parts.shared,
            folder: parts.folder.to_owned(),
            limits: parts.limits,
            health: Health::new(parts.store, parts.homeserver, parts.counters, parts.clock),
            started: parts.clock.now(),
            known: Mutex::default(),
        }
    }

    /// Whether the bridge lives.
    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    /// Begins to listen, where the configuration says so.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub(crate) async fn open(&self) -> anyhow::Result<Option<Opening>> {
        let Some(listen) = self.listen else { return Ok(None) };
        let opening = Port::new(listen, "monitoring.listen", self.shared).open().await;
        let opening =
            opening.with_context(|| format!("cannot listen at `monitoring.listen` ({listen})"))?;
        Ok(Some(opening))
    }

    /// Answers until stopped.
    pub(crate) async fn serve(self: Arc<Self>, opening: Option<Opening>, stop: CancellationToken) {
        let (Some(opening), Some(address)) = (opening, self.listen) else { return };
        let Some(listener) = opening.listener(&stop).await else { return };
        tracing::info!(%address, "telling metrics and health");
        serve_router(listener, router(self), stop).await;
    }

    async fn page(&self) -> String {
        let mut page = MetricsPage::default();
        let commit = env!("FREESIDE_COMMIT");
        page.numbers(&list::BUILD, [([env!("CARGO_PKG_VERSION"), commit], 1.0)]);
        let seconds = u64::try_from(self.started.0.div_euclid(1000)).unwrap_or_default();
        page.number(&list::STARTED, whole(seconds));
        if let Some(bytes) = resident() {
            page.number(&list::MEMORY, whole(bytes));
        }
        let parts = self.health.parts().await;
        let ready = parts.iter().map(|part| ([&part.name], f64::from(part.trouble.is_none())));
        page.numbers(&list::READY, ready);
        self.lanes(&mut page).await;
        self.health.counters.write(&mut page);
        self.costly(&mut page).await;
        page.finish()
    }

    /// Lanes as they are now. A network without lanes has zeros: what is missing cannot be compared.
    async fn lanes(&self, page: &mut MetricsPage) {
        let Health { store, clock, counters, .. } = &self.health;
        let Ok(Ok(known)) = timeout(PATIENCE, store.lane_gauges(clock.now())).await else { return };
        let lanes: Vec<(&str, LaneGauges)> = counters
            .names()
            .map(|name| (name, known.get(&NetworkId::from(name)).copied().unwrap_or_default()))
            .collect();
        let states = lanes.iter().flat_map(|(name, it)| {
            [("busy", it.busy), ("halted", it.halted)]
                .map(|(state, count)| ([*name, state], whole(count)))
        });
        page.numbers(&list::LANES, states);
        let each = |of: fn(&LaneGauges) -> f64| {
            lanes.iter().map(move |(name, it)| ([*name], of(it))).collect::<Vec<_>>()
        };
        page.numbers(&list::LANE_ENTRIES, each(|it| whole(it.entries)));
        page.numbers(&list::LANE_DEEPEST, each(|it| whole(it.deepest)));
        page.numbers(&list::LANE_OLDEST, each(|it| it.oldest.as_secs_f64()));
    }

    async fn costly(&self, page: &mut MetricsPage) {
        let Some(Costly { gauges, size }) = self.known().await else { return };
        page.number(&list::LANES_FULL, whole(gauges.overflowing));
        page.number(&list::STORE_SIZE, whole(size));
        page.number(&list::WEEKS, whole(gauges.weeks));
        page.number(&list::NOTICES, whole(gauges.notices));
        page.number(&list::NOTICES_SPENT, whole(gauges.without_notices));
        page.number(&list::GHOSTS, whole(gauges.ghosts));
        let stages = gauges.portals.iter().map(|(stage, it)| ([stage.name()], whole(*it)));
        page.numbers(&list::PORTALS, stages);
    }

    /// As asked lately, or anew.
    async fn known(&self) -> Option<Costly> {
        let mut known = self.known.lock().await;
        if let Some((_, costly)) = known.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            return Some(costly.clone());
        }
        let Health { store, clock, .. } = &self.health;
        let gauges = timeout(PATIENCE, store.gauges(clock.now(), self.limits)).await.ok()?.ok()?;
        let folder = self.folder.clone();
        let size = tokio::task::spawn_blocking(move || size_of(&folder)).await.ok()?;
        let costly = Costly { gauges, size };
        *known = Some((Instant::now(), costly.clone()));
        Some(costly)
    }
}

fn router(monitor: Arc<Monitor>) -> axum::Router {
    axum::Router::new()
        .route("/metrics", get(metrics))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .with_state(monitor)
}

async fn metrics(State(monitor): State<Arc<Monitor>>) -> Response {
    ([(CONTENT_TYPE, MIME)], monitor.page().await).into_response()
}

async fn live(State(monitor): State<Arc<Monitor>>) -> Response {
    if monitor.health.is_live().await {
        return Json(json!({ "live": true })).into_response();
    }
    let trouble = json!({ "live": false, "store": "its writer thread does not answer" });
    (StatusCode::SERVICE_UNAVAILABLE, Json(trouble)).into_response()
}

async fn ready(State(monitor): State<Arc<Monitor>>) -> Response {
    let parts = monitor.health.parts().await;
    let is_ready = parts.iter().all(|part| part.trouble.is_none());
    let said = |trouble: Option<&'static str>| trouble.unwrap_or("ready").into();
    let each: serde_json::Map<_, _> =
        parts.into_iter().map(|part| (part.name, said(part.trouble))).collect();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": is_ready, "parts": each }))).into_response()
}

/// Bytes of all files below a folder; what cannot be read counts as nothing.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let meta = entry.metadata().ok()?;
        Some(if meta.is_dir() { size_of(&entry.path()) } else { meta.len() })
    });
    sizes.fold(0, u64::saturating_add)
}

/// Memory of this process, where the system says so.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}
