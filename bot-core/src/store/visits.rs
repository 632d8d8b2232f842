// SPDX-License-Identifier: AGPL-3.0-or-later
//! Visits to the dashboard: one-time links, sessions, and what was asked for there.
//!
//! Rule: of the secrets of links and sessions only hashes are stored. A link begins one session, and a
//! form that is sent twice asks once.

use bridge_model::{Event, Timestamp};

use super::keys::{Everything, Hash};
pub use super::page_records::{AskedOnPage, SESSION_MS, Visit};
use super::tables::VISITS;
use super::txn::Txn;
use super::{Accepted, CodeHash, Store, StoreError, accept, keys};
use crate::order::Batch;

/// How long a link can be opened.
pub const LINK_MS: i64 = 15 * 60 * 1000;
/// How long what is over is told apart from what never was.
const KEPT_MS: i64 = 24 * 3600 * 1000;

/// What becomes of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It begins a session of this Matrix id.
    Welcome(String),
    /// It was opened before.
    Used,
    /// It is too late.
    Late,
    /// There is no such link.
    Unknown,
}

/// What a command changes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitChange {
    /// Somebody gets a link: its hash, and their Matrix id.
    Invite(CodeHash, String),
    /// The bot answered what was asked on a page under this key: what it said, and in which language.
    Answered(Hash, String, String),
}

impl Store {
    /// What opening a link would do; nothing is used up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn link_state(&self, link: CodeHash, now: Timestamp) -> Result<Opened, StoreError> {
        self.read(move |tx| opened(tx, link, now)).await
    }

    /// Opens a link: it is used up, and the session begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_link(
        &self,
        link: CodeHash,
        session: CodeHash,
        now: Timestamp,
    ) -> Result<Opened, StoreError> {
        self.write_at(now, move |tx| {
            let opened = opened(tx, link, now)?;
            if let Opened::Welcome(mxid) = &opened {
                let until = Timestamp(now.0.saturating_add(SESSION_MS));
                let used = Visit::Link { mxid: mxid.clone(), until: now, used: true };
                tx.put(&VISITS, &link, &used)?;
                tx.put(&VISITS, &session, &Visit::Session { mxid: mxid.clone(), until })?;
            }
            Ok(opened)
        })
        .await
    }

    /// Whose session it is, while it lasts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn visitor(
        &self,
        session: CodeHash,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        self.read(move |tx| {
            Ok(match tx.get(&VISITS, &session)? {
                Some(Visit::Session { mxid, until }) if until > now => Some(mxid),
                Some(Visit::Session { .. } | Visit::Link { .. } | Visit::Asked(_)) | None => None,
            })
        })
        .await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(&self, session: CodeHash) -> Result<(), StoreError> {
        self.write(move |tx| {
            if let Some(Visit::Session { .. }) = tx.get(&VISITS, &session)? {
                tx.delete(&VISITS, &session);
            }
            Ok(())
        })
        .await
    }

    /// Hands a command over as if it had been typed in the room of a portal. Under one key that happens
    /// once; `None` where nobody is answered in that room.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask_on_page(
        &self,
        key: Hash,
        asked: AskedOnPage,
        event: Event,
    ) -> Result<Option<Accepted>, StoreError> {
        self.write_at(asked.at, move |tx| {
            if tx.get(&VISITS, &key)?.is_some() {
                return Ok(Some(Accepted::default()));
            }
            let network = event.place.network.clone();
            let accepted =
                accept::accept(tx, Batch { network, marks: Vec::new(), events: vec![event] })?;
            if accepted.dropped > 0 {
                return Ok(None);
            }
            tx.put(&VISITS, &key, &Visit::Asked(Box::new(asked)))?;
            Ok(Some(accepted))
        })
        .await
    }

    /// What was asked on a page under a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn asked_on_page(&self, key: Hash) -> Result<Option<AskedOnPage>, StoreError> {
        self.read(move |tx| {
            Ok(match tx.get(&VISITS, &key)? {
                Some(Visit::Asked(asked)) => Some(*asked),
                Some(Visit::Link { .. } | Visit::Session { .. }) | None => None,
            })
        })
        .await
    }
}

fn opened(tx: &Txn<'_>, link: CodeHash, now: Timestamp) -> Result<Opened, StoreError> {
    Ok(match tx.get(&VISITS, &link)? {
        Some(Visit::Link { used: true, .. }) => Opened::Used,
        Some(Visit::Link { until, .. }) if until <= now => Opened::Late,
        Some(Visit::Link { mxid, .. }) => Opened::Welcome(mxid),
        Some(Visit::Session { .. } | Visit::Asked(_)) | None => Opened::Unknown,
    })
}

/// Changes what is known of visits.
///
/// # Errors
/// [`StoreError`].
pub fn change(tx: &mut Txn<'_>, change: VisitChange) -> Result<(), StoreError> {
    match change {
        VisitChange::Invite(link, mxid) => {
            let until = Timestamp(tx.now.0.saturating_add(LINK_MS));
            tx.put(&VISITS, &link, &Visit::Link { mxid, until, used: false })
        }
        VisitChange::Answered(key, said, language) => {
            // Whoever asked may have been forgotten meanwhile.
            let Some(Visit::Asked(mut asked)) = tx.get(&VISITS, &key)? else { return Ok(()) };
            asked.answer = Some((said, language));
            tx.put(&VISITS, &key, &Visit::Asked(asked))
        }
    }
}

/// Drops what was over a day before `now`; how many rows went.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let limit = Timestamp(now.0.saturating_sub(KEPT_MS));
    tx.clear_if(&VISITS, &Everything, |visit| visit.until() < limit)
}

/// What is stored of the secret in a link.
pub fn link_hash(secret: &str) -> CodeHash {
    keys::hash(&["dashboard link", secret])
}

/// What is stored of the secret of a session.
pub fn session_hash(secret: &str) -> CodeHash {
    keys::hash(&["dashboard session", secret])
}

/// The key of what was asked with a form that has this number.
pub fn asked_hash(number: &str) -> Hash {
    keys::hash(&["asked on a page", number])
}
