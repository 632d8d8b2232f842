// SPDX-License-Identifier: AGPL-3.0-or-later
//! A report as a page for a browser: no script, nothing that is fetched from elsewhere.

use bridge_policy::report::{PortalReport, Report};

use super::Words;
use crate::i18n::{self, Key};

/// The size of a chart, in the units of its own.
const WIDTH: usize = 260;
const HEIGHT: usize = 100;

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:80rem;margin:auto;padding:1rem}\
table{border-collapse:collapse}th,td{border:1px solid #8888;padding:.3rem .6rem;text-align:start;\
vertical-align:top}svg{max-width:30rem;width:100%;color:#06c}";

fn bare(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) fn write(report: &Report, words: &Words<'_>) -> String {
    let title = bare(&words.title(report));
    let language = words.wording.language();
    let direction = if i18n::is_right_to_left(language) { "rtl" } else { "ltr" };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{language}\" dir=\"{direction}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<table>\n"
    );
    row(&mut out, ("<th scope=\"col\">", "</th>"), &words.columns(bare));
    for portal in &report.portals {
        row(&mut out, ("<td dir=\"auto\">", "</td>"), &words.row(portal, bare));
    }
    out.push_str("</table>\n");
    for portal in &report.portals {
        out.push_str(&format!("<h2 dir=\"auto\">{}</h2>\n", bare(&words.chats(portal))));
        out.push_str(&chart(portal, words));
        out.push_str("<table>\n");
        row(&mut out, ("<th scope=\"col\">", "</th>"), &words.columns_of_weeks(bare));
        for week in &portal.weeks {
            row(&mut out, ("<td>", "</td>"), &words.week(week, bare));
        }
        out.push_str("</table>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn row(out: &mut String, (begin, end): (&str, &str), cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!("{begin}{cell}{end}")).collect();
    out.push_str(&format!("<tr>{cells}</tr>\n"));
}

/// The share of people who write on Matrix, week by week, as far as weeks are over. Weeks that are not
/// told leave a gap.
fn chart(portal: &PortalReport, words: &Words<'_>) -> String {
    let over = || portal.weeks.iter().filter(|week| !week.running);
    let weeks = over().count();
    let step = if weeks > 1 { WIDTH / (weeks - 1) } else { WIDTH };
    let told = over().enumerate();
    let points: Vec<Option<(usize, usize)>> = told
        .map(|(at, week)| {
            let percent = usize::try_from(week.native_percent?.min(100)).ok()?;
            Some((at * step, HEIGHT - percent))
        })
        .collect();
    let mut shapes = String::new();
    for line in points.split(Option::is_none).filter(|line| !line.is_empty()) {
        let line: Vec<String> = line.iter().flatten().map(|(x, y)| format!("{x},{y}")).collect();
        shapes.push_str(&format!(
            "<polyline fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" points=\"{}\"/>",
            line.join(" ")
        ));
    }
    for (x, y) in points.iter().flatten() {
        shapes.push_str(&format!("<circle fill=\"currentColor\" cx=\"{x}\" cy=\"{y}\" r=\"2\"/>"));
    }
    let half = HEIGHT / 2;
    format!(
        "<svg role=\"img\" viewBox=\"-4 -4 {} {}\"><title>{}</title>\
         <path stroke=\"#8888\" d=\"M0 {half}H{WIDTH}M0 {HEIGHT}H{WIDTH}\"/>{shapes}</svg>\n",
        WIDTH + 8,
        HEIGHT + 8,
        bare(&words.say(Key::ReportChart, &[])),
    )
}
