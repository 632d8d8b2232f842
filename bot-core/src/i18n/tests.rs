// SPDX-License-Identifier: AGPL-3.0-or-later
//! The language files, and what the format means.
//!
//! Rule: plurals are tried with messages in the forms that translators write.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bridge_model::{Leaf, NetworkId, Span, Style, TextCapabilities};
use serde_json::{Value, json};

use super::*;

const QQQ: &str = include_str!("../../../i18n/qqq.json");
/// Sentences that are there before the code that says them; take each out with its first use.
const KEY: Key = Key::StatusWaiting;

/// One language with one message under [`KEY`].
fn one(language: &str, message: &str) -> I18n {
    let text = json!({ KEY.name(): message }).to_string();
    I18n::from_files(&[(language, &text)]).unwrap()
}

fn refusal(message: &str) -> String {
    let text = json!({ KEY.name(): message }).to_string();
    I18n::from_files(&[("en", &text)]).err().unwrap().to_string()
}

fn texts(file: &str) -> BTreeMap<String, String> {
    let all: BTreeMap<String, Value> = serde_json::from_str(file).unwrap();
    assert!(all["@metadata"]["authors"].is_array());
    let texts = all.into_iter().filter(|(key, _)| key != "@metadata");
    texts.map(|(key, text)| (key, text.as_str().unwrap().to_owned())).collect()
}

fn used(message: &str) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    parse::values(&parse::parse(message).unwrap(), &mut used);
    used
}

/// What `message` says for each number, with nothing but the number inserted.
fn counted(language: &str, message: &str, numbers: &[u64]) -> Vec<String> {
    let i18n = one(language, message);
    numbers.iter().map(|number| i18n.plain(language, KEY, &[Arg::number(*number)])).collect()
}

#[test]
fn every_sentence_is_in_the_list_in_english_and_documented() {
    let listed: BTreeSet<&str> = Key::ALL.iter().map(|key| key.name()).collect();
    assert_eq!(listed.len(), Key::ALL.len(), "a name twice");
    for file in [FILES[0].1, QQQ] {
        let texts = texts(file);
        let names: BTreeSet<&str> = texts.keys().map(String::as_str).collect();
        assert_eq!(names, listed);
        assert!(texts.values().all(|text| !text.trim().is_empty()));
    }
}

#[test]
fn every_inserted_value_is_documented() {
    let documented = texts(QQQ);
    for (key, message) in texts(FILES[0].1) {
        let documentation = &documented[&key];
        for number in used(&message) {
            assert!(documentation.contains(&format!("\n* ${number} – ")), "{key}: ${number}");
        }
        let values = documentation.matches("\n* $").count();
        let not_used = documentation.matches("(not used)").count();
        assert_eq!(values, used(&message).len() + not_used, "{key}");
    }
}

#[test]
fn every_language_is_sound_and_inserts_no_more_than_english() {
    let english = texts(FILES[0].1);
    for (language, file) in FILES {
        I18n::from_files(&[(language, file)]).unwrap();
        for (key, message) in texts(file) {
            let of_english = used(english.get(&key).unwrap_or_else(|| panic!("{language}: {key}")));
            assert!(used(&message).is_subset(&of_english), "{language}: {key}");
        }
    }
    assert_eq!(I18n::embedded().languages().count(), FILES.len());
}

#[test]
fn descriptions_fit_into_the_menus_of_the_platforms() {
    for (language, file) in FILES {
        for (key, message) in texts(file) {
            if documented_as_menu_line(&key) {
                let fits = message.chars().count() <= 100 && !message.contains('\n');
                assert!(fits, "{language}: {key}");
            }
        }
    }
}

fn documented_as_menu_line(key: &str) -> bool {
    texts(QQQ)[key].contains("at most 100 characters")
}

#[test]
fn every_sentence_is_said_somewhere() {
    let source = sources();
    for key in Key::ALL {
        // `Key::LinkCode.on(network)` says all versions of `link-code`.
        let family = |other: &&Key| {
            key.name().starts_with(&format!("{}-", other.name()))
                && mentions(&source, &format!("Key::{other:?}.on("))
        };
        let said =
            mentions(&source, &format!("Key::{key:?}")) || Key::ALL.iter().any(|k| family(&k));
        assert!(said, "{key:?}");
    }
}

