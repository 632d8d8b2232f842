// SPDX-License-Identifier: AGPL-3.0-or-later
//! Samples for `pinned.rs`: who spoke lately, and who is to be forgotten.

use bot_core::store::records::Seen;
use bot_core::store::{Acquaintance, tables};
use bridge_model::Person;
use serde_json::Value;

/// A value of a named table, with the names of its fields.
pub fn named(sealed: &[u8]) -> Value {
    rmp_serde::from_slice(&sealed[2..]).unwrap()
}

/// Prefixes of tables and sealed values.
pub fn written() -> Vec<(u8, Vec<u8>)> {
    let person = Person::new("telegram", "7");
    let who = Acquaintance { person, name: "Ann".into(), username: None };
    let seen = tables::SPEAKERS.seal(&Seen { who, week: 300, number: 4 });
    let marks = [tables::FORGOTTEN.seal(&()), tables::SWEEP.seal(&())];
    let prefixes = [b'x', b'y', b'z'];
    let values = [seen].into_iter().chain(marks).map(Result::unwrap);
    prefixes.into_iter().zip(values).collect()
}
