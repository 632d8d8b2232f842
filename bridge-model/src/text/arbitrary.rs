// SPDX-License-Identifier: AGPL-3.0-or-later
//! Texts for property tests of converters (crate feature `arbitrary`).
//!
//! Rule: what is made here can be said on every network, so that a converter that
//! fails on it is wrong: links are `https`, ids are numbers (on Matrix, addresses),
//! times are whole seconds.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Block, Leaf, ListItem, Mention, RichText, Span, Spoiler, Style};
use crate::{Person, TextCapabilities, Timestamp};

/// Literal characters that are markup somewhere, or hard to count or to show.
const NASTY: &[&str] = &[
    "*",
    "**",
    "***",
    "_",
    "__",
    "~~",
    "~",
    "||",
    "|",
    "`",
    "``",
    "```",
    "\\",
    "\\*",
    "#",
    "# ",
    "## ",
    "-# ",
    "- ",
    "* ",
    "+ ",
    "> ",
    ">>> ",
    ">",
    "1. ",
    "12) ",
    "2024. ",
    "---",
    "***\n",
    "[a](https://example.org)",
    "[",
    "](",
    ")",
    "(",
    "!",
    "<",
    "&",
    "&amp;",
    "&lt;b&gt;",
    "<b>x</b>",
    "<br>",
    "<script>alert(1)</script>",
    "</a>",
    "<!-- x -->",
    "\"",
    "'",
    "@everyone",
    "@here",
    "@room",
    "<@123>",
    "<@!123>",
    "<@&123>",
    "<#123>",
    "<:a:123>",
    "<a:b:123>",
    "<t:0:R>",
    "</link:123>",
    "<id:home>",
    ":smile:",
    "https://example.org/a_b_c?d=*e*&f=(g)",
    "<https://example.org>",
    "http://a.example/)",
    "mailto:a@example.org",
    "@user",
    "/start",
    "$5",
    "$x$",
    "#tag",
    "😀",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "👍🏽",
    "❤️",
    "𝒳",
    "שלום",
    "مرحبا",
    "\u{202e}abc\u{202c}",
    "\u{2068}x\u{2069}",
    "e\u{301}",
    "o\u{308}\u{323}",
    "\u{200b}",
    "\u{feff}",
    "\u{ad}",
    "漢字",
    "　",
    "\u{a0}",
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\u{fffd}",
    "{}",
    "%s",
    "${x}",
    "word",
    "Two words",
    "x",
    "0",
    "…",
    "•",
    "• ",
    "¯\\_(ツ)_/¯",
    "snake_case_word",
    "a*b*c",
];

/// Nasty literal strings; may be empty, may contain line breaks.
pub fn literal() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => proptest::sample::select(NASTY).prop_map(str::to_owned),
        2 => "[a-z]{1,8}",
        1 => "[ -~]{1,12}",
        1 => any::<char>().prop_map(String::from),
    ];
    (vec(piece, 0..6), any::<bool>())
        .prop_map(|(pieces, spaced)| pieces.join(if spaced { " " } else { "" }))
}

/// Texts that a network with `caps` can show: they equal their own `restrict(&caps)`.
/// Mentions are of people of `network`, with the names of [`name_of`].
pub fn rich_text(caps: TextCapabilities, network: &'static str) -> impl Strategy<Value = RichText> {
    raw_text(network).prop_map(move |text| text.restrict(&caps))
}

/// Texts as a careless converter might make them: not normalised.
pub fn raw_text(network: &'static str) -> impl Strategy<Value = RichText> {
    vec(block(network), 0..6).prop_map(RichText)
}

/// The user ids that [`rich_text`] mentions are decimal numbers; this is the display
/// name that it gives to each, for resolvers in tests.
pub fn name_of(user: &str) -> String {
    format!("Person {user}")
}

/// A mention of a person of `network`.
pub fn mention(network: &'static str) -> impl Strategy<Value = Mention> {
    (100_000_000_u64..9_000_000_000).prop_map(move |id| {
        let user = id.to_string();
        let name = name_of(&user);
        Mention::Person { who: Person::new(network, user), name }
    })
}

