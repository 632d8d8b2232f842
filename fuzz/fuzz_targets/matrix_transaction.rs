// SPDX-License-Identifier: AGPL-3.0-or-later
//! A transaction of the homeserver: any body, and any bytes as one event between two others.
#![no_main]

use bridge_matrix::transaction::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    drop(read(bytes, &["to_device"], &["device_lists"]));
    // As a value, whatever stands between the quotes leaves the neighbours whole.
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !b"\"\\".contains(byte)).collect();
    let body = [br#"{"events":[1,{"x":""#, &text[..], br#""},2]}"#].concat();
    let read = read(&body, &[], &[]).expect("the envelope is whole");
    assert_eq!(read.events.first(), Some(&1.into()));
    assert_eq!(read.events.last(), Some(&2.into()));
    assert_eq!(read.events.len() + read.skipped.len(), 3);
});
