// SPDX-License-Identifier: AGPL-3.0-or-later
//! Links whose words show nothing: nobody would know that there is one, or where it leads.
//!
//! Rule: for what comes in, before it is normalised; afterwards every link has words to see.

use std::collections::HashSet;

use url::Host;

use super::{Block, Leaf, RichText, Span, Style};
use crate::name;

impl RichText {
    /// Puts the address of a link in the place of words of which a reader sees nothing
    /// (`[ ](https://…)`); characters that are not drawn go. The text need not be normalised.
    #[must_use]
    pub fn label_links(mut self) -> Self {
        let mut open: Vec<&mut Block> = self.0.iter_mut().collect();
        while let Some(block) = open.pop() {
            match block {
                Block::Paragraph(spans) | Block::Heading { content: spans, .. } => label(spans),
                Block::Quote { blocks, .. } => open.extend(blocks),
                Block::List { items, .. } => {
                    open.extend(items.iter_mut().flat_map(|item| &mut item.0));
                }
                Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(label),
                Block::Details { summary, blocks } => {
                    label(summary);
                    open.extend(blocks);
                }
                Block::Code { .. } | Block::Rule => {}
            }
        }
        self
    }
}

impl RichText {
    /// The addresses of links whose words are another address, of another host: a reader of them would
    /// believe to go elsewhere.
    #[must_use]
    pub fn disguised_links(&self) -> HashSet<String> {
        let mut found = HashSet::new();
        let mut label = String::new();
        let mut runs = self.runs().peekable();
        while let Some(span) = runs.next() {
            let Some(url) = &span.style.link else { continue };
            label.push_str(&span.leaf.shown());
            let goes_on = runs.peek().is_some_and(|next| next.style.link.as_ref() == Some(url));
            if !goes_on && is_disguise(&std::mem::take(&mut label), url) {
                found.insert(url.clone());
            }
        }
        found
    }
}

fn is_disguise(label: &str, url: &str) -> bool {
    let shown = name::one_line(label, usize::MAX).to_lowercase();
    let begins = ["://", "www."].iter().filter_map(|sign| Some((shown.find(sign)?, *sign)));
    let Some((at, sign)) = begins.min() else { return false };
    let said = if sign == "://" { at.saturating_add(sign.len()) } else { at };
    let said = shown.get(said..).unwrap_or_default();
    let leads = url.split_once("://").map_or(url, |(_, rest)| rest).to_lowercase();
    let target = bare_host(&leads, ENDS);
    // An odd host holds a sign that ends one in a sentence.
    bare_host(said, ENDS) != target && bare_host(said, &[ENDS, IN_SENTENCES].concat()) != target
}

/// What ends a host.
const ENDS: &[char] = &['/', '?', '#', '\\'];
/// What ends one in a sentence, too.
const IN_SENTENCES: &[char] = &[')', ']', ','];

/// The host with which an address without its scheme begins.
fn bare_host(address: &str, ends: &[char]) -> String {
    let ends = |c: char| c.is_whitespace() || ends.contains(&c);
    let authority = address.split(ends).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host).trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    // Of an international name in the form that networks write it in.
    Host::parse(host).map_or_else(|_| host.to_owned(), |host| host.to_string())
}

fn label(spans: &mut Vec<Span>) {
    if spans.iter().all(|span| span.style.link.is_none()) {
        return;
    }
    let mut out: Vec<Span> = Vec::with_capacity(spans.len());
    let mut rest = spans.as_slice();
    while let Some(first) = rest.first() {
        let (stretch, behind) = rest.split_at(reach(rest));
        rest = behind;
        let Some(url) = first.style.link.as_ref().filter(|_| !stretch.iter().any(shows)) else {
            out.extend_from_slice(stretch);
            continue;
        };
        if out.last().is_some_and(|span| touches(span, |text| text.chars().next_back())) {
            out.push(Span::text(" "));
        }
        let style = Style { code: false, ..first.style.clone() };
        out.push(Span { leaf: Leaf::Text(url.clone()), style });
        if behind.first().is_some_and(|span| touches(span, |text| text.chars().next())) {
            out.push(Span::text(" "));
        }
    }
    *spans = out;
}

/// How many runs the link of the first one covers; an end of line in between belongs to it, an empty
/// line does not: networks write what stands below it as another paragraph.
fn reach(spans: &[Span]) -> usize {
    let Some(link) = spans.first().and_then(|span| span.style.link.as_ref()) else { return 1 };
    let mut reach = 1;
    let mut breaks = 0_usize;
    for (at, span) in spans.iter().enumerate() {
        match (&span.style.link, &span.leaf) {
            (_, Leaf::Break) if breaks == 0 => breaks = 1,
            (
                Some(other),
                Leaf::Text(_)
                | Leaf::Mention(_)
                | Leaf::Emoji { .. }
                | Leaf::Maths(_)
                | Leaf::Time { .. },
            ) if other == link => {
                reach = at.saturating_add(1);
                breaks = 0;
            }
            (Some(_) | None, _) => break,
        }
    }
    reach
}

