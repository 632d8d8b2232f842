// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a waiting entry is about: by it a later event finds the entry that it joins or withdraws.
//!
//! Rule: two entries of one lane have the same subject only when the later one may join the earlier.

use bridge_model::{Content, Message, MessageId, Place};

use super::keys::{self, Hash};
use crate::lane::{Entry, SummaryKind, SummaryMessage, Work};

/// The subject of an entry; `None` when no later event joins it.
pub fn of(entry: &Entry) -> Option<Hash> {
    match &entry.work {
        Work::Relay(relayed) => {
            let event = &relayed.event;
            let Content::Posted(message) = &event.content else { return None };
            match &relayed.album {
                Some(_) => album(&event.place, message),
                None => message.held.then(|| delayed(&event.place, &event.message)),
            }
        }
        Work::Summary(SummaryMessage { summary: it, .. }) => {
            Some(summary(it.kind, &keys::message(&it.place, &it.message)))
        }
        Work::Say(_) | Work::Task(_) => None,
    }
}

/// An album: where, by whom, and its mark.
pub fn album(place: &Place, message: &Message) -> Option<Hash> {
    let (network, chat) = (place.network.as_str(), place.chat.as_str());
    let album = message.album.as_deref()?;
    Some(keys::hash(&["album", network, chat, message.author.user.as_str(), album]))
}

/// A message that a deletion may withdraw before it is sent.
pub fn delayed(place: &Place, id: &MessageId) -> Hash {
    keys::hash(&["held", place.network.as_str(), place.chat.as_str(), id.as_str()])
}

/// A summary; `about` is the hash of its message.
pub fn summary(kind: SummaryKind, about: &Hash) -> Hash {
    keys::hash(&["summary", name(kind), &hex(about)])
}

/// The name of a kind of summary.
pub fn name(kind: SummaryKind) -> &'static str {
    match kind {
        SummaryKind::Poll => "poll",
        SummaryKind::Reactions => "reactions",
    }
}

/// A hash in hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
