// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands and reactions have a budget, and answers yield to messages.

use std::time::Duration;

use bridge_model::{Command, Content, Place};

use super::{ANN, TINA, admins, ask};
use crate::carry::retry;
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, command, event, group, posted, reacted, room};

const SLOW_DOWN: &str = "BOT: Too many commands at once. Please wait one minute.";

async fn thrifty(per_minute: u32) -> Spine {
    let mut spine = Spine::idle();
    spine.per_minute = per_minute;
    spine.link().await;
    spine.start();
    admins(&spine);
    spine
}

async fn types(spine: &Spine, place: &Place, by: &str, many: usize) {
    for n in 0..many {
        let id = format!("{by}{n}{}", place.network);
        spine.hear(event(place, &id, Content::Commanded(command(by, "version")))).await;
    }
    spine.settled(&bot_core::lane::core_place(place)).await;
    spine.settled(place).await;
}

#[tokio::test]
async fn whoever_types_too_much_is_told_once_and_others_are_answered() {
    let spine = thrifty(3).await;
    types(&spine, &group(), TINA, 20).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!((read.len(), read.last().map(String::as_str)), (4, Some(SLOW_DOWN)), "{read:?}");
    let other = Place::new("telegram", "-100999");
    types(&spine, &other, TINA, 5).await;
    assert_eq!(spine.telegram.read(&other.chat), Vec::<String>::new(), "one budget for all chats");
    types(&spine, &group(), "tom", 1).await;
    assert_eq!(spine.telegram.read(&group().chat).len(), 5);
    spine.clock.advance(Duration::from_secs(60));
    assert!(ask(&spine, &group(), TINA, "version").await.contains("0.1.0"));
}

#[tokio::test]
async fn whoever_alone_sees_the_answer_always_gets_one() {
    let spine = thrifty(1).await;
    for n in 0..3 {
        let via = Some(format!("via{n}"));
        let asked = Command { answer_via: via, ..command("cara", "version") };
        spine.hear(event(&channel(), &format!("c{n}"), Content::Commanded(asked))).await;
    }
    spine.discord.until("answered", |discord| discord.read(&channel().chat).len() == 3).await;
    assert_eq!(spine.discord.read(&channel().chat)[1..], [SLOW_DOWN, SLOW_DOWN]);
}

#[tokio::test]
async fn reactions_beyond_the_budget_of_a_person_do_not_cross() {
    let spine = thrifty(2).await;
    spine.hear(posted(&room(), "$1", ANN, "hello")).await;
    spine.settled(&group()).await;
    for emoji in ["👍", "🎉", "🔥", "😁"] {
        spine.hear(reacted(&room(), "$1", (ANN, emoji), Some(emoji))).await;
    }
    spine.hear(reacted(&room(), "$1", ("@bob:example.org", "❤"), Some("$b"))).await;
    let known = spine.store().find_replica(&room(), &"$1".into()).await.unwrap().unwrap();
    assert_eq!(known.reactions.len(), 3);
}

#[tokio::test]
async fn answers_yield_to_messages_and_come_after_a_minute_at_last() {
    let spine = thrifty(10).await;
    spine.telegram.fail(&group().chat, [Fault::Error(retry(Some(30)))]);
    spine.hear(posted(&room(), "$1", ANN, "first")).await;
    spine.clock.slept(Duration::from_secs(30), 1).await;
    let asks = |id: &str| event(&group(), id, Content::Commanded(command(TINA, "version")));
    spine.hear(asks("c1")).await;
    spine.hear(asks("c2")).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    spine.hear(posted(&room(), "$2", ANN, "second")).await;
    spine.clock.advance(Duration::from_secs(30));
    spine.telegram.until("all", |telegram| telegram.read(&group().chat).len() == 4).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read[..2], ["ann: first", "ann: second"]);
}

#[tokio::test]
async fn an_answer_that_has_waited_for_a_minute_stands_in_line() {
    let spine = thrifty(10).await;
    let faults = [61, 30].map(|seconds| Fault::Error(retry(Some(seconds))));
    let [first, second] = faults;
    spine.telegram.fail(&group().chat, [first, Fault::Pass, second]);
    spine.hear(posted(&room(), "$1", ANN, "first")).await;
    spine.clock.slept(Duration::from_secs(61), 1).await;
    let asked = event(&group(), "c", Content::Commanded(command(TINA, "version")));
    spine.hear(asked).await;
    spine.settled(&bot_core::lane::core_place(&group())).await;
    spine.hear(posted(&room(), "$2", ANN, "second")).await;
    spine.clock.advance(Duration::from_secs(61));
    spine.clock.slept(Duration::from_secs(30), 1).await;
    spine.hear(posted(&room(), "$3", ANN, "third")).await;
    spine.clock.advance(Duration::from_secs(30));
    spine.settled(&group()).await;
    let read = spine.telegram.read(&group().chat);
    assert_eq!(read[..2], ["ann: first", "ann: second"]);
    assert_eq!(read[3..], ["ann: third"], "{read:?}");
}
