// SPDX-License-Identifier: AGPL-3.0-or-later
//! Measures what a gate asks for, and says how it stands.
//!
//! Rule: all that is asked for is shown, met or not, with what was measured.

use std::sync::Arc;

use bridge_model::{RichText, Timestamp};
use bridge_policy::calendar::Week;
use bridge_policy::figures::{Share, WeekFigures, every_week};
use bridge_policy::gate::{Criterion, Gate, Measured, Reading, SelfTest, State, Thresholds};
use bridge_policy::stage::Stage;

use super::community::Community;
use super::disclosure::Disclosure;
use super::outcome::DeskError;
use super::phrases::Phrases;
use super::power;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::migration::Migration;
use crate::network::MATRIX;
use crate::portal::Portal;
use crate::self_test::tested;
use crate::store::Store;
use crate::wording::Lines;

/// Weeks that are looked at.
pub(super) const WEEKS: i32 = 26;

/// Measures how far communities are.
#[derive(Clone)]
pub(super) struct Gates {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) disclosure: Disclosure,
    /// What the stages ask for.
    pub(super) thresholds: Thresholds,
}

impl Gates {
    /// The gate to the next stage as it stands now; `None` behind the last stage. `decided` says that
    /// a decision comes with the step.
    pub(super) async fn gate(
        &self,
        community: &Community<'_>,
        decided: bool,
        now: Timestamp,
    ) -> Result<Option<Gate>, DeskError> {
        let measured = self.measured(community, decided, now).await?;
        Ok(Gate::of(community.portal.stage, &self.thresholds, now, &measured))
    }

    async fn measured(
        &self,
        Community { portal, migration }: &Community<'_>,
        decided: bool,
        now: Timestamp,
    ) -> Result<Measured, DeskError> {
        let admins = self.matrix.admins(&portal.room.chat).await?;
        let mut servers: Vec<&str> =
            admins.iter().filter_map(|admin| Some(admin.split_once(':')?.1)).collect();
        servers.sort_unstable();
        servers.dedup();
        let approvals = power::approvals(migration, &admins);
        let next = portal.stage.next();
        let schedule = migration.schedule.as_ref().filter(|set| Some(set.to) == next);
        Ok(Measured {
            decision: decided || migration.decision.is_some(),
            admins: count(admins.len()),
            servers: count(servers.len()),
            privacy_shown: self.disclosure.is_shown(portal).await?,
            notice_since: migration.notice_since,
            weeks: self.whole_weeks(portal, now).await?,
            self_test: self.self_test(portal, migration).await?,
            approvals: count(approvals.counted),
            beside: count(approvals.beside),
            notice_given: schedule.map(|set| set.set_at),
            day: schedule.map(|set| set.day.begins()),
            unfinished: count(migration.unfinished().count()),
        })
    }

    /// How the last self-test stands. A right that was taken away since undoes it.
    async fn self_test(
        &self,
        portal: &Portal,
        migration: &Migration,
    ) -> Result<SelfTest, DeskError> {
        let Some(run) = &migration.self_test else { return Ok(SelfTest::None) };
        for place in tested(portal) {
            if run.side(&place).is_some() && !self.store.lacking(&place).await?.is_empty() {
                return Ok(SelfTest::Failed);
            }
        }
        Ok(run.standing(portal))
    }

    /// The shares of the weeks that are over, the last one first. A week in which nobody wrote has
    /// no share, and is there all the same.
    async fn whole_weeks(&self, portal: &Portal, now: Timestamp) -> Result<Vec<Share>, DeskError> {
        let figures = self.store.figures(portal.id).await?;
        let now = Week::of(now);
        let share = |back: i32| share_of(&figures, now.plus(-back));
        Ok((1..=WEEKS).map(share).collect())
    }

    /// The share of the last whole week, for the history; `None` where nothing was counted then.
    pub(super) async fn last_share(
        &self,
        portal: &Portal,
        now: Timestamp,
    ) -> Result<Option<Share>, DeskError> {
        let migration = self.store.migration(portal.id).await?;
        let weeks = self.weeks(&Community { portal, migration }, now).await?;
        let last = Week::of(now).plus(-1);
        let counted = weeks.iter().find(|week| week.week == last);
        Ok(counted.map(|week| week.share(MATRIX)))
    }

