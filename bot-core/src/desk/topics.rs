// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rooms for topics and threads, where the people of a link want one for each.
//!
//! Rule: a room is named after the topic's keyed identity, so that a second try finds the first
//! one's room.

use std::sync::Arc;

use bridge_model::{MessageId, Place};

use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use crate::homeserver::{Rooms, TopicRoom};
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::network::AskError;
use crate::portal::{Portal, Threads};
use crate::pseudonym::Pseudonyms;
use crate::store::topics::{TopicChange, TopicState};
use crate::store::{Change, Store};

/// Makes rooms for topics, and takes leave of them.
#[derive(Clone)]
pub(super) struct TopicRooms {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) pseudonyms: Pseudonyms,
}

impl TopicRooms {
    /// Makes the room of a topic and says in the main room where it is.
    pub(super) async fn topic_room(
        &self,
        phrases: Phrases<'_>,
        room: &Place,
        end: &Place,
        root: &MessageId,
    ) -> Result<Outcome, DeskError> {
        let topic = self.store.topic(end, root).await?;
        let coming = topic.filter(|topic| topic.state == TopicState::Coming);
        let Some(topic) = coming else { return Ok(Outcome::default()) };
        let unnamed = || phrases.plain(Key::TopicUnnamed, &[]);
        let name =
            topic.name.clone().filter(|name| !name.trim().is_empty()).unwrap_or_else(unnamed);
        let wanted = TopicRoom {
            name: name.clone(),
            key: self.pseudonyms.message(end, root),
            space: self.pseudonyms.place(room),
        };
        match self.matrix.topic_room(&room.chat, &wanted).await {
            Ok(made) => {
                let link = Arg::url(phrases.join_link(&made));
                let answer = phrases.say(Key::TopicRoom, &[Arg::text(name), link]);
                let made = Place { network: room.network.clone(), chat: made };
                let ready = TopicChange::Ready(end.clone(), root.clone(), made);
                Ok(Outcome::change(answer, vec![Change::Topic(ready)]))
            }
            Err(AskError::Refused(reason)) => {
                let reason = phrases.reason(&room.network, &reason);
                let args = [Arg::text(name), reason];
                let answer = phrases.say(Key::TopicRoomRefused, &args);
                let declined = TopicChange::Declined(end.clone(), root.clone());
                Ok(Outcome::change(answer, vec![Change::Topic(declined)]))
            }
            Err(error @ AskError::Retry { .. }) => Err(error.into()),
        }
    }

    /// The last line of each topic's room, when topics become threads again.
    pub(super) async fn move_in(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
        threads: Threads,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        if threads == Threads::Rooms {
            return Ok(Vec::new());
        }
        let topics = self.store.topics(portal.id).await?;
        let ready = topics.iter().filter(|topic| topic.state == TopicState::Ready);
        let link = phrases.join_link(&portal.room.chat);
        let text = phrases.say(Key::TopicRoomEnds, &[Arg::url(link)]);
        Ok(ready.map(|topic| phrases.message_in(&topic.room, text.clone())).collect())
    }
}
