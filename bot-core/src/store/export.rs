// SPDX-License-Identifier: AGPL-3.0-or-later
//! A store as lines of JSON, and those lines read again (`docs/adr/0023`).
//!
//! Rule: rows have the form in which the store keeps them, with the versions of their tables, so that
//! a later version brings them up to date as it would an old store. The last line proves that nothing
//! is missing and nothing was changed.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::check::known_layout;
use super::cipher::{self, KEY, Kek, Key};
use super::keys::Hash;
use super::kv::Kv;
use super::layout::LAYOUT;
use super::vault::{Moved, Vault};
use super::{StoreError, tables};
use crate::clock::Dice;

/// Rows that are read at once.
const BATCH: usize = 512;
/// The form of the file.
pub const FORMAT: u16 = 1;
/// What the first line says the file is.
const WHAT: &str = "freeside store";
/// What the key of a file is encrypted for.
const FILE_KEY: &[u8] = b"export";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// What the file is.
    pub file: String,
    /// Its form.
    pub format: u16,
    /// The layout of the store.
    pub layout: u16,
    /// The version that wrote it, for people.
    pub version: String,
    /// Rows in all.
    pub rows: u64,
    /// Rows by table: the letter of the table and its name.
    pub tables: BTreeMap<String, u64>,
    /// The key of the rows, encrypted with the key of the store, in base64; without it, rows are plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A line in the middle.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    /// A row behind the key of the file, in base64.
    Sealed { sealed: String },
    /// A plain row: all in base64 but the name of the table, which is for people.
    Plain { table: String, key: String, owners: Vec<String>, value: String },
}

/// The last line.
#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
    /// SHA-256 of all lines before, with their ends.
    sha256: String,
}

/// How a store is exported.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExportOptions {
    /// Rows are not encrypted.
    pub plain: bool,
    /// Rows that cannot be read are left out; otherwise they are an error.
    pub leave_out: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Rows that are in the file.
    pub rows: u64,
    /// Rows that could not be read.
    pub left_out: u64,
}

/// Is told how many rows of how many are done; an error cuts the work off.
pub type RowProgress<'a> = &'a mut dyn FnMut(u64, u64) -> Result<(), StoreError>;

/// Writes a store as lines.
///
/// # Errors
/// [`StoreError::File`] when the lines cannot be written; [`StoreError`] when the store cannot be read.
pub fn export<K: Kv>(
    vault: &Vault<K>,
    (kek, dice): (&Kek, &dyn Dice),
    output: &mut dyn Write,
    options: ExportOptions,
    progress: RowProgress<'_>,
) -> Result<Exported, StoreError> {
    let layout = known_layout(vault)?;
    let layout = layout.ok_or_else(|| StoreError::File("the store holds nothing yet".into()))?;
    let (tables, left_out) = counted(vault, options.leave_out)?;
    let total = tables.values().sum();
    let key = (!options.plain).then(|| Key::random(dice));
    let wrap =
        |key: &Key| BASE64.encode(&cipher::encrypt(kek.key(), FILE_KEY, (b"", &key.0), dice));
    let header = Header {
        file: WHAT.into(),
        format: FORMAT,
        layout,
        version: env!("CARGO_PKG_VERSION").into(),
        rows: total,
        tables,
        key: key.as_ref().map(wrap),
    };
    let mut lines = Lines { output, digest: Sha256::new() };
    lines.write(&header)?;
    let mut rows = 0;
    each(vault, options.leave_out, &mut |row| {
        lines.write(&line(key.as_ref(), rows, row, dice))?;
        rows += 1;
        if rows % 1024 == 0 { progress(rows, total) } else { Ok(()) }
    })?;
    progress(rows, total)?;
    let sha256 = HEXLOWER.encode(&lines.digest.clone().finalize());
    lines.write(&End { rows, sha256 })?;
    lines.output.flush().map_err(|error| unwritten(&error))?;
    Ok(Exported { rows, left_out })
}

/// Rows by table, and how many cannot be read.
fn counted<K: Kv>(
    vault: &Vault<K>,
    leave_out: bool,
) -> Result<(BTreeMap<String, u64>, u64), StoreError> {
    let mut tables = BTreeMap::new();
    let left_out = each(vault, leave_out, &mut |row| {
        *tables.entry(table_of(&row.key)).or_default() += 1;
        Ok(())
    })?;
    Ok((tables, left_out))
}

