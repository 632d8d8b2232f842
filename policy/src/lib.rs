// SPDX-License-Identifier: AGPL-3.0-or-later
//! What communities decided about free software and about moving, as values: when a notice is due,
//! how many there may be, which stage a community is at and what the next one asks for.
//!
//! Rule: functions from value to value. Who asks hands in the time, the figures and the catalogue;
//! what comes back is said and done by `bot-core`.

pub mod acl;
pub mod brakes;
pub mod budget;
pub mod calendar;
pub mod exception;
pub mod figures;
pub mod gate;
pub mod glob;
pub mod hosts;
pub mod lists;
pub mod notice;
pub mod report;
pub mod requirements;
pub mod schedule;
pub mod stage;
pub mod wiki;
