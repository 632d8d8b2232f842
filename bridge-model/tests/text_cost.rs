// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a text may cost: the size of what comes out, and how often it is looked at.
//!
//! Rule: sizes and looks are counted, never time, so that the tests say the same on every machine.

use std::cell::Cell;

use bridge_model::text::bounds::{ADDRESS, LISTS, MESSAGES, REASON};
use bridge_model::{Block, ListItem, RichText, Span, Spoiler, Style, TextCapabilities};
use proptest::prelude::*;

/// Many times larger than the bound is on real text; the square of the input is far beyond.
const FACTOR: usize = 40;

fn linked(url: &str) -> Style {
    Style { link: Some(url.to_owned()), ..Style::default() }
}

fn hidden(reason: &str) -> Style {
    let spoiler = Some(Spoiler { reason: Some(reason.to_owned()) });
    Style { spoiler, ..Style::default() }
}

/// Lines of one letter in one style.
fn lines(count: usize, style: &Style) -> Vec<Span> {
    let line = || [Span { style: style.clone(), ..Span::text("x") }, Span::line_break()];
    (0..count).flat_map(|_| line()).collect()
}

fn items(count: usize, style: &Style) -> RichText {
    let item = || ListItem(vec![Block::Paragraph(lines(1, style))]);
    RichText(vec![Block::List { start: None, items: (0..count).map(|_| item()).collect() }])
}

/// What is written of a text on networks that show styles, and on those that show none.
fn written(text: &RichText) -> usize {
    let plain = text.plain().len();
    let runs = text.restrict(&TextCapabilities::FULL);
    let carried = |span: &Span| {
        let reason = span.style.spoiler.as_ref().and_then(|it| it.reason.as_ref());
        span.style.link.as_ref().map_or(0, String::len) + reason.map_or(0, String::len)
    };
    plain.max(runs.runs().map(carried).sum())
}

#[test]
fn a_reason_is_told_once_for_all_lines_that_it_covers() {
    let reason = "r".repeat(REASON);
    let plain = RichText::paragraph(lines(2000, &hidden(&reason))).plain();
    assert_eq!(plain.matches(&reason).count(), 1);
    assert!(plain.starts_with(&format!("({reason}) x\n")));
}

#[test]
fn an_address_is_told_once_behind_all_lines_that_lead_to_it() {
    let url = format!("mailto:{}", "a".repeat(1400));
    let plain = RichText::paragraph(lines(40, &linked(&url))).plain();
    assert_eq!(plain.matches(&url).count(), 1);
    assert!(plain.ends_with(&format!("x ({url})")));
}

#[test]
fn a_stretch_goes_on_in_the_next_block_and_behind_what_parts_items() {
    let url = "mailto:a@example.org";
    let heading = Block::Heading { level: 1, content: lines(1, &linked(url)) };
    let mut text = items(3, &linked(url));
    text.0.insert(0, heading);
    assert_eq!(text.plain().matches(url).count(), 1);
}

#[test]
fn an_address_over_thousands_of_lines_is_carried_only_so_far() {
    let url = format!("mailto:{}", "a".repeat(1400));
    let text = RichText::paragraph(lines(3000, &linked(&url))).normalise();
    let carried: usize =
        text.runs().filter_map(|run| run.style.link.as_ref()).map(String::len).sum();
    assert!(carried <= 65_536 + url.len());
    assert_eq!(text.plain().matches(&url).count(), 1);
}

#[test]
fn links_with_words_between_them_are_told_each() {
    let url = "mailto:a@example.org";
    let text = RichText::paragraph(vec![
        Span::link("here", url),
        Span::text(" and then "),
        Span::link("there", url),
    ]);
    assert_eq!(text.plain(), format!("here ({url}) and then there ({url})"));
}

#[test]
fn an_address_that_is_its_own_words_is_not_told_on_any_line() {
    let url = "https://example.org/";
    let link = Span::link(url, url);
    let text = RichText::paragraph(vec![link.clone(), Span::line_break(), link]);
    assert_eq!(text.plain(), format!("{url}\n{url}"));
}

