// SPDX-License-Identifier: AGPL-3.0-or-later
//! HTML as clients write it, and as attackers do.

use bridge_model::{Block, Leaf, ListItem, Mention, Person, Place, RichText, Span, Spoiler, Style};

use super::super::{read, shown, write};

fn styled(text: &str, change: impl FnOnce(&mut Style)) -> Span {
    let mut span = Span::text(text);
    change(&mut span.style);
    span
}

fn line(spans: Vec<Span>) -> RichText {
    RichText::paragraph(spans)
}

fn item(text: &str) -> ListItem {
    ListItem(vec![Block::Paragraph(vec![Span::text(text)])])
}

fn person(id: &str, name: &str) -> Span {
    let who = Person::new("matrix", id);
    let leaf = Leaf::Mention(Mention::Person { who, name: name.into() });
    Span { leaf, style: Style::default() }
}

#[test]
fn a_pill_of_element_is_a_mention() {
    let html = "<a href=\"https://matrix.to/#/@ann:example.org\">Ann</a>: hello";
    assert_eq!(read(html), line(vec![person("@ann:example.org", "Ann"), Span::text(": hello")]));
    let html = "hello <a href=\"matrix:u/ann:example.org\"> @Ann <b>B.</b> </a>there";
    let spans =
        vec![Span::text("hello "), person("@ann:example.org", "Ann B."), Span::text(" there")];
    assert_eq!(read(html), line(spans));
}

#[test]
fn a_pill_of_a_room_is_a_mention_and_other_words_are_a_link() {
    let url = "https://matrix.to/#/#wiki:example.org";
    let place = Place::new("matrix", "#wiki:example.org");
    let mention = Mention::Chat { place, name: "wiki:example.org".into() };
    let pill = Span { leaf: Leaf::Mention(mention), style: Style::default() };
    assert_eq!(read(&format!("<a href=\"{url}\">#wiki:example.org</a>")), line(vec![pill]));
    let link = line(vec![Span::link("click here", url)]);
    assert_eq!(read(&format!("<a href=\"{url}\">click here</a>")), link);
    let mut bold = Span::link("click", url);
    bold.style.bold = true;
    let expected = line(vec![bold, Span::link(" here", url)]);
    assert_eq!(read(&format!("<a href=\"{url}\"><b>click</b> here</a>")), expected);
    // The space at the edge is a part of the link, as it is of every other one.
    let in_two = format!("<a href=\"{url}\"><b>click</b> </a><a href=\"{url}\">here</a>");
    assert_eq!(read(&in_two).plain(), read(&format!("<a href=\"{url}\">click here</a>")).plain());
}

#[test]
fn a_role_keeps_its_colour() {
    let role = |colour| {
        let mention = Mention::Role { id: "7".into(), name: "A & B".into(), colour };
        write(&line(vec![Span { leaf: Leaf::Mention(mention), style: Style::default() }]))
    };
    assert_eq!(role(Some(0x00_c0_ff)), "<span data-mx-color=\"#00c0ff\">@A &amp; B</span>");
    assert_eq!(role(None), "@A &amp; B");
}

#[test]
fn a_reply_of_an_old_element_loses_its_fallback() {
    let html = "<mx-reply><blockquote><a href=\"https://matrix.to/#/!r:x/$e\">In reply to</a> \
                <a href=\"https://matrix.to/#/@bob:x\">@bob:x</a><br>old</blockquote></mx-reply>new";
    assert_eq!(read(html), RichText::plain_text("new"));
}

#[test]
fn markdown_of_element_is_read() {
    let html = "<p>Some <strong>bold</strong>, <em>it</em>, <del>gone</del> and <code>a  b</code></p>\n\
                <ol start=\"3\">\n<li>three</li>\n<li>four\n<ul>\n<li>deep</li>\n</ul>\n</li>\n</ol>\n\
                <pre><code class=\"language-rust\">fn main() {}\n\n  // x\n</code></pre>\n<hr>\n<h2>End</h2>\n";
    let nested = Block::List { start: None, items: vec![item("deep")] };
    let four = ListItem(vec![Block::Paragraph(vec![Span::text("four")]), nested]);
    let code = Block::Code { language: Some("rust".into()), text: "fn main() {}\n\n  // x".into() };
    let expected = RichText(vec![
        Block::Paragraph(vec![
            Span::text("Some "),
            Span::bold("bold"),
            Span::text(", "),
            styled("it", |s| s.italic = true),
            Span::text(", "),
            styled("gone", |s| s.strike = true),
            Span::text(" and "),
            styled("a b", |s| s.code = true),
        ]),
        Block::List { start: Some(3), items: vec![item("three"), four] },
        code,
        Block::Rule,
        Block::Heading { level: 2, content: vec![Span::text("End")] },
    ]);
    assert_eq!(read(html), expected);
}

