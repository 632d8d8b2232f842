// SPDX-License-Identifier: AGPL-3.0-or-later
//! Questions to the Bot API whose answers are kept as raw JSON.
//!
//! Rule: nothing is sent to a chat from here. Questions may be repeated; what does something goes
//! through `deliver/call.rs`.

use std::time::Duration;

use bot_core::clock::ServerClock;
use bot_core::measure::Stopwatch;
use bot_core::{AskError, Refusal};
use reqwest_telegram::{Client, Response};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use crate::settings::SettingsError;

/// The method whose answer is there when something was said.
const LONG_POLL: &str = "getUpdates";

/// One Bot API server, spoken to as one bot.
#[derive(Clone)]
pub(crate) struct Api {
    base: Url,
    token: String,
    /// The server's own clock.
    pub(crate) clock: ServerClock,
    /// Measures requests without files, except those that wait for something to happen.
    pub(crate) watch: Stopwatch,
}

impl std::fmt::Debug for Api {
    /// Without the token, and without the address, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("server", &self.base.host_str()).finish_non_exhaustive()
    }
}

/// A question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// The platform answered, and said no.
    #[error("{code}: {text}")]
    Refused {
        /// The HTTP-like `error_code`.
        code: i64,
        /// The `description`.
        text: String,
        /// `parameters.retry_after`.
        after: Option<Duration>,
    },
    /// No answer, or none that can be read.
    #[error("{0}")]
    Outage(String),
}

/// The envelope of every answer, <https://core.telegram.org/bots/api#making-requests>.
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

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

impl Api {
    pub(crate) fn new(base: Url, token: String) -> Result<Self, SettingsError> {
        if base.cannot_be_a_base() {
            return Err(SettingsError::ApiUrl(base.into()));
        }
        Ok(Self { base, token, clock: ServerClock::default(), watch: Stopwatch::off() })
    }

    /// The same, and its requests are measured.
    pub(crate) fn watched(self, watch: Stopwatch) -> Self {
        Self { watch, ..self }
    }

    /// Calls a method and returns the JSON text of its `result`.
    pub(crate) async fn call(
        &self,
        client: &Client,
        method: &str,
        params: &Value,
    ) -> Result<String, Problem> {
        let sent = client.post(self.address(&[], method)).json(params).send();
        let sent = if method == LONG_POLL { sent.await } else { self.watch.time(sent).await };
        let answer = sent.map_err(outage)?;
        let status = answer.status();
        let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
        self.clock.note(date);
        let body = answer.bytes().await.map_err(outage)?;
        open_envelope(&String::from_utf8_lossy(&body))
            .unwrap_or_else(|| Err(Problem::Outage(format!("HTTP status {status}, no JSON"))))
    }

    /// As [`Self::call`], with the result parsed.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        method: &str,
        params: &Value,
    ) -> Result<Value, Problem> {
        let result = self.call(client, method, params).await?;
        serde_json::from_str(&result).map_err(|error| Problem::Outage(error.to_string()))
    }

    /// Starts the download of a file, <https://core.telegram.org/bots/api#getfile>.
    pub(crate) async fn download(&self, client: &Client, path: &str) -> Result<Response, Problem> {
        let answer = client.get(self.address(&["file"], path)).send().await.map_err(outage)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        // What is not the platform's own answer (a proxy's page, a redirect) passes.
        let body = answer.bytes().await.map_err(outage)?;
        let refused = open_envelope(&String::from_utf8_lossy(&body)).and_then(Result::err);
        Err(refused.unwrap_or_else(|| {
            Problem::Outage(format!("the download was answered with HTTP status {status}"))
        }))
    }

    /// The address of a method.
    pub(crate) fn method(&self, name: &str) -> Url {
        self.address(&[], name)
    }

    fn address(&self, before: &[&str], last: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            segments.extend(before);
            segments.push(&format!("bot{}", self.token));
            segments.extend(last.split('/'));
        }
        url
    }
}

fn open_envelope(body: &str) -> Option<Result<String, Problem>> {
    let envelope: Envelope<'_> = serde_json::from_str(body).ok()?;
    if envelope.ok {
        return Some(Ok(envelope.result?.get().to_owned()));
    }
    let parameters: Option<Parameters> =
        envelope.parameters.and_then(|raw| serde_json::from_str(raw.get()).ok());
    Some(Err(Problem::Refused {
        // Every error of the platform has one; half an answer is none.
        code: envelope.error_code?,
        text: envelope.description.unwrap_or_else(|| "no reason given".to_owned()),
        after: parameters.and_then(|it| it.retry_after).map(Duration::from_secs),
    }))
}

/// The address holds the token, so it is taken out of the error.
pub(crate) fn outage(error: reqwest_telegram::Error) -> Problem {
    Problem::Outage(describe(&error.without_url()))
}

/// An error with its causes, in one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

impl From<Problem> for AskError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Refused { code: 429, text, after } => Self::Retry { after, reason: text },
            Problem::Refused { code: 401, text, .. } => {
                Self::Retry { after: None, reason: format!("token refused: {text}") }
            }
            Problem::Refused { code: 500.., text, after } => Self::Retry { after, reason: text },
            Problem::Refused { text, .. } => Self::Refused(Refusal::Platform(text)),
            Problem::Outage(reason) => Self::Retry { after: None, reason },
        }
    }
}

#[cfg(test)]
mod envelope_tests {
    use super::*;

    #[test]
    fn method_addresses_keep_the_path_of_the_server() {
        let base = Url::parse("http://127.0.0.1:1/telegram/").unwrap();
        let api = Api::new(base, "1:A".to_owned()).unwrap();
        assert_eq!(api.address(&[], "getMe").as_str(), "http://127.0.0.1:1/telegram/bot1:A/getMe");
        let file = api.address(&["file"], "photos/file_1.jpg");
        assert_eq!(file.as_str(), "http://127.0.0.1:1/telegram/file/bot1:A/photos/file_1.jpg");
    }

    #[test]
    fn an_error_keeps_its_code_and_its_delay() {
        let body = r#"{"ok":false,"error_code":429,"description":"Too Many","parameters":{"retry_after":7}}"#;
        let problem = open_envelope(body).unwrap().unwrap_err();
        let after = Some(Duration::from_secs(7));
        assert_eq!(problem, Problem::Refused { code: 429, text: "Too Many".to_owned(), after });
    }

    #[test]
    fn the_token_is_not_shown() {
        let base = Url::parse("http://user:secret@127.0.0.1:1/").unwrap();
        let api = Api::new(base, "1:SECRET".to_owned()).unwrap();
        assert!(!format!("{api:?}").to_lowercase().contains("secret"));
    }

    #[test]
    fn half_an_error_is_no_answer() {
        assert!(open_envelope(r#"{"ok":false}"#).is_none());
    }

    #[test]
    fn an_answer_that_is_no_json_is_an_outage() {
        assert!(open_envelope("<html>502</html>").is_none());
    }
}
