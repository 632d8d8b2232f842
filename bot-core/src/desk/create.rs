// SPDX-License-Identifier: AGPL-3.0-or-later
//! `create`: a room on request, with a code that links it.
//!
//! Rule: a room belongs to the human who asked for it.

use bridge_model::Place;

use super::allow::leave_later;
use super::call::Call;
use super::link::Linking;
use super::outcome::{DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::network::MATRIX;
use crate::wording::Lines;

impl Linking {
    /// `create NETWORK`, in a chat with the bot alone.
    pub(super) async fn create(
        &self,
        call: &Call<'_>,
        argument: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        if !call.command.private {
            let bot = Arg::text(self.matrix.bot());
            return Ok(phrases.answer(Key::CreateElsewhere, &[bot]));
        }
        let Some(network) = argument.and_then(|name| self.remote_network(name)) else {
            let usage = Arg::text(call.typed("create"));
            let names = Arg::text(self.remote_names());
            return Ok(phrases.answer(Key::CreateUsage, &[usage, names]));
        };
        let by = &call.command.by;
        if let Some(refused) = self.admission.refusal(phrases, &by.user) {
            return Ok(refused);
        }
        let name = phrases.plain(Key::RoomName, &[Arg::text(&by.name)]);
        let room = self.matrix.create_room(&by.user, &name).await?;
        let link = Arg::url(phrases.join_link(&room));
        let place = Place::new(MATRIX, room);
        let leave = leave_later(&place, phrases.now);
        let mut outcome = self.offer(call, network, Some(place)).await?;
        outcome.changes.push(leave);
        outcome.answer = phrases.say(Key::Created, &[link]).join_line(outcome.answer);
        Ok(outcome)
    }
}
