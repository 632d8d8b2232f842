// SPDX-License-Identifier: AGPL-3.0-or-later
//! A stateful stand-in for Discord: HTTP API v10, gateway and CDN on one port.
//!
//! Rule: a test posts as a person ([`Channel::say`]) and expects what a person would
//! see ([`Channel::expect`]); it does not look at what the bridge meant to do.

mod access;
mod board;
mod cards;
mod channel;
mod check;
mod clock;
mod components;
mod contract;
mod files;
mod form;
mod gateway;
mod guild;
mod mentions;
mod message;
mod path;
pub mod permissions;
mod pictures;
mod polls;
mod posting;
mod refusal;
mod render;
mod requests;
mod rest;
mod seen;
mod session;
mod slash;
mod threads;
mod webhook;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request as HttpRequest, State, WebSocketUpgrade};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use board::{SeenPoll, SeenThread};
pub use channel::Channel;
pub use contract::broken_by;
pub use files::{FILE_LIMIT, File};
pub use guild::{Guild, User};
pub use mentions::Ping;
pub use posting::{PIN_LIMIT, REACTION_LIMIT};
pub use requests::Request;
pub use seen::{Answered, Seen, SeenFile, SeenReaction};
pub use session::intents;
pub use slash::Interaction;
pub use webhook::Webhook;

use crate::faults::Faults;
use session::Event;
use world::{Knobs, Out, UserRow, World};

/// How long [`Channel::expect`] and its like wait, unless [`Discord::patience`] says else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What all handles share.
pub(crate) struct Inner {
    world: Mutex<World>,
    changed: Notify,
    faults: Faults,
    stop: CancellationToken,
}

impl Inner {
    /// Changes the world and wakes whoever waits for that.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = self.with_quietly(change);
        self.changed.notify_waiters();
        result
    }

    /// Looks into the world.
    pub(crate) fn with_quietly<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `look` finds something; `None` when patience is at its end.
    pub(crate) async fn wait<T>(&self, look: impl Fn(&World) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + self.with_quietly(|world| world.knobs.patience);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(found) = self.with_quietly(|world| look(world)) {
                return Some(found);
            }
            tokio::time::timeout_at(deadline, changed).await.ok()?;
        }
    }
}

/// The running stand-in; it ends with its last clone.
#[derive(Clone)]
pub struct Discord {
    inner: Arc<Inner>,
    origin: String,
    _running: Arc<(DropGuard, JoinSet<()>)>,
}

