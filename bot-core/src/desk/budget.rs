// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands within the budget of whoever types them.
//!
//! Rule: whoever has asked for too much is told once, then there is silence. Where only they see the
//! answer they are told each time, because the platform waits for one.

use bridge_model::Person;

use super::{Caller, Desk, DeskError, Outcome};
use crate::budgets::Allowance;
use crate::i18n::Key;
use crate::network::AskError;

impl Desk {
    /// Carries out what somebody typed, if they may ask for one more.
    pub(super) async fn granted(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let by = caller.command.by.user.clone();
        let person = Person { network: caller.place.network.clone(), user: by };
        let alone = caller.command.answer_via.is_some();
        match self.budgets.take(&person, self.clock.now()) {
            Allowance::Granted => {}
            Allowance::Silent if !alone => return Ok(Outcome::default()),
            Allowance::Spent | Allowance::Silent => {
                return Ok(Outcome::say(self.wording.say(Key::SlowDown, &[])));
            }
        }
        let done = self.command(caller).await;
        if matches!(done, Err(DeskError::Ask(AskError::Retry { .. }) | DeskError::Store(_))) {
            // The same command comes again.
            self.budgets.give_back(&person);
        }
        done
    }
}
