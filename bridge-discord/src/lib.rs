// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Discord side: gateway in, webhooks and REST out.
//!
//! Rule: a gateway event counts as processed only after the core has stored it.

pub mod convert;
mod deliver;
mod dial;
mod gateway;
mod invitation;
mod listen;
mod network;
mod pause;
mod rest;
mod rights;
mod session;
mod settings;
mod shared;
mod threads;
mod token;
mod tolerant;

pub use dial::ProxyError;
pub use invitation::{invitation, missing_from_invitation};
pub use network::{DiscordNetwork, capabilities};
pub use settings::{DiscordSettings, SetUpError};
pub use token::Token;

/// The name of this network.
pub const NETWORK: &str = "discord";

/// The one slash command that all others stand under.
pub const COMMAND: &str = "freeside";
