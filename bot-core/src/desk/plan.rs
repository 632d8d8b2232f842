// SPDX-License-Identifier: AGPL-3.0-or-later
//! `stage plan`, which shows a step before it is taken.
//!
//! Rule: the plan is made of the same list that the step stores, and its texts by the same
//! functions that say them.

use bridge_model::{Block, RichText};
use bridge_policy::stage::{Direction, Effect, NoStep, Stage};

use super::call::Call;
use super::community::Community;
use super::disclosure_text::{room_key, room_text, stage_text};
use super::effect_lines;
use super::gates::{self, Gates};
use super::outcome::{DeskError, Outcome};
use super::pair::Pair;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::migration::Planned;
use crate::network::{AskError, Need};
use crate::portal::{EndState, Portal};
use crate::relay::Networks;
use crate::store::migration::plan;
use crate::wording::{Lines, label};

/// Shows steps.
pub(super) struct Plans {
    pub(super) networks: Networks,
    pub(super) gates: Gates,
}

impl Plans {
    /// Everything that a step changes, says and lacks.
    pub(super) async fn stage_plan(
        &self,
        call: &Call<'_>,
        community: &Community<'_>,
        direction: Direction,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let portal = community.portal;
        let back = direction == Direction::Back;
        let (to, effects) = match portal.stage.step(direction) {
            Ok(step) => step,
            Err(no_step) => return Ok(no_step_there(call, no_step)),
        };
        let names = [phrases.stage(portal.stage), phrases.stage(to)];
        let intro = phrases.say(Key::PlanIntro, &names);
        let mut text = self.changes(phrases, portal, (intro, true), &effects).await?;
        if !back && let Some(gate) = self.gates.gate(community, false, phrases.now).await? {
            text = text.join_line(phrases.say(Key::StageNext, &[phrases.stage(to)]));
            text = text.join_line(gates::text(phrases, &gate, &call.typed("stage approve")));
        }
        let verb = if back { "back" } else { "next" };
        let command = call.typed(&format!("stage {verb} --decision https://…"));
        text = text.join_line(phrases.say(Key::PlanHow, &[Arg::text(command)]));
        if !back && to == Stage::Sunset {
            text = text.join_line(phrases.say(Key::PlanIsFinal, &[]));
        }
        Ok(Outcome::say(text))
    }

    /// What the next step changes, without the texts.
    pub(super) async fn outline(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<RichText, DeskError> {
        let Ok((to, effects)) = portal.stage.step(Direction::Next) else {
            return Ok(RichText::default());
        };
        let names = [phrases.stage(portal.stage), phrases.stage(to)];
        let intro = phrases.say(Key::StepOutline, &names);
        let text = self.changes(phrases, portal, (intro, false), &effects).await?;
        if to == Stage::Sunset {
            return Ok(text.join_line(phrases.say(Key::PlanIsFinal, &[])));
        }
        Ok(text)
    }

    /// Every effect, with the texts where they are wanted, and each right that is missing once.
    async fn changes(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
        (intro, with_texts): (RichText, bool),
        effects: &[Effect],
    ) -> Result<RichText, DeskError> {
        let mut text = intro;
        let mut told = Vec::new();
        for planned in plan(portal, effects) {
            text = text.join_line(planned_line(phrases, &planned));
            for said in texts(phrases, portal, &planned).into_iter().filter(|_| with_texts) {
                text.0.push(Block::Quote { blocks: said.0, expandable: false });
            }
            for line in self.lacking_lines(phrases, &planned).await? {
                if !told.contains(&line) {
                    told.push(line.clone());
                    text = text.join_line(line);
                }
            }
        }
        Ok(text)
    }

    /// The rights that the bot lacks for an effect, and who can give them.
    async fn lacking_lines(
        &self,
        phrases: Phrases<'_>,
        planned: &Planned,
    ) -> Result<Vec<RichText>, DeskError> {
        let need = match planned.effect {
            Effect::PinText(_) | Effect::UnpinText | Effect::NoticeInRoom(_) => Need::Pin,
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
            Ok(lacking) => lacking.iter().map(|right| phrases.wording.right(right)).collect(),
            Err(AskError::Refused(reason)) => {
                let why = phrases.reason(&place.network, &reason);
                let args = [Arg::text(label(&place.network)), why];
                return Ok(vec![phrases.say(Key::PlanLacks, &args)]);
            }
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        };
        let line = |right: String| {
            let args = [Arg::text(label(&place.network)), Arg::text(right)];
            phrases.say(Key::PlanLacks.on(&place.network), &args)
        };
        Ok(lacking.into_iter().map(line).collect())
    }
}

/// What an effect says.
fn texts(phrases: Phrases<'_>, portal: &Portal, planned: &Planned) -> Vec<RichText> {
    match planned.effect {
        Effect::PinText(stage) => {
            vec![stage_text(phrases, Pair::of(portal, &planned.place), stage)]
        }
        // It stands there already.
        Effect::NoticeInRoom(stage) if room_key(stage) == room_key(portal.stage) => Vec::new(),
        Effect::NoticeInRoom(stage) => {
            let ends = portal.ends.iter().filter(|end| end.state == EndState::Active);
            ends.map(|end| room_text(phrases, Pair::of(portal, &end.place), stage)).collect()
        }
        Effect::UnpinText
        | Effect::RelayOn
        | Effect::RelayOff
        | Effect::MatrixDecides
        | Effect::OwnerAsBefore
        | Effect::RecordAccess
        | Effect::CloseAccess
        | Effect::RestoreAccess
        | Effect::WithdrawGhosts
        | Effect::Erase
        | Effect::LeaveLegacy => Vec::new(),
    }
}

fn planned_line(phrases: Phrases<'_>, planned: &Planned) -> RichText {
    let place = Arg::text(label(&planned.place.network));
    let what = Arg::text(effect_lines::name(phrases, planned.effect));
    phrases.say(Key::PlanLine, &[place, what])
}

/// The answer behind the last stage and before the first one.
pub(super) fn no_step_there(call: &Call<'_>, no_step: NoStep) -> Outcome {
    let (key, instead) = match no_step {
        NoStep::First => (Key::StageIsFirst, "unlink"),
        NoStep::Last => (Key::StageIsLast, "link"),
    };
    call.phrases.answer(key, &[Arg::text(call.typed(instead))])
}
