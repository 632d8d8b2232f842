// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a transaction to a batch.
//!
//! Rule: what cannot be read is skipped with its event id logged; the rest goes on.

mod bans;
mod beacon;
mod compared;
mod context;
mod edits;
mod encrypted;
mod moderation;
mod policy;
mod press;
mod profiles;
mod upgrade;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bridge_model::{
    Author, AuthorKind, Card, Content, Event, MediaHandle, MessageId, Person, Place, Reply, UserId,
};
use serde_json::Value;

pub(crate) use self::bans::REDACT;
use self::compared::Compared;
use self::context::Patience;
pub(super) use self::context::Unanswered;
use self::edits::NewEdits;
use self::profiles::{Profile, Profiles};
use super::clear_rooms::{ClearRooms, ENCRYPTED, ENCRYPTION};
use super::client::Client;
use super::convert::incoming::{self, Own};
use super::crypto::Crypto;
use crate::policy::{OpenRooms, SERVER_ACL};
use crate::power::POWER_LEVELS;
use crate::private_chats::PrivateChats;
use crate::transaction::Transaction;
use crate::{COMMAND_WORD, NETWORK, convert};
use bot_core::clock::Clock;
use bot_core::ghost::Ghosts;
use bot_core::network::{Sink, SinkError};
use bot_core::order::{Batch, Mark};
use bot_core::store::{Store, keys};

/// What a listener needs.
pub struct Parts {
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// Who is asked for profiles.
    pub client: Client,
    /// Whose Matrix ids are ours.
    pub ghosts: Ghosts,
    /// Which localparts are in use.
    pub store: Arc<Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Opens what is encrypted, where the bridge takes part in encrypted rooms.
    pub crypto: Option<Arc<Crypto>>,
    /// Which rooms are encrypted, where it takes no part.
    pub clear_rooms: Arc<ClearRooms>,
    /// Which rooms let our server in.
    pub open_rooms: Arc<OpenRooms>,
}

/// Hears transactions.
pub struct Listener {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) client: Client,
    pub(super) ghosts: Ghosts,
    pub(super) store: Arc<Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) crypto: Option<Arc<Crypto>>,
    clear_rooms: Arc<ClearRooms>,
    open_rooms: Arc<OpenRooms>,
    pub(super) compared: Compared,
    /// When the first transaction with events was stored since the start or since the homeserver could
    /// not be reached, in milliseconds since 1970; 0 before.
    first_stored: AtomicI64,
    /// How often the homeserver could not be reached, as far as it was noticed here.
    outages: AtomicU64,
    /// When the last transaction came, in milliseconds since 1970.
    last_transaction: AtomicI64,
    profiles: Profiles,
    private_chats: PrivateChats,
    patience: Patience,
}

impl Listener {
    /// Begins to listen now.
    pub fn new(parts: Parts) -> Self {
        let Parts { sink, client, ghosts, store, clock, crypto, clear_rooms, open_rooms } = parts;
        let started = clock.now().0;
        Self {
            sink,
            client,
            ghosts,
            store,
            clock,
            crypto,
            clear_rooms,
            open_rooms,
            compared: Compared::default(),
            first_stored: AtomicI64::new(0),
            outages: AtomicU64::new(0),
            last_transaction: AtomicI64::new(started),
            profiles: Profiles::default(),
            private_chats: PrivateChats::default(),
            patience: Patience::default(),
        }
    }

    /// Counts the members of rooms that may be private chats; for ever.
    pub async fn watch_private_chats(&self) {
        self.private_chats.watch(&self.client).await;
    }

    /// Stores what a transaction holds once.
    ///
    /// # Errors
    /// [`SinkError`]: nothing was stored, and the transaction must not be acknowledged.
    pub async fn take_in(&self, txn: &str, transaction: &Transaction) -> Result<(), SinkError> {
        self.last_transaction.store(self.clock.now().0, Ordering::Relaxed);
        self.sink.hears(true);
        // Keys first: they open the events.
        let heard = match self.feed(txn, &transaction.devices).await {
            // Typing notices and receipts cost no write.
            Ok(()) if transaction.events.is_empty() => Ok(()),
            Ok(()) => self.hear(txn, &transaction.events).await,
            Err(error) => Err(error),
        };
        self.patience.note(heard.is_ok());
        let is_first = self.first_stored.load(Ordering::Relaxed) == 0;
        if is_first && heard.is_ok() && !transaction.events.is_empty() {
            self.first_stored.store(self.clock.now().0, Ordering::Relaxed);
        }
        heard
    }

    /// The homeserver reaches this listener from now on.
    pub(super) fn begin(&self) {
        self.last_transaction.store(self.clock.now().0, Ordering::Relaxed);
    }

