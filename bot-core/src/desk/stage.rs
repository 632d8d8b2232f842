// SPDX-License-Identifier: AGPL-3.0-or-later
//! `stage`: walking a community to the free side, at its own decision.
//!
//! Rule: whoever reads an answer knows what happened, where, and how to undo it. Nothing is done
//! that `stage plan` does not show.

use std::sync::Arc;

use bridge_model::Button;
use bridge_policy::calendar::Date;
use bridge_policy::stage::{Direction, NoStep, Stage};

use super::call::Call;
use super::community::Community;
use super::effect_lines;
use super::gates::{self, Gates};
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::plan::{Plans, no_step_there};
use super::power::RoomPower;
use super::typed::Typed;
use super::unconfirmed;
use crate::i18n::{Arg, Key};
use crate::migration::{Migration, MigrationChange};
use crate::relay::Networks;
use crate::store::Store;
use crate::wording::Lines;

/// `stage`, with all that follows it.
pub(super) struct Stages {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) gates: Gates,
    pub(super) plans: Plans,
    pub(super) power: RoomPower,
}

/// What follows `stage`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    verb: String,
    pub(super) words: Vec<String>,
    /// The address of the decision; empty where only the option was typed.
    pub(super) decision: Option<String>,
}

impl Asked {
    /// People leave the name of the option away: an address is the decision.
    pub(super) fn read(command: &str) -> Self {
        let typed = Typed::read(command, &["decision"]);
        let named = typed.option("decision").map(str::to_owned);
        let is_web = |word: &String| word.starts_with("https://") || word.starts_with("http://");
        let (addresses, words): (Vec<String>, Vec<String>) =
            typed.words.into_iter().partition(is_web);
        let decision = named.or(addresses.into_iter().next());
        let mut words = words.into_iter();
        let verb = words.next().unwrap_or_default().to_lowercase();
        Self { verb, words: words.collect(), decision }
    }

    /// The step that `stage plan`, `stage plan next` and `stage plan back` show.
    fn planned(&self) -> Option<Direction> {
        match self.words.first().map(|word| word.to_lowercase()).as_deref() {
            None | Some("next") => Some(Direction::Next),
            Some("back") => Some(Direction::Back),
            Some(_) => None,
        }
    }

    /// The first word too many, for commands that take none.
    fn surplus(&self) -> Option<&str> {
        let takes_none =
            matches!(self.verb.as_str(), "next" | "back" | "hold" | "approve" | "retry");
        self.words.first().map(String::as_str).filter(|_| takes_none)
    }
}

impl Stages {
    /// `stage ...`
    pub(super) async fn stage(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let typed = Asked::read(&call.command.text);
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        let here = Community::of(&self.store, portal).await?;
        if let Some(word) = typed.surplus() {
            return Ok(call.unknown_word(word, &format!("stage {}", typed.verb), &[]));
        }
        match (typed.verb.as_str(), typed.planned()) {
            ("", _) => return self.stage_status(call, &here).await,
            ("plan", Some(direction)) => {
                return self.plans.stage_plan(call, &here, direction).await;
            }
            ("plan", None) => {
                let word = typed.words.first().map(String::as_str).unwrap_or_default();
                return Ok(call.unknown_word(word, "stage plan", &["next", "back"]));
            }
            (verb, _) if !VERBS.contains(&verb) => {
                return Ok(call.unknown_word(verb, "stage", VERBS));
            }
            _ => {}
        }
        if let Some(refused) = self.refusal(call, &here, &typed).await? {
            return Ok(refused);
        }
        match typed.verb.as_str() {
            "next" => self.stage_step(call, here, &typed, Direction::Next).await,
            "back" => self.stage_step(call, here, &typed, Direction::Back).await,
            "schedule" => self.stage_schedule(call, &here, &typed).await,
            "hold" => Ok(stage_hold(call, &here)),
            "approve" => self.stage_approve(call, here).await,
            _ => Ok(stage_retry(call, &here)),
        }
    }

    /// Why somebody may not do this. The way is the Matrix room's; who looks after a legacy chat may
    /// stop a step there, and say what they think of one.
    async fn refusal(
        &self,
        call: &Call<'_>,
        here: &Community<'_>,
        typed: &Asked,
    ) -> Result<Option<Outcome>, DeskError> {
        if self.power.is_admin(call, here.portal).await? {
            return Ok(None);
        }
        if call.is_on_matrix() {
            return Ok(Some(call.not_allowed()));
        }
        let changes = call.rights(&self.networks).await?.change;
        if changes && matches!(typed.verb.as_str(), "hold" | "approve") {
            return Ok(None);
        }
        let phrases = call.phrases;
        let there = format!("stage {}", typed.verb);
        let there = Arg::text(phrases.typed_on(&here.portal.room.network, &there));
        let hold = Arg::text(call.typed("stage hold"));
        Ok(Some(phrases.answer(Key::OnlyRoomAdmins, &[there, hold])))
    }

