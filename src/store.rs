// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store in an operator's hands: checked, exported, imported, compacted, copied.
//!
//! Rule: nothing that can be read is overwritten, and a file or copy is whole or not there. How far the
//! work is goes to standard error, what came of it to standard output.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use bot_core::clock::{Dice, SystemDice};
use bot_core::store::check::{Checked, Inspector, UnreadableRow};
use bot_core::store::export::{ExportOptions, Exported};
use bot_core::store::kv::Kv;
use bot_core::store::sealing::{self, Sealed};
use bot_core::store::vault::Vault;
use bot_core::store::{Kek, StoreError, backup_request, check, export, import};
use bridge_config::{Config, Engine, Store};
use data_encoding::HEXLOWER;
use store_postgres::{Database, Owned, SealedInDatabase};

/// Rows that are named at most.
const NAMED: u64 = 50;
/// Rows between two lines that say how far it is.
const BETWEEN: u64 = 20_000;
/// The file that a copy of a database is.
const FILE: &str = "store.jsonl";

fn dice() -> Arc<dyn Dice> {
    Arc::new(SystemDice)
}

/// Reads every record of the store, or of a copy of it in the folder `copy`.
///
/// # Errors
/// When the store cannot be opened, or records cannot be read.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn check(config: &Path, copy: Option<&Path>) -> anyhow::Result<()> {
    let store = crate::load(config)?.store;
    if let Some(copy) = copy {
        return check_copy(&store, copy);
    }
    let checked = match store.engine {
        Engine::Sled => checked(&open(&store)?.0)?,
        Engine::Postgres => checked(&snapshot(&store)?.0)?,
    };
    ensure!(
        checked.unreadable == 0,
        "{} of {} records cannot be read. Put the last backup in the place of the store. Without one, \
         `freeside store export --leave-out-damaged` writes the others into a file, from which \
         `freeside store import` makes a store anew; what those records held is lost then",
        checked.unreadable,
        checked.rows
    );
    println!(
        "the store is whole: {} records, layout {}, keys of {} people",
        checked.rows,
        checked.layout.map_or_else(|| "none".into(), |layout| layout.to_string()),
        checked.people
    );
    Ok(())
}

/// Reads every record of a copy that [`backup`] has made.
#[expect(clippy::print_stdout, reason = "this is the answer")]
fn check_copy(store: &Store, copy: &Path) -> anyhow::Result<()> {
    let file = copy.join(FILE);
    let shown = copy.display();
    let rows = if file.exists() {
        verified(&file, &crate::keys::read(&store.key_file)?)?.header.rows
    } else {
        let store = Store { path: copy.to_owned(), ..store.clone() };
        let (vault, _) = open(&store).context("the copy cannot be opened")?;
        let checked = checked(&vault)?;
        close(vault, &store)?;
        ensure!(
            checked.unreadable == 0,
            "{} of {} records of the copy cannot be read: `freeside store check` says of the store \
             itself whether it is whole",
            checked.unreadable,
            checked.rows
        );
        checked.rows
    };
    println!(
        "the copy in {shown} is whole: {rows} records. It opens with the key of the store only; the \
         keys of encrypted rooms are not in it"
    );
    Ok(())
}

/// Reads an exported file to its end.
fn verified(file: &Path, kek: &Kek) -> anyhow::Result<import::Verified> {
    Ok(import::verify(&mut input(file)?, kek, &mut progress("checked"))?)
}

fn input(file: &Path) -> anyhow::Result<BufReader<File>> {
    let opened = File::open(file).with_context(|| file.display().to_string());
    opened.map(BufReader::new)
}

/// Prints each row that cannot be read, and how far it is.
struct OnTerminal;

impl Inspector for OnTerminal {
    fn unreadable(&mut self, found: u64, row: &UnreadableRow) {
        if found <= NAMED {
            tell(&format!("record {}: {}", row.row, row.why));
        } else if found == NAMED + 1 {
            tell("more records cannot be read; they are only counted");
        }
    }

    fn read(&mut self, rows: u64) {
        if rows % BETWEEN < check::BATCH {
            tell(&format!("{rows} records were read"));
        }
    }
}

