// SPDX-License-Identifier: AGPL-3.0-or-later
//! What normalising, degrading and cutting do, by example.

use bridge_model::text::nest::{Node, Wrap, nest};
use bridge_model::{
    Block, Leaf, ListItem, QuoteDepth, RichText, Span, Spoiler, Style, TextCapabilities, Timestamp,
};

fn text(content: &str) -> Block {
    Block::Paragraph(vec![Span::text(content)])
}

fn item(content: &str) -> ListItem {
    ListItem(vec![text(content)])
}

fn code(content: &str) -> Span {
    let style = Style { code: true, ..Style::default() };
    Span { leaf: Leaf::Text(content.to_owned()), style }
}

fn spoiler(content: &str, reason: &str) -> Span {
    let spoiler = Some(Spoiler { reason: Some(reason.to_owned()) });
    Span { leaf: Leaf::Text(content.to_owned()), style: Style { spoiler, ..Style::default() } }
}

fn runs(spans: Vec<Span>) -> Vec<Span> {
    let mut blocks = RichText::paragraph(spans).normalise().0;
    assert_eq!(blocks.len(), 1);
    if let Some(Block::Paragraph(spans)) = blocks.pop() { spans } else { Vec::new() }
}

fn chars(text: &RichText) -> usize {
    text.plain().chars().count()
}

fn pieces(text: &RichText, max: usize) -> Vec<String> {
    text.split(max, &chars).iter().map(RichText::plain).collect()
}

