// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a channel looks like, and who is in its server.
//!
//! Rule: only a difference is an event: Discord sends whole objects for whatever changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use bridge_model::{
    ChatChange, Content, EmojiPack, Event, MemberChange, MessageId, PackedEmoji, Place,
};
use serde_json::Value;

use super::field::{id, is, text};
use super::{Ours, author};
use crate::NETWORK;

/// Name and topic of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Without `#`.
    pub name: String,
    /// Empty for none.
    pub topic: String,
}

impl Look {
    /// Reads a channel object.
    pub fn read(channel: &Value) -> Option<Self> {
        let name = text(channel, "name")?.to_owned();
        Some(Self { name, topic: text(channel, "topic").unwrap_or_default().to_owned() })
    }

    /// What is different from `before`, as events of the channel.
    pub fn changes_since(&self, before: &Self, channel: &str) -> Vec<Event> {
        let name = (self.name != before.name).then(|| ChatChange::Name(self.name.clone()));
        let topic = (self.topic != before.topic).then(|| ChatChange::Topic(self.topic.clone()));
        let changes = name.into_iter().chain(topic);
        changes.map(|change| event(channel, Content::ChatChanged { by: None, change })).collect()
    }
}

fn event(channel: &str, content: Content) -> Event {
    // It is about no message; the channel's own id stands for it.
    let message = MessageId::from(channel);
    Event { place: Place::new(NETWORK, channel), message, late: false, content }
}

/// The custom emoji of a server, from its object or from `GUILD_EMOJIS_UPDATE`, which does not say
/// what the server is called. Those that nobody can use now are left out.
///
/// See <https://discord.com/developers/docs/resources/emoji#emoji-object>.
pub fn pack(server: &str, name: &str, emojis: &[Value]) -> EmojiPack {
    let usable = emojis
        .iter()
        .filter(|emoji| emoji.get("available").and_then(Value::as_bool).unwrap_or(true));
    let one = |emoji: &Value| {
        Some(PackedEmoji {
            id: id(emoji, "id")?.to_owned(),
            name: text(emoji, "name")?.to_owned(),
            animated: is(emoji, "animated"),
        })
    };
    let emoji = usable.filter_map(one).collect();
    EmojiPack { id: server.to_owned(), name: name.to_owned(), emoji }
}

/// The event of a server's emoji in one of its channels.
pub fn packed(channel: &str, pack: EmojiPack) -> Event {
    event(channel, Content::ChatChanged { by: None, change: ChatChange::Emoji(pack) })
}

/// The event of a member of a server, in one of its channels; `None` about ourselves.
///
/// See <https://discord.com/developers/docs/events/gateway-events#guild-member-add>.
pub fn member(raw: &Value, change: MemberChange, channel: &str, ours: &Ours) -> Option<Event> {
    let user = raw.get("user").filter(|user| id(user, "id") != Some(&ours.bot))?;
    let who = author::of_user(user, Some(raw), ours)?;
    Some(event(channel, Content::MemberChanged { who, change }))
}

/// The user, and a digest of what is seen of them: names and picture.
pub fn face(user: &Value, member: Option<&Value>, ours: &Ours) -> Option<(String, u64)> {
    let who = author::of_user(user, member, ours)?;
    let mut hasher = DefaultHasher::new();
    let picture = who.avatar.map(|avatar| avatar.reference);
    (who.name, who.username, picture).hash(&mut hasher);
    Some((who.user.as_str().to_owned(), hasher.finish()))
}
