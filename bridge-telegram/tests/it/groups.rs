// SPDX-License-Identifier: AGPL-3.0-or-later
//! Several files of one message: groups, their captions, their edits.

use std::collections::HashMap;

use bot_core::{Action, Deliver, DeliverError, Part, Receipt};
use bridge_model::{MediaKind, Message, MessageId};
use sandbox::faults::Fault;
use sandbox::telegram::{Group, Telegram, too_many_requests};

use crate::stage::{Shelf, alice, media, message, network, order, png, post};

/// `count` pictures called `0.png` and so on, as a message and on a shelf.
fn pictures(text: &str, count: usize) -> (Message, Shelf) {
    let mut many = message(text);
    let mut shelf = HashMap::new();
    for number in 0..count {
        let name = format!("{number}.png");
        many.media.push(media(MediaKind::Image, &name, "image/png"));
        shelf.insert(name, png());
    }
    (many, Shelf(shelf))
}

async fn deliver(telegram: &Telegram, group: &Group, act: Action, shelf: &Shelf) -> Receipt {
    network(telegram).deliver(&order(group.id(), act), shelf).await.unwrap()
}

fn edit(parts: Vec<Part>, message: Message, media_changed: bool) -> Action {
    Action::Edit { send_as: alice(), parts, message, native_reply: false, media_changed }
}

fn texts(group: &Group) -> Vec<String> {
    group.messages().into_iter().map(|it| it.text).collect()
}

#[tokio::test]
async fn several_pictures_are_one_group_with_the_words_on_the_first() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (mut many, mut shelf) = pictures("look", 2);
    many.media[1].spoiler = true;
    many.media.push(media(MediaKind::Video, "c.mp4", "video/mp4"));
    shelf.0.insert("c.mp4".to_owned(), b"film".to_vec());
    let receipt = deliver(&telegram, &group, post(many), &shelf).await;
    let seen = group.messages();
    assert_eq!(texts(&group), ["Alice:\nlook", "", ""]);
    assert!(seen[0].album.is_some() && seen.iter().all(|it| it.album == seen[0].album));
    assert_eq!(seen.iter().map(|it| it.spoiler).collect::<Vec<_>>(), [false, true, false]);
    let ids: Vec<String> = seen.iter().map(|it| it.id.0.to_string()).collect();
    assert_eq!(receipt.parts.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ids);
    assert!(receipt.parts.iter().all(|it| it.media));
    assert_eq!(telegram.requests_of("sendMediaGroup").len(), 1);
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn documents_and_music_stand_in_groups_of_their_own_and_eleven_pictures_in_two() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (mut many, mut shelf) = pictures("", 11);
    for name in ["a.pdf", "b.pdf", "a.mp3", "b.mp3", "l.gif"] {
        let (kind, mime) = match name.rsplit_once('.').unwrap().1 {
            "pdf" => (MediaKind::File, "application/pdf"),
            "mp3" => (MediaKind::Audio, "audio/mpeg"),
            _ => (MediaKind::Animation, "image/gif"),
        };
        many.media.push(media(kind, name, mime));
        shelf.0.insert(name.to_owned(), b"content".to_vec());
    }
    let receipt = deliver(&telegram, &group, post(many), &shelf).await;
    assert_eq!(receipt.parts.len(), 16);
    let seen = group.messages();
    let mut groups: Vec<(Option<String>, usize)> = Vec::new();
    for message in &seen {
        match groups.last_mut() {
            Some((album, count)) if album.is_some() && *album == message.album => *count += 1,
            _ => groups.push((message.album.clone(), 1)),
        }
    }
    let sizes: Vec<usize> = groups.iter().map(|it| it.1).collect();
    assert_eq!(sizes, [10, 1, 2, 2, 1]);
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_file_of_a_group_that_is_gone_leaves_a_line_behind_the_group() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, mut shelf) = pictures("look", 3);
    shelf.0.remove("0.png");
    let receipt = deliver(&telegram, &group, post(many), &shelf).await;
    let texts = texts(&group);
    assert_eq!(texts[..2], ["Alice:\nlook", ""]);
    assert!(texts[2].contains("0.png"), "{texts:?}");
    assert_eq!(receipt.parts.iter().map(|it| it.media).collect::<Vec<_>>(), [true, true, false]);
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn of_two_files_one_is_gone_and_the_other_goes_alone() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, mut shelf) = pictures("look", 2);
    shelf.0.remove("1.png");
    deliver(&telegram, &group, post(many), &shelf).await;
    assert_eq!(group.messages()[0].album, None);
    assert!(texts(&group)[1].contains("1.png"));
}

#[tokio::test]
async fn a_group_with_an_odd_picture_goes_as_documents() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, mut shelf) = pictures("look", 2);
    shelf.0.insert("1.png".to_owned(), b"not a picture".to_vec());
    deliver(&telegram, &group, post(many), &shelf).await;
    let kinds: Vec<&str> =
        group.messages().iter().map(|it| it.document.as_ref().unwrap().kind).collect();
    assert_eq!(kinds, ["document", "document"]);
}

#[tokio::test]
async fn a_group_that_is_too_large_for_one_request_goes_file_by_file() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let mut many = message("look");
    let mut shelf = Shelf::default();
    for name in ["a.bin", "b.bin"] {
        many.media.push(media(MediaKind::File, name, "application/octet-stream"));
        shelf.0.insert(name.to_owned(), vec![1; 30_000_000]);
    }
    let mut known = many.clone();
    let receipt = deliver(&telegram, &group, post(many), &shelf).await;
    assert_eq!(receipt.parts.len(), 2);
    assert_eq!(texts(&group), ["Alice:\nlook", ""]);
    for file in &mut known.media {
        file.size = Some(30_000_000);
    }
    let before = telegram.requests_of("sendMediaGroup").len();
    deliver(&telegram, &group, post(known), &shelf).await;
    assert_eq!(telegram.requests_of("sendMediaGroup").len(), before, "sizes were known");
}

