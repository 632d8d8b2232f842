// SPDX-License-Identifier: AGPL-3.0-or-later
//! `exception`: where something proprietary is used all the same, on record.
//!
//! Rule: everything that an exception needs is asked for; a day to look at it again above all.

use std::sync::Arc;

use bridge_model::{Place, RichText, Timestamp};
use bridge_policy::calendar::{DAY_MS, Date};
use bridge_policy::exception::Exception;
use bridge_policy::report::ExceptionReport;

use super::call::Call;
use super::community::Community;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::typed::Typed;
use crate::i18n::{Arg, Key};
use crate::lane::{Work, core_place};
use crate::migration::{Deadline, Migration, MigrationChange, Task};
use crate::portal::Portal;
use crate::relay::Networks;
use crate::store::timers::NewTimer;
use crate::store::{Change, Store};
use crate::wording::Lines;

const OPTIONS: [&str; 5] = ["reason", "candidate", "owner", "review", "tracker"];

/// `exception`.
pub(super) struct Exceptions {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
}

impl Exceptions {
    /// `exception`, `exception add …`, `exception list` and `exception close N`.
    pub(super) async fn exception(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        let here = Community::of(&self.store, portal).await?;
        let typed = Typed::read(&call.command.text, &OPTIONS);
        let words: Vec<&str> = typed.words.iter().map(String::as_str).collect();
        let (verb, others) = words.split_first().unwrap_or((&"list", &[]));
        let verb = verb.to_lowercase();
        if verb == "list" {
            return Ok(Outcome::say(list(call, &here.migration)));
        }
        if !call.rights(&self.networks).await?.change {
            return Ok(call.may_not_change());
        }
        match verb.as_str() {
            "add" => Ok(add(call, &here, &typed, others)),
            "close" if others.is_empty() => Ok(Outcome::say(list(call, &here.migration))),
            "close" => Ok(close(call, &here, others)),
            _ => Ok(call.unknown_word(&verb, "exception", &["add", "list", "close"])),
        }
    }
}

fn form(call: &Call<'_>) -> String {
    call.typed(
        "exception add \u{201C}…\u{201D} --reason \u{201C}…\u{201D} --candidate \u{201C}…\u{201D} \
         --owner \u{201C}…\u{201D} --review 2027-01-31 --tracker https://…",
    )
}

fn usage(call: &Call<'_>) -> RichText {
    call.phrases.say(Key::ExceptionUsage, &[Arg::text(form(call))])
}

fn list(call: &Call<'_>, migration: &Migration) -> RichText {
    let phrases = call.phrases;
    let open = migration.exceptions.iter().filter(|exception| exception.closed.is_none());
    let lines = open.map(|exception| {
        let args = [Arg::text(exception.number.to_string()), about(phrases, exception)];
        phrases.say(Key::ExceptionLine, &args)
    });
    let listed = lines.reduce(Lines::join_line);
    let listed = listed.unwrap_or_else(|| phrases.say(Key::ExceptionNone, &[]));
    listed.join_line(usage(call))
}

/// An exception in one line.
fn about(phrases: Phrases<'_>, exception: &Exception) -> Arg {
    let shown = ExceptionReport::of(exception, Date::of(phrases.now));
    Arg::text(crate::report::exception_line(&shown, phrases.wording))
}

/// The exception that was typed.
///
/// # Errors
/// The answer that says what is missing or cannot be read.
fn read(
    call: &Call<'_>,
    migration: &Migration,
    (typed, others): (&Typed, &[&str]),
) -> Result<Exception, Outcome> {
    let phrases = call.phrases;
    let today = Date::of(phrases.now);
    let lacks = |option: &str, what: Key| {
        let what = Arg::text(phrases.plain(what, &[]));
        let args = [Arg::text(option), what, Arg::text(form(call))];
        phrases.answer(Key::ExceptionLacks, &args)
    };
    let unreadable = |given: &str, what: Key| {
        let what = Arg::text(phrases.plain(what, &[]));
        phrases.answer(Key::ExceptionUnreadable, &[Arg::text(given), what, Arg::text(form(call))])
    };
    let service = typed.quoted.first().cloned().unwrap_or_else(|| others.join(" "));
    if service.is_empty() {
        return Err(lacks("service", Key::ExceptionService));
    }
    let mut open = migration.exceptions.iter().filter(|it| it.closed.is_none());
    if let Some(same) = open.find(|it| it.service.to_lowercase() == service.to_lowercase()) {
        let end = call.typed(&format!("exception close {}", same.number));
        let args = [Arg::text(same.number.to_string()), about(phrases, same), Arg::text(end)];
        return Err(phrases.answer(Key::ExceptionTwice, &args));
    }
    let given = |option: &str, what: Key| {
        let given = typed.option(option).map(str::trim).filter(|it| !it.is_empty());
        given.ok_or_else(|| lacks(option, what))
    };
    let reason = given("reason", Key::ExceptionReason)?.to_owned();
    let candidate = given("candidate", Key::ExceptionCandidate)?.to_owned();
    let owner = given("owner", Key::ExceptionOwner)?.to_owned();
    let review = given("review", Key::ExceptionReview)?;
    let review = Date::parse(review)
        .filter(|day| *day > today)
        .ok_or_else(|| unreadable(review, Key::ExceptionReview))?;
    let tracker = given("tracker", Key::ExceptionTracker).ok();
    if let Some(address) = tracker.filter(|address| !address.starts_with("https://")) {
        return Err(unreadable(address, Key::ExceptionTracker));
    }
    let tracker = tracker.map(str::to_owned);
    let number = migration.exceptions.iter().map(|it| it.number).max().unwrap_or(0) + 1;
    let (opened, closed) = (today, None);
    Ok(Exception { number, service, reason, candidate, owner, review, tracker, opened, closed })
}

