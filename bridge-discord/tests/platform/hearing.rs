// SPDX-License-Identifier: AGPL-3.0-or-later
//! Waiting for what the core is told.

use bridge_model::{Content, Event, Message, MessageId};

use crate::recorder::Recorder;

/// The ids and contents of new messages, in order.
pub fn posted(events: &[Event]) -> Vec<(MessageId, Message)> {
    let of = |event: &Event| match &event.content {
        Content::Posted(message) => Some((event.message.clone(), message.clone())),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

impl Recorder {
    /// Waits for so many new messages, and answers with the last one.
    pub async fn message(&self, count: usize) -> Message {
        let all = self.until(|events| Some(posted(events)).filter(|all| all.len() >= count)).await;
        all.into_iter().nth(count - 1).unwrap().1
    }

    /// Waits for an event that `fits`.
    pub async fn event(&self, fits: impl Fn(&Content) -> bool) -> Event {
        self.until(|events| events.iter().find(|event| fits(&event.content)).cloned()).await
    }

    /// Waits for so many events of the kind that `fits`.
    pub async fn count(&self, count: usize, fits: impl Fn(&Content) -> bool) -> Vec<Event> {
        let of = |events: &[Event]| -> Vec<Event> {
            events.iter().filter(|event| fits(&event.content)).cloned().collect()
        };
        self.until(|events| Some(of(events)).filter(|all| all.len() >= count)).await
    }
}
