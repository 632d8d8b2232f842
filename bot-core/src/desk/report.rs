// SPDX-License-Identifier: AGPL-3.0-or-later
//! `report`: how far a community is, in figures; and the report of all of them.
//!
//! Rule: nothing in it is about single people, so everybody may read it.

use std::sync::Arc;

use bridge_config::Catalogue;
use bridge_model::RichText;
use bridge_policy::calendar::{Date, Week};
use bridge_policy::gate::{Criterion, Gate, Reading, State};
use bridge_policy::report::{
    ChatReport, ExceptionReport, FORMAT, GateLine, LinkReport, PortalReport, Report, WeekReport,
};
use bridge_policy::requirements::{Looked, facts, requirements};

use super::call::Call;
use super::community::Community;
use super::gates::{self, Gates, share_of};
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::network::{AskError, MATRIX};
use crate::portal::{End, Portal};
use crate::refusal::Refusal;
use crate::report::{self, Format};
use crate::store::Store;
use crate::wording::Lines;

/// `report`, and the report of all portals.
pub(super) struct Reports {
    pub(super) store: Arc<Store>,
    pub(super) gates: Gates,
    /// What is known of services that people link to.
    pub(super) catalogue: Arc<Catalogue>,
}

impl Reports {
    /// `report`.
    pub(super) async fn report(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        let shown = self.report_of(phrases, portal).await?;
        let since = shown.since.as_deref().and_then(Date::parse);
        let since = since.map_or_else(|| Arg::text("–"), Arg::day);
        let mut text = phrases.say(Key::StageNow, &[phrases.stage(portal.stage), since]);
        for line in report::lines(&shown, phrases.wording) {
            text = text.join_line(line);
        }
        let typed = Arg::text("freeside report --format html");
        Ok(Outcome::say(text.join_line(phrases.say(Key::ReportHow, &[typed]))))
    }

    /// The report of all portals, in the given format.
    pub(super) async fn whole_report(
        &self,
        phrases: Phrases<'_>,
        format: Format,
    ) -> Result<String, DeskError> {
        let mut portals = Vec::new();
        for portal in self.store.portals().await?.into_iter().filter(Portal::is_listed) {
            portals.push(self.report_of(phrases, &portal).await?);
        }
        portals.sort_by_key(|portal| portal.number);
        let day = Date::of(phrases.now).to_string();
        let report = Report { format: FORMAT, day, portals };
        let written = report::write(&report, format, phrases.wording);
        written.map_err(|error| DeskError::Ask(AskError::Refused(Refusal::unexpected(error))))
    }

    /// The report of one portal.
    pub(super) async fn report_of(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<PortalReport, DeskError> {
        let community = Community::of(&self.store, portal).await?;
        let migration = &community.migration;
        let today = Date::of(phrases.now);
        let now = Week::of(phrases.now);
        let weeks = self.gates.weeks(&community, phrases.now).await?;
        let gate = match self.gates.gate(&community, false, phrases.now).await? {
            Some(gate) => {
                let is_told = share_of(&weeks, now.plus(-1)).shown().is_some();
                gate_lines(phrases, &gate, is_told)
            }
            None => Vec::new(),
        };
        let exceptions = migration.exceptions.iter();
        let exceptions = exceptions.map(|it| ExceptionReport::of(it, today)).collect();
        let chat = |end: &End| ChatReport {
            network: end.place.network.as_str().to_owned(),
            name: end.title.clone(),
        };
        let hosts = self.store.hosts(portal.id).await?;
        let facts = facts(&Looked {
            catalogue: &self.catalogue,
            weeks: &weeks,
            hosts: &hosts,
            exceptions: &migration.exceptions,
            stage: portal.stage,
            today,
        });
        let networks: Vec<&str> = portal.places().map(|place| place.network.as_str()).collect();
        let started = migration.since.0 > 0;
        Ok(PortalReport {
            number: portal.id.0,
            chats: portal.ends.iter().map(chat).collect(),
            room: phrases.join_link(&portal.room.chat),
            stage: portal.stage.name().to_owned(),
            since: started.then(|| Date::of(migration.since).to_string()),
            gate,
            requirements: requirements(&facts),
            weeks: weeks
                .iter()
                .map(|week| WeekReport::of(week, (MATRIX, &networks), week.week == now))
                .collect(),
            links: facts.linked.iter().map(LinkReport::of).collect(),
            exceptions,
        })
    }
}

/// What the gate asks for; `is_told` says whether the share on Matrix is of enough people.
fn gate_lines(phrases: Phrases<'_>, gate: &Gate, is_told: bool) -> Vec<GateLine> {
    let lines = gates::lines(phrases, gate);
    let line = |(reading, line): (&Reading, &RichText)| GateLine {
        // The share of a few people is theirs.
        what: if reading.criterion == Criterion::NativeShare && !is_told {
            report::untold_share(phrases.wording)
        } else {
            line.plain()
        },
        holds: match reading.state {
            State::Met | State::Warning | State::Voted => true,
            State::NotMet | State::NotAvailable => false,
        },
    };
    gate.readings.iter().zip(&lines).map(line).collect()
}
