// SPDX-License-Identifier: AGPL-3.0-or-later
//! A platform that keeps what arrives and fails as it is told to.
//!
//! Rule: a text with `|` is carried as one message for each piece, so that orders can be carried out by
//! half. Files come first, one message each or all in one; the text is with the first. Ids grow by one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bot_core::network::{CommandHelp, GhostState, MediaSource, MediaStream, Need, NetworkError};
use bot_core::order::Access;
use bot_core::refusal::Fallback;
use bot_core::store::topics::WAITING;
use bot_core::{
    Action, AskError, Deliver, DeliverError, Failure, MissingRight, Network, Order, Part, Receipt,
    Refusal, SendAs, Sink,
};
use bridge_model::{
    Alias, Capabilities, ChatCapabilities, ChatId, LengthUnit, Media, MediaCapabilities,
    MediaHandle, Message, MessageId, NetworkId, Person, PollCapabilities, Rights, TextCapabilities,
    ThreadKind, UserId,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::carry;
use crate::network::lines::{asked_rights, key, pieces, shown_line};

mod ghosts;
mod lines;

const MAX_TEXT: usize = 60 * 1024;

/// A network that can do most things, as Matrix can.
pub const ABLE: Capabilities = Capabilities {
    text: TextCapabilities {
        expandable_quotes: false,
        timestamps: false,
        ..TextCapabilities::FULL
    },
    max_text: MAX_TEXT,
    max_caption: MAX_TEXT,
    unit: LengthUnit::Bytes,
    media: MediaCapabilities {
        max_upload: u64::MAX,
        max_download: u64::MAX,
        per_message: 1,
        spoilers: true,
        alt: true,
        voice: true,
        waveform: true,
        video_notes: false,
        animations: true,
        stickers: true,
        tags: false,
        formats: &["image/webp", "image/gif", "image/apng", "video/webm", "video/mp4"],
    },
    replies: true,
    reply_quotes: false,
    many_reactions: true,
    custom_reactions: true,
    edits_media: true,
    polls: Some(PollCapabilities {
        question: MAX_TEXT / 8,
        answer: MAX_TEXT / 80,
        fewest: 1,
        most: 20,
        closing: true,
    }),
    locations: true,
    live_locations: false,
    contacts: false,
    threads: ThreadKind::OnMessages,
    chat: ChatCapabilities { name: true, topic: true, avatar: true, pins: true, emoji: true },
};

/// How one try ends.
#[derive(Clone, Debug)]
pub enum Fault {
    /// None: this try succeeds.
    Pass,
    /// Nothing happens but this.
    Error(DeliverError),
    /// So many new parts arrive, so many of them are told, then this.
    Broken(usize, usize, DeliverError),
    /// So many new parts arrive, and it never ends.
    Hang(usize),
    /// None, but not before so many tries were under way at the same time.
    Together(usize),
}

/// A message as people in the chat see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: String,
    pub line: String,
    source: String,
    files: Vec<String>,
}

impl Shown {
    fn edit(&mut self, send_as: &SendAs, message: &Message, media_changed: bool) {
        if media_changed {
            self.files = message.media.iter().filter_map(|file| file.name.clone()).collect();
        }
        self.line = shown_line(send_as, &message.body.plain(), &self.files);
    }
}

#[derive(Default)]
pub struct State {
    chats: HashMap<String, Vec<Shown>>,
    faults: HashMap<String, VecDeque<Fault>>,
    /// Every try, in order.
    pub tries: Vec<Order>,
    /// Every look, in order.
    pub looks: Vec<Order>,
    /// Reactions, pins and departures, in order.
    pub deeds: Vec<String>,
    /// Rights of people, by user.
    pub rights: HashMap<String, Rights>,
    /// Who may speak, by chat; everybody where nothing is said.
    pub access: HashMap<String, String>,
    /// Rights that the bot lacks.
    pub lacking: Vec<MissingRight>,
    /// What stands in the way of relaying.
    pub unready: Option<String>,
    /// All files of a message become one message.
    pub files_together: bool,
    /// Every post is known under `polls` and its id too.
    pub names: bool,
    /// How the bot has to speak for people.
    pub fallback: Option<Fallback>,
    /// Custom emoji whose pictures can be had, by id.
    pub emoji: Vec<String>,
    /// Files that were put here for ever, by reference.
    pub hosted: Vec<String>,
    /// The accounts of ours that are held back, by chat and user.
    pub held: HashMap<(String, String), GhostState>,
    /// It says yes to bans, mutes and deletions, and does nothing.
    pub deaf: bool,
    last_id: u64,
    under_way: usize,
    /// Most tries at the same time.
    pub most_under_way: usize,
}

