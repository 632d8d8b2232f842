// SPDX-License-Identifier: AGPL-3.0-or-later
//! Encrypted files ("Sending encrypted attachments" in the specification), as streams.
//!
//! Rule: inside the bridge an encrypted file has one address that holds its key (*keyed address*),
//! so that nobody but this module needs to know that there are such files. Keyed addresses never
//! reach a room: [`shown`] turns them into `file` objects before an event is sent.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use aes::Aes256;
use bytes::Bytes;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use bot_core::clock::Dice;
use bot_core::network::MediaStream;

/// Stands between the address and its key: an `mxc` address holds only these letters.
const MARK: &str = "_FSKEY_";
/// Key, counter block and hash in base64.
const KEY_LENGTH: usize = 107;

type Chunks = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// What opens an encrypted file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FileKey {
    key: [u8; 32],
    counter: [u8; 16],
    sha256: [u8; 32],
}

/// A file that is being encrypted.
#[derive(Clone)]
pub struct Sealing {
    key: [u8; 32],
    counter: [u8; 16],
    hasher: Arc<Mutex<Sha256>>,
}

/// A file that is being decrypted.
struct Opening<F> {
    chunks: Chunks,
    cipher: Ctr128BE<Aes256>,
    hasher: Sha256,
    sha256: [u8; 32],
    /// Goes on when the next one is there; the last one when the whole file is right.
    back: Option<Bytes>,
    spoiled: Option<F>,
}

