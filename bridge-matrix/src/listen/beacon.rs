// SPDX-License-Identifier: AGPL-3.0-or-later
//! Points that move (MSC3489, MSC3672): a state event says that somebody shares where they are,
//! and messages that hang on it say where.
//!
//! Rule: the state event is the message; each point is a new version of it. So nobody has to
//! remember which point was the first.

use bridge_model::Event;
use ruma::OwnedEventId;
use ruma::OwnedRoomId;
use ruma::api::client::relations::get_relating_events_with_rel_type;
use ruma::events::relation::RelationType;
use serde_json::Value;

use super::context::Unanswered;
use super::{Listener, set_avatar};
use crate::client::Identity;
use crate::convert::incoming::{self, Own};

/// What an event says of a point that moves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whether somebody shares where they are.
    Info,
    /// Where.
    Point,
}

/// What events of this type say of a point that moves.
pub(super) fn kind(event_type: &str) -> Option<Kind> {
    match event_type {
        "m.beacon_info" | "org.matrix.msc3672.beacon_info" => Some(Kind::Info),
        "m.beacon" | "org.matrix.msc3672.beacon" => Some(Kind::Point),
        _ => None,
    }
}

/// A point, and the live location that it belongs to.
type Found = (Value, Value);

impl Listener {
    /// What a beacon, or the end of a live location, says.
    pub(super) async fn beacon(
        &self,
        room: &str,
        raw: &Value,
        beacon: Kind,
    ) -> Result<Vec<Event>, Unanswered> {
        let found = match beacon {
            Kind::Info => self.last_point(room, raw).await?,
            Kind::Point => self.shared(room, raw).await?,
        };
        let Some((point, info)) = found else { return Ok(Vec::new()) };
        let sender = raw.get("sender").and_then(Value::as_str).unwrap_or_default();
        let profile = self.profile(room, sender).await?;
        let own = Own {
            ghost: &|mxid| self.ghosts.is_ours(mxid),
            bot: self.ghosts.bot(),
            command_prefix: crate::COMMAND_WORD,
            private: false,
            name: &|_| profile.name.clone(),
        };
        let mut events = incoming::beacon(room, (&point, &info), beacon == Kind::Info, &own);
        for event in &mut events {
            set_avatar(&mut event.content, profile.avatar.as_deref());
        }
        Ok(events)
    }

    /// A beacon and what it belongs to, as long as that goes on.
    async fn shared(&self, room: &str, raw: &Value) -> Result<Option<Found>, Unanswered> {
        let relation = raw.get("content").and_then(|content| content.get("m.relates_to"));
        let target = relation.and_then(|relation| relation.get("event_id")?.as_str());
        let Some(target) = target else { return Ok(None) };
        let info = self.event(room, target).await?;
        let info = info.filter(|info| is_info(info) && is_live(info));
        Ok(info.map(|info| (raw.clone(), info)))
    }

    /// The last beacon of a live location that `raw` ends, and what it belongs to.
    async fn last_point(&self, room: &str, raw: &Value) -> Result<Option<Found>, Unanswered> {
        let replaced = raw.get("unsigned").and_then(|unsigned| unsigned.get("replaces_state"));
        let Some(replaced) = replaced.and_then(Value::as_str).filter(|_| !is_live(raw)) else {
            return Ok(None);
        };
        let info = self.event(room, replaced).await?;
        let Some(info) = info.filter(|info| is_info(info) && is_live(info)) else {
            return Ok(None);
        };
        let ids = (OwnedRoomId::try_from(room), OwnedEventId::try_from(replaced));
        let (Ok(room_id), Ok(target)) = ids else { return Ok(None) };
        let mut request = get_relating_events_with_rel_type::v1::Request::new(
            room_id,
            target,
            RelationType::Reference,
        );
        request.limit = Some(ruma::UInt::from(1_u32));
        let answer = self.answer(self.client.send(request, &Identity::Bot).await.map(Some))?;
        let point = answer.as_ref().and_then(|answer| answer.chunk.first());
        let point = point.and_then(|point| serde_json::from_str(point.json().get()).ok());
        Ok(point.map(|point| (point, info)))
    }
}

fn is_info(event: &Value) -> bool {
    event.get("type").and_then(Value::as_str).and_then(kind) == Some(Kind::Info)
}

fn is_live(info: &Value) -> bool {
    info.get("content").and_then(|content| content.get("live")?.as_bool()) == Some(true)
}
