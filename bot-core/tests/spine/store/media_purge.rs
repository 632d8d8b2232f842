// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages with files are taken away on all sides, and a group at risk is forgotten soon.

use bot_core::portal::{PortalId, Setting};
use bot_core::store::Change;
use bridge_model::{Content, Timestamp};

use super::World;
use crate::words::{DAY, START, carried, channel, group, media, part, pictured, posted, room};

on_every_engine!(
    copies_of_files_go_and_words_stay,
    p15_of_a_group_at_risk_nothing_is_counted_and_last_week_is_forgotten,
);

async fn copies_of_files_go_and_words_stay(world: World) {
    let world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "words")).await;
    world.hear(pictured(&group(), "2", "ann", ("a picture", "a"))).await;
    for (lane, sent) in [(room(), [part("$1"), media("$2")]), (channel(), [part("7"), media("8")])]
    {
        for part in sent {
            world
                .settle(&lane, |settlement| {
                    let parts = vec![part];
                    bot_core::store::Settlement { parts, ..settlement }
                })
                .await;
        }
    }
    world.hear(pictured(&room(), "$3", "@b:x", ("under way", "b"))).await;
    let portal = world.store().portal_of(&room()).await.unwrap().unwrap();
    let known = world.store().carried_media(&portal).await.unwrap();
    assert_eq!((known.messages, known.on_telegram), (1, 0), "on Telegram stands the original");
    world.change(Change::PurgeMedia(room())).await.unwrap();
    world.deliver(&channel(), &["9"]).await;
    for lane in [room(), channel()] {
        let event = carried(&world.deliver(&lane, &[]).await.work);
        assert_eq!(event.content, Content::Deleted { by: None });
        assert_eq!((event.place, event.message.as_str()), (group(), "2"));
        assert_eq!(world.depth(&lane).await, 0);
    }
    assert!(world.replica(&group(), "2").await.unwrap().deleted);
    assert!(!world.replica(&group(), "1").await.unwrap().deleted);
    let portal = world.store().portal_of(&room()).await.unwrap().unwrap();
    assert_eq!(portal.media_epoch, 1, "older addresses lead nowhere");
    assert_eq!(world.store().carried_media(&portal).await.unwrap().messages, 0);
}

fn later(days: i64) -> Timestamp {
    Timestamp(START.0 + days * DAY)
}

async fn p15_of_a_group_at_risk_nothing_is_counted_and_last_week_is_forgotten(world: World) {
    let mut world = world.linked().await;
    world.hear(posted(&group(), "1", "ann", "counted")).await;
    let weeks = async |world: &World| world.store().figures(PortalId(1)).await.unwrap().len();
    assert_eq!(weeks(&world).await, 1);
    world.change(Change::Set(room(), Setting::AtRisk(true))).await.unwrap();
    assert_eq!(weeks(&world).await, 0, "what was counted before is gone, too");
    world.hear(posted(&group(), "2", "ann", "https://zoom.us/j/1")).await;
    assert_eq!(weeks(&world).await, 0);
    assert_eq!(world.depth(&bot_core::lane::core_place(&group())).await, 0, "a link to judge");
    for lane in [room(), channel()] {
        world.drain(&lane).await;
    }
    let retention = i64::try_from(bot_core::store::retention::RETENTION.as_millis()).unwrap();
    let before = |now: Timestamp| Timestamp(now.0 - retention);
    world.now = later(1);
    world.store().forget(before(later(1))).await.unwrap();
    assert!(world.replica(&group(), "2").await.is_some());
    world.now = later(9);
    world.hear(posted(&group(), "3", "ann", "new")).await;
    world.store().forget(before(later(9))).await.unwrap();
    assert!(world.replica(&group(), "2").await.is_none());
    assert!(world.replica(&group(), "3").await.is_some());
}
