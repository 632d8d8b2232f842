// SPDX-License-Identifier: AGPL-3.0-or-later
//! The two chats of one link.
//!
//! Rule: the Matrix room and the legacy chat are never exchanged, whoever asked first.

use bridge_model::Place;

use crate::portal::{ConsentMode, Portal, PortalId, Settings};

/// A room, and one of the legacy chats that are linked to it.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    /// The room on Matrix.
    pub(super) room: &'a Place,
    /// The chat on the other network.
    pub(super) remote: &'a Place,
    /// Whose words may leave them.
    pub(super) consent: ConsentMode,
    /// No files leave them, see [`crate::portal::Settings::at_risk`].
    pub(super) at_risk: bool,
    /// The portal, where there is a public page about it.
    pub(super) page: Option<PortalId>,
}

impl<'a> Pair<'a> {
    /// A chat that is or was linked to the room of a portal.
    pub(super) fn of(portal: &'a Portal, remote: &'a Place) -> Self {
        let Settings { consent, at_risk, .. } = portal.settings;
        let page = portal.has_page().then_some(portal.id);
        Self { room: &portal.room, remote, consent, at_risk, page }
    }

    /// Two chats that are to be linked.
    pub(super) fn new(room: &'a Place, remote: &'a Place) -> Self {
        Self { room, remote, consent: ConsentMode::default(), at_risk: false, page: None }
    }

    /// The other one of the two.
    pub(super) fn other(self, place: &Place) -> &'a Place {
        if *place == *self.room { self.remote } else { self.room }
    }
}
