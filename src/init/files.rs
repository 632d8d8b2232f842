// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files that `freeside init` writes.
//!
//! Rule: a file appears whole or not at all, readable for nobody else, and none is replaced unless the
//! operator said so. The key of the store and the secret of the pseudonyms are never replaced.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use bot_core::clock::Dice;
use bridge_config::Secret;

/// A secret of the bridge's own: 32 random bytes in hex.
fn random_secret(dice: &dyn Dice) -> String {
    let mut bytes = [0; 32];
    dice.roll(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file that is not there; `false` when one is there already.
pub(crate) fn write_new(path: &Path, text: &str) -> anyhow::Result<bool> {
    let shown = path.display();
    let part = sibling(path, ".part");
    write(&part, text).with_context(|| format!("{shown} cannot be written"))?;
    // A link does not replace what is there.
    let linked = std::fs::hard_link(&part, path);
    std::fs::remove_file(&part).with_context(|| format!("{} stays", part.display()))?;
    match linked {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| format!("{shown} cannot be written")),
    }
}

/// Writes a file, in the place of one that is there.
pub(crate) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let part = sibling(path, ".part");
    write(&part, text)
        .and_then(|()| std::fs::rename(&part, path))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    sync_folder(path)
}

/// Moves a file aside, under a name that nothing has yet; says which.
pub(crate) fn keep_old(path: &Path) -> anyhow::Result<PathBuf> {
    let names = (1..).map(|number| sibling(path, &format!(".old-{number}")));
    let free = names.into_iter().find(|path| !path.exists()).unwrap_or_else(|| path.to_owned());
    std::fs::rename(path, &free)
        .with_context(|| format!("{} cannot be kept as {}", path.display(), free.display()))?;
    Ok(free)
}

/// A secret of the bridge's own, made when it is not there; whether it was made.
pub(crate) fn own_secret(path: &Path, dice: &dyn Dice) -> anyhow::Result<bool> {
    if write_new(path, &format!("{}\n", random_secret(dice)))? {
        return Ok(true);
    }
    read(path).map(|_| false)
}

/// A secret that was there before.
pub(crate) fn read(path: &Path) -> anyhow::Result<Secret> {
    let make = "Remove that file, or write the secret into it.";
    bridge_config::read_secret(path, make).map_err(anyhow::Error::msg)
}

/// A token that the operator has given.
pub(crate) fn write_token(path: &Path, token: &Secret) -> anyhow::Result<()> {
    let text = format!("{}\n", token.expose());
    if write_new(path, &text)? {
        return Ok(());
    }
    if read(path).is_ok_and(|known| known == *token) {
        return Ok(());
    }
    ensure!(path.is_file(), "{} is there and is no file", path.display());
    replace(path, &text)
}

fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("the folder of {} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert!(write_new(&path, "one").unwrap());
        assert!(!write_new(&path, "two").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        let kept = keep_old(&path).unwrap();
        assert!(write_new(&path, "two").unwrap());
        assert_eq!(std::fs::read_to_string(kept).unwrap(), "one");
        let names = std::fs::read_dir(dir.path()).unwrap();
        assert_eq!(names.count(), 2, "nothing is left over");
    }

    #[test]
    #[cfg(unix)]
    fn nobody_else_reads_what_is_written() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        write_token(&path, &Secret::new("one")).unwrap();
        assert_eq!(mode(&path), 0o600);
        write_token(&path, &Secret::new("two")).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(read(&path).unwrap().expose(), "two");
    }
}
