// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is done with each gateway event, one after the other.
//!
//! Rule: returns `Ok` only after the core has stored what was heard; then the
//! sequence number counts as processed.

mod catch_up;
mod channel_events;
mod compare;
mod directory;
mod known;
mod linked_location;
mod looks;
mod members;
mod memory;
mod moderation;
mod packs;
mod proxies;
mod severed;
mod threads;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bot_core::{Batch, Mark, Sink};
use bridge_model::{Event, NetworkId};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::NETWORK;
use crate::convert::incoming::{self, Ours, Slash};
use crate::pause::Pause;
use crate::rest::{Body, RestError};
use crate::session::Session;
use crate::shared::Shared;

use memory::Memory;
use proxies::Proxied;

/// Hears gateway events.
pub(crate) struct Listener {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) network: NetworkId,
    pub(crate) stop: CancellationToken,
    /// The longest pause between two tries.
    longest_pause: Duration,
    memory: Memory,
    proxied: Proxied,
    /// Channels of which the store knows how they look.
    looked_at: HashSet<String>,
    /// How long nothing was heard before the history is fetched, in milliseconds.
    silent_for: u64,
}

/// The dispatch of a new message.
pub(crate) const MESSAGE: &str = "MESSAGE_CREATE";

/// Listening was told to stop.
#[derive(Debug)]
pub(crate) struct Stopped;

/// What one gateway event comes to.
#[derive(Default)]
struct HeardEvents {
    events: Vec<Event>,
    last: Option<(String, String)>,
    slash: Option<Slash>,
    marks: Vec<Mark>,
}

impl HeardEvents {
    /// The marks to be stored, with the session's; `None` when nothing was heard.
    fn take_marks(&mut self, session: &Session) -> Option<Vec<Mark>> {
        if self.events.is_empty() && self.marks.is_empty() {
            return None;
        }
        let mut marks = vec![session.mark()];
        marks.append(&mut self.marks);
        marks.extend(self.last.take().map(|(channel, message)| last_mark(&channel, &message)));
        Some(marks)
    }
}

impl Listener {
    pub(crate) fn new(
        shared: Arc<Shared>,
        sink: Arc<dyn Sink>,
        stop: CancellationToken,
        longest_pause: Duration,
    ) -> Self {
        Self {
            shared,
            sink,
            network: NETWORK.into(),
            stop,
            longest_pause,
            memory: Memory::default(),
            proxied: Proxied::default(),
            looked_at: HashSet::new(),
            silent_for: 0,
        }
    }

