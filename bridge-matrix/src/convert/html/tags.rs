// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bounds the attributes of tags before html5ever reads them.
//!
//! Rule: html5ever compares each attribute of a tag with all before it. No tag of the
//! specification has more than a handful, so those that come late in a long list are cut off.

use std::borrow::Cow;

/// So many attributes of a tag are read.
const MOST: usize = 50;

/// Where in a tag the reader is ("Tokenization", HTML standard).
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
    AfterQuoted,
}

/// The same HTML, in which no tag has more than 50 attributes.
pub(super) fn bounded(html: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let (mut rest, mut whole) = (html, true);
    while let Some(tag) = rest.find('<') {
        let (text, behind) = rest.split_at_checked(tag).unwrap_or((rest, ""));
        let (length, cut) = measure(behind);
        let (tag, after) = behind.split_at_checked(length).unwrap_or((behind, ""));
        kept.push_str(text);
        kept.push_str(cut.and_then(|cut| tag.get(..cut)).unwrap_or(tag));
        if cut.is_some() {
            whole = false;
            kept.push_str(if tag.ends_with('>') { ">" } else { "" });
        }
        rest = after;
    }
    if whole {
        return Cow::Borrowed(html);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// The length of the tag that begins here, in bytes, and where its attributes become too many.
/// What begins with `<` and is no tag ends right there.
fn measure(text: &str) -> (usize, Option<usize>) {
    let is_end = text.as_bytes().get(1) == Some(&b'/');
    let name = if is_end { 2 } else { 1 };
    if !text.as_bytes().get(name).is_some_and(u8::is_ascii_alphabetic) {
        return (1, None);
    }
    let (mut at, mut attributes, mut cut) = (At::TagName, 0_usize, None);
    for (index, byte) in text.bytes().enumerate().skip(name) {
        let space = byte.is_ascii_whitespace();
        let next = match at {
            At::Quoted(quote) if byte == quote => At::AfterQuoted,
            At::Quoted(quote) => At::Quoted(quote),
            _ if byte == b'>' => return (index.saturating_add(1), cut),
            At::TagName if !space && byte != b'/' => At::TagName,
            At::Name if byte == b'=' => At::BeforeValue,
            At::Name if space => At::AfterName,
            At::Name if byte != b'/' => At::Name,
            At::AfterName if space => At::AfterName,
            At::AfterName if byte == b'=' => At::BeforeValue,
            At::BeforeValue if space => At::BeforeValue,
            At::BeforeValue if byte == b'"' || byte == b'\'' => At::Quoted(byte),
            At::BeforeValue => At::Unquoted,
            At::Unquoted if !space => At::Unquoted,
            _ if space || byte == b'/' => At::BeforeName,
            At::TagName
            | At::BeforeName
            | At::Name
            | At::AfterName
            | At::Unquoted
            | At::AfterQuoted => {
                attributes = attributes.saturating_add(1);
                if attributes > MOST && cut.is_none() {
                    cut = Some(index);
                }
                At::Name
            }
        };
        at = next;
    }
    (text.len(), cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(number: usize) -> String {
        (0..number).map(|n| format!(" a{n}='>'")).collect()
    }

    #[test]
    fn html_without_long_tags_stays_as_it_is() {
        for html in
            ["", "a < b > c", "<", "<a", "<b>x</b>", "<a href=\"x>y\" b='<'>z</a>", "<!-- <", "é<é"]
        {
            assert!(matches!(bounded(html), Cow::Borrowed(same) if same == html), "{html}");
        }
        let fifty = format!("<a{}>x</a>", many(50));
        assert_eq!(bounded(&fifty), fifty);
    }

    #[test]
    fn a_tag_loses_the_attributes_that_are_too_many_and_nothing_else() {
        let html = format!("é<a href=x{}>y</a><b>z</b>", many(8_000));
        let kept = bounded(&html);
        assert!(kept.starts_with("é<a href=x a0='>'"), "{kept}");
        assert!(kept.ends_with(" >y</a><b>z</b>"), "{kept}");
        assert!(kept.len() < 1_000);
    }

    #[test]
    fn every_way_to_begin_an_attribute_counts() {
        for one in ["/a", " a", "\na=1", " a =\t1", " a=\"1\"", " a='1'", " \"", " ="] {
            let html = format!("<a {}>x", one.repeat(8_000));
            assert!(bounded(&html).len() < 1_000, "{one}");
        }
        // Without a space between, a name begins after a quoted value.
        let html = format!("<a a{}>x", "=''a".repeat(8_000));
        assert!(bounded(&html).len() < 1_000);
    }

    #[test]
    fn a_tag_that_does_not_end_is_cut_too() {
        let html = format!("x<a{}", many(8_000));
        assert!(bounded(&html).len() < 1_000);
    }
}
