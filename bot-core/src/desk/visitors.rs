// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who may see what of the dashboard: those who run the bridge see every portal that is listed, others
//! those of whose rooms they are admins.
//!
//! Rule: the power in a room is asked of the homeserver each time, as it is for a step of the way. A
//! group at risk is there for nobody.

use std::sync::Arc;

use super::outcome::DeskError;
use crate::homeserver::Rooms;
use crate::network::AskError;
use crate::portal::{Portal, PortalId};
use crate::store::Store;

/// Tells who may see what.
#[derive(Clone)]
pub(super) struct Visitors {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    /// Matrix ids of those who run the bridge.
    pub(super) operators: Vec<String>,
}

impl Visitors {
    pub(super) fn is_operator(&self, mxid: &str) -> bool {
        self.operators.iter().any(|operator| operator == mxid)
    }

    /// Whether somebody is an admin of the room of a portal now. Of a room that the bot is not in,
    /// nobody is.
    pub(super) async fn is_admin(&self, mxid: &str, portal: &Portal) -> Result<bool, DeskError> {
        match self.matrix.admins(&portal.room.chat).await {
            Ok(admins) => Ok(admins.iter().any(|admin| admin == mxid)),
            Err(AskError::Refused(_)) => Ok(false),
            Err(error @ AskError::Retry { .. }) => Err(error.into()),
        }
    }

    /// A portal, for those who may see it.
    pub(super) async fn portal(
        &self,
        mxid: &str,
        number: PortalId,
    ) -> Result<Option<Portal>, DeskError> {
        let portals = self.store.portals().await?;
        let Some(portal) = portals.into_iter().find(|it| it.id == number && it.is_listed()) else {
            return Ok(None);
        };
        let may = self.is_operator(mxid) || self.is_admin(mxid, &portal).await?;
        Ok(Some(portal).filter(|_| may))
    }

    /// All portals that somebody may see, by number.
    pub(super) async fn portals(&self, mxid: &str) -> Result<Vec<Portal>, DeskError> {
        let mut seen = Vec::new();
        for portal in self.store.portals().await?.into_iter().filter(Portal::is_listed) {
            if self.is_operator(mxid) || self.is_admin(mxid, &portal).await? {
                seen.push(portal);
            }
        }
        seen.sort_by_key(|portal| portal.id);
        Ok(seen)
    }
}
