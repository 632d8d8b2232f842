// SPDX-License-Identifier: AGPL-3.0-or-later
//! What transactions hold for our devices (MSC4203 and MSC3202, whose names are not stable yet).
//!
//! Rule: read tolerantly; what cannot be read is not ours to repair, and must not keep the
//! transaction's events back.

use std::collections::BTreeMap;

use ruma::events::AnyToDeviceEvent;
use ruma::serde::Raw;
use ruma::{DeviceId, OneTimeKeyAlgorithm, OwnedUserId, UInt, UserId};
use serde_json::Value;

/// The sections with messages to devices, one for each element.
pub const TO_DEVICE: &[&str] = &["to_device", "de.sorunome.msc2409.to_device"];
const DEVICE_LISTS: &[&str] = &["device_lists", "org.matrix.msc3202.device_lists"];
const KEY_COUNTS: &[&str] = &[
    "device_one_time_keys_count",
    "org.matrix.msc3202.device_one_time_keys_count",
    "org.matrix.msc3202.device_one_time_key_counts",
];
const FALLBACK_KEYS: &[&str] =
    &["device_unused_fallback_key_types", "org.matrix.msc3202.device_unused_fallback_key_types"];
/// All other sections for devices. The homeserver makes them; nothing in them is a stranger's.
pub const FACTS: &[&str] = &[
    "device_lists",
    "org.matrix.msc3202.device_lists",
    "device_one_time_keys_count",
    "org.matrix.msc3202.device_one_time_keys_count",
    "org.matrix.msc3202.device_one_time_key_counts",
    "device_unused_fallback_key_types",
    "org.matrix.msc3202.device_unused_fallback_key_types",
];

/// What a transaction holds for one device.
#[derive(Default)]
pub struct DeviceUpdate {
    /// Messages to it, in order.
    pub to_device: Vec<Raw<AnyToDeviceEvent>>,
    /// People whose devices changed.
    pub changed: Vec<OwnedUserId>,
    /// People who share no room with us any more.
    pub left: Vec<OwnedUserId>,
    /// How many of its one-time keys are left.
    pub key_counts: BTreeMap<OneTimeKeyAlgorithm, UInt>,
    /// Which kinds of fallback keys were not used yet.
    pub fallback_keys: Option<Vec<OneTimeKeyAlgorithm>>,
}

impl DeviceUpdate {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.to_device.is_empty()
            && self.changed.is_empty()
            && self.left.is_empty()
            && self.key_counts.is_empty()
            && self.fallback_keys.is_none()
    }
}

/// What `body`, a transaction, tells the device `device` of `user`.
pub fn device_update(body: &Value, user: &UserId, device: &DeviceId) -> DeviceUpdate {
    let mine = |names| first(body, names)?.get(user.as_str())?.get(device.as_str());
    let counts = mine(KEY_COUNTS).and_then(Value::as_object).into_iter().flatten();
    let counts = counts.filter_map(|(kind, count)| {
        Some((OneTimeKeyAlgorithm::from(kind.as_str()), UInt::try_from(count.as_u64()?).ok()?))
    });
    let kinds = mine(FALLBACK_KEYS).and_then(Value::as_array);
    let kinds = kinds.map(|kinds| {
        kinds.iter().filter_map(Value::as_str).map(OneTimeKeyAlgorithm::from).collect()
    });
    let addressed = messages(body).filter(|message| {
        let to = |key| message.get(key).and_then(Value::as_str);
        to("to_user_id") == Some(user.as_str())
            && to("to_device_id").is_some_and(|to| to == device.as_str() || to == "*")
    });
    let (changed, left) = device_lists(body);
    DeviceUpdate {
        to_device: addressed.filter_map(raw).collect(),
        changed,
        left,
        key_counts: counts.collect(),
        fallback_keys: kinds,
    }
}

