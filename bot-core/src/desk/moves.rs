// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot does for somebody after they have claimed an account: lets them into the rooms, has the
//! ghost leave once they are there, tells them of mentions.
//!
//! Rule: a ghost leaves only a room in which its owner is. For a quiet account it leaves some hours
//! later, at a moment that nobody can guess, so that nobody sees for whom it left.

use std::sync::Arc;
use std::time::Duration;

use bridge_model::{Person, Place, RichText, Timestamp};

use super::appoint;
use super::outcome::{DeskError, Outcome};
use super::people::{self, People};
use super::phrases::Phrases;
use crate::clock::Dice;
use crate::homeserver::{Door, Rooms};
use crate::i18n::{Arg, Key};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::moving::{Move, QuietMention};
use crate::network::AskError;
use crate::portal::{Portal, PortalId};
use crate::refusal::Refusal;
use crate::store::calls::CallChange;
use crate::store::claims::ClaimChange;
use crate::store::timers::NewTimer;
use crate::store::{Change, Claim, Store, Tie};
use crate::wording::{Lines, label};

/// The ghost of a quiet account stays at least so long after its owner has come.
const SOONEST: Duration = Duration::from_secs(3600);

/// And so much longer at most.
const SPREAD: Duration = Duration::from_secs(23 * 3600);

/// Leads people who have claimed an account.
#[derive(Clone)]
pub(super) struct Moves {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) people: People,
    pub(super) dice: Arc<dyn Dice>,
}

impl Moves {
    /// How a Matrix account stands with the rooms in which another account was seen.
    pub(super) async fn doors(
        &self,
        account: &Person,
        asked_in: PortalId,
        mxid: &str,
    ) -> Result<Vec<(Portal, Door)>, DeskError> {
        let ghost = self.store.ghost(account).await?.map(|ghost| ghost.localpart);
        let mut doors = Vec::new();
        for portal in self.people.portals_of(account, asked_in).await? {
            if portal.end_on(&account.network).is_none() {
                continue;
            }
            match self.matrix.door(&portal.room.chat, mxid, ghost.as_deref()).await {
                Ok(door) => doors.push((portal, door)),
                // The bot is not in the room any more.
                Err(AskError::Refused(_)) => {}
                Err(error @ AskError::Retry { .. }) => return Err(error.into()),
            }
        }
        Ok(doors)
    }

    /// Does what was promised to somebody. `chat` is that of the lane, `here` its portal.
    pub(super) async fn carry_out(
        &self,
        phrases: Phrases<'_>,
        (chat, here): (&Place, Option<&Portal>),
        what: &Move,
    ) -> Result<Outcome, DeskError> {
        match (what, here) {
            (Move::Enter(mxid), _) => self.enter(phrases, mxid).await,
            (Move::Arrived(mxid), Some(portal)) => self.arrived(phrases, portal, mxid).await,
            (Move::Depart(account), Some(portal)) => self.depart(portal, account).await,
            (Move::Admit(mxid), Some(_)) => Ok(phrases.answer(Key::ClaimAdmit, &[Arg::text(mxid)])),
            (Move::Power(mxid, network), Some(_)) => {
                Ok(appoint::request(phrases, chat, (mxid, network)))
            }
            (Move::Arrived(_) | Move::Depart(_) | Move::Admit(_) | Move::Power(..), None) => {
                Ok(Outcome::default())
            }
            (Move::Called(call), _) => self.called(phrases, chat, call).await,
            (Move::Held(mxid), _) => self.held(phrases, chat, mxid).await,
        }
    }

    /// Invites somebody into the rooms that are not open to all.
    async fn enter(&self, phrases: Phrases<'_>, mxid: &str) -> Result<Outcome, DeskError> {
        let mut outcome = Outcome::default();
        for claim in self.store.claims_by(mxid).await? {
            for (portal, door) in self.doors(&claim.person, claim.portal, mxid).await? {
                match door {
                    Door::In => self.is_there(phrases, &mut outcome, &claim, &portal).await?,
                    Door::Closed if self.is_in_chat(&claim.person, &portal).await? => {
                        let line = self.invite(phrases, &mut outcome, &claim, &portal).await?;
                        outcome.answer = outcome.answer.join_line(line);
                    }
                    Door::Closed | Door::Open | Door::Invited | Door::Banned => {}
                }
            }
        }
        Ok(outcome)
    }

    /// Whoever was thrown out of the old chat is not let in by the back door.
    async fn is_in_chat(&self, account: &Person, portal: &Portal) -> Result<bool, DeskError> {
        let Some(end) = portal.end_on(&account.network) else { return Ok(false) };
        match self.people.is_in(account, &end.place).await {
            Err(DeskError::Ask(AskError::Refused(_))) => Ok(false),
            other => other,
        }
    }

    async fn invite(
        &self,
        phrases: Phrases<'_>,
        outcome: &mut Outcome,
        claim: &Claim,
        portal: &Portal,
    ) -> Result<RichText, DeskError> {
        let room = [Arg::url(phrases.join_link(&portal.room.chat))];
        match self.matrix.invite(&portal.room.chat, &claim.mxid).await {
            Ok(()) => return Ok(phrases.say(Key::ClaimInvited, &room)),
            // An admin who invites by hand would not get past it either.
            Err(AskError::Refused(reason @ Refusal::ServerDenied(_))) => {
                let reason = phrases.reason(&portal.room.network, &reason);
                let [room] = room;
                return Ok(phrases.say(Key::ClaimDenied, &[room, reason]));
            }
            Err(AskError::Refused(_)) => {}
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        }
        if !claim.asked_in.contains(&portal.id) {
            let asked = ClaimChange::AskedIn(claim.person.clone(), portal.id);
            outcome.changes.push(Change::Claim(Box::new(asked)));
            let work = Work::Task(Task::Moving(Move::Admit(claim.mxid.clone())));
            outcome.then.push((core_place(&portal.room), work));
        }
        Ok(phrases.say(Key::ClaimAsked, &room))
    }

