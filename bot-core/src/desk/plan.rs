// SPDX-License-Identifier: AGPL-3.0-or-later
//! `stage plan`, which shows a step before it is taken, and `audit`, which shows those that were.
//!
//! Rule: the plan is made of the same list that the step stores, and its texts by the same
//! functions that say them.

use bridge_model::{Block, RichText};
use bridge_policy::calendar::Date;
use bridge_policy::figures::SMALLEST_GROUP;
use bridge_policy::stage::{Direction, Effect, Stage};

use super::stage::{Asked, Here};
use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::migration::{Audit, Deed, Planned};
use crate::network::{AskError, Need};
use crate::store::migration::plan;
use crate::wording::{Lines, label};

/// Lines of the history that are shown.
const LINES: usize = 20;

impl Desk {
    /// Everything that a step changes, says and lacks.
    pub(super) async fn stage_plan(
        &self,
        caller: &Caller<'_>,
        here: &Here,
        typed: &Asked,
    ) -> Result<Outcome, DeskError> {
        let back = typed.words.first().is_some_and(|word| word == "back");
        let direction = if back { Direction::Back } else { Direction::Next };
        let Here { portal, migration } = here;
        let (to, effects) = match portal.stage.step(direction) {
            Ok(step) => step,
            Err(no_step) => return Ok(Outcome::say(self.no_step(caller, no_step))),
        };
        let names = [Arg::text(portal.stage.name()), Arg::text(to.name())];
        let mut text = self.wording.say(Key::PlanIntro, &names);
        let mut told = Vec::new();
        for planned in plan(portal, &effects) {
            text = text.join_line(self.planned_line(&planned));
            if let Effect::PinText(stage) = planned.effect {
                let said = self.stage_text(&portal.room, &planned.place, stage);
                text.0.push(Block::Quote { blocks: said.0, expandable: false });
            }
            for line in self.lacking_lines(&planned).await? {
                if !told.contains(&line) {
                    told.push(line.clone());
                    text = text.join_line(line);
                }
            }
        }
        if !back && let Some(gate) = self.gate(portal, migration, false).await? {
            text = text.join_line(self.wording.say(Key::StageNext, &[Arg::text(to.name())]));
            text = text.join_line(self.gate_text(&gate, &self.typed(caller, "stage approve")));
        }
        let verb = if back { "back" } else { "next" };
        let command = self.typed(caller, &format!("stage {verb} --decision https://…"));
        text = text.join_line(self.wording.say(Key::PlanHow, &[Arg::text(command)]));
        if !back && to == Stage::Sunset {
            text = text.join_line(self.wording.say(Key::PlanIsFinal, &[]));
        }
        Ok(Outcome::say(text))
    }

    fn planned_line(&self, planned: &Planned) -> RichText {
        let place = Arg::text(label(&planned.place.network));
        let what = Arg::text(self.effect_name(planned.effect));
        self.wording.say(Key::PlanLine, &[place, what])
    }

    /// The rights that the bot lacks for an effect, and who can give them.
    async fn lacking_lines(&self, planned: &Planned) -> Result<Vec<RichText>, DeskError> {
        let need = match planned.effect {
            Effect::PinText(_) | Effect::UnpinText => Need::Pin,
            Effect::RecordAccess | Effect::CloseAccess | Effect::RestoreAccess => Need::SetAccess,
            Effect::MatrixDecides | Effect::OwnerAsBefore => Need::SetChat,
            Effect::RelayOn
            | Effect::RelayOff
            | Effect::WithdrawGhosts
            | Effect::Erase
            | Effect::LeaveLegacy => return Ok(Vec::new()),
        };
        let place = &planned.place;
        let Some(network) = self.networks.get(&place.network) else { return Ok(Vec::new()) };
        let lacking: Vec<String> = match network.missing_rights(&place.chat, need).await {
            Ok(lacking) => lacking.iter().map(|right| self.wording.right(right)).collect(),
            Err(AskError::Refused(reason)) => {
                let why = self.wording.reason(&place.network, &reason);
                let args = [Arg::text(label(&place.network)), Arg::text(why)];
                return Ok(vec![self.wording.say(Key::PlanLacks, &args)]);
            }
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        };
        let line = |right: String| {
            let args = [Arg::text(label(&place.network)), Arg::text(right)];
            self.wording.say(Key::PlanLacks.on(&place.network), &args)
        };
        Ok(lacking.into_iter().map(line).collect())
    }

