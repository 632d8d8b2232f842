// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bot does when a moment has come.
//!
//! Rule: people set the moment; what has changed since then is looked at when it comes.

use bridge_model::{Place, RichText};
use bridge_policy::calendar::Date;
use bridge_policy::stage::{Direction, Stage};

use super::{Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::migration::{Audit, Deed, Due, Migration, Move, Step, Vote};
use crate::portal::Portal;
use crate::store::Change;
use crate::wording::{Lines, label};

impl Desk {
    /// Does what is due.
    pub(super) async fn due(&self, room: &Place, due: &Due) -> Result<Outcome, DeskError> {
        let portal = match due {
            Due::Step { portal, .. } | Due::Vote { portal, .. } | Due::Review { portal, .. } => {
                portal
            }
            Due::Unlinked => return self.leave_if_unlinked(room).await,
        };
        let here = self.store.portal_of(room).await?.filter(|here| here.id == *portal);
        let Some(here) = here else { return Ok(Outcome::default()) };
        let migration = self.store.migration(*portal).await?;
        match due {
            Due::Step { set_at, days, .. } => {
                let current = migration.schedule.as_ref().is_some_and(|set| set.set_at == *set_at);
                if !current {
                    return Ok(Outcome::default());
                }
                self.step_is_due(&here, &migration, *days).await
            }
            Due::Unlinked => Ok(Outcome::default()),
            Due::Review { number, .. } => Ok(self.review_is_due(&here, &migration, *number)),
            Due::Vote { number, .. } => {
                let open = |vote: &&Vote| vote.number == *number && vote.counts.is_none();
                match migration.votes.iter().find(open) {
                    Some(vote) => self.end_vote(&here, vote, None).await,
                    None => Ok(Outcome::default()),
                }
            }
        }
    }

    async fn step_is_due(
        &self,
        portal: &Portal,
        migration: &Migration,
        days: u32,
    ) -> Result<Outcome, DeskError> {
        let Some(set) = &migration.schedule else { return Ok(Outcome::default()) };
        if days > 0 {
            let then = self.announcement(portal, (set.to, set.day), u64::from(days));
            return Ok(Outcome { then, ..Outcome::default() });
        }
        let Some(gate) = self.gate(portal, migration, true).await? else {
            return Ok(Outcome::default());
        };
        if gate.is_open() {
            let step = Step {
                room: portal.room.clone(),
                from: portal.stage,
                direction: Direction::Next,
                who: None,
                decision: Some(set.decision.clone()),
                share: self.last_share(portal).await?,
            };
            let back = self.typed_on(&portal.room.network, "stage back");
            let args = [Arg::text(set.to.name()), Arg::text(back)];
            let answer = self.wording.say(Key::StageTakenOnDay, &args);
            let changes = vec![Change::Move(Box::new(Move::Step(step)))];
            return Ok(Outcome { answer, changes, ..Outcome::default() });
        }
        let again = self.typed_on(&portal.room.network, "stage schedule");
        let args = [Arg::text(set.to.name()), Arg::text(again)];
        let mut answer = self.wording.say(Key::StageNotTakenOnDay, &args);
        let approve = self.typed_on(&portal.room.network, "stage approve");
        answer = answer.join_line(self.gate_text(&gate, &approve));
        let audit = Audit {
            at: self.clock.now(),
            who: None,
            deed: Deed::GateClosed(set.to),
            decision: Some(set.decision.clone()),
            share: self.last_share(portal).await?,
        };
        let moves = [Move::Note(portal.room.clone(), audit), Move::Hold(portal.room.clone(), None)];
        let changes = moves.map(|one| Change::Move(Box::new(one))).into();
        Ok(Outcome { answer, changes, ..Outcome::default() })
    }

    /// Tells all sides that a step comes on a day.
    pub(super) fn announcement(
        &self,
        portal: &Portal,
        (to, day): (Stage, Date),
        days: u64,
    ) -> Vec<(Place, Work)> {
        let places = portal.active();
        let told = places.iter().map(|place| {
            let text = self.coming(portal, place, (to, day), days);
            self.words(place, None, text)
        });
        told.collect()
    }

    /// What is said of a step that comes.
    pub(super) fn coming(
        &self,
        portal: &Portal,
        place: &Place,
        (to, day): (Stage, Date),
        days: u64,
    ) -> RichText {
        let key = match to {
            Stage::Inventory | Stage::Announced => Key::ComingAnnounced,
            Stage::Bridged => Key::ComingBridged,
            Stage::MatrixFirst => Key::ComingMatrixFirst,
            Stage::ReadOnly => Key::ComingReadOnly,
            Stage::Sunset => Key::ComingSunset,
        };
        let legacy = portal.ends.iter().find(|end| end.place == *place).or(portal.ends.first());
        let network = legacy.map(|end| label(&end.place.network)).unwrap_or_default();
        let args = [
            Arg::day(day),
            Arg::number(days),
            Arg::url(self.join_link(&portal.room.chat)),
            Arg::text(network),
        ];
        self.wording.say(key, &args)
    }
}
