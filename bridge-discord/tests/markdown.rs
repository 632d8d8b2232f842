// SPDX-License-Identifier: AGPL-3.0-or-later
//! Discord's Markdown as people write it.
//!
//! Rule: each line is what the official client shows for it; `shown` is a short
//! notation of the model, made here.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fmt::Write as _;

use bridge_discord::convert::markdown::{
    Names, Role, degrade, from_markdown, linkify, measure, to_markdown,
};
use bridge_model::{Block, Leaf, ListItem, Mention, RichText, Span, Style};

fn names() -> Names {
    let pair = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    Names {
        users: [pair("1", "Ann")].into(),
        roles: [("2".to_owned(), Role { name: "admins".to_owned(), colour: None })].into(),
        chats: [pair("3", "general")].into(),
        everyone: true,
        emoji: false,
    }
}

fn shown(text: &RichText) -> String {
    text.0.iter().map(block).collect::<Vec<_>>().join(" ¶ ")
}

fn block(block: &Block) -> String {
    let inside = |blocks: &[Block]| blocks.iter().map(self::block).collect::<Vec<_>>().join(" ¶ ");
    match block {
        Block::Paragraph(content) => spans(content),
        Block::Heading { level, content } => format!("h{level}({})", spans(content)),
        Block::Quote { blocks, .. } => format!("quote({})", inside(blocks)),
        Block::List { start, items } => {
            let items = items.iter().map(|ListItem(blocks)| inside(blocks)).collect::<Vec<_>>();
            let mark = start.map_or("ul".to_owned(), |start| format!("ol{start}"));
            format!("{mark}({})", items.join("; "))
        }
        Block::Code { language, text } => {
            format!("code:{}({text})", language.as_deref().unwrap_or_default())
        }
        Block::Table { .. } | Block::Details { .. } | Block::Rule => format!("{block:?}"),
    }
}

fn spans(spans: &[Span]) -> String {
    let mut out = String::new();
    for span in spans {
        let words = match &span.leaf {
            Leaf::Text(text) => text.clone(),
            Leaf::Break => "⏎".to_owned(),
            Leaf::Mention(Mention::Person { name, .. } | Mention::Role { name, .. }) => {
                format!("@{name}")
            }
            Leaf::Mention(Mention::Chat { name, .. }) => format!("#{name}"),
            Leaf::Mention(Mention::Everyone) => "@ALL".to_owned(),
            Leaf::Emoji { id, name, animated } => format!(":{name}/{id}/{animated}:"),
            Leaf::Time { at, style } => format!("time({},{style})", at.0),
            Leaf::Maths(formula) => format!("${formula}$"),
        };
        let style = &span.style;
        let mut marks = String::new();
        for (on, mark) in [
            (style.bold, "b"),
            (style.italic, "i"),
            (style.underline, "u"),
            (style.strike, "s"),
            (style.code, "c"),
            (style.subtext, "small"),
            (style.spoiler.is_some(), "spoiler"),
        ] {
            if on {
                let gap = if marks.is_empty() { "" } else { "+" };
                write!(marks, "{gap}{mark}").unwrap();
            }
        }
        if let Some(link) = &style.link {
            if *link == words {
                marks.push_str("link")
            } else {
                write!(marks, "→{link}").unwrap()
            }
        }
        if marks.is_empty() {
            out.push_str(&words)
        } else {
            write!(out, "{marks}[{words}]").unwrap()
        }
    }
    out
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (source, expected) in table {
        let read = from_markdown(source, &names());
        assert_eq!(shown(&read), *expected, "read from {source:?}");
        let again = from_markdown(&to_markdown(&read), &names());
        if !source.contains("<@&") && !source.contains("@everyone") {
            assert_eq!(shown(&again), *expected, "written as {:?}", to_markdown(&read));
        }
    }
}