pub struct FakeNetwork {
    id: NetworkId,
    capabilities: Capabilities,
    pub state: Mutex<State>,
    changed: watch::Sender<u64>,
    sink: watch::Sender<Option<Arc<dyn Sink>>>,
}

impl FakeNetwork {
    pub fn new(id: &str) -> Arc<Self> {
        Self::able(id, ABLE)
    }

    /// A platform that can do just this.
    pub fn able(id: &str, capabilities: Capabilities) -> Arc<Self> {
        Arc::new(Self {
            id: NetworkId::from(id),
            capabilities,
            state: Mutex::new(State { last_id: 1000, ..State::default() }),
            changed: watch::Sender::new(0),
            sink: watch::Sender::new(None),
        })
    }

    /// The next tries in this chat end like this, one after the other.
    pub fn fail(&self, chat: &ChatId, faults: impl IntoIterator<Item = Fault>) {
        let mut state = self.state.lock().unwrap();
        state.faults.entry(chat.as_str().into()).or_default().extend(faults);
    }

    pub fn may(&self, user: &str, rights: Rights) {
        self.state.lock().unwrap().rights.insert(user.into(), rights);
    }

    /// What people read in the chat.
    pub fn read(&self, chat: &ChatId) -> Vec<String> {
        self.shown(chat).into_iter().map(|shown| shown.line).collect()
    }

    pub fn shown(&self, chat: &ChatId) -> Vec<Shown> {
        self.state.lock().unwrap().chats.get(chat.as_str()).cloned().unwrap_or_default()
    }

    /// The id of the message that reads so.
    pub fn id_of(&self, chat: &ChatId, line: &str) -> String {
        let found = self.shown(chat).into_iter().find(|shown| shown.line == line);
        found.unwrap_or_else(|| panic!("{line:?} is not in {:?}", self.read(chat))).id
    }

    pub fn deeds(&self) -> Vec<String> {
        self.state.lock().unwrap().deeds.clone()
    }

    pub fn tries(&self) -> usize {
        self.state.lock().unwrap().tries.len()
    }

    /// The acts of all tries.
    pub fn acts(&self) -> Vec<Action> {
        self.state.lock().unwrap().tries.iter().map(|order| order.act.clone()).collect()
    }

    /// Returns when the condition holds; it is asked whenever something happened.
    pub async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        let wait = async {
            while !condition(self) {
                changed.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), wait).await.is_err() {
            let state = self.state.lock().unwrap();
            panic!("{}: not {what}; {:?}; {:?}", self.id, state.chats, state.deeds);
        }
    }

    /// Returns when people read exactly this in the chat.
    pub async fn shows(&self, chat: &ChatId, lines: &[&str]) {
        self.until(&format!("showing {lines:?}"), |network| network.read(chat) == lines).await;
    }

    /// Where this network puts what it hears; waits until the core listens.
    pub async fn sink(&self) -> Arc<dyn Sink> {
        let mut sink = self.sink.subscribe();
        let sink = sink.wait_for(Option::is_some).await.unwrap();
        Arc::clone(sink.as_ref().unwrap())
    }

    fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}

/// Lowers the count of what is under way, also when the try is cancelled.
struct UnderWay<'a>(&'a FakeNetwork);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().under_way -= 1;
    }
}

impl State {
    /// Sends at most `limit` of the parts that are not there yet.
    fn post(&mut self, order: &Order, limit: usize) -> Vec<Part> {
        let mut parts = order.done.clone();
        let Action::Post { send_as, message, .. } = &order.act else { return parts };
        let pieces = pieces(message, self.files_together);
        for (text, files) in pieces.into_iter().skip(order.done.len()).take(limit) {
            self.last_id += 1;
            let id = self.last_id.to_string();
            let (line, source) = (shown_line(send_as, &text, &files), order.source.clone());
            let chat = self.chats.entry(order.chat.as_str().into()).or_default();
            parts.push(Part { id: MessageId::from(id.as_str()), media: !files.is_empty() });
            chat.push(Shown { id, line, source, files });
        }
        parts
    }

    fn set_access(&mut self, chat: &ChatId, access: &Access) {
        let now = match access {
            Access::BotOnly(before) => format!("closed, was {before}"),
            Access::AsBefore(before) => before.clone(),
        };
        self.access.insert(chat.as_str().into(), now.clone());
        self.deeds.push(format!("access: {now}"));
    }

