// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bans and kicks that take away what somebody said (MSC4293).
//!
//! Rule: as with any redaction, whether the moderator may take it away is asked where it is done.

use bridge_model::{Content, Event, MessageId, Place, UserId};
use ruma::api::Direction;
use ruma::api::client::filter::RoomEventFilter;
use ruma::api::client::message::get_message_events;
use ruma::{OwnedRoomId, OwnedUserId};
use serde_json::Value;

use super::Listener;
use super::context::Unanswered;
use crate::NETWORK;
use crate::client::Identity;

/// The field of the member event, by its stable and its unstable name.
pub(crate) const REDACT: [&str; 2] = ["redact_events", "org.matrix.msc4293.redact_events"];
/// So many events of somebody are taken away, the newest ones.
const MOST: usize = 500;
/// Events on a page of the timeline.
const PAGE: u32 = 100;

impl Listener {
    /// The deletions that a ban or a kick brings with it.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn banned_with_messages(
        &self,
        room: &str,
        raw: &Value,
    ) -> Result<Vec<Event>, Unanswered> {
        let Some((moderator, member)) = redacting(raw) else { return Ok(Vec::new()) };
        let ids = (OwnedRoomId::try_from(room), OwnedUserId::try_from(member));
        let (Ok(room_id), Ok(user)) = ids else { return Ok(Vec::new()) };
        let place = Place::new(NETWORK, room);
        let mut filter = RoomEventFilter::default();
        filter.senders = Some(vec![user]);
        let (mut deletions, mut from) = (Vec::new(), None);
        while deletions.len() < MOST {
            let mut request =
                get_message_events::v3::Request::new(room_id.clone(), Direction::Backward);
            request.limit = PAGE.into();
            request.from = from;
            request.filter = filter.clone();
            let answer = self.client.send(request, &Identity::Bot).await.map(Some);
            let Some(answer) = self.answer(answer)? else { break };
            for event in &answer.chunk {
                let field = |key| event.get_field::<String>(key).ok().flatten();
                let Some(id) = field("event_id").filter(|_| field("state_key").is_none()) else {
                    continue;
                };
                let content = Content::Deleted { by: Some(UserId::from(moderator)) };
                let message = MessageId::from(id);
                deletions.push(Event { place: place.clone(), message, late: false, content });
            }
            from = answer.end;
            if from.is_none() || answer.chunk.is_empty() {
                break;
            }
        }
        Ok(deletions)
    }
}

/// Who takes away what whom said.
pub(super) fn redacting(raw: &Value) -> Option<(&str, &str)> {
    let content = raw.get("content")?;
    let says = REDACT.iter().any(|key| content.get(*key).and_then(Value::as_bool) == Some(true));
    let (sender, member) = (raw.get("sender")?.as_str()?, raw.get("state_key")?.as_str()?);
    let removed = matches!(content.get("membership")?.as_str()?, "ban" | "leave");
    (says && removed && sender != member).then_some((sender, member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_somebody_elses_ban_or_kick_that_says_so_takes_messages_away() {
        let of = |sender: &str, content: Value| {
            let raw = json!({ "sender": sender, "state_key": "@spam:x", "content": content });
            redacting(&raw).is_some()
        };
        assert!(of("@mod:x", json!({ "membership": "ban", "redact_events": true })));
        let unstable = json!({ "membership": "leave", "org.matrix.msc4293.redact_events": true });
        assert!(of("@mod:x", unstable.clone()));
        assert!(!of("@spam:x", unstable));
        assert!(!of("@mod:x", json!({ "membership": "ban" })));
        assert!(!of("@mod:x", json!({ "membership": "ban", "redact_events": "true" })));
        assert!(!of("@mod:x", json!({ "membership": "join", "redact_events": true })));
    }
}