    /// Every week since messages are counted, [`WEEKS`] at most and the running one, oldest first.
    pub(super) async fn weeks(
        &self,
        Community { portal, migration }: &Community<'_>,
        now: Timestamp,
    ) -> Result<Vec<WeekFigures>, DeskError> {
        let recorded = self.store.figures(portal.id).await?;
        let counts = portal.stage != Stage::Inventory;
        let began = migration.notice_since.filter(|_| counts).map(Week::of);
        Ok(every_week(&recorded, began, Week::of(now), WEEKS))
    }
}

/// What the gate asks for, line by line.
pub(super) fn lines(phrases: Phrases<'_>, gate: &Gate) -> Vec<RichText> {
    gate.readings.iter().map(|reading| reading_line(phrases, reading)).collect()
}

fn reading_line(phrases: Phrases<'_>, reading: &Reading) -> RichText {
    let key = match reading.criterion {
        Criterion::StepFinished => Key::GateStepFinished,
        Criterion::Decision => Key::GateDecision,
        Criterion::Admins => Key::GateAdmins,
        Criterion::Servers => Key::GateServers,
        Criterion::Privacy => Key::GatePrivacy,
        Criterion::NoticeUp => Key::GateNoticeUp,
        Criterion::NativeShare if reading.have.is_none() => {
            let need = [Arg::number(u64::from(reading.need))];
            return marked(phrases, reading, Key::GateNativeShareFew, &need);
        }
        Criterion::NoticeGiven if reading.have.is_none() => {
            let need = [Arg::number(u64::from(reading.need))];
            return marked(phrases, reading, Key::GateNoticeNone, &need);
        }
        Criterion::NativeShare => Key::GateNativeShare,
        Criterion::NativeWeeks => Key::GateNativeWeeks,
        Criterion::SelfTest => match (reading.state, reading.have) {
            (_, None) => Key::GateSelfTestNone,
            (State::Met, Some(_)) => Key::GateSelfTest,
            (State::NotMet | State::Warning | State::NotAvailable | State::Voted, Some(_)) => {
                Key::GateSelfTestOld
            }
        },
        Criterion::SelfTestFailed => Key::GateSelfTestFailed,
        Criterion::NoticeGiven => Key::GateNoticeGiven,
        Criterion::DayCome => Key::GateDayCome,
        Criterion::TwoAdmins => Key::GateTwoAdmins,
    };
    let have = u64::from(reading.have.unwrap_or(0));
    let test = Arg::text(phrases.typed_on(&MATRIX.into(), "selftest"));
    let args = [Arg::number(have), Arg::number(u64::from(reading.need)), test];
    marked(phrases, reading, key, &args)
}

fn marked(phrases: Phrases<'_>, reading: &Reading, key: Key, args: &[Arg]) -> RichText {
    let what = phrases.plain(key, args);
    let mark = match reading.state {
        State::Met => Key::GateMet,
        State::NotMet => Key::GateNotMet,
        State::Warning => Key::GateWarning,
        State::NotAvailable => Key::GateNotAvailable,
        State::Voted => Key::GateVoted,
    };
    phrases.say(mark, &[Arg::text(what)])
}

/// The gate in full: every line, and how a vote of the admins would help.
pub(super) fn text(phrases: Phrases<'_>, gate: &Gate, command: &str) -> RichText {
    let mut text = RichText::default();
    for line in lines(phrases, gate) {
        text = text.join_line(line);
    }
    if gate.missing().any(|reading| reading.votable) {
        let (have, need) = (u64::from(gate.approvals), u64::from(gate.approvals_needed));
        let args = [Arg::text(command), Arg::number(have), Arg::number(need)];
        text = text.join_line(phrases.say(Key::GateVotable, &args));
    }
    if gate.asks_admins() && gate.beside > 0 {
        let beside = [Arg::number(u64::from(gate.beside))];
        text = text.join_line(phrases.say(Key::GateBeside, &beside));
    }
    text
}

pub(super) fn share_of(figures: &[WeekFigures], week: Week) -> Share {
    let found = figures.iter().find(|figures| figures.week == week);
    found.map(|figures| figures.share(MATRIX)).unwrap_or_default()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
