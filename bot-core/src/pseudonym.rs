// SPDX-License-Identifier: AGPL-3.0-or-later
//! Keyed pseudonyms: what stands for a remote id where others can see it.
//!
//! Rule: a raw remote id is in no MXID, state event, log or URL. The secret is part of the data
//! to back up: with another one, every ghost is a new account.

use bridge_model::{MessageId, Person, Place};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How many characters of a pseudonym are used: 100 bits.
const LENGTH: usize = 20;

/// Makes pseudonyms with one secret.
#[derive(Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

impl Pseudonyms {
    /// Takes the secret, of any length.
    pub fn new(secret: &[u8]) -> Self {
        let keyed = Hmac::new_from_slice(secret)
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        Self { keyed }
    }

    /// The pseudonym of a person: lower-case base32, 20 characters.
    pub fn person(&self, person: &Person) -> String {
        self.of(&["person", person.network.as_str(), person.user.as_str()])
    }

    /// The pseudonym of a chat.
    pub fn place(&self, place: &Place) -> String {
        self.of(&["place", place.network.as_str(), place.chat.as_str()])
    }

    /// The pseudonym of a message.
    pub fn message(&self, place: &Place, message: &MessageId) -> String {
        self.of(&["message", place.network.as_str(), place.chat.as_str(), message.as_str()])
    }

    /// A token that only the holder of the secret can make for `text`.
    pub fn token(&self, purpose: &str, text: &str) -> String {
        self.of(&["token", purpose, text])
    }

    /// A key that only the holder of the secret can make for `purpose`.
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        self.digest(&["key", purpose])
    }

    fn of(&self, parts: &[&str]) -> String {
        let mut code = BASE32_NOPAD.encode(&self.digest(parts));
        code.make_ascii_lowercase();
        code.truncate(LENGTH);
        code
    }

    fn digest(&self, parts: &[&str]) -> [u8; 32] {
        let mut keyed = self.keyed.clone();
        for part in parts {
            keyed.update(&(part.len() as u64).to_be_bytes());
            keyed.update(part.as_bytes());
        }
        keyed.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_stable_keyed_and_says_nothing() {
        let one = Pseudonyms::new(b"one");
        let ana = Person::new("telegram", "1234567");
        assert_eq!(one.person(&ana), one.person(&ana));
        assert_ne!(one.person(&ana), Pseudonyms::new(b"two").person(&ana));
        assert_ne!(one.person(&ana), one.person(&Person::new("discord", "1234567")));
        assert_eq!(one.person(&ana).len(), LENGTH);
        assert!(!one.person(&ana).contains("1234567"));
    }

    #[test]
    fn the_border_between_the_parts_counts() {
        let keyed = Pseudonyms::new(b"one");
        assert_ne!(keyed.person(&Person::new("a", "bc")), keyed.person(&Person::new("ab", "c")),);
    }
}
