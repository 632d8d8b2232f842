// SPDX-License-Identifier: AGPL-3.0-or-later
//! The laws of the converters (DESIGN.md), for Telegram's text with entities.
//!
//! Rule: 10,000 cases each; `PROPTEST_CASES` in the environment overrides the number.

use bridge_model::text::arbitrary::{literal, raw_text, rich_text};
use bridge_model::{Mention, RichText};
use bridge_telegram::convert::entities::{CAPABILITIES, MAX_ENTITIES};
use bridge_telegram::convert::outgoing::{MAX_CAPTION, MAX_TEXT, split};
use bridge_telegram::convert::{TelegramText, from_telegram, from_wire, to_telegram};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use teloxide::types::{MessageEntity, MessageEntityKind as Kind, User, UserId};

const NETWORK: &str = "telegram";

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default,
        None => ProptestConfig { cases: 10_000, ..default },
    }
}

fn back(text: &TelegramText) -> RichText {
    from_telegram(&text.text, &text.entities)
}

/// What Telegram shows of a text. A link of which nobody sees anything is read as its address.
fn shown(text: &RichText) -> RichText {
    text.restrict(&CAPABILITIES).label_links().normalise()
}

fn kind() -> impl Strategy<Value = Kind> {
    let user = User {
        id: UserId(42),
        is_bot: false,
        first_name: "Somebody".to_owned(),
        last_name: None,
        username: None,
        language_code: None,
        is_premium: false,
        added_to_attachment_menu: false,
    };
    proptest::sample::select(vec![
        Kind::Mention,
        Kind::Hashtag,
        Kind::Cashtag,
        Kind::BotCommand,
        Kind::Url,
        Kind::Email,
        Kind::PhoneNumber,
        Kind::Bold,
        Kind::Italic,
        Kind::Underline,
        Kind::Strikethrough,
        Kind::Spoiler,
        Kind::Blockquote,
        Kind::ExpandableBlockquote,
        Kind::Code,
        Kind::Pre { language: Some("rust".to_owned()) },
        Kind::Pre { language: None },
        Kind::TextLink { url: "https://example.org/".parse().unwrap() },
        Kind::TextMention { user },
        Kind::CustomEmoji { custom_emoji_id: "5".to_owned().into() },
    ])
}

/// Entities as the wire can carry them: anywhere, of any length.
fn entities() -> impl Strategy<Value = Vec<MessageEntity>> {
    let place = || prop_oneof![9 => 0_usize..40, 1 => any::<usize>()];
    let entity = (kind(), place(), place());
    vec(entity.prop_map(|(kind, offset, length)| MessageEntity { kind, offset, length }), 0..12)
}

/// What only looks like an entity: of a kind to come, or without what it is about.
fn junk() -> impl Strategy<Value = Value> {
    let kinds = vec!["hologram", "text_link", "text_mention", "custom_emoji", "date_time", ""];
    let place =
        prop_oneof![Just(json!(-1)), Just(json!(null)), (0_u64..40).prop_map(|it| json!(it))];
    (proptest::sample::select(kinds), place.clone(), place).prop_map(
        |(kind, offset, length)| json!({ "type": kind, "offset": offset, "length": length }),
    )
}