fn checked<K: Kv>(vault: &Vault<K>) -> anyhow::Result<Checked> {
    Ok(check::check(vault, &mut OnTerminal)?)
}

/// Writes all records into a new file.
///
/// # Errors
/// When there is such a file, the store cannot be read, or the disk is full; then there is no file.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn export(config: &Path, file: &Path, options: ExportOptions) -> anyhow::Result<()> {
    let store = crate::load(config)?.store;
    ensure!(!file.exists(), "{} is there already, and is left as it is", file.display());
    let Exported { rows, left_out } = match store.engine {
        Engine::Sled => {
            let (vault, kek) = open(&store)?;
            written(&vault, &kek, file, options)?
        }
        Engine::Postgres => {
            let (vault, kek) = snapshot(&store)?;
            written(&vault, &kek, file, options)?
        }
    };
    let shown = file.display();
    if left_out > 0 {
        println!("{left_out} records could not be read and were left out");
    }
    let inside = if options.plain {
        "It is NOT encrypted: names, ids and messages stand in it for everybody to read"
    } else {
        "It is encrypted with the key of the store, and of no use without it"
    };
    println!(
        "{rows} records are in {shown}. {inside}. The keys of encrypted rooms are not in it; what was \
         erased after it was made is: delete it when it is not needed any more"
    );
    Ok(())
}

/// Writes a file that only its owner can read, under another name until it is whole.
fn written<K: Kv>(
    vault: &Vault<K>,
    kek: &Kek,
    file: &Path,
    options: ExportOptions,
) -> anyhow::Result<Exported> {
    let mut part = file.to_owned().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let unwritten = || format!("{} cannot be written", file.display());
    let opened = open.open(&part).with_context(unwritten)?;
    let mut output = BufWriter::new(opened);
    let exported =
        export::export(vault, (kek, &SystemDice), &mut output, options, &mut progress("written"));
    let exported = match exported {
        Ok(exported) => exported,
        Err(error) => {
            std::fs::remove_file(&part).with_context(unwritten)?;
            return Err(error.into());
        }
    };
    output.flush().with_context(unwritten)?;
    output.get_ref().sync_all().with_context(unwritten)?;
    std::fs::rename(&part, file).with_context(unwritten)?;
    Ok(exported)
}

/// Makes a new store of a file that [`export()`] has written; `key` is the file of the key of the store
/// that was exported, where that was another one.
///
/// # Errors
/// When there is a store, or the file is cut off, damaged, of a newer version or of another key; then
/// there is no store.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn import(config: &Path, file: &Path, key: Option<&Path>) -> anyhow::Result<()> {
    let store = crate::load(config)?.store;
    crate::keys::check(&store)?;
    let kek = crate::keys::read(&store.key_file)?;
    let theirs = key.map_or_else(|| Ok(kek.clone()), crate::keys::read)?;
    let verified = verified(file, &theirs)?;
    let mut input = input(file)?;
    let mut told = progress("written");
    let rows = match store.engine {
        Engine::Sled => sealing::make(&store.path, (&kek, &dice()), |vault| {
            import::import(vault, (&mut input, &theirs), &verified, &mut told)
        })?,
        Engine::Postgres => {
            let owned = Owned::now(crate::node::address(&store)?.expose(), &crate::node::name())?;
            let mut vault = store_postgres::sealed(&owned.database, &kek, &dice())?;
            import::import(&mut vault, (&mut input, &theirs), &verified, &mut told)?
        }
    };
    println!(
        "{rows} records are in the new store. Start the bridge with it only when the store that was \
         exported is not used any more"
    );
    Ok(())
}

/// Writes the store anew, so that it takes no more room than it needs.
///
/// # Errors
/// When the bridge runs or the disk is full; then the store is as it was.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn compact(config: &Path) -> anyhow::Result<()> {
    let store = crate::load(config)?.store;
    let (before, after) = match store.engine {
        Engine::Sled => {
            let before = size(&store.path);
            let (vault, kek) = open(&store)?;
            check::known_layout(&vault)?;
            close(vault, &store)?;
            let mut told = progress("written");
            sealing::compact(&store.path, (&kek, &dice()), &mut |rows| told(rows, 0))?;
            (before, size(&store.path))
        }
        Engine::Postgres => {
            let owned = Owned::now(crate::node::address(&store)?.expose(), &crate::node::name())?;
            let before = owned.database.size()?;
            owned.database.compact()?;
            let after = owned.database.size()?;
            owned.close();
            (before, after)
        }
    };
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    println!(
        "all records were written anew: the store takes {} MB, before it took {} MB",
        megabytes(after),
        megabytes(before)
    );
    Ok(())
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() { size(&path) } else { entry.metadata().map_or(0, |it| it.len()) }
        })
        .sum()
}

