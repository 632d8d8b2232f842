// SPDX-License-Identifier: AGPL-3.0-or-later
//! `stage` and `audit`: walking a community to the free side, at its own decision.
//!
//! Rule: whoever reads an answer knows what happened, where, and how to undo it. Nothing is done
//! that `stage plan` does not show.

use bridge_model::{Button, Place, RichText};
use bridge_policy::calendar::Date;
use bridge_policy::gate::Gate;
use bridge_policy::schedule::{NoSchedule, Schedule};
use bridge_policy::stage::{Direction, NoStep, Stage};

use super::typed::Typed;
use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::migration::{Migration, Move, News, Planned, Progress, Step, Who};
use crate::portal::Portal;
use crate::store::{Change, keys};
use crate::wording::{Lines, label};

/// What follows `stage`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) verb: String,
    pub(super) words: Vec<String>,
    pub(super) decision: Option<String>,
}

/// The portal of the caller, and how far it is.
pub(super) struct Here {
    pub(super) portal: Portal,
    pub(super) migration: Migration,
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
}

impl Desk {
    /// The portal of the caller, and how far it is; `None` where nothing is joined.
    pub(super) async fn here(&self, caller: &Caller<'_>) -> Result<Option<Here>, DeskError> {
        let Some(portal) = self.store.portal_of(caller.place).await? else { return Ok(None) };
        let migration = self.store.migration(portal.id).await?;
        Ok(Some(Here { portal, migration }))
    }

    /// `stage ...`
    pub(super) async fn stage(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let typed = Asked::read(&caller.command.text);
        let Some(here) = self.here(caller).await? else { return Ok(self.not_linked()) };
        let only_tells = matches!(typed.verb.as_str(), "" | "plan");
        if !only_tells && !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        match typed.verb.as_str() {
            "" => self.stage_status(caller, &here).await,
            "plan" => self.stage_plan(caller, &here, &typed).await,
            "next" => self.stage_step(caller, &here, (&typed, Direction::Next)).await,
            "back" => self.stage_step(caller, &here, (&typed, Direction::Back)).await,
            "schedule" => self.stage_schedule(caller, &here, &typed).await,
            "hold" => Ok(self.stage_hold(caller, &here)),
            "approve" => self.stage_approve(caller, &here).await,
            "retry" => Ok(self.stage_retry(caller, &here)),
            _ => Ok(Outcome::say(self.stage_usage(caller))),
        }
    }

    fn stage_usage(&self, caller: &Caller<'_>) -> RichText {
        let verbs = ["plan", "next", "back", "schedule", "hold", "approve", "retry"];
        let args = [Arg::text(self.typed(caller, "stage")), Arg::text(verbs.join(" | "))];
        self.wording.say(Key::StageUsage, &args)
    }

    /// How far the community is, and what the next step asks for.
    async fn stage_status(&self, caller: &Caller<'_>, here: &Here) -> Result<Outcome, DeskError> {
        let Here { portal, migration } = here;
        let since = Arg::day(Date::of(migration.since));
        let mut text = self.wording.say(Key::StageNow, &[Arg::text(portal.stage.name()), since]);
        for line in self.unfinished_lines(caller, migration) {
            text = text.join_line(line);
        }
        if let Some(set) = &migration.schedule {
            let hold = self.typed(caller, "stage hold");
            let day = Arg::day(set.day);
            let args = [Arg::text(set.to.name()), day, Arg::text(hold)];
            text = text.join_line(self.wording.say(Key::StageScheduled, &args));
        }
        let Some(gate) = self.gate(portal, migration, false).await? else {
            return Ok(Outcome::say(text.join_line(self.wording.say(Key::StageLast, &[]))));
        };
        text = text.join_line(self.wording.say(Key::StageNext, &[Arg::text(gate.to.name())]));
        text = text.join_line(self.gate_text(&gate, &self.typed(caller, "stage approve")));
        let plan = self.typed(caller, "stage plan");
        let next = self.typed(caller, "stage next --decision https://…");
        let how = self.wording.say(Key::StageHow, &[Arg::text(plan), Arg::text(next)]);
        Ok(Outcome::say(text.join_line(how)).with(self.stage_buttons(migration)))
    }

    fn stage_buttons(&self, migration: &Migration) -> Vec<Button> {
        let mut buttons = vec![self.button(Key::ButtonPlan, "stage plan")];
        if migration.unfinished().next().is_some() {
            buttons.push(self.button(Key::ButtonRetry, "stage retry"));
        }
        if migration.schedule.is_some() {
            buttons.push(self.button(Key::ButtonHold, "stage hold"));
        }
        buttons
    }

    /// What of the last step is not done, and why.
    pub(super) fn unfinished_lines(
        &self,
        caller: &Caller<'_>,
        migration: &Migration,
    ) -> Vec<RichText> {
        let retry = self.typed(caller, "stage retry");
        migration.unfinished().map(|planned| self.unfinished_line(planned, &retry)).collect()
    }

