// SPDX-License-Identifier: AGPL-3.0-or-later
//! The chats of a network in which something is to be heard.
//!
//! Rule: severed ends are none of them.

use bridge_model::{ChatId, NetworkId};

use super::topics::TopicState;
use super::{Store, StoreError};
use crate::portal::EndState;

impl Store {
    /// The chats of a network that are linked, and the rooms of topics.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn linked_chats(&self, network: &NetworkId) -> Result<Vec<ChatId>, StoreError> {
        let ends = self.portals().await?.into_iter().flat_map(|portal| {
            let room = (portal.room, EndState::Active);
            portal.ends.into_iter().map(|end| (end.place, end.state)).chain([room])
        });
        let ours =
            ends.filter(|(place, state)| place.network == *network && *state == EndState::Active);
        let mut chats: Vec<ChatId> = ours.map(|(place, _)| place.chat).collect();
        let topics = self.all_topics().await?.into_iter();
        let ready = topics
            .filter(|topic| topic.state == TopicState::Ready && topic.room.network == *network);
        chats.extend(ready.map(|topic| topic.room.chat));
        Ok(chats)
    }
}