/// Styles: often none, often one, sometimes several.
pub fn style() -> impl Strategy<Value = Style> {
    let one = |at: u8| flags([at; 8], None, None);
    prop_oneof![
        6 => Just(Style::default()),
        5 => (0_u8..6).prop_map(one),
        2 => link().prop_map(|link| Style { link: Some(link), ..Style::default() }),
        2 => spoiler().prop_map(|hidden| Style { spoiler: Some(hidden), ..Style::default() }),
        4 => (any::<[u8; 8]>(), proptest::option::weighted(0.3, link()),
            proptest::option::weighted(0.3, spoiler()))
            .prop_map(|(dice, link, hidden)| flags(dice.map(|d| d % 9), link, hidden)),
    ]
}

/// Style `n` is on when one of the dice shows `n`.
fn flags(dice: [u8; 8], link: Option<String>, spoiler: Option<Spoiler>) -> Style {
    let on = |number: u8| dice.contains(&number);
    Style {
        bold: on(0),
        italic: on(1),
        underline: on(2),
        strike: on(3),
        code: on(4),
        subtext: on(5),
        spoiler,
        link,
    }
}

fn link() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "https://example.org/",
        "https://example.org/wiki/A_(b)?c=d&e=f*g*#h",
        "https://ru.wikipedia.org/wiki/%D0%96",
        "https://example.org/_x_~y~",
    ])
    .prop_map(str::to_owned)
}

fn spoiler() -> impl Strategy<Value = Spoiler> {
    proptest::sample::select(vec![None, None, Some("plot"), Some("the *end* of <it>")])
        .prop_map(|reason| Spoiler { reason: reason.map(str::to_owned) })
}

fn emoji(network: &'static str) -> impl Strategy<Value = Leaf> {
    ("[a-z][a-z_]{1,6}[a-z]", 100_000_u64..9_000_000_000, any::<bool>()).prop_map(
        move |(name, id, animated)| {
            let matrix = network == "matrix";
            let id = if matrix { format!("mxc://example.org/{id}") } else { id.to_string() };
            Leaf::Emoji { id, name, animated: animated && !matrix }
        },
    )
}

fn leaf(network: &'static str) -> impl Strategy<Value = Leaf> {
    let time =
        (0_i64..4_102_444_800, proptest::sample::select(vec!['t', 'T', 'd', 'D', 'f', 'F', 'R']));
    prop_oneof![
        12 => literal().prop_map(Leaf::Text),
        4 => Just(Leaf::Break),
        2 => mention(network).prop_map(Leaf::Mention),
        1 => emoji(network),
        1 => "[a-z0-9^_{}\\\\ +=<&]{1,10}".prop_map(Leaf::Maths),
        1 => time.prop_map(|(s, style)| Leaf::Time { at: Timestamp(s * 1000), style }),
    ]
}

/// Runs as a careless converter might make them.
pub fn spans(network: &'static str) -> impl Strategy<Value = Vec<Span>> {
    let span = (leaf(network), style()).prop_map(|(leaf, style)| Span { leaf, style });
    vec(span, 0..7)
}

fn code() -> impl Strategy<Value = Block> {
    let language =
        proptest::sample::select(vec![None, Some("rust"), Some("c++"), Some("objective-c")]);
    let text = prop_oneof![literal(), vec(literal(), 1..4).prop_map(|lines| lines.join("\n"))];
    (language, text)
        .prop_map(|(language, text)| Block::Code { language: language.map(str::to_owned), text })
}

fn block(network: &'static str) -> impl Strategy<Value = Block> {
    let content = move || spans(network);
    let table = (any::<bool>(), vec(vec(content(), 1..4), 1..4));
    let leaf = prop_oneof![
        10 => content().prop_map(Block::Paragraph),
        2 => (1_u8..=6, content()).prop_map(|(level, content)| Block::Heading { level, content }),
        2 => code(),
        1 => table.prop_map(|(head, rows)| Block::Table { head, rows }),
        1 => Just(Block::Rule),
    ];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        let blocks = || vec(inner.clone(), 0..4);
        let items = vec(blocks().prop_map(ListItem), 1..4);
        let start = proptest::option::of(prop_oneof![4 => Just(1_u32), 1 => 0_u32..2000]);
        prop_oneof![
            3 => (blocks(), any::<bool>())
                .prop_map(|(blocks, expandable)| Block::Quote { blocks, expandable }),
            3 => (start, items).prop_map(|(start, items)| Block::List { start, items }),
            1 => (content(), blocks())
                .prop_map(|(summary, blocks)| Block::Details { summary, blocks }),
        ]
    })
}
