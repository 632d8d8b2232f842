// SPDX-License-Identifier: AGPL-3.0-or-later
//! The seam between the core and a network: what a network does for the core
//! ([`Network`], [`Deliver`]) and what the core does for a network ([`Sink`]).
//!
//! Rule: a listener acknowledges upstream only after [`Sink::accept`] has
//! returned `Ok`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bridge_model::{
    Capabilities, ChatChange, ChatId, Media, MediaHandle, MessageId, Moderation, NetworkId, Person,
    Reaction, Rights, UserId,
};
use bytes::Bytes;
use futures_util::Stream;
use tokio_util::sync::CancellationToken;

use crate::order::{Batch, Failure, Order, Part, Receipt};
use crate::refusal::{MissingRight, Refusal};
pub use crate::wording::MenuText;

/// The name of the network that every portal has one end in.
pub const MATRIX: &str = "matrix";

/// Carries entries to a network.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// What this network can show and carry.
    fn capabilities(&self) -> &Capabilities;

    /// Does what `order` says, except for the parts in `order.done`.
    ///
    /// Repeating an order that was carried out already must not be an error:
    /// deleting what is gone and editing to the same content are successes.
    ///
    /// # Errors
    /// [`Failure`] says what the courier does next, and which parts are there already.
    async fn deliver(&self, order: &Order, media: &dyn MediaSource) -> Result<Receipt, Failure>;

    /// Looks for the parts of a [`crate::Action::Post`] that an earlier try may have left in
    /// the chat after `order.after`, in order. Called before an order whose
    /// outcome is in doubt is delivered again; idempotent acts answer with an empty list.
    ///
    /// # Errors
    /// As [`Deliver::deliver`].
    async fn find_sent(&self, order: &Order) -> Result<Vec<Part>, Failure>;

    /// How many further orders of a chat may be carried out before what came of one is on the disk.
    /// None, unless [`Deliver::find_sent`] knows each message by itself, whatever was said after it: after
    /// a crash all of them are in doubt.
    fn ahead(&self) -> usize {
        0
    }
}

/// One network that portals can reach.
#[async_trait]
pub trait Network: Deliver {
    /// Its name.
    fn id(&self) -> &NetworkId;

    /// What `user` may do in `chat`, asked from the platform.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn rights(&self, chat: &ChatId, user: &UserId) -> Result<Rights, AskError>;

