// SPDX-License-Identifier: AGPL-3.0-or-later
//! `policy`: the policy lists that a portal follows, and the one that its own bans are written into.
//!
//! Rule: the admins of the room decide. What a list would do is shown before it does anything, and a rule
//! that comes later and hits too many waits for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bridge_model::{ChatId, Person, Place, RichText};
use bridge_policy::lists::{BAN, Crowd, ListedAccount, Objection, PolicyRule, RuleKind, USER};
use serde_json::json;

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::policy_text::{self as text, Tried};
use super::power::RoomPower;
use super::unconfirmed;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::Answer;
use crate::migration::AuditAction;
use crate::network::{AskError, MATRIX};
use crate::policing::{
    FollowedList, KnownRule, ListReading, ListedRule, OwnList, Policies, Policing, PolicyChange,
    Published, TriedRule,
};
use crate::portal::Portal;
use crate::store::keys::Hash;
use crate::store::policies::rule_key;
use crate::store::{Change, Store};

/// What can follow the command.
const VERBS: &[&str] = &["add", "preview", "remove", "own", "agree"];

/// `policy`.
pub(super) struct PolicyLists {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) power: RoomPower,
}

/// A portal with what is known of its lists.
struct Known<'a> {
    portal: &'a Portal,
    policies: Policies,
    rules: BTreeMap<Hash, KnownRule>,
}

impl PolicyLists {
    /// `policy`, and what can follow it.
    pub(super) async fn policy(
        &self,
        call: &Call<'_>,
        words: &[&str],
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        if !self.power.is_admin(call, portal).await? {
            return Ok(call.not_allowed());
        }
        let known = self.known(portal).await?;
        let verb = words.first().map(|word| word.to_lowercase());
        match (verb.as_deref(), words.get(1..).unwrap_or_default()) {
            (None, _) => Ok(text::overview(call, &known.policies, &known.rules)),
            (Some("add"), [list]) => self.add(call, &known, list).await,
            (Some("preview"), [list]) => self.preview(call, &known, list).await,
            (Some("remove"), [list]) => self.remove(call, &known, list).await,
            (Some("own"), [list]) => self.own(call, &known, list).await,
            (Some("agree"), [code]) => self.agree(call, &known, code).await,
            (Some(verb), _) if !VERBS.contains(&verb) => {
                Ok(call.unknown_word(verb, "policy", VERBS))
            }
            (Some(_), _) => Ok(text::usage(call)),
        }
    }