/// Makes a copy of the store in the new folder `folder`, also while the bridge runs.
///
/// # Errors
/// When the folder holds anything, cannot be written, or the copy cannot be read.
pub fn backup(config: &Path, folder: &Path) -> anyhow::Result<()> {
    let config = crate::load(config)?;
    let folder = std::path::absolute(folder)?;
    make_empty(&folder)?;
    match config.store.engine {
        Engine::Sled => match open(&config.store) {
            Ok((mut vault, _)) => {
                sealing::backup(&mut vault, &folder)?;
                close(vault, &config.store)?;
            }
            Err(error) if is_held(&error) => ask_for_copy(&config, &folder)?,
            Err(error) => return Err(error),
        },
        Engine::Postgres => {
            let (vault, kek) = snapshot(&config.store)?;
            written(&vault, &kek, &folder.join(FILE), ExportOptions::default())?;
        }
    }
    check_copy(&config.store, &folder)
}

fn make_empty(folder: &Path) -> anyhow::Result<()> {
    let shown = folder.display();
    bot_core::store::private::folder(folder)?;
    let mut entries = std::fs::read_dir(folder).with_context(|| shown.to_string())?;
    ensure!(entries.next().is_none(), "{shown} is not empty: name a new folder");
    Ok(())
}

/// The store is open in the running bridge, which makes the copy. What stands in the folder proves that
/// whoever asks may write there: the token alone is the homeserver's, too.
fn ask_for_copy(config: &Config, folder: &Path) -> anyhow::Result<()> {
    let mut proof = [0; 32];
    SystemDice.roll(&mut proof);
    let proof = HEXLOWER.encode(&proof);
    let path = folder.join(backup_request::FILE);
    std::fs::write(&path, &proof).with_context(|| path.display().to_string())?;
    let body = backup_request::CopyRequest { folder: folder.to_owned(), proof };
    let asked = crate::ask(config, "backup", Some(serde_json::to_string(&body)?));
    std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
    asked.map(drop)
}

/// Opens the store in a database as it is now, also while a node runs with it.
fn snapshot(store: &Store) -> anyhow::Result<(SealedInDatabase, Kek)> {
    let database = Database::snapshot(crate::node::address(store)?.expose())?;
    crate::keys::with_key(store, |kek| {
        Ok((store_postgres::sealed(&database, kek, &dice())?, kek.clone()))
    })
}

/// Opens a store that is there, with its key.
fn open(store: &Store) -> anyhow::Result<(Sealed, Kek)> {
    let known = sealing::is_sealed(&store.path);
    ensure!(known, StoreError::File(format!("there is no store in {}", store.path.display())));
    crate::keys::with_key(store, |kek| {
        Ok((sealing::open_existing(&store.path, kek, &dice())?, kek.clone()))
    })
}

fn close(mut vault: Sealed, store: &Store) -> anyhow::Result<()> {
    vault.flush()?;
    drop(vault);
    Ok(sealing::wait_until_closed(&store.path)?)
}

fn is_held(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Held(_)))
}

/// Says how many records are done, from time to time.
fn progress(done: &'static str) -> impl FnMut(u64, u64) -> Result<(), StoreError> {
    let mut next = BETWEEN;
    move |rows, total| {
        if rows >= next {
            next = rows + BETWEEN;
            let of = if total == 0 { String::new() } else { format!(" of {total}") };
            tell(&format!("{rows}{of} records are {done}"));
        }
        Ok(())
    }
}

#[expect(clippy::print_stderr, reason = "this is what the operator reads")]
fn tell(line: &str) {
    eprintln!("freeside: {line}");
}
