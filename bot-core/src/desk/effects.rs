// SPDX-License-Identifier: AGPL-3.0-or-later
//! Carries out the effects of a step, as far as the core does it, and hands the rest to the lanes
//! of the chats.
//!
//! Rule: what an effect leads to and its mark are one settlement; so each is begun once.

use std::sync::Arc;

use bridge_model::{Content, Place, RichText};
use bridge_policy::stage::{Effect, Stage};

use super::appearance::Appearance;
use super::community::Community;
use super::disclosure::{self, Disclosure, Posted};
use super::outcome::{DeskError, Outcome};
use super::pair::Pair;
use super::phrases::Phrases;
use super::{effect_lines, people};
use crate::i18n::{Arg, Key};
use crate::lane::{Relayed, Work};
use crate::migration::{MigrationChange, News, Tag, Task};
use crate::network::AskError;
use crate::portal::{EndState, Owner, Portal, Setting};
use crate::refusal::Refusal;
use crate::relay::Networks;
use crate::store::migration::text_name;
use crate::store::{Change, Store};

/// Carries out effects, and tells what came of them.
pub(super) struct Effects {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) appearance: Appearance,
    pub(super) disclosure: Disclosure,
}

impl Effects {
    /// Begins an effect.
    pub(super) async fn effect(
        &self,
        phrases: Phrases<'_>,
        portal: Option<&Portal>,
        tag: &Tag,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = portal.filter(|portal| portal.id == tag.portal) else {
            return Ok(Outcome::default());
        };
        let community = Community::of(&self.store, portal).await?;
        let migration = &community.migration;
        let Some(planned) = migration.planned(tag) else { return Ok(Outcome::default()) };
        let place = planned.place.clone();
        match tag.effect {
            Effect::PinText(stage) => {
                self.pin_text(phrases, &community, (&place, stage), tag).await
            }
            Effect::UnpinText => self.unpin_text(phrases, &community, &place, tag).await,
            Effect::NoticeInRoom(stage) => {
                self.notice_in_room(phrases, &community, stage, tag).await
            }
            Effect::RelayOn => Ok(self.relaying_begins(portal, tag).await),
            Effect::RelayOff => {
                Ok(at_once(tag, [MigrationChange::Relaying(portal.room.clone(), false)], None))
            }
            Effect::MatrixDecides => Ok(self.decides(portal, Owner::Matrix, tag).await),
            Effect::OwnerAsBefore => {
                let owner = migration.owner_before.unwrap_or(Owner::Nobody);
                Ok(self.decides(portal, owner, tag).await)
            }
            Effect::RecordAccess => self.record_access(&place, tag).await,
            Effect::CloseAccess | Effect::RestoreAccess | Effect::LeaveLegacy => {
                let work = Work::Task(Task::Effect(*tag));
                Ok(Outcome::then(vec![(place, work)]))
            }
            Effect::WithdrawGhosts => self.withdraw_ghosts(portal, tag).await,
            Effect::Erase => Ok(erase(portal, tag)),
        }
    }

    /// Says in the room what came of a step.
    pub(super) async fn tell(
        &self,
        phrases: Phrases<'_>,
        room: &Place,
        news: &News,
    ) -> Result<Outcome, DeskError> {
        match news {
            News::Refused(tag) => {
                let migration = self.store.migration(tag.portal).await?;
                let retry = phrases.typed_on(&room.network, "stage retry");
                let refused = migration.planned(tag).filter(|planned| planned.is_refused());
                let line = refused.map(|planned| effect_lines::line(phrases, planned, &retry));
                let button = phrases.button(Key::ButtonRetry, "stage retry");
                Ok(line.map(|line| Outcome::say(line).with([button])).unwrap_or_default())
            }
            News::Erased { messages, people } => {
                let audit = phrases.typed_on(&room.network, "audit");
                let args = [Arg::number(*messages), Arg::number(*people), Arg::text(audit)];
                Ok(phrases.answer(Key::Erased, &args))
            }
            // The features for consent and self-tests tell them.
            News::SilentPartner { .. } | News::AskConsent { .. } | News::SelfTested(_) => {
                Ok(Outcome::default())
            }
        }
    }

    /// Makes the notices of a portal say what is so.
    pub(super) async fn notices(
        &self,
        phrases: Phrases<'_>,
        portal: Option<&Portal>,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = portal else { return Ok(Outcome::default()) };
        let migration = self.store.migration(portal.id).await?;
        let Posted { then, changes } =
            self.disclosure.renewed(phrases, (portal, &migration)).await?;
        Ok(Outcome { changes, ..Outcome::then(then) })
    }

    /// Posts the text of a stage and pins it in the place of the one before.
    async fn pin_text(
        &self,
        phrases: Phrases<'_>,
        Community { portal, migration }: &Community<'_>,
        (place, stage): (&Place, Stage),
        tag: &Tag,
    ) -> Result<Outcome, DeskError> {
        let key = text_name(portal.id, tag.step);
        let pair = Pair::of(portal, place);
        let old = self.disclosure.standing(migration, pair, place).await?;
        let about = (stage, key.as_str());
        let Posted { mut then, changes } =
            self.disclosure.legacy(phrases, pair, about, old.as_deref()).await?;
        if let Some((_, Work::Relay(pin))) = then.last_mut() {
            pin.completes = Some(*tag);
        }
        Ok(Outcome { changes, ..Outcome::then(then) })
    }

