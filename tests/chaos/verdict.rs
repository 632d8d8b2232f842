// SPDX-License-Identifier: AGPL-3.0-or-later
//! Compares what was said with what each other side shows.

use std::collections::BTreeMap;
use std::fmt;

use sandbox::town::{Line, Side};

use super::ledger::{Ledger, Posted, read};

/// What differs: each message with the side that shows it wrongly.
#[derive(Default)]
pub struct Verdict {
    lost: Vec<(Side, usize)>,
    doubled: Vec<(Side, usize)>,
    reordered: Vec<(Side, usize)>,
    unedited: Vec<(Side, usize)>,
    undeleted: Vec<(Side, usize)>,
    unreacted: Vec<(Side, usize)>,
}

impl Verdict {
    /// Looks at what one side shows of the others.
    pub fn compare(&mut self, ledger: &Ledger, side: Side, lines: &[Line]) {
        let mut shown: BTreeMap<usize, Vec<(u32, &Line)>> = BTreeMap::new();
        let mut order = Vec::new();
        for line in lines {
            if let Some((number, version)) = read(&line.text) {
                shown.entry(number).or_default().push((version, line));
                order.push(number);
            }
        }
        for (number, posted) in ledger.posted.iter().enumerate() {
            if posted.side != side {
                let copies = shown.get(&number).map(Vec::as_slice).unwrap_or_default();
                self.message((side, number), posted, copies);
            }
        }
        self.order(ledger, side, &order);
    }

    fn message(&mut self, at: (Side, usize), posted: &Posted, copies: &[(u32, &Line)]) {
        match copies {
            [] if posted.deleted => {}
            [] => self.lost.push(at),
            [..] if posted.deleted => self.undeleted.push(at),
            [(version, line)] => {
                if *version != posted.version {
                    self.unedited.push(at);
                }
                let shows = |emoji: &str| line.reactions.iter().any(|one| bare(one) == emoji);
                // Telegram gives a bot one reaction to a message; the others are counted in a line.
                let shown = posted.reaction.is_none_or(shows) || at.0 == Side::Telegram;
                if !shown {
                    self.unreacted.push(at);
                }
            }
            [_, _, ..] => self.doubled.push(at),
        }
    }

    /// What one author said stands in the order in which it was said.
    fn order(&mut self, ledger: &Ledger, side: Side, order: &[usize]) {
        let mut last: BTreeMap<(u8, usize), usize> = BTreeMap::new();
        for number in order {
            let Some(posted) = ledger.posted.get(*number) else { continue };
            let author = (posted.side as u8, posted.author);
            let before = last.insert(author, *number);
            if before.is_some_and(|before| before > *number) {
                self.reordered.push((side, *number));
            }
        }
    }

    fn all(&self) -> [(&'static str, &[(Side, usize)]); 6] {
        [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("out of order", &self.reordered),
            ("not edited", &self.unedited),
            ("not deleted", &self.undeleted),
            ("without their reaction", &self.unreacted),
        ]
    }

    /// Nothing differs.
    pub fn is_good(&self) -> bool {
        self.all().iter().all(|(_, which)| which.is_empty())
    }

    /// Each message that differs, with whose it is.
    pub fn details(&self, ledger: &Ledger) -> String {
        let mut out = Vec::new();
        for (what, which) in self.all() {
            for (side, number) in which {
                let posted = ledger.posted.get(*number);
                let from = posted.map(|posted| (posted.side, posted.author, posted.version));
                out.push(format!("#{number} of {from:?} is {what} on {side:?}"));
            }
        }
        out.join("\n")
    }
}

/// Matrix wants the selector of a picture behind an emoji that has one, the others do not.
fn bare(emoji: &str) -> &str {
    emoji.trim_end_matches('\u{fe0f}')
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.all().map(|(what, which)| format!("{} {what}", which.len()));
        f.write_str(&told.join(", "))
    }
}
