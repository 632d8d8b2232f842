// SPDX-License-Identifier: AGPL-3.0-or-later
//! The community behind a portal: its chats, and how far it is on its way.
//!
//! Rule: both are read for one entry and belong together.

use crate::migration::Migration;
use crate::portal::Portal;
use crate::store::{Store, StoreError};

/// A portal and its migration.
pub(super) struct Community<'a> {
    /// The chats and their settings.
    pub(super) portal: &'a Portal,
    /// Steps, votes, exceptions.
    pub(super) migration: Migration,
}

impl<'a> Community<'a> {
    /// The same with one voice more for the next step.
    pub(super) fn agreed_by(self, voice: [u8; 16]) -> Self {
        let mut migration = self.migration;
        if !migration.approvals.contains(&voice) {
            migration.approvals.push(voice);
        }
        Self { migration, ..self }
    }

    pub(super) async fn of(store: &Store, portal: &'a Portal) -> Result<Self, StoreError> {
        Ok(Self { portal, migration: store.migration(portal.id).await? })
    }
}
