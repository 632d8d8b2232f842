// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences of a message, and which of them speak of a link.
//!
//! Rule: words speak of the link in whose sentence they stand; a link that stands alone belongs to
//! the sentence before it.

use super::fold::{Word, words};
use super::lexicon::{MOVED, WHEN};
use super::links::{Said, number, sign};

/// Words of a sentence that says little by itself.
const FEW: usize = 2;

/// Words that a day and an hour take, with what leads to them.
const WORDS_OF_A_TIME: usize = 4;

/// What leads to the day, in languages that say it before the word.
const TO: [&str; 3] = ["auf", "naar", "به"];

/// Words of a call after a link, such as "Follow us!".
const SHORT: usize = 6;

/// What surrounds a link.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// The sentence in which it stands; with the one before it, where that says nothing.
    pub(super) sentence: Vec<Word>,
    /// The part of the sentence between commas, brackets and dashes.
    pub(super) clause: Vec<Word>,
    /// The last words before it, in its line.
    pub(super) before: Vec<Word>,
    /// The first words behind it.
    pub(super) behind: Vec<Word>,
    /// A short sentence that follows.
    pub(super) next: Vec<Word>,
    /// The sentence is a question that goes on behind the link: it asks about the link.
    pub(super) in_question: bool,
}

/// What surrounds the link with this number.
pub(super) fn around(said: &Said, link: usize) -> Around {
    let Some(sign) = sign(link) else { return Around::default() };
    let sentences = split(&said.text, ends_sentence);
    let holds = |part: &str| part.contains(sign);
    let Some(at) = sentences.iter().position(|it| holds(it)) else { return Around::default() };
    let own = sentences.get(at).copied().unwrap_or_default();
    let zone = zone(own, sign);
    let mut sentence = words(zone);
    if sentence.len() <= FEW && zone.starts_with(own.get(..1).unwrap_or_default()) {
        let before = at.checked_sub(1).and_then(|before| sentences.get(before));
        let before = before.filter(|it| !it.chars().any(|c| number(c).is_some()));
        sentence.splice(0..0, before.map(|it| words(it)).unwrap_or_default());
    }
    let next = sentences.get(at + 1).map(|it| words(it)).unwrap_or_default();
    let (before, behind) = zone.split_once(sign).unwrap_or_default();
    // A link in brackets is called by the words around them.
    let bare = zone.replace(&format!("({sign} )"), &sign.to_string());
    let clause = split(&bare, ends_clause).into_iter().find(|it| holds(it)).unwrap_or_default();
    Around {
        sentence,
        clause: words(clause),
        before: words(before),
        behind: words(behind.split(|c| number(c).is_some()).next().unwrap_or_default()),
        in_question: own.trim_end().ends_with(['?', '？', '؟']) && words(behind).len() >= FEW,
        next: if next.len() <= SHORT { next } else { Vec::new() },
    }
}

/// The words between two links, as far as they stand next to each other.
pub(super) fn between(said: &Said, one: usize, other: usize) -> Option<Vec<Word>> {
    let (one, other) = (sign(one)?, sign(other)?);
    let (one_at, other_at) = (said.text.find(one)?, said.text.find(other)?);
    let text = said.text.get(one_at.min(other_at)..one_at.max(other_at))?;
    let inside = text.chars().skip(1).any(|c| number(c).is_some());
    (!inside).then(|| words(text))
}

/// The words of the whole message.
pub(super) fn all(said: &Said) -> Vec<Word> {
    words(&said.text)
}

/// The sentences that say this.
pub(super) fn saying(said: &Said, says: fn(&[Word]) -> bool) -> Vec<String> {
    let sentences = split(&said.text, ends_sentence).into_iter();
    sentences.filter(|it| says(&words(it))).map(str::to_owned).collect()
}

/// One of these sentences is not that of the link.
pub(super) fn elsewhere(sentences: &[String], link: usize) -> bool {
    let sign = sign(link);
    sentences.iter().any(|it| sign.is_none_or(|sign| !it.contains(sign)))
}

/// The message says that a meeting was put off, and not to when: no day or hour stands behind that
/// word, nor right before it with a word such as "to" (`auf Donnerstag verschoben`).
pub(super) fn is_put_off(said: &Said) -> bool {
    let words = all(said);
    let moved = (0..words.len()).filter(|at| MOVED.begins(words.get(*at..).unwrap_or_default()));
    let is_time = |at: usize| {
        let rest = words.get(at..).unwrap_or_default();
        rest.first().is_some_and(|it| it.text.chars().any(char::is_numeric)) || WHEN.begins(rest)
    };
    let moved: Vec<usize> = moved.collect();
    let Some(first) = moved.first().copied() else { return false };
    let near = first.saturating_sub(WORDS_OF_A_TIME);
    let leads = words.get(near..first).unwrap_or_default();
    let to = leads.iter().position(|word| TO.contains(&word.text.as_str()));
    let from = to.map_or(first, |to| near + to);
    !(from..words.len()).any(is_time)
}

/// The part of a sentence that speaks of one of its links: from the link before it to the next.
fn zone(sentence: &str, sign: char) -> &str {
    let Some(at) = sentence.find(sign) else { return sentence };
    let other = |c: char| number(c).is_some() && c != sign;
    let (before, behind) = sentence.split_at(at);
    let from =
        before.char_indices().rfind(|(_, c)| other(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let to = behind.find(other).map_or(sentence.len(), |to| at + to);
    sentence.get(from..to).unwrap_or(sentence)
}

/// The parts of a text; what ends one belongs to it.
fn split(text: &str, ends: fn(char, Option<char>) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if ends(c, chars.peek().map(|(_, next)| *next)) {
            let to = at + c.len_utf8();
            parts.extend(text.get(from..to));
            from = to;
        }
    }
    parts.extend(text.get(from..));
    parts.retain(|part| part.chars().any(|c| c.is_alphanumeric() || number(c).is_some()));
    parts
}

fn ends_sentence(c: char, next: Option<char>) -> bool {
    let space = next.is_none_or(char::is_whitespace);
    matches!(c, '\n' | '。' | '！' | '？' | '؟' | '।' | '…')
        || (matches!(c, '.' | '!' | '?') && space)
}

fn ends_clause(c: char, next: Option<char>) -> bool {
    let space = next.is_none_or(char::is_whitespace);
    matches!(c, ';' | '(' | ')' | '（' | '）' | '–' | '—' | '，' | '；' | '،' | '؛' | '、')
        || (matches!(c, ',' | '-') && space)
}
