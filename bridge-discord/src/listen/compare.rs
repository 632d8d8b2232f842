// SPDX-License-Identifier: AGPL-3.0-or-later
//! What became of messages that are known while nobody listened: edits, deletions, reactions, pins.
//!
//! Rule: runs after what is new was fetched. What is known is asked for before the history is, so
//! that a message which is in the one and not in the other was taken away.

use std::collections::BTreeMap;

use bot_core::{Batch, RememberedMessage};
use bridge_model::{ChatId, Content, Event, Reaction, UserId};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Listener, Stopped};
use crate::convert::incoming::{self, Ours, Thread};
use crate::convert::outgoing;
use crate::rest::{Body, RestError};
use crate::threads::ChannelKnowledge;

/// So many of the newest messages of a channel or thread are compared.
const MOST: usize = 200;

/// Discord's limit of messages, and of people who reacted, in one page.
const PAGE: usize = 100;

/// Who reacted, in the order in which Discord names them.
type Users = Vec<Value>;

impl Listener {
    /// Compares the newest messages of a channel or thread with what is known of them.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn compare(&mut self, channel: &str) -> Result<(), Stopped> {
        let thread = match self.shared.threads.find(channel) {
            ChannelKnowledge::Thread(thread) => Some(thread),
            ChannelKnowledge::Other | ChannelKnowledge::Nothing => None,
        };
        let known = self.known_in(channel, thread.as_ref()).await?;
        if known.is_empty() {
            return Ok(());
        }
        let Some((page, whole)) = self.newest(channel).await? else { return Ok(()) };
        // Without the right to read the history, Discord shows an empty one.
        let Some(oldest) = page.first().map(number).filter(|_| !page.is_empty()) else {
            return Ok(());
        };
        let there: BTreeMap<u64, &Value> = page.iter().map(|one| (number(one), one)).collect();
        let mut events = Vec::new();
        for id in known.keys().filter(|id| !there.contains_key(id) && (whole || **id > oldest)) {
            events.extend(self.deletion(channel, &id.to_string()));
        }
        let ours = self.ours().await?;
        for (id, message) in there {
            if let Some(known) = known.get(&id) {
                events.extend(self.changes(channel, (message, known), &ours).await?);
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        if let Some(thread) = &thread {
            events = events.into_iter().map(|event| thread.place(event)).collect();
        }
        tracing::info!(events = events.len(), "changes were found that had been missed");
        self.accept(Batch { network: self.network.clone(), marks: vec![], events }).await
    }

    /// What is known of a channel or thread, by Discord's ids.
    async fn known_in(
        &self,
        channel: &str,
        thread: Option<&Thread>,
    ) -> Result<BTreeMap<u64, RememberedMessage>, Stopped> {
        let chat = ChatId::from(thread.map_or(channel, |thread| thread.parent.as_str()));
        let mut pause = self.pauses();
        let known = loop {
            match self.sink.newest_known(&chat, MOST).await {
                Ok(known) => break known,
                Err(error) => {
                    tracing::error!(%error, "the store cannot be read");
                    self.pause(pause.next()).await?;
                }
            }
        };
        let mut by_number = BTreeMap::new();
        for one in known {
            let id = match (one.id.as_str().split_once('/'), thread) {
                (Some((root, id)), Some(thread)) if root == thread.id => id,
                (None, None) => one.id.as_str(),
                (Some(_) | None, _) => continue,
            };
            if let Ok(id) = id.parse() {
                by_number.insert(id, one);
            }
        }
        Ok(by_number)
    }

    /// The newest messages, oldest first, and whether they are all that there are; `None` when we
    /// may not read.
    async fn newest(&self, channel: &str) -> Result<Option<(Vec<Value>, bool)>, Stopped> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let before = found.first().map(|one| format!("&before={}", number(one)));
            let query = format!("limit={PAGE}{}", before.unwrap_or_default());
            let Some(mut page) = self.page(channel, &query).await? else { return Ok(None) };
            let whole = page.len() < PAGE;
            page.append(&mut found);
            found = page;
            if whole || found.len() >= MOST {
                return Ok(Some((found, whole)));
            }
        }
    }

    /// What is different about a message that is there.
    async fn changes(
        &mut self,
        channel: &str,
        (message, known): (&Value, &RememberedMessage),
        ours: &Ours,
    ) -> Result<Vec<Event>, Stopped> {
        let mut events = Vec::new();
        let parent = self.shared.threads.parent(channel);
        let guild = self.shared.guild_of(parent.as_deref().unwrap_or(channel));
        let Some(id) = incoming::id(message, "id") else { return Ok(events) };
        if !ours.said(message) && self.memory.is_new_edit(message) {
            let message = match &guild {
                Some(guild) => self.complete(message, guild).await?,
                None => message.clone(),
            };
            events.extend(incoming::edited(&message, &self.shared.names_in(&message), ours));
        }
        let pinned = incoming::is(message, "pinned");
        if pinned != known.pinned {
            let content = if pinned { Content::Pinned } else { Content::Unpinned };
            events.push(incoming::about(channel, id, content));
        }
        let at = json!({"channel_id": channel, "message_id": id, "guild_id": guild});
        if let Some(before) = &known.reactions {
            for one in self.reactions((channel, id), message, before).await? {
                events.extend(one.event(&at, ours));
            }
        }
        Ok(events)
    }

    /// Who reacted since, and who took a reaction back.
    async fn reactions(
        &self,
        (channel, id): (&str, &str),
        message: &Value,
        before: &[(UserId, Reaction)],
    ) -> Result<Vec<Changed>, Stopped> {
        let mut changed = Vec::new();
        let mut there = Vec::new();
        for row in incoming::list(message, "reactions") {
            let Some(reaction) = incoming::reaction(row) else { continue };
            let emoji = row.get("emoji").cloned().unwrap_or_default();
            let had: Vec<&UserId> = before
                .iter()
                .filter(|(_, known)| known.is_same(&reaction))
                .map(|(user, _)| user)
                .collect();
            there.push(reaction.clone());
            let all = row.get("count").and_then(Value::as_u64).unwrap_or_default();
            let others = all.saturating_sub(u64::from(incoming::is(row, "me")));
            if usize::try_from(others).is_ok_and(|others| others == had.len()) {
                continue;
            }
            let Some(users) = self.who_reacted((channel, id), &reaction).await? else { continue };
            for user in had.iter().filter(|had| !users.iter().any(|user| is_user(user, had))) {
                changed.push(Changed::Gone((*user).clone(), emoji.clone()));
            }
            for user in users.iter().filter(|user| !had.iter().any(|had| is_user(user, had))) {
                changed.push(Changed::Given(user.clone(), emoji.clone()));
            }
        }
        for (user, reaction) in before {
            if !there.iter().any(|there| there.is_same(reaction)) {
                changed.push(Changed::Gone(user.clone(), as_emoji(reaction)));
            }
        }
        Ok(changed)
    }

    /// Who reacted with an emoji; `None` when Discord does not say.
    ///
    /// See <https://discord.com/developers/docs/resources/message#get-reactions>.
    async fn who_reacted(
        &self,
        (channel, id): (&str, &str),
        reaction: &Reaction,
    ) -> Result<Option<Users>, Stopped> {
        let emoji = outgoing::reaction_path(reaction);
        let path = format!("/channels/{channel}/messages/{id}/reactions/{emoji}?limit={PAGE}");
        let (mut users, mut pause) = (Users::new(), self.pauses());
        loop {
            let after = users.last().and_then(|user| incoming::id(user, "id"));
            let path = after.map_or_else(|| path.clone(), |after| format!("{path}&after={after}"));
            match self.shared.rest.ask::<Users>(Method::GET, &path, Body::Empty).await {
                Ok(page) => {
                    let whole = page.len() < PAGE;
                    users.extend(page);
                    if whole {
                        return Ok(Some(users));
                    }
                }
                Err(RestError::Refusal(answer)) if answer.is_no() => {
                    tracing::warn!(code = answer.code, "reactions cannot be read");
                    return Ok(None);
                }
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }
}

/// A reaction that is new or is not there any more: of whom, with which emoji.
enum Changed {
    Given(Value, Value),
    Gone(UserId, Value),
}

impl Changed {
    /// As the gateway would have told it.
    fn event(self, at: &Value, ours: &Ours) -> Option<Event> {
        let mut raw = at.clone();
        let fields = raw.as_object_mut()?;
        match self {
            Self::Given(user, emoji) => {
                fields.insert("user_id".into(), user.get("id").cloned()?);
                fields.insert("member".into(), json!({"user": user}));
                fields.insert("emoji".into(), emoji);
                incoming::reacted(&raw, ours)
            }
            Self::Gone(user, emoji) => {
                fields.insert("user_id".into(), user.as_str().into());
                fields.insert("emoji".into(), emoji);
                incoming::unreacted(&raw, ours)
            }
        }
    }
}

fn is_user(raw: &Value, user: &UserId) -> bool {
    incoming::id(raw, "id") == Some(user.as_str())
}

fn as_emoji(reaction: &Reaction) -> Value {
    match reaction {
        Reaction::Emoji(emoji) => json!({"id": null, "name": emoji}),
        Reaction::Custom { id, name } => json!({"id": id, "name": name}),
    }
}

/// The id of a message, which is older the smaller it is.
fn number(message: &Value) -> u64 {
    incoming::id(message, "id").and_then(|id| id.parse().ok()).unwrap_or_default()
}
