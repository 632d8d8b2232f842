// SPDX-License-Identifier: AGPL-3.0-or-later
//! A stateful Telegram Bot API server with people and chats, for tests and the demo.
//!
//! Rule: a test posts as a person (`Group::say`) and expects what a person would see
//! (`Group::expect`); the bot only ever meets the HTTP side. What the platform refuses is
//! refused in the platform's own words. Source: <https://core.telegram.org/bots/api>.

mod about;
mod answer;
mod chats;
mod contract;
mod custom_emoji;
mod edit;
mod emoji;
mod files;
mod group;
mod happening;
mod inbox;
mod media;
mod membership;
mod moderation;
mod nesting;
mod params;
mod permissions;
mod places;
mod polls;
mod reading;
mod rights;
mod saying;
mod seen;
mod send;
mod server;
mod spotting;
mod text;
mod topics;
mod user;
mod wire;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use contract::broken_by;
pub use group::Group;
pub use places::SeenPlace;
pub use polls::SeenPoll;
pub use rights::{Rights, Standing};
pub use saying::{Channel, Post};
pub use seen::{Attached, Seen};
pub use text::Entity;
pub use user::{MessageId, User};

use crate::faults::{Fault, Faults};
use membership::{new_chat, new_chat_id};
use server::Shared;
use world::{ChatKind, Person, World};

const BOT: i64 = 7_000_000_001;

/// The running stand-in; it stops when the last handle is dropped.
#[derive(Clone)]
pub struct Telegram {
    shared: Arc<Shared>,
    _running: Arc<DropGuard>,
}

