// SPDX-License-Identifier: AGPL-3.0-or-later
//! Packs of custom emoji as the state of a room.
//!
//! Rule: a pack that would be too large for an event ends where the room is.

use bridge_model::EmojiPack;
use serde_json::{Map, Value, json};

use super::super::MAX_CONTENT;

/// The content of `im.ponies.room_emotes`; the ids are `mxc://` addresses. A name that is there
/// twice gets a number.
///
/// See <https://github.com/matrix-org/matrix-spec-proposals/pull/2545>.
pub fn emoji_pack(pack: &EmojiPack) -> Value {
    let mut images = Map::new();
    let mut left = MAX_CONTENT;
    for emoji in &pack.emoji {
        let numbered = |n: u32| match n {
            1 => emoji.name.clone(),
            n => format!("{}_{n}", emoji.name),
        };
        let Some(code) = (1..).map(numbered).find(|code| !images.contains_key(code)) else {
            continue;
        };
        let image = json!({ "url": emoji.id, "usage": ["emoticon"] });
        let needs = image.to_string().len() + code.len() + 4;
        if needs > left {
            break;
        }
        left -= needs;
        images.insert(code, image);
    }
    json!({
        "pack": { "display_name": pack.name, "usage": ["emoticon"] },
        "images": images,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_model::PackedEmoji;

    fn emoji(name: &str) -> PackedEmoji {
        PackedEmoji { id: format!("mxc://hs.example/{name}"), name: name.into(), animated: false }
    }

    #[test]
    fn names_that_are_there_twice_are_numbered() {
        let emoji = vec![emoji("tea"), emoji("tea"), emoji("cup")];
        let pack = EmojiPack { id: "p".into(), name: "The server".into(), emoji };
        let content = emoji_pack(&pack);
        assert_eq!(content["pack"]["display_name"], "The server");
        let names: Vec<&String> = content["images"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["cup", "tea", "tea_2"]);
        assert_eq!(content["images"]["tea_2"]["url"], "mxc://hs.example/tea");
    }

    #[test]
    fn a_pack_fits_into_an_event() {
        let all = (0..5000).map(|n| emoji(&format!("emoji_{n}"))).collect();
        let pack = EmojiPack { id: "p".into(), name: "Many".into(), emoji: all };
        let content = emoji_pack(&pack);
        assert!(content.to_string().len() < MAX_CONTENT + 200);
        assert!(content["images"].as_object().unwrap().len() > 400);
    }
}
