// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people see of a channel besides its messages: its name, its threads, its polls.
//!
//! Rule: as in `seen`, nothing tells how it came about.

use serde_json::Value;

use super::Channel;
use super::message::MessageRow;
use super::world::{ChannelRow, Kind};

/// A thread as people see it in the list of threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenThread {
    /// Its id.
    pub id: u64,
    /// What it is called.
    pub name: String,
    /// It is closed until somebody says something.
    pub archived: bool,
    /// It is closed until a moderator opens it.
    pub locked: bool,
}

/// A poll as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPoll {
    /// What is asked.
    pub question: String,
    /// The answers with the ids of those who chose them.
    pub answers: Vec<(String, Vec<u64>)>,
    /// One can choose several.
    pub several: bool,
    /// When it ends, as an ISO 8601 time.
    pub expiry: String,
    /// Nobody can vote any more.
    pub closed: bool,
}

impl Channel {
    /// The threads of this channel, oldest first.
    pub fn threads(&self) -> Vec<SeenThread> {
        self.inner().with_quietly(|world| {
            let below = world.channels.values().filter(|row| row.kind == Kind::Thread(self.id()));
            let seen = |row: &ChannelRow| SeenThread {
                id: row.id,
                name: row.name.clone(),
                archived: row.archived,
                locked: row.locked,
            };
            below.map(seen).collect()
        })
    }

    /// The thread with this id, as a channel of its own.
    pub fn at(&self, thread: u64) -> Self {
        Self::new(self.inner(), thread)
    }

    /// What the channel is called, and its topic.
    pub fn label(&self) -> (String, String) {
        self.inner().with_quietly(|world| {
            let row = world.channels.get(&self.id());
            let name = row.map(|row| row.name.clone()).unwrap_or_default();
            (name, row.and_then(|row| row.topic.clone()).unwrap_or_default())
        })
    }
}

/// The poll of a message.
pub(crate) fn poll(row: &MessageRow) -> Option<SeenPoll> {
    let poll = row.extra.get("poll")?;
    let words = |value: Option<&Value>| {
        value.and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
    };
    let answers = poll.get("answers").and_then(Value::as_array).into_iter().flatten();
    let answers = answers.map(|answer| {
        let id = answer.get("answer_id").and_then(Value::as_u64);
        let voters = row.votes.iter().filter(|vote| Some(vote.1) == id).map(|vote| vote.0);
        (words(answer.pointer("/poll_media/text")), voters.collect())
    });
    Some(SeenPoll {
        question: words(poll.pointer("/question/text")),
        answers: answers.collect(),
        several: poll.get("allow_multiselect").and_then(Value::as_bool).unwrap_or(false),
        expiry: words(poll.get("expiry")),
        closed: poll.pointer("/results/is_finalized").and_then(Value::as_bool).unwrap_or(false),
    })
}
