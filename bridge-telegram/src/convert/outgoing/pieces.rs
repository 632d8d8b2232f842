// SPDX-License-Identifier: AGPL-3.0-or-later
//! The messages that show one message of the model.
//!
//! Rule: words that can be a caption are one. What has no caption on Telegram (stickers, round
//! films, polls, places, business cards) stands below a message of its own with the name.

use bot_core::SendAs;
use bridge_model::{Button, Media, Message, MessageId, Missing, Reply, RichText};
use teloxide::types::MessageEntityKind;

use super::{MAX_ALBUM, MAX_CAPTION, MAX_QUOTE, MAX_TEXT, MapPoint, Question, Setting};
use super::{UploadMethod, cards, draw, upload};
use crate::convert::entities::utf16_len;
use crate::convert::{TelegramText, to_telegram};

/// What one call sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A text.
    Text(TelegramText),
    /// A file with its caption.
    File(Box<FilePiece>),
    /// Two to ten files as one group.
    Album(Vec<FilePiece>),
    /// A poll.
    Poll(Question),
    /// A place on the map.
    MapPoint(MapPoint),
    /// A business card with a phone number.
    Contact {
        /// The name on it.
        name: String,
        /// The number.
        phone: String,
    },
}

/// A file with its caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePiece {
    /// Which.
    pub media: Media,
    /// By which method.
    pub upload_as: UploadMethod,
    /// Its caption; may be empty.
    pub caption: TelegramText,
}

/// Where in a chat something is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// What it answers natively.
    pub reply: Option<Answer>,
    /// The root of the thread that it stands in.
    pub thread: Option<MessageId>,
    /// What stands below it to be pressed.
    pub buttons: Vec<Button>,
    /// It makes no sound.
    pub silent: bool,
}

/// A native answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The message that is answered.
    pub message: MessageId,
    /// The part of it that was chosen.
    pub quote: Option<TelegramText>,
}

impl Piece {
    /// The text, or the caption of the first file; empty where there is none.
    pub fn words(&self) -> &TelegramText {
        static NONE: TelegramText = TelegramText { text: String::new(), entities: Vec::new() };
        match self {
            Self::Text(text) => text,
            Self::File(file) => &file.caption,
            Self::Album(files) => files.first().map_or(&NONE, |file| &file.caption),
            Self::Poll(_) | Self::MapPoint(_) | Self::Contact { .. } => &NONE,
        }
    }

    /// It is a file, or several.
    pub fn is_media(&self) -> bool {
        matches!(self, Self::File(_) | Self::Album(_))
    }

    /// How many messages it leaves in the chat.
    pub fn parts(&self) -> usize {
        match self {
            Self::Album(files) => files.len(),
            Self::Text(_)
            | Self::File(_)
            | Self::Poll(_)
            | Self::MapPoint(_)
            | Self::Contact { .. } => 1,
        }
    }

    /// Its file with this number.
    pub(crate) fn file(&self, at: usize) -> Option<&FilePiece> {
        match self {
            Self::File(file) => (at == 0).then_some(file),
            Self::Album(files) => files.get(at),
            Self::Text(_) | Self::Poll(_) | Self::MapPoint(_) | Self::Contact { .. } => None,
        }
    }

    /// What is left to send when `there` of its messages are in the chat.
    pub(super) fn after(self, there: usize) -> Option<Self> {
        match self {
            Self::Album(files) => groups(files.into_iter().skip(there).collect()).pop(),
            Self::Text(_)
            | Self::File(_)
            | Self::Poll(_)
            | Self::MapPoint(_)
            | Self::Contact { .. } => (there == 0).then_some(self),
        }
    }

    /// The same without the file at `at`, which cannot be sent; its line follows. Leaves as many
    /// messages as before.
    pub(crate) fn without(self, at: usize, line: &RichText) -> Vec<Self> {
        match self {
            Self::File(file) => vec![Self::Text(upload::with_line(&file.caption, line))],
            Self::Album(mut files) if at < files.len() => {
                let lost = files.remove(at);
                if let (0, Some(next)) = (at, files.first_mut()) {
                    next.caption = lost.caption;
                }
                let mut pieces = groups(files);
                pieces.push(Self::Text(to_telegram(line)));
                pieces
            }
            Self::Text(_)
            | Self::Album(_)
            | Self::Poll(_)
            | Self::MapPoint(_)
            | Self::Contact { .. } => vec![self],
        }
    }

    /// The same with pictures and films as documents, where that is another thing.
    pub(crate) fn as_documents(&self) -> Option<Self> {
        let plain =
            |file: &FilePiece| FilePiece { upload_as: UploadMethod::Document, ..file.clone() };
        match self {
            Self::File(file) if file.upload_as != UploadMethod::Document => {
                Some(Self::File(Box::new(plain(file))))
            }
            Self::Album(files) if files.iter().any(|it| it.upload_as != UploadMethod::Document) => {
                Some(Self::Album(files.iter().map(plain).collect()))
            }
            Self::File(_)
            | Self::Album(_)
            | Self::Text(_)
            | Self::Poll(_)
            | Self::MapPoint(_)
            | Self::Contact { .. } => None,
        }
    }