    /// The text that stands says again that nothing is shared, and is unpinned.
    async fn unpin_text(
        &self,
        phrases: Phrases<'_>,
        Community { portal, migration }: &Community<'_>,
        place: &Place,
        tag: &Tag,
    ) -> Result<Outcome, DeskError> {
        let pair = Pair::of(portal, place);
        let Some(name) = self.disclosure.standing(migration, pair, place).await? else {
            return Ok(at_once(tag, [], None));
        };
        let about = (Stage::Inventory, name.as_str());
        let Posted { mut then, changes } =
            self.disclosure.legacy(phrases, pair, about, None).await?;
        let unpin = disclosure::about(place, &name, Content::Unpinned);
        then.push((place.clone(), Relayed { completes: Some(*tag), ..unpin }.into()));
        Ok(Outcome { changes, ..Outcome::then(then) })
    }

    /// The room reads what a stage means for each of its connections. Whether a notice could be
    /// pinned holds nothing up; at the end it is changed before what is known of it is erased.
    async fn notice_in_room(
        &self,
        phrases: Phrases<'_>,
        Community { portal, migration }: &Community<'_>,
        stage: Stage,
        tag: &Tag,
    ) -> Result<Outcome, DeskError> {
        let mut outcome = Outcome::default();
        for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
            let pair = Pair::of(portal, &end.place);
            let old = self.disclosure.standing(migration, pair, pair.room).await?;
            let posted = if stage == Stage::Sunset {
                self.disclosure.ended(phrases, (migration, pair), pair.room).await?
            } else if self.disclosure.room_is_told(migration, pair, stage).await? {
                continue;
            } else {
                let short = self.disclosure.short(pair.remote);
                let name = format!("{}/{short}", text_name(portal.id, tag.step));
                let about = (stage, name.as_str());
                self.disclosure.in_room(phrases, pair, about, old.as_deref()).await?
            };
            outcome.then.extend(posted.then);
            outcome.changes.extend(posted.changes);
        }
        match outcome.then.last_mut() {
            Some((_, Work::Relay(last))) if stage == Stage::Sunset => last.completes = Some(*tag),
            _ => outcome.changes.extend(at_once(tag, [], None).changes),
        }
        Ok(outcome)
    }

    /// Messages cross from now on, and what the chats look like is handed over for the first time.
    async fn relaying_begins(&self, portal: &Portal, tag: &Tag) -> Outcome {
        let mut then = self.appearance.handed_over(portal, Owner::Nobody).await;
        for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
            then.extend(self.appearance.packs_for(&end.place, &portal.room).await);
        }
        let outcome = at_once(tag, [MigrationChange::Relaying(portal.room.clone(), true)], None);
        Outcome { then, ..outcome }
    }

    async fn decides(&self, portal: &Portal, owner: Owner, tag: &Tag) -> Outcome {
        let mut decided = portal.clone();
        let before = std::mem::replace(&mut decided.settings.metadata, owner);
        let then = self.appearance.handed_over(&decided, before).await;
        let set = Change::Set(portal.room.clone(), Setting::Metadata(owner));
        let mut outcome = at_once(tag, [], None);
        outcome.changes.insert(0, set);
        outcome.then = then;
        outcome
    }

    async fn record_access(&self, place: &Place, tag: &Tag) -> Result<Outcome, DeskError> {
        let Some(network) = self.networks.get(&place.network) else {
            return Ok(effect_refused(tag, Refusal::NotConfigured));
        };
        match network.access(&place.chat).await {
            Ok(Some(access)) => {
                Ok(at_once(tag, [MigrationChange::Access(place.clone(), access)], None))
            }
            Ok(None) => Ok(effect_refused(tag, Refusal::AccessFixed)),
            Err(AskError::Refused(reason)) => Ok(effect_refused(tag, reason)),
            Err(error @ AskError::Retry { .. }) => Err(error.into()),
        }
    }

    /// One entry for each ghost; the last one ends the effect.
    async fn withdraw_ghosts(&self, portal: &Portal, tag: &Tag) -> Result<Outcome, DeskError> {
        let mut all = people::withdrawals(&self.store, portal, None).await?;
        let Some((_, last)) = all.last_mut() else { return Ok(at_once(tag, [], None)) };
        last.completes = Some(*tag);
        let then = all.into_iter().map(|(room, relayed)| (room, relayed.into())).collect();
        Ok(Outcome::then(then))
    }
}

/// What a platform refused while the effect was begun.
pub(super) fn effect_refused(tag: &Tag, reason: Refusal) -> Outcome {
    Outcome::moves(RichText::default(), [MigrationChange::Effected(*tag, Err(reason))])
}

/// An effect that is nothing but a change in the store.
fn at_once(
    tag: &Tag,
    moves: impl IntoIterator<Item = MigrationChange>,
    done: Option<MigrationChange>,
) -> Outcome {
    let done = done.unwrap_or(MigrationChange::Effected(*tag, Ok(())));
    Outcome::moves(RichText::default(), moves.into_iter().chain([done]))
}

fn erase(portal: &Portal, tag: &Tag) -> Outcome {
    at_once(tag, [], Some(MigrationChange::Erase(portal.room.clone(), *tag)))
}