#[test]
fn an_emote_of_cinny_or_fluffychat_is_an_emoji() {
    let emoji = |id: &str, name: &str| Span {
        leaf: Leaf::Emoji { id: id.into(), name: name.into(), animated: false },
        style: Style::default(),
    };
    let cinny = "<img data-mx-emoticon src=\"mxc://x/abc\" alt=\"blobcat\" title=\"blobcat\" height=\"32\">";
    assert_eq!(read(cinny), line(vec![emoji("mxc://x/abc", "blobcat")]));
    let fluffy = "hi <img src=\"mxc://x/abc\" alt=\":cat:\" title=\":cat:\" height=\"32\" />!";
    let expected = line(vec![Span::text("hi "), emoji("mxc://x/abc", "cat"), Span::text("!")]);
    assert_eq!(read(fluffy), expected);
    let picture =
        "<img src=\"mxc://x/abc\" alt=\"a cat\" width=\"500\"> <img src=\"https://x/y\" alt=z>";
    assert_eq!(read(picture), RichText::plain_text("a cat z"));
}

#[test]
fn spoilers_formulas_and_small_print_are_read() {
    let hidden = |text: &str, reason: Option<&str>| {
        let reason = reason.map(str::to_owned);
        styled(text, |s| s.spoiler = Some(Spoiler { reason }))
    };
    let html =
        "<span data-mx-spoiler=\"plot\">x</span> <span data-mx-spoiler>y</span> <span>z</span>";
    let spans =
        vec![hidden("x", Some("plot")), Span::text(" "), hidden("y", None), Span::text(" z")];
    assert_eq!(read(html), line(spans));
    let maths = "a <span data-mx-maths=\"x^2\"><code>x<span>^</span>2</code></span> b";
    let formula = Span { leaf: Leaf::Maths("x^2".into()), style: Style::default() };
    assert_eq!(read(maths), line(vec![Span::text("a "), formula, Span::text(" b")]));
    assert_eq!(read("H<sub>2</sub>O"), RichText::plain_text("H₂O"));
    assert_eq!(read("<sub>small <b>x</b></sub>").0.len(), 1);
    assert!(matches!(&read("<sub>small</sub>").0[..],
        [Block::Paragraph(spans)] if spans[0].style.subtext));
}

#[test]
fn white_space_is_that_of_html() {
    assert_eq!(read(" a\n  b\t<b> c </b>  d ").plain(), "a b c d");
    assert_eq!(read("a <br> b<br/>c").plain(), "a\nb\nc");
    assert_eq!(read("a&nbsp; b").plain(), "a  b");
    assert_eq!(
        read("<p>a</p> <p>b</p>\n<div>c</div><div>d<br></div>e").plain(),
        "a\n\nb\n\nc\nd\ne"
    );
    let code = Block::Code { language: None, text: " a\n  b".into() };
    assert_eq!(read("<pre>\n\n a\n  b\n</pre>"), RichText(vec![code]));
}

#[test]
fn a_table_with_a_head_and_a_caption_is_read() {
    let html = "<table><caption>C</caption><thead><tr><th>A<th>B</tr></thead>\
                <tr><td>1<td><b>2</b><tr><td>3</table>";
    let cell = |text: &str| vec![Span::text(text)];
    let rows =
        vec![vec![cell("A"), cell("B")], vec![cell("1"), vec![Span::bold("2")]], vec![cell("3")]];
    let caption = Block::Paragraph(vec![Span::text("C")]);
    assert_eq!(read(html), RichText(vec![caption, Block::Table { head: true, rows }]));
}

