// SPDX-License-Identifier: AGPL-3.0-or-later
//! `link` and `unlink`, from either side.

use std::time::Duration;

use bot_core::store::{GhostRecord, keys};
use bot_core::{Action, DeliverError, Refusal, SendAs};
use bridge_model::{ChatChange, Content, Person, Place};
use insta::assert_snapshot;

use super::stages::{days, inventory, self_test, step};
use super::{ANN, CARA, CODE, CODE_2, NOBODY, TINA, admins, agree, ask, fresh, join, joined, sure};
use crate::harness::{ADMIN, Spine};
use crate::network::{FakeNetwork, Fault};
use crate::words::{channel, event, group, posted, room};

#[tokio::test]
async fn a_room_is_joined_by_a_code_that_is_typed_in_the_group() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &room(), ANN, "link telegram").await, @"
    Here is your connection code. In the Telegram group, an admin types:
    /link AAAA-AAAA
    Add me to that group first. The code works once, for 15 minutes.
    ");
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await, @"
    The connection code is right. Somebody on Matrix who may change the settings of the chat must now confirm it, within 15 minutes. Nothing is shared before that.
    ");
    assert!(spine.store().portals().await.unwrap().is_empty(), "nobody has agreed yet");
    assert_snapshot!(ask(&spine, &room(), ANN, &format!("link yes {CODE}")).await, @"
    Connected to Telegram. Messages now go both ways. To end the connection: !freeside unlink telegram
    ");
    spine.telegram.until("pinned", |telegram| telegram.deeds().len() == 1).await;
    spine.settled(&room()).await;
    assert_snapshot!(spine.matrix.read(&room().chat)[2..].join("\n\n"), @"
    BOT: Connected to Telegram. Messages now go both ways. To end the connection: !freeside unlink telegram

    BOT: This room is connected to a chat on Telegram. What you write here is shown there, too, with your name, and is kept there. People from there have “Telegram” after their names. A message that starts with (NOFWD) stays here. What happens to your data: !freeside privacy
    Telegram's apps are free software. Its server is proprietary, and it asks for a phone number.
    To keep all that you write here: !freeside optout
    ");
    let portal = spine.store().portal_of(&group()).await.unwrap().unwrap();
    assert_eq!((portal.room, portal.ends[0].title.as_deref()), (room(), Some("The telegram chat")));
    spine.hear(posted(&group(), "8", TINA, "it works")).await;
    spine.hear(posted(&room(), "$8", ANN, "it does")).await;
    let last = |line: &'static str, place: Place| {
        move |network: &FakeNetwork| network.read(&place.chat).ends_with(&[line.into()])
    };
    spine.matrix.until("relayed", last("tina: it works", room())).await;
    spine.telegram.until("relayed", last("ann: it does", group())).await;
}

