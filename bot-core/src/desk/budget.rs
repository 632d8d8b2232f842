// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands within the budget of whoever types them.
//!
//! Rule: whoever has asked for too much is told once, then there is silence. Where only they see the
//! answer they are told each time, because the platform waits for one.

use std::sync::Arc;

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use crate::budgets::{Allowance, Budgets};
use crate::i18n::Key;
use crate::network::AskError;

/// How many commands each person has.
pub(super) struct CommandBudget {
    pub(super) budgets: Arc<Budgets>,
}

impl CommandBudget {
    /// Takes one command from the budget; the answer where there is none left.
    pub(super) fn refusal(&self, call: &Call<'_>) -> Option<Outcome> {
        let alone = call.command.answer_via.is_some();
        match self.budgets.take(&call.person(), call.phrases.now) {
            Allowance::Granted => None,
            Allowance::Silent if !alone => Some(Outcome::default()),
            Allowance::Spent | Allowance::Silent => Some(call.phrases.answer(Key::SlowDown, &[])),
        }
    }

    /// Gives the command back where it waits, because the same one comes again.
    pub(super) fn settle(&self, call: &Call<'_>, done: &Result<Outcome, DeskError>) {
        if matches!(done, Err(DeskError::Ask(AskError::Retry { .. }) | DeskError::Store(_))) {
            self.budgets.give_back(&call.person());
        }
    }
}