#[test]
fn badly_nested_tags_do_what_they_say() {
    let expected = line(vec![
        Span::bold("a"),
        styled("b", |s| (s.bold, s.italic) = (true, true)),
        styled("c", |s| s.italic = true),
        Span::text("d"),
    ]);
    assert_eq!(read("<b>a<i>b</b>c</i>d</u></p>"), expected);
    let list = Block::List { start: None, items: vec![item("a"), item("b")] };
    assert_eq!(read("<ul><li>a<li>b"), RichText(vec![list]));
    let quote =
        Block::Quote { blocks: vec![Block::Paragraph(vec![Span::text("x")])], expandable: false };
    let after = Block::Paragraph(vec![Span::text("y")]);
    assert_eq!(read("<blockquote><p>x</blockquote>y"), RichText(vec![quote, after]));
    let inner = Block::List { start: None, items: vec![item("b")] };
    let outer = ListItem(vec![Block::Paragraph(vec![Span::text("a")]), inner]);
    let list = Block::List { start: None, items: vec![outer] };
    assert_eq!(read("<ul><li>a</li><ul><li>b</li></ul></ul>"), RichText(vec![list]));
}

#[test]
fn scripts_and_bad_links_have_no_effect() {
    assert_eq!(read("a<script>b<b>c</script>d<style>e</style>f").plain(), "adf");
    assert_eq!(read("a<!-- b -->c<![CDATA[d]]>e").plain(), "ace");
    assert_eq!(read("<a href=\"javascript:alert(1)\">x</a>"), RichText::plain_text("x"));
    assert_eq!(read("<a href=\" https://example.org\">x</a>"), RichText::plain_text("x"));
    let pill = read("<a href=\"https://matrix.to/#/@ann:example.org\">Ann</a>");
    assert_eq!(read("<a href=\"https://matrix.to/#/@ann:ex\u{11}ample.org\">Ann</a>"), pill);
    assert_eq!(read("<a href=\"mailto:a@x\">x</a>"), line(vec![Span::link("x", "mailto:a@x")]));
}

#[test]
fn a_link_to_a_room_whose_words_are_hidden_in_part_stays_one_link() {
    for room in ["!abc:x.org", "!"] {
        let html = format!(
            "<a href=\"https://matrix.to/#/{room}\" data-mx-spoiler>> <span data-mx-spoiler=w>>"
        );
        let text = shown(&read(&html));
        assert_eq!(read(&write(&text)), text);
        assert!(text.mentions().next().is_none(), "{text:?}");
    }
}

#[test]
fn a_number_whose_words_are_the_number_is_written_once() {
    let text = shown(&read("<a href='tel:+123'>+1 23</a>"));
    assert_eq!(text.plain(), "+1 23");
    assert_eq!(read(&write(&text)).plain(), "+1 23");
}

#[test]
fn a_link_in_a_block_of_code_has_no_effect_within_or_after_it() {
    for href in ["https://matrix.to/#/@a:b", "https://example.org/"] {
        let code = Block::Code { language: None, text: "x".to_owned() };
        let after = Block::Paragraph(vec![Span::text("y")]);
        assert_eq!(read(&format!("<pre><a href='{href}'>x</pre>y")), RichText(vec![code, after]));
    }
}

#[test]
fn character_references_are_read_and_bad_ones_stay() {
    assert_eq!(read("&amp;&lt;&eacute;&#x1F600;&#65;").plain(), "&<é😀A");
    assert_eq!(read("&nosuch; & &# &#xD800; &#0; &").plain(), "&nosuch; & &# \u{fffd} \u{fffd} &");
}

#[test]
fn hostile_html_is_read_and_keeps_its_words() {
    for tag in [
        "b",
        "blockquote",
        "ul",
        "ul><li",
        "table",
        "table><tr><td",
        "details",
        "div",
        "p",
        "span data-mx-spoiler",
        "a href=https://x.org",
        "h1",
        "sub",
        "x",
    ] {
        let opened = format!("{}word", format!("<{tag}>").repeat(10_000));
        let plain = read(&opened).plain().replace(['>', '•', ' '], "");
        assert!(plain == "word" || plain == "word(https://x.org)", "{tag}: {plain}");
        let name = tag.split([' ', '>']).next().unwrap();
        let closed = format!("{opened}{}after", format!("</{name}>").repeat(10_000));
        let text = read(&closed);
        assert!(text.plain().contains("word") && text.plain().contains("after"), "{tag}");
        read(&write(&text));
    }
    let long = "x".repeat(1_000_000);
    assert_eq!(read(&format!("<b title=\"{long}\">a</b>")).plain(), "a");
    let many: String = (0..2_000).map(|n| format!(" a{n}=b")).collect();
    assert_eq!(read(&format!("<b{many}>a</b>")), line(vec![Span::bold("a")]));
    assert_eq!(read(&"<br>".repeat(20_000)), RichText::default());
    for unfinished in ["<b", "<b title=\"", "<!--", "&", "&#", "</", "<", "<a href='x", "<![CDATA["]
    {
        assert_eq!(
            read(&format!("word{unfinished}")).plain().get(..4),
            Some("word"),
            "{unfinished}"
        );
    }
}

