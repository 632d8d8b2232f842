// SPDX-License-Identifier: AGPL-3.0-or-later
//! The policy lists that portals follow, their rules, and whom those rules ban.
//!
//! Rule: a rule is found by the names of an account, so that a long list costs a message no more than a
//! short one; only patterns are tried one after the other. Whom a moderator let in again is not banned
//! by a rule any more, as long as one is about them.

use std::collections::BTreeMap;

use bridge_model::{
    AuthorKind, ChatId, Content, Deed, Event, MemberChange, Moderation, Person, Place,
};
use bridge_policy::lists::{Entity, ListedAccount, Matcher, RuleKind};

use super::keys::{Everything, Hash};
use super::tables::{BLOCKS, ENTRIES, POLICIES, POLICY_RULES};
use super::txn::Txn;
use super::{Store, StoreError, blocks, ghosts, keys, people, portals, queue};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::network::MATRIX;
use crate::policing::{
    FollowedList, KnownRule, ListReading, Policies, Policing, PolicyChange, PolicyRow, Published,
};
use crate::portal::{Portal, PortalId};

/// Entries of a lane among which one is looked for that reads the same list.
const LOOKED_AT: usize = 50;

impl Store {
    /// The policy lists of a portal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn policies(&self, portal: PortalId) -> Result<Policies, StoreError> {
        self.read(move |tx| Ok(tx.get(&POLICIES, &portal)?.unwrap_or_default())).await
    }

    /// The rules that a portal knows, by their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn policy_rules(
        &self,
        portal: PortalId,
    ) -> Result<BTreeMap<Hash, KnownRule>, StoreError> {
        self.read(move |tx| known(tx, portal)).await
    }

    /// Whether a room is a list that a portal follows or writes into.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_policy_list(&self, room: &ChatId) -> Result<bool, StoreError> {
        let room = room.clone();
        self.read(move |tx| {
            let all = tx.all(&POLICIES, &Everything)?;
            let own = |it: &Policies| it.own.as_ref().is_some_and(|own| own.room == room);
            Ok(all.iter().any(|it| it.list(&room).is_some() || own(it)))
        })
        .await
    }
}

/// The key of a rule.
pub fn rule_key(list: u32, (kind, state_key): (&str, &str)) -> Hash {
    keys::hash(&["rule", &list.to_string(), kind, state_key])
}

fn named_key(kind: RuleKind, entity: &Entity) -> Hash {
    let (form, words) = match (kind, entity) {
        (RuleKind::Server, Entity::Named(name)) => ("named", name.to_ascii_lowercase()),
        (RuleKind::User | RuleKind::Room, Entity::Named(name)) => ("named", name.clone()),
        (_, Entity::Hashed(hash)) => ("hashed", hash.clone()),
    };
    let kind = match kind {
        RuleKind::User => "user",
        RuleKind::Server => "server",
        RuleKind::Room => "room",
    };
    keys::hash(&["named", kind, form, &words])
}

fn patterns_key() -> Hash {
    keys::hash(&["patterns"])
}

fn known(tx: &Txn<'_>, portal: PortalId) -> Result<BTreeMap<Hash, KnownRule>, StoreError> {
    let rows = tx.scan(&POLICY_RULES, &portal, usize::MAX)?.into_iter();
    Ok(rows
        .filter_map(|(row, value)| match value {
            PolicyRow::Rule(rule) => Some((row.last_hash()?, rule)),
            PolicyRow::Named(_) | PolicyRow::Patterns(_) => None,
        })
        .collect())
}

/// Takes in what a moderator did in a chat; `false` where that is nothing new.
///
/// # Errors
/// [`StoreError`].
pub fn hear(tx: &mut Txn<'_>, event: &Event) -> Result<bool, StoreError> {
    let is_new = blocks::hear(tx, event)?;
    if is_new {
        moderated(tx, event)?;
    }
    Ok(is_new)
}

/// Has what a moderator asked for done in every chat of the portal.
///
/// # Errors
/// [`StoreError`].
pub fn moderate(tx: &mut Txn<'_>, event: &Event) -> Result<(), StoreError> {
    if blocks::moderate(tx, event)? {
        moderated(tx, event)?;
    }
    Ok(())
}