impl FileKey {
    /// The keyed address of the file at `url`.
    pub fn address(&self, url: &str) -> String {
        let mut bytes = Vec::with_capacity(80);
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(&self.counter);
        bytes.extend_from_slice(&self.sha256);
        format!("{url}{MARK}{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// The address and the key of a keyed address; `None` for any other.
    pub fn split(address: &str) -> Option<(&str, Self)> {
        let (rest, key) = address.split_at_checked(address.len().checked_sub(KEY_LENGTH)?)?;
        let url = rest.strip_suffix(MARK)?;
        let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
        let (key, rest) = bytes.split_at_checked(32)?;
        let (counter, sha256) = rest.split_at_checked(16)?;
        let key = Self {
            key: key.try_into().ok()?,
            counter: counter.try_into().ok()?,
            sha256: sha256.try_into().ok()?,
        };
        Some((url, key))
    }

    /// Reads an `EncryptedFile` of version `v2`.
    fn of_file(file: &Value) -> Option<(&str, Self)> {
        let text = |pointer: &str| file.pointer(pointer).and_then(Value::as_str);
        let bytes = |pointer: &str| {
            let text = text(pointer)?.trim_end_matches('=');
            BASE64_NOPAD.decode(text.as_bytes()).ok()
        };
        if text("/v") != Some("v2") || text("/key/alg") != Some("A256CTR") {
            return None;
        }
        let key = BASE64URL_NOPAD.decode(text("/key/k")?.trim_end_matches('=').as_bytes()).ok()?;
        let key = Self {
            key: key.try_into().ok()?,
            counter: bytes("/iv")?.try_into().ok()?,
            sha256: bytes("/hashes/sha256")?.try_into().ok()?,
        };
        Some((text("/url")?, key))
    }

    fn to_file(self, url: &str) -> Value {
        json!({
            "v": "v2",
            "url": url,
            "key": {
                "kty": "oct", "key_ops": ["encrypt", "decrypt"], "alg": "A256CTR", "ext": true,
                "k": BASE64URL_NOPAD.encode(&self.key),
            },
            "iv": BASE64_NOPAD.encode(&self.counter),
            "hashes": { "sha256": BASE64_NOPAD.encode(&self.sha256) },
        })
    }

    fn cipher(&self) -> Ctr128BE<Aes256> {
        Ctr128BE::new(&self.key.into(), &self.counter.into())
    }
}

impl Sealing {
    /// The key, when the whole file went through.
    pub fn finished(&self) -> FileKey {
        let sum = self.hasher.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize();
        FileKey { key: self.key, counter: self.counter, sha256: sum.into() }
    }
}

/// Encrypts a file as it streams by.
pub fn seal(media: MediaStream, dice: &dyn Dice) -> (MediaStream, Sealing) {
    let (mut key, mut counter) = ([0; 32], [0; 16]);
    dice.roll(&mut key);
    // The lower half counts blocks and starts at 0.
    let (nonce, _) = counter.split_at_mut(8);
    dice.roll(nonce);
    let mut cipher = FileKey { key, counter, sha256: [0; 32] }.cipher();
    let hasher = Arc::new(Mutex::new(Sha256::new()));
    let sealing = Sealing { key, counter, hasher: Arc::clone(&hasher) };
    let chunks = media.chunks.map(move |chunk| {
        let mut bytes = Vec::from(chunk?);
        cipher.apply_keystream(&mut bytes);
        hasher.lock().unwrap_or_else(PoisonError::into_inner).update(&bytes);
        Ok(bytes.into())
    });
    (MediaStream { size: media.size, mime: None, chunks: Box::pin(chunks) }, sealing)
}

/// Decrypts a file as it streams by. When the file is not what was encrypted with the key,
/// `spoiled` is called and the stream ends with an error before its last bytes: whoever knows
/// the size and stops reading there must not take it for whole.
pub fn open(
    media: MediaStream,
    key: FileKey,
    spoiled: impl FnOnce() + Send + 'static,
) -> MediaStream {
    let opening = Opening {
        chunks: media.chunks,
        cipher: key.cipher(),
        hasher: Sha256::new(),
        sha256: key.sha256,
        back: None,
        spoiled: Some(spoiled),
    };
    let chunks = stream::try_unfold(opening, Opening::next);
    MediaStream { size: media.size, mime: None, chunks: Box::pin(chunks) }
}

impl<F: FnOnce()> Opening<F> {
    async fn next(mut self) -> std::io::Result<Option<(Bytes, Self)>> {
        if self.spoiled.is_none() {
            return Ok(None);
        }
        while let Some(chunk) = self.chunks.try_next().await? {
            let mut bytes = Vec::from(chunk);
            self.hasher.update(&bytes);
            self.cipher.apply_keystream(&mut bytes);
            if let Some(before) = self.back.replace(bytes.into()) {
                return Ok(Some((before, self)));
            }
        }
        let spoiled = self.spoiled.take();
        let right = self.hasher.finalize_reset().as_slice() == self.sha256.as_slice();
        if right {
            return Ok(self.back.take().map(|last| (last, self)));
        }
        if let Some(spoiled) = spoiled {
            spoiled();
        }
        let reason = "the encrypted file is not the one that was sent";
        Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason))
    }
}

/// The content with keyed addresses where it had `file` objects, as the converters read it.
pub fn hidden(mut content: Value) -> Value {
    if let Value::Object(fields) = &mut content {
        hide(fields, "file", "url");
        if let Some(Value::Object(info)) = fields.get_mut("info") {
            hide(info, "thumbnail_file", "thumbnail_url");
        }
        if let Some(Value::Object(new)) = fields.get_mut("m.new_content") {
            *new = match hidden(Value::Object(std::mem::take(new))) {
                Value::Object(new) => new,
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_) => Map::new(),
            };
        }
    }
    content
}

fn hide(fields: &mut Map<String, Value>, file: &str, url: &str) {
    let address = fields.get(file).and_then(FileKey::of_file);
    if let Some(address) = address.map(|(url, key)| key.address(url)) {
        fields.remove(file);
        fields.insert(url.into(), address.into());
    }
}