impl Discord {
    /// Starts on a free port of 127.0.0.1, with an application and its bot but no guild.
    ///
    /// # Errors
    /// When no port can be had, or the contracts are named but cannot be read.
    pub async fn start() -> anyhow::Result<Self> {
        contract::readable()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let inner = Arc::new(Inner {
            world: Mutex::new(new_world(&origin)),
            changed: Notify::new(),
            faults: Faults::default(),
            stop: stop.clone(),
        });
        let router = Router::new()
            .route("/gateway", get(upgrade))
            .route("/gateway/", get(upgrade))
            .route("/gateway/resume", get(upgrade))
            .route("/gateway/resume/", get(upgrade))
            .fallback(rest_call)
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&inner));
        let mut tasks = JoinSet::new();
        let until = stop.clone().cancelled_owned();
        tasks.spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(until).await;
            if let Err(error) = served {
                tracing::warn!(%error, "the Discord stand-in stopped serving");
            }
        });
        Ok(Self { inner, origin, _running: Arc::new((stop.drop_guard(), tasks)) })
    }

    /// The origin below which `/api/v10/...` lies: `http://127.0.0.1:PORT`.
    pub fn api_url(&self) -> String {
        self.origin.clone()
    }

    /// The gateway: `ws://127.0.0.1:PORT/gateway`.
    pub fn gateway_url(&self) -> String {
        format!("{}/gateway", self.origin.replacen("http", "ws", 1))
    }

    /// The origin of avatars, attachments and emoji; the same as [`Discord::api_url`].
    pub fn cdn_url(&self) -> String {
        self.origin.clone()
    }

    /// Files have addresses below this origin from now on.
    pub fn serve_files_at(&self, origin: &str) {
        self.inner.with(|world| origin.clone_into(&mut world.base));
    }

    /// The bot's token, without the `Bot ` before it.
    pub fn bot_token(&self) -> String {
        self.inner.with_quietly(|world| world.token.clone())
    }

    /// The application's id.
    pub fn application_id(&self) -> u64 {
        self.inner.with_quietly(|world| world.application)
    }

    /// The bot as a user.
    pub fn bot(&self) -> User {
        User::new(&self.inner, self.inner.with_quietly(|world| world.bot))
    }

    /// What goes wrong with requests; routes are `METHOD /path` without `/api/v10`.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// All requests so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.inner.with_quietly(|world| world.requests.clone())
    }

    /// Waits until a request came in that `fits`.
    ///
    /// # Errors
    /// After [`PATIENCE`], with the routes that were asked.
    pub async fn expect_request(&self, fits: impl Fn(&Request) -> bool) -> anyhow::Result<Request> {
        let look = |world: &World| world.requests.iter().find(|one| fits(one)).cloned();
        let found = self.inner.wait(look).await;
        found.ok_or_else(|| {
            let all = self.requests().into_iter().map(|one| format!("{} {}", one.method, one.path));
            anyhow::anyhow!("no such request among\n{}", all.collect::<Vec<_>>().join("\n"))
        })
    }

    /// The commands that the bot registered; global ones first.
    pub fn commands(&self) -> Vec<Value> {
        self.inner.with_quietly(|world| world.commands.values().flatten().cloned().collect())
    }

    /// Breaches of the contracts so far, by either side.
    pub fn violations(&self) -> Vec<String> {
        self.inner.with_quietly(|world| world.violations.clone())
    }

    /// Nothing broke a contract (or none was at hand).
    ///
    /// # Errors
    /// Lists the breaches.
    pub fn assert_clean(&self) -> anyhow::Result<()> {
        let violations = self.violations();
        anyhow::ensure!(violations.is_empty(), "contract violations:\n{}", violations.join("\n"));
        Ok(())
    }

    /// With `true` every request and every new connection is answered with 503.
    pub fn outage(&self, outage: bool) {
        self.inner.with(|world| world.knobs.outage = outage);
    }

    /// The token stops to work: 401, and close code 4004.
    pub fn revoke_token(&self) {
        self.inner.with(|world| {
            world.knobs.token_valid = false;
            world.send_all(|| Out::Close(4004, "Authentication failed."));
            world.sessions.clear();
        });
    }

    /// The token is good again.
    pub fn restore_token(&self) {
        self.inner.with(|world| world.knobs.token_valid = true);
    }

    /// The message and webhook routes of a channel (or thread) answer 429 for `time`.
    pub fn rate_limit(&self, channel: &Channel, time: Duration) {
        let until = Instant::now() + time;
        self.inner.with(|world| world.limited.insert(channel.id(), until));
    }

    /// Time to pass for a nonce to be forgotten has passed.
    pub fn forget_nonces(&self) {
        self.inner.with(|world| world.nonces.clear());
    }

    /// All addresses of attachments given out so far are dead.
    pub fn expire_links(&self) {
        self.inner.with(|world| world.knobs.link_age += 1);
    }

    /// How long expectations wait before they fail.
    pub fn patience(&self, time: Duration) {
        self.inner.with_quietly(|world| world.knobs.patience = time);
    }

    /// How long an interaction waits for its first answer; three seconds at first.
    pub fn answer_within(&self, time: Duration) {
        self.inner.with(|world| world.knobs.answer_within = time);
    }
}

/// The gateway.
impl Discord {
    /// The interval of heartbeats for connections to come; 41.25 s at first.
    pub fn heartbeat_interval(&self, interval: Duration) {
        self.inner.with(|world| world.knobs.heartbeat = interval);
    }

