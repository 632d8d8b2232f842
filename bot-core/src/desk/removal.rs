// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people are told when the bot is removed from a chat, when it is let in again, and when it
//! cannot read a room.
//!
//! Rule: a sentence is true when it is said. The store has ended or begun relaying before
//! ([`crate::store::removal`]); where that has changed again meanwhile, nothing is said.

use bridge_model::{Place, UserId};
use bridge_policy::stage::Stage;

use super::membership::Membership;
use super::outcome::{DeskError, Outcome};
use super::pair::Pair;
use super::people;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, LaneState, Work};
use crate::network::AskError;
use crate::portal::{EndState, Portal, Silence, Threads};
use crate::store::Change;
use crate::store::silence::LAST_WORD;
use crate::store::topics::{TopicChange, TopicState};
use crate::wording::label;

impl Membership {
    /// The bot is no longer in a chat; the room and its members stay.
    pub(super) async fn lost(
        &self,
        phrases: Phrases<'_>,
        chat: &Place,
        portal: Option<&Portal>,
    ) -> Result<Outcome, DeskError> {
        if let Some(topic) = self.store.topic_of_room(chat).await? {
            // Nobody speaks there through the bridge any more.
            let owner = self.store.portals().await?.into_iter().find(|it| it.id == topic.portal);
            let Some(owner) = owner else { return Ok(Outcome::default()) };
            return Ok(Outcome::then(self.ghosts_leave(&owner, chat).await?));
        }
        let removed = |it: &&Portal| it.silence_at(chat) == Some(Silence::Removed);
        let Some(portal) = portal.filter(removed) else { return Ok(Outcome::default()) };
        if portal.room == *chat {
            let told = |_: &Place| Outcome::say(phrases.say(Key::RoomLost, &[]));
            return self.room_is_silent(phrases, portal, told).await;
        }
        let migration = self.store.migration(portal.id).await?;
        let text = phrases.say(Key::Severed, &[Arg::text(label(&chat.network))]);
        let mut then = vec![phrases.message_in(&portal.room, text)];
        let about = (&migration, Pair::of(portal, chat));
        let notice = self.disclosure.ended(phrases, about, &portal.room).await?;
        then.extend(notice.then);
        Ok(Outcome { changes: notice.changes, ..Outcome::then(then) })
    }

