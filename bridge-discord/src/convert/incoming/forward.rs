// SPDX-License-Identifier: AGPL-3.0-or-later
//! Forwarded messages: copies (snapshots) inside another message.
//!
//! Rule: a copy has no author; what is known is the channel that it comes from.
//! See <https://discord.com/developers/docs/resources/message#message-snapshot-object>.

use bridge_model::{Block, Forward, Media, RichText};
use serde_json::Value;

use super::embed::{self, By};
use super::field::{id, list, text};
use super::{Ours, component, media};
use crate::convert::markdown::{Names, from_markdown};

/// What stands where the channel is not known.
const SOMEWHERE: &str = "Discord";

/// Where the message was forwarded from; `None` when it was not.
pub(super) fn header(message: &Value, names: &Names) -> Option<Forward> {
    list(message, "message_snapshots").first()?;
    let channel = message.get("message_reference").and_then(|from| id(from, "channel_id"));
    let name = channel.and_then(|channel| names.chats.get(channel));
    Some(Forward { from: name.map_or_else(|| SOMEWHERE.to_owned(), |name| format!("#{name}")) })
}

/// The copies: quotes and files.
pub(super) fn read(message: &Value, names: &Names, ours: &Ours) -> (Vec<Block>, Vec<Media>) {
    let home = id(message, "channel_id").zip(id(message, "id"));
    let mut blocks = Vec::new();
    let mut files = Vec::new();
    let copies = list(message, "message_snapshots").iter().filter_map(|copy| copy.get("message"));
    for copy in copies {
        let words = text(copy, "content").map(|words| from_markdown(words, names));
        let mut inside = words.unwrap_or_default();
        files.extend(media::of(copy, home, ours));
        let mut laid = component::read(copy, names, ours);
        inside.0.append(&mut laid.blocks);
        files.append(&mut laid.media);
        let (cards, pictures) = embed::read(copy, By::Anybody, names, ours);
        inside.0.extend(cards);
        files.extend(pictures);
        if !inside.is_empty() {
            let blocks_inside = RichText(inside.0).normalise().0;
            blocks.push(Block::Quote { blocks: blocks_inside, expandable: false });
        }
    }
    (blocks, files)
}
