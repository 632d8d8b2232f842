// SPDX-License-Identifier: AGPL-3.0-or-later
//! Rules as lists have them, and what they do to people.
//!
//! Rule: what is no ban is no rule.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn rule(kind: RuleKind, entity: &str) -> PolicyRule {
    PolicyRule { kind, entity: Entity::Named(entity.into()), reason: None }
}

fn account(mxid: &str) -> ListedAccount {
    ListedAccount::new(mxid).unwrap()
}

fn fits(kind: RuleKind, entity: &str, mxid: &str) -> bool {
    let rule = rule(kind, entity);
    Matcher::new(kind, &rule.entity).is_some_and(|it| it.matches(&account(mxid)))
}

fn crowd(people: &[&str], admins: &[&str]) -> Crowd {
    let accounts = |ids: &[&str]| ids.iter().map(|id| account(id)).collect();
    Crowd {
        people: accounts(people),
        admins: accounts(admins),
        bot: account("@freeside:home.example"),
    }
}

#[test]
fn rules_are_read_by_each_of_their_names() {
    let content = json!({ "entity": "@spam:x.org", "recommendation": "m.ban", "reason": "spam" });
    for prefix in ["m.policy.rule", "org.matrix.mjolnir.rule", "m.room.rule"] {
        let read = PolicyRule::read(&format!("{prefix}.user"), &content).unwrap();
        assert_eq!(read.kind, RuleKind::User);
        assert_eq!(read.entity, Entity::Named("@spam:x.org".into()));
        assert_eq!(read.reason.as_deref(), Some("spam"));
        assert_eq!(kind(&format!("{prefix}.server")), Some(RuleKind::Server));
        assert_eq!(kind(&format!("{prefix}.room")), Some(RuleKind::Room));
        assert_eq!(kind(&format!("{prefix}.other")), None);
    }
    assert_eq!(kind("m.room.message"), None);
    let old = json!({ "entity": "@spam:x.org", "recommendation": "org.matrix.mjolnir.ban" });
    assert!(PolicyRule::read(USER, &old).is_some());
}

#[test]
fn what_is_no_ban_is_no_rule() {
    let read = |content: Value| PolicyRule::read(USER, &content);
    assert_eq!(read(json!({})), None, "taken back");
    assert_eq!(read(json!({ "entity": "@a:x", "recommendation": "m.mute" })), None);
    assert_eq!(read(json!({ "entity": "@a:x", "recommendation": 7 })), None);
    assert_eq!(read(json!({ "entity": ["@a:x"], "recommendation": "m.ban" })), None);
    assert_eq!(read(json!({ "entity": "", "recommendation": "m.ban" })), None);
    assert_eq!(read(json!(null)), None);
}

#[test]
fn a_rule_can_name_somebody_by_a_hash() {
    let hash = hashed("@yarrgh:example.com");
    let url = format!("{}=", hash.replace('+', "-").replace('/', "_"));
    for (field, hash) in [("hashes", &hash), ("org.matrix.msc4205.hashes", &url)] {
        let content = json!({ "recommendation": "m.ban", (field): { "sha256": hash } });
        let read = PolicyRule::read(USER, &content).unwrap();
        let matcher = Matcher::new(read.kind, &read.entity).unwrap();
        assert!(matcher.matches(&account("@yarrgh:example.com")), "{field}");
        assert!(!matcher.matches(&account("@other:example.com")));
    }
    let bad = json!({ "recommendation": "m.ban", "hashes": { "sha256": "c2hvcnQ" } });
    assert_eq!(PolicyRule::read(USER, &bad), None, "no SHA-256");
    let server = Entity::Hashed(hashed("evil.example"));
    let matcher = Matcher::new(RuleKind::Server, &server).unwrap();
    assert!(matcher.matches(&account("@a:EVIL.example:8448")));
}

#[test]
fn rules_name_accounts_and_servers() {
    assert!(fits(RuleKind::User, "@spam:x.org", "@spam:x.org"));
    assert!(fits(RuleKind::User, "@spam*:x.org", "@spammer:x.org"));
    assert!(!fits(RuleKind::User, "@spam:x.org", "@Spam:x.org"), "ids have case");
    assert!(fits(RuleKind::Server, "X.org", "@spam:x.org"), "names of servers have none");
    assert!(fits(RuleKind::Server, "*.evil.example", "@a:sub.evil.example:8448"));
    assert!(!fits(RuleKind::Server, "x.org", "@a:sub.x.org"));
    assert!(!fits(RuleKind::Room, "*", "@a:x.org"));
    assert_eq!(ListedAccount::new("no id"), None);
}

