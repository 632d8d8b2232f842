// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the notices say, at each stage and on each side.

use std::time::Duration;

use bot_core::lane::{Work, core_place};
use bot_core::migration::Migration;
use bot_core::pseudonym::Pseudonyms;
use bot_core::store::tables::MIGRATIONS;
use bot_core::{DeliverError, MissingRight, Refusal, Right};
use bridge_config::Catalogue;
use bridge_config::catalogue::Part;
use bridge_model::{Content, Message, MessageKind, Note, Place, RichText, Service};
use bridge_policy::calendar::Date;
use bridge_policy::gate::Thresholds;
use bridge_policy::stage::Stage;

use super::stages::{
    BEN, URL, days, days_one_by_one, done, inventory, migration, portal, reached, self_test,
};
use super::{ANN, CARA, CODE, CODE_2, TINA, admins, agree, ask, sure};
use crate::clock::TICK;
use crate::harness::{ADMIN, Spine};
use crate::network::Fault;
use crate::words::{START, channel, event, group, message, posted, room};

const TELEGRAM: &str = "Telegram's apps are free software. Its server is proprietary";
const DISCORD: &str = "Discord is proprietary software: the app and the server.";

/// The three chats are connected, at the first stage, and nothing takes time.
async fn connected() -> Spine {
    let mut spine = Spine::idle();
    spine.first = Stage::Inventory;
    spine.thresholds = Thresholds {
        admins: 2,
        servers: 0,
        announced_days: 0,
        native_percent: 0,
        majority_percent: 0,
        majority_weeks: 0,
        closing_notice_days: 0,
        sunset_notice_days: 0,
        self_test_days: 30,
    };
    *spine.rooms.admins.lock().unwrap() = vec![ANN.to_owned(), BEN.to_owned()];
    for human in [ANN, BEN] {
        spine.matrix.may(human, ADMIN);
    }
    spine.start();
    admins(&spine);
    ask(&spine, &room(), ANN, "link telegram").await;
    agree(&spine, (&group(), TINA), (&room(), ANN), CODE).await;
    ask(&spine, &room(), ANN, "link discord").await;
    agree(&spine, (&channel(), CARA), (&room(), ANN), CODE_2).await;
    rests(&spine).await;
    spine
}

async fn rests(spine: &Spine) {
    done(spine).await;
    for place in [group(), channel(), room()] {
        spine.settled(&core_place(&place)).await;
        spine.settled(&place).await;
    }
}

/// The step to a stage is taken, and all is done that it changes.
async fn walk(spine: &Spine, to: Stage) {
    if matches!(to, Stage::ReadOnly | Stage::Sunset) {
        let now = bot_core::clock::Clock::now(&*spine.clock);
        let day = Date::of(bridge_model::Timestamp(now.0 + 2 * crate::words::DAY));
        sure(spine, &room(), ANN, &format!("stage schedule {day} {URL}")).await;
        sure(spine, &room(), BEN, "stage approve").await;
        days_one_by_one(spine, 2).await;
        reached(spine, to).await;
    } else {
        if to == Stage::Bridged {
            self_test(spine).await;
        }
        if to == Stage::MatrixFirst {
            sure(spine, &room(), BEN, "stage approve").await;
        }
        sure(spine, &room(), ANN, &format!("stage next {URL}")).await;
    }
    assert_eq!(portal(spine).await.stage, to);
    rests(spine).await;
}

/// What is pinned in a chat, oldest first.
fn pinned(spine: &Spine, place: &Place) -> Vec<String> {
    let network = spine.network(place);
    let mut ids: Vec<String> = Vec::new();
    for deed in network.deeds() {
        if let Some(id) = deed.strip_prefix("pin ") {
            ids.push(id.to_owned());
        } else if let Some(gone) = deed.strip_prefix("unpin ") {
            ids.retain(|id| id != gone);
        }
    }
    let shown = network.shown(&place.chat);
    let line = |id: &String| shown.iter().find(|shown| shown.id == *id).unwrap().line.clone();
    ids.iter().map(line).collect()
}

