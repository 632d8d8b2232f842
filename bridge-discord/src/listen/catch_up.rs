// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was said while nobody listened, from the history of channels and threads.
//!
//! Rule: runs while `READY` is handled, so before any live event of the new session
//! is let through; oldest first, every page with its mark in one batch.

use std::collections::BTreeMap;

use bot_core::{Batch, lateness};
use serde_json::Value;

use super::{Listener, Stopped, last_key, last_mark};
use crate::convert::incoming::{self, Ours};
use crate::deliver;
use crate::rest::{RestError, code};
use crate::session::{self, Session};
use crate::threads::ChannelKnowledge;

/// So often a channel without access is asked again (over about half a minute) before it counts as
/// closed to us.
const TRIES: u32 = 5;

/// Discord's limit of messages in one page.
const PAGE: usize = 100;

impl Listener {
    /// Fetches what was missed in every linked channel.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn catch_up(&mut self) -> Result<(), Stopped> {
        let ours = self.ours().await?;
        let stored = self.mark(session::KEY).await?;
        self.silent_for = stored.map(|mark| Session::silent_for(&mark)).unwrap_or_default();
        let mut heard = BTreeMap::new();
        for channel in self.linked().await? {
            if self.shared.guild_of(&channel).is_none() {
                self.ask_channel(&channel).await?;
            }
            let last = self.last(&channel).await?;
            match last.clone() {
                // Nothing is said in a forum itself.
                Some(_) if self.shared.has_posts(&channel) => {}
                Some(last) => {
                    self.catch_up_with(&channel, last, &ours).await?;
                    self.compare(&channel).await?;
                }
                None => self.start_here(&channel).await?,
            }
            heard.insert(channel, last);
        }
        self.catch_up_threads(&heard, &ours).await?;
        for (channel, last) in &heard {
            if let Some(last) = last {
                self.catch_up_archived((channel, last), &ours).await?;
            }
        }
        self.silent_for = 0;
        Ok(())
    }

    pub(super) async fn catch_up_with(
        &mut self,
        channel: &str,
        last: String,
        ours: &Ours,
    ) -> Result<(), Stopped> {
        let mut after = last;
        let parent = self.shared.threads.parent(channel);
        let guild = self.shared.guild_of(parent.as_deref().unwrap_or(channel));
        if let Some(guild) = &guild {
            self.learn_server(guild).await?;
        }
        loop {
            let query = format!("after={after}&limit={PAGE}");
            let Some(page) = self.page(channel, &query).await? else { return Ok(()) };
            let Some(newest) = page.last().and_then(|one| incoming::id(one, "id")) else {
                return Ok(());
            };
            page.iter().for_each(|one| self.memory.announce(one));
            let mut others = Vec::new();
            for one in page.iter().filter(|one| !ours.said(one)) {
                others.push(match &guild {
                    Some(guild) => self.complete(one, guild).await?,
                    None => one.clone(),
                });
                self.learn_webhook(one, ours).await?;
            }
            let ours = &self.ours().await?;
            let events = others
                .iter()
                .flat_map(|one| incoming::created(one, &self.shared.names_in(one), ours, true));
            let mut events: Vec<_> = match self.shared.threads.find(channel) {
                ChannelKnowledge::Thread(thread) => {
                    events.map(|event| thread.place(event)).collect()
                }
                ChannelKnowledge::Other | ChannelKnowledge::Nothing => events.collect(),
            };
            if let Some(now) = self.shared.rest.clock.answered_at() {
                events.iter_mut().for_each(|event| lateness::tell_age(event, now, self.silent_for));
            }
            tracing::info!(messages = events.len(), "messages were fetched that had been missed");
            let marks = vec![last_mark(channel, newest)];
            self.accept(Batch { network: self.network.clone(), marks, events }).await?;
            if page.len() < PAGE {
                return Ok(());
            }
            after = newest.to_owned();
        }
    }

    /// Nothing is known of this channel: it is heard from now on.
    pub(super) async fn start_here(&self, channel: &str) -> Result<(), Stopped> {
        let page = match self.shared.has_posts(channel) {
            true => Vec::new(),
            false => match self.page(channel, "limit=1").await? {
                Some(page) => page,
                None => return Ok(()),
            },
        };
        // A channel's id is older than every message in it.
        let newest = page.last().and_then(|one| incoming::id(one, "id")).map(str::to_owned);
        let newest = newest.or_else(|| self.shared.newest_post(channel));
        let newest = newest.as_deref().unwrap_or(channel);
        let marks = vec![last_mark(channel, newest)];
        self.accept(Batch { network: self.network.clone(), marks, events: vec![] }).await
    }

    pub(super) async fn last(&self, channel: &str) -> Result<Option<String>, Stopped> {
        let stored = self.mark(&last_key(channel)).await?;
        Ok(stored.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// One page, waited for; `None` when the channel does not let us read.
    pub(super) async fn page(
        &self,
        channel: &str,
        query: &str,
    ) -> Result<Option<Vec<Value>>, Stopped> {
        let mut pause = self.pauses();
        let mut tries = 0;
        loop {
            match deliver::page(&self.shared, channel, query).await {
                Ok(page) => return Ok(Some(page)),
                // An admin who changes permissions takes the access for a moment.
                Err(error) if error.code() == Some(code::MISSING_ACCESS) && tries < TRIES => {
                    tries += 1;
                    self.pause(pause.next()).await?;
                }
                Err(error) if error.closes_chat() => {
                    let events = vec![incoming::closed(channel)];
                    let network = self.network.clone();
                    self.accept(Batch { network, marks: vec![], events }).await?;
                    return Ok(None);
                }
                Err(RestError::Refusal(answer)) if answer.is_no() => {
                    tracing::warn!(code = answer.code, "the history of a channel cannot be read");
                    return Ok(None);
                }
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }
}
