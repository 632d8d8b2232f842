// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files in messages: which bytes are meant, and how the Bot API describes them.
//!
//! Rule: nothing is fetched from a URL. Source: <https://core.telegram.org/bots/api#sending-files>.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::answer::{ApiError, bad};
use super::files::{File, Files};
use super::params::{Params, Upload};

/// The most that a bot may send: 50 MB, photos 10 MB.
const UPLOAD_LIMIT: usize = 50 * 1024 * 1024;
const PHOTO_LIMIT: usize = 10 * 1024 * 1024;

/// Finds the file that the parameter `field` means: a part of the request or a known id.
///
/// # Errors
/// 400 for no file, an unknown id, a URL, an id of another kind or bytes that are no image
/// where one is needed; 413 for more than 50 MB.
pub(super) fn find(
    files: &mut Files,
    kind: &'static str,
    field: &str,
    params: &Params,
) -> Result<File, ApiError> {
    if let Some(upload) = params.files.get(field) {
        check_sticker(kind, upload)?;
        return keep(files, kind, upload);
    }
    let given = params.text(field).filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| bad(format!("there is no {kind} in the request")))?;
    if let Some(part) = given.strip_prefix("attach://") {
        let upload = params.files.get(part);
        let upload = upload.ok_or_else(|| bad("wrong file identifier/HTTP URL specified"))?;
        check_sticker(kind, upload)?;
        return keep(files, kind, upload);
    }
    if given.starts_with("http://") || given.starts_with("https://") {
        return Err(bad("failed to get HTTP URL content"));
    }
    let file = files.get(&given).ok_or_else(|| bad("wrong file identifier/HTTP URL specified"))?;
    if file.kind != kind {
        let (is, wanted) = (title(file.kind), title(kind));
        return Err(bad(format!("can't use file of type {is} as {wanted}")));
    }
    Ok(file.clone())
}

const WEBM: &[u8] = b"\x1a\x45\xdf\xa3";
const GZIP: &[u8] = b"\x1f\x8b";

/// Stickers are WebP pictures, WebM films or gzipped Lottie animations.
fn check_sticker(kind: &str, upload: &Upload) -> Result<(), ApiError> {
    let bytes = &upload.bytes;
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if kind != "sticker" || webp || bytes.starts_with(WEBM) || bytes.starts_with(GZIP) {
        return Ok(());
    }
    Err(bad("STICKER_FILE_INVALID"))
}

