// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads: channels under a channel.
//!
//! Rule: what happens in a thread happens in its parent, under ids `<thread>/<message>`. The
//! root of a thread has the thread's own id, also as the first message of a forum post.
//! See <https://discord.com/developers/docs/topics/threads>.

use bridge_model::{ChatId, Content, Event, MessageId, Note, Place, Reply, Service, Timestamp};
use serde_json::Value;
use serenity::model::channel::ChannelType;

use super::chat::{channel_type, is_thread};
use super::field::{id, is, text};
use super::moment;
use crate::NETWORK;

/// A thread as far as converting needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The thread's own channel id.
    pub id: String,
    /// The channel that it stands under.
    pub parent: String,
    /// What it is called.
    pub name: Option<String>,
    /// Nobody can write in it: archived or locked.
    pub closed: bool,
    /// Only those who were asked in can read it.
    pub private: bool,
}

impl Thread {
    /// Reads a channel object; `None` when it is no thread.
    pub fn read(channel: &Value) -> Option<Self> {
        let kind = channel_type(channel).filter(|kind| is_thread(*kind))?;
        let state = channel.get("thread_metadata");
        let closed = |state| is(state, "archived") || is(state, "locked");
        Some(Self {
            id: id(channel, "id")?.to_owned(),
            parent: id(channel, "parent_id")?.to_owned(),
            name: text(channel, "name").map(str::to_owned),
            closed: state.is_some_and(closed),
            private: kind == ChannelType::PrivateThread,
        })
    }

    /// When a thread was archived, or opened again, last.
    pub fn archived_at(channel: &Value) -> Option<Timestamp> {
        moment::read(text(channel.get("thread_metadata")?, "archive_timestamp")?)
    }

    /// The id of one of its messages.
    pub fn message(&self, message: &str) -> MessageId {
        if message == self.id {
            return MessageId::from(message);
        }
        MessageId::from(format!("{}/{message}", self.id))
    }

    /// Puts an event of the thread's channel into the parent channel.
    pub fn place(&self, mut event: Event) -> Event {
        let is_root = event.message.as_str() == self.id;
        event.place = Place { chat: ChatId::from(self.parent.as_str()), ..event.place };
        event.message = self.message(event.message.as_str());
        if let Content::Posted(message) | Content::Edited(message) = &mut event.content {
            if let Some(Reply { message: answered, .. }) = &mut message.reply_to {
                *answered = self.message(answered.as_str());
            }
            // The first message of a forum post is what its thread hangs on, and has its title.
            let title = self.name.clone().filter(|_| is_root);
            let title = title.map(|name| Note::Service(Service::ThreadOpened { name }));
            message.notes.extend(title);
            message.thread = (!is_root).then(|| bridge_model::Thread {
                root: MessageId::from(self.id.as_str()),
                name: self.name.clone(),
            });
        }
        event
    }

    /// What became different since `before`; `None` when nothing that is shown did.
    pub fn change_since(&self, before: &Self) -> Option<Event> {
        let name = self.name.clone().filter(|_| self.name != before.name);
        let closed = (self.closed != before.closed).then_some(self.closed);
        (name.is_some() || closed.is_some()).then(|| self.changed(name, closed))
    }

    /// The event of a thread that is different.
    pub fn changed(&self, name: Option<String>, closed: Option<bool>) -> Event {
        Event {
            place: Place::new(NETWORK, self.parent.as_str()),
            message: MessageId::from(self.id.as_str()),
            late: false,
            content: Content::ThreadChanged { name, closed },
        }
    }
}
