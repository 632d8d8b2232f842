// SPDX-License-Identifier: AGPL-3.0-or-later
//! Between Discord's words and the model's.
//!
//! Rule: pure functions from value to value; what they have to know is a parameter.

pub mod address;
pub mod coverage;
pub mod incoming;
pub mod markdown;
pub mod outgoing;
