// SPDX-License-Identifier: AGPL-3.0-or-later
//! The child process that draws one moving sticker.
//!
//! Rule: limits are set before the first byte of the sticker is read. What exceeds them ends this
//! process and nothing else.

use std::io::{Read, Write};

use anyhow::Context;
use bot_core::media::derived::Recipe;
use rlimit::{Resource, setrlimit};

/// Address space, in bytes: the binary itself, and some hundred pictures of 256 pixels.
const MEMORY: u64 = 1024 * 1024 * 1024;
/// Time of the processor, in seconds.
const SECONDS: u64 = 10;
/// Largest sticker, in bytes; the bridge sends none that is larger.
const LARGEST: u64 = 1024 * 1024;

/// Draws from standard input to standard output.
///
/// # Errors
/// When the sticker cannot be drawn, or the limits cannot be set.
pub fn draw_sticker(recipe: &str) -> anyhow::Result<()> {
    let recipe = Recipe::named(recipe).context("no such recipe")?;
    for (resource, most) in [(Resource::AS, MEMORY), (Resource::CPU, SECONDS), (Resource::CORE, 0)]
    {
        setrlimit(resource, most, most).context("the limits cannot be set")?;
    }
    let mut sticker = Vec::new();
    std::io::stdin().take(LARGEST).read_to_end(&mut sticker).context("nothing to draw")?;
    let drawn = recipe.draw(&sticker)?;
    std::io::stdout().write_all(&drawn).context("nobody takes what was drawn")
}
