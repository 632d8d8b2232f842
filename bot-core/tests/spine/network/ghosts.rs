// SPDX-License-Identifier: AGPL-3.0-or-later
//! Accounts of ours that are banned or muted, on the network that has such accounts.
//!
//! Rule: whoever is banned there says nothing; a deaf platform says yes and changes nothing.

use bot_core::network::{GhostState, MATRIX};
use bot_core::order::ModerationTarget;
use bot_core::{Action, Order};
use bridge_model::{ChatId, Moderation, Person};

use super::{FakeNetwork, State};

impl State {
    /// What a deed makes of an account.
    pub(super) fn hold(&mut self, order: &Order) {
        let Action::Moderate { whom: ModerationTarget::Ghost(person), what, .. } = &order.act
        else {
            return;
        };
        let key = (order.chat.as_str().to_owned(), person.user.as_str().to_owned());
        if self.deaf {
            return;
        }
        let held = self.held.entry(key).or_default();
        match what {
            Moderation::Ban { .. } => held.banned = true,
            Moderation::Unban => held.banned = false,
            Moderation::Mute { .. } => held.muted = true,
            Moderation::Unmute => held.muted = false,
            Moderation::Kick => {}
        }
    }
}

impl FakeNetwork {
    /// How an account stands; only Matrix has such accounts.
    pub(super) fn state_of_ghost(&self, chat: &ChatId, person: &Person) -> Option<GhostState> {
        let key = (chat.as_str().to_owned(), person.user.as_str().to_owned());
        let known = self.state.lock().unwrap().held.get(&key).copied();
        (self.id.as_str() == MATRIX).then(|| known.unwrap_or_default())
    }
}
