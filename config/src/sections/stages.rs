// SPDX-License-Identifier: AGPL-3.0-or-later
//! The section `[stages]`: how communities are walked to the free side.
//!
//! Rule: a threshold can be lowered and raised, and never be taken away.

use crate::check;
use crate::reader::Section;
use crate::values::Stages;

/// Reads it.
pub(crate) fn read(mut section: Section<'_, '_>) -> Stages {
    let default = Stages::default();
    let first = section.optional("first", check::first_stage);
    let mut number = |key, default: u32, most: usize| {
        let default = usize::try_from(default).unwrap_or(usize::MAX);
        u32::try_from(section.number(key, default, 0..=most)).unwrap_or(u32::MAX)
    };
    let stages = Stages {
        first: first.unwrap_or(default.first),
        admins: number("admins", default.admins, 100).max(1),
        servers: number("servers", default.servers, 100),
        announced_days: number("announced_days", default.announced_days, 365),
        native_percent: number("native_percent", default.native_percent, 100),
        majority_percent: number("majority_percent", default.majority_percent, 100),
        majority_weeks: number("majority_weeks", default.majority_weeks, 52),
        closing_notice_days: number("closing_notice_days", default.closing_notice_days, 365),
        sunset_notice_days: number("sunset_notice_days", default.sunset_notice_days, 365),
        self_test_days: number("self_test_days", default.self_test_days, 365).max(1),
    };
    section.finish();
    stages
}
