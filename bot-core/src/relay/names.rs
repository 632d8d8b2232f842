// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names that are written by hand: `@Ann` means the Ann who spoke here lately, if there is just one.
//!
//! Rule: who is not meant for certain is not called; the words stay as they are.

use std::collections::HashMap;

use bridge_model::{Leaf, Mention, Person, RichText, Span};

use super::directory::Directory;
use crate::order::DeliverError;
use crate::store::Acquaintance;

/// Shorter names are more often something else.
const SHORTEST: usize = 2;

/// The text with the names of people whom the destination knows as mentions.
///
/// # Errors
/// What the directory answers.
pub(super) async fn resolve_written_names(
    directory: &dyn Directory,
    text: RichText,
) -> Result<RichText, DeliverError> {
    if !text.runs().any(may_name) {
        return Ok(text);
    }
    let names = Names::of(directory.people().await?, |who| {
        directory.shown_name(Some(&who.person), &who.name)
    });
    let there = &directory.route().to.network;
    let mut local: HashMap<Person, Person> = HashMap::new();
    for person in text.runs().filter(|span| may_name(span)).flat_map(|s| names.called(s)) {
        let known = directory.person(&person).await?.person;
        if known.network == *there {
            local.insert(person, known);
        }
    }
    if local.is_empty() {
        return Ok(text);
    }
    Ok(text.map_spans(&mut |span| names.exchange(span, &local)))
}

fn may_name(span: &Span) -> bool {
    let plain = !span.style.code && span.style.link.is_none();
    plain && matches!(&span.leaf, Leaf::Text(text) if text.contains('@'))
}

/// What people can be called, longest first.
struct Names(Vec<(String, Person)>);

enum Piece<'a> {
    Words(&'a str),
    Called(&'a str, &'a Person),
}

impl Names {
    fn of(people: Vec<Acquaintance>, shown: impl Fn(&Acquaintance) -> String) -> Self {
        let mut known: HashMap<String, Option<Person>> = HashMap::new();
        for who in people {
            let names = [Some(who.name.clone()), who.username.clone(), Some(shown(&who))];
            for name in names.into_iter().flatten() {
                let name = name.trim().trim_start_matches('@').to_lowercase();
                let other = known.entry(name).or_insert_with(|| Some(who.person.clone()));
                if other.as_ref() != Some(&who.person) {
                    *other = None;
                }
            }
        }
        let certain = known.into_iter().filter_map(|(name, who)| Some((name, who?)));
        let long = |(name, _): &(String, Person)| name.chars().count() >= SHORTEST;
        let mut names: Vec<_> = certain.filter(long).collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self(names)
    }

    fn called(&self, span: &Span) -> Vec<Person> {
        let Leaf::Text(text) = &span.leaf else { return Vec::new() };
        let called = self.pieces(text).into_iter().filter_map(|piece| match piece {
            Piece::Called(_, person) => Some(person.clone()),
            Piece::Words(_) => None,
        });
        called.collect()
    }

    fn exchange(&self, span: Span, local: &HashMap<Person, Person>) -> Vec<Span> {
        let text = match &span.leaf {
            Leaf::Text(text) if may_name(&span) => text,
            Leaf::Text(_)
            | Leaf::Break
            | Leaf::Mention(_)
            | Leaf::Emoji { .. }
            | Leaf::Maths(_)
            | Leaf::Time { .. } => return vec![span],
        };
        let leaf = |piece| match piece {
            Piece::Words(words) => Leaf::Text(words.to_owned()),
            Piece::Called(written, person) => match local.get(person) {
                Some(who) => Leaf::Mention(Mention::Person {
                    who: who.clone(),
                    name: written.trim_start_matches('@').to_owned(),
                }),
                None => Leaf::Text(written.to_owned()),
            },
        };
        let pieces = self.pieces(text).into_iter();
        pieces.map(|piece| Span { leaf: leaf(piece), style: span.style.clone() }).collect()
    }

    /// Cuts running text into calls and the rest.
    fn pieces<'a>(&'a self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let (mut done, mut from) = (0, 0);
        while let Some(at) = text.get(from..).and_then(|rest| rest.find('@')) {
            let at = from + at;
            from = at + 1;
            let before = text.get(..at).unwrap_or_default().chars().next_back();
            let rest = text.get(from..).unwrap_or_default();
            if before.is_some_and(char::is_alphanumeric) {
                continue;
            }
            let Some((length, person)) = self.longest(rest) else { continue };
            let words = text.get(done..at).unwrap_or_default();
            pieces.extend((!words.is_empty()).then_some(Piece::Words(words)));
            let end = from + length;
            pieces.push(Piece::Called(text.get(at..end).unwrap_or_default(), person));
            (done, from) = (end, end);
        }
        let words = text.get(done..).unwrap_or_default();
        pieces.extend((!words.is_empty()).then_some(Piece::Words(words)));
        pieces
    }

    /// The longest name that `text` starts with, and its length there.
    fn longest(&self, text: &str) -> Option<(usize, &Person)> {
        self.0.iter().find_map(|(name, person)| Some((starts_with(text, name)?, person)))
    }
}

/// The length of `name`, which is in lower case, at the start of `text`, where it ends there.
fn starts_with(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().peekable();
    let mut last = None;
    for (at, c) in text.char_indices() {
        if wanted.peek().is_none() {
            return ends(last, c).then_some(at);
        }
        if !c.to_lowercase().all(|c| wanted.next() == Some(c)) {
            return None;
        }
        last = Some(c);
    }
    wanted.peek().is_none().then_some(text.len())
}

/// Whether a name that ends with `last` has ended before `next`. Some scripts put no space
/// between words.
fn ends(last: Option<char>, next: char) -> bool {
    let unspaced = |c: char| {
        matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
    };
    last.is_some_and(unspaced) || !(next.is_alphanumeric() || next == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(people: &[(&str, &str)]) -> Names {
        let who = |(user, name): &(&str, &str)| Acquaintance {
            person: Person::new("telegram", *user),
            name: (*name).to_owned(),
            username: Some((*user).to_owned()),
        };
        let shown = |who: &Acquaintance| who.name.clone();
        Names::of(people.iter().map(who).collect(), shown)
    }

    fn called(names: &Names, text: &str) -> Vec<String> {
        let called = names.called(&Span::text(text)).into_iter();
        called.map(|person| person.user.as_str().to_owned()).collect()
    }

    #[test]
    fn a_name_in_any_script_calls_the_one_who_has_it() {
        let names = names(&[("ann1", "Ann"), ("bo", "Ann Bo"), ("li", "小明"), ("iv", "Иван")]);
        assert_eq!(called(&names, "hi @ann, and @ANN BO!"), ["ann1", "bo"]);
        assert_eq!(called(&names, "@小明你好 @иван"), ["li", "iv"]);
        assert_eq!(called(&names, "@ann1"), ["ann1"]);
        assert_eq!(called(&names, "x@ann.example @anna @an @"), [""; 0]);
    }

    #[test]
    fn a_name_that_two_people_have_calls_nobody() {
        let names = names(&[("a1", "Ann"), ("a2", "ann")]);
        assert_eq!(called(&names, "@Ann"), [""; 0]);
        assert_eq!(called(&names, "@a2"), ["a2"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "(@|@ann|ann|[İßé小 .]|@小明){0,12}") {
            let names = names(&[("a1", "Ann"), ("li", "小明"), ("x", "İß")]);
            let joined: String = names.pieces(&text).into_iter().map(|piece| match piece {
                Piece::Called(text, _) | Piece::Words(text) => text,
            }).collect();
            proptest::prop_assert_eq!(joined, text);
        }
    }
}
