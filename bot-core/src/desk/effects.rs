// SPDX-License-Identifier: AGPL-3.0-or-later
//! Carries out the effects of a step, as far as the core does it, and hands the rest to the lanes
//! of the chats.
//!
//! Rule: what an effect leads to and its mark are one settlement; so each is begun once.

use bridge_model::{
    Author, AuthorKind, Content, Event, MemberChange, MessageId, Person, Place, RichText,
};
use bridge_policy::stage::{Effect, Stage};

use super::{Desk, DeskError, Outcome, notice};
use crate::i18n::{Arg, Key};
use crate::lane::{Relayed, Speaker, Work};
use crate::migration::{Migration, Move, Tag, Task};
use crate::network::AskError;
use crate::portal::{EndState, Owner, Portal, Setting};
use crate::refusal::Refusal;
use crate::store::Change;
use crate::store::migration::text_name;
use crate::wording::{Lines, label};

/// The language that strangers read.
const ENGLISH: &str = "en";

impl Desk {
    /// Begins an effect.
    pub(super) async fn effect(&self, room: &Place, tag: &Tag) -> Result<Outcome, DeskError> {
        let migration = self.store.migration(tag.portal).await?;
        let portal = self.store.portal_of(room).await?.filter(|portal| portal.id == tag.portal);
        let (Some(portal), Some(planned)) = (portal, migration.planned(tag)) else {
            return Ok(Outcome::default());
        };
        let place = planned.place.clone();
        match tag.effect {
            Effect::PinText(stage) => {
                self.pin_text((&portal, &migration), (&place, stage), tag).await
            }
            Effect::UnpinText => Ok(unpin(&place, &migration, tag)),
            Effect::RelayOn => Ok(self.relaying_begins(&portal, tag).await),
            Effect::RelayOff => Ok(at_once(tag, [Move::Relaying(portal.room, false)], None)),
            Effect::MatrixDecides => self.decides(portal, Owner::Matrix, tag).await,
            Effect::OwnerAsBefore => {
                let owner = migration.owner_before.unwrap_or(Owner::Nobody);
                self.decides(portal, owner, tag).await
            }
            Effect::RecordAccess => self.record_access(&place, tag).await,
            Effect::CloseAccess | Effect::RestoreAccess | Effect::LeaveLegacy => {
                let work = Work::Task(Task::Effect(*tag));
                Ok(Outcome { then: vec![(place, work)], ..Outcome::default() })
            }
            Effect::WithdrawGhosts => self.withdraw_ghosts(&portal, tag).await,
            Effect::Erase => Ok(erase(&portal, tag)),
        }
    }

    /// What a platform refused while the effect was begun.
    pub(super) fn effect_refused(tag: &Tag, reason: Refusal) -> Outcome {
        let refused = Move::Effected(*tag, Err(reason));
        Outcome { changes: vec![Change::Move(Box::new(refused))], ..Outcome::default() }
    }

    /// Posts the text of a stage and pins it in the place of the one before.
    async fn pin_text(
        &self,
        (portal, migration): (&Portal, &Migration),
        (place, stage): (&Place, Stage),
        tag: &Tag,
    ) -> Result<Outcome, DeskError> {
        let key = text_name(tag.step);
        let text = self.stage_text(&portal.room, place, stage);
        let text = self.notice(place, stage, text).await;
        let mut then = vec![self.once(place, &key, text).await?];
        if let Some(old) = migration.text.as_ref().filter(|old| **old != key) {
            then.push((place.clone(), notice::about(place, old, Content::Unpinned).into()));
        }
        let pin = notice::about(place, &key, Content::Pinned);
        then.push((place.clone(), Relayed { completes: Some(*tag), ..pin }.into()));
        Ok(Outcome { then, ..Outcome::default() })
    }

    /// What stands on the legacy side in a stage.
    pub(super) fn stage_text(&self, room: &Place, place: &Place, stage: Stage) -> RichText {
        let key = match stage {
            Stage::Inventory => Key::StageTextInventory,
            Stage::Announced => Key::StageTextAnnounced,
            Stage::Bridged => Key::Disclosure.on(&place.network),
            Stage::MatrixFirst => Key::StageTextMatrixFirst,
            Stage::ReadOnly => Key::StageTextReadOnly,
            Stage::Sunset => Key::StageTextSunset,
        };
        let opt_out = self.typed_on(&place.network, "unlink");
        let privacy = self.typed_on(&place.network, "privacy");
        let args = [
            Arg::url(self.join_link(&room.chat)),
            Arg::text(opt_out),
            Arg::text(privacy),
            Arg::text(label(&place.network)),
            Arg::text(self.typed_on(&place.network, "matrix")),
        ];
        let text = self.wording.say(key, &args);
        if self.wording.language() == ENGLISH || stage == Stage::Sunset {
            return text;
        }
        let [room, _, privacy, _, matrix] = args;
        text.join_line(self.wording.speaking(ENGLISH).say(Key::InEnglish, &[room, matrix, privacy]))
    }

