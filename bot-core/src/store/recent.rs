// SPDX-License-Identifier: AGPL-3.0-or-later
//! The newest messages that are known of a chat, with what stands on them: for a bridge whose network
//! never tells what became of them while nobody listened.

use bridge_model::{MessageId, Place};

use super::records::Origin;
use super::tables::SAID;
use super::txn::Txn;
use super::{Store, StoreError, messages, portals};
use crate::network::RememberedMessage;

impl Store {
    /// The newest `most` messages of a linked chat that are known and not deleted, the newest first:
    /// what people said there, and the copies of what they said elsewhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_known(
        &self,
        place: &Place,
        most: usize,
    ) -> Result<Vec<RememberedMessage>, StoreError> {
        let place = place.clone();
        self.read(move |tx| newest(tx, &place, most)).await
    }
}

fn newest(tx: &Txn<'_>, place: &Place, most: usize) -> Result<Vec<RememberedMessage>, StoreError> {
    let Some(portal) = portals::of(tx, place)? else { return Ok(Vec::new()) };
    let mut said: Vec<(u64, u32, MessageId)> = Vec::new();
    for (row, record) in tx.scan(&SAID, &portal.id, usize::MAX)? {
        // The key ends with a number that grows.
        let number = row.0.last_chunk().copied().map_or(0, u64::from_be_bytes);
        said.push((number, record.1, record.2));
    }
    said.sort_unstable_by_key(|(number, ..)| std::cmp::Reverse(*number));
    let mut found: Vec<RememberedMessage> = Vec::new();
    for (_, number, message) in said {
        if found.len() >= most {
            break;
        }
        let Some(origin) = messages::origin(tx, &tx.numbered(number)?, &message)? else { continue };
        if !origin.deleted {
            add(tx, (place, &origin), &mut found)?;
        }
    }
    Ok(found)
}

/// What a message is at a place. Of one in several parts, and of a part of several messages, nobody
/// can say which has the reactions.
fn add(
    tx: &Txn<'_>,
    (place, origin): (&Place, &Origin),
    found: &mut Vec<RememberedMessage>,
) -> Result<(), StoreError> {
    let mut ids = Vec::new();
    if tx.numbered(origin.place)? == *place {
        ids.push(origin.message.clone());
    } else {
        for copy in &origin.copies {
            if tx.numbered(copy.place)? == *place {
                ids.extend(copy.parts.iter().map(|part| part.id.clone()));
            }
        }
    }
    let alone = ids.len() == 1;
    for id in ids {
        if let Some(known) = found.iter_mut().find(|known| known.id == id) {
            known.reactions = None;
            continue;
        }
        let own = origin.reactions.iter();
        let own = own.filter(|it| it.live && it.by.network == place.network);
        let reactions = own.map(|it| (it.by.user.clone(), it.reaction.clone())).collect();
        let reactions = alone.then_some(reactions);
        found.push(RememberedMessage { id, reactions, pinned: origin.pinned });
    }
    Ok(())
}
