// SPDX-License-Identifier: AGPL-3.0-or-later
//! Opens an encrypted store; brings one that is not encrypted, or has old keys, over into a new folder.
//!
//! Rule: rows go over in batches into `sealed.part`, with a note how far that is, and the old rows are
//! left alone until all are there. Then folders change places, and the old one is removed with its log.
//! Whatever is cut off is finished by the next start (`docs/adr/0019`).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cipher::Kek;
use super::keyring::Keyring;
use super::keys::Hash;
use super::kv::{Kv, Writes};
use super::sled::{SledKv, disk};
use super::vault::{Moved, Vault, settled_key};
use super::whose::{self, RecordOwner};
use super::{StoreError, codec, layout, private, tables};
use crate::clock::Dice;
use crate::lane::CORE;

/// Rows that go over at once.
const BATCH: usize = 512;
/// How far a transfer is: the last row of the old store, behind the counters that the old store had
/// when it began. No table has this prefix.
const PROGRESS: &[u8] = b"\0at";
/// What a store without encryption consists of.
const CLEAR: [&str; 4] = ["db", "conf", "blobs", "flushes"];

/// The encrypted engine of a store.
pub type Sealed = Vault<SledKv>;

/// Where the parts of a store are.
struct Folders {
    path: PathBuf,
}

impl Folders {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    fn sealed(&self) -> PathBuf {
        self.path.join("sealed")
    }

    fn part(&self) -> PathBuf {
        self.path.join("sealed.part")
    }

    fn old(&self) -> PathBuf {
        self.path.join("sealed.old")
    }

    /// Where a store without encryption has its log.
    fn log(&self) -> PathBuf {
        self.path.join("db")
    }

    fn has_clear(&self) -> bool {
        self.log().is_file()
    }

    fn sync(&self) -> Result<(), StoreError> {
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(|error| disk(&self.path, &error))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        std::fs::rename(from, to).map_err(|error| disk(from, &error))?;
        self.sync()
    }

    /// Finishes a change of places that was cut off between its two steps.
    fn settle(&self) -> Result<(), StoreError> {
        if !self.sealed().exists() && self.old().exists() {
            let from = if self.part().exists() { self.part() } else { self.old() };
            self.rename(&from, &self.sealed())?;
        }
        Ok(())
    }