/// All rows, one after the other; how many cannot be read.
fn each<K: Kv>(
    vault: &Vault<K>,
    leave_out: bool,
    act: &mut dyn FnMut(Moved) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let (mut after, mut left_out) = (Vec::new(), 0);
    loop {
        let rows = vault.as_stored(&after, BATCH)?;
        let Some((last, _)) = rows.last() else { return Ok(left_out) };
        after.clone_from(last);
        for row in rows {
            let readable = vault.give(row).and_then(|row| {
                tables::try_open(&row.key, &row.value)?;
                Ok(row)
            });
            match readable {
                Ok(row) => act(row)?,
                Err(StoreError::Damaged { .. }) if leave_out => left_out += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

fn table_of(key: &[u8]) -> String {
    let kind = tables::ALL.iter().find(|kind| key.first() == Some(&kind.prefix));
    kind.map_or_else(String::new, |kind| format!("{} {}", char::from(kind.prefix), kind.name))
}

fn line(key: Option<&Key>, number: u64, row: Moved, dice: &dyn Dice) -> Line {
    let Some(key) = key else {
        return Line::Plain {
            table: table_of(&row.key),
            key: BASE64.encode(&row.key),
            owners: row.owners.iter().map(|owner| BASE64.encode(owner)).collect(),
            value: BASE64.encode(&row.value),
        };
    };
    let owners = u8::try_from(row.owners.len()).unwrap_or(u8::MAX);
    let length = u32::try_from(row.key.len()).unwrap_or(u32::MAX).to_be_bytes();
    let parts = [&[owners], row.owners.as_flattened(), &length, &row.key, &row.value].concat();
    let sealed = cipher::encrypt(key, &number.to_be_bytes(), (b"", &parts), dice);
    Line::Sealed { sealed: BASE64.encode(&sealed) }
}

struct Lines<'a> {
    output: &'a mut dyn Write,
    digest: Sha256,
}

impl Lines<'_> {
    fn write(&mut self, line: &impl Serialize) -> Result<(), StoreError> {
        let text = serde_json::to_string(line).map_err(|error| StoreError::File(error.to_string()));
        let text = text? + "\n";
        self.digest.update(text.as_bytes());
        self.output.write_all(text.as_bytes()).map_err(|error| unwritten(&error))
    }
}

fn unwritten(error: &std::io::Error) -> StoreError {
    StoreError::File(format!("the file cannot be written: {error}"))
}

/// A file that is read line by line.
pub struct Reading<'a> {
    input: &'a mut dyn BufRead,
    digest: Sha256,
    key: Option<Key>,
    header: Header,
    rows: u64,
}

impl<'a> Reading<'a> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a store of a newer version; [`StoreError::Key`] when `kek` is not the
    /// key of the store that was exported; [`StoreError::File`] when it is no such file.
    pub fn begin(input: &'a mut dyn BufRead, kek: &Kek) -> Result<Self, StoreError> {
        let (mut digest, mut text) = (Sha256::new(), String::new());
        read_line(input, &mut text)?;
        let header: Option<Header> = serde_json::from_str(&text).ok();
        let header = header.filter(|header| header.file == WHAT);
        let header = header.ok_or_else(|| {
            StoreError::File("that is no file that `freeside store export` has written".into())
        })?;
        if header.format > FORMAT || header.layout > LAYOUT {
            return Err(StoreError::Newer { found: header.layout, known: LAYOUT });
        }
        digest.update(text.as_bytes());
        let key = header.key.as_deref().map(|sealed| file_key(sealed, kek)).transpose()?;
        Ok(Self { input, digest, key, header, rows: 0 })
    }

    /// What the first line says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next row; `None` when all are through, and nothing is missing or was changed.
    ///
    /// # Errors
    /// [`StoreError::File`] when the file is cut off or damaged.
    pub fn next_row(&mut self) -> Result<Option<Moved>, StoreError> {
        let mut text = String::new();
        read_line(self.input, &mut text)?;
        if let Ok(line) = serde_json::from_str(&text) {
            self.digest.update(text.as_bytes());
            let row = self.open(&line).ok_or_else(|| self.damaged())?;
            self.rows += 1;
            return Ok(Some(row));
        }
        if !text.ends_with('\n') {
            return Err(self.cut_off());
        }
        let end: End = serde_json::from_str(&text).map_err(|_| self.damaged())?;
        let digest = HEXLOWER.encode(&self.digest.clone().finalize());
        if end.sha256 != digest || end.rows != self.rows || end.rows != self.header.rows {
            return Err(self.damaged());
        }
        Ok(None)
    }

    fn open(&self, line: &Line) -> Option<Moved> {
        let (key, owners, value): (Vec<u8>, Vec<Hash>, Vec<u8>) = match (line, &self.key) {
            (Line::Sealed { sealed }, Some(key)) => {
                let sealed = BASE64.decode(sealed.as_bytes()).ok()?;
                let parts = cipher::decrypt(key, &self.rows.to_be_bytes(), &sealed)?;
                let (count, rest) = parts.split_first()?;
                let (owners, rest) =
                    rest.split_at_checked(usize::from(*count) * size_of::<Hash>())?;
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
                let (key, value) = rest.split_at_checked(length)?;
                (key.to_vec(), owners.as_chunks().0.to_vec(), value.to_vec())
            }
            (Line::Plain { key, owners, value, .. }, None) => {
                let bytes = |text: &str| BASE64.decode(text.as_bytes()).ok();
                let owners = owners.iter().map(|owner| bytes(owner)?.try_into().ok());
                (bytes(key)?, owners.collect::<Option<_>>()?, bytes(value)?)
            }
            (Line::Sealed { .. }, None) | (Line::Plain { .. }, Some(_)) => return None,
        };
        Some(Moved { from: key.clone(), key, owners, value })
    }

    fn damaged(&self) -> StoreError {
        StoreError::File(format!(
            "the file is damaged: its line {} is not as it was written. Take another copy of it",
            self.rows + 2
        ))
    }

    fn cut_off(&self) -> StoreError {
        StoreError::File(format!(
            "the file is cut off: it ends after {} of {} records. Take another copy of it",
            self.rows, self.header.rows
        ))
    }
}

fn read_line(input: &mut dyn BufRead, text: &mut String) -> Result<(), StoreError> {
    let read = input.read_line(text);
    read.map(drop).map_err(|error| StoreError::File(format!("the file cannot be read: {error}")))
}

fn file_key(sealed: &str, kek: &Kek) -> Result<Key, StoreError> {
    let opened = BASE64.decode(sealed.as_bytes()).ok();
    let opened = opened.and_then(|sealed| cipher::decrypt(kek.key(), FILE_KEY, &sealed));
    let key: Option<[u8; KEY]> = opened.and_then(|key| key.try_into().ok());
    key.map(Key).ok_or_else(|| {
        StoreError::Key(
            "the file was exported from a store with another key: name the file of that key with \
             --key"
                .into(),
        )
    })
}