#[tokio::test]
async fn a_channel_is_joined_by_a_code_that_is_typed_in_the_room() {
    let spine = fresh();
    assert_snapshot!(ask(&spine, &channel(), CARA, "link").await, @"
    Here is your connection code. In the Matrix room, somebody who may change its settings types:
    !freeside link AAAA-AAAA
    Invite me to that room first. The code works once, for 15 minutes.
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "link aaaaaaaa").await, @"
    The connection code is right. Somebody on Discord who may change the settings of the chat must now confirm it, within 15 minutes. Nothing is shared before that.
    ");
    assert_snapshot!(ask(&spine, &channel(), CARA, "link yes aaaaaaaa").await, @"
    Connected to Matrix. Messages now go both ways. To end the connection: /unlink
    ");
    spine.discord.until("pinned", |discord| discord.deeds().len() == 1).await;
    assert_snapshot!(spine.discord.read(&channel().chat)[2..].join("\n\n"), @"
    BOT: Connected to Matrix. Messages now go both ways. To end the connection: /unlink

    BOT: This channel is connected to a Matrix room: what you write here is shown there, too, with your name.
    All of Matrix is free software, and it needs no phone number: open the room in your browser (https://matrix.to/#/!room:example.org?via=example.org)
    A message that starts with (NOFWD) stays here. What happens to your data: /privacy. Admins can end the connection: /unlink
    Discord is proprietary software: the app and the server.
    To keep all that you write here: /optout
    ");
    let notice = &spine.discord.shown(&channel().chat)[3].id;
    assert_eq!(spine.discord.deeds(), [format!("pin {notice}")]);
}

#[tokio::test]
async fn the_link_is_named_in_the_state_of_the_room_without_a_raw_id() {
    let spine = fresh();
    join(&spine, &room(), &group()).await;
    let state = spine.rooms.state();
    let kinds: Vec<_> = state.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["m.bridge", "uk.half-shot.bridge"]);
    for (_, content) in state {
        assert_eq!(content["bridgebot"], "@freeside:example.org");
        assert_eq!(content["protocol"]["id"], "telegram");
        assert_eq!(content["channel"]["displayname"], "The telegram chat");
        assert!(!content.to_string().contains(group().chat.as_str()));
    }
    sure(&spine, &room(), ANN, "unlink").await;
    assert!(spine.rooms.state().iter().all(|(_, content)| *content == serde_json::json!({})));
}

#[tokio::test]
async fn a_bot_that_may_not_set_state_joins_nevertheless_and_says_so() {
    let spine = fresh();
    *spine.rooms.state_refused.lock().unwrap() = true;
    ask(&spine, &room(), ANN, "link telegram").await;
    assert_snapshot!(agree(&spine, (&group(), TINA), (&room(), ANN), CODE).await, @"
    Connected to Telegram. Messages now go both ways. To end the connection: !freeside unlink telegram
    Other programs cannot see that this room is connected, because I may not change its settings. If you want them to see it, give me the power level for that.
    ");
}

#[tokio::test]
async fn a_group_leaves_from_its_own_side() {
    let spine = joined().await;
    assert_snapshot!(sure(&spine, &group(), TINA, "unlink").await, @"
    The connection between Matrix and Telegram has ended here. The Matrix room stays, with its people and messages. To connect it again: /link
    ");
    spine.matrix.until("told", |matrix| matrix.tries() == 1).await;
    assert!(spine.store().portal_of(&group()).await.unwrap().is_none());
    assert!(spine.store().portal_of(&channel()).await.unwrap().is_some());
    assert_snapshot!(sure(&spine, &group(), TINA, "unlink").await, @"This chat is not connected. To connect it: /link");
}

/// The accounts of ours that were made to leave a room, in order.
fn withdrawn(network: &FakeNetwork) -> Vec<Person> {
    let acts = network.acts().into_iter();
    let withdrawn = acts.filter_map(|act| {
        let Action::Withdraw { send_as: SendAs::Person { person, .. } } = act else { return None };
        Some(person)
    });
    withdrawn.collect()
}

#[tokio::test]
async fn the_accounts_of_a_chats_people_leave_with_it_and_no_others() {
    let spine = joined().await;
    let people = ["telegram", "discord"].map(|network| Person::new(network, "7"));
    for person in &people {
        let (localpart, rooms) = (format!("_fs_{}", person.network), vec![keys::place(&room())]);
        let record = GhostRecord { localpart, rooms, ..GhostRecord::default() };
        spine.store().save_ghost(person, record).await.unwrap();
    }
    sure(&spine, &group(), TINA, "unlink").await;
    spine.matrix.until("left", |matrix| withdrawn(matrix) == people[..1]).await;
    sure(&spine, &room(), ANN, "unlink discord").await;
    spine.matrix.until("left", |matrix| withdrawn(matrix) == people).await;
}

#[tokio::test]
async fn a_room_with_several_chats_is_asked_which_one_leaves() {
    let spine = joined().await;
    assert_snapshot!(sure(&spine, &room(), ANN, "unlink").await, @"
    Which connection? Type !freeside unlink and one of the networks that are connected here: telegram | discord
    ");
    assert_snapshot!(sure(&spine, &room(), ANN, "unlink Discord").await, @"
    The connection between Matrix and Discord has ended here. The Matrix room stays, with its people and messages. To connect it again: !freeside link
    ");
    let told = "BOT: The connection between Matrix and Discord has ended here. The Matrix room \
                stays, with its people and messages. To connect it again: /link";
    spine.discord.shows(&channel().chat, &[told]).await;
    sure(&spine, &room(), ANN, "unlink").await;
    assert_eq!(spine.store().portals().await.unwrap(), []);
}

#[tokio::test]
async fn the_notice_of_a_new_connection_is_new_and_the_one_before_says_that_it_ended() {
    let spine = fresh();
    join(&spine, &room(), &group()).await;
    sure(&spine, &room(), ANN, "unlink telegram").await;
    spine.settled(&group()).await;
    let other = Place::new("matrix", "!second:example.org");
    ask(&spine, &other, ANN, "link telegram").await;
    agree(&spine, (&group(), TINA), (&other, ANN), CODE_2).await;
    let deeds = |telegram: &FakeNetwork| telegram.deeds();
    spine.telegram.until("pinned twice", |telegram| deeds(telegram).len() == 3).await;
    let shown = spine.telegram.shown(&group().chat);
    let notice = |words: &str| {
        let found = shown.iter().find(|shown| shown.line.starts_with(&format!("BOT: {words}")));
        found.unwrap_or_else(|| panic!("{words}: {shown:?}")).clone()
    };
    let old = notice("This chat is no longer connected to a Matrix room.");
    let new = notice("This group is connected to a Matrix room:");
    assert!(new.line.contains("!second:example.org"), "{}", new.line);
    let expected =
        [&format!("pin {}", old.id), &format!("unpin {}", old.id), &format!("pin {}", new.id)];
    assert_eq!(deeds(&spine.telegram).iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn the_history_names_who_agreed_for_each_side() {
    for made_in_the_room in [true, false] {
        let spine = fresh();
        if made_in_the_room {
            ask(&spine, &room(), ANN, "link telegram").await;
            agree(&spine, (&group(), TINA), (&room(), ANN), CODE).await;
        } else {
            ask(&spine, &group(), TINA, "link").await;
            agree(&spine, (&room(), ANN), (&group(), TINA), CODE).await;
        }
        spine.settled(&room()).await;
        for (place, admin) in [(room(), ANN), (group(), TINA)] {
            let audit = ask(&spine, &place, admin, "audit").await;
            for line in ["agreed to – ann (Matrix)", "agreed to – tina (Telegram)"] {
                assert!(audit.contains(line), "{audit}");
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_one_side_ends_is_told_with_the_name_and_stands_in_the_history() {
    let spine = joined().await;
    sure(&spine, &channel(), CARA, "unlink").await;
    spine.settled(&room()).await;
    let read = spine.matrix.read(&room().chat);
    let told =
        "BOT: cara did this on Discord:\nThe connection between Matrix and Discord has ended";
    assert!(read.iter().any(|line| line.starts_with(told)), "{read:?}");
    let audit = ask(&spine, &room(), ANN, "audit").await;
    assert!(audit.contains("connection to Discord ended – cara (Discord)"), "{audit}");
}

#[tokio::test]
async fn a_notice_that_was_refused_is_posted_when_the_chat_is_joined_again() {
    let spine = fresh();
    ask(&spine, &room(), ANN, "link telegram").await;
    // The answers arrive, the notice does not.
    let refused = DeliverError::Refused { reason: Refusal::platform("not now") };
    spine.telegram.fail(&group().chat, [Fault::Pass, Fault::Pass, Fault::Error(refused)]);
    agree(&spine, (&group(), TINA), (&room(), ANN), CODE).await;
    spine.settled(&group()).await;
    assert_eq!(spine.telegram.read(&group().chat).len(), 2);
    sure(&spine, &group(), TINA, "unlink").await;
    ask(&spine, &room(), ANN, "link telegram").await;
    agree(&spine, (&group(), TINA), (&room(), ANN), CODE_2).await;
    spine.telegram.until("pinned", |telegram| telegram.deeds().len() == 1).await;
}

#[tokio::test]
async fn a_room_with_another_bridge_is_joined_only_by_who_insists() {
    let mut spine = Spine::idle();
    *spine.rooms.bridges.lock().unwrap() = vec!["@telegrambot:t2bot.io".to_owned()];
    spine.start();
    admins(&spine);
    ask(&spine, &room(), ANN, "link telegram").await;
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link {CODE}")).await);
    assert!(spine.store().portals().await.unwrap().is_empty());
    let answer = ask(&spine, &group(), TINA, &format!("link {CODE} \u{2014}take-over")).await;
    assert!(answer.starts_with("The connection code is right"), "{answer}");
}

#[tokio::test]
async fn the_side_that_made_the_code_reads_who_wants_in_and_can_decline() {
    let spine = fresh();
    ask(&spine, &group(), TINA, "link").await;
    spine.matrix.may("@mallory:example.org", ADMIN);
    ask(&spine, &room(), "@mallory:example.org", &format!("link {CODE}")).await;
    spine.telegram.until("asked", |telegram| telegram.read(&group().chat).len() == 2).await;
    assert_snapshot!(spine.telegram.read(&group().chat)[1], @"
    BOT: The matrix chat (!room:example.org) on Matrix asks to be connected to this chat. mallory (@mallory:example.org) typed the connection code there. If you know them: /link yes AAAA-AAAA. If not: /link no AAAA-AAAA. Nothing is shared before you confirm.
    ");
    let answer = ask(&spine, &group(), NOBODY, &format!("link yes {CODE}")).await;
    assert_eq!(answer, "Only admins of a group can do that, in the group itself.");
    let answer = ask(&spine, &room(), ANN, &format!("link yes {CODE}")).await;
    assert!(
        answer.starts_with("This connection code is not right"),
        "whoever typed it cannot agree: {answer}"
    );
    assert_snapshot!(ask(&spine, &group(), TINA, &format!("link no {CODE}")).await, @"
    Declined. The connection code no longer works, and nothing was shared.
    ");
    let told = |it: &FakeNetwork| {
        it.read(&room().chat).iter().any(|it| it.contains("have declined the connection"))
    };
    spine.matrix.until("told", told).await;
    for (place, by, typed) in [(group(), TINA, "link yes"), (room(), ANN, "link")] {
        let answer = ask(&spine, &place, by, &format!("{typed} {CODE}")).await;
        assert!(answer.starts_with("This connection code has been used already"), "{answer}");
    }
    assert!(spine.store().portals().await.unwrap().is_empty());
    assert!(spine.telegram.deeds().is_empty() && spine.matrix.deeds().is_empty());
}

#[tokio::test]
async fn nobody_agrees_before_the_code_was_typed_or_after_the_time() {
    let spine = fresh();
    ask(&spine, &group(), TINA, "link").await;
    let answer = ask(&spine, &group(), TINA, &format!("link yes {CODE}")).await;
    assert!(answer.starts_with("This connection code is not right"), "{answer}");
    ask(&spine, &room(), ANN, &format!("link {CODE}")).await;
    let other = Place::new("matrix", "!other:example.org");
    let answer = ask(&spine, &other, ANN, &format!("link {CODE}")).await;
    assert!(
        answer.starts_with("This connection code has been used already"),
        "the first one counts: {answer}"
    );
    spine.clock.advance(Duration::from_secs(15 * 60 + 1));
    let answer = ask(&spine, &group(), TINA, &format!("link yes {CODE}")).await;
    assert!(answer.starts_with("This connection code is older"), "{answer}");
    assert!(spine.store().portals().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_look_crosses_before_messages_do() {
    let spine = inventory().await;
    ask(&spine, &room(), ANN, "set metadata matrix").await;
    let set = ask(&spine, &group(), TINA, "set metadata matrix").await;
    assert!(set.contains("is now matrix"), "{set}");
    let renamed = Content::ChatChanged { by: None, change: ChatChange::Name("OWNED".into()) };
    spine.hear(event(&room(), "$n", renamed)).await;
    spine.settled(&group()).await;
    let named = |network: &FakeNetwork| network.deeds().iter().any(|it| it.starts_with("chat:"));
    assert!(!named(&spine.telegram), "{:?}", spine.telegram.deeds());
    step(&spine, "next").await;
    days(&spine, 14);
    self_test(&spine).await;
    step(&spine, "next").await;
    let handed_over = r#"chat: Name("The matrix chat")"#.to_owned();
    spine.telegram.until("named", |it| it.deeds().contains(&handed_over)).await;
}
