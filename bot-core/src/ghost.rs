// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which Matrix user stands for which remote person.
//!
//! Rule: the localpart is the prefix and a keyed pseudonym; it tells nothing about the person.

use bridge_model::Person;

use crate::pseudonym::Pseudonyms;

/// The bridge's own corner of the homeserver's users.
#[derive(Clone)]
pub struct Ghosts {
    pseudonyms: Pseudonyms,
    prefix: String,
    server: String,
    bot: String,
}

impl Ghosts {
    /// `prefix` begins each ghost's localpart, `server` ends each id, `bot` is the localpart of the
    /// core bot.
    pub fn new(pseudonyms: Pseudonyms, prefix: &str, server: &str, bot: &str) -> Self {
        let bot = format!("@{bot}:{server}");
        Self { pseudonyms, prefix: prefix.into(), server: server.into(), bot }
    }

    /// The localpart of the ghost that stands for `person`.
    pub fn localpart(&self, person: &Person) -> String {
        format!("{}{}", self.prefix, self.pseudonyms.person(person))
    }

    /// The Matrix id of a ghost with this localpart.
    pub fn mxid(&self, localpart: &str) -> String {
        format!("@{localpart}:{}", self.server)
    }

    /// The localpart, if `mxid` is a ghost's.
    pub fn localpart_of<'a>(&self, mxid: &'a str) -> Option<&'a str> {
        let (localpart, server) = mxid.strip_prefix('@')?.split_once(':')?;
        (server == self.server && localpart.starts_with(&self.prefix)).then_some(localpart)
    }

    /// Begins the localparts of all that is ours.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The core bot's Matrix id.
    pub fn bot(&self) -> &str {
        &self.bot
    }

    /// Whether an event of `mxid` is our own.
    pub fn is_ours(&self, mxid: &str) -> bool {
        mxid == self.bot || self.localpart_of(mxid).is_some()
    }
}
