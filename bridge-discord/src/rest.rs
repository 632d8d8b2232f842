// SPDX-License-Identifier: AGPL-3.0-or-later
//! Discord's HTTP API v10: one request at a time, no waiting inside.
//!
//! Rule: the error says whether the request can have had an effect; a rate limit is
//! handed to the caller, who alone knows what else could be done meanwhile.

pub(crate) mod code;
mod error;

use std::time::Duration;

use bot_core::clock::ServerClock;
use bot_core::measure::Stopwatch;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::token::Token;
use crate::tolerant;

pub(crate) use bot_core::order::Idempotency;
pub(crate) use error::{ErrorAnswer, RestError, ask_error, deliver_error};

/// How long a request may take; uploads included.
const LONGEST: Duration = Duration::from_secs(120);

/// How long a file may take to come; the reader may be a slow upload elsewhere.
const LONGEST_FETCH: Duration = Duration::from_secs(900);

/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(15);

/// Why something was done, in the audit log.
const AUDIT_LOG_REASON: &str = "x-audit-log-reason";
/// Characters of that.
const MOST_REASON: usize = 512;

/// The client.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    http: reqwest::Client,
    base: String,
    token: Token,
    /// Discord's own clock.
    pub(crate) clock: ServerClock,
    watch: Stopwatch,
}

/// What goes with a request.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// A JSON document.
    Json(Value),
    /// Files, and a JSON document as `payload_json`.
    Form(Form),
}

impl Rest {
    /// A client for the API at `base` (with the version, without a slash at the end).
    ///
    /// # Errors
    /// When the proxy's address or the TLS set-up is not usable.
    pub(crate) fn new(base: &Url, token: &Token, proxy: Option<&Url>) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!(
                "DiscordBot (https://gitlab.wikimedia.org/repos/freeside/freeside, ",
                env!("CARGO_PKG_VERSION"),
                ")"
            ))
            .connect_timeout(CONNECT)
            .timeout(LONGEST)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(proxy) = proxy {
            let proxy = reqwest::Proxy::all(proxy.as_str()).map_err(|error| error.to_string())?;
            builder = builder.proxy(proxy);
        }
        let http = builder.build().map_err(|error| error.to_string())?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        let (token, clock) = (token.clone(), ServerClock::default());
        Ok(Self { http, base, token, clock, watch: Stopwatch::off() })
    }

    /// The same, and its requests without files are measured.
    pub(crate) fn watched(self, watch: Stopwatch) -> Self {
        Self { watch, ..self }
    }

    /// Asks with the bot's token and reads the answer as `T`.
    ///
    /// # Errors
    /// See [`RestError`].
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, RestError> {
        read(self.send(method, path, body, true).await?).await
    }

    /// Asks with the bot's token; what is answered does not matter.
    ///
    /// # Errors
    /// See [`RestError`].
    pub(crate) async fn tell(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<(), RestError> {
        self.send(method, path, body, true).await.map(drop)
    }

    /// As [`Rest::tell`], with the words that stand in the audit log of the server.
    ///
    /// See <https://discord.com/developers/docs/resources/audit-log#audit-log-entry-object>: at most 512
    /// characters, percent-encoded.
    ///
    /// # Errors
    /// See [`RestError`].
    pub(crate) async fn tell_because(
        &self,
        (method, path): (Method, &str),
        body: Body,
        reason: &str,
    ) -> Result<(), RestError> {
        let reason: String = reason.chars().take(MOST_REASON).collect();
        let reason = utf8_percent_encode(&reason, NON_ALPHANUMERIC).to_string();
        let request = self.request(method, path, body, true).header(AUDIT_LOG_REASON, reason);
        let response = request.send().await.map_err(RestError::from_reqwest)?;
        check(response).await.map(drop)
    }

    /// As [`Rest::ask`], for paths that carry a token of their own.
    ///
    /// # Errors
    /// See [`RestError`].
    pub(crate) async fn ask_openly<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, RestError> {
        read(self.send(method, path, body, false).await?).await
    }

    /// As [`Rest::tell`], for paths that carry a token of their own.
    ///
    /// # Errors
    /// See [`RestError`].
    pub(crate) async fn tell_openly(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<(), RestError> {
        self.send(method, path, body, false).await.map(drop)
    }

    /// Fetches a file without telling who we are.
    ///
    /// # Errors
    /// See [`RestError`].
    pub(crate) async fn fetch(&self, url: Url) -> Result<Response, RestError> {
        let request = self.http.get(url).timeout(LONGEST_FETCH);
        let response = request.send().await.map_err(RestError::from_reqwest)?;
        check(response).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
        authorised: bool,
    ) -> Result<Response, RestError> {
        let with_files = matches!(body, Body::Form(_));
        let sent = self.request(method, path, body, authorised).send();
        let response = if with_files { sent.await } else { self.watch.time(sent).await };
        let response = response.map_err(RestError::from_reqwest)?;
        let date = response.headers().get("date").and_then(|date| date.to_str().ok());
        self.clock.note(date);
        check(response).await
    }

    fn request(&self, method: Method, path: &str, body: Body, authorised: bool) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if authorised {
            request = request.header("authorization", format!("Bot {}", self.token.reveal()));
        }
        match body {
            Body::Empty => request,
            Body::Json(json) => request.json(&json),
            Body::Form(form) => request.multipart(form),
        }
    }
}

async fn check(response: Response) -> Result<Response, RestError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let header = header.and_then(|value| value.parse::<f64>().ok());
    let body = response.bytes().await.ok().and_then(|body| tolerant::read(&body));
    let body = body.map(|document| document.value).unwrap_or_default();
    Err(RestError::Refusal(ErrorAnswer::read(status, header, &body)))
}

/// Reads an answer; what cannot be read of it is `null`.
async fn read<T: DeserializeOwned>(response: Response) -> Result<T, RestError> {
    let body = response.bytes().await;
    let body = body.map_err(|error| RestError::Lost(error.without_url().to_string()))?;
    let document = tolerant::read(&body);
    let document = document.ok_or_else(|| RestError::Lost("it is not JSON".to_owned()))?;
    if document.damaged {
        tracing::warn!(bytes = body.len(), "a part of an answer of Discord's cannot be read");
    }
    serde_json::from_value(document.value).map_err(|error| RestError::Lost(error.to_string()))
}
