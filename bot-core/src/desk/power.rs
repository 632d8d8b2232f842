// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who decides over the way of a community: the admins of its Matrix room.
//!
//! Rule: admins are counted as people. Whoever claimed an account speaks with it as the person that
//! they are on Matrix, so nobody has two voices.

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
        let Some(mxid) = self.on_matrix(call).await? else { return Ok(false) };
        Ok(self.matrix.admins(&portal.room.chat).await?.contains(&mxid))
    }

    /// The mark of the caller's voice.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn voice(&self, call: &Call<'_>) -> Result<[u8; 16], DeskError> {
        let own = || voice(call.place.network.as_str(), call.command.by.user.as_str());
        Ok(self.on_matrix(call).await?.map_or_else(own, |mxid| voice(MATRIX, &mxid)))
    }

    /// The account on Matrix of whoever types.
    async fn on_matrix(&self, call: &Call<'_>) -> Result<Option<String>, DeskError> {
        if call.is_on_matrix() {
            return Ok(Some(call.command.by.user.as_str().to_owned()));
        }
        Ok(self.store.claim(&call.person()).await?.map(|claim| claim.mxid))
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
