// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names, topics, pictures and pins: who decides, and what a missing right leads to.

use bot_core::portal::{Owner, Setting};
use bridge_model::{ChatChange, Content, Event, Place};

use super::refused;
use crate::harness::Spine;
use crate::network::Fault;
use crate::words::{channel, event, group, posted, room};

fn renamed(place: &Place, name: &str) -> Event {
    let change = ChatChange::Name(name.into());
    event(place, "", Content::ChatChanged { by: None, change })
}

#[tokio::test]
async fn the_room_and_the_other_chats_follow_the_one_that_decides() {
    let spine = Spine::with([Setting::Metadata(Owner::Legacy)]).await;
    spine.hear(renamed(&group(), "Wiki")).await;
    for network in [&spine.matrix, &spine.discord] {
        let named = r#"chat: Name("Wiki")"#.to_owned();
        network.until("renamed", |network| network.deeds() == [named.clone()]).await;
    }
    assert_eq!(spine.telegram.tries(), 0);
}

#[tokio::test]
async fn a_missing_right_is_told_to_the_room_once() {
    let spine = Spine::with([Setting::Metadata(Owner::Matrix)]).await;
    let reason = "I lack the right to change the group's info";
    let faults = [Fault::Error(refused(reason)), Fault::Error(refused(reason))];
    spine.telegram.fail(&group().chat, faults);
    spine.hear(renamed(&room(), "A")).await;
    spine.hear(renamed(&room(), "B")).await;
    spine.settled(&group()).await;
    spine.settled(&room()).await;
    let told = "BOT: On Telegram I may not change the name, description, picture or pinned \
                messages of the chat: Telegram says “I lack the right to change the group's info”\n\
                Give me that right there, or type !freeside set metadata nobody. \
                You will not be reminded again.";
    spine.matrix.shows(&room().chat, &[told]).await;
    spine.discord.until("renamed", |discord| discord.deeds().len() == 2).await;
}

#[tokio::test]
async fn what_is_pinned_on_the_side_that_decides_is_pinned_everywhere() {
    let spine = Spine::with([Setting::Metadata(Owner::Matrix)]).await;
    spine.hear(posted(&room(), "$1", "@ann:x", "rules")).await;
    spine.telegram.shows(&group().chat, &["ann: rules"]).await;
    spine.discord.shows(&channel().chat, &["ann: rules"]).await;
    spine.settled(&group()).await;
    spine.settled(&channel()).await;
    spine.hear(event(&room(), "$1", Content::Pinned)).await;
    let pin = format!("pin {}", spine.telegram.id_of(&group().chat, "ann: rules"));
    spine.telegram.until("pinned", |telegram| telegram.deeds() == [pin.clone()]).await;
    spine.discord.until("pinned", |discord| discord.deeds().len() == 1).await;
}
