// SPDX-License-Identifier: AGPL-3.0-or-later
//! Why something cannot be done: the reasons that reach people.
//!
//! Rule: a reason is a value. `Wording::reason` says it in the language of the chat; `Display` is
//! for the log. A sentence in English inside a bridge is a mistake.

use serde::{Deserialize, Serialize};

/// Why a platform, or the bridge itself, says no for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// The platform's own words; shown as a quotation under its name.
    #[error("{0}")]
    Platform(String),
    /// Our bot lacks at least one of these rights.
    #[error("the bot lacks a right: {}", menus(.0))]
    MissingRights(Vec<MissingRight>),
    /// Our bot is not in the chat.
    #[error("the bot is not in the chat")]
    NotInChat,
    /// The room is encrypted, and the bridge takes no part in encrypted rooms.
    #[error("the room is encrypted, and encryption is off")]
    Encrypted,
    /// The account that stands for the author, whose Matrix id this is, may not enter the room or
    /// speak there.
    #[error("the account of the author is not let into the room, or may not speak there")]
    Barred(String),
    /// Our bot, whose address this is, has to be invited.
    #[error("{0} has to be invited first")]
    NotInvited(String),
    /// The network of the chat is not configured.
    #[error("the network is not configured")]
    NotConfigured,
    /// Somebody who is neither the author nor a moderator deleted a message.
    #[error("only its author or a moderator can delete a message")]
    NotTheirsToDelete,
    /// Somebody who is neither the author nor a moderator closed a poll.
    #[error("only its author or a moderator can close a poll")]
    NotTheirsToClose,
    /// The album is one message there: a file stays until all messages are deleted.
    #[error("the album is one message there, so this file stays until all are deleted")]
    AlbumStays,
    /// The album is one message there: one of its files cannot be exchanged.
    #[error("the album is one message there, so one file cannot be exchanged")]
    AlbumFile,
    /// The album is one message there, with the words of several.
    #[error("the album is one message there, with the words of several")]
    AlbumWords,
    /// The thread takes no messages.
    #[error("the thread is locked")]
    ThreadLocked,
    /// The thread is there, but not for our bot.
    #[error("the bot cannot see this thread")]
    ThreadHidden,
    /// The thread is gone.
    #[error("the thread is gone")]
    ThreadGone,
    /// The webhook that posted the message is gone, and nobody else can change it.
    #[error("the webhook that posted it is gone, and nobody else can change it")]
    PosterGone,
    /// The platform does not take the name of the person.
    #[error("the platform refuses the name")]
    NameRefused,
    /// What the chat is cannot be linked: it is not one conversation of a group.
    #[error("this is not a chat of a group")]
    NotAGroup,
    /// The network does not have this emoji.
    #[error("this emoji is not known there")]
    UnknownEmoji,
    /// A bot cannot react in this chat with this emoji.
    #[error("a bot cannot react so here")]
    NoReaction,
    /// The platform takes no more changes of this chat for a while.
    #[error("the platform takes no more changes of this chat for now")]
    TooManyChanges,
    /// A file cannot be fetched, or is not what it says; why, for the log.
    #[error("the file cannot be used: {0}")]
    File(String),
    /// Who could speak in the chat before was never written down, or cannot be read.
    #[error("who could speak here before is not known")]
    AccessUnknown,
    /// The network cannot keep people of this chat from speaking.
    #[error("nobody can be kept from speaking here")]
    AccessFixed,
    /// Who was to be acted on looks after the chat, and nobody from another side acts on them.
    #[error("the person is a moderator there")]
    ActsOnModerator,
    /// Who was to be acted on stands higher in the chat than our bot.
    #[error("the person stands higher than the bot")]
    StandsHigher,
    /// The room's ACL keeps this server out.
    #[error("the ACL of the room keeps {0} out")]
    ServerDenied(String),
    /// Something that no correct program sends; what, for the log.
    #[error("{0}")]
    Unexpected(String),
    /// The platform answered that something was done, and says afterwards that it is not so.
    #[error("the platform said yes, but it is not so")]
    NotSo,
    /// Somebody who looks after the lane has stopped it.
    #[error("the lane was stopped by hand")]
    HaltedByHand,
    /// Somebody who looks after the lane has left the message out.
    #[error("the entry was left out by hand")]
    LeftOutByHand,
    /// No role of our bot stands above those of ordinary members.
    #[error("no role of the bot stands above those of members")]
    NoRoleAbove,
}

