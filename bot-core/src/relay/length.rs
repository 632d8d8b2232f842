// SPDX-License-Identifier: AGPL-3.0-or-later
//! A bound for the number of messages that one message becomes at its destination.
//!
//! Rule: at most ten; what does not go into them follows as a text file.

use bridge_model::{Leaf, Media, Message, RichText, Span, Spoiler, Style};

use crate::media::text_file;

/// Messages that the text of one message may fill. One more is left for its files, one for names
/// and lines that the network adds.
const MOST_MESSAGES: usize = 8;

/// What marks of a style may cost, in characters.
const STYLE_COST: usize = 16;

/// What hidden words cost besides: Telegram takes a hundred styles in one message, and of all styles
/// this is the one that words cannot lose.
const HIDDEN_COST: usize = 32;

/// Cuts a text that would fill too many messages of `max_text` characters; the rest is a file,
/// which is hidden where words in it are.
pub(super) fn bound_length(max_text: usize, message: &mut Message) {
    let most = max_text.saturating_mul(MOST_MESSAGES);
    if cost(&message.body) <= most {
        return;
    }
    let body = std::mem::take(&mut message.body);
    let mut pieces = body.split(most, &cost).into_iter();
    let mut head = pieces.next().unwrap_or_default();
    let rest: Vec<RichText> = pieces.collect();
    if !rest.is_empty() {
        head.push_text(" …");
        let spoiler = rest.iter().flat_map(RichText::runs).any(|run| run.style.spoiler.is_some());
        let words: Vec<String> = rest.iter().map(RichText::plain).collect();
        message.media.push(Media { spoiler, ..text_file::of(&words.join("\n")) });
    }
    message.body = head;
}

/// An upper bound of what a text costs on any network, in characters: markup, escapes and addresses
/// count.
fn cost(text: &RichText) -> usize {
    let spans: usize = text.runs().map(span_cost).sum();
    spans.max(length(&text.plain()))
}

fn span_cost(span: &Span) -> usize {
    let words = match &span.leaf {
        Leaf::Text(words) => length(words),
        Leaf::Break => 1,
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => {
            STYLE_COST * 2
        }
    };
    let link = span.style.link.as_ref().map_or(0, |link| length(link));
    let plain = Style::default();
    let styled = if span.style == plain { 0 } else { STYLE_COST };
    let reason = |hidden: &Spoiler| hidden.reason.as_ref().map_or(0, |reason| length(reason));
    let hidden = span.style.spoiler.as_ref().map_or(0, |it| HIDDEN_COST + reason(it));
    words + link + styled + hidden
}

/// Characters, those twice that may be escaped or are two units of UTF-16.
fn length(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii_punctuation() || c.len_utf16() > 1 { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use bridge_model::{Author, AuthorKind, Timestamp, UserId};

    use super::*;

    fn bounded(body: RichText) -> Message {
        let author = Author {
            user: UserId::from("ann"),
            kind: AuthorKind::Person,
            name: "Ann".into(),
            username: None,
            avatar: None,
        };
        let mut message = Message { body, ..Message::new(author, Timestamp(0)) };
        bound_length(100, &mut message);
        message
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        let text = RichText::plain_text(&"word ".repeat(100));
        let message = bounded(text.clone());
        assert_eq!((message.body, message.media.len()), (text, 0));
    }

    #[test]
    fn a_long_text_ends_in_a_file_and_loses_no_word() {
        let words: Vec<String> = (0..2000).map(|number| format!("w{number}")).collect();
        let message = bounded(RichText::plain_text(&words.join(" ")));
        let [file] = &message.media[..] else { panic!("{:?}", message.media) };
        let whole = format!("{} {}", message.body.plain(), file.handle.reference);
        let found: Vec<&str> = whole.split_whitespace().filter(|it| *it != "…").collect();
        assert_eq!(found, words);
        assert!(cost(&message.body) <= 100 * MOST_MESSAGES + 8);
    }

    #[test]
    fn hidden_words_and_the_reasons_for_hiding_them_count() {
        let hidden = |reason: &str| {
            let spoiler = Some(Spoiler { reason: Some(reason.to_owned()) });
            let style = Style { spoiler, ..Style::default() };
            [Span { leaf: Leaf::Text("x".to_owned()), style }, Span::text(" ")]
        };
        let spans = |reason: &str, count| (0..count).flat_map(|_| hidden(reason)).collect();
        assert_eq!(bounded(RichText::paragraph(spans("", 10))).media.len(), 0);
        assert_eq!(bounded(RichText::paragraph(spans("", 20))).media.len(), 1);
        assert_eq!(bounded(RichText::paragraph(spans(&"r".repeat(50), 10))).media.len(), 1);
    }

    #[test]
    fn changes_of_style_and_addresses_count() {
        let link = |number: usize| Span::link("x", format!("https://x.example/{number}"));
        let message = bounded(RichText::paragraph((0..500).map(link).collect()));
        assert_eq!(message.media.len(), 1);
    }
}
