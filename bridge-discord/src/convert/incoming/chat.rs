// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a channel looks like, and who is in its server.
//!
//! Rule: only a difference is an event: Discord sends whole objects for whatever changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use bridge_model::{
    ChatChange, Content, EmojiPack, Event, MemberChange, MessageId, PackedEmoji, Place,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serenity::model::channel::ChannelType;

use super::field::{id, is, list, number, text};
use super::{Ours, author};
use crate::NETWORK;
use crate::convert::markdown::Role;

/// The type of media channels, which the SDK does not know.
const MEDIA: ChannelType = ChannelType::Unknown(16);

/// The flag of a forum whose posts need a tag.
///
/// See <https://discord.com/developers/docs/resources/channel#channel-object-channel-flags>.
const REQUIRE_TAG: u64 = 1 << 4;

/// The type of a channel object.
pub fn channel_type(channel: &Value) -> Option<ChannelType> {
    let number = channel.get("type").and_then(Value::as_u64)?;
    u8::try_from(number).ok().map(ChannelType::from)
}

/// Channels of this type hold nothing but posts.
pub fn holds_posts(kind: ChannelType) -> bool {
    kind == ChannelType::Forum || kind == MEDIA
}

/// Channels of this type are threads.
pub fn is_thread(kind: ChannelType) -> bool {
    use ChannelType::{NewsThread, PrivateThread, PublicThread};
    kind == NewsThread || kind == PublicThread || kind == PrivateThread
}

/// What a new post of this forum needs: the outer `None` for a channel that is no forum, the
/// inner one where no tag is needed or none may be given by everybody.
pub fn required_tag(channel: &Value) -> Option<Option<String>> {
    channel_type(channel).filter(|kind| holds_posts(*kind))?;
    if number(channel, "flags") & REQUIRE_TAG == 0 {
        return Some(None);
    }
    let mut free = list(channel, "available_tags").iter().filter(|tag| !is(tag, "moderated"));
    Some(free.find_map(|tag| id(tag, "id")).map(str::to_owned))
}

/// What is shown of a role, from its object.
///
/// See <https://discord.com/developers/docs/topics/permissions#role-object>: no colour is 0, and of
/// several colours the first one counts, as in `color`.
pub fn role(raw: &Value) -> Option<Role> {
    let first = raw.get("colors").and_then(|all| all.get("primary_color")).and_then(Value::as_u64);
    let colour = first.unwrap_or_else(|| number(raw, "color"));
    let colour = u32::try_from(colour).ok().filter(|colour| (1..=0xff_ffff).contains(colour));
    Some(Role { name: text(raw, "name")?.to_owned(), colour })
}

/// Name and topic of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelAppearance {
    /// Without `#`.
    pub name: String,
    /// Empty for none.
    pub topic: String,
}

impl ChannelAppearance {
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
    let who = author::of_user(user, id(raw, "guild_id").map(|guild| (guild, raw)), ours)?;
    Some(event(channel, Content::MemberChanged { who, change }))
}

/// The user, and a digest of what is seen of them: names and picture.
pub fn face(user: &Value, server: Option<(&str, &Value)>, ours: &Ours) -> Option<(String, u64)> {
    let who = author::of_user(user, server, ours)?;
    let mut hasher = DefaultHasher::new();
    let picture = who.avatar.map(|avatar| avatar.reference);
    (who.name, who.username, picture).hash(&mut hasher);
    Some((who.user.as_str().to_owned(), hasher.finish()))
}
