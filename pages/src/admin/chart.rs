// SPDX-License-Identifier: AGPL-3.0-or-later
//! The share of people who write on Matrix, week by week, as a drawing.
//!
//! Rule: it is made of numbers alone. Weeks that are not told leave a gap, and a table beside it says the
//! same in words.

use std::fmt::Write;

use bot_core::report::WeekLine;

use crate::markup::Markup;

/// Its size, in units of its own.
const WIDTH: usize = 260;
const HEIGHT: usize = 100;

/// The weeks that are over; nothing where fewer than two of them are told.
pub(super) fn chart(weeks: &[WeekLine], title: &str) -> Option<Markup> {
    let over: Vec<&WeekLine> = weeks.iter().filter(|week| !week.running).collect();
    if over.iter().filter(|week| week.percent.is_some()).count() < 2 {
        return None;
    }
    let step = WIDTH / (over.len().saturating_sub(1)).max(1);
    let points: Vec<Option<(usize, usize)>> = over
        .iter()
        .enumerate()
        .map(|(at, week)| {
            let percent = usize::try_from(week.percent?.min(100)).ok()?;
            Some((at * step, HEIGHT - percent))
        })
        .collect();
    let mut shapes = String::new();
    for line in points.split(Option::is_none).filter(|line| !line.is_empty()) {
        let line: Vec<String> = line.iter().flatten().map(|(x, y)| format!("{x},{y}")).collect();
        // Writing into a text does not fail.
        let _ = write!(
            shapes,
            "<polyline fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" points=\"{}\"/>",
            line.join(" ")
        );
    }
    for (x, y) in points.iter().flatten() {
        let _ = write!(shapes, "<circle fill=\"currentColor\" cx=\"{x}\" cy=\"{y}\" r=\"2.5\"/>");
    }
    let (wide, high, half) = (WIDTH + 8, HEIGHT + 8, HEIGHT / 2);
    Some(Markup::drawing(format!(
        "<svg class=\"chart\" role=\"img\" viewBox=\"-4 -4 {wide} {high}\"><title>{}</title>\
         <path stroke=\"currentColor\" stroke-opacity=\".3\" d=\"M0 0H{WIDTH}M0 {half}H{WIDTH}M0 {HEIGHT}H{WIDTH}\"/>\
         {shapes}</svg>",
        Markup::text(title)
    )))
}
