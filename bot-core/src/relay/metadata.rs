// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is done when a chat or a member looks different.
//!
//! Rule: a right that is missing is told to the room once, not at every change.

use bridge_model::{Author, ChatChange, Content, MemberChange, Place};

use super::Delivery;
use crate::i18n::{Arg, Key};
use crate::lane::{CORE, Entry, Work};
use crate::network::MATRIX;
use crate::order::{Action, DeliverError};
use crate::refusal::Refusal;
use crate::wording::label;

impl Delivery<'_> {
    /// The change of a chat, where the network has such a thing.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn set_chat(
        &self,
        lane: &Place,
        place: &Place,
        change: &ChatChange,
    ) -> Result<Option<Action>, DeliverError> {
        let Some(network) = self.relay.networks.get(&lane.network) else { return Ok(None) };
        let can = network.capabilities().chat;
        let can = match change {
            ChatChange::Name(_) => can.name,
            ChatChange::Topic(_) => can.topic,
            ChatChange::Avatar(_) => can.avatar,
            ChatChange::Emoji(pack) if can.emoji => {
                let pack = self.relay.lookup.emoji.pack(place, pack).await?;
                return Ok(Some(Action::SetChat { change: ChatChange::Emoji(pack) }));
            }
            ChatChange::Emoji(_) => false,
        };
        Ok(can.then(|| Action::SetChat { change: change.clone() }))
    }

    /// What the account that stands for a person does.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn member(
        &self,
        lane: &Place,
        place: &Place,
        (who, change): (&Author, MemberChange),
    ) -> Result<Option<Action>, DeliverError> {
        if lane.network.as_str() != MATRIX {
            return Ok(None);
        }
        Ok(match change {
            MemberChange::Joined => None,
            MemberChange::Left => {
                Some(Action::Withdraw { send_as: self.identities().of(place, who).await? })
            }
            MemberChange::Profile => {
                Some(Action::Refresh { send_as: self.identities().of(place, who).await? })
            }
        })
    }

    /// Tells the admins in the room, once for each chat, that it could not be made to look like
    /// the others, or that a notice could not be pinned.
    pub(super) fn tell_room(&self, reason: &Refusal) -> Option<(Place, Work)> {
        let Entry { lane, work, .. } = &self.head.entry;
        let event = work.event()?;
        if event.place.network.as_str() == CORE && matches!(event.content, Content::Pinned) {
            return self.tell_of_pins(reason);
        }
        let about_looks = matches!(
            event.content,
            Content::ChatChanged { .. } | Content::Pinned | Content::Unpinned
        );
        let pack =
            matches!(event.content, Content::ChatChanged { change: ChatChange::Emoji(_), .. });
        if !about_looks || pack || event.place.network.as_str() == CORE {
            return None;
        }
        let portal = self.head.portal.as_ref()?;
        let network = self.relay.networks.get(&portal.room.network)?;
        let stop = format!("{}set metadata nobody", network.command_prefix());
        let reason = self.wording.reason(&lane.network, reason);
        let args = [Arg::text(label(&lane.network)), Arg::text(reason), Arg::text(stop)];
        let text = self.wording.say(Key::MetadataRefused, &args);
        let message = self.wording.message(text, self.relay.clock.now());
        let key = format!("metadata-refused/{}", self.relay.pseudonyms.place(lane));
        let work = Work::say(&portal.room, Some(&key), message);
        Some((portal.room.clone(), work))
    }

    /// Which right the bot lacks to pin its notice in this chat, and who can give it. What a step
    /// pins the history of the step tells.
    fn tell_of_pins(&self, reason: &Refusal) -> Option<(Place, Work)> {
        let Entry { lane, work, .. } = &self.head.entry;
        let portal = self.head.portal.as_ref().filter(|_| work.completes().is_none())?;
        let lacking = if let Refusal::MissingRights(rights) = reason {
            let rights = rights.iter().map(|right| self.wording.right(right));
            rights.collect::<Vec<_>>().join(", ")
        } else {
            self.wording.reason(&lane.network, reason)
        };
        let args = [Arg::text(label(&lane.network)), Arg::text(lacking)];
        let text = self.wording.say(Key::PlanLacks.on(&lane.network), &args);
        let message = self.wording.message(text, self.relay.clock.now());
        let key = format!("pin-refused/{}", self.relay.pseudonyms.place(lane));
        Some((portal.room.clone(), Work::say(&portal.room, Some(&key), message)))
    }
}
