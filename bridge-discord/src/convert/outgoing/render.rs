// SPDX-License-Identifier: AGPL-3.0-or-later
//! A whole message as the bodies of the requests that post it.
//!
//! Rule: the same functions as in delivery; what only delivery can know (files that cannot
//! be had, the thread) is not here.

use bot_core::{SendAs, Words};
use bridge_model::Message;
use serde_json::Value;

use super::{Piece, answered, file_name, pieces, post_body, with_attachments};

/// The bodies that say `message`, in order. `link` leads to the answered message, where it is
/// known; the bot answers natively then, and has no line for it.
pub fn render(
    message: &Message,
    send_as: &SendAs,
    link: Option<String>,
    words: &Words,
) -> Vec<Value> {
    let native = link.is_some() && *send_as == SendAs::Bot;
    let answered = if native { Default::default() } else { answered(message, link) };
    let pieces = pieces(message, answered, words);
    pieces.iter().map(|piece| whole(piece, message, (send_as, words))).collect()
}

fn whole(piece: &Piece, message: &Message, how: (&SendAs, &Words)) -> Value {
    let body = post_body(piece, message, how);
    let named: Vec<_> = piece
        .files
        .iter()
        .filter_map(|index| Some((message.media.get(*index)?, *index)))
        .map(|(media, index)| (media, file_name(media, index)))
        .collect();
    if named.is_empty() { body } else { with_attachments(body, &[], &named) }
}
