// SPDX-License-Identifier: AGPL-3.0-or-later
//! The copies of all messages with files that a portal has carried go, and public addresses of its media
//! lead nowhere.
//!
//! Rule: one transaction says what is to go, and it goes through the lanes, so that a crash forgets none
//! of it. What people have posted themselves stays where they did.

use bridge_model::{Content, Event, Place};

use super::keys::Everything;
use super::own_data::to_each;
use super::records::{MessageRecord, Origin};
use super::tables::MESSAGES;
use super::txn::Txn;
use super::{Store, StoreError, messages, portals, summaries, topics};
use crate::portal::Portal;

/// Messages with files that a portal has carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CarriedMedia {
    /// Of all sides.
    pub messages: u64,
    /// Those with a copy on Telegram, where an old message can be deleted only by an admin.
    pub on_telegram: u64,
}

impl Store {
    /// How many messages with files a portal has carried that are known and were not deleted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn carried_media(&self, portal: &Portal) -> Result<CarriedMedia, StoreError> {
        let portal = portal.clone();
        let count = move |tx: &Txn<'_>| {
            let mut carried = CarriedMedia::default();
            for (_, origin) in with_files(tx, &portal)? {
                let mut on_telegram = false;
                for copy in &origin.copies {
                    on_telegram |= tx.numbered(copy.place)?.network.as_str() == "telegram";
                }
                carried.messages += 1;
                carried.on_telegram += u64::from(on_telegram);
            }
            Ok(carried)
        };
        self.read(count).await
    }
}

/// Takes the copies of these messages away. A message that has no copy yet still crosses.
///
/// # Errors
/// [`StoreError`].
pub fn purge(tx: &mut Txn<'_>, room: &Place) -> Result<(), StoreError> {
    let Some(mut portal) = portals::of(tx, room)? else { return Ok(()) };
    portal.media_epoch = portal.media_epoch.saturating_add(1);
    portals::save(tx, &portal)?;
    for (place, origin) in with_files(tx, &portal)? {
        let message = origin.message.clone();
        let Some(gone) = messages::take_away(tx, (&place, &message))? else { continue };
        let mut places = portal.others(&place);
        for copy in &origin.copies {
            places.push(tx.numbered(copy.place)?);
        }
        let content = Content::Deleted { by: None };
        let event = Event { place: place.clone(), message, late: false, content };
        to_each(tx, &event, places)?;
        summaries::end(tx, &place, &gone)?;
    }
    Ok(())
}

/// The messages of which a copy holds a file, with where they were said.
fn with_files(tx: &Txn<'_>, portal: &Portal) -> Result<Vec<(Place, Origin)>, StoreError> {
    let mut places: Vec<Place> = portal.places().cloned().collect();
    places.extend(topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room));
    let mut found = Vec::new();
    for record in tx.all(&MESSAGES, &Everything)? {
        let MessageRecord::Origin(origin) = record else { continue };
        let has_file = origin.copies.iter().flat_map(|copy| &copy.parts).any(|part| part.media);
        if origin.deleted || !has_file {
            continue;
        }
        let place = tx.numbered(origin.place)?;
        if places.contains(&place) {
            found.push((place, origin));
        }
    }
    Ok(found)
}
