// SPDX-License-Identifier: AGPL-3.0-or-later
//! `stage`: walking a community to the free side, at its own decision.
//!
//! Rule: whoever reads an answer knows what happened, where, and how to undo it. Nothing is done
//! that `stage plan` does not show.

use std::sync::Arc;

use bridge_model::Button;
use bridge_policy::calendar::Date;
use bridge_policy::gate::Gate;
use bridge_policy::schedule::{NoSchedule, Schedule};
use bridge_policy::stage::{Direction, NoStep, Stage};

use super::announcement::announcement;
use super::call::Call;
use super::community::Community;
use super::effect_lines;
use super::gates::{self, Gates};
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::plan::{Plans, no_step_there};
use super::typed::Typed;
use crate::i18n::{Arg, Key};
use crate::migration::{Migration, MigrationChange, Step};
use crate::relay::Networks;
use crate::store::{Store, keys};
use crate::wording::Lines;

/// `stage`, with all that follows it.
pub(super) struct Stages {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) gates: Gates,
    pub(super) plans: Plans,
}

/// What follows `stage`.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    verb: String,
    words: Vec<String>,
    /// The address of the decision; empty where only the option was typed.
    decision: Option<String>,
}

impl Asked {
    /// People leave the name of the option away: an address is the decision.
    fn read(command: &str) -> Self {
        let typed = Typed::read(command, &["decision"]);
        let named = typed.option("decision").map(str::to_owned);
        let is_web = |word: &String| word.starts_with("https://") || word.starts_with("http://");
        let (addresses, words): (Vec<String>, Vec<String>) =
            typed.words.into_iter().partition(is_web);
        let decision = named.or(addresses.into_iter().next());
        let mut words = words.into_iter();
        Self { verb: words.next().unwrap_or_default(), words: words.collect(), decision }
    }

    /// The step that `stage plan` and `stage plan back` show.
    fn planned(&self) -> Direction {
        match self.words.first().map(String::as_str) {
            Some("back") => Direction::Back,
            Some(_) | None => Direction::Next,
        }
    }
}

