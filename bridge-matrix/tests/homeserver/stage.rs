// SPDX-License-Identifier: AGPL-3.0-or-later
//! A running Matrix side, a real Synapse, and Alice.
//!
//! Rule: what a test waits for has a deadline; a missed one shows what was heard instead.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bot_core::clock::SystemClock;
use bot_core::ghost::Ghosts;
use bot_core::homeserver::Rooms;
use bot_core::lane::core_place;
use bot_core::network::SinkError;
use bot_core::portal::{self, Offer};
use bot_core::pseudonym::Pseudonyms;
use bot_core::store::memory::MemoryKv;
use bot_core::store::{Change, Settlement, Store};
use bot_core::{
    Action, AskError, Batch, Deliver, EntryId, MediaSource, MediaStream, Network, Order, Part,
    SendAs, Sink, Words,
};
use bridge_matrix::client::Client;
use bridge_matrix::{MatrixNetwork, Parts, Settings};
use bridge_model::{
    Author, AuthorKind, ChatId, Command, Content, Event, Media, MediaHandle, Message, MessageId,
    NetworkId, Person as Account, Place, RichText, Timestamp,
};
use sandbox::synapse::{Person, RoomOptions, Synapse, SynapseOptions};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "token-of-the-tests";

pub struct Stage {
    pub alice: Person,
    pub room: String,
    pub bot: String,
    pub synapse: Synapse,
    pub store: Arc<Store>,
    ears: Arc<Ears>,
    matrix: Arc<MatrixNetwork>,
    shelf: Shelf,
    entries: AtomicU64,
    stop: CancellationToken,
    _tasks: JoinSet<()>,
    _registration: tempfile::TempDir,
}

impl Stage {
    /// A public room with Alice and the core bot, linked to a Telegram group.
    pub async fn set() -> Self {
        let port = sandbox::ports::free_port().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("registration.yaml");
        std::fs::write(&file, registration(port)).unwrap();
        let mut quiet = |_: &str| {};
        let mut options = SynapseOptions::new(&mut quiet);
        options.registrations = vec![file];
        let synapse = Synapse::start(options).await.unwrap();
        let store = Store::start(MemoryKv::default(), [7; 32]).unwrap();
        let matrix = network(port, synapse.url(), &store);
        let ears = Arc::new(Ears::default());
        let stop = CancellationToken::new();
        let (running, sink, until) = (Arc::clone(&matrix), Arc::clone(&ears), stop.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { running.run(sink, until).await.unwrap() });
        let alice = synapse.person_named("alice", "Alice").await.unwrap();
        let room = alice.create_room(RoomOptions::public("Tea")).await.unwrap();
        let stage = Self {
            bot: matrix.bot().to_owned(),
            shelf: Shelf::default(),
            entries: AtomicU64::new(1),
            _tasks: tasks,
            _registration: dir,
            alice,
            room,
            synapse,
            store,
            ears,
            matrix,
            stop,
        };
        stage.let_in(&stage.alice, &stage.room).await;
        link(&stage.store, &stage.room, stage.alice.user_id()).await;
        stage
    }

    /// The core bot is asked into a room of somebody and comes.
    pub async fn let_in(&self, owner: &Person, room: &str) {
        owner.invite(room, &self.bot).await.unwrap();
        self.matrix.join(&ChatId::from(room)).await.unwrap();
    }

    /// Puts a file on the shelf; the handle under which Telegram gives it.
    pub fn file(&self, name: &str, bytes: &[u8]) -> MediaHandle {
        self.shelf.0.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
        MediaHandle { network: "telegram".into(), reference: name.to_owned() }
    }

    /// Carries out an act in the room; the parts that are there then.
    pub async fn does(&self, act: Action) -> Vec<Part> {
        let entry = EntryId(self.entries.fetch_add(1, Ordering::Relaxed));
        let order = Order {
            entry,
            chat: ChatId::from(self.room.as_str()),
            act,
            done: Vec::new(),
            after: None,
            source: format!("source{}", entry.0),
            words: Words::english(),
            in_clear: false,
        };
        let done = tokio::time::timeout(MOST, self.matrix.deliver(&order, &self.shelf)).await;
        let receipt = done.unwrap().unwrap();
        // Whatever was posted can be found again.
        if matches!(order.act, Action::Post { .. }) {
            assert_eq!(self.matrix.find_sent(&order).await.unwrap(), receipt.parts);
        }
        receipt.parts
    }

    /// Ann of Telegram says something.
    pub async fn posts(&self, message: Message) -> Vec<Part> {
        let native_reply = message.reply_to.is_some();
        self.does(Action::Post { send_as: ann(), message, native_reply, answer_via: None }).await
    }

