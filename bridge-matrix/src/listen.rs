// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a transaction to a batch.
//!
//! Rule: what cannot be read is skipped with its event id logged; the rest goes on.

mod beacon;
mod context;
mod press;
mod upgrade;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bridge_model::{
    Author, AuthorKind, Card, Content, Event, MediaHandle, MessageId, NetworkId, Person, Place,
    Reply, Timestamp, UserId,
};
use ruma::OwnedRoomId;
use serde_json::Value;

use super::client::Client;
use super::convert::incoming::{self, Own};
use super::crypto::Crypto;
use crate::{NETWORK, convert, rooms};
use bot_core::clock::Clock;
use bot_core::ghost::Ghosts;
use bot_core::network::{Sink, SinkError};
use bot_core::order::{Batch, Mark};
use bot_core::store::{Store, keys};

/// Profiles that are remembered; all are forgotten when there are more.
const PROFILES: usize = 10_000;

/// Hears transactions.
pub struct Listener {
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// Who is asked for profiles.
    pub client: Client,
    /// Whose Matrix ids are ours.
    pub ghosts: Ghosts,
    /// Which localparts are in use.
    pub store: Arc<dyn Store>,
    /// What is remembered.
    pub memory: Memory,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Opens what is encrypted, where the bridge takes part in encrypted rooms.
    pub crypto: Option<Arc<Crypto>>,
    /// When the process began to listen.
    pub started: Timestamp,
}

/// What a listener remembers of rooms; it can be forgotten at any time.
#[derive(Default)]
pub struct Memory {
    profiles: Mutex<HashMap<(String, String), Profile>>,
    private: Mutex<HashMap<String, bool>>,
}

#[derive(Clone, Default)]
struct Profile {
    name: Option<String>,
    avatar: Option<String>,
}

impl Listener {
    /// Waits while a lane that Matrix feeds is full.
    pub async fn wait_for_capacity(&self) {
        self.sink.wait_for_capacity(&NetworkId::from(NETWORK)).await;
    }

    /// Whether a Matrix id is that of the core bot or of a ghost that has been made.
    pub async fn knows_user(&self, mxid: &str) -> bool {
        match self.ghosts.localpart_of(mxid) {
            Some(localpart) => matches!(self.store.person_behind(localpart).await, Ok(Some(_))),
            None => mxid == self.ghosts.bot(),
        }
    }

    /// Stores a transaction's events once.
    ///
    /// # Errors
    /// [`SinkError`]: nothing was stored.
    pub async fn hear(&self, txn: &str, raw: &[Value]) -> Result<(), SinkError> {
        let mut events = Vec::new();
        for event in &self.opened(self.with_missed(raw).await).await? {
            events.extend(self.convert(event).await);
        }
        let batch = Batch {
            network: NETWORK.into(),
            marks: vec![Mark::Once { key: name(txn, raw) }],
            events,
        };
        self.sink.accept(batch).await
    }

