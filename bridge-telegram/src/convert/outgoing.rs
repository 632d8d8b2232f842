// SPDX-License-Identifier: AGPL-3.0-or-later
//! An act of the core to calls of the Bot API.
//!
//! Rule: the same act gives the same calls each time, because a repeated order is compared with
//! what an earlier try left in the chat.

mod access;
mod cards;
mod change;
mod draw;
mod links;
pub mod menu;
mod moderation;
mod pieces;
mod render;
mod upload;
mod web_address;

use crate::admin_right::{self, AdminRight};
use bot_core::{Action, Part, Words};
use bridge_model::{Button, ChatChange, MediaHandle, Message, MessageId};

use super::TelegramText;
use super::reactions;

pub use cards::{MapPoint, Question};
pub use draw::split;
pub(crate) use pieces::missing;
pub use pieces::{Address, Answer, FilePiece, Piece, pieces};
pub use render::render;
pub(crate) use render::{Enclosed, enclosed};
pub use upload::UploadMethod;

/// Most UTF-16 code units of a text, <https://core.telegram.org/bots/api#sendmessage>.
pub const MAX_TEXT: usize = 4096;
/// Most UTF-16 code units of a caption, <https://core.telegram.org/bots/api#sendphoto>.
pub const MAX_CAPTION: usize = 1024;
/// Most UTF-16 code units of a quoted part, <https://core.telegram.org/bots/api#replyparameters>.
pub const MAX_QUOTE: usize = 1024;
/// Largest upload on the public server, <https://core.telegram.org/bots/api#sending-files>.
pub const MAX_UPLOAD: u64 = 50_000_000;
/// Largest photo; larger ones go as documents.
pub const MAX_PHOTO: u64 = 10_000_000;
/// Largest download on the public server, <https://core.telegram.org/bots/api#getfile>.
pub const MAX_DOWNLOAD: u64 = 20_000_000;
/// Most files in one group, <https://core.telegram.org/bots/api#sendmediagroup>.
pub const MAX_ALBUM: usize = 10;
/// Longest poll question, in characters, <https://core.telegram.org/bots/api#sendpoll>.
pub const MAX_QUESTION: usize = 300;
/// Longest answer of a poll, in characters.
pub const MAX_ANSWER: usize = 100;
/// Fewest and most answers of a poll; a bot may send one with one answer, but that is no choice.
pub const ANSWERS: std::ops::RangeInclusive<usize> = 2..=12;
/// Longest name of a group or topic, in characters.
const MAX_TITLE: usize = 128;
/// Longest description of a group, in characters.
const MAX_DESCRIPTION: usize = 255;

/// What a conversion depends on besides the act.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Largest file, in bytes.
    pub max_upload: u64,
    /// Says the lines that stand for what cannot be sent.
    pub words: &'a Words,
}

/// One call of the Bot API, but for the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Nothing is to be done: this part is as it shall be.
    Keep(Part),
    /// `sendMessage`, `sendPhoto`, `sendMediaGroup`, `sendPoll`, ...
    Send {
        /// What.
        piece: Piece,
        /// Where in the chat.
        to: Address,
    },
    /// `editMessageText` or `editMessageCaption`.
    Edit {
        /// The message that is there.
        part: Part,
        /// Its new text or caption.
        text: TelegramText,
        /// What stands below it to be pressed; without this it goes.
        buttons: Vec<Button>,
    },
    /// `editMessageMedia`.
    Exchange {
        /// The message that is there.
        part: Part,
        /// The file that it shall hold.
        file: Box<FilePiece>,
        /// Where a new message would go, if the old one cannot hold that file.
        to: Address,
    },
    /// `editMessageLiveLocation`, or `stopMessageLiveLocation`.
    Move {
        /// The message that is there.
        part: Part,
        /// Where to; `None` when it stops.
        place: Option<MapPoint>,
    },
    /// `deleteMessage`.
    Delete(MessageId),
    /// `setMessageReaction`, with none to take it away.
    React {
        /// To what.
        target: MessageId,
        /// The first of these that the chat allows is the only reaction from now on.
        choices: Vec<String>,
    },
    /// `pinChatMessage`.
    Pin(MessageId),
    /// `unpinChatMessage`.
    Unpin(MessageId),
    /// `stopPoll`.
    StopPoll(MessageId),
    /// `setChatTitle`.
    SetTitle(String),
    /// `setChatDescription`.
    SetDescription(String),
    /// `setChatPhoto`.
    SetPhoto(MediaHandle),
    /// `deleteChatPhoto`.
    DeletePhoto,
    /// `editForumTopic`.
    RenameTopic {
        /// The message that the topic hangs on.
        root: MessageId,
        /// The new name.
        name: String,
    },
    /// `closeForumTopic`.
    CloseTopic(MessageId),
    /// `reopenForumTopic`.
    ReopenTopic(MessageId),
    /// `setChatPermissions`.
    SetPermissions(serde_json::Map<String, serde_json::Value>),
    /// `banChatMember`.
    Ban {
        /// Whom.
        user: u64,
        /// Their messages go, too.
        revoke: bool,
    },
    /// `unbanChatMember`, for those who are banned.
    Unban(u64),
    /// `restrictChatMember`.
    Restrict {
        /// Whom.
        user: u64,
        /// They may speak as everybody may.
        may_speak: bool,
        /// In seconds since 1970; `None` for ever.
        until: Option<i64>,
    },
    /// `leaveChat`.
    Leave,
}

