// SPDX-License-Identifier: AGPL-3.0-or-later
//! In which language a page is.
//!
//! Rule: the one that was chosen on a page, else what the browser asks for, else that of what the page
//! is about, else the bot's. What cannot be read counts as not said.

use bot_core::i18n;
use bot_core::wording::Wording;

/// Languages of a browser that are looked at.
const MOST: usize = 20;

/// What each language calls itself.
const NAMES: [(&str, &str); 12] = [
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fa", "فارسی"),
    ("fr", "Français"),
    ("hi", "हिन्दी"),
    ("id", "Bahasa Indonesia"),
    ("it", "Italiano"),
    ("pt-br", "Português do Brasil"),
    ("ru", "Русский"),
    ("zh-hans", "简体中文"),
];

/// All languages with what they call themselves.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.into_iter()
}

/// The language of a page.
pub(crate) fn choose(
    wording: &Wording,
    (chosen, accepted): (Option<&str>, Option<&str>),
    own: Option<&str>,
) -> String {
    let chosen =
        chosen.and_then(|tag| i18n::languages().find(|code| code.eq_ignore_ascii_case(tag)));
    chosen
        .map(str::to_owned)
        .or_else(|| wished(accepted?).find_map(|tag| wording.closest(tag)))
        .or_else(|| own.map(str::to_owned))
        .unwrap_or_else(|| wording.language().to_owned())
}

/// The languages of `Accept-Language` (RFC 9110, section 12.5.4), the most welcome first.
fn wished(header: &str) -> impl Iterator<Item = &str> {
    let mut wished: Vec<(f32, &str)> = header
        .split(',')
        .take(MOST)
        .filter_map(|one| {
            let mut parts = one.split(';').map(str::trim);
            let tag = parts.next().filter(|tag| !tag.is_empty() && *tag != "*")?;
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
            (weight > 0.0).then_some((weight, tag))
        })
        .collect();
    wished.sort_by(|one, other| other.0.total_cmp(&one.0));
    wished.into_iter().map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use bot_core::i18n::I18n;

    use super::*;

    #[test]
    fn every_language_has_a_name() {
        let mut names: Vec<&str> = i18n::languages().collect();
        names.sort_unstable();
        assert_eq!(NAMES.map(|(code, _)| code).as_slice(), names);
    }

    #[test]
    fn the_language_is_the_chosen_one_else_that_of_the_browser_else_that_of_the_community() {
        let wording = Wording::new(I18n::embedded(), "id", "Freeside");
        for (chosen, accepted, own, expected) in [
            (Some("fa"), Some("de"), Some("ru"), "fa"),
            (Some("PT-BR"), None, None, "pt-br"),
            (Some("xx"), Some("de"), None, "de"),
            (Some("../../etc/passwd"), None, None, "id"),
            (None, Some("nl;q=0.9, fr-CH;q=0.8, ar;q=0.9"), Some("ru"), "ar"),
            (None, Some("en-GB"), Some("ru"), "en"),
            (None, Some("zh-TW"), None, "zh-hans"),
            (None, Some("*"), Some("ru"), "ru"),
            (None, Some(";;q=,,=;q=NaN,de;q=x"), Some("ru"), "ru"),
            (None, Some("de;q=0"), None, "id"),
            (None, None, Some("ru"), "ru"),
            (None, None, None, "id"),
        ] {
            assert_eq!(
                choose(&wording, (chosen, accepted), own),
                expected,
                "{chosen:?} {accepted:?}"
            );
        }
    }
}
