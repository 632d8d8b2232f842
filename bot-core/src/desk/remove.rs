// SPDX-License-Identifier: AGPL-3.0-or-later
//! `delete`, for networks that do not tell bots what was deleted: by reply.
//!
//! Rule: only the author and moderators; what is taken away goes from every side.

use bridge_model::{Content, Event};

use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::lane::Work;

impl Desk {
    /// `delete`, typed in reply to the message that is to go.
    pub(super) async fn delete(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let say = |key: Key, args: &[Arg]| Ok(Outcome::say(self.wording.say(key, args)));
        let Some(target) = &caller.command.reply_to else {
            return say(Key::DeleteUsage, &[Arg::text(self.typed(caller, "delete"))]);
        };
        let Some(portal) = self.store.portal_of(caller.place).await? else {
            return Ok(self.not_linked());
        };
        let Some(replica) = self.store.find_replica(caller.place, target).await? else {
            return say(Key::DeleteUnknown, &[]);
        };
        let own = replica.origin == *caller.place && replica.author == caller.command.by.user;
        if !own && !self.rights(caller).await?.moderate {
            return say(Key::DeleteNotAllowed, &[]);
        }
        // The command itself and the message go here too, as far as the platform lets the bot.
        let event = |message| Event {
            place: caller.place.clone(),
            message,
            late: false,
            content: Content::Deleted { by: None },
        };
        let places: Vec<_> = portal.others(caller.place).into_iter().collect();
        let everywhere = places.into_iter().chain([caller.place.clone()]);
        let then = everywhere.map(|place| (place, Work::by_bot(event(target.clone())))).collect();
        // Where only the asker sees an answer, one is waited for.
        let waits = caller.command.answer_via.is_some();
        let done = waits.then(|| self.wording.say(Key::DeleteDone, &[]));
        Ok(Outcome { then, ..Outcome::say(done.unwrap_or_default()) })
    }
}
