// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is sent for each kind of content, as snapshots.

use bridge_model::{
    Author, AuthorKind, Card, Contact, Forward, Leaf, Live, Location, Media, MediaHandle,
    MediaKind, Message, Point, Poll, PollAnswer, Reply, RichText, Span, Style, Thread, Thumbnail,
    Timestamp,
};

use super::super::*;
use bot_core::Part;

fn said(text: &str) -> Message {
    let author = Author {
        user: "1".into(),
        kind: AuthorKind::Person,
        name: "Ann".into(),
        username: None,
        avatar: None,
    };
    Message { body: RichText::plain_text(text), ..Message::new(author, Timestamp(1_000)) }
}

fn asked(card: Card) -> Message {
    Message { card: Some(card), ..said("") }
}

fn poll() -> Poll {
    let answer =
        |id: &str, text: &str| PollAnswer { id: id.into(), text: RichText::plain_text(text) };
    Poll {
        question: RichText::plain_text("Tea or <b>coffee</b>?"),
        answers: vec![answer("a", "Tea"), answer("b", "Coffee & cake")],
        choices: 1,
        disclosed: true,
        closes_at: None,
        closed: false,
    }
}

fn place() -> Location {
    Location {
        point: Point::from_degrees(52.5, -13.25),
        accuracy: Some(10),
        title: Some("Café".into()),
        address: Some("Street 1".into()),
        live: None,
    }
}

fn file(kind: MediaKind) -> Media {
    let handle = MediaHandle { network: "telegram".into(), reference: "f".into() };
    Media { size: Some(10), ..Media::new(handle, kind) }
}

fn at(media: Media, mime: &str) -> Uploaded {
    Uploaded::at(media, "mxc://example.org/file", mime)
}

fn shown(parts: &[PartContent]) -> String {
    let part = |part: &PartContent| {
        let content = serde_json::to_string_pretty(&part.content).unwrap();
        format!("{} {content}", part.event_type)
    };
    parts.iter().map(part).collect::<Vec<_>>().join("\n")
}

fn sent(message: &Message, media: &[Uploaded]) -> String {
    shown(&post_parts(message, false, "s", media))
}

macro_rules! snapshot {
    ($value:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($value);
        });
    };
}

#[test]
fn a_poll_is_one() {
    snapshot!(sent(&asked(Card::Poll(poll())), &[]));
}

#[test]
fn a_poll_that_is_closed_is_words() {
    let closed = Poll { closed: true, ..poll() };
    let forwarded = Some(Forward { from: "News".into() });
    let message = Message { forwarded, ..asked(Card::Poll(closed)) };
    snapshot!(sent(&message, &[]));
}

#[test]
fn a_poll_is_closed_by_an_event() {
    snapshot!(shown(&[poll_end("$poll", "s")]));
}

#[test]
fn a_poll_has_at_least_one_choice_and_at_most_all() {
    for (choices, expected) in [(0, 1), (2, 2), (9, 2)] {
        let poll = Poll { choices, disclosed: false, ..poll() };
        let parts = post_parts(&asked(Card::Poll(poll)), false, "s", &[]);
        let start = &parts[0].content["org.matrix.msc3381.poll.start"];
        assert_eq!(start["max_selections"], expected);
        assert_eq!(start["kind"], "org.matrix.msc3381.poll.undisclosed");
    }
}

#[test]
fn an_edited_poll_stays_one_and_what_was_words_stays_words() {
    let message = Message { body: RichText::plain_text("3 votes"), ..asked(Card::Poll(poll())) };
    let part = |id: &str, media| Part { id: id.into(), media };
    let edits = edit_parts(&message, false, "s", &[part("$poll", true), part("$words", false)]);
    let types: Vec<_> = edits.iter().map(|edit| edit.event_type).collect();
    assert_eq!(types, ["org.matrix.msc3381.poll.start", "m.room.message"]);
    let relation = json!({ "rel_type": "m.replace", "event_id": "$poll" });
    assert_eq!(edits[0].content["m.relates_to"], relation);
    assert!(edits[0].content["m.new_content"]["org.matrix.msc3381.poll.start"].is_object());
    assert_eq!(edits[1].content["m.new_content"]["body"], "3 votes");
    let edits = edit_parts(&message, false, "s", &[part("$words", false)]);
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0].event_type, "m.room.message");
    let body = edits[0].content["m.new_content"]["body"].as_str().unwrap();
    assert!(body.starts_with("📊 Tea or <b>coffee</b>?"), "{body}");
}

