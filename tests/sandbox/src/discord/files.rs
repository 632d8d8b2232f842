// SPDX-License-Identifier: AGPL-3.0-or-later
//! Attachments and the CDN.
//!
//! Rule: addresses of attachments are signed and die, as on the platform: whoever
//! keeps one instead of the bytes loses the file.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::clock;
use super::render::avatar_hash;
use super::world::{Stored, World};

/// The largest file that a bot may upload.
pub const FILE_LIMIT: usize = 10 * 1024 * 1024;
/// How long an address lives.
const DAY: u64 = 86_400;

/// A file that came with a request or from a person.
#[derive(Clone, Debug)]
pub struct File {
    /// Name as its owner calls it.
    pub name: String,
    /// Such as `image/png`.
    pub mime: String,
    /// What is in it.
    pub bytes: Bytes,
    /// Alternative text.
    pub description: Option<String>,
    /// Length and waveform (base64) of a voice message.
    pub voice: Option<(f64, String)>,
}

impl File {
    /// Makes a plain file.
    pub fn new(name: impl Into<String>, mime: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let (name, mime, bytes) = (name.into(), mime.into(), bytes.into());
        Self { name, mime, bytes, description: None, voice: None }
    }
}

/// A file of a message.
#[derive(Clone, Debug)]
pub(crate) struct AttachmentRow {
    pub(crate) id: u64,
    pub(crate) channel: u64,
    pub(crate) filename: String,
    pub(crate) title: Option<String>,
    pub(crate) file: File,
}

impl AttachmentRow {
    fn path(&self) -> String {
        format!("/attachments/{}/{}/{}", self.channel, self.id, self.filename)
    }

    pub(crate) fn json(&self, world: &World) -> Value {
        let url = sign(world, &self.path());
        let mut json = json!({
            "id": self.id.to_string(), "filename": self.filename, "size": self.file.bytes.len(),
            "url": url, "proxy_url": url, "content_type": self.file.mime, "content_scan_version": 1,
        });
        let Some(map) = json.as_object_mut() else { return json };
        if let Some(title) = &self.title {
            map.insert("title".into(), title.clone().into());
        }
        if let Some(description) = &self.file.description {
            map.insert("description".into(), description.clone().into());
        }
        if let Some((width, height)) = size_of_picture(&self.file.bytes) {
            map.insert("width".into(), width.into());
            map.insert("height".into(), height.into());
        }
        if let Some((seconds, waveform)) = &self.file.voice {
            map.insert("duration_secs".into(), (*seconds).into());
            map.insert("waveform".into(), waveform.clone().into());
        }
        json
    }
}

impl World {
    /// Keeps a file for the CDN.
    pub(crate) fn store(&mut self, channel: u64, file: File) -> AttachmentRow {
        let (filename, title) = clean_name(&file.name);
        let row = AttachmentRow { id: self.ids.next(), channel, filename, title, file };
        let (mime, bytes) = (row.file.mime.clone(), row.file.bytes.clone());
        self.files.insert(row.path(), Stored { mime, bytes, signed: true });
        row
    }
}

/// The name in the address, and the title that keeps the owner's name where they differ.
fn clean_name(name: &str) -> (String, Option<String>) {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let clean: String = name.replace(' ', "_").chars().filter(fits).collect();
    let clean = if clean.trim_start_matches('.').is_empty() { "unknown".into() } else { clean };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let title = (clean != name).then(|| stem.to_owned());
    (clean, title)
}

/// An address with expiry and signature.
fn sign(world: &World, path: &str) -> String {
    let now = clock::now() / 1000;
    let (from, until) = (format!("{now:x}"), format!("{:x}", now + DAY));
    let mark = mark(world, path, &until);
    format!("{}{path}?ex={until}&is={from}&hm={mark}&", world.base)
}

/// A new address for the file behind an old one.
pub(crate) fn sign_again(world: &World, url: &str) -> Option<String> {
    let path = url.strip_prefix(&world.base)?.split('?').next()?;
    Some(sign(world, path))
}

fn mark(world: &World, path: &str, until: &str) -> String {
    avatar_hash(&format!("{path} {until} {}", world.knobs.link_age))
}

fn signature_holds(world: &World, path: &str, query: &str) -> bool {
    let value = |key: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')).unwrap_or("")
    };
    let until = u64::from_str_radix(value("ex"), 16).unwrap_or(0);
    until > clock::now() / 1000 && value("hm") == mark(world, path, value("ex"))
}

/// Answers `GET` below the CDN's address.
pub(crate) fn serve(world: &World, path: &str, query: &str) -> Response {
    let gone = "This content is no longer available.";
    let Some(stored) = world.files.get(path) else {
        return (StatusCode::NOT_FOUND, gone).into_response();
    };
    if stored.signed && !signature_holds(world, path, query) {
        return (StatusCode::NOT_FOUND, gone).into_response();
    }
    let headers = [(header::CONTENT_TYPE, stored.mime.clone())];
    (headers, Body::from(stored.bytes.clone())).into_response()
}

/// Width and height of a PNG or GIF.
fn size_of_picture(bytes: &[u8]) -> Option<(u32, u32)> {
    let big = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let small = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((big(16)?, big(20)?));
    }
    bytes.starts_with(b"GIF8").then(|| Some((small(6)?.into(), small(8)?.into())))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_and_kept_as_titles() {
        assert_eq!(clean_name("cat.png"), ("cat.png".into(), None));
        assert_eq!(clean_name("mein Bild.png"), ("mein_Bild.png".into(), Some("mein Bild".into())));
        assert_eq!(clean_name("фото"), ("unknown".into(), Some("фото".into())));
    }

    #[test]
    fn a_png_shows_its_size() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 0, 3, 0, 0, 0, 2]);
        assert_eq!(size_of_picture(&png), Some((3, 2)));
        assert_eq!(size_of_picture(b"text"), None);
    }
}
