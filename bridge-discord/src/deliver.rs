// SPDX-License-Identifier: AGPL-3.0-or-later
//! Carries orders to Discord.
//!
//! Rule: people speak through our webhook of the channel, the bot by itself; every
//! part that is in the channel is named in the failure.

mod answer;
mod change;
mod chat;
mod find_sent;
mod moderation;
mod plan;
mod post;
mod post_target;
mod upload;
mod webhook;

use crate::rights;
use crate::rights::Permission;
use bot_core::Refusal;
use bot_core::{Action, DeliverError, Failure, MediaSource, Order, Part, Receipt, SendAs};
use bridge_model::{MessageId, Reaction};
use reqwest::Method;

use crate::convert::outgoing::{self, MessageLocation};
use crate::rest::{Body, Idempotency, RestError, code, deliver_error};
use crate::shared::Shared;

pub(crate) use find_sent::{find_sent, page};
pub(crate) use post_target::is_forum;
pub(crate) use webhook::{relays, webhook};

/// Does what the order says.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn deliver(
    shared: &Shared,
    order: &Order,
    media: &dyn MediaSource,
) -> Result<Receipt, Failure> {
    match &order.act {
        Action::Post { answer_via: Some(via), message, .. } => {
            answer::answer(shared, order, message, (via, media)).await
        }
        Action::Post { .. } => post::post(shared, order, media).await,
        Action::Edit { .. } => change::edit(shared, order, media).await,
        Action::Delete { send_as, parts } => {
            change::delete(shared, order, send_as, parts).await.map(|()| Receipt::default())
        }
        Action::React { target, reaction, .. } => {
            react(shared, order, (Method::PUT, target.as_str()), reaction).await
        }
        Action::Unreact { target, reaction, others, .. } => {
            if others.contains(reaction) {
                return Ok(Receipt::default());
            }
            react(shared, order, (Method::DELETE, target.as_str()), reaction).await
        }
        Action::Pin { target } => pin(shared, order, Method::PUT, target).await,
        Action::Unpin { target } => pin(shared, order, Method::DELETE, target).await,
        Action::ClosePoll { send_as, parts } => close_poll(shared, order, send_as, parts).await,
        Action::SetChat { change } => chat::change(shared, order, change).await,
        Action::SetThread { root, name, closed } => {
            chat::change_thread(shared, root, name.as_deref(), *closed).await
        }
        // People speak through the webhook and have no account here.
        Action::Refresh { .. } | Action::Withdraw { .. } | Action::Retire { .. } => {
            Ok(Receipt::default())
        }
        Action::SetAccess { access } => chat::set_access(shared, order, access).await,
        Action::Moderate { whom, what, reason, now } => {
            moderation::moderate(shared, order, (whom, *what), (reason, *now)).await
        }
        Action::Leave => leave(shared, order).await,
    }
}

/// Asks for something at a message, which may be in a thread; an archived one is opened.
async fn at_message(
    shared: &Shared,
    order: &Order,
    (method, target): (Method, &str),
    path: impl Fn(&str, &str) -> String,
) -> Result<(), RestError> {
    let chat = order.chat.as_str();
    let location = MessageLocation::of(target, is_forum(shared, chat).await?);
    let path = path(location.channel(chat), location.message);
    let rest = &shared.rest;
    let result = match rest.tell(method.clone(), &path, Body::Empty).await {
        Ok(()) => Ok(()),
        Err(error) => match post_target::wake(shared, location.thread, error).await {
            Ok(()) => rest.tell(method, &path, Body::Empty).await,
            Err(error) => Err(error),
        },
    };
    match result {
        // The thread is gone, and the message with it; the channel is not.
        Err(error) if location.thread.is_some() && error.code() == Some(code::UNKNOWN_CHANNEL) => {
            Ok(())
        }
        other => other,
    }
}

/// See <https://discord.com/developers/docs/resources/message#pin-message>.
async fn pin(
    shared: &Shared,
    order: &Order,
    method: Method,
    target: &MessageId,
) -> Result<Receipt, Failure> {
    let path =
        |channel: &str, message: &str| format!("/channels/{channel}/messages/pins/{message}");
    let pinned = at_message(shared, order, (method, target.as_str()), path).await;
    done(pinned, &[code::UNKNOWN_MESSAGE], rights::PIN)
}

