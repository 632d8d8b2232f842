// SPDX-License-Identifier: AGPL-3.0-or-later
//! The key-encryption key, and how bytes are encrypted with a key.
//!
//! Rule: XChaCha20-Poly1305 with a random nonce of 24 bytes each time. What the bytes are for is part of
//! the associated data, so that nothing can be put in the place of something else.

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use crate::clock::Dice;

/// Bytes of a key.
pub const KEY: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 24;
/// Bytes of the proof that nothing was changed.
const PROOF: usize = 16;

/// A key. Its `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; KEY]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A new one.
    pub fn random(dice: &dyn Dice) -> Self {
        let mut key = [0; KEY];
        dice.roll(&mut key);
        Self(key)
    }

    /// The key of what two people must both be known for.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let digest = Sha256::new().chain_update(b"freeside both").chain_update(self.0);
        Self(digest.chain_update(other.0).finalize().into())
    }
}

/// Encrypts `plain`: nonce, then what it became, then the proof; all behind `header`.
pub fn encrypt(
    key: &Key,
    about: &[u8],
    (header, plain): (&[u8], &[u8]),
    dice: &dyn Dice,
) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    dice.roll(&mut nonce);
    let mut sealed = Vec::with_capacity(header.len() + NONCE + plain.len() + PROOF);
    sealed.extend_from_slice(header);
    sealed.extend_from_slice(&nonce);
    let start = sealed.len();
    sealed.extend_from_slice(plain);
    let cipher = XChaCha20Poly1305::new(&key.0.into());
    let (_, body) = sealed.split_at_mut(start);
    let proof = cipher
        .encrypt_in_place_detached(&XNonce::from(nonce), about, body)
        .unwrap_or_else(|_| unreachable!("no record has 256 GB"));
    sealed.extend_from_slice(&proof);
    sealed
}

/// Decrypts what [`encrypt`] made, without its header; `None` with another key, for another purpose, or
/// when anything was changed.
pub fn decrypt(key: &Key, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
    let (body, proof) = rest.split_last_chunk::<PROOF>()?;
    let mut plain = body.to_vec();
    let cipher = XChaCha20Poly1305::new(&key.0.into());
    let (nonce, proof) = (XNonce::from(*nonce), Tag::from(*proof));
    cipher.decrypt_in_place_detached(&nonce, about, &mut plain, &proof).ok()?;
    Some(plain)
}

/// The key-encryption key of a store: it opens the file with the store's other keys, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kek(Key);

impl Kek {
    /// A new one.
    pub fn random(dice: &dyn Dice) -> Self {
        Self(Key::random(dice))
    }

    /// Reads the word of 52 letters and digits that [`Kek::to_text`] writes.
    ///
    /// # Errors
    /// What is wrong with it, such as `is no key`.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let bytes = BASE32_NOPAD.decode(text.trim().to_ascii_uppercase().as_bytes());
        let key = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        key.map(|key| Self(Key(key))).ok_or("is no key of a store")
    }

    /// The word that stands in the key's file: base32 (RFC 4648), lower case.
    pub fn to_text(&self) -> String {
        BASE32_NOPAD.encode(&self.0.0).to_ascii_lowercase()
    }

    /// The key itself.
    pub(super) fn key(&self) -> &Key {
        &self.0
    }

    /// The bytes of the key, for whoever makes sure that they stand nowhere. Never log them.
    pub fn expose(&self) -> &[u8] {
        &self.0.0
    }

    /// Tells keys apart, and nothing of the key.
    pub fn id(&self) -> [u8; 8] {
        let digest = Sha256::new().chain_update(b"freeside id").chain_update(self.0.0).finalize();
        digest.first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemDice;

    #[test]
    fn what_is_encrypted_opens_with_its_key_for_its_purpose_and_unchanged_only() {
        let (key, other) = (Key::random(&SystemDice), Key::random(&SystemDice));
        let sealed = encrypt(&key, b"row", (b"", b"the meeting is at five"), &SystemDice);
        assert_eq!(decrypt(&key, b"row", &sealed).as_deref(), Some(&b"the meeting is at five"[..]));
        assert_eq!(decrypt(&other, b"row", &sealed), None);
        assert_eq!(decrypt(&key, b"another row", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(decrypt(&key, b"row", &changed), None, "byte {at}");
            assert_eq!(decrypt(&key, b"row", &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn a_key_is_written_as_one_word_and_read_again() {
        let kek = Kek::random(&SystemDice);
        assert_eq!(kek.to_text().len(), 52);
        assert_eq!(Kek::read(&format!("{}\n", kek.to_text())).unwrap(), kek);
        assert!(Kek::read("hunter2").is_err());
        assert_eq!(format!("{kek:?}"), "Kek(Key(..))");
    }
}
