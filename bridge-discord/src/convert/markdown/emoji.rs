// SPDX-License-Identifier: AGPL-3.0-or-later
//! The emoji that a program writes by its name: `:tada:`, `:wave_tone3:`, `:wave::skin-tone-3:`.
//!
//! Rule: a name that is not known is text. The names are those of GitHub and Discord; where Discord
//! has one of its own, it stands here.

use emojis::{Emoji, SkinTone};

/// The longest name, in characters.
const LONGEST: usize = 48;

/// Discord's names that GitHub does not have, with the ones that it has.
const ALIASES: [(&str, &str); 46] = [
    ("slight_smile", "🙂"),
    ("slightly_smiling", "🙂"),
    ("slight_frown", "🙁"),
    ("frowning2", "☹"),
    ("smiling_face", "☺"),
    ("hugging", "🤗"),
    ("thinking_face", "🤔"),
    ("upside_down", "🙃"),
    ("rolling_eyes", "🙄"),
    ("nerd", "🤓"),
    ("cowboy", "🤠"),
    ("clown", "🤡"),
    ("money_mouth", "🤑"),
    ("zipper_mouth", "🤐"),
    ("head_bandage", "🤕"),
    ("thermometer_face", "🤒"),
    ("robot_face", "🤖"),
    ("skull_crossbones", "☠"),
    ("first_place", "🥇"),
    ("second_place", "🥈"),
    ("third_place", "🥉"),
    ("medal", "🏅"),
    ("military_medal", "🎖"),
    ("tickets", "🎟"),
    ("timer", "⏲"),
    ("clock", "🕰"),
    ("calendar_spiral", "🗓"),
    ("notepad_spiral", "🗒"),
    ("newspaper2", "🗞"),
    ("speech_left", "🗨"),
    ("tools", "🛠"),
    ("desktop", "🖥"),
    ("mouse_three_button", "🖱"),
    ("frame_photo", "🖼"),
    ("map", "🗺"),
    ("park", "🏞"),
    ("island", "🏝"),
    ("satellite_orbital", "🛰"),
    ("dividers", "🗂"),
    ("card_box", "🗃"),
    ("key2", "🗝"),
    ("spy", "🕵"),
    ("levitate", "🕴"),
    ("fingers_crossed", "🤞"),
    ("call_me", "🤙"),
    ("raised_back_of_hand", "🤚"),
];

/// Reads the name between colons at `at`: the emoji, and where it ends.
pub(super) fn named(chars: &[char], at: usize) -> Option<(String, usize)> {
    let (name, end) = between_colons(chars, at)?;
    let (plain, tone) = split_tone(&name);
    let tone = tone.map(|tone| (tone, end)).or_else(|| tone_behind(chars, end));
    let emoji = known(plain).or_else(|| known(&name))?;
    Some(match tone.and_then(|(tone, end)| Some((emoji.with_skin_tone(tone)?, end))) {
        Some((toned, end)) => (toned.as_str().to_owned(), end),
        None => (emoji.as_str().to_owned(), end),
    })
}

fn between_colons(chars: &[char], at: usize) -> Option<(String, usize)> {
    let inside = chars.get(at + 1..).filter(|_| chars.get(at) == Some(&':'))?;
    let in_name = |c: &&char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let name: String = inside.iter().take(LONGEST).take_while(in_name).collect();
    let end = at + 1 + name.len();
    (!name.is_empty() && chars.get(end) == Some(&':')).then_some((name, end + 1))
}

fn known(name: &str) -> Option<&'static Emoji> {
    let own = ALIASES.iter().find(|(alias, _)| *alias == name);
    if let Some((_, emoji)) = own {
        return emojis::get(emoji);
    }
    // `:flag_de:`; GitHub has the name of the country or its letters.
    let flag = name.strip_prefix("flag_").filter(|country| country.len() == 2);
    match flag {
        Some(country) => {
            let letter = |c: char| char::from_u32(u32::from(c).checked_sub(97)? + 0x1f1e6);
            emojis::get(&country.chars().filter_map(letter).collect::<String>())
        }
        None => emojis::get_by_shortcode(name),
    }
}

/// `wave_tone3` is `wave` in the third of five shades.
fn split_tone(name: &str) -> (&str, Option<SkinTone>) {
    let split = name.rsplit_once("_tone");
    match split.and_then(|(plain, number)| Some((plain, tone(number, 1)?))) {
        Some((plain, tone)) => (plain, Some(tone)),
        None => (name, None),
    }
}

/// `:skin-tone-2:` to `:skin-tone-6:` behind an emoji.
fn tone_behind(chars: &[char], at: usize) -> Option<(SkinTone, usize)> {
    let (name, end) = between_colons(chars, at)?;
    Some((tone(name.strip_prefix("skin-tone-")?, 2)?, end))
}

fn tone(number: &str, lightest: usize) -> Option<SkinTone> {
    let tones = [
        SkinTone::Light,
        SkinTone::MediumLight,
        SkinTone::Medium,
        SkinTone::MediumDark,
        SkinTone::Dark,
    ];
    tones.get(number.parse::<usize>().ok()?.checked_sub(lightest)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(words: &str) -> Option<(String, usize)> {
        named(&words.chars().collect::<Vec<_>>(), 0)
    }

    #[test]
    fn every_name_of_our_own_is_an_emoji() {
        for (name, emoji) in ALIASES {
            assert!(known(name).is_some(), "{name} {emoji}");
        }
    }

    #[test]
    fn a_name_is_drawn_with_its_shade() {
        for (words, emoji) in [
            (":tada: x", "🎉"),
            (":+1:", "👍"),
            (":white_check_mark:", "✅"),
            (":slight_smile:", "🙂"),
            (":flag_de:", "🇩🇪"),
            (":wave_tone3:", "👋🏽"),
            (":wave::skin-tone-6:", "👋🏿"),
            (":tada::skin-tone-6:", "🎉"),
        ] {
            assert_eq!(drawn(words).map(|it| it.0).as_deref(), Some(emoji), "{words}");
        }
        for words in [":30:", "::", ":no such name:", ":nosuchname:", ":tada", "tada:"] {
            assert_eq!(drawn(words), None, "{words}");
        }
    }
}
