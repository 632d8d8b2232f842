// SPDX-License-Identifier: AGPL-3.0-or-later
//! Couriers and relay: what people in the chats see, whatever the platforms answer.

use bot_core::Refusal;
use std::time::Duration;

use bot_core::DeliverError;

mod albums;
mod crashes;
mod doubt;
mod emoji;
mod held;
mod lateness;
mod links;
mod looks;
mod measured;
mod members;
pub mod moderation;
mod names;
mod newest;
mod order;
mod orders;
mod overtaking;
mod pressure;
mod refusals;
mod service;
mod summaries;
mod threads;
mod topics;

pub fn retry(seconds: Option<u64>) -> DeliverError {
    DeliverError::Retry { after: seconds.map(Duration::from_secs), reason: "busy".into() }
}

fn uncertain() -> DeliverError {
    DeliverError::Uncertain { reason: "the answer was lost".into() }
}

fn closed() -> DeliverError {
    DeliverError::ChatClosed { reason: Refusal::NotInChat }
}

fn refused(reason: &str) -> DeliverError {
    DeliverError::Refused { reason: Refusal::platform(reason) }
}
