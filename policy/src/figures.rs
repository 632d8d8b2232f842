// SPDX-License-Identifier: AGPL-3.0-or-later
//! How much is said on which side, and by how many people.
//!
//! Rule: people are counted and never listed. Whether somebody wrote before in a week, the caller
//! knows from keyed hashes of that week; here are only numbers.

use serde::{Deserialize, Serialize};

use crate::calendar::Week;

/// Fewer people than this are not told as a number: who knows the group would know them.
pub const SMALLEST_GROUP: u32 = 5;

/// Bits of a tally.
const BITS: usize = 8192;

/// How earlier versions counted the people of a running week, about: a bitmap under linear counting
/// (Whang, Vander-Zanden, Taylor, "A linear-time probabilistic counting algorithm", 1990).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally(Vec<u8>);

/// What was counted in one week on one side of a portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Messages.
    pub messages: u64,
    /// Messages that answer one of another side.
    pub crossing: u64,
    /// The people who wrote, as an earlier version counted them; empty since.
    pub open: Tally,
    /// The accounts that wrote. Somebody who writes on two sides counts on each.
    pub authors: u32,
    /// They were counted one by one; an earlier version estimated them.
    #[serde(default)]
    pub exact: bool,
}

/// Who wrote, as far as it matters for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorMark {
    /// A keyed hash that is even over its range.
    pub hash: u64,
    /// They wrote nothing before in this week.
    pub is_new: bool,
}

/// What was counted in one week of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekFigures {
    /// Which week.
    pub week: Week,
    /// Nobody is counted any more, and what told the authors apart is gone.
    pub closed: bool,
    /// By network.
    pub sides: Vec<(String, Side)>,
    /// Links to services of the catalogue, by the service's id.
    pub links: Vec<(String, u64)>,
    /// Messages crossed when something was said, so that links were looked at.
    #[serde(default)]
    pub looked: bool,
}

/// How many of the authors write on Matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Those.
    pub native: u32,
    /// All.
    pub all: u32,
}

/// A number of people, as others may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum People {
    /// Nobody at all.
    None,
    /// Somebody, and fewer than [`SMALLEST_GROUP`].
    Few,
    /// So many.
    Many(u32),
}

impl std::fmt::Debug for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tally({})", self.count())
    }
}

impl Tally {
    /// Notes somebody, by a keyed hash that is even over its range.
    pub fn note(&mut self, hash: u64) {
        if self.0.is_empty() {
            self.0 = vec![0; BITS / 8];
        }
        let bit = usize::try_from(hash % BITS as u64).unwrap_or(0);
        if let Some(byte) = self.0.get_mut(bit / 8) {
            *byte |= 1 << (bit % 8);
        }
    }

    /// How many different hashes were noted, about.
    pub fn count(&self) -> u32 {
        let set: u32 = self.0.iter().map(|byte| byte.count_ones()).sum();
        let (bits, set) = (BITS as f64, f64::from(set));
        let free = (bits - set).max(1.0);
        let estimate = (bits * (bits / free).ln()).round();
        // At most 74,000 for a full map; never negative.
        format!("{estimate:.0}").parse().unwrap_or(u32::MAX)
    }
}

impl Side {
    /// The people who wrote; never more than there are messages.
    pub fn people(&self) -> u32 {
        let people = if self.open.0.is_empty() { self.authors } else { self.open.count() };
        people.min(u32::try_from(self.messages).unwrap_or(u32::MAX))
    }
}

impl WeekFigures {
    /// Nothing was said yet.
    pub fn new(week: Week) -> Self {
        let (sides, links) = (Vec::new(), Vec::new());
        Self { week, closed: false, sides, links, looked: false }
    }

    /// Counts a message of somebody on a network.
    pub fn note(&mut self, network: &str, author: AuthorMark, crossing: bool) {
        if self.closed {
            return;
        }
        let at = self.sides.iter().position(|(known, _)| known == network).unwrap_or_else(|| {
            let side = Side { exact: true, ..Side::default() };
            self.sides.push((network.to_owned(), side));
            self.sides.len() - 1
        });
        let Some((_, side)) = self.sides.get_mut(at) else { return };
        side.messages = side.messages.saturating_add(1);
        side.crossing = side.crossing.saturating_add(u64::from(crossing));
        if side.exact {
            side.authors = side.authors.saturating_add(u32::from(author.is_new));
        } else {
            // Of those who wrote before this version came, only the bitmap knows.
            side.open.note(author.hash);
        }
    }

