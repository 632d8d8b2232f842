// SPDX-License-Identifier: AGPL-3.0-or-later
//! The HTTP side: from a request to a response.
//!
//! Rule: a request passes, in this order, the log, the outage, the faults, the token,
//! the contract, the rate limit and its route; the answer passes the contract.

mod application;
mod channels;
mod interactions;
mod messages;
mod moderation;
mod pins;
mod polls;
mod reactions;
pub(crate) use polls::asked;
pub(crate) use reactions::emoji_of;
mod threads;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::form::{self, Form};
use super::refusal::{
    Answer, Outcome, Refusal, method_not_allowed, not_found, too_large, unauthorized,
};
use super::requests::Request;
use super::world::World;
use super::{Inner, contract, files, path, refusal};
use crate::faults::{Fault, lost};

/// A whole request is never larger than this.
const BODY_LIMIT: usize = 110 * 1024 * 1024;

/// One request on its way to its route.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) steps: Vec<&'a str>,
    pub(crate) query: &'a str,
    pub(crate) form: Form,
    /// `X-Audit-Log-Reason`, decoded.
    pub(crate) reason: Option<String>,
    /// Before anything was checked.
    pub(crate) arrived: Instant,
}

impl Call<'_> {
    /// A value of the query string.
    pub(crate) fn query(&self, key: &str) -> Option<String> {
        path::query(self.query, key)
    }
}

