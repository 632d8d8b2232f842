// SPDX-License-Identifier: AGPL-3.0-or-later
//! Programs that take a message away at once and say it again under another name (PluralKit).
//!
//! Rule: people's messages wait only in servers in which such a program spoke lately.

use std::collections::HashMap;

use bot_core::Mark;
use bridge_model::{Content, Timestamp};
use serde_json::Value;

use super::{HeardEvents, Listener, Stopped};
use crate::convert::incoming::{self, Ours};

/// How long after the last time a server counts as one in which such a program speaks.
const LATELY_MS: i64 = 30 * 24 * 3600 * 1000;

/// When such a program spoke last, by server.
pub(super) type Proxied = HashMap<String, Timestamp>;

/// What a message has to do with such programs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proxying {
    /// Nothing.
    No,
    /// It may be taken away and said again.
    Held,
    /// It was said for somebody, in this server.
    Spoken(Mark),
}

impl Proxying {
    /// Adds it to what was heard.
    pub(super) fn tell(self, heard: &mut HeardEvents) {
        match self {
            Self::No => {}
            Self::Spoken(mark) => heard.marks.push(mark),
            Self::Held => {
                for event in &mut heard.events {
                    if let Content::Posted(message) = &mut event.content {
                        message.held = true;
                    }
                }
            }
        }
    }
}

impl Listener {
    /// What a new message has to do with such programs.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn proxied(
        &mut self,
        kind: &str,
        data: &Value,
        ours: &Ours,
    ) -> Result<Proxying, Stopped> {
        let guild = incoming::id(data, "guild_id").zip(incoming::id(data, "id"));
        let Some((guild, message)) = guild.filter(|_| kind == "MESSAGE_CREATE") else {
            return Ok(Proxying::No);
        };
        let at = incoming::made_at(message);
        if ours.is_proxy(data) {
            self.proxied.insert(guild.to_owned(), at);
            let value = at.0.to_string().into_bytes();
            return Ok(Proxying::Spoken(Mark::Set { key: key(guild), value }));
        }
        let machine = data.get("author").is_some_and(|author| incoming::is(author, "bot"));
        if ours.proxies.is_empty() || machine || incoming::id(data, "webhook_id").is_some() {
            return Ok(Proxying::No);
        }
        let last = self.last_proxied(guild).await?;
        let lately = at.0.saturating_sub(last.0) < LATELY_MS;
        Ok(if lately { Proxying::Held } else { Proxying::No })
    }

    async fn last_proxied(&mut self, guild: &str) -> Result<Timestamp, Stopped> {
        if let Some(at) = self.proxied.get(guild) {
            return Ok(*at);
        }
        let stored = self.mark(&key(guild)).await?;
        let text = stored.and_then(|value| String::from_utf8(value).ok());
        let at = Timestamp(text.and_then(|text| text.parse().ok()).unwrap_or(i64::MIN));
        self.proxied.insert(guild.to_owned(), at);
        Ok(at)
    }
}

fn key(guild: &str) -> String {
    format!("proxied/{guild}")
}
