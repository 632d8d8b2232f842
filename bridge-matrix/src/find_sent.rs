// SPDX-License-Identifier: AGPL-3.0-or-later
//! Finds out what an earlier try left in a room.
//!
//! Rule: the homeserver forgets transaction ids after a while and at a restart; the source identity
//! in the content stays.

use bridge_model::MessageId;
use ruma::OwnedRoomId;
use ruma::api::Direction;
use ruma::api::client::filter::RoomEventFilter;
use ruma::api::client::message::get_message_events;
use serde_json::Value;

use super::MatrixNetwork;
use super::client::{ClientError, Identity};
use super::convert::outgoing::SOURCE;
use bot_core::order::{Action, Order, Part};

/// How far back an interrupted try can lie: a ghost's own last events.
const DEPTH: u32 = 50;
/// Orders of a room that may be carried out before the first one is settled on the disk; a ghost that
/// said all of them is found all the same.
pub(super) const AHEAD: usize = 32;

impl MatrixNetwork {
    /// The parts of a post that are in the room, in order
    /// (`GET /_matrix/client/v3/rooms/{roomId}/messages`).
    ///
    /// # Errors
    /// [`ClientError`].
    pub(super) async fn look_for(&self, order: &Order) -> Result<Vec<Part>, ClientError> {
        let send_as = match &order.act {
            Action::Post { send_as, .. } | Action::React { send_as, .. } => send_as,
            Action::Edit { .. }
            | Action::Delete { .. }
            | Action::Unreact { .. }
            | Action::Pin { .. }
            | Action::Unpin { .. }
            | Action::ClosePoll { .. }
            | Action::SetChat { .. }
            | Action::SetThread { .. }
            | Action::Refresh { .. }
            | Action::Withdraw { .. }
            | Action::Retire { .. }
            | Action::SetAccess { .. }
            | Action::Moderate { .. }
            | Action::Leave => return Ok(Vec::new()),
        };
        let reaction = matches!(order.act, Action::React { .. });
        let sender = self.sender_of(send_as);
        let Ok(room) = OwnedRoomId::try_from(order.chat.as_str()) else { return Ok(Vec::new()) };
        let mut request = get_message_events::v3::Request::new(room, Direction::Backward);
        request.limit = DEPTH.into();
        let mut filter = RoomEventFilter::default();
        filter.senders = ruma::OwnedUserId::try_from(sender).ok().map(|sender| vec![sender]);
        request.filter = filter;
        let response = match self.client.send(request, &Identity::Bot).await {
            Ok(response) => response,
            // Without the bot in the room nothing can be seen; the delivery itself will tell.
            Err(error) if error.is("M_FORBIDDEN") => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut parts = Vec::new();
        for event in &response.chunk {
            let Ok(event) = serde_json::from_str::<Value>(event.json().get()) else { continue };
            let is_reaction = event.get("type").and_then(Value::as_str) == Some("m.reaction");
            if is_reaction == reaction
                && let Some(found) = part(&event, &order.source)
            {
                parts.push(found);
            }
        }
        parts.sort_by_key(|(number, _)| *number);
        parts.dedup_by_key(|(number, _)| *number);
        let in_a_row = parts
            .into_iter()
            .enumerate()
            .take_while(|(at, (number, _))| u64::try_from(*at).is_ok_and(|at| at == *number));
        Ok(in_a_row.map(|(_, (_, part))| part).collect())
    }
}

/// The number and id of an event, if it is a part of `source` and no edit of one.
fn part(event: &Value, source: &str) -> Option<(u64, Part)> {
    let content = event.get("content")?;
    let identity = content.get(SOURCE)?;
    // An edit tells so inside; an encrypted one by its relation.
    let relation = content.get("m.relates_to").and_then(|relation| relation.get("rel_type"));
    let is_edit = content.get("m.new_content").is_some()
        || relation.and_then(Value::as_str) == Some("m.replace");
    if identity.get("id")?.as_str()? != source || is_edit {
        return None;
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    // As when they are sent: polls count as files. An encrypted event says it outside.
    let media = match text(event, "type").unwrap_or_default().as_str() {
        "m.room.message" => {
            let kind = text(content, "msgtype").unwrap_or_default();
            matches!(kind.as_str(), "m.image" | "m.video" | "m.audio" | "m.file")
        }
        "m.room.encrypted" => identity.get("media").and_then(Value::as_bool) == Some(true),
        kind if kind.ends_with("poll.end") => return None,
        kind => kind == "m.sticker" || kind.ends_with("poll.start"),
    };
    let id = MessageId::from(event.get("event_id")?.as_str()?);
    Some((identity.get("part")?.as_u64()?, Part { id, media }))
}
