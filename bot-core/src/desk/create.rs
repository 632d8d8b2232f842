// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rooms on request, and invitations.
//!
//! Rule: a room belongs to the human who asked for it; ghosts accept no invitations.

use bridge_model::{Place, UserId};

use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::network::AskError;
use crate::network::MATRIX;
use crate::portal::Portal;
use crate::wording::{Lines, label};

impl Desk {
    /// `create NETWORK`, in a chat with the bot alone.
    pub(super) async fn create(
        &self,
        caller: &Caller<'_>,
        argument: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        if !caller.command.private {
            let bot = Arg::text(self.matrix.bot());
            return Ok(Outcome::say(self.wording.say(Key::CreateElsewhere, &[bot])));
        }
        let Some(network) = argument.and_then(|name| self.remote_network(name)) else {
            let usage = Arg::text(self.typed(caller, "create"));
            let names = Arg::text(self.remote_names());
            return Ok(Outcome::say(self.wording.say(Key::CreateUsage, &[usage, names])));
        };
        let by = &caller.command.by;
        if !self.allowed.includes(&by.user) {
            let (key, operators) = self.not_welcome();
            return Ok(Outcome::say(self.wording.say(key, &[operators])));
        }
        let name = self.wording.plain(Key::RoomName, &[Arg::text(&by.name)]);
        let room = self.matrix.create_room(&by.user, &name).await?;
        let link = Arg::url(self.join_link(&room));
        let place = Place::new(MATRIX, room);
        let leave = self.leave_later(&place);
        let mut outcome = self.offer(caller, network, Some(place)).await?;
        outcome.changes.push(leave);
        outcome.answer = self.wording.say(Key::Created, &[link]).join_line(outcome.answer);
        Ok(outcome)
    }

    /// The room of a portal was replaced by a new one, which is the portal's room already: the
    /// core bot goes there. Ghosts follow when they speak.
    pub(super) async fn room_moved(&self, portal: &Portal) -> Result<Outcome, DeskError> {
        let room = &portal.room;
        match self.matrix.join(&room.chat).await {
            Ok(()) => {}
            Err(AskError::Refused(reason)) => {
                let reason = self.wording.reason(&room.network, &reason);
                let text = self.wording.say(Key::RoomMovedAway, &[Arg::text(reason)]);
                let ends = portal.ends.iter();
                let then = ends.map(|end| self.words(&end.place, None, text.clone())).collect();
                return Ok(Outcome { then, ..Outcome::default() });
            }
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        }
        let networks: Vec<String> =
            portal.ends.iter().map(|end| label(&end.place.network)).collect();
        let mut answer = self.wording.say(Key::RoomMoved, &[Arg::text(networks.join(", "))]);
        let mut missing = None;
        for end in &portal.ends {
            let set = self.announce_bridge(room, &end.place, end.title.as_deref()).await;
            missing = missing.or(set.err());
        }
        if let Some(missing) = missing {
            answer = answer.join_line(missing);
        }
        Ok(Outcome::say(answer))
    }

    /// The core bot joins and introduces itself, where whoever invites it may; a ghost declines.
    pub(super) async fn invited(
        &self,
        chat: &Place,
        (by, whom): (&UserId, &UserId),
    ) -> Result<Outcome, DeskError> {
        if whom.as_str() != self.matrix.bot() {
            let reason = self.wording.plain(Key::GhostDeclines, &[]);
            self.matrix.decline(&chat.chat, whom, reason).await?;
            return Ok(Outcome::default());
        }
        if !self.may_invite(by).await? {
            let (key, operators) = self.not_welcome();
            let reason = self.wording.plain(key, &[operators]);
            self.matrix.decline(&chat.chat, whom, reason).await?;
            return Ok(Outcome::default());
        }
        self.matrix.join(&chat.chat).await?;
        let help = Arg::text(self.typed_on(&chat.network, "help"));
        let answer = self.wording.say(Key::Hello, &[help]);
        Ok(Outcome { answer, changes: vec![self.leave_later(chat)], ..Outcome::default() })
    }
}