    /// Waits for an event that `wanted` likes; what was heard before is forgotten.
    pub async fn hears<T>(&self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let more = self.ears.more.notified();
                {
                    let mut heard = self.ears.heard.lock().unwrap();
                    if let Some(at) = heard.iter().position(|event| wanted(event).is_some()) {
                        let found = heard.drain(..=at).next_back();
                        return found.and_then(|event| wanted(&event)).unwrap();
                    }
                }
                more.await;
            }
        };
        let found = tokio::time::timeout(MOST, found).await;
        found.unwrap_or_else(|_| panic!("heard only {:#?}", self.ears.heard.lock().unwrap()))
    }

    /// Waits for a new message.
    pub async fn hears_message(&self, event_id: &str) -> Message {
        self.hears(|event| match &event.content {
            Content::Posted(message) if event.message.as_str() == event_id => Some(message.clone()),
            _ => None,
        })
        .await
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A code that Alice asked for in a room and that was typed in `remote`.
fn typed(room: &Place, remote: &Place, alice: &str) -> Offer {
    Offer {
        from: room.clone(),
        wanted: remote.network.clone(),
        by: Account::new("matrix", alice),
        expires: Timestamp(i64::MAX),
        used: false,
        title: None,
        created: false,
        redeemed: Some(portal::Redeemed {
            place: remote.clone(),
            title: None,
            until: Timestamp(i64::MAX),
            by: None,
        }),
    }
}

/// Joins a room and a Telegram group in the store.
pub async fn link(store: &Store, room: &str, alice: &str) {
    let room = Place::new("matrix", room);
    let remote = Place::new("telegram", "-100");
    let offer = typed(&room, &remote, alice);
    let code = [1; 16];
    let changes = vec![
        Change::Offer(code, offer),
        Change::Link {
            code,
            room: room.clone(),
            remote,
            title: None,
            settings: portal::Settings::default(),
            stage: bridge_policy::stage::Stage::Bridged,
        },
    ];
    let by = author("Alice");
    let command = Command {
        by,
        text: "link".into(),
        rights: None,
        reply_to: None,
        pressed: None,
        answer_via: None,
        language: None,
        chat_title: None,
        private: false,
        on_page: false,
    };
    let content = Content::Commanded(command);
    let event = Event { place: room.clone(), message: "$link".into(), late: false, content };
    let batch = Batch { network: room.network.clone(), marks: Vec::new(), events: vec![event] };
    store.accept(batch, Timestamp(1)).await.unwrap();
    let lane = core_place(&room);
    let entry = store.take(&lane).await.unwrap().unwrap().entry.id;
    let now = Timestamp(1);
    let settlement = Settlement {
        lane,
        entry,
        parts: Vec::new(),
        also: Vec::new(),
        refused: false,
        summaries: Vec::new(),
        changes,
        then: Vec::new(),
        now,
    };
    store.settle(settlement).await.unwrap();
}

/// A busy machine with many tests at once is slow.
const MOST: Duration = Duration::from_secs(60);

/// Ann, who is on Telegram.
pub fn ann() -> SendAs {
    SendAs::Person {
        person: Account::new("telegram", "1"),
        name: "Ann".into(),
        avatar_url: None,
        avatar: None,
    }
}

/// Somebody of this name.
pub fn author(name: &str) -> Author {
    Author {
        user: "1".into(),
        kind: AuthorKind::Person,
        name: name.into(),
        username: None,
        avatar: None,
    }
}

/// What Ann says.
pub fn said(text: &str) -> Message {
    let at = Timestamp(1_700_000_000_000);
    Message { body: RichText::plain_text(text), ..Message::new(author("Ann"), at) }
}

/// The Matrix side, which listens at `port`.
pub fn network(port: u16, homeserver: &str, store: &Arc<Store>) -> Arc<MatrixNetwork> {
    let pseudonyms = Pseudonyms::new(b"secret of the tests");
    Arc::new(MatrixNetwork::new(Parts {
        settings: Settings {
            listen: ([127, 0, 0, 1], port).into(),
            shared: false,
            appservice_id: "freeside".into(),
            hs_token: TOKEN.into(),
            suffix: " ({network})".into(),
            avatars: true,
            bot_name: "Freeside".into(),
        },
        client: Client::new(reqwest::Client::new(), homeserver, TOKEN),
        store: Arc::clone(store) as Arc<Store>,
        ghosts: Ghosts::new(pseudonyms, "_fs_", "localhost", "freeside"),
        clock: Arc::new(SystemClock),
        instance: "tests".into(),
        crypto: None,
    }))
}

fn registration(port: u16) -> String {
    format!(
        "id: freeside\nurl: http://127.0.0.1:{port}\nas_token: {TOKEN}\nhs_token: {TOKEN}\n\
         sender_localpart: freeside\nrate_limited: false\nnamespaces:\n  users:\n    \
         - exclusive: true\n      regex: '^@_fs_.*:localhost$'\n    \
         - exclusive: true\n      regex: '^@freeside:localhost$'\n  aliases: []\n  rooms: []\n"
    )
}

/// Keeps what was heard.
#[derive(Default)]
struct Ears {
    heard: Mutex<Vec<Event>>,
    more: Notify,
}

#[async_trait]
impl Sink for Ears {
    async fn accept(&self, batch: Batch) -> Result<(), SinkError> {
        self.heard.lock().unwrap().extend(batch.events);
        self.more.notify_waiters();
        Ok(())
    }

    async fn mark(&self, _key: &str) -> Result<Option<Vec<u8>>, SinkError> {
        Ok(None)
    }

    async fn linked_chats(&self, _network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        Ok(Vec::new())
    }
}

/// The files of Telegram.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, Vec<u8>>>);

#[async_trait]
impl MediaSource for Shelf {
    async fn open(&self, media: &Media) -> Result<MediaStream, AskError> {
        let file = self.0.lock().unwrap().get(&media.handle.reference).cloned();
        let bytes = file
            .ok_or_else(|| AskError::Refused(bot_core::Refusal::file("there is no such file")))?;
        let size = u64::try_from(bytes.len()).ok();
        let chunk = futures_util::stream::once(async move { Ok(bytes::Bytes::from(bytes)) });
        Ok(MediaStream { size, mime: None, chunks: Box::pin(chunk) })
    }
}

/// The id of the first part.
pub fn first(parts: &[Part]) -> MessageId {
    parts.first().unwrap().id.clone()
}
