// SPDX-License-Identifier: AGPL-3.0-or-later
//! What happened in a chat: the closed set of things that cross.
//!
//! Rule: an event is complete. Whoever reads it never has to ask the network
//! that it came from.

use serde::{Deserialize, Serialize};

use crate::{Author, ChatId, Deed, MediaHandle, Message, MessageId, Place, Reaction, UserId};

/// Something that happened in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Where.
    pub place: Place,
    /// The message it is about. For [`Content::Reacted`] and
    /// [`Content::Unreacted`], the message that was reacted to.
    pub message: MessageId,
    /// Said a while ago and only learned now (catch-up, import).
    pub late: bool,
    /// What.
    pub content: Content,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A new message.
    Posted(Message),
    /// The whole new version of a message.
    Edited(Message),
    /// A message was taken away.
    Deleted {
        /// Who asked for it; `None` where the platform has already checked the
        /// right and does not say who it was.
        by: Option<UserId>,
    },
    /// Somebody reacted.
    Reacted {
        /// Who.
        by: Author,
        /// With what.
        reaction: Reaction,
        /// The reaction's own id, on networks where a reaction is an event.
        id: Option<MessageId>,
    },
    /// Somebody took a reaction back. On networks where a reaction is an event,
    /// this is learned as [`Content::Deleted`] of that event instead.
    Unreacted {
        /// Who.
        by: UserId,
        /// Which.
        reaction: Reaction,
    },
    /// The platform took away the reactions that people of its network gave to the message.
    ReactionsCleared {
        /// Those with one emoji; all where it is `None`.
        only: Option<Reaction>,
    },
    /// Somebody spoke to the core bot.
    Commanded(Command),
    /// The chat goes on under another id (Telegram group to supergroup).
    Moved {
        /// The new id.
        to: ChatId,
    },
    /// The bot can no longer be in this chat (removed, chat deleted).
    Closed,
    /// The chat is encrypted from now on, and the bridge cannot read it.
    Encrypted,
    /// One of the accounts that the bridge controls was asked into a chat.
    Invited {
        /// Who asked.
        by: Author,
        /// Which of our accounts is wanted.
        whom: UserId,
    },
    /// The message was pinned.
    Pinned,
    /// The message is not pinned any more.
    Unpinned,
    /// Somebody voted in the poll of the message.
    Voted {
        /// Who.
        by: UserId,
        /// For which answers, by their ids; see [`crate::PollAnswer::id`].
        answers: Vec<String>,
        /// What that changes.
        change: VoteChange,
    },
    /// How many voted for each answer of the poll of the message, by its network's own count.
    Counted {
        /// In the order of the answers.
        counts: Vec<u64>,
        /// Nobody can vote any more.
        closed: bool,
    },
    /// Nobody can vote in the poll of the message any more.
    PollClosed {
        /// Who closed it; `None` where the platform has already checked the right.
        by: Option<UserId>,
    },
    /// The chat looks different.
    ChatChanged {
        /// Who did it, where the wire says so.
        by: Option<UserId>,
        /// How.
        change: ChatChange,
    },
    /// A member of the chat is another one, or looks different.
    MemberChanged {
        /// Who.
        who: Author,
        /// How.
        change: MemberChange,
    },
    /// The thread that hangs on the message is different.
    ThreadChanged {
        /// Its new name.
        name: Option<String>,
        /// It was closed or archived (`true`), or opened again.
        closed: Option<bool>,
    },
    /// A moderator acted on somebody.
    Moderated(Box<Deed>),
    /// What our bot may do in the chat may be different from before.
    RightsChanged,
    /// Who may read the chat is different from before.
    ReadersChanged {
        /// Everybody may, also who is not in it.
        everybody: bool,
    },
    /// A rule of the policy list that the chat is was made, changed or taken back.
    PolicyChanged,
}

