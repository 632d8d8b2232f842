// SPDX-License-Identifier: AGPL-3.0-or-later
//! Single updates as they stand on the wire.

use bridge_model::{Event, Message};
use bridge_telegram::convert::incoming::{Reading, Us, read};
use serde_json::{Value, json};

use crate::stage::posted;

pub const GROUP: i64 = -1_001_234_567_890;

pub fn us() -> Us {
    Us { id: 7, username: "freeside_bot".to_owned() }
}

/// A message of Ada in the group, with these fields.
pub fn message(fields: &Value) -> Value {
    let mut message = json!({
        "message_id": 5,
        "date": 1_700_000_000,
        "chat": { "id": GROUP, "type": "supergroup", "title": "Maps" },
        "from": { "id": 42, "is_bot": false, "first_name": "Ada", "language_code": "pt-br" },
    });
    let object = message.as_object_mut().unwrap();
    object.extend(fields.as_object().unwrap().clone());
    message
}

/// Reads it as a new message.
pub fn update(fields: &Value) -> Reading {
    read(&json!({ "update_id": 1, "message": message(fields) }), &us())
}

/// The only event of a reading.
pub fn only(reading: Reading) -> Event {
    assert_eq!(reading.events.len(), 1, "{reading:?}");
    reading.events.into_iter().next().unwrap()
}

/// What a new message with these fields says.
pub fn said(fields: &Value) -> Message {
    posted(&only(update(fields))).expect("a message").clone()
}
