// SPDX-License-Identifier: AGPL-3.0-or-later
//! Pages for a browser: a page for each community that wants one, and how the bridge is.
//!
//! Rule: pages are made on the server, run no script, load nothing from elsewhere, and read values
//! that the core hands out, never its records (`docs/adr/0028`).

mod admin;
mod answer;
mod community;
pub mod frame;
mod language;
pub mod markup;
mod status;
mod style;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;
use bot_core::clock::Clock;
use bot_core::core::Core;
use bot_core::i18n::Key;
use bot_core::wording::Wording;
use url::Url;

use frame::{Asked, Frame};

/// Bytes of a form at most.
const LARGEST_FORM: usize = 64 * 1024;

/// Says which parts of the bridge work.
#[async_trait]
pub trait Pulse: Send + Sync {
    /// All parts, asked lately.
    async fn parts(&self) -> Vec<PartState>;
}

/// One part of the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartState {
    /// `homeserver`, `store`, or a network.
    pub name: String,
    /// It does what it is there for.
    pub works: bool,
}

/// What the pages need.
pub struct SiteParts {
    /// Knows the communities.
    pub core: Arc<Core>,
    /// What the bot says.
    pub wording: Arc<Wording>,
    /// How the parts are.
    pub pulse: Arc<dyn Pulse>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where browsers find the pages.
    pub public_url: Url,
    /// Where the source of exactly this version is.
    pub source_url: String,
}

/// The pages.
pub struct Site {
    parts: SiteParts,
    /// What stands before each path in a browser, without a final `/`.
    base: String,
}

impl Site {
    /// Nothing is served yet.
    pub fn new(parts: SiteParts) -> Arc<Self> {
        let base = parts.public_url.path().trim_end_matches('/').to_owned();
        Arc::new(Self { parts, base })
    }

    /// What the pages need.
    pub fn parts(&self) -> &SiteParts {
        &self.parts
    }

    /// What stands around every page, in the language of whoever asks; `own` is that of what the page
    /// is about.
    pub fn frame(&self, asked: &Asked, own: Option<&str>) -> Frame {
        Frame::new(self, asked, own)
    }

    /// The path of a page in a browser, such as `/status`.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// All pages. The caller bounds how often one client asks, and calls [`headed`] around that.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/c/{slug}", get(community::show))
        .route("/status", get(status::show))
        .route(style::ROUTE, get(style::serve))
        .merge(admin::router())
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn(answer::in_time))
        .with_state(site)
}

/// Sets what every answer says of itself, refusals, too.
pub fn headed(router: Router) -> Router {
    router.layer(from_fn(answer::headers))
}

async fn nothing(State(site): State<Arc<Site>>, asked: Asked) -> Response {
    not_found(&site, &asked)
}

/// There is no page here, or not for whoever asks: both look the same.
pub fn not_found(site: &Site, asked: &Asked) -> Response {
    let about = (StatusCode::NOT_FOUND, Key::PageNotFound, Key::PageNotFoundMore);
    answer::message(site.frame(asked, None), about)
}

/// A page cannot be made at present; why is in the log.
pub fn later(site: &Site, asked: &Asked) -> Response {
    let about = (StatusCode::SERVICE_UNAVAILABLE, Key::PageLater, Key::PageLaterMore);
    answer::message(site.frame(asked, None), about)
}

pub use answer::page;
