// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was said while nobody listened, and is too old to be shown afterwards: it is counted here, and
//! every chat that missed it reads how much that was.
//!
//! Rule: the line stands before what is said next, and comes soon where nothing is.

use bridge_model::{Note, Place, Timestamp};

use super::keys::Everything;
pub use super::page_records::ToldGap;
use super::records::Gap;
use super::tables::{GAPS, TOLD_GAPS};
use super::txn::Txn;
use super::{Store, StoreError, keys, overflow, portals};
use crate::order::Missed;
use crate::portal::PortalId;

/// How long it is known what was missed, in milliseconds.
pub const TOLD_FOR_MS: i64 = 30 * 24 * 3600 * 1000;

impl Store {
    /// What was missed in these portals and ended after `since`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn told_gaps(
        &self,
        since: Timestamp,
        portals: Vec<PortalId>,
    ) -> Result<Vec<ToldGap>, StoreError> {
        self.read(move |tx| {
            let mut gaps = Vec::new();
            for portal in portals {
                gaps.extend(tx.all(&TOLD_GAPS, &portal)?);
            }
            gaps.retain(|gap| gap.until >= since);
            Ok(gaps)
        })
        .await
    }
}

/// What was missed longer ago is not known any more; how many rows went.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>) -> Result<u64, StoreError> {
    let limit = tx.now.0.saturating_sub(TOLD_FOR_MS);
    tx.clear_if(&TOLD_GAPS, &Everything, |gap| gap.until.0 < limit)
}

/// Nothing is told of a portal any more.
///
/// # Errors
/// [`StoreError`].
pub fn forget_all(tx: &mut Txn<'_>, portal: PortalId) -> Result<u64, StoreError> {
    tx.clear(&TOLD_GAPS, &portal)
}

/// Counts messages that are not shown elsewhere; those of a chat that nothing is relayed from are no
/// gap.
///
/// # Errors
/// [`StoreError`].
pub fn note(tx: &mut Txn<'_>, missed: &Missed) -> Result<(), StoreError> {
    if !portals::of(tx, &missed.place)?.is_some_and(|portal| portal.relaying) {
        return Ok(());
    }
    let key = keys::place(&missed.place);
    let Missed { place, messages, since, until } = missed.clone();
    let gap = match tx.get(&GAPS, &key)? {
        Some(known) => Gap {
            messages: known.messages.saturating_add(messages),
            since: known.since.min(since),
            until: known.until.max(until),
            place,
        },
        None => {
            tx.meta_mut().gaps = tx.meta().gaps.saturating_add(1);
            Gap { place, messages, since, until }
        }
    };
    tx.put(&GAPS, &key, &gap)
}

/// Something is said in a chat: what was missed before it is told first.
///
/// # Errors
/// [`StoreError`].
pub fn close(tx: &mut Txn<'_>, place: &Place) -> Result<(), StoreError> {
    if tx.meta().gaps == 0 {
        return Ok(());
    }
    match tx.get(&GAPS, &keys::place(place))? {
        Some(gap) => tell(tx, gap),
        None => Ok(()),
    }
}

/// What was missed is told, whether or not anything is said.
///
/// # Errors
/// [`StoreError`].
pub fn close_all(tx: &mut Txn<'_>) -> Result<(), StoreError> {
    if tx.meta().gaps == 0 {
        return Ok(());
    }
    tx.all(&GAPS, &Everything)?.into_iter().try_for_each(|gap| tell(tx, gap))
}

fn tell(tx: &mut Txn<'_>, gap: Gap) -> Result<(), StoreError> {
    tx.delete(&GAPS, &keys::place(&gap.place));
    tx.meta_mut().gaps = tx.meta().gaps.saturating_sub(1);
    let Some(portal) = portals::of(tx, &gap.place)?.filter(|portal| portal.relaying) else {
        return Ok(());
    };
    let Gap { place, messages, since, until } = gap;
    if portal.is_listed() {
        let number = tx.meta().next_entry;
        tx.meta_mut().next_entry = number.saturating_add(1);
        let told = ToldGap { network: place.network.clone(), messages, since, until };
        tx.put(&TOLD_GAPS, &(portal.id, number), &told)?;
    }
    tracing::info!(network = %place.network, messages, "what was missed is too old to be shown");
    let title = overflow::title(&portal, &place);
    let network = place.network.clone();
    let note = Note::Missed { network, title, messages, since, until };
    for other in portal.others(&place) {
        overflow::say(tx, &other, vec![note.clone()])?;
    }
    Ok(())
}
