// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rules of policy lists that are made, changed or taken back.
//!
//! Rule: what a rule says is read from the state of its room, where a redaction has its effect, too; here
//! stands only that something is different.

use bridge_model::{Content, Event, MessageId, Place};
use bridge_policy::lists;
use serde_json::Value;

use super::{Listener, Unanswered};
use crate::NETWORK;

impl Listener {
    /// The news that a list is different.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn policy_changed(&self, raw: &Value) -> Result<Option<Event>, Unanswered> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str);
        let (Some(room), Some(kind)) = (text("room_id"), text("type")) else { return Ok(None) };
        let rule = lists::kind(kind).is_some() && text("state_key").is_some();
        if !rule && kind != "m.room.redaction" {
            return Ok(None);
        }
        let place = Place::new(NETWORK, room);
        let is_list = self.store.is_policy_list(&place.chat).await;
        if !is_list.map_err(|error| Unanswered::from(error.to_string()))? {
            return Ok(None);
        }
        let message = MessageId::from(text("event_id").unwrap_or_default());
        Ok(Some(Event { place, message, late: false, content: Content::PolicyChanged }))
    }
}
