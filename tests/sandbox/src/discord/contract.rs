// SPDX-License-Identifier: AGPL-3.0-or-later
//! Checks everything that goes in and out against Discord's own descriptions.
//!
//! Rule: without `FREESIDE_CONTRACTS` nothing is checked (the suite says so once).
//! What is relaxed stands in [`relax`], with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::contracts;

/// Ends the names of validators that do not look at lengths.
const LOOSE: &str = " without lengths";

/// One route of the HTTP API with its schemas.
struct Route {
    steps: Vec<String>,
    methods: Value,
}

/// Both documents, with validators made on first use.
struct Book {
    gateway: Value,
    http: Value,
    routes: Vec<Route>,
    made: Mutex<BTreeMap<String, Option<std::sync::Arc<Validator>>>>,
}

/// Both documents are read once for all stand-ins of a process.
fn opened() -> Result<Option<&'static Book>, &'static str> {
    static BOOK: OnceLock<Result<Option<Book>, String>> = OnceLock::new();
    let book = BOOK.get_or_init(|| open().map_err(|error| format!("{error:#}")));
    book.as_ref().map(Option::as_ref).map_err(String::as_str)
}

fn book() -> Option<&'static Book> {
    opened().ok().flatten()
}

fn open() -> anyhow::Result<Option<Book>> {
    let gateway = contracts::read("discord-gateway.schema.json")?;
    let (Some(gateway), Some(http)) = (gateway, contracts::read("discord-openapi.json")?) else {
        return Ok(None);
    };
    let paths = http.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
    let routes = paths.into_iter().map(|(path, methods)| Route {
        steps: path.split('/').filter(|step| !step.is_empty()).map(str::to_owned).collect(),
        methods,
    });
    let routes = routes.collect();
    Ok(Some(Book { gateway, http, routes, made: Mutex::default() }))
}

/// An error when the contracts are named but cannot be read.
pub(crate) fn readable() -> anyhow::Result<()> {
    opened().map(|_| ()).map_err(anyhow::Error::msg)
}

/// What is wrong with a dispatch.
pub(crate) fn dispatch(name: &str, data: &Value) -> Option<String> {
    let book = book()?;
    if name == "RESUMED" {
        return None;
    }
    // Both have one description.
    let of = name.strip_suffix("_ADD").or_else(|| name.strip_suffix("_REMOVE"));
    let of = of.filter(|of| *of == "MESSAGE_POLL_VOTE").unwrap_or(name);
    let definition = format!("Gateway{}DispatchData", camel(of));
    let schema = json!({"$ref": format!("#/definitions/{definition}")});
    if book.gateway.pointer(&format!("/definitions/{definition}")).is_none() {
        return Some(format!("dispatch {name}: the contract has no {definition}"));
    }
    let wrong = book.check(&format!("dispatch {name}"), &schema, data)?;
    Some(format!("dispatch {name}: {wrong}"))
}

/// What is wrong with a request.
pub(crate) struct Breach {
    pub(crate) text: String,
    /// Nothing but lengths and numbers of items: the routes refuse those with the
    /// platform's own codes.
    pub(crate) only_lengths: bool,
}

/// What is wrong with the JSON body of a request.
pub(crate) fn request(method: &str, path: &str, body: &Value) -> Option<Breach> {
    let book = book()?;
    let (name, operation) = book.operation(method, path)?;
    let schema = operation.pointer("/requestBody/content/application~1json/schema")?;
    let wrong = book.check(&format!("request {name}"), schema, body)?;
    let only_lengths = book.check(&format!("request {name}{LOOSE}"), schema, body).is_none();
    Some(Breach { text: format!("request {name}: {wrong}"), only_lengths })
}

/// What is wrong with a body that nobody sends, if the contracts are there.
///
/// # Errors
/// When they are there and cannot be read.
pub fn broken_by(method: &str, path: &str, body: &Value) -> anyhow::Result<Option<String>> {
    readable()?;
    Ok(request(method, path, body).map(|breach| breach.text))
}

/// What is wrong with an answer.
pub(crate) fn answer(method: &str, path: &str, status: u16, body: &Value) -> Option<String> {
    let book = book()?;
    let Some((name, operation)) = book.operation(method, path) else {
        return (status < 400).then(|| format!("{method} {path}: no such route in the contract"));
    };
    let range = format!("{}XX", status / 100);
    let responses = operation.get("responses")?;
    let response = responses.get(status.to_string()).or_else(|| responses.get(range));
    let Some(response) = response else {
        return Some(format!("answer {name}: the contract knows no status {status}"));
    };
    let response = book.follow(response);
    let schema = response.pointer("/content/application~1json/schema")?;
    let wrong = book.check(&format!("answer {status} {name}"), schema, body)?;
    Some(format!("answer {status} {name}: {wrong}"))
}

impl Book {
    /// The operation of a request, literal steps before parameters.
    fn operation(&self, method: &str, path: &str) -> Option<(String, &Value)> {
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let fits = |route: &&Route| {
            let pairs = route.steps.iter().zip(&steps);
            route.steps.len() == steps.len() && pairs.clone().all(|(a, b)| is_slot(a) || a == b)
        };
        let slots = |route: &&Route| route.steps.iter().filter(|step| is_slot(step)).count();
        let route = self.routes.iter().filter(fits).min_by_key(slots)?;
        let operation = route.methods.get(method.to_ascii_lowercase())?;
        Some((format!("{method} /{}", route.steps.join("/")), operation))
    }

