// SPDX-License-Identifier: AGPL-3.0-or-later
//! Checks calls, answers and updates against the descriptions of the Bot API.
//!
//! Rule: without the contracts nothing is checked and `contracts::dir` has said so. Calls
//! and answers follow the file of Bot API 10.1, updates the schema of 10.3.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::params::Params;
use crate::contracts;

/// Both descriptions, read once.
pub(super) struct Contract {
    api: Value,
    update: Validator,
}

/// The contracts, if there are any.
///
/// # Errors
/// When they are there and cannot be read.
pub(super) fn load() -> anyhow::Result<Option<&'static Contract>> {
    static CONTRACT: OnceLock<Result<Option<Contract>, String>> = OnceLock::new();
    let contract = CONTRACT.get_or_init(|| read().map_err(|error| format!("{error:#}")));
    contract.as_ref().map(Option::as_ref).map_err(|error| anyhow::anyhow!("{error}"))
}

/// What is wrong with a call that nobody sends, if the contracts are there.
///
/// # Errors
/// When they are there and cannot be read.
pub fn broken_by(method: &str, params: &Map<String, Value>) -> anyhow::Result<Vec<String>> {
    let params = Params::of(params, &BTreeMap::new());
    Ok(load()?.map(|contract| contract.check_call(method, &params)).unwrap_or_default())
}

fn read() -> anyhow::Result<Option<Contract>> {
    let Some(api) = contracts::read("telegram-bot-api-10.1.json")? else { return Ok(None) };
    let Some(mut schema) = contracts::read("telegram-update.schema.json")? else { return Ok(None) };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$ref".to_owned(), "#/definitions/TelegramUpdate".into());
    }
    let update = jsonschema::validator_for(&schema)
        .map_err(|error| anyhow::anyhow!("telegram-update.schema.json: {error}"))?;
    Ok(Some(Contract { api, update }))
}

