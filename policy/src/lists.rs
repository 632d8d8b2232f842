// SPDX-License-Identifier: AGPL-3.0-or-later
//! Policy lists: rules by which communities tell each other whom they ban
//! (<https://spec.matrix.org/v1.16/client-server-api/#moderation-policy-lists>), and what rules would do
//! to the people of a portal.
//!
//! Rule: a list is written by somebody else. A rule that would silence the bridge, an admin or most of
//! the people is set aside, and people decide.

use std::collections::BTreeSet;

use data_encoding::BASE64_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::acl;
use crate::glob::Glob;

/// The type under which rules about users are written.
pub const USER: &str = "m.policy.rule.user";
/// What a rule says is to be done.
pub const BAN: &str = "m.ban";

/// What such events are called, newest first.
const PREFIXES: [&str; 3] = ["m.policy.rule.", "org.matrix.mjolnir.rule.", "m.room.rule."];
const BANS: [&str; 2] = [BAN, "org.matrix.mjolnir.ban"];
/// The field with the hash of what a rule is about (MSC4205), by both names.
const HASHES: [&str; 2] = ["hashes", "org.matrix.msc4205.hashes"];

/// So many people a rule may hit, even if they are most of those who are here.
const FEW: usize = 2;

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RuleKind {
    /// Accounts.
    User,
    /// Homeservers, with all their accounts.
    Server,
    /// Rooms.
    Room,
}

/// Whom or what a rule names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Entity {
    /// By an id, or a pattern with `*` and `?`.
    Named(String),
    /// By the SHA-256 of an id, in base64 without padding.
    Hashed(String),
}

/// A rule that says that something is banned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyRule {
    /// What it is about.
    pub kind: RuleKind,
    /// Whom or what.
    pub entity: Entity,
    /// Why, in the words of the list.
    pub reason: Option<String>,
}

/// Reads what events of this type are about; `None` for those that are no rules.
pub fn kind(event_type: &str) -> Option<RuleKind> {
    let kind = PREFIXES.iter().find_map(|prefix| event_type.strip_prefix(prefix))?;
    match kind {
        "user" => Some(RuleKind::User),
        "server" => Some(RuleKind::Server),
        "room" => Some(RuleKind::Room),
        _ => None,
    }
}

impl PolicyRule {
    /// Reads a rule from a state event; `None` for one that was taken back, that says something else
    /// than a ban, or that cannot be read.
    pub fn read(event_type: &str, content: &Value) -> Option<Self> {
        let kind = kind(event_type)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).filter(|it| !it.is_empty());
        if !BANS.contains(&content.get("recommendation")?.as_str()?) {
            return None;
        }
        let hash = HASHES.iter().find_map(|key| content.get(*key)?.get("sha256")?.as_str());
        let named = content.get("entity").and_then(text);
        let entity = match (named, hash) {
            (Some(named), _) => Entity::Named(named),
            (None, Some(hash)) => Entity::Hashed(plain_base64(hash)?),
            (None, None) => return None,
        };
        let reason = content.get("reason").and_then(text);
        Some(Self { kind, entity, reason })
    }

    /// Whom it names, as it is written.
    pub fn shown(&self) -> &str {
        match &self.entity {
            Entity::Named(it) | Entity::Hashed(it) => it,
        }
    }

    /// Whether it is about the room with this id.
    pub fn is_about_room(&self, id: &str) -> bool {
        self.kind == RuleKind::Room
            && match &self.entity {
                Entity::Named(name) if self.is_pattern() => {
                    Glob::new(name).is_some_and(|glob| glob.matches(id))
                }
                Entity::Named(name) => name == id,
                Entity::Hashed(hash) => *hash == hashed(id),
            }
    }

    /// Whether it names many by one pattern.
    pub fn is_pattern(&self) -> bool {
        matches!(&self.entity, Entity::Named(it) if it.contains(['*', '?']))
    }
}

/// Base64 in the alphabet of URLs or in the other one, with padding or without, as it is stored;
/// `None` for what is no SHA-256.
fn plain_base64(hash: &str) -> Option<String> {
    let plain = hash.trim_end_matches('=').replace('-', "+").replace('_', "/");
    (BASE64_NOPAD.decode(plain.as_bytes()).ok()?.len() == 32).then_some(plain)
}

/// The SHA-256 of an id as rules have it.
pub fn hashed(id: &str) -> String {
    BASE64_NOPAD.encode(&Sha256::digest(id.as_bytes()))
}

/// A Matrix account as rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccount {
    mxid: String,
    mxid_hash: String,
    /// The server's name, and the same without its port where it has one.
    servers: Vec<(String, String)>,
}

impl ListedAccount {
    /// The account with this Matrix id; `None` for what is no id.
    pub fn new(mxid: &str) -> Option<Self> {
        let (_, server) = mxid.strip_prefix('@')?.split_once(':')?;
        let server = server.to_ascii_lowercase();
        let mut names = vec![server.as_str(), acl::host(&server)];
        names.dedup();
        let servers = names.into_iter().map(|it| (it.to_owned(), hashed(it))).collect();
        Some(Self { mxid: mxid.to_owned(), mxid_hash: hashed(mxid), servers })
    }