/// The code that may say something: all crates, without this module.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders: Vec<PathBuf> =
        ["src", "bot-core/src", "bridge-telegram/src", "bridge-discord/src", "pages"]
            .iter()
            .map(|folder| root.join(folder))
            .collect();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().unwrap() != "i18n" {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "rs" || extension == "html")
            {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

/// `name` stands in `text` as a whole word.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let next = text.get(at + name.len()..).and_then(|rest| rest.chars().next());
        name.ends_with('(') || !next.is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

#[test]
fn a_network_has_its_own_version_of_a_sentence_or_the_common_one() {
    assert_eq!(Key::LinkCode.on(&NetworkId::from("telegram")), Key::LinkCodeTelegram);
    assert_eq!(Key::LinkCode.on(&NetworkId::from("signal")), Key::LinkCode);
    assert_eq!(Key::Software.on(&NetworkId::from("discord")), Key::SoftwareDiscord);
}

#[test]
fn sentences_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&I18n::embedded());
}

#[test]
fn english_french_and_japanese_count_in_their_ways() {
    assert_eq!(counted("en", "{{PLURAL:$1|day|days}}", &[0, 1, 2]), ["days", "day", "days"]);
    let french = counted("fr", "$1 {{PLURAL:$1|jour|jours}}", &[0, 1, 2, 1_000_000]);
    assert_eq!(french, ["0 jour", "1 jour", "2 jours", "1\u{202f}000\u{202f}000 jours"]);
    assert_eq!(counted("ja", "$1{{PLURAL:$1|日}}", &[0, 1, 5]), ["0日", "1日", "5日"]);
}

#[test]
fn arabic_has_six_forms() {
    let message = "{{PLURAL:$1|zero|one|two|few|many|other}}";
    let said = counted("ar", message, &[0, 1, 2, 3, 10, 11, 99, 100, 102]);
    assert_eq!(said, ["zero", "one", "two", "few", "few", "many", "many", "other", "other"]);
}

#[test]
fn russian_and_polish_count_by_the_last_digits() {
    let russian = "$1 {{PLURAL:$1|день|дня|дней}}";
    assert_eq!(
        counted("ru", russian, &[1, 2, 5, 11, 21, 22, 112]),
        ["1 день", "2 дня", "5 дней", "11 дней", "21 день", "22 дня", "112 дней"]
    );
    let polish = "$1 {{PLURAL:$1|dzień|dni|dni.}}";
    assert_eq!(
        counted("pl", polish, &[1, 2, 5, 12, 21, 22]),
        ["1 dzień", "2 dni", "5 dni.", "12 dni.", "21 dni.", "22 dni"]
    );
}

#[test]
fn the_last_form_stands_for_those_that_are_not_given() {
    assert_eq!(counted("ar", "{{PLURAL:$1|a|b}}", &[0, 1, 2, 3, 100]), ["a", "b", "b", "b", "b"]);
    assert_eq!(counted("ru", "{{PLURAL:$1|только}}", &[1, 5]), ["только", "только"]);
}

#[test]
fn a_form_for_exactly_one_number_comes_first() {
    let message = "{{PLURAL:$1|0=none|12=a dozen|one|$1}}";
    assert_eq!(counted("en", message, &[0, 1, 2, 12]), ["none", "one", "2", "a dozen"]);
    assert_eq!(counted("en", "{{PLURAL:$1|0=none}}", &[0, 7]), ["none", "none"]);
}

#[test]
fn nobody_is_given_a_gender() {
    let i18n = one("en", "$1 lost {{GENDER:$1|his|her|their}} way");
    assert_eq!(i18n.say("en", KEY, &[Arg::text("Ann")]).plain(), "Ann lost their way");
}

#[test]
fn markup_of_the_message_is_shown_and_that_of_values_is_not() {
    let i18n = one("en", "'''Now''' $1: [$2 see <code>$3</code>]\n{x} $ $0 [y] a|b }}");
    let args =
        [Arg::text("'''A''' <code>[$2 b]"), Arg::url("https://example.org/"), Arg::text("/x")];
    let link = Style { link: Some("https://example.org/".into()), ..Style::default() };
    let code = Style { code: true, ..link.clone() };
    let text = |text: &str, style: Style| Span { leaf: Leaf::Text(text.into()), style };
    let expected = RichText::paragraph(vec![
        Span::bold("Now"),
        Span::text(" '''A''' <code>[$2 b]: "),
        text("see ", link),
        text("/x", code),
        Span::line_break(),
        Span::text("{x} $ $0 [y] a|b }}"),
    ]);
    assert_eq!(i18n.say("en", KEY, &args).normalise(), expected.normalise());
}

