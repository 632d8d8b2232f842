// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the dashboard shows of a portal: the values that commands say in the room, for a page.
//!
//! Rule: no more than `status`, `stage`, `report`, `services`, `lanes` and `audit` tell an admin, made by
//! the same functions. People are numbers, from five on; who did something is named as in the history.

use std::sync::Arc;

use bridge_policy::budget::Limits;
use bridge_policy::calendar::Date;
use bridge_policy::figures::SMALLEST_GROUP;
use bridge_policy::hosts::LinkedHost;
use bridge_policy::report::PortalReport;
use bridge_policy::stage::Direction;

use super::history;
use super::lanes::{LaneCommands, WatchedLane, sentences};
use super::outcome::DeskError;
use super::phrases::Phrases;
use super::report::Reports;
use super::services;
use super::settings::{self, SettingView};
use super::visitors::Visitors;
use crate::i18n::{Arg, Key};
use crate::migration::{Audit, AuditAction, Migration};
use crate::portal::{Portal, PortalId};
use crate::report::{self, WeekLine};
use crate::store::Store;
use crate::wording::label;

/// Lines of the history that a page shows.
const LINES: usize = 100;

/// Makes what pages show.
pub(super) struct Board {
    pub(super) visitors: Visitors,
    pub(super) store: Arc<Store>,
    pub(super) reports: Reports,
    pub(super) lanes: LaneCommands,
    pub(super) limits: Limits,
}

/// A portal in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalRow {
    /// Its number.
    pub number: u32,
    /// The names of its chats, with their networks.
    pub chats: String,
    /// Its stage, in words.
    pub stage: String,
    /// How many of last week's authors wrote on Matrix, in words.
    pub share: String,
    /// Entries that wait, over its chats.
    pub waiting: u64,
    /// A lane stands still.
    pub stopped: bool,
    /// Websites that wait for a decision.
    pub services: u64,
}

