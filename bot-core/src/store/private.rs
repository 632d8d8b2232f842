// SPDX-License-Identifier: AGPL-3.0-or-later
//! Folders and files that nobody else on the machine can read.
//!
//! Rule: what others could read when it was found is closed to them; where that cannot be done, the
//! bridge does not start.

use std::path::Path;

use super::StoreError;
use super::sled::disk;

/// Makes a folder that nobody else can read, or takes that right away from others.
///
/// # Errors
/// [`StoreError::Engine`] when it cannot be made, or the right cannot be taken away.
pub fn folder(path: &Path) -> Result<(), StoreError> {
    std::fs::create_dir_all(path).map_err(|error| disk(path, &error))?;
    private(path, 0o700)
}

/// Takes the right to read a file away from everybody else.
///
/// # Errors
/// [`StoreError::Engine`] when that cannot be done.
pub fn file(path: &Path) -> Result<(), StoreError> {
    private(path, 0o600)
}

/// Does both for a folder and the files in it.
///
/// # Errors
/// [`StoreError::Engine`] when that cannot be done.
pub fn folder_with_files(path: &Path) -> Result<(), StoreError> {
    folder(path)?;
    for entry in std::fs::read_dir(path).map_err(|error| disk(path, &error))? {
        let entry = entry.map_err(|error| disk(path, &error))?;
        if entry.file_type().map_err(|error| disk(path, &error))?.is_file() {
            file(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;

    let found = std::fs::metadata(path).map_err(|error| disk(path, &error))?.permissions().mode();
    if found & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).map_err(|error| {
        let path = path.display();
        StoreError::Engine(format!(
            "others can read the store in {path}, and that cannot be changed: {error}. Do it by \
             hand: chmod {mode:o} {path}"
        ))
    })
}

#[cfg(not(unix))]
fn private(_path: &Path, _mode: u32) -> Result<(), StoreError> {
    Ok(())
}