    /// Heartbeats of connections to come may be so much later than the platform lets them be; for tests
    /// with short intervals on a busy machine.
    pub fn heartbeat_lateness(&self, lateness: Duration) {
        self.inner.with(|world| world.knobs.lateness = lateness);
    }

    /// Waits until so many more heartbeats have come.
    ///
    /// # Errors
    /// After [`PATIENCE`].
    pub async fn expect_heartbeats(&self, more: u64) -> anyhow::Result<()> {
        let before = self.inner.with(|world| world.heartbeats);
        let came = |world: &World| (world.heartbeats >= before + more).then_some(());
        self.inner.wait(came).await.ok_or_else(|| anyhow::anyhow!("no heartbeats come"))
    }

    /// With `false` heartbeats are not acknowledged any more.
    pub fn heartbeat_acks(&self, acks: bool) {
        self.inner.with(|world| world.knobs.heartbeat_acks = acks);
    }

    /// Asks all clients for a heartbeat at once (opcode 1).
    pub fn ask_heartbeat(&self) {
        let frame = r#"{"op":1,"s":null,"t":null,"d":null}"#;
        self.inner.with(|world| world.send_all(|| Out::Frame(frame.into())));
    }

    /// The privileged intents that the application may ask for; all three at first.
    pub fn privileged_intents(&self, bits: u64) {
        self.inner.with(|world| world.knobs.privileged = bits);
    }

    /// How many clients are identified and connected.
    pub fn connected(&self) -> usize {
        let live = |world: &mut World| {
            world.sessions.values().filter(|session| session.connection.is_some()).count()
        };
        self.inner.with_quietly(live)
    }

    /// Waits until a client is identified and connected.
    ///
    /// # Errors
    /// After [`PATIENCE`].
    pub async fn expect_connected(&self) -> anyhow::Result<()> {
        let live = |world: &World| world.sessions.values().find_map(|session| session.connection);
        let found = self.inner.wait(live).await;
        found.map(|_| ()).ok_or_else(|| anyhow::anyhow!("no client connected to the gateway"))
    }

    /// Waits until no client is connected any more.
    ///
    /// # Errors
    /// After [`PATIENCE`].
    pub async fn expect_disconnected(&self) -> anyhow::Result<()> {
        let none = |world: &World| {
            world.sessions.values().all(|session| session.connection.is_none()).then_some(())
        };
        self.inner.wait(none).await.ok_or_else(|| anyhow::anyhow!("a client is still connected"))
    }

    /// Cuts all connections without a word; sessions can be resumed.
    pub fn drop_connection(&self) {
        self.inner.with(|world| world.send_all(|| Out::Cut));
    }

    /// Closes all connections with a code; sessions can be resumed.
    pub fn close(&self, code: u16) {
        self.inner.with(|world| world.send_all(|| Out::Close(code, "Closed by the test.")));
    }

    /// Asks all clients to reconnect and resume (opcode 7).
    pub fn ask_reconnect(&self) {
        let frame = r#"{"op":7,"s":null,"t":null,"d":null}"#;
        self.inner.with(|world| world.send_all(|| Out::Frame(frame.into())));
    }

    /// Tells all clients that their session is invalid (opcode 9). Unless `resumable`,
    /// all sessions are forgotten, also those of clients that are away.
    pub fn invalidate_session(&self, resumable: bool) {
        self.inner.with(|world| {
            let live: Vec<u64> = world.sessions.values().filter_map(|s| s.connection).collect();
            live.iter().for_each(|one| gateway::invalid_session(world, *one, resumable));
            live.into_iter().for_each(|one| world.detach(one));
            if !resumable {
                world.sessions.clear();
            }
        });
    }

    /// Closes all connections with 4009 and forgets all sessions.
    pub fn time_out_sessions(&self) {
        self.inner.with(|world| {
            world.send_all(|| Out::Close(4009, "Session timed out."));
            world.sessions.clear();
        });
    }

