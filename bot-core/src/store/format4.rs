// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads the values of stores of layout 4, which were written by position and without names.
//!
//! Rule: `format4.json` says what each table held; it was generated once from the types of that time
//! (with `serde-reflection`) and never changes. What has another shape today is read with the shapes
//! in `format4/`.

mod lane;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};

use super::StoreError;
use super::codec::{self, Form, Kind};
use super::tables;

/// The byte that each value of layout 4 begins with.
pub const BYTE: u8 = 4;

/// Values that are nested deeper are damaged.
const DEEPEST: u32 = 200;

/// The types of layout 4.
#[derive(Debug, Deserialize)]
pub struct Schema {
    /// By prefix byte: what the values of each named table were.
    tables: BTreeMap<char, Format>,
    /// Named types.
    types: BTreeMap<String, Container>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Format {
    TypeName(String),
    Unit,
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Char,
    Str,
    Bytes,
    Option(Box<Format>),
    Seq(Box<Format>),
    Tuple(Vec<Format>),
    TupleArray {
        #[serde(rename = "CONTENT")]
        content: Box<Format>,
        #[serde(rename = "SIZE")]
        size: usize,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Container {
    UnitStruct,
    NewTypeStruct(Box<Format>),
    TupleStruct(Vec<Format>),
    Struct(Vec<BTreeMap<String, Format>>),
    Enum(BTreeMap<u32, BTreeMap<String, Variant>>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Variant {
    Unit,
    NewType(Box<Format>),
    Tuple(Vec<Format>),
    Struct(Vec<BTreeMap<String, Format>>),
}

/// A value with the names of its fields and variants.
#[derive(Debug, PartialEq)]
enum Value {
    Nil,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Text(String),
    List(Vec<Value>),
    Fields(Vec<(String, Value)>),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Signed(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Self::Fields(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl Schema {
    /// The schema that is built in.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be read, which a test rules out.
    pub fn load() -> Result<Self, StoreError> {
        serde_json::from_str(include_str!("format4.json")).map_err(|error| StoreError::Damaged {
            what: "schema of layout 4",
            why: error.to_string(),
        })
    }

    /// The value of a row in layout 5; `None` when it is in layout 5 already.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it is neither.
    pub fn upgraded(&self, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let prefix = key.first().copied().unwrap_or_default();
        let Some(kind) = tables::ALL.iter().find(|kind| kind.prefix == prefix) else {
            let why = format!("no table has the prefix {prefix}");
            return Err(StoreError::Damaged { what: "row", why });
        };
        let Some(old) = value.strip_prefix(&[BYTE]) else {
            return match value.first() {
                Some(0xf0..) => Ok(None),
                Some(other) => {
                    let why = format!("format {other} is not known to this version of freeside");
                    Err(StoreError::Damaged { what: kind.name, why })
                }
                None => Err(StoreError::Damaged { what: kind.name, why: "it is empty".into() }),
            };
        };
        match kind.form {
            // Packed records are written as they were.
            Form::Packed => Ok(Some([codec::header(kind).as_slice(), old].concat())),
            Form::Named => self.named(kind, old).map(Some),
        }
    }

    fn named(&self, kind: &Kind, old: &[u8]) -> Result<Vec<u8>, StoreError> {
        let damaged = |why: &str| StoreError::Damaged { what: kind.name, why: why.to_owned() };
        let format = self.tables.get(&char::from(kind.prefix));
        let format = format.ok_or_else(|| damaged("layout 4 had no such table"))?;
        let mut reader = Reader { schema: self, rest: old, depth: 0 };
        let value = reader.value(format).map_err(damaged)?;
        if !reader.rest.is_empty() {
            return Err(damaged("it is longer than its type"));
        }
        let sealed = codec::seal(kind, &value)?;
        // These have another shape since.
        match kind.prefix {
            b'l' => tables::ENTRIES.seal(&reread::<lane::OldEntry>(kind, &sealed)?.into()),
            b'T' => tables::TIMERS.seal(&reread::<lane::OldTimer>(kind, &sealed)?.into()),
            _ => Ok(sealed),
        }
    }
}

fn reread<T: DeserializeOwned>(kind: &Kind, sealed: &[u8]) -> Result<T, StoreError> {
    codec::open(kind, sealed)
}

type Read<T> = Result<T, &'static str>;

const SHORT: &str = "it ends too early";

/// Reads postcard: <https://postcard.jamesmunns.com/wire-format>.
struct Reader<'a> {
    schema: &'a Schema,
    rest: &'a [u8],
    depth: u32,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.rest.split_first().ok_or(SHORT)?;
        self.rest = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Read<u64> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            value |= part.checked_shl(shift).unwrap_or_default();
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number in it is too long")
    }

    fn zigzag(&mut self) -> Read<i64> {
        let coded = self.varint()?;
        let half = i64::try_from(coded >> 1).map_err(|_| "a number in it is too large")?;
        Ok(if coded & 1 == 0 { half } else { -half - 1 })
    }

    fn length(&mut self) -> Read<usize> {
        usize::try_from(self.varint()?).map_err(|_| SHORT)
    }

    fn bytes(&mut self) -> Read<&'a [u8]> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(SHORT)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn value(&mut self, format: &Format) -> Read<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deep");
        }
        let value = self.of(format);
        self.depth -= 1;
        value
    }

    fn of(&mut self, format: &Format) -> Read<Value> {
        Ok(match format {
            Format::TypeName(name) => {
                let schema = self.schema;
                let container = schema.types.get(name).ok_or("its type is not known")?;
                return self.container(container);
            }
            Format::Unit => Value::Nil,
            Format::Bool => match self.byte()? {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                _ => return Err("a truth value in it is neither"),
            },
            Format::U8 => Value::Unsigned(self.byte()?.into()),
            Format::I8 => Value::Signed(i8::from_le_bytes([self.byte()?]).into()),
            Format::U16 | Format::U32 | Format::U64 => Value::Unsigned(self.varint()?),
            Format::I16 | Format::I32 | Format::I64 => Value::Signed(self.zigzag()?),
            Format::Char | Format::Str => {
                let text = std::str::from_utf8(self.bytes()?);
                Value::Text(text.map_err(|_| "a text in it is not UTF-8")?.to_owned())
            }
            Format::Bytes => {
                let bytes = self.bytes()?.iter();
                Value::List(bytes.map(|byte| Value::Unsigned((*byte).into())).collect())
            }
            Format::Option(inner) => match self.byte()? {
                0 => Value::Nil,
                1 => self.value(inner)?,
                _ => return Err("an option in it is neither"),
            },
            Format::Seq(inner) => {
                let length = self.length()?;
                let mut values = Vec::new();
                for _ in 0..length {
                    values.push(self.value(inner)?);
                }
                Value::List(values)
            }
            Format::Tuple(formats) => self.tuple(formats)?,
            Format::TupleArray { content, size } => {
                let mut values = Vec::new();
                for _ in 0..*size {
                    values.push(self.value(content)?);
                }
                Value::List(values)
            }
        })
    }

    fn tuple(&mut self, formats: &[Format]) -> Read<Value> {
        let values = formats.iter().map(|format| self.value(format));
        values.collect::<Read<_>>().map(Value::List)
    }

    fn fields(&mut self, fields: &[BTreeMap<String, Format>]) -> Read<Value> {
        let mut values = Vec::new();
        for (name, format) in fields.iter().flatten() {
            values.push((name.clone(), self.value(format)?));
        }
        Ok(Value::Fields(values))
    }

    fn container(&mut self, container: &Container) -> Read<Value> {
        match container {
            Container::UnitStruct => Ok(Value::Nil),
            Container::NewTypeStruct(inner) => self.value(inner),
            Container::TupleStruct(formats) => self.tuple(formats),
            Container::Struct(fields) => self.fields(fields),
            Container::Enum(variants) => {
                let number = u32::try_from(self.varint()?).map_err(|_| SHORT)?;
                let variant = variants.get(&number).and_then(|named| named.iter().next());
                let (name, variant) = variant.ok_or("a variant in it is not known")?;
                let value = match variant {
                    Variant::Unit => return Ok(Value::Text(name.clone())),
                    Variant::NewType(inner) => self.value(inner)?,
                    Variant::Tuple(formats) => self.tuple(formats)?,
                    Variant::Struct(fields) => self.fields(fields)?,
                };
                Ok(Value::Fields(vec![(name.clone(), value)]))
            }
        }
    }
}
