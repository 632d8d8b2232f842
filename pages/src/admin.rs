// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dashboard: pages for admins of rooms and for those who run the bridge.
//!
//! Rule: who is not logged in reads how to log in, and nothing else; what somebody may not see is not
//! there for them. A form counts where its token is of the session, and it came from these pages.

mod chart;
mod command;
mod deed;
mod door;
mod session;
mod view;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use bot_core::dashboard::{Dashboard, Visitor};
use bot_core::i18n::{Arg, Key};

use crate::Site;
use crate::answer;
use crate::frame::{Asked, Frame};

/// The fields of a form.
type Fields = BTreeMap<String, String>;

/// A form that was sent; what is none has no fields.
struct Filled(Fields);

impl<S: Send + Sync> FromRequest<S> for Filled {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let form = Form::<Fields>::from_request(request, state).await;
        Ok(Self(form.map(|form| form.0).unwrap_or_default()))
    }
}

impl Filled {
    fn field(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// The pages of the dashboard.
pub(crate) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/in/{secret}", get(door::link))
        .route("/in", post(door::enter).get(door::closed))
        .route("/admin", get(view::list))
        .route("/admin/out", post(door::leave).get(view::list))
        .route("/admin/lanes", get(view::lanes))
        .route("/admin/portal/{number}", get(view::portal))
        .route("/admin/portal/{number}/ask", post(deed::show).get(view::portal))
        .route("/admin/portal/{number}/do", post(deed::give).get(view::portal))
        .route("/admin/portal/{number}/asked/{form}", get(deed::asked))
}

/// What stands above the pages of somebody who is logged in.
struct Menu {
    you: String,
    token: String,
    operator: bool,
    home: String,
    lanes: String,
    out: String,
}

impl Menu {
    fn new(site: &Site, frame: &Frame, visitor: &Visitor) -> Self {
        let at = |path: &str| format!("{}{}", site.path(path), frame.query);
        Self {
            you: frame.say_of(Key::DashYou, &[Arg::text(&visitor.mxid)]),
            token: visitor.form_token(),
            operator: visitor.operator,
            home: at("/admin"),
            lanes: at("/admin/lanes"),
            out: at("/admin/out"),
        }
    }
}

/// A page that says one thing to somebody who may not be logged in.
fn told(site: &Site, asked: &Asked, what: (StatusCode, Key, Key)) -> Response {
    answer::message(site.frame(asked, None), what)
}

/// The answer to whoever is not logged in.
fn logged_out(site: &Site, asked: &Asked) -> Response {
    told(site, asked, (StatusCode::FORBIDDEN, Key::DashLoggedOut, Key::DashHow))
}

/// The answer to a form that does not count.
fn form_over(site: &Site, asked: &Asked) -> Response {
    told(site, asked, (StatusCode::FORBIDDEN, Key::DashFormOver, Key::DashFormOverMore))
}

fn dashboard(site: &Site) -> Dashboard {
    site.parts().core.dashboard()
}
