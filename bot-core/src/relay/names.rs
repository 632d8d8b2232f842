// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names that are written by hand: `@Ann` means the Ann who spoke here lately, if there is just one.
//!
//! Rule: who is not meant for certain is not called; the words stay as they are. An `@` inside an
//! address (a URL, a Matrix id, a handle of the fediverse, a package) calls nobody.

use std::collections::HashMap;

use bridge_model::{Leaf, Mention, Person, RichText, Span};

use super::directory::Directory;
use crate::order::DeliverError;
use crate::store::Acquaintance;

/// Shorter names are more often something else.
const SHORTEST: usize = 2;

/// Runs before a call that are looked at for the beginning of an address.
const NEIGHBOURS: usize = 8;

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
    for person in names.called(&text) {
        directory.calls(&person);
        let known = directory.person(&person).await?.person;
        if known.network == *there {
            local.insert(person, known);
        }
    }
    if local.is_empty() {
        return Ok(text);
    }
    Ok(text.map_sequences(&mut |spans| names.exchange(spans, &local)))
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

    /// Everybody who is called in a text.
    fn called(&self, text: &RichText) -> Vec<Person> {
        let mut called = Vec::new();
        let _same = text.clone().map_sequences(&mut |spans| {
            for at in 0..spans.len() {
                called.extend(self.pieces_of(&spans, at).into_iter().filter_map(|it| match it {
                    Piece::Called(_, person) => Some(person.clone()),
                    Piece::Words(_) => None,
                }));
            }
            spans
        });
        called
    }

    fn exchange(&self, spans: Vec<Span>, local: &HashMap<Person, Person>) -> Vec<Span> {
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
        let mut out = Vec::with_capacity(spans.len());
        for (at, span) in spans.iter().enumerate() {
            let pieces = self.pieces_of(&spans, at);
            match pieces.iter().any(|piece| matches!(piece, Piece::Called(..))) {
                true => out.extend(
                    pieces
                        .into_iter()
                        .map(|piece| Span { leaf: leaf(piece), style: span.style.clone() }),
                ),
                false => out.push(span.clone()),
            }
        }
        out
    }

    /// Cuts one run of a sequence into calls and the rest; none where nobody can be called in it.
    fn pieces_of<'a>(&'a self, spans: &'a [Span], at: usize) -> Vec<Piece<'a>> {
        let Some(span) = spans.get(at).filter(|span| may_name(span)) else { return Vec::new() };
        let Leaf::Text(text) = &span.leaf else { return Vec::new() };
        let before = spans.get(..at).unwrap_or_default().iter().rev().map_while(words);
        let before: Vec<&str> = before.take(NEIGHBOURS).collect();
        let before: String = before.into_iter().rev().collect();
        let after = spans.get(at + 1).and_then(words).unwrap_or_default();
        self.pieces(text, (&before, after))
    }

    /// Cuts running text into calls and the rest. The words before and after it may belong to the
    /// same address.
    fn pieces<'a>(&'a self, text: &'a str, (before, after): (&str, &str)) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let (mut done, mut from) = (0, 0);
        while let Some(at) = text.get(from..).and_then(|rest| rest.find('@')) {
            let at = from + at;
            from = at + 1;
            let head = text.get(..at).unwrap_or_default();
            let rest = text.get(from..).unwrap_or_default();
            if is_inside_address(before, head) {
                continue;
            }
            let Some((length, person)) = self.longest(rest, after) else { continue };
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
    fn longest(&self, text: &str, after: &str) -> Option<(usize, &Person)> {
        self.0.iter().find_map(|(name, person)| Some((starts_with(text, after, name)?, person)))
    }
}

/// The words of a run; `None` where something else stands.
fn words(span: &Span) -> Option<&str> {
    match &span.leaf {
        Leaf::Text(text) => Some(text),
        Leaf::Break
        | Leaf::Mention(_)
        | Leaf::Emoji { .. }
        | Leaf::Maths(_)
        | Leaf::Time { .. } => None,
    }
}

/// Whether what follows these words, `before` and then `head`, belongs to an address that they
/// begin.
fn is_inside_address(before: &str, head: &str) -> bool {
    let mut back = head.chars().rev().chain(before.chars().rev());
    let part_of_one = |c: char| c.is_alphanumeric() || matches!(c, '/' | '@' | '=' | '&' | '%');
    if back.next().is_some_and(part_of_one) {
        return true;
    }
    let token: String =
        head.chars().rev().chain(before.chars().rev()).take_while(|c| !ends_address(*c)).collect();
    // It stands there backwards.
    token.contains("//:")
}

