// SPDX-License-Identifier: AGPL-3.0-or-later
//! What has to be true before a community takes the next step.
//!
//! Rule: everything is measured and everything is shown: what is met, what is not, and by how
//! much. What cannot be measured counts as not met.

use bridge_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::DAY_MS;
use crate::figures::Share;
use crate::stage::Stage;

/// How much is asked for; part of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Human admins in the Matrix room before anything is announced.
    pub admins: u32,
    /// Homeservers that they should be on; fewer is a warning.
    pub servers: u32,
    /// Days for which the notice is up before messages cross.
    pub announced_days: u32,
    /// Percent of a week's authors that write on Matrix, before Matrix comes first.
    pub native_percent: u32,
    /// The same before the legacy side is closed.
    pub majority_percent: u32,
    /// Weeks for which that has to last.
    pub majority_weeks: u32,
    /// Days between the announcement and the day on which the legacy side is closed.
    pub closing_notice_days: u32,
    /// Days between the announcement and the end.
    pub sunset_notice_days: u32,
    /// Days for which a self-test counts.
    pub self_test_days: u32,
}

/// What is known when a gate is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The community's decision is recorded.
    pub decision: bool,
    /// Humans who may change the settings of the Matrix room.
    pub admins: u32,
    /// The homeservers that they are on.
    pub servers: u32,
    /// People on both sides could read what happens to their data.
    pub privacy_shown: bool,
    /// Since when the text is pinned on the legacy side.
    pub notice_since: Option<Timestamp>,
    /// The share of people who write on Matrix, in whole weeks, the last one first.
    pub weeks: Vec<Share>,
    /// Whether bans, mutes and deletions work on all sides.
    pub self_test: SelfTest,
    /// The admins of the room who agreed to this step; none of them twice.
    pub approvals: u32,
    /// Others who agreed, and who do not decide.
    pub beside: u32,
    /// Since when everybody knows the day of this step.
    pub notice_given: Option<Timestamp>,
    /// When the day begins that was announced for this step.
    pub day: Option<Timestamp>,
    /// An effect of the last step was refused, or waits.
    pub unfinished: u32,
}

/// Whether what moderators do can be done on all sides, as the last self-test found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelfTest {
    /// There was none, or a side has not answered.
    #[default]
    None,
    /// It was tried then, and works.
    Passed(Timestamp),
    /// It was tried and does not work, or a right was taken away since.
    Failed,
}

/// One thing that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Criterion {
    /// All effects of the last step were carried out.
    StepFinished,
    /// The community's decision is recorded.
    Decision,
    /// Enough humans are admins.
    Admins,
    /// They are on more than one homeserver. Not met is a warning and holds nobody up.
    Servers,
    /// The privacy notice was shown.
    Privacy,
    /// The notice is up for long enough, in days.
    NoticeUp,
    /// Enough of last week's authors write on Matrix, in percent.
    NativeShare,
    /// The same, for so many weeks on end.
    NativeWeeks,
    /// The last self-test passed, and is young enough; its age in days.
    SelfTest,
    /// The day was announced early enough, in days.
    NoticeGiven,
    /// The announced day has come; in days that are left.
    DayCome,
    /// Two different admins agreed.
    TwoAdmins,
    /// The last self-test failed.
    SelfTestFailed,
}

/// What one criterion reads now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Which.
    pub criterion: Criterion,
    /// How it stands.
    pub state: State,
    /// What was measured, in the criterion's own unit; `None` where nothing could be.
    pub have: Option<u32>,
    /// What is asked for.
    pub need: u32,
    /// A vote of the admins stands in for it.
    pub votable: bool,
}

/// How a criterion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It holds.
    Met,
    /// It does not hold.
    NotMet,
    /// It does not hold, and that is only a warning.
    Warning,
    /// It cannot be measured.
    NotAvailable,
    /// It does not hold, and the admins voted that the step be taken all the same.
    Voted,
}

/// Everything that is asked for before a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The stage behind it.
    pub to: Stage,
    /// All criteria.
    pub readings: Vec<Reading>,
    /// Votes of admins for the step.
    pub approvals: u32,
    /// Votes of others, which decide nothing.
    pub beside: u32,
    /// Votes that are needed for them to count.
    pub approvals_needed: u32,
}

impl Default for Thresholds {
    /// What PRODUCT says.
    fn default() -> Self {
        Self {
            admins: 3,
            servers: 2,
            announced_days: 14,
            native_percent: 15,
            majority_percent: 50,
            majority_weeks: 8,
            closing_notice_days: 30,
            sunset_notice_days: 60,
            self_test_days: 30,
        }
    }
}

impl Gate {
    /// Looks at the gate between `from` and the next stage; `None` behind the last one.
    pub fn of(
        from: Stage,
        asked: &Thresholds,
        now: Timestamp,
        measured: &Measured,
    ) -> Option<Self> {
        let to = from.next()?;
        let approvals_needed = majority(measured.admins);
        let voted = measured.approvals >= approvals_needed;
        let see = See { asked, now, measured, voted };
        let mut readings = vec![see.finished()];
        readings.extend(match from {
            Stage::Inventory => vec![see.decision(), see.admins(), see.servers(), see.privacy()],
            Stage::Announced => vec![see.notice_up(), see.self_test()],
            Stage::Bridged => vec![see.share(), see.self_test()],
            Stage::MatrixFirst => {
                let mut readings = vec![see.weeks(), see.given(asked.closing_notice_days)];
                readings.extend(see.day_come());
                readings
            }
            Stage::ReadOnly => {
                let mut readings = vec![see.given(asked.sunset_notice_days)];
                readings.extend(see.day_come());
                readings.push(see.two_admins());
                readings
            }
            Stage::Sunset => Vec::new(),
        });
        let Measured { approvals, beside, .. } = *measured;
        Some(Self { to, readings, approvals, beside, approvals_needed })
    }

