// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tables of the platform's fields and kinds against what the converter does, and against the platform's
//! contract where one is given.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bridge_model::{Note, RichText};
use bridge_telegram::convert::incoming::fields::{FieldUse, all, of_message, of_update};
use bridge_telegram::convert::incoming::kinds::{self, KindOf};
use bridge_telegram::convert::incoming::{How, read};
use serde_json::{Value, json};

use crate::wire::{said, update, us};

#[test]
fn no_field_has_two_fates() {
    let names: Vec<&str> = all().map(|(name, _)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn every_field_for_which_a_line_stands_leaves_one() {
    for (name, _) in all().filter(|(_, fate)| *fate == FieldUse::Line) {
        assert!(!update(&json!({ name: {} })).events.is_empty(), "{name}");
    }
}

#[test]
fn a_silent_field_is_no_event() {
    for (name, _) in all().filter(|(_, fate)| *fate == FieldUse::Silent) {
        assert_eq!(update(&json!({ name: {} })).events, [], "{name}");
    }
}

#[test]
fn a_field_that_is_not_known_leaves_a_line() {
    assert_eq!(of_message("hologram"), None);
    assert_eq!(update(&json!({ "hologram": {} })).events.len(), 1);
}

#[test]
fn an_update_that_is_not_asked_for_is_no_event() {
    let raw = json!({ "update_id": 1, "inline_query": { "id": "1" } });
    assert_eq!(read(&raw, &us()).events, []);
}

fn contracts() -> Option<PathBuf> {
    std::env::var_os("FREESIDE_CONTRACTS").map(PathBuf::from)
}

fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a contract")).expect("JSON")
}

/// The newest description of all types in the folder that `FREESIDE_CONTRACTS` names.
fn types() -> Option<Value> {
    let named = |path: &PathBuf| {
        path.file_name().is_some_and(|it| it.to_string_lossy().starts_with("telegram-bot-api"))
    };
    let files = std::fs::read_dir(contracts()?).ok()?.filter_map(|it| Some(it.ok()?.path()));
    Some(read_json(&files.filter(named).max()?)["types"].take())
}

/// The schema of an update, which is of a newer version than the description.
fn schema() -> Option<Value> {
    let path = contracts()?.join("telegram-update.schema.json");
    path.exists().then(|| read_json(&path)["definitions"].take())
}

/// The names of the fields of a type, in both contracts.
fn fields_of(kind: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(types) = types() {
        let fields = types[kind]["fields"].as_array().expect("fields");
        names.extend(fields.iter().filter_map(|it| it["name"].as_str()).map(str::to_owned));
    }
    if let Some(schema) = schema() {
        let fields = schema[format!("Telegram{kind}")]["properties"].as_object().expect("fields");
        names.extend(fields.keys().cloned());
    }
    names
}

/// The values of `type` of a type that has several forms.
fn kinds_of(union: &str) -> BTreeSet<String> {
    let Some(schema) = schema() else { return BTreeSet::new() };
    let forms = schema[format!("Telegram{union}")]["anyOf"].as_array().expect("forms");
    let form = |it: &Value| it["$ref"].as_str()?.rsplit('/').next().map(str::to_owned);
    let kind =
        |name: String| schema[name]["properties"]["type"]["const"].as_str().map(str::to_owned);
    forms.iter().filter_map(|it| kind(form(it)?)).collect()
}

#[test]
fn the_contract_has_no_field_that_is_not_in_the_table() {
    let unknown = |kind: &str, fate: fn(&str) -> Option<FieldUse>| {
        let names = fields_of(kind).into_iter();
        names.filter(|name| fate(name).is_none()).collect::<Vec<_>>()
    };
    assert_eq!(unknown("Message", of_message), Vec::<String>::new());
    assert_eq!(unknown("Update", of_update), Vec::<String>::new());
    if contracts().is_some() {
        assert!(fields_of("Message").len() >= 115 && fields_of("Update").len() >= 27);
    }
}

#[test]
fn the_contract_has_no_kind_that_is_not_in_the_table() {
    let entities = schema().map(|it| it["TelegramMessageEntityType"]["enum"].clone());
    let entities: BTreeSet<String> =
        entities.and_then(|it| serde_json::from_value(it).ok()).unwrap_or_default();
    let unions = [
        (KindOf::Entity, entities, 20),
        (KindOf::RichBlock, kinds_of("RichBlock"), 24),
        (KindOf::RichText, kinds_of("RichText"), 26),
        (KindOf::Origin, kinds_of("MessageOrigin"), 4),
        (KindOf::PaidMedia, kinds_of("PaidMedia"), 4),
        (KindOf::Reaction, kinds_of("ReactionType"), 3),
        (KindOf::PollMedia, fields_of("PollMedia"), 10),
    ];
    for (what, kinds, at_least) in unions {
        assert!(contracts().is_none() || kinds.len() >= at_least, "{what:?}: {kinds:?}");
        let unknown: Vec<_> = kinds.iter().filter(|it| kinds::of(what, it).is_none()).collect();
        assert!(unknown.is_empty(), "{what:?}: {unknown:?}");
    }
}

/// A value of this kind with every field that one of its forms has.
fn sample(kind: &str) -> Value {
    let file = json!({ "file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "duration": 1,
        "type": "regular", "is_animated": false, "is_video": false });
    let place = json!({ "latitude": 1.5, "longitude": 2.5 });
    let paragraph = json!({ "type": "paragraph", "text": "word" });
    let mut sample = json!({
        "type": kind, "offset": 0, "length": 4, "text": "word", "url": "https://a.example/",
        "user": { "id": 7, "is_bot": false, "first_name": "Word" }, "custom_emoji_id": "5",
        "alternative_text": "word", "expression": "word", "unix_time": 1, "date_time_format": "t",
        "email_address": "a@b.example", "phone_number": "1", "bank_card_number": "1", "name": "n",
        "reference_name": "n", "button": { "text": "word", "url": "https://a.example/" },
        "size": 1, "items": [{ "label": "1.", "blocks": [paragraph] }], "blocks": [paragraph],
        "cells": [[{ "text": "word", "align": "left", "valign": "top" }]], "summary": "word",
        "location": place, "buttons": [{ "text": "word", "url": "https://a.example/" }],
        "sender_user": { "id": 7, "is_bot": false, "first_name": "Word" }, "date": 1,
        "sender_user_name": "Word", "sender_chat": { "id": -5, "type": "channel", "title": "Word" },
        "chat": { "id": -5, "type": "channel", "title": "Word" }, "message_id": 3, "emoji": "👍",
    });
    for field in ["animation", "audio", "document", "video", "voice_note", "live_photo"] {
        sample[field] = file.clone();
    }
    sample["photo"] = json!([file]);
    sample
}

/// An update in which Ada reacts.
fn reacted(reaction: &Value) -> Value {
    let user = json!({ "id": 42, "is_bot": false, "first_name": "Ada" });
    let chat = json!({ "id": -1_001_234_567_890_i64, "type": "supergroup", "title": "Maps" });
    json!({ "update_id": 2, "message_reaction": { "chat": chat, "message_id": 5, "user": user,
        "date": 1_700_000_000, "old_reaction": [], "new_reaction": [reaction] } })
}

/// The kinds of a type that have this fate.
fn with(what: KindOf, fate: FieldUse) -> impl Iterator<Item = &'static str> {
    kinds::all(what).filter(move |(_, is)| *is == fate).map(|(kind, _)| kind)
}