    fn act(&mut self, order: &Order) -> Receipt {
        let chat = self.chats.entry(order.chat.as_str().into()).or_default();
        match &order.act {
            Action::Post { send_as, .. } => {
                let fallback = self.fallback.filter(|_| *send_as != SendAs::Bot);
                let parts = self.post(order, usize::MAX);
                let named = parts.iter().filter(|_| self.names);
                let alias = |part: &Part| Alias { chat: "polls".into(), message: part.id.clone() };
                let also = named.map(alias).collect();
                return Receipt { parts, also, fallback };
            }
            Action::Edit { send_as, parts, message, media_changed, .. } => {
                for shown in chat.iter_mut().filter(|shown| parts[0].id.as_str() == shown.id) {
                    shown.edit(send_as, message, *media_changed);
                }
                return Receipt { parts: parts.clone(), ..Receipt::default() };
            }
            Action::Delete { .. } if self.deaf => {}
            Action::Delete { parts, .. } => {
                chat.retain(|shown| parts.iter().all(|part| part.id.as_str() != shown.id));
            }
            Action::React { target, reaction, .. } => {
                self.last_id += 1;
                let id = format!("reaction/{}", self.last_id);
                self.deeds.push(format!("{} on {} as {id}", key(reaction), target.as_str()));
                let id = MessageId::from(id);
                let parts = vec![Part { id, media: false }];
                return Receipt { parts, ..Receipt::default() };
            }
            Action::Unreact { target, reaction, id, .. } => {
                let id = id.as_ref().map_or("nothing", MessageId::as_str);
                let (key, target) = (key(reaction), target.as_str());
                self.deeds.push(format!("no {key} on {target}, was {id}"));
            }
            Action::Pin { target } => self.deeds.push(format!("pin {}", target.as_str())),
            Action::Unpin { target } => self.deeds.push(format!("unpin {}", target.as_str())),
            Action::ClosePoll { parts, .. } => {
                let parts: Vec<_> = parts.iter().map(|part| part.id.as_str()).collect();
                self.deeds.push(format!("close poll {}", parts.join(" ")));
            }
            Action::SetChat { change } => self.deeds.push(format!("chat: {change:?}")),
            Action::SetThread { root, name, closed } => {
                self.deeds.push(format!("thread {}: {name:?}, closed {closed:?}", root.as_str()));
            }
            Action::Refresh { send_as } => {
                self.deeds.push(format!("refresh {}", send_as.name().unwrap_or_default()));
            }
            Action::Withdraw { send_as } => {
                self.deeds.push(format!("withdraw {}", send_as.name().unwrap_or_default()));
            }
            Action::SetAccess { access } => self.set_access(&order.chat, access),
            Action::Moderate { .. } => {
                self.hold(order);
                self.deeds.push(carry::moderation::line(&order.act));
            }
            Action::Retire { .. } => self.deeds.push("retire".into()),
            Action::Leave => self.deeds.push("leave".into()),
        }
        Receipt::default()
    }
}

#[async_trait]
impl Deliver for FakeNetwork {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn deliver(&self, order: &Order, _media: &dyn MediaSource) -> Result<Receipt, Failure> {
        if order.chat.as_str().starts_with(WAITING) {
            let reason = "the room is being made".to_owned();
            return Err(Failure::clean(DeliverError::Retry { after: None, reason }));
        }
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.tries.push(order.clone());
            state.under_way += 1;
            state.most_under_way = state.most_under_way.max(state.under_way);
            state.faults.get_mut(order.chat.as_str()).and_then(VecDeque::pop_front)
        };
        let _under_way = UnderWay(self);
        self.touch();
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        let result = match fault {
            None | Some(Fault::Pass) => Ok(self.state.lock().unwrap().act(order)),
            Some(Fault::Together(many)) => {
                let enough = |network: &Self| network.state.lock().unwrap().most_under_way >= many;
                self.until("tries at the same time", enough).await;
                Ok(self.state.lock().unwrap().act(order))
            }
            Some(Fault::Error(error)) => Err(Failure { error, done: order.done.clone() }),
            Some(Fault::Broken(sent, told, error)) => {
                let mut done = self.state.lock().unwrap().post(order, sent);
                done.truncate(order.done.len() + told);
                Err(Failure { error, done })
            }
            Some(Fault::Hang(sent)) => {
                self.state.lock().unwrap().post(order, sent);
                self.touch();
                std::future::pending().await
            }
        };
        self.touch();
        result
    }

    async fn find_sent(&self, order: &Order) -> Result<Vec<Part>, Failure> {
        let mut state = self.state.lock().unwrap();
        state.looks.push(order.clone());
        let after = order.after.as_ref().map_or(0, |id| id.as_str().parse::<u64>().unwrap_or(0));
        let chat = state.chats.get(order.chat.as_str()).cloned().unwrap_or_default();
        let ours = chat.into_iter().filter(|shown| {
            shown.source == order.source && shown.id.parse::<u64>().unwrap() > after
        });
        let part =
            |shown: Shown| Part { id: MessageId::from(shown.id), media: !shown.files.is_empty() };
        Ok(ours.map(part).collect())
    }
}

