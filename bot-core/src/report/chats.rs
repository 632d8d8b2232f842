// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the bot stands in each joined chat, for `freeside check`.
//!
//! Rule: it is for whoever runs the bridge, on the machine of the bridge: it names chats.

use bridge_model::Place;
use serde::{Deserialize, Serialize};

/// How the bot stands in one chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatState {
    /// The number of the portal.
    pub portal: u32,
    /// The network.
    pub network: String,
    /// The chat's id there.
    pub chat: String,
    /// What it is called; not told of groups at risk.
    pub title: Option<String>,
    /// The rights that the bot lacks, as the network's menus name them.
    pub missing: Vec<String>,
    /// Why the bot cannot be asked about.
    pub refused: Option<String>,
}

impl ChatState {
    /// A chat of which nothing else is known yet.
    pub fn new(portal: u32, place: &Place) -> Self {
        Self {
            portal,
            network: place.network.as_str().to_owned(),
            chat: place.chat.as_str().to_owned(),
            title: None,
            missing: Vec::new(),
            refused: None,
        }
    }
}

/// As a list in JSON.
pub fn as_json(states: &[ChatState]) -> String {
    serde_json::to_string(states).unwrap_or_else(|_| "[]".to_owned())
}