fn names(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

impl Contract {
    /// What is wrong with an update, if anything.
    pub(super) fn check_update(&self, update: &Value) -> Option<String> {
        let error = self.update.iter_errors(update).next()?;
        let what: String = error.to_string().chars().take(300).collect();
        Some(format!("at {}: {what}", error.instance_path()))
    }

    /// What is wrong with a method's answer, if anything.
    pub(super) fn check_answer(&self, method: &str, answer: &Value) -> Option<String> {
        let returns = names(self.method(method)?.get("returns"));
        let mut answer = answer.clone();
        strip(&mut answer);
        self.check(&returns, &answer, "result")
    }

    fn method(&self, name: &str) -> Option<&Value> {
        self.api.get("methods")?.get(name)
    }

    /// All that is wrong with the parameters of a call.
    pub(super) fn check_call(&self, name: &str, params: &Params) -> Vec<String> {
        let Some(method) = self.method(name) else {
            return vec![format!("{name}: no such method")];
        };
        let fields = list(method, "fields");
        let mut wrong = Vec::new();
        for field in fields {
            let field_name = field.get("name").and_then(Value::as_str).unwrap_or_default();
            let types = names(field.get("types"));
            let value = params.values.get(field_name);
            let file = params.files.contains_key(field_name) && types.contains(&"InputFile");
            let required = field.get("required").and_then(Value::as_bool).unwrap_or(false);
            let problem = match value {
                Some(value) => self.check_top(&types, value, field_name),
                None if required && !file => Some(format!("{field_name} is required")),
                None => None,
            };
            wrong.extend(problem.map(|problem| format!("{name}: {problem}")));
        }
        let known =
            |given: &str| fields.iter().any(|field| field.get("name") == Some(&json!(given)));
        let unknown = params.values.keys().filter(|given| !known(given));
        wrong.extend(unknown.map(|given| format!("{name}: unknown parameter {given}")));
        let values = Value::Object(params.values.clone()).to_string();
        let stray = |part: &str| !known(part) && !values.contains(&format!("attach://{part}"));
        let stray = params.files.keys().filter(|part| stray(part));
        wrong.extend(stray.map(|part| format!("{name}: part {part} is not referred to")));
        wrong
    }

    /// A parameter itself may be the text of its JSON; what is inside may not.
    fn check_top(&self, types: &[&str], value: &Value, path: &str) -> Option<String> {
        let simple = types.contains(&"String");
        let parsed = value.as_str().filter(|_| !simple).map(serde_json::from_str::<Value>);
        match parsed {
            Some(Ok(parsed)) => self.check(types, &parsed, path),
            Some(Err(_)) => Some(format!("{path} is none of {types:?}")),
            None => self.check(types, value, path),
        }
    }

    /// `None` when the value is one of these types; else why it is not the likeliest one.
    fn check(&self, types: &[&str], value: &Value, path: &str) -> Option<String> {
        let inner: Option<Vec<&str>> =
            types.iter().map(|kind| kind.strip_prefix("Array of ")).collect();
        if let Some(inner) = inner.filter(|inner| inner.len() > 1) {
            // An album lists its types one by one, but may mix photos and videos.
            let Some(items) = value.as_array() else { return Some(format!("{path} is no array")) };
            let mut items = items.iter().enumerate();
            return items.find_map(|(n, item)| self.check(&inner, item, &format!("{path}[{n}]")));
        }
        let mut first = None;
        for kind in types {
            match self.check_one(kind, value, path) {
                None => return None,
                Some(problem) => first = first.or(Some(problem)),
            }
        }
        if types.len() == 1 { first } else { Some(format!("{path} is none of {types:?}")) }
    }

    fn check_one(&self, kind: &str, value: &Value, path: &str) -> Option<String> {
        if let Some(inner) = kind.strip_prefix("Array of ") {
            let Some(items) = value.as_array() else { return Some(format!("{path} is no array")) };
            let mut items = items.iter().enumerate();
            return items
                .find_map(|(n, item)| self.check_one(inner, item, &format!("{path}[{n}]")));
        }
        let fits = match kind {
            "Integer" => value.is_i64() || value.is_u64(),
            "Float" => value.is_number(),
            "Boolean" | "True" => value.is_boolean(),
            "String" | "InputFile" => value.is_string(),
            _ => return self.check_object(kind, value, path),
        };
        (!fits).then(|| format!("{path} is no {kind}"))
    }

    fn check_object(&self, kind: &str, value: &Value, path: &str) -> Option<String> {
        let Some(described) = self.api.get("types").and_then(|types| types.get(kind)) else {
            return Some(format!("{path}: the contract does not describe {kind}"));
        };
        let subtypes = names(described.get("subtypes"));
        if !subtypes.is_empty() {
            return self.check(&subtypes, value, path);
        }
        let Some(object) = value.as_object() else { return Some(format!("{path} is no {kind}")) };
        let fields = list(described, "fields");
        for field in fields {
            let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
            let path = format!("{path}.{name}");
            let required = field.get("required").and_then(Value::as_bool).unwrap_or(false);
            let problem = match object.get(name) {
                Some(value) => self.check(&names(field.get("types")), value, &path),
                None if required => Some(format!("{path} is required")),
                None => None,
            };
            let problem = problem.or_else(|| constant(field, object.get(name), &path));
            if problem.is_some() {
                return problem;
            }
        }
        let known =
            |given: &str| fields.iter().any(|field| field.get("name") == Some(&json!(given)));
        let unknown = object.keys().find(|given| !known(given));
        unknown.map(|given| format!("{path}: {kind} has no field {given}"))
    }
}

/// Takes out what is newer than the description of 10.1: the schema of 10.3 requires this
/// right of administrators, 10.1 does not know it.
fn strip(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.remove("can_send_welcome_messages");
        object.values_mut().for_each(strip);
    }
    if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(strip);
    }
}

/// The subtypes of `InputMedia`, `ReactionType` and `ChatMember` differ in one constant,
/// which the contract only states in prose.
fn constant(field: &Value, value: Option<&Value>, path: &str) -> Option<String> {
    let prose = field.get("description")?.as_str()?;
    let (_, wanted) = prose.split_once("must be ").or_else(|| prose.split_once(", always "))?;
    let name = field.get("name")?.as_str()?;
    if !matches!(name, "type" | "status" | "source") || wanted.starts_with("one of") {
        return None;
    }
    let given = value?.as_str()?;
    let wanted = wanted.trim_matches(['"', '“', '”', '.', ' ']);
    (given != wanted).then(|| format!("{path} is not {wanted}"))
}
