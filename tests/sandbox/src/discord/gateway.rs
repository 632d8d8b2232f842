// SPDX-License-Identifier: AGPL-3.0-or-later
//! The WebSocket of the gateway: hello, identify, heartbeat, resume, close codes.
//!
//! Rule: follows Discord's "Gateway" and "Opcodes and Status Codes" pages; JSON,
//! no compression.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Inner;
use super::render;
use super::session::{Event, intents};
use super::world::{Connection, Out, Session, World};

/// More payloads than this in a minute close the connection.
const PAYLOADS_PER_MINUTE: usize = 120;

/// What a payload leads to when it is not simply answered.
enum End {
    Close(u16, &'static str),
}

/// Serves one connection until it ends.
pub(crate) async fn serve(inner: Arc<Inner>, mut socket: WebSocket) {
    let wake = Arc::new(Notify::new());
    let (id, longest) = inner.with(|world| {
        let id = world.ids.next();
        let outbox = std::collections::VecDeque::new();
        world.connections.insert(id, Connection { outbox, wake: Arc::clone(&wake) });
        let interval = world.knobs.heartbeat;
        let hello = json!({"op": 10, "s": null, "t": null, "d": {
            "heartbeat_interval": u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
            "_trace": ["[\"sandbox\"]"],
        }});
        world.send(id, Out::Frame(hello.to_string()));
        (id, interval * 3 / 2 + world.knobs.lateness)
    });
    let mut pulse = Pulse::new(longest);
    loop {
        let heard = tokio::select! {
            () = inner.stop.cancelled() => break,
            () = wake.notified() => None,
            () = tokio::time::sleep_until(pulse.until) => {
                inner.with(|world| time_out(world, id));
                None
            }
            message = socket.recv() => match message {
                Some(Ok(message)) => Some(message),
                Some(Err(_)) | None => break,
            },
        };
        let goes_on = match heard {
            Some(Message::Text(text)) => hear(&inner, id, &text, &mut pulse),
            Some(Message::Binary(_)) => close(&inner, id, 4002, "Error while decoding payload."),
            Some(Message::Close(frame)) => {
                inner.with(|world| closed_by_client(world, id, frame));
                false
            }
            Some(Message::Ping(_) | Message::Pong(_)) | None => true,
        };
        if !flush(&inner, id, &mut socket).await || !goes_on {
            break;
        }
    }
    inner.with(|world| {
        world.detach(id);
        world.connections.remove(&id);
    });
}

/// When the next heartbeat is due at the latest, and how much was said.
struct Pulse {
    longest: Duration,
    until: Instant,
    minute: Instant,
    payloads: usize,
}

impl Pulse {
    fn new(longest: Duration) -> Self {
        let now = Instant::now();
        Self { longest, until: now + longest, minute: now, payloads: 0 }
    }

    fn beat(&mut self) {
        self.until = Instant::now() + self.longest;
    }

