// SPDX-License-Identifier: AGPL-3.0-or-later
//! What can happen to a message: posted, edited, deleted, reacted to, pinned.
//!
//! Rule: people and bots go through the same verbs, so that both cause the same
//! dispatches.

use serde_json::{Map, Value, json};

use super::clock;
use super::files::AttachmentRow;
use super::mentions::{self, Allowed, Ping};
use super::message::{self, Author, Emoji, MessageRow, PIN_ADDED, Reaction, Reference};
use super::refusal::{Refusal, unknown_message};
use super::render;
use super::session::{Event, intents};
use super::world::World;

/// Pins in one channel.
pub const PIN_LIMIT: usize = 250;
/// Different reactions on one message.
pub const REACTION_LIMIT: usize = 20;

/// A message before it has an id.
pub(crate) struct Draft {
    pub(crate) author: Author,
    pub(crate) kind: u64,
    pub(crate) content: String,
    pub(crate) embeds: Vec<Value>,
    pub(crate) components: Vec<Value>,
    pub(crate) attachments: Vec<AttachmentRow>,
    pub(crate) reference: Option<Reference>,
    pub(crate) flags: u64,
    pub(crate) tts: bool,
    pub(crate) allowed: Allowed,
    pub(crate) nonce: Option<Value>,
    pub(crate) extra: Map<String, Value>,
}

impl Draft {
    pub(crate) fn new(author: Author, content: &str) -> Self {
        Self {
            author,
            kind: message::DEFAULT,
            content: content.trim().to_owned(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            reference: None,
            flags: 0,
            tts: false,
            allowed: Allowed::default(),
            nonce: None,
            extra: Map::new(),
        }
    }
}

/// New values of a message; `None` leaves a field as it is.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) content: Option<String>,
    pub(crate) embeds: Option<Vec<Value>>,
    pub(crate) components: Option<Vec<Value>>,
    pub(crate) attachments: Option<Vec<AttachmentRow>>,
    pub(crate) flags: Option<u64>,
    pub(crate) allowed: Allowed,
    /// Previews and pins change a message without editing it.
    pub(crate) silent: bool,
}

pub(crate) fn message_intent(world: &World, channel: u64) -> u64 {
    let guild = world.channels.get(&channel).and_then(|channel| channel.guild);
    if guild.is_some() { intents::GUILD_MESSAGES } else { intents::DIRECT_MESSAGES }
}

impl World {
    /// Posts; the id is the newest of all.
    pub(crate) fn post(&mut self, channel: u64, draft: Draft) -> u64 {
        let id = self.ids.next();
        self.post_as(id, channel, draft)
    }

