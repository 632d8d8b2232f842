// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files from Telegram on Matrix and Discord.

use sandbox::telegram::Post;
use sandbox::town::Town;
use sandbox::{discord, synapse, telegram};
use serde_json::json;

use super::samples::{MP3, MP4, OGG, PDF, PNG, TGS, WEBM, WEBP};
use super::{contains, on_discord, on_matrix, rows};
use crate::pictures::picture;
use crate::town;

#[tokio::test(flavor = "multi_thread")]
async fn files_from_telegram_arrive_as_what_they_are() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(town;
        an_album_is_one_message_on_discord_and_stays_in_order_on_matrix,
        a_spoken_message_stays_one,
        music_keeps_its_tags,
        a_round_video_is_a_video,
        an_animation_plays,
        a_document_keeps_its_name,
        a_hidden_picture_stays_hidden,
        a_still_sticker_arrives,
        a_drawn_sticker_moves,
        a_filmed_sticker_moves,
    )
}

async fn file_on_matrix(
    town: &Town,
    what: &str,
    kind: &str,
    bytes: &[u8],
) -> anyhow::Result<synapse::Seen> {
    let fits = |it: &synapse::Seen| {
        it.kind == kind
            && it.media.as_ref().is_some_and(|it| it.size == u64::try_from(bytes.len()).ok())
    };
    let seen = on_matrix(town, what, fits).await?;
    let mxc = seen.media.as_ref().map(|it| it.mxc.clone()).unwrap_or_default();
    anyhow::ensure!(town.alice.download(&mxc).await? == bytes, "{what}: other bytes on Matrix");
    Ok(seen)
}

async fn file_on_discord(
    town: &Town,
    what: &str,
    bytes: &[u8],
) -> anyhow::Result<(discord::Seen, discord::SeenFile)> {
    let has = |it: &discord::SeenFile| it.bytes == bytes;
    let seen = on_discord(town, what, |it| it.attachments.iter().any(has)).await?;
    let file = seen.attachments.iter().find(|it| has(it)).cloned();
    Ok((seen, file.ok_or_else(|| anyhow::anyhow!("{what}: no file"))?))
}

async fn an_album_is_one_message_on_discord_and_stays_in_order_on_matrix(
    town: &Town,
) -> anyhow::Result<()> {
    let pictures: Vec<Vec<u8>> = (1..=3).map(picture).collect();
    let photo = |bytes: &Vec<u8>| Post::file("photo", ("", ""), bytes.clone());
    let mut posts: Vec<Post> = pictures.iter().map(photo).collect();
    let first = posts.remove(0).caption("three pictures");
    posts.insert(0, first);
    town.group.send_album(&town.tanja, &posts)?;
    let seen = on_discord(town, "the album", |it| it.content == "three pictures").await?;
    let files: Vec<&[u8]> = seen.attachments.iter().map(|it| it.bytes.as_ref()).collect();
    anyhow::ensure!(files == pictures, "{} files on Discord", files.len());
    let found = |lines: &synapse::Transcript| {
        let first = lines.0.iter().position(|it| it.body == "three pictures")?;
        let images = lines.0.get(first..)?.iter().filter(|it| it.kind == "m.image");
        let three: Vec<_> = images.filter_map(|it| it.media.clone()).take(3).collect();
        (three.len() == 3).then_some(three)
    };
    let three = town.alice.wait_within(super::PATIENCE, &town.room, found).await?;
    for (file, bytes) in three.iter().zip(&pictures) {
        anyhow::ensure!(town.alice.download(&file.mxc).await? == *bytes, "another order on Matrix");
    }
    Ok(())
}

async fn a_spoken_message_stays_one(town: &Town) -> anyhow::Result<()> {
    let post = Post::file("voice", ("", "audio/ogg"), OGG).about(&json!({ "duration": 7 }));
    town.group.send(&town.tanja, &post)?;
    let seen = file_on_matrix(town, "the voice", "m.audio", OGG).await?;
    anyhow::ensure!(seen.content.get("org.matrix.msc3245.voice").is_some(), "no voice message");
    let length = seen.media.and_then(|it| it.duration);
    anyhow::ensure!(length == Some(7000), "{length:?}");
    let (_, file) = file_on_discord(town, "the voice", OGG).await?;
    anyhow::ensure!(file.mime == "audio/ogg" && file.name.ends_with(".ogg"), "{file:?}");
    Ok(())
}

async fn music_keeps_its_tags(town: &Town) -> anyhow::Result<()> {
    let tags = json!({ "duration": 61, "title": "Song", "performer": "Band" });
    let post = Post::file("audio", ("song.mp3", "audio/mpeg"), MP3).about(&tags).caption("listen");
    town.group.send(&town.tanja, &post)?;
    let seen = file_on_matrix(town, "the music", "m.audio", MP3).await?;
    contains(&seen.body, "Band – Song")?;
    contains(&seen.body, "listen")?;
    let file = seen.media.ok_or_else(|| anyhow::anyhow!("no file"))?;
    anyhow::ensure!((file.name.as_str(), file.duration) == ("song.mp3", Some(61_000)), "{file:?}");
    let (seen, file) = file_on_discord(town, "the music", MP3).await?;
    contains(&seen.content, "Band – Song")?;
    contains(&seen.content, "listen")?;
    anyhow::ensure!(file.name == "song.mp3", "{file:?}");
    Ok(())
}

