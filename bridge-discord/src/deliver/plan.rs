// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which part of a message gets which part of its new version.
//!
//! Rule: text goes to the parts in order, files to those that have files, so that nothing is
//! sent again that is there already; a poll stays as it is, and so does every part that holds
//! files as long as the files are the same.

use bot_core::Part;

use crate::convert::outgoing::Piece;

/// Which part gets what.
#[derive(Debug)]
pub(super) struct Plan<'p> {
    /// These get text and files.
    pub(super) replaced: Vec<(&'p Part, Piece)>,
    /// These stay as they are.
    pub(super) kept: Vec<&'p Part>,
    /// These go.
    pub(super) surplus: Vec<&'p Part>,
    /// These come on top, at the end.
    pub(super) added: Vec<Piece>,
}

impl<'p> Plan<'p> {
    /// `media_changed` says that the message has other files than before; without it the parts
    /// keep the files that they have, which may be more than the pieces name (an album).
    pub(super) fn new(parts: &'p [Part], pieces: Vec<Piece>, media_changed: bool) -> Self {
        let polls = pieces.iter().filter(|piece| piece.poll.is_some()).count();
        // The poll came last, and cannot be changed.
        let (parts, kept) =
            parts.split_at_checked(parts.len().saturating_sub(polls)).unwrap_or((parts, &[]));
        let mut texts: Vec<Piece> = Vec::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for piece in pieces.into_iter().filter(|piece| piece.poll.is_none()) {
            if media_changed && !piece.files.is_empty() {
                groups.push(piece.files.clone());
            }
            if !piece.content.is_empty() {
                texts.push(Piece { files: Vec::new(), ..piece });
            }
        }
        let (mut texts, mut groups) = (texts.into_iter(), groups.into_iter());
        let mut replaced: Vec<(&Part, Piece)> = parts
            .iter()
            .map(|part| {
                let mut piece = texts.next().unwrap_or_default();
                piece.files = if part.media { groups.next().unwrap_or_default() } else { vec![] };
                (part, piece)
            })
            .collect();
        let mut added: Vec<Piece> = texts.collect();
        // Files where there were none hang on the last text.
        let last = added.last_mut().or_else(|| {
            let mut filled = replaced.iter_mut().map(|(_, piece)| piece);
            filled.rfind(|piece| !piece.content.is_empty() || !piece.files.is_empty())
        });
        if let Some(last) = last.filter(|last| last.files.is_empty()) {
            last.files = groups.next().unwrap_or_default();
        }
        added.extend(groups.map(|files| Piece { files, ..Piece::default() }));
        let empty = |(part, piece): &(&Part, Piece)| {
            let holds_files = part.media && !media_changed;
            piece.content.is_empty() && piece.files.is_empty() && !holds_files
        };
        let surplus = replaced.extract_if(.., |one| empty(one)).map(|(part, _)| part).collect();
        Self { replaced, kept: kept.iter().collect(), surplus, added }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: &str, media: bool) -> Part {
        Part { id: id.into(), media }
    }

    fn piece(content: &str, files: &[usize]) -> Piece {
        Piece { content: content.to_owned(), files: files.to_vec(), ..Piece::default() }
    }

    fn told(plan: &Plan<'_>) -> Vec<(String, String, Vec<usize>)> {
        let one = |(part, piece): &(&Part, Piece)| {
            (part.id.as_str().to_owned(), piece.content.clone(), piece.files.clone())
        };
        plan.replaced.iter().map(one).collect()
    }

    #[test]
    fn files_stay_where_they_are_when_the_text_grows() {
        let parts = [part("1", true)];
        let plan = Plan::new(&parts, vec![piece("a", &[]), piece("b", &[0, 1])], true);
        assert_eq!(told(&plan), [("1".to_owned(), "a".to_owned(), vec![0, 1])]);
        assert_eq!(plan.added, [piece("b", &[])]);
    }

    #[test]
    fn a_part_without_text_and_files_goes() {
        let parts = [part("1", false), part("2", true), part("3", true)];
        let plan = Plan::new(&parts, vec![piece("a", &[0])], true);
        assert_eq!(
            told(&plan),
            [("1".to_owned(), "a".to_owned(), vec![]), ("2".to_owned(), String::new(), vec![0])]
        );
        assert_eq!(plan.surplus, [&parts[2]]);
    }

    #[test]
    fn a_file_comes_to_a_text() {
        let parts = [part("1", false)];
        let plan = Plan::new(&parts, vec![piece("a", &[0])], true);
        assert_eq!(told(&plan), [("1".to_owned(), "a".to_owned(), vec![0])]);
        assert!(plan.added.is_empty() && plan.surplus.is_empty());
    }

    #[test]
    fn parts_of_an_album_stay_when_only_the_words_change() {
        let parts = [part("1", true), part("2", true)];
        let plan = Plan::new(&parts, vec![piece("a", &[0])], false);
        let replaced = [("1", "a"), ("2", "")].map(|(id, text)| (id.into(), text.into(), vec![]));
        assert_eq!(told(&plan), replaced);
        assert!(plan.added.is_empty() && plan.surplus.is_empty());
    }

    #[test]
    fn a_poll_stays() {
        let parts = [part("1", false), part("2", false)];
        let poll = Piece { poll: Some(serde_json::json!({})), ..Piece::default() };
        let plan = Plan::new(&parts, vec![piece("a", &[]), poll], true);
        assert_eq!(told(&plan), [("1".to_owned(), "a".to_owned(), vec![])]);
        assert_eq!(plan.kept, [&parts[1]]);
    }
}