    /// How far the community is, and what the next step asks for.
    async fn stage_status(
        &self,
        call: &Call<'_>,
        here: &Community<'_>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Community { portal, migration } = here;
        let since = Arg::day(Date::of(migration.since));
        let mut text = phrases.say(Key::StageNow, &[phrases.stage(portal.stage), since]);
        for line in effect_lines::unfinished(call, migration) {
            text = text.join_line(line);
        }
        if let Some(set) = &migration.schedule {
            let hold = call.typed("stage hold");
            let day = Arg::day(set.day);
            let args = [phrases.stage(set.to), day, Arg::text(hold)];
            text = text.join_line(phrases.say(Key::StageScheduled, &args));
        }
        let Some(gate) = self.gates.gate(here, false, phrases.now).await? else {
            return Ok(Outcome::say(text.join_line(phrases.say(Key::StageLast, &[]))));
        };
        text = text.join_line(phrases.say(Key::StageNext, &[phrases.stage(gate.to)]));
        text = text.join_line(gates::text(phrases, &gate, &call.typed("stage approve")));
        let plan = call.typed("stage plan");
        let next = call.typed("stage next --decision https://…");
        let how = phrases.say(Key::StageHow, &[Arg::text(plan), Arg::text(next)]);
        Ok(Outcome::say(text.join_line(how)).with(stage_buttons(phrases, migration)))
    }

    /// One voice of each admin of the room for the next step.
    async fn stage_approve(
        &self,
        call: &Call<'_>,
        here: Community<'_>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let voice = self.power.voice(call).await?;
        let known = here.migration.approvals.contains(&voice);
        let room = here.portal.room.clone();
        let with_it = here.agreed_by(voice);
        let Some(gate) = self.gates.gate(&with_it, false, phrases.now).await? else {
            return Ok(no_step_there(call, NoStep::Last));
        };
        let to = phrases.stage(gate.to);
        if !gate.asks_admins() {
            let plan = Arg::text(call.typed("stage plan"));
            return Ok(phrases.answer(Key::ApproveNothing, &[to, plan]));
        }
        if gate.to == Stage::Sunset && !known && !call.confirmed {
            let erased = self.erased(phrases, with_it.portal).await?;
            let shown = phrases.say(Key::ApproveAsk, &[to]).join_line(erased);
            return Ok(unconfirmed::ask(call, shown));
        }
        let answer = if call.is_on_matrix() {
            let need = if gate.to == Stage::Sunset { 2 } else { gate.approvals_needed };
            let args = [to, Arg::number(u64::from(gate.approvals)), Arg::number(u64::from(need))];
            phrases.say(if known { Key::ApprovedBefore } else { Key::Approved }, &args)
        } else {
            // A number would tell the chat whose voice was counted before.
            let tally = phrases.typed_on(&room.network, "stage");
            phrases.say(Key::ApprovedBeside, &[to, Arg::text(tally)])
        };
        Ok(Outcome::moves(answer, [MigrationChange::Approve(room, voice, Some(call.who()))]))
    }
}

/// What can follow `stage`.
const VERBS: &[&str] = &["plan", "next", "back", "schedule", "hold", "approve", "retry"];

fn stage_buttons(phrases: Phrases<'_>, migration: &Migration) -> Vec<Button> {
    let mut buttons = vec![phrases.button(Key::ButtonPlan, "stage plan")];
    if migration.unfinished().next().is_some() {
        buttons.push(phrases.button(Key::ButtonRetry, "stage retry"));
    }
    if migration.schedule.is_some() {
        buttons.push(phrases.button(Key::ButtonHold, "stage hold"));
    }
    buttons
}

fn stage_hold(call: &Call<'_>, here: &Community<'_>) -> Outcome {
    let phrases = call.phrases;
    let Some(set) = &here.migration.schedule else {
        return phrases.answer(Key::HoldNothing, &[]);
    };
    let room = &here.portal.room;
    let again = format!("stage schedule {} --decision {}", set.day, set.decision);
    let again = phrases.typed_on(&room.network, &again);
    let held = |phrases: Phrases<'_>| {
        let args = [phrases.stage(set.to), Arg::day(set.day), Arg::text(&again)];
        phrases.say(Key::Held, &args)
    };
    let shared = call.shared;
    let told = here.portal.active().into_iter().filter(|place| place != call.place);
    let public = [Arg::day(set.day), shared.stage(set.to)];
    let then = told.filter(|place| place != room);
    let then: Vec<_> = then
        .map(|place| shared.message_in(&place, shared.say(Key::HeldPublic, &public)))
        .chain(call.told(room, held(shared)))
        .collect();
    let hold = MigrationChange::Hold(room.clone(), Some(call.who()));
    Outcome { then, ..Outcome::moves(held(phrases), [hold]) }
}

fn stage_retry(call: &Call<'_>, here: &Community<'_>) -> Outcome {
    let effects = here.migration.effects.iter();
    let count = effects.filter(|planned| planned.is_refused()).count();
    let phrases = call.phrases;
    if count == 0 {
        return phrases.answer(Key::RetryNothing, &[]);
    }
    let count = Arg::number(u64::try_from(count).unwrap_or(u64::MAX));
    let status = Arg::text(call.typed("stage"));
    let answer = phrases.say(Key::Retried, &[count, status]);
    Outcome::moves(answer, [MigrationChange::Retry(here.portal.room.clone(), Some(call.who()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decision_is_read_however_a_phone_writes_it() {
        for typed in [
            "next --decision https://example.org/d",
            "next --decision=https://example.org/d",
            "next \u{2014}decision https://example.org/d",
            "next https://example.org/d",
            "--decision https://example.org/d next",
        ] {
            let read = Asked::read(&format!("stage {typed}"));
            let decision = Some("https://example.org/d".to_owned());
            let wanted = Asked { verb: "next".to_owned(), words: Vec::new(), decision };
            assert_eq!(read, wanted, "{typed}");
        }
    }
}
