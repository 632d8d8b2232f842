// SPDX-License-Identifier: AGPL-3.0-or-later
//! A room joined to one or more remote places.

use bridge_model::{NetworkId, Person, Place, Timestamp};
use serde::{Deserialize, Serialize};

/// The number of a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortalId(pub u32);

/// A room joined to one or more remote places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// Its number, as `portals` shows it.
    pub id: PortalId,
    /// The Matrix room.
    pub room: Place,
    /// The remote places.
    pub ends: Vec<End>,
}

/// One remote place of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Where.
    pub place: Place,
    /// Whether it still exists for us.
    pub state: EndState,
    /// Since when it is linked.
    pub since: Timestamp,
    /// The chat's title at that time, for `status`.
    pub title: Option<String>,
}

/// Whether an end is reachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndState {
    /// Messages cross.
    Active,
    /// The bot was removed or the chat is gone; the room stays as it is.
    Severed,
}

impl Portal {
    /// All active places but `origin`: where an event of `origin` goes.
    pub fn others(&self, origin: &Place) -> Vec<Place> {
        let mut places = self.active();
        places.retain(|place| place != origin);
        places
    }

    /// All active places.
    pub fn active(&self) -> Vec<Place> {
        let room = std::iter::once(&self.room);
        let active = self.ends.iter().filter(|end| end.state == EndState::Active);
        room.chain(active.map(|end| &end.place)).cloned().collect()
    }

    /// Every place, active or not.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.room).chain(self.ends.iter().map(|end| &end.place))
    }

    /// The active end on `network`, if there is exactly that.
    pub fn end_on(&self, network: &NetworkId) -> Option<&End> {
        self.ends.iter().find(|end| end.place.network == *network && end.state == EndState::Active)
    }
}

/// A code that was given out on one side and waits to be typed on the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Where it was asked for.
    pub from: Place,
    /// The network on which it may be used.
    pub wanted: NetworkId,
    /// Who asked.
    pub by: Person,
    /// When it ends.
    pub expires: Timestamp,
    /// Set once it was used, so that a second use is told apart from a wrong code.
    pub used: bool,
    /// The title of the chat it was asked in.
    pub title: Option<String>,
}