#[async_trait]
impl Network for FakeNetwork {
    fn id(&self) -> &NetworkId {
        &self.id
    }

    async fn rights(&self, _chat: &ChatId, user: &UserId) -> Result<Rights, AskError> {
        let state = self.state.lock().unwrap();
        let usual = Rights { member: user.as_str() == crate::rooms::BOT, ..Rights::default() };
        Ok(state.rights.get(user.as_str()).copied().unwrap_or(usual))
    }

    async fn title(&self, _chat: &ChatId) -> Result<Option<String>, AskError> {
        Ok(Some(format!("The {} chat", self.id)))
    }

    async fn access(&self, chat: &ChatId) -> Result<Option<String>, AskError> {
        let known = self.state.lock().unwrap().access.get(chat.as_str()).cloned();
        Ok(Some(known.unwrap_or_else(|| "everybody".into())))
    }

    async fn missing_rights(
        &self,
        _chat: &ChatId,
        _need: Need,
    ) -> Result<Vec<MissingRight>, AskError> {
        Ok(self.state.lock().unwrap().lacking.clone())
    }

    async fn ghost_state(
        &self,
        chat: &ChatId,
        person: &Person,
    ) -> Result<Option<GhostState>, AskError> {
        Ok(self.state_of_ghost(chat, person))
    }

    async fn is_gone(&self, chat: &ChatId, message: &MessageId) -> Result<Option<bool>, AskError> {
        Ok(Some(self.shown(chat).iter().all(|shown| shown.id != message.as_str())))
    }

    async fn open(&self, _media: &MediaHandle) -> Result<MediaStream, AskError> {
        Err(AskError::Refused(Refusal::file("there are no files here")))
    }

    async fn avatar(&self, _user: &UserId) -> Result<Option<MediaHandle>, AskError> {
        Ok(None)
    }

    async fn emoji(&self, id: &str) -> Result<Option<MediaHandle>, AskError> {
        if !self.state.lock().unwrap().emoji.iter().any(|known| known == id) {
            return Err(AskError::Retry { after: None, reason: "busy".into() });
        }
        Ok(Some(MediaHandle { network: self.id.clone(), reference: format!("picture of {id}") }))
    }

    async fn host(
        &self,
        file: &Media,
        _source: &dyn MediaSource,
    ) -> Result<Option<String>, AskError> {
        let mut state = self.state.lock().unwrap();
        state.hosted.push(file.handle.reference.clone());
        Ok(Some(format!("mxc://example.org/{}", state.hosted.len())))
    }

    fn link_to(&self, chat: &ChatId, message: &MessageId) -> Option<String> {
        Some(format!("https://{}.example/{}/{}", self.id, chat.as_str(), message.as_str()))
    }

    fn read_link(&self, url: &str) -> Option<(ChatId, MessageId)> {
        let path = url.strip_prefix(&format!("https://{}.example/", self.id))?;
        let (chat, message) = path.split_once('/')?;
        Some((ChatId::from(chat), MessageId::from(message)))
    }

    fn command_prefix(&self) -> &str {
        if self.id.as_str() == "matrix" { "!freeside " } else { "/" }
    }
    fn asked_rights(&self) -> Vec<MissingRight> {
        asked_rights(self.id.as_str())
    }

    async fn prepare(&self, _chat: &ChatId) -> Result<(), AskError> {
        match &self.state.lock().unwrap().unready {
            Some(reason) => Err(AskError::Refused(Refusal::platform(reason))),
            None => Ok(()),
        }
    }

    async fn publish_commands(&self, _commands: &[CommandHelp]) -> Result<(), AskError> {
        Ok(())
    }

    async fn run(&self, sink: Arc<dyn Sink>, stop: CancellationToken) -> Result<(), NetworkError> {
        self.sink.send_replace(Some(sink));
        stop.cancelled().await;
        self.sink.send_replace(None);
        Ok(())
    }
}
