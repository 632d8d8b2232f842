// SPDX-License-Identifier: AGPL-3.0-or-later
//! `stage next`, `stage back` and `stage schedule`: steps, now or on a day.
//!
//! Rule: a step forward is shown before it is taken. A step back rests on the decision of the step
//! that it takes back, and is no decision for going forward again.

use bridge_model::{Place, RichText, Timestamp};
use bridge_policy::calendar::{DAY_MS, Date};
use bridge_policy::gate::Gate;
use bridge_policy::schedule::{NoSchedule, Schedule};
use bridge_policy::stage::{Direction, NoStep, Stage};

use super::announcement::announcement;
use super::call::Call;
use super::community::Community;
use super::gates;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::plan::no_step_there;
use super::stage::{Asked, Stages};
use super::unconfirmed;
use crate::i18n::{Arg, Key};
use crate::migration::{MigrationChange, Step};
use crate::portal::Portal;
use crate::wording::Lines;

/// How a step forward is typed.
const NEXT: &str = "stage next --decision https://…";

impl Stages {
    /// `stage next` and `stage back`.
    pub(super) async fn stage_step(
        &self,
        call: &Call<'_>,
        here: Community<'_>,
        typed: &Asked,
        direction: Direction,
    ) -> Result<Outcome, DeskError> {
        let (portal, back) = (here.portal, direction == Direction::Back);
        if let Err(no_step) = portal.stage.step(direction) {
            return Ok(no_step_there(call, no_step));
        }
        let taken_back = here.migration.decision.clone().filter(|_| back);
        let decision = match typed.decision.as_deref() {
            Some(address) if is_address(address) => Some(address.to_owned()),
            None if back => taken_back,
            Some(_) | None => {
                let verb = if back { "back" } else { "next" };
                return Ok(decision_needed(call, verb, typed));
            }
        };
        if !back && let Some(refused) = self.not_yet(call, here).await? {
            return Ok(refused);
        }
        let step = Step {
            room: portal.room.clone(),
            from: portal.stage,
            direction,
            who: Some(call.who()),
            decision,
            share: self.gates.last_share(portal, call.phrases.now).await?,
        };
        Ok(taken(call, portal, step))
    }

    /// Why a step forward is not taken now: the gate is closed, or nobody has said yes yet.
    async fn not_yet(
        &self,
        call: &Call<'_>,
        here: Community<'_>,
    ) -> Result<Option<Outcome>, DeskError> {
        // Who takes a step agrees to it.
        let with_it = here.agreed_by(self.power.voice(call).await?);
        let gate = self.gates.gate(&with_it, true, call.phrases.now).await?;
        if let Some(gate) = gate.filter(|gate| !gate.is_open()) {
            return Ok(Some(gate_closed(call, &gate)));
        }
        if call.confirmed {
            return Ok(None);
        }
        let shown = self.shown(call, &with_it).await?;
        Ok(Some(unconfirmed::ask(call, shown)))
    }

    /// What the next step does, in short.
    async fn shown(&self, call: &Call<'_>, here: &Community<'_>) -> Result<RichText, DeskError> {
        let text = self.plans.outline(call.phrases, here.portal).await?;
        if here.portal.stage.next() != Some(Stage::Sunset) {
            return Ok(text);
        }
        Ok(text.join_line(self.erased(call.phrases, here.portal).await?))
    }

    /// What the last stage erases for good.
    pub(super) async fn erased(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<RichText, DeskError> {
        let (messages, people) = self.store.erasable(portal).await?;
        Ok(phrases.say(Key::SunsetErases, &[Arg::number(messages), Arg::number(people)]))
    }

    /// `stage schedule`.
    pub(super) async fn stage_schedule(
        &self,
        call: &Call<'_>,
        here: &Community<'_>,
        typed: &Asked,
    ) -> Result<Outcome, DeskError> {
        let (phrases, portal) = (call.phrases, here.portal);
        let schedule = match self.read_schedule(call, portal, typed) {
            Ok(schedule) => schedule,
            Err(refused) => return Ok(*refused),
        };
        let day = Arg::day(schedule.day);
        if !call.confirmed {
            let to = phrases.stage(schedule.to);
            let intro = phrases.say(Key::ScheduleAsk, &[to, day]);
            let shown = intro.join_line(self.shown(call, here).await?);
            return Ok(unconfirmed::ask(call, shown));
        }
        let room = portal.room.clone();
        let left = days_left(schedule.day, phrases.now);
        let mut then = announcement(call.shared, portal, &schedule, left);
        let said = |phrases: Phrases<'_>, place: &Place| {
            let hold = Arg::text(phrases.typed_on(&place.network, "stage hold"));
            phrases.say(Key::StageScheduled, &[phrases.stage(schedule.to), day.clone(), hold])
        };
        then.extend(call.told(&room, said(call.shared, &room)));
        let answer = said(phrases, call.place);
        let hold = phrases.button(Key::ButtonHold, "stage hold");
        let mut moves = Vec::new();
        let last = schedule.to == Stage::Sunset;
        moves.push(MigrationChange::Schedule(room.clone(), schedule, Some(call.who())));
        if last {
            let voice = self.power.voice(call).await?;
            moves.push(MigrationChange::Approve(room, voice, Some(call.who())));
        }
        Ok(Outcome { then, ..Outcome::moves(answer, moves) }.with([hold]))
    }

