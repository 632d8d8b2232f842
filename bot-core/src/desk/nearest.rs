// SPDX-License-Identifier: AGPL-3.0-or-later
//! The word that somebody meant to type.
//!
//! Rule: a suggestion is made only where one word is nearer than all others; it is never carried
//! out unasked.

/// The nearest of the known words: one letter is wrong, missing, too many or in its neighbour's
/// place, two in long words, or the word was not finished. `None` where two are as near.
pub(super) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed: Vec<char> = typed.chars().flat_map(char::to_lowercase).take(MOST).collect();
    let allowed = match typed.len() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let mut best: Option<(usize, &str)> = None;
    let mut shared = false;
    for word in known {
        let letters: Vec<char> = word.chars().collect();
        let distance = if letters.starts_with(&typed) { 1 } else { distance(&typed, &letters) };
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, _)) if distance == least => shared = true,
            Some(_) | None => (best, shared) = (Some((distance, word)), false),
        }
    }
    best.filter(|(least, _)| *least <= allowed && !shared).map(|(_, word)| word)
}

/// Longer words are no mistyped commands.
const MOST: usize = 20;

/// How many letters have to be put in, taken out, changed or exchanged with their neighbour (the
/// distance of Damerau and Levenshtein, each stretch changed once).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=b.len()).collect()];
    for (i, one) in a.iter().enumerate() {
        rows.rotate_left(1);
        let [before, above, row] = &mut rows;
        row.clear();
        row.push(i + 1);
        for (j, other) in b.iter().enumerate() {
            let at =
                |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let changed = at(above, j) + usize::from(one != other);
            let mut least = changed.min(at(above, j + 1) + 1).min(at(row, j) + 1);
            let swapped =
                i > 0 && j > 0 && a.get(i - 1) == Some(other) && b.get(j - 1) == Some(one);
            if swapped {
                least = least.min(at(before, j - 1) + 1);
            }
            row.push(least);
        }
    }
    rows[2].last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 8] =
        ["status", "stage", "set", "help", "matrix", "claim", "unclaim", "privacy"];

    fn meant(typed: &str) -> Option<&'static str> {
        nearest(typed, WORDS)
    }

    #[test]
    fn a_slip_finds_the_word() {
        for (typed, word) in [
            ("statsu", "status"),
            ("stat", "status"),
            ("STAEG", "stage"),
            ("hlep", "help"),
            ("helpp", "help"),
            ("martix", "matrix"),
            ("privcy", "privacy"),
            ("claimm", "claim"),
        ] {
            assert_eq!(meant(typed), Some(word), "{typed}");
        }
    }

    #[test]
    fn other_words_find_none() {
        for typed in ["", "se", "hello", "thanks", "sta", "whatsapp", "bridge"] {
            assert_eq!(meant(typed), None, "{typed}");
        }
    }
}
