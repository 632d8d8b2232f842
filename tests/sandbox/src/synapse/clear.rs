// SPDX-License-Identifier: AGPL-3.0-or-later
//! What stands in the place of `cipher` where the sandbox is built without that feature: people
//! whose clients do not encrypt.
//!
//! Rule: it has the methods that the other files of this folder call, and no others.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::person::Person;
use super::saying::NewFile;

impl Person {
    /// Would encrypt in encrypted rooms.
    ///
    /// # Errors
    /// Always: the tests of bot-core and of the bridges build without matrix-sdk-crypto.
    pub async fn with_encryption(self) -> Result<Self> {
        bail!("build `sandbox` with the feature `cipher`")
    }

    /// The event type and the content that are sent: those that were given.
    pub(super) async fn sealed(
        &self,
        _room: &str,
        kind: &str,
        content: Value,
    ) -> Result<(String, Value)> {
        Ok((kind.to_owned(), content))
    }

    /// Uploads a file; returns the key `url` of the event's content, and the address.
    pub(super) async fn upload_into(
        &self,
        _room: &str,
        file: NewFile<'_>,
    ) -> Result<(&'static str, Value)> {
        let mxc = self.upload(file.bytes.to_vec(), file.name, file.mime).await?;
        Ok(("url", json!(mxc)))
    }

    /// The events as they were received.
    pub(super) async fn opened(&self, _room: &str, events: Vec<Value>) -> Result<Vec<Value>> {
        Ok(events)
    }

    /// The bytes of a file as they were received.
    pub(super) fn opened_file(&self, _mxc: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
        Ok(bytes)
    }
}
