// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files that were uploaded lately.

use bot_core::store::{FileRecord, files};
use bridge_model::{Media, MediaHandle, MediaKind, Sticker, Timestamp};

use super::World;
use crate::words::DAY;

on_every_engine!(
    an_uploaded_file_is_found_by_where_it_came_from_and_by_what_is_in_it,
    an_upload_is_forgotten_after_two_weeks,
);

fn media(reference: &str, sticker: Option<&str>) -> Media {
    let handle = MediaHandle { network: "discord".into(), reference: reference.into() };
    let sticker = sticker.map(|id| Sticker { id: Some(id.into()), ..Sticker::default() });
    Media { sticker, ..Media::new(handle, MediaKind::Image) }
}

fn record() -> FileRecord {
    FileRecord { uri: "mxc://x/1".into(), mime: "image/png".into(), preview: None }
}

async fn an_uploaded_file_is_found_by_where_it_came_from_and_by_what_is_in_it(mut world: World) {
    let source = files::source(&media("https://cdn/a.png?ex=1", None));
    let content = files::content(&[7; 32]);
    let now = world.now;
    world.store().save_file(vec![source, content], record(), now).await.unwrap();
    world.reopen();
    let again = files::source(&media("https://cdn/a.png?ex=2", None));
    for name in [again, content] {
        assert_eq!(world.store().file(&name, now).await.unwrap(), Some(record()));
    }
    let other = files::source(&media("https://cdn/b.png", None));
    assert_eq!(world.store().file(&other, now).await.unwrap(), None);
    let sticker = |reference| files::source(&media(reference, Some("unique")));
    assert_eq!(sticker("one handle"), sticker("another handle"));
}

async fn an_upload_is_forgotten_after_two_weeks(world: World) {
    let name = files::content(&[7; 32]);
    let now = world.now;
    world.store().save_file(vec![name], record(), now).await.unwrap();
    let later = |days: i64| Timestamp(now.0 + days * DAY);
    assert_eq!(world.store().file(&name, later(6)).await.unwrap(), Some(record()));
    assert_eq!(world.store().file(&name, later(15)).await.unwrap(), None);
    let rows = world.store().forget(later(15)).await.unwrap();
    assert_eq!(rows, 1);
}