    /// How `user` stands among the members of `chat`, asked from the platform.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn standing(&self, chat: &ChatId, user: &UserId) -> Result<Standing, AskError> {
        let Rights { moderate, manage, .. } = self.rights(chat, user).await?;
        let rank = i64::from(moderate) + i64::from(manage);
        Ok(Standing { ban: moderate, kick: moderate, mute: moderate, delete: moderate, rank })
    }

    /// The account through which `user` speaks, where one account speaks under many ids: a program
    /// that proxies for people, a chat whose posts are signed. Else `user`.
    fn account_behind(&self, user: &UserId) -> UserId {
        user.clone()
    }

    /// The title of `chat`, as people see it.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn title(&self, chat: &ChatId) -> Result<Option<String>, AskError>;

    /// What `chat` is called and looks like, as far as the platform says; what is asked once
    /// when one side of a link begins to decide it for the others.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn appearance(&self, chat: &ChatId) -> Result<Vec<ChatChange>, AskError> {
        Ok(self.title(chat).await?.map(ChatChange::Name).into_iter().collect())
    }

    /// Who may speak in `chat`, in the network's own words, as [`crate::Action::SetAccess`] takes them to
    /// restore it. `None` where the bridge cannot decide that.
    ///
    /// # Errors
    /// [`AskError::Refused`] names the right that is missing.
    async fn access(&self, _chat: &ChatId) -> Result<Option<String>, AskError> {
        Ok(None)
    }

    /// The rights that our bot lacks in `chat` for something.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn missing_rights(
        &self,
        _chat: &ChatId,
        _need: Need,
    ) -> Result<Vec<MissingRight>, AskError> {
        Ok(Vec::new())
    }

    /// The rights for which our bot asks in the chats of this network, with their names in its menus.
    fn asked_rights(&self) -> Vec<MissingRight> {
        Vec::new()
    }

    /// Why our bot could not do this to an ordinary member of `chat` although it has the right, where
    /// nobody can try.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn obstacle(
        &self,
        _chat: &ChatId,
        _what: Moderation,
    ) -> Result<Option<Refusal>, AskError> {
        Ok(None)
    }

    /// Whether a message that is said in `chat` and deleted leaves nothing behind.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn forgets_messages(&self, _chat: &ChatId) -> Result<bool, AskError> {
        Ok(true)
    }

    /// How the account of ours that stands for `person` stands in `chat`, asked from the platform;
    /// `None` on networks where people have no accounts of ours.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn ghost_state(
        &self,
        _chat: &ChatId,
        _person: &Person,
    ) -> Result<Option<GhostState>, AskError> {
        Ok(None)
    }

    /// Whether a message of ours that was deleted is gone, asked from the platform; `None` where it
    /// does not say.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn is_gone(
        &self,
        _chat: &ChatId,
        _message: &MessageId,
    ) -> Result<Option<bool>, AskError> {
        Ok(None)
    }

    /// Whether `user` may call everybody in `chat`. Networks whose listeners pass such calls on only
    /// when the platform let them through say yes.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn may_call_everyone(&self, chat: &ChatId, user: &UserId) -> Result<bool, AskError> {
        Ok(self.rights(chat, user).await?.moderate)
    }

    /// Other programs that carry messages into `chat` from Matrix or elsewhere, as admins know them; as
    /// far as the platform tells bots of each other.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn relays(&self, _chat: &ChatId) -> Result<Vec<String>, AskError> {
        Ok(Vec::new())
    }

    /// Opens the bytes of a file of this network.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn open(&self, media: &MediaHandle) -> Result<MediaStream, AskError>;

    /// The profile picture of `user`, where it does not come with every message.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn avatar(&self, user: &UserId) -> Result<Option<MediaHandle>, AskError>;

    /// The picture behind one of the network's custom emoji, where the network can be asked.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn emoji(&self, _id: &str) -> Result<Option<MediaHandle>, AskError> {
        Ok(None)
    }

    /// Puts a file where this network can name it for ever, and says under which name (an `mxc://`
    /// URI). `None` where there is no such thing.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn host(
        &self,
        _file: &Media,
        _source: &dyn MediaSource,
    ) -> Result<Option<String>, AskError> {
        Ok(None)
    }

    /// The message that an address leads to, when it is one of this network: the inverse of
    /// [`Network::link_to`].
    fn read_link(&self, _url: &str) -> Option<(ChatId, MessageId)> {
        None
    }

    /// The address of a message for people of other networks, such as
    /// `https://t.me/c/1/2`; `None` where there is none.
    fn link_to(&self, chat: &ChatId, message: &MessageId) -> Option<String>;

    /// An address that begins a chat with the bot alone, with a word for it to answer; `None` where
    /// an answer in a chat is seen by the asker only.
    async fn private_chat_link(&self, _word: &str) -> Option<String> {
        None
    }

    /// What stands before a command on this network: `/`, `!freeside `.
    fn command_prefix(&self) -> &str {
        "/"
    }

    /// Makes the chat ready for relaying (webhook made, rights checked); called when a portal
    /// is linked and at start.
    ///
    /// # Errors
    /// [`AskError::Refused`] names the right that is missing.
    async fn prepare(&self, chat: &ChatId) -> Result<(), AskError>;

    /// Tells the platform which commands exist, with their descriptions.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn publish_commands(&self, commands: &[CommandHelp]) -> Result<(), AskError>;

    /// Listens until `stop` is cancelled: listen, convert, `sink.accept`, acknowledge.
    /// Outages of the platform are waited out inside.
    ///
    /// # Errors
    /// Only what waiting cannot mend, see [`NetworkError`].
    async fn run(&self, sink: Arc<dyn Sink>, stop: CancellationToken) -> Result<(), NetworkError>;
}

/// What holds an account of ours back in a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GhostState {
    /// It is banned.
    pub banned: bool,
    /// It may not speak.
    pub muted: bool,
}

/// What the bot needs rights for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To pin messages.
    Pin,
    /// To say who may speak.
    SetAccess,
    /// To change name, topic and picture.
    SetChat,
    /// To ban and mute people, and to delete what they said.
    Moderate,
}

/// What somebody may do to other members of a chat, and how high they stand there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// May ban, and take that back.
    pub ban: bool,
    /// May remove.
    pub kick: bool,
    /// May keep from speaking.
    pub mute: bool,
    /// May delete what others said.
    pub delete: bool,
    /// Only comparable within one chat: a power level, the position of a role.
    pub rank: i64,
}

impl Standing {
    /// They look after the chat themselves.
    pub fn is_moderator(self) -> bool {
        self.ban || self.kick || self.mute || self.delete
    }

