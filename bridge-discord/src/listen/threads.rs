// SPDX-License-Identifier: AGPL-3.0-or-later
//! What happens to threads, and what was said in them while nobody listened.
//!
//! Rule: a thread is opened by its first message or by what Discord says in the channel, never
//! by `THREAD_CREATE`, which also comes when we are let into an old one.

use std::collections::{BTreeMap, BTreeSet};

use bot_core::{Batch, Mark};
use bridge_model::{Content, Event, Timestamp};
use reqwest::Method;
use serde_json::Value;

use super::{Listener, Stopped};
use crate::convert::incoming::{self, Ours, Thread};
use crate::rest::{Body, RestError};
use crate::shared::Shared;

/// Learns from what is no event of a linked channel.
pub(super) fn learn(shared: &Shared, kind: &str, data: &Value) {
    match kind {
        "GUILD_CREATE" => shared.threads.learn_whole(data),
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" => drop(shared.threads.learn(data)),
        "THREAD_LIST_SYNC" => {
            let parents = incoming::list(data, "channel_ids").iter().filter_map(Value::as_str);
            let parents: Vec<&str> = parents.collect();
            shared.threads.learn_open(&parents, incoming::list(data, "threads"));
        }
        _ => {}
    }
}

/// Discord's limit of threads in one page.
const PAGE: usize = 100;

/// A thread has come to its end.
pub(super) fn ends(events: &[Event]) -> bool {
    let closed =
        |event: &Event| matches!(event.content, Content::ThreadChanged { closed: Some(true), .. });
    events.iter().any(closed)
}

/// The mark of the end of a thread, which is told once.
pub(super) fn end_mark(thread: &Value) -> Option<Mark> {
    let (id, at) = (incoming::id(thread, "id")?, Thread::archived_at(thread)?);
    Some(Mark::Once { key: format!("archived/{id}/{}", at.0) })
}

