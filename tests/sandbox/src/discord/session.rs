// SPDX-License-Identifier: AGPL-3.0-or-later
//! Gateway sessions: what is dispatched to whom, and what is kept for replay.
//!
//! Rule: a session outlives its connection. While nobody is connected, dispatches
//! pile up in its log, and `RESUME` gets them in order.

use serde_json::{Value, json};

use super::contract;
use super::message;
use super::permissions::VIEW_CHANNEL;
use super::world::{Out, Session, World};

/// Gateway intents.
pub mod intents {
    /// Guilds, channels, roles, threads.
    pub const GUILDS: u64 = 1;
    /// Members (privileged).
    pub const GUILD_MEMBERS: u64 = 1 << 1;
    /// Bans and the audit log.
    pub const GUILD_MODERATION: u64 = 1 << 2;
    /// Emoji and stickers.
    pub const GUILD_EXPRESSIONS: u64 = 1 << 3;
    /// Webhooks.
    pub const GUILD_WEBHOOKS: u64 = 1 << 5;
    /// Presences (privileged).
    pub const GUILD_PRESENCES: u64 = 1 << 8;
    /// Messages in guilds.
    pub const GUILD_MESSAGES: u64 = 1 << 9;
    /// Reactions in guilds.
    pub const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
    /// Typing in guilds.
    pub const GUILD_MESSAGE_TYPING: u64 = 1 << 11;
    /// Messages in direct chats.
    pub const DIRECT_MESSAGES: u64 = 1 << 12;
    /// Reactions in direct chats.
    pub const DIRECT_MESSAGE_REACTIONS: u64 = 1 << 13;
    /// Contents of messages (privileged).
    pub const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Votes in polls of guilds.
    pub const GUILD_MESSAGE_POLLS: u64 = 1 << 24;
    /// Those that must be granted to the application.
    pub const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;
    /// Every bit that means something.
    pub const KNOWN: u64 = 0x1_ffff | (0b11 << 20) | (0b11 << 24);
}

/// One event before it is given to the sessions.
pub(crate) struct Event {
    pub(crate) name: String,
    /// Any of these intents; 0 goes to all.
    pub(crate) intents: u64,
    /// The channel that one must be able to see.
    pub(crate) channel: Option<u64>,
    pub(crate) data: Value,
}

impl Event {
    pub(crate) fn new(name: &str, intents: u64, data: Value) -> Self {
        Self { name: name.into(), intents, channel: None, data }
    }

    pub(crate) fn within(self, channel: u64) -> Self {
        Self { channel: Some(channel), ..self }
    }
}

impl World {
    /// Gives an event to every session that wants it and checks it against the contract.
    pub(crate) fn dispatch(&mut self, event: Event) {
        let hidden = event
            .channel
            .and_then(|id| self.channels.get(&id))
            .is_some_and(|channel| self.rights(channel, self.bot) & VIEW_CHANNEL == 0);
        if hidden {
            return;
        }
        self.violations.extend(contract::dispatch(&event.name, &event.data));
        self.dispatch_unchecked(event);
    }

    /// The same for what no contract knows.
    pub(crate) fn dispatch_unchecked(&mut self, event: Event) {
        let wanted = |session: &Session| event.intents == 0 || session.intents & event.intents != 0;
        let sessions = self.sessions.iter().filter(|(_, session)| wanted(session));
        let ids: Vec<String> = sessions.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.give(&id, &event.name, event.data.clone());
        }
    }

    /// Puts one event into one session.
    pub(crate) fn give(&mut self, id: &str, name: &str, mut data: Value) {
        let bot = self.bot;
        let Some(session) = self.sessions.get_mut(id) else { return };
        let gated = matches!(name, "MESSAGE_CREATE" | "MESSAGE_UPDATE")
            && data.get("guild_id").is_some()
            && session.intents & intents::MESSAGE_CONTENT == 0;
        if gated {
            message::blank(&mut data, bot);
        }
        session.seq += 1;
        let frame = json!({"op": 0, "t": name, "s": session.seq, "d": data}).to_string();
        session.log.push((session.seq, frame.clone()));
        if let Some(connection) = session.connection {
            self.send(connection, Out::Frame(frame));
        }
    }

    /// Queues something on a connection; nothing happens when it is gone.
    pub(crate) fn send(&mut self, connection: u64, out: Out) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.outbox.push_back(out);
            connection.wake.notify_one();
        }
    }

    /// Takes up a session on a connection: what came after `seq`, then `RESUMED`.
    /// `false` when `seq` lies in the future.
    pub(crate) fn resume(&mut self, id: &str, seq: u64, connection: u64) -> bool {
        let Some(session) = self.sessions.get_mut(id).filter(|session| seq <= session.seq) else {
            return false;
        };
        let missed = session.log.iter().filter(|(at, _)| *at > seq).map(|(_, frame)| frame.clone());
        let missed: Vec<String> = missed.collect();
        let before = session.connection.replace(connection);
        if let Some(before) = before.filter(|before| *before != connection) {
            self.send(before, Out::Close(4000, "Taken over."));
        }
        for frame in missed {
            self.send(connection, Out::Frame(frame));
        }
        self.give(id, "RESUMED", json!({"_trace": []}));
        true
    }

    /// Takes the connection away from its session, which stays.
    pub(crate) fn detach(&mut self, connection: u64) {
        let live = self.sessions.values_mut().filter(|s| s.connection == Some(connection));
        live.for_each(|session| session.connection = None);
    }

    /// The session on this connection.
    pub(crate) fn session_on(&self, connection: u64) -> Option<&String> {
        self.sessions.iter().find(|(_, s)| s.connection == Some(connection)).map(|(id, _)| id)
    }

    /// Does `out` to every connection that has a session, which stays.
    pub(crate) fn send_all(&mut self, out: impl Fn() -> Out) {
        let live: Vec<u64> = self.sessions.values().filter_map(|s| s.connection).collect();
        for connection in live {
            let end = out();
            if !matches!(end, Out::Frame(_)) {
                self.detach(connection);
            }
            self.send(connection, end);
        }
    }
}
