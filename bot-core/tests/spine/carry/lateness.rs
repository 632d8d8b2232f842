// SPDX-License-Identifier: AGPL-3.0-or-later
//! What comes long after it was said says so, and what is too old is missed by nobody without a word.

use std::time::Duration;

use bridge_model::{Content, Event, Timestamp};

use crate::harness::Spine;
use crate::words::{channel, group, posted, room};

const HOUR: u64 = 3_600_000;

/// Somebody in the group said it so long ago.
fn said(number: u32, text: &str, age_ms: u64) -> Event {
    let mut event = posted(&group(), &number.to_string(), "7", text);
    if let Content::Posted(message) = &mut event.content {
        message.age_ms = age_ms;
    }
    event
}

#[tokio::test]
async fn what_comes_an_hour_late_says_when_it_was_written_but_on_matrix() {
    let mut spine = Spine::idle();
    spine.link().await;
    spine.start();
    spine.hear(said(1, "we meet at five", HOUR)).await;
    for place in [room(), channel()] {
        spine.settled(&place).await;
    }
    let there = spine.discord.read(&channel().chat);
    let [line] = there.as_slice() else { panic!("{there:?}") };
    assert!(line.contains("we meet at five") && line.contains("delivered late"), "{line}");
    let here = spine.matrix.read(&room().chat);
    assert!(here.iter().all(|line| !line.contains("delivered late")), "{here:?}");
}

#[tokio::test]
async fn how_much_is_too_old_stands_before_what_is_said_next() {
    let mut spine = Spine::idle();
    spine.link().await;
    spine.start();
    spine.hear(said(1, "a day ago", 26 * HOUR)).await;
    spine.hear(said(2, "a day ago, too", 25 * HOUR)).await;
    spine.hear(said(3, "now", 0)).await;
    for (place, read) in [(room(), &spine.matrix), (channel(), &spine.discord)] {
        spine.settled(&place).await;
        let read = read.read(&place.chat);
        let [line, now] = read.as_slice() else { panic!("{read:?}") };
        let start = "BOT: Not shown here, because I was away too long: 2 messages from Telegram";
        assert!(line.starts_with(start), "{line}");
        assert!(now.contains("now"), "{now}");
    }
    assert!(spine.telegram.read(&group().chat).is_empty(), "who said it has missed nothing");
    let portal = spine.store().portal_of(&room()).await.unwrap().unwrap().id;
    let known =
        async |since| spine.store().told_gaps(Timestamp(since), vec![portal]).await.unwrap();
    let told = known(0).await;
    let [gap] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((gap.network.as_str(), gap.messages), ("telegram", 2));
    assert_eq!(known(gap.until.0 + 1).await, []);
    assert_eq!(spine.store().told_gaps(Timestamp(0), Vec::new()).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_missing_is_told_within_a_minute_where_nobody_speaks() {
    let mut spine = Spine::idle();
    spine.link().await;
    spine.start();
    spine.hear(said(1, "a day ago", 26 * HOUR)).await;
    spine.clock.slept(Duration::from_secs(45), 1).await;
    spine.clock.advance(Duration::from_secs(45));
    spine.matrix.until("told", |matrix| !matrix.read(&room().chat).is_empty()).await;
    let read = spine.matrix.read(&room().chat);
    assert!(read[0].contains("one message from Telegram"), "{read:?}");
}
