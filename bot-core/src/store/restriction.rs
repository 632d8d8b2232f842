// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is held against somebody in a portal, as it is stored, and how a deed changes it.
//!
//! Rule: values only. A named record may get fields that have a default; a packed one never changes
//! without a new version of its table.

use bridge_model::{Content, Deed, Event, MessageId, Moderation, Person, Place, Timestamp};
use serde::{Deserialize, Serialize};

/// Platforms tell seconds only.
const SLACK_MS: i64 = 2_000;

/// What is held against somebody in a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Who.
    pub person: Person,
    /// What they were called when it began.
    pub name: String,
    /// They are banned.
    pub banned: bool,
    /// They are muted.
    pub muted: Option<Mute>,
    /// When it began.
    pub since: Timestamp,
    /// The ban is that of a policy list, and ends with its rules.
    #[serde(default)]
    pub by_policy: bool,
    /// No rule of a policy list bans them: a moderator let them in, or they look after a chat.
    #[serde(default)]
    pub let_be: bool,
}

/// For how long somebody may not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// `None` for ever.
    pub until: Option<Timestamp>,
}

/// One message of somebody: the week, the number of its place, and its id there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidRecord(pub u16, pub u32, pub MessageId);

impl Mute {
    fn lasts(self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }

    fn outlasts(self, until: Option<Timestamp>) -> bool {
        match (self.until, until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(until)) => own.0.saturating_add(SLACK_MS) >= until.0,
        }
    }
}

impl Restriction {
    /// Nothing is held against somebody.
    pub fn none(person: &Person, name: &str, now: Timestamp) -> Self {
        Self {
            person: person.clone(),
            name: name.to_owned(),
            banned: false,
            muted: None,
            since: now,
            by_policy: false,
            let_be: false,
        }
    }

    /// What they say goes nowhere.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.banned || self.muted.is_some_and(|mute| mute.lasts(now))
    }

    /// They are muted, and the time for that is over.
    pub fn is_mute_over(&self, now: Timestamp) -> bool {
        self.muted.is_some_and(|mute| !mute.lasts(now))
    }

    /// The deed by which a mute ends whose time is over.
    pub fn end_of_mute(&self, room: &Place) -> Event {
        let (whom, name) = (self.person.clone(), self.name.clone());
        let deed = Deed { by: None, whom, name, what: Moderation::Unmute, reason: None };
        let (message, content) = (MessageId::from("mute"), Content::Moderated(Box::new(deed)));
        Event { place: room.clone(), message, late: false, content }
    }

    /// What is held against somebody after a deed; `None` where that says nothing new.
    pub fn after(before: Option<&Self>, deed: &Deed, now: Timestamp) -> Option<Self> {
        let fresh = || Self::none(&deed.whom, &deed.name, now);
        let mut block = before.cloned().unwrap_or_else(fresh);
        match deed.what {
            Moderation::Ban { .. } if !block.banned => {
                (block.banned, block.let_be) = (true, false);
            }
            Moderation::Unban if block.banned => (block.banned, block.by_policy) = (false, false),
            Moderation::Kick => {}
            Moderation::Mute { until } => {
                if block.muted.is_some_and(|mute| mute.lasts(now) && mute.outlasts(until)) {
                    return None;
                }
                block.muted = Some(Mute { until });
            }
            Moderation::Unmute if block.muted.is_some() => block.muted = None,
            Moderation::Ban { .. } | Moderation::Unban | Moderation::Unmute => return None,
        }
        Some(block)
    }
}
