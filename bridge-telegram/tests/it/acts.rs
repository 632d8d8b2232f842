// SPDX-License-Identifier: AGPL-3.0-or-later
//! Single acts, turned into calls without a network.

use bot_core::{Action, Part, SendAs, Words};
use bridge_model::{
    Block, Button, Forward, MediaKind, Message, MessageKind, Person, Press, Reaction, Reply,
    RichText, Span,
};
use bridge_telegram::convert::TelegramText;
use bridge_telegram::convert::outgoing::{
    self, Address, Call, MAX_CAPTION, MAX_TEXT, MAX_UPLOAD, Piece, Setting, UploadMethod,
};
use teloxide::types::{MessageEntity, MessageEntityKind};

use crate::stage::{alice, media, message, part, post};

fn calls(act: &Action, done: &[Part], max_upload: u64) -> Vec<Call> {
    outgoing::calls(act, done, &Setting { max_upload, words: &Words::english() })
}

fn pieces(send_as: &SendAs, message: &Message, native_reply: bool, max_upload: u64) -> Vec<Piece> {
    let words = Words::english();
    outgoing::pieces(send_as, message, native_reply, &Setting { max_upload, words: &words })
}

fn file_part(id: &str) -> Part {
    Part { id: id.into(), media: true }
}

fn sent(calls: &[Call]) -> Vec<&str> {
    let words = calls.iter().filter_map(|it| {
        let Call::Send { piece, .. } = it else { return None };
        Some(piece.words().text.as_str())
    });
    words.collect()
}

fn edit(parts: &[Part], text: &str) -> Action {
    let parts = parts.to_vec();
    let (message, native_reply, media_changed) = (message(text), false, false);
    Action::Edit { send_as: SendAs::Bot, parts, message, native_reply, media_changed }
}

fn plain(text: &str) -> TelegramText {
    TelegramText { text: text.to_owned(), entities: Vec::new() }
}

#[test]
fn a_person_is_named_in_a_bold_line() {
    let calls = calls(&post(message("hello")), &[], MAX_UPLOAD);
    let [Call::Send { piece: Piece::Text(text), to }] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(to, &Address::default());
    assert_eq!(text.text, "Alice:\nhello");
    assert_eq!(text.entities, [MessageEntity::bold(0, 6)]);
}

#[test]
fn a_forwarded_message_says_from_where() {
    let forwarded = Some(Forward { from: "#news".into() });
    let calls = calls(&post(Message { forwarded, ..message("hello") }), &[], MAX_UPLOAD);
    assert_eq!(sent(&calls), ["Alice:\n↷ #\u{2060}news\nhello"]);
}

#[test]
fn a_name_is_data() {
    let SendAs::Person { person, .. } = alice() else { panic!() };
    let name = "<b>*x*</b>\n/kick @all".to_owned();
    let send_as = SendAs::Person { person, name, avatar_url: None, avatar: None };
    let pieces = pieces(&send_as, &message("hi"), false, MAX_UPLOAD);
    assert_eq!(pieces[0].words().text, "<b>*x*</b> /\u{2060}kick @\u{2060}all:\nhi");
    assert_eq!(pieces[0].words().entities.len(), 1);
}

#[test]
fn the_bot_speaks_without_a_name() {
    let pieces = pieces(&SendAs::Bot, &message("hello"), false, MAX_UPLOAD);
    assert_eq!(pieces, [Piece::Text(plain("hello"))]);
}

#[test]
fn the_third_person_goes_on_in_the_line_of_the_name() {
    let mut emote = message("waves");
    emote.kind = MessageKind::Emote;
    let pieces = pieces(&alice(), &emote, false, MAX_UPLOAD);
    assert_eq!(pieces[0].words().text, "* Alice waves");
}

#[test]
fn a_block_stands_below_the_name() {
    let mut code = message("");
    code.body = RichText(vec![Block::Code { language: None, text: "x = 1".to_owned() }]);
    let pieces = pieces(&alice(), &code, false, MAX_UPLOAD);
    let words = pieces[0].words();
    assert_eq!(words.text, "Alice:\nx = 1");
    let pre = MessageEntityKind::Pre { language: None };
    assert!(words.entities.contains(&MessageEntity::new(pre, 7, 5)));
}

#[test]
fn an_answer_to_what_is_not_here_quotes_it() {
    let mut answer = message("yes");
    answer.reply_to = Some(Reply {
        name: Some("Bob".to_owned()),
        excerpt: Some(RichText::plain_text("is it\ntrue?")),
        ..Reply::to("elsewhere".into())
    });
    let pieces = pieces(&alice(), &answer, false, MAX_UPLOAD);
    assert_eq!(pieces[0].words().text, "Alice:\nBob: is it true?\nyes");
    let quote = MessageEntity::new(MessageEntityKind::Blockquote, 7, 16);
    assert!(pieces[0].words().entities.contains(&quote), "{:?}", pieces[0]);
}

