// SPDX-License-Identifier: AGPL-3.0-or-later
//! Threads: what one hangs on is there before its first message.

use bridge_model::{Content, Event, Message, MessageKind, Note, Service};

use super::txn::Txn;
use super::{StoreError, messages};

/// The message that the thread of a new message hangs on, made up and recorded, if nobody knows
/// it: the thread was opened before the bridge was here, or on a network where threads hang on
/// nothing.
///
/// # Errors
/// [`StoreError`].
pub fn root(
    tx: &mut Txn<'_>,
    event: &Event,
    message: &Message,
) -> Result<Option<Event>, StoreError> {
    let Some(thread) = &message.thread else { return Ok(None) };
    let is_itself = thread.root == event.message;
    if is_itself || messages::find(tx, &event.place, &thread.root)?.is_some() {
        return Ok(None);
    }
    let name = thread.name.clone().unwrap_or_default();
    let root = Message {
        kind: MessageKind::Notice,
        notes: vec![Note::Service(Service::ThreadOpened { name })],
        ..Message::new(message.author.clone(), message.sent_at)
    };
    messages::begin(tx, &event.place, &thread.root, &root)?;
    let content = Content::Posted(root);
    Ok(Some(Event { message: thread.root.clone(), content, ..event.clone() }))
}