/// A ban goes into the portal's own list. Whom a moderator lets in, no rule bans again.
fn moderated(tx: &mut Txn<'_>, event: &Event) -> Result<(), StoreError> {
    let Content::Moderated(deed) = &event.content else { return Ok(()) };
    let banned = match deed.what {
        Moderation::Ban { .. } => true,
        Moderation::Unban => false,
        Moderation::Kick | Moderation::Mute { .. } | Moderation::Unmute => return Ok(()),
    };
    let Some(portal) = portals::of(tx, &event.place)? else { return Ok(()) };
    let Some(policies) = tx.get(&POLICIES, &portal.id)? else { return Ok(()) };
    if !banned
        && let Some(account) = account(tx, &policies, &deed.whom)?
        && striking(tx, portal.id, &account)?.is_some()
    {
        blocks::let_be(tx, portal.id, (&deed.whom, &deed.name))?;
    }
    if policies.own.is_some() {
        let (person, reason) = (deed.whom.clone(), deed.reason.clone());
        let published = Box::new(Published { person, banned, reason });
        let work = Work::Task(Task::Policy(Policing::Publish(published)));
        queue::append(tx, &core_place(&portal.room), work)?;
    }
    Ok(())
}

/// A rule of a list is different: it is read again, for each portal that follows it. `false` where none
/// does.
///
/// # Errors
/// [`StoreError`].
pub fn changed(tx: &mut Txn<'_>, list: &Place) -> Result<bool, StoreError> {
    let mut follows = false;
    for portal in portals::all(tx)? {
        let policies = tx.get(&POLICIES, &portal.id)?;
        if policies.is_none_or(|policies| policies.list(&list.chat).is_none()) {
            continue;
        }
        follows = true;
        let lane = core_place(&portal.room);
        let work = Work::Task(Task::Policy(Policing::Read(list.chat.clone())));
        // The head may be reading already, and know nothing of this.
        let waiting = tx.scan(&ENTRIES, &keys::place(&lane), LOOKED_AT)?;
        if !waiting.iter().skip(1).any(|(_, entry)| entry.work == work) {
            queue::append(tx, &lane, work)?;
        }
    }
    Ok(follows)
}