    /// May do this to those who stand lower.
    pub fn may(self, what: Moderation) -> bool {
        match what {
            Moderation::Ban { purge } => self.ban && (self.delete || !purge),
            Moderation::Unban => self.ban,
            Moderation::Kick => self.kick,
            Moderation::Mute { .. } | Moderation::Unmute => self.mute,
        }
    }
}

/// One command as the platform's menu shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandHelp {
    /// Without prefix: `link`.
    pub name: String,
    /// One line, at most 100 characters.
    pub description: MenuText,
    /// The name of its only argument, where it takes one.
    pub argument: Option<String>,
    /// That argument's description.
    pub argument_help: Option<MenuText>,
    /// The argument may be left out.
    pub argument_optional: bool,
    /// What it is called in the menu of a message, where it can be about one.
    pub on_message: Option<MenuText>,
}

/// Where listeners put what they heard.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Stores the events and the mark in one transaction; when this returns, they
    /// survive `kill -9`. Drops what was seen before; a batch whose mark is stored already
    /// as [`crate::Mark::Once`] is dropped whole.
    ///
    /// # Errors
    /// [`SinkError`]: nothing was stored; do not acknowledge, try again later.
    async fn accept(&self, batch: Batch) -> Result<(), SinkError>;

    /// The value last stored under a mark of this network.
    ///
    /// # Errors
    /// [`SinkError`] when the store cannot be read.
    async fn mark(&self, key: &str) -> Result<Option<Vec<u8>>, SinkError>;

    /// The chats of this network that are linked to a portal.
    ///
    /// # Errors
    /// [`SinkError`] when the store cannot be read.
    async fn linked_chats(&self, network: &NetworkId) -> Result<Vec<ChatId>, SinkError>;

    /// The chats of this network whose links are severed because the bot was lost there: a
    /// listener that finds one open again says so by any event in it.
    ///
    /// # Errors
    /// [`SinkError`] when the store cannot be read.
    async fn severed_chats(&self, _network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        Ok(Vec::new())
    }

    /// The newest `most` messages of a linked chat that are known, the newest first: a listener that
    /// was not told what became of them compares them with what stands there.
    ///
    /// # Errors
    /// [`SinkError`] when the store cannot be read.
    async fn newest_known(
        &self,
        _chat: &ChatId,
        _most: usize,
    ) -> Result<Vec<RememberedMessage>, SinkError> {
        Ok(Vec::new())
    }

    /// Whether what is said on the platform is heard now; whoever listens says so when it changes, and
    /// may repeat it.
    fn hears(&self, _hears: bool) {}
}

/// What is known of a message that somebody said in a chat, or that we said there for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedMessage {
    /// Its id in the chat.
    pub id: MessageId,
    /// Who of the chat's network reacted with what; `None` where that cannot be told.
    pub reactions: Option<Vec<(UserId, Reaction)>>,
    /// It is pinned, and the pin has crossed.
    pub pinned: bool,
}

/// Nothing was stored.
#[derive(Debug, thiserror::Error)]
#[error("the store did not take it: {0}")]
pub struct SinkError(pub String);

/// Opens files of any network, by handle.
#[async_trait]
pub trait MediaSource: Send + Sync {
    /// Opens the bytes behind `media`.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn open(&self, media: &Media) -> Result<MediaStream, AskError>;

    /// The profile picture of a person, where the person's network has to be asked for it.
    ///
    /// # Errors
    /// See [`AskError`].
    async fn picture(&self, _person: &Person) -> Result<Option<MediaHandle>, AskError> {
        Ok(None)
    }
}

/// The bytes of a file, in chunks.
pub struct MediaStream {
    /// In bytes, where the platform says so before the first chunk.
    pub size: Option<u64>,
    /// The media type that the platform gives.
    pub mime: Option<String>,
    /// The chunks.
    pub chunks: Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>,
}

/// A question to a platform was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Passing: ask again after this long, or with the usual back-off when `None`.
    #[error("not now: {reason}")]
    Retry {
        /// The platform's own wish.
        after: Option<Duration>,
        /// Why, for the log.
        reason: String,
    },
    /// Final: the platform says no.
    #[error("refused: {0}")]
    Refused(Refusal),
}

/// A network cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The platform does not accept our token (any more).
    #[error("{network}: the token was refused: {reason}")]
    TokenRefused {
        /// Which network.
        network: NetworkId,
        /// What the platform said.
        reason: String,
    },
    /// The platform refuses what the configuration asks for (for example intents).
    #[error("{network}: {reason}")]
    Refused {
        /// Which network.
        network: NetworkId,
        /// What the platform said and what to do.
        reason: String,
    },
}
