// SPDX-License-Identifier: AGPL-3.0-or-later
//! People who come, leave, or look different.
//!
//! Rule: heard only where the operator has asked for it (a privileged intent), and told in
//! every linked channel of the server.

use bridge_model::Event;
use serde_json::Value;

use super::{Listener, Stopped};
use crate::convert::incoming::{self, Ours};

impl Listener {
    /// The events of `GUILD_MEMBER_ADD`, `_UPDATE` and `_REMOVE`.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn member(
        &mut self,
        kind: &str,
        data: &Value,
        ours: &Ours,
    ) -> Result<Vec<Event>, Stopped> {
        let Some(guild) = incoming::id(data, "guild_id") else { return Ok(Vec::new()) };
        let Some(change) = self.memory.member(kind, guild, data, ours) else {
            return Ok(Vec::new());
        };
        let mut events = Vec::new();
        for channel in self.linked().await? {
            if self.shared.guild_of(&channel).as_deref() == Some(guild) {
                events.extend(incoming::member(data, change, &channel, ours));
            }
        }
        Ok(events)
    }
}
