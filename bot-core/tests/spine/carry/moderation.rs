// SPDX-License-Identifier: AGPL-3.0-or-later
//! What moderators do on one side is done on the others.

use bot_core::Action;
use bot_core::order::ModerationTarget;
use bot_core::refusal::{MissingRight, Refusal, Right};
use bot_core::store::{GhostRecord, keys};
use std::time::Duration;

use bridge_model::{Content, Deed, Event, Moderation, Person, Place, Rights, Timestamp};

use crate::clock::TICK;
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{
    START, author, channel, command, deleted, edited, event, group, posted, reacted, room, vote,
};

/// What the fake platforms write down.
pub fn line(act: &Action) -> String {
    let Action::Moderate { whom, what, reason, .. } = act else { return String::new() };
    let whom = match whom {
        ModerationTarget::Native(user) => user.as_str(),
        ModerationTarget::Ghost(person) => person.user.as_str(),
    };
    format!("{what:?} on {whom}: {reason}")
}

pub const BAN: Moderation = Moderation::Ban { purge: false };
const MODERATOR: Rights = Rights { member: true, manage: false, change: false, moderate: true };

fn person(place: &Place, user: &str) -> Person {
    Person { network: place.network.clone(), user: user.into() }
}

/// A moderator of `place` acts on somebody.
pub fn deed(place: &Place, by: &str, whom: (&Place, &str), what: Moderation) -> Event {
    let (home, user) = whom;
    let deed = Deed {
        by: Some(author(by)),
        whom: person(home, user),
        name: user.into(),
        what,
        reason: Some("spam".into()),
    };
    event(place, "deed", Content::Moderated(Box::new(deed)))
}

pub async fn with_ghost(spine: &Spine, user: &str) {
    let record = GhostRecord { localpart: format!("_freeside_{user}"), ..GhostRecord::default() };
    spine.store().save_ghost(&person(&group(), user), record).await.unwrap();
}

async fn is_held(spine: &Spine, home: &Place, user: &str) -> bool {
    let portal = spine.store().portal_of(&room()).await.unwrap().unwrap();
    let who = keys::person(&person(home, user));
    let block = spine.store().block(portal.id, who).await.unwrap();
    block.is_some_and(|block| block.holds(START))
}

async fn all_settled(spine: &Spine) {
    for place in [room(), group(), channel()] {
        spine.settled(&place).await;
    }
}

#[tokio::test]
async fn a_ban_of_a_ghost_is_one_of_its_person_and_holds_everywhere() {
    let spine = Spine::linked().await;
    with_ghost(&spine, "spam").await;
    spine.hear(posted(&group(), "1", "spam", "before")).await;
    spine.discord.shows(&channel().chat, &["spam: before"]).await;
    spine.matrix.shows(&room().chat, &["spam: before"]).await;
    spine.hear(deed(&room(), "@mod:x", (&group(), "spam"), BAN)).await;
    spine.telegram.until("banning", |it| !it.deeds().is_empty()).await;
    assert_eq!(spine.telegram.deeds(), ["Ban { purge: false } on spam: mod (Matrix): spam"]);
    for (said, id) in [
        (posted(&group(), "2", "spam", "after"), "2"),
        (edited(&group(), "1", "spam", "changed"), "1"),
        (reacted(&group(), "1", ("spam", "👍"), None), "1"),
        (vote(&group(), "1", "spam", (&["0"], bridge_model::VoteChange::Set)), "1"),
    ] {
        let message = said.message.as_str().to_owned();
        assert_eq!(message, id);
        spine.hear(said).await;
    }
    spine.hear(posted(&group(), "3", "ann", "hello")).await;
    spine.discord.shows(&channel().chat, &["spam: before", "ann: hello"]).await;
    spine.matrix.shows(&room().chat, &["spam: before", "ann: hello"]).await;
    assert!(spine.discord.deeds().is_empty(), "{:?}", spine.discord.deeds());
}