    fn unfinished_line(&self, planned: &Planned, retry: &str) -> RichText {
        let what = Arg::text(self.effect_name(planned.effect));
        let place = Arg::text(label(&planned.place.network));
        match &planned.progress {
            Progress::Refused(reason) => {
                let reason = self.wording.reason(&planned.place.network, reason);
                let args = [place, what, Arg::text(reason), Arg::text(retry)];
                self.wording.say(Key::EffectRefused, &args)
            }
            Progress::Waiting | Progress::UnderWay | Progress::Done => {
                self.wording.say(Key::EffectUnderWay, &[place, what])
            }
        }
    }

    /// Says in the room what came of a step.
    pub(super) async fn tell(&self, room: &Place, news: &News) -> Result<Outcome, DeskError> {
        match news {
            News::Refused(tag) => {
                let migration = self.store.migration(tag.portal).await?;
                let retry = self.typed_on(&room.network, "stage retry");
                let refused = migration.planned(tag).filter(|planned| planned.is_refused());
                let line = refused.map(|planned| self.unfinished_line(planned, &retry));
                let button = self.button(Key::ButtonRetry, "stage retry");
                Ok(line.map(|line| Outcome::say(line).with([button])).unwrap_or_default())
            }
            News::Erased { messages, people } => {
                let audit = self.typed_on(&room.network, "audit");
                let args = [Arg::number(*messages), Arg::number(*people), Arg::text(audit)];
                Ok(Outcome::say(self.wording.say(Key::Erased, &args)))
            }
        }
    }

    /// `stage next` and `stage back`.
    async fn stage_step(
        &self,
        caller: &Caller<'_>,
        here: &Here,
        (typed, direction): (&Asked, Direction),
    ) -> Result<Outcome, DeskError> {
        let Here { portal, migration } = here;
        let to = match portal.stage.step(direction) {
            Ok((to, _)) => to,
            Err(no_step) => return Ok(Outcome::say(self.no_step(caller, no_step))),
        };
        let verb = match direction {
            Direction::Next => "next",
            Direction::Back => "back",
        };
        let Some(decision) = typed.decision.as_deref().filter(|address| is_address(address)) else {
            return Ok(Outcome::say(self.decision_needed(caller, (verb, typed))));
        };
        if direction == Direction::Next
            && let Some(gate) = self.gate(portal, migration, true).await?
            && !gate.is_open()
        {
            return Ok(Outcome::say(self.gate_closed(caller, &gate)));
        }
        let step = Step {
            room: portal.room.clone(),
            from: portal.stage,
            direction,
            who: Some(who(caller)),
            decision: Some(decision.to_owned()),
            share: self.last_share(portal).await?,
        };
        let undo = match direction {
            Direction::Next if to == Stage::Sunset => None,
            Direction::Next => Some("stage back --decision https://…"),
            Direction::Back => Some("stage next --decision https://…"),
        };
        let answer = match undo {
            Some(undo) => {
                let undo = self.typed(caller, undo);
                let args = [Arg::text(to.name()), Arg::text(portal.stage.name()), Arg::text(undo)];
                self.wording.say(Key::StageTaken, &args)
            }
            None => self.wording.say(Key::StageTakenLast, &[Arg::text(to.name())]),
        };
        Ok(moved(answer, Move::Step(step)))
    }

    pub(super) fn no_step(&self, caller: &Caller<'_>, no_step: NoStep) -> RichText {
        match no_step {
            NoStep::First => {
                let unlink = self.typed(caller, "unlink");
                self.wording.say(Key::StageIsFirst, &[Arg::text(unlink)])
            }
            NoStep::Last => {
                let link = self.typed(caller, "link");
                self.wording.say(Key::StageIsLast, &[Arg::text(link)])
            }
        }
    }

    fn decision_needed(&self, caller: &Caller<'_>, (verb, typed): (&str, &Asked)) -> RichText {
        let mut command = format!("stage {verb}");
        for word in &typed.words {
            command.push(' ');
            command.push_str(word);
        }
        command.push_str(" --decision https://…");
        let command = self.typed(caller, &command);
        match typed.decision.as_deref() {
            None | Some("") => self.wording.say(Key::DecisionNeeded, &[Arg::text(command)]),
            Some(wrong) => {
                self.wording.say(Key::DecisionWrong, &[Arg::text(wrong), Arg::text(command)])
            }
        }
    }

    fn gate_closed(&self, caller: &Caller<'_>, gate: &Gate) -> RichText {
        let text = self.wording.say(Key::StageGateClosed, &[Arg::text(gate.to.name())]);
        text.join_line(self.gate_text(gate, &self.typed(caller, "stage approve")))
    }

