// SPDX-License-Identifier: AGPL-3.0-or-later
//! Channels that were lost and come back: the bot was let in again, or they can be seen again.
//!
//! Rule: a channel that comes back goes on from now; what was said while the bot was shut out was
//! not said to it.

use bot_core::Batch;
use bridge_model::{ChatChange, Content};
use serde_json::Value;

use super::{Listener, Stopped, last_mark};
use crate::convert::incoming::{self, ChannelAppearance};
use crate::deliver;

impl Listener {
    /// The channels whose links are severed because the bot lost them.
    async fn severed(&self) -> Result<Vec<String>, Stopped> {
        let mut pause = self.pauses();
        loop {
            match self.sink.severed_chats(&self.network).await {
                Ok(chats) => {
                    return Ok(chats.iter().map(|chat| chat.as_str().to_owned()).collect());
                }
                Err(error) => tracing::warn!(%error, "the severed channels cannot be read"),
            }
            self.pause(pause.next()).await?;
        }
    }

    /// Looks at the severed channels among those that an event tells of.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn revive(&self, kind: &str, data: &Value) -> Result<(), Stopped> {
        let told: Vec<&Value> = match kind {
            "GUILD_CREATE" => incoming::list(data, "channels").iter().collect(),
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" => vec![data],
            _ => return Ok(()),
        };
        let severed = self.severed().await?;
        for channel in told {
            let id = incoming::id(channel, "id").unwrap_or_default();
            if severed.iter().any(|one| one == id) {
                self.revive_one(id).await?;
            }
        }
        Ok(())
    }

    /// Looks at all severed channels.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn revive_all(&self) -> Result<(), Stopped> {
        for channel in self.severed().await? {
            self.revive_one(&channel).await?;
        }
        Ok(())
    }

    async fn revive_one(&self, channel: &str) -> Result<(), Stopped> {
        // The gateway also tells of channels that the bot cannot read.
        let Ok(page) = deliver::page(&self.shared, channel, "limit=1").await else {
            return Ok(());
        };
        let Some(found) = self.ask_channel(channel).await? else { return Ok(()) };
        let Some(appearance) = ChannelAppearance::read(&found) else { return Ok(()) };
        tracing::info!("a channel that was lost can be read again");
        // It is known what the channel is called: only that it speaks again is new.
        let content = Content::ChatChanged { by: None, change: ChatChange::Name(appearance.name) };
        let event = incoming::about(channel, channel, content);
        let newest = page.last().and_then(|one| incoming::id(one, "id")).unwrap_or(channel);
        let marks = vec![last_mark(channel, newest)];
        let network = self.network.clone();
        self.accept(Batch { network, marks, events: vec![event] }).await
    }
}