#[tokio::test]
async fn what_somebody_takes_back_goes_away_also_while_they_are_banned() {
    let spine = Spine::linked().await;
    spine.hear(posted(&group(), "1", "spam", "before")).await;
    spine.discord.shows(&channel().chat, &["spam: before"]).await;
    spine.hear(deed(&group(), "owner", (&group(), "spam"), BAN)).await;
    spine.hear(deleted(&group(), "1", Some("spam"))).await;
    spine.discord.shows(&channel().chat, &[]).await;
}

#[tokio::test]
async fn a_deed_comes_back_as_no_other_and_ends_by_its_opposite_on_any_side() {
    let spine = Spine::linked().await;
    with_ghost(&spine, "spam").await;
    spine.hear(deed(&group(), "owner", (&group(), "spam"), BAN)).await;
    spine.matrix.until("banning", |it| it.deeds().len() == 1).await;
    // The platforms tell of what we did there ourselves, and a moderator does the same again.
    for place in [room(), group(), channel()] {
        spine.hear(deed(&place, "somebody", (&group(), "spam"), BAN)).await;
    }
    all_settled(&spine).await;
    assert_eq!(spine.matrix.deeds().len(), 1);
    assert!(spine.telegram.deeds().is_empty(), "where it was done it is not done again");
    spine.hear(deed(&room(), "@mod:x", (&group(), "spam"), Moderation::Unban)).await;
    spine.telegram.until("lifting", |it| it.deeds().len() == 1).await;
    assert_eq!(spine.telegram.deeds(), ["Unban on spam: mod (Matrix): spam"]);
    spine.hear(posted(&group(), "4", "spam", "sorry")).await;
    spine.discord.shows(&channel().chat, &["spam: sorry"]).await;
}

#[tokio::test]
async fn a_mute_ends_by_its_time_on_every_side() {
    let spine = Spine::linked().await;
    let until = Some(Timestamp(START.0 + 60_000));
    let mute = Moderation::Mute { until };
    spine.hear(deed(&room(), "@mod:x", (&group(), "loud"), mute)).await;
    spine.telegram.until("muting", |it| it.deeds().len() == 1).await;
    assert!(is_held(&spine, &group(), "loud").await);
    // A shorter one is what Discord or Telegram made of it.
    let shorter = Moderation::Mute { until: Some(Timestamp(START.0 + 59_000)) };
    spine.hear(deed(&group(), "bot", (&group(), "loud"), shorter)).await;
    spine.clock.slept(TICK, 1).await;
    spine.clock.advance(Duration::from_secs(61));
    spine.telegram.until("letting speak", |it| it.deeds().len() == 2).await;
    assert!(spine.telegram.deeds()[1].starts_with("Unmute on loud"));
    spine.hear(posted(&group(), "1", "loud", "quietly")).await;
    spine.discord.shows(&channel().chat, &["loud: quietly"]).await;
}

#[tokio::test]
async fn a_platform_that_refuses_does_not_make_the_person_heard() {
    let spine = Spine::linked().await;
    let refused = bot_core::DeliverError::Refused { reason: Refusal::platform("no") };
    spine.telegram.fail(&group().chat, [Fault::Error(refused)]);
    spine.hear(deed(&room(), "@mod:x", (&group(), "spam"), BAN)).await;
    let told = "BOT: What a moderator decided about spam could not be done on Telegram";
    let tells = |it: &crate::network::FakeNetwork| {
        it.read(&room().chat)[..].iter().any(|line| {
            line.starts_with(told) && line.contains("I share nothing that this person writes")
        })
    };
    spine.matrix.until("telling", tells).await;
    assert!(is_held(&spine, &group(), "spam").await);
}

