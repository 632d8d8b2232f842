// SPDX-License-Identifier: AGPL-3.0-or-later
//! `lanes`: what waits for which chat and why, and what can be done about it by hand.
//!
//! Rule: the room is answered through its own lane, so that one cannot be stopped. Whatever is done with
//! a lane stands in the history of its portal.

use std::sync::Arc;

use bridge_model::{NetworkId, Place, RichText};

use super::call::Call;
use super::info::lane_line;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::visitors::Visitors;
use crate::i18n::{Arg, Key};
use crate::lane::LaneState;
use crate::migration::{AuditAction, LaneDeed};
use crate::portal::{Portal, PortalId};
use crate::refusal::Refusal;
use crate::report::ledger::moment;
use crate::store::lanes::{LaneChange, LaneReport};
use crate::store::{Change, Store};
use crate::trouble::{Trouble, Troubles};
use crate::wording::{Lines, label};

/// What can follow the command.
const VERBS: &[&str] = &["retry", "skip", "halt", "resume"];

/// `lanes`.
#[derive(Clone)]
pub(super) struct LaneCommands {
    pub(super) store: Arc<Store>,
    pub(super) visitors: Visitors,
    pub(super) troubles: Arc<Troubles>,
}

/// A lane with what went wrong in it last.
pub(super) struct WatchedLane {
    pub(super) report: LaneReport,
    pub(super) trouble: Option<Trouble>,
}

impl LaneCommands {
    /// `lanes`, and `lanes retry|skip|halt|resume NETWORK`, of this room or of the portal with a number.
    pub(super) async fn lanes(
        &self,
        call: &Call<'_>,
        words: &[&str],
    ) -> Result<Outcome, DeskError> {
        let mxid = call.command.by.user.as_str();
        let number = words.last().and_then(|word| word.trim_start_matches('#').parse().ok());
        let words =
            if number.is_some() { words.split_last().map_or(words, |it| it.1) } else { words };
        let portal = match number {
            Some(number) => self.visitors.portal(mxid, PortalId(number)).await?,
            None => call.portal.cloned(),
        };
        let Some(portal) = portal else {
            return match (number, self.visitors.is_operator(mxid)) {
                (None, true) if words.is_empty() => self.everywhere(call).await,
                (None, _) => Ok(call.not_linked()),
                (Some(_), _) => Ok(call.phrases.answer(Key::LanesNotAllowed, &[])),
            };
        };
        let may = self.visitors.is_operator(mxid) || self.visitors.is_admin(mxid, &portal).await?;
        if !may {
            return Ok(call.phrases.answer(Key::LanesNotAllowed, &[]));
        }
        match words {
            [] => {
                let text = self.of_portal(call.phrases, &portal, true).await?;
                Ok(Outcome::say(text.join_line(how(call))))
            }
            [verb, network] if VERBS.contains(&verb.to_lowercase().as_str()) => {
                self.by_hand(call, &portal, (&verb.to_lowercase(), network)).await
            }
            [verb, ..] if !VERBS.contains(&verb.to_lowercase().as_str()) => {
                Ok(call.unknown_word(verb, "lanes", VERBS))
            }
            [_] | [_, ..] => Ok(Outcome::say(how(call))),
        }
    }

    /// The lanes of the chats of a portal, the room first.
    pub(super) async fn watched(&self, portal: &Portal) -> Result<Vec<WatchedLane>, DeskError> {
        let places = portal.places().cloned().collect();
        let reports = self.store.lane_reports(places).await?;
        let watched = reports.into_iter().map(|report| {
            let trouble = self.troubles.of(&report.place);
            WatchedLane { report, trouble }
        });
        Ok(watched.collect())
    }

    /// The lanes of a portal in words; of those in which nothing waits only where `all` is wanted.
    async fn of_portal(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
        all: bool,
    ) -> Result<RichText, DeskError> {
        let mut text = RichText::default();
        for lane in self.watched(portal).await? {
            if all || lane.report.depth > 0 || lane.report.halted.is_some() {
                for line in sentences(phrases, portal, &lane) {
                    text = text.join_line(line);
                }
            }
        }
        Ok(text)
    }