/// What a notice says, against what is so.
fn assert_true(text: &str, stage: Stage, software: &str) {
    let says = |words: &str| text.contains(words);
    let relays = stage.relays();
    assert_eq!(says("Nothing is shared yet"), stage < Stage::Bridged, "{stage}: {text}");
    let shown = says("shown there, too, with your name")
        || says("still shown there, with your name")
        || says("are shown there with the name");
    assert_eq!(shown, relays, "{stage}: {text}");
    assert_eq!(says("starts with (NOFWD) stays here"), relays, "{stage}: {text}");
    assert_eq!(says(software), stage > Stage::Inventory, "{stage}: {text}");
    let others = [TELEGRAM, DISCORD].into_iter().filter(|other| *other != software);
    assert!(others.into_iter().all(|other| !says(other)), "{stage}: {text}");
    if relays {
        assert!(says("What happens to your data"), "{stage}: {text}");
    }
}

/// Reads all that is pinned on all sides.
fn assert_all_true(spine: &Spine, stage: Stage) {
    for (place, software) in [(group(), TELEGRAM), (channel(), DISCORD)] {
        let read = pinned(spine, &place);
        assert_eq!(read.len(), usize::from(stage != Stage::Inventory), "{stage}: {read:?}");
        for text in read {
            assert_true(&text, stage, software);
            let typed = !matches!(stage, Stage::Bridged | Stage::Sunset);
            assert_eq!(text.contains(": /matrix."), typed, "{stage}: {text}");
            assert!(text.contains("https://matrix.to/#/!room:example.org"), "{text}");
        }
    }
    let read = pinned(spine, &room());
    if stage == Stage::Sunset {
        assert!(read.is_empty(), "{read:?}");
        return;
    }
    assert_eq!(read.len(), 2, "{stage}: {read:?}");
    for (name, software) in [("Telegram", TELEGRAM), ("Discord", DISCORD)] {
        let about = read.iter().find(|text| text.contains(&format!("a chat on {name}")));
        assert_true(about.unwrap_or_else(|| panic!("{stage}: {read:?}")), stage, software);
    }
}

#[tokio::test]
async fn what_is_pinned_is_true_at_every_stage_on_every_side() {
    let spine = connected().await;
    assert_all_true(&spine, Stage::Inventory);
    for stage in Stage::ALL.into_iter().skip(1) {
        walk(&spine, stage).await;
        assert_all_true(&spine, stage);
    }
    let ended = spine.matrix.read(&room().chat).into_iter();
    let ended = ended.filter(|line| line.contains("This room is no longer connected to the chat"));
    assert_eq!(ended.count(), 2, "both notices say that it is over");
}

#[tokio::test]
async fn what_is_pinned_is_true_on_the_way_back_too() {
    let spine = connected().await;
    let up = [Stage::Announced, Stage::Bridged, Stage::MatrixFirst, Stage::ReadOnly];
    for stage in up {
        walk(&spine, stage).await;
    }
    for stage in up.into_iter().rev().skip(1).chain([Stage::Inventory]) {
        sure(&spine, &room(), ANN, "stage back").await;
        rests(&spine).await;
        assert_eq!(portal(&spine).await.stage, stage);
        assert_all_true(&spine, stage);
    }
    let gate = ask(&spine, &room(), ANN, "stage").await;
    assert!(gate.contains("✓ The notice about data"), "{gate}");
}

#[tokio::test]
async fn a_connection_that_ended_is_said_to_have_ended_on_both_sides() {
    let spine = connected().await;
    walk(&spine, Stage::Announced).await;
    walk(&spine, Stage::Bridged).await;
    sure(&spine, &channel(), CARA, "unlink").await;
    rests(&spine).await;
    assert!(pinned(&spine, &channel()).is_empty());
    let read = spine.discord.read(&channel().chat);
    assert!(!read.iter().any(|line| line.contains("This channel is connected")), "{read:?}");
    let ended = |line: &String| line.contains("This chat is no longer connected to a Matrix room.");
    assert!(read.iter().any(ended), "{read:?}");
    let read = pinned(&spine, &room());
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(read[0].contains("a chat on Telegram"), "{read:?}");
    assert_eq!(pinned(&spine, &group()).len(), 1);
    assert_eq!(migration(&spine).await.notices.len(), 2);
}

