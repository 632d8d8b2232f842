// SPDX-License-Identifier: AGPL-3.0-or-later
//! Our own place in a chat, <https://core.telegram.org/bots/api#chatmemberupdated>.
//!
//! Rule: read from the raw JSON, because a single word of it decides and the types around that
//! word grow with every version of the Bot API.

use bridge_model::Content;
use serde_json::Value;

use super::{How, Reading, event, unreadable};

/// Reads a `my_chat_member` update.
pub(super) fn read(body: &Value) -> Reading {
    let chat = body.pointer("/chat/id").and_then(Value::as_i64);
    let status = body.pointer("/new_chat_member/status").and_then(Value::as_str);
    let (Some(chat), Some(status)) = (chat, status) else { return unreadable() };
    let member = body.pointer("/new_chat_member/is_member").and_then(Value::as_bool);
    let outside = match status {
        "left" | "kicked" => true,
        "restricted" => member == Some(false),
        _ => false,
    };
    let events = if outside { vec![event(chat, 0, Content::Closed)] } else { Vec::new() };
    Reading { events, how: How::Whole }
}
