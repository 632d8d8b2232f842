// SPDX-License-Identifier: AGPL-3.0-or-later
//! One bot at one Bot API server: what asking, listening and fetching files share.
//!
//! Rule: modules that ask the platform stand on this, and `network.rs` stands on them.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::OnceCell;

use crate::api::{Api, Problem};
use crate::convert::incoming::Us;
use crate::moves::Moves;
use crate::settings::{Clients, Patience};

/// One bot at one Bot API server.
pub(crate) struct Connection {
    /// The server.
    pub api: Api,
    /// One client per kind of waiting.
    pub clients: Clients,
    /// How long to wait for what.
    pub patience: Patience,
    /// Below this folder the server may name files of this machine.
    pub local_files: Option<PathBuf>,
    /// Groups that go on under another id.
    pub moves: Arc<Moves>,
    /// Our own account, once it is known.
    pub us: OnceCell<Us>,
}

impl Connection {
    /// Our own account, asked once, <https://core.telegram.org/bots/api#getme>.
    pub(crate) async fn us(&self) -> Result<&Us, Problem> {
        self.us
            .get_or_try_init(|| async {
                let me = self.api.ask(&self.clients.methods, "getMe", &json!({})).await?;
                let id = me.get("id").and_then(serde_json::Value::as_u64);
                let username = me.get("username").and_then(serde_json::Value::as_str);
                match (id, username) {
                    (Some(id), Some(username)) => Ok(Us { id, username: username.to_owned() }),
                    (None, _) | (_, None) => {
                        Err(Problem::Outage("getMe was answered without id and name".to_owned()))
                    }
                }
            })
            .await
    }
}