#[tokio::test]
async fn after_a_lost_response_the_group_is_found_and_not_doubled() {
    let telegram = Telegram::start().await.unwrap();
    let (group, ada) = (telegram.group("Maps"), telegram.user("Ada"));
    let known = group.say(&ada, "known").unwrap();
    let (many, shelf) = pictures("look", 3);
    let mut order = order(group.id(), post(many));
    order.after = Some(MessageId::new(known.0.to_string()));
    telegram.faults().next("sendMediaGroup", 1, Fault::LoseResponse);
    let failure = network(&telegram).deliver(&order, &shelf).await.unwrap_err();
    assert!(matches!(failure.error, DeliverError::Uncertain { .. }), "{failure}");
    let before = group.transcript();
    order.done = network(&telegram).find_sent(&order).await.unwrap();
    assert_eq!(order.done.len(), 3);
    assert_eq!(group.transcript(), before, "looking changed something");
    let receipt = network(&telegram).deliver(&order, &shelf).await.unwrap();
    assert_eq!(receipt.parts, order.done);
    assert_eq!(group.messages().len(), 4);
}

#[tokio::test]
async fn what_comes_after_a_group_is_sent_alone_on_the_next_try() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, shelf) = pictures(&"word ".repeat(400), 2);
    let mut order = order(group.id(), post(many));
    telegram.faults().next("sendMessage", 1, too_many_requests(1));
    let failure = network(&telegram).deliver(&order, &shelf).await.unwrap_err();
    assert_eq!(failure.done.len(), 2);
    order.done = failure.done;
    let receipt = network(&telegram).deliver(&order, &shelf).await.unwrap();
    assert_eq!(receipt.parts.len(), group.messages().len());
    assert_eq!(telegram.requests_of("sendMediaGroup").len(), 1);
}

#[tokio::test]
async fn corrected_words_leave_the_files_where_they_are() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, shelf) = pictures("lok", 2);
    let parts = deliver(&telegram, &group, post(many.clone()), &shelf).await.parts;
    let better = Message { body: message("look").body, ..many };
    let receipt = deliver(&telegram, &group, edit(parts.clone(), better, false), &shelf).await;
    assert_eq!(receipt.parts, parts);
    assert_eq!(texts(&group), ["Alice:\nlook", ""]);
    assert!(telegram.requests_of("editMessageMedia").is_empty());
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_changed_file_is_exchanged_and_a_missing_one_goes() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, mut shelf) = pictures("look", 2);
    let parts = deliver(&telegram, &group, post(many), &shelf).await.parts;
    let mut other = message("look again");
    other.media.push(media(MediaKind::Video, "new.mp4", "video/mp4"));
    shelf.0.insert("new.mp4".to_owned(), b"film".to_vec());
    let receipt = deliver(&telegram, &group, edit(parts.clone(), other, true), &shelf).await;
    assert_eq!(receipt.parts, parts[..1]);
    let [seen] = &group.messages()[..] else { panic!("{}", group.transcript()) };
    assert_eq!(seen.document.as_ref().unwrap().bytes.as_ref(), b"film");
    assert_eq!(seen.text, "Alice:\nlook again");
    telegram.assert_clean().unwrap();
}

#[tokio::test]
async fn a_file_that_the_message_cannot_hold_takes_its_place_behind() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, mut shelf) = pictures("look", 2);
    let parts = deliver(&telegram, &group, post(many.clone()), &shelf).await.parts;
    let mut other = many;
    other.media[1] = media(MediaKind::File, "a.pdf", "application/pdf");
    shelf.0.insert("a.pdf".to_owned(), b"paper".to_vec());
    let receipt = deliver(&telegram, &group, edit(parts.clone(), other, true), &shelf).await;
    assert_eq!(receipt.parts[0], parts[0]);
    assert_ne!(receipt.parts[1], parts[1]);
    let seen = group.messages();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].document.as_ref().unwrap().bytes.as_ref(), b"paper");
}

#[tokio::test]
async fn more_files_than_before_are_sent_behind_as_a_group() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (one, _) = pictures("look", 1);
    let (three, shelf) = pictures("look", 3);
    let parts = deliver(&telegram, &group, post(one), &shelf).await.parts;
    let receipt = deliver(&telegram, &group, edit(parts, three, true), &shelf).await;
    assert_eq!(receipt.parts.len(), 3);
    let seen = group.messages();
    assert!(seen[1].album.is_some() && seen[1].album == seen[2].album);
}

#[tokio::test]
async fn a_file_that_could_not_be_sent_keeps_its_line_when_words_change() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let (many, _) = pictures("lok", 1);
    let parts = deliver(&telegram, &group, post(many.clone()), &Shelf::default()).await.parts;
    let better = Message { body: message("look").body, ..many };
    let act = edit(parts.clone(), better, false);
    let receipt = deliver(&telegram, &group, act, &Shelf::default()).await;
    assert_eq!(receipt.parts, parts);
    let text = texts(&group).join("|");
    assert!(text.starts_with("Alice:\nlook\n") && text.contains("0.png"), "{text}");
}
