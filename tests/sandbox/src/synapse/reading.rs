// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a scripted person sees.
//!
//! Rule: waiting is for a condition with a deadline, and the error of a missed deadline
//! shows what was there instead.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::person::{Person, text};
use super::transcript::{Seen, SeenEvent, Transcript};

const DEADLINE: Duration = Duration::from_secs(30);
/// Between two readings, so that a busy room is not read again for every event.
const PACE: Duration = Duration::from_millis(100);

impl Person {
    /// The whole timeline, oldest event first.
    ///
    /// # Errors
    /// When Synapse refuses, for example because the person is not in the room.
    pub async fn messages(&self, room: &str) -> Result<Vec<SeenEvent>> {
        let mut events = Vec::new();
        let mut from: Option<String> = None;
        loop {
            let page = self.page(room, from.as_deref()).await?;
            let chunk = page.get("chunk").and_then(Value::as_array).context("no chunk")?;
            events.extend(chunk.iter().cloned());
            match text(&page, "/end") {
                Some(end) if !chunk.is_empty() && from.as_deref() != Some(&end) => from = Some(end),
                Some(_) | None => break,
            }
        }
        let events = self.opened(room, events).await?;
        let mut names = self.members(room).await?;
        Ok(with_names(&events, &mut names))
    }

    /// The messages as a person sees them, oldest first.
    ///
    /// # Errors
    /// As [`Person::messages`].
    pub async fn transcript(&self, room: &str) -> Result<Transcript> {
        Ok(Transcript::fold(&self.messages(room).await?))
    }

    /// Waits at most 30 s for a message that `wanted` likes, and returns the first one.
    ///
    /// # Errors
    /// When it does not come (shows the transcript), or Synapse refuses.
    pub async fn expect(&self, room: &str, wanted: impl Fn(&Seen) -> bool) -> Result<Seen> {
        self.wait_for(room, |lines| lines.0.iter().find(|line| wanted(line)).cloned()).await
    }

    /// Waits at most 30 s until the transcript is as `wanted` says, and returns what it found.
    ///
    /// # Errors
    /// As [`Person::expect`].
    pub async fn wait_for<T>(
        &self,
        room: &str,
        wanted: impl Fn(&Transcript) -> Option<T>,
    ) -> Result<T> {
        self.wait_within(DEADLINE, room, wanted).await
    }

    /// As [`Person::wait_for`], with another deadline.
    ///
    /// # Errors
    /// As [`Person::expect`].
    pub async fn wait_within<T>(
        &self,
        limit: Duration,
        room: &str,
        wanted: impl Fn(&Transcript) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + limit;
        let mut since = self.sync(room, None, Duration::ZERO).await?;
        loop {
            let lines = self.transcript(room).await?;
            if let Some(found) = wanted(&lines) {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!(
                    "{} did not see it within {} s. In the room:\n{lines}",
                    self.user_id(),
                    limit.as_secs()
                );
            }
            since = self.sync(room, Some(&since), left.min(Duration::from_secs(10))).await?;
            sleep(PACE).await;
        }
    }

