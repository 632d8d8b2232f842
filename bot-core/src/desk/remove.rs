// SPDX-License-Identifier: AGPL-3.0-or-later
//! `delete`, for networks that do not tell bots what was deleted: by reply.
//!
//! Rule: only the author and moderators; what is taken away goes from every side.

use std::sync::Arc;

use bridge_model::{Content, Event};

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::relay::Networks;
use crate::store::Store;

/// `delete`.
pub(super) struct Deletion {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
}

impl Deletion {
    /// `delete`, typed in reply to the message that is to go.
    pub(super) async fn delete(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let say = |key: Key, args: &[Arg]| Ok(phrases.answer(key, args));
        let Some(target) = &call.command.reply_to else {
            return say(Key::DeleteUsage, &[Arg::text(call.typed("delete"))]);
        };
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        let Some(replica) = self.store.find_replica(call.place, target).await? else {
            return say(Key::DeleteUnknown, &[]);
        };
        let own = replica.origin == *call.place && replica.author == call.command.by.user;
        if !own && !call.rights(&self.networks).await?.moderate {
            return say(Key::DeleteNotAllowed, &[]);
        }
        // The command itself and the message go here too, as far as the platform lets the bot.
        let event = |message| Event {
            place: call.place.clone(),
            message,
            late: false,
            content: Content::Deleted { by: None },
        };
        let places: Vec<_> = portal.others(call.place).into_iter().collect();
        let everywhere = places.into_iter().chain([call.place.clone()]);
        let then = everywhere.map(|place| (place, Work::by_bot(event(target.clone())))).collect();
        // Where only the asker sees an answer, one is waited for.
        let waits = call.command.answer_via.is_some();
        let done = waits.then(|| phrases.say(Key::DeleteDone, &[]));
        Ok(Outcome { then, ..Outcome::say(done.unwrap_or_default()) })
    }
}