    /// How long ago the first transaction with events was stored since the start or the last outage;
    /// nothing before. A homeserver that could not reach us may take minutes until it tries again.
    pub(super) fn age(&self) -> Duration {
        let outages = self.client.outages();
        if self.outages.swap(outages, Ordering::Relaxed) != outages {
            self.first_stored.store(0, Ordering::Relaxed);
            // Only what follows the newest known message may have been forgotten, not what nobody shared.
            self.compared.forget_all();
        }
        match self.first_stored.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            _ => self.since(&self.first_stored),
        }
    }

    /// How long ago the last transaction came.
    pub(super) fn quiet_for(&self) -> Duration {
        self.since(&self.last_transaction)
    }

    fn since(&self, moment: &AtomicI64) -> Duration {
        let ms = self.clock.now().0.saturating_sub(moment.load(Ordering::Relaxed));
        Duration::from_millis(u64::try_from(ms).unwrap_or_default())
    }

    /// Whether a Matrix id is that of the core bot or of a ghost that has been made.
    pub async fn knows_user(&self, mxid: &str) -> bool {
        match self.ghosts.localpart_of(mxid) {
            Some(localpart) => matches!(self.store.person_behind(localpart).await, Ok(Some(_))),
            None => mxid == self.ghosts.bot(),
        }
    }

    async fn hear(&self, txn: &str, raw: &[Value]) -> Result<(), SinkError> {
        let (mut events, mut edits) = (Vec::new(), NewEdits::default());
        let missed = self.with_missed(raw).await?;
        for event in &self.opened(missed.events).await? {
            let mut read = self.convert(event).await?;
            read.extend(self.policy_changed(event).await?);
            if read.iter().any(|event| matches!(event.content, Content::Edited(_))) {
                edits.note(event);
            }
            events.extend(read);
        }
        // What says nothing to us says nothing the next time either, and costs no write.
        if !events.is_empty() {
            let mut marks = self.remembered(edits).await?;
            marks.push(Mark::Once { key: name(txn, raw) });
            self.sink.accept(Batch { network: NETWORK.into(), marks, events }).await?;
        }
        self.compared.note(missed.compared);
        Ok(())
    }

    /// What an event says. In a room that is not linked only commands say something to us, and
    /// nothing is asked for anything else there: strangers invite the bot, and talk as they like.
    ///
    /// # Errors
    /// [`Unanswered`]: the same event may be read later.
    pub(super) async fn convert(&self, raw: &Value) -> Result<Vec<Event>, Unanswered> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default();
        let (room, sender, kind) = (text("room_id"), text("sender"), text("type"));
        if kind == incoming::MEMBER {
            return self.member(room, raw).await;
        }
        if kind == SERVER_ACL {
            self.open_rooms.forget(room);
        }
        if self.ghosts.is_ours(sender) {
            return Ok(Vec::new());
        }
        let linked = self.is_linked(room).await?;
        if self.crypto.is_none() && matches!(kind, ENCRYPTION | ENCRYPTED) {
            return Ok(self.encrypted((room, linked), raw).await.into_iter().collect());
        }
        if !linked && !may_be_for_the_bot(raw) {
            return Ok(Vec::new());
        }
        if kind == upgrade::TOMBSTONE {
            return Ok(self.moved(room, raw).await?.into_iter().collect());
        }
        if kind == POWER_LEVELS {
            return self.levels_changed(room, raw).await;
        }
        if kind == incoming::HISTORY {
            return Ok(incoming::readers_changed(room, raw).into_iter().collect());
        }
        if let Some(beacon) = beacon::kind(kind) {
            return self.beacon(room, raw, beacon).await;
        }
        let private = !linked && self.private_chats.is_private(room).await;
        if let Some(pressed) = press::read(raw) {
            return Ok(self.pressed((room, private), raw, pressed).await?.into_iter().collect());
        }
        if !linked && !private && !self.is_command(room, raw) {
            return Ok(Vec::new());
        }
        if let Some(restored) = self.edit_taken_back(room, raw).await? {
            return Ok(restored);
        }
        let raw = self.with_previous(room, raw).await?;
        let events = self.read(room, (&raw, private)).await?;
        let asks = events.iter().any(|event| matches!(event.content, Content::Commanded(_)));
        let again = asks && self.edits_a_command(room, &raw, private).await?;
        Ok(if again { Vec::new() } else { events })
    }

    /// A room is encrypted, and the bridge takes no part in that: of a linked room its own state says
    /// so. Whoever is alone with the bot learns it at once.
    async fn encrypted(&self, (room, linked): (&str, bool), raw: &Value) -> Option<Event> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str);
        let is_state = text("type") == Some(ENCRYPTION) && text("state_key") == Some("");
        if is_state {
            self.clear_rooms.note_encrypted(room);
        }
        let tells = if linked { is_state } else { self.private_chats.is_private(room).await };
        let place = Place::new(NETWORK, room);
        let message = MessageId::from(text("event_id").unwrap_or_default());
        tells.then_some(Event { place, message, late: false, content: Content::Encrypted })
    }

    fn is_command(&self, room: &str, raw: &Value) -> bool {
        let name = |mxid: &str| self.known(room, mxid);
        incoming::is_command(raw, &self.own(false, &name))
    }

    /// What commands are told by; `name` knows display names.
    fn own<'a>(&'a self, private: bool, name: &'a dyn Fn(&str) -> Option<String>) -> Own<'a> {
        let (bot, command_prefix) = (self.ghosts.bot(), COMMAND_WORD);
        Own { ghost: &|_| false, bot, command_prefix, private, name }
    }

    /// What an event of a person says, with names, pictures and what it answers.
    async fn read(
        &self,
        room: &str,
        (raw, private): (&Value, bool),
    ) -> Result<Vec<Event>, Unanswered> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default();
        let (sender, kind) = (text("sender"), text("type"));
        let profile = self.profile(room, sender).await?;
        let events = {
            let name = |mxid: &str| {
                if mxid == sender { profile.name.clone() } else { self.known(room, mxid) }
            };
            let own = Own {
                ghost: &|mxid| self.ghosts.is_ours(mxid),
                bot: self.ghosts.bot(),
                command_prefix: COMMAND_WORD,
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
                return Ok(Vec::new());
            }
        };
        if events.is_empty() {
            return Ok(events);
        }
        let place = self.place_in_conversation(room, raw).await?;
        let age = raw.pointer("/unsigned/age").and_then(Value::as_u64).unwrap_or_default();
        for event in &mut events {
            set_avatar(&mut event.content, profile.avatar.as_deref());
            if let Content::Posted(message) = &mut event.content {
                message.age_ms = age;
            }
            if let (Content::Edited(message), Some((reply_to, thread))) =
                (&mut event.content, &place)
            {
                message.reply_to.clone_from(reply_to);
                message.thread.clone_from(thread);
            }
            if let Content::Posted(message) | Content::Edited(message) = &mut event.content
                && let Some(reply) = &mut message.reply_to
            {
                self.complete(room, reply).await?;
            }
        }
        Ok(events)
    }

    /// An answer names only the event that it answers; other networks show whose words they were.
    async fn complete(&self, room: &str, reply: &mut Reply) -> Result<(), Unanswered> {
        let Some(raw) = self.event(room, reply.message.as_str()).await? else { return Ok(()) };
        // What the answer itself says of it may have been edited away or taken back.
        reply.excerpt = None;
        let Some(raw) = self.newest_version(room, raw).await else { return Ok(()) };
        let sender = raw.get("sender").and_then(Value::as_str).unwrap_or_default();
        let name = self.profile(room, sender).await?.name;
        let name = |mxid: &str| if mxid == sender { name.clone() } else { self.known(room, mxid) };
        let events = incoming::events(room, &raw, &self.own(false, &name)).unwrap_or_default();
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
        Ok(())
    }

    /// Invitations of our accounts, the removal of the core bot, and members and their profiles.
    async fn member(&self, room: &str, raw: &Value) -> Result<Vec<Event>, Unanswered> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default();
        let content = raw.get("content");
        let field = |key: &str| content.and_then(|content| content.get(key)?.as_str());
        let (sender, member) = (text("sender"), text("state_key"));
        let membership = field("membership").unwrap_or_default();
        let linked = self.is_linked(room).await?;
        let known = self.known(room, member);
        if linked || known.is_some() {
            self.remember(room, member, Profile::read(content));
        }
        let lost = member == self.ghosts.bot() && matches!(membership, "leave" | "ban");
        let content = if membership == "invite" && self.ghosts.is_ours(member) {
            // An account that nobody has spoken through is not made because somebody asks for it.
            if self.ghosts.is_ours(sender) || !self.knows_user(member).await {
                return Ok(Vec::new());
            }
            if member == self.ghosts.bot()
                && let Some(moved) = self.invited_to_successor(room, raw).await?
            {
                return Ok(vec![moved]);
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
            if !linked {
                self.private_chats.members_changed(room, membership == "join");
                return Ok(Vec::new());
            }
            let raw = self.with_previous(room, raw).await?;
            let mut events = self.banned_with_messages(room, &raw).await?;
            events.extend(self.member_moderated(room, &raw).await?);
            let own = Own {
                ghost: &|mxid| self.ghosts.is_ours(mxid),
                bot: self.ghosts.bot(),
                command_prefix: COMMAND_WORD,
                private: false,
                name: &|_| known.clone(),
            };
            events.extend(incoming::member(room, &raw, &own));
            return Ok(events);
        };
        let place = Place::new(NETWORK, room);
        let message = MessageId::from(text("event_id"));
        Ok(vec![Event { place, message, late: false, content }])
    }
}

/// Whether an event in a room that is not linked can be meant for the bot.
fn may_be_for_the_bot(raw: &Value) -> bool {
    let kind = raw.get("type").and_then(Value::as_str);
    kind == Some("m.room.message") || press::read(raw).is_some()
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
        | Content::ReactionsCleared { .. }
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ChatChanged { .. }
        | Content::ThreadChanged { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged => return,
    };
    if author.avatar.is_some() {
        // One that holds for this message alone.
        return;
    }
    author.avatar =
        avatar.map(|uri| MediaHandle { network: NETWORK.into(), reference: uri.into() });
}