/// Why the bot speaks for a person where the person would speak under their own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The chat takes no further webhook.
    NoWebhook,
    /// The platform does not take the name for a webhook.
    NameRefused,
}

/// A right that our bot lacks in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRight {
    /// What it allows.
    pub right: Right,
    /// Its name in the menus of the platform, in English.
    pub menu: String,
}

/// What a right allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Right {
    /// See the chat and read what was said there.
    Read,
    /// Write messages and send files.
    Write,
    /// Speak under the names of people.
    SpeakForOthers,
    /// React to messages.
    React,
    /// Pin messages.
    Pin,
    /// Delete messages of others.
    Delete,
    /// Change name, description and picture of the chat.
    ChangeChat,
    /// Decide who may speak.
    DecideWhoSpeaks,
    /// Make, rename and close threads or topics.
    ManageThreads,
    /// Offer commands.
    OfferCommands,
    /// Remove members, and keep them out.
    Ban,
    /// Keep members from speaking.
    Mute,
}

impl Refusal {
    /// What the platform answered.
    pub fn platform(words: impl Into<String>) -> Self {
        Self::Platform(words.into())
    }

    /// One right that is missing.
    pub fn missing(right: Right, menu: &str) -> Self {
        Self::MissingRights(vec![MissingRight { right, menu: menu.to_owned() }])
    }

    /// A file that cannot be used; why, for the log.
    pub fn file(why: impl Into<String>) -> Self {
        Self::File(why.into())
    }

    /// Something that no correct program sends; what, for the log.
    pub fn unexpected(what: impl ToString) -> Self {
        Self::Unexpected(what.to_string())
    }
}

fn menus(missing: &[MissingRight]) -> String {
    missing.iter().map(|missing| missing.menu.as_str()).collect::<Vec<_>>().join(", ")
}

/// A refusal as one text: what a platform said as it is, everything else as JSON. Older versions
/// stored words only.
pub mod stored {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Refusal;

    /// The text of a refusal.
    pub fn text(refusal: &Refusal) -> String {
        if let Refusal::Platform(words) = refusal
            && known(words).is_none()
        {
            return words.clone();
        }
        serde_json::to_string(refusal).unwrap_or_else(|_| refusal.to_string())
    }

    /// The inverse of [`text`].
    pub fn read(text: &str) -> Refusal {
        known(text).unwrap_or_else(|| Refusal::platform(text))
    }

    fn known(text: &str) -> Option<Refusal> {
        serde_json::from_str(text).ok()
    }

    /// For fields `with` this module.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn serialize<S: Serializer>(refusal: &Refusal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text(refusal))
    }

    /// For fields `with` this module.
    ///
    /// # Errors
    /// What the reader answers when there is no text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Refusal, D::Error> {
        String::deserialize(deserializer).map(|text| read(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_stored_as_a_text_and_words_of_older_versions_are_the_platforms() {
        let missing = Refusal::missing(Right::Pin, "Pin Messages");
        let odd = Refusal::platform("\"NotInChat\"");
        for refusal in [missing, odd, Refusal::NotInChat, Refusal::platform("gone {")] {
            assert_eq!(stored::read(&stored::text(&refusal)), refusal);
        }
        assert_eq!(stored::read("the bot was removed"), Refusal::platform("the bot was removed"));
        assert_eq!(stored::text(&Refusal::platform("gone")), "gone");
    }
}