    /// Counts a link to a service.
    pub fn note_link(&mut self, service: &str) {
        match self.links.iter_mut().find(|(known, _)| known == service) {
            Some((_, links)) => *links = links.saturating_add(1),
            None => {
                self.links.push((service.to_owned(), 1));
                self.links.sort();
            }
        }
    }

    /// The week is over: only numbers stay.
    pub fn close(&mut self) {
        for (_, side) in &mut self.sides {
            side.authors = side.people();
            side.open = Tally::default();
        }
        self.sides.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.closed = true;
    }

    /// The share of people who wrote on `native`.
    pub fn share(&self, native: &str) -> Share {
        let mut share = Share::default();
        for (network, side) in &self.sides {
            let people = side.people();
            share.all = share.all.saturating_add(people);
            if network == native {
                share.native = people;
            }
        }
        share
    }

    /// All messages.
    pub fn messages(&self) -> u64 {
        self.sides.iter().fold(0, |sum, (_, side)| sum.saturating_add(side.messages))
    }

    /// Links were looked at.
    pub fn has_looked(&self) -> bool {
        self.looked || !self.links.is_empty()
    }
}

/// The weeks from the first one in which something was counted to the running one, `now`, at most
/// `most` of them before that: also those in which nothing was said. `began` is the week since which
/// messages are counted, where that is known.
pub fn every_week(
    recorded: &[WeekFigures],
    began: Option<Week>,
    now: Week,
    most: i32,
) -> Vec<WeekFigures> {
    let Some(first) = recorded.iter().map(|week| week.week).chain(began).min() else {
        return Vec::new();
    };
    let first = first.max(now.plus(most.saturating_neg()));
    let of = |number: i32| {
        let week = Week(number);
        let found = recorded.iter().find(|figures| figures.week == week);
        found.cloned().unwrap_or_else(|| WeekFigures::new(week))
    };
    (first.0..=now.0).map(of).collect()
}

impl Share {
    /// Whole percent, rounded down; `None` where nobody wrote.
    pub fn percent(self) -> Option<u32> {
        let percent = (u64::from(self.native) * 100).checked_div(u64::from(self.all))?;
        u32::try_from(percent).ok()
    }

    /// The percentage, where it tells nothing about single people: on neither side.
    pub fn shown(self) -> Option<u32> {
        let tells = |number| People::of(number) == People::Few;
        let others = self.all.saturating_sub(self.native);
        (!tells(self.native) && !tells(others)).then(|| self.percent()).flatten()
    }
}