impl Telegram {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free, or a contract is there and cannot be read.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port")?;
        let address = listener.local_addr()?;
        Self::serve(listener, address)
    }

    fn serve(listener: TcpListener, address: SocketAddr) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            world: Mutex::new(empty_world()?),
            changed: Notify::new(),
            faults: Faults::default(),
            stop: stop.clone(),
            address,
        });
        let router = server::router(shared.clone());
        let stopped = stop.clone();
        let tasks = TaskTracker::new();
        tasks.spawn(async move {
            let serving = axum::serve(listener, router)
                .with_graceful_shutdown(async move { stopped.cancelled().await });
            if let Err(error) = serving.await {
                tracing::error!(%error, "The Telegram stand-in stopped");
            }
        });
        tasks.spawn(inbox::push_updates(shared.clone()));
        tasks.close();
        Ok(Self { shared, _running: Arc::new(stop.drop_guard()) })
    }

    /// The address that a bot sets as its `api_url`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The bot's token.
    pub fn bot_token(&self) -> String {
        self.shared.lock().token.clone()
    }

    /// The bot's `@username`, without the `@`.
    pub fn bot_username(&self) -> String {
        let world = self.shared.lock();
        world.people.get(&world.bot).and_then(|bot| bot.username.clone()).unwrap_or_default()
    }

    /// The bot's user id.
    pub fn bot_id(&self) -> i64 {
        self.shared.lock().bot
    }

    /// A new person with this first name.
    pub fn user(&self, first_name: &str) -> User {
        let id = self.shared.with(|world| new_person(world, first_name));
        User { id, shared: self.shared.clone() }
    }

    fn chat(&self, kind: ChatKind, title: &str, with_bot: bool) -> Group {
        let id = self.shared.with(|world| {
            let owner = new_person(world, "Founder");
            let id = new_chat_id(world, kind);
            let mut chat = new_chat(id, kind, title);
            chat.members.insert(owner, Standing::Owner);
            if with_bot {
                chat.members.insert(world.bot, Standing::Member);
            }
            world.chats.insert(id, chat);
            id
        });
        Group { id, shared: self.shared.clone() }
    }

    /// A new supergroup that the bot is a plain member of; somebody called Founder owns it.
    pub fn group(&self, title: &str) -> Group {
        self.chat(ChatKind::Supergroup, title, true)
    }

    /// A new basic group that the bot is a plain member of.
    pub fn plain_group(&self, title: &str) -> Group {
        self.chat(ChatKind::Group, title, true)
    }

    /// A new supergroup that the bot has never seen; see `Group::add_bot`.
    pub fn group_without_bot(&self, title: &str) -> Group {
        self.chat(ChatKind::Supergroup, title, false)
    }

    /// The private chat of a person with the bot; the bot may write after the person did.
    pub fn private_chat(&self, user: &User) -> Group {
        self.shared.with(|world| {
            let bot = world.bot;
            world.chats.entry(user.id).or_insert_with(|| {
                let mut chat = new_chat(user.id, ChatKind::Private, "");
                chat.members.insert(user.id, Standing::Member);
                chat.members.insert(bot, Standing::Member);
                chat
            });
        });
        Group { id: user.id, shared: self.shared.clone() }
    }

    /// Queues an update as it is, without any check; `update_id` is filled in if absent.
    /// The update is in the form of the Bot API: `{"message": {...}}`.
    pub fn inject_update(&self, update: Value) {
        self.shared.with(|world| world.inbox.push(update));
    }

    /// Queues an update if the platform could send it: it is as the contract says. Whether it was
    /// queued; where there is no contract, every one is.
    pub fn offer_update(&self, update: &Value) -> bool {
        self.shared.with(|world| {
            let mut whole = update.clone();
            if let Some(fields) = whole.as_object_mut() {
                fields.insert("update_id".to_owned(), 1.into());
            }
            let wrong = world.contract.and_then(|contract| contract.check_update(&whole));
            if wrong.is_none() {
                world.inbox.push(update.clone());
            }
            wrong.is_none()
        })
    }

    /// How many updates the bot has not confirmed yet.
    pub fn waiting_updates(&self) -> usize {
        self.shared.lock().inbox.waiting()
    }

    /// Whether the bot sees only what is meant for it (BotFather's privacy mode).
    pub fn privacy_mode(&self, on: bool) {
        self.shared.with(|world| world.privacy = on);
    }

    /// Whether more than 20 messages a minute into one chat are answered with 429.
    pub fn rate_limit(&self, on: bool) {
        self.shared.with(|world| world.limited = on);
    }

    /// Whether everything is answered with 502.
    pub fn outage(&self, on: bool) {
        self.shared.with(|world| world.outage = on);
    }

    /// Replaces the token, as BotFather's `/revoke` does; the old one is unauthorised.
    pub fn revoke_token(&self) {
        self.shared.with(|world| {
            let number = world.fresh();
            world.token = token(number);
        });
    }

    /// What goes wrong next; routes are such as `sendMessage` or `POST /sendMessage`.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The commands of the default scope without a language, as (command, description).
    pub fn commands(&self) -> Vec<(String, String)> {
        self.all_commands()
            .remove(&(r#"{"type":"default"}"#.to_owned(), String::new()))
            .unwrap_or_default()
    }

    /// All commands by (scope as JSON, language code).
    pub fn all_commands(&self) -> BTreeMap<(String, String), Vec<(String, String)>> {
        let world = self.shared.lock();
        let field = |command: &Value, name: &str| {
            command.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let pair = |command: &Value| (field(command, "command"), field(command, "description"));
        let list = |commands: &Vec<Value>| commands.iter().map(pair).collect();
        world.commands.iter().map(|(scope, commands)| (scope.clone(), list(commands))).collect()
    }

    /// All calls so far, as (method, parameters); files are given by name and size.
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.shared.lock().log.clone()
    }

    /// The parameters of all calls of one method.
    pub fn requests_of(&self, method: &str) -> Vec<Value> {
        let calls = self.requests().into_iter().filter(|(name, _)| name == method);
        calls.map(|(_, params)| params).collect()
    }

    /// What broke the contract so far: calls, answers, updates, unknown methods.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Fails when anything broke the contract.
    ///
    /// # Errors
    /// With all violations.
    pub fn assert_clean(&self) -> anyhow::Result<()> {
        let violations = self.violations();
        anyhow::ensure!(
            violations.is_empty(),
            "against Telegram's contract:\n{}",
            violations.join("\n")
        );
        Ok(())
    }
}

fn token(number: i64) -> String {
    format!("{BOT}:AAFreesideSandboxTokenIsNoSecret{number:03}")
}

fn new_person(world: &mut World, first_name: &str) -> i64 {
    let id = new_chat_id(world, ChatKind::Private);
    let person = Person { first: first_name.to_owned(), ..Person::default() };
    world.people.insert(id, person);
    id
}

fn empty_world() -> anyhow::Result<World> {
    let bot = Person {
        first: "Freeside".to_owned(),
        username: Some("freeside_sandbox_bot".to_owned()),
        is_bot: true,
        ..Person::default()
    };
    Ok(World {
        token: token(0),
        bot: BOT,
        people: [(BOT, bot)].into_iter().collect(),
        chats: BTreeMap::new(),
        common_id: 0,
        made: 0,
        inbox: inbox::Inbox::default(),
        files: files::Files::default(),
        polls: BTreeMap::new(),
        commands: BTreeMap::new(),
        emoji: BTreeMap::new(),
        queries: std::collections::BTreeSet::new(),
        log: Vec::new(),
        violations: Vec::new(),
        contract: contract::load()?,
        privacy: false,
        limited: false,
        outage: false,
    })
}

/// A fault: 429 with `retry_after` in seconds.
pub fn too_many_requests(retry_after: u64) -> Fault {
    fault(&answer::ApiError::too_many_requests(retry_after))
}

/// A fault: 502.
pub fn bad_gateway() -> Fault {
    fault(&answer::ApiError::bad_gateway())
}

/// A fault: 401, as for a revoked token.
pub fn unauthorized() -> Fault {
    fault(&answer::ApiError::unauthorized())
}

/// A fault: 404, as for a malformed token.
pub fn not_found() -> Fault {
    fault(&answer::ApiError::not_found())
}

fn fault(error: &answer::ApiError) -> Fault {
    Fault::Answer { status: error.code(), body: error.body(), headers: Vec::new() }
}