async fn a_round_video_is_a_video(town: &Town) -> anyhow::Result<()> {
    let bytes = [MP4, b" round"].concat();
    let post = Post::file("video_note", ("", "video/mp4"), bytes.clone())
        .about(&json!({ "duration": 3, "length": 240 }));
    town.group.send(&town.tanja, &post)?;
    let seen = file_on_matrix(town, "the round video", "m.video", &bytes).await?;
    anyhow::ensure!(seen.content.pointer("/info/w") == Some(&json!(240)), "{}", seen.content);
    let (_, file) = file_on_discord(town, "the round video", &bytes).await?;
    anyhow::ensure!(file.mime == "video/mp4", "{file:?}");
    Ok(())
}

async fn an_animation_plays(town: &Town) -> anyhow::Result<()> {
    let bytes = [MP4, b" loop"].concat();
    let post = Post::file("animation", ("loop.mp4", "video/mp4"), bytes.clone())
        .about(&json!({ "duration": 2, "width": 64, "height": 48 }));
    town.group.send(&town.tanja, &post)?;
    let seen = file_on_matrix(town, "the animation", "m.video", &bytes).await?;
    let loops = seen.content.pointer("/info/fi.mau.loop");
    anyhow::ensure!(loops == Some(&json!(true)), "{}", seen.content);
    file_on_discord(town, "the animation", &bytes).await.map(drop)
}

async fn a_document_keeps_its_name(town: &Town) -> anyhow::Result<()> {
    let post = Post::file("document", ("my paper.pdf", "application/pdf"), PDF).caption("read it");
    town.group.send(&town.tanja, &post)?;
    let seen = file_on_matrix(town, "the document", "m.file", PDF).await?;
    let name = seen.media.map(|it| it.name);
    anyhow::ensure!(name.as_deref() == Some("my paper.pdf"), "{name:?}");
    anyhow::ensure!(seen.body == "read it", "{}", seen.body);
    let (seen, file) = file_on_discord(town, "the document", PDF).await?;
    anyhow::ensure!(file.name == "my_paper.pdf" && seen.content == "read it", "{seen:?}");
    Ok(())
}

async fn a_hidden_picture_stays_hidden(town: &Town) -> anyhow::Result<()> {
    let bytes = PNG.to_vec();
    town.group.send(&town.tanja, &Post::file("photo", ("", ""), bytes.clone()).spoiler())?;
    let seen = file_on_matrix(town, "the hidden picture", "m.image", &bytes).await?;
    anyhow::ensure!(seen.media.is_some_and(|it| it.hidden), "shown on Matrix");
    let (_, file) = file_on_discord(town, "the hidden picture", &bytes).await?;
    anyhow::ensure!(file.spoiler, "shown on Discord");
    Ok(())
}

fn sticker(mime: &str, bytes: &'static [u8], moves: bool) -> Post {
    let about = json!({ "emoji": "🐈", "set_name": "cats", "width": 512, "height": 512,
        "type": "regular", "is_animated": moves, "is_video": false });
    Post::file("sticker", ("", mime), bytes).about(&about)
}

async fn a_still_sticker_arrives(town: &Town) -> anyhow::Result<()> {
    town.group.send(&town.tanja, &sticker("image/webp", WEBP, false))?;
    let seen = file_on_matrix(town, "the sticker", "m.sticker", WEBP).await?;
    contains(&seen.body, "🐈")?;
    file_on_discord(town, "the sticker", WEBP).await.map(drop)
}

async fn a_filmed_sticker_moves(town: &Town) -> anyhow::Result<()> {
    let about = json!({ "emoji": "🐕", "set_name": "dogs", "width": 512, "height": 512,
        "type": "regular", "is_animated": false, "is_video": true });
    let post = Post::file("sticker", ("", "video/webm"), WEBM).about(&about);
    town.group.send(&town.tanja, &post)?;
    let (_, file) = file_on_discord(town, "the filmed sticker", WEBM).await?;
    anyhow::ensure!(file.mime == "video/webm" && file.name.ends_with(".webm"), "{file:?}");
    let filmed = |it: &synapse::Seen| {
        let mime = it.media.as_ref().and_then(|it| it.mime.as_deref());
        mime == Some("video/webm") && it.body.contains("🐕")
    };
    let seen = on_matrix(town, "the filmed sticker", filmed).await?;
    let mxc = seen.media.map(|it| it.mxc).unwrap_or_default();
    anyhow::ensure!(town.alice.download(&mxc).await? == WEBM, "other bytes on Matrix");
    Ok(())
}

async fn a_drawn_sticker_moves(town: &Town) -> anyhow::Result<()> {
    town.group.send(&town.tanja, &sticker("application/x-tgsticker", TGS, true))?;
    let png = |bytes: &[u8]| {
        bytes.starts_with(b"\x89PNG") && bytes.windows(4).any(|chunk| chunk == b"acTL")
    };
    let drawn = |it: &discord::Seen| it.attachments.iter().any(|file| png(&file.bytes));
    on_discord(town, "the drawn sticker", drawn).await?;
    let drawn = |it: &synapse::Seen| {
        let mime = it.media.as_ref().and_then(|it| it.mime.as_deref());
        it.kind == "m.sticker" && matches!(mime, Some("image/png" | "image/apng"))
    };
    let seen = on_matrix(town, "the drawn sticker", drawn).await?;
    let mxc = seen.media.map(|it| it.mxc).unwrap_or_default();
    anyhow::ensure!(png(&town.alice.download(&mxc).await?), "it does not move");
    // Whoever sends it on sends the sticker itself.
    let again = json!({ "body": "🐈", "url": mxc, "info": { "mimetype": "image/png" } });
    town.alice.send_raw(&town.room, "m.sticker", again).await?;
    let same = |it: &telegram::Seen| {
        it.document.as_ref().is_some_and(|it| it.kind == "sticker" && it.bytes == TGS)
    };
    super::on_telegram(town, "the sticker itself", same).await.map(drop)
}
