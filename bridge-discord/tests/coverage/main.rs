// SPDX-License-Identifier: AGPL-3.0-or-later
//! The table of what crosses is true and whole.
//!
//! Rule: with `FREESIDE_CONTRACTS`, whatever Discord's lists have and the table has not fails here
//! by its name.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by a panic, and asks for one variant"
)]

mod fields;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use bridge_discord::convert::coverage::{
    ATTACHMENT_FIELDS, COMPONENTS, EMBED_FIELDS, Fate, GATEWAY_EVENTS, MESSAGE_FIELDS,
    MESSAGE_TYPES,
};
use bridge_discord::convert::incoming::{Ours, created};
use bridge_discord::convert::markdown::Names;
use bridge_model::{Content, Message};
use serde_json::{Value, json};

fn read(message: &Value) -> Vec<Content> {
    let events = created(message, &Names::default(), &Ours::default(), false);
    events.into_iter().map(|event| event.content).collect()
}

fn message(more: &Value) -> Value {
    let mut message = json!({
        "id": "1400000000000000000", "channel_id": "2", "type": 0, "content": "",
        "author": {"id": "5", "username": "ann"},
    });
    let fields = message.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    message
}

/// How a message arrives: with words of its author, as a line of the bridge, or not at all.
fn fate(contents: &[Content]) -> Fate {
    let posted = contents.iter().find_map(|content| match content {
        Content::Posted(message) => Some(message),
        _ => None,
    });
    match posted {
        None => Fate::Nothing,
        Some(Message { notes, .. }) if notes.is_empty() => Fate::Crosses,
        Some(_) => Fate::Line,
    }
}

#[test]
fn every_type_of_message_arrives_as_the_table_says() {
    for (kind, expected) in MESSAGE_TYPES {
        let contents = read(&message(&json!({"type": kind, "content": "words"})));
        let found = fate(&contents);
        // What Discord makes up after today is read as a notice with its words.
        let is_new = *expected == Fate::Line && found == Fate::Crosses;
        assert!(found == *expected || is_new, "type {kind}: {contents:?}");
    }
}

#[test]
fn every_component_arrives_as_the_table_says() {
    for (kind, expected) in COMPONENTS {
        let component = json!({
            "type": kind, "content": "words", "label": "words", "placeholder": "words",
            "custom_id": "x", "media": {"url": "https://example.org/words.png"},
            "file": {"url": "https://example.org/words.pdf"},
            "items": [{"media": {"url": "https://example.org/words.png"}}],
            "components": [{"type": 10, "content": "words"}],
        });
        let contents = read(&message(&json!({"content": "said", "components": [component]})));
        let more = contents.iter().any(|content| match content {
            Content::Posted(message) => {
                message.body.plain() != "said"
                    || !message.notes.is_empty()
                    || !message.media.is_empty()
            }
            _ => false,
        });
        // What holds texts inside is read, of whatever kind it is.
        assert!(more || *expected == Fate::Nothing, "component {kind}: {contents:?}");
    }
}

fn contract(name: &str) -> Option<Value> {
    let folder = std::env::vars().find(|(key, _)| key == "FREESIDE_CONTRACTS")?.1;
    let text = std::fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn numbers(schema: &Value) -> BTreeSet<u64> {
    schema["oneOf"].as_array().unwrap().iter().map(|one| one["const"].as_u64().unwrap()).collect()
}

/// Names of dispatches in a JSON Schema.
fn dispatches(schema: &Value, found: &mut BTreeSet<String>) {
    if let (Some(name), true) = (schema.get("properties").and_then(|p| p.get("t")), {
        schema.get("properties").is_some_and(|p| p.get("op").is_some())
    }) {
        found.extend(name.get("const").and_then(Value::as_str).map(str::to_owned));
        let several = name.get("enum").and_then(Value::as_array).into_iter().flatten();
        found.extend(several.filter_map(Value::as_str).map(str::to_owned));
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(|field| dispatches(field, found)),
        Value::Array(items) => items.iter().for_each(|item| dispatches(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The names of the fields of a schema.
fn properties(schema: &Value) -> BTreeSet<&str> {
    schema["properties"].as_object().unwrap().keys().map(String::as_str).collect()
}

/// The rows are all that is listed, and nothing else.
fn assert_same<T: Ord + Copy + Debug>(what: &str, rows: &[(T, Fate)], listed: &BTreeSet<T>) {
    let rows: BTreeSet<T> = rows.iter().map(|(name, _)| *name).collect();
    let new: Vec<&T> = listed.difference(&rows).collect();
    let old: Vec<&T> = rows.difference(listed).collect();
    assert!(new.is_empty() && old.is_empty(), "{what}: new {new:?}, no longer there {old:?}");
}

#[test]
fn the_table_has_all_that_discord_lists() {
    let Some(api) = contract("discord-openapi.json") else { return };
    let gateway = contract("discord-gateway.schema.json").unwrap();
    let schemas = &api["components"]["schemas"];
    assert_same("types of messages", MESSAGE_TYPES, &numbers(&schemas["MessageType"]));
    assert_same("components", COMPONENTS, &numbers(&schemas["MessageComponentTypes"]));
    let dispatched = &gateway["definitions"]["GatewayMessageCreateDispatchData"];
    let mut fields = properties(&schemas["MessageResponse"]);
    fields.append(&mut properties(dispatched));
    assert_same("fields of messages", MESSAGE_FIELDS, &fields);
    assert_same("fields of cards", EMBED_FIELDS, &properties(&schemas["MessageEmbedResponse"]));
    let attachment = properties(&schemas["MessageAttachmentResponse"]);
    assert_same("fields of attachments", ATTACHMENT_FIELDS, &attachment);
    let mut events = BTreeSet::new();
    dispatches(&gateway, &mut events);
    let events: BTreeSet<&str> = events.iter().map(String::as_str).collect();
    assert_same("gateway events", GATEWAY_EVENTS, &events);
}

#[test]
#[should_panic(expected = "a_new_field")]
fn a_field_that_the_table_does_not_name_is_seen() {
    assert_same("fields", EMBED_FIELDS, &BTreeSet::from(["a_new_field"]));
}

fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push_str(&std::fs::read_to_string(path).unwrap()),
        }
    }
}

#[test]
fn the_listener_names_the_events_that_it_hears_and_no_other() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut source = std::fs::read_to_string(folder.join("listen.rs")).unwrap();
    sources(&folder.join("listen"), &mut source);
    sources(&folder.join("gateway"), &mut source);
    for (event, fate) in GATEWAY_EVENTS {
        let named = source.contains(&format!("\"{event}\""));
        assert_eq!(named, *fate != Fate::Nothing, "{event}");
    }
}
