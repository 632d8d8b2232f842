// SPDX-License-Identifier: AGPL-3.0-or-later
//! Files and stickers from Discord on Matrix and Telegram.

use sandbox::discord::File;
use sandbox::town::Town;
use sandbox::{synapse, telegram};
use serde_json::{Value, json};

use super::samples::{GIF, LOTTIE, OGG, PDF, PNG};
use super::{on_matrix, on_telegram, rows};
use crate::pictures::picture;
use crate::town;

#[tokio::test(flavor = "multi_thread")]
async fn files_from_discord_arrive_as_what_they_are() -> anyhow::Result<()> {
    let town = &town("12", "").await?;
    rows!(town;
        pictures_of_one_message_are_one_album_on_telegram,
        a_document_keeps_its_name,
        a_spoken_message_keeps_length_and_waveform,
        a_still_sticker_arrives,
        a_gif_sticker_arrives,
        a_drawn_sticker_moves,
    )
}

fn file_of(seen: &telegram::Seen) -> Option<&[u8]> {
    seen.photo.as_deref().or(seen.document.as_ref().map(|it| it.bytes.as_ref()))
}

async fn pictures_of_one_message_are_one_album_on_telegram(town: &Town) -> anyhow::Result<()> {
    let open = File { description: Some("a map".into()), ..File::new("a.png", "image/png", PNG) };
    let bytes = picture(5);
    let hidden = File::new("SPOILER_b.png", "image/png", bytes.clone());
    town.channel.attach_all(&town.dora, vec![open, hidden], "two pictures");
    let first = on_matrix(town, "the first", |it| it.body == "two pictures").await?;
    let alt = first.content.pointer("/org.matrix.msc1767.alt_text/org.matrix.msc1767.text");
    anyhow::ensure!(alt == Some(&json!("a map")), "{}", first.content);
    let is_second = |it: &synapse::Seen| {
        it.media.as_ref().is_some_and(|it| it.size == u64::try_from(bytes.len()).ok())
    };
    let second = on_matrix(town, "the second", is_second).await?;
    let second = second.media.ok_or_else(|| anyhow::anyhow!("no file"))?;
    anyhow::ensure!(second.hidden, "{second:?}");
    anyhow::ensure!(!second.name.contains("SPOILER"), "{second:?}");
    let first = on_telegram(town, "the first", |it| it.text.ends_with("two pictures")).await?;
    let second = on_telegram(town, "the second", |it| file_of(it) == Some(&bytes)).await?;
    anyhow::ensure!(first.album.is_some() && first.album == second.album, "no album");
    anyhow::ensure!((first.spoiler, second.spoiler) == (false, true), "{first} {second}");
    Ok(())
}

async fn a_document_keeps_its_name(town: &Town) -> anyhow::Result<()> {
    town.channel.attach(&town.dora, File::new("paper.pdf", "application/pdf", PDF), "read it");
    let seen = on_matrix(town, "the paper", |it| it.body == "read it").await?;
    anyhow::ensure!(seen.kind == "m.file", "{}", seen.kind);
    anyhow::ensure!(seen.media.is_some_and(|it| it.name == "paper.pdf"), "another name");
    let seen = on_telegram(town, "the paper", |it| file_of(it) == Some(PDF)).await?;
    let name = seen.document.and_then(|it| it.name);
    anyhow::ensure!(name.as_deref() == Some("paper.pdf"), "{name:?}");
    Ok(())
}

async fn a_spoken_message_keeps_length_and_waveform(town: &Town) -> anyhow::Result<()> {
    let voice = File {
        voice: Some((2.5, "AH//".to_owned())),
        ..File::new("voice-message.ogg", "audio/ogg", OGG)
    };
    town.channel.attach(&town.dora, voice, "");
    let spoken = |it: &synapse::Seen| it.media.as_ref().is_some_and(|it| !it.waveform.is_empty());
    let seen = on_matrix(town, "the voice", spoken).await?;
    let media = seen.media.ok_or_else(|| anyhow::anyhow!("no file"))?;
    anyhow::ensure!(media.duration == Some(2500), "{media:?}");
    anyhow::ensure!(media.waveform == [0, 509, 1024], "{media:?}");
    let is_voice = |it: &telegram::Seen| it.document.as_ref().is_some_and(|it| it.kind == "voice");
    let seen = on_telegram(town, "the voice", is_voice).await?;
    anyhow::ensure!(file_of(&seen) == Some(OGG), "other bytes");
    let about = seen.document.map(|it| it.about).unwrap_or_default();
    let length = about.get("duration").and_then(Value::as_u64);
    anyhow::ensure!(matches!(length, Some(2 | 3)), "{about}");
    Ok(())
}

fn sticker(town: &Town, format: u64, name: &str, bytes: &'static [u8]) {
    let sticker = town.guild.sticker(name, format, bytes);
    town.channel.say_with(&town.dora, "", &json!({ "sticker_items": [sticker] }));
}

async fn a_still_sticker_arrives(town: &Town) -> anyhow::Result<()> {
    sticker(town, 1, "Still", PNG);
    let is_it = |it: &synapse::Seen| it.kind == "m.sticker" && it.body.contains("Still");
    let seen = on_matrix(town, "the sticker", is_it).await?;
    let mxc = seen.media.map(|it| it.mxc).unwrap_or_default();
    anyhow::ensure!(town.alice.download(&mxc).await? == PNG, "other bytes on Matrix");
    on_telegram(town, "the sticker", |it| file_of(it) == Some(PNG)).await.map(drop)
}

async fn a_gif_sticker_arrives(town: &Town) -> anyhow::Result<()> {
    sticker(town, 4, "Turning", GIF);
    let is_it = |it: &synapse::Seen| it.kind == "m.sticker" && it.body.contains("Turning");
    let seen = on_matrix(town, "the sticker", is_it).await?;
    let mxc = seen.media.map(|it| it.mxc).unwrap_or_default();
    anyhow::ensure!(town.alice.download(&mxc).await? == GIF, "other bytes on Matrix");
    on_telegram(town, "the sticker", |it| file_of(it) == Some(GIF)).await.map(drop)
}

async fn a_drawn_sticker_moves(town: &Town) -> anyhow::Result<()> {
    sticker(town, 3, "Drawn", LOTTIE.as_bytes());
    let is_it = |it: &synapse::Seen| it.kind == "m.sticker" && it.body.contains("Drawn");
    let seen = on_matrix(town, "the sticker", is_it).await?;
    let mxc = seen.media.map(|it| it.mxc).unwrap_or_default();
    let bytes = town.alice.download(&mxc).await?;
    let moves = bytes.windows(4).any(|chunk| chunk == b"acTL");
    anyhow::ensure!(bytes.starts_with(b"\x89PNG") && moves, "it does not move on Matrix");
    let moves = |it: &telegram::Seen| {
        let file = file_of(it).unwrap_or_default();
        file.starts_with(b"\x1f\x8b") || file.starts_with(b"GIF8")
    };
    let drawn = |it: &telegram::Seen| moves(it) && file_of(it) != Some(GIF);
    on_telegram(town, "the sticker", drawn).await.map(drop)
}
