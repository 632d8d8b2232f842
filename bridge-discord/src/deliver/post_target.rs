// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where a new message goes: into the channel, a thread of it, or a new post of a forum.
//!
//! Rule: what cannot stand in a thread stands in the channel; what must not be seen outside
//! of a thread is refused. Threads are made when something is said in them.

use crate::rights;
use bot_core::Refusal;
use bot_core::{DeliverError, Order};
use bridge_model::{Message, Thread};
use reqwest::Method;
use serde_json::{Value, json};

use crate::convert::incoming;
use crate::convert::outgoing::{MessageLocation, NewPost, thread_name};
use crate::rest::{Body, Idempotency, RestError, code, deliver_error};
use crate::shared::Shared;

/// Where a new message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PostTarget {
    /// Into the channel itself.
    Channel,
    /// Into a thread that is there.
    Thread(String),
    /// It opens a post with this name.
    NewPost(NewPost),
}

impl PostTarget {
    /// The thread, if it is one.
    pub(super) fn thread(&self) -> Option<&str> {
        match self {
            Self::Thread(thread) => Some(thread),
            Self::Channel | Self::NewPost(_) => None,
        }
    }
}

/// Whether a chat holds nothing but posts.
///
/// # Errors
/// When Discord has to be asked and does not say it.
pub(crate) async fn is_forum(shared: &Shared, chat: &str) -> Result<bool, RestError> {
    if let Some(forum) = shared.is_forum(chat) {
        return Ok(forum);
    }
    let path = format!("/channels/{chat}");
    let channel: Value = shared.rest.ask(Method::GET, &path, Body::Empty).await?;
    shared.learn_channel(&channel, None);
    Ok(shared.is_forum(chat).unwrap_or(false))
}

/// Where the message of the order goes. The rest of a message goes where its beginning is.
///
/// # Errors
/// The courier's decision.
pub(super) async fn of_message(
    shared: &Shared,
    order: &Order,
    message: &Message,
    native_reply: bool,
) -> Result<PostTarget, DeliverError> {
    let chat = order.chat.as_str();
    let decided = |error| deliver_error(&error, Idempotency::Repeatable, rights::VIEW_CHANNEL);
    let forum = is_forum(shared, chat).await.map_err(decided)?;
    let thread_of = |id| MessageLocation::of(id, forum).thread.map(str::to_owned);
    if let Some(first) = order.done.first() {
        return Ok(thread_of(first.id.as_str()).map_or(PostTarget::Channel, PostTarget::Thread));
    }
    if let Some(thread) = &message.thread
        && let Some(id) = open(shared, chat, thread, message).await?
    {
        return Ok(PostTarget::Thread(id));
    }
    // Who answers somebody in a thread goes there.
    let answered = message.reply_to.as_ref().filter(|_| native_reply);
    if let Some(id) = answered.and_then(|reply| thread_of(reply.message.as_str())) {
        return Ok(PostTarget::Thread(id));
    }
    if !forum {
        return Ok(PostTarget::Channel);
    }
    let tags = shared.required_tag(chat).into_iter().collect();
    Ok(PostTarget::NewPost(NewPost { name: thread_name(message), tags }))
}

/// The thread on a message, made if there is none; `None` where there cannot be one.
async fn open(
    shared: &Shared,
    chat: &str,
    thread: &Thread,
    message: &Message,
) -> Result<Option<String>, DeliverError> {
    let location = MessageLocation::of(thread.root.as_str(), false);
    // No thread hangs on a message in a thread.
    if let Some(outer) = location.thread {
        return Ok(Some(outer.to_owned()));
    }
    let root = location.message;
    if shared.is_thread(root) {
        return Ok(Some(root.to_owned()));
    }
    let path = format!("/channels/{root}");
    let there: Result<Value, RestError> = shared.rest.ask(Method::GET, &path, Body::Empty).await;
    match there {
        Ok(channel) => {
            shared.learn_channel(&channel, None);
            let ours = incoming::id(&channel, "parent_id") == Some(chat);
            Ok(ours.then(|| root.to_owned()))
        }
        // Unknown Channel.
        Err(error) if error.code() == Some(code::UNKNOWN_CHANNEL) => {
            make(shared, chat, root, message).await
        }
        // Missing Access: it is there, for others.
        Err(error) if error.code() == Some(code::MISSING_ACCESS) => {
            let reason = Refusal::ThreadHidden;
            Err(DeliverError::Refused { reason })
        }
        Err(error) => Err(deliver_error(&error, Idempotency::Repeatable, rights::VIEW_CHANNEL)),
    }
}

/// See <https://discord.com/developers/docs/resources/channel#start-thread-from-message>.
async fn make(
    shared: &Shared,
    chat: &str,
    root: &str,
    message: &Message,
) -> Result<Option<String>, DeliverError> {
    let path = format!("/channels/{chat}/messages/{root}/threads");
    let body = Body::Json(json!({"name": thread_name(message)}));
    let made: Result<Value, RestError> = shared.rest.ask(Method::POST, &path, body).await;
    match made {
        Ok(channel) => {
            shared.learn_channel(&channel, None);
            Ok(Some(incoming::id(&channel, "id").unwrap_or(root).to_owned()))
        }
        Err(error) => match error.code() {
            // A thread has already been created for this message.
            Some(code::THREAD_EXISTS) => Ok(Some(root.to_owned())),
            // Unknown Message; a system message; a channel without threads; a message that
            // cannot have one; too many threads.
            Some(
                code::UNKNOWN_MESSAGE
                | code::SYSTEM_MESSAGE
                | code::WRONG_CHANNEL_TYPE
                | code::INVALID_MESSAGE_TYPE
                | code::TOO_MANY_THREADS,
            ) => Ok(None),
            Some(_) | None => {
                Err(deliver_error(&error, Idempotency::Repeatable, rights::CREATE_THREADS))
            }
        },
    }
}

/// A thread cannot be written to.
///
/// The next try asks whether it is there, and makes it if not; but nobody makes the thread
/// anew in whose midst a message is.
pub(super) fn lost_thread(shared: &Shared, thread: &str, order: &Order) -> DeliverError {
    let _again = shared.forget_channel(thread);
    if order.done.is_empty() {
        let reason = "the thread is gone".to_owned();
        DeliverError::Retry { after: Some(std::time::Duration::ZERO), reason }
    } else {
        DeliverError::Refused { reason: Refusal::ThreadGone }
    }
}

/// Opens an archived thread, if that is why something was refused.
///
/// Only posting does so by itself, see <https://discord.com/developers/docs/topics/threads>.
///
/// # Errors
/// Why it stays closed.
pub(super) async fn wake(
    shared: &Shared,
    thread: Option<&str>,
    error: RestError,
) -> Result<(), RestError> {
    match thread {
        Some(thread) if error.code() == Some(code::THREAD_ARCHIVED) => {
            let path = format!("/channels/{thread}");
            let body = Body::Json(json!({"archived": false}));
            // "Missing Permissions" means that it is locked.
            shared.rest.tell(Method::PATCH, &path, body).await.map_err(|_| error)
        }
        Some(_) | None => Err(error),
    }
}
