// SPDX-License-Identifier: AGPL-3.0-or-later
//! `set`: how a link behaves, and who changes it.

use std::time::Duration;

use bot_core::portal::{Owner, Setting, Settings};
use bridge_model::{Command, Place, Rights, ServiceClass};
use insta::assert_snapshot;

use super::{ANN, CARA, CODE, NOBODY, TINA, admins, agree, ask, ask_with, fresh, joined};
use crate::harness::{ADMIN, Spine};
use crate::words::{channel, command, group, room};

async fn settings(spine: &Spine) -> Settings {
    spine.store().portal_of(&group()).await.unwrap().unwrap().settings
}

#[tokio::test]
async fn settings_are_listed_with_values_and_meanings() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &group(), NOBODY, "set").await, @"
    The settings of this connection. To change one, type /set with its name and the new value:
    metadata nobody – which side decides the name, description, picture and pinned messages of the chats: legacy | matrix | nobody
    silent members, pins – messages about the chat itself that are not shared, one or more of: members, chat, pins, threads, calls, boosts, other | none
    reaction-line on – a line of text counts the reactions that a network cannot show: on | off
    phone-numbers off – phone numbers on contact cards are shown on the other side: on | off
    threads threads – on Matrix, topics and threads are threads of the room, or rooms of their own in a space: threads | rooms
    notices all – proprietary services about which I post a notice, one or more of: chat, call, form, document, video, microblog, scheduling, design, map, link | all | none
    language default – the language in which I write in these chats: en, ar, de, es, fa, fr, hi, id, it, pt-br, ru, zh-hans | default
    wiki off – the wiki of these chats, by its prefix. I then answer names of pages and templates in brackets, T123 and Q42 with links: de, w:fr, meta, commons, … | off
    quiet default – the hours in which I give no notices about links here, and how far your clocks are ahead of UTC: 22-7 UTC+2, … | off | default
    brakes off – which messages stay on their own side: off, flood (too many in half a minute, or the same again and again), newcomers (also links and files of people who are new here), raid (also everything else of new people). One of: off | flood | newcomers | raid
    first-messages cross – what happens to the first message of somebody who is new here: cross shares it at once; with wait it waits ten minutes, or until somebody who writes here reacts to it. One of: cross | wait
    consent notice – whose messages the other side sees: notice for everybody’s who has not typed optout, opt-in only for those of people who have typed optin: notice | opt-in
    names full – how much of a name the other side sees: all, the first word, or an invented name: full | first-name | pseudonym
    readers members – who may read along: the members, or everybody, also without an account, if the Matrix room is open to them: members | everybody
    at-risk off – for a group whose members are at risk: files stay where they are posted, I say nothing about links, count nothing, list the group nowhere, and forget after a week where copies are: on | off
    page off – a public page on the web says what is connected here, what happens to messages, and how to come over: on | off
    ");
}