    /// Each file of a group by itself.
    pub(crate) fn singly(self) -> Vec<Self> {
        match self {
            Self::Album(files) => files.into_iter().map(|it| Self::File(Box::new(it))).collect(),
            Self::Text(_)
            | Self::File(_)
            | Self::Poll(_)
            | Self::MapPoint(_)
            | Self::Contact { .. } => vec![self],
        }
    }
}

/// The messages that show `message`: what has no caption stands below its text; else the first
/// file has the text as its caption as far as it fits, and what is left of it follows.
pub fn pieces(
    send_as: &SendAs,
    message: &Message,
    native_reply: bool,
    setting: &Setting<'_>,
) -> Vec<Piece> {
    let fits = |media: &&Media| media.size.is_none_or(|it| it <= setting.max_upload);
    let (files, lost): (Vec<&Media>, Vec<&Media>) = message.media.iter().partition(fits);
    let mut files: Vec<FilePiece> = files.into_iter().map(FilePiece::of).collect();
    let (mut card, mut below) = cards::card(message, setting.words);
    cards::open_ballot(&mut card, send_as);
    below.extend(lost.into_iter().map(|it| missing(it, it.size, Missing::TooLargeToSend, setting)));
    let alone = files.is_empty() && below.is_empty();
    let named = alone && cards::name_question(&mut card, send_as, message, native_reply);
    let text =
        if named { RichText::default() } else { draw::body(send_as, message, native_reply, below) };
    let captioned = files.first().is_some_and(|file| file.upload_as.has_caption());
    let first = if captioned { MAX_CAPTION } else { MAX_TEXT };
    let mut words = draw::named_pieces(send_as, &text, first).into_iter();
    if let Some(first) = files.first_mut().filter(|_| captioned) {
        first.caption = words.next().unwrap_or_default();
    }
    let words = words.map(Piece::Text);
    let mut pieces = Vec::new();
    if captioned {
        pieces.extend(groups(files));
        pieces.extend(words);
    } else {
        pieces.extend(words);
        pieces.extend(groups(files));
    }
    pieces.extend(card);
    pieces
}

/// The line for a file that is not sent; `size` is in bytes.
pub(crate) fn missing(
    media: &Media,
    size: Option<u64>,
    why: Missing,
    setting: &Setting<'_>,
) -> RichText {
    let name = media.name.as_deref().map(|it| draw::one_line(it, 100));
    let name = name.filter(|it| !it.is_empty());
    setting.words.missing(media, (name, size), why)
}

/// Neighbours that can be one group are one, as long as their known sizes fit into one request.
pub(super) fn groups(files: Vec<FilePiece>) -> Vec<Piece> {
    let mut groups: Vec<Vec<FilePiece>> = Vec::new();
    for file in files {
        match groups.last_mut() {
            Some(group) if joins(group, &file) => group.push(file),
            Some(_) | None => groups.push(vec![file]),
        }
    }
    let piece = |mut group: Vec<FilePiece>| match group.len() {
        1 => group.pop().map(|file| Piece::File(Box::new(file))),
        _ => Some(Piece::Album(group)),
    };
    groups.into_iter().filter_map(piece).collect()
}

fn joins(group: &[FilePiece], file: &FilePiece) -> bool {
    let size = |file: &FilePiece| file.media.size.unwrap_or(0);
    let sizes = group.iter().map(size).fold(size(file), u64::saturating_add);
    let kind = file.upload_as.album();
    group.len() < MAX_ALBUM
        && sizes <= super::MAX_UPLOAD
        && kind.is_some()
        && group.iter().all(|it| it.upload_as.album() == kind)
}

impl FilePiece {
    pub(super) fn of(media: &Media) -> Self {
        let (media, caption) = (media.clone(), TelegramText::default());
        Self { upload_as: UploadMethod::of(&media), media, caption }
    }
}

/// A native answer, with the part of the message that was chosen. The platform knows only some
/// styles in quotes, and wants them exactly as they are in the message.
pub(super) fn answer(reply: &Reply) -> Answer {
    let excerpt = reply.excerpt.as_ref().filter(|_| reply.partial);
    let quote = excerpt.map(to_telegram).map(|mut text| {
        text.entities.retain(|entity| {
            matches!(
                entity.kind,
                MessageEntityKind::Bold
                    | MessageEntityKind::Italic
                    | MessageEntityKind::Underline
                    | MessageEntityKind::Strikethrough
                    | MessageEntityKind::Spoiler
            )
        });
        text
    });
    let fits = |text: &TelegramText| (1..=MAX_QUOTE).contains(&utf16_len(&text.text));
    Answer { message: reply.message.clone(), quote: quote.filter(fits) }
}
