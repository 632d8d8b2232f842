// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every kind of record: its prefix byte, its name, the types of its keys and values, its encoding
//! and its version.
//!
//! Rule: a change of a stored type that older records do not fit raises the version of its table and
//! adds a migration to [`super::layout`]; `tests/spine/store/pinned.rs` fails otherwise. A new field
//! with `#[serde(default)]` in a named table fits older records.

use std::marker::PhantomData;

use bridge_model::{Person, Place, Timestamp};
use bridge_policy::brakes::Habits;
use bridge_policy::budget::Ledger;
use bridge_policy::calendar::Week;
use bridge_policy::figures::WeekFigures;
use bridge_policy::hosts::LinkedHost;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::codec::{self, Form, Kind};
use super::keys::{Hash, Key, Prefix};
use super::page_records::{LaneNote, ToldGap, Visit};
use super::records::{
    Calls, Claim, ClaimOffer, EmojiRecord, FileRecord, Gap, GhostRecord, LaneRecord, Looks,
    MessageRecord, Meta, OrphanRecord, Overflow, PrivateChat, Seen, StickerRecord, TimerRecord,
    Topic, Unconfirmed, WaitingAnswer,
};
use super::restriction::{Restriction, SaidRecord};
use super::statements::Statements;
use crate::lane::Entry;
use crate::migration::{Audit, Migration};
use crate::order::EntryId;
use crate::policing::{Policies, PolicyRow};
use crate::portal::{Offer, Portal, PortalId, Proposal};
use crate::refusal::MissingRight;

/// One kind of record.
pub struct Table<K, V> {
    prefix: u8,
    name: &'static str,
    form: Form,
    version: u8,
    hashes: u64,
    text_keys: bool,
    types: PhantomData<fn(&K) -> V>,
}

/// The key of a row that a scan found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey(pub Vec<u8>);

impl RowKey {
    /// The hash that the key ends with.
    pub fn last_hash(&self) -> Option<Hash> {
        self.0.last_chunk().copied()
    }
}

impl<K: Key, V> Table<K, V> {
    const fn packed(prefix: u8, name: &'static str) -> Self {
        Self::new(prefix, name, Form::Packed)
    }

    const fn named(prefix: u8, name: &'static str) -> Self {
        Self::new(prefix, name, Form::Named)
    }

    const fn new(prefix: u8, name: &'static str, form: Form) -> Self {
        let (hashes, text_keys) = (K::HASHES, K::TEXT);
        Self { prefix, name, form, version: 1, hashes, text_keys, types: PhantomData }
    }
}

impl<K, V> Table<K, V> {
    /// How its values are written.
    pub const fn kind(&self) -> Kind {
        let Self { prefix, name, form, version, hashes, text_keys, .. } = *self;
        Kind { prefix, name, form, version, hashes, text_keys }
    }
}

impl<K: Key, V> Table<K, V> {
    /// The bytes of a key.
    pub fn row(&self, key: &K) -> RowKey {
        let mut bytes = vec![self.prefix];
        key.write(&mut bytes);
        RowKey(bytes)
    }
}

impl<K, V> Table<K, V> {
    /// What all keys under `prefix` begin with.
    pub fn under(&self, prefix: &impl Prefix<K>) -> Vec<u8> {
        let mut bytes = vec![self.prefix];
        prefix.write_prefix(&mut bytes);
        bytes
    }
}

impl<K, V: Serialize> Table<K, V> {
    /// Makes a value ready for the engine.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be written.
    pub fn seal(&self, value: &V) -> Result<Vec<u8>, StoreError> {
        codec::seal(&self.kind(), value)
    }
}

