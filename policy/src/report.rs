// SPDX-License-Identifier: AGPL-3.0-or-later
//! How far all communities are, as others may read it.
//!
//! Rule: people are numbers, and numbers below five are "few"; the same input gives the same report.

use serde::Serialize;

use crate::calendar::Date;
use crate::figures::{People, Share, WeekFigures};
use crate::requirements::{LinkedService, Requirement};

/// The version of the shape; see `docs/report.schema.json`.
pub const FORMAT: u32 = 2;

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
    /// Every week since messages are counted, 26 at most and the running one, oldest first.
    pub weeks: Vec<WeekReport>,
    /// Links to proprietary services in these weeks, by service.
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

/// A week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeekReport {
    /// Its Monday.
    pub begins: String,
    /// It is not over: more may be counted.
    pub running: bool,
    /// An earlier version counted the authors, about.
    pub estimated: bool,
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
    /// The service's id, or its host where the community decided about that.
    pub service: String,
    /// What people call it.
    pub name: String,
    /// How many, in the weeks that are over.
    pub links: u64,
    /// How many in the running week.
    pub running: u64,
    /// An exception is on record for all of them.
    pub on_record: bool,
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

impl PortalReport {
    /// The week before the running one, where messages were counted in it.
    pub fn last_week(&self) -> Option<&WeekReport> {
        self.weeks.iter().rev().find(|week| !week.running)
    }

    /// The running week.
    pub fn this_week(&self) -> Option<&WeekReport> {
        self.weeks.last().filter(|week| week.running)
    }
}

impl WeekReport {
    /// A week as others may read it, with a side for each of `networks`.
    pub fn of(week: &WeekFigures, (native, networks): (&str, &[&str]), running: bool) -> Self {
        let side = |network: &str| {
            let found = week.sides.iter().find(|(known, _)| known == network);
            let side = found.map(|(_, side)| side.clone()).unwrap_or_default();
            SideReport {
                network: network.to_owned(),
                messages: side.messages,
                crossing: side.crossing,
                authors: match People::of(side.people()) {
                    People::None => Some(0),
                    People::Few => None,
                    People::Many(people) => Some(people),
                },
            }
        };
        let counted = week.sides.iter().map(|(network, _)| network.as_str());
        let mut names: Vec<&str> = counted.chain(networks.iter().copied()).collect();
        names.sort_unstable();
        names.dedup();
        let sides: Vec<SideReport> = names.into_iter().map(side).collect();
        // A share of few, or next to a few, would tell how many those few are.
        let hidden = sides.iter().filter(|side| side.authors.is_none()).count();
        let share: Share = week.share(native);
        let native_percent = if hidden == 0 { share.shown() } else { None };
        let estimated = week.sides.iter().any(|(_, side)| side.messages > 0 && !side.exact);
        let begins = Date::of(week.week.begins()).to_string();
        Self { begins, running, estimated, sides, native_percent }
    }

    /// Nobody wrote.
    pub fn is_silent(&self) -> bool {
        self.sides.iter().all(|side| side.messages == 0)
    }
}

impl LinkReport {
    /// Links to a service.
    pub fn of(service: &LinkedService) -> Self {
        Self {
            service: service.id.clone(),
            name: service.name.clone(),
            links: service.links,
            running: service.running,
            on_record: service.on_record,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Week;
    use crate::figures::AuthorMark;

    const NETWORKS: [&str; 3] = ["matrix", "telegram", "discord"];

    fn week(people: &[(&str, u64)]) -> WeekFigures {
        let mut week = WeekFigures::new(Week(2900));
        for (network, people) in people {
            for hash in 0..*people {
                week.note(network, AuthorMark { hash, is_new: true }, *network == "matrix");
            }
        }
        week
    }

    fn shown(week: &WeekFigures) -> WeekReport {
        WeekReport::of(week, ("matrix", &NETWORKS), false)
    }

    #[test]
    fn a_share_is_not_told_where_it_would_tell_of_few() {
        let shown = shown(&week(&[("telegram", 40), ("matrix", 3)]));
        let authors: Vec<_> = shown.sides.iter().map(|side| side.authors).collect();
        assert_eq!((authors, shown.native_percent), (vec![Some(0), None, Some(40)], None));
        let json = serde_json::to_string(&shown).unwrap();
        assert!(json.contains("\"authors\":null") && json.contains("\"crossing\":3"), "{json}");
    }

    #[test]
    fn a_week_in_which_nobody_wrote_has_nothing_on_every_side() {
        let shown = shown(&week(&[]));
        assert_eq!(shown.sides.len(), NETWORKS.len());
        assert!(shown.is_silent() && !shown.estimated);
        assert!(shown.sides.iter().all(|side| (side.messages, side.authors) == (0, Some(0))));
    }

    #[test]
    fn what_an_earlier_version_counted_is_marked() {
        let mut old = week(&[("telegram", 40)]);
        assert!(!shown(&old).estimated);
        old.sides[0].1.exact = false;
        assert!(shown(&old).estimated);
    }
}
