// SPDX-License-Identifier: AGPL-3.0-or-later
//! The embedded default engine.
//!
//! Rule: no timed flushes; the store flushes once per group of transactions. sled's `flush`
//! hands its log to the operating system without an fsync, so [`SledKv`] syncs sled's files itself:
//! what is acknowledged survives a power cut. sled takes a damaged log for one whose end was cut off, and
//! begins at an older state without a word: each flush has a number, in the log and beside it, so that
//! this is noticed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Bound;
use std::os::unix::fs::FileExt;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::kv::{Flusher, Kv, Row, Writes};
use super::{StoreError, private};

/// The files and the folder in which sled keeps a database.
const FILES: [&str; 2] = ["conf", "db"];
const BLOBS: &str = "blobs";
/// The file with the number of the last flush, and where that number is in sled.
const FLUSHES: &str = "flushes";
const LAST: &[u8] = b"last";

/// One sled tree.
#[derive(Debug)]
pub struct SledKv {
    rows: SledRows,
    path: PathBuf,
    flushing: Arc<Mutex<Flushing>>,
}

/// What flushing needs.
#[derive(Debug)]
struct Flushing {
    db: sled::Db,
    path: PathBuf,
    /// sled's log, opened a second time: sled offers no way to sync it.
    log: File,
    /// Large values that are synced already; sled writes each of these files once.
    synced: BTreeSet<OsString>,
    /// The number of the last flush, in sled.
    numbers: sled::Tree,
    flushes: u64,
    beside: File,
}

impl SledKv {
    /// Opens or makes the database in the folder `path`, which from then on nobody else can read.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the folder cannot be used, or another process holds it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        private::folder(path)?;
        // sled panics over some damages, also when it is closed again.
        let (db, numbers, flushes) = catch_unwind(|| recovered(path)).unwrap_or_else(|_| {
            Err(StoreError::Engine(format!(
                "cannot open the store in {}: its files are damaged. Put the last backup in its place",
                path.display()
            )))
        })?;
        for name in FILES {
            private::file(&path.join(name))?;
        }
        let log = File::open(path.join("db")).map_err(|error| disk(path, &error))?;
        let beside = path.join(FLUSHES);
        let opened = File::options().write(true).create(true).truncate(false).open(&beside);
        let opened = opened.map_err(|error| disk(&beside, &error))?;
        private::file(&beside)?;
        let (path, synced) = (path.to_owned(), BTreeSet::new());
        let rows = SledRows(db.clone());
        let (beside, whole) = (opened, path.clone());
        let flushing = Flushing { db, path, log, synced, numbers, flushes, beside };
        let kv = Self { rows, path: whole, flushing: Arc::new(Mutex::new(flushing)) };
        kv.sync_folder(&kv.path)?;
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
        sync_folder(&self.path, folder)
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
            match std::fs::copy(self.path.join(&name), folder.join(&name)) {
                Ok(_) => File::open(folder.join(&name))?.sync_all()?,
                // A large value that nothing leads to any more: sled has taken it away meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound && name.starts_with(BLOBS) => {}
                Err(error) => return Err(error),
            }
        }
        File::open(folder.join(BLOBS))?.sync_all()?;
        File::open(folder)?.sync_all()
    }
}

impl Flushing {
    fn flush(&mut self) -> Result<(), StoreError> {
        let next = self.flushes.saturating_add(1);
        self.numbers.insert(LAST, &next.to_be_bytes()).map_err(engine)?;
        self.db.flush().map_err(engine)?;
        self.log.sync_data().map_err(|error| disk(&self.path, &error))?;
        self.sync_blobs()?;
        self.flushes = next;
        // Not synced: after a power cut it may be behind the log, and never before it.
        let noted = self.beside.write_all_at(&next.to_be_bytes(), 0);
        noted.map_err(|error| disk(&self.path, &error))
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
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(disk(&folder, &error)),
            }
        }
        if !new.is_empty() {
            self.sync_folder(&folder)?;
        }
        self.synced = present;
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), StoreError> {
        sync_folder(&self.path, folder)
    }
}

