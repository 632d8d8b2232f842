// SPDX-License-Identifier: AGPL-3.0-or-later
//! Looks for what an earlier try has left in the channel.
//!
//! Rule: everything that we say in a channel goes through its lane one after the
//! other, so whatever we said after the newest message that the store knows is part
//! of the order in doubt.

use bot_core::{Act, Failure, Order, Part, Voice};
use bridge_model::MessageId;
use reqwest::Method;
use serde_json::Value;

use super::{post, webhook};
use crate::convert::incoming;
use crate::convert::outgoing::Piece;
use crate::rest::{Body, Effect, RestError, deliver_error};
use crate::shared::Shared;

/// How many of the last messages are compared when the store knows none.
const COMPARED: usize = 50;

/// Discord's limit of messages in one page.
const PAGE: usize = 100;

/// The parts of the order that are in the channel, in order.
///
/// See <https://discord.com/developers/docs/resources/message#get-channel-messages>.
///
/// # Errors
/// See [`Failure`].
pub(crate) async fn look(shared: &Shared, order: &Order) -> Result<Vec<Part>, Failure> {
    let Act::Post { voice, message, native_reply, answer_via } = &order.act else {
        return Ok(Vec::new());
    };
    // The answer to a command is written again into the same place.
    if answer_via.is_some() {
        return Ok(order.done.clone());
    }
    let decided = |error: RestError| Failure {
        error: deliver_error(&error, Effect::Repeats),
        done: order.done.clone(),
    };
    let chat = order.chat.as_str();
    let speaker = match voice {
        Voice::Bot => shared.me().await.map_err(decided)?.bot.clone(),
        Voice::Person { .. } => webhook(shared, chat).await.map_err(decided)?.id,
    };
    let said = match &order.after {
        Some(after) => since(shared, chat, after.as_str()).await,
        None => page(shared, chat, &format!("limit={COMPARED}")).await,
    };
    let mut said = said.map_err(decided)?;
    said.retain(|one| one.get("author").and_then(|a| incoming::id(a, "id")) == Some(&speaker));
    let known = |one: &Value| {
        let id = incoming::id(one, "id").unwrap_or_default();
        order.done.iter().any(|part| part.id.as_str() == id)
    };
    said.retain(|one| !known(one));
    if order.after.is_none() {
        let pieces = post::pieces(shared, order, message, (voice, *native_reply));
        said = matching(said, pieces.get(order.done.len()..).unwrap_or_default());
    }
    let found = said.iter().filter_map(|one| {
        let media = !incoming::list(one, "attachments").is_empty();
        Some(Part { id: MessageId::from(incoming::id(one, "id")?), media })
    });
    Ok(order.done.iter().cloned().chain(found).collect())
}

/// Those of `said` that are the pieces, in their order, looked for from the end.
fn matching(said: Vec<Value>, pieces: &[Piece]) -> Vec<Value> {
    let fits = |one: &Value, piece: &Piece| {
        let content = one.get("content").and_then(Value::as_str).unwrap_or_default();
        let files = incoming::list(one, "attachments").len();
        content.trim() == piece.content.trim() && files == piece.files.len()
    };
    // Only a beginning can have been sent; the longest one that is there counts.
    for count in (1..=pieces.len()).rev() {
        let wanted = pieces.get(..count).unwrap_or_default();
        let at = said
            .windows(count)
            .rposition(|window| window.iter().zip(wanted).all(|(one, piece)| fits(one, piece)));
        if let Some(at) = at {
            return said.into_iter().skip(at).take(count).collect();
        }
    }
    Vec::new()
}

/// All messages after `after`, oldest first.
async fn since(shared: &Shared, chat: &str, after: &str) -> Result<Vec<Value>, RestError> {
    let mut all: Vec<Value> = Vec::new();
    let mut after = after.to_owned();
    loop {
        let query = format!("after={after}&limit={PAGE}");
        let page = page(shared, chat, &query).await?;
        let full = page.len() >= PAGE;
        let newest = page.last().and_then(|one| incoming::id(one, "id")).map(str::to_owned);
        all.extend(page);
        match newest {
            Some(newest) if full => after = newest,
            _ => return Ok(all),
        }
    }
}

/// One page of history, oldest first.
pub(crate) async fn page(
    shared: &Shared,
    chat: &str,
    query: &str,
) -> Result<Vec<Value>, RestError> {
    let path = format!("/channels/{chat}/messages?{query}");
    let mut page: Vec<Value> = shared.rest.ask(Method::GET, &path, Body::Empty).await?;
    let order = |one: &Value| incoming::id(one, "id").and_then(|id| id.parse::<u64>().ok());
    page.sort_by_key(order);
    Ok(page)
}