    async fn arrived(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
        mxid: &str,
    ) -> Result<Outcome, DeskError> {
        let mut outcome = Outcome::default();
        for claim in self.store.claims_by(mxid).await? {
            if portal.end_on(&claim.person.network).is_some() {
                self.is_there(phrases, &mut outcome, &claim, portal).await?;
            }
        }
        Ok(outcome)
    }

    /// The owner of an account is in the room: its ghost leaves, now or later.
    async fn is_there(
        &self,
        phrases: Phrases<'_>,
        outcome: &mut Outcome,
        claim: &Claim,
        portal: &Portal,
    ) -> Result<(), DeskError> {
        if claim.departed_from(portal.id).is_some() {
            return Ok(());
        }
        if claim.tie() == Tie::Open {
            return self.ghost_leaves(outcome, claim, portal).await;
        }
        let Person { network, user } = &claim.person;
        let timer = NewTimer {
            name: format!("depart/{}/{network}/{}", portal.id.0, user.as_str()),
            at: self.later(phrases.now),
            lane: core_place(&portal.room),
            work: Work::Task(Task::Moving(Move::Depart(claim.person.clone()))),
        };
        outcome.changes.push(Change::Timer(Box::new(timer)));
        Ok(())
    }

    fn later(&self, now: Timestamp) -> Timestamp {
        let mut bytes = [0; 4];
        self.dice.roll(&mut bytes);
        let spread = u64::try_from(SPREAD.as_millis()).unwrap_or(u64::MAX);
        let more = u64::from(u32::from_be_bytes(bytes)).saturating_mul(spread) >> 32;
        let soonest = u64::try_from(SOONEST.as_millis()).unwrap_or(u64::MAX);
        let wait = i64::try_from(soonest.saturating_add(more)).unwrap_or(i64::MAX);
        Timestamp(now.0.saturating_add(wait))
    }

    async fn depart(&self, portal: &Portal, account: &Person) -> Result<Outcome, DeskError> {
        let mut outcome = Outcome::default();
        let Some(claim) = self.store.claim(account).await? else { return Ok(outcome) };
        if claim.departed_from(portal.id).is_some() {
            return Ok(outcome);
        }
        let there = self.matrix.door(&portal.room.chat, &claim.mxid, None).await;
        match there {
            Ok(Door::In) => self.ghost_leaves(&mut outcome, &claim, portal).await?,
            // Who comes back begins anew.
            Ok(Door::Open | Door::Invited | Door::Closed | Door::Banned)
            | Err(AskError::Refused(_)) => {}
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        }
        Ok(outcome)
    }

    async fn ghost_leaves(
        &self,
        outcome: &mut Outcome,
        claim: &Claim,
        portal: &Portal,
    ) -> Result<(), DeskError> {
        let Claim { person, name, .. } = claim;
        outcome.then.extend(people::departure(&self.store, portal, (person, name)).await?);
        let departed = ClaimChange::Departed(person.clone(), portal.id);
        outcome.changes.push(Change::Claim(Box::new(departed)));
        Ok(())
    }

    /// Whether a private chat is still one: nobody else has come in.
    async fn is_private(&self, chat: &Place) -> Result<bool, DeskError> {
        match self.matrix.is_private(&chat.chat).await {
            Err(AskError::Refused(_)) => Ok(false),
            other => Ok(other?),
        }
    }

    async fn called(
        &self,
        phrases: Phrases<'_>,
        chat: &Place,
        call: &QuietMention,
    ) -> Result<Outcome, DeskError> {
        let claim = self.store.claim(&call.account).await?;
        let wanted = claim.is_some_and(|claim| {
            claim.mxid == call.mxid && claim.tie() == Tie::Quiet && !claim.deaf
        });
        let owner = Person::new(chat.network.clone(), call.mxid.as_str());
        let reads = match self.people.is_in(&owner, &call.room).await {
            Err(DeskError::Ask(AskError::Refused(_))) => false,
            other => other?,
        };
        if !wanted || !reads || !self.is_private(chat).await? {
            return Ok(Outcome::default());
        }
        let by = format!("{} ({})", call.by, label(&call.from.network));
        let account = label(&call.account.network);
        let args = [Arg::text(by), Arg::text(account), Arg::url(&call.link)];
        Ok(phrases.answer(Key::Called, &args))
    }

    async fn held(
        &self,
        phrases: Phrases<'_>,
        chat: &Place,
        mxid: &str,
    ) -> Result<Outcome, DeskError> {
        let held = self.store.calls_held(mxid).await?;
        let told = vec![Change::Call(Box::new(CallChange::Told(mxid.to_owned())))];
        let claims = self.store.claims_by(mxid).await?;
        let wanted = claims.iter().any(|claim| claim.tie() == Tie::Quiet && !claim.deaf);
        if held == 0 || !wanted || !self.is_private(chat).await? {
            return Ok(Outcome::change(RichText::default(), told));
        }
        let off = phrases.typed_on(&chat.network, "claim notices off");
        let text = phrases.say(Key::CallsHeld, &[Arg::number(held), Arg::text(off)]);
        Ok(Outcome::change(text, told))
    }
}
