// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was typed after a command: words, words in quotation marks, and options.
//!
//! Rule: quotation marks of any language count, and so do dashes of any length: phones change
//! them as they like.

/// What was typed after a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// What stood in quotation marks, without those that are values of options.
    pub quoted: Vec<String>,
    /// The other words.
    pub words: Vec<String>,
    /// `--name value`, `--name=value` and `--name "a value"`, in order.
    options: Vec<(String, String)>,
}

impl Typed {
    /// Reads a command, without its name. Only options of these names are some; other words that
    /// begin with dashes are words.
    pub fn read(command: &str, options: &[&str]) -> Self {
        let mut typed = Self::default();
        let mut rest = command.trim().split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
        while let Some((piece, after)) = take(rest) {
            rest = after;
            let word = match piece {
                Piece::Quoted(words) => {
                    typed.quoted.push(words.to_owned());
                    continue;
                }
                Piece::Word(word) => word,
            };
            let bare = word.trim_start_matches(['-', '\u{2013}', '\u{2014}']);
            let (name, value) = bare.split_once('=').unwrap_or((bare, ""));
            if bare == word || !options.contains(&name) {
                typed.words.push(word.to_owned());
                continue;
            }
            let mut value = value.to_owned();
            if value.is_empty()
                && let Some((Piece::Quoted(next) | Piece::Word(next), after)) = take(rest)
            {
                next.clone_into(&mut value);
                rest = after;
            }
            typed.options.push((name.to_owned(), value));
        }
        typed
    }

    /// Nothing was typed after the name.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The value of an option; the last one counts.
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

enum Piece<'a> {
    Quoted(&'a str),
    Word(&'a str),
}

/// The first piece and what stands after it.
fn take(text: &str) -> Option<(Piece<'_>, &str)> {
    let text = text.trim_start();
    let first = text.chars().next()?;
    if is_mark(first) {
        let inside = text.get(first.len_utf8()..).unwrap_or_default();
        let (words, after) = inside.split_once(is_mark).unwrap_or((inside, ""));
        return Some((Piece::Quoted(words.trim()), after));
    }
    let (word, after) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    // `--reason="a b"`: the value stands in quotation marks.
    match word.find(is_mark).filter(|at| word.get(..*at).is_some_and(|it| it.ends_with('='))) {
        Some(at) => Some((Piece::Word(text.get(..at)?), text.get(at..)?)),
        None => Some((Piece::Word(word), after)),
    }
}

fn is_mark(letter: char) -> bool {
    matches!(letter, '"' | '\u{201C}'..='\u{201F}' | '«' | '»' | '「' | '」' | '『' | '』')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_take_the_next_word_or_what_is_quoted() {
        let text = "exception add “Zoom” --reason \"no dial-in\" —review=2026-12-31 --owner „the chair“ --odd";
        let typed = Typed::read(text, &["reason", "review", "owner"]);
        assert_eq!(typed.words, ["add", "--odd"]);
        assert_eq!(typed.quoted, ["Zoom"]);
        assert_eq!(typed.option("reason"), Some("no dial-in"));
        assert_eq!(typed.option("review"), Some("2026-12-31"));
        assert_eq!(typed.option("owner"), Some("the chair"));
        assert_eq!(typed.option("odd"), None);
        let typed = Typed::read("x --reason=\"a b\" c --reason last", &["reason"]);
        assert_eq!(
            (typed.option("reason"), typed.words.as_slice()),
            (Some("last"), &["c".into()][..])
        );
        assert_eq!(Typed::read("vote --days", &["days"]).option("days"), Some(""));
        assert!(Typed::read(" vote ", &[]).is_empty());
    }
}