    /// All lanes in which something waits, for those who run the bridge.
    async fn everywhere(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let mut text = RichText::default();
        for portal in self.visitors.portals(call.command.by.user.as_str()).await? {
            let lines = self.of_portal(phrases, &portal, false).await?;
            if !lines.is_empty() {
                let room = Arg::url(phrases.join_link(&portal.room.chat));
                let head = [Arg::text(portal.id.0.to_string()), room];
                text = text.join_line(phrases.say(Key::StatusRoom, &head)).join_line(lines);
            }
        }
        if text.is_empty() {
            text = phrases.say(Key::LanesNone, &[]);
        }
        Ok(Outcome::say(text.join_line(how(call))))
    }

    async fn by_hand(
        &self,
        call: &Call<'_>,
        portal: &Portal,
        (verb, typed): (&str, &str),
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let network = NetworkId::new(typed.to_lowercase());
        let lanes = self.watched(portal).await?;
        let on_it = lanes.iter().filter(|lane| lane.report.place.network == network);
        let lanes: Vec<&LaneReport> = on_it.map(|lane| &lane.report).collect();
        if lanes.is_empty() {
            let known: Vec<&str> = portal.places().map(|place| place.network.as_str()).collect();
            return Ok(call.unknown_word(typed, &format!("lanes {verb}"), &known));
        }
        let name = Arg::text(label(&network));
        let undo = Arg::text(call.typed(&format!("lanes resume {network}")));
        let (deed, key, args): (_, _, Vec<Arg>) = match verb {
            "halt" if network == portal.room.network => {
                return Ok(phrases.answer(Key::LanesRoom, &[]));
            }
            "retry" => (LaneDeed::Retried, Key::LanesRetried, vec![name.clone()]),
            "skip" => (LaneDeed::LeftOut, Key::LanesLeftOut, vec![name.clone()]),
            "halt" => (LaneDeed::Halted, Key::LanesHalted, vec![name.clone(), undo]),
            _ => (LaneDeed::Resumed, Key::LanesResumed, vec![name.clone()]),
        };
        let mut changes: Vec<Change> =
            lanes.iter().filter_map(|lane| change(deed, lane)).map(Change::Lane).collect();
        if changes.is_empty() {
            let none =
                if deed == LaneDeed::Resumed { Key::LanesNotHalted } else { Key::LanesEmpty };
            return Ok(phrases.answer(none, &[name]));
        }
        changes.push(call.noted(portal, AuditAction::Lane(deed, network)));
        Ok(Outcome::change(phrases.say(key, &args), changes))
    }
}

/// What is done with one lane; `None` where there is nothing to do.
fn change(deed: LaneDeed, lane: &LaneReport) -> Option<LaneChange> {
    let place: Place = lane.place.clone();
    match deed {
        LaneDeed::Retried => (lane.depth > 0).then_some(LaneChange::Retry(place)),
        LaneDeed::LeftOut => Some(LaneChange::LeaveOut(place, lane.head?)),
        LaneDeed::Halted => {
            let stopped = lane.halted == Some(Refusal::HaltedByHand);
            (!stopped).then_some(LaneChange::Halt(place))
        }
        LaneDeed::Resumed => lane.halted.as_ref().map(|_| LaneChange::Resume(place)),
    }
}

/// How a lane is, in sentences.
pub(super) fn sentences(
    phrases: Phrases<'_>,
    portal: &Portal,
    WatchedLane { report, trouble }: &WatchedLane,
) -> Vec<RichText> {
    let LaneReport { place, depth, .. } = report;
    let title = portal.ends.iter().find(|end| end.place == *place);
    let title = title.and_then(|end| end.title.as_deref());
    let halted = report.halted.clone();
    let state = LaneState { place: place.clone(), depth: *depth, halted, urgent: false };
    let mut lines = vec![lane_line(phrases, place, title, &[state])];
    let at = |key: Key, at| phrases.say(key, &[Arg::text(moment(at))]);
    lines.extend(report.halted_since.map(|since| at(Key::LaneHaltedSince, since)));
    lines.extend(report.waits_since.map(|since| at(Key::LaneWaitsSince, since)));
    if let Some(trouble) = trouble.as_ref().filter(|_| *depth > 0) {
        let key = if trouble.in_doubt { Key::LaneInDoubt } else { Key::LaneTrouble };
        let args = [Arg::number(trouble.tries), Arg::text(moment(trouble.at))];
        lines.push(phrases.say(key, &args));
    }
    lines
}

fn how(call: &Call<'_>) -> RichText {
    let typed = VERBS.iter().map(|verb| Arg::text(call.typed(&format!("lanes {verb} telegram"))));
    call.phrases.say(Key::LanesHow, &typed.collect::<Vec<_>>())
}
