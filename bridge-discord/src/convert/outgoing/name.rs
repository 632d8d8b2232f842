// SPDX-License-Identifier: AGPL-3.0-or-later
//! The name that a webhook shows.
//!
//! Rule: the person's own name, changed only where Discord would refuse it.

use bridge_model::name;

/// Discord's limit of characters.
const MOST: usize = 80;

/// Goes into a word that Discord refuses; nobody sees it.
const JOINER: char = '\u{200D}';

/// The name that the bot's webhooks and its account have by default.
const BOT: &str = "Freeside";

/// A name that Discord accepts for a webhook. One that looks like the bot's own gets
/// `network`, where the person is, behind it: a webhook shows the same mark as the bot.
///
/// See <https://discord.com/developers/docs/resources/webhook#create-webhook> and
/// <https://discord.com/developers/docs/resources/user#usernames-and-nicknames>.
pub fn username(shown: &str, network: &str) -> String {
    let mut out = name::clean(shown, MOST).unwrap_or_else(|| "…".to_owned());
    if name::looks_like(&out, BOT) {
        out = format!("{out} ({network})");
    }
    for word in ["discord", "clyde"] {
        out = broken(&out, word);
    }
    if matches!(out.to_lowercase().as_str(), "everyone" | "here") {
        out.insert(1, JOINER);
    }
    name::first_characters(&out, MOST).to_owned()
}

/// `text` with a joiner after the first letter of every `word`.
fn broken(text: &str, word: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().enumerate() {
        out.push(*c);
        let here = chars.iter().skip(at).take(word.len());
        if here.map(char::to_ascii_lowercase).eq(word.chars()) {
            out.push(JOINER);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::username;

    #[test]
    fn a_name_stays_as_it_is() {
        assert_eq!(username("Zoë **Müller** @here", "Matrix"), "Zoë **Müller** @here");
    }

    #[test]
    fn what_discord_refuses_is_broken() {
        for name in ["Discord fan", "xCLYDEx", "everyone", "discorddiscord"] {
            let shown = username(name, "Matrix");
            assert!(!shown.to_lowercase().contains("discord"), "{shown}");
            assert!(!shown.to_lowercase().contains("clyde"), "{shown}");
            assert_ne!(shown, "everyone");
        }
    }

    #[test]
    fn a_long_or_empty_name_becomes_valid() {
        assert_eq!(username(&"😀".repeat(100), "Matrix").chars().count(), 80);
        assert_eq!(username(" \n ", "Matrix"), "…");
    }

    #[test]
    fn a_name_that_shows_nothing_is_no_name() {
        assert_eq!(username("\u{3164}\u{ad}", "Matrix"), "…");
        assert_eq!(username("\u{202e}nimda", "Matrix"), "nimda");
    }

    #[test]
    fn nobody_has_the_name_of_the_bot() {
        for name in ["Freeside", "FREESIDE", "Frееside", "Free\u{ad}side"] {
            assert!(username(name, "Matrix").ends_with(" (Matrix)"), "{name}");
        }
    }
}
