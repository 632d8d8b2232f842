// SPDX-License-Identifier: AGPL-3.0-or-later
//! The embedded default engine.
//!
//! Rule: no timed flushes; the writer thread flushes once per group of transactions. sled's `flush`
//! hands its log to the operating system without an fsync, so [`SledKv`] syncs sled's files itself:
//! what is acknowledged survives a power cut.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use super::kv::{Kv, Row, Writes};
use super::{StoreError, private};

/// The files and the folder in which sled keeps a database.
const FILES: [&str; 2] = ["conf", "db"];
const BLOBS: &str = "blobs";

/// One sled tree.
#[derive(Debug)]
pub struct SledKv {
    db: sled::Db,
    path: PathBuf,
    /// sled's log, opened a second time: sled offers no way to sync it.
    log: File,
    /// Large values that are synced already; sled writes each of these files once.
    synced: BTreeSet<OsString>,
}

impl SledKv {
    /// Opens or makes the database in the folder `path`, which from then on nobody else can read.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the folder cannot be used, or another process holds it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        private::folder(path)?;
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(64 * 1024 * 1024)
            .flush_every_ms(None)
            .mode(sled::Mode::LowSpace);
        let db = config.open().map_err(|error| {
            StoreError::Engine(format!(
                "cannot open the store in {}: {error}. Is another freeside running on it? Is the \
                 folder writable?",
                path.display()
            ))
        })?;
        for name in FILES {
            private::file(&path.join(name))?;
        }
        let log = File::open(path.join("db")).map_err(|error| disk(path, &error))?;
        let kv = Self { db, path: path.to_owned(), log, synced: BTreeSet::new() };
        kv.sync_folder(path)?;
        Ok(kv)
    }

    /// Returns when no process holds the database in `path`, whose files can be moved then. sled's own
    /// threads may outlive its handle for a moment.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    pub fn wait_until_closed(path: &Path) -> Result<(), StoreError> {
        let locked = File::open(path.join("db")).and_then(|log| log.lock());
        locked.map_err(|error| disk(path, &error))
    }

    /// Whether a process holds the database in `path`.
    pub fn is_held(path: &Path) -> bool {
        let tried = File::open(path.join("db")).map(|log| log.try_lock());
        matches!(tried, Ok(Err(std::fs::TryLockError::WouldBlock)))
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), StoreError> {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| disk(&self.path, &error))
    }

    /// Syncs the files of large values that are new.
    fn sync_blobs(&mut self) -> Result<(), StoreError> {
        let folder = self.path.join(BLOBS);
        let mut present = BTreeSet::new();
        for entry in std::fs::read_dir(&folder).map_err(|error| disk(&folder, &error))? {
            present.insert(entry.map_err(|error| disk(&folder, &error))?.file_name());
        }
        let new: Vec<&OsString> = present.difference(&self.synced).collect();
        for name in &new {
            match File::open(folder.join(name)).and_then(|file| file.sync_data()) {
                Ok(()) => private::file(&folder.join(name))?,
                // sled has taken it away meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(disk(&folder, &error)),
            }
        }
        if !new.is_empty() {
            self.sync_folder(&folder)?;
        }
        self.synced = present;
        Ok(())
    }

    fn copy_of(&self, layout: u16) -> PathBuf {
        self.path.join(format!("layout-{layout}"))
    }

    fn copy_into(&self, folder: &Path) -> std::io::Result<()> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        for one in [folder, &folder.join(BLOBS)] {
            private::folder(one).map_err(|error| std::io::Error::other(error.to_string()))?;
        }
        let mut names: Vec<PathBuf> = FILES.iter().map(PathBuf::from).collect();
        for entry in std::fs::read_dir(self.path.join(BLOBS))? {
            names.push(Path::new(BLOBS).join(entry?.file_name()));
        }
        for name in names {
            std::fs::copy(self.path.join(&name), folder.join(&name))?;
            File::open(folder.join(&name))?.sync_all()?;
        }
        File::open(folder)?.sync_all()
    }
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key).map_err(engine)?.map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.db.scan_prefix(prefix).take(limit);
        rows.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(engine))
            .collect()
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.db.range::<&[u8], _>((Bound::Excluded(key), Bound::Unbounded));
        rows.take(limit)
            .map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(engine))
            .collect()
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.db.apply_batch(batch).map_err(engine)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.db.flush().map_err(engine)?;
        self.log.sync_data().map_err(|error| disk(&self.path, &error))?;
        self.sync_blobs()
    }

    fn keep_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        let copy = self.copy_of(layout);
        if copy.exists() {
            return Ok(());
        }
        self.flush()?;
        let part = copy.with_extension("part");
        let copied = self.copy_into(&part).and_then(|()| std::fs::rename(&part, &copy));
        copied.map_err(|error| {
            StoreError::Engine(format!(
                "the store cannot be copied to {} before its layout changes: {error}. Is there as \
                 much room on the disk as the store takes?",
                copy.display()
            ))
        })?;
        private::folder(&copy)?;
        self.sync_folder(&self.path)?;
        tracing::info!(copy = %copy.display(), "the store was copied before its layout changes");
        Ok(())
    }

    fn drop_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        let copy = self.copy_of(layout);
        if !copy.exists() {
            return Ok(());
        }
        std::fs::remove_dir_all(&copy).map_err(|error| disk(&copy, &error))?;
        tracing::info!(copy = %copy.display(), "the copy of the old store was removed");
        Ok(())
    }
}

/// What the disk says of a file or folder.
pub(super) fn disk(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Engine(format!("{}: {error}", path.display()))
}

fn engine(error: sled::Error) -> StoreError {
    StoreError::Engine(error.to_string())
}
