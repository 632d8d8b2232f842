// SPDX-License-Identifier: AGPL-3.0-or-later
//! Entries that were under way when the process died.
//!
//! Rule: a message whose delivery was under way at three deaths of the process goes on without its
//! files, so that no file can stop the bridge at every start. Only the first entry with files of
//! each lane after a start is noted: an entry that stops the process is that one at the next start.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bridge_model::{Content, Place};

use super::lookup::unread;
use crate::clock::Clock;
use crate::lane::CORE;
use crate::order::{Batch, DeliverError, EntryId, Mark};
use crate::pseudonym::Pseudonyms;
use crate::store::Store;

/// Deaths of the process after which an entry goes on without its files.
const MOST_DEATHS: u8 = 3;

/// Counts deaths of the process by the entry that was under way.
pub(super) struct Crashes {
    store: Arc<Store>,
    pseudonyms: Pseudonyms,
    clock: Arc<dyn Clock>,
    begun: Mutex<HashSet<Place>>,
}

/// What is noted of an entry that is under way.
#[derive(Default)]
pub(super) struct UnderWay {
    noted: bool,
    /// It has to go on without its files.
    pub without_files: bool,
}

impl Crashes {
    /// Nothing has begun in this process.
    pub(super) fn new(store: Arc<Store>, pseudonyms: Pseudonyms, clock: Arc<dyn Clock>) -> Self {
        Self { store, pseudonyms, clock, begun: Mutex::default() }
    }

    /// Notes that an entry is under way.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store fails.
    pub(super) async fn begin(
        &self,
        lane: &Place,
        entry: EntryId,
        content: Option<&Content>,
    ) -> Result<UnderWay, DeliverError> {
        let Some(Content::Posted(message) | Content::Edited(message)) = content else {
            return Ok(UnderWay::default());
        };
        if message.media.is_empty() || !self.is_first(lane) {
            return Ok(UnderWay::default());
        }
        let known = self.store.mark(&CORE.into(), &self.key(lane)).await.map_err(unread)?;
        let deaths = known.as_deref().and_then(|known| deaths_of(entry, known)).unwrap_or(0);
        let without_files = deaths >= MOST_DEATHS;
        if without_files {
            tracing::error!(entry = entry.0, deaths, "goes on without its files");
        }
        let mut value = vec![deaths.saturating_add(1)];
        value.extend(entry.0.to_be_bytes());
        self.note(lane, value).await?;
        Ok(UnderWay { noted: true, without_files })
    }

    /// Notes that the entry is not under way any more.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store fails.
    pub(super) async fn end(&self, lane: &Place, under_way: UnderWay) -> Result<(), DeliverError> {
        match under_way.noted {
            true => self.note(lane, Vec::new()).await,
            false => Ok(()),
        }
    }

    fn is_first(&self, lane: &Place) -> bool {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(lane.clone())
    }

    fn key(&self, lane: &Place) -> String {
        format!("under-way/{}", self.pseudonyms.place(lane))
    }

    async fn note(&self, lane: &Place, value: Vec<u8>) -> Result<(), DeliverError> {
        let marks = vec![Mark::Set { key: self.key(lane), value }];
        let batch = Batch { network: CORE.into(), marks, events: Vec::new() };
        self.store.accept(batch, self.clock.now()).await.map_err(unread)?;
        Ok(())
    }
}

/// The deaths that a mark tells of this entry.
fn deaths_of(entry: EntryId, mark: &[u8]) -> Option<u8> {
    let (deaths, id) = mark.split_first()?;
    (id == entry.0.to_be_bytes()).then_some(*deaths)
}
