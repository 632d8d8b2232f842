// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an event hangs on: the message that it answers, the thread that it stands in.
//!
//! Rule: every event of a message in a thread stands in the thread; only the first one answers.

use bridge_model::Message;
use serde_json::{Map, Value, json};

use super::super::NETWORK;

const RELATION: &str = "m.relates_to";

/// Puts the relation of the event with this number ("Rich replies", "Threading").
pub(super) fn relate(
    content: &mut Map<String, Value>,
    message: &Message,
    (number, native_reply): (usize, bool),
) {
    let answered = message.reply_to.as_ref().filter(|_| native_reply && number == 0);
    let answered = answered.map(|reply| reply.message.as_str());
    let relation = match (&message.thread, answered) {
        (None, None) => return,
        (None, Some(answered)) => json!({ "m.in_reply_to": { "event_id": answered } }),
        (Some(thread), answered) => {
            let root = thread.root.as_str();
            // Clients without threads show an answer to the thread's last message. Which one that
            // is, is not known here; the root is always there.
            json!({
                "rel_type": "m.thread",
                "event_id": root,
                "is_falling_back": answered.is_none(),
                "m.in_reply_to": { "event_id": answered.unwrap_or(root) },
            })
        }
    };
    content.insert(RELATION.into(), relation);
    let woken = message.reply_to.as_ref().filter(|_| !message.silent);
    let author = woken.and_then(|reply| reply.author.as_ref());
    if let Some(author) = author.filter(|it| answered.is_some() && it.network.as_str() == NETWORK) {
        wake(content, author.user.as_str());
    }
}

/// Whoever is answered is addressed ("Mentioning the replied to user").
fn wake(content: &mut Map<String, Value>, user: &str) {
    let Some(mentions) = content.get_mut("m.mentions").and_then(Value::as_object_mut) else {
        return;
    };
    let people = mentions.entry("user_ids").or_insert_with(|| json!([]));
    if let Some(people) = people.as_array_mut()
        && !people.iter().any(|known| known == user)
    {
        people.push(user.into());
    }
}

/// The content outside of its thread, as an answer to what it would hang on; `None` when it is in
/// none. For roots on which no thread can hang: those that are in a thread themselves.
pub fn without_thread(content: &Value) -> Option<Value> {
    let relation = content.get(RELATION)?;
    if relation.get("rel_type").and_then(Value::as_str) != Some("m.thread") {
        return None;
    }
    let answered = relation.get("m.in_reply_to")?;
    let mut content = content.as_object()?.clone();
    content.insert(RELATION.into(), json!({ "m.in_reply_to": answered }));
    Some(Value::Object(content))
}