impl Listener {
    /// The events of `THREAD_CREATE`, `THREAD_UPDATE` and `THREAD_DELETE`.
    ///
    /// See <https://discord.com/developers/docs/events/gateway-events#threads>.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn thread(&self, kind: &str, data: &Value) -> Result<Vec<Event>, Stopped> {
        let events: Vec<Event> = match kind {
            "THREAD_UPDATE" => {
                let before = self.shared.threads.learn(data);
                let now = Thread::read(data).filter(|thread| !thread.private);
                // Of one that was never heard of, being closed is what is new, if anything.
                let change = now.and_then(|now| match before {
                    Some(before) => now.change_since(&before),
                    None => now.closed.then(|| now.changed(None, Some(true))),
                });
                change.into_iter().collect()
            }
            "THREAD_DELETE" => {
                let gone = incoming::id(data, "id");
                let gone = gone.and_then(|id| self.shared.threads.forget(id));
                let gone = gone.filter(|thread| !thread.private && !thread.closed);
                gone.map(|thread| thread.changed(None, Some(true))).into_iter().collect()
            }
            _ => {
                self.shared.threads.learn(data);
                Vec::new()
            }
        };
        let linked = if events.is_empty() { Vec::new() } else { self.linked().await? };
        let here = |event: &Event| linked.iter().any(|chat| chat == event.place.chat.as_str());
        Ok(events.into_iter().filter(here).collect())
    }

    /// Fetches what was missed in the open threads of the linked channels, which were heard up
    /// to the ids in `heard`.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn catch_up_threads(
        &mut self,
        heard: &BTreeMap<String, Option<String>>,
        ours: &Ours,
    ) -> Result<(), Stopped> {
        let guilds: BTreeSet<String> =
            heard.keys().filter_map(|channel| self.shared.guild_of(channel)).collect();
        for guild in guilds {
            for thread in self.open_threads(&guild).await? {
                let Some(parent) = heard.get(&thread.parent) else { continue };
                if thread.private {
                    continue;
                }
                let own = self.last(&thread.id).await?;
                match own.or_else(|| parent.clone()) {
                    Some(last) => {
                        self.catch_up_with(&thread.id, last, ours).await?;
                        self.compare(&thread.id).await?;
                    }
                    None => self.start_here(&thread.id).await?,
                }
            }
        }
        Ok(())
    }

    /// Fetches what was missed in the threads of a channel that were archived since it was heard
    /// last, and tells of their end.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn catch_up_archived(
        &mut self,
        (channel, heard): (&str, &str),
        ours: &Ours,
    ) -> Result<(), Stopped> {
        let mut closed = self.archived_since(channel, incoming::made_at(heard)).await?;
        closed.reverse();
        for raw in closed {
            let Some(thread) = Thread::read(&raw).filter(|thread| thread.parent == channel) else {
                continue;
            };
            self.shared.threads.learn(&raw);
            let own = self.last(&thread.id).await?.unwrap_or_else(|| heard.to_owned());
            let newest = incoming::id(&raw, "last_message_id").unwrap_or_default();
            if incoming::made_at(newest) > incoming::made_at(&own) {
                self.catch_up_with(&thread.id, own, ours).await?;
            }
            let events = vec![thread.changed(None, Some(true))];
            let marks = Vec::from_iter(end_mark(&raw));
            self.accept(Batch { network: self.network.clone(), marks, events }).await?;
        }
        Ok(())
    }

    /// The public threads of a channel that were archived after a moment, the last one first.
    ///
    /// See <https://discord.com/developers/docs/resources/channel#list-public-archived-threads>.
    async fn archived_since(&self, channel: &str, since: Timestamp) -> Result<Vec<Value>, Stopped> {
        let mut pause = self.pauses();
        let path = format!("/channels/{channel}/threads/archived/public");
        let mut found: Vec<Value> = Vec::new();
        let mut query = format!("?limit={PAGE}");
        loop {
            let asked = format!("{path}{query}");
            match self.shared.rest.ask::<Value>(Method::GET, &asked, Body::Empty).await {
                Ok(answer) => {
                    let all = incoming::list(&answer, "threads");
                    let late = |raw: &&Value| Thread::archived_at(raw).is_some_and(|at| at > since);
                    let before = found.len();
                    found.extend(all.iter().take_while(late).cloned());
                    let whole = found.len() - before == all.len() && !all.is_empty();
                    let last = all.last().and_then(|raw| raw.get("thread_metadata"));
                    let last = last.and_then(|state| incoming::text(state, "archive_timestamp"));
                    match last.filter(|_| whole && incoming::is(&answer, "has_more")) {
                        // The plus of a time zone would be a space.
                        Some(last) => {
                            query = format!("?limit={PAGE}&before={}", last.replace('+', "%2B"));
                        }
                        None => return Ok(found),
                    }
                }
                Err(RestError::Refusal(answer)) if answer.is_no() => {
                    tracing::debug!(code = answer.code, "archived threads cannot be read");
                    return Ok(Vec::new());
                }
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }

    /// The open threads of a server, oldest first.
    async fn open_threads(&self, guild: &str) -> Result<Vec<Thread>, Stopped> {
        let mut pause = self.pauses();
        let path = format!("/guilds/{guild}/threads/active");
        loop {
            match self.shared.rest.ask::<Value>(Method::GET, &path, Body::Empty).await {
                Ok(answer) => {
                    let all = incoming::list(&answer, "threads");
                    all.iter().for_each(|thread| drop(self.shared.threads.learn(thread)));
                    let mut all: Vec<Thread> = all.iter().filter_map(Thread::read).collect();
                    all.sort_by_key(|thread| thread.id.parse::<u64>().unwrap_or(u64::MAX));
                    return Ok(all);
                }
                Err(RestError::Refusal(answer)) if answer.is_no() => {
                    tracing::warn!(code = answer.code, "the threads of a server cannot be read");
                    return Ok(Vec::new());
                }
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }
}
