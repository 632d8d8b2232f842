// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who draws stickers: a child process with limits, so that no file can end the bridge.
//!
//! Rule: an abort (an overflowed stack, an allocation that fails) cannot be caught within a process.
//! What was drawn by strangers is drawn in another one, which also gets a deadline.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::derived::Recipe;
use crate::network::AskError;

/// The hidden subcommand of the binary that draws: `freeside draw-sticker lottie-apng`, from
/// standard input to standard output.
pub const SUBCOMMAND: &str = "draw-sticker";
/// How long drawing may take by the clock on the wall.
const DEADLINE: Duration = Duration::from_secs(20);
/// Largest drawn picture, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Draws stickers.
#[async_trait]
pub trait DrawSticker: Send + Sync {
    /// Makes a file as `recipe` says from a whole sticker.
    ///
    /// # Errors
    /// [`AskError::Refused`] when it cannot be drawn within the limits.
    async fn draw(&self, recipe: Recipe, sticker: Vec<u8>) -> Result<Vec<u8>, AskError>;
}

/// Draws in this process: for tests and tools that have no binary of the bridge.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

#[async_trait]
impl DrawSticker for InProcess {
    async fn draw(&self, recipe: Recipe, sticker: Vec<u8>) -> Result<Vec<u8>, AskError> {
        let drawn = tokio::task::spawn_blocking(move || recipe.draw(&sticker)).await;
        let drawn = drawn.map_err(|error| AskError::Refused(error.to_string()))?;
        drawn.map_err(|error| AskError::Refused(error.to_string()))
    }
}

/// Draws in a child process that runs [`SUBCOMMAND`] of a binary.
#[derive(Clone, Debug)]
pub struct ChildProcess {
    program: PathBuf,
    deadline: Duration,
}

impl ChildProcess {
    /// With the binary of the bridge.
    pub fn new(program: PathBuf) -> Self {
        Self { program, deadline: DEADLINE }
    }

    async fn run(&self, recipe: Recipe, sticker: &[u8]) -> std::io::Result<Option<Vec<u8>>> {
        let mut child = Command::new(&self.program)
            .args([SUBCOMMAND, recipe.name()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Ok(None);
        };
        let give = async move {
            // A child that died reads no more; its exit says so.
            let _ = input.write_all(sticker).await;
        };
        let mut drawn = Vec::new();
        let mut output = output.take(LARGEST.saturating_add(1));
        let ((), read) = tokio::join!(give, output.read_to_end(&mut drawn));
        let whole = u64::try_from(read?).is_ok_and(|length| length <= LARGEST);
        Ok((whole && child.wait().await?.success()).then_some(drawn))
    }
}

#[async_trait]
impl DrawSticker for ChildProcess {
    async fn draw(&self, recipe: Recipe, sticker: Vec<u8>) -> Result<Vec<u8>, AskError> {
        let refused = |reason: &str| AskError::Refused(reason.to_owned());
        // Dropping the child kills it.
        match tokio::time::timeout(self.deadline, self.run(recipe, &sticker)).await {
            Ok(Ok(Some(drawn))) => Ok(drawn),
            Ok(Ok(None)) => Err(refused("the sticker cannot be drawn within the limits")),
            Ok(Err(error)) => Err(refused(&format!("stickers cannot be drawn here: {error}"))),
            Err(_) => Err(refused("drawing the sticker takes too long")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A program that does `what` instead of drawing.
    fn program(folder: &tempfile::TempDir, what: &str) -> ChildProcess {
        let path = folder.path().join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{what}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        ChildProcess::new(path)
    }

    #[tokio::test]
    async fn what_the_child_writes_is_the_picture() {
        let folder = tempfile::tempdir().unwrap();
        let child = program(&folder, "echo \"$1 $2\"; exec /bin/cat");
        let drawn = child.draw(Recipe::LottieToGif, b"sticker".to_vec()).await.unwrap();
        assert_eq!(drawn, b"draw-sticker lottie-gif\nsticker");
    }

    #[tokio::test]
    async fn a_child_that_dies_refuses_one_sticker() {
        let folder = tempfile::tempdir().unwrap();
        for what in ["kill -ABRT $$", "echo half; exit 1", "exec /bin/cat /dev/zero"] {
            let child = program(&folder, what);
            let refused = child.draw(Recipe::LottieToApng, vec![0; 500_000]).await;
            assert!(matches!(refused, Err(AskError::Refused(_))), "{what}");
        }
    }

    #[tokio::test]
    async fn a_child_that_takes_too_long_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let deadline = Duration::from_millis(50);
        let child = ChildProcess { deadline, ..program(&folder, "exec /bin/sleep 600") };
        let refused = child.draw(Recipe::LottieToApng, Vec::new()).await;
        assert!(matches!(refused, Err(AskError::Refused(reason)) if reason.contains("too long")));
    }

    #[tokio::test]
    async fn without_the_binary_one_sticker_is_refused() {
        let child = ChildProcess::new("/nowhere/freeside".into());
        let refused = child.draw(Recipe::LottieToApng, Vec::new()).await;
        assert!(matches!(refused, Err(AskError::Refused(_))));
    }
}
