// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links that Telegram does not take, and words that it would take for links.
//!
//! Rule: the platform drops a link with another scheme without a word, so its address is written
//! out beside the words. It makes mentions of `@name`, whoever that is, so what we add to a text
//! never looks like one; what the author wrote stays.

use bridge_model::{Block, Leaf, Mention, RichText, Span};

use crate::NETWORK;
use crate::convert::entities::CAPABILITIES;

/// The schemes that a `text_link` may have.
const SCHEMES: [&str; 4] = ["http", "https", "tg", "ton"];

/// Degrades `text` to what Telegram shows and writes out the addresses that it would drop.
pub(super) fn write_out(text: &RichText) -> RichText {
    let text = text.restrict(&CAPABILITIES).write_out_links(&is_taken);
    RichText(blocks(text.0)).normalise()
}

/// An invisible character that keeps words apart for the platform.
const WORD_JOINER: char = '\u{2060}';

/// Words that we put into a text, so that the platform sees no mention, tag or command in them
/// (<https://core.telegram.org/bots/api#messageentity>, which it adds by itself).
pub(super) fn defused(words: &str) -> String {
    let mut defused = String::with_capacity(words.len());
    let mut begins = true;
    for letter in words.chars() {
        defused.push(letter);
        // A command begins a word; the others are found inside of words too.
        if matches!(letter, '@' | '#' | '$') || (letter == '/' && begins) {
            defused.push(WORD_JOINER);
        }
        begins = letter.is_whitespace();
    }
    defused
}

/// A mention that Telegram does not have, as words.
fn in_words(mut span: Span) -> Span {
    let foreign = match &span.leaf {
        Leaf::Mention(Mention::Person { who, .. }) => {
            who.network.as_str() != NETWORK || who.user.as_str().parse::<u64>().is_err()
        }
        Leaf::Mention(Mention::Everyone | Mention::Role { .. } | Mention::Chat { .. }) => true,
        Leaf::Text(_) | Leaf::Break | Leaf::Maths(_) | Leaf::Emoji { .. } | Leaf::Time { .. } => {
            false
        }
    };
    if foreign {
        span.leaf = Leaf::Text(defused(&span.leaf.shown()));
    }
    span
}

fn blocks(input: Vec<Block>) -> Vec<Block> {
    input.into_iter().map(block).collect()
}

/// After degrading, only paragraphs hold mentions, alone or in quotes.
fn block(block: Block) -> Block {
    match block {
        Block::Paragraph(spans) => Block::Paragraph(spans.into_iter().map(in_words).collect()),
        Block::Quote { blocks: inner, expandable } => {
            Block::Quote { blocks: blocks(inner), expandable }
        }
        Block::Heading { .. }
        | Block::List { .. }
        | Block::Code { .. }
        | Block::Table { .. }
        | Block::Details { .. }
        | Block::Rule => block,
    }
}

fn is_taken(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    SCHEMES.iter().any(|it| scheme.eq_ignore_ascii_case(it)) && url::Url::parse(url).is_ok()
}

#[cfg(test)]
mod tests {
    use bridge_model::Style;

    use super::*;

    #[test]
    fn an_address_that_would_be_dropped_is_written_out() {
        let text = RichText::paragraph(vec![
            Span::link("write ", "mailto:a@example.org"),
            Span {
                leaf: Leaf::Text("us".to_owned()),
                style: Style {
                    bold: true,
                    link: Some("mailto:a@example.org".to_owned()),
                    ..Style::default()
                },
            },
            Span::text(", or "),
            Span::link("read", "https://example.org/"),
        ]);
        let plain = write_out(&text).plain();
        let wanted = "write us (mailto:a@example.org), or read (https://example.org/)";
        assert_eq!(plain, wanted);
    }

    #[test]
    fn what_we_add_is_no_mention_of_a_stranger() {
        let who = bridge_model::Person::new("discord", "7");
        let mention = |mention| Span { leaf: Leaf::Mention(mention), style: Style::default() };
        let text = RichText::paragraph(vec![
            mention(Mention::Person { who, name: "Dora".to_owned() }),
            Span::text(" and "),
            mention(Mention::Everyone),
            Span::text(" and @written"),
        ]);
        let plain = write_out(&text).plain();
        assert_eq!(plain, "@\u{2060}Dora and @\u{2060}everyone and @written");
    }

    #[test]
    fn a_person_of_telegram_stays_a_mention() {
        let who = bridge_model::Person::new(NETWORK, "7");
        let leaf = Leaf::Mention(Mention::Person { who, name: "Tanja".to_owned() });
        let text = RichText::paragraph(vec![Span { leaf, style: Style::default() }]);
        assert_eq!(write_out(&text), text);
    }

    #[test]
    fn links_that_are_taken_stay_links() {
        let text = RichText::paragraph(vec![Span::link("read", "https://example.org/")]);
        assert_eq!(write_out(&text), text);
    }
}
