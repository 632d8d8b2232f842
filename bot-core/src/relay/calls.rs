// SPDX-License-Identifier: AGPL-3.0-or-later
//! Mentions of quiet accounts, and replies to them, that are told to their owners in private.
//!
//! Rule: only what was delivered is told, and only once: by the lane of the room, or for what was said
//! there by the lane of the chat in which the account is.

use std::sync::PoisonError;

use bridge_model::{Author, Content, Person, Place};

use super::Delivery;
use super::lookup::unread;
use crate::lane::{Relayed, Speaker};
use crate::moving::QuietMention;
use crate::network::MATRIX;
use crate::order::{DeliverError, Receipt};
use crate::store::calls::CallChange;
use crate::store::{Change, Tie};

impl Delivery<'_> {
    /// What is to be told of the message that was just delivered.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn quiet_calls(&self, receipt: &Receipt) -> Result<Vec<Change>, DeliverError> {
        let called = self.called.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(relayed) = self.head.entry.work.relayed() else { return Ok(Vec::new()) };
        let Relayed { event, speaker: Speaker::Author, .. } = relayed else {
            return Ok(Vec::new());
        };
        let Content::Posted(message) = &event.content else { return Ok(Vec::new()) };
        if receipt.parts.is_empty() || event.late {
            return Ok(Vec::new());
        }
        let mut changes = Vec::new();
        for person in called {
            let Some(account) = self.account_called(&event.place, person).await? else { continue };
            let Some(call) = self.call((&event.place, &message.author), account, receipt).await?
            else {
                continue;
            };
            let by = Person::new(event.place.network.clone(), message.author.user.clone());
            changes.push(Change::Call(Box::new(CallChange::Called(by, call))));
        }
        Ok(changes)
    }

    /// The account on another network that is called, where this lane is the one that tells of it.
    async fn account_called(
        &self,
        from: &Place,
        person: Person,
    ) -> Result<Option<Person>, DeliverError> {
        let lane = &self.head.entry.lane.network;
        let account = if person.network.as_str() == MATRIX {
            let ghosts = &self.relay.lookup.ghosts;
            let Some(localpart) = ghosts.localpart_of(person.user.as_str()) else {
                return Ok(None);
            };
            self.relay.store.person_behind(localpart).await.map_err(unread)?
        } else {
            Some(person)
        };
        let tells = |account: &Person| {
            lane.as_str() == MATRIX || (from.network.as_str() == MATRIX && account.network == *lane)
        };
        Ok(account.filter(tells))
    }

    async fn call(
        &self,
        (from, author): (&Place, &Author),
        account: Person,
        receipt: &Receipt,
    ) -> Result<Option<QuietMention>, DeliverError> {
        let store = &self.relay.store;
        let claim = store.claim(&account).await.map_err(unread)?;
        let Some(claim) = claim.filter(|claim| claim.tie() == Tie::Quiet) else { return Ok(None) };
        let by = Person::new(from.network.clone(), author.user.clone());
        let own = by == claim.on_matrix() || by == account;
        let other = store.claim(&by).await.map_err(unread)?;
        if own || other.is_some_and(|other| other.mxid == claim.mxid) {
            return Ok(None);
        }
        let entry = &self.head.entry;
        let (room, message) = match (from.network.as_str(), entry.work.message()) {
            (MATRIX, Some((_, message))) => (from, Some(message)),
            _ => (&entry.lane, receipt.parts.first().map(|part| &part.id)),
        };
        let matrix = self.relay.networks.get(&room.network);
        let link = matrix.zip(message).and_then(|(it, message)| it.link_to(&room.chat, message));
        let shown = self.identities().shown_name(Some(&by), &author.name);
        Ok(link.map(|link| QuietMention {
            account,
            mxid: claim.mxid,
            room: room.clone(),
            by: shown,
            from: from.clone(),
            link,
        }))
    }
}