#[tokio::test]
async fn a_setting_is_changed_for_the_whole_link_and_can_be_undone() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &group(), TINA, "set silent pins, calls").await, @"
    silent is now pins, calls; it was members, pins. This is for the whole connection: Matrix, Telegram, Discord. To undo it: /set silent members, pins
    ");
    assert_eq!(settings(&spine).await.silent, [ServiceClass::Pins, ServiceClass::Calls]);
    assert_snapshot!(ask(&spine, &room(), ANN, "set reaction-line no").await, @"
    reaction-line is now off; it was on. This is for the whole connection: Matrix, Telegram, Discord. To undo it: !freeside set reaction-line on
    ");
    assert!(!settings(&spine).await.reaction_line);
    assert_snapshot!(ask(&spine, &room(), ANN, "set Reaction_Line = off").await, @"
    reaction-line is already off.
    ");
    assert_snapshot!(ask(&spine, &room(), NOBODY, "status").await, @"
    Connection 1: Matrix room (https://matrix.to/#/!room:example.org?via=example.org)
    Matrix: connected, nothing is waiting
    Telegram: connected, nothing is waiting
    Discord: connected, nothing is waiting
    Setting: silent pins, calls
    Setting: reaction-line off
    ");
    ask(&spine, &room(), ANN, "set silent members, pins").await;
    ask(&spine, &channel(), CARA, "set reaction-line on").await;
    assert_eq!(settings(&spine).await, Settings::default());
    assert!(!ask(&spine, &room(), NOBODY, "status").await.contains("Setting"));
}

#[tokio::test]
async fn what_cannot_be_read_gets_a_line_that_names_what_can() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &room(), ANN, "set colour blue").await, @"
    There is no setting “colour”. The settings are: metadata | silent | reaction-line | phone-numbers | threads | notices | language | wiki | quiet | brakes | first-messages | consent | names | readers | at-risk | page
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "set metadata everybody").await, @"
    “everybody” is no value of metadata. Choose from: legacy | matrix | nobody
    ");
    assert_snapshot!(ask(&spine, &room(), ANN, "set reaction-line").await, @"
    Choose a value for reaction-line: on | off
    ");
    assert_eq!(settings(&spine).await, Settings::default());
}

#[tokio::test]
async fn whoever_may_not_change_the_chat_changes_no_setting() {
    let spine = joined().await;
    let answer = ask(&spine, &room(), NOBODY, "set metadata matrix").await;
    assert!(answer.starts_with("You need the power level"), "{answer}");
    let rights = Some(Rights { member: true, manage: true, change: false, moderate: true });
    let typed = Command { rights, ..command(CARA, "set metadata matrix") };
    let answer = ask_with(&spine, &channel(), typed).await;
    assert!(answer.starts_with("You need the permission"), "{answer}");
    assert_eq!(settings(&spine).await.metadata, Owner::Nobody);
    let alone = fresh();
    assert_eq!(
        ask(&alone, &room(), ANN, "set").await,
        "This chat is not connected. To connect it: !freeside link"
    );
}

#[tokio::test]
async fn a_room_that_was_made_for_a_chat_looks_like_it() {
    let spine = fresh();
    let private = Command { private: true, ..command(ANN, "create telegram") };
    let alone = Place::new("matrix", "!alone:example.org");
    ask_with(&spine, &alone, private).await;
    let created = Place::new("matrix", "!created:example.org");
    agree(&spine, (&group(), TINA), (&created, ANN), CODE).await;
    assert_eq!(settings(&spine).await.metadata, Owner::Legacy);
    let named = r#"chat: Name("The telegram chat")"#.to_owned();
    spine.matrix.until("named", |matrix| matrix.deeds().contains(&named)).await;
}

#[tokio::test]
async fn whoever_begins_to_decide_hands_its_looks_over() {
    let spine = joined().await;
    all_set(&spine, "set metadata matrix").await;
    let named = r#"chat: Name("The matrix chat")"#.to_owned();
    for network in [&spine.telegram, &spine.discord] {
        network.until("named", |network| network.deeds() == [named.clone()]).await;
    }
    assert_eq!(spine.matrix.deeds(), [""; 0]);
}

/// An admin of each chat types the same.
async fn all_set(spine: &Spine, typed: &str) {
    for (place, admin) in [(room(), ANN), (group(), TINA)] {
        let answer = ask(spine, &place, admin, typed).await;
        assert!(answer.contains("concerns the other side"), "{answer}");
    }
    let answer = ask(spine, &channel(), CARA, typed).await;
    assert!(answer.contains(" is now "), "{answer}");
}

#[tokio::test]
async fn what_is_set_is_told_in_the_room_with_the_name_and_stands_in_the_history() {
    let spine = joined().await;
    ask(&spine, &group(), TINA, "set reaction-line off").await;
    spine.settled(&room()).await;
    let told = |spine: &Spine, words: &str| {
        let read = spine.matrix.read(&room().chat).into_iter();
        read.filter(|line| line.contains(words)).count()
    };
    assert_eq!(told(&spine, "tina did this on Telegram:\nreaction-line is now off"), 1);
    // Who types it in the room is answered there, and nobody is told twice.
    ask(&spine, &room(), ANN, "set reaction-line on").await;
    spine.settled(&room()).await;
    assert_eq!(told(&spine, "reaction-line is now on"), 1);
    assert_eq!(told(&spine, "did this on Matrix"), 0);
    let audit = ask(&spine, &room(), ANN, "audit").await;
    for line in [
        "setting reaction-line changed from on to off – tina (Telegram)",
        "setting reaction-line changed from off to on – ann (Matrix)",
    ] {
        assert!(audit.contains(line), "{audit}");
    }
    // What concerns the other sides is told there, too, and in the room with the name.
    all_set(&spine, "set metadata matrix").await;
    spine.settled(&room()).await;
    spine.settled(&group()).await;
    assert_eq!(told(&spine, "cara did this on Discord:\nmetadata is now matrix"), 1);
    assert!(last_told(&spine, &group()).contains("metadata is now matrix"));
}

fn last_told(spine: &Spine, place: &Place) -> String {
    spine.network(place).read(&place.chat).pop().unwrap_or_default()
}

#[tokio::test]
async fn what_concerns_the_other_side_needs_an_admin_of_each_chat() {
    let spine = joined().await;
    assert_snapshot!(ask(&spine, &room(), ANN, "set phone-numbers on").await, @"
    phone-numbers concerns the other side, too. Someone on Telegram, Discord who may change the chat there has to agree; I have asked there. Until then phone-numbers stays off. The question ends after a week.
    ");
    spine.settled(&group()).await;
    assert_snapshot!(last_told(&spine, &group()), @"
    BOT: ann (@ann:example.org) on Matrix wants to set phone-numbers to on for the whole connection; it is off now. This needs someone here who may change this chat. If you agree: /set phone-numbers on. If not: /set phone-numbers off
    ");
    assert!(!settings(&spine).await.phone_numbers, "one side alone");
    let again = ask(&spine, &room(), ANN, "set phone-numbers on").await;
    assert!(again.contains("on Telegram, Discord"), "twice is no second side: {again}");
    let answer = ask(&spine, &group(), NOBODY, "set phone-numbers on").await;
    assert_eq!(
        answer,
        "Only the owner of this group, and admins who may change the group's info, can do that."
    );
    assert_snapshot!(ask(&spine, &group(), TINA, "set phone-numbers on").await, @"
    phone-numbers concerns the other side, too. Someone on Discord who may change the chat there has to agree; I have asked there. Until then phone-numbers stays off. The question ends after a week.
    ");
    assert!(!settings(&spine).await.phone_numbers, "two of three");
    let questions = spine.discord.read(&channel().chat);
    assert_eq!(questions.iter().filter(|line| line.contains("wants to set")).count(), 1);
    assert_snapshot!(ask(&spine, &channel(), CARA, "set phone-numbers on").await, @"
    phone-numbers is now on; it was off. This is for the whole connection: Matrix, Telegram, Discord. To undo it: /set phone-numbers off
    ");
    assert!(settings(&spine).await.phone_numbers);
    spine.settled(&room()).await;
    assert!(last_told(&spine, &room()).contains("phone-numbers is now on"));
    let portal = spine.store().portal_of(&room()).await.unwrap().unwrap();
    assert_eq!(spine.store().proposals(portal.id).await.unwrap(), []);
}

#[tokio::test]
async fn one_side_alone_takes_back_what_it_shows_and_declines() {
    let spine = Spine::with([Setting::PhoneNumbers(true), Setting::Metadata(Owner::Matrix)]).await;
    admins(&spine);
    ask(&spine, &group(), TINA, "set phone-numbers off").await;
    ask(&spine, &channel(), CARA, "set metadata nobody").await;
    assert_eq!(settings(&spine).await, Settings::default());
    ask(&spine, &room(), ANN, "set phone-numbers on").await;
    assert_snapshot!(ask(&spine, &group(), TINA, "set phone-numbers off").await, @"
    Declined: phone-numbers stays off.
    ");
    spine.settled(&room()).await;
    assert_eq!(last_told(&spine, &room()), "BOT: Declined: phone-numbers stays off.");
    for (place, admin) in [(group(), TINA), (channel(), CARA)] {
        let answer = ask(&spine, &place, admin, "set phone-numbers on").await;
        assert!(answer.contains("Matrix"), "what was declined begins anew: {answer}");
    }
    assert!(!settings(&spine).await.phone_numbers);
}

#[tokio::test]
async fn nobody_agrees_to_another_value_or_after_a_week() {
    let spine = joined().await;
    ask(&spine, &room(), ANN, "set metadata matrix").await;
    ask(&spine, &group(), TINA, "set metadata legacy").await;
    ask(&spine, &channel(), CARA, "set metadata matrix").await;
    assert_eq!(settings(&spine).await.metadata, Owner::Nobody);
    ask(&spine, &room(), ANN, "set metadata nobody").await;
    ask(&spine, &room(), ANN, "set phone-numbers on").await;
    ask(&spine, &group(), TINA, "set phone-numbers on").await;
    spine.clock.advance(Duration::from_secs(7 * 24 * 3600 + 1));
    ask(&spine, &channel(), CARA, "set phone-numbers on").await;
    assert!(!settings(&spine).await.phone_numbers);
}

#[tokio::test]
async fn a_helper_of_a_legacy_chat_changes_nothing_of_the_link() {
    let spine = joined().await;
    spine.telegram.may("helper", Rights { change: false, ..ADMIN });
    for typed in ["set silent calls", "exception zoom until 2030-01-01", "vote \"x?\"", "unlink"] {
        let answer = ask(&spine, &group(), "helper", typed).await;
        assert!(answer.starts_with("Only the owner of this group"), "{typed}: {answer}");
    }
    assert_eq!(settings(&spine).await, Settings::default());
    let alone = fresh();
    alone.telegram.may("helper", Rights { change: false, ..ADMIN });
    let answer = ask(&alone, &group(), "helper", "link").await;
    assert!(answer.contains(CODE), "{answer}");
}
