// SPDX-License-Identifier: AGPL-3.0-or-later
//! Numbers and days as a language writes them, by CLDR.
//!
//! Rule: what is to be typed again (days in commands) is not shown by this.

use bridge_policy::calendar::Date;
use icu_datetime::DateTimeFormatter;
use icu_datetime::fieldsets::YMD;
use icu_datetime::input::Date as Day;
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::Locale;

/// The ways of one language. Only its name is kept: formatters cannot be shared between threads,
/// and their data are compiled in.
pub(super) struct Figures(Option<Locale>);

impl Figures {
    /// The ways of `language`; a code that is no language writes as programs do.
    pub(super) fn of(language: &str) -> Self {
        Self(Locale::try_from_str(language).ok())
    }

    /// A number, in groups.
    pub(super) fn number(&self, number: u64) -> String {
        let formatter = self
            .0
            .as_ref()
            .and_then(|locale| DecimalFormatter::try_new(locale.into(), Default::default()).ok());
        match formatter {
            Some(formatter) => formatter.format(&Decimal::from(number)).to_string(),
            None => number.to_string(),
        }
    }

    /// A day with the name of its month, in the calendar of the language.
    pub(super) fn day(&self, date: Date) -> String {
        let formatter = self
            .0
            .as_ref()
            .and_then(|locale| DateTimeFormatter::try_new(locale.into(), YMD::long()).ok());
        let day = Day::try_new_iso(date.year, date.month, date.day).ok();
        match formatter.zip(day) {
            Some((formatter, day)) => formatter.format(&day).to_string(),
            None => date.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bridge_policy::calendar::Date;

    use crate::i18n::{Arg, I18n, Key};

    #[test]
    fn days_and_numbers_are_written_as_each_language_does() {
        let day = Date { year: 2026, month: 11, day: 8 };
        for (language, wanted) in [
            ("en", "November 8, 2026, 12,345"),
            ("ar", "8 نوفمبر 2026, 12,345"),
            ("de", "8. November 2026, 12.345"),
            ("es", "8 de noviembre de 2026, 12.345"),
            ("fa", "۱۷ آبان ۱۴۰۵, ۱۲٬۳۴۵"),
            ("fr", "8 novembre 2026, 12\u{202f}345"),
            ("hi", "8 नवंबर, 2026, 12,345"),
            ("id", "8 November 2026, 12.345"),
            ("it", "8 novembre 2026, 12.345"),
            ("pt-br", "8 de novembro de 2026, 12.345"),
            ("ru", "8 ноября 2026\u{202f}г., 12\u{a0}345"),
            ("zh-hans", "2026年11月8日, 12,345"),
        ] {
            let text = format!("{{\"{}\": \"$1, $2\"}}", Key::Unlinked.name());
            let i18n = I18n::from_files(&[(language, &text)]).unwrap();
            let said = i18n.plain(language, Key::Unlinked, &[Arg::day(day), Arg::number(12345)]);
            assert_eq!(said.replace(['\u{2068}', '\u{2069}'], ""), wanted, "{language}");
        }
        // What is typed again stays as it is typed.
        let text = format!("{{\"{}\": \"<code>$1 $2</code>\"}}", Key::Unlinked.name());
        let i18n = I18n::from_files(&[("fa", &text)]).unwrap();
        let said = i18n.plain("fa", Key::Unlinked, &[Arg::day(day), Arg::number(12345)]);
        assert_eq!(said, "\u{2068}2026-11-08 12345\u{2069}");
    }
}
