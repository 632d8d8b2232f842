// SPDX-License-Identifier: AGPL-3.0-or-later
//! The one reaction that a bot may have on a message.
//!
//! Rule: a bot may react with the emoji of a fixed list only,
//! <https://core.telegram.org/bots/api#reactiontypeemoji>, and with one of them at a time.

use bridge_model::Reaction;

/// The emoji of the platform's list, without variation selectors, parted by spaces.
const AVAILABLE: &str = "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 \
     🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 \
     💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡";

/// Asks for the presentation as a picture; people's keyboards send it, the list does not have it.
const PICTURE: char = '\u{fe0f}';

/// The list's own spelling of `reaction`; `None` when a bot cannot react with it.
pub fn available(reaction: &Reaction) -> Option<String> {
    let Reaction::Emoji(emoji) = reaction else { return None };
    let plain: String = emoji.chars().filter(|it| *it != PICTURE).collect();
    AVAILABLE.split_whitespace().find(|it| *it == plain).map(str::to_owned)
}

/// The reactions that a bot can have, the most frequent first; of equally frequent ones the newest
/// first. A chat may allow only some of them.
///
/// `reactions` are oldest first.
pub fn by_frequency<'a>(reactions: impl IntoIterator<Item = &'a Reaction>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for emoji in reactions.into_iter().filter_map(available) {
        // Taken out and put in front, so that the newest stands first.
        let before = counts.iter().position(|(it, _)| *it == emoji).map(|at| counts.remove(at));
        counts.insert(0, (emoji, before.map_or(0, |(_, count)| count) + 1));
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(emoji, _)| emoji).collect()
}

#[cfg(test)]
mod reactions_tests {
    use super::*;

    fn emoji(it: &str) -> Reaction {
        Reaction::Emoji(it.to_owned())
    }

    #[test]
    fn a_variation_selector_makes_no_difference() {
        assert_eq!(available(&emoji("❤\u{fe0f}")).as_deref(), Some("❤"));
        assert_eq!(available(&emoji("🤷\u{200d}♂\u{fe0f}")).as_deref(), Some("🤷\u{200d}♂"));
        assert_eq!(available(&emoji("❤\u{fe0f}\u{200d}🔥")).as_deref(), Some("❤\u{200d}🔥"));
    }

    #[test]
    fn what_is_not_in_the_list_is_not_available() {
        assert_eq!(available(&emoji("🥦")), None);
        assert_eq!(available(&emoji("well said")), None);
        assert_eq!(available(&emoji("")), None);
        let custom = Reaction::Custom { id: "1".to_owned(), name: "👍".to_owned() };
        assert_eq!(available(&custom), None);
    }

    #[test]
    fn the_most_frequent_comes_first_and_the_newest_of_equals() {
        let many = [emoji("👍"), emoji("🔥"), emoji("👍")];
        assert_eq!(by_frequency(&many), ["👍", "🔥"]);
        let equal = [emoji("👍"), emoji("🔥")];
        assert_eq!(by_frequency(&equal), ["🔥", "👍"]);
        assert_eq!(by_frequency(&[emoji("🥦")]), Vec::<String>::new());
    }
}
