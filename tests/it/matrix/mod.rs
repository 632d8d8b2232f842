// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is said on Matrix arrives on Telegram and on Discord as it was meant.
//!
//! Rule: a test shares its town between related kinds, so that it starts one homeserver only.

mod files;
mod structure;
mod text;