#[test]
fn line_ends_and_tabs_and_controls_become_canonical() {
    let spans = runs(vec![Span::text("a\r\nb\rc\td\u{7}e\u{0}\n\n ")]);
    let expected = vec![
        Span::text("a"),
        Span::line_break(),
        Span::text("b"),
        Span::line_break(),
        Span::text("c    de\u{fffd}"),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn styles_lose_the_spaces_at_their_edges() {
    let spans = runs(vec![Span::text("a"), Span::bold(" b "), Span::bold(" "), Span::text("c")]);
    assert_eq!(spans, vec![Span::text("a "), Span::bold("b"), Span::text("  c")]);
}

#[test]
fn code_keeps_the_spaces_at_its_edges_inside_a_line() {
    let spans = runs(vec![Span::text("x"), code(" a "), Span::text("y"), code("  ")]);
    assert_eq!(spans, vec![Span::text("x"), code(" a "), Span::text("y")]);
}

#[test]
fn a_hard_space_stays_only_where_it_is_alone_in_a_line() {
    let spans = runs(vec![Span::text("a\u{a0}b \u{a0}c\n\u{a0}d\u{a0}\ne")]);
    let expected = vec![
        Span::text("a\u{a0}b  c"),
        Span::line_break(),
        Span::text(" d"),
        Span::line_break(),
        Span::text("e"),
    ];
    assert_eq!(spans, expected);
}

#[test]
fn small_print_spreads_over_its_line() {
    let small = Style { subtext: true, ..Style::default() };
    let spans = runs(vec![
        Span::text("a "),
        Span { leaf: Leaf::Text("b".into()), style: small.clone() },
        Span::text("\nc"),
    ]);
    let line = Span { leaf: Leaf::Text("a b".into()), style: small };
    assert_eq!(spans, vec![line, Span::line_break(), Span::text("c")]);
}

#[test]
fn neighbours_that_look_like_one_are_one() {
    let quote = |content| Block::Quote { blocks: vec![text(content)], expandable: false };
    let list = |start, content| Block::List { start, items: vec![item(content)] };
    let normal = RichText(vec![
        text("a"),
        text(" "),
        text("b"),
        quote("c"),
        quote("d"),
        list(None, "e"),
        list(None, "f"),
        list(Some(1), "g"),
        list(Some(1), "h"),
        Block::Quote { blocks: vec![text("\n")], expandable: true },
    ])
    .normalise();
    let two_lines =
        |a, b| vec![Span::text(a), Span::line_break(), Span::line_break(), Span::text(b)];
    let expected = RichText(vec![
        Block::Paragraph(two_lines("a", "b")),
        Block::Quote { blocks: vec![Block::Paragraph(two_lines("c", "d"))], expandable: false },
        Block::List { start: None, items: vec![item("e"), item("f")] },
        list(Some(1), "g"),
        list(Some(1), "h"),
    ]);
    assert_eq!(normal, expected);
}

#[test]
fn plain_text_shows_every_kind_of_block() {
    let all = RichText(vec![
        Block::Heading { level: 2, content: vec![Span::text("Head")] },
        text("para"),
        Block::Quote {
            blocks: vec![
                text("said"),
                Block::Quote { blocks: vec![text("before")], expandable: false },
            ],
            expandable: false,
        },
        Block::List {
            start: Some(9),
            items: vec![
                item("nine"),
                ListItem(vec![
                    text("ten\nmore"),
                    Block::List { start: None, items: vec![item("inner"), ListItem::default()] },
                ]),
            ],
        },
        Block::Code { language: Some("rust".into()), text: "fn a() {\n    b\n}\n".into() },
        Block::Table {
            head: true,
            rows: vec![
                vec![vec![Span::text("a")], vec![], vec![Span::text("c")]],
                vec![vec![], vec![Span::text("e")]],
            ],
        },
        Block::Details { summary: vec![Span::text("sum")], blocks: vec![text("fold")] },
        Block::Rule,
        Block::Paragraph(vec![
            Span::link("words", "https://example.org/"),
            Span::text(" "),
            Span::link("https://example.org/", "https://example.org/"),
            Span::text(" "),
            spoiler("hidden", "why"),
        ]),
    ]);
    let expected = "Head\npara\n> said\n> before\n9. nine\n10. ten\n  more\n  • inner\n  •\n\
        fn a() {\n    b\n}\na |  | c\n | e\nsum\nfold\n---\n\
        words (https://example.org/) https://example.org/ (why) hidden";
    assert_eq!(all.plain(), expected);
}

#[test]
fn what_becomes_lines_is_glued_to_its_neighbours() {
    let caps = TextCapabilities { basic_styles: true, ..TextCapabilities::PLAIN };
    let degraded = RichText(vec![
        text("a"),
        Block::Heading { level: 1, content: vec![Span::text("b")] },
        text("c"),
    ])
    .restrict(&caps);
    let expected = vec![
        Span::text("a"),
        Span::line_break(),
        Span::bold("b"),
        Span::line_break(),
        Span::text("c"),
    ];
    assert_eq!(degraded, RichText::paragraph(expected));
}

#[test]
fn quotes_are_flattened_where_they_do_not_nest() {
    let inner = Block::Quote { blocks: vec![text("b")], expandable: false };
    let outer = RichText(vec![Block::Quote { blocks: vec![text("a"), inner], expandable: true }]);
    let caps = TextCapabilities { quotes: QuoteDepth::One, ..TextCapabilities::PLAIN };
    let spans = vec![Span::text("a"), Span::line_break(), Span::text("b")];
    let expected = Block::Quote { blocks: vec![Block::Paragraph(spans)], expandable: false };
    assert_eq!(outer.restrict(&caps), RichText(vec![expected]));
}

#[test]
fn a_link_and_a_spoiler_matter_more_than_code() {
    let caps = TextCapabilities { styled_code: false, ..TextCapabilities::FULL };
    let mut linked = Span::link("a", "https://example.org/");
    linked.style.code = true;
    let mut bold = Span::bold("b");
    bold.style.code = true;
    let degraded = RichText::paragraph(vec![linked, bold]).restrict(&caps);
    let expected = vec![Span::link("a", "https://example.org/"), code("b")];
    assert_eq!(degraded, RichText::paragraph(expected));
}

#[test]
fn moments_are_told_in_utc() {
    let told = |at: i64, style| {
        let leaf = Leaf::Time { at: Timestamp(at), style };
        RichText::paragraph(vec![Span { leaf, style: Style::default() }]).plain()
    };
    assert_eq!(told(951_782_399_999, 'f'), "2000-02-28 23:59 UTC");
    assert_eq!(told(951_868_800_000, 'd'), "2000-03-01 UTC");
    assert_eq!(told(-1, 'T'), "23:59:59 UTC");
    assert_eq!(told(4_107_542_400_000, 'x'), "2100-03-01 00:00 UTC");
    assert!(told(i64::MIN, 'f').ends_with("UTC"));
    assert!(told(i64::MAX, 'f').ends_with("UTC"));
}

#[test]
fn the_farthest_style_is_outermost_and_reaches_over_breaks() {
    let mut both = Span::bold("b");
    both.style.italic = true;
    let spans = vec![Span::bold("a"), Span::line_break(), both, Span::text("c")];
    let (a, b, c) = (Leaf::Text("a".into()), Leaf::Text("b".into()), Leaf::Text("c".into()));
    let italic = Node::Styled(Wrap::Italic, vec![Node::Leaf(&b)]);
    let bold = Node::Styled(Wrap::Bold, vec![Node::Leaf(&a), Node::Leaf(&Leaf::Break), italic]);
    assert_eq!(nest(&spans), vec![bold, Node::Leaf(&c)]);
}

#[test]
fn a_link_is_outermost_and_code_innermost_where_the_reach_is_the_same() {
    let mut span = Span::link("a", "https://example.org/");
    span.style.code = true;
    span.style.bold = true;
    let leaf = Leaf::Text("a".into());
    let code = Node::Styled(Wrap::Code, vec![Node::Leaf(&leaf)]);
    let bold = Node::Styled(Wrap::Bold, vec![code]);
    let link = Node::Styled(Wrap::Link("https://example.org/"), vec![bold]);
    assert_eq!(nest(&[span]), vec![link]);
}

#[test]
fn cuts_prefer_paragraphs_then_lines_then_words() {
    let paragraphs = RichText::plain_text("one two\nthree\n\nfour five");
    assert_eq!(pieces(&paragraphs, 20), ["one two\nthree", "four five"]);
    assert_eq!(pieces(&paragraphs, 12), ["one two", "three", "four five"]);
    assert_eq!(pieces(&RichText::plain_text("one two three"), 9), ["one two", "three"]);
    assert_eq!(pieces(&RichText::plain_text("abcdefgh"), 3), ["abc", "def", "gh"]);
}

#[test]
fn a_cut_never_parts_what_is_seen_as_one_character() {
    let family = "👩‍👩‍👧‍👦";
    let flags = RichText::plain_text("🇩🇪🇫🇷");
    assert_eq!(pieces(&flags, 3), ["🇩🇪", "🇫🇷"]);
    assert_eq!(
        pieces(&RichText::plain_text(&format!("a{family}b")), 7),
        ["a".to_owned(), family.to_owned(), "b".to_owned()]
    );
    assert_eq!(pieces(&RichText::plain_text("e\u{301}e\u{301}"), 3), ["e\u{301}", "e\u{301}"]);
}

#[test]
fn styles_and_containers_go_on_in_the_next_piece() {
    let source = RichText(vec![
        Block::Quote {
            blocks: vec![Block::Paragraph(vec![Span::bold("aa bb")])],
            expandable: true,
        },
        Block::List { start: Some(3), items: vec![item("cc"), item("dd")] },
        Block::Code { language: Some("rust".into()), text: "ee\n  ff".into() },
    ]);
    let bulk = |text: &RichText| text.plain().chars().filter(|c| c.is_ascii_lowercase()).count();
    let quote = |content| Block::Quote {
        blocks: vec![Block::Paragraph(vec![Span::bold(content)])],
        expandable: true,
    };
    let list = |number, content| Block::List { start: Some(number), items: vec![item(content)] };
    let code = |content: &str| Block::Code { language: Some("rust".into()), text: content.into() };
    let expected =
        [quote("aa"), quote("bb"), list(3, "cc"), list(4, "dd"), code("ee"), code("  ff")];
    let pieces = source.split(2, &bulk);
    assert_eq!(pieces, expected.map(|block| RichText(vec![block])));
}

#[test]
fn a_character_that_does_not_fit_is_a_piece_of_its_own() {
    let pieces = RichText::plain_text("a bc").split(0, &chars);
    assert_eq!(pieces, ["a", "b", "c"].map(RichText::plain_text));
    assert!(RichText::default().split(0, &chars).is_empty());
}

#[test]
fn runs_can_be_put_before_and_behind() {
    let mut text = RichText(vec![Block::Rule]);
    text.prepend(vec![Span::bold("name")]);
    text.push_text("a");
    text.push_span(Span::bold("b"));
    text.append(RichText(vec![Block::Rule]));
    let expected = RichText(vec![
        Block::Paragraph(vec![Span::bold("name")]),
        Block::Rule,
        Block::Paragraph(vec![Span::text("a"), Span::bold("b")]),
        Block::Rule,
    ]);
    assert_eq!(text.normalise(), expected);
}

#[test]
fn an_address_without_its_scheme_is_not_told_twice() {
    for (words, url) in [
        ("example.org/x", "http://example.org/x"),
        ("example.org", "https://example.org/"),
        ("https://example.org/x", "https://example.org/x"),
    ] {
        let text = RichText::paragraph(vec![Span::link(words, url)]);
        assert_eq!(text.plain(), words);
    }
    let other = RichText::paragraph(vec![Span::link("example.com", "https://example.org/")]);
    assert_eq!(other.plain(), "example.com (https://example.org/)");
}