#[test]
fn a_long_reason_is_cut_and_a_long_address_is_no_link() {
    let text = RichText::paragraph(lines(1, &hidden(&"r".repeat(REASON + 1)))).normalise();
    let reasons = text.runs().filter_map(|it| it.style.spoiler.clone()?.reason);
    assert_eq!(reasons.map(|it| it.len()).max(), Some(REASON));
    for (length, kept) in [(ADDRESS, true), (ADDRESS + 1, false)] {
        let text = RichText::paragraph(lines(1, &linked(&"a".repeat(length)))).normalise();
        assert_eq!(text.runs().any(|run| run.style.link.is_some()), kept);
    }
}

#[test]
fn a_long_address_stays_on_the_last_lines_of_its_stretch() {
    let url = format!("https://example.org/{}", "a".repeat(1000));
    let text = RichText::paragraph(lines(50, &linked(&url))).thin_out_links();
    let kept: Vec<bool> = text.runs().map(|run| run.style.link.is_some()).collect();
    assert!(kept.ends_with(&[true]) && kept.iter().filter(|kept| **kept).count() <= 3);
    assert_eq!(text.thin_out_links(), text);
    let short = RichText::paragraph(lines(20, &linked("https://example.org/")));
    assert_eq!(short.thin_out_links(), short.normalise());
}

#[test]
fn lists_are_indented_only_so_far() {
    let mut block = Block::Paragraph(lines(100, &Style::default()));
    for _ in 0..30 {
        block = Block::List { start: Some(4_000_000_000), items: vec![ListItem(vec![block])] };
    }
    let text = RichText(vec![block]).normalise();
    let mut depth = 0;
    let mut inner = &text.0;
    while let Some(Block::List { items, .. }) = inner.first() {
        depth += 1;
        inner = &items[0].0;
    }
    assert_eq!(depth, LISTS);
    assert!(text.plain().lines().all(|line| line.len() <= 13 * LISTS + 1));
}

#[test]
fn a_message_becomes_a_bounded_number_and_a_rest() {
    let text = RichText::plain_text(&"some words ".repeat(1000));
    let measure = |piece: &RichText| piece.plain().len();
    let (pieces, rest) = text.split_bounded(100, &measure);
    assert_eq!(pieces.len(), MESSAGES);
    let rest = rest.map(|rest| rest.plain()).unwrap_or_default();
    assert!(rest.ends_with("some words"));
    let (pieces, rest) = RichText::plain_text("short").split_bounded(100, &measure);
    assert_eq!((pieces.len(), rest), (1, None));
}

/// How many characters `measure` is given while a text is split.
fn looked_at(text: &RichText, max: usize) -> usize {
    let seen = Cell::new(0);
    let pieces = text.split(max, &|piece| {
        let length = piece.plain().chars().count();
        seen.set(seen.get() + length);
        length
    });
    assert!(!pieces.is_empty());
    seen.get()
}

#[test]
fn splitting_looks_at_each_character_a_bounded_number_of_times() {
    let word = |n: usize| format!("word{n} ");
    for text in [
        RichText::plain_text(&"x".repeat(20_000)),
        RichText::plain_text(&(0..3_000).map(word).collect::<String>()),
        RichText::plain_text(&"a\n".repeat(10_000)),
        RichText::plain_text(&"a      ".repeat(3_000)),
        RichText::paragraph(
            (0..6_000)
                .map(|n| if n % 2 == 0 { Span::bold("abc") } else { Span::text("def") })
                .collect(),
        ),
        items(5_000, &Style::default()),
    ] {
        for max in [500, 2000] {
            let looked = looked_at(&text, max);
            let length = text.plain().chars().count();
            assert!(looked <= 8 * length, "{looked} of {length} by {max}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_at_most_proportional_to_what_came(
        length in 1_usize..4000, count in 1_usize..400, in_items: bool, spoiler: bool,
    ) {
        let words = "w".repeat(length);
        let style = if spoiler { hidden(&words) } else { linked(&words) };
        let text = if in_items { items(count, &style) } else { RichText::paragraph(lines(count, &style)) };
        // What somebody wrote holds the address once; 64 KiB may be carried in any case.
        let input = length + 2 * count;
        prop_assert!(written(&text.restrict(&TextCapabilities::PLAIN)) <= FACTOR * input);
        prop_assert!(written(&text) <= FACTOR * input + 65_536);
    }
}
