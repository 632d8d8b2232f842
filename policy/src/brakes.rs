// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which messages stay on their own side, so that a flood, an advertisement or a raid does not reach
//! every chat at once.
//!
//! Rule: nothing is judged by its words; only how much, how often and by whom. What an author can do
//! about it is always to wait or to go on talking.

use serde::{Deserialize, Serialize};

/// How much is kept back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Brakes {
    /// Nothing.
    #[default]
    Off,
    /// More messages in a short time than people write, and the same message again and again.
    Flood,
    /// Besides, links and files of people who are new.
    Newcomers,
    /// Besides, everything of people who are new.
    Raid,
}

/// Messages of one author in [`WINDOW_MS`].
pub const MOST: usize = 10;
/// In milliseconds.
pub const WINDOW_MS: i64 = 30_000;
/// How often the same message crosses within [`REPEAT_MS`].
pub const REPEATS: usize = 2;
/// In milliseconds.
pub const REPEAT_MS: i64 = 10 * 60_000;
/// Whoever has said so many messages here is not new any more.
pub const KNOWN: u8 = 3;
/// An author is told once in this time, in milliseconds.
pub const TOLD_MS: i64 = 10 * 60_000;

/// How long a first message waits where nobody reacts to it, in milliseconds.
pub const WAITS_MS: i64 = 10 * 60_000;

/// How somebody has been writing in a portal lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// The last messages: when, and a keyed hash of what was said, 0 for nothing that can be compared.
    recent: Vec<(i64, u64)>,
    /// How many messages crossed, [`KNOWN`] at most.
    heard: u8,
    /// When they were told last that something stays here.
    told: Option<i64>,
}

/// A message, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// In milliseconds.
    pub at: i64,
    /// A keyed hash of what is said; 0 for nothing that can be compared.
    pub digest: u64,
    /// It has a link or a file, or was forwarded.
    pub carries: bool,
}

/// Brake a message stays where it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Brake {
    /// The author writes too much.
    Flood,
    /// It was said before.
    Repeated,
    /// The author is new, and it has a link or a file.
    Newcomer,
    /// The author is new, and nothing of new people crosses.
    Raid,
    /// Nothing of the author was shared yet: it waits for [`WAITS_MS`], or for somebody's reaction.
    First,
}

impl Habits {
    /// Somebody whom the portal knew before anybody looked.
    pub fn known() -> Self {
        Self { heard: KNOWN, ..Self::default() }
    }

    /// Brake a message stays where it was said; `None` where it crosses.
    pub fn judge(&mut self, brakes: Brakes, said: Said) -> Option<Brake> {
        self.recent.retain(|(at, _)| (0..REPEAT_MS).contains(&said.at.saturating_sub(*at)));
        let lately = |(at, _): &&(i64, u64)| said.at.saturating_sub(*at) < WINDOW_MS;
        let many = self.recent.iter().filter(lately).count() >= MOST;
        let same = |(_, known): &&(i64, u64)| said.digest != 0 && *known == said.digest;
        let again = self.recent.iter().filter(same).count() >= REPEATS;
        let new = self.heard < KNOWN;
        let why = match brakes {
            Brakes::Off => None,
            Brakes::Raid if new => Some(Brake::Raid),
            Brakes::Flood | Brakes::Newcomers | Brakes::Raid if many => Some(Brake::Flood),
            Brakes::Flood | Brakes::Newcomers | Brakes::Raid if again => Some(Brake::Repeated),
            Brakes::Newcomers if new && said.carries => Some(Brake::Newcomer),
            Brakes::Flood | Brakes::Newcomers | Brakes::Raid => None,
        };
        // What stays here counts, too: who goes on writing gets no gap by it.
        if self.recent.len() >= 2 * MOST {
            self.recent.remove(0);
        }
        self.recent.push((said.at, said.digest));
        if why.is_none() {
            self.hear();
        }
        why
    }