/// Whether an event goes nowhere because a rule is about who it is by, who is banned with it.
///
/// # Errors
/// [`StoreError`].
pub fn holds_back(tx: &mut Txn<'_>, portal: &Portal, event: &Event) -> Result<bool, StoreError> {
    let by = match &event.content {
        Content::Posted(message) | Content::Edited(message) => &message.author,
        Content::Reacted { by, .. } => by,
        Content::MemberChanged { who, change: MemberChange::Joined } => who,
        Content::MemberChanged { .. }
        | Content::Deleted { .. }
        | Content::Unreacted { .. }
        | Content::ReactionsCleared { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::Voted { .. }
        | Content::Counted { .. }
        | Content::PollClosed { .. }
        | Content::ChatChanged { .. }
        | Content::ThreadChanged { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged => return Ok(false),
    };
    if by.kind == AuthorKind::Chat {
        return Ok(false);
    }
    let Some(policies) = tx.get(&POLICIES, &portal.id)? else { return Ok(false) };
    let person = Person { network: event.place.network.clone(), user: by.user.clone() };
    strike(tx, (portal, &policies), (&person, &by.name))
}

/// Bans somebody if a rule is about them; whether they are banned with it.
fn strike(
    tx: &mut Txn<'_>,
    (portal, policies): (&Portal, &Policies),
    (person, name): (&Person, &str),
) -> Result<bool, StoreError> {
    let Some(account) = account(tx, policies, person)? else { return Ok(false) };
    let Some(known) = striking(tx, portal.id, &account)? else { return Ok(false) };
    let list = policies.lists.iter().find(|list| list.number == known.list);
    let list = list.map(|list| list.name.clone()).unwrap_or_default();
    let reason = match &known.rule.reason {
        Some(reason) => format!("{list}: {reason}"),
        None => list.clone(),
    };
    let deed = Deed {
        by: None,
        whom: person.clone(),
        name: name.to_owned(),
        what: Moderation::Ban { purge: false },
        reason: Some(reason),
    };
    blocks::by_policy(tx, portal, (&deed, &list))
}

/// The Matrix account of somebody, or the one that stands for them.
fn account(
    tx: &Txn<'_>,
    policies: &Policies,
    person: &Person,
) -> Result<Option<ListedAccount>, StoreError> {
    if person.network.as_str() == MATRIX {
        return Ok(ListedAccount::new(person.user.as_str()));
    }
    let ghost = ghosts::of(tx, person)?;
    Ok(ghost
        .and_then(|ghost| ListedAccount::new(&format!("@{}:{}", ghost.localpart, policies.server))))
}

/// The rule that applies to an account.
fn striking(
    tx: &Txn<'_>,
    portal: PortalId,
    account: &ListedAccount,
) -> Result<Option<KnownRule>, StoreError> {
    let rule = |tx: &Txn<'_>, key: Hash| match tx.get(&POLICY_RULES, &(portal, key)) {
        Ok(Some(PolicyRow::Rule(rule))) => Ok(Some(rule)),
        Ok(_) => Ok(None),
        Err(error) => Err(error),
    };
    for (kind, entity) in account.names() {
        let found = tx.get(&POLICY_RULES, &(portal, named_key(kind, &entity)))?;
        if let Some(PolicyRow::Named(keys)) = found
            && let Some(first) = keys.first()
        {
            return rule(tx, *first);
        }
    }
    let found = tx.get(&POLICY_RULES, &(portal, patterns_key()))?;
    let Some(PolicyRow::Patterns(patterns)) = found else { return Ok(None) };
    let fits = patterns.into_iter().find(|(_, kind, pattern)| {
        let matcher = Matcher::new(*kind, &Entity::Named(pattern.clone()));
        matcher.is_some_and(|matcher| matcher.matches(account))
    });
    fits.map_or(Ok(None), |(key, ..)| rule(tx, key))
}

/// Carries out a change.
///
/// # Errors
/// [`StoreError`].
pub fn change(tx: &mut Txn<'_>, change: PolicyChange) -> Result<(), StoreError> {
    let room = match &change {
        PolicyChange::Read(reading) => &reading.room,
        PolicyChange::Unfollow(room, _) | PolicyChange::Own(room, _) => room,
    };
    let Some(portal) = portals::of(tx, room)? else { return Ok(()) };
    let mut policies = tx.get(&POLICIES, &portal.id)?.unwrap_or_default();
    match change {
        PolicyChange::Read(reading) => return read(tx, (&portal, policies), *reading),
        PolicyChange::Own(_, own) => policies.own = own,
        PolicyChange::Unfollow(_, list) => {
            let Some(number) = policies.list(&list).map(|list| list.number) else {
                return Ok(());
            };
            policies.lists.retain(|list| list.number != number);
            replace(tx, portal.id, number, &BTreeMap::new())?;
            tx.put(&POLICIES, &portal.id, &policies)?;
            return lift(tx, (&portal, &policies));
        }
    }
    tx.put(&POLICIES, &portal.id, &policies)
}

/// The rules of a list are now these; whom they ban is banned, and whom none bans any more is let in.
fn read(
    tx: &mut Txn<'_>,
    (portal, mut policies): (&Portal, Policies),
    reading: ListReading,
) -> Result<(), StoreError> {
    let ListReading { list, follow, server, rules, members, .. } = reading;
    let number = match (policies.list(&list), follow) {
        (Some(known), _) => known.number,
        (None, Some(name)) => {
            let number = policies.next;
            policies.next = number.saturating_add(1);
            policies.lists.push(FollowedList { number, room: list, name });
            number
        }
        // It was given up meanwhile.
        (None, None) => return Ok(()),
    };
    policies.server = server;
    tx.put(&POLICIES, &portal.id, &policies)?;
    let rules = rules.into_iter().map(|tried| {
        let (kind, state_key) = &tried.listed.name;
        let key = rule_key(number, (kind, state_key));
        let (rule, aside, agreed) = (tried.listed.rule, tried.aside, tried.agreed);
        (key, KnownRule { list: number, rule, aside, agreed })
    });
    replace(tx, portal.id, number, &rules.collect())?;
    lift(tx, (portal, &policies))?;
    let spoke = people::of(tx, portal.id)?.into_iter().map(|one| (one.person, one.name));
    let inside = members.into_iter().map(|it| (it.clone(), it.user.as_str().to_owned()));
    for (person, name) in spoke.chain(inside).collect::<Vec<_>>() {
        strike(tx, (portal, &policies), (&person, &name))?;
    }
    Ok(())
}

/// Puts rules in the place of those that a list had.
fn replace(
    tx: &mut Txn<'_>,
    portal: PortalId,
    list: u32,
    rules: &BTreeMap<Hash, KnownRule>,
) -> Result<(), StoreError> {
    let patterns_at = (portal, patterns_key());
    let mut patterns = match tx.get(&POLICY_RULES, &patterns_at)? {
        Some(PolicyRow::Patterns(patterns)) => patterns,
        Some(PolicyRow::Rule(_) | PolicyRow::Named(_)) | None => Vec::new(),
    };
    let mut before = known(tx, portal)?;
    before.retain(|_, rule| rule.list == list);
    for (key, rule) in before.iter().filter(|(key, rule)| rules.get(*key) != Some(*rule)) {
        tx.delete(&POLICY_RULES, &(portal, *key));
        if rule.rule.is_pattern() {
            patterns.retain(|(other, ..)| other != key);
        } else if rule.aside.is_none() {
            point(tx, portal, rule, |keys| keys.retain(|other| other != key))?;
        }
    }
    for (key, rule) in rules.iter().filter(|(key, rule)| before.get(*key) != Some(*rule)) {
        tx.put(&POLICY_RULES, &(portal, *key), &PolicyRow::Rule(rule.clone()))?;
        if rule.aside.is_some() {
            continue;
        }
        if rule.rule.is_pattern() {
            patterns.push((*key, rule.rule.kind, rule.rule.shown().to_owned()));
        } else {
            point(tx, portal, rule, |keys| keys.push(*key))?;
        }
    }
    if patterns.is_empty() {
        tx.delete(&POLICY_RULES, &patterns_at);
        return Ok(());
    }
    tx.put(&POLICY_RULES, &patterns_at, &PolicyRow::Patterns(patterns))
}

/// Changes which rules name an account or a server in the words of this one.
fn point(
    tx: &mut Txn<'_>,
    portal: PortalId,
    rule: &KnownRule,
    change: impl FnOnce(&mut Vec<Hash>),
) -> Result<(), StoreError> {
    let at = (portal, named_key(rule.rule.kind, &rule.rule.entity));
    let mut keys = match tx.get(&POLICY_RULES, &at)? {
        Some(PolicyRow::Named(keys)) => keys,
        Some(PolicyRow::Rule(_) | PolicyRow::Patterns(_)) | None => Vec::new(),
    };
    change(&mut keys);
    if keys.is_empty() {
        tx.delete(&POLICY_RULES, &at);
        return Ok(());
    }
    tx.put(&POLICY_RULES, &at, &PolicyRow::Named(keys))
}

/// Lets those in whom rules banned and none bans any more.
fn lift(tx: &mut Txn<'_>, (portal, policies): (&Portal, &Policies)) -> Result<(), StoreError> {
    for block in tx.all(&BLOCKS, &portal.id)? {
        if !block.by_policy && !block.let_be {
            continue;
        }
        let found = match account(tx, policies, &block.person)? {
            Some(account) => striking(tx, portal.id, &account)?,
            None => None,
        };
        if found.is_some() {
            continue;
        }
        if block.by_policy {
            let (whom, name) = (block.person.clone(), block.name.clone());
            let deed = Deed { by: None, whom, name, what: Moderation::Unban, reason: None };
            blocks::by_policy(tx, portal, (&deed, ""))?;
        } else {
            blocks::let_be_no_more(tx, portal.id, &block.person)?;
        }
    }
    Ok(())
}

/// A portal is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    tx.delete(&POLICIES, &portal);
    tx.clear(&POLICY_RULES, &portal).map(drop)
}
