// SPDX-License-Identifier: AGPL-3.0-or-later
//! `exception`: where something proprietary is used all the same, on record.
//!
//! Rule: everything that an exception needs is asked for; a day to look at it again above all.

use bridge_model::{RichText, Timestamp};
use bridge_policy::calendar::{DAY_MS, Date};
use bridge_policy::exception::Exception;
use bridge_policy::report::ExceptionReport;

use super::stage::Here;
use super::typed::Typed;
use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::lane::{Work, core_place};
use crate::migration::{Due, Migration, Move, Task};
use crate::portal::Portal;
use crate::store::Change;
use crate::store::timers::NewTimer;
use crate::wording::Lines;

const OPTIONS: [&str; 5] = ["reason", "candidate", "owner", "review", "tracker"];

impl Desk {
    /// `exception`, `exception add …`, `exception list` and `exception close N`.
    pub(super) async fn exception(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let Some(Here { portal, migration }) = self.here(caller).await? else {
            return Ok(self.not_linked());
        };
        let typed = Typed::read(&caller.command.text, &OPTIONS);
        let words: Vec<&str> = typed.words.iter().map(String::as_str).collect();
        let (verb, others) = words.split_first().unwrap_or((&"list", &[]));
        if *verb == "list" {
            return Ok(Outcome::say(self.exceptions(caller, &migration)));
        }
        if !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        match *verb {
            "add" => Ok(self.add_exception(caller, (&portal, &migration), (&typed, others))),
            "close" => Ok(self.close_exception(caller, (&portal, &migration), others)),
            _ => Ok(Outcome::say(self.exception_usage(caller))),
        }
    }

    fn exception_form(&self, caller: &Caller<'_>) -> String {
        self.typed(
            caller,
            "exception add \u{201C}…\u{201D} --reason \u{201C}…\u{201D} --candidate \u{201C}…\u{201D} \
             --owner \u{201C}…\u{201D} --review 2027-01-31 --tracker https://…",
        )
    }

    fn exception_usage(&self, caller: &Caller<'_>) -> RichText {
        self.wording.say(Key::ExceptionUsage, &[Arg::text(self.exception_form(caller))])
    }

    fn exceptions(&self, caller: &Caller<'_>, migration: &Migration) -> RichText {
        let open = migration.exceptions.iter().filter(|exception| exception.closed.is_none());
        let lines = open.map(|exception| {
            let args = [Arg::text(exception.number.to_string()), self.about(exception)];
            self.wording.say(Key::ExceptionLine, &args)
        });
        let listed = lines.reduce(Lines::join_line);
        let listed = listed.unwrap_or_else(|| self.wording.say(Key::ExceptionNone, &[]));
        listed.join_line(self.exception_usage(caller))
    }

    /// An exception in one line.
    fn about(&self, exception: &Exception) -> Arg {
        let shown = ExceptionReport::of(exception, Date::of(self.clock.now()));
        Arg::text(crate::report::exception_line(&shown, &self.wording))
    }

    fn add_exception(
        &self,
        caller: &Caller<'_>,
        (portal, migration): (&Portal, &Migration),
        (typed, others): (&Typed, &[&str]),
    ) -> Outcome {
        let today = Date::of(self.clock.now());
        let lacks = |option: &str, what: Key| {
            let what = Arg::text(self.wording.plain(what, &[]));
            let args = [Arg::text(option), what, Arg::text(self.exception_form(caller))];
            Outcome::say(self.wording.say(Key::ExceptionLacks, &args))
        };
        let service = typed.quoted.first().cloned().unwrap_or_else(|| others.join(" "));
        if service.is_empty() {
            return lacks("service", Key::ExceptionService);
        }
        let given = |option: &str| typed.option(option).map(str::trim).filter(|it| !it.is_empty());
        let Some(reason) = given("reason") else { return lacks("reason", Key::ExceptionReason) };
        let Some(candidate) = given("candidate") else {
            return lacks("candidate", Key::ExceptionCandidate);
        };
        let Some(owner) = given("owner") else { return lacks("owner", Key::ExceptionOwner) };
        let review = given("review").and_then(Date::parse).filter(|day| *day > today);
        let Some(review) = review else { return lacks("review", Key::ExceptionReview) };
        let tracker = given("tracker");
        if tracker.is_some_and(|address| !address.starts_with("https://")) {
            return lacks("tracker", Key::ExceptionTracker);
        }
        let number = migration.exceptions.iter().map(|it| it.number).max().unwrap_or(0) + 1;
        let exception = Exception {
            number,
            service,
            reason: reason.to_owned(),
            candidate: candidate.to_owned(),
            owner: owner.to_owned(),
            review,
            tracker: tracker.map(str::to_owned),
            opened: today,
            closed: None,
        };
        let end = self.typed(caller, &format!("exception close {number}"));
        let args = [Arg::text(number.to_string()), self.about(&exception), Arg::text(end)];
        let answer = self.wording.say(Key::ExceptionAdded, &args);
        let timer = NewTimer {
            name: timer_name(portal, number),
            at: Timestamp(review.begins().0.saturating_add(DAY_MS)),
            lane: core_place(&portal.room),
            work: Work::Task(Task::Due(Due::Review { portal: portal.id, number })),
        };
        let who = Some(super::stage::who(caller));
        let add = Move::Except(portal.room.clone(), Box::new(exception), who);
        let changes = vec![Change::Move(Box::new(add)), Change::Timer(Box::new(timer))];
        Outcome { answer, changes, ..Outcome::default() }
    }

    fn close_exception(
        &self,
        caller: &Caller<'_>,
        (portal, migration): (&Portal, &Migration),
        others: &[&str],
    ) -> Outcome {
        let typed = others.first().copied().unwrap_or_default();
        let number = typed.trim_start_matches('#').parse::<u32>().ok();
        let mut open = migration.exceptions.iter().filter(|it| it.closed.is_none());
        let Some(exception) = open.find(|it| Some(it.number) == number) else {
            let args = [Arg::text(typed), Arg::text(self.typed(caller, "exception list"))];
            return Outcome::say(self.wording.say(Key::ExceptionUnknown, &args));
        };
        let args = [Arg::text(exception.number.to_string()), Arg::text(&exception.service)];
        let answer = self.wording.say(Key::ExceptionClosed, &args);
        let today = Date::of(self.clock.now());
        let who = Some(super::stage::who(caller));
        let close = Move::EndException(portal.room.clone(), exception.number, today, who);
        let stop = Change::StopTimer(timer_name(portal, exception.number));
        let changes = vec![Change::Move(Box::new(close)), stop];
        Outcome { answer, changes, ..Outcome::default() }
    }

    /// The day on which an exception was to be looked at is over.
    pub(super) fn review_is_due(
        &self,
        portal: &Portal,
        migration: &Migration,
        number: u32,
    ) -> Outcome {
        let open = |it: &&Exception| it.number == number && it.closed.is_none();
        let Some(exception) = migration.exceptions.iter().find(open) else {
            return Outcome::default();
        };
        let end = self.typed_on(&portal.room.network, &format!("exception close {number}"));
        let args = [Arg::text(number.to_string()), self.about(exception), Arg::text(end)];
        Outcome::say(self.wording.say(Key::ExceptionOverdue, &args))
    }
}

fn timer_name(portal: &Portal, number: u32) -> String {
    format!("exception/{}/{number}", portal.id.0)
}
