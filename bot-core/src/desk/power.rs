// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who decides over the way of a community: the admins of its Matrix room.
//!
//! Rule: admins are counted as people. Whoever openly claimed an account speaks with it as the person
//! that they are on Matrix. A quiet account is one of the legacy side, beside which decides nothing: what
//! it may do would tell whose it is.

use std::sync::Arc;

use super::call::Call;
use super::outcome::DeskError;
use crate::homeserver::Rooms;
use crate::migration::Migration;
use crate::network::MATRIX;
use crate::portal::Portal;
use crate::store::{Store, keys};

/// Tells admins of the Matrix room from others.
#[derive(Clone)]
pub(super) struct RoomPower {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
}

/// Who agreed to a step.
pub(super) struct Approvals {
    /// Admins of the room, each once.
    pub(super) counted: usize,
    /// Others.
    pub(super) beside: usize,
}

impl RoomPower {
    /// Whether the caller is an admin of the room, on whichever side they type.
    ///
    /// # Errors
    /// When the homeserver or the store does not answer.
    pub(super) async fn is_admin(
        &self,
        call: &Call<'_>,
        portal: &Portal,
    ) -> Result<bool, DeskError> {
        let known = self.store.known_on_matrix(&call.person()).await?;
        let Some(person) = known else { return Ok(false) };
        let admins = self.matrix.admins(&portal.room.chat).await?;
        Ok(admins.iter().any(|admin| admin == person.user.as_str()))
    }

    /// The mark of the caller's voice.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn voice(&self, call: &Call<'_>) -> Result<[u8; 16], DeskError> {
        let own = call.person();
        let person = self.store.known_on_matrix(&own).await?.unwrap_or(own);
        Ok(voice(person.network.as_str(), person.user.as_str()))
    }
}

/// How many of these admins agreed, and how many others.
pub(super) fn approvals(migration: &Migration, admins: &[String]) -> Approvals {
    let given = &migration.approvals;
    let counted = admins.iter().filter(|admin| given.contains(&voice(MATRIX, admin))).count();
    Approvals { counted, beside: given.len().saturating_sub(counted) }
}

fn voice(network: &str, user: &str) -> [u8; 16] {
    keys::hash(&["approval", network, user])
}
