// SPDX-License-Identifier: AGPL-3.0-or-later
//! What holds for every text.

use bridge_model::text::arbitrary::{literal, raw_text, rich_text, spans};
use bridge_model::text::nest::{Node, nest};
use bridge_model::{
    Block, Leaf, LengthUnit, ListItem, QuoteDepth, RichText, Span, Style, TextCapabilities,
};
use proptest::prelude::*;

/// Any combination of what a network can show.
fn capabilities() -> impl Strategy<Value = TextCapabilities> {
    let quotes = prop_oneof![Just(QuoteDepth::None), Just(QuoteDepth::One), Just(QuoteDepth::Many)];
    (any::<[bool; 18]>(), 0_u8..=6, quotes).prop_map(|(on, headings, quotes)| TextCapabilities {
        headings,
        lists: on[0],
        tables: on[1],
        details: on[2],
        rules: on[3],
        quotes,
        expandable_quotes: on[4],
        blocks_in_quotes: on[5],
        code_blocks: on[6],
        code_language: on[7],
        basic_styles: on[8],
        underline: on[9],
        code: on[10],
        styled_code: on[11],
        spoilers: on[12],
        spoiler_reasons: on[13],
        subtext: on[14],
        links: on[15],
        custom_emoji: on[16],
        maths: on[17],
        timestamps: on[0] != on[1],
    })
}

fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The characters of the leaves and of code, without what containers add.
fn content(blocks: &[Block], out: &mut String) {
    let runs = |spans: &[Span], out: &mut String| {
        for span in spans {
            out.push_str(&visible(&span.leaf.shown()));
        }
    };
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading { content: spans, .. } => runs(spans, out),
            Block::Quote { blocks, .. } => content(blocks, out),
            Block::List { items, .. } => items.iter().for_each(|item| content(&item.0, out)),
            Block::Code { text, .. } => out.push_str(&visible(text)),
            Block::Table { rows, .. } => {
                rows.iter().flatten().for_each(|cell| runs(cell, out));
            }
            Block::Details { summary, blocks } => {
                runs(summary, out);
                content(blocks, out);
            }
            Block::Rule => out.push('\u{1}'),
        }
    }
}

fn content_of(text: &RichText) -> String {
    let mut out = String::new();
    content(&text.0, &mut out);
    out
}

/// A measure that counts styles, breaks and blocks too.
fn bulk(text: &RichText) -> usize {
    format!("{text:?}").len()
}

/// The same letters, each in a run of its own, and spaces at the ends of lines: nothing in it is in
/// canonical form.
fn apart(mut blocks: Vec<Block>) -> Vec<Block> {
    for block in &mut blocks {
        if let Block::Heading { content, .. } = block {
            *content = content.iter().flat_map(letters).collect();
            content.push(Span::text("  "));
        }
        if let Block::Paragraph(spans) = block {
            *spans = spans.iter().flat_map(letters).flat_map(after_space).collect();
            spans.push(Span::text("  "));
        }
        if let Block::Quote { blocks, .. } | Block::Details { blocks, .. } = block {
            *blocks = apart(std::mem::take(blocks));
        }
    }
    blocks
}

fn letters(span: &Span) -> Vec<Span> {
    if let Leaf::Text(text) = &span.leaf
        && !text.contains('\r')
    {
        let letter = |c: char| Span { leaf: Leaf::Text(c.into()), style: span.style.clone() };
        return text.chars().map(letter).collect();
    }
    vec![span.clone()]
}

/// In a heading, a break is a space itself.
fn after_space(span: Span) -> Vec<Span> {
    if span.leaf == Leaf::Break { vec![Span::text(" "), span] } else { vec![span] }
}