/// People whose devices changed, and people who left.
pub fn device_lists(body: &Value) -> (Vec<OwnedUserId>, Vec<OwnedUserId>) {
    let lists = first(body, DEVICE_LISTS);
    let people = |key: &str| {
        let list = lists.and_then(|lists| lists.get(key)?.as_array()).into_iter().flatten();
        list.filter_map(|id| OwnedUserId::try_from(id.as_str()?).ok()).collect()
    };
    (people("changed"), people("left"))
}

/// The accounts to which somebody opens a new Olm session. A ghost decrypts nothing, so that other
/// to-device events to it are of no use; but a broken Olm session is repaired by the pre-key
/// message of a new one.
pub fn olm_session_targets(body: &Value) -> Vec<&str> {
    let opens = |message: &&Value| {
        let texts =
            message.get("content").and_then(|content| content.get("ciphertext")?.as_object());
        texts.is_some_and(|texts| {
            texts.values().any(|text| text.get("type").and_then(Value::as_u64) == Some(0))
        })
    };
    let to = messages(body).filter(opens).filter_map(|message| message.get("to_user_id")?.as_str());
    let mut to: Vec<&str> = to.collect();
    to.sort_unstable();
    to.dedup();
    to
}

/// All to-device events as one text: the same when a transaction is repeated.
pub fn to_device_text(body: &Value) -> String {
    messages(body).map(Value::to_string).collect()
}

/// Whether there is anything for any device.
pub fn concerns_devices(body: &Value) -> bool {
    messages(body).next().is_some()
        || [DEVICE_LISTS, KEY_COUNTS, FALLBACK_KEYS]
            .iter()
            .any(|names| first(body, names).is_some())
}

fn messages(body: &Value) -> impl Iterator<Item = &Value> {
    first(body, TO_DEVICE).and_then(Value::as_array).into_iter().flatten()
}

fn raw(message: &Value) -> Option<Raw<AnyToDeviceEvent>> {
    Some(Raw::new(message).ok()?.cast_unchecked())
}

fn first<'a>(body: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| body.get(*name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_device_gets_only_what_is_addressed_to_it() {
        let message = |user, device, kind: u64| {
            json!({
                "type": "m.room.encrypted", "sender": "@a:x", "to_user_id": user,
                "to_device_id": device, "content": { "ciphertext": { "k": { "type": kind } } },
            })
        };
        let body = json!({
            "events": [],
            "de.sorunome.msc2409.to_device": [
                message("@bot:x", "D", 1), message("@bot:x", "E", 0), message("@ghost:x", "D", 0),
                message("@bot:x", "*", 1), message("@other:x", "D", 1),
            ],
            "org.matrix.msc3202.device_lists": { "changed": ["@a:x", 3], "left": [] },
            "org.matrix.msc3202.device_one_time_keys_count": {
                "@bot:x": { "D": { "signed_curve25519": 7 } }, "@ghost:x": { "D": {} },
            },
            "org.matrix.msc3202.device_unused_fallback_key_types": { "@bot:x": { "D": [] } },
        });
        let bot = <&UserId>::try_from("@bot:x").unwrap();
        let update = device_update(&body, bot, "D".into());
        assert_eq!(update.to_device.len(), 2);
        assert_eq!(update.changed, ["@a:x"]);
        let count = update.key_counts.get(&OneTimeKeyAlgorithm::SignedCurve25519);
        assert_eq!(count, Some(&UInt::from(7_u32)));
        assert_eq!(update.fallback_keys, Some(Vec::new()));
        assert_eq!(olm_session_targets(&body), ["@bot:x", "@ghost:x"]);
        assert!(concerns_devices(&body));
        assert!(!concerns_devices(&json!({ "events": [], "ephemeral": [] })));
    }

    #[test]
    fn odd_sections_are_read_as_nothing() {
        let body = json!({
            "to_device": "x", "device_lists": [], "device_one_time_keys_count": { "@bot:x": 1 },
        });
        let bot = <&UserId>::try_from("@bot:x").unwrap();
        assert!(device_update(&body, bot, "D".into()).is_empty());
    }
}
