// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the chats of a link are called and look like, handed over when one side begins to
//! decide it.
//!
//! Rule: once, and only from the side that decides.

use bridge_model::{ChatChange, Content, Event, MessageId, Place};

use crate::lane::Work;
use crate::portal::{EndState, Owner, Portal};
use crate::relay::Networks;

/// Asks networks what chats look like.
#[derive(Clone)]
pub(super) struct Appearance {
    pub(super) networks: Networks,
}

impl Appearance {
    /// The looks of the chat that decides, for all others. Where `before` it was the room that
    /// decided, the picture is the room's, and would come back as a smaller copy.
    pub(super) async fn handed_over(&self, portal: &Portal, before: Owner) -> Vec<(Place, Work)> {
        let mut ends = portal.ends.iter().filter(|end| end.state == EndState::Active);
        let model = match portal.settings.metadata {
            Owner::Legacy => ends.next().map(|end| &end.place),
            Owner::Matrix => Some(&portal.room),
            Owner::Nobody => None,
        };
        let Some(model) = model else { return Vec::new() };
        let mut looks = self.looks_for(model, &portal.others(model)).await;
        if before == Owner::Matrix {
            let is_picture = |work: &Work| {
                let content = work.event().map(|event| &event.content);
                matches!(content, Some(Content::ChatChanged { change: ChatChange::Avatar(_), .. }))
            };
            looks.retain(|(_, work)| !is_picture(work));
        }
        looks
    }

    /// The emoji of a chat's server for the room, whoever decides what the chats look like.
    pub(super) async fn packs_for(&self, from: &Place, room: &Place) -> Vec<(Place, Work)> {
        let looks = self.looks_of(from).await.into_iter();
        let packs = looks.filter(|change| matches!(change, ChatChange::Emoji(_)));
        packs.map(|change| (room.clone(), looking(from, change))).collect()
    }

    /// The looks of `model`, for `others`. A platform that cannot be asked now is not waited for:
    /// the next change comes by itself.
    pub(super) async fn looks_for(&self, model: &Place, others: &[Place]) -> Vec<(Place, Work)> {
        let looks: Vec<ChatChange> = self.looks_of(model).await;
        let looks: Vec<&ChatChange> =
            looks.iter().filter(|change| !matches!(change, ChatChange::Emoji(_))).collect();
        let for_one = |place: &Place| {
            let each = looks.iter().map(|change| (*change).clone());
            each.map(|change| (place.clone(), looking(model, change))).collect::<Vec<_>>()
        };
        others.iter().flat_map(for_one).collect()
    }

    async fn looks_of(&self, place: &Place) -> Vec<ChatChange> {
        let Some(network) = self.networks.get(&place.network) else { return Vec::new() };
        network.appearance(&place.chat).await.unwrap_or_default()
    }
}

fn looking(place: &Place, change: ChatChange) -> Work {
    Work::of(Event {
        place: place.clone(),
        message: MessageId::from(""),
        late: false,
        content: Content::ChatChanged { by: None, change },
    })
}
