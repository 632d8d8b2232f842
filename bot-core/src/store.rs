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
pub mod backup_request;
pub mod blocks;
mod brakes;
pub mod calls;
pub mod check;
mod cipher;
pub mod claims;
pub mod codec;
pub mod consent;
mod delayed;
mod due;
pub mod electorate;
pub mod emoji;
pub mod erase;
pub mod export;
pub mod figures;
pub mod files;
pub mod first;
pub mod forget;
pub mod format4;
pub mod gaps;
pub mod gauges;
pub mod ghosts;
mod head;
pub mod hosts;
pub mod import;
pub mod joint;
mod kept;
pub mod key_files;
pub mod keyring;
pub mod keys;
pub mod kv;
pub mod lane_notes;
pub mod lanes;
pub mod layout;
mod linked_chats;
pub mod linking;
pub mod media_purge;
pub mod memory;
pub mod messages;
pub mod migration;
pub mod notices;
mod opened;
pub mod orphans;
pub mod overflow;
pub mod own_data;
pub mod page_records;
pub mod people;
pub mod policies;
pub mod portals;
pub mod private;
pub mod proposals;
pub mod queue;
mod recent;
pub mod records;
pub mod removal;
pub mod replica;
pub mod restriction;
pub mod retention;
mod revised;
pub mod sealing;
pub mod self_tests;
pub mod settle;
mod shared;
pub mod silence;
pub mod sled;
mod standing;
pub mod statements;
mod stickers;
pub mod subject;
pub mod summaries;
pub mod tables;
pub mod threads;
pub mod timers;
pub mod topics;
pub mod txn;
pub mod unconfirmed;
pub mod vault;
pub mod visits;
pub mod votes;
pub mod whose;
pub mod writer;

use bridge_model::{Alias, Event, MessageId, Person, Place, Timestamp};
use bridge_policy::stage::Stage;

use crate::lane::{Entry, LaneState, Summary, Work};
use crate::migration::MigrationChange;
use crate::order::{EntryId, Part};
use crate::policing::PolicyChange;
use crate::portal::{Offer, PortalId, Proposal, Redeemed, Setting, Settings};
use crate::refusal::MissingRight;

pub use cipher::Kek;
pub use records::{
    Acquaintance, Claim, ClaimOffer, EmojiRecord, FileRecord, GhostRecord, StickerRecord, Tie,
    Topic,
};
pub use writer::{OnDisk, Store};

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
    /// A command was shown in a chat and waits until it is confirmed.
    Ask(Place, CodeHash, Box<unconfirmed::Unconfirmed>),
    /// A command that waited in a chat is carried out.
    Confirmed(Place, CodeHash),
    /// Changes a setting of the portal of a place.
    Set(Place, Setting),
    /// A setting waits until each chat has agreed.
    Proposed(PortalId, Proposal),
    /// A proposed setting waits no more.
    Resolved(PortalId, String),
    /// Links to services were seen, and something may be to be said about one.
    Linked(Box<notices::Linked>),
    /// What becomes of a claimed account.
    Claim(Box<claims::ClaimChange>),
    /// What somebody is told in private.
    Call(Box<calls::CallChange>),
    /// What somebody says about being relayed.
    Consent(Box<consent::ConsentChange>),
    /// What becomes of what is known of somebody.
    OwnData(Box<own_data::OwnDataChange>),
    /// The way of a community.
    Move(Box<MigrationChange>),
    /// Sets a timer.
    Timer(Box<timers::NewTimer>),
    /// Takes a timer away.
    StopTimer(String),
    /// What becomes of a topic's room.
    Topic(topics::TopicChange),
    /// The copies of messages with files go from all sides of the portal of a room.
    PurgeMedia(Place),
    /// Takes a remote place out of its portal; the room stays.
    Unlink(Place),
    /// The bot was let into a chat again.
    Returned(Place),
    /// A room is encrypted, and the bridge cannot read it.
    Encrypted(Place),
    /// Who may read a room: everybody (`true`), or who is in it.
    Readers(Place, bool),
    /// Edits that wait were sent already, as the message itself.
    Superseded(Vec<Entry>),
    /// A message of a place was taken away by somebody who may, although its copy in one chat stays.
    TakenAway(Place, MessageId),
    /// A moderator acts on somebody in all chats of a portal.
    Moderated(Box<Event>),
    /// Somebody is not held back any more, because they look after a chat themselves.
    Spared(PortalId, Person),
    /// The rights that our bot lacks in a chat to moderate there, as its people were told.
    Lacks(Place, Vec<MissingRight>),
    /// What becomes of a self-test.
    SelfTest(Box<self_tests::SelfTestChange>),
    /// What becomes of the policy lists of a portal.
    Policy(Box<PolicyChange>),
    /// Somebody does something with a lane by hand.
    Lane(lanes::LaneChange),
    /// What becomes of a visit to the dashboard.
    Visit(Box<visits::VisitChange>),
}

/// What [`Store::settle`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Lanes that got entries.
    pub lanes: Vec<LaneState>,
    /// What is left in the settled lane.
    pub depth: u64,
    /// Lanes whose couriers look at once, whatever they wait for.
    pub hurried: Vec<Place>,
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
    /// The key of the store is missing or another one's.
    #[error("{0}")]
    Key(String),
    /// Another process has the store open.
    #[error("{0}")]
    Held(String),
    /// A file with records cannot be used.
    #[error("{0}")]
    File(String),
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}
