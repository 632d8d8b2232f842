// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where each record stands in the keyspace.
//!
//! Rule: a prefix byte, then fixed-width parts in big-endian, so that keys sort as they
//! were made. Raw remote ids stand in no key.

use bridge_model::{MessageId, NetworkId, Person, Place, Timestamp};
use bridge_policy::calendar::Week;
use sha2::{Digest, Sha256};

use crate::order::EntryId;

/// A hash that stands for an id in a key.
pub type Hash = [u8; 16];

/// Prefix of message records.
pub const MESSAGES: u8 = b'm';
/// Prefix of marks that count once.
pub const ONCE: u8 = b'o';
/// Prefix of files that were uploaded.
pub const FILES: u8 = b'f';
/// Prefix of lane states.
pub const LANES: u8 = b'n';
/// Prefix of offers.
pub const OFFERS: u8 = b'c';
/// Prefix of subjects about which entries wait.
const WAITING: u8 = b'w';
/// Prefix of ghosts.
pub const GHOSTS: u8 = b'g';
/// Prefix of timers, in the order of their moments.
pub const TIMERS: u8 = b'T';
/// Prefix of topics with rooms of their own.
pub const TOPICS: u8 = b'X';
/// Prefix of portals.
pub const PORTALS: u8 = b'p';

/// Prefix of codes by which accounts are claimed.
pub const CLAIM_OFFERS: u8 = b'q';
/// Prefix of claimed accounts.
pub const CLAIMS: u8 = b'Q';

/// Prefix of the people of portals.
pub const PEOPLE: u8 = b'A';

/// The bucket that is never dropped.
pub const FOR_EVER: u16 = u16::MAX;

const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

/// Hashes the parts, each with its length, cut to 16 bytes.
pub fn hash(parts: &[&str]) -> Hash {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut cut = Hash::default();
    for (to, from) in cut.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    cut
}

/// The hash of a place.
pub fn place(place: &Place) -> Hash {
    hash(&[place.network.as_str(), place.chat.as_str()])
}

/// The hash of a person.
pub fn person(person: &Person) -> Hash {
    hash(&[person.network.as_str(), person.user.as_str()])
}

/// The hash of a message.
pub fn message(place: &Place, message: &MessageId) -> Hash {
    hash(&[place.network.as_str(), place.chat.as_str(), message.as_str()])
}

/// A voter in one poll, under the store's own secret: the same person is somebody else in the next
/// poll, and whoever reads a record cannot try people out.
pub fn voter(secret: &str, person: &Person, (place, message): (&Place, &MessageId)) -> Hash {
    let (network, user) = (person.network.as_str(), person.user.as_str());
    let (chat, message) = (place.chat.as_str(), message.as_str());
    hash(&["voter", secret, network, user, place.network.as_str(), chat, message])
}

/// The week that a moment lies in: message records live in one bucket per week.
pub fn bucket(now: Timestamp) -> u16 {
    u16::try_from(now.0.max(0) / WEEK_MS).unwrap_or(u16::MAX).min(FOR_EVER - 1)
}

