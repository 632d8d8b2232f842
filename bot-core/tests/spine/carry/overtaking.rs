// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a moderator does is carried before all that waits.

use std::time::Duration;

use bridge_model::Moderation;

use super::moderation::{BAN, deed, with_ghost};
use super::{retry, uncertain};
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, group, posted, reacted, room};

const HOUR: Duration = Duration::from_secs(3600);

/// A room that takes no message for an hour, with three that wait for it.
async fn crowded() -> Spine {
    let spine = Spine::linked().await;
    with_ghost(&spine, "spam").await;
    spine.matrix.fail(&room().chat, [Fault::Error(retry(Some(3600)))]);
    spine.hear(posted(&group(), "1", "ann", "hello")).await;
    spine.hear(posted(&group(), "2", "spam", "buy")).await;
    spine.hear(posted(&group(), "3", "tom", "hi")).await;
    spine.matrix.until("waiting", |matrix| matrix.tries() == 1).await;
    spine.clock.slept(HOUR, 1).await;
    spine.discord.shows(&channel().chat, &["ann: hello", "spam: buy", "tom: hi"]).await;
    spine
}

#[tokio::test]
async fn a_ban_overtakes_what_waits_and_what_the_person_said_before_is_not_said_after_it() {
    let spine = crowded().await;
    spine.hear(deed(&group(), "owner", (&group(), "spam"), BAN)).await;
    spine.matrix.until("banning", |matrix| matrix.deeds().len() == 1).await;
    assert!(spine.matrix.read(&room().chat).is_empty());
    spine.clock.slept(HOUR, 2).await;
    spine.clock.advance(HOUR);
    spine.matrix.shows(&room().chat, &["ann: hello", "tom: hi"]).await;
    assert_eq!(spine.matrix.tries(), 4, "the first one was tried when its hour was over");
}

#[tokio::test]
async fn deeds_keep_their_order_and_the_last_one_holds() {
    let spine = crowded().await;
    for what in [BAN, Moderation::Unban, BAN, Moderation::Unban] {
        spine.hear(deed(&group(), "owner", (&group(), "spam"), what)).await;
    }
    spine.matrix.until("acting", |matrix| matrix.deeds().len() == 4).await;
    let deeds = spine.matrix.deeds();
    assert!(deeds[0].starts_with("Ban") && deeds[3].starts_with("Unban"), "{deeds:?}");
    spine.clock.advance(HOUR);
    spine.matrix.shows(&room().chat, &["ann: hello", "spam: buy", "tom: hi"]).await;
}

#[tokio::test]
async fn what_is_in_doubt_is_looked_for_also_after_a_ban_went_by() {
    let spine = Spine::linked().await;
    spine.telegram.fail(&group().chat, [Fault::Broken(2, 0, uncertain())]);
    spine.hear(posted(&room(), "$1", "@ann:x", "a|b|c")).await;
    spine.hear(posted(&room(), "$2", "@tom:x", "after")).await;
    spine.clock.slept(Duration::from_secs(1), 1).await;
    spine.hear(deed(&room(), "@mod:x", (&group(), "spam"), BAN)).await;
    spine.telegram.until("banning", |telegram| telegram.deeds().len() == 1).await;
    spine.clock.slept(Duration::from_secs(1), 2).await;
    spine.clock.advance(Duration::from_secs(1));
    let whole = ["ann: a", "ann: b", "ann: c", "tom: after"];
    spine.telegram.shows(&group().chat, &whole).await;
    assert_eq!(spine.telegram.state.lock().unwrap().looks.len(), 1);
}

#[tokio::test]
async fn a_ban_that_waits_when_the_process_dies_is_carried_first_after_it() {
    let mut spine = Spine::linked().await;
    with_ghost(&spine, "spam").await;
    spine.matrix.fail(&room().chat, [Fault::Hang(0), Fault::Pass, Fault::Hang(0)]);
    for (id, text) in [("1", "hello"), ("2", "you")] {
        spine.hear(posted(&group(), id, "ann", text)).await;
    }
    spine.matrix.until("saying", |matrix| matrix.tries() == 1).await;
    spine.hear(deed(&group(), "owner", (&group(), "spam"), BAN)).await;
    spine.restart().await;
    spine.matrix.until("banning and saying", |matrix| matrix.tries() == 3).await;
    assert_eq!((spine.matrix.deeds().len(), spine.matrix.read(&room().chat).len()), (1, 0));
    spine.restart().await;
    spine.matrix.shows(&room().chat, &["ann: hello", "ann: you"]).await;
    assert_eq!(spine.matrix.deeds().len(), 1);
}

#[tokio::test]
async fn a_full_lane_takes_a_ban_and_no_reaction_of_the_banned() {
    let mut spine = Spine::idle();
    spine.lane_bound = 2;
    spine.restart().await;
    spine.link().await;
    with_ghost(&spine, "spam").await;
    spine.matrix.fail(&room().chat, [Fault::Error(retry(Some(3600)))]);
    for id in ["1", "2", "3"] {
        spine.hear(posted(&group(), id, "ann", id)).await;
    }
    spine.hear(reacted(&group(), "1", ("spam", "👍"), None)).await;
    spine.hear(deed(&group(), "owner", (&group(), "spam"), BAN)).await;
    spine.matrix.until("banning", |matrix| matrix.deeds().len() == 1).await;
    assert!(spine.matrix.deeds()[0].starts_with("Ban"), "{:?}", spine.matrix.deeds());
}
