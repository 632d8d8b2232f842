// SPDX-License-Identifier: AGPL-3.0-or-later
//! How many new Matrix accounts one source may make in a room and a day.
//!
//! Rule: a source is what speaks under many names: a program that proxies for people, a chat that signs
//! its posts, all webhooks and bots of a chat together. What is granted stays granted for the day. It
//! is kept in memory and bounded; a restart begins anew.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use bridge_model::{AuthorKind, Person, Place, Timestamp, UserId};

use crate::store::keys;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Sources that are remembered; when there are more, those of other days are forgotten, then all.
const MOST_SOURCES: usize = 10_000;

/// The new accounts of a day.
#[derive(Debug)]
pub(super) struct NewGhosts {
    per_day: usize,
    sources: Mutex<HashMap<Source, Day>>,
}

/// What speaks, and the room in which it is heard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source {
    room: Place,
    chat: Place,
    speaker: Option<UserId>,
}

#[derive(Debug, Default)]
struct Day {
    number: i64,
    granted: HashSet<keys::Hash>,
    /// More came than there may be, and the room has to be told.
    untold: bool,
    told: bool,
}

impl Source {
    /// The source of what an author says; `None` for one who has a single account. `behind` is what
    /// the network says of the author's id.
    pub(super) fn of(
        (room, chat): (&Place, &Place),
        (user, kind): (&UserId, AuthorKind),
        behind: UserId,
    ) -> Option<Self> {
        let speaker = match kind {
            AuthorKind::Bot => None,
            AuthorKind::Person | AuthorKind::Chat if behind == *user => return None,
            AuthorKind::Person | AuthorKind::Chat => Some(behind),
        };
        Some(Self { room: room.clone(), chat: chat.clone(), speaker })
    }
}

impl NewGhosts {
    pub(super) fn per_day(many: u32) -> Self {
        let per_day = usize::try_from(many).unwrap_or(usize::MAX);
        Self { per_day, sources: Mutex::default() }
    }

    pub(super) fn most(&self) -> usize {
        self.per_day
    }

    /// Whether somebody who has no account yet may get one.
    pub(super) fn may_begin(&self, source: &Source, person: &Person, now: Timestamp) -> bool {
        let number = now.0.div_euclid(DAY_MS);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if sources.len() >= MOST_SOURCES && !sources.contains_key(source) {
            sources.retain(|_, day| day.number == number);
            if sources.len() >= MOST_SOURCES {
                sources.clear();
            }
        }
        let day = sources.entry(source.clone()).or_default();
        if day.number != number {
            *day = Day { number, ..Day::default() };
        }
        let person = keys::person(person);
        if day.granted.contains(&person) {
            return true;
        }
        if day.granted.len() < self.per_day {
            day.granted.insert(person);
            return true;
        }
        day.untold = !day.told;
        false
    }

    /// Whether the room is to be told now that names of this source are shown otherwise; once a day.
    pub(super) fn tell(&self, source: &Source) -> bool {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(day) = sources.get_mut(source).filter(|day| day.untold) else { return false };
        (day.untold, day.told) = (false, true);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> Source {
        let place = |network: &str| Place::new(network, "chat");
        let user = UserId::from("app/Ann");
        let kind = AuthorKind::Person;
        let (room, chat) = (place("matrix"), place("discord"));
        Source::of((&room, &chat), (&user, kind), UserId::from(name)).unwrap()
    }

    fn person(number: usize) -> Person {
        Person::new("discord", format!("app/{number}").as_str())
    }

    #[test]
    fn a_source_has_so_many_new_names_a_day_and_others_have_their_own() {
        let ghosts = NewGhosts::per_day(2);
        let now = Timestamp(5 * DAY_MS);
        let granted = |number, now| ghosts.may_begin(&source("app"), &person(number), now);
        assert!(granted(1, now) && granted(2, now) && granted(1, now));
        assert!(!ghosts.tell(&source("app")), "nothing was refused yet");
        assert!(!granted(3, now) && !granted(4, now));
        assert!(ghosts.tell(&source("app")), "the room is told once");
        assert!(!granted(5, now) && !ghosts.tell(&source("app")));
        assert!(granted(2, now), "who has an account keeps it");
        assert!(ghosts.may_begin(&source("other"), &person(3), now));
        assert!(granted(3, Timestamp(6 * DAY_MS)), "the next day begins anew");
    }

    #[test]
    fn somebody_with_one_account_is_no_source_and_all_bots_of_a_chat_are_one() {
        let (room, chat) = (Place::new("matrix", "r"), Place::new("discord", "c"));
        let of = |user: &str, kind| {
            let user = UserId::from(user);
            Source::of((&room, &chat), (&user, kind), user.clone())
        };
        assert_eq!(of("7", AuthorKind::Person), None);
        assert_eq!(of("-100", AuthorKind::Chat), None);
        assert_eq!(of("hook1", AuthorKind::Bot), of("hook2", AuthorKind::Bot));
        assert!(of("hook1", AuthorKind::Bot).is_some());
    }

    #[test]
    fn sources_are_not_remembered_without_end() {
        let ghosts = NewGhosts::per_day(1);
        for number in 0..MOST_SOURCES * 2 {
            ghosts.may_begin(&source(&number.to_string()), &person(1), Timestamp(0));
        }
        assert!(ghosts.sources.lock().unwrap().len() <= MOST_SOURCES);
    }
}
