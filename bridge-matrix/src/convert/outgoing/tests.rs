// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is sent for which message.

mod kinds;

use bridge_model::{
    Author, AuthorKind, Block, Forward, Leaf, Media, MediaHandle, MediaKind, Mention, Message,
    MessageId, MessageKind, Person, Reply, RichText, Span, Style, Timestamp,
};
use serde_json::{Value, json};

use super::*;
use bot_core::Part;

fn message(body: RichText) -> Message {
    let author = Author {
        user: "1".into(),
        kind: AuthorKind::Person,
        name: "Ann".into(),
        username: None,
        avatar: None,
    };
    Message { body, ..Message::new(author, Timestamp(1)) }
}

fn said(text: &str) -> Message {
    message(RichText::plain_text(text))
}

fn photo() -> Media {
    let handle = MediaHandle { network: "telegram".into(), reference: "f".into() };
    Media {
        mime: Some("image/jpeg".into()),
        size: Some(10),
        width: Some(4),
        height: Some(3),
        ..Media::new(handle, MediaKind::Image)
    }
}

fn mention(network: &str, id: &str) -> Span {
    let who = Person::new(network, id);
    let leaf = Leaf::Mention(Mention::Person { who, name: "Bob".into() });
    Span { leaf, style: Style::default() }
}

fn reply(name: Option<&str>, excerpt: Option<RichText>) -> Option<Reply> {
    Some(Reply { name: name.map(Into::into), excerpt, ..Reply::to("$old".into()) })
}

fn part(id: &str, media: bool) -> Part {
    Part { id: MessageId::from(id), media }
}

#[test]
fn plain_words_have_no_html_and_mention_nobody() {
    let parts = post_parts(&said("a <b> @room"), false, "s", &[]);
    let content = json!({
        "msgtype": "m.text", "body": "a <b> @room", "m.mentions": {},
        "org.freeside.source": { "id": "s", "part": 0 },
    });
    assert_eq!(parts, [PartContent { event_type: "m.room.message", content, media: false }]);
}

#[test]
fn only_people_of_matrix_are_mentioned() {
    let spans = vec![
        mention("matrix", "@bob:example.org"),
        mention("telegram", "7"),
        mention("matrix", "nonsense"),
    ];
    let parts = post_parts(&message(RichText::paragraph(spans)), false, "s", &[]);
    let content = &parts[0].content;
    assert_eq!(content["m.mentions"], json!({ "user_ids": ["@bob:example.org"] }));
    assert_eq!(content["body"], "@Bob@Bob@Bob");
    assert_eq!(
        content["formatted_body"],
        "<a href=\"https://matrix.to/#/@bob:example.org\">Bob</a>@Bob@Bob"
    );
    let everyone = Span { leaf: Leaf::Mention(Mention::Everyone), style: Style::default() };
    let parts = post_parts(&message(RichText::paragraph(vec![everyone])), false, "s", &[]);
    assert_eq!(parts[0].content["m.mentions"], json!({ "room": true }));
    assert_eq!(parts[0].content["body"], "@room");
}

#[test]
fn an_emote_and_a_notice_are_said_as_such() {
    for (kind, msgtype) in [(MessageKind::Emote, "m.emote"), (MessageKind::Notice, "m.notice")] {
        let parts = post_parts(&Message { kind, ..said("x") }, false, "s", &[]);
        assert_eq!(parts[0].content["msgtype"], msgtype);
    }
}

#[test]
fn a_native_reply_names_the_event_and_draws_nothing() {
    let excerpt = Some(RichText::plain_text("old"));
    let message = Message { reply_to: reply(Some("Bob"), excerpt), ..said("new") };
    let content = &post_parts(&message, true, "s", &[])[0].content;
    assert_eq!(content["m.relates_to"], json!({ "m.in_reply_to": { "event_id": "$old" } }));
    assert_eq!(content["body"], "new");
}

