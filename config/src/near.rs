// SPDX-License-Identifier: AGPL-3.0-or-later
//! Finds the word that was meant.
//!
//! Rule: a suggestion that is far off is worse than none.

/// The known word nearest to `word`, if it is near at all.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour
/// (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut left_letter = None;
    for (row, letter) in from.chars().enumerate() {
        let mut now = vec![row + 1];
        let mut up_letter = None;
        for (column, target) in to.iter().copied().enumerate() {
            let at =
                |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX);
            let mut best = at(&last, column).saturating_add(usize::from(letter != target));
            best = best.min(at(&last, column + 1).saturating_add(1));
            best = best.min(at(&now, column).saturating_add(1));
            if column > 0 && left_letter == Some(target) && up_letter == Some(letter) {
                best = best.min(at(&before_last, column - 1).saturating_add(1));
            }
            now.push(best);
            up_letter = Some(target);
        }
        before_last = std::mem::replace(&mut last, now);
        left_letter = Some(letter);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted_in_letters() {
        assert_eq!(distance("url", "url"), 0);
        assert_eq!(distance("ulr", "url"), 1, "neighbours swapped");
        assert_eq!(distance("server_nam", "server_name"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("ä", ""), 1);
    }

    #[test]
    fn what_is_far_off_is_not_suggested() {
        assert_eq!(nearest("ulr", ["url", "server_name"]), Some("url"));
        assert_eq!(nearest("colour", ["url", "server_name"]), None);
    }
}
