// SPDX-License-Identifier: AGPL-3.0-or-later
//! What `privacy` and `docs/PRIVACY.md` say of how long and how much is what the code does.
//!
//! Rule: a figure that is said comes from the constant that keeps it; one that nobody has named here
//! fails.

use bridge_policy::budget::AGAIN_MS;
use bridge_policy::calendar::DAY_MS;

use super::{code, way};
use crate::i18n::{Arg, I18n, Key};
use crate::store::retention::{RETENTION, about_days};
use crate::store::{calls, figures, orphans, people, statements, visits};

const PAGE: &str = include_str!("../../../docs/PRIVACY.md");

/// Figures that stand elsewhere: of the connection to the homeserver, of the network, of an
/// operator's duty, and the name of a hash.
const NOT_OF_THE_CORE: [&str; 6] = [
    "at most 4096",
    "4096 at most",
    "waiting events 7 days",
    "up to 2 MB",
    "keep it 14 days",
    "HMAC-SHA256",
];

fn kept_days() -> u64 {
    RETENTION.as_secs() / (24 * 3600)
}

/// What the page says, as the constants have it.
fn said() -> Vec<String> {
    let days = kept_days();
    let word = |number: i64| match number {
        6 => "six".to_owned(),
        10 => "ten".to_owned(),
        number => number.to_string(),
    };
    let code = code::LIFE.as_secs() / 60;
    assert_eq!(way::LIFE, DAY_MS, "personal codes are valid for a day");
    vec![
        // A week is dropped when its last day is older, and that is looked at once a day.
        format!("{days} days; whole weeks are dropped, once a day, so at most {}", days + 8),
        format!("else {days} days after they last spoke"),
        format!("{days} days after something was typed there last"),
        format!("{days} days at most"),
        format!("removed after {days} days"),
        format!("{days} days, in whole weeks"),
        format!("as long as the message map, {days} days by default"),
        format!("at most {}; whether they have said", 2 * bridge_policy::brakes::MOST),
        format!("{days} days after their last message"),
        format!("{code} minutes valid"),
        format!("a link {} minutes", visits::LINK_MS / 60_000),
        format!("a session {} hours", visits::SESSION_MS / 3_600_000),
        format!("at most {}: user id", people::MOST),
        format!("{} minutes", word(orphans::LIFE_MS / 60_000)),
        format!("{} weeks, or until", figures::KEPT),
        format!("at most {} of a community", bridge_policy::hosts::MOST),
        format!("{} days; what was decided", bridge_policy::hosts::KEPT * 7),
        format!("{} choices of one account at most", statements::MOST),
        format!("{} days", AGAIN_MS / DAY_MS),
        format!("{} an hour at most", word(i64::try_from(calls::MOST).unwrap())),
        "(Monday, 0:00 UTC".to_owned(),
    ]
}

#[test]
fn every_figure_of_the_page_is_that_of_the_code() {
    let said = said();
    for sentence in &said {
        assert!(PAGE.contains(sentence.as_str()), "the page does not say: {sentence}");
    }
    let rows =
        PAGE.lines().filter(|line| line.starts_with('|') && line.matches(" | ").count() == 2);
    for row in rows {
        let known = said.iter().map(String::as_str).chain(NOT_OF_THE_CORE);
        let rest = known.fold(row.to_owned(), |row, sentence| row.replace(sentence, ""));
        let odd = rest.find(|c: char| c.is_ascii_digit());
        assert_eq!(odd, None, "nobody has named this figure: {rest}");
    }
}

#[test]
fn privacy_says_in_every_language_how_long_something_is_kept() {
    let i18n = I18n::embedded();
    assert_eq!(about_days(false), kept_days());
    assert_eq!(about_days(true), 7, "what is kept in whole weeks stays for one at least");
    let figures = |text: &str| -> Vec<String> {
        // Persian has digits of its own, and so has Arabic.
        let digit = |c: char, zero: u32| char::from_digit(u32::from(c).wrapping_sub(zero), 10);
        let latin = |c: char| digit(c, 0x6f0).or_else(|| digit(c, 0x660)).unwrap_or(c);
        let latin: String = text.chars().map(latin).collect();
        let numbers = latin.split(|c: char| !c.is_ascii_digit()).filter(|it| !it.is_empty());
        numbers.map(str::to_owned).collect()
    };
    for language in i18n.languages() {
        for days in [about_days(false), about_days(true)] {
            let text = i18n.plain(language, Key::PrivacyStores, &[Arg::number(days)]);
            assert_eq!(figures(&text), [days.to_string()], "{language}: {text}");
        }
        for key in [Key::Privacy, Key::PrivacyStays] {
            let text = i18n.plain(language, key, &[]);
            assert!(figures(&text).is_empty(), "{language}: {text}");
        }
    }
}