#[tokio::test]
async fn a_right_that_the_bot_lacks_is_told_once_until_it_is_there() {
    let spine = Spine::linked().await;
    let right = MissingRight { right: Right::Ban, menu: "Ban Users".into() };
    let refused = || {
        let reason = Refusal::MissingRights(vec![right.clone()]);
        Fault::Error(bot_core::DeliverError::Refused { reason })
    };
    let count = |spine: &Spine| {
        let lines = spine.matrix.read(&room().chat);
        lines.iter().filter(|line| line.contains("Ban Users")).count()
    };
    spine.telegram.fail(&group().chat, [refused(), refused(), Fault::Pass, refused()]);
    for (number, user) in ["a", "b", "c", "d"].into_iter().enumerate() {
        spine.hear(deed(&room(), "@mod:x", (&group(), user), BAN)).await;
        spine.settled(&group()).await;
        spine.settled(&room()).await;
        let told = if number < 3 { 1 } else { 2 };
        assert_eq!(count(&spine), told, "after {user}");
    }
    spine.telegram.state.lock().unwrap().lacking = vec![right.clone()];
    spine.hear(event(&group(), "0", Content::RightsChanged)).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    assert_eq!(count(&spine), 2, "that is known");
    spine.telegram.state.lock().unwrap().lacking.clear();
    spine.hear(event(&group(), "0", Content::RightsChanged)).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    spine.telegram.state.lock().unwrap().lacking = vec![right];
    spine.hear(event(&group(), "0", Content::RightsChanged)).await;
    let told_again = |it: &crate::network::FakeNetwork| {
        it.read(&room().chat).iter().filter(|line| line.contains("Ban Users")).count() == 3
    };
    spine.matrix.until("telling again", told_again).await;
}

#[tokio::test]
async fn nobody_acts_from_another_side_on_somebody_who_looks_after_a_chat() {
    let spine = Spine::linked().await;
    spine.telegram.may("chief", MODERATOR);
    spine.hear(deed(&room(), "@mod:x", (&group(), "chief"), BAN)).await;
    let told = "BOT: chief is a moderator on Telegram.";
    let tells = |it: &crate::network::FakeNetwork| {
        it.read(&room().chat).iter().any(|line| line.starts_with(told))
    };
    spine.matrix.until("telling", tells).await;
    assert!(!is_held(&spine, &group(), "chief").await);
    assert!(spine.telegram.deeds().is_empty());
    spine.hear(posted(&group(), "1", "chief", "here I am")).await;
    spine.discord.shows(&channel().chat, &["chief: here I am"]).await;
}

/// What a moderator types in reply to a message.
fn typed(place: &Place, by: &str, to: &str, text: &str) -> Event {
    let command = bridge_model::Command { reply_to: Some(to.into()), ..command(by, text) };
    event(place, &format!("{by} typed {text} {to}"), Content::Commanded(command))
}

#[tokio::test]
async fn a_moderator_bans_by_reply_and_it_is_taken_back_the_same_way() {
    let spine = Spine::linked().await;
    spine.telegram.may("owner", MODERATOR);
    spine.hear(posted(&room(), "$1", "@spam:x", "buy")).await;
    spine.telegram.shows(&group().chat, &["spam: buy"]).await;
    let copy = spine.telegram.id_of(&group().chat, "spam: buy");
    spine.hear(typed(&group(), "ann", &copy, "ban")).await;
    spine.telegram.until("refusing", |it| it.read(&group().chat).len() == 2).await;
    assert!(spine.telegram.read(&group().chat)[1].starts_with("BOT: You need the right"));
    spine.hear(typed(&group(), "owner", &copy, "ban purge bots")).await;
    spine.matrix.until("banning", |it| !it.deeds().is_empty()).await;
    assert_eq!(spine.matrix.deeds(), ["Ban { purge: true } on @spam:x: owner (Telegram): bots"]);
    let gone = |it: &crate::network::FakeNetwork| {
        let lines = it.read(&channel().chat);
        !lines.iter().any(|line| line == "spam: buy")
    };
    spine.discord.until("taking away", gone).await;
    let answered = |it: &crate::network::FakeNetwork| {
        it.read(&group().chat).iter().any(|line| line.contains("unban"))
    };
    spine.telegram.until("answering", answered).await;
    spine.hear(posted(&room(), "$2", "@spam:x", "buy more")).await;
    spine.hear(typed(&group(), "owner", &copy, "unban")).await;
    spine.matrix.until("lifting", |it| it.deeds().len() == 2).await;
    spine.hear(posted(&room(), "$3", "@spam:x", "sorry")).await;
    let heard = |it: &crate::network::FakeNetwork| {
        let lines = it.read(&channel().chat);
        lines.contains(&"spam: sorry".to_owned()) && !lines.contains(&"spam: buy more".to_owned())
    };
    spine.discord.until("showing what came after", heard).await;
}

