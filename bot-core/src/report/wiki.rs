// SPDX-License-Identifier: AGPL-3.0-or-later
//! A report as wikitext: one sortable table.
//!
//! Rule: what stands between the markers is ours, so that a bot can exchange it and leave the rest
//! of the page alone.

use bridge_policy::report::Report;

use super::Words;

const BEGIN: &str = "<!-- freeside report: begin -->";
const END: &str = "<!-- freeside report: end -->";

/// Words that the wiki shows as they are. An entity for each character that is markup somewhere.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || " .,;:%/-✓✗⚠–()".contains(c) => out.push(c),
            '\n' | '\r' | '\t' => out.push(' '),
            c => out.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    out
}

pub(super) fn write(report: &Report, words: &Words<'_>) -> String {
    let mut out =
        format!("{BEGIN}\n{{| class=\"wikitable sortable\"\n|+ {}\n", bare(&words.title(report)));
    out.push_str(&format!("! {}\n", words.columns(bare).join(" !! ")));
    for portal in &report.portals {
        out.push_str("|-\n");
        for cell in words.row(portal, bare) {
            out.push_str(&format!("| {cell}\n"));
        }
    }
    out.push_str(&format!("|}}\n{END}\n"));
    out
}