    async fn known<'a>(&self, portal: &'a Portal) -> Result<Known<'a>, DeskError> {
        let policies = self.store.policies(portal.id).await?;
        let rules = self.store.policy_rules(portal.id).await?;
        Ok(Known { portal, policies, rules })
    }

    /// The room of a list, which the bot enters; the answer where it cannot.
    async fn room(
        &self,
        call: &Call<'_>,
        list: &str,
    ) -> Result<Result<ChatId, Outcome>, DeskError> {
        let alias = list.strip_prefix('#').is_some_and(|rest| rest.contains(':'));
        if !alias && !list.starts_with('!') {
            return Ok(Err(text::usage(call)));
        }
        match self.matrix.enter(list).await {
            Ok(room) => Ok(Ok(room)),
            Err(AskError::Refused(reason)) => {
                let reason = call.phrases.reason(&call.place.network, &reason);
                let args = [Arg::text(list), reason, Arg::text(self.matrix.bot())];
                Ok(Err(call.phrases.answer(Key::PolicyUnreadable, &args)))
            }
            Err(error @ AskError::Retry { .. }) => Err(error.into()),
        }
    }

    /// Begins to follow a list, after its effects were shown.
    async fn add(
        &self,
        call: &Call<'_>,
        known: &Known<'_>,
        list: &str,
    ) -> Result<Outcome, DeskError> {
        if named(&known.policies, list).is_some() {
            return Ok(call.phrases.answer(Key::PolicyKnown, &[Arg::text(list)]));
        }
        let room = match self.room(call, list).await? {
            Ok(room) => room,
            Err(answer) => return Ok(answer),
        };
        if let Some(same) = known.policies.list(&room) {
            return Ok(call.phrases.answer(Key::PolicyKnown, &[Arg::text(&same.name)]));
        }
        let tried = self.tried(call.phrases, known, (&room, None)).await?;
        let shown = text::shown(call.phrases, list, &tried);
        if !call.confirmed {
            return Ok(unconfirmed::ask(call, shown));
        }
        let end = Arg::text(call.typed(&format!("policy remove {list}")));
        let said = call.phrases.say(Key::PolicyFollowed, &[Arg::text(list), end]);
        let noted = AuditAction::Set("policy".into(), "–".into(), list.to_owned());
        let follow = Some(list.to_owned());
        let read = reading(call.phrases, known.portal, (room, follow), tried);
        Ok(Outcome::change(said, vec![read, call.noted(known.portal, noted)]))
    }

    /// Shows what a list would do, or does.
    async fn preview(
        &self,
        call: &Call<'_>,
        known: &Known<'_>,
        list: &str,
    ) -> Result<Outcome, DeskError> {
        let room = match named(&known.policies, list) {
            Some(list) => list.room.clone(),
            None => match self.room(call, list).await? {
                Ok(room) => room,
                Err(answer) => return Ok(answer),
            },
        };
        let tried = self.tried(call.phrases, known, (&room, None)).await?;
        Ok(Outcome::say(text::shown(call.phrases, list, &tried)))
    }

    /// Ends the following of a list: whom only its rules ban is let in again.
    async fn remove(
        &self,
        call: &Call<'_>,
        known: &Known<'_>,
        list: &str,
    ) -> Result<Outcome, DeskError> {
        let Some(FollowedList { room, name, .. }) = named(&known.policies, list) else {
            return Ok(call.phrases.answer(Key::PolicyUnknown, &[Arg::text(list)]));
        };
        let said = call.phrases.say(Key::PolicyEnded, &[Arg::text(name)]);
        let noted = AuditAction::Set("policy".into(), name.clone(), "–".into());
        let changes = vec![
            Change::Policy(Box::new(PolicyChange::Unfollow(
                known.portal.room.clone(),
                room.clone(),
            ))),
            call.noted(known.portal, noted),
        ];
        Ok(Outcome::change(said, changes))
    }

    /// `policy own LIST` and `policy own off`.
    async fn own(
        &self,
        call: &Call<'_>,
        known: &Known<'_>,
        list: &str,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let before = known.policies.own.as_ref().map(|own| own.name.clone());
        let shown = |name: Option<&str>| name.unwrap_or("–").to_owned();
        let changed = |own: Option<OwnList>, said: RichText| {
            let now = shown(own.as_ref().map(|own| own.name.as_str()));
            let noted = AuditAction::Set("policy own".into(), shown(before.as_deref()), now);
            let own = PolicyChange::Own(known.portal.room.clone(), own);
            let changes = vec![Change::Policy(Box::new(own)), call.noted(known.portal, noted)];
            Outcome::change(said, changes)
        };
        if list.eq_ignore_ascii_case("off") {
            return Ok(match &before {
                Some(name) => changed(None, phrases.say(Key::PolicyOwnEnded, &[Arg::text(name)])),
                None => text::overview(call, &known.policies, &known.rules),
            });
        }
        let room = match self.room(call, list).await? {
            Ok(room) => room,
            Err(answer) => return Ok(answer),
        };
        if !self.matrix.may_write_rules(&room).await? {
            let args = [Arg::text(list), Arg::text(self.matrix.bot())];
            return Ok(phrases.answer(Key::PolicyOwnLacks, &args));
        }
        let off = Arg::text(call.typed("policy own off"));
        let said = phrases.say(Key::PolicyOwned, &[Arg::text(list), off]);
        Ok(changed(Some(OwnList { room, name: list.to_owned(), refused: false }), said))
    }

    /// An admin wants a rule that hits most of the people.
    async fn agree(
        &self,
        call: &Call<'_>,
        known: &Known<'_>,
        code: &str,
    ) -> Result<Outcome, DeskError> {
        let waits = |(key, rule): &(&Hash, &KnownRule)| {
            rule.aside == Some(Objection::Most) && text::code(key) == code.to_lowercase()
        };
        let found = known.rules.iter().find(waits);
        let list = found.and_then(|(_, rule)| list_of(&known.policies, rule));
        let (Some((key, rule)), Some(list)) = (found, list) else {
            return Ok(call.phrases.answer(Key::PolicyNotWaiting, &[]));
        };
        let tried = self.tried(call.phrases, known, (&list.room, Some(*key))).await?;
        let shown = rule.rule.shown();
        let said = call.phrases.say(Key::PolicyAgreed, &[Arg::text(shown)]);
        let noted = AuditAction::Set("policy agree".into(), "–".into(), shown.to_owned());
        let read = reading(call.phrases, known.portal, (list.room.clone(), None), tried);
        Ok(Outcome::change(said, vec![read, call.noted(known.portal, noted)]))
    }
}

