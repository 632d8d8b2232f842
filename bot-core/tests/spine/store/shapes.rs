// SPDX-License-Identifier: AGPL-3.0-or-later
//! Values of every shape that layout 4 of the store could hold, as bytes.
//!
//! Rule: every variant of every enum is in at least one of them.

use std::path::Path;

use serde_json::Value;

/// Values of layout 4, made from its schema: every variant of every type is in at least one.
pub struct Samples(Value);

impl Samples {
    pub fn load() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/format4.json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    pub fn of(&self, prefix: u8) -> Vec<Vec<u8>> {
        match self.0["tables"].get(char::from(prefix).to_string()) {
            Some(format) => self.samples(format, &[]),
            None => Vec::new(),
        }
    }

    fn samples(&self, format: &Value, within: &[&str]) -> Vec<Vec<u8>> {
        let Some(name) = format.as_str() else {
            let (kind, inner) = format.as_object().unwrap().iter().next().unwrap();
            return match kind.as_str() {
                "TYPENAME" => self.named(inner.as_str().unwrap(), within),
                "OPTION" => {
                    let some = self.samples(inner, within).into_iter();
                    let some = some.map(|value| [vec![1], value].concat());
                    some.chain([vec![0]]).collect()
                }
                "SEQ" => {
                    let values = self.samples(inner, within);
                    assert!(values.len() < 128);
                    vec![[vec![u8::try_from(values.len()).unwrap()], values.concat()].concat()]
                }
                "TUPLE" => self.together(inner.as_array().unwrap().iter(), within),
                "TUPLEARRAY" => {
                    let size = usize::try_from(inner["SIZE"].as_u64().unwrap()).unwrap();
                    self.together(std::iter::repeat_n(&inner["CONTENT"], size), within)
                }
                other => panic!("{other}"),
            };
        };
        match name {
            "UNIT" => vec![vec![]],
            "BOOL" => vec![vec![1], vec![0]],
            "U8" | "I8" => vec![vec![7]],
            // 300, or 150 with a sign.
            "U16" | "U32" | "U64" | "I16" | "I32" | "I64" => vec![vec![0xac, 2]],
            "CHAR" => vec![b"\x01t".to_vec()],
            "STR" => vec![b"\x03\xc3\xa4!".to_vec()],
            other => panic!("{other}"),
        }
    }

    /// A type that is within itself is there only as what ends it.
    fn named(&self, name: &str, within: &[&str]) -> Vec<Vec<u8>> {
        if within.iter().filter(|outer| **outer == name).count() > 1 {
            return Vec::new();
        }
        let within = [within, &[name]].concat();
        let container = &self.0["types"][name];
        if container == "UNITSTRUCT" {
            return vec![vec![]];
        }
        let (kind, inner) = container.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "ENUM" => {
                let variants = inner.as_object().unwrap().iter();
                let mut values = Vec::new();
                for (number, variant) in variants {
                    let (_, shape) = variant.as_object().unwrap().iter().next().unwrap();
                    let number = number.parse::<u8>().unwrap();
                    let bodies = self.shape(shape, &within).into_iter();
                    values.extend(bodies.map(|body| [vec![number], body].concat()));
                }
                values
            }
            kind => self.shape(&serde_json::json!({ kind: inner }), &within),
        }
    }

    fn shape(&self, shape: &Value, within: &[&str]) -> Vec<Vec<u8>> {
        if shape == "UNIT" {
            return vec![vec![]];
        }
        let (kind, inner) = shape.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "NEWTYPE" | "NEWTYPESTRUCT" => self.samples(inner, within),
            "TUPLE" | "TUPLESTRUCT" => self.together(inner.as_array().unwrap().iter(), within),
            "STRUCT" => {
                let fields = inner.as_array().unwrap().iter();
                let formats = fields.map(|field| field.as_object().unwrap().values().next());
                self.together(formats.map(Option::unwrap), within)
            }
            other => panic!("{other}"),
        }
    }

    /// As many values as the part with the most values has; the others begin again.
    fn together<'a>(
        &self,
        formats: impl Iterator<Item = &'a Value>,
        within: &[&str],
    ) -> Vec<Vec<u8>> {
        let parts: Vec<_> = formats.map(|format| self.samples(format, within)).collect();
        if parts.iter().any(Vec::is_empty) {
            return Vec::new();
        }
        let most = parts.iter().map(Vec::len).max().unwrap_or(1);
        let value = |at: usize| parts.iter().flat_map(move |part| part[at % part.len()].clone());
        (0..most).map(|at| value(at).collect()).collect()
    }
}