#[test]
fn a_place_is_shown_on_the_map() {
    let message = Message { body: RichText::plain_text("here"), ..asked(Card::Location(place())) };
    snapshot!(sent(&message, &[]));
}

#[test]
fn a_place_that_moved_replaces_the_one_before() {
    let live = Some(Live { until: Some(Timestamp(9)) });
    let moved = Location { live, title: None, address: None, accuracy: None, ..place() };
    let parts = [Part { id: "$place".into(), media: false }];
    snapshot!(shown(&edit_parts(&asked(Card::Location(moved)), false, "s", &parts)));
}

#[test]
fn a_business_card_is_words() {
    let contact = Contact { name: "Bob\nLee".into(), phone: Some("+1 555".into()) };
    snapshot!(sent(&asked(Card::Contact(contact)), &[]));
}

#[test]
fn a_spoken_message_has_length_and_loudness() {
    let voice = Media {
        duration_ms: Some(1500),
        waveform: vec![0, 512, 1024, 9999],
        ..file(MediaKind::Voice)
    };
    snapshot!(sent(&said(""), &[at(voice, "audio/ogg")]));
}

#[test]
fn music_is_named_in_its_caption() {
    let music = Media {
        title: Some("Song".into()),
        performer: Some("Band".into()),
        name: Some("a.mp3".into()),
        ..file(MediaKind::Audio)
    };
    let bare = sent(&said(""), &[at(music.clone(), "audio/mpeg")]);
    let captioned = sent(&said("listen"), &[at(music, "audio/mpeg")]);
    snapshot!(format!("{bare}\n{captioned}"));
}

#[test]
fn films_that_loop_say_so() {
    let loops = [
        at(file(MediaKind::Animation), "video/mp4"),
        at(file(MediaKind::Animation), "image/gif"),
        at(file(MediaKind::VideoNote), "video/mp4"),
    ];
    snapshot!(sent(&said("look"), &loops));
}

#[test]
fn stickers_are_shown_as_far_as_clients_can() {
    let sticker = || Media { alt: Some("🐈".into()), ..file(MediaKind::Sticker) };
    let stickers = [
        at(sticker(), "image/webp"),
        at(sticker(), "video/webm"),
        at(sticker(), "application/x-tgsticker"),
    ];
    snapshot!(sent(&said(""), &stickers));
}

#[test]
fn a_hidden_picture_has_description_preview_and_thumbnail() {
    let handle = MediaHandle { network: "matrix".into(), reference: "mxc://example.org/t".into() };
    let thumbnail = Thumbnail {
        handle,
        mime: Some("image/jpeg".into()),
        size: Some(3),
        width: Some(4),
        height: Some(3),
    };
    let picture = Media {
        spoiler: true,
        alt: Some("the sea".into()),
        blurhash: Some("LKO2?U%2Tw=w]~RBVZRi};RPxuwH".into()),
        thumbnail: Some(thumbnail),
        ..file(MediaKind::Image)
    };
    snapshot!(sent(&said("see"), &[at(picture, "image/png")]));
}

#[test]
fn a_thumbnail_elsewhere_is_left_out() {
    let handle = MediaHandle { network: "telegram".into(), reference: "t".into() };
    let thumbnail = Thumbnail { handle, mime: None, size: None, width: None, height: None };
    let picture = Media { thumbnail: Some(thumbnail), ..file(MediaKind::Image) };
    let parts = post_parts(&said(""), false, "s", &[at(picture, "image/png")]);
    assert_eq!(parts[0].content["info"].get("thumbnail_url"), None);
}

