// SPDX-License-Identifier: AGPL-3.0-or-later
//! Policy lists: what a list would do is shown, then it is done, and undone when a rule ends.

use bot_core::network::MATRIX;
use bot_core::store::{GhostRecord, keys};
use bridge_model::{AuthorKind, Content, Deed, Event, MemberChange, Moderation, Person, Place};
use bridge_policy::lists::{USER, hashed};
use serde_json::{Value, json};

use super::{ANN, CARA, NOBODY, ask, joined, sure};
use crate::harness::Spine;
use crate::words::{START, author, event, group, posted, room};

const LIST: &str = "#bad:lists.example";
const MALLORY: &str = "@mallory:evil.example";

fn list_room() -> Place {
    Place::new(MATRIX, "!bad:lists.example")
}

fn rule(entity: &str) -> Value {
    json!({ "entity": entity, "recommendation": "m.ban", "reason": "spam" })
}

/// Writes a rule into the list, without anybody hearing of it.
fn written(spine: &Spine, (kind, key): (&str, &str), content: Value) {
    let row = (list_room().chat.as_str().to_owned(), kind.to_owned(), key.to_owned(), content);
    spine.rooms.state.lock().unwrap().push(row);
}

/// The same, and the bridge hears of it.
async fn changes(spine: &Spine, name: (&str, &str), content: Value) {
    written(spine, name, content);
    spine.hear(event(&list_room(), "$rule", Content::PolicyChanged)).await;
    settled(spine).await;
}

async fn settled(spine: &Spine) {
    for place in [bot_core::lane::core_place(&room()), room(), group()] {
        spine.settled(&place).await;
    }
}

fn says(id: &str, user: &str, text: &str) -> Event {
    posted(&room(), id, user, text)
}

async fn is_banned(spine: &Spine, network: &str, user: &str) -> bool {
    let portal = spine.store().portal_of(&room()).await.unwrap().unwrap();
    let who = keys::person(&Person::new(network, user));
    spine.store().block(portal.id, who).await.unwrap().is_some_and(|it| it.holds(START))
}

/// So many people have said something in the room.
async fn people(spine: &Spine, count: usize) {
    for n in 0..count {
        spine.hear(says(&format!("p{n}"), &format!("@p{n}:home.example"), "hello")).await;
    }
    settled(spine).await;
}

async fn follows(spine: &Spine) -> String {
    sure(spine, &room(), ANN, &format!("policy add {LIST}")).await
}

fn room_read(spine: &Spine, words: &str) -> Vec<String> {
    let lines = spine.matrix.read(&room().chat).into_iter();
    lines.filter(|line| line.contains(words)).collect()
}

#[tokio::test]
async fn a_list_is_shown_before_it_does_anything() {
    let spine = joined().await;
    spine.hear(says("1", MALLORY, "buy")).await;
    people(&spine, 4).await;
    written(&spine, (USER, "a"), rule(MALLORY));
    written(&spine, ("m.policy.rule.server", "b"), rule("*.home.example"));
    written(&spine, ("m.policy.rule.room", "c"), rule("!room:x"));
    let shown = ask(&spine, &room(), ANN, &format!("policy preview {LIST}")).await;
    assert!(shown.contains("rules: 2. People here that I know: 5. It bans: 1."), "{shown}");
    assert!(shown.contains("Banned by it: mallory"), "{shown}");
    assert!(shown.contains("Rules about rooms, which change nothing here: 1."), "{shown}");
    assert!(!shown.contains("This list bans this room"), "{shown}");
    written(&spine, ("m.policy.rule.room", "d"), rule(room().chat.as_str()));
    let shown = ask(&spine, &room(), ANN, &format!("policy preview {LIST}")).await;
    assert!(shown.contains("This list bans this room. Ask"), "{shown}");
    let asked = ask(&spine, &room(), ANN, &format!("policy add {LIST}")).await;
    assert!(asked.contains("It bans: 1.") && asked.contains("Nothing has happened"), "{asked}");
    assert!(!is_banned(&spine, MATRIX, MALLORY).await);
    let done = ask(&spine, &room(), ANN, "confirm").await;
    assert!(done.contains("I follow #bad:lists.example now"), "{done}");
    settled(&spine).await;
    assert!(is_banned(&spine, MATRIX, MALLORY).await);
    assert_eq!(
        spine.matrix.deeds(),
        [format!("Ban {{ purge: false }} on {MALLORY}: {LIST}: spam")]
    );
    let history = ask(&spine, &room(), ANN, "audit").await;
    assert!(history.contains("ban: mallory (Matrix)"), "{history}");
    assert!(history.contains(LIST), "{history}");
}

