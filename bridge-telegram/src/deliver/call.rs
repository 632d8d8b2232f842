// SPDX-License-Identifier: AGPL-3.0-or-later
//! One call of the Bot API that does something, as it was rendered.
//!
//! Rule: the answer says exactly whether the call was carried out, was refused, never arrived, or
//! is in doubt. Source: <https://core.telegram.org/bots/api#making-requests>.

use std::time::Duration;

use bot_core::DeliverError;
use bot_core::Refusal;
use reqwest_telegram::{RequestBuilder, multipart};
use serde_json::{Map, Value};

use super::errors::{Said, Sort, Trouble, decide};
use super::stream::{Setback, Tap, feed, taps};
use super::{Counter, Desk};
use crate::api::describe;
use crate::convert::outgoing::{Call, Enclosed, enclosed, render};

impl Desk {
    /// Makes a call without files.
    pub(super) async fn ask(&self, method: &str, params: &Value) -> Result<Value, Trouble> {
        answer(self.methods.post(self.api.method(method)).json(params)).await
    }
}

impl Counter<'_> {
    /// Makes a call that has no files.
    pub(super) async fn plain(&self, call: &Call) -> Result<Value, Trouble> {
        let (method, params) = render(call, self.chat).ok_or_else(not_an_id)?;
        self.desk.ask(method, &params).await
    }

    /// Makes a call with its files, streamed from their sources.
    pub(super) async fn upload(&self, call: &Call) -> Result<Value, Setback> {
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
        let request = self.desk.files.post(self.desk.api.method(method));
        let request = answer(request.multipart(form(&params, parts)));
        let feeding = feed(self.media, self.desk.max_upload, taps, first);
        tokio::pin!(request, feeding);
        tokio::select! {
            // It may refuse before it has read everything.
            answer = &mut request => return answer.map_err(Setback::Call),
            // The request is dropped before its end, so that nothing was sent.
            fed = &mut feeding => fed?,
        }
        request.await.map_err(Setback::Call)
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
        let stream = super::stream::open(self.media, tap, self.desk.max_upload).await?;
        Ok((taps, Some(stream)))
    }

    /// The decision that follows from a call that did not succeed.
    pub(super) fn refuse(&self, call: &Call, trouble: &Trouble) -> DeliverError {
        let right = crate::convert::outgoing::right_for(call);
        match right.filter(|_| trouble.is(Said::is_lack_of_rights)) {
            Some(right) => {
                DeliverError::Refused { reason: Refusal::MissingRights(vec![right.missing()]) }
            }
            None => decide(trouble, Sort::Repeatable),
        }
    }
}

fn not_an_id() -> Trouble {
    let words = "this is not the id of a Telegram message".to_owned();
    Trouble::Said(Said::new(400, words, None))
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

async fn answer(request: RequestBuilder) -> Result<Value, Trouble> {
    let response = request.send().await.map_err(trouble)?;
    let status = response.status();
    let body = response.bytes().await.map_err(trouble)?;
    let envelope: Option<Map<String, Value>> = serde_json::from_slice(&body).ok();
    let Some(mut envelope) = envelope else {
        return Err(Trouble::Doubtful(format!("HTTP status {status}, no JSON")));
    };
    match envelope.get("ok").and_then(Value::as_bool) {
        Some(true) => Ok(envelope.remove("result").unwrap_or_default()),
        Some(false) => Err(Trouble::Said(said(&envelope))),
        None => Err(Trouble::Doubtful("the answer cannot be read".to_owned())),
    }
}

fn said(envelope: &Map<String, Value>) -> Said {
    let code = envelope.get("error_code").and_then(Value::as_i64).unwrap_or_default();
    let words = envelope.get("description").and_then(Value::as_str).unwrap_or("no reason given");
    let after = envelope.get("parameters").and_then(|it| it.get("retry_after"));
    let after = after.and_then(Value::as_u64).map(Duration::from_secs);
    Said::new(code, words.to_owned(), after)
}

/// The address holds the token, so it is taken out of the error.
fn trouble(error: reqwest_telegram::Error) -> Trouble {
    let unsent = error.is_connect() || error.is_builder();
    let reason = describe(&error.without_url());
    if unsent { Trouble::Unsent(reason) } else { Trouble::Doubtful(reason) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_preview_that_cannot_be_had_is_left_out() {
        let mut params =
            json!({ "media": [{ "media": "attach://0", "thumbnail": "attach://0t" }] });
        forget(&mut params, "attach://0t");
        assert_eq!(params, json!({ "media": [{ "media": "attach://0" }] }));
    }

    #[test]
    fn a_refusal_with_unknown_parameters_is_still_a_refusal() {
        let raw = json!({ "ok": false, "error_code": 400, "description": "odd", "parameters": { "new": 1 } });
        let wanted = Said::new(400, "odd".to_owned(), None);
        assert_eq!(said(raw.as_object().unwrap()), wanted);
    }
}
