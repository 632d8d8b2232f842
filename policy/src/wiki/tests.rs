// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is found and what is not.

use bridge_model::RichText;
use proptest::prelude::*;

use super::*;

fn at(home: &str, text: &str) -> Vec<String> {
    let home = Wiki::read(home).unwrap();
    found(&RichText::plain_text(text), &home)
        .into_iter()
        .map(|it| format!("{} {}", it.label, it.url))
        .collect()
}

fn urls(home: &str, text: &str) -> Vec<String> {
    let home = Wiki::read(home).unwrap();
    found(&RichText::plain_text(text), &home).into_iter().map(|it| it.url).collect()
}

#[test]
fn links_lead_to_the_wiki_of_the_room() {
    assert_eq!(
        at("de", "siehe [[Wikipedia:Café|hier]] und [[Köln#Dom und Rhein]]"),
        [
            "Wikipedia:Café https://de.wikipedia.org/wiki/Wikipedia:Caf%C3%A9",
            "Köln#Dom und Rhein https://de.wikipedia.org/wiki/K%C3%B6ln#Dom_und_Rhein",
        ]
    );
    assert_eq!(
        urls("meta", "[[Talk:Movement Strategy]]"),
        ["https://meta.wikimedia.org/wiki/Talk:Movement_Strategy"]
    );
    assert_eq!(urls("wikt:fr", "[[chat]]"), ["https://fr.wiktionary.org/wiki/chat"]);
    assert_eq!(urls("de", "[[AT&T?]]"), ["https://de.wikipedia.org/wiki/AT%26T%3F"]);
}

#[test]
fn prefixes_lead_elsewhere() {
    for (home, text, url) in [
        ("de", "[[en:Cologne]]", "https://en.wikipedia.org/wiki/Cologne"),
        ("de", "[[:en:Cologne]]", "https://en.wikipedia.org/wiki/Cologne"),
        ("de", "[[wikt:Dom]]", "https://de.wiktionary.org/wiki/Dom"),
        ("de", "[[wikt:fr:chat]]", "https://fr.wiktionary.org/wiki/chat"),
        ("de", "[[c:File:Dom.jpg]]", "https://commons.wikimedia.org/wiki/File:Dom.jpg"),
        ("meta", "[[w:Rhine]]", "https://en.wikipedia.org/wiki/Rhine"),
        ("meta", "[[wikipedia:de:Rhein]]", "https://de.wikipedia.org/wiki/Rhein"),
        ("meta", "[[fr:]]", "https://fr.wikipedia.org/wiki/Main_Page"),
        (
            "commons",
            "[[Commons:Village pump]]",
            "https://commons.wikimedia.org/wiki/Commons:Village_pump",
        ),
        ("en", "[[MediaWiki:Common.js]]", "https://en.wikipedia.org/wiki/MediaWiki:Common.js"),
        ("en", "[[MOS:DASH]]", "https://en.wikipedia.org/wiki/MOS:DASH"),
        ("en", "[[WP:AGF]]", "https://en.wikipedia.org/wiki/WP:AGF"),
    ] {
        assert_eq!(urls(home, text), [url], "{text} in {home}");
    }
}

#[test]
fn templates_are_pages_and_magic_words_are_not() {
    assert_eq!(
        at("en", "use {{Cite web|url=x}}"),
        ["{{Cite web}} https://en.wikipedia.org/wiki/Template:Cite_web"]
    );
    assert_eq!(urls("en", "{{subst:Welcome}}"), ["https://en.wikipedia.org/wiki/Template:Welcome"]);
    assert_eq!(urls("en", "{{User:Ann/Box}}"), ["https://en.wikipedia.org/wiki/User:Ann/Box"]);
    assert_eq!(urls("en", "{{:Cologne}}"), ["https://en.wikipedia.org/wiki/Cologne"]);
    assert_eq!(urls("en", "{{ISBN}}"), ["https://en.wikipedia.org/wiki/Template:ISBN"]);
    for magic in ["{{#if:x|y}}", "{{PAGENAME}}", "{{PLURAL:$1|a|b}}", "{{{1}}}", "{{}}", "{{ns:3}}"]
    {
        assert_eq!(urls("en", magic), Vec::<String>::new(), "{magic}");
    }
}

