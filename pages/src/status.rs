// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the bridge is: which part works.
//!
//! Rule: it tells nothing of people, and of communities nothing but numbers, unless they have a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bot_core::i18n::Key;
use bot_core::wording::label;

use crate::frame::{Asked, Frame};
use crate::{PartState, Site, answer};

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    frame: Frame,
    all_well: bool,
    parts: Vec<Part>,
}

struct Part {
    name: String,
    works: bool,
}

pub(crate) async fn show(State(site): State<Arc<Site>>, asked: Asked) -> Response {
    let frame = site.frame(&asked, None);
    let parts = site.parts().pulse.parts().await;
    let page = StatusPage {
        all_well: parts.iter().all(|part| part.works),
        parts: parts.iter().map(|part| named(&frame, part)).collect(),
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
