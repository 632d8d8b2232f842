// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything that is true of every network: accept, lanes, couriers, relay, core bot, store.
//!
//! Rule: this crate links no SDK and opens no connection; it meets networks only as
//! [`network::Network`] and the homeserver only as the traits in [`homeserver`].

pub mod address;
pub mod backoff;
pub mod budgets;
pub mod clock;
pub mod core;
pub mod courier;
pub mod dashboard;
pub mod desk;
pub mod ghost;
pub mod homeserver;
pub mod i18n;
pub mod lane;
pub mod lateness;
pub mod measure;
pub mod media;
pub mod media_link;
pub mod migration;
pub mod moving;
pub mod network;
pub mod order;
pub mod page_links;
pub mod policing;
pub mod portal;
pub mod pseudonym;
pub mod refusal;
pub mod relay;
pub mod report;
pub mod self_test;
pub mod store;
pub mod trouble;
pub mod wording;

pub use network::{
    AskError, Deliver, MediaSource, MediaStream, Network, NetworkError, RememberedMessage, Sink,
};
pub use order::{
    Action, Batch, DeliverError, EntryId, Failure, Mark, Order, Part, Receipt, SendAs,
};
pub use refusal::{MissingRight, Refusal, Right};
pub use wording::Words;
