// SPDX-License-Identifier: AGPL-3.0-or-later
//! Emoji with pictures of their own.
//!
//! Rule: a custom emoji is a sticker that is shown in text; ids that nobody has are left out of
//! the answer. Source: <https://core.telegram.org/bots/api#getcustomemojistickers>.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::Telegram;
use super::answer::{ApiError, bad};
use super::params::Params;
use super::world::World;

/// The most that are asked for at once.
const MOST: usize = 200;

impl Telegram {
    /// A new custom emoji: a still WebP picture that stands for this plain emoji. Answers with
    /// its id, for entities of the type `custom_emoji`.
    pub fn custom_emoji(&self, emoji: &str, picture: impl Into<Bytes>) -> String {
        self.shared.with(|world| {
            let file = world.files.add("sticker", picture.into());
            world.files.label(&file.id, None, Some("image/webp".to_owned()));
            let id = format!("5368324170{:09}", world.fresh());
            let sticker = json!({
                "file_id": file.id, "file_unique_id": file.unique, "type": "custom_emoji",
                "width": 100, "height": 100, "is_animated": false, "is_video": false,
                "emoji": emoji, "set_name": "SandboxEmoji", "custom_emoji_id": id,
                "file_size": file.bytes.len(),
            });
            world.emoji.insert(id.clone(), sticker);
            id
        })
    }
}

/// `getCustomEmojiStickers`.
pub(super) fn get(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let ids = params.list("custom_emoji_ids")?.unwrap_or_default();
    if ids.len() > MOST {
        return Err(bad("too many custom emoji identifiers specified"));
    }
    let known = ids.iter().filter_map(Value::as_str).filter_map(|id| world.emoji.get(id));
    Ok(known.cloned().collect())
}