/// What the bridge does by itself.
impl PolicyLists {
    /// Reads a list that has changed, or writes a ban down.
    pub(super) async fn carry_out(
        &self,
        phrases: Phrases<'_>,
        portal: Option<&Portal>,
        what: &Policing,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = portal else { return Ok(Outcome::default()) };
        let known = self.known(portal).await?;
        match what {
            Policing::Read(list) => self.read(phrases, &known, list).await,
            Policing::Publish(ban) => self.publish(phrases, &known, ban).await,
        }
    }

    async fn read(
        &self,
        phrases: Phrases<'_>,
        known: &Known<'_>,
        room: &ChatId,
    ) -> Result<Outcome, DeskError> {
        let Some(list) = known.policies.list(room) else { return Ok(Outcome::default()) };
        let tried = match self.tried(phrases, known, (room, None)).await {
            // The bot is not there any more; what is known of the list stays.
            Err(DeskError::Ask(AskError::Refused(reason))) => {
                let reason = phrases.reason(&known.portal.room.network, &reason);
                let args = [Arg::text(&list.name), reason, Arg::text(self.matrix.bot())];
                let told = phrases.say(Key::PolicyUnreadable, &args);
                return Ok(Outcome::then(vec![phrases.message_in(&known.portal.room, told)]));
            }
            other => other?,
        };
        let is_new = |tried: &&TriedRule| {
            let (kind, key) = &tried.listed.name;
            let before = known.rules.get(&rule_key(list.number, (kind, key)));
            let same = |it: &KnownRule| it.rule == tried.listed.rule && it.aside == tried.aside;
            tried.aside.is_some() && !before.is_some_and(same)
        };
        let news: Vec<&TriedRule> = tried.rules.iter().filter(is_new).collect();
        let told = text::set_aside(phrases, list, &news);
        let then = told.map(|it| phrases.answer_in(&known.portal.room, Answer::default(), &it));
        let then = then.into_iter().collect();
        let read = reading(phrases, known.portal, (room.clone(), None), tried);
        Ok(Outcome { changes: vec![read], ..Outcome::then(then) })
    }

    /// Tries the rules of a list on the people of a portal, beside those of the other lists.
    async fn tried(
        &self,
        phrases: Phrases<'_>,
        known: &Known<'_>,
        (room, agreed): (&ChatId, Option<Hash>),
    ) -> Result<Tried, DeskError> {
        let mut listed = self.matrix.policy_rules(room).await?;
        let all = listed.len();
        let here = known.portal.room.chat.as_str();
        let is_this = listed.iter().any(|it| it.rule.is_about_room(here));
        listed.retain(|it| it.rule.kind != RuleKind::Room);
        let rooms = (all.saturating_sub(listed.len()), is_this);
        let list = known.policies.list(room).map(|list| list.number);
        let before = |it: &ListedRule| {
            let (kind, key) = &it.name;
            let key = rule_key(list?, (kind, key));
            known.rules.get(&key).filter(|rule| rule.rule == it.rule).map(|rule| (key, rule))
        };
        // Rules that apply already come first.
        let applies = |it: &ListedRule| before(it).is_some_and(|(_, rule)| rule.aside.is_none());
        listed.sort_by_key(|it| !applies(it));
        let (crowd, names, members) = self.crowd(phrases, known.portal).await?;
        let others = known.rules.values().filter(|rule| Some(rule.list) != list);
        let others = others.filter(|rule| rule.aside.is_none()).map(|rule| (&rule.rule, true));
        let others: Vec<(&PolicyRule, bool)> = others.collect();
        let is_agreed = |it: &ListedRule| {
            before(it).is_some_and(|(key, rule)| rule.agreed || agreed == Some(key))
        };
        let own = listed.iter().map(|it| (&it.rule, applies(it) || is_agreed(it)));
        let own: Vec<(&PolicyRule, bool)> = own.collect();
        let elsewhere = crowd.preview(others.iter().copied()).hits;
        let preview = crowd.preview(others.iter().chain(&own).copied());
        let objections = preview.objections.iter().skip(others.len()).copied();
        let hits = preview.hits.difference(&elsewhere);
        let hits = hits.filter_map(|at| names.get(*at).cloned()).collect();
        let agreed: Vec<bool> = listed.iter().map(is_agreed).collect();
        let rules = listed.into_iter().zip(objections).zip(agreed);
        let rules = rules.map(|((listed, aside), agreed)| TriedRule { listed, aside, agreed });
        let (rules, people) = (rules.collect(), crowd.people.len());
        Ok(Tried { rules, hits, people, members, rooms })
    }

