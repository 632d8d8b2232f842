// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files on the platform's servers.
//!
//! Rule: a file id is bound to the kind that it was sent as; a path exists only after
//! `getFile`. Source: <https://core.telegram.org/bots/api#getfile>.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::answer::{ApiError, bad};
use super::params::Params;
use super::world::World;

/// The most that a bot may download: 20 MB.
const DOWNLOAD_LIMIT: usize = 20 * 1024 * 1024;

/// One file.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) unique: String,
    /// `photo`, `document` and so on.
    pub(super) kind: &'static str,
    pub(super) name: Option<String>,
    pub(super) mime: Option<String>,
    pub(super) bytes: Bytes,
    /// Where it can be downloaded, once somebody asked.
    pub(super) path: Option<String>,
}

/// All files.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeMap<String, File>);

impl Files {
    /// Keeps a file.
    pub(super) fn add(&mut self, kind: &'static str, bytes: Bytes) -> File {
        let number = self.0.len() + 1;
        let prefix = if kind == "photo" { "AgACAgIAAx" } else { "BQACAgIAAx" };
        let file = File {
            id: format!("{prefix}{number:030}"),
            unique: format!("AQAD{number:010}"),
            kind,
            name: None,
            mime: None,
            bytes,
            path: None,
        };
        self.0.insert(file.id.clone(), file.clone());
        file
    }

    /// Says what a file is called and what it is.
    pub(super) fn label(&mut self, id: &str, name: Option<String>, mime: Option<String>) {
        if let Some(file) = self.0.get_mut(id) {
            file.name = name;
            file.mime = mime;
        }
    }

    /// The file with this id.
    pub(super) fn get(&self, id: &str) -> Option<&File> {
        self.0.get(id)
    }

    /// The content at a path that `getFile` gave.
    pub(super) fn at(&self, path: &str) -> Option<Bytes> {
        let file = self.0.values().find(|file| file.path.as_deref() == Some(path));
        file.map(|file| file.bytes.clone())
    }
}

/// `getFile`.
pub(super) fn get_file(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let id = params.text("file_id").ok_or_else(|| bad("file_id not specified"))?;
    let number = world.files.0.keys().position(|key| *key == id);
    let file = world.files.0.get_mut(&id);
    let file = file.ok_or_else(|| bad("wrong file_id or the file is temporarily unavailable"))?;
    if file.bytes.len() > DOWNLOAD_LIMIT {
        return Err(bad("file is too big"));
    }
    let extension = file.name.as_deref().and_then(|name| name.rsplit_once('.'));
    let extension = extension.map(|(_, extension)| extension.to_owned());
    let extension = extension.or_else(|| (file.kind == "photo").then(|| "jpg".to_owned()));
    let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let path = format!("{}s/file_{}{extension}", file.kind, number.unwrap_or_default());
    file.path = Some(path.clone());
    Ok(json!({
        "file_id": file.id,
        "file_unique_id": file.unique,
        "file_size": file.bytes.len(),
        "file_path": path,
    }))
}

/// `getUserProfilePhotos`: each photo in its sizes, smallest first.
pub(super) fn profile_photos(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let user = params.int("user_id")?.ok_or_else(|| bad("invalid user_id specified"))?;
    let person = world.people.get(&user).ok_or_else(|| bad("user not found"))?;
    let file = person.avatar.as_deref().and_then(|id| world.files.get(id));
    let photos: Vec<Value> = file.map(super::media::sizes).into_iter().collect();
    Ok(json!({ "total_count": photos.len(), "photos": photos }))
}