    /// Waits at most 30 s for an invitation to a room that is not in `known`, and returns
    /// the room's id.
    ///
    /// # Errors
    /// When none comes.
    pub async fn expect_invite(&self, known: &[&str]) -> Result<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let answer = self.call(Method::GET, &["client", "v3", "sync"], None).await?;
            let invites = answer.pointer("/rooms/invite").and_then(Value::as_object);
            let new = invites.and_then(|rooms| {
                rooms.keys().find(|room| !known.contains(&room.as_str())).cloned()
            });
            if let Some(room) = new {
                return Ok(room);
            }
            if Instant::now() > deadline {
                bail!("{} was not invited within 30 s", self.user_id());
            }
            sleep(PACE).await;
        }
    }

    /// The people who are in the room: user id and display name (the user id where there is none).
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn members(&self, room: &str) -> Result<HashMap<String, String>> {
        let path = ["client", "v3", "rooms", room, "joined_members"];
        let answer = self.call(Method::GET, &path, None).await?;
        let joined = answer.get("joined").and_then(Value::as_object).context("no joined")?;
        let named = |(id, profile): (&String, &Value)| {
            (id.clone(), text(profile, "/display_name").unwrap_or_else(|| id.clone()))
        };
        Ok(joined.iter().map(named).collect())
    }

    /// The rooms that the person is in.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn rooms(&self) -> Result<Vec<String>> {
        let answer = self.call(Method::GET, &["client", "v3", "joined_rooms"], None).await?;
        let rooms = answer.get("joined_rooms").and_then(Value::as_array).context("no rooms")?;
        Ok(rooms.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// One event as it is now, whole.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn event(&self, room: &str, event_id: &str) -> Result<Value> {
        self.call(Method::GET, &["client", "v3", "rooms", room, "event", event_id], None).await
    }

    /// The profile of anybody: display name and avatar.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn profile(&self, user_id: &str) -> Result<Value> {
        self.call(Method::GET, &["client", "v3", "profile", user_id], None).await
    }

    /// The bytes behind an `mxc://` address, by the authenticated media API where the homeserver has it.
    ///
    /// # Errors
    /// When the address is malformed or Synapse refuses.
    pub async fn download(&self, mxc: &str) -> Result<Vec<u8>> {
        let parts = mxc.strip_prefix("mxc://").and_then(|rest| rest.split_once('/'));
        let (server, id) = parts.with_context(|| format!("{mxc} is no mxc address"))?;
        let path = ["client", "v1", "media", "download", server, id];
        let mut answer = self.request(Method::GET, &path)?.send().await?;
        if answer.status() == StatusCode::NOT_FOUND {
            let path = ["media", "v3", "download", server, id];
            answer = self.request(Method::GET, &path)?.send().await?;
        }
        let answer = answer.error_for_status().with_context(|| format!("downloading {mxc}"))?;
        self.opened_file(mxc, answer.bytes().await?.to_vec())
    }

    async fn page(&self, room: &str, from: Option<&str>) -> Result<Value> {
        let path = ["client", "v3", "rooms", room, "messages"];
        let mut request =
            self.request(Method::GET, &path)?.query(&[("dir", "f"), ("limit", "1000")]);
        if let Some(from) = from {
            request = request.query(&[("from", from)]);
        }
        let answer = request.send().await.context("reading the timeline")?;
        let status = answer.status();
        let body: Value = answer.json().await.context("reading the timeline")?;
        if !status.is_success() {
            bail!("{} cannot read {room}: {status} {body}", self.user_id());
        }
        Ok(body)
    }

    /// Waits until something happens in the room, at most `wait`; returns where to go on.
    async fn sync(&self, room: &str, since: Option<&str>, wait: Duration) -> Result<String> {
        let nothing = json!({ "types": [] });
        let filter = json!({
            "presence": nothing, "account_data": nothing,
            "room": {
                "rooms": [room], "account_data": nothing, "ephemeral": nothing,
                "timeline": { "limit": 1 }, "state": { "lazy_load_members": true },
            },
        });
        let wait = wait.as_millis().to_string();
        let mut request = self
            .request(Method::GET, &["client", "v3", "sync"])?
            .query(&[("filter", filter.to_string().as_str()), ("timeout", wait.as_str())]);
        if let Some(since) = since {
            request = request.query(&[("since", since)]);
        }
        let answer = request.send().await.context("waiting for events")?;
        let answer: Value = answer.error_for_status()?.json().await?;
        text(&answer, "/next_batch").context("no next_batch")
    }
}

/// `names` holds the names of now; a member event of the timeline takes precedence from its
/// place on.
fn with_names(events: &[Value], names: &mut HashMap<String, String>) -> Vec<SeenEvent> {
    let mut seen = Vec::with_capacity(events.len());
    for event in events {
        let Some(sender) = text(event, "/sender") else { continue };
        let state_key = text(event, "/state_key");
        let content = event.get("content").cloned().unwrap_or(Value::Null);
        let kind = text(event, "/type").unwrap_or_default();
        if kind == "m.room.member"
            && let (Some(who), Some(name)) = (&state_key, text(&content, "/displayname"))
        {
            names.insert(who.clone(), name);
        }
        seen.push(SeenEvent {
            event_id: text(event, "/event_id").unwrap_or_default(),
            sender_name: names.get(&sender).unwrap_or(&sender).clone(),
            sender,
            kind,
            state_key,
            content,
            origin_server_ts: event.get("origin_server_ts").and_then(Value::as_i64).unwrap_or(0),
            redacted: event.pointer("/unsigned/redacted_because").is_some(),
        });
    }
    seen
}
