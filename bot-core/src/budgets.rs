// SPDX-License-Identifier: AGPL-3.0-or-later
//! How often one person may ask for something, over all chats.
//!
//! Rule: a budget belongs to a person, so that many rooms give nobody more. It is kept in memory and
//! bounded; a restart gives everybody a fresh one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bridge_model::{Person, Timestamp};

const MINUTE_MS: i64 = 60_000;

/// People who are remembered. When there are more, those with the whole of their budget are
/// forgotten, and all when nobody has that.
const MOST_PEOPLE: usize = 10_000;

/// What each person may do in a minute.
#[derive(Debug)]
pub struct Budgets {
    per_minute: i64,
    people: Mutex<HashMap<Person, Spent>>,
}

#[derive(Clone, Copy, Debug)]
struct Spent {
    /// When the whole budget is there again, in milliseconds since 1970.
    whole_at: i64,
    /// They were told.
    told: bool,
}

/// What becomes of something that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// It is done.
    Granted,
    /// The budget is spent, and nobody has told them yet.
    Spent,
    /// The budget is spent, and they know.
    Silent,
}

impl Budgets {
    /// So many a minute for each person, at once or spread.
    pub fn per_minute(many: u32) -> Self {
        Self { per_minute: i64::from(many.max(1)), people: Mutex::default() }
    }

    /// Somebody asks for one more.
    pub fn take(&self, person: &Person, now: Timestamp) -> Allowance {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MOST_PEOPLE && !people.contains_key(person) {
            people.retain(|_, spent| spent.whole_at > now.0);
            if people.len() >= MOST_PEOPLE {
                people.clear();
            }
        }
        let spent = people.entry(person.clone()).or_insert(Spent { whole_at: now.0, told: false });
        let from = spent.whole_at.max(now.0);
        let until = from.saturating_add(self.price());
        if until.saturating_sub(now.0) > MINUTE_MS {
            let told = std::mem::replace(&mut spent.told, true);
            return if told { Allowance::Silent } else { Allowance::Spent };
        }
        *spent = Spent { whole_at: until, told: false };
        Allowance::Granted
    }

    /// What was granted could not be done and is asked for again.
    pub fn give_back(&self, person: &Person) {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spent) = people.get_mut(person) {
            spent.whole_at = spent.whole_at.saturating_sub(self.price());
        }
    }

    /// After so many milliseconds one more is there.
    fn price(&self) -> i64 {
        MINUTE_MS / self.per_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Person {
        Person::new("matrix", "@ann:example.org")
    }

    #[test]
    fn a_spent_budget_comes_back_with_time_and_is_told_of_once() {
        let budgets = Budgets::per_minute(3);
        let take = |ms| budgets.take(&ann(), Timestamp(ms));
        assert_eq!([take(0), take(0), take(1)], [Allowance::Granted; 3]);
        assert_eq!(
            [take(2), take(3), take(4)],
            [Allowance::Spent, Allowance::Silent, Allowance::Silent]
        );
        assert_eq!(take(20_000), Allowance::Granted, "a third of a minute later");
        assert_eq!([take(20_001), take(20_002)], [Allowance::Spent, Allowance::Silent]);
        assert_eq!([take(120_000), take(120_000), take(120_000)], [Allowance::Granted; 3]);
        assert_eq!(
            budgets.take(&Person::new("telegram", "7"), Timestamp(120_000)),
            Allowance::Granted
        );
    }

    #[test]
    fn what_could_not_be_done_costs_nothing() {
        let budgets = Budgets::per_minute(1);
        for _ in 0..5 {
            assert_eq!(budgets.take(&ann(), Timestamp(0)), Allowance::Granted);
            budgets.give_back(&ann());
        }
    }

    #[test]
    fn a_crowd_is_not_remembered_without_end() {
        let budgets = Budgets::per_minute(1);
        for n in 0..25_000 {
            budgets.take(&Person::new("matrix", n.to_string().as_str()), Timestamp(0));
        }
        assert!(budgets.people.lock().unwrap().len() <= MOST_PEOPLE);
    }
}
