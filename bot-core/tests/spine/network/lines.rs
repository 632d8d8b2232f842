// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people read of an order.
//!
//! Rule: pure.

use bot_core::SendAs;
use bridge_model::{Message, Reaction};

fn line(send_as: &SendAs, text: &str) -> String {
    format!("{}: {text}", send_as.name().unwrap_or("BOT"))
}

pub fn key(reaction: &Reaction) -> &str {
    match reaction {
        Reaction::Emoji(key) => key,
        Reaction::Custom { name, .. } => name,
    }
}

/// What each message of an order says, and the files in it.
pub fn pieces(message: &Message, together: bool) -> Vec<(String, Vec<String>)> {
    let text = message.body.plain();
    let files: Vec<String> =
        message.media.iter().map(|file| file.name.clone().unwrap_or_default()).collect();
    let mut groups: Vec<Vec<String>> =
        if together { vec![files] } else { files.into_iter().map(|file| vec![file]).collect() };
    groups.retain(|group| !group.is_empty());
    if groups.is_empty() {
        return text.split('|').map(|piece| (piece.to_owned(), Vec::new())).collect();
    }
    let said = std::iter::once(text).chain(std::iter::repeat(String::new()));
    said.zip(groups).collect()
}

pub fn shown_line(send_as: &SendAs, text: &str, files: &[String]) -> String {
    let files: String = files.iter().map(|file| format!("[{file}]")).collect();
    line(send_as, &format!("{text}{files}"))
}