/// What no address holds.
fn ends_address(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '<' | '>' | '"' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}'
            | '\u{ff1a}'..='\u{ff20}')
}

/// The length of `name`, which is in lower case, at the start of `text`, where it ends there.
/// `after` is what stands behind `text`.
fn starts_with(text: &str, after: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().peekable();
    let mut last = None;
    for (at, c) in text.char_indices() {
        if wanted.peek().is_none() {
            let rest = text.get(at..).unwrap_or_default();
            return ends(last, rest.chars().chain(after.chars())).then_some(at);
        }
        if !c.to_lowercase().all(|c| wanted.next() == Some(c)) {
            return None;
        }
        last = Some(c);
    }
    (wanted.peek().is_none() && ends(last, after.chars())).then_some(text.len())
}

/// Whether a name that ends with `last` has ended before `rest`, and no address goes on there.
fn ends(last: Option<char>, mut rest: impl Iterator<Item = char>) -> bool {
    let Some(next) = rest.next() else { return true };
    let then = rest.next();
    let goes_on = then.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c));
    match next {
        '@' => false,
        '/' => then.is_none_or(char::is_whitespace),
        ':' => !goes_on && then != Some('['),
        '.' | '-' => !goes_on,
        _ => last.is_some_and(is_unspaced) || !(next.is_alphanumeric() || next == '_'),
    }
}

/// Whether a letter is of a script that puts no space between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
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
        let called = names.called(&RichText::plain_text(text)).into_iter();
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

    #[test]
    fn an_address_calls_nobody() {
        let names = names(&[("bob", "Bob"), ("ann", "Ann Berg"), ("li", "小明")]);
        for address in [
            "https://www.youtube.com/@bob/videos",
            "https://mastodon.social/@bob",
            "https://x.example/?u=@bob",
            "https://x.example/(@bob)",
            "youtube.com/@bob",
            "@bob:example.org",
            "@bob:[::1]",
            "(@bob:example.org)",
            "@bob@mastodon.social",
            "@@bob",
            "@bob/utils",
            "@bob.example.org",
            "@bob-fork",
            "@bob.рф",
            "@小明.example",
        ] {
            assert_eq!(called(&names, address), [""; 0], "{address}");
        }
    }

    #[test]
    fn what_ends_a_sentence_ends_a_name() {
        let names = names(&[("bob", "Bob"), ("li", "小明")]);
        for text in [
            "@bob",
            "@bob: hi",
            "(@bob)",
            "@bob.",
            "@bob...",
            "@bob, hi",
            "@bob!",
            "@bob - hi",
            "@bob:)",
            "@bob's",
            "cc:@bob",
            ".@bob",
            "https://x.example @bob",
            "\"@bob\"",
            "@bob/ ",
        ] {
            assert_eq!(called(&names, text), ["bob"], "{text}");
        }
        assert_eq!(called(&names, "看https://x.example，@小明。你好"), ["li"]);
    }

    #[test]
    fn an_address_of_several_styles_calls_nobody() {
        let names = names(&[("bob", "Bob")]);
        for (before, bold, after) in [
            ("https://x.example/", "@bob", ""),
            ("", "@bob", ":example.org"),
            ("https://x.example/?", "u=", "@bob"),
            ("", "@bob", "by"),
        ] {
            let spans = vec![Span::text(before), Span::bold(bold), Span::text(after)];
            let called = names.called(&RichText::paragraph(spans));
            assert_eq!(called, [], "{before}{bold}{after}");
        }
        let spans = vec![Span::text("hi "), Span::bold("@bob"), Span::text(", look")];
        assert_eq!(names.called(&RichText::paragraph(spans)).len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "(@|@ann|ann|[İßé小 .:/-]|@小明|https://){0,12}") {
            let names = names(&[("a1", "Ann"), ("li", "小明"), ("x", "İß")]);
            let joined: String = names.pieces(&text, ("", "")).into_iter().map(|piece| match piece {
                Piece::Called(text, _) | Piece::Words(text) => text,
            }).collect();
            proptest::prop_assert_eq!(joined, text);
        }
    }
}