#[test]
fn rules_about_rooms_name_them_by_id_pattern_or_hash() {
    let is = |entity: Entity| {
        let rule = PolicyRule { kind: RuleKind::Room, entity, reason: None };
        rule.is_about_room("!tea:x.org")
    };
    assert!(is(Entity::Named("!tea:x.org".into())) && is(Entity::Named("!*:x.org".into())));
    assert!(is(Entity::Hashed(hashed("!tea:x.org"))));
    assert!(!is(Entity::Named("!tea:y.org".into())) && !is(Entity::Hashed(hashed("!x:x.org"))));
    assert!(!rule(RuleKind::User, "!tea:x.org").is_about_room("!tea:x.org"));
}

#[test]
fn what_hits_the_bridge_or_an_admin_is_set_aside() {
    let crowd = crowd(&["@ann:a.org", "@tom:b.org", "@eve:c.org"], &["@ann:a.org"]);
    let rules = [
        rule(RuleKind::Server, "home.example"),
        rule(RuleKind::Server, "*"),
        rule(RuleKind::User, "@*:home.example"),
        rule(RuleKind::Server, "a.org"),
        rule(RuleKind::User, "@eve:c.org"),
        rule(RuleKind::Room, "*"),
    ];
    let preview = crowd.preview(rules.iter().map(|rule| (rule, true)));
    let (home, bot, admin) = (Objection::Homeserver, Objection::Bot, Objection::Admin);
    let said = [Some(home), Some(home), Some(bot), Some(admin), None, None];
    assert_eq!(preview.objections, said, "also where somebody agreed");
    assert_eq!(preview.hits, BTreeSet::from([2]));
}

#[test]
fn a_rule_that_hits_most_people_is_set_aside_until_somebody_agrees() {
    let people: Vec<String> = (0..7).map(|n| format!("@p{n}:x.org")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let crowd = crowd(&people, &[]);
    let all = rule(RuleKind::Server, "x.org");
    let none = crowd.preview([(&all, false)]);
    assert_eq!((none.hits.len(), none.objections), (0, vec![Some(Objection::Most)]));
    assert_eq!(crowd.preview([(&all, true)]).hits.len(), 7);
    // Many small rules are as much as a large one.
    let each: Vec<PolicyRule> = people.iter().map(|it| rule(RuleKind::User, it)).collect();
    let preview = crowd.preview(each.iter().map(|rule| (rule, false)));
    assert_eq!(preview.hits.len(), 3);
    assert_eq!(preview.objections.iter().flatten().count(), 4);
}

#[test]
fn two_people_are_never_too_many() {
    let crowd = crowd(&["@a:x.org", "@b:x.org"], &[]);
    assert_eq!(crowd.preview([(&rule(RuleKind::Server, "x.org"), false)]).hits.len(), 2);
}

proptest! {
    /// How a rule without a pattern is found by the names of an account is how it is compared.
    #[test]
    fn a_rule_without_a_pattern_is_found_by_name(
        entity in "(@[ab]:)?[xy]\\.org(:1)?",
        mxid in "@[ab]:[xy]\\.org(:1)?",
        by_hash: bool,
        about_server: bool,
    ) {
        let kind = if about_server { RuleKind::Server } else { RuleKind::User };
        let entity = if by_hash { Entity::Hashed(hashed(&entity)) } else { Entity::Named(entity) };
        let account = account(&mxid);
        let found = account.names().contains(&(kind, entity.clone()));
        let matched = Matcher::new(kind, &entity).is_some_and(|it| it.matches(&account));
        prop_assert_eq!(found, matched);
    }

    #[test]
    fn no_rules_hit_more_than_half_without_anybody_agreeing(
        entities in proptest::collection::vec("(@[a-d*?]:)[xy*]\\.org", 0..8),
        people in proptest::collection::btree_set("@[a-d]:[xy]\\.org", 0..8),
    ) {
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        let crowd = crowd(&people, &[]);
        let rules: Vec<_> = entities.iter().map(|it| rule(RuleKind::User, it)).collect();
        let preview = crowd.preview(rules.iter().map(|rule| (rule, false)));
        prop_assert!(preview.hits.len() <= 2 || preview.hits.len() * 2 <= people.len());
        prop_assert_eq!(preview.objections.len(), rules.len());
    }
}
