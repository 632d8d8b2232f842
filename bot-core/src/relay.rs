// SPDX-License-Identifier: AGPL-3.0-or-later
//! Executes an entry on its network: prepares the message, searches for it if an earlier try is in
//! doubt, delivers it.
//!
//! Rule: a refusal is never silent; the author is told in the chat where it was said.

mod actions;
pub mod directory;
mod effect;
mod emoji;
mod everyone;
pub mod identities;
mod links;
mod lookup;
mod media;
mod mentions;
mod metadata;
mod names;
mod networks;
mod polls;
pub mod prepare;
mod redaction;
mod shared;
pub mod summary;

use std::sync::Arc;

use async_trait::async_trait;
use bridge_config::NamePolicy;
use bridge_model::{Content, Event, Place, Reaction};

use self::directory::Route;
use self::emoji::EmojiUploads;
use self::identities::Identities;
use self::lookup::{Lookup, StoreDirectory, unread};
pub use self::networks::Networks;
use crate::clock::Clock;
use crate::courier::{Attempt, Executor};
use crate::ghost::Ghosts;
use crate::lane::{Answer, CORE, LaneHead, Work};
use crate::migration::{Move, Task};
use crate::order::{Action, DeliverError, Failure, Order, Receipt};
use crate::pictures::Pictures;
use crate::portal::Portal;
use crate::pseudonym::Pseudonyms;
use crate::store::{Change, Settlement, Store};
use crate::wording::{Wording, Words};

/// What the relay needs.
pub struct RelayParts {
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

/// Executes entries on their networks.
#[derive(Clone)]
pub struct Relay {
    networks: Networks,
    store: Arc<dyn Store>,
    pseudonyms: Pseudonyms,
    lookup: Lookup,
    wording: Arc<Wording>,
    clock: Arc<dyn Clock>,
}

/// One entry while it is executed, with what all steps need: the store is asked for it once.
struct Delivery<'a> {
    relay: &'a Relay,
    head: &'a LaneHead,
    portal: Option<Portal>,
    wording: Arc<Wording>,
}

impl Relay {
    /// A relay between these networks.
    pub fn new(parts: RelayParts) -> Self {
        let RelayParts { networks, store, ghosts, pseudonyms, names, pictures, wording, clock } =
            parts;
        let identities = Identities {
            store: Arc::clone(&store),
            pseudonyms: pseudonyms.clone(),
            names,
            pictures,
        };
        let emoji = EmojiUploads {
            store: Arc::clone(&store),
            networks: networks.clone(),
            pseudonyms: pseudonyms.clone(),
        };
        let lookup = Lookup {
            store: Arc::clone(&store),
            networks: networks.clone(),
            ghosts,
            identities,
            emoji,
        };
        Self { networks, store, pseudonyms, lookup, wording, clock }
    }

    /// The networks that it reaches.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    fn identities(&self) -> &Identities {
        &self.lookup.identities
    }

    /// The bot's words in the language of a portal.
    fn wording_in(&self, portal: Option<&Portal>) -> Arc<Wording> {
        let language = portal.and_then(|portal| portal.settings.language.as_deref());
        match language.filter(|language| *language != self.wording.language()) {
            Some(language) => Arc::new(self.wording.speaking(language)),
            None => Arc::clone(&self.wording),
        }
    }
}

#[async_trait]
impl Executor for Relay {
    async fn execute(&self, head: &LaneHead, attempt: &mut Attempt) -> Result<Settlement, Failure> {
        let portal = self.store.portal_of(&head.entry.lane).await.map_err(unread);
        let portal = portal.map_err(|error| Failure { error, done: attempt.done.clone() })?;
        let wording = self.wording_in(portal.as_ref());
        Delivery { relay: self, head, portal, wording }.execute(attempt).await
    }

    async fn halted(&self, head: &LaneHead, why: &str) -> Vec<(Place, Work)> {
        let lane = &head.entry.lane;
        match self.store.portal_of(lane).await {
            Ok(Some(portal)) if portal.room != *lane => {
                let wording = self.wording_in(Some(&portal));
                let text = wording.lane_halted(&lane.network, why);
                let message = wording.message(text, self.clock.now());
                let work = Work::say(&portal.room, None, message);
                vec![(portal.room, work)]
            }
            Ok(_) | Err(_) => Vec::new(),
        }
    }
}