    /// What an effect does, in a few words.
    pub(super) fn effect_name(&self, effect: Effect) -> String {
        let key = match effect {
            Effect::PinText(_) => Key::EffectPinText,
            Effect::UnpinText => Key::EffectUnpinText,
            Effect::RelayOn => Key::EffectRelayOn,
            Effect::RelayOff => Key::EffectRelayOff,
            Effect::MatrixDecides => Key::EffectMatrixDecides,
            Effect::OwnerAsBefore => Key::EffectOwnerAsBefore,
            Effect::RecordAccess => Key::EffectRecordAccess,
            Effect::CloseAccess => Key::EffectCloseAccess,
            Effect::RestoreAccess => Key::EffectRestoreAccess,
            Effect::WithdrawGhosts => Key::EffectWithdrawGhosts,
            Effect::Erase => Key::EffectErase,
            Effect::LeaveLegacy => Key::EffectLeaveLegacy,
        };
        self.wording.plain(key, &[])
    }

    /// `audit`: what was done, by whom, and why.
    pub(super) async fn audit(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let Some(portal) = self.store.portal_of(caller.place).await? else {
            return Ok(self.not_linked());
        };
        if !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        let history = self.store.history(portal.id).await?;
        let mut text = self.wording.say(Key::AuditIntro, &[]);
        let skipped = history.len().saturating_sub(LINES);
        for audit in history.iter().skip(skipped) {
            text = text.join_line(self.audit_line(audit));
        }
        Ok(Outcome::say(text))
    }

    /// One line of the history.
    pub fn audit_line(&self, audit: &Audit) -> RichText {
        let who = match &audit.who {
            Some(who) => match &who.name {
                Some(name) => format!("{name} ({})", label(&who.network)),
                None => label(&who.network),
            },
            None => self.wording.plain(Key::AuditNobody, &[]),
        };
        let what = self.deed(&audit.deed);
        let day = Date::of(audit.at);
        let mut line =
            self.wording.say(Key::AuditLine, &[Arg::day(day), Arg::text(what), Arg::text(who)]);
        if let Some(address) = &audit.decision {
            let link = self.wording.say(Key::AuditDecision, &[Arg::url(address)]);
            line = line.join_line(link);
        }
        if let Some(share) = audit.share {
            let line_of_share = match share.shown() {
                Some(percent) => {
                    let args = [Arg::number(u64::from(percent)), Arg::number(u64::from(share.all))];
                    self.wording.say(Key::AuditShare, &args)
                }
                None => {
                    let least = Arg::number(u64::from(SMALLEST_GROUP));
                    self.wording.say(Key::AuditShareFew, &[least])
                }
            };
            line = line.join_line(line_of_share);
        }
        line
    }

    fn deed(&self, deed: &Deed) -> String {
        let stage = |stage: &Stage| Arg::text(stage.name());
        let (key, args) = match deed {
            Deed::Linked => (Key::DeedLinked, Vec::new()),
            Deed::Stepped(from, to) => (Key::DeedStepped, vec![stage(from), stage(to)]),
            Deed::Scheduled(to, day) => (Key::DeedScheduled, vec![stage(to), Arg::day(*day)]),
            Deed::Held(to) => (Key::DeedHeld, vec![stage(to)]),
            Deed::GateClosed(to) => (Key::DeedGateClosed, vec![stage(to)]),
            Deed::Approved(to) => (Key::DeedApproved, vec![stage(to)]),
            Deed::Refused(effect, network) => {
                let what = Arg::text(self.effect_name(*effect));
                (Key::DeedRefused, vec![Arg::text(label(network)), what])
            }
            Deed::Retried => (Key::DeedRetried, Vec::new()),
            Deed::Appointed(network) => (Key::DeedAppointed, vec![Arg::text(label(network))]),
            Deed::VoteOpened(number, question) => {
                (Key::DeedVoteOpened, vec![Arg::text(number.to_string()), Arg::text(question)])
            }
            Deed::VoteClosed(number, counts) => {
                let counts = counts.iter().map(|(answer, count)| format!("{answer} {count}"));
                let counts = counts.collect::<Vec<_>>().join(", ");
                (Key::DeedVoteClosed, vec![Arg::text(number.to_string()), Arg::text(counts)])
            }
            Deed::ExceptionAdded(number, service) => {
                (Key::DeedExceptionAdded, vec![Arg::text(number.to_string()), Arg::text(service)])
            }
            Deed::ExceptionEnded(number, service) => {
                (Key::DeedExceptionClosed, vec![Arg::text(number.to_string()), Arg::text(service)])
            }
            Deed::Erased(messages, people) => {
                (Key::DeedErased, vec![Arg::number(*messages), Arg::number(*people)])
            }
        };
        self.wording.plain(key, &args)
    }
}
