// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people read in a chat, and how a test waits for it.

use std::time::Duration;

use tokio::time::Instant;

use super::group::Group;
use super::seen::Seen;
use super::user::MessageId;

/// How long a test waits for something to appear.
const DEADLINE: Duration = Duration::from_secs(30);

impl Group {
    /// The chat's title.
    pub fn title(&self) -> String {
        let world = self.shared.lock();
        world.chats.get(&self.id).map(|chat| chat.title.clone()).unwrap_or_default()
    }

    /// All messages, oldest first.
    pub fn messages(&self) -> Vec<Seen> {
        let world = self.shared.lock();
        let Some(chat) = world.chats.get(&self.id) else { return Vec::new() };
        chat.messages.values().map(|message| Seen::of(&world, chat, message)).collect()
    }

    /// One message, if it is still there.
    pub fn message(&self, id: MessageId) -> Option<Seen> {
        self.messages().into_iter().find(|seen| seen.id == id)
    }

    /// The pinned messages, newest pin first.
    pub fn pinned(&self) -> Vec<Seen> {
        let world = self.shared.lock();
        let Some(chat) = world.chats.get(&self.id) else { return Vec::new() };
        let pinned = chat.pinned.iter().filter_map(|id| chat.messages.get(id));
        pinned.map(|message| Seen::of(&world, chat, message)).collect()
    }

    /// All messages as lines, to read in an error.
    pub fn transcript(&self) -> String {
        let lines: Vec<String> = self.messages().iter().map(ToString::to_string).collect();
        if lines.is_empty() { "(no messages)".to_owned() } else { lines.join("\n") }
    }

    /// Waits until a message is as wanted, and gives the first such one.
    ///
    /// # Errors
    /// With the transcript, when none is within 30 s.
    pub async fn expect(&self, wanted: impl Fn(&Seen) -> bool) -> anyhow::Result<Seen> {
        self.until(|messages| messages.iter().find(|seen| wanted(seen)).cloned()).await
    }

    /// Waits until the messages, oldest first, give an answer.
    ///
    /// # Errors
    /// With the transcript, when they give none within 30 s.
    pub async fn until<R>(&self, answer: impl Fn(&[Seen]) -> Option<R>) -> anyhow::Result<R> {
        self.within(DEADLINE, answer).await
    }

    /// As `until`, with another deadline.
    ///
    /// # Errors
    /// As `until`.
    pub async fn within<R>(
        &self,
        time: Duration,
        answer: impl Fn(&[Seen]) -> Option<R>,
    ) -> anyhow::Result<R> {
        let end = Instant::now() + time;
        loop {
            let change = self.shared.changed.notified();
            tokio::pin!(change);
            change.as_mut().enable();
            if let Some(answer) = answer(&self.messages()) {
                return Ok(answer);
            }
            if tokio::time::timeout_at(end, change).await.is_err() {
                anyhow::bail!(
                    "not seen in the Telegram chat \"{}\" within {time:?}; it shows:\n{}",
                    self.title(),
                    self.transcript()
                );
            }
        }
    }
}
