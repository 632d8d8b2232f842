// SPDX-License-Identifier: AGPL-3.0-or-later
//! `set`: how a link behaves, and who changes it.

use bot_core::portal::{Owner, Settings};
use bridge_model::{Command, Rights, ServiceClass};
use insta::assert_snapshot;

use super::{ANN, CARA, CODE, NOBODY, TINA, agree, ask, ask_with, fresh, joined};
use crate::harness::Spine;
use crate::words::{channel, command, group, room};

async fn settings(spine: &Spine) -> Settings {
    spine.store().portal_of(&group()).await.unwrap().unwrap().settings
}

#[tokio::test]
async fn settings_are_listed_with_values_and_meanings() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &group(), NOBODY, "set").await, @"
    How this link behaves. To change something, type /set with a name and a value:
    metadata nobody – which side decides what the chats are called and look like, and what is pinned: legacy | matrix | nobody
    silent members, pins – messages about the chat itself that I do not carry: any of members, chat, pins, threads, calls, boosts, other | none
    reaction-line on – reactions that a network cannot show are counted in a line: on | off
    phone-numbers off – phone numbers on contact cards are shown on the other side: on | off
    threads threads – what topics and threads are in Matrix, threads of the room or rooms of their own in a space: threads | rooms
    notices all – links to proprietary services of which the bot says what they are: chat, call, form, document, video, microblog, scheduling, design, map, link | all | none
    language default – the language in which I speak in these chats: en, ar, de, es, fa, fr, hi, id, it, pt-br, ru, zh-hans | default
    wiki off – the wiki of these chats, by its prefix; names of its pages and templates in brackets, T123 and Q42 are answered with addresses then: de, w:fr, meta, commons, … | off
    ");
}

#[tokio::test]
async fn a_setting_is_changed_for_the_whole_link_and_can_be_undone() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &group(), TINA, "set silent pins, calls").await, @"
    silent is now pins, calls; it was members, pins. This holds for the whole link: Matrix, Telegram, Discord. To undo it: /set silent members, pins
    ");
    assert_eq!(settings(&spine).await.silent, [ServiceClass::Pins, ServiceClass::Calls]);
    assert_snapshot!(ask(&spine, &room(), ANN, "set phone-numbers yes").await, @"
    phone-numbers is now on; it was off. This holds for the whole link: Matrix, Telegram, Discord. To undo it: !freeside set phone-numbers off
    ");
    assert!(settings(&spine).await.phone_numbers);
    assert_snapshot!(ask(&spine, &room(), ANN, "set Phone_Numbers = on").await, @"
    phone-numbers is on already.
    ");
    assert_snapshot!(ask(&spine, &room(), NOBODY, "status").await, @"
    Link 1: Matrix room (https://matrix.to/#/!room:example.org?via=example.org)
    Matrix: works, nothing is waiting
    Telegram: works, nothing is waiting
    Discord: works, nothing is waiting
    Setting: silent pins, calls
    Setting: phone-numbers on
    ");
    ask(&spine, &room(), ANN, "set silent members, pins").await;
    ask(&spine, &channel(), CARA, "set phone-numbers off").await;
    assert_eq!(settings(&spine).await, Settings::default());
    assert!(!ask(&spine, &room(), NOBODY, "status").await.contains("Setting"));
}

#[tokio::test]
async fn what_cannot_be_read_gets_a_line_that_names_what_can() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &room(), ANN, "set colour blue").await, @"
    There is no setting “colour”. There are: metadata | silent | reaction-line | phone-numbers | threads | notices | language | wiki
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "set metadata everybody").await, @"
    metadata cannot be “everybody”. It can be: legacy | matrix | nobody
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "set reaction-line").await, @"
    Give reaction-line one of these values: on | off
    ");
    assert_eq!(settings(&spine).await, Settings::default());
}

#[tokio::test]
async fn whoever_may_not_change_the_chat_changes_no_setting() {
    let spine = joined().await;
    let answer = ask(&spine, &room(), NOBODY, "set metadata matrix").await;
    assert!(answer.starts_with("You need the power level"), "{answer}");
    let rights = Some(Rights { member: true, manage: false, moderate: true });
    let typed = Command { rights, ..command(CARA, "set metadata matrix") };
    let answer = ask_with(&spine, &channel(), typed).await;
    assert!(answer.starts_with("You need the permission"), "{answer}");
    assert_eq!(settings(&spine).await.metadata, Owner::Nobody);
    let alone = fresh();
    assert_eq!(ask(&alone, &room(), ANN, "set").await, "Nothing is joined here.");
}

#[tokio::test]
async fn a_room_that_was_made_for_a_chat_looks_like_it() {
    let spine = fresh();
    let private = Command { private: true, ..command(ANN, "create telegram") };
    let alone = bridge_model::Place::new("matrix", "!alone:example.org");
    ask_with(&spine, &alone, private).await;
    let created = bridge_model::Place::new("matrix", "!created:example.org");
    agree(&spine, (&group(), TINA), (&created, ANN), CODE).await;
    assert_eq!(settings(&spine).await.metadata, Owner::Legacy);
    let named = r#"chat: Name("The telegram chat")"#.to_owned();
    spine.matrix.until("named", |matrix| matrix.deeds() == [named.clone()]).await;
}

#[tokio::test]
async fn whoever_begins_to_decide_hands_its_looks_over() {
    let spine = joined().await;
    ask(&spine, &room(), ANN, "set metadata matrix").await;
    let named = r#"chat: Name("The matrix chat")"#.to_owned();
    for network in [&spine.telegram, &spine.discord] {
        network.until("named", |network| network.deeds() == [named.clone()]).await;
    }
    assert_eq!(spine.matrix.deeds(), [""; 0]);
}
