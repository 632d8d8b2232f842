// SPDX-License-Identifier: AGPL-3.0-or-later
//! An act of the core to calls of the Bot API.
//!
//! Rule: the same act gives the same calls each time, because a repeated order is compared with
//! what an earlier try left in the chat.

mod draw;
mod links;
mod upload;

use bot_core::{Act, Part, Voice};
use bridge_model::{Media, Message, MessageId};

use super::TelegramText;
use super::reactions;

pub use draw::split;
pub use upload::SendAs;

/// Most UTF-16 code units of a text, <https://core.telegram.org/bots/api#sendmessage>.
pub const MAX_TEXT: usize = 4096;
/// Most UTF-16 code units of a caption, <https://core.telegram.org/bots/api#sendphoto>.
pub const MAX_CAPTION: usize = 1024;
/// Largest upload on the public server, <https://core.telegram.org/bots/api#sending-files>.
pub const MAX_UPLOAD: u64 = 50_000_000;
/// Largest photo; larger ones go as documents.
pub const MAX_PHOTO: u64 = 10_000_000;
/// Largest download on the public server, <https://core.telegram.org/bots/api#getfile>.
pub const MAX_DOWNLOAD: u64 = 20_000_000;

/// One call of the Bot API, but for the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Nothing is to be done: this part is as it shall be.
    Keep(Part),
    /// `sendMessage`, `sendPhoto`, ...
    Send {
        /// What.
        piece: Piece,
        /// The message that it answers natively.
        reply_to: Option<MessageId>,
    },
    /// `editMessageText` or `editMessageCaption`.
    Edit {
        /// The message that is there.
        part: Part,
        /// Its new text or caption.
        text: TelegramText,
    },
    /// `deleteMessage`.
    Delete(MessageId),
    /// `setMessageReaction`, with none to take it away.
    React {
        /// To what.
        target: MessageId,
        /// The only reaction from now on.
        emoji: Option<String>,
    },
    /// `pinChatMessage`.
    Pin(MessageId),
    /// `leaveChat`.
    Leave,
    /// No call can do it.
    Impossible {
        /// Why not.
        reason: String,
    },
}

/// One message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A text.
    Text(TelegramText),
    /// A file with its caption.
    File {
        /// Which.
        media: Box<Media>,
        /// By which method.
        send_as: SendAs,
        /// Its caption; may be empty.
        caption: TelegramText,
    },
}

impl Piece {
    /// The text or the caption.
    pub fn words(&self) -> &TelegramText {
        match self {
            Self::Text(text) => text,
            Self::File { caption, .. } => caption,
        }
    }

    /// It is a file.
    pub fn is_media(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// The text that goes instead of a file: its caption, then a line that names it.
    ///
    /// `why` says what is wrong with the file, `size` is in bytes.
    pub fn without_file(&self, why: &str, size: Option<u64>) -> TelegramText {
        match self {
            Self::Text(text) => text.clone(),
            Self::File { media, caption, .. } => upload::instead(media, caption, why, size),
        }
    }
}

/// The calls that carry out `act`, in order. `done` are the parts that an earlier try left;
/// `max_upload` is in bytes.
pub fn calls(act: &Act, done: &[Part], max_upload: u64) -> Vec<Call> {
    match act {
        Act::Post { voice, message, native_reply, answer_via: _ } => {
            let pieces = pieces(voice, message, *native_reply, max_upload);
            let reply = message.reply_to.as_ref().filter(|_| *native_reply);
            post(pieces, done, reply.map(|it| &it.message))
        }
        Act::Edit { voice, parts, message, native_reply, media_changed: _ } => {
            edit(pieces(voice, message, *native_reply, max_upload), parts, done)
        }
        Act::Delete { voice: _, parts } => {
            parts.iter().map(|part| Call::Delete(part.id.clone())).collect()
        }
        Act::React { target, reaction, others, .. } => {
            if reactions::available(reaction).is_none() {
                let reason = "reaction not available on telegram".to_owned();
                return vec![Call::Impossible { reason }];
            }
            let emoji = reactions::most_frequent(others.iter().chain([reaction]));
            vec![Call::React { target: target.clone(), emoji }]
        }
        Act::Unreact { target, others, .. } => {
            let emoji = reactions::most_frequent(others);
            vec![Call::React { target: target.clone(), emoji }]
        }
        Act::Pin { target } => vec![Call::Pin(target.clone())],
        Act::Leave => vec![Call::Leave],
        Act::Unpin { .. }
        | Act::ClosePoll { .. }
        | Act::SetChat { .. }
        | Act::SetThread { .. }
        | Act::Refresh { .. }
        | Act::Withdraw { .. } => {
            vec![Call::Impossible { reason: "not possible on telegram".to_owned() }]
        }
    }
}

/// The messages that show `message`: files first, the first of them with the text as its caption
/// as far as it fits, then what is left of the text.
pub fn pieces(voice: &Voice, message: &Message, native_reply: bool, max_upload: u64) -> Vec<Piece> {
    let (files, lost): (Vec<&Media>, Vec<&Media>) =
        message.media.iter().partition(|media| media.size.is_none_or(|it| it <= max_upload));
    let notes: Vec<String> = lost.iter().map(|it| upload::too_large(it, it.size)).collect();
    let text = draw::body(voice, message, native_reply, &notes);
    let max = if files.is_empty() { MAX_TEXT } else { MAX_CAPTION };
    let mut words = split(&links::write_out(&text), max).into_iter();
    let mut pieces: Vec<Piece> = files
        .into_iter()
        .enumerate()
        .map(|(number, media)| Piece::File {
            media: Box::new(media.clone()),
            send_as: SendAs::of(media),
            caption: if number == 0 { words.next() } else { None }.unwrap_or_default(),
        })
        .collect();
    pieces.extend(words.map(Piece::Text));
    pieces
}

fn post(pieces: Vec<Piece>, done: &[Part], reply_to: Option<&MessageId>) -> Vec<Call> {
    pieces
        .into_iter()
        .enumerate()
        .map(|(number, piece)| match done.get(number) {
            Some(part) => Call::Keep(part.clone()),
            None => {
                let reply_to = reply_to.filter(|_| number == 0).cloned();
                Call::Send { piece, reply_to }
            }
        })
        .collect()
}

/// Pairs what is wanted with what is there, file with file and text with text. What is there and
/// not wanted goes; what is wanted and not there is sent behind.
fn edit(wanted: Vec<Piece>, parts: &[Part], done: &[Part]) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut there: Vec<&Part> = parts.iter().collect();
    // Sent by an earlier try of this edit.
    let mut sent = done.iter().filter(|it| parts.iter().all(|part| part.id != it.id));
    for piece in wanted {
        let pair = there.iter().position(|part| part.media == piece.is_media());
        let call = match pair.map(|at| there.remove(at)) {
            Some(part) if done.contains(part) => Call::Keep(part.clone()),
            Some(part) => Call::Edit { part: part.clone(), text: piece.words().clone() },
            None => match sent.next() {
                Some(part) => Call::Keep(part.clone()),
                None => Call::Send { piece, reply_to: None },
            },
        };
        calls.push(call);
    }
    calls.extend(there.into_iter().map(|part| Call::Delete(part.id.clone())));
    calls
}