#[test]
fn each_kind_of_style_and_block_is_shown() {
    for kind in with(KindOf::Entity, FieldUse::Crosses) {
        // Four code units of UTF-16 each. A picture stands over an emoji only.
        let words = if kind == "custom_emoji" { "👍🏽" } else { "word" };
        let reading = update(&json!({ "text": words, "entities": [sample(kind)] }));
        assert_eq!(reading.how, How::Whole, "{kind}");
        let body = &reading.events[0].content.message().unwrap().body;
        assert_ne!(*body, RichText::plain_text(words), "{kind}");
    }
    for kind in with(KindOf::RichBlock, FieldUse::Crosses) {
        let said = said(&json!({ "rich_message": { "blocks": [sample(kind)] } }));
        assert!(!said.notes.contains(&Note::Unknown), "{kind}");
        assert!(!said.body.is_empty() || !said.media.is_empty(), "{kind}");
    }
    for kind in with(KindOf::RichText, FieldUse::Crosses) {
        let block = json!({ "type": "paragraph", "text": sample(kind) });
        let said = said(&json!({ "rich_message": { "blocks": [block] } }));
        assert!(!said.body.is_empty(), "{kind}");
    }
}

#[test]
fn each_kind_of_source_file_and_reaction_is_shown() {
    for kind in with(KindOf::Origin, FieldUse::Crosses) {
        let said = said(&json!({ "text": "hi", "forward_origin": sample(kind) }));
        assert_eq!(said.forwarded.unwrap().from, "Word", "{kind}");
    }
    for (kind, fate) in kinds::all(KindOf::PaidMedia) {
        let paid = json!({ "star_count": 1, "paid_media": [sample(kind)] });
        let said = said(&json!({ "paid_media": paid }));
        assert_eq!(!said.media.is_empty(), fate == FieldUse::Crosses, "{kind}");
        assert!(said.notes.contains(&Note::PaidMedia), "{kind}");
    }
    for kind in with(KindOf::Reaction, FieldUse::Crosses) {
        let reading = read(&reacted(&sample(kind)), &us());
        assert_eq!((reading.how, reading.events.len()), (How::Whole, 1), "{kind}");
    }
    for kind in with(KindOf::PollMedia, FieldUse::Crosses) {
        let file = sample(kind)[kind].clone();
        let file = match kind {
            "link" => json!({ "url": "https://a.example/" }),
            "venue" => {
                json!({ "location": sample("")["location"], "title": "Hall", "address": "1" })
            }
            "sticker" => sample("")["document"].clone(),
            _ => file,
        };
        let poll = json!({ "id": "1", "question": "?", "options": [{ "text": "a" }, { "text": "b" }],
            "media": { kind: file } });
        let said = said(&json!({ "poll": poll }));
        assert!(!said.body.is_empty() || !said.media.is_empty(), "{kind}");
    }
}