/// What a content is about. A new variant of [`Content`] is decided on in [`Content::class`]; whoever
/// only has to know this much asks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentClass<'a> {
    /// A message, new or in a new version.
    Said(&'a Message),
    /// Something happened to a message that is there already.
    AboutMessage,
    /// The chat, a member or a thread of it is different.
    AboutChat,
    /// The core bot is to do something; it never crosses.
    ForBot(Request<'a>),
}

/// What the core bot is to act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Of [`Content::Commanded`].
    Command(&'a Command),
    /// Of [`Content::Moved`], with the new id of the chat.
    Moved(&'a ChatId),
    /// Of [`Content::Closed`].
    Closed,
    /// Of [`Content::Encrypted`].
    Encrypted,
    /// Of [`Content::Invited`].
    Invited {
        /// Who asked.
        by: &'a Author,
        /// Which of our accounts is wanted.
        whom: &'a UserId,
    },
    /// Of [`Content::RightsChanged`].
    RightsChanged,
    /// Of [`Content::ReadersChanged`], with who may read.
    ReadersChanged(bool),
    /// Of [`Content::PolicyChanged`].
    PolicyChanged,
}

impl Content {
    /// What it is about.
    pub fn class(&self) -> ContentClass<'_> {
        match self {
            Self::Posted(message) | Self::Edited(message) => ContentClass::Said(message),
            Self::Deleted { .. }
            | Self::Reacted { .. }
            | Self::Unreacted { .. }
            | Self::ReactionsCleared { .. }
            | Self::Pinned
            | Self::Unpinned
            | Self::Voted { .. }
            | Self::Counted { .. }
            | Self::PollClosed { .. } => ContentClass::AboutMessage,
            Self::ChatChanged { .. }
            | Self::MemberChanged { .. }
            | Self::ThreadChanged { .. }
            | Self::Moderated(_) => ContentClass::AboutChat,
            Self::RightsChanged => ContentClass::ForBot(Request::RightsChanged),
            Self::ReadersChanged { everybody } => {
                ContentClass::ForBot(Request::ReadersChanged(*everybody))
            }
            Self::PolicyChanged => ContentClass::ForBot(Request::PolicyChanged),
            Self::Commanded(command) => ContentClass::ForBot(Request::Command(command)),
            Self::Moved { to } => ContentClass::ForBot(Request::Moved(to)),
            Self::Closed => ContentClass::ForBot(Request::Closed),
            Self::Encrypted => ContentClass::ForBot(Request::Encrypted),
            Self::Invited { by, whom } => ContentClass::ForBot(Request::Invited { by, whom }),
        }
    }

    /// The message that it says, new or in a new version.
    pub fn message(&self) -> Option<&Message> {
        match self.class() {
            ContentClass::Said(message) => Some(message),
            ContentClass::AboutMessage | ContentClass::AboutChat | ContentClass::ForBot(_) => None,
        }
    }
}

/// What a vote changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoteChange {
    /// It replaces what this person voted before.
    Set,
    /// It comes on top.
    Add,
    /// It is taken back.
    Remove,
}

/// How a chat looks different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChatChange {
    /// Its name.
    Name(String),
    /// Its topic or description; empty for none.
    Topic(String),
    /// Its picture; `None` for none.
    Avatar(Option<MediaHandle>),
    /// All the custom emoji that people use there.
    Emoji(EmojiPack),
}

/// Custom emoji that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmojiPack {
    /// The network's id of what they belong to (a server).
    pub id: String,
    /// What that is called.
    pub name: String,
    /// The emoji, in the network's order.
    pub emoji: Vec<PackedEmoji>,
}

/// One emoji of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedEmoji {
    /// The network's id of it.
    pub id: String,
    /// Its short name without colons.
    pub name: String,
    /// It moves.
    pub animated: bool,
}

/// How a member is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberChange {
    /// Is in the chat now.
    Joined,
    /// Is not in the chat any more.
    Left,
    /// Has another name or picture.
    Profile,
}

/// Words addressed to the core bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Who typed it.
    pub by: Author,
    /// Command and arguments without prefix: `link ABCD-1234`.
    pub text: String,
    /// What that person may do, where the wire says so (Discord interactions).
    pub rights: Option<Rights>,
    /// The message it was typed in reply to.
    pub reply_to: Option<MessageId>,
    /// The message below which the answer stands, where the event has an id of its own: a button of
    /// this message of the bot's was pressed, or this message was changed into the command.
    pub pressed: Option<MessageId>,
    /// The network's own handle for an answer that only this person sees.
    pub answer_via: Option<String>,
    /// The person's language as a BCP 47 tag, where the wire says so.
    pub language: Option<String>,
    /// The title of the chat, where the wire says so.
    pub chat_title: Option<String>,
    /// In a chat with the bot alone.
    pub private: bool,
    /// It was not typed but given on a page of the bridge, which had shown what it does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_page: bool,
}

/// What somebody may do in a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Is in the chat.
    pub member: bool,
    /// May link it to another chat.
    pub manage: bool,
    /// May change the chat itself, and so how the bridge behaves in it: on Telegram its owner and
    /// the admins with `can_change_info`, elsewhere whoever manages it.
    #[serde(default)]
    pub change: bool,
    /// May delete what others said.
    pub moderate: bool,
}