/// Serves everything but the gateway.
pub(crate) async fn serve(inner: Arc<Inner>, request: HttpRequest<Body>) -> Response {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let query = parts.uri.query().unwrap_or("").to_owned();
    let raw = parts.uri.path();
    let Some(path) = raw.strip_prefix("/api/v10").map(str::to_owned) else {
        return inner.with_quietly(|world| files::serve(world, &path::decode(raw), &query));
    };
    let bytes = match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(bytes) => bytes,
        Err(_) => return respond(&path, Err(too_large())).1,
    };
    let read = form::read(&parts, bytes).await;
    let number = note(&inner, &parts.headers, [&method, &path, &query], read.as_ref().ok());
    let route = format!("{method} {path}");
    if inner.with_quietly(|world| world.knobs.outage) {
        inner.with(|world| finish(world, number, 503));
        return (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response();
    }
    let mut lose = false;
    match inner.faults.take(&route) {
        Some(Fault::Answer { status, body, headers }) => {
            inner.with(|world| finish(world, number, status));
            return told(status, &body, &headers);
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(time).await,
        Some(Fault::LoseResponse) => lose = true,
        Some(Fault::Break) => return lost(),
        None => {}
    }
    let response = inner.with(|world| {
        let outcome = read.map_err(Stop::Refused).and_then(|form| {
            let steps = path.split('/').filter(|step| !step.is_empty()).collect();
            let reason = parts.headers.get("x-audit-log-reason");
            let reason = reason.and_then(|it| it.to_str().ok()).map(path::decode);
            let call = Call { method: &method, steps, query: &query, form, reason, arrived };
            let suspect = admit(world, &parts.headers, &call, &path)?;
            limit(world, &call)?;
            let answer = dispatch(world, &call)?;
            world.violations.extend(suspect);
            Ok(answer)
        });
        let (status, response) = finished(world, (&method, &path), outcome);
        finish(world, number, status);
        response
    });
    if lose { lost() } else { response }
}

/// Why a request does not reach its end.
enum Stop {
    Refused(Refusal),
    /// What is left of the rate limit.
    Limited(Duration),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn note(inner: &Inner, headers: &HeaderMap, what: [&String; 3], form: Option<&Form>) -> usize {
    let [method, path, query] = what.map(String::clone);
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let body = form.map_or(Value::Null, |form| form.json.clone());
    let files = form.map(|form| form.files.iter().map(|(_, file)| file.name.clone()).collect());
    let files = files.unwrap_or_default();
    let agent = agent.map(str::to_owned);
    let request = Request { method, path, query, agent, body, files, status: None };
    inner.with(|world| {
        world.requests.push(request);
        world.requests.len() - 1
    })
}

fn finish(world: &mut World, number: usize, status: u16) {
    if let Some(request) = world.requests.get_mut(number) {
        request.status = Some(status);
    }
}

/// Token, user agent and contract. A breach that the route itself should refuse is given
/// back, for the case that it does not.
fn admit(
    world: &mut World,
    headers: &HeaderMap,
    call: &Call,
    path: &str,
) -> Result<Option<String>, Refusal> {
    if headers.get(header::USER_AGENT).is_none() {
        return Err(Refusal::new(403, 40333, "internal network error"));
    }
    let open = matches!(
        call.steps.as_slice(),
        ["gateway"] | ["webhooks", _, _, ..] | ["interactions", _, _, "callback"]
    );
    if !open {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bot "));
        if !world.knobs.token_valid || token != Some(world.token.as_str()) {
            return Err(unauthorized());
        }
    }
    let Some(breach) = contract::request(call.method, path, &call.form.json) else {
        return Ok(None);
    };
    if breach.only_lengths {
        return Ok(Some(breach.text));
    }
    let refusal = refusal::invalid("", "CONTRACT_VIOLATION", breach.text.clone());
    world.violations.push(breach.text);
    Err(refusal)
}

/// The rate limit of one channel's message and webhook routes.
fn limit(world: &mut World, call: &Call) -> Result<(), Stop> {
    let channel = match call.steps.as_slice() {
        ["channels", id, "messages", ..] => id.parse().ok(),
        ["webhooks", id, _, ..] => {
            let id: Option<u64> = id.parse().ok();
            let thread = call.query("thread_id").and_then(|id| id.parse::<u64>().ok());
            let webhook = id.and_then(|id| world.webhooks.get(&id)).map(|hook| hook.channel);
            thread.filter(|thread| world.limited.contains_key(thread)).or(webhook)
        }
        _ => None,
    };
    let until = channel.and_then(|channel: u64| world.limited.get(&channel));
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    match left.filter(|left| !left.is_zero()) {
        Some(left) => Err(Stop::Limited(left)),
        None => Ok(()),
    }
}

/// The routes.
fn dispatch(world: &mut World, call: &Call) -> Outcome {
    match call.steps.as_slice() {
        ["gateway", ..] | ["users", ..] | ["applications", ..] | ["oauth2", ..] => {
            application::route(world, call)
        }
        ["interactions", ..] => interactions::callback(world, call),
        ["channels", _, "messages", _, "reactions", ..] => reactions::route(world, call),
        ["channels", _, "pins", ..] | ["channels", _, "messages", "pins", ..] => {
            pins::route(world, call)
        }
        ["channels", _, "messages", _, "threads"]
        | ["channels", _, "threads"]
        | ["channels", _, "threads", "archived", "public"] => threads::route(world, call),
        ["channels", _, "polls", ..] => polls::route(world, call),
        ["channels", _] if call.method == "PATCH" => threads::route(world, call),
        ["channels", _, "messages", ..] => messages::route(world, call),
        ["channels", _, "webhooks"] => webhooks::of_channel(world, call),
        ["guilds", _, "bans", _] | ["guilds", _, "audit-logs"] => moderation::route(world, call),
        ["guilds", _, "members", _] if call.method != "GET" => moderation::route(world, call),
        ["channels", ..] | ["guilds", ..] => channels::route(world, call),
        ["webhooks", id, ..] if id.parse() == Ok(world.application) => {
            interactions::followups(world, call)
        }
        ["webhooks", ..] => webhooks::route(world, call),
        _ => Err(not_found()),
    }
}

/// A known path with a method that it does not have.
pub(crate) fn wrong_method() -> Outcome {
    Err(method_not_allowed())
}

/// Reads an id of a path.
pub(crate) fn id(step: &str) -> Result<u64, Refusal> {
    let text = format!("Value \"{step}\" is not snowflake.");
    step.parse().map_err(|_| refusal::invalid("_path", "NUMBER_TYPE_COERCE", text))
}

fn finished(
    world: &mut World,
    (method, path): (&str, &str),
    outcome: Result<Answer, Stop>,
) -> (u16, Response) {
    let outcome = match outcome {
        Ok(answer) => Ok(answer),
        Err(Stop::Refused(refusal)) => Err(refusal),
        Err(Stop::Limited(left)) => return (429, limited(path, left)),
    };
    let (status, body) = match &outcome {
        Ok(Answer::Json(body)) => (200, Some(body.clone())),
        Ok(Answer::Created(body)) => (201, Some(body.clone())),
        Ok(Answer::Empty) => (204, None),
        Err(refusal) => (refusal.status, Some(refusal.body())),
    };
    if let Some(wrong) = contract::answer(method, path, status, &body.unwrap_or(Value::Null)) {
        world.violations.push(wrong);
    }
    respond(path, outcome)
}

fn respond(path: &str, outcome: Outcome) -> (u16, Response) {
    let (status, body) = match outcome {
        Ok(Answer::Json(body)) => (200, Some(body)),
        Ok(Answer::Created(body)) => (201, Some(body)),
        Ok(Answer::Empty) => (204, None),
        Err(refusal) => (refusal.status, Some(refusal.body())),
    };
    let headers = buckets(path, 49, Duration::from_secs(1));
    let response = match body {
        Some(body) => told(status, &body, &headers),
        None => told(status, &Value::Null, &headers),
    };
    (status, response)
}

fn limited(path: &str, left: Duration) -> Response {
    let seconds = left.as_secs_f64();
    let body = json!({
        "message": "You are being rate limited.", "retry_after": seconds, "global": false,
    });
    let mut headers = buckets(path, 0, left);
    headers.push(("retry-after".into(), format!("{}", seconds.ceil())));
    headers.push(("x-ratelimit-scope".into(), "user".into()));
    told(429, &body, &headers)
}

/// The headers of the rate limit; the bucket is that of the route with its main id.
fn buckets(path: &str, remaining: u32, after: Duration) -> Vec<(String, String)> {
    let main: Vec<&str> = path.split('/').take(4).collect();
    let bucket = super::render::avatar_hash(&main.join("/"));
    let reset = Duration::from_millis(super::clock::now()) + after;
    vec![
        ("x-ratelimit-limit".into(), "50".into()),
        ("x-ratelimit-remaining".into(), remaining.to_string()),
        ("x-ratelimit-reset".into(), format!("{:.3}", reset.as_secs_f64())),
        ("x-ratelimit-reset-after".into(), format!("{:.3}", after.as_secs_f64())),
        ("x-ratelimit-bucket".into(), bucket),
    ]
}

/// A response with a JSON body (none for 204) and further headers.
fn told(status: u16, body: &Value, headers: &[(String, String)]) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if status == StatusCode::NO_CONTENT {
        status.into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, "application/json")];
        (status, kind, body.to_string()).into_response()
    };
    for (name, value) in headers {
        let name = HeaderName::try_from(name.as_str());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
