// SPDX-License-Identifier: AGPL-3.0-or-later
//! What channels are called and what they are about.
//!
//! Rule: only a difference is told. How a linked channel looked last is a mark in the store, so that
//! a change during an outage is one, too.

use bot_core::Mark;
use serde_json::Value;

use super::{HeardEvents, Listener, Stopped};
use crate::convert::incoming::{self, ChannelAppearance};

impl Listener {
    /// What `GUILD_CREATE` or `CHANNEL_UPDATE` says about the looks of linked channels.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn looks(&self, kind: &str, data: &Value) -> Result<HeardEvents, Stopped> {
        let told: Vec<&Value> = match kind {
            "GUILD_CREATE" => incoming::list(data, "channels").iter().collect(),
            "CHANNEL_UPDATE" => vec![data],
            _ => Vec::new(),
        };
        let linked = self.linked().await?;
        let mut heard = HeardEvents::default();
        for channel in told {
            let now = incoming::id(channel, "id").zip(ChannelAppearance::read(channel));
            let Some((id, now)) = now else { continue };
            if linked.iter().any(|one| one == id) {
                let stored = self.stored_look(id).await?;
                if stored.as_ref() != Some(&now) {
                    heard.marks.push(look_mark(id, &now));
                }
                let before = stored.or_else(|| self.shared.look(id));
                let changes = before.map(|before| now.changes_since(&before, id));
                heard.events.extend(changes.unwrap_or_default());
            }
            self.shared.learn_look(id, now);
        }
        Ok(heard)
    }

    /// The mark of how a linked channel looks, while the store has none: a channel that was linked
    /// lately.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn first_look(&mut self, channel: &str) -> Result<Option<Mark>, Stopped> {
        if !self.looked_at.insert(channel.to_owned()) {
            return Ok(None);
        }
        let Some(now) = self.shared.look(channel) else { return Ok(None) };
        let stored = self.stored_look(channel).await?;
        Ok(stored.is_none().then(|| look_mark(channel, &now)))
    }

    async fn stored_look(&self, channel: &str) -> Result<Option<ChannelAppearance>, Stopped> {
        let stored = self.mark(&look_key(channel)).await?;
        Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}

fn look_key(channel: &str) -> String {
    format!("look/{channel}")
}

fn look_mark(channel: &str, look: &ChannelAppearance) -> Mark {
    // Two texts cannot fail to be written.
    let value = serde_json::to_vec(look).unwrap_or_default();
    Mark::Set { key: look_key(channel), value }
}