/// Characters that count, whatever is done about white space and blocks.
fn letters(text: &str) -> String {
    text.chars().filter(|it| !it.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn law_1_any_entities_are_survived_and_no_letter_is_lost(
        text in literal(), entities in entities()
    ) {
        let read = from_telegram(&text, &entities);
        // A mention is shown with an `@` that Telegram does not write.
        let mut read = read.map_mentions(&mut |mention| mention);
        if read.mentions().next().is_none() {
            let literal = RichText::plain_text(&text).plain();
            // What starts a line of a quote is drawn, not said.
            let quoted = entities.iter().any(|it| {
                matches!(it.kind, Kind::Blockquote | Kind::ExpandableBlockquote)
                    // An address that leads elsewhere than it says is written out.
                    || matches!(it.kind, Kind::TextLink { .. } | Kind::Url)
            });
            if !quoted {
                prop_assert_eq!(letters(&read.plain()), letters(&literal));
            }
        }
        read = read.normalise();
        prop_assert_eq!(read.clone().normalise(), read);
    }

    #[test]
    fn law_1_the_wire_is_read_as_its_types_are(text in literal(), entities in entities()) {
        let raw: Vec<Value> = entities.iter().map(|it| serde_json::to_value(it).unwrap()).collect();
        prop_assert_eq!(from_wire(&text, &raw), from_telegram(&text, &entities));
    }

    #[test]
    fn law_1_entities_that_are_none_are_survived(
        text in literal(), junk in vec(junk(), 0..8), entities in entities()
    ) {
        let known = entities.iter().map(|it| serde_json::to_value(it).unwrap());
        let raw: Vec<Value> = junk.into_iter().chain(known).collect();
        prop_assert_eq!(from_wire(&text, &raw), from_telegram(&text, &entities));
    }

    #[test]
    fn law_2_no_character_is_lost_or_invented(text in raw_text(NETWORK)) {
        prop_assert_eq!(back(&to_telegram(&text)).plain(), shown(&text).plain());
    }

    #[test]
    fn law_3_formatting_survives_as_far_as_telegram_allows(text in raw_text(NETWORK)) {
        prop_assert_eq!(back(&to_telegram(&text)), shown(&text));
    }

    #[test]
    fn law_3_what_telegram_can_show_comes_back_whole(text in rich_text(CAPABILITIES, NETWORK)) {
        let wanted = text.clone().label_links().normalise();
        prop_assert_eq!(back(&to_telegram(&text)), wanted);
    }

    #[test]
    fn law_4_literal_text_never_becomes_markup(text in literal()) {
        let plain = RichText::plain_text(&text);
        let written = to_telegram(&plain);
        prop_assert!(written.entities.is_empty());
        prop_assert_eq!(back(&written), plain.normalise());
    }

    #[test]
    fn law_5_each_piece_fits_and_nothing_is_lost(
        text in raw_text(NETWORK), max in 24_usize..600
    ) {
        let mut joined = String::new();
        for piece in split(&text, max) {
            // A name is not cut, nor is a character.
            let whole = piece.entities.iter().any(|it| matches!(it.kind, Kind::TextMention { .. }))
                || piece.text.chars().count() == 1;
            prop_assert!(whole || piece.measure(max) <= max, "{:?}", piece);
            joined.push_str(&piece.text);
        }
        prop_assert_eq!(letters(&joined), letters(&to_telegram(&text).text));
    }

    #[test]
    fn law_6_only_people_of_telegram_are_addressed(text in raw_text("discord")) {
        let written = to_telegram(&text);
        let addressed = written.entities.iter().any(|it| matches!(it.kind, Kind::TextMention { .. }));
        prop_assert!(!addressed);
    }

    #[test]
    fn law_6_each_mention_addresses_its_person(text in rich_text(CAPABILITIES, NETWORK)) {
        let written = to_telegram(&text);
        let addressed: Vec<String> = written.entities.iter().filter_map(|it| {
            let Kind::TextMention { user } = &it.kind else { return None };
            Some(user.id.0.to_string())
        }).collect();
        let wanted: Vec<String> = text.mentions().filter_map(|it| {
            let Mention::Person { who, .. } = it else { return None };
            Some(who.user.as_str().to_owned())
        }).collect();
        prop_assert_eq!(addressed, wanted);
    }

    #[test]
    fn entities_lie_inside_the_text_and_cover_something(text in raw_text(NETWORK)) {
        let written = to_telegram(&text);
        let units = written.text.encode_utf16().count();
        for entity in &written.entities {
            prop_assert!(entity.length > 0 && entity.offset + entity.length <= units);
        }
    }
}

#[test]
fn a_text_with_too_many_entities_is_longer_than_the_limit() {
    let entity = MessageEntity::bold(0, 1);
    let text = TelegramText { text: "a".to_owned(), entities: vec![entity; MAX_ENTITIES + 1] };
    assert!(text.measure(MAX_TEXT) > MAX_TEXT);
    assert!(text.measure(MAX_CAPTION) > MAX_CAPTION);
}

#[test]
fn an_entity_that_ends_inside_a_surrogate_pair_covers_the_whole_character() {
    let read = from_telegram("a😀b", &[MessageEntity::bold(0, 2)]);
    let whole = from_telegram("a😀b", &[MessageEntity::bold(0, 3)]);
    assert_eq!(read, whole);
}

#[test]
fn an_address_in_the_text_leads_where_it_says() {
    let entity = MessageEntity::new(Kind::Url, 0, 11);
    let read = from_telegram("example.org is free", &[entity]);
    let written = to_telegram(&read);
    let url = Kind::TextLink { url: "http://example.org".parse().unwrap() };
    assert_eq!(written.entities, [MessageEntity::new(url, 0, 11)]);
}
