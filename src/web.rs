// SPDX-License-Identifier: AGPL-3.0-or-later
//! Puts together what serves pages to browsers.
//!
//! Rule: without `[pages]` nothing listens. The port is a public one: it is bounded as that of media is.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use bot_core::clock::Clock;
use bot_core::core::Core;
use bot_core::wording::Wording;
use bridge_config::Config;
use bridge_matrix::port::{Opening, Port};
use bridge_matrix::server::{Guard, guarded, serve_router};
use pages::{PartState, Pulse, Site, SiteParts};
use tokio_util::sync::CancellationToken;

use crate::monitoring::Monitor;

/// Serves pages, where the configuration says so.
pub(crate) struct WebServer {
    listen: SocketAddr,
    shared: bool,
    router: axum::Router,
}

struct Health(Arc<Monitor>);

#[async_trait]
impl Pulse for Health {
    async fn parts(&self) -> Vec<PartState> {
        let parts = self.0.health().parts().await.into_iter();
        parts.map(|it| PartState { name: it.name, works: it.trouble.is_none() }).collect()
    }
}

impl WebServer {
    /// As the configuration says; nothing is listened for yet. `shared` when other nodes of this bridge
    /// may listen there, one at a time.
    pub(crate) fn of(
        config: &Config,
        (core, wording): (&Arc<Core>, &Arc<Wording>),
        (monitor, clock): (&Arc<Monitor>, &Arc<dyn Clock>),
        shared: bool,
    ) -> Option<Self> {
        let pages = config.pages.as_ref()?;
        let site = Site::new(SiteParts {
            core: Arc::clone(core),
            wording: Arc::clone(wording),
            pulse: Arc::new(Health(Arc::clone(monitor))),
            clock: Arc::clone(clock),
            public_url: pages.public_url.clone(),
            source_url: config.bot.source_url.to_string(),
        });
        let trusted = pages.trusted_proxies.clone();
        let guard = Guard::new(pages.requests_per_minute, trusted, Arc::clone(clock));
        let router = pages::headed(guarded(pages::router(site), guard));
        Some(Self { listen: pages.listen, shared, router })
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub(crate) async fn open(&self) -> anyhow::Result<Opening> {
        let Self { listen, shared, .. } = self;
        let opening = Port::new(*listen, "pages.listen", *shared).open().await;
        opening.with_context(|| format!("cannot listen at `pages.listen` ({listen})"))
    }

    /// Answers until stopped.
    pub(crate) async fn serve(&self, opening: Opening, stop: CancellationToken) {
        let Some(listener) = opening.listener(&stop).await else { return };
        tracing::info!(address = %self.listen, "serving pages");
        serve_router(listener, self.router.clone(), stop).await;
    }
}
