// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the bridge is: which part works, what was missed, how many communities there are.
//!
//! Rule: it tells nothing of people, and of communities nothing but numbers, unless they have a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bot_core::desk::public_page::BridgeState;
use bot_core::i18n::Key;
use bot_core::store::gaps::ToldGap;
use bot_core::wording::label;

use crate::frame::{Asked, Frame};
use crate::markup::Markup;
use crate::{PartState, Site, answer, later};

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    frame: Frame,
    all_well: bool,
    parts: Vec<Part>,
    gaps: Vec<GapLine>,
    stages: Vec<(String, u64)>,
    public: Vec<PageLink>,
}

struct Part {
    name: String,
    works: bool,
}

struct GapLine {
    network: String,
    since: Markup,
    until: Markup,
    messages: String,
}

struct PageLink {
    name: String,
    address: String,
}

pub(crate) async fn show(State(site): State<Arc<Site>>, asked: Asked) -> Response {
    let frame = site.frame(&asked, None);
    let parts = site.parts().pulse.parts().await;
    let state = match site.parts().core.public().bridge().await {
        Ok(state) => state,
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            return later(&site, &asked);
        }
    };
    let BridgeState { stages, pages, gaps } = state;
    let stages = stages.into_iter().map(|(stage, count)| (frame.wording().stage(stage), count));
    let public = pages.into_iter().map(|(name, path)| PageLink {
        name: name.unwrap_or_else(|| frame.say(Key::PageUntitled)),
        address: format!("{}{}", site.path(&path), frame.query),
    });
    let page = StatusPage {
        all_well: parts.iter().all(|part| part.works),
        parts: parts.iter().map(|part| named(&frame, part)).collect(),
        gaps: gaps.iter().map(|gap| line(&frame, gap)).collect(),
        stages: stages.collect(),
        public: public.collect(),
        frame,
    };
    answer::page(StatusCode::OK, &page)
}

fn named(frame: &Frame, part: &PartState) -> Part {
    let name = match part.name.as_str() {
        "homeserver" => frame.say(Key::PagePartHomeserver),
        "store" => frame.say(Key::PagePartStore),
        network => label(&network.into()),
    };
    Part { name, works: part.works }
}

fn line(frame: &Frame, gap: &ToldGap) -> GapLine {
    GapLine {
        network: label(&gap.network),
        since: Markup::time(gap.since),
        until: Markup::time(gap.until),
        messages: match gap.messages {
            0 => frame.say(Key::PageUncounted),
            some => some.to_string(),
        },
    }
}
