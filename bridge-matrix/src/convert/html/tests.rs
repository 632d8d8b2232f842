// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tests of Matrix HTML: samples, and the laws of the converters.

mod laws;
mod samples;
