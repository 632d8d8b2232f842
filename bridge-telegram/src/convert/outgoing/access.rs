// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who may speak in a group, <https://core.telegram.org/bots/api#chatpermissions>.
//!
//! Rule: what is restored is what was there, field by field. Admins may speak in every case: the
//! platform has no permissions for them.

use bot_core::order::Access;
use serde_json::{Map, Value};

/// Whoever has none of these cannot say or show anything.
const SPEAKING: [&str; 13] = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_pin_messages",
    "can_manage_topics",
];

/// The `permissions` of `setChatPermissions`; `None` where what was there cannot be read.
pub(crate) fn permissions(access: &Access) -> Option<Map<String, Value>> {
    let (Access::BotOnly(before) | Access::AsBefore(before)) = access;
    let mut permissions: Map<String, Value> = serde_json::from_str(before).ok()?;
    if let Access::BotOnly(_) = access {
        permissions.extend(SPEAKING.map(|name| (name.to_owned(), false.into())));
    }
    Some(permissions)
}

/// What one member may do: speak as the group lets everybody, or not at all.
pub(super) fn of_member(may_speak: bool) -> Map<String, Value> {
    let invite = ["can_invite_users"];
    let all = SPEAKING.into_iter().chain(invite);
    all.map(|name| (name.to_owned(), may_speak.into())).collect()
}

#[cfg(test)]
mod access_tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nobody_speaks_and_everything_else_stays() {
        let before = json!({"can_send_messages": true, "can_invite_users": true});
        let closed = permissions(&Access::BotOnly(before.to_string())).unwrap();
        assert_eq!(closed["can_invite_users"], true);
        assert!(SPEAKING.iter().all(|name| closed[*name] == false));
    }

    #[test]
    fn what_was_there_comes_back_as_it_was() {
        let before = json!({"can_send_messages": true, "can_send_polls": false});
        let again = permissions(&Access::AsBefore(before.to_string())).unwrap();
        assert_eq!(Value::Object(again), before);
        assert_eq!(permissions(&Access::AsBefore("?".into())), None);
    }
}
