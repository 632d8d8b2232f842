// SPDX-License-Identifier: AGPL-3.0-or-later
//! Calls as JSON: what the tool prints is what goes over the wire.

use bot_core::{Action, Deliver, Part, Words};
use bridge_model::{Media, MediaHandle, MediaKind, MessageId, Reply, RichText, Span, Thumbnail};
use bridge_telegram::convert::outgoing::{Call, MAX_UPLOAD, Setting, calls, render};
use sandbox::telegram::Telegram;
use serde_json::{Value, json};

use crate::stage::{Shelf, alice, media, message, network, order, png, post};

fn rendered(act: &Action) -> Vec<(&'static str, Value)> {
    let setting = Setting { max_upload: MAX_UPLOAD, words: &Words::english() };
    calls(act, &[], &setting).iter().filter_map(|it| render(it, "-100")).collect()
}

#[test]
fn a_text_has_entities_and_no_parse_mode() {
    let mut answer = message("");
    answer.body = RichText::paragraph(vec![Span::bold("yes")]);
    answer.reply_to = Some(Reply::to("7".into()));
    let act =
        Action::Post { send_as: alice(), message: answer, native_reply: true, answer_via: None };
    let wanted = json!({
        "chat_id": -100,
        "text": "Alice:\nyes",
        "entities": [{ "type": "bold", "offset": 0, "length": 10 }],
        "reply_parameters": { "message_id": 7, "allow_sending_without_reply": true },
    });
    assert_eq!(rendered(&act), [("sendMessage", wanted)]);
}

#[test]
fn files_of_a_group_are_attached_by_number() {
    let mut two = message("look");
    two.media.push(media(MediaKind::Image, "a.png", "image/png"));
    two.media.push(media(MediaKind::Image, "b.png", "image/png"));
    two.media[1].spoiler = true;
    let wanted = json!({
        "chat_id": -100,
        "media": [
            {
                "type": "photo", "media": "attach://0", "caption": "Alice:\nlook",
                "caption_entities": [{ "type": "bold", "offset": 0, "length": 6 }],
            },
            { "type": "photo", "media": "attach://1", "has_spoiler": true },
        ],
    });
    assert_eq!(rendered(&post(two)), [("sendMediaGroup", wanted)]);
}

#[test]
fn what_is_hidden_shows_nothing_before_it_is_opened() {
    for (kind, name, mime, size, covered) in [
        (MediaKind::Image, "a.png", "image/png", 1, Some("sendPhoto")),
        (MediaKind::Image, "a.png", "image/png", 20_000_000, None),
        (MediaKind::Video, "a.mp4", "video/mp4", 1, Some("sendVideo")),
        (MediaKind::Animation, "a.gif", "image/gif", 1, Some("sendAnimation")),
        (MediaKind::Sticker, "a.webp", "image/webp", 1, Some("sendPhoto")),
        (MediaKind::Sticker, "a.webm", "video/webm", 1, None),
        (MediaKind::VideoNote, "a.mp4", "video/mp4", 1, None),
        (MediaKind::Voice, "a.ogg", "audio/ogg", 1, None),
        (MediaKind::Audio, "a.mp3", "audio/mpeg", 1, None),
        (MediaKind::File, "a.pdf", "application/pdf", 1, None),
    ] {
        let mut said = message("look");
        let mut file = Media { spoiler: true, size: Some(size), ..media(kind, name, mime) };
        file.thumbnail = Some(Thumbnail {
            handle: MediaHandle { network: "matrix".into(), reference: "small".to_owned() },
            mime: Some("image/jpeg".to_owned()),
            size: Some(100),
            width: Some(90),
            height: Some(90),
        });
        said.media.push(file);
        let calls = rendered(&post(said));
        let (method, params) = calls.first().expect("a call");
        match covered {
            Some(wanted) => {
                assert_eq!((*method, &params["has_spoiler"]), (wanted, &json!(true)), "{name}");
            }
            None => {
                assert_eq!(*method, "sendDocument", "{name}");
                assert_eq!(params["disable_content_type_detection"], json!(true), "{name}");
                assert_eq!(params.get("thumbnail"), None, "{name}");
            }
        }
    }
}

#[test]
fn nothing_is_rendered_where_nothing_is_called() {
    let kept = Call::Keep(Part { id: "5".into(), media: false });
    assert_eq!(render(&kept, "-100"), None);
    assert_eq!(render(&Call::Delete(MessageId::new("$event")), "-100"), None);
}

#[tokio::test]
async fn what_is_rendered_is_what_is_sent() {
    let telegram = Telegram::start().await.unwrap();
    let group = telegram.group("Maps");
    let mut two = message("look");
    two.media.push(media(MediaKind::Image, "a.png", "image/png"));
    two.media.push(media(MediaKind::Image, "b.png", "image/png"));
    let act = post(two);
    let setting = Setting { max_upload: MAX_UPLOAD, words: &Words::english() };
    let call = &calls(&act, &[], &setting)[0];
    let (method, params) = render(call, &group.id().to_string()).unwrap();
    let shelf = Shelf([("a.png".to_owned(), png()), ("b.png".to_owned(), png())].into());
    network(&telegram).deliver(&order(group.id(), act), &shelf).await.unwrap();
    let request = &telegram.requests_of(method)[0];
    let sent: Value = serde_json::from_str(request["media"].as_str().unwrap()).unwrap();
    assert_eq!(sent, params["media"]);
    assert_eq!(request["chat_id"], params["chat_id"].to_string());
}