impl People {
    /// The number, if others may read it.
    pub fn of(number: u32) -> Self {
        match number {
            0 => Self::None,
            number if number < SMALLEST_GROUP => Self::Few,
            number => Self::Many(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Even over its range, as a keyed hash is (splitmix64).
    fn hash(person: u64) -> u64 {
        let mut z = person.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// What the store knows of a week: who wrote.
    #[derive(Default)]
    struct Seen(std::collections::HashSet<(String, u64)>);

    impl Seen {
        fn says(&mut self, week: &mut WeekFigures, network: &str, person: u64) {
            let is_new = self.0.insert((network.to_owned(), person));
            week.note(network, AuthorMark { hash: hash(person), is_new }, false);
        }
    }

    /// A side as an earlier version stored it.
    fn estimated(people: u64, messages: u64) -> Side {
        let mut open = Tally::default();
        (0..people).for_each(|person| open.note(hash(person)));
        Side { messages, open, ..Side::default() }
    }

    #[test]
    fn everybody_is_counted_once_and_nobody_is_missed() {
        for people in [0, 1, 5, 110, 5_000] {
            let (mut week, mut seen) = (WeekFigures::new(Week(0)), Seen::default());
            for _ in 0..3 {
                (0..people).for_each(|person| seen.says(&mut week, "telegram", person));
            }
            assert_eq!(u64::from(week.share("matrix").all), people);
            assert_eq!(week.messages(), 3 * people);
        }
    }

    #[test]
    fn the_same_person_counts_once() {
        let (mut week, mut seen) = (WeekFigures::new(Week(0)), Seen::default());
        for _ in 0..100 {
            seen.says(&mut week, "matrix", 1);
        }
        seen.says(&mut week, "telegram", 2);
        assert_eq!(week.messages(), 101);
        assert_eq!(week.share("matrix"), Share { native: 1, all: 2 });
        assert_eq!(week.share("matrix").percent(), Some(50));
        assert_eq!(week.share("matrix").shown(), None, "two people are too few to be told");
    }

    #[test]
    fn a_week_that_is_over_keeps_numbers() {
        let (mut week, mut seen) = (WeekFigures::new(Week(3)), Seen::default());
        (0..50).for_each(|person| seen.says(&mut week, "telegram", person));
        let before = week.share("matrix");
        week.close();
        assert_eq!(week.share("matrix"), before);
        seen.says(&mut week, "telegram", 99);
        assert_eq!(week.messages(), 50);
        let stored = serde_json::to_string(&week).unwrap();
        assert!(stored.len() < 220, "{stored}");
    }

    #[test]
    fn an_estimate_of_an_earlier_version_stays_one_and_is_no_more_than_the_messages() {
        let mut week = WeekFigures::new(Week(3));
        week.sides.push(("telegram".to_owned(), estimated(110, 110)));
        // The running week goes on as it began.
        week.note("telegram", AuthorMark { hash: hash(0), is_new: true }, false);
        week.note("telegram", AuthorMark { hash: hash(500), is_new: true }, false);
        let (_, side) = &week.sides[0];
        assert!(side.people().abs_diff(111) <= 8 && side.people() <= 112, "{}", side.people());
        week.close();
        let (_, side) = &week.sides[0];
        assert!(!side.exact && side.open == Tally::default() && side.people() <= 112);
        for people in 0..60 {
            assert!(u64::from(estimated(people, people).people()) <= people);
        }
    }

    #[test]
    fn a_week_without_a_message_is_there_with_nothing() {
        let mut said = WeekFigures::new(Week(10));
        said.note("matrix", AuthorMark { hash: 1, is_new: true }, false);
        let weeks = |recorded: &[WeekFigures], began: Option<i32>, now: i32| {
            let weeks = every_week(recorded, began.map(Week), Week(now), 26).into_iter();
            weeks.map(|week| (week.week.0, week.messages())).collect::<Vec<_>>()
        };
        assert_eq!(weeks(&[said.clone()], None, 12), [(10, 1), (11, 0), (12, 0)]);
        assert_eq!(weeks(&[said.clone()], Some(9), 10), [(9, 0), (10, 1)]);
        assert_eq!(weeks(&[said], None, 100).len(), 27);
        assert_eq!(weeks(&[], Some(7), 7), [(7, 0)]);
        assert!(weeks(&[], None, 7).is_empty(), "nothing is counted yet");
    }

    #[test]
    fn small_groups_are_told_as_few() {
        assert_eq!(
            [0, 1, 4, 5].map(People::of),
            [People::None, People::Few, People::Few, People::Many(5)]
        );
    }

    proptest! {
        #[test]
        fn there_are_never_more_authors_than_messages(
            said in prop::collection::vec((0..4_u64, 0..9_u64), 0..200),
            before in (0..300_u64, 0..300_u64),
        ) {
            let (mut week, mut seen) = (WeekFigures::new(Week(0)), Seen::default());
            week.sides.push(("n0".to_owned(), estimated(before.0.min(before.1), before.1)));
            for (network, person) in said {
                seen.says(&mut week, &format!("n{network}"), person);
            }
            prop_assert!(u64::from(week.share("n0").all) <= week.messages());
            let before = week.share("n0");
            week.close();
            prop_assert_eq!(week.share("n0"), before);
        }
    }
}
