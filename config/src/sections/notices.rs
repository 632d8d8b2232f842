// SPDX-License-Identifier: AGPL-3.0-or-later
//! The section `[notices]`: how much is said about links to proprietary services.
//!
//! Rule: a cap can be lowered to nothing, and raised only so far that notices stay few.

use crate::check;
use crate::reader::{Reader, Section};
use crate::values::Notices;

/// Reads it.
pub(crate) fn read(reader: &Reader<'_>, mut section: Section<'_, '_>) -> Notices {
    let default = Notices::default();
    let catalogue = section.optional("catalogue", check::words).map(|path| reader.path(&path));
    let mut cap = |key, default: u32| {
        let default = usize::try_from(default).unwrap_or(usize::MAX);
        u32::try_from(section.number(key, default, 0..=24)).unwrap_or(u32::MAX)
    };
    let (per_room, per_person) =
        (cap("per_room", default.per_room), cap("per_person", default.per_person));
    let quiet = section.optional("quiet", check::hours).unwrap_or(default.quiet);
    let utc_offset = section.optional("utc_offset", check::offset).unwrap_or(default.utc_offset);
    section.finish();
    Notices { catalogue, per_room, per_person, quiet, utc_offset }
}
