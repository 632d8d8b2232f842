// SPDX-License-Identifier: AGPL-3.0-or-later
//! Copies that several messages share: an album that became one message.
//!
//! Rule: what happens to one message of an album never takes the others' files or words away. The
//! bridge keeps neither, so it cannot say the rest again: a file that was taken away stays in a
//! shared copy until the last message of the album is gone, and what cannot be changed by itself
//! is refused. Its author is told of both.

use bridge_model::Place;

use super::lookup::unread;
use crate::lane::Replica;
use crate::order::DeliverError;
use crate::refusal::Refusal;
use crate::store::Store;

/// Other messages that are still there have the same copy in `lane`.
///
/// # Errors
/// [`DeliverError::Retry`] when the store cannot be asked.
pub(super) async fn is_needed_by_others(
    store: &Store,
    lane: &Place,
    replica: &Replica,
) -> Result<bool, DeliverError> {
    Ok(sharing(store, lane, replica).await?.iter().any(|other| !other.deleted))
}

/// The copy can be changed without harm to others that share it.
///
/// # Errors
/// [`DeliverError::Refused`] when it cannot.
pub(super) async fn may_edit_alone(
    store: &Store,
    lane: &Place,
    replica: &Replica,
    media_changed: bool,
) -> Result<(), DeliverError> {
    let others = sharing(store, lane, replica).await?;
    let refused = |reason| Err(DeliverError::Refused { reason });
    if media_changed && !others.is_empty() {
        return refused(Refusal::AlbumFile);
    }
    if others.iter().any(|other| other.words && !other.deleted) {
        return refused(Refusal::AlbumWords);
    }
    Ok(())
}

async fn sharing(
    store: &Store,
    lane: &Place,
    replica: &Replica,
) -> Result<Vec<Replica>, DeliverError> {
    let copy = replica.copies.iter().find(|copy| copy.place == *lane);
    let mut others = Vec::new();
    for message in copy.map(|copy| copy.shared.as_slice()).unwrap_or_default() {
        if *message != replica.message {
            let known = store.find_replica(&replica.origin, message).await;
            others.extend(known.map_err(unread)?);
        }
    }
    Ok(others)
}
