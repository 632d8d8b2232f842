// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files: which go together, under which name, and what stands for one that does not go.
//!
//! Rule: the same message always gives the same groups; a file that does not arrive is named.

use std::collections::BTreeMap;

use bot_core::Words;
use bridge_model::name::first_characters;
use bridge_model::{Media, MediaKind, Message, Missing, Note, RichText, Span};

use super::answer::shortened;
use super::{MOST_BYTES, MOST_CHARACTERS, MOST_FILES, Piece};
use crate::convert::markdown::to_markdown;

/// How much of a file's name a line shows: then there is always room for it.
const NAME: usize = 60;

/// How many characters the lines for lost files may need below a text.
pub(super) const ROOM: usize = 400;

/// Files of a message that do not go, by their index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost(BTreeMap<usize, (Option<u64>, Missing)>);

impl Lost {
    /// Notes that a file does not go; its true size, where it is known.
    pub fn add(&mut self, index: usize, size: Option<u64>, why: Missing) {
        self.0.insert(index, (size, why));
    }

    /// The file does not go.
    pub fn has(&self, index: usize) -> bool {
        self.0.contains_key(&index)
    }
}

/// The file may be sent, as far as is known.
pub(super) fn fits(media: &Media) -> bool {
    media.size.is_none_or(|size| size <= MOST_BYTES)
}

/// The files that fit, in groups that each go with one message: ten at most, and together
/// not more than one request may have.
pub fn groups(media: &[Media]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut sum = 0_u64;
    for (index, one) in media.iter().enumerate().filter(|(_, one)| fits(one)) {
        let size = one.size.unwrap_or(0);
        match groups.last_mut() {
            Some(last) if last.len() < MOST_FILES && sum.saturating_add(size) <= MOST_BYTES => {
                last.push(index);
                sum = sum.saturating_add(size);
            }
            _ => {
                groups.push(vec![index]);
                sum = size;
            }
        }
    }
    groups
}

/// Who plays what, which Discord shows nowhere.
pub(super) fn tags(media: &Media) -> Option<RichText> {
    let tags = [&media.performer, &media.title].into_iter().flatten();
    let tags: Vec<&str> = tags.map(|words| words.trim()).filter(|it| !it.is_empty()).collect();
    let words = format!("🎵 {}", tags.join(" – "));
    (!tags.is_empty()).then(|| RichText::paragraph(vec![Span::text(words)]))
}

/// The line for a file that does not go.
pub(super) fn missing(media: &Media, size: Option<u64>, why: Missing, words: &Words) -> RichText {
    let name = media.name.as_deref().map(|name| shortened(name, NAME));
    words.missing(media, (name, size), why)
}

/// The piece without its lost files, which are named below its text.
pub fn without(piece: &Piece, message: &Message, lost: &Lost, words: &Words) -> Piece {
    let gone: Vec<_> = piece
        .files
        .iter()
        .filter_map(|index| Some((message.media.get(*index)?, lost.0.get(index)?)))
        .collect();
    let files = piece.files.iter().copied().filter(|index| !lost.has(*index)).collect();
    let lines = gone.iter().map(|(media, (size, why))| missing(media, *size, why.clone(), words));
    let mut content = piece.content.clone();
    lines.for_each(|line| push_line(&mut content, &line));
    if content.chars().count() > MOST_CHARACTERS {
        content.clone_from(&piece.content);
        for why in [Missing::TooLargeToSend, Missing::Unavailable] {
            let names = gone.iter().filter(|(_, (_, other))| *other == why);
            let names: Vec<_> =
                names.map(|(media, _)| media.name.as_deref().unwrap_or("…")).collect();
            if !names.is_empty() {
                let name = Some(shortened(&names.join(" "), NAME));
                push_line(&mut content, &words.note(&Note::FileMissing { name, size: None, why }));
            }
        }
    }
    Piece { content, files, ..piece.clone() }
}

fn push_line(content: &mut String, line: &RichText) {
    if !content.is_empty() {
        content.push('\n');
    }
    content.push_str(&to_markdown(line));
}

/// The name under which a file is sent. Discord knows a hidden file by its name.
pub fn file_name(media: &Media, index: usize) -> String {
    let name = match &media.name {
        Some(name) if !name.trim().is_empty() => name.clone(),
        Some(_) | None => format!("{}.{}", stem(media.kind, index), ending(media)),
    };
    let clean = |c: char| if c.is_control() || matches!(c, '/' | '\\' | '"') { '_' } else { c };
    let name = within_limit(name.chars().map(clean).collect());
    if media.spoiler { format!("SPOILER_{name}") } else { name }
}

/// The longest name under which a file is sent. Discord refuses the whole message for one of more
/// than 1,024 characters, and file systems take 255 bytes.
const MOST_NAME: usize = 240;

/// More characters behind the last dot are no ending.
const LONGEST_ENDING: usize = 16;

/// A long name, shortened before its ending.
fn within_limit(name: String) -> String {
    if name.chars().count() <= MOST_NAME {
        return name;
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending = if ending.chars().count() > LONGEST_ENDING { "" } else { ending };
    let room = MOST_NAME.saturating_sub(ending.chars().count()).saturating_sub(2);
    let start = first_characters(&name, room);
    if ending.is_empty() { format!("{start}…") } else { format!("{start}….{ending}") }
}

fn stem(kind: MediaKind, index: usize) -> String {
    match kind {
        // A webhook cannot send a spoken message as such: the flag is not for webhooks, see
        // https://discord.com/developers/docs/resources/webhook#execute-webhook
        MediaKind::Voice => "voice-message".to_owned(),
        MediaKind::VideoNote => "video-message".to_owned(),
        MediaKind::Sticker => "sticker".to_owned(),
        MediaKind::Animation => "animation".to_owned(),
        MediaKind::Image | MediaKind::Video | MediaKind::Audio | MediaKind::File => {
            format!("file{index}")
        }
    }
}

/// Discord shows a file by the ending of its name.
fn ending(media: &Media) -> String {
    let mime = media.mime.as_deref().unwrap_or_default();
    let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = match mime.as_str() {
        "image/jpeg" => "jpg",
        "image/svg+xml" => "svg",
        "audio/mpeg" => "mp3",
        "audio/ogg" | "audio/opus" | "application/ogg" => "ogg",
        "audio/mp4" | "audio/x-m4a" => "m4a",
        "video/quicktime" => "mov",
        "text/plain" => "txt",
        // What Telegram sends for animated stickers.
        "application/x-tgsticker" | "application/gzip" if media.kind == MediaKind::Sticker => "tgs",
        "" => match media.kind {
            MediaKind::Voice => "ogg",
            MediaKind::Image => "jpg",
            MediaKind::Video | MediaKind::VideoNote | MediaKind::Animation => "mp4",
            MediaKind::Audio => "mp3",
            MediaKind::Sticker => "webp",
            MediaKind::File => "bin",
        },
        other => {
            let sort = other.split('/').nth(1).unwrap_or("bin");
            let sort: String = sort.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            return if sort.is_empty() { "bin".to_owned() } else { sort };
        }
    };
    known.to_owned()
}

/// Whether an attachment can be this file. Discord changes characters of names, and sizes
/// are not always known.
pub fn is_same(media: &Media, index: usize, name: &str, size: Option<u64>) -> bool {
    let letters = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let same_size = match (media.size, size) {
        (Some(one), Some(other)) => one == other,
        (Some(_) | None, None) | (None, Some(_)) => true,
    };
    same_size && letters(&file_name(media, index)) == letters(name)
}
