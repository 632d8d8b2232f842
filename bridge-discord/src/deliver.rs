// SPDX-License-Identifier: AGPL-3.0-or-later
//! Carries orders to Discord.
//!
//! Rule: people speak through our webhook of the channel, the bot by itself; every
//! part that is in the channel is named in the failure.

mod answer;
mod change;
mod look;
mod post;
mod upload;
mod webhook;

use bot_core::{Act, DeliverError, Failure, MediaSource, Order, Part, Receipt};
use bridge_model::Reaction;
use reqwest::Method;

use crate::convert::outgoing;
use crate::rest::{Body, Effect, RestError, deliver_error};
use crate::shared::Shared;

pub(crate) use look::{look, page};
pub(crate) use webhook::webhook;

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
        Act::Post { answer_via: Some(via), message, .. } if answer::is_handle(via) => {
            match answer::answer(shared, order, message, via).await? {
                Some(receipt) => Ok(receipt),
                None => post::post(shared, order, media).await,
            }
        }
        Act::Post { .. } => post::post(shared, order, media).await,
        Act::Edit { .. } => change::edit(shared, order, media).await,
        Act::Delete { voice, parts } => {
            change::delete(shared, order, voice, parts).await.map(|()| Receipt::default())
        }
        Act::React { target, reaction, .. } => {
            react(shared, order, (Method::PUT, target.as_str()), reaction).await
        }
        Act::Unreact { target, reaction, others, .. } => {
            if others.contains(reaction) {
                return Ok(Receipt::default());
            }
            react(shared, order, (Method::DELETE, target.as_str()), reaction).await
        }
        Act::Pin { target } => {
            let path = format!("/channels/{}/pins/{}", order.chat.as_str(), target.as_str());
            done(shared.rest.tell(Method::PUT, &path, Body::Empty).await, &[10008])
        }
        Act::Leave => leave(shared, order).await,
        Act::Unpin { .. }
        | Act::ClosePoll { .. }
        | Act::SetChat { .. }
        | Act::SetThread { .. }
        | Act::Refresh { .. }
        | Act::Withdraw { .. } => {
            let reason = "not possible on discord".to_owned();
            Err(Failure::clean(DeliverError::Refused { reason }))
        }
    }
}

/// The bot stands for everybody who reacted; the message may be gone.
async fn react(
    shared: &Shared,
    order: &Order,
    (method, target): (Method, &str),
    reaction: &Reaction,
) -> Result<Receipt, Failure> {
    let path = |reaction: &Reaction| {
        let emoji = outgoing::reaction_path(reaction);
        format!("/channels/{}/messages/{target}/reactions/{emoji}/@me", order.chat.as_str())
    };
    let first = shared.rest.tell(method.clone(), &path(reaction), Body::Empty).await;
    match (&first, other_variant(reaction)) {
        // Unknown Emoji: with or without the variation selector.
        (Err(error), Some(other)) if error.code() == Some(10014) => {
            done(shared.rest.tell(method, &path(&other), Body::Empty).await, &[10008])
        }
        _ => done(first, &[10008]),
    }
}

fn other_variant(reaction: &Reaction) -> Option<Reaction> {
    let Reaction::Emoji(emoji) = reaction else { return None };
    Some(Reaction::Emoji(match emoji.strip_suffix('\u{fe0f}') {
        Some(bare) => bare.to_owned(),
        None => format!("{emoji}\u{fe0f}"),
    }))
}

/// The end of an act that can be repeated; the `fine` codes mean that it is done.
fn done(result: Result<(), RestError>, fine: &[u64]) -> Result<Receipt, Failure> {
    match result {
        Ok(()) => Ok(Receipt::default()),
        Err(error) if error.code().is_some_and(|code| fine.contains(&code)) => {
            Ok(Receipt::default())
        }
        Err(error) => Err(Failure::clean(deliver_error(&error, Effect::Repeats))),
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
        Err(error) if error.closes_chat() || matches!(error.code(), Some(10015 | 50013)) => {
            Ok(Receipt::default())
        }
        other => done(other, &[]),
    }
}

/// The address of a message, once the server of the channel is known.
pub(crate) fn link_to(shared: &Shared, chat: &str, message: &str) -> Option<String> {
    let guild = shared.guild_of(chat)?;
    Some(format!("https://discord.com/channels/{guild}/{chat}/{message}"))
}

/// A failure after some parts.
fn failed(error: DeliverError, done: &[Part]) -> Failure {
    Failure { error, done: done.to_vec() }
}