#[tokio::test]
async fn a_chat_from_which_the_bot_was_removed_is_not_said_to_be_connected() {
    let spine = connected().await;
    walk(&spine, Stage::Announced).await;
    walk(&spine, Stage::Bridged).await;
    spine.hear(event(&group(), "", Content::Closed)).await;
    spine.settled(&core_place(&group())).await;
    rests(&spine).await;
    let read = pinned(&spine, &room());
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(read[0].contains("a chat on Discord"), "{read:?}");
    // It is back as soon as somebody speaks there.
    spine.hear(posted(&group(), "back", "tom", "hello again")).await;
    rests(&spine).await;
    assert_all_true(&spine, Stage::Bridged);
    spine.hear(event(&room(), "", Content::Closed)).await;
    spine.settled(&core_place(&room())).await;
    rests(&spine).await;
    for chat in [group(), channel()] {
        assert!(pinned(&spine, &chat).is_empty(), "the room is lost");
    }
}

#[tokio::test]
async fn the_gate_counts_a_notice_only_where_it_stands() {
    let spine = connected().await;
    let shown =
        async || ask(&spine, &room(), ANN, "stage").await.contains("✓ The notice about data");
    assert!(shown().await);
    spine.hear(event(&group(), "", Content::Closed)).await;
    rests(&spine).await;
    spine.hear(posted(&group(), "back", "tom", "hello again")).await;
    rests(&spine).await;
    assert!(shown().await);
    let id = portal(&spine).await.id;
    let mut changed = migration(&spine).await;
    for notice in changed.notices.iter_mut().filter(|notice| notice.place == room()) {
        notice.stage = Some(Stage::Bridged);
    }
    spine.store().write(move |tx| tx.put(&MIGRATIONS, &id, &changed)).await.unwrap();
    assert!(!shown().await, "the room reads that messages are shared");
}

#[tokio::test]
async fn a_right_to_pin_that_is_lacking_is_told_once_and_holds_nothing_up() {
    let spine = inventory().await;
    let lacking = MissingRight { right: Right::Pin, menu: "Manage pinned events".into() };
    for (stage, notice) in [
        (Stage::Announced, "This room will be connected to a chat on Telegram"),
        (Stage::Bridged, "This room is connected to a chat on Telegram"),
    ] {
        days(&spine, 14);
        self_test(&spine).await;
        let reason = Refusal::MissingRights(vec![lacking.clone()]);
        let no = Fault::Error(DeliverError::Refused { reason });
        // What the step would do, that it is taken, the notice; then it is to be pinned.
        spine.matrix.fail(&room().chat, [Fault::Pass, Fault::Pass, Fault::Pass, no]);
        sure(&spine, &room(), ANN, &format!("stage next {URL}")).await;
        rests(&spine).await;
        assert_eq!(portal(&spine).await.stage, stage);
        assert!(migration(&spine).await.unfinished().next().is_none());
        let read = spine.matrix.read(&room().chat);
        assert!(read.iter().any(|line| line.contains(notice)), "{read:?}");
        let right = "Missing on Matrix: the right to pin messages (“Manage pinned events”).";
        assert_eq!(read.iter().filter(|line| line.contains(right)).count(), 1, "{read:?}");
    }
}

#[tokio::test]
async fn a_notice_of_an_older_version_is_changed_where_it_stands() {
    let mut spine = Spine::idle();
    spine.link().await;
    let name = format!("disclosure/{}", Pseudonyms::new(b"secret").place(&group()));
    let store = spine.open();
    let old = |place: &Place, key: &str| {
        let said = Message {
            kind: MessageKind::Notice,
            body: RichText::plain_text("while messages are shared"),
            ..message("bot", "")
        };
        (place.clone(), Work::say(place, Some(key), said))
    };
    let then = vec![old(&group(), "disclosure"), old(&room(), &name)];
    store.halt(&channel(), None, then, START).await.unwrap();
    drop(store);
    spine.start();
    spine.settled(&group()).await;
    spine.settled(&room()).await;
    let asked = async |spine: &Spine| -> Migration { migration(spine).await };
    assert!(asked(&spine).await.notices.is_empty());
    spine.restart().await;
    let known = async {
        while migration(&spine).await.notices.len() < 2 {
            spine.clock.advance(TICK);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), known).await.unwrap();
    spine.settled(&group()).await;
    spine.settled(&room()).await;
    let read = pinned(&spine, &room());
    assert_eq!(read.len(), 1, "{read:?}");
    assert_true(&read[0], Stage::Bridged, TELEGRAM);
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read.len(), 1, "nothing new is posted: {read:?}");
    assert_true(&read[0], Stage::Bridged, TELEGRAM);
    assert!(spine.telegram.deeds().is_empty(), "it was pinned already");
}