    /// Whether nothing of them was shared yet.
    pub fn are_unheard(&self) -> bool {
        self.heard == 0
    }

    /// What was judged last is not shared now.
    pub fn unhear(&mut self) {
        self.heard = self.heard.saturating_sub(1);
    }

    /// What waited is shared now.
    pub fn hear(&mut self) {
        self.heard = KNOWN.min(self.heard.saturating_add(1));
    }

    /// Whether they are not new any more.
    pub fn are_known(&self) -> bool {
        self.heard >= KNOWN
    }

    /// Whether the author is to be told now that something stays here.
    pub fn tell(&mut self, now: i64) -> bool {
        let lately = self.told.is_some_and(|told| (0..TOLD_MS).contains(&now.saturating_sub(told)));
        if !lately {
            self.told = Some(now);
        }
        !lately
    }

    /// When they wrote last, in milliseconds.
    pub fn last(&self) -> i64 {
        self.recent.last().map_or(i64::MIN, |(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(at: i64, digest: u64) -> Said {
        Said { at, digest, carries: false }
    }

    #[test]
    fn nothing_is_kept_back_where_nobody_wants_it() {
        let mut spammer = Habits::default();
        let link = Said { carries: true, ..said(0, 7) };
        assert!((0..100).all(|_| spammer.judge(Brakes::Off, link).is_none()));
    }

    #[test]
    fn ten_messages_in_half_a_minute_cross_and_no_more() {
        let mut fast = Habits::known();
        let verdicts: Vec<_> =
            (0..12_u64).map(|n| fast.judge(Brakes::Flood, said(n.cast_signed(), n + 1))).collect();
        assert!(verdicts[..10].iter().all(Option::is_none));
        assert_eq!(verdicts[10..], [Some(Brake::Flood), Some(Brake::Flood)]);
        assert_eq!(fast.judge(Brakes::Flood, said(WINDOW_MS + 20, 99)), None);
    }

    #[test]
    fn the_same_message_crosses_twice() {
        let mut keen = Habits::known();
        let at = |n: i64| n * 60_000;
        let verdicts: Vec<_> = (0..4).map(|n| keen.judge(Brakes::Flood, said(at(n), 5))).collect();
        assert_eq!(verdicts, [None, None, Some(Brake::Repeated), Some(Brake::Repeated)]);
        assert_eq!(keen.judge(Brakes::Flood, said(at(4), 6)), None, "something else");
        assert_eq!(keen.judge(Brakes::Flood, said(at(5), 0)), None, "a picture without words");
        assert_eq!(keen.judge(Brakes::Flood, said(at(30), 5)), None, "later");
    }

    #[test]
    fn links_of_new_people_wait_until_they_have_spoken() {
        let mut new = Habits::default();
        let link = |at| Said { carries: true, ..said(at, 0) };
        assert_eq!(new.judge(Brakes::Newcomers, link(0)), Some(Brake::Newcomer));
        for at in 1..=3 {
            assert_eq!(new.judge(Brakes::Newcomers, said(at, 0)), None);
        }
        assert_eq!(new.judge(Brakes::Newcomers, link(4)), None);
        assert_eq!(Habits::known().judge(Brakes::Newcomers, link(0)), None);
    }

    #[test]
    fn in_a_raid_only_those_cross_who_were_here() {
        let mut new = Habits::default();
        assert!((0..9).all(|at| new.judge(Brakes::Raid, said(at, 0)) == Some(Brake::Raid)));
        assert_eq!(Habits::known().judge(Brakes::Raid, said(0, 0)), None);
    }

    #[test]
    fn nobody_is_told_with_every_message() {
        let mut fast = Habits::default();
        assert!(fast.tell(0));
        assert!(!fast.tell(TOLD_MS - 1));
        assert!(fast.tell(TOLD_MS));
        // A clock that was wrong silences nobody.
        assert!(fast.tell(-1));
    }
}