/// The calls that carry out `act`, in order. `done` are the parts that an earlier try left.
pub fn calls(act: &Action, done: &[Part], setting: &Setting<'_>) -> Vec<Call> {
    match act {
        Action::Post { send_as, message, native_reply, answer_via: _ } => {
            let pieces = pieces(send_as, message, *native_reply, setting);
            post(pieces, done, Address::of(message, *native_reply))
        }
        Action::Edit { send_as, parts, message, native_reply, media_changed } => {
            let fitting = change::without_lost(message, parts, (*media_changed, setting));
            let pieces = pieces(send_as, &fitting, *native_reply, setting);
            let to = Address { reply: None, ..Address::of(message, false) };
            change::edit(pieces, (parts, done), *media_changed, &to)
        }
        Action::Delete { send_as: _, parts } => {
            parts.iter().map(|part| Call::Delete(part.id.clone())).collect()
        }
        Action::React { target, reaction, others, .. } => {
            let choices = reactions::by_frequency(others.iter().chain([reaction]));
            vec![Call::React { target: target.clone(), choices }]
        }
        Action::Unreact { target, others, .. } => {
            let choices = reactions::by_frequency(others);
            vec![Call::React { target: target.clone(), choices }]
        }
        Action::Pin { target } => vec![Call::Pin(target.clone())],
        Action::Unpin { target } => vec![Call::Unpin(target.clone())],
        // The poll is the last thing that is sent; see `pieces`.
        Action::ClosePoll { send_as: _, parts } => {
            let poll = parts.iter().rfind(|part| !part.media);
            poll.map(|part| Call::StopPoll(part.id.clone())).into_iter().collect()
        }
        Action::SetChat { change } => set_chat(change).into_iter().collect(),
        Action::SetThread { root, name, closed } => set_thread(root, name.as_deref(), *closed),
        // Nobody has an account of ours here.
        Action::Refresh { .. } | Action::Withdraw { .. } | Action::Retire { .. } => Vec::new(),
        Action::SetAccess { access } => {
            access::permissions(access).map(Call::SetPermissions).into_iter().collect()
        }
        Action::Moderate { whom, what, .. } => moderation::calls(whom, *what),
        Action::Leave => vec![Call::Leave],
    }
}

/// The rights of an admin without which a call is refused, as the platform's menus name them.
pub(crate) fn right_for(call: &Call) -> Option<AdminRight> {
    match call {
        Call::Pin(_) | Call::Unpin(_) => Some(admin_right::PIN),
        Call::SetTitle(_) | Call::SetDescription(_) | Call::SetPhoto(_) | Call::DeletePhoto => {
            Some(admin_right::CHANGE_INFO)
        }
        Call::RenameTopic { .. } | Call::CloseTopic(_) | Call::ReopenTopic(_) => {
            Some(admin_right::TOPICS)
        }
        Call::Delete(_) => Some(admin_right::DELETE),
        Call::Ban { .. } | Call::Unban(_) | Call::Restrict { .. } => Some(admin_right::RESTRICT),
        Call::SetPermissions(_) => Some(admin_right::RESTRICT),
        Call::Keep(_)
        | Call::Send { .. }
        | Call::Edit { .. }
        | Call::Exchange { .. }
        | Call::Move { .. }
        | Call::React { .. }
        | Call::StopPoll(_)
        | Call::Leave => None,
    }
}

fn set_chat(change: &ChatChange) -> Option<Call> {
    match change {
        ChatChange::Name(name) => {
            let title = draw::one_line(name, MAX_TITLE);
            // A group always has a name.
            (!title.is_empty()).then_some(Call::SetTitle(title))
        }
        ChatChange::Topic(topic) => {
            Some(Call::SetDescription(draw::cut(topic.trim(), MAX_DESCRIPTION)))
        }
        ChatChange::Avatar(Some(picture)) => Some(Call::SetPhoto(picture.clone())),
        ChatChange::Avatar(None) => Some(Call::DeletePhoto),
        ChatChange::Emoji(_) => None,
    }
}

fn set_thread(root: &MessageId, name: Option<&str>, closed: Option<bool>) -> Vec<Call> {
    let name = name.map(|it| draw::one_line(it, MAX_TITLE)).filter(|it| !it.is_empty());
    let rename = name.map(|name| Call::RenameTopic { root: root.clone(), name });
    let close = closed.map(|closed| {
        if closed { Call::CloseTopic(root.clone()) } else { Call::ReopenTopic(root.clone()) }
    });
    rename.into_iter().chain(close).collect()
}

/// Sends what is not there yet. Each piece leaves as many parts as it has files, in order, so
/// that counting them tells how far an earlier try came.
fn post(pieces: Vec<Piece>, done: &[Part], to: Address) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut done = done.iter();
    let mut to = to;
    let buttons = std::mem::take(&mut to.buttons);
    let last = pieces.len();
    for (number, piece) in (1..).zip(pieces) {
        // They stand at the end.
        if number == last {
            to.buttons.clone_from(&buttons);
        }
        let there: Vec<&Part> = done.by_ref().take(piece.parts()).collect();
        let rest = piece.after(there.len());
        calls.extend(there.into_iter().cloned().map(Call::Keep));
        if let Some(piece) = rest {
            calls.push(Call::Send { piece, to: to.clone() });
        }
        // Only the first message is an answer.
        to.reply = None;
    }
    calls
}

impl Address {
    fn of(message: &Message, native_reply: bool) -> Self {
        let reply = message.reply_to.as_ref().filter(|_| native_reply).map(pieces::answer);
        let thread = message.thread.as_ref().map(|thread| thread.root.clone());
        let silent = message.silent;
        Self { reply, thread, buttons: message.buttons.clone(), silent }
    }
}
