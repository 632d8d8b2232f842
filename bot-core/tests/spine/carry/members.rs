// SPDX-License-Identifier: AGPL-3.0-or-later
//! People who change, come and go.

use bot_core::portal::Setting;
use bot_core::store::{GhostRecord, keys};
use bridge_model::{Author, Content, MemberChange, Person};

use crate::harness::Spine;
use crate::words::{author, channel, event, group, room};

#[tokio::test]
async fn a_ghost_changes_and_leaves_with_its_person() {
    let spine = Spine::linked().await;
    let record = GhostRecord {
        localpart: "_freeside_abc".into(),
        rooms: vec![keys::place(&room())],
        ..GhostRecord::default()
    };
    spine.store().save_ghost(&Person::new("telegram", "tina"), record).await.unwrap();
    let who = Author { name: "Tina T".into(), ..author("tina") };
    for change in [MemberChange::Joined, MemberChange::Profile, MemberChange::Left] {
        let content = Content::MemberChanged { who: who.clone(), change };
        spine.hear(event(&group(), "", content)).await;
    }
    let deeds = ["refresh Tina T", "withdraw Tina T"];
    spine.matrix.until("told", |matrix| matrix.deeds() == deeds).await;
    assert_eq!(spine.discord.tries(), 0);
}

#[tokio::test]
async fn who_joins_the_room_is_told_by_the_bot_where_that_is_wanted() {
    let spine = Spine::with([Setting::Silent(Vec::new())]).await;
    let joins = |change| Content::MemberChanged { who: author("@ann:x"), change };
    spine.hear(event(&room(), "$1", joins(MemberChange::Joined))).await;
    spine.hear(event(&room(), "$2", joins(MemberChange::Left))).await;
    let lines = ["BOT: ann has joined.", "BOT: ann has left."];
    spine.telegram.shows(&group().chat, &lines).await;
    spine.discord.shows(&channel().chat, &lines).await;
}
