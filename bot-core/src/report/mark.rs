// SPDX-License-Identifier: AGPL-3.0-or-later
//! A report as Markdown.

use bridge_policy::report::Report;

use super::Words;

/// Words that are no markup; see CommonMark, "Backslash escapes".
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '&' | '<' | '>' | '|' => out.push_str(&format!("&#{};", u32::from(c))),
            c if c.is_ascii_punctuation() && !".,;:%()-/".contains(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

pub(super) fn write(report: &Report, words: &Words<'_>) -> String {
    let mut out = format!("# {}\n\n", bare(&words.title(report)));
    head(&mut out, &words.columns(bare));
    for portal in &report.portals {
        row(&mut out, &words.row(portal, bare));
    }
    for portal in &report.portals {
        out.push_str(&format!("\n## {}\n\n", bare(&words.chats(portal))));
        head(&mut out, &words.columns_of_weeks(bare));
        for week in &portal.weeks {
            row(&mut out, &words.week(week, bare));
        }
    }
    out
}

fn head(out: &mut String, cells: &[String]) {
    row(out, cells);
    row(out, &vec!["---".to_owned(); cells.len()]);
}

fn row(out: &mut String, cells: &[String]) {
    out.push_str(&format!("| {} |\n", cells.join(" | ")));
}
