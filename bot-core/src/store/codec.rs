// SPDX-License-Identifier: AGPL-3.0-or-later
//! The encoding of stored values: one byte for the form, one for the version of the table, then the
//! value.
//!
//! Rule: nothing is written to an engine but through [`seal`]. A transaction notes whose the value is
//! ([`owned`]), and [`super::vault`] encrypts it. The first byte is never one of the numbers 1 to 4 with
//! which stores before layout 5 began each value.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::keys::Hash;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// postcard: fields by position. For small and frequent records that only the store knows.
    Packed,
    /// `MessagePack` with names of fields and variants. For records that hold values of the domain: a
    /// field that is added with a default, or a new variant, fits older records.
    Named,
}

impl Form {
    const fn byte(self) -> u8 {
        match self {
            Self::Packed => 0xf0,
            Self::Named => 0xf1,
        }
    }
}

/// A table without its types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The first byte of its keys.
    pub prefix: u8,
    /// What errors call its records.
    pub name: &'static str,
    /// The encoding of its values.
    pub form: Form,
    /// The version of its values.
    pub version: u8,
    /// Where hashes stand in its keys, behind the first byte; one bit for each byte.
    pub hashes: u64,
    /// Its keys are texts.
    pub text_keys: bool,
}

/// What stands before a value.
pub fn header(kind: &Kind) -> [u8; 2] {
    [kind.form.byte(), kind.version]
}

/// Makes a value ready for the engine.
///
/// # Errors
/// [`StoreError::Damaged`] when the value cannot be written.
pub fn seal<T: Serialize + ?Sized>(kind: &Kind, value: &T) -> Result<Vec<u8>, StoreError> {
    let mut sealed = header(kind).to_vec();
    match kind.form {
        Form::Packed => {
            postcard::to_extend(value, sealed).map_err(|error| damaged(kind, error.to_string()))
        }
        Form::Named => {
            let mut writer = rmp_serde::Serializer::new(&mut sealed).with_struct_map();
            value.serialize(&mut writer).map_err(|error| damaged(kind, error.to_string()))?;
            Ok(sealed)
        }
    }
}

/// Reads a value from the engine.
///
/// # Errors
/// [`StoreError::Damaged`] when it was written by a newer version or is damaged.
pub fn open<T: DeserializeOwned>(kind: &Kind, sealed: &[u8]) -> Result<T, StoreError> {
    let (_, sealed) = split(sealed);
    let Some((form, rest)) = sealed.split_first() else {
        return Err(damaged(kind, "it is empty".into()));
    };
    if *form != kind.form.byte() {
        let why = format!("format {form} is not known to this version of freeside");
        return Err(damaged(kind, why));
    }
    let value = match rest.split_first() {
        Some((version, value)) if *version == kind.version => value,
        Some((version, _)) => {
            let known = kind.version;
            let why = format!("its version is {version}, and this freeside reads version {known}");
            return Err(damaged(kind, why));
        }
        None => return Err(damaged(kind, "it ends after its first byte".into())),
    };
    match kind.form {
        Form::Packed => {
            postcard::from_bytes(value).map_err(|error| damaged(kind, error.to_string()))
        }
        Form::Named => {
            rmp_serde::from_slice(value).map_err(|error| damaged(kind, error.to_string()))
        }
    }
}

/// The first byte of a value that says whose it is.
const OWNED: u8 = 0xf2;

/// Notes whose a value is, for the engine that seals it.
pub fn owned(owners: &[Hash], value: Vec<u8>) -> Vec<u8> {
    let Ok(count @ 1..) = u8::try_from(owners.len()) else { return value };
    let mut owned = vec![OWNED, count];
    owners.iter().for_each(|owner| owned.extend_from_slice(owner));
    owned.extend(value);
    owned
}

/// What [`owned`] has put together.
pub fn split(value: &[u8]) -> (Vec<Hash>, &[u8]) {
    let apart = || {
        let (count, rest) = value.strip_prefix(&[OWNED])?.split_first()?;
        let (owners, rest) = rest.split_at_checked(usize::from(*count) * size_of::<Hash>())?;
        let (owners, _) = owners.as_chunks();
        Some((owners.to_vec(), rest))
    };
    apart().unwrap_or((Vec::new(), value))
}

/// Bytes of a value to make a fingerprint of. The first one is that of stores before layout 5, so
/// that a fingerprint that was stored then fits still.
///
/// # Errors
/// [`StoreError::Damaged`] when the value cannot be written.
pub fn to_fingerprint<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(value, vec![4])
        .map_err(|error| StoreError::Damaged { what: "message", why: error.to_string() })
}

fn damaged(kind: &Kind, why: String) -> StoreError {
    StoreError::Damaged { what: kind.name, why }
}