#[test]
fn files_of_one_message_follow_each_other_with_one_caption() {
    let files = [
        at(file(MediaKind::Image), "image/png"),
        Uploaded::missing(file(MediaKind::File), RichText::plain_text("[big.zip is not here]")),
        at(file(MediaKind::Video), "video/mp4"),
    ];
    snapshot!(sent(&said("both"), &files));
}

#[test]
fn every_event_of_a_message_in_a_thread_stands_there() {
    let thread = Some(Thread { root: "$root".into(), name: Some("Topic".into()) });
    let files = [at(file(MediaKind::Image), "image/png"), at(file(MediaKind::Image), "image/png")];
    let message = Message { thread: thread.clone(), ..said("x") };
    let answer = Message { reply_to: Some(Reply::to("$old".into())), ..message.clone() };
    let relation = |part: &PartContent| part.content["m.relates_to"].clone();
    let first_in = |parts: Vec<PartContent>| relation(&parts[0]);
    let root = json!({ "rel_type": "m.thread", "event_id": "$root", "is_falling_back": true,
        "m.in_reply_to": { "event_id": "$root" } });
    let parts = post_parts(&message, false, "s", &files);
    assert_eq!([relation(&parts[0]), relation(&parts[1])], [root.clone(), root.clone()]);
    let parts = post_parts(&answer, true, "s", &files);
    let native = json!({ "rel_type": "m.thread", "event_id": "$root", "is_falling_back": false,
        "m.in_reply_to": { "event_id": "$old" } });
    assert_eq!([relation(&parts[0]), relation(&parts[1])], [native, root.clone()]);
    let asks = Message { thread, ..asked(Card::Poll(poll())) };
    assert_eq!(first_in(post_parts(&asks, false, "s", &[])), root);
    let outside = without_thread(&parts[0].content).unwrap();
    assert_eq!(outside["m.relates_to"], json!({ "m.in_reply_to": { "event_id": "$old" } }));
    assert_eq!(without_thread(&outside), None);
    let later =
        edit_parts(&Message { body: RichText::plain_text("y"), ..message }, false, "s", &[]);
    assert_eq!(first_in(later), root);
}

#[test]
fn a_custom_emoji_is_a_picture_or_its_name() {
    let emoji = |id: &str, name: &str| {
        let leaf = Leaf::Emoji { id: id.into(), name: name.into(), animated: false };
        Span { leaf, style: Style::default() }
    };
    let spans = vec![
        emoji("mxc://example.org/cat", "cat"),
        emoji("mxc://example.org/smile", "🙂"),
        emoji("12345", "dog"),
        emoji("67890", "🙃"),
    ];
    let message = Message { body: RichText::paragraph(spans), ..said("") };
    snapshot!(sent(&message, &[]));
}

#[test]
fn a_reaction_can_be_a_picture() {
    let custom = |id: &str, name: &str| Reaction::Custom { id: id.into(), name: name.into() };
    let reactions = [custom("mxc://example.org/cat", "cat"), custom("1", "cat"), custom("1", "👍")];
    let parts: Vec<_> = reactions.iter().map(|it| reaction("$old", it, "s")).collect();
    snapshot!(shown(&parts));
}

#[test]
fn an_edit_of_a_long_text_fits_into_events() {
    let spans: Vec<Span> = (0..4_000).map(|n| Span::bold(format!("\"<{n}>\" "))).collect();
    let text = RichText::paragraph(spans).normalise();
    let parts = [Part { id: "$a".into(), media: false }];
    let edits = edit_parts(&Message { body: text.clone(), ..said("") }, false, "s", &parts);
    assert!(edits.len() > 1);
    let mut body = String::new();
    for edit in &edits {
        assert!(edit.content.to_string().len() < MAX_CONTENT + RESERVE);
        let new = edit.content.get("m.new_content").unwrap_or(&edit.content);
        body.push_str(new["body"].as_str().unwrap());
        body.push(' ');
    }
    assert_eq!(body.trim_end(), text.plain());
}
