// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the core does for one person who moves to Matrix, as values.
//!
//! Rule: what was promised to somebody is an entry or a timer in the store, so it survives a restart.

use bridge_model::{NetworkId, Person, Place};
use serde::{Deserialize, Serialize};

/// Something to do for somebody who has claimed an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    /// A claim was made: this Matrix account is let into the rooms in which its old account was seen.
    Enter(String),
    /// The admins of the lane's room are asked to let this Matrix account in.
    Admit(String),
    /// They are asked to give it the power that its account on this network has.
    Power(String, NetworkId),
    /// This Matrix account, which has claimed others, has joined the room of the lane.
    Arrived(String),
    /// The ghost of this account leaves the room of the lane, if its owner is there.
    Depart(Person),
    /// The person of the lane's private chat is told of a mention.
    Called(Box<QuietMention>),
    /// How many mentions were not told one by one is told.
    Held(String),
}

/// A mention of a quiet account, or a reply to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietMention {
    /// The account that was called.
    pub account: Person,
    /// Its owner on Matrix.
    pub mxid: String,
    /// The room in which it can be read.
    pub room: Place,
    /// The author, as others see them.
    pub by: String,
    /// Where the author said it.
    pub from: Place,
    /// The address of the message in the room.
    pub link: String,
}
