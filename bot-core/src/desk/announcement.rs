// SPDX-License-Identifier: AGPL-3.0-or-later
//! The lines that tell all sides of a step before it comes.
//!
//! Rule: each chat reads what the step means for the people there.

use bridge_model::Place;
use bridge_policy::schedule::Schedule;
use bridge_policy::stage::Stage;

use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::portal::Portal;
use crate::wording::label;

/// Tells all sides that a step comes in so many days.
pub(super) fn announcement(
    phrases: Phrases<'_>,
    portal: &Portal,
    step: &Schedule,
    days: u64,
) -> Vec<(Place, Work)> {
    let key = match step.to {
        Stage::Inventory | Stage::Announced => Key::ComingAnnounced,
        Stage::Bridged => Key::ComingBridged,
        Stage::MatrixFirst => Key::ComingMatrixFirst,
        Stage::ReadOnly => Key::ComingReadOnly,
        Stage::Sunset => Key::ComingSunset,
    };
    let coming = |place: &Place| {
        let legacy = portal.ends.iter().find(|end| end.place == *place).or(portal.ends.first());
        let network = legacy.map(|end| label(&end.place.network)).unwrap_or_default();
        let args = [
            Arg::day(step.day),
            Arg::number(days),
            Arg::url(phrases.join_link(&portal.room.chat)),
            Arg::text(network),
        ];
        phrases.say(key, &args)
    };
    let places = portal.active();
    places.iter().map(|place| phrases.message_in(place, coming(place))).collect()
}
