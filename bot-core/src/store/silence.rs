// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is still carried to a chat that is silent.
//!
//! Rule: our accounts leave, steps end, and what was taken back goes; nothing else is said there.

use bridge_model::{Content, MemberChange, Place};

use super::txn::Txn;
use super::{StoreError, portals};
use crate::lane::Work;
use crate::portal::Silence;

/// Begins the name of the one line that is said in a room that is encrypted.
pub const LAST_WORD: &str = "encrypted/";

/// Whether an entry is carried although the chat is silent: our accounts leave, steps end, and what
/// was taken back goes where that is possible.
pub fn outlives(work: &Work, silence: Silence) -> bool {
    match work {
        Work::Task(_) => true,
        Work::Summary(_) => false,
        Work::Say(_) => match silence {
            Silence::Removed => false,
            Silence::Encrypted => is_last_word(work),
            // What the bot says is about the chat, and of nobody in the others.
            Silence::Public => true,
        },
        Work::Relay(relayed) => {
            let content = &relayed.event.content;
            let left = MemberChange::Left;
            matches!(content, Content::Closed)
                || matches!(content, Content::MemberChanged { change, .. } if *change == left)
                || (matches!(silence, Silence::Encrypted | Silence::Public)
                    && matches!(content, Content::Deleted { .. } | Content::Unreacted { .. }))
        }
    }
}

/// The one line of the bot that is said in an encrypted room in clear.
pub fn is_last_word(work: &Work) -> bool {
    matches!(work, Work::Say(saying) if saying.id.as_str().starts_with(LAST_WORD))
}

/// Whether an entry is not to be appended, because its chat is silent.
///
/// # Errors
/// [`StoreError`].
pub fn keeps_out(tx: &Txn<'_>, place: &Place, work: &Work) -> Result<bool, StoreError> {
    let silence = portals::of(tx, place)?.and_then(|portal| portal.silence_at(place));
    Ok(silence.is_some_and(|silence| !outlives(work, silence)))
}
