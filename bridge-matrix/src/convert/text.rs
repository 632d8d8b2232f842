// SPDX-License-Identifier: AGPL-3.0-or-later
//! `body`: what clients without HTML show.
//!
//! Rule: readable as it stands, and never read back where there is HTML.

use bridge_model::{Block, Leaf, RichText, Span, Style};

use super::native::native;

/// The text as characters: quotes as `> `, lists with bullets and numbers, links as
/// `words (url)`.
pub fn plain_body(text: &RichText) -> String {
    native(text).plain()
}

/// Whether `body` alone would lose something of `text`. A link that says its own address
/// loses nothing: clients make it one again.
pub fn needs_html(text: &RichText) -> bool {
    text.0.iter().any(|block| match block {
        Block::Paragraph(spans) => lose_something(spans),
        Block::Heading { .. }
        | Block::Quote { .. }
        | Block::List { .. }
        | Block::Code { .. }
        | Block::Table { .. }
        | Block::Details { .. }
        | Block::Rule => true,
    })
}

fn lose_something(spans: &[Span]) -> bool {
    let mut left = spans;
    while let [span, rest @ ..] = left {
        if !is_plain(span) || runs_on(span, rest) {
            return true;
        }
        left = rest;
    }
    false
}

/// Whether an address seems to go on in what follows: up to a space there is more than the signs
/// that end a sentence.
fn runs_on(span: &Span, rest: &[Span]) -> bool {
    if span.style.link.is_none() {
        return false;
    }
    for next in rest {
        let Leaf::Text(words) = &next.leaf else { return next.leaf != Leaf::Break };
        let glued = words.split(char::is_whitespace).next().unwrap_or_default();
        let ends = |c: char| c.is_ascii_punctuation() && !matches!(c, '/' | '#' | '?' | '&' | '=');
        if !glued.chars().all(ends) {
            return true;
        }
        if glued.len() < words.len() {
            return false;
        }
    }
    false
}

fn is_plain(span: &Span) -> bool {
    match &span.leaf {
        Leaf::Break => true,
        Leaf::Text(words) => {
            let unlinked = Style { link: None, ..span.style.clone() };
            let says_address = span.style.link.as_ref().is_none_or(|url| url == words);
            unlinked == Style::default() && says_address
        }
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::html::read;

    #[test]
    fn the_body_is_readable() {
        let html = "<p>Hi <b>Ann</b>, see <a href=\"https://example.org/x\">this</a></p>\
                    <blockquote>one<br>two</blockquote><ul><li>a</li><li>b</li></ul>";
        let body = plain_body(&read(html));
        assert_eq!(body, "Hi Ann, see this (https://example.org/x)\n> one\n> two\n• a\n• b");
    }

    #[test]
    fn plain_words_need_no_html() {
        assert!(!needs_html(&RichText::plain_text("a\n\nb <c> & *d*")));
        let url = "https://example.org/";
        assert!(!needs_html(&RichText::paragraph(vec![Span::link(url, url)])));
        assert!(needs_html(&RichText::paragraph(vec![Span::link("x", url)])));
        let glued = vec![Span::link(url, url), Span::text(")"), Span::link(url, url)];
        assert!(needs_html(&RichText::paragraph(glued)));
        let apart = vec![Span::link(url, url), Span::text("). "), Span::link(url, url)];
        assert!(!needs_html(&RichText::paragraph(apart)));
        assert!(needs_html(&RichText::paragraph(vec![Span::bold("x")])));
        assert!(needs_html(&RichText(vec![Block::Rule])));
    }
}
