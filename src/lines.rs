// SPDX-License-Identifier: AGPL-3.0-or-later
//! JSON lines in, JSON lines out.
//!
//! Rule: a line that cannot be read becomes an `error` and the rest goes on.

use std::io::{BufRead, Read, Write};

use serde_json::Value;

/// Longest line that is read, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// What was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that could be answered.
    pub good: u64,
    /// Lines that could not.
    pub bad: u64,
}

impl Tally {
    /// # Errors
    /// When some line could not be answered.
    pub(crate) fn all_good(self) -> anyhow::Result<()> {
        let Self { good, bad } = self;
        anyhow::ensure!(bad == 0, "{bad} of {} lines could not be read", good + bad);
        Ok(())
    }
}

/// Answers each line of `input`. `one` gets a line and its number from 1; it says whether the line
/// was good.
pub(crate) fn each(
    mut input: impl BufRead,
    mut output: impl Write,
    mut one: impl FnMut(&[u8], u64) -> (bool, Value),
) -> std::io::Result<Tally> {
    let mut tally = Tally::default();
    let mut raw = Vec::new();
    let mut number = 0_u64;
    loop {
        raw.clear();
        if Read::take(&mut input, LONGEST as u64).read_until(b'\n', &mut raw)? == 0 {
            output.flush()?;
            return Ok(tally);
        }
        number += 1;
        if raw.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let (good, answer) = one(&raw, number);
        *if good { &mut tally.good } else { &mut tally.bad } += 1;
        output.write_all(line(&answer).as_bytes())?;
        output.write_all(b"\n")?;
    }
}

/// A value as one line, also for readers that take other signs for the end of one.
fn line(value: &Value) -> String {
    let mut line = value.to_string();
    for (sign, escape) in [("\u{85}", "\\u0085"), ("\u{2028}", "\\u2028"), ("\u{2029}", "\\u2029")]
    {
        if line.contains(sign) {
            line = line.replace(sign, escape);
        }
    }
    line
}