#[test]
fn tasks_and_ids_stand_by_themselves() {
    let text = "See T123456, (Q42) and P31; L99-F1 too, T123#456.";
    assert_eq!(
        urls("en", text),
        [
            "https://phabricator.wikimedia.org/T123456",
            "https://www.wikidata.org/wiki/Q42",
            "https://www.wikidata.org/wiki/Property:P31",
            "https://www.wikidata.org/wiki/Lexeme:L99#F1",
            "https://phabricator.wikimedia.org/T123#456",
        ]
    );
    let nothing = "Q3 2026, P1 bug, T12, L10n, iT12345, https://x.org/T12345 and /Q42, T12345678, \
                   T0123, ABQ42, Q42x, T123-4, user@Q42, [[Q]]x #T1234";
    let found = urls("en", nothing);
    assert_eq!(found, ["https://en.wikipedia.org/wiki/Q"]);
}

#[test]
fn what_is_quoted_or_code_is_not_answered() {
    use bridge_model::{Block, Span, Style};
    let code =
        Span { style: Style { code: true, ..Style::default() }, ..Span::text("[[Foo]] T1234") };
    let quote = Block::Quote {
        blocks: vec![Block::Paragraph(vec![Span::text("T1234")])],
        expandable: false,
    };
    let text = RichText(vec![quote, Block::Paragraph(vec![code])]);
    assert!(!is_worth_it(&text));
    assert_eq!(found(&text, &Wiki::read("en").unwrap()), []);
}

#[test]
fn each_page_once_and_few_of_them() {
    assert_eq!(urls("en", "[[A]] [[A]] [[a|b]] T1234 T1234").len(), 3);
    let many: String = (100..150).map(|n| format!("T{n} ")).collect();
    assert_eq!(urls("en", &many).len(), MOST);
}

#[test]
fn broken_brackets_are_no_links() {
    for broken in [
        "[[", "[[]]", "[[ ]]", "[[a", "[[a\nb]]", "[[a{b]]", "[[#x]]", "{{", "{{a", "[[ [[",
        "[[|a]]",
    ] {
        assert_eq!(urls("en", broken), Vec::<String>::new(), "{broken:?}");
    }
    assert_eq!(urls("en", "[[a [[B]] c]]"), ["https://en.wikipedia.org/wiki/B"]);
}

#[test]
fn a_prefix_is_read_as_it_is_written() {
    for prefix in ["w:de", "wikt:fr", "meta", "commons", "wikidata", "mw", "voy:it"] {
        assert_eq!(Wiki::read(prefix).unwrap().prefix(), prefix);
    }
    assert_eq!(Wiki::read("de").unwrap().prefix(), "w:de");
    assert_eq!(Wiki::read(":fr:").unwrap().prefix(), "w:fr");
    for wrong in ["", "x1", "de:nothing", "https://de.wikipedia.org"] {
        assert_eq!(Wiki::read(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn whatever_is_said_gives_addresses_of_wikimedia(text in "[\\[\\]{}|:#TQPLa-zé0-9 \n]{0,60}") {
        for url in urls("de", &text) {
            let read = url.split("//").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
            let known = ["wikipedia.org", "wiktionary.org", "wikimedia.org", "wikidata.org", "wikibooks.org",
                "wikinews.org", "wikiquote.org", "wikisource.org", "wikiversity.org", "wikivoyage.org",
                "mediawiki.org", "wikifunctions.org"];
            prop_assert!(known.iter().any(|it| read.ends_with(it)), "{url}");
            prop_assert!(url.is_ascii() && !url.contains(['<', '>', '"', ' ', '[', ']']), "{url}");
        }
    }
}
