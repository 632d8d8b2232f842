// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links that Telegram does not take, and words that it would take for links.
//!
//! Rule: the platform refuses a message for one link that it does not take, so such an address is
//! written out beside the words. It makes mentions of `@name`, whoever that is, so what we add to a
//! text never looks like one; what the author wrote stays. Nobody is called by a link.

use bridge_model::{Block, Leaf, Mention, RichText, Span, name};

use super::web_address::is_accepted;
use crate::NETWORK;
use crate::convert::address::leads_to_account;
use crate::convert::entities::CAPABILITIES;

/// Degrades `text` to what Telegram shows and writes out the addresses that it does not take.
pub(super) fn write_out(text: &RichText) -> RichText {
    let mut unlinked = |mut span: Span| {
        // Nobody is called by a link.
        span.style.link = span.style.link.filter(|url| !leads_to_account(url));
        vec![span]
    };
    let text = text.restrict(&CAPABILITIES).label_links().map_spans(&mut unlinked);
    let text = text.write_out_links(&is_accepted);
    RichText(blocks(text.0)).normalise()
}

/// An invisible character that keeps words apart for the platform.
const WORD_JOINER: char = '\u{2060}';

/// Quoted words, so that the platform sees no mention, tag or command in them
/// (<https://core.telegram.org/bots/api#messageentity>, which it adds by itself). Addresses stay.
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
fn in_words(span: Span) -> Span {
    let foreign = match &span.leaf {
        Leaf::Mention(Mention::Person { who, .. }) => {
            who.network.as_str() != NETWORK || who.user.as_str().parse::<u64>().is_err()
        }
        Leaf::Mention(Mention::Everyone | Mention::Role { .. } | Mention::Chat { .. }) => true,
        Leaf::Text(_) | Leaf::Break | Leaf::Maths(_) | Leaf::Emoji { .. } | Leaf::Time { .. } => {
            false
        }
    };
    if foreign { as_name(span) } else { span }
}

/// A mention as a name that calls nobody.
pub(super) fn as_name(mut span: Span) -> Span {
    if let Leaf::Mention(_) = &span.leaf {
        span.leaf = Leaf::Text(name::defuse(&span.leaf.shown()));
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

#[cfg(test)]
mod write_out_tests {
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
    fn a_link_to_a_host_without_a_dot_is_text() {
        let bare = RichText::paragraph(vec![Span::link("http://wiki/x", "http://wiki/x")]);
        let label = RichText::paragraph(vec![Span::link("app", "http://wiki/x")]);
        assert_eq!(write_out(&bare), RichText::plain_text("http://wiki/x").normalise());
        assert_eq!(write_out(&label), RichText::plain_text("app (http://wiki/x)").normalise());
    }

    #[test]
    fn nobody_is_called_by_a_link() {
        let text = RichText::paragraph(vec![Span::link("you", "tg://user?id=5")]);
        assert_eq!(write_out(&text), RichText::plain_text("you").normalise());
    }

    #[test]
    fn links_that_are_accepted_stay_links() {
        let text = RichText::paragraph(vec![Span::link("read", "https://example.org/")]);
        assert_eq!(write_out(&text), text);
    }
}
