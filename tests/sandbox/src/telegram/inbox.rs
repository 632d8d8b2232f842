// SPDX-License-Identifier: AGPL-3.0-or-later
//! The updates that wait for the bot, and the two ways in which it takes them.
//!
//! Rule: an update stays until a higher offset or a 2xx confirms it; of two pollers the
//! older one is turned away. Source: <https://core.telegram.org/bots/api#getting-updates>.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{ApiError, bad, conflict};
use super::params::Params;
use super::server::Shared;
use super::wire;
use super::world::World;

/// Kinds that come only when they were asked for by name.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Where updates are pushed to.
#[derive(Clone, Debug)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) secret: Option<String>,
    /// When and why the last push failed.
    pub(super) error: Option<(i64, String)>,
}

/// Waiting updates, oldest first.
#[derive(Debug)]
pub(super) struct Inbox {
    updates: VecDeque<(i64, Value)>,
    next_id: i64,
    allowed: Vec<String>,
    /// Grows with each `getUpdates`; an older one that still waits sees that it is old.
    poller: u64,
    pub(super) webhook: Option<Webhook>,
}

impl Default for Inbox {
    fn default() -> Self {
        let (updates, allowed) = (VecDeque::new(), Vec::new());
        Self { updates, next_id: 730_000_001, allowed, poller: 0, webhook: None }
    }
}

impl Inbox {
    /// Whether the bot asked for this kind; an empty list means all but the rare ones.
    pub(super) fn wants(&self, kind: &str) -> bool {
        if self.allowed.is_empty() {
            return !ON_REQUEST.contains(&kind);
        }
        self.allowed.iter().any(|allowed| allowed == kind)
    }

    /// Queues an update body, gives it its id, and returns the whole update.
    pub(super) fn push(&mut self, body: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let mut update = body;
        if let Some(object) = update.as_object_mut() {
            object.entry("update_id").or_insert_with(|| id.into());
        }
        self.updates.push_back((id, update.clone()));
        update
    }

    /// How many updates wait.
    pub(super) fn waiting(&self) -> usize {
        self.updates.len()
    }

    fn remember(&mut self, params: &Params) -> Result<(), ApiError> {
        if let Some(kinds) = params.list("allowed_updates")? {
            self.allowed = kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        Ok(())
    }

    fn confirm(&mut self, offset: i64) {
        if offset < 0 {
            let kept = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            while self.updates.len() > kept {
                self.updates.pop_front();
            }
        } else if offset > 0 {
            self.updates.retain(|(id, _)| *id >= offset);
        }
    }

    fn page(&self, limit: usize) -> Value {
        self.updates.iter().take(limit).map(|(_, update)| update.clone()).collect()
    }
}

/// `getUpdates`: answers at once when something waits, else when it comes or time is over.
pub(super) async fn get_updates(shared: &Shared, params: &Params) -> Result<Value, ApiError> {
    let limit = params.int("limit")?.unwrap_or(100).clamp(1, 100);
    let limit = usize::try_from(limit).unwrap_or(100);
    let seconds = params.int("timeout")?.unwrap_or(0).clamp(0, 50).unsigned_abs();
    let until = Instant::now() + Duration::from_secs(seconds);
    let offset = params.int("offset")?.unwrap_or(0);
    let (mine, token) = shared.with(|world| {
        if world.inbox.webhook.is_some() {
            return Err(conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to \
                 delete the webhook first",
            ));
        }
        world.inbox.remember(params)?;
        world.inbox.confirm(offset);
        world.inbox.poller += 1;
        Ok((world.inbox.poller, world.token.clone()))
    })?;
    loop {
        let change = shared.changed.notified();
        tokio::pin!(change);
        change.as_mut().enable();
        {
            let world = shared.lock();
            if world.outage {
                return Err(ApiError::bad_gateway());
            }
            if world.token != token {
                return Err(ApiError::unauthorized());
            }
            if world.inbox.poller != mine {
                return Err(conflict(
                    "terminated by other getUpdates request; make sure that only one bot \
                     instance is running",
                ));
            }
            if world.inbox.waiting() > 0 || Instant::now() >= until {
                return Ok(world.inbox.page(limit));
            }
        }
        tokio::select! {
            () = change => {}
            () = tokio::time::sleep_until(until) => {}
            () = shared.stop.cancelled() => return Err(ApiError::bad_gateway()),
        }
    }
}

