// SPDX-License-Identifier: AGPL-3.0-or-later
//! `report`: how far a community is, in figures; and the report of all of them.
//!
//! Rule: nothing in it is about single people, so everybody may read it.

use std::sync::Arc;

use bridge_config::Catalogue;
use bridge_model::RichText;
use bridge_policy::calendar::{Date, Week};
use bridge_policy::figures::WeekFigures;
use bridge_policy::gate::{Criterion, Gate, Reading, State};
use bridge_policy::report::{
    ChatReport, ExceptionReport, FORMAT, GateLine, LinkReport, PortalReport, Report, Used,
    WeekReport, requirements,
};

use super::call::Call;
use super::community::Community;
use super::gates::{self, Gates, WEEKS, share_of};
use super::links::FIRST;
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
        let since = Arg::text(shown.since.clone().unwrap_or_default());
        let mut text = phrases.say(Key::StageNow, &[Arg::text(&shown.stage), since]);
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
        for portal in self.store.portals().await? {
            portals.push(self.report_of(phrases, &portal).await?);
        }
        portals.sort_by_key(|portal| portal.number);
        let day = Date::of(phrases.now).to_string();
        let report = Report { format: FORMAT, day, portals };
        let written = report::write(&report, format, phrases.wording);
        written.map_err(|error| DeskError::Ask(AskError::Refused(Refusal::unexpected(error))))
    }

    async fn report_of(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<PortalReport, DeskError> {
        let community = Community::of(&self.store, portal).await?;
        let migration = &community.migration;
        let today = Date::of(phrases.now);
        let now = Week::of(phrases.now);
        let mut figures = self.store.figures(portal.id).await?;
        figures.retain(|week| week.week < now && week.week >= now.plus(-WEEKS));
        figures.sort_by_key(|week| week.week);
        let gate = match self.gates.gate(&community, false, phrases.now).await? {
            Some(gate) => {
                let is_told = share_of(&figures, now.plus(-1)).shown().is_some();
                gate_lines(phrases, &gate, is_told)
            }
            None => Vec::new(),
        };
        let exceptions: Vec<_> =
            migration.exceptions.iter().map(|it| ExceptionReport::of(it, today)).collect();
        let chat = |end: &End| ChatReport {
            network: end.place.network.as_str().to_owned(),
            name: end.title.clone(),
        };
        let started = migration.since.0 > 0;
        Ok(PortalReport {
            number: portal.id.0,
            chats: portal.ends.iter().map(chat).collect(),
            room: phrases.join_link(&portal.room.chat),
            stage: portal.stage.name().to_owned(),
            since: started.then(|| Date::of(migration.since).to_string()),
            gate,
            requirements: requirements(portal.stage, &exceptions, self.used(&figures)),
            weeks: figures.iter().map(|week| WeekReport::of(week, MATRIX)).collect(),
            links: links(&figures),
            exceptions,
        })
    }

    /// What was linked to, as far as the policy asks.
    fn used(&self, figures: &[WeekFigures]) -> Used {
        let mut used = Used::default();
        for (id, _) in figures.iter().flat_map(|week| &week.links) {
            let first = id.strip_prefix(FIRST);
            let service = self.catalogue.named(first.unwrap_or(id));
            let restricts = |fact: &bridge_config::catalogue::Fact| fact.is != "no";
            let drm = service.and_then(|service| service.drm.as_ref()).is_some_and(restricts);
            used.restricted |= first.is_some() && drm;
            used.doubtful |= service.is_none_or(|service| !service.is_proven());
        }
        used
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

fn links(figures: &[WeekFigures]) -> Vec<LinkReport> {
    let mut all: Vec<LinkReport> = Vec::new();
    let counted = figures.iter().flat_map(|week| &week.links);
    for (service, links) in counted.filter(|(id, _)| !id.starts_with(FIRST)) {
        match all.iter_mut().find(|known| known.service == *service) {
            Some(known) => known.links = known.links.saturating_add(*links),
            None => all.push(LinkReport { service: service.clone(), links: *links }),
        }
    }
    all.sort_by(|a, b| a.service.cmp(&b.service));
    all
}