#[test]
fn whoever_is_called_by_a_drawn_answer_is_mentioned_and_by_a_native_one_is_not() {
    let mut answer = message("yes");
    answer.reply_to = Some(Reply {
        name: Some("Bob".to_owned()),
        excerpt: Some(RichText::plain_text("true?")),
        called: vec![Person::new("telegram", "7")],
        ..Reply::to("77".into())
    });
    let mentions = |native: bool, answer: &Message| {
        let pieces = pieces(&alice(), answer, native, MAX_UPLOAD);
        let entities = pieces[0].words().entities.iter();
        let is_mention = |kind: &MessageEntityKind| matches!(kind, MessageEntityKind::TextMention { user } if user.id.0 == 7);
        let at: Vec<_> =
            entities.filter(|it| is_mention(&it.kind)).map(|it| (it.offset, it.length)).collect();
        (pieces[0].words().text.clone(), at)
    };
    assert_eq!(mentions(false, &answer), ("Alice:\nBob: true?\nyes".into(), vec![(7, 3)]));
    assert_eq!(mentions(true, &answer), ("Alice:\nyes".into(), vec![]));
    answer.reply_to.as_mut().unwrap().called.clear();
    assert_eq!(mentions(false, &answer), ("Alice:\nBob: true?\nyes".into(), vec![]));
}

#[test]
fn a_native_answer_is_sent_with_the_first_part_only() {
    let mut answer = message(&"word ".repeat(1500));
    answer.reply_to = Some(Reply::to("77".into()));
    let act =
        Action::Post { send_as: alice(), message: answer, native_reply: true, answer_via: None };
    let replies: Vec<bool> = calls(&act, &[], MAX_UPLOAD)
        .iter()
        .map(|it| matches!(it, Call::Send { to: Address { reply: Some(_), .. }, .. }))
        .collect();
    assert_eq!(replies, [true, false]);
}

#[test]
fn parts_that_are_there_are_not_sent_again() {
    let long = post(message(&"word ".repeat(1500)));
    let calls = calls(&long, &[part(8)], MAX_UPLOAD);
    assert!(matches!(calls.as_slice(), [Call::Keep(_), Call::Send { .. }]), "{calls:?}");
}

#[test]
fn every_piece_of_a_long_text_fits() {
    let pieces = pieces(&alice(), &message(&"𝒳 ".repeat(6000)), false, MAX_UPLOAD);
    assert!(pieces.len() > 3);
    assert!(pieces.iter().all(|it| it.words().text.encode_utf16().count() <= MAX_TEXT));
}

#[test]
fn a_long_caption_goes_on_as_text() {
    let mut photo = message(&"word ".repeat(400));
    photo.media.push(media(MediaKind::Image, "a.png", "image/png"));
    let pieces = pieces(&alice(), &photo, false, MAX_UPLOAD);
    assert!(pieces[0].is_media() && pieces.len() > 1);
    assert!(pieces[1..].iter().all(|it| !it.is_media()));
    assert!(pieces[0].words().text.encode_utf16().count() <= MAX_CAPTION);
}

#[test]
fn a_file_that_is_too_large_leaves_a_line() {
    let mut film = message("see");
    let mut file = media(MediaKind::Video, "film.mp4", "video/mp4");
    file.size = Some(61_240_000);
    film.media.push(file);
    let pieces = pieces(&alice(), &film, false, MAX_UPLOAD);
    let [Piece::Text(text)] = pieces.as_slice() else { panic!("{pieces:?}") };
    assert!(text.text.starts_with("Alice:\nsee\n"), "{}", text.text);
    assert!(text.text.contains("film.mp4, 61.2 MB"), "{}", text.text);
}

#[test]
fn odd_pictures_go_as_documents() {
    let mut wide = media(MediaKind::Image, "a.png", "image/png");
    (wide.width, wide.height) = (Some(9000), Some(100));
    assert_eq!(UploadMethod::of(&wide), UploadMethod::Document);
    let mut heavy = media(MediaKind::Image, "a.png", "image/png");
    heavy.size = Some(11_000_000);
    assert_eq!(UploadMethod::of(&heavy), UploadMethod::Document);
    let vector = media(MediaKind::Image, "a.svg", "image/svg+xml");
    assert_eq!(UploadMethod::of(&vector), UploadMethod::Document);
    assert_eq!(UploadMethod::of(&media(MediaKind::Image, "a", "image/png")), UploadMethod::Photo);
}

#[test]
fn nothing_to_say_is_not_sent() {
    assert!(calls(&post(message("")), &[], MAX_UPLOAD).is_empty());
}

#[test]
fn an_edit_replaces_the_text_in_place() {
    let calls = calls(&edit(&[part(5)], "new"), &[], MAX_UPLOAD);
    assert_eq!(calls, [Call::Edit { part: part(5), text: plain("new"), buttons: Vec::new() }]);
}

#[test]
fn an_edit_that_is_longer_sends_what_is_missing() {
    let calls = calls(&edit(&[part(5)], &"word ".repeat(1500)), &[], MAX_UPLOAD);
    assert!(matches!(calls.as_slice(), [Call::Edit { .. }, Call::Send { .. }]));
}

