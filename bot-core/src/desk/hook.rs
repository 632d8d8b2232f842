// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the answer to an entry hangs, and who reads it.
//!
//! Rule: what was given on a page is answered in the room below nothing, because no message asked there.

use bridge_model::{Content, Event};

use super::outcome::Outcome;
use crate::lane::{Answer, Work};
use crate::migration::Task;
use crate::moving::Move;
use crate::network::MATRIX;
use crate::order::{DeliverError, Failure};
use crate::store::visits::{VisitChange, asked_hash};
use crate::store::{Change, StoreError};
use crate::wording::Wording;

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

/// The page on which a command was given shows the answer, too.
pub(super) fn answered(work: &Work, outcome: &Outcome, wording: &Wording) -> Option<Change> {
    let event = work.event()?;
    let Content::Commanded(command) = &event.content else { return None };
    let (said, language) = (outcome.answer.plain(), wording.language().to_owned());
    let key = asked_hash(event.message.as_str());
    let change = VisitChange::Answered(key, said, language);
    command.on_page.then(|| Change::Visit(Box::new(change)))
}
