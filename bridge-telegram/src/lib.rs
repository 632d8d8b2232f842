// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Telegram side: Bot API in, Bot API out.
//!
//! Rule: the folders show the way of a message. `listen` -> `convert/incoming` for what comes,
//! `convert/outgoing` -> `deliver` for what goes. Everything under `convert` is pure.

mod admin_right;
mod api;
mod connection;
pub mod convert;
mod deliver;
mod files;
mod listen;
mod moves;
mod network;
mod rights;
mod settings;

pub use admin_right::invitation;
pub use network::{TelegramNetwork, capabilities};
pub use settings::{Patience, Settings, SettingsError};

/// The name of this network, as in [`bridge_model::NetworkId`].
pub const NETWORK: &str = "telegram";