#[test]
fn an_edit_that_is_shorter_deletes_the_rest() {
    let calls = calls(&edit(&[part(5), part(6)], "short"), &[], MAX_UPLOAD);
    assert!(
        matches!(calls.as_slice(), [Call::Edit { .. }, Call::Delete(id)] if id.as_str() == "6")
    );
}

#[test]
fn an_edit_that_was_half_done_goes_on() {
    let act = edit(&[part(5)], &"word ".repeat(2000));
    let calls = calls(&act, &[part(5), part(9)], MAX_UPLOAD);
    assert_eq!(calls[..2], [Call::Keep(part(5)), Call::Keep(part(9))]);
    assert_eq!(sent(&calls).len(), 1);
}

#[test]
fn a_caption_stays_a_caption() {
    let mut photo = message("new words");
    photo.media.push(media(MediaKind::Image, "a.png", "image/png"));
    let parts = vec![file_part("5")];
    let (native_reply, media_changed) = (false, false);
    let act =
        Action::Edit { send_as: SendAs::Bot, parts, message: photo, native_reply, media_changed };
    let calls = calls(&act, &[], MAX_UPLOAD);
    assert_eq!(
        calls,
        [Call::Edit { part: file_part("5"), text: plain("new words"), buttons: Vec::new() }]
    );
}

#[test]
fn the_most_frequent_reaction_is_set() {
    let emoji = |it: &str| Reaction::Emoji(it.to_owned());
    let others = vec![emoji("👍"), emoji("👍")];
    let (send_as, target) = (alice(), "5".into());
    let act = Action::React { send_as, target, reaction: emoji("🔥"), others: others.clone() };
    let calls_of_react = calls(&act, &[], MAX_UPLOAD);
    let choices = vec!["👍".to_owned(), "🔥".to_owned()];
    let wanted = Call::React { target: "5".into(), choices };
    assert_eq!(calls_of_react, [wanted]);

    let (send_as, target) = (alice(), "5".into());
    let act =
        Action::Unreact { send_as, target, reaction: emoji("🔥"), id: None, others: Vec::new() };
    let none = Call::React { target: "5".into(), choices: Vec::new() };
    assert_eq!(calls(&act, &[], MAX_UPLOAD), [none]);
}

#[test]
fn a_reaction_that_telegram_does_not_have_leaves_those_that_it_has() {
    let reaction = Reaction::Emoji("🥦".to_owned());
    let others = vec![Reaction::Emoji("👍".to_owned())];
    let act = Action::React { send_as: alice(), target: "5".into(), reaction, others };
    let choices = vec!["👍".to_owned()];
    assert_eq!(calls(&act, &[], MAX_UPLOAD), [Call::React { target: "5".into(), choices }]);
}

#[test]
fn literal_markup_in_a_text_stays_literal() {
    let mut odd = message("");
    odd.body = RichText::paragraph(vec![Span::text("*x* <b>y</b> [z](http://z)")]);
    let pieces = pieces(&SendAs::Bot, &odd, false, MAX_UPLOAD);
    assert_eq!(pieces, [Piece::Text(plain("*x* <b>y</b> [z](http://z)"))]);
}

fn offered(call: &Call) -> Vec<&str> {
    let (Call::Send { to: Address { buttons, .. }, .. } | Call::Edit { buttons, .. }) = call else {
        panic!("{call:?}")
    };
    buttons.iter().map(|button| button.label.as_str()).collect()
}

#[test]
fn buttons_stand_below_the_last_piece_and_survive_an_edit() {
    let button = |label: &str, press| Button { label: label.to_owned(), press };
    let buttons = vec![
        button("Undo", Press::Say("unlink".to_owned())),
        button("Open", Press::Open("https://example.org".to_owned())),
        button("Plan", Press::Say("stage plan".to_owned())),
    ];
    let long = Message { buttons: buttons.clone(), ..message(&"word ".repeat(1000)) };
    let act = Action::Post {
        send_as: SendAs::Bot,
        message: long.clone(),
        native_reply: false,
        answer_via: None,
    };
    let made = calls(&act, &[], MAX_UPLOAD);
    let seen: Vec<Vec<&str>> = made.iter().map(offered).collect();
    assert_eq!(seen, [vec![], vec!["Undo", "Open", "Plan"]]);
    let (_, params) = outgoing::render(&made[1], "-5").unwrap();
    let keyboard = serde_json::json!({ "inline_keyboard": [
        [
            { "text": "Undo", "callback_data": "unlink" },
            { "text": "Open", "url": "https://example.org" },
        ],
        [{ "text": "Plan", "callback_data": "stage plan" }],
    ] });
    assert_eq!(params["reply_markup"], keyboard);
    let act = Action::Edit {
        send_as: SendAs::Bot,
        parts: vec![part(5), part(6)],
        message: long,
        native_reply: false,
        media_changed: false,
    };
    let seen: Vec<usize> =
        calls(&act, &[], MAX_UPLOAD).iter().map(|call| offered(call).len()).collect();
    assert_eq!(seen, [0, 3]);
}