fn shows(span: &Span) -> bool {
    match &span.leaf {
        Leaf::Text(text) | Leaf::Maths(text) => text.chars().any(name::is_visible),
        Leaf::Break => false,
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Time { .. } => true,
    }
}

/// Whether a run would flow into an address beside it, which `edge` of it touches.
fn touches(span: &Span, edge: fn(&str) -> Option<char>) -> bool {
    match &span.leaf {
        Leaf::Text(text) => edge(text).is_some_and(|c| !c.is_whitespace()),
        Leaf::Break => false,
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => true,
    }
}

#[cfg(test)]
mod label_tests {
    use super::*;

    const URL: &str = "https://x.example/p";

    fn labelled(spans: Vec<Span>) -> Vec<Span> {
        let mut text = RichText::paragraph(spans).label_links();
        let Some(Block::Paragraph(spans)) = text.0.pop() else { return Vec::new() };
        spans
    }

    #[test]
    fn a_link_of_which_nobody_sees_anything_shows_its_address() {
        for unseen in [" ", "", "\u{2800}", "\u{200b}", "\u{2060}\u{3164}", "\u{a0}"] {
            let spans = labelled(vec![
                Span::text("a"),
                Span::link(unseen, URL),
                Span::line_break(),
                Span::link(unseen, URL),
                Span::text("b"),
            ]);
            let wanted = [
                Span::text("a"),
                Span::text(" "),
                Span::link(URL, URL),
                Span::text(" "),
                Span::text("b"),
            ];
            assert_eq!(spans, wanted, "{unseen:?}");
        }
    }

    #[test]
    fn a_link_ends_at_an_empty_line() {
        let (end, words) = (Span::line_break, Span::link("x", URL));
        let one = vec![Span::link("\u{200b}", URL), end(), words.clone()];
        assert_eq!(labelled(one.clone()), one);
        let two = labelled(vec![Span::link("\u{200b}", URL), end(), end(), words.clone()]);
        assert_eq!(two, [Span::link(URL, URL), end(), end(), words]);
    }

    #[test]
    fn a_link_with_words_stays_as_it_is() {
        let emoji = Leaf::Emoji { id: "1".into(), name: "x".into(), animated: false };
        let style = Style { link: Some(URL.into()), ..Style::default() };
        let spans = vec![
            Span::link("\u{200b}", URL),
            Span::link("x", URL),
            Span::text("\u{200b}"),
            Span { leaf: emoji, style },
        ];
        assert_eq!(labelled(spans.clone()), spans);
    }

    #[test]
    fn words_that_are_another_address_are_a_disguise() {
        let disguises = |label: &str, url: &str| {
            !RichText::paragraph(vec![Span::link(label, url)]).disguised_links().is_empty()
        };
        let evil = "https://evil.example/x";
        for label in [
            "https://bank.example",
            "see http://bank.example/",
            "www.bank.example",
            "HTTPS://Bank.example",
        ] {
            assert!(disguises(label, evil), "{label}");
        }
        assert!(disguises("https://evil.example", "https://evil.example@bank.example/"));
        for label in
            ["evil", "https://evil.example/", "www.evil.example", "https://EVIL.example/other"]
        {
            assert!(!disguises(label, evil), "{label}");
        }
        let punycode = "https://www.xn--mnchen-3ya.example/";
        assert!(!disguises("https://münchen.example", punycode));
        assert!(disguises("https://munchen.example", punycode));
        assert!(!disguises("(see https://evil.example), or not", evil));
        let odd = "https://example.xn--org*e*&f=(g)-7ck/";
        assert!(!disguises("https://example.orgж*e*&f=(g)", odd));
        let parts = vec![
            Span::link("https://", evil),
            Span {
                style: Style { bold: true, link: Some(evil.into()), ..Style::default() },
                ..Span::text("bank.example")
            },
        ];
        assert_eq!(RichText::paragraph(parts).disguised_links().len(), 1);
    }

    #[test]
    fn two_links_beside_each_other_are_two() {
        let other = "https://y.example/";
        let spans = labelled(vec![Span::link(" ", URL), Span::link(" ", other)]);
        let wanted = [Span::link(URL, URL), Span::text(" "), Span::link(other, other)];
        assert_eq!(spans, wanted);
    }
}