    /// Removes what is not needed beside an encrypted store. A folder stands where older versions have
    /// their log: they refuse to start, instead of beginning a new store.
    fn clean(&self) -> Result<(), StoreError> {
        let entries = std::fs::read_dir(&self.path).map_err(|error| disk(&self.path, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| disk(&self.path, &error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_old = CLEAR.contains(&&*name)
                || name.starts_with("snap.")
                || name.starts_with("layout-")
                || name == "sealed.old"
                || name == "sealed.part";
            if is_old && !(path == self.log() && path.is_dir()) {
                remove(&path)?;
            }
        }
        std::fs::create_dir_all(self.log()).map_err(|error| disk(&self.log(), &error))?;
        self.sync()
    }
}

/// Whether the store in `path` is encrypted, or being encrypted.
pub fn is_sealed(path: &Path) -> bool {
    let folders = Folders::new(path);
    folders.sealed().exists() || folders.old().exists() || folders.part().exists()
}

/// What a store is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// There is none.
    Nothing,
    /// It is not encrypted; the next start does that.
    Clear,
    /// A change of the whole store was interrupted.
    Unfinished,
    /// Another process has it open.
    Held,
    /// It can be opened.
    Opened {
        /// The layout of its rows; `None` while there are none.
        layout: Option<u16>,
    },
}

/// Looks at the store in `path`: nothing is made, moved or brought up to date.
///
/// # Errors
/// As [`open`], and [`StoreError::Newer`].
pub fn look(path: &Path, kek: &Kek, dice: &Arc<dyn Dice>) -> Result<Looked, StoreError> {
    let folders = Folders::new(path);
    if folders.part().exists() || folders.old().exists() {
        return Ok(Looked::Unfinished);
    }
    if !folders.sealed().exists() {
        return Ok(if folders.has_clear() { Looked::Clear } else { Looked::Nothing });
    }
    drop(Keyring::open(&folders.sealed().join("keys"), kek, Arc::clone(dice))?);
    if SledKv::is_held(&folders.sealed()) {
        return Ok(Looked::Held);
    }
    let vault = opened(&folders.sealed(), kek, dice)?;
    let layout = layout::known(&vault)?;
    drop(vault);
    SledKv::wait_until_closed(&folders.sealed())?;
    Ok(Looked::Opened { layout })
}

/// Is told how many rows have gone over so far, after each batch; an error cuts the transfer off.
pub type Watch<'a> = &'a mut dyn FnMut(u64) -> Result<(), StoreError>;

/// Opens the store in `path`, or makes it; one that is not encrypted becomes so.
///
/// # Errors
/// [`StoreError::Key`] when `kek` is not the store's; nothing is changed then. Others when the disk
/// fails or a record cannot be read.
pub fn open(path: &Path, kek: &Kek, dice: &Arc<dyn Dice>) -> Result<Sealed, StoreError> {
    open_watched(path, (kek, dice), &mut |_| Ok(()))
}

/// The same, watched.
///
/// # Errors
/// As [`open`], and what `watch` says.
pub fn open_watched(
    path: &Path,
    (kek, dice): (&Kek, &Arc<dyn Dice>),
    watch: Watch<'_>,
) -> Result<Sealed, StoreError> {
    private::folder(path)?;
    let folders = Folders::new(path);
    folders.settle()?;
    if !folders.sealed().exists() {
        if folders.has_clear() {
            from_clear(&folders, (kek, dice), watch)?;
        } else {
            close(begin(&folders, kek, dice)?, &folders.part())?;
        }
        folders.rename(&folders.part(), &folders.sealed())?;
    }
    let vault = opened(&folders.sealed(), kek, dice)?;
    folders.clean()?;
    Ok(vault)
}

/// Gives a store new keys, all of them: rows are encrypted anew and go over into a new folder. `new` may
/// be the key of the store already, where an earlier call was cut off at its end.
///
/// # Errors
/// As [`open`].
pub fn rotate(
    path: &Path,
    (old, new): (&Kek, &Kek),
    dice: &Arc<dyn Dice>,
    watch: Watch<'_>,
) -> Result<u64, StoreError> {
    let folders = Folders::new(path);
    folders.settle()?;
    if !folders.sealed().exists() {
        return Err(StoreError::Key(format!(
            "there is no encrypted store in {}: start the bridge once with `freeside run`",
            path.display()
        )));
    }
    if let Ok(keys) = Keyring::open(&folders.sealed().join("keys"), new, Arc::clone(dice)) {
        drop(keys);
        folders.clean()?;
        return Ok(0);
    }
    let source = opened(&folders.sealed(), old, dice)?;
    let mut part = begin(&folders, new, dice)?;
    let rows = transfer((&source, |after| source.give_out(after, BATCH)), &mut part, watch)?;
    change_places(&folders, (source, part))?;
    Ok(rows)
}

/// Opens the encrypted store in `path`; nothing is made where there is none.
///
/// # Errors
/// [`StoreError::File`] when there is none; others as [`open`].
pub fn open_existing(path: &Path, kek: &Kek, dice: &Arc<dyn Dice>) -> Result<Sealed, StoreError> {
    let folders = Folders::new(path);
    if !folders.sealed().exists() && !folders.old().exists() {
        let path = path.display();
        return Err(StoreError::File(if folders.has_clear() {
            format!(
                "the store in {path} is not encrypted yet: start the bridge once with `freeside run`"
            )
        } else {
            format!("there is no store in {path}")
        }));
    }
    open(path, kek, dice)
}

/// Writes a store anew, so that its files hold nothing but its rows; with new keys of rows under the
/// same key of the store. The old files stay until the new ones have their place.
///
/// # Errors
/// As [`open_existing`].
pub fn compact(
    path: &Path,
    (kek, dice): (&Kek, &Arc<dyn Dice>),
    watch: Watch<'_>,
) -> Result<u64, StoreError> {
    let source = open_existing(path, kek, dice)?;
    let folders = Folders::new(path);
    let mut part = begin(&folders, kek, dice)?;
    let rows = transfer((&source, |after| source.give_out(after, BATCH)), &mut part, watch)?;
    change_places(&folders, (source, part))?;
    Ok(rows)
}

/// Makes a store in `path` of the rows that `fill` puts in; there may be none yet. What is cut off
/// leaves no store.
///
/// # Errors
/// [`StoreError::File`] when there is a store; what `fill` says; others when the disk fails.
pub fn make<T>(
    path: &Path,
    (kek, dice): (&Kek, &Arc<dyn Dice>),
    fill: impl FnOnce(&mut Sealed) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let folders = Folders::new(path);
    if folders.sealed().exists() || folders.old().exists() || folders.has_clear() {
        return Err(StoreError::File(format!(
            "there is a store in {} already: name another folder, or move that one away",
            path.display()
        )));
    }
    private::folder(path)?;
    remove(&folders.part())?;
    let mut part = begin(&folders, kek, dice)?;
    let done = fill(&mut part)?;
    close(part, &folders.part())?;
    folders.rename(&folders.part(), &folders.sealed())?;
    folders.clean()?;
    Ok(done)
}

/// Copies a store as it is, encrypted, into the folder `path`, which may hold no store: that folder can
/// be the folder of a store afterwards.
///
/// # Errors
/// [`StoreError::File`] when there is a store; [`StoreError::Engine`] when the disk fails.
pub fn backup(kv: &mut dyn Kv, path: &Path) -> Result<(), StoreError> {
    let folders = Folders::new(path);
    if folders.sealed().exists() || folders.has_clear() {
        let path = path.display();
        return Err(StoreError::File(format!("there is a store in {path} already")));
    }
    private::folder(path)?;
    remove(&folders.part())?;
    kv.copy_to(&folders.part())?;
    private::folder_with_files(&folders.part())?;
    folders.rename(&folders.part(), &folders.sealed())?;
    folders.clean()
}

/// The old and the new engine change places, and the old one goes.
fn change_places(folders: &Folders, (source, part): (Sealed, Sealed)) -> Result<(), StoreError> {
    close(part, &folders.part())?;
    close(source, &folders.sealed())?;
    folders.rename(&folders.sealed(), &folders.old())?;
    folders.rename(&folders.part(), &folders.sealed())?;
    folders.clean()
}

fn opened(folder: &Path, kek: &Kek, dice: &Arc<dyn Dice>) -> Result<Sealed, StoreError> {
    private::folder(folder)?;
    let keys = Keyring::open(&folder.join("keys"), kek, Arc::clone(dice))?;
    Ok(Vault::new(SledKv::open(folder)?, keys))
}

/// Opens the part that is being filled, or begins it; one that another key began is begun anew.
fn begin(folders: &Folders, kek: &Kek, dice: &Arc<dyn Dice>) -> Result<Sealed, StoreError> {
    let part = folders.part();
    if part.exists() {
        match opened(&part, kek, dice) {
            Ok(vault) => return Ok(vault),
            Err(StoreError::Key(why)) => tracing::warn!(why, "an unfinished copy is begun anew"),
            Err(error) if part.join("keys").join("store").exists() => return Err(error),
            Err(_) => {}
        }
        remove(&part)?;
    }
    private::folder(&part)?;
    let keys = Keyring::create(&part.join("keys"), kek, Arc::clone(dice))?;
    Ok(Vault::new(SledKv::open(&part)?, keys))
}

/// Returns when nobody has the store in `path` open.
///
/// # Errors
/// [`StoreError::Engine`].
pub fn wait_until_closed(path: &Path) -> Result<(), StoreError> {
    SledKv::wait_until_closed(&Folders::new(path).sealed())
}

/// Closes an engine; its files can be moved afterwards.
fn close(mut vault: Sealed, folder: &Path) -> Result<(), StoreError> {
    vault.flush()?;
    drop(vault);
    SledKv::wait_until_closed(folder)
}

fn from_clear(
    folders: &Folders,
    (kek, dice): (&Kek, &Arc<dyn Dice>),
    watch: Watch<'_>,
) -> Result<(), StoreError> {
    tracing::info!("the store is encrypted; that takes as much room again until it is done");
    let mut clear = SledKv::open(&folders.path)?;
    layout::bring_up_to_date(&mut clear, layout::BATCH)?;
    let mut part = begin(folders, kek, dice)?;
    let rows = transfer((&clear, |after| clear_rows(&clear, after)), &mut part, watch)?;
    tracing::info!(rows, "the store is encrypted");
    close(part, &folders.part())?;
    drop(clear);
    SledKv::wait_until_closed(&folders.path)
}

fn clear_rows(clear: &dyn Kv, after: &[u8]) -> Result<Vec<Moved>, StoreError> {
    let moved = |(from, value): (Vec<u8>, Vec<u8>)| {
        let (noted, plain) = codec::split(&value);
        let owners = if noted.is_empty() { owners(clear, &from, plain)? } else { noted };
        Ok(Moved { key: settled_key(&from), owners, value: plain.to_vec(), from })
    };
    clear.scan_after(after, BATCH)?.into_iter().map(moved).collect()
}

/// Whose a row is that was stored without encryption.
fn owners(clear: &dyn Kv, key: &[u8], value: &[u8]) -> Result<Vec<Hash>, StoreError> {
    Ok(match whose::of_stored(key, value)? {
        RecordOwner::Nobody => Vec::new(),
        RecordOwner::Of(person) => vec![person],
        RecordOwner::Both(one, other) => vec![one, other],
        RecordOwner::Author(number, user) => {
            let place = clear.get(&tables::PLACES.row(&number).0)?;
            let place = place.map(|sealed| tables::PLACES.open(&sealed)).transpose()?;
            let network = place.map(|it| it.network).filter(|it| it.as_str() != CORE);
            network.map(|network| whose::of_user(network, user)).into_iter().collect()
        }
    })
}

/// Brings the rows over that are not there yet; how many those were.
fn transfer(
    (source, rows): (&dyn Kv, impl Fn(&[u8]) -> Result<Vec<Moved>, StoreError>),
    part: &mut Sealed,
    watch: Watch<'_>,
) -> Result<u64, StoreError> {
    let counters = source.get(&tables::META.row(&tables::COUNTERS).0)?.unwrap_or_default();
    let about = super::keys::hash(&[&data_encoding::HEXLOWER.encode(&counters)]);
    let mut after = Vec::new();
    if let Some(progress) = part.get(PROGRESS)? {
        match progress.strip_prefix(&about) {
            Some(at) => after = at.to_vec(),
            // The old store was used meanwhile: rows that are gone there must not come over.
            None => clear_out(part)?,
        }
    }
    if after.is_empty() {
        part.make_keys(&everybody(&rows)?)?;
    }
    let mut moved = 0;
    loop {
        let batch = rows(&after)?;
        let Some(last) = batch.last() else { break };
        after.clone_from(&last.from);
        moved += u64::try_from(batch.len()).unwrap_or(u64::MAX);
        part.take_in(batch)?;
        let progress = [&about[..], &after].concat();
        part.apply(&Writes::from([(PROGRESS.to_vec(), Some(progress))]))?;
        part.flush()?;
        watch(moved)?;
    }
    part.apply(&Writes::from([(PROGRESS.to_vec(), None)]))?;
    part.flush()?;
    Ok(moved)
}

/// Whose the rows are; their keys are made at once, because each file of keys is synced.
fn everybody(
    rows: &impl Fn(&[u8]) -> Result<Vec<Moved>, StoreError>,
) -> Result<BTreeSet<Hash>, StoreError> {
    let (mut people, mut after) = (BTreeSet::new(), Vec::new());
    loop {
        let batch = rows(&after)?;
        let Some(last) = batch.last() else { return Ok(people) };
        after.clone_from(&last.from);
        people.extend(batch.into_iter().flat_map(|row| row.owners));
    }
}

fn clear_out(part: &mut Sealed) -> Result<(), StoreError> {
    loop {
        let rows = part.scan(&[], BATCH)?;
        if rows.is_empty() {
            return part.flush();
        }
        part.apply(&rows.into_iter().map(|(key, _)| (key, None)).collect())?;
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    let removed =
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(disk(path, &error)),
        _ => Ok(()),
    }
}