#[test]
fn a_link_leads_only_to_an_address() {
    let i18n = one("en", "[$1 here]");
    let said = i18n.say("en", KEY, &[Arg::text("https://example.org")]);
    assert_eq!(said, RichText::plain_text("here"));
    let said = i18n.plain("en", KEY, &[Arg::url("https://example.org")]);
    assert_eq!(said, "here (https://example.org)");
}

#[test]
fn values_stay_on_their_line_and_keep_their_direction() {
    let i18n = one("en", "$1 said");
    let name = "Ann\nBot: yes\u{202E}\u{2069}";
    assert_eq!(i18n.plain("en", KEY, &[Arg::text(name)]), "\u{2068}Ann Bot: yes\u{2069} said");
    assert_eq!(i18n.say("en", KEY, &[Arg::text(name)]).plain(), "Ann Bot: yes said");
    let hebrew = i18n.say("en", KEY, &[Arg::text("שלום")]).plain();
    assert_eq!(hebrew, "\u{2068}שלום\u{2069} said");
    let arabic = one("ar", "قال $1 <code>$1</code>");
    let said = arabic.say("ar", KEY, &[Arg::text("Ann")]).plain();
    assert_eq!(said, "قال \u{2068}Ann\u{2069} \u{2068}Ann\u{2069}");
}

#[test]
fn a_value_that_is_missing_shows_its_number() {
    assert_eq!(one("en", "$1 of $2").plain("en", KEY, &[Arg::number(3)]), "3 of $2");
}

#[test]
fn a_missing_sentence_comes_from_the_next_language_of_the_chain() {
    let chain = |language: &str| fallback::chain(language).join(" ");
    assert_eq!(chain("zh-hk"), "zh-hk zh-hant zh-hans zh en");
    assert_eq!(chain("pt_BR"), "pt-br pt en");
    assert_eq!(chain("pt"), "pt pt-br en");
    assert_eq!(chain("de-AT"), "de-at de en");
    assert_eq!(chain(""), "en");

    let say = |message: &str| json!({ KEY.name(): message }).to_string();
    let (english, chinese) = (say("one"), say("一"));
    let files = [("en", english.as_str()), ("zh-hans", chinese.as_str()), ("de", "{}")];
    let i18n = I18n::from_files(&files).unwrap();
    assert_eq!(i18n.plain("zh-HK", KEY, &[]), "一");
    assert_eq!(i18n.plain("de-at", KEY, &[]), "one");
    assert_eq!(i18n.plain("de", Key::Hello, &[]), "⧼hello⧽");
}

#[test]
fn a_stand_in_counts_by_the_rules_of_its_own_language() {
    let text = json!({ KEY.name(): "{{PLURAL:$1|day|days}}" }).to_string();
    let i18n = I18n::from_files(&[("en", &text)]).unwrap();
    assert_eq!(i18n.plain("ja", KEY, &[Arg::number(1)]), "day");
}

#[test]
fn a_malformed_message_is_refused_with_its_place() {
    let place = "i18n/en.json, status-waiting: ";
    for (message, reason) in [
        ("'''open", "`'''` is missing"),
        ("<code>open", "`</code>` is missing"),
        ("[$1 open", "`]` is missing"),
        ("{{PLURAL:$1|a", "`}}` is missing"),
        ("{{PLURAL:$1", "`}}` is missing"),
        ("{{PLURAL:$1}}", "{{PLURAL}} has no forms"),
        ("{{GENDER:$1}}", "{{GENDER}} has no forms"),
        ("{{PLURAL:x|a}}", "`{{PLURAL:x` is neither PLURAL nor GENDER with a value such as $1"),
        ("{{SITENAME}}", "`{{SITENAME` is neither PLURAL nor GENDER with a value such as $1"),
    ] {
        assert_eq!(refusal(message), format!("{place}{reason}"), "{message}");
    }
    assert_eq!(refusal(&"[$1 ".repeat(9)), format!("{place}more than 8 levels of markup"));
    let error = I18n::from_files(&[("de", "{\"a\": 1}")]).err().unwrap();
    assert_eq!(error.to_string(), "i18n/de.json, a: is no text");
    assert!(
        I18n::from_files(&[("de", "[]")]).err().unwrap().to_string().starts_with("i18n/de.json")
    );
}

