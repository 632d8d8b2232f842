// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the core bot gets into chats and out of them: invitations, lost chats, replaced rooms.
//!
//! Rule: ghosts accept no invitations; losing a remote chat never harms the room.

use std::sync::Arc;

use bridge_model::{Place, UserId};

use super::allow::{Admission, leave_later};
use super::bridge_info::BridgeInfo;
use super::disclosure::{Disclosure, Posted};
use super::outcome::{DeskError, Outcome};
use super::pair::Pair;
use super::phrases::Phrases;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::network::AskError;
use crate::portal::{Portal, Silence};
use crate::store::{Change, Store};
use crate::wording::{Lines, label};

/// The core bot's membership of chats.
pub(super) struct Membership {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) admission: Admission,
    pub(super) bridge_info: BridgeInfo,
    pub(super) store: Arc<Store>,
    pub(super) disclosure: Disclosure,
}

impl Membership {
    /// The core bot joins and introduces itself, where whoever invites it may; a ghost declines.
    pub(super) async fn invited(
        &self,
        phrases: Phrases<'_>,
        chat: &Place,
        (by, whom): (&UserId, &UserId),
    ) -> Result<Outcome, DeskError> {
        if whom.as_str() != self.matrix.bot() {
            let reason = phrases.plain(Key::GhostDeclines, &[]);
            self.matrix.decline(&chat.chat, whom, reason).await?;
            return Ok(Outcome::default());
        }
        if !self.admission.may_invite(by).await? {
            let reason = self.admission.not_welcome(phrases);
            self.matrix.decline(&chat.chat, whom, reason).await?;
            return Ok(Outcome::default());
        }
        self.matrix.join(&chat.chat).await?;
        let mut outcome = Outcome::default();
        let mut notices = Posted::default();
        let portal = self.store.portal_of(chat).await?;
        let encrypted = self.matrix.is_unreadable(&chat.chat).await?;
        if let Some(portal) = portal.filter(|portal| portal.room == *chat) {
            if portal.silence == Some(Silence::Removed) {
                outcome = Self::room_returned(phrases, &portal);
            }
            if !encrypted {
                let migration = self.store.migration(portal.id).await?;
                notices = self.disclosure.renewed(phrases, (&portal, &migration)).await?;
            }
        }
        if !encrypted && let Some(topic) = self.topic_returned(phrases, chat).await? {
            outcome = topic;
        }
        if encrypted {
            // The line in which it says so is the only one.
            let back = outcome.changes;
            let known = back.into_iter().chain([Change::Encrypted(chat.clone())]).collect();
            outcome = Outcome { changes: known, ..Outcome::default() };
        } else if outcome.answer.is_empty() {
            let help = Arg::text(phrases.typed_on(&chat.network, "help"));
            outcome.answer = phrases.say(Key::Hello, &[help]);
        }
        outcome.then.extend(notices.then);
        outcome.changes.extend(notices.changes);
        outcome.changes.push(leave_later(chat, phrases.now));
        outcome.changes.push(self.readers(chat).await?);
        Ok(outcome)
    }

    /// A chat was replaced by another one, which is in the portal already.
    pub(super) async fn moved(
        &self,
        phrases: Phrases<'_>,
        chat: &Place,
        portal: &Portal,
    ) -> Result<Outcome, DeskError> {
        if portal.room == *chat {
            return self.room_moved(phrases, portal).await;
        }
        let text = phrases.say(Key::Moved, &[Arg::text(label(&chat.network))]);
        Ok(Outcome::then(vec![phrases.message_in(&portal.room, text)]))
    }

    /// The room of a portal was replaced by a new one, which is the portal's room already: the
    /// core bot goes there. Ghosts follow when they speak.
    async fn room_moved(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<Outcome, DeskError> {
        let room = &portal.room;
        match self.matrix.join(&room.chat).await {
            Ok(()) => {}
            Err(AskError::Refused(reason)) => {
                let reason = phrases.reason(&room.network, &reason);
                let told = tell_ends(phrases, portal, Key::RoomMovedAway, &[reason]);
                return Ok(Outcome::then(told));
            }
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        }
        if self.matrix.is_unreadable(&room.chat).await? {
            let changes = vec![Change::Encrypted(room.clone())];
            return Ok(Outcome { changes, ..Outcome::default() });
        }
        let readers = self.readers(room).await?;
        let networks: Vec<String> =
            portal.ends.iter().map(|end| label(&end.place.network)).collect();
        let mut answer = phrases.say(Key::RoomMoved, &[Arg::text(networks.join(", "))]);
        let mut missing = None;
        for end in &portal.ends {
            let (pair, title) = (Pair::of(portal, &end.place), end.title.as_deref());
            let set = self.bridge_info.announce_bridge(phrases, pair, title).await;
            missing = missing.or(set.err());
        }
        if let Some(missing) = missing {
            answer = answer.join_line(missing);
        }
        Ok(Outcome::change(answer, vec![readers]))
    }

    /// Who may read a room, as its homeserver says.
    async fn readers(&self, room: &Place) -> Result<Change, DeskError> {
        Ok(Change::Readers(room.clone(), self.matrix.is_public(&room.chat).await?))
    }
}

/// The same sentence in each legacy chat of a portal.
fn tell_ends(phrases: Phrases<'_>, portal: &Portal, key: Key, args: &[Arg]) -> Vec<(Place, Work)> {
    let text = phrases.say(key, args);
    portal.ends.iter().map(|end| phrases.message_in(&end.place, text.clone())).collect()
}
