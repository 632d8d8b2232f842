// SPDX-License-Identifier: AGPL-3.0-or-later
//! Each kind of file by the method that shows it.

use bot_core::Deliver;
use bridge_model::{Media, MediaHandle, MediaKind, Sticker, Thumbnail};
use bridge_telegram::convert::outgoing::UploadMethod;
use sandbox::telegram::{Seen, Telegram};

use crate::stage::{Shelf, media, message, network, order, png, post};

const WEBP: &[u8] = b"RIFF\x04\0\0\0WEBPVP8 ";

/// Sends a file and shows what a person sees.
async fn sent(file: Media, bytes: &[u8]) -> (Vec<Seen>, Telegram) {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let preview = ("preview".to_owned(), png());
    let shelf = Shelf([(file.handle.reference.clone(), bytes.to_vec()), preview].into());
    let mut with_file = message("words");
    with_file.media.push(file);
    let act = post(with_file);
    let receipt = network(&telegram).deliver(&order(group.id(), act), &shelf).await.unwrap();
    assert_eq!(receipt.parts.len(), group.messages().len());
    telegram.assert_clean().unwrap();
    (group.messages(), telegram)
}

#[tokio::test]
async fn a_spoken_message_has_its_length_and_its_words() {
    let mut voice = media(MediaKind::Voice, "v.ogg", "audio/ogg; codecs=opus");
    voice.duration_ms = Some(4_200);
    let (seen, _) = sent(voice, b"OggS").await;
    let file = seen[0].document.as_ref().unwrap();
    assert_eq!((file.kind, &file.about["duration"]), ("voice", &5.into()));
    assert_eq!(seen[0].text, "Alice:\nwords");
}

#[tokio::test]
async fn music_has_title_performer_and_preview() {
    let mut music = media(MediaKind::Audio, "a.mp3", "audio/mpeg");
    music.title = Some("Song".to_owned());
    music.performer = Some("Band".to_owned());
    let handle = MediaHandle { network: "matrix".into(), reference: "preview".to_owned() };
    music.thumbnail = Some(Thumbnail {
        handle,
        mime: Some("image/jpeg".to_owned()),
        size: Some(70),
        width: Some(90),
        height: None,
    });
    let (seen, telegram) = sent(music, b"ID3").await;
    let file = seen[0].document.as_ref().unwrap();
    assert_eq!((&file.about["title"], &file.about["performer"]), (&"Song".into(), &"Band".into()));
    let request = &telegram.requests_of("sendAudio")[0];
    assert_eq!(request["thumbnail"], "attach://0t");
    assert_eq!(request["0t"]["size"], png().len());
}

#[tokio::test]
async fn a_preview_that_is_gone_is_left_out() {
    let mut music = media(MediaKind::Audio, "a.mp3", "audio/mpeg");
    let handle = MediaHandle { network: "matrix".into(), reference: "nowhere".to_owned() };
    let mime = Some("image/jpeg".to_owned());
    music.thumbnail = Some(Thumbnail { handle, mime, size: Some(70), width: None, height: None });
    let (_, telegram) = sent(music, b"ID3").await;
    assert_eq!(telegram.requests_of("sendAudio")[0].get("thumbnail"), None);
}

#[tokio::test]
async fn a_sticker_stands_below_the_name() {
    let mut sticker = media(MediaKind::Sticker, "s.webp", "image/webp");
    sticker.sticker = Some(Sticker { emoji: Some("🙂".to_owned()), ..Sticker::default() });
    let (seen, _) = sent(sticker, WEBP).await;
    assert_eq!((seen[0].text.as_str(), seen[1].text.as_str()), ("Alice:\nwords", ""));
    let file = seen[1].document.as_ref().unwrap();
    assert_eq!((file.kind, &file.about["emoji"]), ("sticker", &"🙂".into()));
}

#[tokio::test]
async fn animated_and_filmed_stickers_stay_stickers() {
    let animated = media(MediaKind::Sticker, "s", "application/x-tgsticker");
    let (seen, _) = sent(animated, b"\x1f\x8b").await;
    assert_eq!(seen[1].document.as_ref().unwrap().about["is_animated"], true);
    let filmed = media(MediaKind::Sticker, "s", "video/webm");
    let (seen, _) = sent(filmed, b"\x1a\x45\xdf\xa3").await;
    assert_eq!(seen[1].document.as_ref().unwrap().about["is_video"], true);
}

#[tokio::test]
async fn a_sticker_that_telegram_does_not_take_is_a_document() {
    let odd = media(MediaKind::Sticker, "s.webp", "image/webp");
    let (seen, _) = sent(odd, b"not a sticker").await;
    assert_eq!(seen[1].document.as_ref().unwrap().kind, "document");
}

#[tokio::test]
async fn a_round_film_stands_below_the_name() {
    let mut round = media(MediaKind::VideoNote, "r.mp4", "video/mp4");
    (round.width, round.height, round.duration_ms) = (Some(384), Some(384), Some(9_000));
    let (seen, _) = sent(round, b"film").await;
    assert_eq!(seen[0].text, "Alice:\nwords");
    let file = seen[1].document.as_ref().unwrap();
    assert_eq!((file.kind, &file.about["length"]), ("video_note", &384.into()));
}

#[tokio::test]
async fn a_film_has_size_and_length() {
    let mut film = media(MediaKind::Video, "f.mp4", "video/mp4");
    (film.width, film.height, film.duration_ms) = (Some(640), Some(360), Some(61_000));
    film.spoiler = true;
    let (seen, _) = sent(film, b"film").await;
    let about = &seen[0].document.as_ref().unwrap().about;
    assert_eq!((&about["width"], &about["duration"]), (&640.into(), &61.into()));
    assert!(seen[0].spoiler);
}

#[test]
fn kind_and_type_decide_how_a_file_is_shown() {
    let of = |kind, mime| UploadMethod::of(&media(kind, "a", mime));
    assert_eq!(of(MediaKind::Voice, "audio/mpeg"), UploadMethod::Voice);
    assert_eq!(of(MediaKind::Voice, "audio/wav"), UploadMethod::Document);
    assert_eq!(of(MediaKind::Audio, "audio/ogg"), UploadMethod::Document);
    assert_eq!(of(MediaKind::Sticker, "image/png"), UploadMethod::Photo);
    assert_eq!(of(MediaKind::Sticker, "image/gif"), UploadMethod::Animation);
    assert_eq!(of(MediaKind::Image, "image/gif"), UploadMethod::Animation);
    assert_eq!(of(MediaKind::Sticker, "application/json"), UploadMethod::Document);
    assert_eq!(of(MediaKind::Video, "video/webm"), UploadMethod::Document);
    let mut wide = media(MediaKind::VideoNote, "a", "video/mp4");
    (wide.width, wide.height) = (Some(640), Some(360));
    assert_eq!(UploadMethod::of(&wide), UploadMethod::Video);
    let mut heavy = media(MediaKind::Sticker, "a", "image/webp");
    heavy.size = Some(600_000);
    assert_eq!(UploadMethod::of(&heavy), UploadMethod::Photo);
}
