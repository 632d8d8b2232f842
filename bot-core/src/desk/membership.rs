// SPDX-License-Identifier: AGPL-3.0-or-later
//! How the core bot gets into chats and out of them: invitations, lost chats, replaced rooms.
//!
//! Rule: ghosts accept no invitations; losing a remote chat never harms the room.

use std::sync::Arc;

use bridge_model::{Place, UserId};
use bridge_policy::stage::Stage;

use super::allow::{Admission, leave_later};
use super::bridge_info::BridgeInfo;
use super::disclosure::{Disclosure, Posted};
use super::outcome::{DeskError, Outcome};
use super::pair::Pair;
use super::phrases::Phrases;
use super::topics::TopicRooms;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::network::AskError;
use crate::portal::{EndState, Portal};
use crate::store::{Change, Store};
use crate::wording::{Lines, label};

/// The core bot's membership of chats.
pub(super) struct Membership {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) admission: Admission,
    pub(super) bridge_info: BridgeInfo,
    pub(super) topics: TopicRooms,
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
        let notices = match self.store.portal_of(chat).await? {
            // It is back where it was removed.
            Some(portal) => {
                let migration = self.store.migration(portal.id).await?;
                self.disclosure.renewed(phrases, (&portal, &migration)).await?
            }
            None => Posted::default(),
        };
        let help = Arg::text(phrases.typed_on(&chat.network, "help"));
        let answer = phrases.say(Key::Hello, &[help]);
        let Posted { then, mut changes } = notices;
        changes.push(leave_later(chat, phrases.now));
        Ok(Outcome { then, ..Outcome::change(answer, changes) })
    }

    /// The bot is no longer in a chat; the room and its members stay.
    pub(super) async fn lost(
        &self,
        phrases: Phrases<'_>,
        chat: &Place,
        portal: Option<&Portal>,
    ) -> Result<Outcome, DeskError> {
        if let Some(outcome) = self.topics.room_lost(chat).await? {
            return Ok(outcome);
        }
        let Some(portal) = portal else { return Ok(Outcome::default()) };
        let migration = self.store.migration(portal.id).await?;
        if portal.room == *chat {
            // Nobody is left to be told in the room; those on the other side are.
            let mut outcome = Outcome::then(tell_ends(phrases, portal, Key::RoomLost, &[]));
            for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
                let pair = Pair::of(portal, &end.place);
                let about = (&migration, pair);
                let notices = self.disclosure.ended(phrases, about, pair.remote).await?;
                outcome.then.extend(notices.then);
                outcome.changes.extend(notices.changes);
            }
            return Ok(outcome);
        }
        let known =
            portal.ends.iter().any(|end| end.place == *chat && end.state == EndState::Active);
        // At the end the bot leaves by itself.
        if !known || portal.stage == Stage::Sunset {
            return Ok(Outcome::default());
        }
        let text = phrases.say(Key::Severed, &[Arg::text(label(&chat.network))]);
        let mut then = vec![phrases.message_in(&portal.room, text)];
        let about = (&migration, Pair::of(portal, chat));
        let notice = self.disclosure.ended(phrases, about, &portal.room).await?;
        then.extend(notice.then);
        let mut changes = vec![Change::Severed(chat.clone(), true)];
        changes.extend(notice.changes);
        Ok(Outcome { changes, ..Outcome::then(then) })
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
        Ok(Outcome::say(answer))
    }
}

/// The same sentence in each legacy chat of a portal.
fn tell_ends(phrases: Phrases<'_>, portal: &Portal, key: Key, args: &[Arg]) -> Vec<(Place, Work)> {
    let text = phrases.say(key, args);
    portal.ends.iter().map(|end| phrases.message_in(&end.place, text.clone())).collect()
}
