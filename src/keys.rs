// SPDX-License-Identifier: AGPL-3.0-or-later
//! The key-encryption key of the store: made, found, exchanged.
//!
//! Rule: no key is ever overwritten or removed before another one opens the store.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use bot_core::clock::{Dice, SystemDice};
use bot_core::store::sealing::{self, Sealed};
use bot_core::store::{Kek, StoreError};
use bridge_config::{Engine, Store};

const MAKE: &str = "Make one with `freeside keys init`.";

/// Writes the key of a new store.
///
/// # Errors
/// When there is a key already, or an encrypted store that a new key would not open.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn init(config: &Path) -> anyhow::Result<()> {
    let store = crate::load(config)?.store;
    let (path, shown) = (&store.key_file, store.key_file.display());
    ensure!(!path.exists(), "{shown} is there already, and is left as it is");
    ensure!(!sealing::is_sealed(&store.path), lost(&store));
    write_new(path, &Kek::random(&SystemDice))?;
    println!(
        "{shown} holds the key of the store. Keep a copy of it apart from copies of the store: \
         without the key nobody can read the store"
    );
    Ok(())
}

/// Gives the store new keys.
///
/// # Errors
/// When the bridge runs, the key is not the store's, or the disk is full; then the old key is still
/// the store's, and the next call goes on.
#[expect(clippy::print_stdout, reason = "this is the answer")]
pub fn rotate(config: &Path) -> anyhow::Result<()> {
    let store = crate::load(config)?.store;
    ensure!(
        store.engine == Engine::Sled,
        "the keys of a store in a database are new after `freeside store export`, `keys init` with \
         another `key_file`, and `freeside store import --key` with the old one into an empty database"
    );
    let old = read(&store.key_file).with_context(|| missing(&store))?;
    let next = next(&store);
    if !next.exists() {
        write_new(&next, &Kek::random(&SystemDice))?;
    }
    let new = read(&next)?;
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let rows = sealing::rotate(&store.path, (&old, &new), &dice, &mut |_| Ok(()))?;
    adopt(&store)?;
    println!(
        "{rows} records are encrypted with new keys. {} holds the new key: copy it to where you keep \
         the old one, which opens older backups only",
        store.key_file.display()
    );
    Ok(())
}

/// Says whether there is a key that can be used.
pub(crate) fn check(store: &Store) -> anyhow::Result<()> {
    ensure!(store.key_file.exists(), missing(store));
    read(&store.key_file).map(drop)
}

/// Opens the store with its key.
pub(crate) fn open(store: &Store, dice: &Arc<dyn Dice>) -> anyhow::Result<Sealed> {
    with_key(store, |kek| sealing::open(&store.path, kek, dice))
}

/// Opens the store by what is given, with its key.
pub(crate) fn with_key<T>(
    store: &Store,
    open: impl Fn(&Kek) -> Result<T, StoreError>,
) -> anyhow::Result<T> {
    check(store)?;
    match open(&read(&store.key_file)?) {
        // `keys rotate` was cut off just before the new key took the place of the old one.
        Err(StoreError::Key(why)) if next(store).exists() => {
            let opened = open(&read(&next(store))?);
            let opened = opened.map_err(|_| StoreError::Key(why))?;
            adopt(store)?;
            Ok(opened)
        }
        done => Ok(done?),
    }
}

/// Reads a key that nobody else can read.
pub(crate) fn read(path: &Path) -> anyhow::Result<Kek> {
    let secret = bridge_config::read_secret(path, MAKE).map_err(anyhow::Error::msg)?;
    match Kek::read(secret.expose()) {
        Ok(kek) => Ok(kek),
        Err(what) => bail!("the file {} {what}", path.display()),
    }
}

fn missing(store: &Store) -> String {
    if sealing::is_sealed(&store.path) {
        return lost(store);
    }
    format!(
        "the key of the store, {}, is missing: type `freeside keys init`",
        store.key_file.display()
    )
}

fn lost(store: &Store) -> String {
    format!(
        "the store in {} is encrypted and its key, {}, is missing: put that file back; a new key does \
         not open the store",
        store.path.display(),
        store.key_file.display()
    )
}

/// Where the new key is until it has taken the place of the old one.
fn next(store: &Store) -> PathBuf {
    let mut name = store.key_file.clone().into_os_string();
    name.push(".new");
    name.into()
}

fn adopt(store: &Store) -> anyhow::Result<()> {
    std::fs::rename(next(store), &store.key_file)
        .with_context(|| format!("the new key cannot become {}", store.key_file.display()))
}

fn write_new(path: &Path, kek: &Kek) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        writeln!(file, "{}", kek.to_text())?;
        file.sync_all()
    });
    written.with_context(|| format!("the key cannot be written to {}", path.display()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let synced = std::fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|it| it.sync_all());
    synced.with_context(|| format!("the folder of {} cannot be written", path.display()))
}
