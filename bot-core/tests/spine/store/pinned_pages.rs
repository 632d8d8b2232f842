// SPDX-License-Identifier: AGPL-3.0-or-later
//! Samples for `pinned.rs`: visits to the dashboard, and what is noted of lanes.

use bot_core::order::EntryId;
use bot_core::portal::PortalId;
use bot_core::store::lane_notes::LaneNote;
use bot_core::store::tables;
use bot_core::store::visits::{AskedOnPage, Visit};

use crate::words::START;

/// Prefixes of tables and sealed values.
pub fn written() -> Vec<(u8, Vec<u8>)> {
    let mxid = "@ann:example.org".to_owned();
    let asked = AskedOnPage {
        mxid: mxid.clone(),
        portal: PortalId(3),
        command: "set brakes flood".to_owned(),
        at: START,
        answer: Some(("brakes is now flood".to_owned(), "en".to_owned())),
    };
    let visits = [
        Visit::Link { mxid: mxid.clone(), until: START, used: true },
        Visit::Session { mxid, until: START },
        Visit::Asked(Box::new(asked)),
    ];
    let visits = visits.iter().map(|visit| (b'1', tables::VISITS.seal(visit).unwrap()));
    let urgent = vec![EntryId(11), EntryId(12)];
    let note = LaneNote { halted_since: Some(START), leave_out: Some(EntryId(9)), urgent };
    visits.chain([(b'4', tables::LANE_NOTES.seal(&note).unwrap())]).collect()
}
