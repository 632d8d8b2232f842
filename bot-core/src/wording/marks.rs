// SPDX-License-Identifier: AGPL-3.0-or-later
//! `(NOFWD)`: how people say that a message stays in its own chat.
//!
//! Rule: only the beginning of a text is looked at, however long it is. The words stand in
//! `i18n/marks/stays-here.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bridge_model::{Block, Card, Message, RichText};
use serde_json::Value;

const FILE: &str = include_str!("../../../i18n/marks/stays-here.json");

/// Characters of a text in which a mark has to end.
const OPENING: usize = 48;

/// An opening bracket, and the one that closes it.
const BRACKETS: [(char, char); 5] =
    [('(', ')'), ('[', ']'), ('\u{FF08}', '\u{FF09}'), ('\u{FF3B}', '\u{FF3D}'), ('【', '】')];

static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all: BTreeMap<String, Value> = serde_json::from_str(FILE).unwrap_or_default();
    let lists = all.iter().filter(|(language, _)| !language.starts_with('@'));
    let words = lists.filter_map(|(_, list)| list.as_array()).flatten().filter_map(Value::as_str);
    words.map(folded).collect()
});

/// Whether a text begins with the mark.
pub fn stays_here(text: &RichText) -> bool {
    match text.0.first() {
        Some(Block::Paragraph(_) | Block::Heading { .. }) => is_mark(&opening(text)),
        // Whoever quotes a mark has not set one.
        Some(_) | None => false,
    }
}

/// Whether a message begins with the mark: its words, the question of its poll, or what stands at
/// its place.
pub fn keeps(message: &Message) -> bool {
    let of_card = match &message.card {
        Some(Card::Poll(poll)) => stays_here(&poll.question),
        Some(Card::Location(place)) => {
            let said = place.title.as_deref().or(place.address.as_deref());
            said.is_some_and(|said| stays_here(&RichText::plain_text(said)))
        }
        Some(Card::Contact(_)) | None => false,
    };
    of_card || stays_here(&message.body)
}

/// The text without quotes of messages that stay where they are.
pub fn without_kept_quotes(text: &mut RichText) {
    text.0.retain(|block| match block {
        Block::Quote { blocks, .. } => {
            let quoted = blocks.first().cloned().into_iter().collect();
            !stays_here(&RichText(quoted))
        }
        Block::Paragraph(_)
        | Block::Heading { .. }
        | Block::List { .. }
        | Block::Code { .. }
        | Block::Table { .. }
        | Block::Details { .. }
        | Block::Rule => true,
    });
}

fn opening(text: &RichText) -> String {
    let mut words = String::new();
    for span in text.runs() {
        words.push_str(&span.leaf.shown());
        if words.chars().nth(OPENING).is_some() {
            break;
        }
    }
    words.chars().take(OPENING).collect()
}

fn is_mark(opening: &str) -> bool {
    let text = opening.trim_start();
    let Some(first) = text.chars().next() else { return false };
    let pair = BRACKETS.iter().find(|(open, _)| *open == first);
    let Some((_, close)) = pair else { return false };
    let inside = text.get(first.len_utf8()..).unwrap_or_default();
    let Some((inside, _)) = inside.split_once(*close) else { return false };
    WORDS.contains(&folded(inside))
}

/// The same for capital, full-width and spaced-out letters.
fn folded(words: &str) -> String {
    let narrow = |letter: char| match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        '\u{2019}' => '\'',
        other => other,
    };
    let letters = words.chars().filter(|letter| !letter.is_whitespace()).map(narrow);
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use bridge_model::{Author, AuthorKind, Location, Point, Poll, Timestamp};

    use super::*;

    fn stays(text: &str) -> bool {
        stays_here(&RichText::plain_text(text))
    }

    #[test]
    fn a_poll_and_a_place_are_marked_by_their_words() {
        let author = Author {
            user: "1".into(),
            kind: AuthorKind::Person,
            name: "Ann".to_owned(),
            username: None,
            avatar: None,
        };
        let message =
            |card| Message { card: Some(card), ..Message::new(author.clone(), Timestamp(0)) };
        let poll = |question: &str| {
            let question = RichText::plain_text(question);
            let (answers, closes_at) = (Vec::new(), None);
            Card::Poll(Poll {
                question,
                answers,
                choices: 1,
                disclosed: true,
                closes_at,
                closed: false,
            })
        };
        assert!(keeps(&message(poll("(nofwd) Tea?"))));
        assert!(!keeps(&message(poll("Tea?"))));
        let place = |title: &str| {
            let (accuracy, title, address, live) = (None, Some(title.to_owned()), None, None);
            let point = Point { latitude: 0, longitude: 0 };
            Card::Location(Location { point, accuracy, title, address, live })
        };
        assert!(keeps(&message(place("[NOFWD] my flat"))));
        assert!(!keeps(&message(place("my flat"))));
    }

    #[test]
    fn the_mark_is_known_however_it_is_typed() {
        for text in [
            "(NOFWD) here",
            "(nofwd)",
            "[NoFwd] x",
            "( NOFWD ) x",
            "（NOFWD）这里",
            "（ＮＯＦＷＤ）这里",
            "［nofwd］",
            "  (no fwd) x",
            "(不转发) x",
            "（請勿轉發）x",
            "(nicht weiterleiten) psst",
            "(Don’t forward) x",
            "(لا تحول) x",
        ] {
            assert!(stays(text), "{text}");
        }
        for text in
            ["NOFWD x", "(NOFWDS) x", "x (NOFWD)", "(NOFWD", "(no) fwd", "()", "", "(NOFWD] x"]
        {
            assert!(!stays(text), "{text}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_text_is_looked_at() {
        assert!(stays(&format!("(NOFWD) {}", "a ".repeat(50_000))));
        assert!(!stays(&format!("({}NOFWD)", " ".repeat(50_000))));
    }

    #[test]
    fn a_quote_of_a_kept_message_goes_and_the_rest_stays() {
        let quote =
            |text: &str| Block::Quote { blocks: RichText::plain_text(text).0, expandable: false };
        let own = RichText::plain_text("I agree").0.remove(0);
        let mut text = RichText(vec![quote("(NOFWD) secret"), quote("known"), own.clone()]);
        assert!(!stays_here(&text));
        without_kept_quotes(&mut text);
        assert_eq!(text, RichText(vec![quote("known"), own]));
    }
}
