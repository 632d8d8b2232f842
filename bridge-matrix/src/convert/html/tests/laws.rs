// SPDX-License-Identifier: AGPL-3.0-or-later
//! The laws of the converters, for Matrix HTML.
//!
//! Rule: 10,000 cases each; the environment variable `PROPTEST_CASES` sets another number.

use bridge_model::text::arbitrary::{literal, raw_text, rich_text};
use bridge_model::{Mention, Person, RichText, TextCapabilities};
use proptest::prelude::*;

use super::super::super::{CAPABILITIES, NETWORK, native};
use super::super::{read, shown, write};

fn config() -> ProptestConfig {
    // proptest itself reads the variable into its default.
    let default = ProptestConfig::default();
    let cases = if default.cases == 256 { 10_000 } else { default.cases };
    ProptestConfig { cases, failure_persistence: None, ..default }
}

/// The strategies number people; Matrix has addresses.
fn with_addresses(text: RichText) -> RichText {
    text.map_mentions(&mut |mention| match mention {
        Mention::Person { who, name } if !who.user.as_str().starts_with('@') => {
            let user = format!("@{}:example.org", who.user.as_str());
            Mention::Person { who: Person::new(NETWORK, user), name }
        }
        same @ (Mention::Person { .. }
        | Mention::Everyone
        | Mention::Role { .. }
        | Mention::Chat { .. }) => same,
    })
}

fn matrix_text() -> impl Strategy<Value = RichText> {
    // Nobody sends a link of which nobody sees anything: it shows its address. One whose words are
    // another address is written out.
    rich_text(CAPABILITIES.text, NETWORK)
        .prop_map(|text| with_addresses(text.label_links()))
        .prop_filter("no disguise", |text| text.disguised_links().is_empty())
}

fn any_text() -> impl Strategy<Value = RichText> {
    prop_oneof![raw_text(NETWORK).prop_map(with_addresses), raw_text("elsewhere")]
}

const TAGS: &[&str] = &[
    "p",
    "div",
    "b",
    "strong",
    "em",
    "u",
    "del",
    "sub",
    "sup",
    "code",
    "pre",
    "span",
    "a",
    "ul",
    "ol",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "td",
    "th",
    "caption",
    "details",
    "summary",
    "hr",
    "br",
    "blockquote",
    "h1",
    "h3",
    "img",
    "mx-reply",
    "script",
    "style",
    "svg",
    "font",
];
const ATTRIBUTES: &[&str] = &[
    "",
    " ",
    " href=\"https://example.org/\"",
    " href='https://matrix.to/#/@a:b'",
    " start=3",
    " href=https://matrix.to/#/%23a:b",
    " data-mx-spoiler",
    " data-mx-spoiler=\"x\"",
    " data-mx-maths=\"x^2\"",
    " class=\"language-c\"",
    " src=mxc://a/b alt=:x: height=32",
    "/",
    " href=javascript:x",
    "\"",
    " a=\"<b>",
];
/// Strings that look like HTML more or less.
fn html() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        5 => (proptest::sample::select(TAGS), proptest::sample::select(ATTRIBUTES))
            .prop_map(|(tag, attribute)| format!("<{tag}{attribute}>")),
        4 => proptest::sample::select(TAGS).prop_map(|tag| format!("</{tag}>")),
        4 => literal(),
        1 => "[ -~]{0,6}",
        1 => proptest::sample::select(vec!["&nbsp;", " ", "\n", "&#0;", "&#x110000;", "&", "<!--"])
            .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(config())]

    /// Law 1, and reading what was read gives the same again.
    #[test]
    fn any_html_is_read_and_stays_what_it_is(html in html()) {
        let text = native::native(&read(&html));
        prop_assert_eq!(read(&write(&text)), text, "{}", html);
    }

    /// Law 1.
    #[test]
    fn any_string_is_read(html in any::<String>()) {
        read(&html);
    }

    /// Laws 2 and 3.
    #[test]
    fn what_matrix_can_show_survives(text in matrix_text()) {
        let html = write(&text);
        let back = read(&html);
        prop_assert_eq!(back.plain(), text.plain(), "{}", html);
        prop_assert_eq!(back, text, "{}", html);
    }

    /// Laws 2 and 3, with degrading.
    #[test]
    fn any_text_survives_as_far_as_matrix_can_show_it(text in any_text()) {
        let html = write(&text);
        let shown = shown(&text);
        let back = read(&html);
        prop_assert_eq!(back.plain(), shown.plain(), "{}", html);
        prop_assert_eq!(back, shown, "{}", html);
    }

    /// Law 4.
    #[test]
    fn literal_text_never_becomes_markup(literal in literal()) {
        let text = RichText::plain_text(&literal).normalise();
        let html = write(&text);
        prop_assert_eq!(&read(&html), &text, "{}", html);
        prop_assert!(!html.replace("<p>", "").replace("</p>", "").replace("<br>", "").contains('<'));
    }

    /// Law 6: addressing people of other networks, or everybody, never becomes a link to
    /// an account.
    #[test]
    fn nobody_of_another_network_is_addressed(text in raw_text("elsewhere")) {
        prop_assert_eq!(native::mentioned(&text), (Vec::new(), false));
        let back = read(&write(&text));
        prop_assert_eq!(back.mentions().count(), 0);
    }
}

/// Law 7: none of these has an effect.
#[test]
fn tags_that_are_not_in_the_specification_have_no_effect() {
    for tag in ["font", "marquee", "svg", "object", "section", "button", "x-y", "big", "ins"] {
        let html = format!("a <{tag} style=\"color:red\" onclick=\"x\">b</{tag}> c");
        assert_eq!(read(&html), RichText::plain_text("a b c"), "{tag}");
    }
    assert_eq!(
        read("<b><i><u><s><code><sub><font>x"),
        read("<font><b><i><u><s><code><sub>x</marquee>"),
    );
}

#[test]
fn all_of_matrix_is_shown() {
    let full = TextCapabilities::FULL;
    assert_eq!(
        TextCapabilities { expandable_quotes: true, timestamps: true, ..CAPABILITIES.text },
        full
    );
}
