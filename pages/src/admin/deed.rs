// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is done on the dashboard: shown, confirmed, and what came of it.
//!
//! Rule: nothing is done by the first form. The second one counts only for the command that was shown, and
//! once; the command then goes the way of one that was typed in the room.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use bot_core::dashboard::{Done, Shown, Visitor};
use bot_core::i18n::Key;
use bot_core::portal::PortalId;

use super::session::{down, is_from_here, known};
use super::view::{found, page_of, portal_id};
use super::{Filled, Menu, command, dashboard, form_over, told};
use crate::frame::{Asked, Frame};
use crate::{Site, answer, not_found};

#[derive(Template)]
#[template(path = "admin/confirm.html")]
struct ConfirmPage {
    frame: Frame,
    menu: Menu,
    shown: Shown,
    action: String,
    back: String,
}

#[derive(Template)]
#[template(path = "admin/asked.html")]
struct AskedPage {
    frame: Frame,
    menu: Menu,
    done: Done,
    back: String,
    again: String,
}

/// A form that was sent, by somebody who may send one.
struct Sent {
    visitor: Visitor,
    frame: Frame,
    portal: PortalId,
    form: Filled,
}

/// Shows what would be done.
pub(super) async fn show(
    State(site): State<Arc<Site>>,
    Path(number): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    form: Filled,
) -> Result<Response, Response> {
    let sent = sent(&site, &asked, &headers, (&number, form)).await?;
    let Sent { visitor, frame, portal, form } = sent;
    let command = command::of(&form.0).ok_or_else(|| form_over(&site, &asked))?;
    let board = dashboard(&site);
    let shown = board.show(&visitor, (portal, &command), frame.wording());
    let shown = found(&site, &asked, shown).await?;
    let action = site.path(&format!("/admin/portal/{}/do", portal.0));
    let page = ConfirmPage {
        menu: Menu::new(&site, &frame, &visitor),
        action: format!("{action}{}", frame.query),
        back: page_of(&site, &frame, portal.0),
        shown,
        frame,
    };
    Ok(answer::page(StatusCode::OK, &page))
}

/// Does what was shown.
pub(super) async fn give(
    State(site): State<Arc<Site>>,
    Path(number): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    form: Filled,
) -> Result<Response, Response> {
    let sent = sent(&site, &asked, &headers, (&number, form)).await?;
    let Sent { visitor, frame, portal, form } = sent;
    let (command, number) = (form.field("command"), form.field("number"));
    let seal = form.field("seal");
    let board = dashboard(&site);
    let given = board.give(&visitor, (portal, command), (number, seal)).await;
    if given.map_err(|error| down(&site, &asked, &error))?.is_none() {
        let over = (StatusCode::CONFLICT, Key::DashFormOver, Key::DashFormOverMore);
        return Err(told(&site, &asked, over));
    }
    let path = site.path(&format!("/admin/portal/{}/asked/{number}", portal.0));
    Ok(Redirect::to(&format!("{path}{}", frame.query)).into_response())
}

/// What came of it.
pub(super) async fn asked(
    State(site): State<Arc<Site>>,
    Path((number, form)): Path<(String, String)>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (visitor, frame) = known(&site, (&asked, &headers)).await?;
    let portal = portal_id(&number).ok_or_else(|| not_found(&site, &asked))?;
    let board = dashboard(&site);
    let done = found(&site, &asked, board.done(&visitor, portal, &form)).await?;
    let again = site.path(&format!("/admin/portal/{}/asked/{form}", portal.0));
    let page = AskedPage {
        menu: Menu::new(&site, &frame, &visitor),
        back: page_of(&site, &frame, portal.0),
        again: format!("{again}{}", frame.query),
        done,
        frame,
    };
    Ok(answer::page(StatusCode::OK, &page))
}

async fn sent(
    site: &Site,
    asked: &Asked,
    headers: &HeaderMap,
    (number, form): (&str, Filled),
) -> Result<Sent, Response> {
    let (visitor, frame) = known(site, (asked, headers)).await?;
    if !is_from_here(headers) || !visitor.sent(form.field("token")) {
        return Err(form_over(site, asked));
    }
    let portal = portal_id(number).ok_or_else(|| not_found(site, asked))?;
    Ok(Sent { visitor, frame, portal, form })
}