    /// Handles one dispatch. `session` already counts it as processed; it is stored
    /// together with what was heard.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(crate) async fn dispatch(
        &mut self,
        kind: &str,
        data: &Value,
        session: &Session,
    ) -> Result<(), Stopped> {
        if kind == "READY" {
            self.catch_up().await?;
            self.revive_all().await?;
            let marks = vec![session.mark()];
            return self
                .accept(Batch { network: self.network.clone(), marks, events: vec![] })
                .await;
        }
        let mut heard = self.learn_and_hear(kind, data).await?;
        let Some(marks) = heard.take_marks(session) else { return Ok(()) };
        if let Some(slash) = &heard.slash {
            self.shared.expect_acknowledgement(slash.token.reveal());
        }
        let batch = Batch { network: self.network.clone(), marks, events: heard.events };
        let accepted = self.accept(batch).await;
        if let Some(slash) = heard.slash {
            if accepted.is_ok() {
                self.answer_soon(&slash).await;
            }
            self.shared.acknowledge(slash.token.reveal());
        }
        accepted
    }

    /// Handles messages that came one after the other, and stores what was heard of them at once.
    /// `session` counts all of them as processed.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(crate) async fn dispatch_messages(
        &mut self,
        messages: &[Value],
        session: &Session,
    ) -> Result<(), Stopped> {
        let mut all = HeardEvents::default();
        for data in messages {
            let heard = self.learn_and_hear(MESSAGE, data).await?;
            all.events.extend(heard.events);
            all.marks.extend(heard.marks);
            if let Some((channel, message)) = heard.last {
                // Of each channel the last message counts.
                all.marks.push(last_mark(&channel, &message));
            }
        }
        let Some(marks) = all.take_marks(session) else { return Ok(()) };
        let batch = Batch { network: self.network.clone(), marks, events: all.events };
        self.accept(batch).await
    }

    async fn learn_and_hear(&mut self, kind: &str, data: &Value) -> Result<HeardEvents, Stopped> {
        directory::learn(&self.shared, kind, data);
        threads::learn(&self.shared, kind, data);
        self.revive(kind, data).await?;
        self.hear(kind, data).await
    }

    /// Shows the asker that the command was heard. A second time, after a restart,
    /// Discord refuses that; the answer finds its way all the same.
    async fn answer_soon(&self, slash: &Slash) {
        let path = format!("/interactions/{}/{}/callback", slash.interaction, slash.token.reveal());
        let body = Body::Json(json!({"type": 5, "data": {"flags": 64}}));
        if let Err(error) = self.shared.rest.tell_openly(Method::POST, &path, body).await {
            tracing::info!(%error, "a command could not be acknowledged");
        }
    }

    async fn hear(&mut self, kind: &str, data: &Value) -> Result<HeardEvents, Stopped> {
        let ours = self.ours().await?;
        let only = |events| Ok(HeardEvents { events, ..HeardEvents::default() });
        match kind {
            "INTERACTION_CREATE" => return Ok(self.asked(data, &ours)),
            "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_EMOJIS_UPDATE" => {
                let mut heard = self.looks(kind, data).await?;
                heard.events.extend(self.emoji(kind, data).await?);
                return Ok(heard);
            }
            "CHANNEL_UPDATE" => return self.looks(kind, data).await,
            "CHANNEL_PINS_UPDATE" => {
                self.memory.pins_changed(data);
                return Ok(HeardEvents::default());
            }
            "GUILD_DELETE" => return only(self.server_gone(data).await?),
            "THREAD_CREATE" | "THREAD_UPDATE" | "THREAD_DELETE" => {
                let events = self.thread(kind, data).await?;
                let marks = threads::ends(&events).then(|| threads::end_mark(data)).flatten();
                return Ok(HeardEvents {
                    events,
                    marks: Vec::from_iter(marks),
                    ..HeardEvents::default()
                });
            }
            "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => {
                let mut events = self.moderation(kind, data, &ours).await?;
                events.extend(self.member(kind, data, &ours).await?);
                return only(events);
            }
            _ if moderation::is_about(kind) => {
                return only(self.moderation(kind, data, &ours).await?);
            }
            _ => {}
        }
        if kind == "MESSAGE_CREATE" && ours.said(data) {
            return Ok(HeardEvents::default());
        }
        if kind == "MESSAGE_CREATE"
            && let Some(event) = incoming::private(data, &ours)
        {
            return only(vec![event]);
        }
        let key = if kind.starts_with("CHANNEL_") { "id" } else { "channel_id" };
        let Some(channel) = incoming::id(data, key) else { return Ok(HeardEvents::default()) };
        match self.linked_location(channel, data).await? {
            Some(location) => {
                let proxied = self.proxied(kind, data, &ours).await?;
                let (data, ours) = self.with_names(kind, data, ours).await?;
                let mut heard = self.hear_in((channel, &location), (kind, &data), &ours);
                proxied.tell(&mut heard);
                if location.thread.is_none() {
                    heard.marks.extend(self.first_look(channel).await?);
                }
                Ok(heard)
            }
            None => Ok(HeardEvents::default()),
        }
    }

    /// The event with all that its server knows about who and what it speaks of.
    async fn with_names(
        &self,
        kind: &str,
        data: &Value,
        ours: Ours,
    ) -> Result<(Value, Ours), Stopped> {
        let Some(guild) = incoming::id(data, "guild_id") else { return Ok((data.clone(), ours)) };
        self.learn_server(guild).await?;
        if !matches!(kind, "MESSAGE_CREATE" | "MESSAGE_UPDATE") {
            self.shared.learn_member(guild, data);
            return Ok((data.clone(), ours));
        }
        self.learn_webhook(data, &ours).await?;
        Ok((self.complete(data, guild).await?, self.ours().await?))
    }

    /// A command.
    fn asked(&self, data: &Value, ours: &Ours) -> HeardEvents {
        let mut slash = incoming::slash(data, ours, &self.shared.menus());
        if let Some(slash) = &mut slash {
            self.shared.add_title(&mut slash.event);
        }
        let events = slash.iter().map(|slash| slash.event.clone()).collect();
        // A channel that gets linked by this is to be caught up with from here.
        let last = slash
            .as_ref()
            .map(|slash| (slash.event.place.chat.as_str().to_owned(), slash.interaction.clone()));
        HeardEvents { events, last, slash, marks: Vec::new() }
    }

    /// The bot was removed from a server, or the server is gone.
    async fn server_gone(&self, data: &Value) -> Result<Vec<Event>, Stopped> {
        if data.get("unavailable").and_then(Value::as_bool).unwrap_or(false) {
            return Ok(Vec::new());
        }
        let Some(guild) = incoming::id(data, "id") else { return Ok(Vec::new()) };
        let here = self.shared.channels_of(guild);
        let linked = self.linked().await?;
        Ok(linked.iter().filter(|chat| here.contains(chat)).map(|c| incoming::closed(c)).collect())
    }

    /// The channels that are linked.
    pub(crate) async fn linked(&self) -> Result<Vec<String>, Stopped> {
        let mut pause = self.pauses();
        loop {
            match self.sink.linked_chats(&self.network).await {
                Ok(chats) => {
                    return Ok(chats.iter().map(|chat| chat.as_str().to_owned()).collect());
                }
                Err(error) => tracing::warn!(%error, "the linked channels cannot be read"),
            }
            self.pause(pause.next()).await?;
        }
    }

    /// What is stored under a mark, asked until it is answered.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(crate) async fn mark(&self, key: &str) -> Result<Option<Vec<u8>>, Stopped> {
        let mut pause = self.pauses();
        loop {
            match self.sink.mark(key).await {
                Ok(stored) => return Ok(stored),
                Err(error) => tracing::warn!(%error, "a mark cannot be read"),
            }
            self.pause(pause.next()).await?;
        }
    }

    /// Who we are, asked until it is known.
    pub(crate) async fn ours(&self) -> Result<Ours, Stopped> {
        let mut pause = self.pauses();
        loop {
            match self.shared.ours().await {
                Ok(ours) => return Ok(ours),
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }

    /// Stores a batch, and waits for that as long as it takes.
    pub(crate) async fn accept(&self, batch: Batch) -> Result<(), Stopped> {
        let mut pause = self.pauses();
        loop {
            match self.sink.accept(batch.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(%error, "events wait for the store"),
            }
            self.pause(pause.next()).await?;
        }
    }

    /// Waits after a request that failed.
    ///
    /// # Errors
    /// When told to stop.
    pub(crate) async fn wait_out(
        &self,
        error: &RestError,
        pause: &mut Pause,
    ) -> Result<(), Stopped> {
        let wish = match error {
            RestError::Refusal(answer) if answer.status == 401 => {
                // It also comes in outages, and an operator may put a token back.
                tracing::error!(%error, "Discord refuses the token; it is asked again");
                return self.pause(self.longest_pause).await;
            }
            RestError::Refusal(answer) => answer.retry_after,
            RestError::Lost(_) | RestError::Unreachable(_) => None,
        };
        tracing::info!(%error, "Discord is asked again later");
        self.pause(wish.unwrap_or_else(|| pause.next())).await
    }

    /// The pauses between tries of one thing.
    pub(crate) fn pauses(&self) -> Pause {
        Pause::up_to(self.longest_pause)
    }

    /// Waits, unless told to stop.
    pub(crate) async fn pause(&self, time: Duration) -> Result<(), Stopped> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.stop.cancelled() => Err(Stopped),
        }
    }
}

/// The mark that says up to which message a channel was heard.
pub(crate) fn last_mark(channel: &str, message: &str) -> Mark {
    Mark::Set { key: last_key(channel), value: message.as_bytes().to_vec() }
}

/// The key of that mark.
pub(crate) fn last_key(channel: &str) -> String {
    format!("last/{channel}")
}