    /// Dispatches a new message of a channel, under an id of its own, if the platform could send it:
    /// it is as the contract says. Whether it was dispatched; where there is no contract, every one
    /// is.
    pub fn offer_message(&self, channel: &Channel, message: &Value) -> bool {
        self.inner.with(|world| {
            let mut data = world.located(channel.id(), message.clone());
            let numbered = data.get("id").and_then(check::id).is_some();
            if let (true, Some(fields)) = (numbered, data.as_object_mut()) {
                fields.insert("id".to_owned(), world.ids.next().to_string().into());
            }
            let wrong = contract::dispatch("MESSAGE_CREATE", &data);
            if wrong.is_none() {
                let intent = posting::message_intent(world, channel.id());
                let event = Event::new("MESSAGE_CREATE", intent, data);
                world.dispatch_unchecked(event.within(channel.id()));
            }
            wrong.is_none()
        })
    }

    /// Dispatches anything, to all sessions and unchecked: events that no contract knows.
    pub fn inject_dispatch(&self, name: &str, data: Value) {
        self.inner.with(|world| world.dispatch_unchecked(Event::new(name, 0, data)));
    }
}

fn new_world(origin: &str) -> World {
    let mut ids = clock::Ids::default();
    let (application, owner) = (ids.next(), ids.next());
    let mut users = BTreeMap::new();
    let user = |id, username: &str, name: Option<&str>, bot| UserRow {
        id,
        username: username.into(),
        global_name: name.map(str::to_owned),
        avatar: None,
        bot,
    };
    users.insert(application, user(application, "freeside", None, true));
    users.insert(owner, user(owner, "owner", Some("Owner"), false));
    let token = format!("sandbox.{:016x}.{:016x}", rand::random::<u64>(), rand::random::<u64>());
    World {
        ids,
        base: origin.to_owned(),
        token,
        application,
        bot: application,
        owner,
        users,
        guilds: BTreeMap::new(),
        channels: BTreeMap::new(),
        webhooks: BTreeMap::new(),
        interactions: BTreeMap::new(),
        commands: BTreeMap::new(),
        files: HashMap::new(),
        nonces: HashMap::new(),
        sessions: BTreeMap::new(),
        connections: BTreeMap::new(),
        limited: HashMap::new(),
        heartbeats: 0,
        requests: Vec::new(),
        violations: Vec::new(),
        knobs: Knobs {
            outage: false,
            token_valid: true,
            heartbeat: Duration::from_millis(41_250),
            lateness: Duration::ZERO,
            heartbeat_acks: true,
            privileged: intents::PRIVILEGED,
            answer_within: Duration::from_secs(3),
            link_age: 0,
            patience: PATIENCE,
        },
    }
}

async fn rest_call(State(inner): State<Arc<Inner>>, request: HttpRequest) -> Response {
    rest::serve(inner, request).await
}

async fn upgrade(State(inner): State<Arc<Inner>>, uri: Uri, upgrade: WebSocketUpgrade) -> Response {
    let query = uri.query().unwrap_or("").to_owned();
    let path = uri.path().to_owned();
    let down = inner.with(|world| {
        let status = Some(if world.knobs.outage { 503 } else { 101 });
        let (method, query, path) = ("GET".into(), query.clone(), path.clone());
        let body = Value::Null;
        let files = Vec::new();
        world.requests.push(Request { method, path, query, agent: None, body, files, status });
        world.knobs.outage
    });
    if down {
        return (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response();
    }
    let asked = |key| path::query(&query, key);
    let fits = asked("v").as_deref() == Some("10")
        && asked("encoding").is_none_or(|encoding| encoding == "json")
        && asked("compress").is_none();
    upgrade.on_upgrade(move |mut socket| async move {
        if fits {
            return gateway::serve(inner, socket).await;
        }
        // Only version 10, JSON, uncompressed is played here.
        let frame =
            axum::extract::ws::CloseFrame { code: 4012, reason: "Invalid API version.".into() };
        let _gone_either_way = socket.send(axum::extract::ws::Message::Close(Some(frame))).await;
    })
}
