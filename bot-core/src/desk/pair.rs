// SPDX-License-Identifier: AGPL-3.0-or-later
//! The two chats of one link.
//!
//! Rule: the Matrix room and the legacy chat are never exchanged, whoever asked first.

use bridge_model::Place;

/// A room, and one of the legacy chats that are linked to it.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    /// The room on Matrix.
    pub(super) room: &'a Place,
    /// The chat on the other network.
    pub(super) remote: &'a Place,
}

impl<'a> Pair<'a> {
    /// The other one of the two.
    pub(super) fn other(self, place: &Place) -> &'a Place {
        if *place == *self.room { self.remote } else { self.room }
    }
}