impl<K, V: DeserializeOwned> Table<K, V> {
    /// Reads a value from the engine.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a newer version wrote it, or it is damaged.
    pub fn open(&self, sealed: &[u8]) -> Result<V, StoreError> {
        codec::open(&self.kind(), sealed)
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $value:ty = $form:ident($prefix:literal, $what:literal);)*) => {
        $($(#[$doc])* pub const $name: Table<$key, $value> = Table::$form($prefix, $what);)*

        /// All tables.
        pub const ALL: &[Kind] = &[$($name.kind()),*];

        /// Reads a value as a transaction would, and forgets it.
        ///
        /// # Errors
        /// [`StoreError::Damaged`] when it cannot be read, or no table has such keys.
        pub fn try_open(key: &[u8], sealed: &[u8]) -> Result<(), StoreError> {
            match key.first() {
                $(Some(&$prefix) => $name.open(sealed).map(drop),)*
                _ => Err(StoreError::Damaged {
                    what: "row",
                    why: "this version has no table with such keys".into(),
                }),
            }
        }
    };
}

tables! {
    /// Counters, and the layout of the store.
    META: &'static str => Meta = named(b's', "counter");
    /// Messages, by week and hash.
    MESSAGES: (u16, Hash) => MessageRecord = packed(b'm', "message record");
    /// Marks that count once, by week and hash.
    ONCE: (u16, Hash) => () = packed(b'o', "mark");
    /// Marks that are replaced.
    MARKS: Hash => Vec<u8> = packed(b'k', "mark");
    /// Uploads, by week and name.
    FILES: (u16, Hash) => FileRecord = named(b'f', "file record");
    /// When messages were edited or taken away, by week and hash.
    REVISED: (u16, Hash) => EntryId = packed(b'v', "mark of an edit");
    /// States of lanes.
    LANES: Hash => LaneRecord = packed(b'n', "lane");
    /// Entries, by lane and number.
    ENTRIES: (Hash, EntryId) => Entry = named(b'l', "lane entry");
    /// What is known of lanes besides their entries.
    LANE_NOTES: Hash => LaneNote = named(b'4', "note about a lane");
    /// What full lanes leave out.
    OVERFLOWS: Hash => Overflow = named(b'O', "overflow of a lane");
    /// What was missed of a chat that speaks.
    GAPS: Hash => Gap = named(b'7', "gap");
    /// What was missed and told, by portal.
    TOLD_GAPS: (PortalId, u64) => ToldGap = named(b'9', "gap that was told");
    /// Answers that wait until a lane is empty.
    ANSWERS: (Hash, EntryId) => WaitingAnswer = named(b'a', "answer");
    /// Commands that wait for a confirmation, by chat and code.
    UNCONFIRMED: (Hash, Hash) => Unconfirmed = named(b'b', "command to be confirmed");
    /// The newest waiting entry of a lane about a subject.
    WAITING: (Hash, Hash) => EntryId = packed(b'w', "lane entry");
    /// Numbers of places.
    PLACE_NUMBERS: Hash => u32 = packed(b'i', "place number");
    /// Places by number.
    PLACES: u32 => Place = packed(b'j', "place");
    /// Portals.
    PORTALS: PortalId => Portal = named(b'p', "portal");
    /// Portals by place.
    PORTAL_OF: Hash => PortalId = packed(b'e', "portal");
    /// Settings that wait until each chat has agreed.
    PROPOSALS: PortalId => Vec<Proposal> = named(b'P', "proposed setting");
    /// Codes that link chats.
    OFFERS: Hash => Offer = named(b'c', "link code");
    /// Codes by which accounts are claimed.
    CLAIM_OFFERS: Hash => ClaimOffer = named(b'q', "claim code");
    /// Claims by account.
    CLAIMS: Hash => Claim = named(b'Q', "claim");
    /// The accounts that a Matrix account has claimed.
    CLAIMED: Hash => Vec<Person> = named(b'W', "claims of an account");
    /// Chats with the bot alone, by Matrix account.
    PRIVATE_CHATS: Hash => PrivateChat = named(b'B', "private chat");
    /// Mentions that were told in private, by Matrix account.
    CALLS: Hash => Calls = named(b'C', "mentions told in private");
    /// Ghosts by person.
    GHOSTS: Hash => GhostRecord = named(b'g', "ghost");
    /// People by their ghost's localpart.
    LOCALPARTS: String => Person = named(b'h', "ghost");
    /// Who spoke lately in a portal, as older versions kept it; see [`SPEAKERS`].
    PEOPLE: PortalId => Vec<Seen> = named(b'A', "people of a portal");
    /// What chats look like.
    LOOKS: Hash => Looks = named(b'L', "looks of a chat");
    /// Custom emoji by network and id.
    EMOJI: Hash => EmojiRecord = named(b'E', "custom emoji");
    /// Custom emoji by the file that shows them.
    EMOJI_FILES: Hash => EmojiRecord = named(b'F', "custom emoji");
    /// Stickers by the file that shows them.
    STICKERS: Hash => StickerRecord = named(b'S', "sticker");
    /// What was said lately about links.
    LEDGERS: PortalId => Ledger = named(b'N', "notices of a portal");
    /// Timers, in the order of their moments.
    TIMERS: (Timestamp, Hash) => TimerRecord = named(b'T', "timer");
    /// Moments of timers, by name.
    TIMER_MOMENTS: Hash => Timestamp = packed(b't', "timer");
    /// How far communities have come.
    MIGRATIONS: PortalId => Migration = named(b'M', "way of a community");
    /// The history of portals.
    AUDITS: (PortalId, u64) => Audit = named(b'U', "history of a portal");
    /// Who may vote, by portal and vote.
    ELECTORATES: (PortalId, u32) => Vec<Person> = named(b'V', "electorate");
    /// What was counted, by portal and week.
    FIGURES: (PortalId, Week) => WeekFigures = named(b'I', "figures of a week");
    /// Who wrote in weeks that are not closed, by portal and week: see [`super::keys::author`].
    AUTHORS: (PortalId, (Week, Hash)) => () = packed(b'G', "author of a week");
    /// Hosts that no entry of the catalogue tells of, by portal.
    HOSTS: (PortalId, Hash) => LinkedHost = named(b'H', "linked host");
    /// How people have been writing lately, by a keyed hash of the account.
    HABITS: (PortalId, Hash) => Habits = named(b'0', "habits of an author");
    /// First messages of people who are new, by portal, in the order in which they were said.
    HELD: (PortalId, u64) => OrphanRecord = named(b'5', "message that waits");
    /// Events about messages of ours whose ids are not stored yet.
    ORPHANS: (Hash, u64) => OrphanRecord = named(b'K', "early event");
    /// Topics with rooms, by the hash of their root.
    TOPICS: Hash => Topic = named(b'X', "topic");
    /// Who spoke lately, by portal and person.
    SPEAKERS: (PortalId, Hash) => Seen = named(b'x', "person of a portal");
    /// People whose keys are to be destroyed.
    FORGOTTEN: Hash => () = packed(b'y', "person to be forgotten");
    /// Keys of people of whom no row is left are to be destroyed.
    SWEEP: &'static str => () = packed(b'z', "mark");
    /// Who is held back in a portal, by the hash of the person.
    BLOCKS: (PortalId, Hash) => Restriction = named(b'D', "block");
    /// What somebody said in a portal: the hash of the person, and a number that grows.
    SAID: (PortalId, (Hash, u64)) => SaidRecord = packed(b'd', "message of somebody");
    /// The rights that our bot lacks to moderate, by chat.
    LACKING: Hash => Vec<MissingRight> = named(b'J', "missing rights");
    /// Topics by room: the hash of the root.
    TOPIC_ROOMS: Hash => Hash = packed(b'Y', "topic");
    /// The ledger of consent: what was said about being relayed, by person, see
    /// [`super::keys::subject`].
    CONSENT: Hash => Statements = named(b'R', "statement about being relayed");
    /// Who wants a pseudonym in the place of their name, in one row: each message asks for it.
    PSEUDONYMOUS: &'static str => Vec<Hash> = packed(b'r', "people under pseudonyms");
    /// When those who speak with somebody whose words stay in their chat were told last, by portal and
    /// person.
    CONSENT_TOLD: (PortalId, Hash) => Timestamp = packed(b'Z', "line about consent");
    /// The policy lists that portals follow, and write into.
    POLICIES: PortalId => Policies = named(b'2', "policy lists of a portal");
    /// Rules of those lists, and what they are found by; see [`super::policies`].
    POLICY_RULES: (PortalId, Hash) => PolicyRow = named(b'3', "rule of a policy list");
    /// Links to the dashboard, sessions, and what was asked there, by hashes of their secrets.
    VISITS: Hash => Visit = named(b'1', "visit to the dashboard");
}

/// The key of the only row of [`PSEUDONYMOUS`].
pub const EVERYBODY: &str = "everybody";

/// The key of the only row of [`META`].
pub const COUNTERS: &str = "meta";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tables_share_a_prefix() {
        let mut seen = std::collections::BTreeMap::new();
        for kind in ALL {
            let other = seen.insert(kind.prefix, kind.name);
            assert_eq!(other, None, "{} has the prefix of another table", kind.name);
        }
    }
}
