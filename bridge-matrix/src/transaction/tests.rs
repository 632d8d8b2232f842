// SPDX-License-Identifier: AGPL-3.0-or-later
//! Hostile bodies of transactions.
//!
//! Rule: whatever one event holds, its neighbours are read.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const TO_DEVICE: &[&str] = &["to_device"];
const FACTS: &[&str] = &["device_lists"];

fn transaction(body: &str) -> Transaction {
    read(body.as_bytes(), TO_DEVICE, FACTS).unwrap()
}

fn event(id: &str) -> String {
    json!({ "event_id": id, "content": { "body": "a \"quoted\" {[ \\" } }).to_string()
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event.get("event_id")?.as_str()).collect()
}

/// Values that no reader of JSON has to take, each valid or nearly so.
fn hostile() -> Vec<String> {
    let nested =
        |open: &str, close: &str, depth| format!("{}0{}", open.repeat(depth), close.repeat(depth));
    vec![
        nested("[", "]", 10_000),
        nested("{\"a\":", "}", 10_000),
        nested("{\"a\":[", "]}", 200_000),
        "1".repeat(400),
        format!("-0.{}", "9".repeat(400)),
        "1e999".into(),
        "-1e999".into(),
        "NaN".into(),
        "Infinity".into(),
        "01".into(),
        "+1".into(),
        r#""\ud800""#.into(),
        r#""\udc00\ud800""#.into(),
        r#""\x""#.into(),
        "\"a\nb\u{0}\"".into(),
        r#""\\\\\"]}""#.into(),
        "\"]}]}\"".into(),
        "undefined".into(),
    ]
}

#[test]
fn an_event_that_cannot_be_read_is_skipped_by_its_id_and_its_neighbours_are_not() {
    for value in hostile() {
        let odd = format!("{{\"content\":{{\"x\":{value}}},\"event_id\":\"$odd\"}}");
        let body = format!("{{\"events\":[{},{odd},{}]}}", event("$a"), event("$b"));
        let read = transaction(&body);
        let shown: String = value.chars().take(40).collect();
        let without: Vec<&str> = ids(&read.events).into_iter().filter(|id| *id != "$odd").collect();
        assert_eq!(without, ["$a", "$b"], "{shown}");
        for skipped in &read.skipped {
            assert_eq!((skipped.index, skipped.event_id.as_str()), (1, "$odd"), "{shown}");
        }
        assert_eq!(read.events.len() + read.skipped.len(), 3, "{shown}");
    }
}

#[test]
fn a_depth_that_a_homeserver_takes_is_skipped_or_read_at_each_level() {
    for depth in 1..300 {
        let closing = "}".repeat(depth);
        let nested = format!("{}0{closing}", "{\"a\":".repeat(depth));
        let odd = format!("{{\"event_id\":\"$odd\",\"content\":{nested}}}");
        let body = format!("{{\"events\":[{odd},{}]}}", event("$b"));
        let read = transaction(&body);
        assert_eq!(read.events.len() + read.skipped.len(), 2, "{depth}");
        assert_eq!(ids(&read.events).last(), Some(&"$b"), "{depth}");
    }
}

#[test]
fn other_sections_hold_up_no_event() {
    for value in hostile() {
        for section in ["to_device", "ephemeral", "device_lists", "org.example.new"] {
            for list in [format!("[{value}, {{\"type\":\"m.x\"}}]"), value.clone()] {
                let body = format!("{{\"{section}\":{list},\"events\":[{}]}}", event("$a"));
                let shown: String = body.chars().take(60).collect();
                assert_eq!(ids(&transaction(&body).events), ["$a"], "{shown}");
            }
        }
    }
}

#[test]
fn a_to_device_event_that_cannot_be_read_leaves_the_others() {
    for value in hostile() {
        let body = format!(
            "{{\"events\":[],\"to_device\":[{{\"type\":\"1\"}},{{\"content\":{value}}},{{\"type\":\"2\"}}]}}"
        );
        let read = transaction(&body);
        let messages = read.devices.get("to_device").and_then(Value::as_array).unwrap();
        let kinds: Vec<_> = messages.iter().filter_map(|it| it.get("type")?.as_str()).collect();
        assert_eq!(kinds, ["1", "2"]);
    }
}

#[test]
fn of_two_keys_of_an_event_the_last_one_holds() {
    let body = r#"{"events":[{"event_id":"$a","event_id":"$b"}],"events":[{"event_id":"$c"}]}"#;
    assert_eq!(ids(&transaction(body).events), ["$b", "$c"]);
}

#[test]
fn thirty_megabytes_of_brackets_are_read_without_recursion() {
    let odd = format!("{}{}", "[".repeat(15_000_000), "]".repeat(15_000_000));
    let body = format!("{{\"events\":[{odd},{}],\"ephemeral\":[]}}", event("$a"));
    assert_eq!(ids(&transaction(&body).events), ["$a"]);
}

#[test]
fn white_space_may_stand_everywhere() {
    let body = " {\n\t\"events\" : [ {\"event_id\" : \"$a\"} ,\r\n 5 , null ] , \"x\" : 1 } \n";
    let read = transaction(body);
    assert_eq!(read.events, [json!({"event_id": "$a"}), json!(5), Value::Null]);
    assert_eq!(transaction("{\"events\":[ ]}").events, Vec::<Value>::new());
}

#[test]
fn only_what_is_no_transaction_is_refused() {
    let refused = |body: &str| read(body.as_bytes(), TO_DEVICE, FACTS).unwrap_err();
    for body in [
        "",
        " ",
        "{",
        "{\"events\": [",
        "[]",
        "hello",
        "{\"events\":[]}}",
        "{\"events\"",
        "{\"events\": [1}",
    ] {
        assert_eq!(refused(body), NoTransaction::NotJson, "{body}");
    }
    for body in ["{}", "{\"events\": {}}", "{\"events\": null}"] {
        assert_eq!(refused(body), NoTransaction::NoEvents, "{body}");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_can_be_read_is_read_whole(events in prop::collection::vec(json_value(), 0..8)) {
        let body = json!({ "a": events, "events": events, "z": 1 });
        for body in [body.to_string(), serde_json::to_string_pretty(&body).unwrap()] {
            let read = transaction(&body);
            prop_assert_eq!(&read.events, &events);
            prop_assert!(read.skipped.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(read(&bytes, TO_DEVICE, FACTS));
        let inside = [b"{\"events\":[", &bytes[..], b"]}"].concat();
        drop(read(&inside, TO_DEVICE, FACTS));
    }

    #[test]
    fn a_string_of_any_bytes_takes_only_its_own_event_with_it(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let text: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'"' && *byte != b'\\').collect();
        let after = event("$after");
        let body = [b"{\"events\":[{\"x\":\"", &text[..], b"\"},", after.as_bytes(), b"]}"].concat();
        let read = read(&body, TO_DEVICE, FACTS).unwrap();
        prop_assert_eq!(ids(&read.events), ["$after"]);
    }
}
