// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Ann says on Telegram, as Alice sees it.

use bot_core::Action;
use bridge_model::{
    Card, Contact, Leaf, Live, Location, Media, MediaHandle, MediaKind, Point, Poll, PollAnswer,
    Reaction, RichText, Span, Style, Thread, Thumbnail,
};

use crate::stage::{Stage, ann, first, said};

fn poll() -> Card {
    let answer =
        |id: &str, text: &str| PollAnswer { id: id.into(), text: RichText::plain_text(text) };
    Card::Poll(Poll {
        question: RichText::plain_text("Tea?"),
        answers: vec![answer("0", "Yes"), answer("1", "No")],
        choices: 1,
        disclosed: true,
        closes_at: None,
        closed: false,
    })
}

fn place(latitude: f64, live: Option<Live>) -> Card {
    let point = Point::from_degrees(latitude, 13.25);
    let title = Some("Café".to_owned());
    Card::Location(Location { point, accuracy: None, title, address: None, live })
}

#[tokio::test]
async fn a_poll_can_be_voted_in_edited_and_closed() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let mut asks = said("");
    asks.card = Some(poll());
    let parts = stage.posts(asks.clone()).await;
    let id = first(&parts);
    alice.vote(room, id.as_str(), &["1"]).await.unwrap();
    asks.body = RichText::plain_text("2 votes on Telegram");
    let edit = Action::Edit {
        send_as: ann(),
        parts,
        message: asks,
        native_reply: false,
        media_changed: false,
    };
    let parts = stage.does(edit).await;
    assert_eq!(parts.len(), 2);
    stage.does(Action::ClosePoll { send_as: ann(), parts }).await;
    let lines = alice.transcript(room).await.unwrap();
    insta::assert_snapshot!(lines.to_string(), @r"
    Ann (Telegram): [poll] Tea? (Yes: 0) (No: 1) closed (edited)
    Ann (Telegram): 2 votes on Telegram
    ");
}

#[tokio::test]
async fn places_contacts_and_threads_are_shown() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let mut here = said("");
    here.card = Some(place(52.5, Some(Live { until: None })));
    let parts = stage.posts(here.clone()).await;
    here.card = Some(place(52.75, None));
    stage
        .does(Action::Edit {
            send_as: ann(),
            parts,
            message: here,
            native_reply: false,
            media_changed: false,
        })
        .await;
    let mut card = said("");
    card.card = Some(Card::Contact(Contact { name: "Bob".into(), phone: None }));
    stage.posts(card).await;
    let root = first(&stage.posts(said("a topic")).await);
    let mut inside = said("inside");
    inside.thread = Some(Thread { root, name: None });
    let in_thread = first(&stage.posts(inside).await);
    // No thread can hang on what is in one.
    let mut deeper = said("deeper");
    deeper.thread = Some(Thread { root: in_thread, name: None });
    stage.posts(deeper).await;
    let lines = alice.transcript(room).await.unwrap();
    insta::assert_snapshot!(lines.to_string(), @r"
    Ann (Telegram): [geo:52.75,13.25] 📍 Café
    https://www.openstreetmap.org/?mlat=52.75&mlon=13.25#map=16/52.75/13.25 (edited)
    Ann (Telegram): 👤 Bob
    Ann (Telegram): a topic
    Ann (Telegram): [thread] inside
    Ann (Telegram): [↩ inside] deeper
    ");
}

#[tokio::test]
async fn files_of_all_kinds_are_shown_and_can_be_exchanged() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let file = |name: &str, kind, mime: &str| Media {
        mime: Some(mime.into()),
        name: Some(name.into()),
        ..Media::new(stage.file(name, name.as_bytes()), kind)
    };
    let mut album = said("both");
    let handle = stage.file("small.jpg", b"small");
    let thumbnail = Thumbnail { handle, mime: None, size: None, width: Some(1), height: Some(1) };
    let mut sea = file("sea.jpg", MediaKind::Image, "image/jpeg");
    sea.thumbnail = Some(thumbnail);
    sea.spoiler = true;
    let missing = MediaHandle { network: "telegram".into(), reference: "nowhere".into() };
    let lost = Media { name: Some("big.zip".into()), ..Media::new(missing, MediaKind::File) };
    album.media = vec![sea, file("sun.jpg", MediaKind::Image, "image/jpeg"), lost];
    let parts = stage.posts(album).await;
    let mut voice = said("");
    voice.media = vec![Media {
        duration_ms: Some(1500),
        waveform: vec![0, 512, 1024],
        ..file("v.ogg", MediaKind::Voice, "audio/ogg")
    }];
    stage.posts(voice).await;
    let mut cat = said("");
    let sticker = file("cat.webp", MediaKind::Sticker, "image/webp");
    cat.media = vec![Media { alt: Some("🐈".into()), ..sticker }];
    stage.posts(cat).await;
    let mut new = said("another");
    new.media = vec![file("moon.jpg", MediaKind::Image, "image/jpeg")];
    stage
        .does(Action::Edit {
            send_as: ann(),
            parts,
            message: new,
            native_reply: false,
            media_changed: true,
        })
        .await;
    let lines = alice.transcript(room).await.unwrap();
    insta::assert_snapshot!(lines.to_string(), @r"
    Ann (Telegram): [image moon.jpg] another (edited)
    Ann (Telegram): [audio v.ogg] 
    Ann (Telegram): [sticker 🐈] 
    ");
    let media: Vec<_> = lines.0.iter().map(|line| line.media.clone().unwrap()).collect();
    assert_eq!(alice.download(&media[0].mxc).await.unwrap(), b"moon.jpg");
    assert_eq!((media[1].duration, &media[1].waveform[..]), (Some(1500), &[0, 512, 1024][..]));
    // Before the edit, both files were there, one of them hidden and with a small picture.
    let events = alice.messages(room).await.unwrap();
    let hidden = events.iter().find(|it| it.content["filename"] == "sea.jpg").unwrap();
    let small = hidden.content["info"]["thumbnail_url"].as_str().unwrap();
    assert_eq!(alice.download(small).await.unwrap(), b"small");
}

#[tokio::test]
async fn custom_emoji_are_pictures_in_words_and_reactions() {
    let stage = Stage::set().await;
    let (alice, room) = (&stage.alice, stage.room.as_str());
    let mxc = alice.upload(b"cat".to_vec(), "cat.png", "image/png").await.unwrap();
    let leaf = Leaf::Emoji { id: mxc.clone(), name: "cat".into(), animated: false };
    let mut emoji = said("");
    emoji.body = RichText::paragraph(vec![Span { leaf, style: Style::default() }]);
    let target = first(&stage.posts(emoji).await);
    let reaction = Reaction::Custom { id: mxc.clone(), name: "cat".into() };
    stage.does(Action::React { send_as: ann(), target, reaction, others: Vec::new() }).await;
    let lines = alice.transcript(room).await.unwrap();
    let line = lines.line(":cat:").unwrap();
    assert!(line.html.as_ref().unwrap().contains(&format!("<img data-mx-emoticon src=\"{mxc}\"")));
    assert_eq!(line.reactions[0].key, mxc);
}