#[test]
fn an_unknown_message_that_is_answered_is_drawn_as_a_quote() {
    let quoted =
        RichText::paragraph(vec![mention("matrix", "@bob:example.org"), Span::text(" hi")]);
    let message = Message { reply_to: reply(Some("<Cy>"), Some(quoted)), ..said("new") };
    let content = &post_parts(&message, false, "s", &[])[0].content;
    assert_eq!(content.get("m.relates_to"), None);
    assert_eq!(content["m.mentions"], json!({}));
    assert_eq!(
        content["formatted_body"],
        "<blockquote><p><strong>&lt;Cy&gt;</strong><br>@Bob hi</p></blockquote><p>new</p>"
    );
    let message = Message { reply_to: reply(Some("Cy"), None), ..said("new") };
    assert_eq!(post_parts(&message, false, "s", &[])[0].content["body"], "> Cy\nnew");
}

#[test]
fn the_part_that_was_chosen_is_quoted_beside_a_native_reply() {
    let chosen = Some(RichText::paragraph(vec![Span::text("dogs")]));
    let answered = reply(Some("Bob"), chosen).map(|it| Reply { partial: true, ..it });
    let message = Message { reply_to: answered, ..said("those") };
    let content = &post_parts(&message, true, "s", &[])[0].content;
    assert_eq!(content["m.relates_to"], json!({ "m.in_reply_to": { "event_id": "$old" } }));
    let html = "<blockquote><p>dogs</p></blockquote><p>those</p>";
    assert_eq!(content["formatted_body"], html);
}

#[test]
fn a_forwarded_message_says_from_whom() {
    let forwarded = Some(Forward { from: "Old\nNews".into() });
    let content = &post_parts(&Message { forwarded, ..said("x") }, false, "s", &[])[0].content;
    assert_eq!(content["body"], "↪ Old News\nx");
}

#[test]
fn a_photo_carries_its_caption() {
    let body = RichText::paragraph(vec![Span::bold("sea")]);
    let file = Uploaded::at(photo(), "mxc://x/y", "image/jpeg");
    let parts = post_parts(&message(body), false, "s", &[file]);
    let content = json!({
        "msgtype": "m.image", "body": "sea", "filename": "image.jpg", "url": "mxc://x/y",
        "format": "org.matrix.custom.html", "formatted_body": "<strong>sea</strong>",
        "info": { "mimetype": "image/jpeg", "size": 10, "w": 4, "h": 3 },
        "m.mentions": {}, "org.freeside.source": { "id": "s", "part": 0 },
    });
    assert_eq!(parts, [PartContent { event_type: "m.room.message", content, media: true }]);
}

#[test]
fn files_come_first_and_in_order() {
    let voice = Media { kind: MediaKind::Voice, duration_ms: Some(1500), ..photo() };
    let sticker = Media { kind: MediaKind::Sticker, alt: Some("cat".into()), ..photo() };
    let hidden = Media { spoiler: true, name: Some("a\u{202e}b.png".into()), ..photo() };
    let media = [
        Uploaded::at(sticker, "mxc://x/1", "image/webp"),
        Uploaded::at(voice, "mxc://x/2", "audio/ogg"),
        Uploaded::missing(photo(), RichText::plain_text("too large")),
        Uploaded::at(hidden, "mxc://x/3", "image/png"),
    ];
    let message = Message { reply_to: reply(None, None), ..said("words") };
    let parts = post_parts(&message, true, "s", &media);
    let types: Vec<_> = parts.iter().map(|p| (p.event_type, p.media)).collect();
    let text = ("m.room.message", false);
    assert_eq!(
        types,
        [("m.sticker", true), ("m.room.message", true), ("m.room.message", true), text]
    );
    assert_eq!(parts[0].content["body"], "cat");
    assert_eq!(parts[0].content["m.relates_to"]["m.in_reply_to"]["event_id"], "$old");
    assert_eq!(parts[1].content["body"], "words");
    assert_eq!(parts[1].content["info"]["duration"], 1500);
    assert!(parts[1].content["org.matrix.msc3245.voice"].is_object());
    assert_eq!(parts[2].content["body"], "ab.png");
    assert_eq!(parts[2].content["page.codeberg.everypizza.msc4193.spoiler"], true);
    assert_eq!(parts[3].content["body"], "too large");
    assert_eq!(parts[3].content[SOURCE], json!({ "id": "s", "part": 3 }));
}

