// SPDX-License-Identifier: AGPL-3.0-or-later
//! How far all communities are, as others may read it.
//!
//! Rule: people are numbers, and numbers below five are "few"; the same input gives the same report.

use serde::Serialize;

use crate::calendar::Date;
use crate::figures::{People, Share, WeekFigures};
use crate::stage::Stage;

/// The version of the shape; see `docs/report.schema.json`.
pub const FORMAT: u32 = 1;

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// The day that it is of.
    pub day: String,
    /// One for each portal, by number.
    pub portals: Vec<PortalReport>,
}

/// One portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortalReport {
    /// Its number.
    pub number: u32,
    /// The names of the joined chats, with their networks.
    pub chats: Vec<ChatReport>,
    /// The address of the Matrix room.
    pub room: String,
    /// Its stage.
    pub stage: String,
    /// Since when.
    pub since: Option<String>,
    /// What the next stage asks for, in words, and whether it holds.
    pub gate: Vec<GateLine>,
    /// How the requirements of the policy stand.
    pub requirements: Vec<Requirement>,
    /// The weeks that are over, oldest first.
    pub weeks: Vec<WeekReport>,
    /// Links to proprietary services in these weeks: service and how many, by service.
    pub links: Vec<LinkReport>,
    /// Exceptions, by number; closed ones stay.
    pub exceptions: Vec<ExceptionReport>,
}

/// A chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatReport {
    /// Its network.
    pub network: String,
    /// Its name, if the bridge knows it.
    pub name: Option<String>,
}

/// One thing that the next stage asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateLine {
    /// In words.
    pub what: String,
    /// It does not hold the step up.
    pub holds: bool,
}

/// A requirement of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// Such as `REQ-FREEDOM`.
    pub id: &'static str,
    /// How it stands.
    pub state: Compliance,
}

/// How a requirement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compliance {
    /// It holds.
    Met,
    /// The community is on its way.
    UnderWay,
    /// It does not hold.
    NotMet,
}

/// A week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeekReport {
    /// Its Monday.
    pub begins: String,
    /// By network.
    pub sides: Vec<SideReport>,
    /// Percent of the authors who wrote on Matrix, where at least five people wrote.
    pub native_percent: Option<u32>,
}

/// One side of a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideReport {
    /// The network.
    pub network: String,
    /// Messages.
    pub messages: u64,
    /// Messages that answer one of another side.
    pub crossing: u64,
    /// People who wrote: a number from 5, or 0; left out where it is one of 1 to 4.
    pub authors: Option<u32>,
}

/// Links to one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkReport {
    /// The service.
    pub service: String,
    /// How many.
    pub links: u64,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExceptionReport {
    /// Its number.
    pub number: u32,
    /// The service.
    pub service: String,
    /// Why.
    pub reason: String,
    /// What could take its place.
    pub candidate: String,
    /// Whose role it is to see to it.
    pub owner: String,
    /// When it is looked at again.
    pub review: String,
    /// Where it is discussed.
    pub tracker: Option<String>,
    /// Days on record.
    pub age_days: u32,
    /// It should have been looked at.
    pub overdue: bool,
    /// It is no more.
    pub closed: bool,
}

impl WeekReport {
    /// A week that is over, as others may read it.
    pub fn of(week: &WeekFigures, native: &str) -> Self {
        let mut sides: Vec<SideReport> = week
            .sides
            .iter()
            .map(|(network, side)| SideReport {
                network: network.clone(),
                messages: side.messages,
                crossing: side.crossing,
                authors: match People::of(side.people()) {
                    People::None => Some(0),
                    People::Few => None,
                    People::Many(people) => Some(people),
                },
            })
            .collect();
        sides.sort_by(|a, b| a.network.cmp(&b.network));
        // A share of few, or next to a few, would tell how many those few are.
        let hidden = sides.iter().filter(|side| side.authors.is_none()).count();
        let share: Share = week.share(native);
        let native_percent = if hidden == 0 { share.shown() } else { None };
        Self { begins: Date::of(week.week.begins()).to_string(), sides, native_percent }
    }
}

impl ExceptionReport {
    /// An exception as it stands on a day.
    pub fn of(exception: &crate::exception::Exception, today: Date) -> Self {
        Self {
            number: exception.number,
            service: exception.service.clone(),
            reason: exception.reason.clone(),
            candidate: exception.candidate.clone(),
            owner: exception.owner.clone(),
            review: exception.review.to_string(),
            tracker: exception.tracker.clone(),
            age_days: exception.age(today),
            overdue: exception.is_overdue(today),
            closed: exception.closed.is_some(),
        }
    }
}

