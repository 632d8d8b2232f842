// SPDX-License-Identifier: AGPL-3.0-or-later
//! Looks for the message that costs a converter most for each of its characters.
//!
//! The input is `converter (one byte), before, 0, unit, 0, after`; the unit is repeated until the
//! message has 10,000 characters. The time of the thread, as the lowest of three runs, is given to
//! the engine as a counter, so that an input that costs more than all before is kept and varied.
//! The most expensive one of each converter is written to `costliest/NAME.json`, in the form of
//! `benches/convert/costliest.json`.
#![no_main]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;

#[path = "../../benches/convert/tasks.rs"]
mod tasks;

use tasks::{NAMES, Source, pattern, task};

/// Steps of ten per cent, from one nanosecond a character on.
const STEPS: usize = 128;

/// libFuzzer reads counters of this section as it reads those of the code.
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static mut COSTS: [u8; STEPS * NAMES.len()] = [0; STEPS * NAMES.len()];

static DEAREST: LazyLock<Mutex<HashMap<usize, f64>>> = LazyLock::new(Mutex::default);

fuzz_target!(|bytes: &[u8]| {
    let Some((which, words)) = bytes.split_first() else { return };
    let words = String::from_utf8_lossy(words);
    let mut parts = words.splitn(3, '\0');
    let [before, unit, after] = [(); 3].map(|()| parts.next().unwrap_or_default());
    if unit.is_empty() || bytes.len() > 400 {
        return;
    }
    let which = usize::from(*which) % NAMES.len();
    let words = pattern(before, unit, after);
    let run = task(NAMES[which], Source::Html(&words));
    let costs = (0..3).map(|_| {
        let began = thread_time();
        run();
        thread_time() - began
    });
    let cost = costs.fold(f64::MAX, f64::min) / words.chars().count() as f64;
    let step = (cost.max(1.0).ln() / 1.1_f64.ln()) as usize;
    // SAFETY: one thread runs the target, and the engine reads between its runs.
    unsafe { COSTS[which * STEPS + step.min(STEPS - 1)] = 1 };
    note(which, cost, [before, unit, after]);
});

/// Processor time of this thread, in nanoseconds.
fn thread_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn note(which: usize, cost: f64, [before, unit, after]: [&str; 3]) {
    let mut dearest = DEAREST.lock().expect("nothing panics while it is locked");
    let most = dearest.entry(which).or_default();
    if cost > *most * 1.02 {
        *most = cost;
        let found = serde_json::json!({
            NAMES[which]: { "before": before, "unit": unit, "after": after }, "ns": cost.round(),
        });
        std::fs::create_dir_all("costliest").expect("the folder can be made");
        let path = format!("costliest/{}.json", NAMES[which]);
        std::fs::write(path, format!("{found}\n")).expect("the file can be written");
    }
}
