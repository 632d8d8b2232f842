// SPDX-License-Identifier: AGPL-3.0-or-later
//! Values of the Bot API to values of the model, and back.
//!
//! Rule: everything below is pure. No async, no logging, no I/O: what a converter needs to know
//! is handed to it.

pub mod address;
pub mod entities;
pub mod incoming;
pub mod outgoing;
pub mod reactions;

pub use entities::{TelegramText, from_telegram, from_wire, to_telegram};
