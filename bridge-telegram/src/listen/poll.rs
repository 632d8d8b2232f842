// SPDX-License-Identifier: AGPL-3.0-or-later
//! One `getUpdates` request.
//!
//! Rule: every update is kept as its own raw JSON, so that one that cannot be read does not take
//! its neighbours with it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::api::Problem;
use crate::connection::Connection;

/// What the server shall send; reactions and members come only when named. Everything else would
/// only be thrown away: `message_reaction_count` does not say who reacted.
const ALLOWED: [&str; 10] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "message_reaction",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "callback_query",
];

/// An answer.
pub(super) struct Received {
    /// In the order of the wire.
    pub updates: Vec<Update>,
    /// The offset that confirms them; `None` when there are none.
    pub next: Option<i64>,
}

/// One update.
pub(super) struct Update {
    /// Its number, for the log.
    pub id: i64,
    /// Its text on the wire.
    pub raw: Box<RawValue>,
}

/// No updates were got.
#[derive(Debug)]
pub(super) enum PollError {
    /// The token is wrong or was revoked.
    TokenRefused(String),
    /// Somebody else polls, or a webhook is set.
    Conflict(String),
    /// The platform asks for this pause.
    Slow(Duration),
    /// Anything that passes.
    Outage(String),
}

#[derive(Deserialize)]
struct Numbered {
    update_id: i64,
}

/// Asks once, and waits on the server's side for something to come.
pub(super) async fn poll(
    connection: &Connection,
    offset: Option<i64>,
) -> Result<Received, PollError> {
    let mut params = json!({
        "timeout": connection.patience.long_poll.as_secs(),
        "limit": 100,
        "allowed_updates": ALLOWED,
    });
    if let (Some(offset), Some(fields)) = (offset, params.as_object_mut()) {
        fields.insert("offset".to_owned(), offset.into());
    }
    let result = connection.api.call(&connection.clients.poll, "getUpdates", &params).await;
    parse(&result.map_err(PollError::of)?).map_err(|error| PollError::of(Problem::Outage(error)))
}

fn parse(result: &str) -> Result<Received, String> {
    let raws: Vec<Box<RawValue>> =
        serde_json::from_str(result).map_err(|error| format!("not a list of updates: {error}"))?;
    let some = !raws.is_empty();
    let updates: Vec<Update> = raws
        .into_iter()
        .filter_map(|raw| {
            let id = serde_json::from_str::<Numbered>(raw.get()).ok()?.update_id;
            Some(Update { id, raw })
        })
        .collect();
    let next = updates.iter().map(|update| update.id).max().map(|id| id.saturating_add(1));
    if some && next.is_none() {
        return Err("updates without numbers".to_owned());
    }
    Ok(Received { updates, next })
}

#[cfg(test)]
mod parse_tests {
    use super::*;

    #[test]
    fn an_update_that_is_nonsense_keeps_its_number() {
        let received = parse(r#"[{"update_id":7,"message":"\ud800"},{"update_id":8}]"#).unwrap();
        assert_eq!(received.updates.len(), 2);
        assert_eq!(received.next, Some(9));
    }

    #[test]
    fn what_cannot_be_read_takes_nothing_with_it() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let digits = "9".repeat(400);
        let odd = [deep, digits, "1e999".to_owned(), r#""\ud800""#.to_owned()];
        for odd in odd {
            let batch = format!(r#"[{{"update_id":7,"message":{odd}}},{{"update_id":8}}]"#);
            let received = parse(&batch).unwrap();
            assert_eq!(received.updates.len(), 2);
            assert_eq!(received.next, Some(9));
        }
    }

    #[test]
    fn no_updates_confirm_nothing() {
        assert_eq!(parse("[]").unwrap().next, None);
    }

    #[test]
    fn a_list_without_any_number_is_an_outage() {
        assert!(parse(r#"[{"message":{}}]"#).is_err());
        assert!(parse("{}").is_err());
    }
}