    /// Those on the other sides are told, their notices end, and the accounts for their people leave
    /// the room: whoever is shown as a member would be thought to read along.
    async fn room_is_silent(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
        told: impl Fn(&Place) -> Outcome,
    ) -> Result<Outcome, DeskError> {
        let migration = self.store.migration(portal.id).await?;
        let mut outcome = Outcome::default();
        for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
            let told = told(&end.place);
            outcome.then.push(phrases.answer_in(&end.place, Answer::default(), &told));
            let pair = Pair::of(portal, &end.place);
            let notices = self.disclosure.ended(phrases, (&migration, pair), pair.remote).await?;
            outcome.then.extend(notices.then);
            outcome.changes.extend(notices.changes);
        }
        outcome.then.extend(self.ghosts_leave(portal, &portal.room).await?);
        Ok(outcome)
    }

    async fn ghosts_leave(
        &self,
        portal: &Portal,
        room: &Place,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        let leaving = people::withdrawals_from(&self.store, portal, (room, None)).await?;
        Ok(leaving.into_iter().map(|(room, relayed)| (room, relayed.into())).collect())
    }

    /// The bot is in a remote chat again, from which it was removed.
    pub(super) fn returned(phrases: Phrases<'_>, chat: &Place, portal: Option<&Portal>) -> Outcome {
        let crosses =
            |it: &&Portal| it.relaying && it.silence.is_none() && it.silence_at(chat).is_none();
        let Some(portal) = portal.filter(crosses) else { return Outcome::default() };
        if portal.room == *chat {
            // Encrypted rooms are allowed now; nobody let the bot in.
            let Outcome { answer, then, .. } = Self::room_returned(phrases, portal);
            return Outcome { then, ..Outcome::say(answer) };
        }
        let there = phrases.say(Key::ChatBack, &[Arg::text(label(&chat.network))]);
        let here = phrases.say(Key::ChatBackHere, &[]);
        Outcome::then(vec![phrases.message_in(&portal.room, there), phrases.message_in(chat, here)])
    }

    /// The bot is in the room of a topic again, from which it was removed; `None` for other rooms, and
    /// where topics have no rooms any more.
    pub(super) async fn topic_returned(
        &self,
        phrases: Phrases<'_>,
        room: &Place,
    ) -> Result<Option<Outcome>, DeskError> {
        let topic = self.store.topic_of_room(room).await?;
        let Some(topic) = topic.filter(|it| it.state == TopicState::Declined) else {
            return Ok(None);
        };
        let owner = self.store.portals().await?.into_iter().find(|it| it.id == topic.portal);
        let shared = |it: &Portal| it.settings.threads == Threads::Rooms && it.silence.is_none();
        if !owner.as_ref().is_some_and(shared) {
            return Ok(None);
        }
        let network = Arg::text(label(&topic.end.network));
        let again = TopicChange::Again(topic.end, topic.root);
        let answer = phrases.say(Key::RoomBack, &[network]);
        Ok(Some(Outcome::change(answer, vec![Change::Topic(again)])))
    }

    /// The bot is in the room of a portal again, from which it was removed.
    pub(super) fn room_returned(phrases: Phrases<'_>, portal: &Portal) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.changes.push(Change::Returned(portal.room.clone()));
        if !portal.relaying {
            return outcome;
        }
        let active = || portal.ends.iter().filter(|end| end.state == EndState::Active);
        let networks: Vec<String> = active().map(|end| label(&end.place.network)).collect();
        let networks = Arg::text(networks.join(", "));
        outcome.answer = phrases.say(Key::RoomBack, &[networks]);
        let there = phrases.say(Key::RoomBackRemote, &[]);
        let told = active().map(|end| phrases.message_in(&end.place, there.clone()));
        outcome.then.extend(told);
        outcome
    }

    /// A room is encrypted, and the bridge takes no part in encrypted rooms: one line there, in clear,
    /// that holds nothing private, and one in each chat that was shared with it.
    pub(super) async fn encrypted(
        &self,
        phrases: Phrases<'_>,
        room: &Place,
        portal: Option<&Portal>,
    ) -> Result<Outcome, DeskError> {
        let say = |name: &str, key: Key, args: &[Arg]| {
            let name = format!("{LAST_WORD}{name}");
            let message = phrases.message(phrases.say(key, args));
            (room.clone(), Work::say(room, Some(&name), message))
        };
        let Some(portal) = portal else {
            let bot = Arg::text(self.matrix.bot());
            return Ok(Outcome::then(vec![say("private", Key::EncryptedHere, &[bot])]));
        };
        if portal.silence_at(room) != Some(Silence::Encrypted) {
            return Ok(Outcome::default());
        }
        let networks: Vec<String> =
            portal.ends.iter().map(|end| label(&end.place.network)).collect();
        let networks = Arg::text(networks.join(", "));
        let name = format!("{}/{}", portal.id.0, phrases.now.0);
        let told = |_: &Place| Outcome::say(phrases.say(Key::RoomEncryptedRemote, &[]));
        let mut outcome = self.room_is_silent(phrases, portal, told).await?;
        outcome.then.insert(0, say(&name, Key::RoomEncrypted, &[networks]));
        Ok(outcome)
    }

    /// Everybody can read a room, or no longer: what that means, in each chat that is shared with it.
    pub(super) async fn readers_changed(
        &self,
        phrases: Phrases<'_>,
        room: &Place,
        portal: Option<&Portal>,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = portal else { return Ok(Outcome::default()) };
        if portal.room != *room {
            return self.lost(phrases, room, Some(portal)).await;
        }
        let active = || portal.ends.iter().filter(|end| end.state == EndState::Active);
        let networks: Vec<String> = active().map(|end| label(&end.place.network)).collect();
        let networks = Arg::text(networks.join(", "));
        match portal.silence {
            Some(Silence::Removed | Silence::Encrypted) => Ok(Outcome::default()),
            Some(Silence::Public) => {
                let asked = |place: &Place, key: Key, args: &[Arg]| {
                    let typed = Arg::text(phrases.typed_on(&place.network, AGREE));
                    let text = phrases.say(key, &[args, &[typed]].concat());
                    Outcome::say(text).with([phrases.button(Key::ButtonAgree, AGREE)])
                };
                let told = |place: &Place| asked(place, Key::RoomPublicRemote, &[]);
                let mut outcome = self.room_is_silent(phrases, portal, told).await?;
                let here = asked(room, Key::RoomPublic, &[networks]);
                outcome.then.insert(0, phrases.answer_in(room, Answer::default(), &here));
                Ok(outcome)
            }
            None => {
                let migration = self.store.migration(portal.id).await?;
                let notices = self.disclosure.renewed(phrases, (portal, &migration)).await?;
                let mut outcome = Outcome { changes: notices.changes, ..Outcome::default() };
                // At other stages nothing was shared before, and what begins is said then.
                if portal.relaying {
                    outcome.answer = phrases.say(Key::RoomPublicOver, &[networks]);
                    let there = phrases.say(Key::RoomPublicOverRemote, &[]);
                    let told = active().map(|end| phrases.message_in(&end.place, there.clone()));
                    outcome.then.extend(told);
                }
                outcome.then.extend(notices.then);
                Ok(outcome)
            }
        }
    }
}

/// What is typed to agree that everybody reads along.
pub(super) const AGREE: &str = "set readers everybody";

impl Membership {
    /// Compares what is known of the rooms of all portals with what the homeserver says: the bot may
    /// have been removed, or a room encrypted, while nothing ran and the news was lost; and encrypted
    /// rooms may be allowed now. The lanes that got entries.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub(super) async fn watch_rooms(&self) -> Result<Vec<LaneState>, DeskError> {
        let (joined, mut told) = (self.matrix.joined().await?, Vec::new());
        for portal in self.store.portals().await? {
            let room = &portal.room;
            if portal.stage == Stage::Sunset || portal.silence == Some(Silence::Removed) {
                continue;
            }
            if !joined.contains(&room.chat) {
                // One answer may be wrong, and ghosts would leave because of it.
                if !self.is_member(room).await? {
                    told.extend(self.store.note_removed(room).await?);
                }
                continue;
            }
            let everybody = self.matrix.is_public(&room.chat).await?;
            told.extend(self.store.note_readers(room, everybody).await?);
            match (self.matrix.is_unreadable(&room.chat).await?, portal.silence) {
                (true, None | Some(Silence::Public)) => {
                    told.extend(self.store.note_encrypted(room).await?)
                }
                (false, Some(Silence::Encrypted)) => {
                    told.extend(self.store.note_readable(room).await?);
                }
                (true, Some(_)) | (false, _) => {}
            }
        }
        Ok(told)
    }

    async fn is_member(&self, room: &Place) -> Result<bool, DeskError> {
        let Some(network) = self.admission.networks.get(&room.network) else { return Ok(true) };
        match network.rights(&room.chat, &UserId::from(self.matrix.bot())).await {
            Ok(rights) => Ok(rights.member),
            Err(AskError::Refused(_)) => Ok(false),
            Err(error @ AskError::Retry { .. }) => Err(error.into()),
        }
    }
}