#[tokio::test]
async fn nobody_moderates_their_equals() {
    let spine = Spine::linked().await;
    for user in ["one", "other"] {
        spine.telegram.may(user, MODERATOR);
    }
    spine.matrix.may("@mod:x", MODERATOR);
    let owner = Rights { manage: true, change: true, ..MODERATOR };
    spine.telegram.may("owner", owner);
    spine.hear(posted(&group(), "1", "other", "hello")).await;
    spine.matrix.shows(&room().chat, &["other: hello"]).await;
    let there = spine.matrix.id_of(&room().chat, "other: hello");
    for (place, by, to) in
        [(group(), "one", "1"), (group(), "other", "1"), (room(), "@mod:x", &there)]
    {
        spine.hear(typed(&place, by, to, "ban")).await;
        let says = |it: &crate::network::FakeNetwork| {
            let lines = it.read(&place.chat);
            lines.iter().any(|line| line.contains("is a moderator, too"))
        };
        spine.network(&place).until("refusing", says).await;
        assert!(!is_held(&spine, &group(), "other").await, "{by}");
    }
    spine.hear(typed(&group(), "owner", "1", "mute 1h")).await;
    spine.telegram.until("muting", |it| !it.deeds().is_empty()).await;
    assert!(is_held(&spine, &group(), "other").await);
}

#[tokio::test]
async fn the_last_messages_of_somebody_go_from_all_sides() {
    let spine = Spine::linked().await;
    spine.telegram.may("owner", MODERATOR);
    for number in ["1", "2", "3"] {
        spine.hear(posted(&group(), number, "spam", &format!("buy {number}"))).await;
    }
    spine.hear(posted(&group(), "4", "ann", "hello")).await;
    let all = ["spam: buy 1", "spam: buy 2", "spam: buy 3", "ann: hello"];
    spine.discord.shows(&channel().chat, &all).await;
    spine.hear(typed(&group(), "owner", "1", "purge 2")).await;
    spine.discord.shows(&channel().chat, &["spam: buy 1", "ann: hello"]).await;
    spine.hear(typed(&group(), "owner", "1", "purge 900")).await;
    let usage = |it: &crate::network::FakeNetwork| {
        it.read(&group().chat).iter().any(|line| line.contains("at most 100"))
    };
    spine.telegram.until("saying how", usage).await;
}

#[tokio::test]
async fn the_admins_hear_of_a_message_once() {
    let spine = Spine::linked().await;
    spine.hear(posted(&room(), "$1", "@spam:x", "buy")).await;
    spine.telegram.shows(&group().chat, &["spam: buy"]).await;
    let copy = spine.telegram.id_of(&group().chat, "spam: buy");
    for by in ["ann", "bea"] {
        spine.hear(typed(&group(), by, &copy, "report")).await;
        spine.settled(&bot_core::lane::core_place(&group())).await;
        spine.settled(&room()).await;
    }
    let told: Vec<String> = spine.matrix.read(&room().chat);
    let told: Vec<&String> = told.iter().filter(|line| line.contains("reports")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("https://matrix.example/!room:example.org/$1"), "{told:?}");
    let known = |it: &crate::network::FakeNetwork| {
        it.read(&group().chat).iter().any(|line| line.contains("know of that message already"))
    };
    spine.telegram.until("saying so", known).await;
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_ban_loses_neither_the_ban_nor_the_silence() {
    let mut spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Hang(0)]);
    spine.hear(deed(&room(), "@mod:x", (&group(), "spam"), BAN)).await;
    spine.telegram.until("trying", |it| it.tries() == 1).await;
    spine.restart().await;
    spine.telegram.until("banning", |it| it.deeds().len() == 1).await;
    spine.hear(posted(&group(), "1", "spam", "after")).await;
    spine.hear(posted(&group(), "2", "ann", "hello")).await;
    spine.discord.shows(&channel().chat, &["ann: hello"]).await;
}
