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

use crate::NETWORK;
use bridge_model::{
    Capabilities, ChatCapabilities, LengthUnit, MediaCapabilities, PollCapabilities,
    TextCapabilities, ThreadKind,
};

/// Largest content of an event that we make, in bytes of JSON. The specification ("Size
/// limits") allows 65,536 for the whole event; the rest is for what the homeserver adds.
pub const MAX_CONTENT: usize = 60 * 1024;

/// What Matrix can show and carry.
///
/// The specification's HTML ("m.room.message msgtypes") has no folded quotes and no moments in
/// the reader's own time zone; everything else that the model can say, it can say too. The
/// homeserver's own upload limit is the sender's business.
pub const CAPABILITIES: Capabilities = Capabilities {
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
        alt: true,
        voice: true,
        waveform: true,
        video_notes: false,
        animations: true,
        stickers: true,
        tags: false,
        formats: &["image/webp", "image/gif", "image/apng", "video/webm", "video/mp4"],
    },
    replies: true,
    reply_quotes: false,
    many_reactions: true,
    custom_reactions: true,
    edits_media: true,
    polls: Some(PollCapabilities {
        question: MAX_CONTENT / 8,
        answer: MAX_CONTENT / 80,
        fewest: 1,
        most: 20,
        closing: true,
    }),
    locations: true,
    live_locations: false,
    contacts: false,
    threads: ThreadKind::OnMessages,
    chat: ChatCapabilities { name: true, topic: true, avatar: true, pins: true, emoji: true },
};
