// SPDX-License-Identifier: AGPL-3.0-or-later
//! One call of the Bot API that does something, as it was rendered.
//!
//! Rule: the answer says exactly whether the call was carried out, was refused, never arrived, or
//! is in doubt. Source: <https://core.telegram.org/bots/api#making-requests>.

use std::time::Duration;

use bot_core::DeliverError;
use bot_core::Refusal as Reason;
use bot_core::order::Idempotency;
use reqwest_telegram::{RequestBuilder, multipart};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::errors::{CallError, Refusal, decide};
use super::stream::{Setback, Tap, feed, taps};
use super::{ApiContext, ChatSender};
use crate::api::describe;
use crate::convert::outgoing::{Call, Enclosed, enclosed, render};

impl ApiContext {
    /// Makes a call without files.
    pub(super) async fn ask(&self, method: &str, params: &Value) -> Result<Answer, CallError> {
        let request = self.methods.post(self.api.method(method)).json(params);
        let answer = answer_to(self.api.watch.time(request.send()).await).await;
        let chat = params.get("chat_id").and_then(Value::as_i64);
        self.note_move(chat, answer)
    }

    /// Tells the listener of a group that goes on under another id.
    fn note_move<T>(
        &self,
        chat: Option<i64>,
        answer: Result<T, CallError>,
    ) -> Result<T, CallError> {
        let to = answer.as_ref().err().and_then(CallError::said).and_then(Refusal::moved_to);
        if let (Some(from), Some(to)) = (chat, to) {
            self.moves.note(from, to);
        }
        answer
    }
}

/// The `result` of a call, as its JSON text: it may hold more than this version can read.
pub(super) struct Answer(String);

/// As much of a sent `Message` as is needed, <https://core.telegram.org/bots/api#message>.
#[derive(Deserialize)]
pub(super) struct Sent {
    /// Its id.
    pub message_id: i64,
    /// The topic that it stands in, where `is_topic_message` says so.
    #[serde(default)]
    message_thread_id: Option<i64>,
    #[serde(default)]
    is_topic_message: bool,
    /// What of a poll is needed.
    #[serde(default)]
    pub poll: Option<SentPoll>,
}

/// As much of a sent `Poll` as is needed.
#[derive(Deserialize)]
pub(super) struct SentPoll {
    /// The id under which votes come.
    pub id: String,
}

impl Sent {
    /// The topic that the message stands in; General is none.
    pub(super) fn topic(&self) -> Option<i64> {
        self.message_thread_id.filter(|_| self.is_topic_message)
    }
}

impl Answer {
    /// The message or messages that were sent or edited; `None` when the answer does not say.
    pub(super) fn messages(&self) -> Option<Vec<Sent>> {
        let one = |it| vec![it];
        let messages = serde_json::from_str::<Vec<Sent>>(&self.0)
            .or_else(|_| serde_json::from_str::<Sent>(&self.0).map(one));
        messages.ok().filter(|messages| !messages.is_empty())
    }
}

/// The envelope of an answer. Nothing of the result is read before it is known what is needed.
#[derive(Deserialize)]
struct Envelope<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error_code: Option<i64>,
    description: Option<String>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
}

/// <https://core.telegram.org/bots/api#responseparameters>.
#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    retry_after: Option<u64>,
    #[serde(default)]
    migrate_to_chat_id: Option<i64>,
}

impl ChatSender<'_> {
    /// Makes a call that has no files.
    pub(super) async fn plain(&self, call: &Call) -> Result<Answer, CallError> {
        let (method, params) = render(call, self.chat).ok_or_else(not_an_id)?;
        self.context.ask(method, &params).await
    }

    /// Makes a call with its files, streamed from their sources.
    pub(super) async fn upload(&self, call: &Call) -> Result<Answer, Setback> {
        let Some((method, mut params)) = render(call, self.chat) else {
            return Err(Setback::Call(not_an_id()));
        };
        let mut files = Vec::new();
        for file in enclosed(call) {
            match self.preview(&file).await {
                None if file.is_preview => forget(&mut params, &format!("attach://{}", file.name)),
                bytes => files.push((file, bytes)),
            }
        }
        let (taps, parts) = taps(files);
        let (taps, first) = self.open_first(taps).await?;
        let request = self.context.files.post(self.context.api.method(method));
        let request = answer(request.multipart(form(&params, parts)));
        let feeding = feed(self.media, self.context.max_upload, taps, first);
        tokio::pin!(request, feeding);
        tokio::select! {
            // It may refuse before it has read everything.
            answer = &mut request => {
                return self.context.note_move(self.chat.parse().ok(), answer).map_err(Setback::Call);
            }
            // The request is dropped before its end, so that nothing was sent.
            fed = &mut feeding => fed?,
        }
        let answer = request.await;
        self.context.note_move(self.chat.parse().ok(), answer).map_err(Setback::Call)
    }

    /// The bytes of a preview; small enough to be held, and not worth a failure.
    async fn preview(&self, file: &Enclosed) -> Option<Vec<u8>> {
        if !file.is_preview {
            return None;
        }
        super::stream::small(self.media, &file.media).await
    }

    /// Opens the first file before the platform is called: most that cannot be fetched are
    /// known then.
    async fn open_first(
        &self,
        taps: Vec<Tap>,
    ) -> Result<(Vec<Tap>, Option<bot_core::MediaStream>), Setback> {
        let Some(tap) = taps.first() else { return Ok((taps, None)) };
        let stream = super::stream::open(self.media, tap, self.context.max_upload).await?;
        Ok((taps, Some(stream)))
    }

    /// The decision that follows from a call that did not succeed.
    pub(super) fn refuse(&self, call: &Call, trouble: &CallError) -> DeliverError {
        let right = crate::convert::outgoing::right_for(call);
        match right.filter(|_| trouble.is(Refusal::is_lack_of_rights)) {
            Some(right) => {
                DeliverError::Refused { reason: Reason::MissingRights(vec![right.missing()]) }
            }
            None => decide(trouble, Idempotency::Repeatable),
        }
    }
}