/// The bot closes its own polls. Nobody but its author can close a poll, and a webhook cannot
/// ask for it: a poll of a person ends when its time is over, which the capabilities say.
///
/// See <https://discord.com/developers/docs/resources/poll#end-poll>.
async fn close_poll(
    shared: &Shared,
    order: &Order,
    send_as: &SendAs,
    parts: &[Part],
) -> Result<Receipt, Failure> {
    let receipt = Receipt { parts: parts.to_vec(), ..Receipt::default() };
    let (SendAs::Bot, Some(part)) = (send_as, parts.last()) else { return Ok(receipt) };
    let path = |channel: &str, message: &str| format!("/channels/{channel}/polls/{message}/expire");
    let closed = at_message(shared, order, (Method::POST, part.id.as_str()), path).await;
    // Unknown Message; "Poll expired"; "Cannot expire a non-poll message".
    done(
        closed,
        &[code::UNKNOWN_MESSAGE, code::POLL_EXPIRED, code::NOT_A_POLL],
        rights::VIEW_CHANNEL,
    )
    .map(|_| receipt)
}

/// The bot stands for everybody who reacted; the message may be gone.
async fn react(
    shared: &Shared,
    order: &Order,
    (method, target): (Method, &str),
    reaction: &Reaction,
) -> Result<Receipt, Failure> {
    let Some(reaction) = outgoing::known_reaction(reaction) else {
        let reason = Refusal::UnknownEmoji;
        return Err(Failure::clean(DeliverError::Refused { reason }));
    };
    let ask = async |reaction: &Reaction| {
        let emoji = outgoing::reaction_path(reaction);
        let path = |channel: &str, message: &str| {
            format!("/channels/{channel}/messages/{message}/reactions/{emoji}/@me")
        };
        at_message(shared, order, (method.clone(), target), path).await
    };
    let first = ask(&reaction).await;
    let right = rights::REACT;
    match (&first, other_variant(&reaction)) {
        // Unknown Emoji: with or without the variation selector.
        (Err(error), Some(other)) if error.code() == Some(code::UNKNOWN_EMOJI) => {
            done(ask(&other).await, &[code::UNKNOWN_MESSAGE], right)
        }
        _ => done(first, &[code::UNKNOWN_MESSAGE], right),
    }
}

fn other_variant(reaction: &Reaction) -> Option<Reaction> {
    let Reaction::Emoji(emoji) = reaction else { return None };
    Some(Reaction::Emoji(match emoji.strip_suffix('\u{fe0f}') {
        Some(bare) => bare.to_owned(),
        None => format!("{emoji}\u{fe0f}"),
    }))
}

/// The end of an act that can be repeated; the `fine` codes mean that it is done, `right`
/// names what it needs.
fn done(
    result: Result<(), RestError>,
    fine: &[u64],
    right: &[Permission],
) -> Result<Receipt, Failure> {
    match result {
        Ok(()) => Ok(Receipt::default()),
        Err(error) if error.code().is_some_and(|code| fine.contains(&code)) => {
            Ok(Receipt::default())
        }
        Err(error) => Err(Failure::clean(deliver_error(&error, Idempotency::Repeatable, right))),
    }
}

async fn leave(shared: &Shared, order: &Order) -> Result<Receipt, Failure> {
    let chat = order.chat.as_str();
    let result = match webhook::find(shared, chat).await {
        Ok(Some(webhook)) => {
            let path = format!("/webhooks/{}", webhook.id);
            shared.rest.tell(Method::DELETE, &path, Body::Empty).await
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    shared.forget_webhook(chat);
    match result {
        // Nothing to leave, or nothing that we could still take away.
        Err(error)
            if error.closes_chat()
                || matches!(
                    error.code(),
                    Some(code::UNKNOWN_WEBHOOK | code::MISSING_PERMISSIONS)
                ) =>
        {
            Ok(Receipt::default())
        }
        other => done(other, &[], rights::WEBHOOKS),
    }
}

/// The address of a message, once the server of the channel is known.
pub(crate) fn link_to(shared: &Shared, chat: &str, message: &str) -> Option<String> {
    let guild = shared.guild_of(chat)?;
    let location = MessageLocation::of(message, shared.is_forum(chat).unwrap_or(false));
    let (channel, message) = (location.channel(chat), location.message);
    Some(format!("https://discord.com/channels/{guild}/{channel}/{message}"))
}

/// A failure after some parts.
fn failed(error: DeliverError, done: &[Part]) -> Failure {
    Failure { error, done: done.to_vec() }
}
