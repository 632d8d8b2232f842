// SPDX-License-Identifier: AGPL-3.0-or-later
//! The table of the platform's fields against what the converter does, and against the platform's
//! contract where one is given.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bridge_telegram::convert::incoming::fields::{Fate, all, of_message, of_update};
use bridge_telegram::convert::incoming::read;
use serde_json::{Value, json};

use crate::wire::{update, us};

#[test]
fn no_field_has_two_fates() {
    let names: Vec<&str> = all().map(|(name, _)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn every_field_for_which_a_line_stands_leaves_one() {
    for (name, _) in all().filter(|(_, fate)| *fate == Fate::Line) {
        assert!(!update(&json!({ name: {} })).events.is_empty(), "{name}");
    }
}

#[test]
fn a_silent_field_is_no_event() {
    for (name, _) in all().filter(|(_, fate)| *fate == Fate::Silent) {
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

/// The newest contract of the Bot API in the folder that `FREESIDE_CONTRACTS` names.
fn contract() -> Option<Value> {
    let folder = PathBuf::from(std::env::var_os("FREESIDE_CONTRACTS")?);
    let named = |path: &PathBuf| {
        path.file_name().is_some_and(|it| it.to_string_lossy().starts_with("telegram-bot-api"))
    };
    let files = std::fs::read_dir(folder).ok()?.filter_map(|it| Some(it.ok()?.path()));
    let newest = files.filter(named).max()?;
    serde_json::from_str(&std::fs::read_to_string(newest).ok()?).ok()
}

#[test]
fn the_contract_has_no_field_that_is_not_in_the_table() {
    let Some(contract) = contract() else { return };
    let unknown = |kind: &str, fate: fn(&str) -> Option<Fate>| {
        let fields = contract["types"][kind]["fields"].as_array().expect("fields");
        let names = fields.iter().filter_map(|it| it["name"].as_str());
        names.filter(|name| fate(name).is_none()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(unknown("Message", of_message), Vec::<String>::new());
    assert_eq!(unknown("Update", of_update), Vec::<String>::new());
}