    /// Posts under an id that was given out: that of the thread that a forum post opens.
    pub(crate) fn post_as(&mut self, id: u64, channel: u64, draft: Draft) -> u64 {
        if !draft_is_hidden(&draft) {
            self.reopen(channel);
        }
        let pings = self.pings(channel, &draft);
        let row = MessageRow {
            id,
            channel,
            author: draft.author,
            kind: draft.kind,
            content: draft.content,
            embeds: draft.embeds,
            components: draft.components,
            attachments: draft.attachments,
            reference: draft.reference,
            edited: None,
            reactions: Vec::new(),
            flags: draft.flags,
            tts: draft.tts,
            pings,
            votes: Vec::new(),
            extra: draft.extra,
        };
        let hidden = row.ephemeral();
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.messages.insert(id, row);
            if !hidden {
                channel.last_message = Some(id);
            }
        }
        self.tell(channel, id, "MESSAGE_CREATE", draft.nonce);
        id
    }

    fn pings(&self, channel: u64, draft: &Draft) -> Vec<Ping> {
        let mut pings = mentions::find(&draft.content);
        let replied = draft.reference.filter(|_| draft.kind == message::REPLY);
        let replied = replied.and_then(|to| self.message(to.channel, to.message)?.user());
        pings.extend(replied.map(Ping::Replied));
        pings.retain(|ping| draft.allowed.lets(ping));
        let Some(user) = draft_user(&draft.author) else { return pings };
        let guild = self.channels.get(&channel).and_then(|c| c.guild);
        let Some(guild) = guild.and_then(|id| self.guilds.get(&id)) else { return pings };
        // Those who may not mention everyone only write the word; webhooks always may.
        let may = super::permissions::in_guild(guild, user) & super::permissions::MENTION_EVERYONE;
        let open = |id: u64| guild.roles.iter().any(|role| role.id == id && role.mentionable);
        pings.retain(|ping| match ping {
            Ping::Everyone | Ping::Here => may != 0,
            Ping::Role(role) => may != 0 || open(*role),
            Ping::User(_) | Ping::Replied(_) => true,
        });
        pings
    }

    /// Dispatches a message as it is now, unless only one person sees it.
    pub(crate) fn tell(&mut self, channel: u64, id: u64, name: &str, nonce: Option<Value>) {
        let Some(row) = self.message(channel, id) else { return };
        let mut data = message::dispatched(self, row);
        if let (Some(nonce), Some(map)) = (nonce, data.as_object_mut()) {
            map.insert("nonce".into(), nonce);
        }
        let intent = message_intent(self, channel);
        self.dispatch(Event::new(name, intent, data).within(channel));
    }

    /// Changes a message.
    pub(crate) fn change(&mut self, channel: u64, id: u64, change: Change) -> Result<(), Refusal> {
        let rows = self.channels.get_mut(&channel).map(|channel| &mut channel.messages);
        let row = rows.and_then(|rows| rows.get_mut(&id)).ok_or_else(unknown_message)?;
        if let Some(content) = change.content {
            row.content = content.trim().to_owned();
            row.pings = mentions::find(&row.content);
            row.pings.retain(|ping| change.allowed.lets(ping));
        }
        row.embeds = change.embeds.unwrap_or_else(|| std::mem::take(&mut row.embeds));
        row.components = change.components.unwrap_or_else(|| std::mem::take(&mut row.components));
        if let Some(attachments) = change.attachments {
            row.attachments = attachments;
        }
        row.flags = change.flags.unwrap_or(row.flags);
        if !change.silent {
            row.edited = Some(clock::now());
        }
        self.tell(channel, id, "MESSAGE_UPDATE", None);
        Ok(())
    }

    /// Deletes one message.
    pub(crate) fn delete(&mut self, channel: u64, id: u64) -> Result<(), Refusal> {
        let row = self.channels.get_mut(&channel).ok_or_else(unknown_message)?;
        let gone = row.messages.remove(&id).ok_or_else(unknown_message)?;
        row.pins.remove(&id);
        if gone.ephemeral() {
            return Ok(());
        }
        let data = self.located(channel, json!({"id": id.to_string()}));
        let intent = message_intent(self, channel);
        self.dispatch(Event::new("MESSAGE_DELETE", intent, data).within(channel));
        Ok(())
    }

    /// Deletes several at once.
    pub(crate) fn delete_bulk(&mut self, channel: u64, ids: &[u64]) {
        if let Some(row) = self.channels.get_mut(&channel) {
            row.messages.retain(|id, _| !ids.contains(id));
            row.pins.retain(|id, _| !ids.contains(id));
        }
        let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
        let data = self.located(channel, json!({"ids": ids}));
        let intent = message_intent(self, channel);
        self.dispatch(Event::new("MESSAGE_DELETE_BULK", intent, data).within(channel));
    }

    /// Adds `channel_id` and `guild_id`.
    pub(crate) fn located(&self, channel: u64, mut data: Value) -> Value {
        let guild = self.channels.get(&channel).and_then(|channel| channel.guild);
        if let Some(map) = data.as_object_mut() {
            map.insert("channel_id".into(), channel.to_string().into());
            if let Some(guild) = guild {
                map.insert("guild_id".into(), guild.to_string().into());
            }
        }
        data
    }

    /// Adds a reaction; giving it again changes nothing.
    pub(crate) fn react(
        &mut self,
        (channel, id): (u64, u64),
        user: u64,
        emoji: &Emoji,
    ) -> Result<(), Refusal> {
        let row = self.message_mut(channel, id).ok_or_else(unknown_message)?;
        let (author, full) = (row.user(), row.reactions.len() >= REACTION_LIMIT);
        match row.reactions.iter_mut().find(|reaction| reaction.emoji == *emoji) {
            Some(reaction) if reaction.users.contains(&user) => return Ok(()),
            Some(reaction) => reaction.users.push(user),
            None if full => {
                let text = format!("Maximum number of reactions reached ({REACTION_LIMIT})");
                return Err(Refusal::new(400, 30010, text));
            }
            None => row.reactions.push(Reaction { emoji: emoji.clone(), users: vec![user] }),
        }
        let mut data = self.reaction((channel, id), Some(user), Some(emoji));
        if let (Some(author), Some(map)) = (author, data.as_object_mut()) {
            map.insert("message_author_id".into(), author.to_string().into());
        }
        let guild = self.channels.get(&channel).and_then(|c| c.guild);
        let guild = guild.and_then(|guild| self.guilds.get(&guild));
        let member = guild.and_then(|guild| render::member(self, guild, user));
        if let (Some(member), Some(map)) = (member, data.as_object_mut()) {
            map.insert("member".into(), member);
        }
        self.tell_reaction("MESSAGE_REACTION_ADD", channel, data);
        Ok(())
    }

    /// Takes a reaction back; taking back what is not there changes nothing.
    pub(crate) fn unreact(
        &mut self,
        (channel, id): (u64, u64),
        user: u64,
        emoji: &Emoji,
    ) -> Result<(), Refusal> {
        let row = self.message_mut(channel, id).ok_or_else(unknown_message)?;
        let mut found = false;
        for reaction in row.reactions.iter_mut().filter(|reaction| reaction.emoji == *emoji) {
            found |= reaction.users.contains(&user);
            reaction.users.retain(|one| *one != user);
        }
        row.reactions.retain(|reaction| !reaction.users.is_empty());
        if found {
            let data = self.reaction((channel, id), Some(user), Some(emoji));
            self.tell_reaction("MESSAGE_REACTION_REMOVE", channel, data);
        }
        Ok(())
    }

    /// Takes all reactions away, or all of one emoji.
    pub(crate) fn clear_reactions(
        &mut self,
        (channel, id): (u64, u64),
        emoji: Option<&Emoji>,
    ) -> Result<(), Refusal> {
        let row = self.message_mut(channel, id).ok_or_else(unknown_message)?;
        row.reactions.retain(|reaction| emoji.is_some_and(|emoji| reaction.emoji != *emoji));
        let data = self.reaction((channel, id), None, emoji);
        let name = match emoji {
            Some(_) => "MESSAGE_REACTION_REMOVE_EMOJI",
            None => "MESSAGE_REACTION_REMOVE_ALL",
        };
        self.tell_reaction(name, channel, data);
        Ok(())
    }

    fn reaction(&self, at: (u64, u64), user: Option<u64>, emoji: Option<&Emoji>) -> Value {
        let mut data = self.located(at.0, json!({"message_id": at.1.to_string()}));
        let Some(map) = data.as_object_mut() else { return data };
        if let Some(emoji) = emoji {
            map.insert("emoji".into(), emoji.json());
        }
        if let Some(user) = user {
            map.insert("user_id".into(), user.to_string().into());
            map.insert("burst".into(), false.into());
            map.insert("type".into(), 0.into());
        }
        data
    }

    fn tell_reaction(&mut self, name: &str, channel: u64, data: Value) {
        let guild = self.channels.get(&channel).and_then(|channel| channel.guild);
        let intent = match guild {
            Some(_) => intents::GUILD_MESSAGE_REACTIONS,
            None => intents::DIRECT_MESSAGE_REACTIONS,
        };
        self.dispatch(Event::new(name, intent, data).within(channel));
    }

    /// Pins; the channel shows "pinned a message" by `user`.
    pub(crate) fn pin(&mut self, channel: u64, id: u64, user: u64) -> Result<(), Refusal> {
        self.message(channel, id).ok_or_else(unknown_message)?;
        let row = self.channels.get_mut(&channel).ok_or_else(unknown_message)?;
        if row.pins.contains_key(&id) {
            return Ok(());
        }
        if row.pins.len() >= PIN_LIMIT {
            let text = format!("Maximum number of pinned messages reached ({PIN_LIMIT})");
            return Err(Refusal::new(400, 30003, text));
        }
        row.pins.insert(id, clock::now());
        self.tell_pins(channel);
        self.tell(channel, id, "MESSAGE_UPDATE", None);
        let reference = Some(Reference { channel, message: id });
        let draft = Draft::new(Author::User(user), "");
        self.post(channel, Draft { kind: PIN_ADDED, reference, ..draft });
        Ok(())
    }

    /// Unpins; what is not pinned stays so.
    pub(crate) fn unpin(&mut self, channel: u64, id: u64) -> Result<(), Refusal> {
        self.message(channel, id).ok_or_else(unknown_message)?;
        let row = self.channels.get_mut(&channel).ok_or_else(unknown_message)?;
        if row.pins.remove(&id).is_some() {
            self.tell_pins(channel);
            self.tell(channel, id, "MESSAGE_UPDATE", None);
        }
        Ok(())
    }

    fn tell_pins(&mut self, channel: u64) {
        let last = self.channels.get(&channel).and_then(|row| row.pins.values().max().copied());
        let data = self.located(channel, json!({"last_pin_timestamp": last.map(clock::iso)}));
        let intent = intents::GUILDS | intents::DIRECT_MESSAGES;
        self.dispatch(Event::new("CHANNEL_PINS_UPDATE", intent, data).within(channel));
    }
}

fn draft_is_hidden(draft: &Draft) -> bool {
    draft.flags & message::EPHEMERAL != 0
}

/// The user behind an author who is bound by permissions.
fn draft_user(author: &Author) -> Option<u64> {
    match author {
        Author::User(user) => Some(*user),
        Author::Webhook { .. } => None,
    }
}