/// A portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalView {
    /// What the list shows of it.
    pub row: PortalRow,
    /// The address under which its room opens.
    pub room: String,
    /// Since when the stage is as it is, as `2026-11-30`.
    pub since: Option<String>,
    /// The stage after this one, in words.
    pub next: Option<String>,
    /// The stage before this one, in words.
    pub back: Option<String>,
    /// A day is set for the next step.
    pub scheduled: Option<String>,
    /// What the next stage asks for.
    pub gate: Vec<String>,
    /// How the requirements of the policy stand.
    pub requirements: Vec<String>,
    /// The lanes of its chats, the room first.
    pub lanes: Vec<LaneView>,
    /// Accounts that stand for people in the room.
    pub ghosts: String,
    /// Every week since messages are counted, oldest first.
    pub weeks: Vec<WeekLine>,
    /// Notices about links within the last 24 hours.
    pub notices: u64,
    /// How many there may be in that time.
    pub most_notices: u32,
    /// Exceptions, by number.
    pub exceptions: Vec<ExceptionView>,
    /// Websites that wait for a decision.
    pub waiting: Vec<HostView>,
    /// Websites about which one was made.
    pub decided: Vec<HostView>,
    /// How the connection behaves.
    pub settings: Vec<SettingView>,
    /// The policy lists that it follows.
    pub policies: Vec<String>,
    /// The list into which its bans are written.
    pub own_policy: Option<String>,
    /// What was decided and done, newest first.
    pub history: Vec<DeedView>,
    /// What moderators did, newest first.
    pub moderation: Vec<DeedView>,
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneView {
    /// The network, as it is typed.
    pub network: String,
    /// How it is, in sentences.
    pub lines: Vec<String>,
    /// Entries that wait.
    pub waiting: u64,
    /// It stands still.
    pub stopped: bool,
    /// It is that of the room, which cannot be stopped.
    pub is_room: bool,
    /// What went wrong last, as it is in the log; for those who run the bridge.
    pub log: Option<String>,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionView {
    /// Its number.
    pub number: u32,
    /// All of it, in words.
    pub line: String,
    /// Where it is discussed.
    pub tracker: Option<String>,
    /// It is not closed.
    pub open: bool,
}

/// A website to which people link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostView {
    /// The host.
    pub host: String,
    /// What people call it.
    pub name: String,
    /// How many messages link to it.
    pub links: u64,
    /// What it is, in words.
    pub kind: Option<String>,
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeedView {
    /// When, what and who.
    pub line: String,
    /// The address of the community's decision.
    pub decision: Option<String>,
}

impl Board {
    /// All portals that somebody may see.
    pub(super) async fn rows(
        &self,
        phrases: Phrases<'_>,
        mxid: &str,
    ) -> Result<Vec<PortalRow>, DeskError> {
        let mut rows = Vec::new();
        for portal in self.visitors.portals(mxid).await? {
            let report = self.reports.report_of(phrases, &portal).await?;
            let lanes = self.lanes.watched(&portal).await?;
            let hosts = self.store.hosts(portal.id).await?;
            rows.push(row(phrases, (&portal, &report), &lanes, &hosts));
        }
        Ok(rows)
    }

    /// A portal, for those who may see it.
    pub(super) async fn view(
        &self,
        phrases: Phrases<'_>,
        mxid: &str,
        number: PortalId,
    ) -> Result<Option<PortalView>, DeskError> {
        let Some(portal) = self.visitors.portal(mxid, number).await? else { return Ok(None) };
        let report = self.reports.report_of(phrases, &portal).await?;
        let watched = self.lanes.watched(&portal).await?;
        let hosts = self.store.hosts(portal.id).await?;
        let migration = self.store.migration(portal.id).await?;
        let history = self.store.history(portal.id).await?;
        let policies = self.store.policies(portal.id).await?;
        let stage = |direction| {
            let step = portal.stage.step(direction).ok();
            step.map(|(to, _)| phrases.wording.stage(to))
        };
        let day = |set: &bridge_policy::schedule::Schedule| {
            phrases.plain(Key::ReportLine, &[phrases.stage(set.to), Arg::day(set.day)])
        };
        let (moderation, history) = deeds(phrases, &history);
        let operator = self.visitors.is_operator(mxid);
        let lanes = watched.iter().map(|lane| lane_view(phrases, &portal, lane, operator));
        Ok(Some(PortalView {
            room: phrases.join_link(&portal.room.chat),
            since: report.since.clone(),
            next: stage(Direction::Next),
            back: stage(Direction::Back),
            scheduled: migration.schedule.as_ref().map(day),
            gate: report.gate.iter().map(|line| line.what.clone()).collect(),
            requirements: report::requirements(&report, phrases.wording),
            lanes: lanes.collect(),
            ghosts: self.ghosts(phrases, &portal).await?,
            weeks: report::weeks(&report, phrases.wording),
            notices: self.store.notices_lately(portal.id, phrases.now).await?,
            most_notices: self.limits.room,
            exceptions: exceptions(phrases, &migration),
            waiting: hosts.iter().filter(|host| host.waits()).map(|it| host(phrases, it)).collect(),
            decided: hosts
                .iter()
                .filter(|host| host.decision.is_some())
                .map(|it| host(phrases, it))
                .collect(),
            settings: settings::listed(phrases, &portal.settings),
            policies: policies.lists.into_iter().map(|list| list.name).collect(),
            own_policy: policies.own.map(|own| own.name),
            history,
            moderation,
            row: row(phrases, (&portal, &report), &watched, &hosts),
        }))
    }

    /// The lanes of all portals in which something waits or that stand still, for those who run the
    /// bridge; `None` for others.
    pub(super) async fn busy_lanes(
        &self,
        phrases: Phrases<'_>,
        mxid: &str,
    ) -> Result<Option<Vec<(PortalRow, Vec<LaneView>)>>, DeskError> {
        if !self.visitors.is_operator(mxid) {
            return Ok(None);
        }
        let mut busy = Vec::new();
        for portal in self.visitors.portals(mxid).await? {
            let mut lanes = self.lanes.watched(&portal).await?;
            lanes.retain(|lane| lane.report.depth > 0 || lane.report.halted.is_some());
            if !lanes.is_empty() {
                let report = self.reports.report_of(phrases, &portal).await?;
                let views = lanes.iter().map(|lane| lane_view(phrases, &portal, lane, true));
                let views = views.collect();
                busy.push((row(phrases, (&portal, &report), &lanes, &[]), views));
            }
        }
        Ok(Some(busy))
    }

    async fn ghosts(&self, phrases: Phrases<'_>, portal: &Portal) -> Result<String, DeskError> {
        let count = self.store.ghosts_in(&portal.room).await?.len();
        let few = usize::try_from(SMALLEST_GROUP).unwrap_or(usize::MAX);
        if count > 0 && count < few {
            return Ok(phrases.plain(Key::ReportFew, &[Arg::number(u64::from(SMALLEST_GROUP))]));
        }
        Ok(count.to_string())
    }
}

fn row(
    phrases: Phrases<'_>,
    (portal, report): (&Portal, &PortalReport),
    lanes: &[WatchedLane],
    hosts: &[LinkedHost],
) -> PortalRow {
    PortalRow {
        number: portal.id.0,
        chats: report::chats_of(report, phrases.wording),
        stage: phrases.wording.stage(portal.stage),
        share: report::share_of_last_week(report, phrases.wording),
        waiting: lanes.iter().fold(0, |sum, lane| lane.report.depth.saturating_add(sum)),
        stopped: lanes.iter().any(|lane| lane.report.halted.is_some()),
        services: u64::try_from(hosts.iter().filter(|host| host.waits()).count()).unwrap_or(0),
    }
}

fn lane_view(
    phrases: Phrases<'_>,
    portal: &Portal,
    lane: &WatchedLane,
    operator: bool,
) -> LaneView {
    let trouble = lane.trouble.as_ref().filter(|_| operator && lane.report.depth > 0);
    LaneView {
        network: lane.report.place.network.as_str().to_owned(),
        lines: sentences(phrases, portal, lane).iter().map(|line| line.plain()).collect(),
        waiting: lane.report.depth,
        stopped: lane.report.halted.is_some(),
        is_room: lane.report.place == portal.room,
        log: trouble.map(|trouble| trouble.reason.clone()),
    }
}

fn exceptions(phrases: Phrases<'_>, migration: &Migration) -> Vec<ExceptionView> {
    let today = Date::of(phrases.now);
    let shown = migration.exceptions.iter().map(|it| {
        let report = bridge_policy::report::ExceptionReport::of(it, today);
        ExceptionView {
            number: it.number,
            line: report::exception_line(&report, phrases.wording),
            tracker: it.tracker.clone(),
            open: it.closed.is_none(),
        }
    });
    shown.collect()
}

fn host(phrases: Phrases<'_>, host: &LinkedHost) -> HostView {
    HostView {
        host: host.host.clone(),
        name: host.name().to_owned(),
        links: host.links(),
        kind: host.kind().map(|kind| services::kind_name(phrases, kind)),
    }
}

/// What moderators did, and all else; newest first.
fn deeds(phrases: Phrases<'_>, history: &[Audit]) -> (Vec<DeedView>, Vec<DeedView>) {
    let is_moderation = |audit: &&Audit| matches!(audit.deed, AuditAction::Moderated(..));
    let (moderation, rest): (Vec<&Audit>, Vec<&Audit>) =
        history.iter().rev().partition(is_moderation);
    let view = |audit: &&Audit| DeedView {
        line: history::line(phrases, audit),
        decision: audit.decision.clone(),
    };
    let views = |list: &[&Audit]| list.iter().take(LINES).map(view).collect();
    (views(&moderation), views(&rest))
}

impl LaneView {
    /// The name of its network, as people write it.
    pub fn label(&self) -> String {
        label(&self.network.as_str().into())
    }
}
