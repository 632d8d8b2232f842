// SPDX-License-Identifier: AGPL-3.0-or-later
//! The `getUpdates` loop, <https://core.telegram.org/bots/api#getupdates>.
//!
//! Rule: asking with an offset confirms everything before it. The offset that is asked next is
//! therefore only ever the one of the last batch that the sink has accepted.

mod age;
mod backoff;
mod poll;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bot_core::{Batch, Mark, NetworkError, Sink, lateness};
use bridge_model::Timestamp;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::backoff::Backoff;
use self::poll::{PollError, Received};
use crate::NETWORK;
use crate::api::Problem;
use crate::connection::Connection;
use crate::convert::incoming::{self, How, Us};

/// The mark under which the offset is kept: decimal digits.
const OFFSET: &str = "offset";

/// Listens until `stop`.
pub(crate) async fn run(
    connection: &Connection,
    sink: Arc<dyn Sink>,
    stop: CancellationToken,
) -> Result<(), NetworkError> {
    let work = listen(connection, sink.as_ref());
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        never = work => match never {},
    }
}

async fn listen(connection: &Connection, sink: &dyn Sink) -> Infallible {
    let mut backoff = Backoff::new(&connection.patience);
    let us = know_ourselves(connection, &mut backoff).await;
    let mut offset = stored_offset(sink, &mut backoff).await;
    let mut heard = age::Heard::stored(sink).await;
    info!(network = NETWORK, "listening to Telegram");
    sink.hears(true);
    loop {
        let polled = tokio::select! {
            (from, to) = connection.moves.next() => {
                hand_on_move(sink, (from, to), &mut backoff).await;
                continue;
            }
            polled = poll::poll(connection, offset) => polled,
        };
        let received = match polled {
            Ok(received) => {
                sink.hears(true);
                received
            }
            Err(problem) => {
                sink.hears(matches!(problem, PollError::Slow(_)));
                wait_out(problem, &mut backoff).await;
                continue;
            }
        };
        let now = connection.api.clock.answered_at();
        let silent_for = heard.silent_for(now);
        let marks = heard.marks(sink, now, received.next.is_some()).await;
        let batch = match received.next {
            Some(next) => batch(&received, next, us, (marks, now, silent_for)),
            None if marks.is_empty() => {
                backoff.reset();
                continue;
            }
            None => Batch { network: NETWORK.into(), marks, events: Vec::new() },
        };
        match sink.accept(batch).await {
            Ok(()) => {
                backoff.reset();
                answer_presses(connection, &received).await;
                offset = received.next.or(offset);
                heard.is_stored(now);
            }
            Err(error) => {
                let wait = backoff.next();
                error!(network = NETWORK, %error, wait_ms = millis(wait), "updates were not stored");
                tokio::time::sleep(wait).await;
            }
        }
    }
}

async fn know_ourselves<'a>(connection: &'a Connection, backoff: &mut Backoff) -> &'a Us {
    loop {
        match connection.us().await {
            Ok(us) => {
                backoff.reset();
                return us;
            }
            Err(problem) => wait_out(PollError::of(problem), backoff).await,
        }
    }
}

async fn stored_offset(sink: &dyn Sink, backoff: &mut Backoff) -> Option<i64> {
    loop {
        match sink.mark(OFFSET).await {
            Ok(mark) => {
                backoff.reset();
                let digits = mark.and_then(|it| String::from_utf8(it).ok())?;
                return digits.parse().ok();
            }
            Err(error) => {
                let wait = backoff.next();
                error!(network = NETWORK, %error, wait_ms = millis(wait), "the offset is not readable");
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Hands a group's new id to the core, until it is stored.
async fn hand_on_move(sink: &dyn Sink, (from, to): (i64, i64), backoff: &mut Backoff) {
    loop {
        let events = vec![incoming::moved(from, to)];
        let batch = Batch { network: NETWORK.into(), marks: Vec::new(), events };
        match sink.accept(batch).await {
            Ok(()) => return backoff.reset(),
            Err(error) => {
                let wait = backoff.next();
                error!(network = NETWORK, %error, wait_ms = millis(wait), "a move was not stored");
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// Waits as long as the problem asks for.
async fn wait_out(problem: PollError, backoff: &mut Backoff) {
    let wait = match &problem {
        // Outages are answered so, too, and operators put tokens back: asking goes on.
        PollError::TokenRefused(reason) => {
            let wait = backoff.longest();
            error!(
                network = NETWORK,
                reason,
                wait_ms = millis(wait),
                "Telegram refuses the token: nothing is heard from there until it is right"
            );
            wait
        }
        PollError::Slow(after) => {
            info!(network = NETWORK, wait_ms = millis(*after), "Telegram asks to wait");
            *after
        }
        PollError::Conflict(reason) => {
            let wait = backoff.next();
            error!(
                network = NETWORK,
                reason,
                wait_ms = millis(wait),
                "another program takes this bot's updates (a second copy, or a webhook): stop it"
            );
            wait
        }
        PollError::Outage(reason) => {
            let wait = backoff.next();
            warn!(network = NETWORK, reason, wait_ms = millis(wait), "Telegram cannot be reached");
            wait
        }
    };
    tokio::time::sleep(wait).await;
}

fn batch(
    received: &Received,
    next: i64,
    us: &Us,
    (mut marks, now, silent_for): (Vec<Mark>, Option<Timestamp>, u64),
) -> Batch {
    let mut events = Vec::new();
    for update in &received.updates {
        let reading = match serde_json::from_str(update.raw.get()) {
            Ok(raw) => incoming::read(&raw, us),
            Err(_) => incoming::Reading { events: Vec::new(), how: How::Unreadable },
        };
        match reading.how {
            How::Whole => {}
            How::InPart => {
                warn!(network = NETWORK, update = update.id, "an update was read in part");
            }
            How::Unreadable => {
                warn!(network = NETWORK, update = update.id, "an update was skipped: unreadable");
            }
        }
        events.extend(reading.events);
    }
    marks.push(Mark::Set { key: OFFSET.to_owned(), value: next.to_string().into_bytes() });
    let mut events = incoming::without_doubles(events);
    if let Some(now) = now {
        events.iter_mut().for_each(|event| lateness::tell_age(event, now, silent_for));
    }
    Batch { network: NETWORK.into(), marks, events }
}

/// Whoever pressed a button sees that it was heard; what it led to is said in the chat.
async fn answer_presses(connection: &Connection, received: &Received) {
    for update in &received.updates {
        let Ok(pressed) = serde_json::from_str::<Pressed>(update.raw.get()) else { continue };
        let params = serde_json::json!({ "callback_query_id": pressed.callback_query.id });
        let answered =
            connection.api.ask(&connection.clients.methods, "answerCallbackQuery", &params).await;
        if let Err(error) = answered {
            info!(network = NETWORK, update = update.id, %error, "a press was not acknowledged");
        }
    }
}

/// As much of a callback query as is needed to say that it was received.
#[derive(Deserialize)]
struct Pressed {
    callback_query: Query,
}

#[derive(Deserialize)]
struct Query {
    id: String,
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

impl PollError {
    /// What a refused question means to the listener.
    fn of(problem: Problem) -> Self {
        match problem {
            Problem::Refused { after: Some(after), .. } => Self::Slow(after),
            // A malformed token is answered with 404.
            Problem::Refused { code: 401 | 404, text, .. } => Self::TokenRefused(text),
            Problem::Refused { code: 409, text, .. } => Self::Conflict(text),
            Problem::Refused { code, text, .. } => Self::Outage(format!("{code}: {text}")),
            Problem::Outage(reason) => Self::Outage(reason),
        }
    }
}
