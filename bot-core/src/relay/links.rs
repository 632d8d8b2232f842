// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links to messages that have a copy at the destination lead there.
//!
//! Rule: an address that leads to nothing that is known stays as it was written.

use std::collections::HashMap;

use bridge_model::{Leaf, RichText, Span};

use super::directory::Directory;
use crate::order::DeliverError;

/// What an address in running text starts with.
const STARTS: [&str; 2] = ["https://", "http://"];
/// What ends a sentence or a bracket and not an address.
const TRAILING: &[char] =
    &['.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '"', '\'', '”', '’', '»', '…', '。', '，'];

/// The text with its links to known messages as the destination's own.
///
/// # Errors
/// What the directory answers.
pub(super) async fn resolve_links(
    directory: &dyn Directory,
    text: RichText,
) -> Result<RichText, DeliverError> {
    let mut local: HashMap<String, String> = HashMap::new();
    for url in addresses(&text) {
        if !local.contains_key(&url)
            && let Some(there) = directory.link(&url).await?
        {
            local.insert(url, there);
        }
    }
    if local.is_empty() {
        return Ok(text);
    }
    Ok(text.map_spans(&mut |mut span: Span| {
        if let Some(there) = span.style.link.as_ref().and_then(|url| local.get(url)) {
            span.style.link = Some(there.clone());
        }
        if let Leaf::Text(words) = &span.leaf
            && !span.style.code
        {
            let exchanged = |piece: Piece<'_>| match piece {
                Piece::Address(url) => local.get(url).map_or(url, String::as_str).to_owned(),
                Piece::Words(words) => words.to_owned(),
            };
            span.leaf = Leaf::Text(pieces(words).into_iter().map(exchanged).collect());
        }
        vec![span]
    }))
}

fn addresses(text: &RichText) -> Vec<String> {
    let mut found = Vec::new();
    for span in text.runs() {
        found.extend(span.style.link.clone());
        if let Leaf::Text(words) = &span.leaf
            && !span.style.code
        {
            found.extend(pieces(words).into_iter().filter_map(|piece| match piece {
                Piece::Address(url) => Some(url.to_owned()),
                Piece::Words(_) => None,
            }));
        }
    }
    found
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Words(&'a str),
    Address(&'a str),
}

/// Cuts running text into addresses and the rest.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = STARTS.iter().filter_map(|start| rest.find(start)).min() {
        let (before, found) = rest.split_at(start);
        let end = found.find(char::is_whitespace).unwrap_or(found.len());
        let (url, _) = found.split_at(end);
        let url = url.trim_end_matches(TRAILING);
        let (url, after) = found.split_at(url.len().max(1));
        pieces.extend((!before.is_empty()).then_some(Piece::Words(before)));
        pieces.push(Piece::Address(url));
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Words(rest)));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_before_what_ends_the_sentence() {
        let text = "see https://t.me/c/1/2, or (https://t.me/c/1/23).";
        let expected = [
            Piece::Words("see "),
            Piece::Address("https://t.me/c/1/2"),
            Piece::Words(", or ("),
            Piece::Address("https://t.me/c/1/23"),
            Piece::Words(")."),
        ];
        assert_eq!(pieces(text), expected);
        assert_eq!(pieces("none"), [Piece::Words("none")]);
        assert_eq!(pieces("http://"), [Piece::Address("http://")]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "(https://|http://|[a-z .)é。\u{a0}]){0,12}") {
            let joined: String = pieces(&text).into_iter().map(|piece| match piece {
                Piece::Address(text) | Piece::Words(text) => text,
            }).collect();
            proptest::prop_assert_eq!(joined, text);
        }
    }
}