proptest! {
    #[test]
    fn runs_in_canonical_form_and_letters_apart_become_the_same(text in raw_text("telegram")) {
        let once = text.normalise();
        prop_assert_eq!(RichText(apart(once.0.clone())).normalise(), once);
    }

    #[test]
    fn raw_runs_and_letters_apart_become_the_same(text in raw_text("telegram")) {
        let pieces = RichText(apart(text.0.clone())).normalise();
        prop_assert_eq!(pieces, text.normalise());
    }

    #[test]
    fn normalising_twice_changes_nothing(text in raw_text("telegram")) {
        let once = text.normalise();
        prop_assert_eq!(once.clone().normalise(), once);
    }

    #[test]
    fn what_can_show_everything_degrades_nothing(text in raw_text("telegram")) {
        prop_assert_eq!(text.restrict(&TextCapabilities::FULL), text.normalise());
    }

    #[test]
    fn a_text_that_fits_a_network_stays_as_it_is(
        text in raw_text("telegram"), caps in capabilities()
    ) {
        let once = text.restrict(&caps);
        prop_assert_eq!(once.restrict(&caps), once.clone());
        prop_assert_eq!(once.clone().normalise(), once);
    }

    #[test]
    fn degrading_does_not_change_the_characters(
        text in raw_text("telegram"), caps in capabilities()
    ) {
        prop_assert_eq!(text.restrict(&caps).plain(), text.plain());
    }

    #[test]
    fn only_what_can_be_shown_is_left(text in raw_text("telegram"), caps in capabilities()) {
        assert_shows(&text.restrict(&caps).0, &caps, false);
    }

    #[test]
    fn normalised_literal_text_is_its_own_plain_text(text in literal()) {
        let text = RichText::plain_text(&text).normalise();
        let plain = text.plain();
        prop_assert_eq!(RichText::plain_text(&plain).normalise(), text);
    }

    #[test]
    fn pieces_fit_and_lose_only_white_space(
        text in raw_text("telegram"), max in prop_oneof![1 => 0_usize..5, 9 => 20_usize..300], unit in 0_u8..3
    ) {
        let unit = [LengthUnit::Utf16, LengthUnit::Chars, LengthUnit::Bytes][usize::from(unit)];
        let measure = |text: &RichText| unit.measure(&text.plain());
        let text = text.normalise();
        let pieces = text.split(max, &measure);
        let mut all = String::new();
        for piece in &pieces {
            prop_assert_eq!(&piece.clone().normalise(), piece);
            prop_assert!(!piece.is_empty());
            let visible = content_of(piece);
            prop_assert!(measure(piece) <= max || atoms(piece) == 1, "{piece:?}");
            all.push_str(&visible);
        }
        prop_assert_eq!(all, content_of(&text));
    }

    #[test]
    fn splitting_ends_with_an_odd_measure(text in raw_text("telegram"), max in 100_usize..1500) {
        let pieces = text.split(max, &bulk);
        let all: String = pieces.iter().map(content_of).collect();
        prop_assert_eq!(all, content_of(&text.normalise()));
    }

    #[test]
    fn what_fits_is_not_split(text in rich_text(TextCapabilities::FULL, "telegram")) {
        let length = LengthUnit::Chars.measure(&text.plain());
        let pieces = text.split(length, &|text| LengthUnit::Chars.measure(&text.plain()));
        let expected = if text.is_empty() { vec![] } else { vec![text] };
        prop_assert_eq!(pieces, expected);
    }

    #[test]
    fn nesting_keeps_the_leaves_and_their_styles(spans in spans("telegram")) {
        let text = RichText::paragraph(spans).normalise();
        if let Some(Block::Paragraph(spans)) = text.0.first() {
            let mut flat = Vec::new();
            flatten(&nest(spans), &Style::default(), &mut flat);
            // Breaks may have got the style of what surrounds them; the canonical form
            // does not tell.
            let again = RichText::paragraph(flat).normalise();
            prop_assert_eq!(again, text);
        }
    }

    #[test]
    fn a_text_survives_storage(text in raw_text("telegram")) {
        let bytes = postcard::to_stdvec(&text).unwrap();
        prop_assert_eq!(postcard::from_bytes::<RichText>(&bytes).unwrap(), text);
    }

    #[test]
    fn mentions_are_mapped_where_they_are_found(text in raw_text("telegram")) {
        let before: Vec<_> = text.clone().normalise().mentions().cloned().collect();
        let mut seen = Vec::new();
        let after = text.clone().map_mentions(&mut |mention| {
            seen.push(mention.clone());
            mention
        });
        prop_assert_eq!(seen, before);
        prop_assert_eq!(after, text.normalise());
    }
}

fn atoms(text: &RichText) -> usize {
    fn count(blocks: &[Block]) -> usize {
        let runs = |spans: &[Span]| -> usize {
            let leaf = |leaf: &Leaf| if let Leaf::Text(t) = leaf { t.chars().count() } else { 1 };
            spans.iter().map(|span| leaf(&span.leaf)).sum()
        };
        let each = |block: &Block| match block {
            Block::Paragraph(spans) | Block::Heading { content: spans, .. } => runs(spans),
            Block::Quote { blocks, .. } => count(blocks),
            Block::List { items, .. } => items.iter().map(|item| count(&item.0)).sum(),
            Block::Code { text, .. } => text.chars().count(),
            Block::Table { rows, .. } => rows.iter().flatten().map(|cell| runs(cell)).sum(),
            Block::Details { summary, blocks } => runs(summary) + count(blocks),
            Block::Rule => 1,
        };
        blocks.iter().map(each).sum()
    }
    count(&text.0)
}

