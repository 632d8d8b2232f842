// SPDX-License-Identifier: AGPL-3.0-or-later
//! Carries an entry to its network: prepare, look if in doubt, deliver.
//!
//! Rule: a refusal is never silent; the author is told in the chat where it was said.

pub mod discreet;
pub mod effect;
pub mod emoji;
pub mod faces;
pub mod files;
pub mod links;
pub mod mentions;
pub mod metadata;
pub mod names;
pub mod native;
pub mod polls;
pub mod prepare;
pub mod shared;
pub mod summary;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bridge_config::NamePolicy;
use bridge_model::{Content, NetworkId, Place};

use crate::clock::Clock;
use crate::courier::{Attempt, Executor};
use crate::ghost::Ghosts;
use crate::lane::{Answer, CORE, LaneHead, Work};
use crate::migration::Move;
use crate::network::Network;
use crate::order::{DeliverError, Failure, Receipt};
use crate::pictures::Pictures;
use crate::pseudonym::Pseudonyms;
use crate::refusal::Refusal;
use crate::store::{Change, Settlement, Store};
use crate::wording::Wording;

/// Every network that is configured, Matrix included.
#[derive(Clone, Default)]
pub struct Networks(HashMap<NetworkId, Arc<dyn Network>>);

impl Networks {
    /// Adds one.
    pub fn add(&mut self, network: Arc<dyn Network>) {
        self.0.insert(network.id().clone(), network);
    }

    /// The network of that name.
    pub fn get(&self, id: &NetworkId) -> Option<&Arc<dyn Network>> {
        self.0.get(id)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Network>> {
        self.0.values()
    }
}

/// Carries entries to networks.
#[derive(Clone)]
pub struct Relay {
    /// Who is reachable.
    pub networks: Networks,
    /// What is known.
    pub store: Arc<dyn Store>,
    /// Whose Matrix ids are ours.
    pub ghosts: Ghosts,
    /// Source identities.
    pub pseudonyms: Pseudonyms,
    /// How much of a name others see.
    pub names: NamePolicy,
    /// Where platforms fetch pictures, if they can reach us.
    pub pictures: Option<Pictures>,
    /// What the bot says.
    pub wording: Arc<Wording>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Executor for Relay {
    async fn execute(&self, head: &LaneHead, attempt: &mut Attempt) -> Result<Settlement, Failure> {
        match self.language_in(&head.entry.lane).await {
            Some(language) => {
                let wording = Arc::new(self.wording.speaking(&language));
                Self { wording, ..self.clone() }.carry_out(head, attempt).await
            }
            None => self.carry_out(head, attempt).await,
        }
    }

    async fn halted(&self, head: &LaneHead, why: &Refusal) -> Vec<(Place, Work)> {
        let lane = &head.entry.lane;
        let portal = self.store.portal_of(lane).await;
        match portal {
            Ok(Some(portal)) if portal.room != *lane => {
                let language = portal.settings.language.as_deref();
                let wording = self.wording.speaking(language.unwrap_or(self.wording.language()));
                let text = wording.lane_halted(&lane.network, why);
                let room = portal.room;
                let work = Work::say(&room, None, wording.message(text, self.clock.now()));
                vec![(room, work)]
            }
            Ok(_) | Err(_) => Vec::new(),
        }
    }
}

impl Relay {
    /// The language of a chat, where it is not the bot's own.
    async fn language_in(&self, lane: &Place) -> Option<String> {
        let portal = self.store.portal_of(lane).await.ok().flatten()?;
        portal.settings.language.filter(|language| language != self.wording.language())
    }

    async fn carry_out(
        &self,
        head: &LaneHead,
        attempt: &mut Attempt,
    ) -> Result<Settlement, Failure> {
        let summaries = match self.summaries_after(head).await {
            Ok(summaries) => summaries,
            Err(error) => return Err(Failure { error, done: attempt.done.clone() }),
        };
        match self.attempt(head, attempt).await {
            Ok(receipt) => Ok(Settlement { summaries, ..self.settled(head, receipt) }),
            Err(Failure { error: DeliverError::Refused { reason }, done }) => {
                let (entry, network) = (head.entry.id.0, &head.entry.lane.network);
                tracing::warn!(entry, %network, %reason, "refused");
                let receipt = Receipt { parts: done, ..Receipt::default() };
                let mut settlement = self.settled(head, receipt);
                settlement.then.extend(self.tell_author(head, &reason));
                settlement.then.extend(self.tell_room(head, &reason).await);
                if let Some(tag) = head.entry.work.completes() {
                    let refused = Move::Effected(tag, Err(reason));
                    settlement.changes.push(Change::Move(Box::new(refused)));
                }
                Ok(Settlement { summaries, refused: true, ..settlement })
            }
            Err(failure) => Err(failure),
        }
    }
}

impl Relay {
    /// What is in the chat when the entry is done.
    async fn attempt(&self, head: &LaneHead, attempt: &mut Attempt) -> Result<Receipt, Failure> {
        let lane = &head.entry.lane;
        let Some(network) = self.networks.get(&lane.network) else {
            let reason = Refusal::NotConfigured;
            return Err(Failure::clean(DeliverError::ChatClosed { reason }));
        };
        if let Work::Summary(summary) = &head.entry.work {
            return self.bring_up_to_date(&**network, head, (summary, attempt)).await;
        }
        let failed = |error| Failure { error, done: attempt.done.clone() };
        let prepared = self.prepare(head).await.map_err(failed)?;
        let Some(mut order) = prepared else { return Ok(Receipt::default()) };
        if attempt.doubt {
            attempt.done = network.find_sent(&order).await?;
            attempt.doubt = false;
        }
        order.done.clone_from(&attempt.done);
        network.deliver(&order, &self.networks).await
    }

    fn settled(&self, head: &LaneHead, receipt: Receipt) -> Settlement {
        Settlement {
            lane: head.entry.lane.clone(),
            entry: head.entry.id,
            parts: receipt.parts,
            also: receipt.also,
            refused: false,
            summaries: Vec::new(),
            changes: Vec::new(),
            then: Vec::new(),
            now: self.clock.now(),
        }
    }

    /// One line under the message that did not arrive. Not for the bot's own words, and not for
    /// reactions, which would be louder than what was lost.
    fn tell_author(&self, head: &LaneHead, reason: &Refusal) -> Option<(Place, Work)> {
        let event = head.entry.work.event()?;
        let worth_it = match &event.content {
            Content::Posted(_)
            | Content::Edited(_)
            | Content::Deleted { .. }
            | Content::PollClosed { .. } => true,
            Content::Reacted { .. }
            | Content::Unreacted { .. }
            | Content::Commanded(_)
            | Content::Moved { .. }
            | Content::Closed
            | Content::Invited { .. }
            | Content::Pinned
            | Content::Unpinned
            | Content::Voted { .. }
            | Content::Counted { .. }
            | Content::ChatChanged { .. }
            | Content::MemberChanged { .. }
            | Content::ThreadChanged { .. } => false,
        };
        if !worth_it || event.place.network.as_str() == CORE {
            return None;
        }
        let text = self.wording.refused(&head.entry.lane.network, reason);
        let message = self.wording.message(text, self.clock.now());
        let answer = Answer { to: Some(event.message.clone()), ..Answer::default() };
        let place = event.place.clone();
        let work = Work::answer(&place, answer, message);
        Some((place, work))
    }
}
