// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a scripted person says.
//!
//! Rule: events look as those of common clients (no reply fallback, full `m.new_content`
//! in edits, the star fallback in their bodies).

use anyhow::Result;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::person::{Person, required};

impl Person {
    /// Sends any event and returns its id.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn send_raw(&self, room: &str, kind: &str, content: Value) -> Result<String> {
        let (kind, content) = self.sealed(room, kind, content).await?;
        let transaction = self.next_transaction();
        let path = ["client", "v3", "rooms", room, "send", &kind, &transaction];
        required(&self.call(Method::PUT, &path, Some(content)).await?, "/event_id")
    }

    /// Says plain text and returns the event id.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn say(&self, room: &str, text: &str) -> Result<String> {
        self.send_raw(room, "m.room.message", plain(text)).await
    }

    /// Says formatted text; `text` is its plain version.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn say_html(&self, room: &str, text: &str, html: &str) -> Result<String> {
        self.send_raw(room, "m.room.message", formatted(text, html)).await
    }

    /// Answers a message.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn reply(&self, room: &str, to: &str, text: &str) -> Result<String> {
        let content =
            with(plain(text), "m.relates_to", json!({ "m.in_reply_to": { "event_id": to } }));
        self.send_raw(room, "m.room.message", content).await
    }

    /// Replaces the text of an own message.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn edit(&self, room: &str, event_id: &str, text: &str) -> Result<String> {
        let content = edited(plain(&format!("* {text}")), plain(text), event_id);
        self.send_raw(room, "m.room.message", content).await
    }

    /// As [`Person::edit`], with formatting.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn edit_html(
        &self,
        room: &str,
        event_id: &str,
        text: &str,
        html: &str,
    ) -> Result<String> {
        let outer = formatted(&format!("* {text}"), &format!("* {html}"));
        let content = edited(outer, formatted(text, html), event_id);
        self.send_raw(room, "m.room.message", content).await
    }

    /// Redacts an event and returns the id of the redaction.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn redact(&self, room: &str, event_id: &str) -> Result<String> {
        let transaction = self.next_transaction();
        let path = ["client", "v3", "rooms", room, "redact", event_id, &transaction];
        required(&self.call(Method::PUT, &path, Some(json!({}))).await?, "/event_id")
    }

    /// Reacts and returns the id of the reaction (redact it to take it back).
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn react(&self, room: &str, event_id: &str, key: &str) -> Result<String> {
        let relation = json!({ "rel_type": "m.annotation", "event_id": event_id, "key": key });
        self.send_raw(room, "m.reaction", json!({ "m.relates_to": relation })).await
    }

    /// Uploads a file and returns its `mxc://` address.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn upload(&self, bytes: Vec<u8>, name: &str, mime: &str) -> Result<String> {
        let request = self
            .request(Method::POST, &["media", "v3", "upload"])?
            .query(&[("filename", name)])
            .header(CONTENT_TYPE, mime)
            .body(bytes);
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        required(&answer, "/content_uri")
    }

    /// Uploads and sends an image; an empty caption is none.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn send_image(&self, room: &str, file: NewFile<'_>, caption: &str) -> Result<String> {
        self.send_media(room, "m.image", file, caption).await
    }

    /// Uploads and sends a file; an empty caption is none.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn send_file(&self, room: &str, file: NewFile<'_>, caption: &str) -> Result<String> {
        self.send_media(room, "m.file", file, caption).await
    }

    /// Uploads and sends a medium of any kind (`m.audio`, `m.video` ...).
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn send_media(
        &self,
        room: &str,
        kind: &str,
        file: NewFile<'_>,
        caption: &str,
    ) -> Result<String> {
        let (key, place) = self.upload_into(room, file).await?;
        let body = if caption.is_empty() { file.name } else { caption };
        let content = json!({
            "msgtype": kind, "body": body, "filename": file.name,
            "info": { "mimetype": file.mime, "size": file.bytes.len() },
            "m.mentions": {},
        });
        let content = with(content, key, place);
        self.send_raw(room, "m.room.message", content).await
    }
}

/// A file that is not uploaded yet.
#[derive(Clone, Copy, Debug)]
pub struct NewFile<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its name.
    pub name: &'a str,
    /// Its media type.
    pub mime: &'a str,
}

impl<'a> NewFile<'a> {
    /// A file of these bytes, with this name and media type.
    pub fn new(bytes: &'a [u8], name: &'a str, mime: &'a str) -> Self {
        Self { bytes, name, mime }
    }
}

fn plain(text: &str) -> Value {
    json!({ "msgtype": "m.text", "body": text, "m.mentions": {} })
}

fn formatted(text: &str, html: &str) -> Value {
    let content = with(plain(text), "format", json!("org.matrix.custom.html"));
    with(content, "formatted_body", json!(html))
}

fn edited(outer: Value, inner: Value, event_id: &str) -> Value {
    let content = with(outer, "m.new_content", inner);
    let relation = json!({ "rel_type": "m.replace", "event_id": event_id });
    with(content, "m.relates_to", relation)
}

fn with(mut content: Value, key: &str, value: Value) -> Value {
    if let Some(map) = content.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
    content
}
