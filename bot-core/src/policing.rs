// SPDX-License-Identifier: AGPL-3.0-or-later
//! Policy lists as a portal follows them, as values.
//!
//! Rule: the rules themselves are [`bridge_policy::lists`]; here stands what a portal makes of them.

use bridge_model::{ChatId, Person, Place};
use bridge_policy::lists::{Objection, PolicyRule, RuleKind};
use serde::{Deserialize, Serialize};

/// What the core does about policy lists, in the lane of a portal's room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policing {
    /// A list that the portal follows, whose room this is, is different.
    Read(ChatId),
    /// A ban goes into the portal's own list, or out of it.
    Publish(Box<Published>),
}

/// A ban in a portal, or its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Who.
    pub person: Person,
    /// They are banned.
    pub banned: bool,
    /// Why, in the moderator's words.
    pub reason: Option<String>,
}

/// The policy lists of a portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Those that it follows, oldest first.
    pub lists: Vec<FollowedList>,
    /// The one that its own bans are written into.
    pub own: Option<OwnList>,
    /// The homeserver on which the bridge's accounts are.
    pub server: String,
    /// The number of the next list.
    pub next: u32,
}

/// A list that a portal follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedList {
    /// Its number in the portal.
    pub number: u32,
    /// Its room.
    pub room: ChatId,
    /// As its address was typed.
    pub name: String,
}

/// The list that the bans of a portal are written into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnList {
    /// Its room.
    pub room: ChatId,
    /// As its address was typed.
    pub name: String,
    /// People were told that the bot may not write there.
    pub refused: bool,
}

impl Policies {
    /// The list whose room this is.
    pub fn list(&self, room: &ChatId) -> Option<&FollowedList> {
        self.lists.iter().find(|list| list.room == *room)
    }
}

/// A rule of a list, as a portal knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRule {
    /// The number of the list.
    pub list: u32,
    /// The rule.
    pub rule: PolicyRule,
    /// Why it is set aside; `None` for one that applies.
    pub aside: Option<Objection>,
    /// An admin wants it although it hits most of the people.
    pub agreed: bool,
}

/// A row of the table of rules; a key is a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyRow {
    /// A rule.
    Rule(KnownRule),
    /// The keys of the rules that name an account or a server in these words.
    Named(Vec<[u8; 16]>),
    /// All rules with patterns that apply: key, kind and pattern.
    Patterns(Vec<([u8; 16], RuleKind, String)>),
}

/// A rule as it stands in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRule {
    /// Its type and state key.
    pub name: (String, String),
    /// What it says.
    pub rule: PolicyRule,
}

/// A rule that was tried on the people of a portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriedRule {
    /// The rule.
    pub listed: ListedRule,
    /// Why it is set aside.
    pub aside: Option<Objection>,
    /// An admin wants it although it hits most of the people.
    pub agreed: bool,
}

/// What was read in a list's room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReading {
    /// The portal's room.
    pub room: Place,
    /// The list's room.
    pub list: ChatId,
    /// As its address was typed, where the portal begins to follow it with this.
    pub follow: Option<String>,
    /// The homeserver on which the bridge's accounts are.
    pub server: String,
    /// All its rules about people.
    pub rules: Vec<TriedRule>,
    /// The people who are in the portal's room.
    pub members: Vec<Person>,
}

/// What changes about the lists of a portal; each names the portal's room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyChange {
    /// A list was read.
    Read(Box<ListReading>),
    /// A list is not followed any more.
    Unfollow(Place, ChatId),
    /// Bans are written into this list from now on.
    Own(Place, Option<OwnList>),
}