    /// Everybody whom a rule can be about, with their names, and those who are in the room.
    async fn crowd(
        &self,
        phrases: Phrases<'_>,
        portal: &Portal,
    ) -> Result<(Crowd, Vec<String>, Vec<Person>), DeskError> {
        let mut people = BTreeMap::new();
        let members = self.matrix.members(&portal.room.chat).await?;
        for mxid in &members {
            people.insert(mxid.clone(), mxid.clone());
        }
        for one in self.store.people(portal.id).await? {
            let mxid = self.mxid(phrases, &one.person).await?;
            people.extend(mxid.map(|mxid| (mxid, one.name)));
        }
        let members = members.into_iter().map(|mxid| Person::new(MATRIX, mxid.as_str())).collect();
        let accounts = people.into_iter();
        let accounts = accounts.filter_map(|(mxid, name)| Some((ListedAccount::new(&mxid)?, name)));
        let (accounts, names): (Vec<_>, Vec<_>) = accounts.unzip();
        let admins = self.matrix.admins(&portal.room.chat).await?;
        let admins = admins.iter().filter_map(|mxid| ListedAccount::new(mxid)).collect();
        let Some(bot) = ListedAccount::new(self.matrix.bot()) else {
            let reason = "the bot has no Matrix id".to_owned();
            return Err(AskError::Retry { after: None, reason }.into());
        };
        Ok((Crowd { people: accounts, admins, bot }, names, members))
    }

    /// The Matrix id of somebody, or of the account that stands for them.
    async fn mxid(
        &self,
        phrases: Phrases<'_>,
        person: &Person,
    ) -> Result<Option<String>, DeskError> {
        if person.network.as_str() == MATRIX {
            return Ok(Some(person.user.as_str().to_owned()));
        }
        let ghost = self.store.ghost(person).await?;
        Ok(ghost.map(|ghost| format!("@{}:{}", ghost.localpart, phrases.server())))
    }

    /// Writes a ban of the portal into its own list, or takes it out.
    async fn publish(
        &self,
        phrases: Phrases<'_>,
        known: &Known<'_>,
        ban: &Published,
    ) -> Result<Outcome, DeskError> {
        let Some(own) = &known.policies.own else { return Ok(Outcome::default()) };
        let Some(mxid) = self.mxid(phrases, &ban.person).await? else {
            return Ok(Outcome::default());
        };
        let content = match (ban.banned, &ban.reason) {
            (true, Some(reason)) => {
                json!({ "entity": mxid, "recommendation": BAN, "reason": reason })
            }
            (true, None) => json!({ "entity": mxid, "recommendation": BAN, "reason": "" }),
            (false, _) => json!({}),
        };
        let key = format!("rule:{mxid}");
        let refused = match self.matrix.set_state(&own.room, (USER, &key), &content).await {
            Ok(()) => false,
            Err(AskError::Refused(_)) => true,
            Err(error @ AskError::Retry { .. }) => return Err(error.into()),
        };
        if refused == own.refused {
            return Ok(Outcome::default());
        }
        let room = &known.portal.room;
        let args = [Arg::text(&own.name), Arg::text(self.matrix.bot())];
        let told =
            refused.then(|| phrases.message_in(room, phrases.say(Key::PolicyOwnLacks, &args)));
        let own = PolicyChange::Own(room.clone(), Some(OwnList { refused, ..own.clone() }));
        let changes = vec![Change::Policy(Box::new(own))];
        Ok(Outcome { changes, ..Outcome::then(told.into_iter().collect()) })
    }
}

/// The change that stores what was read in a list.
fn reading(
    phrases: Phrases<'_>,
    portal: &Portal,
    (list, follow): (ChatId, Option<String>),
    tried: Tried,
) -> Change {
    let Tried { rules, members, .. } = tried;
    let room: Place = portal.room.clone();
    let server = phrases.server().to_owned();
    let reading = ListReading { room, list, follow, server, rules, members };
    Change::Policy(Box::new(PolicyChange::Read(Box::new(reading))))
}

/// A list that is followed, by its address or the id of its room.
fn named<'a>(policies: &'a Policies, typed: &str) -> Option<&'a FollowedList> {
    let is =
        |list: &&FollowedList| list.name.eq_ignore_ascii_case(typed) || list.room.as_str() == typed;
    policies.lists.iter().find(is)
}

fn list_of<'a>(policies: &'a Policies, rule: &KnownRule) -> Option<&'a FollowedList> {
    policies.lists.iter().find(|list| list.number == rule.list)
}
