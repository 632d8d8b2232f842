// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names: what stays, what goes, what looks alike.
//!
//! Rule: characters that nobody sees are written as escapes.

use bridge_model::name::{
    LONGEST, clean, defuse, first_characters, isolated, looks_like, one_line, skeleton,
};
use proptest::prelude::*;

fn cleaned(name: &str) -> Option<String> {
    clean(name, LONGEST)
}

#[test]
fn a_name_is_one_line_with_single_spaces() {
    assert_eq!(cleaned(" Ann\r\n\tLee \u{0}\u{2028}B. ").as_deref(), Some("Ann Lee B."));
}

#[test]
fn a_name_that_shows_nothing_is_none() {
    let blank = [
        "",
        " ",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
        "\u{115f}",
        "\u{1160}",
        "\u{ffa0}",
        "\u{34f}",
        "\u{2061}",
        "\u{e0041}",
        "\u{fe0f}",
        "\u{e0100}",
        "\u{200d}",
        "\u{200c}",
        "\u{180e}",
        "\u{202e}",
        "\u{200b}\u{feff}",
        "\u{a0}\u{3000}",
        "\u{fff9}",
        "\u{1d159}",
        "\u{17b4}",
        "\u{301}",
        "\u{16fe4}",
        "\u{e000a}",
        "\u{378}",
        "\u{fdd0}",
        "\u{1d173}",
        "\u{3164}\u{301}",
    ];
    for name in blank {
        assert_eq!(cleaned(name), None, "{}", name.escape_unicode());
        let repeated = name.repeat(200);
        assert_eq!(cleaned(&repeated), None, "{} 200 times", name.escape_unicode());
    }
}

#[test]
fn what_nobody_sees_is_taken_out_of_a_name() {
    for hidden in [
        "\u{ad}",
        "\u{200b}",
        "\u{2060}",
        "\u{2061}",
        "\u{e0041}",
        "\u{34f}",
        "\u{fe0f}",
        "\u{61c}",
        "\u{200e}",
        "\u{200f}",
        "\u{feff}",
        "\u{e0100}",
    ] {
        let name = format!("Tan{hidden}ja");
        assert_eq!(cleaned(&name).as_deref(), Some("Tanja"), "{}", hidden.escape_unicode());
    }
}

#[test]
fn no_name_changes_the_direction_of_what_follows() {
    for mark in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
        let name = format!("{mark}nimda{mark}");
        assert_eq!(cleaned(&name).as_deref(), Some("nimda"), "{}", mark.escape_unicode());
    }
}

#[test]
fn names_of_all_scripts_stay_as_they_are() {
    for name in [
        "Zoë Müller",
        "علی\u{200c}رضا",
        "क्\u{200d}ष",
        "নাম",
        "山田 太郎",
        "葛\u{e0100}城",
        "김철수",
        "Nguyễn",
        "👩\u{200d}👩\u{200d}👧",
        "❤\u{fe0f}",
        "👩🏽\u{200d}🚀",
        "🏳\u{fe0f}\u{200d}🌈",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "🇩🇪",
        "1\u{fe0f}\u{20e3}",
        "…",
        "\u{f8ff}",
    ] {
        assert_eq!(cleaned(name).as_deref(), Some(name), "{}", name.escape_unicode());
    }
}

#[test]
fn a_name_is_bounded_in_what_a_reader_sees_as_characters() {
    let family = "👩\u{200d}👩\u{200d}👧";
    assert_eq!(clean(&family.repeat(50), 3), Some(family.repeat(3)));
    assert_eq!(clean(&"x".repeat(1000), 64).map(|it| it.len()), Some(64));
    assert_eq!(
        clean("a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", 1).map(|it| it.chars().count()),
        Some(5)
    );
}

#[test]
fn a_filler_does_not_push_the_end_of_a_name_out_of_sight() {
    let name = format!("Tanja{}(Telegram)", "\u{3164}".repeat(125));
    assert_eq!(cleaned(&name).as_deref(), Some("Tanja (Telegram)"));
}

#[test]
fn words_without_a_visible_character_are_an_empty_line() {
    assert_eq!(one_line(" \u{3164}\n ", 10), "");
    assert_eq!(one_line("a\nb", 10), "a b");
}

#[test]
fn a_cut_by_characters_keeps_clusters_whole() {
    assert_eq!(first_characters("ab👩\u{200d}👩\u{200d}👧", 4), "ab");
    assert_eq!(first_characters("ab cd", 3), "ab");
    assert_eq!(first_characters("abc", 3), "abc");
}

#[test]
fn a_name_in_a_sentence_is_isolated() {
    assert_eq!(isolated("علی"), "\u{2068}علی\u{2069}");
}

#[test]
fn names_that_look_alike_have_one_skeleton() {
    for name in [
        "freeside",
        "FREESIDE",
        "Frееsidе",
        "Free side",
        "Free\u{200b}side",
        "Ｆｒｅｅｓｉｄｅ",
        "𝐅𝐫𝐞𝐞𝐬𝐢𝐝𝐞",
        "Freesıde",
        "FreesIde",
        "Freeslde",
        " Freeside ",
    ] {
        assert!(looks_like(name, "Freeside"), "{name} {}", skeleton(name));
    }
    assert!(!looks_like("Freesia", "Freeside"));
    assert!(!looks_like("\u{3164}", "\u{200b}"));
}

#[test]
fn a_name_that_is_an_address_is_no_link() {
    assert_eq!(defuse("alex.dev"), "alex.\u{2060}dev");
    assert_eq!(defuse("https://evil.example"), "https:\u{2060}//evil.\u{2060}example");
    assert_eq!(defuse("tg:resolve"), "tg:\u{2060}resolve");
    assert_eq!(
        defuse("@durov #tag $USD /ban a/b"),
        "@\u{2060}durov #\u{2060}tag $\u{2060}USD /\u{2060}ban a/b"
    );
}

#[test]
fn a_name_with_a_full_stop_stays_as_it_is() {
    assert_eq!(defuse("Dr. No: a life."), "Dr. No: a life.");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn cleaning_is_done_once_and_for_all(name in any::<String>(), most in 1_usize..40) {
        if let Some(once) = clean(&name, most) {
            prop_assert_eq!(clean(&once, most), Some(once));
        }
    }

    #[test]
    fn a_clean_name_is_one_bounded_line(name in "[\\PC\u{200c}\u{200d}\u{fe0f}\u{301}\u{3164}\n]{0,80}", most in 1_usize..40) {
        if let Some(once) = clean(&name, most) {
            prop_assert!(!once.contains(char::is_control));
            prop_assert!(once.chars().count() <= most * 8);
            prop_assert_eq!(once.trim(), once.as_str());
        }
    }

    #[test]
    fn a_defused_name_shows_the_same(name in "\\PC{0,40}") {
        prop_assert_eq!(defuse(&name).replace('\u{2060}', ""), name.replace('\u{2060}', ""));
    }
}
