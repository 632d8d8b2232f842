// SPDX-License-Identifier: AGPL-3.0-or-later
//! A report as Markdown.

use bridge_policy::report::Report;

use super::Words;
use crate::i18n::Key;

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
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = words.columns().iter().map(|it| bare(it)).collect();
    out.push_str(&row(head.clone()));
    out.push_str(&row(head.iter().map(|_| "---".to_owned()).collect()));
    for portal in &report.portals {
        let cell = |lines: &Vec<String>| {
            lines.iter().map(|line| bare(line)).collect::<Vec<_>>().join("<br>")
        };
        out.push_str(&row(words.cells(portal).iter().map(cell).collect()));
    }
    for portal in &report.portals {
        out.push_str(&format!("\n## {}\n\n", bare(&words.chats(portal))));
        let columns = [Key::ReportWeek, Key::ReportShare, Key::ReportSides];
        let head: Vec<String> = columns.map(|key| bare(&words.say(key, &[]))).into();
        out.push_str(&row(head));
        out.push_str("| --- | --- | --- |\n");
        for week in &portal.weeks {
            let cells = [week.begins.clone(), words.share(Some(week)), words.authors(week)];
            out.push_str(&row(cells.iter().map(|cell| bare(cell)).collect()));
        }
    }
    out
}
