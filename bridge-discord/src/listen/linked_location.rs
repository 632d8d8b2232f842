// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where something happened: in a linked channel, or in a thread of one.
//!
//! Rule: a private thread is nobody's business: what its parent is linked to would show it to
//! people who were not asked in.

use bridge_model::Event;
use reqwest::Method;
use serde_json::Value;

use super::{Listener, Stopped};
use crate::convert::incoming::{self, Thread};
use crate::rest::{Body, RestError};
use crate::threads::ChannelKnowledge;

/// Where something happened.
pub(super) struct LinkedLocation {
    /// The thread in the linked channel.
    pub(super) thread: Option<Thread>,
}

impl LinkedLocation {
    /// Puts an event of the channel that it came from where it belongs.
    pub(super) fn place(&self, event: Event) -> Event {
        match &self.thread {
            Some(thread) => thread.place(event),
            None => event,
        }
    }
}

impl Listener {
    /// Where an event of `channel` belongs; `None` when that is not linked.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn linked_location(
        &self,
        channel: &str,
        data: &Value,
    ) -> Result<Option<LinkedLocation>, Stopped> {
        let linked = self.linked().await?;
        if linked.iter().any(|chat| chat == channel) {
            return Ok(Some(LinkedLocation { thread: None }));
        }
        // Threads are only in servers, and matter only where something is linked.
        if linked.is_empty() || incoming::id(data, "guild_id").is_none() {
            return Ok(None);
        }
        if matches!(self.shared.threads.find(channel), ChannelKnowledge::Nothing) {
            self.ask_channel(channel).await?;
        }
        let ChannelKnowledge::Thread(thread) = self.shared.threads.find(channel) else {
            return Ok(None);
        };
        let open = linked.contains(&thread.parent) && !thread.private;
        Ok(open.then_some(LinkedLocation { thread: Some(thread) }))
    }

    /// Asks what kind of channel it is; `None` when it is gone or hidden.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn ask_channel(&self, channel: &str) -> Result<Option<Value>, Stopped> {
        let mut pause = self.pauses();
        let path = format!("/channels/{channel}");
        loop {
            match self.shared.rest.ask::<Value>(Method::GET, &path, Body::Empty).await {
                Ok(found) => {
                    self.shared.learn_channel(&found, None);
                    self.shared.threads.learn(&found);
                    return Ok(Some(found));
                }
                Err(RestError::Refusal(answer)) if answer.is_no() => {
                    self.shared.threads.is_other(channel);
                    return Ok(None);
                }
                Err(error) => self.wait_out(&error, &mut pause).await?,
            }
        }
    }
}
