// SPDX-License-Identifier: AGPL-3.0-or-later
//! A webhook that somebody other than the bridge uses.
//!
//! Rule: its messages look like the bridge's own; only the webhook's id tells them apart.

use std::sync::Arc;

use super::message::Author;
use super::posting::Draft;
use super::{Channel, Inner};

/// One webhook in the hands of other people.
#[derive(Clone)]
pub struct Webhook {
    inner: Arc<Inner>,
    channel: u64,
    id: u64,
    application: Option<u64>,
}

impl Webhook {
    pub(crate) fn new(channel: &Channel, id: u64, application: Option<u64>) -> Self {
        Self { inner: Arc::clone(channel.inner()), channel: channel.id(), id, application }
    }

    /// The webhook's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Posts under a name; answers with the message's id.
    pub fn say(&self, name: &str, text: &str) -> u64 {
        self.post(Draft::new(self.author(name), text))
    }

    pub(super) fn author(&self, name: &str) -> Author {
        let name = name.to_owned();
        Author::Webhook { id: self.id, name, avatar: None, application: self.application }
    }

    pub(super) fn post(&self, draft: Draft) -> u64 {
        self.inner.with(|world| world.post(self.channel, draft))
    }
}