    async fn stage_schedule(
        &self,
        caller: &Caller<'_>,
        here: &Here,
        typed: &Asked,
    ) -> Result<Outcome, DeskError> {
        let Here { portal, .. } = here;
        let say = |key: Key, args: &[Arg]| Ok(Outcome::say(self.wording.say(key, args)));
        let day = typed.words.first().and_then(|word| Date::parse(word));
        let Some(day) = day else {
            let usage = self.typed(caller, "stage schedule 2027-01-31 --decision https://…");
            return say(Key::ScheduleUsage, &[Arg::text(usage)]);
        };
        let Some(decision) = typed.decision.as_deref().filter(|address| is_address(address)) else {
            return Ok(Outcome::say(self.decision_needed(caller, ("schedule", typed))));
        };
        let notice = match portal.stage {
            Stage::MatrixFirst => self.thresholds.closing_notice_days,
            Stage::ReadOnly => self.thresholds.sunset_notice_days,
            Stage::Inventory | Stage::Announced | Stage::Bridged | Stage::Sunset => 0,
        };
        let now = self.clock.now();
        let schedule = match Schedule::new(portal.stage, day, (now, notice), decision) {
            Ok(schedule) => schedule,
            Err(NoSchedule::Last) => return Ok(Outcome::say(self.no_step(caller, NoStep::Last))),
            Err(NoSchedule::Past) => return say(Key::SchedulePast, &[]),
            Err(NoSchedule::TooSoon(first)) => {
                let args = [Arg::number(u64::from(notice)), Arg::text(first.to_string())];
                return say(Key::ScheduleTooSoon, &args);
            }
        };
        let begins = day.begins();
        let days = u64::try_from((begins.0 - now.0) / bridge_policy::calendar::DAY_MS);
        let then = self.announcement(portal, (schedule.to, day), days.unwrap_or(0));
        let hold = self.typed(caller, "stage hold");
        let args = [Arg::text(schedule.to.name()), Arg::day(day), Arg::text(hold)];
        let answer = self.wording.say(Key::StageScheduled, &args);
        let set = Move::Schedule(portal.room.clone(), schedule, Some(who(caller)));
        let hold = self.button(Key::ButtonHold, "stage hold");
        Ok(Outcome { then, ..moved(answer, set) }.with([hold]))
    }

    fn stage_hold(&self, caller: &Caller<'_>, here: &Here) -> Outcome {
        let Some(set) = &here.migration.schedule else {
            return Outcome::say(self.wording.say(Key::HoldNothing, &[]));
        };
        let again = format!("stage schedule {} --decision {}", set.day, set.decision);
        let args =
            [Arg::text(set.to.name()), Arg::day(set.day), Arg::text(self.typed(caller, &again))];
        let held = self.wording.say(Key::Held, &args);
        let told = here.portal.active().into_iter().filter(|place| place != caller.place);
        let public = [Arg::day(set.day)];
        let then = told
            .map(|place| self.words(&place, None, self.wording.say(Key::HeldPublic, &public)))
            .collect();
        let hold = Move::Hold(here.portal.room.clone(), Some(who(caller)));
        Outcome { then, ..moved(held, hold) }
    }

    /// One vote of each admin for the next step.
    async fn stage_approve(&self, caller: &Caller<'_>, here: &Here) -> Result<Outcome, DeskError> {
        let Here { portal, migration } = here;
        let Some(gate) = self.gate(portal, migration, false).await? else {
            return Ok(Outcome::say(self.no_step(caller, NoStep::Last)));
        };
        let network = caller.place.network.as_str();
        let voter = keys::hash(&["approval", network, caller.command.by.user.as_str()]);
        let known = migration.approvals.contains(&voter);
        let have = u64::from(gate.approvals) + u64::from(!known);
        let need = u64::from(gate.approvals_needed);
        let args = [Arg::text(gate.to.name()), Arg::number(have), Arg::number(need)];
        let key = if known { Key::ApprovedBefore } else { Key::Approved };
        let answer = self.wording.say(key, &args);
        Ok(moved(answer, Move::Approve(portal.room.clone(), voter, Some(who(caller)))))
    }

    fn stage_retry(&self, caller: &Caller<'_>, here: &Here) -> Outcome {
        let effects = here.migration.effects.iter();
        let count = effects.filter(|planned| planned.is_refused()).count();
        if count == 0 {
            return Outcome::say(self.wording.say(Key::RetryNothing, &[]));
        }
        let count = Arg::number(u64::try_from(count).unwrap_or(u64::MAX));
        let status = Arg::text(self.typed(caller, "stage"));
        let answer = self.wording.say(Key::Retried, &[count, status]);
        moved(answer, Move::Retry(here.portal.room.clone(), Some(who(caller))))
    }
}

/// An answer, and what it says was done.
fn moved(answer: RichText, what: Move) -> Outcome {
    Outcome { answer, changes: vec![Change::Move(Box::new(what))], ..Outcome::default() }
}

/// Who is to be named in the history.
pub(super) fn who(caller: &Caller<'_>) -> Who {
    let by = &caller.command.by;
    Who { network: caller.place.network.clone(), name: Some(by.name.clone()) }
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