fn flatten(nodes: &[Node<'_>], style: &Style, out: &mut Vec<Span>) {
    use bridge_model::text::nest::Wrap;
    for node in nodes {
        match node {
            Node::Leaf(leaf) => out.push(Span { leaf: (*leaf).clone(), style: style.clone() }),
            Node::Styled(wrap, inner) => {
                assert!(!inner.is_empty());
                let mut style = style.clone();
                match wrap {
                    Wrap::Link(url) => style.link = Some((*url).to_owned()),
                    Wrap::Spoiler(spoiler) => style.spoiler = Some((*spoiler).clone()),
                    Wrap::Subtext => style.subtext = true,
                    Wrap::Bold => style.bold = true,
                    Wrap::Italic => style.italic = true,
                    Wrap::Underline => style.underline = true,
                    Wrap::Strike => style.strike = true,
                    Wrap::Code => {
                        assert!(inner.iter().all(|node| matches!(node, Node::Leaf(_))));
                        style.code = true;
                    }
                }
                flatten(inner, &style, out);
            }
        }
    }
}

fn assert_shows(blocks: &[Block], caps: &TextCapabilities, quoted: bool) {
    let free = !quoted || caps.blocks_in_quotes;
    for block in blocks {
        match block {
            Block::Paragraph(spans) => assert_runs(spans, caps),
            Block::Heading { level, content } => {
                assert!(free && *level <= caps.headings);
                assert_runs(content, caps);
            }
            Block::Quote { blocks, expandable } => {
                assert!(caps.expandable_quotes || !expandable);
                assert!(match caps.quotes {
                    QuoteDepth::None => false,
                    QuoteDepth::One => !quoted,
                    QuoteDepth::Many => true,
                });
                assert_shows(blocks, caps, true);
            }
            Block::List { items, .. } => {
                assert!(free && caps.lists);
                items.iter().for_each(|item| assert_shows(&item.0, caps, quoted));
            }
            Block::Code { language, .. } => {
                assert!(free && caps.code_blocks);
                assert!(caps.code_language || language.is_none());
            }
            Block::Table { rows, .. } => {
                assert!(free && caps.tables);
                rows.iter().flatten().for_each(|cell| assert_runs(cell, caps));
            }
            Block::Details { summary, blocks } => {
                assert!(free && caps.details);
                assert_runs(summary, caps);
                assert_shows(blocks, caps, quoted);
            }
            Block::Rule => assert!(free && caps.rules),
        }
    }
}

fn assert_runs(spans: &[Span], caps: &TextCapabilities) {
    for Span { leaf, style } in spans {
        assert!(caps.basic_styles || !(style.bold || style.italic || style.strike));
        assert!(caps.underline || !style.underline);
        assert!(caps.code || !style.code);
        assert!(caps.subtext || !style.subtext);
        assert!(caps.links || style.link.is_none());
        let reason = style.spoiler.as_ref().is_some_and(|spoiler| spoiler.reason.is_some());
        assert!(caps.spoilers || style.spoiler.is_none());
        assert!(caps.spoiler_reasons || !reason);
        let bare = Style { code: true, subtext: style.subtext, ..Style::default() };
        assert!(caps.styled_code || !style.code || *style == bare);
        assert!(match leaf {
            Leaf::Emoji { .. } => caps.custom_emoji,
            Leaf::Maths(_) => caps.maths,
            Leaf::Time { .. } => caps.timestamps,
            Leaf::Text(_) | Leaf::Break | Leaf::Mention(_) => true,
        });
    }
}

/// `levels` containers of all kinds around a word.
fn deep(levels: usize) -> RichText {
    let mut blocks = vec![Block::Paragraph(vec![Span::text("deep")])];
    for level in 0..levels {
        let block = match level % 3 {
            0 => Block::Quote { blocks, expandable: level % 2 == 0 },
            1 => Block::List { start: None, items: vec![ListItem(blocks)] },
            _ => Block::Details { summary: vec![Span::text("s")], blocks },
        };
        blocks = vec![block];
    }
    RichText(blocks)
}

fn depth(blocks: &[Block]) -> usize {
    let inner = |block: &Block| match block {
        Block::Quote { blocks, .. } | Block::Details { blocks, .. } => 1 + depth(blocks),
        Block::List { items, .. } => 1 + items.iter().map(|item| depth(&item.0)).max().unwrap_or(0),
        Block::Paragraph(_)
        | Block::Heading { .. }
        | Block::Code { .. }
        | Block::Table { .. }
        | Block::Rule => 0,
    };
    blocks.iter().map(inner).max().unwrap_or(0)
}

#[test]
fn deep_text_is_flattened_without_overflow() {
    let text = deep(30_000);
    assert!(text.plain().ends_with("deep"));
    assert_eq!(text.mentions().count(), 0);
    assert!(!text.restrict(&TextCapabilities::PLAIN).is_empty());
    let text = text.normalise();
    assert_eq!(depth(&text.0), bridge_model::text::DEPTH);
    assert_eq!(text.clone().normalise(), text);
}

#[test]
fn deep_text_is_split_without_overflow() {
    let text = deep(600);
    let pieces = text.split(90, &|t| t.plain().chars().count());
    assert!(pieces.len() > 1);
    assert!(pieces.iter().all(|piece| piece.plain().chars().count() <= 90));
}

#[test]
fn shallow_containers_stay() {
    let text = deep(12);
    assert_eq!(depth(&text.normalise().0), 12);
}