#[test]
fn a_long_text_is_cut_into_events_that_fit_and_loses_nothing() {
    let spans: Vec<Span> = (0..4_000).map(|n| Span::bold(format!("\"<{n}>\" "))).collect();
    let text = RichText::paragraph(spans).normalise();
    let file = Uploaded::at(photo(), "mxc://x/y", "image/jpeg");
    let parts = post_parts(&message(text.clone()), false, "s", &[file]);
    assert!(parts.len() > 2);
    assert_eq!(parts[0].content["body"], "image.jpg");
    let mut body = String::new();
    for (number, part) in parts.iter().enumerate() {
        assert!(part.content.to_string().len() <= MAX_CONTENT);
        assert_eq!(part.content[SOURCE]["part"], number);
        if !part.media {
            body.push_str(part.content["body"].as_str().unwrap());
            body.push(' ');
        }
    }
    assert_eq!(body.trim_end(), text.plain());
}

#[test]
fn a_message_that_says_nothing_has_no_events() {
    assert_eq!(post_parts(&said(" "), true, "s", &[]), []);
}

#[test]
fn an_edit_replaces_the_text_and_wakes_nobody_again() {
    let spans = vec![mention("matrix", "@bob:example.org")];
    let message = message(RichText::paragraph(spans));
    let edits = edit_parts(&message, false, "s", &[part("$a", false), part("$b", false)]);
    assert_eq!(edits.len(), 1);
    let content = &edits[0].content;
    assert_eq!(content["m.relates_to"], json!({ "rel_type": "m.replace", "event_id": "$a" }));
    assert_eq!(content["body"], "* @Bob");
    assert_eq!(content["m.mentions"], json!({}));
    let new = &content["m.new_content"];
    assert_eq!(new["body"], "@Bob");
    assert_eq!(new["m.mentions"], json!({ "user_ids": ["@bob:example.org"] }));
    assert_eq!(new.get("m.relates_to"), None);
    assert_eq!(content[SOURCE], json!({ "id": "s", "part": 0 }));
}

#[test]
fn an_edit_of_plain_text_has_no_html() {
    let edits = edit_parts(&said("a & b"), false, "s", &[part("$a", false)]);
    assert_eq!(edits[0].content["body"], "* a & b");
    assert_eq!(edits[0].content["m.new_content"]["body"], "a & b");
    assert_eq!(edits[0].content.get("formatted_body"), None);
}

#[test]
fn the_caption_of_a_known_file_is_edited_in_place() {
    let handle = MediaHandle { network: "matrix".into(), reference: "mxc://x/y".into() };
    let media = vec![Media { handle, ..photo() }];
    let edits = edit_parts(&Message { media, ..said("new") }, false, "s", &[part("$a", true)]);
    assert_eq!(edits.len(), 1);
    assert!(edits[0].media);
    let new = &edits[0].content["m.new_content"];
    assert_eq!((&new["body"], &new["url"]), (&json!("new"), &json!("mxc://x/y")));
    assert_eq!(edits[0].content["url"], "mxc://x/y");
}

#[test]
fn a_file_of_unknown_place_stays_and_the_new_caption_follows() {
    let media = vec![photo()];
    let edits = edit_parts(&Message { media, ..said("new") }, false, "s", &[part("$a", true)]);
    let types: Vec<_> = edits.iter().map(|p| (p.event_type, p.media)).collect();
    assert_eq!(types, [(UNCHANGED, true), ("m.room.message", false)]);
    assert_eq!(edits[0].content.get(SOURCE), None);
    assert_eq!(edits[1].content["body"], "new");
}

#[test]
fn a_reaction_is_signed_and_coloured() {
    let part = reaction("$a", &Reaction::Emoji("❤".into()), "s");
    let relation = json!({ "rel_type": "m.annotation", "event_id": "$a", "key": "❤\u{fe0f}" });
    assert_eq!(part.event_type, "m.reaction");
    assert_eq!(part.content["m.relates_to"], relation);
    assert_eq!(part.content[SOURCE], json!({ "id": "s", "part": 0 }));
}

#[test]
fn every_block_can_be_sent() {
    let blocks = vec![Block::Rule, Block::Code { language: None, text: "x".into() }];
    let parts = post_parts(&message(RichText(blocks)), false, "s", &[]);
    assert_eq!(parts[0].content["formatted_body"], Value::from("<hr><pre><code>x\n</code></pre>"));
    assert_eq!(parts[0].content["body"], "---\nx");
}