fn not_an_id() -> CallError {
    let words = "this is not the id of a Telegram message".to_owned();
    CallError::Refused(Refusal::new(400, words, None))
}

/// Parameters as fields, then the files under the names that the parameters give them.
fn form(params: &Value, parts: Vec<(String, multipart::Part)>) -> multipart::Form {
    let mut form = multipart::Form::new();
    for (name, value) in params.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form = form.text(name.clone(), text);
    }
    parts.into_iter().fold(form, |form, (name, part)| form.part(name, part))
}

/// Takes every mention of an enclosed file out of the parameters.
fn forget(params: &mut Value, reference: &str) {
    if let Some(object) = params.as_object_mut() {
        object.retain(|_, value| value.as_str() != Some(reference));
        object.values_mut().for_each(|value| forget(value, reference));
    }
    if let Some(items) = params.as_array_mut() {
        items.iter_mut().for_each(|value| forget(value, reference));
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, CallError> {
    answer_to(request.send().await).await
}

async fn answer_to(
    response: Result<reqwest_telegram::Response, reqwest_telegram::Error>,
) -> Result<Answer, CallError> {
    let response = response.map_err(trouble)?;
    let status = response.status();
    let body = response.bytes().await.map_err(trouble)?;
    let no_answer =
        || CallError::Doubtful(format!("HTTP status {status}, no answer of the platform"));
    let body = String::from_utf8_lossy(&body);
    let envelope: Envelope<'_> = serde_json::from_str(&body).map_err(|_| no_answer())?;
    if envelope.ok {
        return Ok(Answer(envelope.result.map_or_else(String::new, |it| it.get().to_owned())));
    }
    Err(refusal(&envelope).map_or_else(no_answer, CallError::Refused))
}

/// `None` without a code: that is half an answer.
fn refusal(envelope: &Envelope<'_>) -> Option<Refusal> {
    let words = envelope.description.as_deref().unwrap_or("no reason given");
    let parameters = envelope.parameters.and_then(|it| serde_json::from_str(it.get()).ok());
    let Parameters { retry_after, migrate_to_chat_id } = parameters.unwrap_or_default();
    let after = retry_after.map(Duration::from_secs);
    let refusal = Refusal::new(envelope.error_code?, words.to_owned(), after);
    Some(refusal.moved(migrate_to_chat_id))
}

/// The address holds the token, so it is taken out of the error.
fn trouble(error: reqwest_telegram::Error) -> CallError {
    let unsent = error.is_connect() || error.is_builder();
    let reason = describe(&error.without_url());
    if unsent { CallError::Unsent(reason) } else { CallError::Doubtful(reason) }
}

#[cfg(test)]
mod answer_tests {
    use serde_json::json;

    use super::*;

    fn refused(raw: &str) -> Option<Refusal> {
        refusal(&serde_json::from_str(raw).unwrap())
    }

    #[test]
    fn a_preview_that_cannot_be_had_is_left_out() {
        let mut params =
            json!({ "media": [{ "media": "attach://0", "thumbnail": "attach://0t" }] });
        forget(&mut params, "attach://0t");
        assert_eq!(params, json!({ "media": [{ "media": "attach://0" }] }));
    }

    #[test]
    fn a_refusal_with_unknown_parameters_is_still_a_refusal() {
        let raw = r#"{"ok":false,"error_code":400,"description":"odd","parameters":{"new":1}}"#;
        assert_eq!(refused(raw), Some(Refusal::new(400, "odd".to_owned(), None)));
    }

    #[test]
    fn a_refusal_without_a_code_is_none() {
        assert_eq!(refused(r#"{"ok":false,"description":"odd"}"#), None);
    }

    #[test]
    fn the_new_id_of_a_group_is_read() {
        let raw = r#"{"ok":false,"error_code":400,"parameters":{"migrate_to_chat_id":-1005}}"#;
        assert_eq!(refused(raw).unwrap().moved_to(), Some(-1005));
    }

    #[test]
    fn a_sent_message_is_known_whatever_else_stands_in_it() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let digits = "9".repeat(400);
        let raw = format!(
            r#"{{"message_id":5,"reply_to_message":{{"odd":{deep},"number":{digits},"text":"\ud800"}}}}"#
        );
        let sent = Answer(raw).messages().unwrap();
        assert_eq!((sent[0].message_id, sent[0].topic()), (5, None));
    }
}
