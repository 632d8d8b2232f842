// SPDX-License-Identifier: AGPL-3.0-or-later
//! What happens to files between two networks: hidden data is taken out, stickers are turned into
//! what the destination can show.
//!
//! Rule: a file flows in chunks. Only pictures that are small by their nature (stickers, previews)
//! are ever held whole, and each has a bound.

pub mod cache;
pub mod clean;
pub mod derived;
pub mod drawing;
pub mod lottie;
pub mod names;
pub mod plan;
pub mod preview;
pub mod qr;
pub mod strip;
pub mod text_file;
