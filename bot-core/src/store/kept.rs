// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that people keep in their own chat, with `(NOFWD)` before the words.
//!
//! Rule: the words of such a message go nowhere: not with it, not with an edit of it, and not with an
//! answer that quotes it.

use bridge_model::{Content, Event, MessageId, Place};

use super::txn::Txn;
use super::{StoreError, messages};
use crate::wording::marks;

/// A message stays in its chat.
///
/// # Errors
/// [`StoreError`].
pub fn keep(tx: &mut Txn<'_>, place: &Place, message: &MessageId) -> Result<(), StoreError> {
    messages::note_once(tx, &place.network, &name(place, message))
}

/// Whether a message stays in its chat.
///
/// # Errors
/// [`StoreError`].
pub fn is_kept(tx: &mut Txn<'_>, place: &Place, message: &MessageId) -> Result<bool, StoreError> {
    messages::is_noted(tx, &place.network, &name(place, message))
}

/// Takes the words of kept messages out of what answers or quotes them.
///
/// # Errors
/// [`StoreError`].
pub fn leave_out_words(tx: &mut Txn<'_>, event: &mut Event) -> Result<(), StoreError> {
    let place = event.place.clone();
    let (Content::Posted(message) | Content::Edited(message)) = &mut event.content else {
        return Ok(());
    };
    marks::without_kept_quotes(&mut message.body);
    let Some(reply) = &mut message.reply_to else { return Ok(()) };
    let marked = reply.excerpt.as_ref().is_some_and(marks::stays_here);
    if marked || is_kept(tx, &place, &reply.message)? {
        reply.excerpt = None;
        reply.partial = false;
    }
    Ok(())
}

fn name(place: &Place, message: &MessageId) -> String {
    format!("kept/{}/{}", place.chat.as_str(), message.as_str())
}
