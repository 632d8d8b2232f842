// SPDX-License-Identifier: AGPL-3.0-or-later
//! Logging in with a link, and logging out.
//!
//! Rule: to look at the link uses nothing up, so that a robot which makes previews does no harm; the
//! secret is used with a form, whose body no server logs.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use bot_core::i18n::Key;
use bot_core::store::visits::Opened;

use super::session::{cookie, down, is_from_here, known};
use super::{Filled, dashboard, form_over, told};
use crate::frame::{Asked, Frame};
use crate::{Site, answer};

#[derive(Template)]
#[template(path = "admin/door.html")]
struct DoorPage {
    frame: Frame,
    action: String,
    secret: String,
}

/// The page with the button that logs in.
pub(super) async fn link(
    State(site): State<Arc<Site>>,
    Path(secret): Path<String>,
    asked: Asked,
) -> Response {
    match dashboard(&site).link(&secret).await {
        Ok(Opened::Welcome(_)) => {
            let frame = site.frame(&asked, None);
            let action = format!("{}{}", site.path("/in"), frame.query);
            answer::page(StatusCode::OK, &DoorPage { frame, action, secret })
        }
        Ok(opened) => useless(&site, &asked, &opened),
        Err(error) => down(&site, &asked, &error),
    }
}

/// What is read by whoever comes without a link.
pub(super) async fn closed(State(site): State<Arc<Site>>, asked: Asked) -> Response {
    useless(&site, &asked, &Opened::Unknown)
}

/// The button: the session begins.
pub(super) async fn enter(
    State(site): State<Arc<Site>>,
    asked: Asked,
    headers: HeaderMap,
    form: Filled,
) -> Response {
    if !is_from_here(&headers) {
        return form_over(&site, &asked);
    }
    match dashboard(&site).open(form.field("link")).await {
        Ok((Opened::Welcome(_), session)) => {
            let mut answer = home(&site, &asked);
            let cookie = cookie(&site, Some(&session));
            answer.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            answer
        }
        Ok((opened, _)) => useless(&site, &asked, &opened),
        Err(error) => down(&site, &asked, &error),
    }
}

/// Ends the session.
pub(super) async fn leave(
    State(site): State<Arc<Site>>,
    asked: Asked,
    headers: HeaderMap,
    form: Filled,
) -> Response {
    let (visitor, _) = match known(&site, (&asked, &headers)).await {
        Ok(known) => known,
        Err(answer) => return answer,
    };
    if !is_from_here(&headers) || !visitor.sent(form.field("token")) {
        return form_over(&site, &asked);
    }
    if let Err(error) = dashboard(&site).leave(&visitor).await {
        return down(&site, &asked, &error);
    }
    let mut answer = told(&site, &asked, (StatusCode::OK, Key::DashLoggedOut, Key::DashHow));
    answer.headers_mut().extend(cookie(&site, None).map(|cookie| (header::SET_COOKIE, cookie)));
    answer
}

fn home(site: &Site, asked: &Asked) -> Response {
    let query = site.frame(asked, None).query;
    Redirect::to(&format!("{}{query}", site.path("/admin"))).into_response()
}

fn useless(site: &Site, asked: &Asked, opened: &Opened) -> Response {
    let (status, why) = match opened {
        Opened::Used => (StatusCode::GONE, Key::DashLinkUsed),
        Opened::Late => (StatusCode::GONE, Key::DashLinkLate),
        Opened::Unknown | Opened::Welcome(_) => (StatusCode::NOT_FOUND, Key::DashLinkUnknown),
    };
    told(site, asked, (status, Key::DashLinkOver, why))
}
