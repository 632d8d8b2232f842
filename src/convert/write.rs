// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a message of the model to a line of output.
//!
//! Rule: what stands there is what the bridge would send, but for files: they are named by where
//! they come from. Of a file that the relay makes of words, the words stand there.

use std::sync::LazyLock;

use bot_core::media::text_file;
use bot_core::relay::prepare::Prepared;
use bot_core::{Action, SendAs, Words};
use bridge_discord::convert::outgoing as discord;
use bridge_matrix::convert::outgoing::{Uploaded, post_parts};
use bridge_model::{Capabilities, Media};
use bridge_telegram::convert::outgoing as telegram;
use serde_json::{Map, Value, json};

use super::line::Side;

/// A message as the relay would hand it to the destination.
pub(super) struct Ready {
    pub prepared: Prepared,
    pub send_as: SendAs,
    /// The address of the answered message.
    pub link: Option<String>,
}

/// The bridge's own words, in English. Reading them takes longer than most messages do.
pub(super) fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(Words::english);
    &WORDS
}

/// What a network can show and carry.
pub(super) fn capabilities(side: Side) -> Capabilities {
    match side {
        Side::Matrix => bridge_matrix::convert::CAPABILITIES,
        Side::Telegram => bridge_telegram::capabilities(false),
        Side::Discord => bridge_discord::capabilities(),
    }
}

/// What the files hold that the relay made of words which no message holds.
pub(super) fn text_files(ready: Option<&Ready>) -> Vec<&str> {
    let media = ready.map_or(&[][..], |ready| &ready.prepared.message.media);
    let made = media.iter().filter(|media| text_file::is_one(media));
    made.map(|media| media.handle.reference.as_str()).collect()
}

/// The name of the list and what stands in it; an empty list when nothing is said.
pub(super) fn said(to: Side, ready: Option<Ready>) -> (&'static str, Vec<Value>) {
    let field = match to {
        Side::Matrix => "events",
        Side::Telegram | Side::Discord => "messages",
    };
    let Some(ready) = ready else { return (field, Vec::new()) };
    let all = match to {
        Side::Matrix => events(&ready.prepared),
        Side::Telegram => calls(ready),
        Side::Discord => bodies(&ready),
    };
    (field, all)
}

fn events(prepared: &Prepared) -> Vec<Value> {
    let uploaded: Vec<Uploaded> = prepared
        .message
        .media
        .iter()
        .enumerate()
        .map(|(number, media)| at(number, media))
        .collect();
    let parts = post_parts(&prepared.message, prepared.native_reply, "convert", &uploaded);
    parts.into_iter().map(|it| json!({ "type": it.event_type, "content": it.content })).collect()
}

/// Files that are not on Matrix yet get an address that says so.
fn at(number: usize, media: &Media) -> Uploaded {
    let uri = match media.handle.reference.starts_with("mxc://") {
        true => media.handle.reference.clone(),
        false => format!("mxc://convert.invalid/file{number}"),
    };
    let mime = media.mime.clone().unwrap_or_else(|| "application/octet-stream".into());
    Uploaded::at(media.clone(), uri, mime)
}

fn calls(ready: Ready) -> Vec<Value> {
    let Ready { prepared: Prepared { message, native_reply }, send_as, .. } = ready;
    let setting = telegram::Setting { max_upload: telegram::MAX_UPLOAD, words: words() };
    let act = Action::Post { send_as, message, native_reply, answer_via: None };
    let calls = telegram::calls(&act, &[], &setting);
    let rendered = calls.iter().filter_map(|call| telegram::render(call, "0"));
    rendered.map(|(method, params)| with_method(method, params)).collect()
}

fn with_method(method: &str, params: Value) -> Value {
    let mut out = Map::new();
    out.insert("method".into(), method.into());
    if let Value::Object(params) = params {
        out.extend(params);
    }
    Value::Object(out)
}

fn bodies(ready: &Ready) -> Vec<Value> {
    let Ready { prepared: Prepared { message, native_reply }, send_as, link } = ready;
    let mut bodies = discord::render(message, send_as, link.clone(), words());
    // Only a bot can answer; a webhook draws a line.
    let answered = message.reply_to.as_ref();
    let answered = answered.filter(|_| *native_reply && *send_as == SendAs::Bot);
    if let (Some(reply), Some(Value::Object(first))) = (answered, bodies.first_mut()) {
        let reference =
            json!({ "message_id": reply.message.as_str(), "fail_if_not_exists": false });
        first.insert("message_reference".into(), reference);
    }
    bodies.into_iter().map(with_files).collect()
}

/// The files by their names, besides the `attachments` that Discord takes.
fn with_files(mut body: Value) -> Value {
    let names: Vec<Value> = body
        .get("attachments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|file| file.get("filename").cloned())
        .collect();
    if let Some(fields) = body.as_object_mut() {
        fields.entry("content").or_insert_with(|| "".into());
        if !names.is_empty() {
            fields.insert("files".into(), names.into());
        }
    }
    body
}
