// SPDX-License-Identifier: AGPL-3.0-or-later
//! Executes an entry on its network: prepares the message, searches for it if an earlier try is in
//! doubt, delivers it.
//!
//! Rule: a refusal is never silent; the author is told in the chat where it was said.

mod actions;
mod calls;
mod crashes;
pub mod directory;
mod effect;
mod emoji;
mod everyone;
pub mod identities;
pub mod impostors;
mod length;
mod links;
mod lookup;
mod media;
mod mentions;
mod metadata;
pub mod moderation;
mod names;
mod networks;
mod new_ghosts;
mod newest;
mod polls;
pub mod prepare;
pub mod public_media;
mod redaction;
mod refusals;
mod self_test;
mod shared;
pub mod summary;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bridge_config::NamePolicy;
use bridge_model::{Content, Person, Place, Reaction};

use self::crashes::Crashes;
use self::directory::Route;
use self::emoji::EmojiUploads;
use self::identities::Identities;
use self::impostors::KnownNames;
use self::lookup::{Lookup, StoreDirectory};
pub use self::networks::Networks;
use self::new_ghosts::NewGhosts;
use self::newest::Newest;
use crate::clock::Clock;
use crate::courier::{Attempt, Executor};
use crate::ghost::Ghosts;
use crate::lane::{Entry, LaneHead, Work};
use crate::media_link::{FileLinks, MediaLinks};
use crate::migration::{MigrationChange, Task};
use crate::order::{Action, DeliverError, Failure, Order, Part, Receipt};
use crate::portal::{Portal, PortalId, Silence};
use crate::pseudonym::Pseudonyms;
use crate::refusal::Refusal;
use crate::store::{Change, Settlement, Store, blocks, silence};
use crate::wording::{Wording, Words};

/// What the relay needs.
pub struct RelayParts {
    /// Who is reachable.
    pub networks: Networks,
    /// What is known.
    pub store: Arc<Store>,
    /// Whose Matrix ids are ours.
    pub ghosts: Ghosts,
    /// Source identities.
    pub pseudonyms: Pseudonyms,
    /// How much of a name others see.
    pub names: NamePolicy,
    /// Public addresses of media, if platforms can reach us.
    pub media_links: Option<MediaLinks>,
    /// What the bot says.
    pub wording: Arc<Wording>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New Matrix accounts that one source with many names may make in a room and a day.
    pub new_ghosts: u32,
}

/// Executes entries on their networks.
#[derive(Clone)]
pub struct Relay {
    networks: Networks,
    store: Arc<Store>,
    pseudonyms: Pseudonyms,
    lookup: Lookup,
    crashes: Arc<Crashes>,
    names: Arc<KnownNames>,
    wording: Arc<Wording>,
    clock: Arc<dyn Clock>,
}

/// One entry while it is executed, with what all steps need.
struct Delivery<'a> {
    relay: &'a Relay,
    head: &'a LaneHead,
    /// What is known, with the names that people of this portal may see.
    lookup: Lookup,
    wording: Arc<Wording>,
    without_files: bool,
    /// Whom the message calls or answers, on whichever side.
    called: Mutex<Vec<Person>>,
}

impl Relay {
    /// A relay between these networks.
    pub fn new(parts: RelayParts) -> Self {
        let RelayParts { networks, store, ghosts, pseudonyms, names, media_links, wording, .. } =
            parts;
        let (clock, new_ghosts) = (parts.clock, NewGhosts::per_day(parts.new_ghosts));
        let identities = Identities {
            store: Arc::clone(&store),
            pseudonyms: pseudonyms.clone(),
            names,
            links: None,
            networks: networks.clone(),
            clock: Arc::clone(&clock),
            new_ghosts: Arc::new(new_ghosts),
            pseudonymous: Arc::default(),
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
            media_links,
        };
        let crashes =
            Arc::new(Crashes::new(Arc::clone(&store), pseudonyms.clone(), Arc::clone(&clock)));
        let names = Arc::default();
        Self { networks, store, pseudonyms, lookup, crashes, names, wording, clock }
    }

    /// The networks that it reaches.
    pub fn networks(&self) -> &Networks {
        &self.networks
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
        let failed = |error, attempt: &Attempt| Failure { error, done: attempt.done.clone() };
        let Entry { id, lane, work, .. } = &head.entry;
        let wording = self.wording_in(head.portal.as_ref());
        let under_way =
            self.crashes.begin(lane, *id, work.event().map(|event| &event.content)).await;
        let under_way = under_way.map_err(|error| failed(error, attempt))?;
        let without_files = under_way.without_files;
        let called = Mutex::default();
        let lookup = self.lookup.of_portal(head.portal.as_ref()).await;
        let lookup = lookup.map_err(|error| failed(error, attempt))?;
        let delivery = Delivery { relay: self, head, lookup, wording, without_files, called };
        let done = delivery.execute(attempt).await;
        if let Err(error) = self.crashes.end(lane, under_way).await {
            tracing::warn!(%error, "an entry still counts as being under way");
        }
        done
    }