    fn read_schedule(
        &self,
        call: &Call<'_>,
        portal: &Portal,
        typed: &Asked,
    ) -> Result<Schedule, Box<Outcome>> {
        let phrases = call.phrases;
        let refused = |key: Key, args: &[Arg]| Err(Box::new(phrases.answer(key, args)));
        let usage = || Arg::text(call.typed("stage schedule 2027-01-31 --decision https://…"));
        let Some(word) = typed.words.first() else {
            return refused(Key::ScheduleUsage, &[usage()]);
        };
        let Some(day) = Date::parse(word) else {
            return refused(Key::DayUnreadable, &[Arg::text(word), usage()]);
        };
        let decision = typed.decision.as_deref().filter(|address| is_address(address));
        let Some(decision) = decision else {
            return Err(Box::new(decision_needed(call, "schedule", typed)));
        };
        let notice = match portal.stage {
            Stage::MatrixFirst => self.gates.thresholds.closing_notice_days,
            Stage::ReadOnly => self.gates.thresholds.sunset_notice_days,
            Stage::Inventory | Stage::Announced | Stage::Bridged | Stage::Sunset => 0,
        };
        match Schedule::new(portal.stage, day, (phrases.now, notice), decision) {
            Ok(schedule) => Ok(schedule),
            Err(NoSchedule::Last) => Err(Box::new(no_step_there(call, NoStep::Last))),
            Err(NoSchedule::Past) => refused(Key::SchedulePast, &[]),
            Err(NoSchedule::TooSoon(first)) => {
                let args = [Arg::number(u64::from(notice)), Arg::day(first)];
                refused(Key::ScheduleTooSoon, &args)
            }
        }
    }
}

/// A step is taken; the room is told of it, and of the way back.
fn taken(call: &Call<'_>, portal: &Portal, step: Step) -> Outcome {
    let phrases = call.phrases;
    let back = step.direction == Direction::Back;
    let Ok((to, _)) = step.from.step(step.direction) else { return Outcome::default() };
    let undo = if back { NEXT } else { "stage back" };
    let said = |phrases: Phrases<'_>, place: &Place| match to {
        Stage::Sunset => phrases.say(Key::StageTakenLast, &[phrases.stage(to)]),
        Stage::Inventory
        | Stage::Announced
        | Stage::Bridged
        | Stage::MatrixFirst
        | Stage::ReadOnly => {
            let undo = Arg::text(phrases.typed_on(&place.network, undo));
            let args = [phrases.stage(to), phrases.stage(step.from), undo];
            phrases.say(Key::StageTaken, &args)
        }
    };
    let room = &portal.room;
    let then = call.told(room, said(call.shared, room));
    let answer = said(phrases, call.place);
    let take_back =
        (!back && to != Stage::Sunset).then(|| phrases.button(Key::ButtonTakeBack, "stage back"));
    let outcome = Outcome::moves(answer, [MigrationChange::Step(step)]).with(take_back);
    Outcome { then: then.into_iter().collect(), ..outcome }
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

/// Days until a day begins, as people count them: what is left of today is one.
fn days_left(day: Date, now: Timestamp) -> u64 {
    let left = day.begins().0.saturating_sub(now.0).max(0);
    u64::try_from((left + DAY_MS - 1) / DAY_MS).unwrap_or(0)
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
    fn a_decision_without_an_address_is_none() {
        assert_eq!(Asked::read("stage next --decision").decision.as_deref(), Some(""));
        for text in ["", "yes", "ftp://x.org/a", "https://", "javascript:alert(1)"] {
            assert!(!is_address(text), "{text}");
        }
        assert!(is_address("https://meta.wikimedia.org/wiki/Talk:X#Vote"));
    }

    #[test]
    fn a_day_after_tomorrow_is_in_two_days() {
        let noon = Timestamp(Date::parse("2026-11-29").unwrap().begins().0 + DAY_MS / 2);
        assert_eq!(days_left(Date::parse("2026-12-01").unwrap(), noon), 2);
        assert_eq!(days_left(Date::parse("2026-11-29").unwrap(), noon), 0);
    }
}
