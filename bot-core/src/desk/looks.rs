// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the chats of a link are called and look like, handed over when one side begins to
//! decide it.
//!
//! Rule: once, and only from the side that decides.

use bridge_model::{Content, Event, MessageId, Place};

use super::Desk;
use crate::lane::{Speaker, Work};
use crate::portal::{EndState, Owner, Portal};

impl Desk {
    /// The looks of the chat that decides, for all others.
    pub(super) async fn looks(&self, portal: &Portal) -> Vec<(Place, Work)> {
        let mut ends = portal.ends.iter().filter(|end| end.state == EndState::Active);
        let model = match portal.settings.metadata {
            Owner::Legacy => ends.next().map(|end| &end.place),
            Owner::Matrix => Some(&portal.room),
            Owner::Nobody => None,
        };
        let Some(model) = model else { return Vec::new() };
        self.looks_for(model, &portal.others(model)).await
    }

    /// The looks of `model`, for `others`. A platform that cannot be asked now is not waited for:
    /// the next change comes by itself.
    pub(super) async fn looks_for(&self, model: &Place, others: &[Place]) -> Vec<(Place, Work)> {
        let Some(network) = self.networks.get(&model.network) else { return Vec::new() };
        let looks = network.looks(&model.chat).await.unwrap_or_default();
        let work = |change| Work {
            event: Event {
                place: model.clone(),
                message: MessageId::from(""),
                late: false,
                content: Content::ChatChanged { by: None, change },
            },
            speaker: Speaker::Author,
            answer: None,
            task: None,
        };
        let for_one = |place: &Place| {
            looks.iter().map(|change| (place.clone(), work(change.clone()))).collect::<Vec<_>>()
        };
        others.iter().flat_map(for_one).collect()
    }
}
