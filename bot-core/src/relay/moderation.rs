// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a moderator did to somebody, in a chat where the person or their ghost is.
//!
//! Rule: nobody acts from another side on somebody who looks after the chat, and on one side nobody
//! on their equals. What a chat refuses is told where it was asked for; a right that our bot lacks
//! is told once, until it has the right.

use bridge_model::{Content, Deed, Event, Moderation, Person, Place, RichText};

use super::Delivery;
use super::lookup::unread;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::network::{AskError, MATRIX, Network, Standing};
use crate::order::{Action, DeliverError, ModerationTarget};
use crate::refusal::{MissingRight, Refusal};
use crate::store::{Change, Settlement};
use crate::wording::{Lines, Wording, label};

impl Delivery<'_> {
    /// The deed as this chat carries it out; `None` where neither the person nor a ghost can be here.
    ///
    /// # Errors
    /// What to do with the entry when something could not be asked, or the person is spared.
    pub(super) async fn moderate(
        &self,
        event: &Event,
        deed: &Deed,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        let Some(network) = self.relay.networks.get(&lane.network) else { return Ok(None) };
        let whom = if deed.whom.network == lane.network {
            if deed.what.is_against() && self.is_spared(&**network, event, deed).await? {
                return Err(DeliverError::Refused { reason: Refusal::ActsOnModerator });
            }
            ModerationTarget::Native(deed.whom.user.clone())
        } else if lane.network.as_str() == MATRIX {
            if self.relay.store.ghost(&deed.whom).await.map_err(unread)?.is_none() {
                return Ok(None);
            }
            ModerationTarget::Ghost(deed.whom.clone())
        } else {
            return Ok(None);
        };
        let reason = self.reason_of(&event.place, deed);
        let now = self.relay.clock.now();
        Ok(Some(Action::Moderate { whom, what: deed.what, reason, now }))
    }

    /// Who looks after this chat is acted on only by those who stand higher in it.
    async fn is_spared(
        &self,
        network: &dyn Network,
        event: &Event,
        deed: &Deed,
    ) -> Result<bool, DeliverError> {
        let lane = &self.head.entry.lane;
        let target = standing(network, lane, &deed.whom).await?;
        let by = deed.by.as_ref().filter(|_| event.place.network == lane.network);
        let Some(by) = by else { return Ok(target.is_moderator()) };
        let by = Person { network: lane.network.clone(), user: by.user.clone() };
        Ok(standing(network, lane, &by).await?.rank <= target.rank)
    }

    /// The moderator's name as the portal shows names, and their words.
    fn reason_of(&self, place: &Place, deed: &Deed) -> String {
        let from = Arg::text(label(&place.network));
        let name = deed.by.as_ref().map(|by| {
            let person = Person { network: place.network.clone(), user: by.user.clone() };
            Arg::text(self.identities().shown_name(Some(&person), &by.name))
        });
        let wording = &self.wording;
        match (name, &deed.reason) {
            (Some(name), Some(reason)) => {
                wording.say(Key::ModerationReason, &[name, from, Arg::text(reason)]).plain()
            }
            (Some(name), None) => wording.say(Key::ModerationBy, &[name, from]).plain(),
            (None, Some(reason)) => reason.clone(),
            (None, None) => wording.say(Key::ModerationFrom, &[from]).plain(),
        }
    }

    /// What the people of the room, and of the chat where the moderator is, read when a chat does not do
    /// what a moderator wants; and what is known of the bot's rights since.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn tell_of_deed(
        &self,
        refused: Option<&Refusal>,
        settlement: &mut Settlement,
    ) -> Result<(), DeliverError> {
        let (Some((event, deed)), Some(portal)) = (self.deed(), &self.head.portal) else {
            return Ok(());
        };
        let lane = &self.head.entry.lane;
        let missing = match refused {
            Some(Refusal::MissingRights(rights)) => rights.as_slice(),
            Some(_) | None => &[],
        };
        let known = self.relay.store.lacking(lane).await.map_err(unread)?;
        let mut places = vec![portal.room.clone()];
        let text = match refused {
            None if known.is_empty() => return Ok(()),
            None => {
                settlement.changes.push(Change::Lacks(lane.clone(), Vec::new()));
                return Ok(());
            }
            Some(Refusal::MissingRights(_)) => {
                if missing.iter().all(|right| known.contains(right)) {
                    return Ok(());
                }
                settlement.changes.push(Change::Lacks(lane.clone(), missing.to_vec()));
                lacks(&self.wording, lane, missing)
            }
            Some(reason) => {
                if *reason == Refusal::ActsOnModerator {
                    settlement.changes.push(Change::Spared(portal.id, deed.whom.clone()));
                }
                let is_place = portal.places().any(|place| *place == event.place);
                places.extend(
                    Some(&event.place).filter(|it| is_place && **it != portal.room).cloned(),
                );
                self.not_done(deed, reason)
            }
        };
        let message = self.wording.message(text, self.relay.clock.now());
        settlement.then.extend(places.into_iter().map(|place| {
            let work = Work::say(&place, None, message.clone());
            (place, work)
        }));
        Ok(())
    }

    fn not_done(&self, deed: &Deed, reason: &Refusal) -> RichText {
        let lane = &self.head.entry.lane;
        let (name, network) = (Arg::text(&deed.name), Arg::text(label(&lane.network)));
        if *reason == Refusal::ActsOnModerator {
            return self.wording.say(Key::ModerationSpared, &[name, network]);
        }
        let why = Arg::text(self.wording.reason(&lane.network, reason));
        let told = self.wording.say(Key::ModerationNotDone, &[name, network, why]);
        match deed.what {
            Moderation::Ban { .. } | Moderation::Mute { .. } => {
                told.join_line(self.wording.say(Key::ModerationHeldBack, &[]))
            }
            Moderation::Unban | Moderation::Kick | Moderation::Unmute => told,
        }
    }

    fn deed(&self) -> Option<(&Event, &Deed)> {
        let event = self.head.entry.work.event()?;
        let Content::Moderated(deed) = &event.content else { return None };
        Some((event, deed))
    }
}

/// Which rights the bot lacks to moderate in a chat, and who can give them.
pub fn lacks(wording: &Wording, place: &Place, rights: &[MissingRight]) -> RichText {
    let rights: Vec<String> = rights.iter().map(|right| wording.right(right)).collect();
    let args = [Arg::text(label(&place.network)), Arg::text(rights.join(", "))];
    let which = wording.say(Key::PlanLacks.on(&place.network), &args);
    wording.say(Key::ModerationLacks, &[]).join_line(which)
}

async fn standing(
    network: &dyn Network,
    lane: &Place,
    person: &Person,
) -> Result<Standing, DeliverError> {
    match network.standing(&lane.chat, &person.user).await {
        Ok(standing) => Ok(standing),
        // Somebody whom the platform does not know rules nothing.
        Err(AskError::Refused(_)) => Ok(Standing::default()),
        Err(AskError::Retry { after, reason }) => Err(DeliverError::Retry { after, reason }),
    }
}
