// SPDX-License-Identifier: AGPL-3.0-or-later
//! A server with one channel, and the network under test.
//!
//! Rule: a stage whose test ends checks that nobody broke a contract.

use std::sync::Arc;

use bot_core::{
    Action, AskError, EntryId, MediaSource, MediaStream, Network, NetworkError, Order, Part,
    SendAs, Words,
};
use bridge_discord::{DiscordNetwork, DiscordSettings};
use bridge_model::{
    Author, AuthorKind, Media, MediaHandle, MediaKind, Message, Person, RichText, Timestamp,
};
use bytes::Bytes;
use sandbox::discord::{Channel, Discord, Guild, User};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::recorder::{DEADLINE, Recorder};

pub struct Stage {
    pub discord: Discord,
    pub guild: Guild,
    pub channel: Channel,
    pub ann: User,
    pub core: Arc<Recorder>,
}

pub struct Running {
    pub network: Arc<DiscordNetwork>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), NetworkError>>,
}

impl Stage {
    pub async fn new() -> Self {
        let discord = Discord::start().await.unwrap();
        let guild = discord.guild("Wikipedia");
        let channel = guild.channel("general");
        let ann = discord.user("Ann");
        let core = Arc::new(Recorder::new(&[channel.id()]));
        Self { discord, guild, channel, ann, core }
    }

    pub fn settings(&self) -> DiscordSettings {
        DiscordSettings {
            api_url: Some(self.discord.api_url().parse().unwrap()),
            gateway_url: Some(self.discord.gateway_url().parse().unwrap()),
            cdn_url: Some(self.discord.cdn_url().parse().unwrap()),
            longest_pause: std::time::Duration::from_millis(200),
            random: Arc::new(|| 0.5),
            ..DiscordSettings::new(self.discord.bot_token())
        }
    }

    pub fn network(&self) -> Arc<DiscordNetwork> {
        Arc::new(DiscordNetwork::new(self.settings()).unwrap())
    }

    /// Starts listening and waits until a session is there.
    pub async fn listen(&self) -> Running {
        let running = self.start();
        self.discord.expect_connected().await.unwrap();
        self.core.until_mark("session").await;
        running
    }

    /// The same, also to people who come and go.
    pub async fn listen_to_members(&self) -> Running {
        let settings = DiscordSettings { members: true, ..self.settings() };
        let running = self.run(Arc::new(DiscordNetwork::new(settings).unwrap()));
        self.discord.expect_connected().await.unwrap();
        running
    }

    /// The same through a proxy.
    pub fn listen_through(&self, proxy: &str) -> Running {
        let settings = DiscordSettings { proxy: Some(proxy.parse().unwrap()), ..self.settings() };
        self.run(Arc::new(DiscordNetwork::new(settings).unwrap()))
    }

    pub fn start(&self) -> Running {
        self.run(self.network())
    }

    fn run(&self, network: Arc<DiscordNetwork>) -> Running {
        let stop = CancellationToken::new();
        let (own, core, token) = (Arc::clone(&network), Arc::clone(&self.core), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
        let task = tokio::spawn(async move { own.run(core, token).await });
        Running { network, stop, task }
    }

    pub fn order(&self, entry: u64, act: Action, after: Option<u64>) -> Order {
        Order {
            entry: EntryId(entry),
            chat: self.channel.id().to_string().into(),
            act,
            done: Vec::new(),
            after: after.map(|id| id.to_string().into()),
            source: "SOURCE".to_owned(),
            words: Words::english(),
            in_clear: false,
        }
    }

    pub fn clean(&self) {
        self.discord.assert_clean().unwrap();
    }
}

impl Running {
    /// As when the process is killed: nothing is said to anybody.
    pub async fn kill(self) {
        self.task.abort();
        let _aborted = self.task.await;
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.end().await.unwrap();
    }

    /// Waits until listening ends by itself.
    pub async fn end(self) -> Result<(), NetworkError> {
        tokio::time::timeout(DEADLINE, self.task).await.unwrap().unwrap()
    }
}

pub fn zoe() -> SendAs {
    SendAs::Person {
        person: Person::new("matrix", "@zoe:example.org"),
        name: "Zoë".to_owned(),
        avatar_url: Some("https://example.org/zoe.png".to_owned()),
        avatar: None,
    }
}

pub fn message(body: RichText) -> Message {
    let author = Author {
        user: "@zoe:example.org".into(),
        kind: AuthorKind::Person,
        name: "Zoë".to_owned(),
        username: None,
        avatar: None,
    };
    Message { body, ..Message::new(author, Timestamp(0)) }
}

pub fn words(text: &str) -> Message {
    message(RichText::plain_text(text))
}

pub fn post(send_as: SendAs, message: Message) -> Action {
    Action::Post { send_as, message, native_reply: false, answer_via: None }
}

pub fn edit(send_as: SendAs, parts: &[Part], message: Message) -> Action {
    Action::Edit {
        send_as,
        parts: parts.to_vec(),
        message,
        native_reply: false,
        media_changed: false,
    }
}

/// The same with other files than before.
pub fn edit_files(send_as: SendAs, parts: &[Part], message: Message) -> Action {
    Action::Edit {
        send_as,
        parts: parts.to_vec(),
        message,
        native_reply: false,
        media_changed: true,
    }
}

pub fn picture(name: &str, size: u64) -> Media {
    let handle = MediaHandle { network: "matrix".into(), reference: size.to_string() };
    Media {
        name: Some(name.to_owned()),
        mime: Some("image/png".to_owned()),
        size: Some(size),
        ..Media::new(handle, MediaKind::Image)
    }
}

/// Files of nines; their size stands in the handle.
pub struct Files;

#[async_trait::async_trait]
impl MediaSource for Files {
    async fn open(&self, media: &Media) -> Result<MediaStream, AskError> {
        let size: usize = media.handle.reference.parse().unwrap();
        let chunk = Bytes::from(vec![b'9'; size]);
        Ok(MediaStream {
            size: Some(size.try_into().unwrap()),
            mime: None,
            chunks: Box::pin(futures_util::stream::iter([Ok(chunk)])),
        })
    }
}