/// What was linked to in the weeks of a report, as far as the policy asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// A service with digital restrictions was the first place to watch something.
    pub restricted: bool,
    /// Of some service nobody has shown what it is.
    pub doubtful: bool,
}

/// How the policy's requirements stand in a portal.
pub fn requirements(stage: Stage, exceptions: &[ExceptionReport], used: Used) -> Vec<Requirement> {
    let freedom = match stage {
        Stage::Inventory | Stage::Announced => Compliance::NotMet,
        Stage::Bridged => Compliance::UnderWay,
        Stage::MatrixFirst | Stage::ReadOnly | Stage::Sunset => Compliance::Met,
    };
    // None is both closed and overdue.
    let bug = if exceptions.iter().any(|exception| exception.overdue) {
        Compliance::NotMet
    } else if exceptions.iter().any(|exception| !exception.closed) {
        Compliance::UnderWay
    } else {
        Compliance::Met
    };
    // From the announcement on, people know a way that asks for no number and no name.
    let no_id = if stage == Stage::Inventory { Compliance::NotMet } else { Compliance::Met };
    let excepted = exceptions.iter().any(|exception| !exception.closed);
    let unless = |broken| match (broken, excepted) {
        (false, _) => Compliance::Met,
        (true, true) => Compliance::UnderWay,
        (true, false) => Compliance::NotMet,
    };
    vec![
        Requirement { id: "REQ-FREEDOM", state: freedom },
        Requirement { id: "REQ-DRM", state: unless(used.restricted) },
        Requirement { id: "REQ-BUG", state: bug },
        Requirement { id: "REQ-DOUBT", state: unless(used.doubtful) },
        Requirement { id: "NICE-NO-ID", state: no_id },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Week;

    #[test]
    fn what_is_restricted_or_doubtful_is_a_bug_until_it_is_on_record() {
        let state = |used| {
            let all = requirements(Stage::Bridged, &[], used);
            all.iter().map(|one| (one.id, one.state)).collect::<Vec<_>>()
        };
        let of = |used, id| state(used).into_iter().find(|(known, _)| *known == id).unwrap().1;
        assert_eq!(of(Used::default(), "REQ-DRM"), Compliance::Met);
        let used = Used { restricted: true, doubtful: true };
        assert_eq!(of(used, "REQ-DRM"), Compliance::NotMet);
        assert_eq!(of(used, "REQ-DOUBT"), Compliance::NotMet);
    }

    #[test]
    fn a_share_is_not_told_where_it_would_tell_of_few() {
        let mut week = WeekFigures::new(Week(2900));
        for person in 0..40_u64 {
            week.note("telegram", person * 7_919, false);
        }
        for person in 0..3_u64 {
            week.note("matrix", person * 104_729 + 1, true);
        }
        week.close();
        let shown = WeekReport::of(&week, "matrix");
        assert_eq!((shown.sides[0].authors, shown.native_percent), (None, None));
        assert!(shown.sides[1].authors.is_some_and(|people| people >= 38));
        let json = serde_json::to_string(&shown).unwrap();
        assert!(json.contains("\"authors\":null") && json.contains("\"crossing\":3"), "{json}");
    }

    #[test]
    fn requirements_follow_the_stage_and_the_exceptions() {
        let states = |stage, exceptions: &[ExceptionReport]| {
            requirements(stage, exceptions, Used::default())
                .into_iter()
                .map(|it| it.state)
                .collect::<Vec<_>>()
        };
        use Compliance::{Met, NotMet, UnderWay};
        assert_eq!(states(Stage::Inventory, &[]), [NotMet, Met, Met, Met, NotMet]);
        assert_eq!(states(Stage::Bridged, &[]), [UnderWay, Met, Met, Met, Met]);
        let exception = |overdue, closed| ExceptionReport {
            number: 1,
            service: "Zoom".into(),
            reason: String::new(),
            candidate: String::new(),
            owner: String::new(),
            review: "2026-12-01".into(),
            tracker: None,
            age_days: 0,
            overdue,
            closed,
        };
        assert_eq!(
            states(Stage::MatrixFirst, &[exception(false, false)]),
            [Met, Met, UnderWay, Met, Met]
        );
        let both = [exception(true, false), exception(false, true)];
        assert_eq!(states(Stage::MatrixFirst, &both), [Met, Met, NotMet, Met, Met]);
    }
}