impl Delivery<'_> {
    /// What is known of people, chats and messages along the way of this entry.
    fn directory(&self) -> StoreDirectory<'_> {
        let from = self.head.entry.work.event.place.clone();
        let route = Route { from, to: self.head.entry.lane.clone() };
        self.relay.lookup.directory(route, self.portal.as_ref())
    }

    async fn execute(&self, attempt: &mut Attempt) -> Result<Settlement, Failure> {
        let head = self.head;
        let summaries = match self.summaries_after().await {
            Ok(summaries) => summaries,
            Err(error) => return Err(Failure { error, done: attempt.done.clone() }),
        };
        match self.attempt(attempt).await {
            Ok(receipt) => Ok(Settlement { summaries, ..self.settled(receipt) }),
            Err(Failure { error: DeliverError::Refused { reason }, done }) => {
                let (entry, network) = (head.entry.id.0, &head.entry.lane.network);
                tracing::warn!(entry, %network, reason, "refused");
                let receipt = Receipt { parts: done, ..Receipt::default() };
                let mut settlement = self.settled(receipt);
                settlement.then.extend(self.tell_author(&reason));
                settlement.then.extend(self.tell_room(&reason));
                if let Some(Task::Effect(tag)) = head.entry.work.task {
                    let refused = Move::Effected(tag, Err(reason));
                    settlement.changes.push(Change::Move(Box::new(refused)));
                }
                Ok(Settlement { summaries, refused: true, ..settlement })
            }
            Err(failure) => Err(failure),
        }
    }

    /// What is in the chat when the entry is done.
    async fn attempt(&self, attempt: &mut Attempt) -> Result<Receipt, Failure> {
        let lane = &self.head.entry.lane;
        let Some(network) = self.relay.networks.get(&lane.network) else {
            let reason = format!("the network {} is not configured", lane.network);
            return Err(Failure::clean(DeliverError::ChatClosed { reason }));
        };
        if let Some(summary) = &self.head.entry.summary {
            return self.bring_up_to_date(&**network, (summary, attempt)).await;
        }
        let failed = |error| Failure { error, done: attempt.done.clone() };
        let action = self.action().await.map_err(failed)?;
        let Some(action) = action else { return Ok(Receipt::default()) };
        let mut order = self.order(action);
        if attempt.doubt {
            attempt.done = network.find_sent(&order).await?;
            attempt.doubt = false;
        }
        order.done.clone_from(&attempt.done);
        network.deliver(&order, &self.relay.networks).await
    }

    /// The order that has an action carried out for the head of the lane.
    fn order(&self, act: Action) -> Order {
        Order {
            entry: self.head.entry.id,
            chat: self.head.entry.lane.chat.clone(),
            act,
            done: Vec::new(),
            after: self.head.newest.clone(),
            source: self.source(&self.head.entry.work.event),
            words: Words::new(Arc::clone(&self.wording)),
        }
    }

    /// What tells this message, or this person's reaction to it, from all others.
    fn source(&self, event: &Event) -> String {
        let pseudonyms = &self.relay.pseudonyms;
        let message = pseudonyms.message(&event.place, &event.message);
        let Content::Reacted { by, reaction, .. } = &event.content else { return message };
        let key = match reaction {
            Reaction::Emoji(key) => key,
            Reaction::Custom { id, .. } => id,
        };
        let user = by.user.as_str();
        pseudonyms.token("reaction", &format!("{message}/{}/{user}/{key}", user.len()))
    }

    fn settled(&self, receipt: Receipt) -> Settlement {
        let head = self.head;
        Settlement {
            lane: head.entry.lane.clone(),
            entry: head.entry.id,
            parts: receipt.parts,
            also: receipt.also,
            refused: false,
            summaries: Vec::new(),
            changes: Vec::new(),
            then: Vec::new(),
            now: self.relay.clock.now(),
        }
    }

    /// One line under the message that did not arrive. Not for the bot's own words, and not for
    /// reactions, which would be louder than what was lost.
    fn tell_author(&self, reason: &str) -> Option<(Place, Work)> {
        let event = &self.head.entry.work.event;
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
        let text = self.wording.refused(&self.head.entry.lane.network, reason);
        let message = self.wording.message(text, self.relay.clock.now());
        let answer = Answer { to: Some(event.message.clone()), ..Answer::default() };
        let place = event.place.clone();
        let work = Work::say(&place, None, message).answering(answer);
        Some((place, work))
    }
}