#[tokio::test]
async fn only_admins_of_the_room_decide_about_lists() {
    let spine = joined().await;
    for who in [NOBODY, "@other:example.org"] {
        let answer = ask(&spine, &room(), who, &format!("policy add {LIST}")).await;
        assert!(answer.contains("power level"), "{answer}");
    }
    let answer = ask(&spine, &crate::words::channel(), CARA, "policy").await;
    assert!(!answer.contains("policy list"), "no command of Discord: {answer}");
    let answer = ask(&spine, &room(), ANN, "policy add everybody").await;
    assert!(answer.contains("!freeside policy add #list:example.org"), "{answer}");
}

#[tokio::test]
async fn a_rule_about_a_ghost_is_one_about_its_person() {
    let spine = joined().await;
    let person = Person::new("telegram", "spam");
    let ghost = GhostRecord { localpart: "_freeside_spam".into(), ..GhostRecord::default() };
    spine.store().save_ghost(&person, ghost).await.unwrap();
    spine.hear(posted(&group(), "1", "spam", "buy")).await;
    follows(&spine).await;
    changes(&spine, (USER, "a"), rule("@_freeside_spam:example.org")).await;
    assert_eq!(spine.telegram.deeds(), [format!("Ban {{ purge: false }} on spam: {LIST}: spam")]);
    spine.hear(posted(&group(), "2", "spam", "more")).await;
    settled(&spine).await;
    assert!(!spine.matrix.read(&room().chat).iter().any(|line| line.contains("more")));
}

#[tokio::test]
async fn a_rule_that_ends_lets_people_in_again() {
    let spine = joined().await;
    spine.hear(says("1", MALLORY, "buy")).await;
    follows(&spine).await;
    changes(&spine, (USER, "a"), rule(MALLORY)).await;
    changes(&spine, ("m.policy.rule.server", "b"), rule("evil.*")).await;
    assert!(is_banned(&spine, MATRIX, MALLORY).await);
    changes(&spine, (USER, "a"), json!({})).await;
    assert!(is_banned(&spine, MATRIX, MALLORY).await, "the other rule stands");
    changes(&spine, ("m.policy.rule.server", "b"), json!({})).await;
    assert!(!is_banned(&spine, MATRIX, MALLORY).await);
    assert!(spine.matrix.deeds().last().unwrap().starts_with("Unban on @mallory"));
    changes(&spine, (USER, "a"), rule(MALLORY)).await;
    assert!(is_banned(&spine, MATRIX, MALLORY).await);
    let ended = ask(&spine, &room(), ANN, &format!("policy remove {LIST}")).await;
    assert!(ended.contains("I do not follow"), "{ended}");
    assert!(!is_banned(&spine, MATRIX, MALLORY).await);
    changes(&spine, (USER, "c"), rule("*")).await;
    assert!(room_read(&spine, "new rules").is_empty(), "nobody follows it any more");
}

#[tokio::test]
async fn whoever_comes_later_is_held_back_with_their_first_word() {
    let spine = joined().await;
    follows(&spine).await;
    changes(&spine, ("org.matrix.mjolnir.rule.server", "a"), rule("evil.example")).await;
    let hash = json!({ "recommendation": "m.ban", "hashes": { "sha256": hashed("@eve:x.org") } });
    changes(&spine, ("m.room.rule.user", "b"), hash).await;
    spine.hear(says("1", MALLORY, "buy")).await;
    spine.hear(says("2", "@eve:x.org", "this")).await;
    spine.hear(says("3", "@tom:x.org", "hello")).await;
    let who = bridge_model::Author { kind: AuthorKind::Person, ..author("@new:evil.example") };
    let joins = Content::MemberChanged { who, change: MemberChange::Joined };
    spine.hear(event(&room(), "4", joins)).await;
    spine
        .telegram
        .until("tom is heard", |it| {
            it.read(&group().chat).iter().any(|line| line.contains("hello"))
        })
        .await;
    settled(&spine).await;
    let read = spine.telegram.read(&group().chat);
    assert!(!read.iter().any(|line| line.contains("buy") || line.contains("this")), "{read:?}");
    for user in [MALLORY, "@eve:x.org", "@new:evil.example"] {
        assert!(is_banned(&spine, MATRIX, user).await, "{user}");
    }
}