fn add(call: &Call<'_>, here: &Community<'_>, typed: &Typed, others: &[&str]) -> Outcome {
    let phrases = call.phrases;
    let Community { portal, migration } = here;
    let exception = match read(call, migration, (typed, others)) {
        Ok(exception) => exception,
        Err(answer) => return answer,
    };
    let number = exception.number;
    let close = format!("exception close {number}");
    let said = |phrases: Phrases<'_>, place: &Place| {
        let end = Arg::text(phrases.typed_on(&place.network, &close));
        let args = [Arg::text(number.to_string()), about(phrases, &exception), end];
        phrases.say(Key::ExceptionAdded, &args)
    };
    let answer = said(phrases, call.place);
    let told = call.told(&portal.room, said(call.shared, &portal.room));
    let timer = NewTimer {
        name: timer_name(portal, number),
        at: Timestamp(exception.review.begins().0.saturating_add(DAY_MS)),
        lane: core_place(&portal.room),
        work: Work::Task(Task::Due(Deadline::Review { portal: portal.id, number })),
    };
    let who = Some(call.who());
    let add = MigrationChange::Except(portal.room.clone(), Box::new(exception), who);
    let changes = vec![Change::Move(Box::new(add)), Change::Timer(Box::new(timer))];
    Outcome { then: Vec::from_iter(told), ..Outcome::change(answer, changes) }
}

fn close(call: &Call<'_>, here: &Community<'_>, others: &[&str]) -> Outcome {
    let phrases = call.phrases;
    let Community { portal, migration } = here;
    let typed = others.first().copied().unwrap_or_default();
    let number = typed.trim_start_matches('#').parse::<u32>().ok();
    let mut open = migration.exceptions.iter().filter(|it| it.closed.is_none());
    let Some(exception) = open.find(|it| Some(it.number) == number) else {
        let args = [Arg::text(typed), Arg::text(call.typed("exception list"))];
        return phrases.answer(Key::ExceptionUnknown, &args);
    };
    let args = [Arg::text(exception.number.to_string()), Arg::text(&exception.service)];
    let answer = phrases.say(Key::ExceptionClosed, &args);
    let today = Date::of(phrases.now);
    let who = Some(call.who());
    let close = MigrationChange::EndException(portal.room.clone(), exception.number, today, who);
    let stop = Change::StopTimer(timer_name(portal, exception.number));
    let changes = vec![Change::Move(Box::new(close)), stop];
    let told = call.told(&portal.room, call.shared.say(Key::ExceptionClosed, &args));
    Outcome { then: Vec::from_iter(told), ..Outcome::change(answer, changes) }
}

/// The day on which an exception was to be looked at is over.
pub(super) fn review_is_due(
    phrases: Phrases<'_>,
    Community { portal, migration }: &Community<'_>,
    number: u32,
) -> Outcome {
    let open = |it: &&Exception| it.number == number && it.closed.is_none();
    let Some(exception) = migration.exceptions.iter().find(open) else {
        return Outcome::default();
    };
    let end = phrases.typed_on(&portal.room.network, &format!("exception close {number}"));
    let args = [Arg::text(number.to_string()), about(phrases, exception), Arg::text(end)];
    phrases.answer(Key::ExceptionOverdue, &args)
}

fn timer_name(portal: &Portal, number: u32) -> String {
    format!("exception/{}/{number}", portal.id.0)
}