    fn ahead(&self, lane: &Place) -> usize {
        self.networks.get(&lane.network).map_or(0, |network| network.ahead())
    }

    async fn halted(&self, head: &LaneHead, why: &Refusal) -> Vec<(Place, Work)> {
        let lane = &head.entry.lane;
        let told = |portal: &&Portal| portal.room != *lane && portal.silence_at(lane).is_none();
        let Some(portal) = head.portal.as_ref().filter(told) else {
            return Vec::new();
        };
        let wording = self.wording_in(Some(portal));
        let text = wording.lane_halted(&lane.network, why);
        let message = wording.message(text, self.clock.now());
        vec![(portal.room.clone(), Work::say(&portal.room, None, message))]
    }
}

impl Delivery<'_> {
    /// What is known of people, chats and messages along the way of this entry.
    fn directory(&self) -> StoreDirectory<'_> {
        let Entry { lane, work, id, .. } = &self.head.entry;
        let from = work.message().map_or(lane, |(place, _)| place).clone();
        let route = Route { from, to: lane.clone() };
        self.lookup.directory((route, *id), self.head.portal.as_ref(), &self.called)
    }

    fn identities(&self) -> &Identities {
        &self.lookup.identities
    }

    fn portal_id(&self) -> Option<PortalId> {
        self.head.portal.as_ref().map(|portal| portal.id)
    }

    async fn execute(&self, attempt: &mut Attempt) -> Result<Settlement, Failure> {
        let failed = |error, attempt: &Attempt| Failure { error, done: attempt.done.clone() };
        if let Some(settlement) = self.silenced(attempt) {
            return Ok(settlement);
        }
        if let Work::Task(Task::SelfTest(portal, number)) = &self.head.entry.work
            && !self.head.left_out
        {
            return self.self_test((*portal, *number), attempt).await;
        }
        let begun = attempt.doubt || !attempt.done.is_empty();
        let banned = self.is_of_banned().await.map_err(|error| failed(error, attempt))?;
        if banned && !begun {
            return Ok(self.settled(Receipt::default()));
        }
        let summaries = self.summaries_after().await.map_err(|error| failed(error, attempt))?;
        let newest = match begun {
            // What an earlier try may have sent is searched for as it was.
            true => Newest::default(),
            false => self.newest().await.map_err(|error| failed(error, attempt))?,
        };
        let mut settlement = match self.attempt(attempt, &newest).await {
            Ok(receipt) => {
                let repaired = self.repaired(&receipt).await;
                let repaired = repaired.map_err(|error| failed(error, attempt))?;
                let told = receipt.fallback.map(|fallback| self.tell_fallback(fallback));
                let calls = self.quiet_calls(&receipt).await;
                let calls = calls.map_err(|error| failed(error, attempt))?;
                let mut settlement = self.settled(receipt);
                settlement.changes.extend(calls);
                settlement.then.extend(repaired);
                settlement.then.extend(self.tell_of_new_names());
                settlement.then.extend(told.into_iter().flatten());
                let told = self.tell_of_deed(None, &mut settlement).await;
                told.map_err(|error| failed(error, attempt))?;
                settlement
            }
            // The ban was carried out before what it said again.
            Err(Failure { error: DeliverError::Refused { reason: Refusal::Barred(_) }, done })
                if banned =>
            {
                self.settled(Receipt { parts: done, ..Receipt::default() })
            }
            Err(Failure { error: DeliverError::Refused { reason }, done }) => {
                let mut settlement = self.refused(reason.clone(), done);
                let told = self.tell_of_deed(Some(&reason), &mut settlement).await;
                told.map_err(|error| failed(error, attempt))?;
                settlement
            }
            Err(failure) => return Err(failure),
        };
        if !newest.edits.is_empty() && !settlement.refused {
            settlement.changes.push(Change::Superseded(newest.edits));
        }
        Ok(Settlement { summaries, ..settlement })
    }

    /// What becomes of an entry whose chat is silent: nothing is said there, and a step of the way
    /// does not wait for a room that the bot is not in.
    fn silenced(&self, attempt: &Attempt) -> Option<Settlement> {
        let Entry { lane, work, .. } = &self.head.entry;
        let portal = self.head.portal.as_ref()?;
        let silence = portal.silence_at(lane)?;
        if !silence::outlives(work, silence) {
            let parts = attempt.done.clone();
            return Some(self.settled(Receipt { parts, ..Receipt::default() }));
        }
        let waits = portal.room == *lane && silence == Silence::Removed;
        let waits = waits && matches!(work, Work::Task(Task::Effect(_)));
        waits.then(|| self.refused(Refusal::NotInChat, Vec::new()))
    }

    /// Whether the entry is somebody's word who was banned since. A ban overtakes what waits, and
    /// what the person said before is said nowhere after it.
    async fn is_of_banned(&self) -> Result<bool, DeliverError> {
        let person = self.head.entry.work.event().and_then(blocks::speaker);
        let (Some(portal), Some(person)) = (self.portal_id(), person) else { return Ok(false) };
        self.relay.store.is_banned(portal, &person).await.map_err(lookup::unread)
    }

    fn refused(&self, reason: Refusal, done: Vec<Part>) -> Settlement {
        let Entry { id, lane, work, .. } = &self.head.entry;
        tracing::warn!(entry = id.0, network = %lane.network, %reason, "refused");
        let mut settlement = self.settled(Receipt { parts: done, ..Receipt::default() });
        settlement.then.extend(self.tell_author(&reason));
        settlement.then.extend(self.tell_room(&reason));
        settlement.then.extend(self.tell_of_barred(&reason));
        settlement.then.extend(self.tell_of_denied(&reason));
        if let Some(event) = work.event()
            && matches!(event.content, Content::Deleted { .. })
            && reason != Refusal::NotTheirsToDelete
        {
            let (place, message) = (event.place.clone(), event.message.clone());
            settlement.changes.push(Change::TakenAway(place, message));
        }
        if let Some(tag) = work.completes() {
            let refused = MigrationChange::Effected(tag, Err(reason));
            settlement.changes.push(Change::Move(Box::new(refused)));
        }
        Settlement { refused: true, ..settlement }
    }

    /// What is in the chat when the entry is done. `newest` is what to say in the place of a message
    /// that was edited meanwhile.
    async fn attempt(&self, attempt: &mut Attempt, newest: &Newest) -> Result<Receipt, Failure> {
        if self.head.left_out {
            let error = DeliverError::Refused { reason: Refusal::LeftOutByHand };
            return Err(Failure { error, done: attempt.done.clone() });
        }
        let lane = &self.head.entry.lane;
        let Some(network) = self.relay.networks.get(&lane.network) else {
            let reason = Refusal::NotConfigured;
            return Err(Failure::clean(DeliverError::ChatClosed { reason }));
        };
        if let Work::Summary(summary) = &self.head.entry.work {
            return self.bring_up_to_date(&**network, (summary, attempt)).await;
        }
        let failed = |error| Failure { error, done: attempt.done.clone() };
        let gone = self.is_taken_back().await.map_err(failed)?;
        let gone = gone || self.is_withheld().await.map_err(failed)?;
        if gone && !attempt.doubt && attempt.done.is_empty() {
            return Ok(Receipt::default());
        }
        let action = self.action(newest).await.map_err(failed)?;
        let Some(action) = action else { return Ok(Receipt::default()) };
        let mut order = self.order(action);
        if attempt.doubt {
            attempt.done = network.find_sent(&order).await?;
            attempt.doubt = false;
        }
        if gone {
            // The deletion that follows takes away what an earlier try left.
            return Ok(Receipt { parts: attempt.done.clone(), ..Receipt::default() });
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
            source: self.source(),
            words: self.words(),
            in_clear: silence::is_last_word(&self.head.entry.work),
        }
    }

    /// The bot's words in this chat, with addresses of the files of this message.
    fn words(&self) -> Words {
        let words = Words::new(Arc::clone(&self.wording));
        let links = self.identities().links.clone();
        match links.zip(self.head.entry.work.message()) {
            Some((links, (place, message))) => {
                words.with_links(FileLinks::new(links, place.clone(), message.clone()))
            }
            None => words,
        }
    }

    /// The keyed identity of this message, or of this person's reaction to it. Empty for a task,
    /// which sends no message.
    fn source(&self) -> String {
        let pseudonyms = &self.relay.pseudonyms;
        let work = &self.head.entry.work;
        let Some((place, id)) = work.message() else { return String::new() };
        let message = pseudonyms.message(place, id);
        let content = work.event().map(|event| &event.content);
        let Some(Content::Reacted { by, reaction, .. }) = content else { return message };
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
}