#[test]
fn styles() {
    check(&[
        ("*a* _b_ **c** __d__ ~~e~~ ||f||", "i[a] i[b] b[c] u[d] s[e] spoiler[f]"),
        ("***a***", "b+i[a]"),
        ("__**a**__", "b+u[a]"),
        ("**a *b* c**", "b[a ]b+i[b]b[ c]"),
        ("**a*b***", "b[a]b+i[b]"),
        ("***a*b**", "b+i[a]b[b]"),
        ("***a**b*", "b+i[a]i[b]"),
        ("*a **b** c*", "i[a ]b+i[b]i[ c]"),
        ("un*frigging*believable", "uni[frigging]believable"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a ** b", "a ** b"),
        ("**open", "**open"),
        ("*not * this", "*not * this"),
        ("snake_case_word and _this_.", "snake_case_word and i[this]."),
        ("__init__.py", "u[init].py"),
        ("||a||b||c||", "spoiler[a]bspoiler[c]"),
        ("**two\nlines**", "b[two]⏎b[lines]"),
        ("~~~~", "~~~~"),
        ("~~~~~", "s[~]"),
        ("~~~a~~", "s[~a]"),
        ("****", "****"),
        ("_a_b_", "_a_b_"),
    ]);
}

#[test]
fn what_discord_shows_by_name() {
    check(&[
        ("</freeside link:12> now", "/freeside link now"),
        ("</a b> </:1>", "</a b> </:1>"),
        ("<id:customize> <id:x>", "#customize <id:x>"),
        ("-# small\n**big**", "small[small]⏎b[big]"),
        (">>> all\n> of it", "quote(all⏎> of it)"),
        ("\\*a\\* \\<@1>", "*a* <@1>"),
    ]);
}

#[test]
fn code() {
    check(&[
        ("`a`", "c[a]"),
        ("``a`b``", "c[a`b]"),
        ("`` `a` ``", "c[`a`]"),
        ("**`*`**", "b+c[*]"),
        ("`a", "`a"),
        ("```\na\n```", "code:(a)"),
        ("```rust\nlet x;\n\nx\n```", "code:rust(let x;\n\nx)"),
        ("```js```", "code:(js)"),
        ("```one line```", "code:(one line)"),
        ("see ```x``` there", "see ¶ code:(x) ¶ there"),
        ("```\n> # - not markup *a*\n```", "code:(> # - not markup *a*)"),
        ("```\nopen", "```⏎open"),
    ]);
}

#[test]
fn lines() {
    check(&[
        ("# a\n## b\n### c\n#### d", "h1(a) ¶ h2(b) ¶ h3(c) ¶ #### d"),
        ("#tag", "#tag"),
        ("# **a** b", "h1(b[a] b)"),
        ("-# small\nnot", "small[small]⏎not"),
        ("a\n\n\nb", "a⏎⏎⏎b"),
        ("> a\n> b\nc", "quote(a⏎b) ¶ c"),
        (">a", ">a"),
        (">>> a\nb\n\nc", "quote(a⏎b⏎⏎c)"),
        ("> # a\n> - b", "quote(h1(a) ¶ ul(b))"),
        ("> > a", "quote(> a)"),
        ("- a\n- b", "ul(a; b)"),
        ("* a\n* b", "ul(a; b)"),
        ("- a\n  - b\n    - c\n- d", "ul(a ¶ ul(b ¶ ul(c)); d)"),
        ("1. a\n2. b", "ol1(a; b)"),
        ("1. a\n1. b", "ol1(a; b)"),
        ("3. a\n   - b\n4. c", "ol3(a ¶ ul(b); c)"),
        ("1. a\n  - b", "ol1(a ¶ ul(b))"),
        ("- a\n  more\nafter", "ul(a⏎more) ¶ after"),
        ("-a", "-a"),
        ("1.a", "1.a"),
        (
            "[a](https://a.example \"b c\") [d](<https://a.example> \"e\")",
            "→https://a.example[a] →https://a.example[d]",
        ),
        ("- ", "-"),
        ("---", "---"),
    ]);
}

#[test]
fn addresses() {
    check(&[
        ("https://a.example/b_c_d", "link[https://a.example/b_c_d]"),
        ("see https://a.example.", "see link[https://a.example]."),
        ("(https://a.example/x_(y))", "(link[https://a.example/x_(y)])"),
        ("<https://a.example>", "link[https://a.example]"),
        ("[a](https://a.example)", "→https://a.example[a]"),
        ("[a **b**](<https://a.example/(x>)", "→https://a.example/(x[a ]b→https://a.example/(x[b]"),
        ("**https://a.example**", "blink[https://a.example]"),
        ("[a](javascript:x)", "[a](javascript:x)"),
        ("[a] (https://a.example)", "[a] (link[https://a.example])"),
        ("xhttps://a.example", "xhttps://a.example"),
    ]);
}

#[test]
fn atoms() {
    check(&[
        ("<@1> <@!1> <@&2> <#3>", "@Ann @Ann @admins #general"),
        ("<@9>", "@user"),
        ("@everyone and @here", "@ALL and @ALL"),
        ("@\u{200b}everyone", "@everyone"),
        ("<:a_b:12> <a:cd:34>", ":a_b/12/false: :cd/34/true:"),
        ("<t:1618953630> <t:1618953630:R>", "time(1618953630000,f) time(1618953630000,R)"),
        ("<t:x> <@> <:a:> <x>", "<t:x> <@> <:a:> <x>"),
        ("\\*a\\* \\<@1> \\\\", "*a* <@1> \\"),
        ("\\a", "\\a"),
        ("¯\\_(ツ)_/¯", "¯\\_(ツ)_/¯"),
    ]);
}

#[test]
fn what_is_written_is_what_discord_shows() {
    let bold = |text: &str| Span::bold(text);
    let italic = |text: &str| {
        let mut span = Span::text(text);
        span.style.italic = true;
        span
    };
    let table = [
        (vec![bold("a"), italic("b")], "**a**\u{2060}*b*"),
        (vec![bold("a"), Span::text(" "), italic("b")], "**a** *b*"),
        (vec![Span::text("1. a # b")], "1\\. a # b"),
        (vec![Span::text("-# a")], "\\-# a"),
        (vec![Span::text("> a"), Span::line_break(), Span::text("- b")], "\\> a\n\\- b"),
        (vec![Span::text("@everyone @here")], "@\u{200b}everyone @\u{200b}here"),
        (vec![Span::text("a_b http://x <@1>")], "a\\_b http\\://x \\<@1>"),
        (vec![Span::link("a", "https://a.example")], "[a](https://a.example)"),
        (vec![Span::link("a", "mxc://a/b")], "a (mxc://a/b)"),
    ];
    for (spans, expected) in table {
        assert_eq!(to_markdown(&RichText::paragraph(spans)), expected);
    }
}

#[test]
fn bare_addresses_become_links_that_can_be_clicked() {
    let text = linkify(&RichText::plain_text("see https://a.example/b_c, ok"));
    assert_eq!(to_markdown(&text), "see https://a.example/b_c, ok");
    let text = linkify(&RichText::plain_text("see https://a.example/b_c"));
    assert_eq!(to_markdown(&text), "see https://a.example/b_c");
}

#[test]
fn hostile_input_ends_soon() {
    for piece in [
        "**", "*a", "__a ", "||", "[", "<", "`", "> ", "- ", "\\", "~~a", "~", "<~", "[a](",
        "[a](b", "*a **b ",
    ] {
        let source: String = piece.repeat(4000 / piece.len());
        let read = from_markdown(&source, &Names::default());
        assert!(!format!("{read:?}").is_empty());
    }
}

#[test]
fn an_address_that_fits_into_no_message_is_shown_in_pieces() {
    let url = format!("https://a.example/{}", "x".repeat(2020));
    let text = RichText::paragraph(vec![Span::link("here", url.clone())]);
    let pieces = degrade(&text).split(2000, &measure);
    assert!(pieces.iter().all(|piece| to_markdown(piece).chars().count() <= 2000));
    let shown: String = pieces.iter().map(RichText::plain).collect();
    // Pieces are parted where words are.
    assert_eq!(shown.replace(' ', ""), format!("here({url})"));
}

#[test]
fn a_label_whose_signs_run_into_its_style_stands_before_its_address() {
    let link = |style: Style, words: &str| {
        let style = Style { link: Some("https://a.example".to_owned()), ..style };
        Span { leaf: Leaf::Text(words.to_owned()), style }
    };
    let bold = || Style { bold: true, ..Style::default() };
    let leaning = Style { italic: true, ..Style::default() };
    let struck = Span { leaf: Leaf::Text("a".to_owned()), style: leaning };
    let table = [
        (vec![struck, link(bold(), "* *")], "*a*\u{2060}**\\* \\* (<https://a.example>)**"),
        (vec![link(bold(), "snake_case")], "[**snake_case**](https://a.example)"),
        (vec![link(Style::default(), "a * b")], "[a * b](https://a.example)"),
    ];
    for (spans, expected) in table {
        assert_eq!(to_markdown(&RichText::paragraph(spans)), expected);
    }
}