/// `setWebhook`. Plain `http` is taken here, since the stand-in has no certificate.
pub(super) fn set_webhook(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return delete_webhook(world, params);
    }
    if reqwest::Url::parse(&url).is_err() {
        return Err(bad("bad webhook: invalid webhook URL specified"));
    }
    let secret = params.text("secret_token").filter(|secret| !secret.is_empty());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if secret.as_ref().is_some_and(|secret| secret.len() > 256 || !secret.chars().all(plain)) {
        return Err(bad("secret token contains unallowed characters"));
    }
    world.inbox.remember(params)?;
    if params.flag("drop_pending_updates") {
        world.inbox.updates.clear();
    }
    // A poller that waits at this moment is turned away, as on the platform.
    world.inbox.poller += 1;
    world.inbox.webhook = Some(Webhook { url, secret, error: None });
    Ok(true.into())
}

/// `deleteWebhook`.
pub(super) fn delete_webhook(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    if params.flag("drop_pending_updates") {
        world.inbox.updates.clear();
    }
    world.inbox.webhook = None;
    Ok(true.into())
}

/// `getWebhookInfo`.
pub(super) fn webhook_info(world: &mut World, _: &Params) -> Result<Value, ApiError> {
    let webhook = world.inbox.webhook.as_ref();
    let mut info = json!({
        "url": webhook.map(|webhook| webhook.url.clone()).unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": world.inbox.waiting(),
    });
    let error = webhook.and_then(|webhook| webhook.error.clone());
    if let (Some((date, error)), Some(info)) = (error, info.as_object_mut()) {
        info.insert("last_error_date".to_owned(), date.into());
        info.insert("last_error_message".to_owned(), error.into());
    }
    Ok(info)
}

/// Pushes updates to the webhook, one after the other, until the stand-in stops.
pub(super) async fn push_updates(shared: Arc<Shared>) {
    let client = reqwest::Client::new();
    loop {
        let change = shared.changed.notified();
        tokio::pin!(change);
        change.as_mut().enable();
        let next = {
            let world = shared.lock();
            let first = world.inbox.updates.front().filter(|_| !world.outage).cloned();
            world.inbox.webhook.clone().zip(first)
        };
        let again = match next {
            Some((webhook, update)) => push(&shared, &client, webhook, update).await,
            None => None,
        };
        let pause = again.unwrap_or(Duration::from_secs(3600));
        tokio::select! {
            () = change => {}
            () = tokio::time::sleep(pause) => {}
            () = shared.stop.cancelled() => return,
        }
    }
}

/// One push; the pause before the next one.
async fn push(
    shared: &Shared,
    client: &reqwest::Client,
    webhook: Webhook,
    (id, update): (i64, Value),
) -> Option<Duration> {
    let mut request = client.post(&webhook.url).json(&update).timeout(Duration::from_secs(10));
    if let Some(secret) = &webhook.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let error = match request.send().await {
        Ok(response) if response.status().is_success() => None,
        Ok(response) => Some(format!("Wrong response from the webhook: {}", response.status())),
        Err(_) => Some("Connection refused".to_owned()),
    };
    let failed = error.is_some();
    let mut world = shared.lock();
    if failed {
        if let Some(webhook) = &mut world.inbox.webhook {
            webhook.error = error.map(|error| (wire::now(), error));
        }
        // The platform waits longer; a test should not.
        return Some(Duration::from_millis(100));
    }
    world.inbox.updates.retain(|(waiting, _)| *waiting != id);
    Some(Duration::ZERO)
}