fn held(flushing: &Mutex<Flushing>) -> MutexGuard<'_, Flushing> {
    flushing.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sync_folder(path: &Path, folder: &Path) -> Result<(), StoreError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| disk(path, &error))
}

/// sled's rows, for those who only read.
#[derive(Clone, Debug)]
struct SledRows(sled::Db);

impl Kv for SledRows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.get(key).map_err(engine)?.map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.0.scan_prefix(prefix).take(limit);
        rows.map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(engine))
            .collect()
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.0.range::<&[u8], _>((Bound::Excluded(key), Bound::Unbounded));
        rows.take(limit)
            .map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(engine))
            .collect()
    }

    fn apply(&mut self, _writes: &Writes) -> Result<(), StoreError> {
        Err(StoreError::Engine("whoever only reads does not write".into()))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.rows.get(key)
    }

    fn scan(&self, prefix: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows.scan(prefix, limit)
    }

    fn scan_after(&self, key: &[u8], limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows.scan_after(key, limit)
    }

    fn reader(&self) -> Option<Box<dyn Kv + Sync>> {
        Some(Box::new(self.rows.clone()))
    }

    fn apply(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.rows.0.apply_batch(batch).map_err(engine)
    }

    fn flusher(&self) -> Option<Flusher> {
        let flushing = Arc::clone(&self.flushing);
        Some(Box::new(move || held(&flushing).flush()))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        held(&self.flushing).flush()
    }

    fn keep_copy(&mut self, layout: u16) -> Result<(), StoreError> {
        let copy = self.copy_of(layout);
        if copy.exists() {
            return Ok(());
        }
        // Nobody flushes while files are copied.
        let flushing = Arc::clone(&self.flushing);
        let mut flushing = held(&flushing);
        flushing.flush()?;
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

    fn copy_to(&mut self, folder: &Path) -> Result<(), StoreError> {
        let mut flushing = held(&self.flushing);
        flushing.flush()?;
        self.copy_into(folder).map_err(|error| {
            StoreError::Engine(format!(
                "the store cannot be copied to {}: {error}",
                folder.display()
            ))
        })
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

/// Opens sled's files, with the number of their last flush.
fn recovered(path: &Path) -> Result<(sled::Db, sled::Tree, u64), StoreError> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(64 * 1024 * 1024)
        .flush_every_ms(None)
        .mode(sled::Mode::LowSpace);
    let db = config.open().map_err(|error| not_opened(path, &error))?;
    let numbers = db.open_tree(FLUSHES).map_err(engine)?;
    let flushes = numbers.get(LAST).map_err(engine)?.map_or(0, |bytes| number(&bytes));
    let beside = path.join(FLUSHES);
    if flushes < std::fs::read(&beside).map_or(0, |bytes| number(&bytes)) {
        return Err(StoreError::Engine(format!(
            "the store in {} has lost what was stored last: its files are damaged, or some of them \
             were replaced by older ones. Put the last backup in its place. To go on with what is \
             left, remove the file {}",
            path.display(),
            beside.display()
        )));
    }
    Ok((db, numbers, flushes))
}

/// The number of a flush; a file that was cut off says nothing.
fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Why a folder cannot be opened, and what to do.
fn not_opened(path: &Path, error: &sled::Error) -> StoreError {
    let path = path.display();
    let why = error.to_string();
    if why.contains("could not acquire lock") {
        return StoreError::Held(format!(
            "cannot open the store in {path}: another process has it open. Is another freeside \
             running on it?"
        ));
    }
    StoreError::Engine(if matches!(error, sled::Error::Corruption { .. }) {
        format!(
            "cannot open the store in {path}: its files are damaged ({why}). Put the last backup in \
             its place"
        )
    } else {
        format!("cannot open the store in {path}: {why}. Is the folder writable? Is the disk full?")
    })
}

/// What the disk says of a file or folder.
pub(super) fn disk(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Engine(format!("{}: {error}", path.display()))
}

fn engine(error: sled::Error) -> StoreError {
    StoreError::Engine(error.to_string())
}
