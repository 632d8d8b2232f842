// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the parts of a key are written, and the hashes that stand for ids in keys.
//!
//! Rule: each part has a fixed width and is big-endian, so that keys sort as they were made. Raw
//! remote ids stand in no key.

use bridge_model::{MessageId, Person, Place, Timestamp};
use bridge_policy::calendar::Week;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::order::EntryId;
use crate::portal::PortalId;

/// A hash that stands for an id in a key.
pub type Hash = [u8; 16];

/// The bucket that is never dropped.
pub const FOR_EVER: u16 = u16::MAX;

const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

/// A key of a table, or one part of it.
pub trait Key {
    /// How many bytes it has; 0 for the last part, whose length nobody needs to know.
    const WIDTH: u32 = 0;
    /// Where in it hashes begin, one bit for each byte.
    const HASHES: u64 = 0;
    /// It is text, which no engine gets to see.
    const TEXT: bool = false;

    /// Appends the bytes of the key.
    fn write(&self, to: &mut Vec<u8>);
}

/// The first parts of a key: what a scan is limited to.
pub trait Prefix<K> {
    /// Appends the bytes of the prefix.
    fn write_prefix(&self, to: &mut Vec<u8>);
}

/// The prefix of every key of a table.
pub struct Everything;

impl<K: Key> Prefix<K> for Everything {
    fn write_prefix(&self, _to: &mut Vec<u8>) {}
}

impl<A: Key, B: Key> Prefix<(A, B)> for A {
    fn write_prefix(&self, to: &mut Vec<u8>) {
        self.write(to);
    }
}

impl<A: Key, B: Key, C: Key> Prefix<(A, (B, C))> for (A, B) {
    fn write_prefix(&self, to: &mut Vec<u8>) {
        self.write(to);
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    const WIDTH: u32 = A::WIDTH + B::WIDTH;
    const HASHES: u64 = A::HASHES | (B::HASHES << A::WIDTH);

    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
    }
}

impl Key for Hash {
    const WIDTH: u32 = 16;
    const HASHES: u64 = 1;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self);
    }
}

/// The only key of its table.
impl Key for &'static str {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.as_bytes());
    }
}

impl Key for String {
    const TEXT: bool = true;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.as_bytes());
    }
}

impl Key for u16 {
    const WIDTH: u32 = 2;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_be_bytes());
    }
}

impl Key for u32 {
    const WIDTH: u32 = 4;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_be_bytes());
    }
}

impl Key for u64 {
    const WIDTH: u32 = 8;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_be_bytes());
    }
}

impl Key for EntryId {
    const WIDTH: u32 = 8;

    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
    }
}

impl Key for PortalId {
    const WIDTH: u32 = 4;

    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
    }
}

/// Moments before 1970 count as 1970.
impl Key for Timestamp {
    const WIDTH: u32 = 8;

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.0.max(0).to_be_bytes());
    }
}

/// Weeks before 1970 come first.
impl Key for Week {
    const WIDTH: u32 = 4;

    fn write(&self, to: &mut Vec<u8>) {
        let order = u32::from_be_bytes(self.0.to_be_bytes()) ^ (1 << 31);
        order.write(to);
    }
}

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

/// Somebody who wrote in a portal in one week, under the store's own secret: the same account is
/// somebody else in another week and another portal, and whoever reads a record without that secret
/// cannot try people out.
pub fn author(secret: &str, (portal, week): (PortalId, Week), person: &Person) -> Hash {
    let (portal, week) = (portal.0.to_string(), week.0.to_string());
    hash(&["author", secret, &portal, &week, person.network.as_str(), person.user.as_str()])
}

/// Whose statement about being relayed it is: an HMAC under the store's own secret, so that whoever
/// reads a record without that secret cannot try people out.
pub fn subject(secret: &str, person: &Person) -> Hash {
    let mut keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    for part in ["consent", person.network.as_str(), person.user.as_str()] {
        keyed.update(&(part.len() as u64).to_be_bytes());
        keyed.update(part.as_bytes());
    }
    let mut cut = Hash::default();
    for (to, from) in cut.iter_mut().zip(keyed.finalize().into_bytes()) {
        *to = from;
    }
    cut
}

/// The week that a moment lies in: message records live in one bucket per week.
pub fn bucket(now: Timestamp) -> u16 {
    u16::try_from(now.0.max(0) / WEEK_MS).unwrap_or(u16::MAX).min(FOR_EVER - 1)
}
