// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opaque identifiers.
//!
//! Rule: only the network that made an id looks inside it. Everybody else
//! compares, stores and hands it back.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Wraps the platform's own spelling of the id.
            pub fn new(raw: impl Into<Box<str>>) -> Self {
                Self(raw.into())
            }

            /// The platform's own spelling. Never for logs.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(raw: &str) -> Self {
                Self(raw.into())
            }
        }

        impl From<String> for $name {
            fn from(raw: String) -> Self {
                Self(raw.into())
            }
        }

        /// Shows the kind of id and its length only: raw ids are personal data
        /// and `Debug` output ends in logs.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} bytes)"), self.0.len())
            }
        }
    };
}

opaque_id! {
    /// One chat of one network: a Telegram group, a Discord channel, a Matrix room.
    ChatId
}
opaque_id! {
    /// One account of one network.
    UserId
}
opaque_id! {
    /// One message (or reaction event) in one chat.
    MessageId
}

/// One network: `matrix`, `telegram`, `discord`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NetworkId(Box<str>);

impl NetworkId {
    /// Wraps the name of a network, lower case.
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self(name.into())
    }

    /// The name, as it stands in the configuration and in logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for NetworkId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One chat on one network: one end of a portal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The network.
    pub network: NetworkId,
    /// The chat on that network.
    pub chat: ChatId,
}

impl Place {
    /// Puts the two together.
    pub fn new(network: impl Into<NetworkId>, chat: impl Into<ChatId>) -> Self {
        Self { network: network.into(), chat: chat.into() }
    }
}

/// One account on one network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Person {
    /// The network.
    pub network: NetworkId,
    /// The account on that network.
    pub user: UserId,
}

impl Person {
    /// Puts the two together.
    pub fn new(network: impl Into<NetworkId>, user: impl Into<UserId>) -> Self {
        Self { network: network.into(), user: user.into() }
    }

    /// No account of any network: a mention of it is a name that calls nobody.
    pub fn nobody() -> Self {
        Self::new("", "")
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);
