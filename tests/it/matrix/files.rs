// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files of every kind, stickers, emoji.

use anyhow::{Context, ensure};
use sandbox::synapse::NewFile;
use sandbox::town::{Side, Town};
use serde_json::{Value, json};

use crate::crossing::PIXEL;
use crate::pictures::picture as picture_of;
use crate::scenes::Scenes;
use crate::{crosses, town};

/// One pixel, lossless.
const WEBP: &[u8] =
    b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";

#[tokio::test(flavor = "multi_thread")]
async fn files_of_matrix_arrive_as_what_they_are() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let mut scenes = Scenes::default();
    scenes.played("a spoken message is one", voice(&town).await);
    scenes.played("a hidden picture stays hidden", hidden(&town).await);
    scenes.played("a film is a film", film(&town).await);
    scenes.played("a sticker is one", sticker(&town).await);
    scenes.played("a custom emoji has its name", emoji(&town).await);
    scenes.played("an edit changes a caption and a file", changed(&town).await);
    scenes.played("what is too large is named", too_large(&town).await);
    scenes.played("the platforms have no complaint", town.assert_clean());
    scenes.end()
}

async fn voice(town: &Town) -> anyhow::Result<()> {
    let file = NewFile::new(b"OggS a voice", "voice.ogg", "audio/ogg");
    town.alice.send_voice(&town.room, file, (3000, &[0, 512, 1024])).await?;
    let spoken = |seen: &sandbox::telegram::Seen| {
        seen.document.as_ref().is_some_and(|file| file.kind == "voice")
    };
    let seen = town.group.expect(spoken).await.context("Telegram has no voice")?;
    let about = seen.document.map(|file| (file.about, file.bytes));
    let (about, bytes) = about.context("no file")?;
    ensure!(about.get("duration") == Some(&json!(3)) && bytes == file.bytes, "{about}");
    let sent = |seen: &sandbox::discord::Seen| {
        seen.attachments.iter().any(|it| it.bytes == file.bytes && it.mime.starts_with("audio/ogg"))
    };
    town.channel.expect(sent).await.context("Discord has no voice")?;
    Ok(())
}

async fn picture(town: &Town, caption: &str, more: Value) -> anyhow::Result<String> {
    let mxc = town.alice.upload(PIXEL.to_vec(), "map.png", "image/png").await?;
    let mut content = json!({
        "msgtype": "m.image", "body": caption, "filename": "map.png", "url": mxc,
        "info": { "mimetype": "image/png", "size": PIXEL.len(), "w": 1, "h": 1,
            "xyz.amorgan.blurhash": "L00000fQfQfQfQfQfQfQfQfQfQfQ" },
    });
    if let (Some(content), Some(more)) = (content.as_object_mut(), more.as_object()) {
        content.extend(more.clone());
    }
    town.alice.send_raw(&town.room, "m.room.message", content).await
}

async fn hidden(town: &Town) -> anyhow::Result<()> {
    picture(town, "the end", json!({ "page.codeberg.everypizza.msc4193.spoiler": true })).await?;
    let seen = town.group.expect(|seen| seen.photo.is_some()).await?;
    ensure!(seen.spoiler && seen.text.ends_with("the end"), "Telegram shows it: {seen}");
    let seen = town.channel.expect(|seen| seen.content == "the end").await?;
    let files: Vec<(bool, &str)> =
        seen.attachments.iter().map(|file| (file.spoiler, file.name.as_str())).collect();
    ensure!(files == [(true, "SPOILER_map.png")], "{files:?}");
    Ok(())
}

async fn film(town: &Town) -> anyhow::Result<()> {
    let file = NewFile::new(b"\0\0\0\x18ftypmp42 a film", "walk.mp4", "video/mp4");
    town.alice.send_media(&town.room, "m.video", file, "a walk").await?;
    let seen = town.group.expect(|seen| seen.text.ends_with("a walk")).await?;
    let got = seen.document.context("Telegram has no file")?;
    ensure!(got.kind == "video" && got.bytes == file.bytes, "it is a {}", got.kind);
    let seen = town.channel.expect(|seen| seen.content == "a walk").await?;
    let got = seen.attachments.first().context("Discord has no file")?;
    ensure!(got.name == "walk.mp4" && got.bytes == file.bytes, "{}", got.name);
    Ok(())
}

async fn sticker(town: &Town) -> anyhow::Result<()> {
    let file = NewFile::new(WEBP, "cat.webp", "image/webp");
    town.alice.send_sticker(&town.room, file, "a cat").await?;
    let stuck = |seen: &sandbox::telegram::Seen| {
        seen.document.as_ref().is_some_and(|file| file.kind == "sticker")
    };
    let seen = town.group.expect(stuck).await.context("Telegram has no sticker")?;
    ensure!(seen.document.is_some_and(|it| it.bytes == WEBP), "other bytes");
    let sent = |seen: &sandbox::discord::Seen| seen.attachments.iter().any(|it| it.bytes == WEBP);
    town.channel.expect(sent).await.context("Discord has no sticker")?;
    Ok(())
}

async fn emoji(town: &Town) -> anyhow::Result<()> {
    let mxc = town.alice.upload(PIXEL.to_vec(), "wave.png", "image/png").await?;
    town.alice.say_emoji(&town.room, &mxc, "wikiwave").await?;
    town.group.expect(|seen| seen.text.ends_with(":wikiwave:")).await?;
    town.channel.expect(|seen| seen.content == "\\:wikiwave:").await?;
    Ok(())
}

async fn changed(town: &Town) -> anyhow::Result<()> {
    let said = picture(town, "the frist map", json!({})).await?;
    let first = town.group.expect(|seen| seen.text.ends_with("the frist map")).await?;
    let other = town.channel.expect(|seen| seen.content == "the frist map").await?;
    let second = picture_of(9);
    let mxc = town.alice.upload(second.clone(), "new.png", "image/png").await?;
    let new = json!({
        "msgtype": "m.image", "body": "the first map", "filename": "new.png", "url": mxc,
        "info": { "mimetype": "image/png", "size": second.len() },
    });
    let mut content = new.clone();
    if let Some(content) = content.as_object_mut() {
        content.insert("m.new_content".into(), new);
        let relation = json!({ "rel_type": "m.replace", "event_id": said });
        content.insert("m.relates_to".into(), relation);
    }
    town.alice.send_raw(&town.room, "m.room.message", content).await?;
    let seen = town.group.expect(|seen| seen.text.ends_with("the first map")).await?;
    ensure!(seen.id == first.id, "Telegram has a second one: {seen}");
    let seen = town.channel.expect(|seen| seen.content == "the first map").await?;
    ensure!(seen.id == other.id, "Discord has a second one");
    let names: Vec<&str> = seen.attachments.iter().map(|file| file.name.as_str()).collect();
    ensure!(names == ["new.png"], "{names:?}");
    Ok(())
}

async fn too_large(town: &Town) -> anyhow::Result<()> {
    // More than either platform takes.
    let bytes = vec![7; 53_000_000];
    let file = NewFile::new(&bytes, "atlas.bin", "application/octet-stream");
    town.alice.send_file(&town.room, file, "all maps").await?;
    let line = |text: &str| text.contains("all maps") && text.contains("atlas.bin");
    let seen = town.group.expect(|seen| line(&seen.text)).await.context("Telegram")?;
    ensure!(seen.text.contains("too large") && seen.document.is_none(), "{seen}");
    let seen = town.channel.expect(|seen| line(&seen.content)).await.context("Discord")?;
    ensure!(seen.content.contains("too large"), "{}", seen.content);
    crosses(town, Side::Telegram, "and on").await
}