fn title(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Stores uploaded bytes as a file of this kind.
pub(super) fn keep(
    files: &mut Files,
    kind: &'static str,
    upload: &Upload,
) -> Result<File, ApiError> {
    let size = upload.bytes.len();
    if size == 0 {
        return Err(bad("file must be non-empty"));
    }
    if size > UPLOAD_LIMIT {
        return Err(ApiError::too_large());
    }
    if kind == "photo" {
        if size > PHOTO_LIMIT {
            return Err(bad(format!(
                "file of size {size} bytes is too big for a photo; the maximum size is \
                 {PHOTO_LIMIT} bytes"
            )));
        }
        let (width, height) =
            dimensions(&upload.bytes).ok_or_else(|| bad("IMAGE_PROCESS_FAILED"))?;
        let (long, short) = (width.max(height), width.min(height));
        if long + short > 10_000 || long > short.saturating_mul(20) {
            return Err(bad("PHOTO_INVALID_DIMENSIONS"));
        }
    }
    let file = files.add(kind, upload.bytes.clone());
    let name = upload.name.clone().filter(|name| !name.is_empty());
    let mime = upload.mime.clone().or_else(|| name.as_deref().and_then(guess));
    let mime = mime.or_else(|| Some("application/octet-stream".to_owned()));
    files.label(&file.id, name, mime);
    Ok(files.get(&file.id).cloned().unwrap_or(file))
}

fn guess(name: &str) -> Option<String> {
    let (_, extension) = name.rsplit_once('.')?;
    let mime = match extension.to_ascii_lowercase().as_str() {
        "txt" => "text/plain",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "tgs" => "application/x-tgsticker",
        "webm" => "video/webm",
        "mp4" => "video/mp4",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" => "audio/ogg",
        "zip" => "application/zip",
        _ => return None,
    };
    Some(mime.to_owned())
}

/// The value of the message's field for this file, such as a `Document`.
pub(super) fn describe(file: &File, params: &Params) -> Result<Value, ApiError> {
    if file.kind == "photo" {
        return Ok(sizes(file));
    }
    let mut value = Map::new();
    let mut put = |name: &str, item: Value| value.insert(name.to_owned(), item);
    put("file_id", file.id.clone().into());
    put("file_unique_id", file.unique.clone().into());
    put("file_size", file.bytes.len().into());
    let number = |name: &str, default: i64| -> Result<Value, ApiError> {
        Ok(params.int(name)?.unwrap_or(default).into())
    };
    let (wide, high) = dimensions(&file.bytes).unwrap_or((512, 512));
    match file.kind {
        "video" | "animation" => {
            put("width", number("width", wide)?);
            put("height", number("height", high)?);
            put("duration", number("duration", 1)?);
        }
        "audio" | "voice" => {
            put("duration", number("duration", 1)?);
        }
        "video_note" => {
            put("length", number("length", 240)?);
            put("duration", number("duration", 1)?);
        }
        "sticker" => {
            put("type", "regular".into());
            put("width", wide.into());
            put("height", high.into());
            put("is_animated", file.bytes.starts_with(GZIP).into());
            put("is_video", file.bytes.starts_with(WEBM).into());
            if let Some(emoji) = params.text("emoji") {
                put("emoji", emoji.into());
            }
        }
        _ => {}
    }
    let named = matches!(file.kind, "document" | "video" | "audio" | "animation");
    if let Some(name) = file.name.as_ref().filter(|_| named) {
        put("file_name", name.clone().into());
    }
    if let Some(mime) = file.mime.as_ref().filter(|_| named || file.kind == "voice") {
        put("mime_type", mime.clone().into());
    }
    for name in ["performer", "title"] {
        if let Some(text) = params.text(name).filter(|_| file.kind == "audio") {
            put(name, text.into());
        }
    }
    Ok(Value::Object(value))
}

/// The sizes of a photo, smallest first; only the last one is the photo itself.
pub(super) fn sizes(file: &File) -> Value {
    let (width, height) = dimensions(&file.bytes).unwrap_or((640, 640));
    let long = width.max(height).max(1);
    let shrink = |side: i64| (side * 90 / long).max(1);
    let size = |id: &str, unique: &str, width: i64, height: i64, size: usize| {
        json!({
            "file_id": id, "file_unique_id": unique, "width": width, "height": height,
            "file_size": size,
        })
    };
    let full = size(&file.id, &file.unique, width, height, file.bytes.len());
    if long <= 90 {
        return json!([full]);
    }
    // The stand-in cannot scale images: the small one has an id that nobody can download.
    let small = format!("{}s", file.unique);
    let thumb = format!("{}thumb", file.id);
    json!([size(&thumb, &small, shrink(width), shrink(height), 1500), full])
}

/// Width and height of a PNG, GIF or JPEG image.
pub(super) fn dimensions(bytes: &Bytes) -> Option<(i64, i64)> {
    let at = |place: usize| bytes.get(place).copied().map(i64::from);
    let big = |place: usize| Some((at(place)? << 8) | at(place + 1)?);
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((big(18)?, big(22)?)).filter(|(width, height)| *width > 0 && *height > 0);
    }
    if bytes.starts_with(b"GIF8") {
        return Some(((at(7)? << 8) | at(6)?, (at(9)? << 8) | at(8)?));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some((512, 512));
    }
    if !bytes.starts_with(b"\xff\xd8") {
        return None;
    }
    let mut place = 2;
    while at(place)? == 0xff {
        let marker = at(place + 1)?;
        if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
            return Some((big(place + 7)?, big(place + 5)?));
        }
        place += 2 + usize::try_from(big(place + 2)?).ok()?;
    }
    None
}
