// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot does when a moment has come.
//!
//! Rule: people set the moment; what has changed since then is looked at when it comes.

use std::sync::Arc;

use bridge_model::{Place, Timestamp};
use bridge_policy::stage::Direction;

use super::allow::Admission;
use super::announcement::announcement;
use super::community::Community;
use super::exception;
use super::gates::{self, Gates};
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::vote::Votes;
use crate::i18n::{Arg, Key};
use crate::migration::{Audit, AuditAction, Deadline, MigrationChange, Step, Vote};
use crate::portal::Portal;
use crate::store::{Change, Store};
use crate::wording::Lines;

/// Scheduled steps, votes that end, exceptions to review, rooms that nobody connected.
pub(super) struct Deadlines {
    pub(super) store: Arc<Store>,
    pub(super) gates: Gates,
    pub(super) votes: Votes,
    pub(super) admission: Admission,
}

impl Deadlines {
    /// Does what is due.
    pub(super) async fn due(
        &self,
        phrases: Phrases<'_>,
        room: &Place,
        here: Option<&Portal>,
        due: &Deadline,
    ) -> Result<Outcome, DeskError> {
        let portal = match due {
            Deadline::Step { portal, .. }
            | Deadline::Vote { portal, .. }
            | Deadline::Review { portal, .. }
            | Deadline::Muted { portal, .. } => portal,
            Deadline::Unlinked => {
                return self.admission.leave_if_unlinked(phrases, room, here).await;
            }
        };
        let Some(portal) = here.filter(|here| here.id == *portal) else {
            return Ok(Outcome::default());
        };
        let community = Community::of(&self.store, portal).await?;
        let migration = &community.migration;
        match due {
            Deadline::Step { set_at, days, .. } => {
                let current = migration.schedule.as_ref().is_some_and(|set| set.set_at == *set_at);
                if !current {
                    return Ok(Outcome::default());
                }
                self.step_is_due(phrases, &community, *days).await
            }
            Deadline::Unlinked => Ok(Outcome::default()),
            Deadline::Muted { person, .. } => self.unmute(portal, person, phrases.now).await,
            Deadline::Review { number, .. } => {
                Ok(exception::review_is_due(phrases, &community, *number))
            }
            Deadline::Vote { number, .. } => {
                let open = |vote: &&Vote| vote.number == *number && vote.counts.is_none();
                match migration.votes.iter().find(open) {
                    Some(vote) => self.votes.end_vote(phrases, portal, vote, None).await,
                    None => Ok(Outcome::default()),
                }
            }
        }
    }

    /// Whoever was muted until now may speak again, on every side.
    async fn unmute(
        &self,
        portal: &Portal,
        person: &[u8; 16],
        now: Timestamp,
    ) -> Result<Outcome, DeskError> {
        let block = self.store.block(portal.id, *person).await?;
        let Some(block) = block.filter(|block| block.is_mute_over(now)) else {
            return Ok(Outcome::default());
        };
        let changes = vec![Change::Moderated(Box::new(block.end_of_mute(&portal.room)))];
        Ok(Outcome { changes, ..Outcome::default() })
    }

    async fn step_is_due(
        &self,
        phrases: Phrases<'_>,
        community: &Community<'_>,
        days: u32,
    ) -> Result<Outcome, DeskError> {
        let Community { portal, migration } = community;
        let Some(set) = &migration.schedule else { return Ok(Outcome::default()) };
        if days > 0 {
            return Ok(Outcome::then(announcement(phrases, portal, set, u64::from(days))));
        }
        let Some(gate) = self.gates.gate(community, true, phrases.now).await? else {
            return Ok(Outcome::default());
        };
        if gate.is_open() {
            let step = Step {
                room: portal.room.clone(),
                from: portal.stage,
                direction: Direction::Next,
                who: None,
                decision: Some(set.decision.clone()),
                share: self.gates.last_share(portal, phrases.now).await?,
            };
            let back = phrases.typed_on(&portal.room.network, "stage back");
            let args = [phrases.stage(set.to), Arg::text(back)];
            let answer = phrases.say(Key::StageTakenOnDay, &args);
            return Ok(Outcome::moves(answer, [MigrationChange::Step(step)]));
        }
        let again = phrases.typed_on(&portal.room.network, "stage schedule");
        let args = [phrases.stage(set.to), Arg::text(again)];
        let mut answer = phrases.say(Key::StageNotTakenOnDay, &args);
        let approve = phrases.typed_on(&portal.room.network, "stage approve");
        answer = answer.join_line(gates::text(phrases, &gate, &approve));
        let audit = Audit {
            at: phrases.now,
            who: None,
            deed: AuditAction::GateClosed(set.to),
            decision: Some(set.decision.clone()),
            share: self.gates.last_share(portal, phrases.now).await?,
        };
        let moves = [
            MigrationChange::Note(portal.room.clone(), audit),
            MigrationChange::Hold(portal.room.clone(), None),
        ];
        Ok(Outcome::moves(answer, moves))
    }
}