#[tokio::test]
async fn a_rule_that_hits_most_people_waits_for_an_admin() {
    let spine = joined().await;
    people(&spine, 5).await;
    follows(&spine).await;
    changes(&spine, ("m.policy.rule.server", "a"), rule("home.*")).await;
    changes(&spine, (USER, "b"), rule("@nobody:x.org")).await;
    let told = room_read(&spine, "new rules that I do not apply");
    assert_eq!(told.len(), 1, "once: {told:?}");
    assert!(told[0].contains("it bans most of the people here"), "{told:?}");
    assert!(!is_banned(&spine, MATRIX, "@p1:home.example").await);
    let (_, code) = told[0].split_once("!freeside ").unwrap();
    let code = code.lines().next().unwrap();
    let refused = ask(&spine, &room(), NOBODY, code).await;
    assert!(refused.contains("power level"), "{refused}");
    let done = ask(&spine, &room(), ANN, code).await;
    assert!(done.contains("home.* applies now"), "{done}");
    settled(&spine).await;
    assert!(is_banned(&spine, MATRIX, "@p1:home.example").await);
    let again = ask(&spine, &room(), ANN, code).await;
    assert!(again.contains("No such rule"), "{again}");
    // What somebody agreed to stays so when the list changes in another place.
    changes(&spine, (USER, "c"), rule("@other:x.org")).await;
    assert!(is_banned(&spine, MATRIX, "@p1:home.example").await);
}

#[tokio::test]
async fn a_rule_never_hits_the_bridge_or_an_admin() {
    let spine = joined().await;
    people(&spine, 5).await;
    spine.hear(says("1", ANN, "hello")).await;
    follows(&spine).await;
    changes(&spine, ("m.policy.rule.server", "a"), rule("example.org")).await;
    changes(&spine, (USER, "b"), rule(ANN)).await;
    let told = room_read(&spine, "new rules that I do not apply");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("my whole homeserver"), "{told:?}");
    assert!(told[1].contains("an admin of this room"), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("policy agree")), "{told:?}");
    assert!(!is_banned(&spine, MATRIX, ANN).await);
}

#[tokio::test]
async fn whom_a_moderator_lets_in_no_rule_bans_again() {
    let mut spine = joined().await;
    spine.hear(says("1", MALLORY, "buy")).await;
    follows(&spine).await;
    changes(&spine, (USER, "a"), rule(MALLORY)).await;
    let deed = Deed {
        by: Some(author(ANN)),
        whom: Person::new(MATRIX, MALLORY),
        name: "mallory".into(),
        what: Moderation::Unban,
        reason: None,
    };
    spine.hear(event(&room(), "deed", Content::Moderated(Box::new(deed)))).await;
    spine.restart().await;
    spine.hear(says("2", MALLORY, "I am good now")).await;
    spine
        .telegram
        .until("mallory is heard", |it| {
            it.read(&group().chat).iter().any(|line| line.contains("good now"))
        })
        .await;
    changes(&spine, ("m.policy.rule.server", "b"), rule("evil.example")).await;
    assert!(!is_banned(&spine, MATRIX, MALLORY).await);
    // When no rule is about them any more, that is forgotten.
    changes(&spine, (USER, "a"), json!({})).await;
    changes(&spine, ("m.policy.rule.server", "b"), json!({})).await;
    changes(&spine, (USER, "a"), rule(MALLORY)).await;
    assert!(is_banned(&spine, MATRIX, MALLORY).await);
}

#[tokio::test]
async fn bans_are_written_into_the_own_list_and_taken_out_of_it() {
    let spine = joined().await;
    let answer = ask(&spine, &room(), ANN, "policy own #own:example.org").await;
    assert!(answer.contains("I write bans from here to #own:example.org"), "{answer}");
    let deed = |what| {
        let (by, whom) = (Some(author(ANN)), Person::new(MATRIX, MALLORY));
        let (name, reason) = ("mallory".into(), Some("rude".into()));
        let deed = Deed { by, whom, name, what, reason };
        event(&room(), "deed", Content::Moderated(Box::new(deed)))
    };
    spine.hear(deed(Moderation::Ban { purge: false })).await;
    settled(&spine).await;
    let rules = |spine: &Spine| -> Vec<Value> {
        let state = spine.rooms.state().into_iter();
        state.filter(|(kind, _)| kind == USER).map(|(_, content)| content).collect()
    };
    let written = json!({ "entity": MALLORY, "recommendation": "m.ban", "reason": "rude" });
    assert_eq!(rules(&spine), [written]);
    spine.hear(deed(Moderation::Unban)).await;
    settled(&spine).await;
    assert_eq!(rules(&spine), [json!({})]);
    *spine.rooms.state_refused.lock().unwrap() = true;
    for what in [Moderation::Ban { purge: false }, Moderation::Unban] {
        spine.hear(deed(what)).await;
        settled(&spine).await;
    }
    assert_eq!(room_read(&spine, "I cannot write to #own").len(), 1, "told once");
    let shown = ask(&spine, &room(), ANN, "policy").await;
    assert!(shown.contains("Bans from here are written to #own:example.org"), "{shown}");
    ask(&spine, &room(), ANN, "policy own off").await;
    let shown = ask(&spine, &room(), ANN, "policy").await;
    assert!(!shown.contains("#own:"), "{shown}");
}
