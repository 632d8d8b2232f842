// SPDX-License-Identifier: AGPL-3.0-or-later
//! What has to be remembered to understand later events.
//!
//! Rule: bounded, and of this process only; what is forgotten makes an event less exact, never
//! wrong.

use std::collections::{HashMap, VecDeque};

use bridge_model::{MemberChange, Moderation, Timestamp};
use serde_json::Value;

use crate::convert::incoming::{self, Ours};

/// How many things of each kind are remembered.
const MOST: usize = 4096;

/// How many faces are remembered.
const FACES: usize = 65_536;

/// Things in the order in which they came; the oldest are forgotten.
struct Recent<T>(VecDeque<T>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: PartialEq> Recent<T> {
    /// `false` when it is there already.
    fn keep(&mut self, one: T) -> bool {
        if self.0.contains(&one) {
            return false;
        }
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(one);
        true
    }

    /// Whether it was there.
    fn take(&mut self, one: &T) -> bool {
        let found = self.0.iter().position(|kept| kept == one);
        found.and_then(|at| self.0.remove(at)).is_some()
    }
}

/// What is remembered.
#[derive(Default)]
pub(super) struct Memory {
    edits: Recent<(String, String)>,
    announced: Recent<String>,
    pinned: Recent<String>,
    /// Channels in which something was pinned or unpinned that no message has told of yet.
    pins_changed: Recent<String>,
    faces: HashMap<(String, String), u64>,
    timeouts: HashMap<(String, String), Timestamp>,
}

impl Memory {
    /// A person edited it: the time of editing is one that was not seen before.
    pub(super) fn is_new_edit(&mut self, message: &Value) -> bool {
        let id = incoming::id(message, "id");
        let time = incoming::text(message, "edited_timestamp");
        let edit = id.zip(time).map(|(id, time)| (id.to_owned(), time.to_owned()));
        edit.is_some_and(|edit| self.edits.keep(edit))
    }

    /// Its author thinks about it.
    pub(super) fn announce(&mut self, message: &Value) {
        if let Some(id) = incoming::id(message, "id").filter(|_| incoming::is_loading(message)) {
            self.announced.keep(id.to_owned());
        }
    }

    /// It was only announced before, and is written now.
    pub(super) fn is_written(&mut self, message: &Value) -> bool {
        let id = incoming::id(message, "id").filter(|_| !incoming::is_loading(message));
        id.is_some_and(|id| self.announced.take(&id.to_owned()))
    }

    /// Something was pinned or unpinned in a channel; which message it is, the update of the
    /// message says.
    pub(super) fn pins_changed(&mut self, data: &Value) {
        if let Some(channel) = incoming::id(data, "channel_id") {
            self.pins_changed.keep(channel.to_owned());
        }
    }

    /// It was pinned before this update, maybe also before this process, and is not any more. The
    /// core drops what was not pinned.
    pub(super) fn is_unpinned(&mut self, message: &Value) -> bool {
        let Some(id) = incoming::id(message, "id") else { return false };
        let channel = incoming::id(message, "channel_id").unwrap_or_default();
        let changed = self.pins_changed.take(&channel.to_owned());
        if incoming::is(message, "pinned") {
            self.pinned.keep(id.to_owned());
            return false;
        }
        self.pinned.take(&id.to_owned()) || changed
    }

    /// What became of a member's timeout; `None` for nothing, and when it is not known what it was.
    pub(super) fn timed_out(&mut self, guild: &str, member: &Value) -> Option<Moderation> {
        let user = incoming::id(member.get("user")?, "id")?;
        let key = (guild.to_owned(), user.to_owned());
        if self.timeouts.len() >= FACES {
            self.timeouts.clear();
        }
        match incoming::timeout(member) {
            Some(until) => {
                let before = self.timeouts.insert(key, until);
                (before != Some(until)).then_some(Moderation::Mute { until: Some(until) })
            }
            None => self.timeouts.remove(&key).map(|_| Moderation::Unmute),
        }
    }

    /// What became different about a member: `None` for nothing that is seen, and when it is
    /// not known how they looked before.
    pub(super) fn member(
        &mut self,
        kind: &str,
        guild: &str,
        member: &Value,
        ours: &Ours,
    ) -> Option<MemberChange> {
        let (user, face) = incoming::face(member.get("user")?, Some((guild, member)), ours)?;
        let key = (guild.to_owned(), user);
        if kind == "GUILD_MEMBER_REMOVE" {
            self.faces.remove(&key);
            return Some(MemberChange::Left);
        }
        if self.faces.len() >= FACES {
            self.faces.clear();
        }
        let before = self.faces.insert(key, face);
        match kind {
            "GUILD_MEMBER_ADD" => Some(MemberChange::Joined),
            _ => before.is_some_and(|before| before != face).then_some(MemberChange::Profile),
        }
    }

    /// How the author of a message looks.
    pub(super) fn meet(&mut self, message: &Value, ours: &Ours) {
        let guild = incoming::id(message, "guild_id");
        let (Some(guild), Some(user), Some(member)) =
            (guild, message.get("author"), message.get("member"))
        else {
            return;
        };
        if let Some((user, face)) = incoming::face(user, Some((guild, member)), ours) {
            if self.faces.len() >= FACES {
                self.faces.clear();
            }
            self.faces.insert((guild.to_owned(), user), face);
        }
    }
}