    /// Its Matrix id.
    pub fn mxid(&self) -> &str {
        &self.mxid
    }

    /// What rules about this account say that have no pattern: the same as [`PolicyRule`] has them.
    pub fn names(&self) -> Vec<(RuleKind, Entity)> {
        let servers = self.servers.iter().flat_map(|(name, hash)| {
            let entities = [Entity::Named(name.clone()), Entity::Hashed(hash.clone())];
            entities.map(|entity| (RuleKind::Server, entity))
        });
        let named = (RuleKind::User, Entity::Named(self.mxid.clone()));
        let hashed = (RuleKind::User, Entity::Hashed(self.mxid_hash.clone()));
        [named, hashed].into_iter().chain(servers).collect()
    }
}

/// A rule, ready to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    kind: RuleKind,
    entity: Entity,
    glob: Option<Glob>,
}

impl Matcher {
    /// Of a rule; `None` for one about rooms, or with a pattern that is too long to name anybody.
    pub fn new(kind: RuleKind, entity: &Entity) -> Option<Self> {
        let entity = match (kind, entity) {
            (RuleKind::Room, _) => return None,
            (RuleKind::Server, Entity::Named(name)) => Entity::Named(name.to_ascii_lowercase()),
            (RuleKind::User | RuleKind::Server, entity) => entity.clone(),
        };
        let glob = match &entity {
            Entity::Named(name) if name.contains(['*', '?']) => Some(Glob::new(name)?),
            Entity::Named(_) | Entity::Hashed(_) => None,
        };
        Some(Self { kind, entity, glob })
    }

    /// Whether the rule is about this account.
    pub fn matches(&self, account: &ListedAccount) -> bool {
        let user = [(account.mxid.as_str(), account.mxid_hash.as_str())];
        let servers = account.servers.iter().map(|(name, hash)| (name.as_str(), hash.as_str()));
        let is = |(name, hash): (&str, &str)| match (&self.glob, &self.entity) {
            (Some(glob), _) => glob.matches(name),
            (None, Entity::Named(it)) => it == name,
            (None, Entity::Hashed(it)) => it == hash,
        };
        match self.kind {
            RuleKind::User => user.into_iter().any(is),
            RuleKind::Server => servers.into_iter().any(is),
            RuleKind::Room => false,
        }
    }
}

/// Why a rule is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Objection {
    /// It is about the bridge's own account.
    Bot,
    /// It is about the bridge's whole homeserver, with all accounts that stand for people.
    Homeserver,
    /// It is about an admin of the room.
    Admin,
    /// With the rules before it, it would ban most of the people.
    Most,
}

/// Those whom rules are tried on.
#[derive(Clone, Debug)]
pub struct Crowd {
    /// Everybody in a portal who has a Matrix account or is stood for by one; in any order.
    pub people: Vec<ListedAccount>,
    /// The admins of its room.
    pub admins: Vec<ListedAccount>,
    /// The bridge's own account.
    pub bot: ListedAccount,
}

/// What rules would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePreview {
    /// Whom they ban, as places in [`Crowd::people`].
    pub hits: BTreeSet<usize>,
    /// For each rule, why it is set aside.
    pub objections: Vec<Option<Objection>>,
}

impl Crowd {
    /// Tries rules, one after the other; those about which somebody has agreed (`true`) may hit most of
    /// the people.
    pub fn preview<'a>(
        &self,
        rules: impl IntoIterator<Item = (&'a PolicyRule, bool)>,
    ) -> RulePreview {
        let (mut hits, mut objections) = (BTreeSet::new(), Vec::new());
        for (rule, agreed) in rules {
            let matcher = Matcher::new(rule.kind, &rule.entity);
            let objection = matcher.and_then(|matcher| self.judge(&matcher, agreed, &mut hits));
            objections.push(objection);
        }
        RulePreview { hits, objections }
    }

    fn judge(&self, rule: &Matcher, agreed: bool, hits: &mut BTreeSet<usize>) -> Option<Objection> {
        if rule.matches(&self.bot) {
            let whole = rule.kind == RuleKind::Server;
            return Some(if whole { Objection::Homeserver } else { Objection::Bot });
        }
        if self.admins.iter().any(|admin| rule.matches(admin)) {
            return Some(Objection::Admin);
        }
        let people = self.people.iter().enumerate();
        let hit: Vec<usize> =
            people.filter(|(_, one)| rule.matches(one)).map(|(at, _)| at).collect();
        let new = hit.iter().filter(|at| !hits.contains(at)).count();
        let all = hits.len().saturating_add(new);
        if new > 0 && !agreed && all > FEW && all.saturating_mul(2) > self.people.len() {
            return Some(Objection::Most);
        }
        hits.extend(hit);
        None
    }
}

#[cfg(test)]
mod tests;
