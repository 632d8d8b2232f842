// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the files of keys are: in a folder beside an embedded engine, or with the rows in a database.
//!
//! Rule: a file is replaced as a whole and is on the disk when that returns; after a crash there is the
//! old one or the new one.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::sled::disk;
use super::{StoreError, private};

/// A place for files of keys.
pub trait KeyFiles: Send + Sync + 'static {
    /// A file; `None` when it is not there.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts a file in the place of the one of that name.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// The names of all files.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn names(&self) -> Result<Vec<String>, StoreError>;

    /// Removes what is left on the disk of files that were replaced, as far as that can be done.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    fn wipe(&self) -> Result<(), StoreError>;

    /// Where they are, for messages, such as `/var/lib/freeside/store/sealed`.
    fn place(&self) -> String;
}

/// Files in a folder.
pub struct KeysInFolder(PathBuf);

impl KeysInFolder {
    /// The folder, which nobody else can read. Files whose writing was cut off go: they may hold keys
    /// that are destroyed later.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        private::folder(folder)?;
        for entry in std::fs::read_dir(folder).map_err(|error| disk(folder, &error))? {
            let path = entry.map_err(|error| disk(folder, &error))?.path();
            if path.extension().is_some_and(|ending| ending == "new") {
                std::fs::remove_file(&path).map_err(|error| disk(&path, &error))?;
            }
        }
        Ok(Self(folder.to_owned()))
    }
}

impl KeyFiles for KeysInFolder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.0.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk(&path, &error)),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (new, path) = (self.0.join(format!("{name}.new")), self.0.join(name));
        let written = || -> std::io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            File::open(&self.0)?.sync_all()
        };
        written().map_err(|error| disk(&path, &error))
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        let entries = std::fs::read_dir(&self.0).map_err(|error| disk(&self.0, &error))?;
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        let names: std::io::Result<Vec<String>> = entries.map(name).collect();
        names.map_err(|error| disk(&self.0, &error))
    }

    fn wipe(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn place(&self) -> String {
        self.0.parent().unwrap_or(&self.0).display().to_string()
    }
}