    pub(super) async fn convert(&self, raw: &Value) -> Vec<Event> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default();
        let (room, sender, kind) = (text("room_id"), text("sender"), text("type"));
        if kind == incoming::MEMBER {
            return self.member(room, raw).await.into_iter().collect();
        }
        if self.ghosts.is_ours(sender) {
            return Vec::new();
        }
        if kind == upgrade::TOMBSTONE {
            return self.moved(room, raw).await.into_iter().collect();
        }
        if let Some(beacon) = beacon::kind(kind) {
            return self.beacon(room, raw, beacon).await;
        }
        if let Some(pressed) = press::read(raw) {
            return self.pressed(room, raw, pressed).await.into_iter().collect();
        }
        let raw = &*self.with_previous(room, raw).await;
        let profile = self.profile(room, sender).await;
        let private = self.is_private(room, raw).await;
        let events = {
            let name = |mxid: &str| {
                if mxid == sender { profile.name.clone() } else { self.known(room, mxid) }
            };
            let own = Own {
                ghost: &|mxid| self.ghosts.is_ours(mxid),
                bot: self.ghosts.bot(),
                command_prefix: super::COMMAND_PREFIX.trim_end(),
                private,
                name: &name,
            };
            incoming::events(room, raw, &own)
        };
        let mut events = match events {
            Ok(events) => events,
            Err(unreadable) => {
                let event = text("event_id");
                tracing::warn!(event, kind, %unreadable, "an event was skipped");
                return Vec::new();
            }
        };
        for event in &mut events {
            set_avatar(&mut event.content, profile.avatar.as_deref());
            if let Content::Posted(message) | Content::Edited(message) = &mut event.content
                && let Some(reply) = &mut message.reply_to
            {
                self.complete(room, reply).await;
            }
        }
        events
    }

    /// An answer names only the event that it answers; other networks show whose words they were.
    async fn complete(&self, room: &str, reply: &mut Reply) {
        let Some(raw) = self.event(room, reply.message.as_str()).await else { return };
        let raw = self.opened_one(raw).await;
        let sender = raw.get("sender").and_then(Value::as_str).unwrap_or_default();
        let name = self.profile(room, sender).await.name;
        let anybody = Own {
            ghost: &|_| false,
            bot: self.ghosts.bot(),
            command_prefix: super::COMMAND_PREFIX.trim_end(),
            private: false,
            name: &|mxid| if mxid == sender { name.clone() } else { self.known(room, mxid) },
        };
        let events = incoming::events(room, &raw, &anybody).unwrap_or_default();
        for event in events {
            if let Content::Posted(answered) = event.content {
                reply.author = Some(Person::new(NETWORK, sender));
                reply.name = Some(answered.author.name);
                // Of a poll, its question is what people recognise.
                reply.excerpt = Some(match answered.card {
                    Some(Card::Poll(poll)) => poll.question,
                    Some(Card::Location(_) | Card::Contact(_)) | None => answered.body,
                });
            }
        }
    }

    /// Invitations of our accounts, the removal of the core bot, and members and their profiles.
    async fn member(&self, room: &str, raw: &Value) -> Option<Event> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default();
        let content = raw.get("content");
        let field = |key: &str| content.and_then(|content| content.get(key)?.as_str());
        let (sender, member) = (text("sender"), text("state_key"));
        let membership = field("membership").unwrap_or_default();
        self.forget_private(room);
        let known = self.known(room, member);
        let profile = Profile {
            name: field("displayname").map(Into::into),
            avatar: field("avatar_url").map(Into::into),
        };
        self.remember(room, member, profile);
        let lost = member == self.ghosts.bot() && matches!(membership, "leave" | "ban");
        let content = if membership == "invite" && self.ghosts.is_ours(member) {
            if self.ghosts.is_ours(sender) {
                return None;
            }
            if member == self.ghosts.bot()
                && let Some(moved) = self.invited_to_successor(room, raw).await
            {
                return Some(moved);
            }
            let by = Author {
                user: UserId::from(sender),
                kind: AuthorKind::Person,
                name: convert::name::shown(None, sender),
                username: None,
                avatar: None,
            };
            Content::Invited { by, whom: UserId::from(member) }
        } else if lost && sender != self.ghosts.bot() {
            Content::Closed
        } else {
            let raw = self.with_previous(room, raw).await;
            let own = Own {
                ghost: &|mxid| self.ghosts.is_ours(mxid),
                bot: self.ghosts.bot(),
                command_prefix: super::COMMAND_PREFIX.trim_end(),
                private: false,
                name: &|_| known.clone(),
            };
            return incoming::member(room, &raw, &own);
        };
        let place = Place::new(NETWORK, room);
        let message = MessageId::from(text("event_id"));
        Some(Event { place, message, late: false, content })
    }

    fn known(&self, room: &str, mxid: &str) -> Option<String> {
        let profiles = self.memory.profiles.lock().unwrap_or_else(PoisonError::into_inner);
        profiles.get(&(room.into(), mxid.into())).and_then(|profile| profile.name.clone())
    }

    fn remember(&self, room: &str, mxid: &str, profile: Profile) {
        let mut profiles = self.memory.profiles.lock().unwrap_or_else(PoisonError::into_inner);
        if profiles.len() >= PROFILES {
            profiles.clear();
        }
        profiles.insert((room.into(), mxid.into()), profile);
    }

    /// The profile that a member has in a room.
    async fn profile(&self, room: &str, mxid: &str) -> Profile {
        let known = {
            let profiles = self.memory.profiles.lock().unwrap_or_else(PoisonError::into_inner);
            profiles.get(&(room.into(), mxid.into())).cloned()
        };
        if let Some(profile) = known {
            return profile;
        }
        let Ok(room_id) = OwnedRoomId::try_from(room) else { return Profile::default() };
        let asked = rooms::state(&self.client, &room_id, "m.room.member", mxid).await;
        let Ok(Some(event)) = asked else { return Profile::default() };
        let content = event.get("content");
        let field = |key: &str| content.and_then(|content| content.get(key)?.as_str());
        let profile = Profile {
            name: field("displayname").map(Into::into),
            avatar: field("avatar_url").map(Into::into),
        };
        self.remember(room, mxid, profile.clone());
        profile
    }

    /// Whether somebody is alone with the bot in a room that is no portal. Asked only for what
    /// could be a command.
    async fn is_private(&self, room: &str, raw: &Value) -> bool {
        let kind = raw.get("type").and_then(Value::as_str);
        if kind != Some("m.room.message") {
            return false;
        }
        self.is_alone(room).await
    }

    async fn is_alone(&self, room: &str) -> bool {
        let linked = self.store.portal_of(&Place::new(NETWORK, room)).await;
        if !matches!(linked, Ok(None)) {
            return false;
        }
        if let Some(private) =
            self.memory.private.lock().unwrap_or_else(PoisonError::into_inner).get(room)
        {
            return *private;
        }
        let private = self.ask_private(room).await;
        let mut known = self.memory.private.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(room.into(), private);
        private
    }

    async fn ask_private(&self, room: &str) -> bool {
        let Ok(room) = OwnedRoomId::try_from(room) else { return false };
        match rooms::members(&self.client, &room).await {
            Ok(members) => members.len() == 2,
            Err(_) => false,
        }
    }

    /// Somebody came or went: ask again.
    fn forget_private(&self, room: &str) {
        self.memory.private.lock().unwrap_or_else(PoisonError::into_inner).remove(room);
    }
}

/// The transaction's name in the store: its id and its events, so that a homeserver
/// that counts from 1 again is not taken for one that repeats itself.
fn name(txn: &str, raw: &[Value]) -> String {
    let ids = raw.iter().filter_map(|event| event.get("event_id")?.as_str());
    let parts: Vec<&str> = std::iter::once(txn).chain(ids).collect();
    data_encoding::BASE32_NOPAD.encode(&keys::hash(&parts))
}

fn set_avatar(content: &mut Content, avatar: Option<&str>) {
    let author = match content {
        Content::Posted(message) | Content::Edited(message) => &mut message.author,
        Content::Reacted { by, .. }
        | Content::Invited { by, .. }
        | Content::MemberChanged { who: by, .. } => by,
        Content::Commanded(command) => &mut command.by,
        Content::Deleted { .. }
        | Content::Unreacted { .. }
        | Content::Moved { .. }
        | Content::Closed
        | Content::Pinned
        | Content::Unpinned
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ChatChanged { .. }
        | Content::ThreadChanged { .. } => return,
    };
    if author.avatar.is_some() {
        // One that holds for this message alone.
        return;
    }
    author.avatar =
        avatar.map(|uri| MediaHandle { network: NETWORK.into(), reference: uri.into() });
}