    /// The step may be taken.
    pub fn is_open(&self) -> bool {
        self.missing().next().is_none()
    }

    /// What holds the step up.
    pub fn missing(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().filter(|reading| match reading.state {
            State::Met | State::Warning | State::Voted => false,
            State::NotMet | State::NotAvailable => true,
        })
    }

    /// Whether it counts when an admin agrees to the step.
    pub fn asks_admins(&self) -> bool {
        // What is met today may not be on the day of the step.
        let asks = |reading: &Reading| reading.votable || reading.criterion == Criterion::TwoAdmins;
        self.readings.iter().any(asks)
    }

    /// A vote of the admins would open what is closed.
    pub fn is_votable(&self) -> bool {
        !self.is_open() && self.missing().all(|reading| reading.votable)
    }
}

/// More than half of the admins, and never one alone.
fn majority(admins: u32) -> u32 {
    (admins / 2 + 1).max(2)
}

/// What the criteria look at.
struct See<'a> {
    asked: &'a Thresholds,
    now: Timestamp,
    measured: &'a Measured,
    voted: bool,
}

impl See<'_> {
    fn reading(&self, criterion: Criterion, have: Option<u32>, need: u32) -> Reading {
        let state = if have.is_some_and(|have| have >= need) { State::Met } else { State::NotMet };
        Reading { criterion, state, have, need, votable: false }
    }

    /// The same, where a vote of the admins stands in.
    fn votable(&self, reading: Reading) -> Reading {
        let closed = matches!(reading.state, State::NotMet | State::NotAvailable);
        let state = if closed && self.voted { State::Voted } else { reading.state };
        Reading { state, votable: true, ..reading }
    }

    fn finished(&self) -> Reading {
        let unfinished = self.measured.unfinished;
        let state = if unfinished == 0 { State::Met } else { State::NotMet };
        let have = Some(unfinished);
        Reading { criterion: Criterion::StepFinished, state, have, need: 0, votable: false }
    }

    fn decision(&self) -> Reading {
        self.reading(Criterion::Decision, Some(u32::from(self.measured.decision)), 1)
    }

    fn admins(&self) -> Reading {
        self.reading(Criterion::Admins, Some(self.measured.admins), self.asked.admins)
    }

    fn servers(&self) -> Reading {
        let reading =
            self.reading(Criterion::Servers, Some(self.measured.servers), self.asked.servers);
        let met = reading.state == State::Met;
        Reading { state: if met { State::Met } else { State::Warning }, ..reading }
    }

    fn privacy(&self) -> Reading {
        self.reading(Criterion::Privacy, Some(u32::from(self.measured.privacy_shown)), 1)
    }

    fn notice_up(&self) -> Reading {
        let days = self.measured.notice_since.map(|since| days_between(since, self.now));
        self.reading(Criterion::NoticeUp, days, self.asked.announced_days)
    }

    fn given(&self, need: u32) -> Reading {
        let days = self.measured.notice_given.map(|since| days_between(since, self.now));
        self.reading(Criterion::NoticeGiven, days, need)
    }

    /// Where no day is set, the notice that is missing says so.
    fn day_come(&self) -> Option<Reading> {
        let begins = self.measured.day?;
        let left = begins.0.saturating_sub(self.now.0).max(0);
        let days = u32::try_from((left + DAY_MS - 1) / DAY_MS).unwrap_or(u32::MAX);
        let state = if days == 0 { State::Met } else { State::NotMet };
        let criterion = Criterion::DayCome;
        Some(Reading { criterion, state, have: Some(days), need: 0, votable: false })
    }

    fn two_admins(&self) -> Reading {
        self.reading(Criterion::TwoAdmins, Some(self.measured.approvals), 2)
    }

    fn share(&self) -> Reading {
        let week = self.measured.weeks.first();
        let percent = week.and_then(|week| week.percent());
        let reading = self.reading(Criterion::NativeShare, percent, self.asked.native_percent);
        // Whether it is enough can be told, how much it is cannot always; that nobody wrote can.
        let nobody = week.filter(|week| week.all == 0).map(|_| 0);
        let have = week.and_then(|week| week.shown()).filter(|_| percent.is_some()).or(nobody);
        self.votable(Reading { have, ..reading })
    }

    fn weeks(&self) -> Reading {
        let enough = |week: &&Share| {
            week.percent().is_some_and(|percent| percent >= self.asked.majority_percent)
        };
        let weeks = self.measured.weeks.iter().take_while(enough).count();
        let have = u32::try_from(weeks).unwrap_or(u32::MAX);
        let reading = self.reading(Criterion::NativeWeeks, Some(have), self.asked.majority_weeks);
        self.votable(reading)
    }

    /// No vote stands in for it: anybody can have it tried, and bans that do not work harm people.
    fn self_test(&self) -> Reading {
        let need = self.asked.self_test_days;
        let (criterion, have) = match self.measured.self_test {
            SelfTest::None => (Criterion::SelfTest, None),
            SelfTest::Passed(at) => (Criterion::SelfTest, Some(days_between(at, self.now))),
            SelfTest::Failed => (Criterion::SelfTestFailed, None),
        };
        let met = have.is_some_and(|days| days < need.max(1));
        let state = if met { State::Met } else { State::NotMet };
        Reading { criterion, state, have, need, votable: false }
    }
}

/// Whole days, never negative: a clock may have been set back.
fn days_between(from: Timestamp, to: Timestamp) -> u32 {
    let days = to.0.saturating_sub(from.0).max(0) / DAY_MS;
    u32::try_from(days).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
