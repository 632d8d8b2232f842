// SPDX-License-Identifier: AGPL-3.0-or-later
//! The name that a webhook shows.
//!
//! Rule: the person's own name, changed only where Discord would refuse it.

use bot_core::wording::label;
use bridge_model::NetworkId;
use bridge_model::name::{clean, first_characters, looks_like};

/// Discord's limit of characters.
const MOST: usize = 80;

/// What its webhooks are called, and the bot where nobody has chosen another name.
const OURS: &str = "Freeside";

/// Goes into a word that Discord refuses; nobody sees it.
const JOINER: char = '\u{200D}';

/// A name that Discord accepts for a webhook.
///
/// See <https://discord.com/developers/docs/resources/webhook#create-webhook> and
/// <https://discord.com/developers/docs/resources/user#usernames-and-nicknames>.
pub fn username(name: &str) -> String {
    let mut out = clean(name, MOST).unwrap_or_default();
    for word in ["discord", "clyde"] {
        out = broken(&out, word);
    }
    if matches!(out.to_lowercase().as_str(), "everyone" | "here") {
        out.insert(1, JOINER);
    }
    let out = first_characters(&out, MOST).trim_end();
    if out.is_empty() { "…".to_owned() } else { out.to_owned() }
}

/// The name of a person of `network` on a webhook. One that a reader could take for that of the
/// `bot` says where the person is: all messages of ours have the same mark of an app.
pub fn webhook_name(name: &str, network: &NetworkId, bot: &str) -> String {
    let shown = username(name);
    if ![bot, OURS].iter().any(|ours| looks_like(&shown, ours)) {
        return shown;
    }
    let mark = format!(" ({})", label(network));
    let room = MOST.saturating_sub(mark.chars().count());
    format!("{}{mark}", first_characters(&shown, room))
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
    use super::{username, webhook_name};

    #[test]
    fn whoever_is_called_like_the_bot_has_a_mark() {
        let of = |name| webhook_name(name, &"matrix".into(), "Our bridge");
        for name in ["Freeside", " freeside ", "FREESIDE", "Free\u{200b}side", "Our bridge"] {
            assert!(of(name).ends_with(" (Matrix)"), "{}", of(name));
        }
        assert_eq!(of("Freesider"), "Freesider");
    }

    #[test]
    fn a_name_stays_as_it_is() {
        assert_eq!(username("Zoë **Müller** @here"), "Zoë **Müller** @here");
    }

    #[test]
    fn what_discord_refuses_is_broken() {
        for name in ["Discord fan", "xCLYDEx", "everyone", "discorddiscord"] {
            let shown = username(name);
            assert!(!shown.to_lowercase().contains("discord"), "{shown}");
            assert!(!shown.to_lowercase().contains("clyde"), "{shown}");
            assert_ne!(shown, "everyone");
        }
    }

    #[test]
    fn a_long_or_empty_name_becomes_valid() {
        assert_eq!(username(&"😀".repeat(100)).chars().count(), 80);
        assert_eq!(username(" \n "), "…");
    }
}
