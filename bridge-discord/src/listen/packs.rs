// SPDX-License-Identifier: AGPL-3.0-or-later
//! The custom emoji of servers.
//!
//! Rule: told in every linked channel of the server; the core knows what is no news.

use bridge_model::Event;
use serde_json::Value;

use super::{Listener, Stopped};
use crate::convert::incoming;

impl Listener {
    /// The events of what tells of a server's emoji.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn emoji(&self, kind: &str, data: &Value) -> Result<Vec<Event>, Stopped> {
        let key = if kind == "GUILD_EMOJIS_UPDATE" { "guild_id" } else { "id" };
        let Some(guild) = incoming::id(data, key) else { return Ok(Vec::new()) };
        let before = self.shared.pack(guild);
        let known = || before.as_ref().map(|pack| pack.name.clone()).unwrap_or_default();
        let name = incoming::text(data, "name").map_or_else(known, str::to_owned);
        let pack = incoming::pack(guild, &name, incoming::list(data, "emojis"));
        // A server that has no emoji has none to tell of; one that has lost its last ones has.
        let never_had_any = before.is_none() && kind != "GUILD_EMOJIS_UPDATE";
        if !self.shared.learn_pack(pack.clone()) || (never_had_any && pack.emoji.is_empty()) {
            return Ok(Vec::new());
        }
        let here = self.shared.channels_of(guild);
        let linked = self.linked().await?;
        let linked = linked.iter().filter(|chat| here.contains(chat));
        Ok(linked.map(|channel| incoming::packed(channel, pack.clone())).collect())
    }
}
