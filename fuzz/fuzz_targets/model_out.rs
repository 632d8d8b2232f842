// SPDX-License-Identifier: AGPL-3.0-or-later
//! A text of the model to each network: limits hold, and nobody is called.
#![no_main]

use bridge_matrix::convert::{html, outgoing as matrix};
use bot_core::{Action, SendAs, Words};
use bridge_discord::convert::outgoing as discord;
use bridge_model::{Author, AuthorKind, Message, Timestamp};
use bridge_telegram::convert::outgoing as telegram;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let author = Author {
        user: "1".into(),
        kind: AuthorKind::Person,
        name: "A".to_owned(),
        username: None,
        avatar: None,
    };
    let mut message = Message::new(author, Timestamp(0));
    message.body = html::read(&String::from_utf8_lossy(bytes));
    let words = Words::english();
    for body in discord::render(&message, &SendAs::Bot, None, &words) {
        let content = body.get("content").and_then(|it| it.as_str()).unwrap_or_default();
        assert!(content.chars().count() <= discord::MOST_CHARACTERS);
        assert_eq!(body["allowed_mentions"]["parse"], serde_json::json!([]));
    }
    let _ = matrix::post_parts(&message, false, "x", &[]);
    let setting = telegram::Setting { max_upload: telegram::MAX_UPLOAD, words: &words };
    let act = Action::Post { send_as: SendAs::Bot, message, native_reply: false, answer_via: None };
    for call in telegram::calls(&act, &[], &setting) {
        let Some((_, params)) = telegram::render(&call, "1") else { continue };
        let text = params.get("text").and_then(|it| it.as_str()).unwrap_or_default();
        assert!(text.encode_utf16().count() <= telegram::MAX_TEXT);
    }
});