    /// Resolves one `$ref` of the HTTP document.
    fn follow<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| self.http.pointer(target.strip_prefix('#')?));
        target.unwrap_or(value)
    }

    /// The first thing that is wrong with `data`, with its place.
    fn check(&self, name: &str, schema: &Value, data: &Value) -> Option<String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = made.entry(name.to_owned());
        let validator = entry.or_insert_with(|| self.make(name, schema)).clone();
        drop(made);
        let Some(validator) = validator else { return Some("the schema itself is broken".into()) };
        let error = validator.iter_errors(data).next()?;
        let value: String = error.instance().to_string().chars().take(300).collect();
        let place = error.instance_path().to_string();
        Some(format!("{} at {place:?}: {value}", error.masked()))
    }

    /// A validator over only those definitions that the schema reaches: the whole
    /// document takes seconds to compile.
    fn make(&self, name: &str, schema: &Value) -> Option<std::sync::Arc<Validator>> {
        let document = if name.starts_with("dispatch") { &self.gateway } else { &self.http };
        let mut reached = BTreeSet::new();
        let mut open = vec![schema.clone()];
        let mut root = json!({"allOf": [schema]});
        while let Some(value) = open.pop() {
            for target in references(&value) {
                if !reached.insert(target.clone()) {
                    continue;
                }
                if let Some(found) = document.pointer(&unescape(&target)) {
                    open.push(found.clone());
                    put(&mut root, &unescape(&target), found.clone());
                }
            }
        }
        relax(&mut root, name);
        let draft = if name.starts_with("dispatch") {
            jsonschema::Draft::Draft7
        } else {
            jsonschema::Draft::Draft202012
        };
        let made = jsonschema::options().with_draft(draft).build(&root);
        made.ok().map(std::sync::Arc::new)
    }
}

fn is_slot(step: &str) -> bool {
    step.starts_with('{')
}

/// `MESSAGE_CREATE` to `MessageCreate`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect::<String>()
    };
    name.split('_').map(word).collect()
}

/// All `$ref` targets inside a value, without `#`.
fn references(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(map) = value.as_object() {
        let target = map.get("$ref").and_then(Value::as_str);
        found.extend(target.and_then(|target| target.strip_prefix('#')).map(str::to_owned));
        map.values().for_each(|inner| found.extend(references(inner)));
    }
    if let Some(list) = value.as_array() {
        list.iter().for_each(|inner| found.extend(references(inner)));
    }
    found
}

/// `%3C` to `<` and so on, as in the names of generic types.
fn unescape(text: &str) -> String {
    super::path::decode(text)
}

/// Puts a value at `/a/b` of an object, making what is missing.
fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut here = root;
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    for step in steps {
        let step = step.replace("~1", "/").replace("~0", "~");
        let Some(map) = here.as_object_mut() else { return };
        here = map.entry(step).or_insert_with(|| Value::Object(Map::new()));
    }
    *here = value;
}

/// Loosens what the descriptions state too strictly.
fn relax(root: &mut Value, name: &str) {
    if name.starts_with("dispatch") {
        one_flag_is_a_sum(root);
        copies_have_fields(root);
    } else if name.starts_with("request") {
        numbers_for_strings(root);
        if name.ends_with(LOOSE) {
            forget_lengths(root);
        }
    } else {
        loose_answer(root);
    }
}

fn loose_answer(root: &mut Value) {
    if let Some(kind) = root.pointer_mut("/components/schemas/MessageReferenceType") {
        // Forwards (1) are documented on the "Messages Resource" page only.
        *kind = json!({"type": "integer", "enum": [0, 1]});
    }
    if let Some(errors) = root.pointer_mut("/components/schemas/InnerErrors/properties") {
        // Nested errors carry words (BASE_TYPE_MAX_LENGTH) as codes, as the reference
        // shows; the description takes them for numbers.
        let one = json!({"type": "object", "required": ["code", "message"]});
        *errors = json!({"_errors": {"type": "array", "items": one}});
    }
}

/// An enum with one known bit became a constant on the way from TypeScript; the field is a
/// sum of bits, 0 included.
fn one_flag_is_a_sum(root: &mut Value) {
    let definitions = root.get_mut("definitions").and_then(Value::as_object_mut);
    for (name, definition) in definitions.into_iter().flatten() {
        if name.ends_with("Flags") && definition.get("const").is_some() {
            *definition = json!({"type": "integer"});
        }
    }
}

/// The fields of a copy in a forward became whole messages on the way from TypeScript; they
/// are those of a message.
fn copies_have_fields(root: &mut Value) {
    let fields = root.pointer_mut("/definitions/APIMessageSnapshotFields/properties");
    for (name, field) in fields.and_then(Value::as_object_mut).into_iter().flatten() {
        *field = json!({"$ref": format!("#/definitions/APIMessage/properties/{name}")});
    }
}

/// Requests may carry snowflakes as numbers (contracts/README.md), as Discord's own
/// examples do for new files; bits of permissions are documented as strings and described
/// as integers.
fn numbers_for_strings(root: &mut Value) {
    if let Some(snowflake) = root.pointer_mut("/components/schemas/SnowflakeType") {
        *snowflake = json!({"type": ["string", "integer"]});
    }
    let permissions = "/components/schemas/ApplicationCommandUpdateRequest/properties";
    if let Some(properties) = root.pointer_mut(permissions).and_then(Value::as_object_mut) {
        let loose = json!({"type": ["string", "integer", "null"]});
        properties.insert("default_member_permissions".into(), loose);
    }
}

fn forget_lengths(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        for key in ["maxLength", "minLength", "maxItems", "minItems"] {
            map.remove(key);
        }
        map.values_mut().for_each(forget_lengths);
    }
    if let Some(list) = value.as_array_mut() {
        list.iter_mut().for_each(forget_lengths);
    }
}
