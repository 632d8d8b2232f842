// SPDX-License-Identifier: AGPL-3.0-or-later
//! HTML of Matrix to the model and back: what was written is read as the same.
#![no_main]

use bridge_matrix::convert::{CAPABILITIES, html};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = html::read(&String::from_utf8_lossy(bytes));
    assert_eq!(text.clone().normalise(), text);
    let text = text.restrict(&CAPABILITIES.text);
    let again = html::read(&html::write(&text));
    assert_eq!(again.plain(), text.plain());
});
