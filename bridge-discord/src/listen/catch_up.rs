// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was said while nobody listened, from the channels' history.
//!
//! Rule: runs while `READY` is handled, so before any live event of the new session
//! is let through; oldest first, every page with its mark in one batch.

use bot_core::Batch;
use serde_json::Value;

use super::{Listener, Over, Pause, last_key, last_mark};
use crate::convert::incoming::{self, Ours};
use crate::deliver;
use crate::rest::RestError;

/// Discord's limit of messages in one page.
const PAGE: usize = 100;

impl Listener {
    /// Fetches what was missed in every linked channel.
    ///
    /// # Errors
    /// See [`Over`].
    pub(super) async fn catch_up(&self) -> Result<(), Over> {
        let ours = self.ours().await?;
        for channel in self.linked().await? {
            match self.last(&channel).await? {
                Some(last) => self.catch_up_with(&channel, last, &ours).await?,
                None => self.start_here(&channel).await?,
            }
        }
        Ok(())
    }

    async fn catch_up_with(&self, channel: &str, last: String, ours: &Ours) -> Result<(), Over> {
        let mut after = last;
        loop {
            let query = format!("after={after}&limit={PAGE}");
            let Some(page) = self.page(channel, &query).await? else { return Ok(()) };
            let Some(newest) = page.last().and_then(|one| incoming::id(one, "id")) else {
                return Ok(());
            };
            let others = page.iter().filter(|one| !ours.said(one));
            let events = others
                .filter_map(|one| incoming::posted(one, &self.shared.names_in(one), ours, true));
            let events: Vec<_> = events.collect();
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
    async fn start_here(&self, channel: &str) -> Result<(), Over> {
        let Some(page) = self.page(channel, "limit=1").await? else { return Ok(()) };
        // A channel's id is older than every message in it.
        let newest = page.last().and_then(|one| incoming::id(one, "id")).unwrap_or(channel);
        let marks = vec![last_mark(channel, newest)];
        self.accept(Batch { network: self.network.clone(), marks, events: vec![] }).await
    }

    async fn last(&self, channel: &str) -> Result<Option<String>, Over> {
        let mut pause = Pause::default();
        loop {
            match self.sink.mark(&last_key(channel)).await {
                Ok(value) => return Ok(value.and_then(|bytes| String::from_utf8(bytes).ok())),
                Err(error) => tracing::warn!(%error, "a mark cannot be read"),
            }
            self.pause(pause.next()).await?;
        }
    }

    /// One page, waited for; `None` when the channel does not let us read.
    async fn page(&self, channel: &str, query: &str) -> Result<Option<Vec<Value>>, Over> {
        let mut pause = Pause::default();
        loop {
            match deliver::page(&self.shared, channel, query).await {
                Ok(page) => return Ok(Some(page)),
                Err(error) if error.closes_chat() => {
                    let events = vec![incoming::closed(channel)];
                    let network = self.network.clone();
                    self.accept(Batch { network, marks: vec![], events }).await?;
                    return Ok(None);
                }
                Err(RestError::Said(said)) if matches!(said.status, 400 | 403 | 404) => {
                    tracing::warn!(code = said.code, "the history of a channel cannot be read");
                    return Ok(None);
                }
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }
}
