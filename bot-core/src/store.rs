// SPDX-License-Identifier: AGPL-3.0-or-later
//! What survives a crash.
//!
//! Rule: each verb is one transaction of the domain. When it returns `Ok`, its
//! effect is on the disk.

pub mod accept;
pub mod albums;
pub mod answers;
pub mod appearance;
pub mod audience;
pub mod claims;
pub mod codec;
mod delayed;
pub mod embedded;
pub mod emoji;
pub mod erase;
pub mod figures;
pub mod files;
pub mod format4;
pub mod joint;
pub mod keys;
pub mod kv;
pub mod layout;
pub mod linking;
pub mod memory;
pub mod messages;
pub mod migration;
pub mod notices;
pub mod orphans;
pub mod overflow;
pub mod people;
pub mod portals;
pub mod queue;
pub mod records;
pub mod replica;
pub mod retention;
pub mod settle;
pub mod sled;
mod stickers;
pub mod subject;
pub mod summaries;
pub mod tables;
pub mod threads;
pub mod timers;
pub mod topics;
pub mod txn;
pub mod votes;

use async_trait::async_trait;
use bridge_model::{Alias, Event, MessageId, NetworkId, Person, Place, Timestamp};
use bridge_policy::figures::WeekFigures;
use bridge_policy::stage::Stage;

use crate::lane::{Entry, LaneHead, LaneState, Replica, Summary, Work};
use crate::migration::{Audit, Migration, Move};
use crate::order::{Batch, EntryId, Part};
use crate::portal::{Offer, Portal, PortalId, Redeemed, Setting, Settings};
use crate::refusal::Refusal;

pub use embedded::Embedded;
pub use records::{
    Acquaintance, Claim, ClaimOffer, EmojiRecord, FileRecord, GhostRecord, StickerRecord, Topic,
};

/// What survives a crash.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes in what a listener heard: drops what was seen before, appends to the lane of every other
    /// place of the portal, appends commands to the core lane, stores the marks.
    async fn accept(&self, batch: Batch, now: Timestamp) -> Result<Accepted, StoreError>;

    /// The value last stored under a mark.
    async fn mark(&self, network: &NetworkId, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The head of a lane; it stays there until [`Store::settle`].
    async fn take(&self, lane: &Place) -> Result<Option<LaneHead>, StoreError>;

    /// Removes the head of a lane and stores what came of it, all or nothing.
    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError>;

    /// Lets no further file join the album at the head of a lane, if that is still `entry`. The
    /// head as it is now: between the last look at it and this, a file may have joined.
    async fn close_album(
        &self,
        lane: &Place,
        entry: EntryId,
    ) -> Result<Option<LaneHead>, StoreError>;

    /// Lanes that are not empty or stand still.
    async fn lanes(&self) -> Result<Vec<LaneState>, StoreError>;

    /// Makes a lane stand still, or go on with `None`. `then` is appended in the same transaction.
    async fn halt(
        &self,
        lane: &Place,
        why: Option<Refusal>,
        then: Vec<(Place, Work)>,
        now: Timestamp,
    ) -> Result<Vec<Place>, StoreError>;

    /// What is known of a message, whichever of its copies is named.
    async fn find_replica(
        &self,
        place: &Place,
        message: &MessageId,
    ) -> Result<Option<Replica>, StoreError>;

    /// The edits of a new message that wait in a lane behind it, in order.
    async fn waiting_edits(&self, lane: &Place, event: &Event) -> Result<Vec<Entry>, StoreError>;

    /// The portal that a place belongs to.
    async fn portal_of(&self, place: &Place) -> Result<Option<Portal>, StoreError>;

    /// All portals.
    async fn portals(&self) -> Result<Vec<Portal>, StoreError>;

    /// The offer behind a code's hash, also when it is stale or used.
    async fn find_offer(&self, code: &CodeHash) -> Result<Option<Offer>, StoreError>;

    /// What is known of the ghost of a person.
    async fn ghost(&self, person: &Person) -> Result<Option<GhostRecord>, StoreError>;

    /// Stores what is known of a ghost.
    async fn save_ghost(&self, person: &Person, ghost: GhostRecord) -> Result<(), StoreError>;

    /// The person behind a ghost's localpart.
    async fn person_behind(&self, localpart: &str) -> Result<Option<Person>, StoreError>;

    /// Who spoke lately in a portal, longest ago first.
    async fn people(&self, portal: PortalId) -> Result<Vec<Acquaintance>, StoreError>;

    /// A custom emoji of a network, when it was seen before.
    async fn emoji(&self, network: &NetworkId, id: &str)
    -> Result<Option<EmojiRecord>, StoreError>;

    /// The custom emoji that a file (an `mxc://` URI) shows.
    async fn emoji_behind(&self, mxc: &str) -> Result<Option<EmojiRecord>, StoreError>;

    /// Remembers a custom emoji and the file that shows it.
    async fn save_emoji(&self, emoji: EmojiRecord) -> Result<(), StoreError>;

    /// The sticker that a file of the media repository shows, if it is one of another network.
    async fn sticker_behind(&self, mxc: &str) -> Result<Option<StickerRecord>, StoreError>;

    /// Remembers a sticker with the file that shows it.
    async fn save_sticker(&self, mxc: &str, sticker: StickerRecord) -> Result<(), StoreError>;

    /// The code by which an account is claimed, also when it is stale or used.
    async fn claim_offer(&self, code: &CodeHash) -> Result<Option<ClaimOffer>, StoreError>;

    /// How many messages are known, of all chats; for those who look after the store.
    async fn count_messages(&self) -> Result<u64, StoreError>;

    /// Who has claimed an account of another network.
    async fn claim(&self, person: &Person) -> Result<Option<Claim>, StoreError>;

    /// What an account on Matrix has claimed.
    async fn claims_by(&self, mxid: &str) -> Result<Vec<Claim>, StoreError>;

    /// The upload of a file, by one of its names ([`files::source`], [`files::content`]), if it is not
    /// older than a week or two.
    async fn file(
        &self,
        name: &keys::Hash,
        now: Timestamp,
    ) -> Result<Option<FileRecord>, StoreError>;

    /// Remembers the upload of a file under its names.
    async fn save_file(
        &self,
        names: Vec<keys::Hash>,
        file: FileRecord,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// How far a portal's community has come.
    async fn migration(&self, portal: PortalId) -> Result<Migration, StoreError>;

    /// What happened to a portal, oldest first.
    async fn history(&self, portal: PortalId) -> Result<Vec<Audit>, StoreError>;

    /// The topic that hangs on a message, if it has a room or gets one.
    async fn topic(&self, end: &Place, root: &MessageId) -> Result<Option<Topic>, StoreError>;

    /// The topic that a room is for.
    async fn topic_of_room(&self, room: &Place) -> Result<Option<Topic>, StoreError>;

    /// All topics of all portals that have rooms or get some.
    async fn all_topics(&self) -> Result<Vec<Topic>, StoreError>;

    /// Those of one portal.
    async fn topics(&self, portal: PortalId) -> Result<Vec<Topic>, StoreError>;

    /// What was counted of a portal, week by week, oldest first.
    async fn figures(&self, portal: PortalId) -> Result<Vec<WeekFigures>, StoreError>;

    /// The people whose ghosts are in a room.
    async fn ghosts_in(&self, room: &Place) -> Result<Vec<Person>, StoreError>;

    /// Puts the work of all timers that have run down into their lanes.
    async fn due(&self, now: Timestamp) -> Result<Vec<LaneState>, StoreError>;

    /// Drops messages and codes from before `before`, in whole buckets; returns how many rows went.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// A random number made when the store was made; base of idempotency keys, so that a store
    /// made anew never repeats one.
    async fn instance(&self) -> Result<String, StoreError>;
}

/// SHA-256 of a link code, cut to 16 bytes: codes are not stored.
pub type CodeHash = [u8; 16];

/// What [`Store::accept`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Lanes that got entries.
    pub lanes: Vec<LaneState>,
    /// Events that were seen before or belong to no portal.
    pub dropped: usize,
}

