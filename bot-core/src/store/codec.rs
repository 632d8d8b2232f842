// SPDX-License-Identifier: AGPL-3.0-or-later
//! The one point that every stored value passes.
//!
//! Rule: nothing is written to an engine but through [`seal`]; a key per person comes
//! in here. The first byte says how the rest is written.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// Format 1 had no polls, threads and notes in messages, and no albums, votes and summaries;
/// format 2 had no messages that wait, format 3 no buttons, format 4 kept what an entry does as a
/// bag of options. None was ever released.
const POSTCARD: u8 = 5;

/// Makes a value ready for the engine.
///
/// # Errors
/// [`StoreError::Damaged`] when the value cannot be written.
pub fn seal<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(value, vec![POSTCARD])
        .map_err(|error| StoreError::Damaged { what, why: error.to_string() })
}

/// Reads a value from the engine.
///
/// # Errors
/// [`StoreError::Damaged`] when it was written by a newer version or is damaged.
pub fn open<T: DeserializeOwned>(what: &'static str, sealed: &[u8]) -> Result<T, StoreError> {
    match sealed.split_first() {
        Some((&POSTCARD, rest)) => postcard::from_bytes(rest)
            .map_err(|error| StoreError::Damaged { what, why: error.to_string() }),
        Some((version, _)) => Err(StoreError::Damaged {
            what,
            why: format!("format {version} is not known to this version of freeside"),
        }),
        None => Err(StoreError::Damaged { what, why: "it is empty".into() }),
    }
}