impl Stages {
    /// `stage ...`
    pub(super) async fn stage(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let typed = Asked::read(&call.command.text);
        let Some(portal) = call.portal else { return Ok(call.phrases.not_linked()) };
        let here = Community::of(&self.store, portal).await?;
        let only_tells = matches!(typed.verb.as_str(), "" | "plan");
        if !only_tells && !call.rights(&self.networks).await?.manage {
            return Ok(call.not_allowed());
        }
        match typed.verb.as_str() {
            "" => self.stage_status(call, &here).await,
            "plan" => self.plans.stage_plan(call, &here, typed.planned()).await,
            "next" => self.stage_step(call, &here, &typed, Direction::Next).await,
            "back" => self.stage_step(call, &here, &typed, Direction::Back).await,
            "schedule" => self.stage_schedule(call, &here, &typed).await,
            "hold" => Ok(stage_hold(call, &here)),
            "approve" => self.stage_approve(call, &here).await,
            "retry" => Ok(stage_retry(call, &here)),
            _ => Ok(stage_usage(call)),
        }
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

    /// `stage next` and `stage back`.
    async fn stage_step(
        &self,
        call: &Call<'_>,
        here: &Community<'_>,
        typed: &Asked,
        direction: Direction,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let portal = here.portal;
        let to = match portal.stage.step(direction) {
            Ok((to, _)) => to,
            Err(no_step) => return Ok(no_step_there(call, no_step)),
        };
        let verb = match direction {
            Direction::Next => "next",
            Direction::Back => "back",
        };
        let Some(decision) = typed.decision.as_deref().filter(|address| is_address(address)) else {
            return Ok(decision_needed(call, verb, typed));
        };
        if direction == Direction::Next
            && let Some(gate) = self.gates.gate(here, true, phrases.now).await?
            && !gate.is_open()
        {
            return Ok(gate_closed(call, &gate));
        }
        let step = Step {
            room: portal.room.clone(),
            from: portal.stage,
            direction,
            who: Some(call.who()),
            decision: Some(decision.to_owned()),
            share: self.gates.last_share(portal, phrases.now).await?,
        };
        let undo = match direction {
            Direction::Next if to == Stage::Sunset => None,
            Direction::Next => Some("stage back --decision https://…"),
            Direction::Back => Some("stage next --decision https://…"),
        };
        let answer = match undo {
            Some(undo) => {
                let undo = call.typed(undo);
                let args = [phrases.stage(to), phrases.stage(portal.stage), Arg::text(undo)];
                phrases.say(Key::StageTaken, &args)
            }
            None => phrases.say(Key::StageTakenLast, &[phrases.stage(to)]),
        };
        Ok(Outcome::moves(answer, [MigrationChange::Step(step)]))
    }

    async fn stage_schedule(
        &self,
        call: &Call<'_>,
        here: &Community<'_>,
        typed: &Asked,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let portal = here.portal;
        let say = |key: Key, args: &[Arg]| Ok(phrases.answer(key, args));
        let day = typed.words.first().and_then(|word| Date::parse(word));
        let Some(day) = day else {
            let usage = call.typed("stage schedule 2027-01-31 --decision https://…");
            return say(Key::ScheduleUsage, &[Arg::text(usage)]);
        };
        let Some(decision) = typed.decision.as_deref().filter(|address| is_address(address)) else {
            return Ok(decision_needed(call, "schedule", typed));
        };
        let notice = match portal.stage {
            Stage::MatrixFirst => self.gates.thresholds.closing_notice_days,
            Stage::ReadOnly => self.gates.thresholds.sunset_notice_days,
            Stage::Inventory | Stage::Announced | Stage::Bridged | Stage::Sunset => 0,
        };
        let now = phrases.now;
        let schedule = match Schedule::new(portal.stage, day, (now, notice), decision) {
            Ok(schedule) => schedule,
            Err(NoSchedule::Last) => return Ok(no_step_there(call, NoStep::Last)),
            Err(NoSchedule::Past) => return say(Key::SchedulePast, &[]),
            Err(NoSchedule::TooSoon(first)) => {
                let args = [Arg::number(u64::from(notice)), Arg::text(first.to_string())];
                return say(Key::ScheduleTooSoon, &args);
            }
        };
        let begins = day.begins();
        let days = u64::try_from((begins.0 - now.0) / bridge_policy::calendar::DAY_MS);
        let then = announcement(phrases, portal, &schedule, days.unwrap_or(0));
        let hold = call.typed("stage hold");
        let args = [phrases.stage(schedule.to), Arg::day(day), Arg::text(hold)];
        let answer = phrases.say(Key::StageScheduled, &args);
        let set = MigrationChange::Schedule(portal.room.clone(), schedule, Some(call.who()));
        let hold = phrases.button(Key::ButtonHold, "stage hold");
        Ok(Outcome { then, ..Outcome::moves(answer, [set]) }.with([hold]))
    }

    /// One vote of each admin for the next step.
    async fn stage_approve(
        &self,
        call: &Call<'_>,
        here: &Community<'_>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Community { portal, migration } = here;
        let Some(gate) = self.gates.gate(here, false, phrases.now).await? else {
            return Ok(no_step_there(call, NoStep::Last));
        };
        let network = call.place.network.as_str();
        let voter = keys::hash(&["approval", network, call.command.by.user.as_str()]);
        let known = migration.approvals.contains(&voter);
        let have = u64::from(gate.approvals) + u64::from(!known);
        let need = u64::from(gate.approvals_needed);
        let args = [phrases.stage(gate.to), Arg::number(have), Arg::number(need)];
        let key = if known { Key::ApprovedBefore } else { Key::Approved };
        let answer = phrases.say(key, &args);
        Ok(Outcome::moves(
            answer,
            [MigrationChange::Approve(portal.room.clone(), voter, Some(call.who()))],
        ))
    }
}

fn stage_usage(call: &Call<'_>) -> Outcome {
    let verbs = ["plan", "next", "back", "schedule", "hold", "approve", "retry"];
    let args = [Arg::text(call.typed("stage")), Arg::text(verbs.join(" | "))];
    call.phrases.answer(Key::StageUsage, &args)
}

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

/// The answer that asks for the address of the decision.
fn decision_needed(call: &Call<'_>, verb: &str, typed: &Asked) -> Outcome {
    let phrases = call.phrases;
    let mut command = format!("stage {verb}");
    for word in &typed.words {
        command.push(' ');
        command.push_str(word);
    }
    command.push_str(" --decision https://…");
    let command = call.typed(&command);
    match typed.decision.as_deref() {
        None | Some("") => phrases.answer(Key::DecisionNeeded, &[Arg::text(command)]),
        Some(wrong) => phrases.answer(Key::DecisionWrong, &[Arg::text(wrong), Arg::text(command)]),
    }
}

fn gate_closed(call: &Call<'_>, gate: &Gate) -> Outcome {
    let text = call.phrases.say(Key::StageGateClosed, &[call.phrases.stage(gate.to)]);
    let gate = gates::text(call.phrases, gate, &call.typed("stage approve"));
    Outcome::say(text.join_line(gate))
}

fn stage_hold(call: &Call<'_>, here: &Community<'_>) -> Outcome {
    let phrases = call.phrases;
    let Some(set) = &here.migration.schedule else {
        return phrases.answer(Key::HoldNothing, &[]);
    };
    let again = format!("stage schedule {} --decision {}", set.day, set.decision);
    let args = [phrases.stage(set.to), Arg::day(set.day), Arg::text(call.typed(&again))];
    let held = phrases.say(Key::Held, &args);
    let told = here.portal.active().into_iter().filter(|place| place != call.place);
    let public = [Arg::day(set.day)];
    let then = told
        .map(|place| phrases.message_in(&place, phrases.say(Key::HeldPublic, &public)))
        .collect();
    let hold = MigrationChange::Hold(here.portal.room.clone(), Some(call.who()));
    Outcome { then, ..Outcome::moves(held, [hold]) }
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

/// A public address, as decisions have one.
fn is_address(text: &str) -> bool {
    let address = url::Url::parse(text).ok();
    address.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
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

    #[test]
    fn a_decision_without_an_address_is_none() {
        assert_eq!(Asked::read("stage next --decision").decision.as_deref(), Some(""));
        for text in ["", "yes", "ftp://x.org/a", "https://", "javascript:alert(1)"] {
            assert!(!is_address(text), "{text}");
        }
        assert!(is_address("https://meta.wikimedia.org/wiki/Talk:X#Vote"));
    }
}
