// SPDX-License-Identifier: AGPL-3.0-or-later
//! Patterns with `*` and `?`, as policy rules and server ACLs have them
//! (<https://spec.matrix.org/v1.16/appendices/#glob-style-matching>).
//!
//! Rule: strangers write both the pattern and the text, so that no pattern is slow: each character of
//! the text costs the same, whatever the pattern is.

/// Characters of a pattern besides `*`. Matrix ids have at most 255 bytes.
pub const LONGEST: usize = 511;

const WORDS: usize = 8;

/// One bit for each position in a pattern.
type Positions = [u64; WORDS];

/// A pattern, ready to be compared: all positions in it that a text may have reached are kept at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// Positions behind which stands `?`.
    any: Positions,
    /// Positions behind which stands this character.
    exact: Vec<(char, Positions)>,
    /// Positions at which a `*` stands.
    stays: Positions,
    end: usize,
}

impl Glob {
    /// Reads a pattern; `None` for one that is longer than [`LONGEST`].
    pub fn new(pattern: &str) -> Option<Self> {
        let (mut any, mut stays) = (Positions::default(), Positions::default());
        let mut exact: Vec<(char, Positions)> = Vec::new();
        let mut end = 0;
        for unit in pattern.chars() {
            if unit == '*' {
                set(&mut stays, end);
                continue;
            }
            if end == LONGEST {
                return None;
            }
            match exact.binary_search_by_key(&unit, |(known, _)| *known) {
                _ if unit == '?' => set(&mut any, end),
                Ok(at) => exact.get_mut(at).into_iter().for_each(|(_, it)| set(it, end)),
                Err(at) => {
                    let mut positions = Positions::default();
                    set(&mut positions, end);
                    exact.insert(at, (unit, positions));
                }
            }
            end += 1;
        }
        Some(Self { any, exact, stays, end })
    }

    /// Whether the whole text fits.
    pub fn matches(&self, text: &str) -> bool {
        let mut reached = Positions::default();
        set(&mut reached, 0);
        for character in text.chars() {
            reached = self.after(&reached, character);
        }
        is_set(&reached, self.end)
    }

    /// The positions that are reached after one more character.
    fn after(&self, reached: &Positions, character: char) -> Positions {
        let found = self.exact.binary_search_by_key(&character, |(known, _)| *known);
        let exact = found.ok().and_then(|at| self.exact.get(at)).map(|(_, it)| it);
        let exact = exact.copied().unwrap_or_default();
        let (mut next, mut carry) = (Positions::default(), 0);
        let known = reached.iter().zip(&self.any).zip(exact).zip(&self.stays);
        for (to, (((reached, any), exact), stays)) in next.iter_mut().zip(known) {
            let passed = reached & (any | exact);
            *to = (passed << 1) | carry | (reached & stays);
            carry = passed >> 63;
        }
        next
    }
}

fn set(positions: &mut Positions, at: usize) {
    if let Some(word) = positions.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

fn is_set(positions: &Positions, at: usize) -> bool {
    positions.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The meaning of a pattern, by its definition.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => by_definition(rest, text),
            (Some(('*', rest)), Some((_, later))) => {
                by_definition(rest, text) || by_definition(pattern, later)
            }
            (Some(('?', rest)), Some((_, later))) => by_definition(rest, later),
            (Some((unit, rest)), Some((first, later))) => {
                unit == first && by_definition(rest, later)
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    fn fits(pattern: &str, text: &str) -> bool {
        Glob::new(pattern).unwrap().matches(text)
    }

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        assert!(fits("@spam*:example.org", "@spam:example.org"));
        assert!(fits("@spam*:example.org", "@spam_42:example.org"));
        assert!(!fits("@spam*:example.org", "@spam:example.org.evil"));
        assert!(fits("*.example.???", "a.b.example.org"));
        assert!(!fits("*.example.org", "example.org"));
        assert!(fits("?", "é") && !fits("?", "") && !fits("?", "ab"));
        assert!(fits("**", "") && fits("", "") && !fits("", "a"));
        assert!(fits("a.c", "a.c") && !fits("a.c", "abc"), "nothing else has a meaning");
    }

    #[test]
    fn a_pattern_longer_than_any_id_is_none() {
        assert!(Glob::new(&"a".repeat(LONGEST)).unwrap().matches(&"a".repeat(LONGEST)));
        assert!(!Glob::new(&"a".repeat(LONGEST)).unwrap().matches(&"a".repeat(LONGEST - 1)));
        assert_eq!(Glob::new(&"a".repeat(LONGEST + 1)), None);
        assert!(fits(&"*".repeat(100_000), "anything"), "stars cost nothing");
    }

    /// A matcher that tries one way after the other does not come to an end here.
    #[test]
    fn a_pattern_with_many_ways_to_fit_takes_no_longer_than_any_other() {
        let text = "a".repeat(100_000);
        let glob = Glob::new(&format!("{}b", "a*".repeat(200))).unwrap();
        assert!(!glob.matches(&text));
        assert!(glob.matches(&format!("{text}b")));
    }

    proptest! {
        #[test]
        fn a_pattern_means_what_its_definition_says(
            pattern in "[ab*?é]{0,9}",
            text in "[abé]{0,12}",
        ) {
            let (units, characters): (Vec<_>, Vec<_>) =
                (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(fits(&pattern, &text), by_definition(&units, &characters));
        }

        #[test]
        fn positions_beyond_one_word_count_as_well(
            filler in 55_usize..140,
            pattern in "[ab*?]{0,6}",
            text in "[ab]{0,7}",
        ) {
            let begin = "c".repeat(filler);
            let (pattern, text) = (format!("{begin}{pattern}"), format!("{begin}{text}"));
            let (units, characters): (Vec<_>, Vec<_>) =
                (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(fits(&pattern, &text), by_definition(&units, &characters));
        }
    }
}
