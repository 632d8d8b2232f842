// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people say about a link, in many languages: the lists of `policy/words`.
//!
//! Rule: all languages are looked for in every message, because groups mix them.

use std::sync::LazyLock;

use super::fold::{Word, is_wide, words};

/// A list of terms.
#[derive(Debug, Default)]
pub(super) struct Lexicon(Vec<Term>);

/// Words that stand next to each other.
#[derive(Debug)]
struct Term {
    pieces: Vec<Piece>,
    /// They begin the sentence.
    first: bool,
}

#[derive(Debug)]
struct Piece {
    text: String,
    /// Any beginning may stand before it.
    begins: bool,
    /// Any ending may stand behind it.
    ends: bool,
}

macro_rules! lists {
    ($($name:ident = $file:literal),+ $(,)?) => {
        $(pub(super) static $name: LazyLock<Lexicon> = LazyLock::new(|| {
            Lexicon::read(include_str!(concat!("../../words/", $file, ".txt")))
        });)+
        #[cfg(test)]
        const FILES: &[(&str, &str)] =
            &[$(($file, include_str!(concat!("../../words/", $file, ".txt")))),+];
    };
}

lists! {
    ABUSE = "abuse",
    ASK = "ask",
    BROKEN = "broken",
    CLOSED = "closed",
    CODE = "code",
    DIAL = "dial",
    EVIDENCE = "evidence",
    IF = "if",
    LESSON = "lesson",
    LIVE = "live",
    MOVED = "moved",
    NEW = "new",
    OFF = "off",
    OR = "or",
    OWN = "own",
    PAST = "past",
    PHONE = "phone",
    SCAM = "scam",
    SOURCE = "source",
    VISIT = "visit",
    WHEN = "when",
    WITHDRAW = "withdraw",
}

impl Lexicon {
    /// Reads lines of `language: term | term`; other lines are for readers.
    fn read(file: &str) -> Self {
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let terms =
            lines.filter_map(|line| line.split_once(": ")).flat_map(|(_, terms)| terms.split('|'));
        Self::of(terms)
    }

    /// The terms.
    pub(super) fn of<'t>(terms: impl Iterator<Item = &'t str>) -> Self {
        Self(terms.map(Term::read).filter(|term| !term.pieces.is_empty()).collect())
    }

    /// Some term stands there.
    pub(super) fn is_in(&self, said: &[Word]) -> bool {
        (0..said.len()).any(|at| {
            let rest = said.get(at..).unwrap_or_default();
            self.0.iter().any(|term| (at == 0 || !term.first) && term.span(rest).is_some())
        })
    }

    /// Some term begins there.
    pub(super) fn begins(&self, said: &[Word]) -> bool {
        self.0.iter().any(|term| !term.first && term.span(said).is_some())
    }

    /// Where terms stand in the text, in bytes, in order.
    pub(super) fn spans(&self, said: &[Word]) -> Vec<(usize, usize)> {
        let at = |at: usize| {
            let rest = said.get(at..).unwrap_or_default();
            let here = self.0.iter().filter(|term| at == 0 || !term.first);
            here.filter_map(|term| term.span(rest)).max_by_key(|(_, end)| *end)
        };
        (0..said.len()).filter_map(at).collect()
    }
}

impl Term {
    fn read(term: &str) -> Self {
        let term = term.trim();
        let (first, term) = match term.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, term),
        };
        let piece = |word: &str| {
            let inner = word.trim_matches('*');
            let folded = words(inner);
            let count = folded.len();
            folded
                .into_iter()
                .enumerate()
                .map(move |(number, one)| {
                    let wide = one.text.chars().any(is_wide);
                    Piece {
                        begins: wide || (number == 0 && word.starts_with('*')),
                        ends: wide || (number + 1 == count && word.ends_with('*')),
                        text: one.text,
                    }
                })
                .collect::<Vec<_>>()
        };
        Self { pieces: term.split_whitespace().flat_map(piece).collect(), first }
    }

    /// Where it stands, if it begins with the first of these words.
    fn span(&self, said: &[Word]) -> Option<(usize, usize)> {
        let mut span: Option<(usize, usize)> = None;
        for (number, piece) in self.pieces.iter().enumerate() {
            let (start, end) = piece.span(said.get(number)?)?;
            span = Some((span.map_or(start, |(first, _)| first), end));
        }
        span
    }
}

impl Piece {
    fn span(&self, word: &Word) -> Option<(usize, usize)> {
        let at = match (self.begins, self.ends) {
            (false, false) => (word.text == self.text).then_some(0),
            (false, true) => word.text.starts_with(&self.text).then_some(0),
            (true, false) => word.text.strip_suffix(self.text.as_str()).map(str::len),
            (true, true) => word.text.find(&self.text),
        }?;
        let letters = word.text.get(..at)?.chars().count();
        let behind = letters + self.text.chars().count();
        let start = word.at.get(letters)?;
        Some((*start, *word.at.get(behind).unwrap_or(&word.end)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The languages of the bot.
    const LANGUAGES: [&str; 12] =
        ["ar", "de", "en", "es", "fa", "fr", "hi", "id", "it", "pt", "ru", "zh"];

    fn is_in(terms: &str, text: &str) -> bool {
        Lexicon::read(&format!("xx: {terms}")).is_in(&words(text))
    }

    #[test]
    fn terms_are_found_as_whole_words_or_with_a_star() {
        assert!(is_in("join us", "Come, JOIN us!") && !is_in("join us", "join usually"));
        assert!(is_in("annul*", "Annulée") && !is_in("annul", "annulée"));
        assert!(is_in("*الغاء", "والإلغاء") && !is_in("الغاء", "والالغاء"));
        assert!(is_in("取消", "今天的会议取消了") && is_in("会议 id", "会议 ID 932"));
        assert!(is_in("don't use", "please don’t use it"));
        assert!(is_in("^join", "Join the talk") && !is_in("^join", "they join the cabinet"));
    }

    #[test]
    fn a_term_says_where_it_stands() {
        let text = "bitte per Telefon: 030";
        let spans = Lexicon::read("de: per telefon").spans(&words(text));
        assert_eq!(spans.first().and_then(|(from, to)| text.get(*from..*to)), Some("per Telefon"));
        let text = "请电话拨入123";
        let spans = Lexicon::read("zh: 拨入").spans(&words(text));
        assert_eq!(spans.first().and_then(|(from, to)| text.get(*from..*to)), Some("拨入"));
    }

    #[test]
    fn every_list_speaks_every_language_and_says_nothing_twice() {
        for (name, file) in FILES {
            let lines = file.lines().filter_map(|line| line.split_once(": "));
            let known: BTreeSet<&str> = lines.clone().map(|(language, _)| language).collect();
            for language in LANGUAGES {
                assert!(known.contains(language), "{name} has no {language}");
            }
            for (language, terms) in lines.filter(|(language, _)| language.len() == 2) {
                let mut seen = BTreeSet::new();
                for term in terms.split(" | ") {
                    assert!(!Term::read(term).pieces.is_empty(), "{name}, {language}: {term:?}");
                    assert!(seen.insert(term.trim()), "{name}, {language}: {term} stands twice");
                }
            }
        }
    }
}
