// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who may have the bot in rooms and connect them, and when it leaves a room that nobody connects.
//!
//! Rule: the operator decides; nobody is asked for what is nobody else's business. Whoever is in a
//! connected room may write to the bot in private, because that is how accounts are claimed.

use std::sync::Arc;
use std::time::Duration;

use bridge_model::{Content, Event, MessageId, Place, Timestamp, UserId};

use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::{Work, core_place};
use crate::migration::{Deadline, Task};
use crate::network::{AskError, MATRIX};
use crate::portal::Portal;
use crate::relay::Networks;
use crate::store::timers::NewTimer;
use crate::store::{Change, Store};

/// How long the bot stays in a room that is not connected.
const LIFE: Duration = Duration::from_secs(3600);

/// How long somebody may be alone with it until it looks again whether they still are.
const PRIVATE_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Rooms that are asked at most whether somebody is in them.
const MOST_ASKED: usize = 20;

/// People on Matrix who may invite the bot, connect rooms and have rooms made.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    everybody: bool,
    servers: Vec<String>,
    users: Vec<String>,
}

impl Allowed {
    /// Reads server names, user ids, and `*` for everybody.
    pub fn read<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut allowed = Self::default();
        for name in names {
            match name.as_ref() {
                "*" => allowed.everybody = true,
                user if user.starts_with('@') => allowed.users.push(user.to_owned()),
                server => allowed.servers.push(server.to_ascii_lowercase()),
            }
        }
        allowed
    }

    /// Whether somebody is among them.
    pub fn includes(&self, user: &UserId) -> bool {
        let server = user.as_str().split_once(':').map(|(_, server)| server.to_ascii_lowercase());
        self.everybody
            || self.users.iter().any(|known| known == user.as_str())
            || server.is_some_and(|server| self.servers.contains(&server))
    }
}

/// Lets people in, and leaves rooms that nobody connects.
#[derive(Clone)]
pub(super) struct Admission {
    pub(super) networks: Networks,
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) allowed: Allowed,
    /// Whom somebody can ask who may not connect rooms.
    pub(super) operators: String,
}

impl Admission {
    /// What is said to somebody who may not connect rooms, as the reason of a refused invitation.
    pub(super) fn not_welcome(&self, phrases: Phrases<'_>) -> String {
        phrases.plain(Key::NotWelcome, &[Arg::text(&self.operators)])
    }

    /// The same, as an answer; `None` for somebody who may.
    pub(super) fn refusal(&self, phrases: Phrases<'_>, user: &UserId) -> Option<Outcome> {
        let refused = || phrases.answer(Key::NotWelcome, &[Arg::text(&self.operators)]);
        (!self.allowed.includes(user)).then(refused)
    }

    /// Whether the bot comes when somebody invites it.
    pub(super) async fn may_invite(&self, user: &UserId) -> Result<bool, DeskError> {
        Ok(self.allowed.includes(user) || self.is_in_a_portal(user).await?)
    }

    /// Whether somebody is in the room of a portal.
    async fn is_in_a_portal(&self, user: &UserId) -> Result<bool, DeskError> {
        let matrix = MATRIX.into();
        let Some(network) = self.networks.get(&matrix) else { return Ok(false) };
        let portals = self.store.portals().await?;
        for portal in &portals {
            let known = self.store.people(portal.id).await?;
            let is_known =
                |person: &bridge_model::Person| person.network == matrix && person.user == *user;
            if known.iter().any(|one| is_known(&one.person)) {
                return Ok(true);
            }
        }
        for portal in portals.iter().take(MOST_ASKED) {
            match network.rights(&portal.room.chat, user).await {
                Ok(rights) if rights.member => return Ok(true),
                Ok(_) | Err(AskError::Refused(_)) => {}
                Err(error @ AskError::Retry { .. }) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// Gives each room that is not connected the hour that it has after an invitation, if it has none:
    /// the bot may have come there before that rule.
    pub(super) async fn watch_unlinked(&self, now: Timestamp) -> Result<(), DeskError> {
        let rooms = self.matrix.joined().await?.into_iter();
        let timers = rooms.map(|room| timer(&Place::new(MATRIX, room), now, LIFE)).collect();
        Ok(self.store.watch_unlinked(timers).await?)
    }

    /// An hour has gone by: the bot leaves, unless the room is connected or somebody is alone with it.
    pub(super) async fn leave_if_unlinked(
        &self,
        phrases: Phrases<'_>,
        room: &Place,
        portal: Option<&Portal>,
    ) -> Result<Outcome, DeskError> {
        if portal.is_some() {
            return Ok(Outcome::default());
        }
        if self.store.is_policy_list(&room.chat).await? {
            let changes = vec![look_again(room, phrases.now, PRIVATE_LIFE)];
            return Ok(Outcome { changes, ..Outcome::default() });
        }
        let alone = match self.matrix.is_space(&room.chat).await {
            // It holds the rooms of topics.
            Ok(true) => return Ok(Outcome::default()),
            Ok(false) => self.matrix.is_private(&room.chat).await,
            Err(error) => Err(error),
        };
        match alone {
            Ok(false) => {}
            Ok(true) => {
                let changes = vec![look_again(room, phrases.now, PRIVATE_LIFE)];
                return Ok(Outcome { changes, ..Outcome::default() });
            }
            // It is not there any more.
            Err(AskError::Refused(_)) => return Ok(Outcome::default()),
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        }
        let again = phrases.typed_on(&room.network, "link");
        let args = [Arg::text(again), Arg::text(self.matrix.bot())];
        let farewell = phrases.message_in(room, phrases.say(Key::LeavesUnlinked, &args));
        let leave = Work::by_bot(Event {
            place: room.clone(),
            message: MessageId::from(""),
            late: false,
            content: Content::Closed,
        });
        Ok(Outcome::then(vec![farewell, (room.clone(), leave)]))
    }
}

/// Looks after an hour whether a room is connected.
pub(super) fn leave_later(room: &Place, now: Timestamp) -> Change {
    look_again(room, now, LIFE)
}

fn look_again(room: &Place, now: Timestamp, after: Duration) -> Change {
    Change::Timer(Box::new(timer(room, now, after)))
}

fn timer(room: &Place, now: Timestamp, after: Duration) -> NewTimer {
    let life = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    NewTimer {
        name: format!("unlinked/{}", room.chat.as_str()),
        at: Timestamp(now.0.saturating_add(life)),
        lane: core_place(room),
        work: Work::Task(Task::Due(Deadline::Unlinked)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_people_and_everybody_can_be_allowed() {
        let includes = |names: &[&str], user: &str| Allowed::read(names).includes(&user.into());
        assert!(includes(&["Example.org"], "@ann:example.ORG"));
        assert!(!includes(&["example.org"], "@ann:evil-example.org"));
        assert!(!includes(&["example.org"], "@ann:example.org.evil.net"));
        assert!(includes(&["example.org:8448"], "@ann:example.org:8448"));
        assert!(includes(&["@ann:other.org"], "@ann:other.org"));
        assert!(!includes(&["@ann:other.org"], "@bob:other.org"));
        assert!(!includes(&[], "@ann:example.org"));
        assert!(includes(&["*"], "@ann:anywhere.net"));
    }
}