fn key(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![prefix];
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// A message record.
pub fn message_key(bucket: u16, hash: &Hash) -> Vec<u8> {
    key(MESSAGES, &[&bucket.to_be_bytes(), hash])
}

/// All records of a bucket.
pub fn bucket_prefix(prefix: u8, bucket: u16) -> Vec<u8> {
    key(prefix, &[&bucket.to_be_bytes()])
}

/// A mark that counts once.
pub fn once_key(bucket: u16, network: &NetworkId, mark: &str) -> Vec<u8> {
    key(ONCE, &[&bucket.to_be_bytes(), &hash(&[network.as_str(), mark])])
}

/// A file that was uploaded in a week.
pub fn file_key(bucket: u16, name: &Hash) -> Vec<u8> {
    key(FILES, &[&bucket.to_be_bytes(), name])
}

/// A mark that is replaced.
pub fn mark_key(network: &NetworkId, mark: &str) -> Vec<u8> {
    key(b'k', &[&hash(&[network.as_str(), mark])])
}

/// An entry of a lane.
pub fn entry_key(lane: &Hash, entry: EntryId) -> Vec<u8> {
    key(b'l', &[lane, &entry.0.to_be_bytes()])
}

/// All entries of a lane.
pub fn lane_prefix(lane: &Hash) -> Vec<u8> {
    key(b'l', &[lane])
}

/// The newest waiting entry of a lane about a subject.
pub fn waiting_key(lane: &Hash, subject: &Hash) -> Vec<u8> {
    key(WAITING, &[lane, subject])
}

/// All subjects about which entries of a lane wait.
pub fn waiting_prefix(lane: &Hash) -> Vec<u8> {
    key(WAITING, &[lane])
}

/// The state of a lane.
pub fn lane_key(lane: &Hash) -> Vec<u8> {
    key(LANES, &[lane])
}

/// A portal.
pub fn portal_key(number: u32) -> Vec<u8> {
    key(PORTALS, &[&number.to_be_bytes()])
}

/// The portal of a place.
pub fn portal_of_key(place: &Hash) -> Vec<u8> {
    key(b'e', &[place])
}

/// An offer.
pub fn offer_key(code: &Hash) -> Vec<u8> {
    key(OFFERS, &[code])
}

/// A ghost.
pub fn ghost_key(person: &Hash) -> Vec<u8> {
    key(GHOSTS, &[person])
}

/// The person behind a localpart.
pub fn localpart_key(localpart: &str) -> Vec<u8> {
    key(b'h', &[localpart.as_bytes()])
}

/// What a chat looks like.
pub fn looks_key(place: &Hash) -> Vec<u8> {
    key(b'L', &[place])
}

/// The people of a portal.
pub fn people_key(portal: u32) -> Vec<u8> {
    key(PEOPLE, &[&portal.to_be_bytes()])
}

/// A custom emoji of a network.
pub fn emoji_key(network: &NetworkId, id: &str) -> Vec<u8> {
    key(b'E', &[&hash(&[network.as_str(), id])])
}

/// The custom emoji that a file shows.
pub fn emoji_file_key(mxc: &str) -> Vec<u8> {
    key(b'F', &[&hash(&[mxc])])
}

/// The sticker that a file shows.
pub fn sticker_key(mxc: &str) -> Vec<u8> {
    key(b'S', &[&hash(&[mxc])])
}

/// What was said lately about links in a portal.
pub fn notices_key(portal: u32) -> Vec<u8> {
    key(b'N', &[&portal.to_be_bytes()])
}

/// A code by which an account is claimed.
pub fn claim_offer_key(code: &Hash) -> Vec<u8> {
    key(CLAIM_OFFERS, &[code])
}

/// A claimed account.
pub fn claim_key(person: &Hash) -> Vec<u8> {
    key(CLAIMS, &[person])
}

/// What a Matrix account has claimed.
pub fn claimed_key(mxid: &Hash) -> Vec<u8> {
    key(b'W', &[mxid])
}

/// The number of a place.
pub fn place_number_key(place: &Hash) -> Vec<u8> {
    key(b'i', &[place])
}

/// The place of a number.
pub fn numbered_place_key(number: u32) -> Vec<u8> {
    key(b'j', &[&number.to_be_bytes()])
}

/// A timer: its moment, then its name.
pub fn timer_key(at: Timestamp, name: &Hash) -> Vec<u8> {
    key(TIMERS, &[&at.0.max(0).to_be_bytes(), name])
}

/// The moment of a timer.
pub fn timer_name_key(name: &Hash) -> Vec<u8> {
    key(b't', &[name])
}

/// How far a community has come.
pub fn migration_key(portal: u32) -> Vec<u8> {
    key(b'M', &[&portal.to_be_bytes()])
}

/// One line of a portal's history.
pub fn audit_key(portal: u32, number: u64) -> Vec<u8> {
    key(b'U', &[&portal.to_be_bytes(), &number.to_be_bytes()])
}

/// The history of a portal.
pub fn audit_prefix(portal: u32) -> Vec<u8> {
    key(b'U', &[&portal.to_be_bytes()])
}

/// What was counted of a portal in a week.
pub fn figures_key(portal: u32, week: Week) -> Vec<u8> {
    // Weeks before 1970 come first.
    let order = u32::from_be_bytes(week.0.to_be_bytes()) ^ (1 << 31);
    key(b'I', &[&portal.to_be_bytes(), &order.to_be_bytes()])
}

/// All weeks of a portal.
pub fn figures_prefix(portal: u32) -> Vec<u8> {
    key(b'I', &[&portal.to_be_bytes()])
}

/// An event that waits for its message.
pub fn early_key(place: &Hash, number: u64) -> Vec<u8> {
    key(b'K', &[place, &number.to_be_bytes()])
}

/// All events that wait for messages of a place.
pub fn early_prefix(place: &Hash) -> Vec<u8> {
    key(b'K', &[place])
}

/// A topic, by the hash of the message that it hangs on.
pub fn topic_key(root: &Hash) -> Vec<u8> {
    key(TOPICS, &[root])
}

/// The topic of a room.
pub fn topic_room_key(room: &Hash) -> Vec<u8> {
    key(b'Y', &[room])
}

/// The hash in the key of a message record.
pub fn message_hash(key: &[u8]) -> Option<Hash> {
    key.get(3..).and_then(|hash| Hash::try_from(hash).ok())
}

/// Counters.
pub fn meta_key() -> Vec<u8> {
    key(b's', &[b"meta"])
}