    /// `false` when this payload is one too many.
    fn count(&mut self) -> bool {
        if self.minute.elapsed() > Duration::from_secs(60) {
            (self.minute, self.payloads) = (Instant::now(), 0);
        }
        self.payloads += 1;
        self.payloads <= PAYLOADS_PER_MINUTE
    }
}

/// Sends what is in the outbox; `false` when the connection is over.
async fn flush(inner: &Inner, id: u64, socket: &mut WebSocket) -> bool {
    loop {
        let next = inner.with_quietly(|world| world.connections.get_mut(&id)?.outbox.pop_front());
        let sent = match next {
            None => return true,
            Some(Out::Frame(text)) => socket.send(Message::Text(text.into())).await,
            Some(Out::Close(code, reason)) => {
                let frame = CloseFrame { code, reason: reason.into() };
                let _gone_either_way = socket.send(Message::Close(Some(frame))).await;
                // The client's answer to the close frame; without it the reset may
                // overtake the frame.
                let _answer = tokio::time::timeout(Duration::from_secs(2), socket.recv()).await;
                return false;
            }
            Some(Out::Cut) => return false,
        };
        if sent.is_err() {
            return false;
        }
    }
}

fn close(inner: &Inner, id: u64, code: u16, reason: &'static str) -> bool {
    inner.with(|world| {
        world.detach(id);
        world.send(id, Out::Close(code, reason));
    });
    true
}

/// Heartbeats stayed away: the session is over too.
fn time_out(world: &mut World, id: u64) {
    if let Some(session) = world.session_on(id).cloned() {
        world.sessions.remove(&session);
    }
    world.send(id, Out::Close(4009, "Session timed out."));
}

/// A client that says good-bye with 1000 or 1001 ends its session.
fn closed_by_client(world: &mut World, id: u64, frame: Option<CloseFrame>) {
    let ends = frame.is_some_and(|frame| matches!(frame.code, 1000 | 1001));
    if let (true, Some(session)) = (ends, world.session_on(id).cloned()) {
        world.sessions.remove(&session);
    }
}

fn hear(inner: &Inner, id: u64, text: &str, pulse: &mut Pulse) -> bool {
    if text.len() > 4096 {
        return close(inner, id, 4002, "Error while decoding payload.");
    }
    let Ok(payload) = serde_json::from_str::<Value>(text) else {
        return close(inner, id, 4002, "Error while decoding payload.");
    };
    if !pulse.count() {
        return close(inner, id, 4008, "Rate limited.");
    }
    let data = payload.get("d").cloned().unwrap_or(Value::Null);
    let result = inner.with(|world| match payload.get("op").and_then(Value::as_u64) {
        Some(1) => {
            pulse.beat();
            beat(world, id);
            Ok(())
        }
        Some(2) => identify(world, id, &data),
        Some(6) => resume(world, id, &data),
        Some(3 | 4 | 8 | 31) => signed_in(world, id),
        Some(_) | None => Err(End::Close(4001, "Unknown opcode.")),
    });
    match result {
        Ok(()) => true,
        Err(End::Close(code, reason)) => close(inner, id, code, reason),
    }
}

fn signed_in(world: &World, id: u64) -> Result<(), End> {
    world.session_on(id).map(|_| ()).ok_or(End::Close(4003, "Not authenticated."))
}

fn beat(world: &mut World, id: u64) {
    world.heartbeats += 1;
    if world.knobs.heartbeat_acks {
        world.send(id, Out::Frame(json!({"op": 11, "s": null, "t": null, "d": null}).to_string()));
    }
}

fn token_fits(world: &World, data: &Value) -> bool {
    let token = data.get("token").and_then(Value::as_str).unwrap_or("");
    world.knobs.token_valid && token.strip_prefix("Bot ").unwrap_or(token) == world.token
}

fn identify(world: &mut World, id: u64, data: &Value) -> Result<(), End> {
    if world.session_on(id).is_some() {
        return Err(End::Close(4005, "Already authenticated."));
    }
    if !token_fits(world, data) {
        return Err(End::Close(4004, "Authentication failed."));
    }
    if data.get("properties").is_none_or(|properties| !properties.is_object()) {
        return Err(End::Close(4002, "Error while decoding payload."));
    }
    let intents = data.get("intents").and_then(Value::as_u64);
    let Some(wanted) = intents.filter(|bits| bits & !intents::KNOWN == 0) else {
        return Err(End::Close(4013, "Invalid intent(s)."));
    };
    if wanted & intents::PRIVILEGED & !world.knobs.privileged != 0 {
        return Err(End::Close(4014, "Disallowed intent(s)."));
    }
    if shards(data).is_some_and(|(at, of)| at >= of || of == 0) {
        return Err(End::Close(4010, "Invalid shard."));
    }
    let name = format!("{:032x}", rand::random::<u128>());
    let session = Session { intents: wanted, seq: 0, log: Vec::new(), connection: Some(id) };
    world.sessions.insert(name.clone(), session);
    ready(world, &name, data);
    Ok(())
}

fn shards(data: &Value) -> Option<(u64, u64)> {
    let pair = data.get("shard")?.as_array()?;
    Some((pair.first()?.as_u64()?, pair.get(1)?.as_u64()?))
}

fn ready(world: &mut World, session: &str, identify: &Value) {
    let bots = world.guilds.keys().copied().filter(|id| world.bots_guild(*id).is_some());
    let bots: Vec<u64> = bots.collect();
    let unavailable = bots.iter().map(|id| json!({"id": id.to_string(), "unavailable": true}));
    let mut data = json!({
        "v": 10, "user": render::me(world), "guilds": unavailable.collect::<Vec<_>>(),
        "session_id": session, "session_type": "normal", "private_channels": [],
        "resume_gateway_url": format!("{}/gateway/resume", world.base.replacen("http", "ws", 1)),
        "application": {
            "id": world.application.to_string(), "flags": 565_248, "flags_new": "565248",
        },
        "presences": [], "relationships": [], "user_settings": {}, "geo_ordered_rtc_regions": [],
        "_trace": ["[\"sandbox\"]"],
    });
    if let (Some(shard), Some(map)) = (identify.get("shard"), data.as_object_mut()) {
        map.insert("shard".into(), shard.clone());
    }
    world.violations.extend(super::contract::dispatch("READY", &data));
    world.give(session, "READY", data);
    for id in bots {
        let Some(guild) = world.guilds.get(&id) else { continue };
        let event = Event::new("GUILD_CREATE", intents::GUILDS, render::guild_create(world, guild));
        world.violations.extend(super::contract::dispatch(&event.name, &event.data));
        let wants = world.sessions.get(session).is_some_and(|s| s.intents & event.intents != 0);
        if wants {
            world.give(session, &event.name, event.data);
        }
    }
}

fn resume(world: &mut World, id: u64, data: &Value) -> Result<(), End> {
    if world.session_on(id).is_some() {
        return Err(End::Close(4005, "Already authenticated."));
    }
    if !token_fits(world, data) {
        return Err(End::Close(4004, "Authentication failed."));
    }
    let session = data.get("session_id").and_then(Value::as_str).unwrap_or("").to_owned();
    let Some(seq) = data.get("seq").and_then(Value::as_u64) else {
        return Err(End::Close(4007, "Invalid seq."));
    };
    if !world.sessions.contains_key(&session) {
        invalid_session(world, id, false);
        return Ok(());
    }
    if world.resume(&session, seq, id) { Ok(()) } else { Err(End::Close(4007, "Invalid seq.")) }
}

/// Opcode 9.
pub(crate) fn invalid_session(world: &mut World, connection: u64, resumable: bool) {
    let frame = json!({"op": 9, "s": null, "t": null, "d": resumable});
    world.send(connection, Out::Frame(frame.to_string()));
}
