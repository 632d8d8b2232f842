// SPDX-License-Identifier: AGPL-3.0-or-later
//! How much is said on which side, and by how many people.
//!
//! Rule: people are counted and never listed. Who wrote in a week is a pattern of bits under a
//! key of that week; when the week is over, only the number stays.

use serde::{Deserialize, Serialize};

use crate::calendar::Week;

/// Fewer people than this are not told as a number: who knows the group would know them.
pub const SMALLEST_GROUP: u32 = 5;

/// Bits of a tally. With 600 people the count is wrong by about one in a hundred.
const BITS: usize = 8192;

/// How many different people were seen, without a list of them: a bitmap under linear counting
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
    /// The people who wrote, as long as the week lasts.
    pub open: Tally,
    /// How many those were, once it is over.
    pub authors: u32,
}

/// What was counted in one week of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekFigures {
    /// Which week.
    pub week: Week,
    /// Nobody is counted any more, and the patterns are gone.
    pub closed: bool,
    /// By network.
    pub sides: Vec<(String, Side)>,
    /// Links to services of the catalogue, by the service's id.
    pub links: Vec<(String, u64)>,
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
    /// The people who wrote.
    pub fn people(&self) -> u32 {
        if self.open.0.is_empty() { self.authors } else { self.open.count() }
    }
}

impl WeekFigures {
    /// Nothing was said yet.
    pub fn new(week: Week) -> Self {
        Self { week, closed: false, sides: Vec::new(), links: Vec::new() }
    }

    /// Counts a message of somebody on a network.
    pub fn note(&mut self, network: &str, author: u64, crossing: bool) {
        if self.closed {
            return;
        }
        let at = self.sides.iter().position(|(known, _)| known == network).unwrap_or_else(|| {
            self.sides.push((network.to_owned(), Side::default()));
            self.sides.len() - 1
        });
        let Some((_, side)) = self.sides.get_mut(at) else { return };
        side.messages = side.messages.saturating_add(1);
        side.crossing = side.crossing.saturating_add(u64::from(crossing));
        side.open.note(author);
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

    /// The week is over: numbers stay, patterns go.
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

    fn tally(people: u64, key: u64) -> u32 {
        let mut tally = Tally::default();
        for person in 0..people {
            tally.note(hash(person ^ (key << 32)));
        }
        tally.count()
    }

    #[test]
    fn few_people_are_counted_exactly_and_many_nearly() {
        for key in 0..20 {
            for people in 0..8 {
                assert!(tally(people, key).abs_diff(u32::try_from(people).unwrap()) <= 1);
            }
            assert!(tally(600, key).abs_diff(600) <= 24, "{}", tally(600, key));
            assert!(tally(5000, key).abs_diff(5000) <= 200, "{}", tally(5000, key));
        }
    }

    #[test]
    fn the_same_person_counts_once() {
        let mut week = WeekFigures::new(Week(0));
        for _ in 0..100 {
            week.note("matrix", hash(1), false);
        }
        week.note("telegram", hash(2), true);
        assert_eq!(week.messages(), 101);
        assert_eq!(week.share("matrix"), Share { native: 1, all: 2 });
        assert_eq!(week.share("matrix").percent(), Some(50));
        assert_eq!(week.share("matrix").shown(), None, "two people are too few to be told");
    }

    #[test]
    fn a_week_that_is_over_keeps_numbers_and_no_pattern() {
        let mut week = WeekFigures::new(Week(3));
        for person in 0..50 {
            week.note("telegram", hash(person), false);
        }
        let before = week.share("matrix");
        week.close();
        assert_eq!(week.share("matrix"), before);
        assert!(week.sides.iter().all(|(_, side)| side.open == Tally::default()));
        week.note("telegram", hash(99), false);
        assert_eq!(week.messages(), 50);
        let stored = serde_json::to_string(&week).unwrap();
        assert!(stored.len() < 200, "{stored}");
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
        fn a_tally_never_shrinks(hashes in prop::collection::vec(any::<u64>(), 0..300)) {
            let (mut tally, mut last) = (Tally::default(), 0);
            for hash in hashes {
                tally.note(hash);
                prop_assert!(tally.count() >= last);
                last = tally.count();
            }
        }
    }
}
