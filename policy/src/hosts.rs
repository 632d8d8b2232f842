// SPDX-License-Identifier: AGPL-3.0-or-later
//! Hosts that a community links to and that no entry of the catalogue tells of: counted until the
//! community decides what they are.
//!
//! Rule: a host is kept and nothing else of a link, for [`KEPT`] weeks; no more than [`MOST`] of them
//! wait in a community.

use serde::{Deserialize, Serialize};

use crate::calendar::{Date, Week};

/// Weeks for which links to a host are kept, the running one among them: at most 84 days.
pub const KEPT: i32 = 12;

/// Weeks for which those to a host are kept that a community called proprietary, as long as reports
/// tell of them.
const KEPT_IN_REPORTS: i32 = 27;

/// Hosts that wait for a decision in a community at most.
pub const MOST: usize = 300;

/// A host that a community links to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedHost {
    /// The host, in small letters, without `www.`.
    pub host: String,
    /// Messages that link to it, by week, oldest first.
    pub weeks: Vec<(Week, u64)>,
    /// What the community decided about it.
    pub decision: Option<HostDecision>,
}

/// What a community decided about a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostDecision {
    /// What it is.
    pub kind: HostKind,
    /// Where anybody can see that.
    pub evidence: Option<String>,
    /// What people call the service.
    pub name: Option<String>,
    /// Since when.
    pub on: Date,
}

/// What a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostKind {
    /// Free software runs there.
    Free,
    /// Proprietary software runs there.
    Proprietary,
    /// No service by which people take part: a newspaper, a museum.
    Ignored,
}

impl HostKind {
    /// All, by the words that are typed.
    pub const ALL: [(&'static str, Self); 3] =
        [("free", Self::Free), ("proprietary", Self::Proprietary), ("ignore", Self::Ignored)];

    /// The word that is typed for it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

impl LinkedHost {
    /// Nobody linked to it yet.
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), weeks: Vec::new(), decision: None }
    }

    /// Counts a message that links to it, unless it is decided that nobody asks for that.
    pub fn note(&mut self, week: Week) {
        if matches!(self.kind(), Some(HostKind::Free | HostKind::Ignored)) {
            return;
        }
        match self.weeks.iter_mut().find(|(known, _)| *known == week) {
            Some((_, links)) => *links = links.saturating_add(1),
            None => {
                self.weeks.push((week, 1));
                self.weeks.sort();
            }
        }
    }

    /// Drops what is too old; `false` when nothing is left that has to be kept.
    pub fn keep_until(&mut self, now: Week) -> bool {
        let decided = self.kind() == Some(HostKind::Proprietary);
        let kept = if decided { KEPT_IN_REPORTS } else { KEPT };
        self.weeks.retain(|(week, _)| *week > now.plus(-kept));
        !self.weeks.is_empty() || self.decision.is_some()
    }

    /// What the community said that it is.
    pub fn kind(&self) -> Option<HostKind> {
        self.decision.as_ref().map(|decision| decision.kind)
    }

    /// It waits for a decision.
    pub fn waits(&self) -> bool {
        self.decision.is_none() && !self.weeks.is_empty()
    }

    /// Messages that link to it, in all weeks that are kept.
    pub fn links(&self) -> u64 {
        self.weeks.iter().fold(0, |sum, (_, links)| sum.saturating_add(*links))
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        let named = self.decision.as_ref().and_then(|decision| decision.name.as_deref());
        named.unwrap_or(&self.host)
    }
}

/// The place of the host that makes room for a new one where [`MOST`] wait: one of those that were
/// not linked to for the longest time, of them one with the fewest links.
pub fn makes_room(hosts: &[LinkedHost]) -> Option<usize> {
    let waiting = hosts.iter().enumerate().filter(|(_, host)| host.waits());
    let (places, waiting): (Vec<usize>, Vec<&LinkedHost>) = waiting.unzip();
    if waiting.len() < MOST {
        return None;
    }
    let oldest = waiting
        .iter()
        .enumerate()
        .min_by_key(|(_, host)| (host.weeks.last().map(|(week, _)| *week), host.links()));
    oldest.and_then(|(at, _)| places.get(at).copied())
}

