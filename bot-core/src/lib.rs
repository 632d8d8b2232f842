// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything that is true of every network, and the Matrix side.
//!
//! Rule: this crate does not know which networks exist besides Matrix; it meets
//! them only as [`network::Network`].

pub mod clock;
pub mod core;
pub mod courier;
pub mod desk;
pub mod gate;
pub mod ghost;
pub mod i18n;
pub mod lane;
pub mod matrix;
pub mod media;
pub mod migration;
pub mod network;
pub mod order;
pub mod portal;
pub mod pseudonym;
pub mod relay;
pub mod report;
pub mod store;
pub mod voice;

pub use network::{AskError, Deliver, MediaSource, MediaStream, Network, NetworkError, Sink};
pub use order::{Act, Batch, DeliverError, EntryId, Failure, Mark, Order, Part, Receipt, Voice};
pub use voice::Words;