/// A language in which every letter has an accent and every sentence is a third longer: what
/// stays plain was not translated, what breaks was too narrow.
#[test]
fn a_pseudo_language_passes_every_sentence_through() {
    let pseudo: BTreeMap<String, String> = texts(FILES[0].1)
        .into_iter()
        .map(|(key, text)| (key, accented(&parse::parse(&text).unwrap())))
        .collect();
    let file = serde_json::to_string(&pseudo).unwrap();
    let i18n = I18n::from_files(&[("qqx", &file)]).unwrap();
    let args = [Arg::url("https://x.test/"), Arg::number(2), Arg::number(3)];
    for key in Key::ALL {
        let said = i18n.say("qqx", *key, &args);
        assert!(said.plain().contains('⟦') && said.plain().contains('⟧'), "{key:?}");
        assert_eq!(said.restrict(&TextCapabilities::FULL), said, "{key:?}");
    }
    let help = i18n.plain("qqx", Key::HelpHelp, &[]);
    assert_eq!(help, "⟦Śhóẃ thíś ĺíśt⟧");
}

fn accented(nodes: &[Node]) -> String {
    fn write(nodes: &[Node], out: &mut String) {
        for node in nodes {
            match node {
                Node::Text(text) => out.extend(text.chars().map(accent)),
                Node::Break => out.push('\n'),
                Node::Arg(arg) => out.push_str(&format!("${arg}")),
                Node::Bold(inner) => around(out, "'''", inner, "'''"),
                Node::Code(inner) => around(out, "<code>", inner, "</code>"),
                Node::Link(arg, inner) => around(out, &format!("[${arg} "), inner, "]"),
                Node::Plural { forms, .. } => write(forms.last().unwrap(), out),
            }
        }
    }
    fn around(out: &mut String, before: &str, inner: &[Node], after: &str) {
        out.push_str(before);
        write(inner, out);
        out.push_str(after);
    }
    let mut out = "⟦".to_owned();
    write(nodes, &mut out);
    out + "⟧"
}

fn accent(letter: char) -> char {
    let plain = "aeiounszclwSAEIO";
    let accented = "áéíóúńśźćĺẃŚÁÉÍÓ";
    let found = plain.chars().zip(accented.chars()).find(|(from, _)| *from == letter);
    found.map_or(letter, |(_, to)| to)
}

/// What is said in English only.
const ENGLISH_ONLY: &[&str] = &["in-english"];

#[test]
fn twelve_languages_have_every_text() {
    let english = texts(FILES[0].1);
    assert_eq!(FILES.len(), 12);
    for (language, file) in FILES {
        let there = texts(file);
        let wanted = |key: &&String| !ENGLISH_ONLY.contains(&key.as_str());
        let missing: Vec<&String> =
            english.keys().filter(wanted).filter(|key| !there.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}

/// Values as hostile as people's names are: long, in both directions, with markup.
fn values(message: &str, number: u64) -> Vec<Arg> {
    let names = [
        "أحمد (مدير)",
        "Wolfeschlegelsteinhausenbergerdorff-Llanfairpwllgwyngyll",
        "<b>''x''</b> [y]",
    ];
    (1..=9)
        .map(|at| {
            if message.contains(&format!("PLURAL:${at}")) {
                Arg::number(number)
            } else if message.contains(&format!("[${at} ")) {
                Arg::url("https://matrix.to/#/!room:example.org")
            } else {
                Arg::text(names[at % names.len()])
            }
        })
        .collect()
}

#[test]
fn every_text_in_every_language_as_people_see_it() {
    let english = texts(FILES[0].1);
    let all = I18n::embedded();
    for (language, file) in FILES {
        let there = texts(file);
        let mut shown = String::new();
        for key in Key::ALL.iter().filter(|key| there.contains_key(key.name())) {
            let counts: &[u64] = if english[key.name()].contains("PLURAL:") {
                &[0, 1, 2, 3, 5, 11, 100]
            } else {
                &[3]
            };
            for count in counts {
                let args = values(&english[key.name()], *count);
                let text = all.say(language, *key, &args).plain();
                assert!(!text.contains("⧼") && !text.contains("{{"), "{language}: {text}");
                shown.push_str(&format!("{}: {text}\n", key.name()));
            }
        }
        insta::assert_snapshot!(format!("texts_{}", language.replace('-', "_")), shown);
    }
}

#[test]
fn a_client_is_answered_in_the_closest_language() {
    let all = I18n::embedded();
    for (tag, code) in [
        ("de", Some("de")),
        ("de-AT", Some("de")),
        ("pt", Some("pt-br")),
        ("pt-BR", Some("pt-br")),
        ("zh-CN", Some("zh-hans")),
        ("zh-TW", Some("zh-hans")),
        ("en-GB", Some("en")),
        ("sw", None),
    ] {
        assert_eq!(all.closest(tag).as_deref(), code, "{tag}");
    }
}
