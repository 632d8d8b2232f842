// SPDX-License-Identifier: AGPL-3.0-or-later
//! The state events that name the bridge of a room to software
//! ([MSC2346](https://github.com/matrix-org/matrix-spec-proposals/pull/2346)).
//!
//! Rule: the remote chat is named by its pseudonym, never by its id.

use std::sync::Arc;

use bridge_model::RichText;
use serde_json::json;

use super::pair::Pair;
use super::phrases::Phrases;
use crate::homeserver::Rooms;
use crate::i18n::Key;
use crate::network::AskError;
use crate::pseudonym::Pseudonyms;
use crate::wording::label;

/// Sets and empties `m.bridge`, and the same under its older name.
#[derive(Clone)]
pub(super) struct BridgeInfo {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) pseudonyms: Pseudonyms,
}

impl BridgeInfo {
    /// Names the bridge to a remote chat. When the homeserver does not take it, the line that says
    /// which right is missing.
    pub(super) async fn announce_bridge(
        &self,
        phrases: Phrases<'_>,
        pair: Pair<'_>,
        title: Option<&str>,
    ) -> Result<(), RichText> {
        let Pair { remote, .. } = pair;
        let channel = self.pseudonyms.place(remote);
        let network = label(&remote.network);
        let bot = self.matrix.bot();
        let content = json!({
            "bridgebot": bot,
            "creator": bot,
            "protocol": {"id": remote.network.as_str(), "displayname": network},
            "channel": {"id": channel, "displayname": title},
        });
        let set = self.set_bridge(pair, &content).await;
        set.map_err(|error| {
            tracing::info!(%error, "the state event of a link could not be set");
            phrases.say(Key::BridgeStateMissing, &[])
        })
    }

    /// Empties the state events of a link that is no more.
    pub(super) async fn withdraw_bridge(&self, pair: Pair<'_>) {
        if let Err(error) = self.set_bridge(pair, &json!({})).await {
            tracing::info!(%error, "the state event of a link that ended could not be emptied");
        }
    }

    async fn set_bridge(
        &self,
        Pair { room, remote, .. }: Pair<'_>,
        content: &serde_json::Value,
    ) -> Result<(), AskError> {
        let channel = self.pseudonyms.place(remote);
        let key = format!("org.freeside://{}/{channel}", remote.network);
        for kind in ["m.bridge", "uk.half-shot.bridge"] {
            self.matrix.set_state(&room.chat, (kind, &key), content).await?;
        }
        Ok(())
    }
}
