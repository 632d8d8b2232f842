// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the preparation of a message asks: people, chats, messages, emoji and rights, each in the
//! terms of the destination.
//!
//! Rule: a directory serves one message on its way from one chat to another. The bridge answers
//! from its store and the platforms, `freeside convert` from a line of its input.

use async_trait::async_trait;
use bridge_model::{Capabilities, Media, MessageId, NetworkId, Person, Place, RichText, UserId};

use crate::address::is_mxc;
use crate::network::MATRIX;
use crate::order::DeliverError;
use crate::portal::Settings;
use crate::store::{Acquaintance, StickerRecord};

/// The chat in which a message was said, and the chat in which it will be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The origin.
    pub from: Place,
    /// The destination.
    pub to: Place,
}

/// A person as the destination knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPerson {
    /// Their account at the destination, or the one that was asked for where there is none.
    pub person: Person,
    /// A name that replaces the one in the message.
    pub name: Option<String>,
}

/// A chat as the destination knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownChat {
    /// The linked chat at the destination, or the one that was asked for where there is none.
    pub place: Place,
    /// A title that replaces the one in the message.
    pub title: Option<String>,
    /// Homeservers through which a Matrix room can be joined.
    pub via: Vec<String>,
}

/// An answered message as the destination knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownMessage {
    /// Its id at the destination; `None` where it has no copy there.
    pub id: Option<MessageId>,
    /// Who wrote it, as the destination knows them.
    pub author: Option<Person>,
    /// Its author's name, where the answer does not say it better.
    pub name: Option<String>,
    /// Its words, where the answer quotes none of them.
    pub excerpt: Option<RichText>,
    /// It was edited or taken away after the answer was heard: what the answer quotes of it is not what
    /// it says now.
    pub revised: bool,
}

/// A custom emoji as its author used it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CustomEmoji {
    /// The network whose emoji it is: Matrix for every file of the media repository.
    pub network: NetworkId,
    /// The network's id of it.
    pub id: String,
    /// Its short name without colons.
    pub name: String,
    /// It moves.
    pub animated: bool,
}

impl CustomEmoji {
    /// An emoji that was used on `network`.
    pub fn of(network: &NetworkId, id: String, name: String, animated: bool) -> Self {
        let network = if is_mxc(&id) { MATRIX.into() } else { network.clone() };
        Self { network, id, name, animated }
    }
}

/// A custom emoji as the destination knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownEmoji {
    /// The destination has it, under this id and name.
    Custom {
        /// The id.
        id: String,
        /// The short name without colons.
        name: String,
        /// It moves.
        animated: bool,
    },
    /// The destination shows this text instead.
    Text(String),
}

/// Answers what the preparation of a message asks.
#[async_trait]
pub trait Directory: Send + Sync {
    /// From where to where the message goes.
    fn route(&self) -> &Route;

    /// What the destination can show and carry; `None` where its network is not configured.
    fn capabilities(&self) -> Option<&Capabilities>;

    /// The settings of the portal.
    fn settings(&self) -> &Settings;

    /// As much of a person's name as the operator's policy lets others see.
    fn shown_name(&self, person: Option<&Person>, name: &str) -> String;

    /// Who spoke lately in the portal, longest ago first.
    async fn people(&self) -> Result<Vec<Acquaintance>, DeliverError>;

    /// The account that stands for a person at the destination.
    async fn person(&self, person: &Person) -> Result<KnownPerson, DeliverError>;

    /// The words of the message call a person, who may want to be told.
    fn calls(&self, _person: &Person) {}

    /// The chat of the destination that is linked to `place`.
    async fn chat(&self, place: &Place) -> Result<KnownChat, DeliverError>;

    /// The copy of a message of the origin; `None` where nothing is known of it.
    async fn message(&self, message: &MessageId) -> Result<Option<KnownMessage>, DeliverError>;

    /// The copy of the message on which a thread of the origin hangs.
    async fn thread_root(&self, root: &MessageId) -> Result<Option<MessageId>, DeliverError>;

    /// The address at the destination of the message to which `url` leads.
    async fn link(&self, url: &str) -> Result<Option<String>, DeliverError>;

    /// The emoji at the destination; `None` where it is shown by its name.
    async fn emoji(&self, emoji: &CustomEmoji) -> Result<Option<KnownEmoji>, DeliverError>;

    /// The sticker of the destination that this file shows.
    async fn sticker(&self, sticker: &Media) -> Result<Option<StickerRecord>, DeliverError>;

    /// Whether a member of the origin may notify everybody there.
    async fn may_call_everyone(&self, user: &UserId) -> Result<bool, DeliverError>;
}
