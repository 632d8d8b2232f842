// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the dashboard shows: the list of connections, one of them, and what waits everywhere.
//!
//! Rule: all words come from the core or from `i18n`; templates escape them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bot_core::desk::{LaneView, PortalRow, PortalView};
use bot_core::i18n::{Arg, Key};
use bot_core::portal::PortalId;

use super::chart::chart;
use super::session::{down, known};
use super::{Menu, dashboard};
use crate::frame::{Asked, Frame};
use crate::markup::Markup;
use crate::{Site, answer, not_found};

#[derive(Template)]
#[template(path = "admin/list.html")]
struct ListPage {
    frame: Frame,
    menu: Menu,
    rows: Vec<Listed>,
}

/// A portal in a list.
struct Listed {
    link: String,
    row: PortalRow,
}

#[derive(Template)]
#[template(path = "admin/lanes.html")]
struct LanesPage {
    frame: Frame,
    menu: Menu,
    portals: Vec<Busy>,
}

/// The lanes of a portal.
struct Busy {
    listed: Listed,
    ask: String,
    lanes: Vec<LaneView>,
}

#[derive(Template)]
#[template(path = "admin/portal.html")]
struct PortalPage {
    frame: Frame,
    menu: Menu,
    view: PortalView,
    ask: String,
    chart: Option<Markup>,
    ghosts: String,
    notices: String,
}

/// The connections of somebody.
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (visitor, frame) = known(&site, (&asked, &headers)).await?;
    let rows = dashboard(&site).portals(&visitor, frame.wording()).await;
    let rows = rows.map_err(|error| down(&site, &asked, &error))?;
    let menu = Menu::new(&site, &frame, &visitor);
    let rows = rows.into_iter().map(|row| listed(&site, &frame, row)).collect();
    Ok(answer::page(StatusCode::OK, &ListPage { frame, menu, rows }))
}

/// One connection.
pub(super) async fn portal(
    State(site): State<Arc<Site>>,
    Path(number): Path<String>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (visitor, frame) = known(&site, (&asked, &headers)).await?;
    let number = portal_id(&number).ok_or_else(|| not_found(&site, &asked))?;
    let board = dashboard(&site);
    let view = board.portal(&visitor, number, frame.wording());
    let view = found(&site, &asked, view).await?;
    let few = [Arg::text(&view.ghosts)];
    let most = Arg::number(u64::from(view.most_notices));
    let notices = [Arg::number(view.notices), most];
    let page = PortalPage {
        menu: Menu::new(&site, &frame, &visitor),
        ask: ask(&site, &frame, number.0),
        chart: chart(&view.weeks, &frame.say(Key::ReportChart)),
        ghosts: frame.say_of(Key::DashGhosts, &few),
        notices: frame.say_of(Key::DashNotices, &notices),
        view,
        frame,
    };
    Ok(answer::page(StatusCode::OK, &page))
}

/// What waits in all connections, for those who run the bridge.
pub(super) async fn lanes(
    State(site): State<Arc<Site>>,
    asked: Asked,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let (visitor, frame) = known(&site, (&asked, &headers)).await?;
    let board = dashboard(&site);
    let portals = board.busy_lanes(&visitor, frame.wording());
    let portals = found(&site, &asked, portals).await?;
    let busy = |(row, lanes): (PortalRow, Vec<LaneView>)| Busy {
        ask: ask(&site, &frame, row.number),
        listed: listed(&site, &frame, row),
        lanes,
    };
    let portals = portals.into_iter().map(busy).collect();
    let menu = Menu::new(&site, &frame, &visitor);
    Ok(answer::page(StatusCode::OK, &LanesPage { frame, menu, portals }))
}

/// What the core found for somebody; else the page that says why there is nothing.
pub(super) async fn found<T, E: std::fmt::Display>(
    site: &Site,
    asked: &Asked,
    answer: impl Future<Output = Result<Option<T>, E>>,
) -> Result<T, Response> {
    let found = answer.await.map_err(|error| down(site, asked, &error))?;
    found.ok_or_else(|| not_found(site, asked))
}

/// The number of a portal in an address.
pub(super) fn portal_id(typed: &str) -> Option<PortalId> {
    let plain = typed.bytes().all(|byte| byte.is_ascii_digit());
    typed.parse().ok().filter(|_| plain).map(PortalId)
}

/// Where a portal is shown.
pub(super) fn page_of(site: &Site, frame: &Frame, number: u32) -> String {
    format!("{}{}", site.path(&format!("/admin/portal/{number}")), frame.query)
}

/// Where forms about a portal go.
fn ask(site: &Site, frame: &Frame, number: u32) -> String {
    format!("{}{}", site.path(&format!("/admin/portal/{number}/ask")), frame.query)
}

fn listed(site: &Site, frame: &Frame, row: PortalRow) -> Listed {
    Listed { link: page_of(site, frame, row.number), row }
}