/// What came of a lane's head.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The lane.
    pub lane: Place,
    /// The entry, which must be the head.
    pub entry: EntryId,
    /// The parts that it left in the chat.
    pub parts: Vec<Part>,
    /// Other names under which the network will speak of them.
    pub also: Vec<Alias>,
    /// It was not carried out, and nobody will try again.
    pub refused: bool,
    /// Summaries that are to be brought up to date, each in its lane.
    pub summaries: Vec<(Place, Summary)>,
    /// What else changes.
    pub changes: Vec<Change>,
    /// Entries to append, in order.
    pub then: Vec<(Place, Work)>,
    /// Now.
    pub now: Timestamp,
}

/// A change that a command makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A code was given out.
    Offer(CodeHash, Offer),
    /// A code was typed on the other side; who made it is asked.
    Redeemed(CodeHash, Redeemed),
    /// A code is worth nothing any more.
    Spent(CodeHash),
    /// A code was typed and agreed to: joins a room and a remote place; refused when either has changed meanwhile.
    Link {
        /// The code.
        code: CodeHash,
        /// The room.
        room: Place,
        /// The remote place.
        remote: Place,
        /// The remote chat's title.
        title: Option<String>,
        /// The settings, if the portal is a new one.
        settings: Settings,
        /// The stage, if the portal is a new one.
        stage: Stage,
    },
    /// Changes a setting of the portal of a place.
    Set(Place, Setting),
    /// Links to services were seen, and something may be to be said about one.
    Linked(Box<notices::Linked>),
    /// What becomes of a claimed account.
    Claim(Box<claims::ClaimChange>),
    /// The way of a community.
    Move(Box<Move>),
    /// Sets a timer.
    Timer(Box<timers::NewTimer>),
    /// Takes a timer away.
    StopTimer(String),
    /// What becomes of a topic's room.
    Topic(topics::TopicChange),
    /// Takes a remote place out of its portal; the room stays.
    Unlink(Place),
    /// A remote place is lost (or found again); the room stays.
    Severed(Place, bool),
    /// Edits that wait were sent already, as the message itself.
    Superseded(Vec<Entry>),
}

/// What [`Store::settle`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Lanes that got entries.
    pub lanes: Vec<LaneState>,
    /// What is left in the settled lane.
    pub depth: u64,
}

/// The store cannot do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk or the engine fails.
    #[error("the store failed: {0}")]
    Engine(String),
    /// A record cannot be read: written by a newer version, or damaged.
    #[error("the store holds a {what} that cannot be read: {why}")]
    Damaged {
        /// Which record.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The store has a layout that this version does not know.
    #[error(
        "the store has layout {found}, and this freeside knows layouts up to {known}: a newer \
         version has written it. Start that version again"
    )]
    Newer {
        /// The layout of the store.
        found: u16,
        /// The newest one that is known.
        known: u16,
    },
    /// The change no longer fits what is stored; nothing was changed.
    #[error("the change no longer fits: {0}")]
    Conflict(&'static str),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}
