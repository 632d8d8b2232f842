// SPDX-License-Identifier: AGPL-3.0-or-later
//! `selftest`: whether bans, mutes and deletions work on each side, tried with a test account.
//!
//! Rule: what was done and read back, what only the right was checked of, and what did not answer are
//! told apart. Whoever reads what is missing reads who can give it.

use std::sync::Arc;

use bridge_model::{Place, RichText};

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::power::RoomPower;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::migration::Task;
use crate::network::MATRIX;
use crate::portal::Portal;
use crate::refusal::Refusal;
use crate::self_test::{CheckOutcome, DeedCheck, SelfTestRun, TestedDeed, TestedSide, tested};
use crate::store::self_tests::SelfTestChange;
use crate::store::{Change, Store};
use crate::wording::{Lines, label};

/// `selftest`.
pub(super) struct SelfTests {
    pub(super) store: Arc<Store>,
    pub(super) power: RoomPower,
    /// Days for which one counts.
    pub(super) days: u32,
}

impl SelfTests {
    /// Begins a self-test; the sides that have not answered the one before are named.
    pub(super) async fn begin(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        if !self.power.is_admin(call, portal).await? {
            return Ok(match call.is_on_matrix() {
                true => call.not_allowed(),
                false => phrases.answer(Key::SelfTestOnlyAdmins, &[typed(phrases)]),
            });
        }
        let mut text = RichText::default();
        let mut number = 1;
        if let Some(run) = self.store.migration(portal.id).await?.self_test {
            number = run.number.saturating_add(1);
            for line in self.silent(phrases, &run.silent(portal)).await? {
                text = text.join_line(line);
            }
        }
        let text = text.join_line(phrases.say(Key::SelfTestBegun, &[]));
        let begin = SelfTestChange::Begin(call.place.clone(), number, call.who());
        let told = call.told(&portal.room, call.shared.say(Key::SelfTestBegun, &[]));
        let outcome = Outcome::change(text, vec![Change::SelfTest(Box::new(begin))]);
        // The room reads first what is about to happen.
        let entries = tested(portal).into_iter();
        let entries = entries.map(|place| (place, Work::Task(Task::SelfTest(portal.id, number))));
        Ok(Outcome { then: told.into_iter().chain(entries).collect(), ..outcome })
    }

    /// What came of it, for the room, and for the chat where it was asked for.
    pub(super) async fn told(
        &self,
        phrases: Phrases<'_>,
        portal: Option<&Portal>,
        number: u32,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = portal else { return Ok(Outcome::default()) };
        let run = self.store.migration(portal.id).await?.self_test;
        let Some(run) = run.filter(|run| run.number == number) else {
            return Ok(Outcome::default());
        };
        let text = self.report(phrases, portal, &run);
        let elsewhere = Some(&run.asked_in).filter(|place| **place != portal.room);
        let then = elsewhere.map(|place| phrases.message_in(place, text.clone()));
        Ok(Outcome { then: then.into_iter().collect(), ..Outcome::say(text) })
    }

    fn report(&self, phrases: Phrases<'_>, portal: &Portal, run: &SelfTestRun) -> RichText {
        let places = tested(portal);
        let sides: Vec<&TestedSide> = places.iter().filter_map(|place| run.side(place)).collect();
        let passed = sides.iter().all(|side| side.is_green());
        let mut text = match passed {
            true => phrases.say(Key::SelfTestPassed, &[Arg::number(u64::from(self.days))]),
            false => phrases.say(Key::SelfTestFailed, &[typed(phrases)]),
        };
        for line in sides.into_iter().flat_map(|side| lines(phrases, side)) {
            text = text.join_line(line);
        }
        text
    }

    /// One line for each side that has not answered, with what is known of why.
    async fn silent(
        &self,
        phrases: Phrases<'_>,
        places: &[Place],
    ) -> Result<Vec<RichText>, DeskError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let lanes = self.store.lanes().await?;
        let line = |place: &Place| {
            let network = Arg::text(label(&place.network));
            let lane = lanes.iter().find(|lane| lane.place == *place);
            match lane.and_then(|lane| lane.halted.as_ref()) {
                Some(why) => {
                    let why = phrases.reason(&place.network, why);
                    phrases.say(Key::SelfTestHalted, &[network, why])
                }
                None => phrases.say(Key::SelfTestSilent, &[network]),
            }
        };
        Ok(places.iter().map(line).collect())
    }
}

/// How it is typed in the room.
fn typed(phrases: Phrases<'_>) -> Arg {
    Arg::text(phrases.typed_on(&MATRIX.into(), "selftest"))
}

/// What was found on one side: deeds with the same outcome in one line, and each right that is missing
/// with who can give it.
fn lines(phrases: Phrases<'_>, side: &TestedSide) -> Vec<RichText> {
    let network = &side.place.network;
    let named = || Arg::text(label(network));
    let mut lines = Vec::new();
    let mut told: Vec<&CheckOutcome> = Vec::new();
    for DeedCheck { outcome, .. } in &side.checks {
        if told.contains(&outcome) {
            continue;
        }
        told.push(outcome);
        let same = side.checks.iter().filter(|check| check.outcome == *outcome);
        let deeds: Vec<String> = same.map(|check| name(phrases, check.deed)).collect();
        let deeds = Arg::text(deeds.join(", "));
        lines.push(match outcome {
            CheckOutcome::Done => phrases.say(Key::SelfTestDone, &[named(), deeds]),
            CheckOutcome::RightOnly => phrases.say(Key::SelfTestRight, &[named(), deeds]),
            CheckOutcome::Failed(reason) => {
                let why = phrases.reason(network, reason);
                phrases.say(Key::SelfTestNot, &[named(), deeds, why])
            }
        });
    }
    let missing: Vec<String> =
        side.missing().iter().map(|right| phrases.wording.right(right)).collect();
    if !missing.is_empty() {
        let args = [named(), Arg::text(missing.join(", "))];
        lines.push(phrases.say(Key::PlanLacks.on(network), &args));
    }
    if let Some(ghost) = barred(side) {
        lines.push(phrases.say(Key::GhostBarred, &[Arg::text(name_of_account(phrases)), ghost]));
    }
    lines
}

/// The Matrix id of the test account, where the room does not let it in or lets it say nothing.
fn barred(side: &TestedSide) -> Option<Arg> {
    side.checks.iter().find_map(|check| match &check.outcome {
        CheckOutcome::Failed(Refusal::Barred(ghost)) => Some(Arg::text(ghost)),
        CheckOutcome::Failed(_) | CheckOutcome::Done | CheckOutcome::RightOnly => None,
    })
}

fn name_of_account(phrases: Phrases<'_>) -> String {
    phrases.plain(Key::SelfTestName, &[])
}

fn name(phrases: Phrases<'_>, deed: TestedDeed) -> String {
    let key = match deed {
        TestedDeed::Ban => Key::SelfTestBan,
        TestedDeed::Mute => Key::SelfTestMute,
        TestedDeed::Delete => Key::SelfTestDelete,
    };
    phrases.plain(key, &[])
}
