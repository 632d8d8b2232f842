// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is known of the threads of all servers.
//!
//! Rule: only a cache, and a full one for servers that were described whole: a thread that is
//! missing there was closed.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::convert::incoming::{self, Thread};

/// What is known of threads.
#[derive(Default)]
pub(crate) struct Threads(Mutex<Cache>);

#[derive(Default)]
struct Cache {
    threads: HashMap<String, Thread>,
    /// Channels that are no threads.
    others: HashSet<String>,
    /// Servers whose open threads are all known.
    whole: HashSet<String>,
}

/// What is known of one channel.
pub(crate) enum ChannelKnowledge {
    /// It is a thread.
    Thread(Thread),
    /// It is none.
    Other,
    /// Nothing.
    Nothing,
}

impl Threads {
    fn known(&self) -> MutexGuard<'_, Cache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, channel: &str) -> ChannelKnowledge {
        let known = self.known();
        match known.threads.get(channel) {
            Some(thread) => ChannelKnowledge::Thread(thread.clone()),
            None if known.others.contains(channel) => ChannelKnowledge::Other,
            None => ChannelKnowledge::Nothing,
        }
    }

    /// Learns from a channel object; answers with what it was before, if it is a thread.
    ///
    /// Of a thread that is missing from a whole server it is known that it was closed.
    pub(crate) fn learn(&self, channel: &Value) -> Option<Thread> {
        let mut known = self.known();
        let Some(thread) = Thread::read(channel) else {
            known.others.extend(incoming::id(channel, "id").map(str::to_owned));
            return None;
        };
        let guild = incoming::id(channel, "guild_id");
        let whole = guild.is_some_and(|guild| known.whole.contains(guild));
        let before = known.threads.insert(thread.id.clone(), thread.clone());
        before.or_else(|| whole.then_some(Thread { closed: true, ..thread }))
    }

    /// Learns all channels and all open threads of a server, from `GUILD_CREATE`.
    pub(crate) fn learn_whole(&self, guild: &Value) {
        for channel in incoming::list(guild, "channels") {
            self.learn(channel);
        }
        let here = incoming::list(guild, "channels").iter();
        let here: Vec<&str> = here.filter_map(|channel| incoming::id(channel, "id")).collect();
        self.learn_open(&here, incoming::list(guild, "threads"));
        self.known().whole.extend(incoming::id(guild, "id").map(str::to_owned));
    }

    /// Learns all open threads of some channels.
    pub(crate) fn learn_open(&self, parents: &[&str], open: &[Value]) {
        for thread in self.known().threads.values_mut() {
            thread.closed |= parents.contains(&thread.parent.as_str());
        }
        for thread in open {
            self.learn(thread);
        }
    }

    /// It is gone; answers with what was known of it.
    pub(crate) fn forget(&self, thread: &str) -> Option<Thread> {
        self.known().threads.remove(thread)
    }

    /// The channel around a thread.
    pub(crate) fn parent(&self, thread: &str) -> Option<String> {
        self.known().threads.get(thread).map(|thread| thread.parent.clone())
    }

    /// There is no such channel, or it is hidden from us.
    pub(crate) fn is_other(&self, channel: &str) {
        self.known().others.insert(channel.to_owned());
    }
}