/// A host that may be counted: a name, no address of a machine, and none of the homeserver's own,
/// which `own` lists. In small letters.
pub fn may_count(host: &str, own: &[&str]) -> bool {
    let below = |name: &&str| {
        let rest = host.strip_suffix(*name);
        !name.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let label = |label: &str| {
        let letters = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        !label.is_empty() && label.len() <= 63 && label.chars().all(letters)
    };
    // What ends in a number is an address, <https://url.spec.whatwg.org/#ends-in-a-number-checker>.
    let last = host.rsplit('.').next().unwrap_or_default();
    let number = last.starts_with(|c: char| c.is_ascii_digit());
    let name = host.len() <= 253 && host.contains('.') && host.split('.').all(label);
    name && !number && !own.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(host: &str, weeks: &[(i32, u64)]) -> LinkedHost {
        let weeks = weeks.iter().map(|(week, links)| (Week(*week), *links)).collect();
        LinkedHost { weeks, ..LinkedHost::new(host) }
    }

    fn decided(kind: HostKind) -> LinkedHost {
        let on = Date { year: 2026, month: 11, day: 30 };
        let decision = Some(HostDecision { kind, evidence: None, name: None, on });
        LinkedHost { decision, ..linked("a.example", &[(100, 2)]) }
    }

    #[test]
    fn addresses_of_machines_and_the_own_homeserver_are_not_counted() {
        let own = ["wiki.example", "chat.example.org", ""];
        for host in ["forms.example.com", "münchen.example", "a_b.example.net", "notwiki.example"]
        {
            assert!(may_count(host, &own), "{host}");
        }
        for host in [
            "192.0.2.1",
            "2130706433.0x7f",
            "[2001:db8::1]",
            "localhost",
            "a..example",
            "a b.example",
            "wiki.example",
            "matrix.wiki.example",
            "chat.example.org",
            "a\u{202e}b.example",
        ] {
            assert!(!may_count(host, &own), "{host}");
        }
        assert!(!may_count(&format!("{}.example", "a".repeat(64)), &own));
    }

    #[test]
    fn links_are_forgotten_before_they_are_ninety_days_old() {
        let mut host = linked("a.example", &[(100, 3)]);
        host.note(Week(105));
        assert!(host.keep_until(Week(111)) && host.links() == 4);
        // The last day of week 111 is 84 days after the first one of week 100.
        const { assert!(KEPT * 7 <= 90) };
        assert!(host.keep_until(Week(112)) && host.links() == 1);
        assert!(!host.keep_until(Week(117)));
    }

    #[test]
    fn what_was_decided_stays_and_what_is_free_or_ignored_is_counted_no_more() {
        for (kind, links) in
            [(HostKind::Free, 2), (HostKind::Ignored, 2), (HostKind::Proprietary, 3)]
        {
            let mut host = decided(kind);
            host.note(Week(100));
            assert_eq!(host.links(), links, "{kind:?}");
            assert!(!host.waits() && host.keep_until(Week(1000)), "{kind:?}");
        }
        let mut host = decided(HostKind::Proprietary);
        assert!(host.keep_until(Week(126)) && host.links() == 2, "reports tell of 26 weeks");
        let mut host = decided(HostKind::Free);
        host.decision = None;
        assert!(host.waits(), "a decision that is taken back lets it wait again");
    }

    #[test]
    fn a_new_host_takes_the_place_of_the_one_that_was_not_linked_to_for_longest() {
        let mut hosts: Vec<_> = (0..MOST).map(|_| linked("x.example", &[(100, 5)])).collect();
        hosts.push(decided(HostKind::Free));
        hosts[7] = linked("old.example", &[(90, 9)]);
        hosts[8] = linked("old-and-rare.example", &[(90, 1)]);
        assert_eq!(makes_room(&hosts), Some(8));
        hosts.remove(8);
        assert_eq!(makes_room(&hosts), None);
    }
}