/// The content with `file` objects where it had keyed addresses, as it is sent.
pub fn shown(content: Value) -> Value {
    let Value::Object(fields) = content else { return content };
    let fields = fields.into_iter().map(|(name, value)| {
        let keyed = value.as_str().and_then(FileKey::split).map(|(url, key)| key.to_file(url));
        match (name.as_str(), keyed) {
            ("url", Some(file)) => ("file".to_owned(), file),
            ("thumbnail_url", Some(file)) => ("thumbnail_file".to_owned(), file),
            ("info" | "m.new_content", None) => (name, shown(value)),
            (_, Some(_) | None) => (name, value),
        }
    });
    Value::Object(fields.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bot_core::clock::SystemDice;

    fn streamed(chunks: Vec<Bytes>) -> MediaStream {
        let chunks = stream::iter(chunks.into_iter().map(Ok));
        MediaStream { size: Some(9), mime: Some("image/png".into()), chunks: Box::pin(chunks) }
    }

    async fn collected(media: MediaStream) -> std::io::Result<Vec<u8>> {
        let chunks: Vec<Bytes> = media.chunks.try_collect().await?;
        Ok(chunks.concat())
    }

    async fn sealed(chunks: &[&'static str]) -> (Vec<u8>, FileKey) {
        let chunks = chunks.iter().map(|chunk| Bytes::from_static(chunk.as_bytes()));
        let (stream, sealing) = seal(streamed(chunks.collect()), &SystemDice);
        let bytes = collected(stream).await.unwrap();
        (bytes, sealing.finished())
    }

    #[tokio::test]
    async fn a_file_is_encrypted_and_decrypted_as_it_streams_by() {
        let (bytes, key) = sealed(&["one", "", "two", "three"]).await;
        assert_ne!(bytes, b"onetwothree");
        let opened = open(streamed(vec![bytes.into()]), key, || panic!("not spoiled"));
        assert_eq!(collected(opened).await.unwrap(), b"onetwothree");
    }

    #[tokio::test]
    async fn a_file_that_was_changed_ends_with_an_error() {
        let (mut bytes, key) = sealed(&["one"]).await;
        bytes[0] ^= 1;
        let told = Arc::new(Mutex::new(false));
        let tell = Arc::clone(&told);
        let chunks = bytes.into_iter().map(|byte| Bytes::from(vec![byte])).collect();
        let mut opened = open(streamed(chunks), key, move || *tell.lock().unwrap() = true);
        let mut length = 0;
        let broken = loop {
            match opened.chunks.next().await {
                Some(Ok(chunk)) => length += chunk.len(),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert!(broken && length == 2, "all of it was let through");
        assert!(*told.lock().unwrap());
    }

    #[tokio::test]
    async fn the_cipher_is_that_of_the_sdk() {
        let (bytes, key) = sealed(&["what ", "the sdk reads"]).await;
        let info = serde_json::from_value(key.to_file("mxc://x/y")).unwrap();
        let mut reader = bytes.as_slice();
        let mut opened = matrix_sdk_crypto::AttachmentDecryptor::new(&mut reader, info).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut opened, &mut text).unwrap();
        assert_eq!(text, "what the sdk reads");
    }

    #[tokio::test]
    async fn an_event_with_a_file_is_the_same_after_both_ways() {
        let (_, key) = sealed(&["one"]).await;
        let file = key.to_file("mxc://example.org/abc");
        let info = json!({ "size": 3, "thumbnail_file": file });
        let inner = json!({ "msgtype": "m.image", "body": "a", "file": file, "info": info });
        let event = json!({ "body": "* a", "file": file, "m.new_content": inner });
        let hidden = hidden(event.clone());
        let url = hidden.get("url").and_then(Value::as_str).unwrap();
        assert!(bot_core::address::is_mxc(url), "{url}");
        assert!(!hidden.to_string().contains("_file\""), "{hidden}");
        assert_eq!(shown(hidden), event);
    }

    #[test]
    fn other_addresses_are_no_keyed_ones() {
        let long = format!("mxc://example.org/{}", "a".repeat(200));
        for address in ["", "mxc://example.org/abc", "ß", long.as_str()] {
            assert!(FileKey::split(address).is_none(), "{address}");
        }
        let content = json!({ "url": "mxc://example.org/abc", "file": { "v": "v9" } });
        assert_eq!(hidden(content.clone()), content);
        assert_eq!(shown(content.clone()), content);
    }
}
