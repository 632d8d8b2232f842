// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people read of an order.
//!
//! Rule: pure.

use bot_core::{MissingRight, Right, SendAs};
use bridge_model::{Message, Reaction};

/// The rights for which our bots ask, as the menus of the networks name them.
pub fn asked_rights(network: &str) -> Vec<MissingRight> {
    let rights: &[(Right, &str)] = match network {
        "telegram" => &[
            (Right::Pin, "Pin Messages"),
            (Right::Delete, "Delete Messages"),
            (Right::ChangeChat, "Change Group Info"),
            (Right::DecideWhoSpeaks, "Ban Users"),
            (Right::ManageThreads, "Manage Topics"),
        ],
        "discord" => &[
            (Right::Read, "View Channel"),
            (Right::Write, "Send Messages"),
            (Right::SpeakForOthers, "Manage Webhooks"),
            (Right::React, "Add Reactions"),
            (Right::Ban, "Ban Members"),
            (Right::Mute, "Timeout Members"),
            (Right::Delete, "Manage Messages"),
            (Right::Pin, "Pin Messages"),
            (Right::ManageThreads, "Manage Threads"),
        ],
        _ => &[
            (Right::Ban, "Ban users"),
            (Right::Delete, "Remove messages sent by others"),
            (Right::ChangeChat, "m.room.name"),
        ],
    };
    let one = |(right, menu): &(Right, &str)| MissingRight { right: *right, menu: (*menu).into() };
    rights.iter().map(one).collect()
}

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
