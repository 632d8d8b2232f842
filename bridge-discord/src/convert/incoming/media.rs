// SPDX-License-Identifier: AGPL-3.0-or-later
//! Attachments and pictures that stand elsewhere in a message.
//!
//! Rule: the handle is the address that Discord gave, and after `#` the place where a
//! fresh one can be had: addresses of attachments die after a day. Whether an address may
//! be fetched is decided when it is opened.

use bridge_model::media::{media_type, type_of_name};
use bridge_model::name::of_file;
use bridge_model::{Media, MediaHandle, MediaKind};
use data_encoding::{BASE64, BASE64_NOPAD};
use serde_json::Value;

use super::field::{id, is, list, number, small, text};
use super::{Ours, sticker};
use crate::NETWORK;

/// The flag of a spoken message.
const VOICE: u64 = 1 << 13;

/// The flag of an attachment that is hidden until asked for.
const SPOILER: u64 = 1 << 3;

/// How Discord marks the name of a hidden file.
const HIDDEN: &str = "SPOILER_";

/// The files of `message`, which hangs at `home` (channel and message); `message` may be the
/// copy inside a forward.
pub(super) fn of(message: &Value, home: Option<(&str, &str)>, ours: &Ours) -> Vec<Media> {
    let voice = number(message, "flags") & VOICE != 0;
    let files = list(message, "attachments").iter();
    let files = files.filter_map(|file| attachment(file, voice, home));
    let stickers = list(message, "sticker_items").iter().filter_map(|one| sticker::read(one, ours));
    files.chain(stickers).collect()
}

/// The address that a message now gives for one of its files.
pub fn address_now<'v>(message: &'v Value, attachment: &str) -> Option<&'v str> {
    let copies = list(message, "message_snapshots").iter().filter_map(|copy| copy.get("message"));
    let files = copies.chain([message]).flat_map(|one| list(one, "attachments"));
    let mut files = files.filter(|file| id(file, "id") == Some(attachment));
    files.find_map(|file| text(file, "url"))
}

fn attachment(file: &Value, voice: bool, home: Option<(&str, &str)>) -> Option<Media> {
    let filename = text(file, "filename");
    let mime = media_type(text(file, "content_type"), filename);
    let seconds = file.get("duration_secs").and_then(Value::as_f64);
    let mut address = text(file, "url")?.to_owned();
    if let (Some((channel, message)), Some(own)) = (home, id(file, "id")) {
        address.push_str(&format!("#{channel}/{message}/{own}"));
    }
    let hidden = filename.is_some_and(|name| name.starts_with(HIDDEN));
    let kind = kind_of_file(file, mime.as_deref(), voice);
    Some(Media {
        name: name(text(file, "title"), filename),
        mime,
        size: file.get("size").and_then(Value::as_u64),
        width: small(file, "width"),
        height: small(file, "height"),
        duration_ms: seconds
            .and_then(|s| std::time::Duration::try_from_secs_f64(s).ok())
            .and_then(|d| u64::try_from(d.as_millis()).ok()),
        spoiler: hidden || number(file, "flags") & SPOILER != 0,
        alt: text(file, "description").map(str::to_owned),
        waveform: text(file, "waveform").map(loudness).unwrap_or_default(),
        ..Media::new(handle(address), kind)
    })
}

/// What an attachment is. Where neither Discord nor its name tells its type: only pictures and films
/// have a size.
fn kind_of_file(file: &Value, mime: Option<&str>, voice: bool) -> MediaKind {
    let shown = small(file, "width").is_some() && small(file, "height").is_some();
    match mime {
        Some(mime) => kind(mime, voice),
        None if shown && file.get("duration_secs").is_some() => MediaKind::Video,
        None if shown => MediaKind::Image,
        None => MediaKind::File,
    }
}

/// The name that the sender gave: Discord keeps it without its ending as `title` where the
/// address cannot hold it.
fn name(title: Option<&str>, filename: Option<&str>) -> Option<String> {
    let filename = filename.map(|name| name.strip_prefix(HIDDEN).unwrap_or(name));
    let Some(title) = title else { return filename.and_then(of_file) };
    let title = title.strip_prefix(HIDDEN).unwrap_or(title);
    let ending = filename.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    match ending {
        Some(ending) if !title.ends_with(&format!(".{ending}")) => {
            of_file(&format!("{title}.{ending}"))
        }
        Some(_) | None => of_file(title),
    }
}

