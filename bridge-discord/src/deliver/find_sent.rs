// SPDX-License-Identifier: AGPL-3.0-or-later
//! Looks for what an earlier try has left in the channel.
//!
//! Rule: everything that we say in a channel goes through its lane one after the
//! other, so whatever we said after the newest message that the store knows is part
//! of the order in doubt.

use bot_core::{Action, Failure, Order, Part};
use bridge_model::MessageId;
use reqwest::Method;
use serde_json::Value;

use super::post;
use super::post_target::{self, PostTarget};
use crate::convert::incoming::{self, Ours};
use crate::convert::outgoing::{Piece, id_in};
use crate::rest::{Body, Idempotency, RestError, deliver_error};
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
pub(crate) async fn find_sent(shared: &Shared, order: &Order) -> Result<Vec<Part>, Failure> {
    let Action::Post { send_as, message, native_reply, answer_via } = &order.act else {
        return Ok(Vec::new());
    };
    // The answer to a command is written again into the same place.
    if answer_via.is_some() {
        return Ok(order.done.clone());
    }
    let stop = |error| Failure { error, done: order.done.clone() };
    let decided = |error: RestError| {
        stop(deliver_error(&error, Idempotency::Repeatable, "Read Message History"))
    };
    let chat = order.chat.as_str();
    let ours = shared.ours().await.map_err(decided)?;
    let target =
        post_target::of_message(shared, order, message, *native_reply).await.map_err(stop)?;
    let pieces = post::pieces(shared, order, message, (send_as, *native_reply));
    let wanted = pieces.get(order.done.len()..).unwrap_or_default();
    let search = SentSearch { shared, order, ours: &ours, wanted };
    let (thread, said) = match target {
        PostTarget::Channel => (None, search.within(chat).await.map_err(decided)?),
        PostTarget::Thread(thread) => {
            let said = search.within(&thread).await.map_err(decided)?;
            (Some(thread), said)
        }
        PostTarget::NewPost(_) => search.among_posts(chat).await.map_err(decided)?,
    };
    let found = said.iter().filter_map(|one| {
        let media = !incoming::list(one, "attachments").is_empty();
        let id = id_in(thread.as_deref(), incoming::id(one, "id")?);
        Some(Part { id: MessageId::from(id), media })
    });
    Ok(order.done.iter().cloned().chain(found).collect())
}

/// What is looked for.
struct SentSearch<'a> {
    shared: &'a Shared,
    order: &'a Order,
    ours: &'a Ours,
    wanted: &'a [Piece],
}

impl SentSearch<'_> {
    /// The newest message that the store knows. Ids grow over all channels.
    fn after(&self) -> Option<&str> {
        let id = self.order.after.as_ref()?.as_str();
        Some(id.rsplit('/').next().unwrap_or(id))
    }

    /// The parts in one channel or thread.
    async fn within(&self, channel: &str) -> Result<Vec<Value>, RestError> {
        let said = match self.after() {
            Some(after) => since(self.shared, channel, after).await?,
            None => page(self.shared, channel, &format!("limit={COMPARED}")).await?,
        };
        Ok(self.ours(said))
    }

    fn ours(&self, mut said: Vec<Value>) -> Vec<Value> {
        let known = |one: &Value| {
            let id = incoming::id(one, "id").unwrap_or_default();
            let done = |part: &Part| part.id.as_str().rsplit('/').next() == Some(id);
            self.order.done.iter().any(done)
        };
        // Not by the webhook that is there now: another one may have posted it. What Discord itself
        // says in our name (a pin, a new thread) is no part of a message.
        let posted = |one: &Value| self.ours.said(one) && incoming::is_from_author(one);
        said.retain(|one| posted(one) && !known(one));
        if self.order.after.is_some() { said } else { matching(said, self.wanted) }
    }

    /// The new post of a forum, with its thread.
    ///
    /// See <https://discord.com/developers/docs/resources/guild#list-active-guild-threads>.
    async fn among_posts(&self, forum: &str) -> Result<(Option<String>, Vec<Value>), RestError> {
        let Some(guild) = self.shared.guild_of(forum) else { return Ok((None, Vec::new())) };
        let path = format!("/guilds/{guild}/threads/active");
        let active: Value = self.shared.rest.ask(Method::GET, &path, Body::Empty).await?;
        let after = self.after().and_then(|after| after.parse::<u64>().ok()).unwrap_or(0);
        let posts = incoming::list(&active, "threads").iter();
        let posts = posts.filter(|post| incoming::id(post, "parent_id") == Some(forum));
        let ids = posts.filter_map(|post| incoming::id(post, "id")?.parse::<u64>().ok());
        let mut ids: Vec<u64> = ids.filter(|id| *id > after).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        for id in ids.into_iter().take(COMPARED) {
            let id = id.to_string();
            let said = self.ours(page(self.shared, &id, &format!("after=0&limit={PAGE}")).await?);
            if said.first().and_then(|one| incoming::id(one, "id")) == Some(&id) {
                return Ok((Some(id), said));
            }
        }
        Ok((None, Vec::new()))
    }
}

/// Those of `said` that are the pieces, in their order, looked for from the end.
fn matching(said: Vec<Value>, pieces: &[Piece]) -> Vec<Value> {
    let fits = |one: &Value, piece: &Piece| {
        let content = one.get("content").and_then(Value::as_str).unwrap_or_default();
        let files = incoming::list(one, "attachments").len();
        let poll = one.get("poll").is_some_and(|poll| !poll.is_null());
        // In front of the words may stand the name, where the bot spoke for a person.
        content.trim().ends_with(piece.content.trim())
            && content.is_empty() == piece.content.is_empty()
            && files == piece.files.len()
            && poll == piece.poll.is_some()
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
