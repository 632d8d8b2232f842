// SPDX-License-Identifier: AGPL-3.0-or-later
//! What admins read of policy lists.
//!
//! Rule: people are named as the portal knows them; a rule is shown as its list has it.

use std::collections::BTreeMap;

use bridge_model::{Button, Person, RichText};
use bridge_policy::lists::Objection;

use super::call::Call;
use super::outcome::Outcome;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::policing::{FollowedList, KnownRule, Policies, TriedRule};
use crate::store::keys::Hash;
use crate::store::policies::rule_key;
use crate::store::subject;
use crate::wording::Lines;

/// Names and rules that one answer shows at most.
const SHOWN: usize = 10;

/// Letters of a code that names a rule.
const LETTERS: usize = 8;

/// A list, tried on the people of a portal.
pub(super) struct Tried {
    pub(super) rules: Vec<TriedRule>,
    /// Whom its rules ban, by name.
    pub(super) hits: Vec<String>,
    /// How many people there are.
    pub(super) people: usize,
    /// The people who are in the room.
    pub(super) members: Vec<Person>,
    /// How many rules are about rooms, and whether one is about this room.
    pub(super) rooms: (usize, bool),
}

/// The code by which an admin names a rule.
pub(super) fn code(key: &Hash) -> String {
    subject::hex(key).chars().take(LETTERS).collect()
}

fn count(number: usize) -> Arg {
    Arg::number(u64::try_from(number).unwrap_or(u64::MAX))
}

/// What can be typed.
pub(super) fn usage(call: &Call<'_>) -> Outcome {
    let typed =
        ["add", "preview", "remove", "own"].map(|verb| format!("policy {verb} #list:example.org"));
    call.phrases.answer(Key::PolicyUsage, &typed.map(|typed| Arg::text(call.typed(&typed))))
}

/// The lists of a portal.
pub(super) fn overview(
    call: &Call<'_>,
    policies: &Policies,
    rules: &BTreeMap<Hash, KnownRule>,
) -> Outcome {
    let phrases = call.phrases;
    let mut text = RichText::default();
    for list in &policies.lists {
        let own = rules.values().filter(|rule| rule.list == list.number);
        let aside = own.clone().filter(|rule| rule.aside.is_some()).count();
        let args = [Arg::text(&list.name), count(own.count()), count(aside)];
        text = text.join_line(phrases.say(Key::PolicyList, &args));
    }
    if policies.lists.is_empty() {
        text = phrases.say(Key::PolicyNone, &[]);
    }
    if let Some(own) = &policies.own {
        text = text.join_line(phrases.say(Key::PolicyOwn, &[Arg::text(&own.name)]));
    }
    Outcome::say(text.join_line(usage(call).answer))
}

/// What a list does to the people of a portal.
pub(super) fn shown(phrases: Phrases<'_>, list: &str, tried: &Tried) -> RichText {
    let (rules, hits) = (count(tried.rules.len()), count(tried.hits.len()));
    let args = [Arg::text(list), rules, count(tried.people), hits];
    let mut text = phrases.say(Key::PolicyPreview, &args);
    if !tried.hits.is_empty() {
        let mut names: Vec<&str> = tried.hits.iter().map(String::as_str).take(SHOWN).collect();
        if tried.hits.len() > SHOWN {
            names.push("…");
        }
        text = text.join_line(phrases.say(Key::PolicyHits, &[Arg::text(names.join(", "))]));
    }
    let aside: Vec<&TriedRule> = tried.rules.iter().filter(|it| it.aside.is_some()).collect();
    let mut text = with_rules(phrases, text, &aside);
    let (rooms, is_this) = tried.rooms;
    if rooms > 0 {
        text = text.join_line(phrases.say(Key::PolicyRooms, &[count(rooms)]));
    }
    if is_this { text.join_line(phrases.say(Key::PolicyThisRoom, &[])) } else { text }
}

fn with_rules(phrases: Phrases<'_>, mut text: RichText, aside: &[&TriedRule]) -> RichText {
    for tried in aside.iter().take(SHOWN) {
        let Some(why) = tried.aside else { continue };
        let why = phrases.plain(objection(why), &[]);
        let args = [Arg::text(tried.listed.rule.shown()), Arg::text(why)];
        text = text.join_line(phrases.say(Key::PolicyAside, &args));
    }
    match aside.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => text.join_line(phrases.say(Key::PolicyAsideMore, &[count(more)])),
        None => text,
    }
}

fn objection(why: Objection) -> Key {
    match why {
        Objection::Bot => Key::PolicyBot,
        Objection::Homeserver => Key::PolicyHomeserver,
        Objection::Admin => Key::PolicyAdmin,
        Objection::Most => Key::PolicyMost,
    }
}

/// New rules of a list that do not apply; those that hit most of the people wait for an admin.
pub(super) fn set_aside(
    phrases: Phrases<'_>,
    list: &FollowedList,
    news: &[&TriedRule],
) -> Option<Outcome> {
    if news.is_empty() {
        return None;
    }
    let text = phrases.say(Key::PolicyNewAside, &[Arg::text(&list.name)]);
    let mut text = with_rules(phrases, text, news);
    let mut buttons: Vec<Button> = Vec::new();
    let waiting = news.iter().take(SHOWN).filter(|it| it.aside == Some(Objection::Most));
    for tried in waiting {
        let (kind, key) = &tried.listed.name;
        let command = format!("policy agree {}", code(&rule_key(list.number, (kind, key))));
        let typed = Arg::text(phrases.typed_on(&crate::network::MATRIX.into(), &command));
        let args = [Arg::text(tried.listed.rule.shown()), typed];
        text = text.join_line(phrases.say(Key::PolicyAgree, &args));
        if buttons.is_empty() {
            buttons.push(phrases.button(Key::ButtonAgreeRule, command));
        }
    }
    // A button says not of which rule it is.
    if news.len() > 1 {
        buttons.clear();
    }
    Some(Outcome::say(text).with(buttons))
}
