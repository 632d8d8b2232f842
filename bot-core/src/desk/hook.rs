// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the answer to an entry hangs, and who reads it.
//!
//! Rule: what was given on a page is answered in the room below nothing, because no message asked there.

use bridge_model::{Content, Event};

use super::outcome::Outcome;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, Work};
use crate::migration::Task;
use crate::moving::Move;
use crate::network::MATRIX;
use crate::order::{DeliverError, Failure};
use crate::store::visits::{VisitChange, asked_hash};
use crate::store::{Change, StoreError};
use crate::wording::Lines;

/// The Matrix account with which the bot is alone where this is answered.
pub(super) fn alone_with(work: &Work) -> Option<&str> {
    if let Work::Task(Task::Moving(what)) = work {
        return match what {
            Move::Enter(mxid) | Move::Held(mxid) => Some(mxid),
            Move::Called(call) => Some(&call.mxid),
            Move::Arrived(_) | Move::Depart(_) | Move::Admit(_) | Move::Power(..) => None,
        };
    }
    let event = work.event().filter(|event| event.place.network.as_str() == MATRIX)?;
    let Content::Commanded(command) = &event.content else { return None };
    command.private.then(|| command.by.user.as_str())
}

/// The store cannot be read now.
pub(super) fn later(error: StoreError) -> Failure {
    Failure::clean(DeliverError::Retry { after: None, reason: error.to_string() })
}

/// Where the answer to an event hangs.
pub(super) fn hook(event: &Event) -> Answer {
    let Content::Commanded(command) = &event.content else { return Answer::default() };
    if command.on_page {
        return Answer::default();
    }
    match &command.answer_via {
        Some(via) => Answer { via: Some(via.clone()), ..Answer::default() },
        None => {
            let to = command.pressed.as_ref().unwrap_or(&event.message);
            Answer { to: Some(to.clone()), ..Answer::default() }
        }
    }
}

/// What was given on a page: the room reads whose deed it is, and the page shows the answer, too.
pub(super) fn attributed(work: &Work, outcome: Outcome, phrases: Phrases<'_>) -> Outcome {
    let Some(event) = work.event() else { return outcome };
    let Content::Commanded(command) = &event.content else { return outcome };
    if !command.on_page {
        return outcome;
    }
    let (said, language) = (outcome.answer.plain(), phrases.wording.language().to_owned());
    let answered = VisitChange::Answered(asked_hash(event.message.as_str()), said, language);
    let by = [Arg::text(&command.by.name)];
    let answer = phrases.say(Key::ToldOnPage, &by).join_line(outcome.answer);
    let changes = outcome.changes.into_iter().chain([Change::Visit(Box::new(answered))]);
    Outcome { answer, changes: changes.collect(), ..outcome }
}