    /// Messages cross from now on, and what the chats look like is handed over for the first time.
    async fn relaying_begins(&self, portal: &Portal, tag: &Tag) -> Outcome {
        let mut then = self.appearance(portal, Owner::Nobody).await;
        for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
            then.extend(self.packs_for(&end.place, &portal.room).await);
        }
        let outcome = at_once(tag, [Move::Relaying(portal.room.clone(), true)], None);
        Outcome { then, ..outcome }
    }

    async fn decides(
        &self,
        mut portal: Portal,
        owner: Owner,
        tag: &Tag,
    ) -> Result<Outcome, DeskError> {
        let before = std::mem::replace(&mut portal.settings.metadata, owner);
        let then = self.appearance(&portal, before).await;
        let set = Change::Set(portal.room.clone(), Setting::Metadata(owner));
        let mut outcome = at_once(tag, [], None);
        outcome.changes.insert(0, set);
        outcome.then = then;
        Ok(outcome)
    }

    async fn record_access(&self, place: &Place, tag: &Tag) -> Result<Outcome, DeskError> {
        let Some(network) = self.networks.get(&place.network) else {
            return Ok(Self::effect_refused(tag, Refusal::NotConfigured));
        };
        match network.access(&place.chat).await {
            Ok(Some(access)) => Ok(at_once(tag, [Move::Access(place.clone(), access)], None)),
            Ok(None) => Ok(Self::effect_refused(tag, Refusal::AccessFixed)),
            Err(AskError::Refused(reason)) => Ok(Self::effect_refused(tag, reason)),
            Err(error @ AskError::Retry { .. }) => Err(error.into()),
        }
    }

    /// One entry for each ghost; the last one ends the effect.
    async fn withdraw_ghosts(&self, portal: &Portal, tag: &Tag) -> Result<Outcome, DeskError> {
        let topics = self.store.topics(portal.id).await?.into_iter();
        let mut all = Vec::new();
        // The main room is the last, so that its entry is.
        for room in topics.map(|topic| topic.room).chain([portal.room.clone()]) {
            let mut people = self.store.ghosts_in(&room).await?;
            people.sort_by(|a, b| (&a.network, &a.user).cmp(&(&b.network, &b.user)));
            all.extend(people.iter().map(|person| (room.clone(), withdraw(portal, person))));
        }
        let Some((_, last)) = all.last_mut() else { return Ok(at_once(tag, [], None)) };
        last.completes = Some(*tag);
        let then = all.into_iter().map(|(room, relayed)| (room, relayed.into())).collect();
        Ok(Outcome { then, ..Outcome::default() })
    }
}

/// An effect that is nothing but a change in the store.
fn at_once(tag: &Tag, moves: impl IntoIterator<Item = Move>, done: Option<Move>) -> Outcome {
    let done = done.unwrap_or(Move::Effected(*tag, Ok(())));
    let all = moves.into_iter().chain([done]);
    let changes = all.map(|one| Change::Move(Box::new(one))).collect();
    Outcome { changes, ..Outcome::default() }
}

fn erase(portal: &Portal, tag: &Tag) -> Outcome {
    at_once(tag, [], Some(Move::Erase(portal.room.clone(), *tag)))
}

fn unpin(place: &Place, migration: &Migration, tag: &Tag) -> Outcome {
    let key = migration.text.as_deref().unwrap_or(crate::migration::DISCLOSURE);
    let unpin = notice::about(place, key, Content::Unpinned);
    let work = Relayed { completes: Some(*tag), ..unpin }.into();
    Outcome { then: vec![(place.clone(), work)], ..Outcome::default() }
}

/// The person's account of ours leaves the room.
fn withdraw(portal: &Portal, person: &Person) -> Relayed {
    let mut ends = portal.ends.iter();
    let end = ends.find(|end| end.place.network == person.network);
    let place = end.map_or_else(|| portal.room.clone(), |end| end.place.clone());
    let who = Author {
        user: person.user.clone(),
        kind: AuthorKind::Person,
        name: String::new(),
        username: None,
        avatar: None,
    };
    let event = Event {
        place,
        message: MessageId::from(""),
        late: false,
        content: Content::MemberChanged { who, change: MemberChange::Left },
    };
    Relayed::new(event, Speaker::Author)
}
