// SPDX-License-Identifier: AGPL-3.0-or-later
//! Between Matrix events and the model: functions from value to value.
//!
//! Rule: nothing here asks anybody. What a converter needs to know (display
//! names, which accounts are ours, where a file was uploaded) is an argument.

pub mod address;
pub mod html;
pub mod incoming;
pub mod name;
pub mod native;
pub mod outgoing;
pub mod text;

use bridge_model::{Capabilities, LengthUnit, MediaCapabilities, TextCapabilities};

/// The name of this network.
pub const NETWORK: &str = "matrix";

/// Largest content of an event that we make, in bytes of JSON. The specification ("Size
/// limits") allows 65,536 for the whole event; the rest is for what the homeserver adds.
pub const MAX_CONTENT: usize = 60 * 1024;

/// What Matrix can show and carry.
///
/// The specification's HTML ("m.room.message msgtypes") has no folded quotes and no moments in
/// the reader's own time zone; everything else that the model can say, it can say too. The
/// homeserver's own upload limit is the sender's business.
pub const MATRIX: Capabilities = Capabilities {
    text: TextCapabilities {
        expandable_quotes: false,
        timestamps: false,
        ..TextCapabilities::FULL
    },
    max_text: MAX_CONTENT,
    max_caption: MAX_CONTENT,
    unit: LengthUnit::Bytes,
    media: MediaCapabilities {
        max_upload: u64::MAX,
        max_download: u64::MAX,
        per_message: 1,
        spoilers: true,
    },
    replies: true,
    many_reactions: true,
};