#[test]
fn what_the_notices_say_of_a_platform_is_what_the_catalogue_knows() {
    let catalogue = Catalogue::built_in().unwrap();
    let parts = |name: &str| catalogue.named(name).unwrap().proprietary_parts();
    assert_eq!(parts("telegram"), [Part::Server]);
    assert!(parts("discord").contains(&Part::Server));
    assert!(parts("discord").contains(&Part::Client));
}

fn comes(place: &Place, id: &str, user: &str) -> bridge_model::Event {
    let notes = vec![Note::Service(Service::Joined { names: vec![user.into()] })];
    let kind = MessageKind::Notice;
    event(place, id, Content::Posted(Message { kind, notes, ..message(user, "") }))
}

#[tokio::test]
async fn whoever_comes_where_nobody_can_write_is_answered_once_and_within_the_budget() {
    let spine = connected().await;
    for stage in [Stage::Announced, Stage::Bridged, Stage::MatrixFirst, Stage::ReadOnly] {
        walk(&spine, stage).await;
    }
    let said = |spine: &Spine| spine.telegram.read(&group().chat).len();
    let before = said(&spine);
    spine.hear(comes(&group(), "j1", "nina")).await;
    rests(&spine).await;
    assert_eq!(said(&spine), before + 1);
    let read = spine.telegram.read(&group().chat);
    assert!(read.last().unwrap().contains("This community has moved"), "{read:?}");
    spine.hear(comes(&group(), "j2", "otto")).await;
    rests(&spine).await;
    assert_eq!(said(&spine), before + 2, "each is answered");
    spine.hear(comes(&group(), "j3", "nina")).await;
    rests(&spine).await;
    assert_eq!(said(&spine), before + 2, "once");
    let most = usize::try_from(spine.limits.room).unwrap();
    for number in 0..most + 3 {
        spine.hear(comes(&group(), &format!("k{number}"), &format!("p{number}"))).await;
        rests(&spine).await;
    }
    assert_eq!(said(&spine), before + most, "a crowd is not answered one by one");
}

/// What somebody sees who looks at a chat after each stage: lines that are new or say something else
/// than before.
async fn screens(spine: &Spine, places: &[Place]) -> Vec<String> {
    let mut shown = vec![String::new(); places.len()];
    let mut before: Vec<Vec<String>> = vec![Vec::new(); places.len()];
    for stage in Stage::ALL {
        if stage != Stage::Inventory {
            walk(spine, stage).await;
        }
        for ((place, screen), known) in places.iter().zip(&mut shown).zip(&mut before) {
            let now = spine.network(place).read(&place.chat);
            let now: Vec<String> = now.iter().map(|line| without_sums(line)).collect();
            screen.push_str(&format!("== {stage}\n"));
            for (number, line) in now.iter().enumerate() {
                if known.get(number) != Some(line) {
                    let changed = if number < known.len() { "(changed) " } else { "" };
                    screen.push_str(&format!("{changed}{line}\n"));
                }
            }
            *known = now;
        }
    }
    shown
}

/// How many messages are known depends on what was delivered by then.
fn without_sums(line: &str) -> String {
    let is_sum = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
    let words: Vec<&str> = line.split(' ').collect();
    let shown = words.iter().enumerate().map(|(at, word)| match words.get(at + 1) {
        Some(next) if next.starts_with("messages") && is_sum(word) => "N",
        _ => word,
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn screens_of_a_whole_walk() {
    let spine = connected().await;
    let [on_telegram, on_discord, on_matrix] =
        screens(&spine, &[group(), channel(), room()]).await.try_into().unwrap();
    insta::assert_snapshot!("screens_of_a_whole_walk_telegram", on_telegram);
    insta::assert_snapshot!("screens_of_a_whole_walk_discord", on_discord);
    insta::assert_snapshot!("screens_of_a_whole_walk_matrix", on_matrix);
}
