// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes of the channel itself and of its threads.
//!
//! Rule: what Discord does not have is no failure.

use std::time::Duration;

use bot_core::order::Access;
use bot_core::{DeliverError, Failure, Order, Receipt};
use bridge_model::{ChatChange, MessageId};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::done;
use crate::convert::incoming::id;
use crate::convert::outgoing::{MOST_NAME, MessageLocation, overwrites};
use crate::rest::{Body, Idempotency, RestError, code, deliver_error};
use crate::shared::Shared;

/// Discord's limit of characters in a topic.
const MOST_TOPIC: usize = 1024;

/// Whoever waits in the lane waits at most this long for a changed name.
const PATIENCE: Duration = Duration::from_secs(30);

/// Name and topic; a channel has no picture.
///
/// See <https://discord.com/developers/docs/resources/channel#modify-channel>.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn change(
    shared: &Shared,
    order: &Order,
    change: &ChatChange,
) -> Result<Receipt, Failure> {
    let body = match change {
        ChatChange::Name(name) => {
            // What people see as `#name` is called `name`.
            let name = cut(name.trim().trim_start_matches('#').trim(), MOST_NAME);
            if name.is_empty() {
                return Ok(Receipt::default());
            }
            json!({"name": name})
        }
        ChatChange::Topic(topic) => json!({"topic": cut(topic.trim(), MOST_TOPIC)}),
        ChatChange::Avatar(_) | ChatChange::Emoji(_) => return Ok(Receipt::default()),
    };
    let path = format!("/channels/{}", order.chat.as_str());
    let changed = shared.rest.tell(Method::PATCH, &path, Body::Json(body)).await;
    if let Err(RestError::Refusal(answer)) = &changed
        && answer.status == 429
        && answer.retry_after.is_some_and(|after| after > PATIENCE)
    {
        // Two changes in ten minutes are all that Discord takes, and messages stand behind.
        let reason = "discord takes no more changes of this channel for now".to_owned();
        return Err(Failure::clean(DeliverError::Refused { reason }));
    }
    done(changed, &[], "Manage Channels")
}

/// Who may speak in the channel.
///
/// See <https://discord.com/developers/docs/resources/channel#modify-channel>.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn set_access(
    shared: &Shared,
    order: &Order,
    access: &Access,
) -> Result<Receipt, Failure> {
    let failed = |error: RestError| {
        Failure::clean(deliver_error(&error, Idempotency::Repeatable, "Manage Roles"))
    };
    let path = format!("/channels/{}", order.chat.as_str());
    let channel: Value = shared.rest.ask(Method::GET, &path, Body::Empty).await.map_err(failed)?;
    let bot = shared.me().await.map_err(failed)?;
    let guild = id(&channel, "guild_id").unwrap_or_default();
    let Some(overwrites) = overwrites(access, guild, &bot.bot) else {
        let reason = "what was written down about the channel cannot be read".to_owned();
        return Err(Failure::clean(DeliverError::Refused { reason }));
    };
    let body = Body::Json(json!({"permission_overwrites": overwrites}));
    done(shared.rest.tell(Method::PATCH, &path, body).await, &[], "Manage Roles")
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Name and state of the thread on a message; without a thread there is nothing to do.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn change_thread(
    shared: &Shared,
    root: &MessageId,
    name: Option<&str>,
    closed: Option<bool>,
) -> Result<Receipt, Failure> {
    let location = MessageLocation::of(root.as_str(), false);
    // No thread hangs on a message in a thread.
    if location.thread.is_some() {
        return Ok(Receipt::default());
    }
    let path = format!("/channels/{}", location.message);
    let name = name.map(|name| cut(name.trim(), MOST_NAME)).filter(|name| !name.is_empty());
    let mut first = tell(shared, &path, name.as_deref(), closed).await;
    // "Thread is archived": it can be renamed when it is opened by the same request.
    if let (Err(error), None) = (&first, closed)
        && error.code() == Some(code::THREAD_ARCHIVED)
    {
        first = tell(shared, &path, name.as_deref(), Some(false)).await;
        if first.is_ok() {
            first = tell(shared, &path, None, Some(true)).await;
        }
    }
    match first {
        // Unknown Channel: there is no thread.
        Err(error) if error.code() == Some(code::UNKNOWN_CHANNEL) => Ok(Receipt::default()),
        // Missing Access: not the whole chat is closed to us.
        Err(error) if error.code() == Some(code::MISSING_ACCESS) => {
            let reason = "the bot cannot see this thread".to_owned();
            Err(Failure::clean(DeliverError::Refused { reason }))
        }
        Err(error) => {
            Err(Failure::clean(deliver_error(&error, Idempotency::Repeatable, "Manage Threads")))
        }
        Ok(()) => Ok(Receipt::default()),
    }
}

async fn tell(
    shared: &Shared,
    path: &str,
    name: Option<&str>,
    closed: Option<bool>,
) -> Result<(), RestError> {
    let mut body = Map::new();
    body.extend(name.map(|name| ("name".to_owned(), Value::from(name))));
    body.extend(closed.map(|closed| ("archived".to_owned(), Value::from(closed))));
    if body.is_empty() {
        return Ok(());
    }
    shared.rest.tell(Method::PATCH, path, Body::Json(Value::Object(body))).await
}
