// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the model to the bodies of Discord's requests.
//!
//! Rule: pure, and the same for the same order, so that a second try has the same
//! parts as the first. Nobody is called but people who were resolved, and everybody where
//! the core let such a mention through.

mod access;
mod answer;
mod card;
mod file;
mod location;
mod menu;
mod name;
mod render;
mod request;

use bot_core::Words;
use bridge_model::text::bounds::MESSAGES;
use bridge_model::{Button, Leaf, Mention, Message, MessageKind, Missing, RichText, Span, Style};
use serde_json::Value;

use self::answer::{FORWARDED, above, shortened, small, without_forged_lines};
use super::markdown::{TEXT, degrade, linkify, measure, piece_to_markdown, to_markdown};
use crate::NETWORK;

pub(crate) use access::{overwrites, recorded};
pub use answer::answered;
pub use card::{ANSWER, ANSWERS, QUESTION};
pub use file::{Lost, file_name, groups, is_same, without};
pub use location::{MessageLocation, id_in};
pub use menu::{commands, menu_name};
pub use name::{username, webhook_name};
pub use render::render;
pub use request::{
    NewPost, as_bot, edit_body, known_reaction, new_post, post_body, reaction_path,
    with_attachments,
};

/// Discord's limit of characters in one message.
pub const MOST_CHARACTERS: usize = 2000;

/// Discord's limit of files in one message.
pub const MOST_FILES: usize = 10;

/// Discord's limit of bytes in the files of one request, for servers without boosts.
pub const MOST_BYTES: u64 = 10 * 1024 * 1024;

/// Discord's limit of characters in the name of a channel or thread.
pub const MOST_NAME: usize = 100;

/// Discord's limit of people in `allowed_mentions`.
const MOST_CALLED: usize = 100;

/// One message of the destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Its Markdown; may be empty when there are files or a poll.
    pub content: String,
    /// The accounts that are called by it.
    pub users: Vec<u64>,
    /// It calls everybody.
    pub everyone: bool,
    /// Which of the message's media it carries, as indices.
    pub files: Vec<usize>,
    /// A poll, as a request holds it. Discord lets nobody edit a message with a poll, hence
    /// it has a message of its own.
    pub poll: Option<Value>,
    /// What stands below it to be pressed.
    pub buttons: Vec<Button>,
}

impl Piece {
    fn call_nobody(&mut self) {
        self.users.clear();
        self.everyone = false;
    }
}

/// The messages that say what `message` says. `answered` are the lines that stand first in
/// the place of a native reply.
///
/// Text comes first; the files hang on the last piece of text as far as they go with one
/// message; a poll comes last. A file that is too big becomes a line with its name and size.
pub fn pieces(message: &Message, answered: RichText, words: &Words) -> Vec<Piece> {
    pieces_within(MOST_CHARACTERS, message, answered, words)
}

/// As [`pieces`], with at most `room` characters of text in each.
fn pieces_within(room: usize, message: &Message, answered: RichText, words: &Words) -> Vec<Piece> {
    let text = without_forged_lines(linkify(&message.body));
    let mut body = match message.kind {
        MessageKind::Text | MessageKind::Notice => text,
        MessageKind::Emote => leaning(text),
    };
    for tags in message.media.iter().filter_map(file::tags) {
        body.append(tags);
    }
    let card = card::shown(message, words);
    body.append(card.text);
    for media in message.media.iter().filter(|media| !file::fits(media)) {
        body.append(file::missing(media, None, Missing::TooLargeToSend, words));
    }
    if let Some(forward) = &message.forwarded {
        body.prepend(vec![small(&format!("{FORWARDED} {}", forward.from)), Span::line_break()]);
    }
    if !answered.is_empty() {
        body = above(answered, body);
    }
    let texts = degrade(&body).split_for_chat((room, MESSAGES), &TEXT, &measure);
    let mut pieces: Vec<Piece> = texts.iter().map(said).collect();
    if message.silent {
        pieces.iter_mut().for_each(Piece::call_nobody);
    }
    for (number, files) in groups(&message.media).into_iter().enumerate() {
        match pieces.last_mut().filter(|last| number == 0 && has_room(last)) {
            Some(last) => last.files = files,
            None => pieces.push(Piece { files, ..Piece::default() }),
        }
    }
    if let Some(last) = pieces.last_mut() {
        last.buttons.clone_from(&message.buttons);
    }
    pieces.extend(card.poll.map(|poll| Piece { poll: Some(poll), ..Piece::default() }));
    pieces
}

/// As [`pieces`], each with the name of the person above it.
pub fn pieces_under_name(
    message: &Message,
    answered: RichText,
    words: &Words,
    name: &str,
) -> Vec<Piece> {
    let room = MOST_CHARACTERS.saturating_sub(name_line(name).chars().count() + 1);
    let pieces = pieces_within(room, message, answered, words);
    pieces.iter().map(|piece| under_name(piece, name)).collect()
}

/// `piece` with the name of the person above it.
pub fn under_name(piece: &Piece, name: &str) -> Piece {
    let line = name_line(name);
    let content =
        if piece.content.is_empty() { line } else { format!("{line}\n{}", piece.content) };
    Piece { content, ..piece.clone() }
}

fn name_line(name: &str) -> String {
    let style = Style { bold: true, ..Style::default() };
    let name = Span { leaf: Leaf::Text(username(name)), style };
    to_markdown(&RichText::paragraph(vec![name]))
}

fn said(text: &RichText) -> Piece {
    let (users, everyone) = called(text);
    Piece { content: piece_to_markdown(text), users, everyone, ..Piece::default() }
}

/// There is room for lines that stand for files which cannot be had.
fn has_room(piece: &Piece) -> bool {
    piece.content.chars().count() + file::ROOM <= MOST_CHARACTERS
}

fn called(text: &RichText) -> (Vec<u64>, bool) {
    let mut everyone = false;
    let mut users: Vec<u64> = Vec::new();
    for mention in text.mentions() {
        match mention {
            Mention::Person { who, .. } if who.network.as_str() == NETWORK => {
                users.extend(who.user.as_str().parse().ok().filter(|id: &u64| *id != 0));
            }
            Mention::Everyone => everyone = true,
            Mention::Person { .. } | Mention::Role { .. } | Mention::Chat { .. } => {}
        }
    }
    users.sort_unstable();
    users.dedup();
    users.truncate(MOST_CALLED);
    (users, everyone)
}

/// As Discord shows what is said in the third person.
fn leaning(text: RichText) -> RichText {
    let mut text = text;
    for block in &mut text.0 {
        if let bridge_model::Block::Paragraph(spans) = block {
            let words = spans.iter_mut().filter(|span| span.leaf != Leaf::Break);
            words.for_each(|span| span.style.italic = true);
        }
    }
    text
}

/// The name of a thread that `message` opens: the one that is known, else its first words,
/// else its first file, else who said it.
pub fn thread_name(message: &Message) -> String {
    let known = message.thread.as_ref().and_then(|thread| thread.name.clone());
    let file = || message.media.iter().find_map(|media| media.name.clone());
    let question = || match &message.card {
        Some(bridge_model::Card::Poll(poll)) => Some(poll.question.plain()),
        Some(bridge_model::Card::Location(place)) => place.title.clone(),
        Some(bridge_model::Card::Contact(_)) | None => None,
    };
    let names = [known, Some(message.body.plain()), question(), file()];
    let names = names.into_iter().flatten().chain([message.author.name.clone(), "…".to_owned()]);
    let mut names = names.map(|name| shortened(&name, MOST_NAME));
    names.find(|name| !name.is_empty()).unwrap_or_else(|| "…".to_owned())
}