/// A waveform of bytes in base64, as the model's 0 to 1024.
///
/// See <https://discord.com/developers/docs/resources/message#attachment-object>.
fn loudness(waveform: &str) -> Vec<u16> {
    let bytes = BASE64.decode(waveform.as_bytes());
    let bytes = bytes.or_else(|_| BASE64_NOPAD.decode(waveform.as_bytes())).unwrap_or_default();
    let scaled = |byte: u8| u16::try_from(u32::from(byte) * 1024 / 255).unwrap_or(1024);
    bytes.into_iter().map(scaled).collect()
}

fn kind(mime: &str, voice: bool) -> MediaKind {
    match mime.split('/').next().unwrap_or_default() {
        "image" if mime == "image/gif" => MediaKind::Animation,
        "image" => MediaKind::Image,
        "video" => MediaKind::Video,
        "audio" if voice => MediaKind::Voice,
        "audio" => MediaKind::Audio,
        _ => MediaKind::File,
    }
}

/// A file of a card or of a component, if it may be fetched: Discord keeps copies of foreign
/// pictures under its own `proxy_url`.
pub(super) fn elsewhere(item: &Value, guess: MediaKind, ours: &Ours) -> Option<Media> {
    let addresses = [text(item, "url"), text(item, "proxy_url")];
    let address = addresses.into_iter().flatten().find(|url| ours.keeps(url))?;
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let file = path.rsplit('/').next().filter(|name| name.contains('.'));
    // A picture can have the name of the page or the program that draws it.
    let shown = |name: &&str| {
        let mime = type_of_name(name).unwrap_or_default();
        guess == MediaKind::File || !mime.starts_with("text/") && !mime.starts_with("application/")
    };
    // What Discord itself shows as a loop without saying its type is a film.
    let usual = (guess == MediaKind::Animation).then(|| "video/mp4".to_owned());
    let mime = media_type(text(item, "content_type"), file.filter(shown)).or(usual);
    let kind = mime.as_deref().map_or(guess, |mime| kind(mime, false));
    Some(Media {
        name: file.and_then(|name| of_file(name.strip_prefix(HIDDEN).unwrap_or(name))),
        mime,
        width: small(item, "width"),
        height: small(item, "height"),
        alt: text(item, "description").map(str::to_owned),
        ..Media::new(handle(address.to_owned()), kind)
    })
}

/// The same with the description and the veil that stand beside it.
pub(super) fn described(item: &Value, beside: &Value, ours: &Ours) -> Option<Media> {
    let guess = if text(beside, "name").is_some() { MediaKind::File } else { MediaKind::Image };
    let media = elsewhere(item, guess, ours)?;
    Some(Media {
        name: text(beside, "name").and_then(of_file).or(media.name),
        size: beside.get("size").and_then(Value::as_u64),
        alt: text(beside, "description").map(str::to_owned).or(media.alt),
        spoiler: is(beside, "spoiler"),
        ..media
    })
}

/// A handle of this network.
pub(super) fn handle(reference: String) -> MediaHandle {
    MediaHandle { network: NETWORK.into(), reference }
}

#[cfg(test)]
mod tests {
    use super::{loudness, name};

    #[test]
    fn a_waveform_is_scaled() {
        assert_eq!(loudness("AH//"), [0, 509, 1024]);
        assert_eq!(loudness("no base64!"), Vec::<u16>::new());
    }

    #[test]
    fn a_title_gets_its_ending_back() {
        let of = |title, file| name(title, Some(file)).unwrap_or_default();
        assert_eq!(of(Some("mein Bild"), "mein_Bild.png"), "mein Bild.png");
        assert_eq!(of(Some("SPOILER_x.png"), "SPOILER_x.png"), "x.png");
        assert_eq!(of(None, "SPOILER_cat.png"), "cat.png");
    }
}