#[test]
fn what_is_written_is_what_clients_expect() {
    let text = read("<p>a  <b>b</b> &lt;c&gt;</p><p>d</p><ul><li>e<ul><li>f</ul></ul><pre>g");
    assert_eq!(
        write(&text),
        "<p>a <strong>b</strong> &lt;c&gt;</p><p>d</p>\
         <ul><li>e<ul><li>f</li></ul></li></ul><pre><code>g\n</code></pre>"
    );
    assert_eq!(write(&RichText::plain_text("a\n  b   c")), "a<br>&nbsp; b &nbsp; c");
    let evil = person("@ann:example.org", "<b>\"&@");
    assert_eq!(
        write(&line(vec![evil])),
        "<a href=\"https://matrix.to/#/@ann:example.org\">&lt;b&gt;&quot;&amp;@</a>"
    );
    let foreign = Person::new("telegram", "1");
    let leaf = Leaf::Mention(Mention::Person { who: foreign, name: "Ann".into() });
    let mut link = Span::link("x", "tg://user?id=1");
    link.style.bold = true;
    let spans = vec![Span { leaf, style: Style::default() }, Span::text(" "), link];
    assert_eq!(write(&line(spans)), "@Ann <strong>x (tg://user?id=1)</strong>");
}

#[test]
fn links_to_people_and_rooms_are_read_as_they_are_written() {
    let ann = "https://matrix.to/#/@ann:example.org";
    let room = "https://matrix.to/#/!room:example.org";
    for (html, plain) in [
        // Control characters are no name, and part no words.
        (format!("<a href=\"{ann}\">\u{1}</a>"), "@ann:example.org"),
        (format!("<a href=\"{ann}\">Ann \u{1} Lee</a>"), "@Ann Lee"),
        // Breaks in links to rooms stay; those in names of people do not.
        (format!("<a href=\"{room}\">here<br>or there</a>"), "here\nor there"),
        (format!("<a href=\"{room}\"><br>here</a>"), "here"),
        (format!("<a href=\"{room}\">here<br>#tea</a>"), "here\n#tea"),
        (format!("<a href=\"{ann}\">Ann<br>Lee</a>"), "@Ann Lee"),
    ] {
        let text = read(&html);
        let shown = text.plain().replace(&format!(" ({room})"), "");
        assert_eq!(shown, plain, "{html}");
        assert_eq!(read(&write(&text)), text, "{html}");
    }
}

#[test]
fn raised_letters_change_no_number() {
    for (html, expected) in [
        ("10<sup>6</sup> km", "10⁶ km"),
        ("10<sup>-12</sup>", "10⁻¹²"),
        ("x<sup>n+1</sup>", "xⁿ⁺¹"),
        ("2<sup>nd</sup>", "2ⁿᵈ"),
        ("2<sup><b>x</b>y</sup>z", "2ˣʸz"),
        ("2<sup>a/b</sup>", "2^(a/b)"),
        ("so<sup>[1]</sup>", "so[1]"),
        ("<sup> </sup>a<sup></sup>b", "ab"),
    ] {
        assert_eq!(read(html).plain().trim_start(), expected, "{html}");
    }
}

#[test]
fn reasons_and_addresses_are_bounded() {
    let long = "r".repeat(3_000);
    let text = read(&format!("<span data-mx-spoiler=\"{long}\">x<br>y</span>"));
    let [Block::Paragraph(spans)] = &text.0[..] else { panic!("{text:?}") };
    let reason = spans[0].style.spoiler.as_ref().unwrap().reason.as_ref().unwrap();
    assert_eq!(reason.chars().count(), 100);
    let address = format!("https://example.org/{long}");
    assert_eq!(read(&format!("<a href=\"{address}\">x</a>")), RichText::plain_text("x"));
    let address: String = address.chars().take(2_048).collect();
    assert_eq!(
        read(&format!("<a href=\"{address}\">x</a>")),
        RichText::paragraph(vec![Span::link("x", &*address)])
    );
}
