// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads the body of a transaction of the homeserver ("Pushing events").
//!
//! Rule: a body is cut into its events before any of them is read, so that no event can make its
//! neighbours unreadable: strangers choose what an event holds, and the homeserver repeats a
//! refused transaction for ever. Cutting knows only strings and brackets and does not recurse;
//! each piece is then read by itself, and `serde_json` bounds how deep it may be.

use serde_json::{Map, Value};

/// Longest event id that is logged, in bytes ("Size limits").
const LONGEST_ID: usize = 255;

/// What a transaction holds, as far as it can be read.
#[derive(Debug, Default, PartialEq)]
pub struct Transaction {
    /// Room events, in order.
    pub events: Vec<Value>,
    /// The sections for devices, under the keys that the homeserver gave them.
    pub devices: Value,
    /// The events and to-device events that cannot be read.
    pub skipped: Vec<Skipped>,
}

/// An event that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its place in its section, from 0.
    pub index: usize,
    /// Its event id; empty where it has none.
    pub event_id: String,
    /// Why; without anything that a person wrote.
    pub reason: String,
}

/// A body that is no transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTransaction {
    /// It is no JSON object, or breaks off.
    #[error("not a JSON object, or broken off")]
    NotJson,
    /// It has no list `events`.
    #[error("no list of events")]
    NoEvents,
}

/// Reads a transaction. `lists` are the sections that hold one event for each element, `values`
/// those that are read whole; all other sections, such as `ephemeral`, are left out unread.
///
/// # Errors
/// [`NoTransaction`] only for what is wrong with the body itself, never for what an event holds.
pub fn read(body: &[u8], lists: &[&str], values: &[&str]) -> Result<Transaction, NoTransaction> {
    let sections = members(body).ok_or(NoTransaction::NotJson)?;
    let mut transaction = Transaction::default();
    let (mut devices, mut has_events) = (Map::new(), false);
    for (key, section) in sections {
        let named = |name: &&&str| name.as_bytes() == key;
        if key == b"events" {
            let Some(events) = elements(section) else { continue };
            has_events = true;
            transaction.events.extend(readable(&events, &mut transaction.skipped));
        } else if let Some(name) = lists.iter().find(named) {
            let Some(events) = elements(section) else { continue };
            let events = readable(&events, &mut transaction.skipped).collect();
            devices.insert((*name).to_owned(), Value::Array(events));
        } else if let Some(name) = values.iter().find(named)
            && let Ok(value) = serde_json::from_slice(section)
        {
            devices.insert((*name).to_owned(), value);
        }
    }
    transaction.devices = Value::Object(devices);
    if has_events { Ok(transaction) } else { Err(NoTransaction::NoEvents) }
}

fn readable<'a>(
    events: &'a [&'a [u8]],
    skipped: &'a mut Vec<Skipped>,
) -> impl Iterator<Item = Value> + 'a {
    events.iter().enumerate().filter_map(|(index, event)| match serde_json::from_slice(event) {
        Ok(event) => Some(event),
        Err(error) => {
            let event_id = event_id(event).unwrap_or_default();
            skipped.push(Skipped { index, event_id, reason: error.to_string() });
            None
        }
    })
}

/// The id of an event that cannot be read as a whole.
fn event_id(event: &[u8]) -> Option<String> {
    let (_, id) = members(event)?.into_iter().find(|(key, _)| *key == b"event_id")?;
    serde_json::from_slice::<String>(id).ok().filter(|id| id.len() <= LONGEST_ID)
}

/// The members of a JSON object: the bytes of each key between its quotes, and of each value.
/// `None` when it is no object or breaks off.
fn members(object: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut rest = trimmed(object).strip_prefix(b"{")?;
    let mut members = Vec::new();
    loop {
        rest = trimmed(rest);
        if let Some(behind) = rest.strip_prefix(b"}") {
            return trimmed(behind).is_empty().then_some(members);
        }
        let (key, behind) = rest.split_at_checked(string_length(rest)?)?;
        let (value, behind) = value(trimmed(behind).strip_prefix(b":")?)?;
        members.push((key.get(1..key.len().saturating_sub(1))?, value));
        rest = after_comma(behind, b'}')?;
    }
}

/// The elements of a JSON array. `None` when it is no array or breaks off.
fn elements(array: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = trimmed(array).strip_prefix(b"[")?;
    let mut elements = Vec::new();
    loop {
        rest = trimmed(rest);
        if let Some(behind) = rest.strip_prefix(b"]") {
            return trimmed(behind).is_empty().then_some(elements);
        }
        let (element, behind) = value(rest)?;
        elements.push(element);
        rest = after_comma(behind, b']')?;
    }
}

/// What follows a comma; before a closing bracket there is none.
fn after_comma(rest: &[u8], close: u8) -> Option<&[u8]> {
    let rest = trimmed(rest);
    rest.strip_prefix(b",").or_else(|| (rest.first() == Some(&close)).then_some(rest))
}

/// The bytes of the value at the beginning of `bytes`, and what follows it.
fn value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let bytes = trimmed(bytes);
    let length = match bytes.first()? {
        b'"' => string_length(bytes)?,
        b'{' | b'[' => bracketed_length(bytes)?,
        _ => bytes.iter().position(|byte| b",]} \n\r\t".contains(byte)).filter(|it| *it > 0)?,
    };
    bytes.split_at_checked(length)
}

/// How long the string is that begins here, with its quotes.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let (b'"', rest) = bytes.split_first()? else { return None };
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at.checked_add(2),
            _ => {}
        }
    }
    None
}

/// How long the object or array is that begins here, with its brackets.
fn bracketed_length(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0_usize);
    loop {
        let rest = bytes.get(at..)?;
        at = at.checked_add(rest.iter().position(|byte| b"\"{}[]".contains(byte))?)?;
        let rest = bytes.get(at..)?;
        let length = match rest.first()? {
            b'"' => string_length(rest)?,
            b'{' | b'[' => {
                depth = depth.checked_add(1)?;
                1
            }
            _ => {
                depth = depth.checked_sub(1)?;
                1
            }
        };
        at = at.checked_add(length)?;
        if depth == 0 {
            return Some(at);
        }
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

#[cfg(test)]
mod tests;
