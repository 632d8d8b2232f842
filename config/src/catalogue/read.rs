// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads a file of the catalogue.
//!
//! Rule: all mistakes at once, each with its key and its line.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::{
    Alternative, Catalogue, Class, Day, Fact, Instance, Pattern, Requirement, Service, Severity,
};
use crate::error::{ConfigError, Position};
use crate::near::nearest;

const SEVERITIES: [(&str, Severity); 4] = [
    ("notice", Severity::Notice),
    ("low", Severity::Low),
    ("information", Severity::Information),
    ("report", Severity::Report),
];
const OPERATORS: [&str; 6] =
    ["association", "community", "company", "foundation", "self-hosted", "wikimedia"];
const NEEDS: [&str; 3] = ["needed", "sometimes", "no"];
const KINDS: [&str; 3] = ["service", "alternative", "requirement"];

/// Reads a text; what was read, and what is wrong with it.
pub(super) fn read(text: &str) -> (Catalogue, Vec<ConfigError>) {
    let file = File { text, errors: RefCell::default() };
    let (root, broken) = DeTable::parse_recoverable(text);
    for error in &broken {
        let problem = format!("this is not TOML: {}", error.message().trim_end_matches('.'));
        let mend = "Text stands in double quotes, an entry begins with [[service]].";
        file.report("", error.span(), &problem, mend);
    }
    let mut found = Catalogue::default();
    if !broken.is_empty() {
        return (found, file.errors.into_inner());
    }
    for (key, value) in root.get_ref() {
        let kind = key.get_ref().as_ref();
        let name = KINDS.into_iter().find(|known| *known == kind);
        let (Some(name), Some(entries)) = (name, value.get_ref().as_array()) else {
            let mend = match nearest(kind, KINDS.iter().copied()) {
                Some(near) => format!("Did you mean [[{near}]]?"),
                None => "Write [[service]], [[alternative]] or [[requirement]].".to_owned(),
            };
            file.report(kind, Some(key.span()), "is no kind of entry", &mend);
            continue;
        };
        for entry in entries.iter().filter_map(|one| file.entry(name, one)) {
            match name {
                "service" => found.services.extend(service(entry)),
                "alternative" => found.alternatives.extend(alternative(entry)),
                _ => found.requirements.extend(requirement(entry)),
            }
        }
    }
    (found, file.errors.into_inner())
}

fn service(entry: Entry<'_, '_>) -> Option<Service> {
    let id = entry.id();
    let class = entry.text("class").and_then(|class| {
        let names: Vec<&str> = Class::ALL.iter().map(|(_, name)| *name).collect();
        entry.one_of("class", &class, &names)?;
        Class::named(&class)
    });
    let severity = match entry.optional("severity") {
        None => Some(Severity::Notice),
        Some(text) => {
            entry.one_of("severity", &text, &SEVERITIES.map(|(name, _)| name));
            SEVERITIES.iter().find(|(name, _)| *name == text).map(|(_, severity)| *severity)
        }
    };
    let name = entry.text("name");
    let at = entry.patterns("at");
    let (not_at, cited_at) = (entry.patterns("not_at"), entry.patterns("cited_at"));
    let (code_at, instead) = (entry.texts("code_at"), entry.texts("instead"));
    let [client, server, script] = ["client", "server", "script"].map(|key| entry.fact(key, None));
    let [account, phone, drm] =
        ["account", "phone", "drm"].map(|key| entry.fact(key, Some(&NEEDS)));
    let unnamed = !["at", "cited_at"].iter().any(|key| entry.table.contains_key(*key));
    if unnamed || (at.is_empty() && cited_at.is_empty() && !entry.is_wrong()) {
        let mend = "Name the hosts that links to the service lead to, in at or cited_at.";
        entry.wrong("at", "names no host", mend);
    }
    entry.finish();
    Some(Service {
        id: id?,
        name: name?,
        class: class?,
        severity: severity?,
        at,
        cited_at,
        not_at,
        code_at,
        instead,
        client,
        server,
        script,
        account,
        phone,
        drm,
    })
}

fn alternative(entry: Entry<'_, '_>) -> Option<Alternative> {
    let (id, name) = (entry.id(), entry.text("name"));
    let names: Vec<&str> = Class::ALL.iter().map(|(_, name)| *name).collect();
    let replaces = entry.texts("replaces");
    for class in &replaces {
        entry.one_of("replaces", class, &names);
    }
    let licence = entry.text("licence");
    let evidence = entry.address("evidence");
    let (at, not_at) = (entry.patterns("at"), entry.patterns("not_at"));
    if !at.iter().all(Pattern::is_one_host) {
        let mend = "Name each host: another one of that name may run anything.";
        entry.wrong("at", "holds a host of any ending", mend);
    }
    let (names, schemes) = (entry.texts("names"), entry.texts("schemes"));
    let checked_on = entry.day("checked_on");
    let instances = entry.instances("instance");
    let accounts = entry.instances("account");
    entry.require("replaces");
    entry.finish();
    Some(Alternative {
        id: id?,
        name: name?,
        replaces: replaces.iter().filter_map(|class| Class::named(class)).collect(),
        licence: Fact { is: licence?, evidence, checked_on },
        names,
        schemes,
        at,
        not_at,
        instances,
        accounts,
        checked_on,
    })
}

fn requirement(entry: Entry<'_, '_>) -> Option<Requirement> {
    let (id, says) = (entry.text("id"), entry.text("says"));
    entry.require("source");
    let source = entry.address("source");
    entry.finish();
    Some(Requirement { id: id?, says: says?, source: source? })
}

struct File<'a> {
    text: &'a str,
    errors: RefCell<Vec<ConfigError>>,
}

impl<'a> File<'a> {
    fn report(&self, key: &str, span: Option<Range<usize>>, problem: &str, mend: &str) {
        let position = span.map(|span| Position::of(self.text, span.start));
        let (problem, mend) = (problem.to_owned(), mend.to_owned());
        let error = ConfigError { key: key.to_owned(), position, problem, mend };
        // What several facts share is wrong once.
        if !self.errors.borrow().contains(&error) {
            self.errors.borrow_mut().push(error);
        }
    }

    fn entry<'r>(
        &'r self,
        kind: &'static str,
        value: &'r Spanned<DeValue<'a>>,
    ) -> Option<Entry<'r, 'a>> {
        let Some(table) = value.get_ref().as_table() else {
            self.report(kind, Some(value.span()), "is no entry", &format!("Write [[{kind}]]."));
            return None;
        };
        let id = table.get("id").and_then(|id| id.get_ref().as_str());
        let name = id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {id}"));
        let before = self.errors.borrow().len();
        Some(Entry {
            file: self,
            table,
            span: value.span(),
            name,
            before,
            asked: RefCell::default(),
        })
    }
}

/// One entry while it is read.
struct Entry<'r, 'a> {
    file: &'r File<'a>,
    table: &'r DeTable<'a>,
    span: Range<usize>,
    name: String,
    /// How many mistakes there were before it.
    before: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'r, 'a> Entry<'r, 'a> {
    fn get(&self, key: &'static str) -> Option<&'r Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    fn is_wrong(&self) -> bool {
        self.file.errors.borrow().len() > self.before
    }

    fn wrong(&self, key: &str, problem: &str, mend: &str) {
        let span = self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span);
        self.file.report(&format!("{}, {key}", self.name), Some(span), problem, mend);
    }

    fn require(&self, key: &'static str) {
        if self.get(key).is_none() {
            self.wrong(key, "is missing", "See config/catalogue/README.md.");
        }
    }

    fn optional(&self, key: &'static str) -> Option<String> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong(key, "is no text", "Write it in double quotes.");
        }
        text.map(str::to_owned)
    }

    fn text(&self, key: &'static str) -> Option<String> {
        self.require(key);
        self.optional(key)
    }

    /// A short name.
    fn id(&self) -> Option<String> {
        let id = self.text("id")?;
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.chars().all(good) {
            return Some(id);
        }
        self.wrong("id", "is no short name", "Use small letters, digits and hyphens.");
        None
    }

    /// Reports a text that is none of those.
    fn one_of(&self, key: &'static str, text: &str, known: &[&str]) -> Option<()> {
        if known.contains(&text) {
            return Some(());
        }
        let mend = match nearest(text, known.iter().copied()) {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => format!("Write one of: {}.", known.join(", ")),
        };
        self.wrong(key, &format!("\"{text}\" is not known"), &mend);
        None
    }

    fn texts(&self, key: &'static str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let items = value.get_ref().as_array();
        let texts: Option<Vec<String>> = items.and_then(|items| {
            items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
        });
        if texts.is_none() {
            self.wrong(key, "is no list of texts", "Write [\"one\", \"two\"].");
        }
        texts.unwrap_or_default()
    }

    fn patterns(&self, key: &'static str) -> Vec<Pattern> {
        let one = |text: &String| match Pattern::read(text) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let mend = "Write host and beginning of the path, such as \"*.zoom.us/j/\".";
                self.wrong(key, &format!("\"{text}\" {why}"), mend);
                None
            }
        };
        self.texts(key).iter().filter_map(one).collect()
    }

    fn address(&self, key: &'static str) -> Option<Url> {
        let text = self.optional(key)?;
        let url = Url::parse(&text).ok().filter(|url| url.scheme() == "https");
        if url.is_none() {
            self.wrong(key, "is no address", "Write one that begins with https://.");
        }
        url
    }

    fn day(&self, key: &'static str) -> Option<Day> {
        let value = self.get(key)?;
        let at = if let DeValue::Datetime(at) = value.get_ref() { Some(at) } else { None };
        let date = at.filter(|at| at.time.is_none()).and_then(|at| at.date);
        if date.is_none() {
            self.wrong(key, "is no day", "Write it without quotes, such as 2026-11-26.");
        }
        date.map(|date| Day { year: date.year, month: date.month, day: date.day })
    }

    /// A fact is a table of its own, `{ is = ..., evidence = ..., checked_on = ... }`, or a text
    /// where it stands with the entry's `evidence` and `checked_on`.
    fn fact(&self, key: &'static str, known: Option<&[&str]>) -> Option<Fact> {
        let value = self.get(key)?;
        if let Some(is) = value.get_ref().as_str() {
            if let Some(known) = known {
                self.one_of(key, is, known)?;
            }
            let (evidence, checked_on) = (self.address("evidence"), self.day("checked_on"));
            return Some(Fact { is: is.to_owned(), evidence, checked_on });
        }
        let Some(table) = value.get_ref().as_table() else {
            let mend =
                "Write \"proprietary\", or { is = \"proprietary\", evidence = \"https://...\" }.";
            self.wrong(key, "is no fact", mend);
            return None;
        };
        let name = format!("{}, {key}", self.name);
        let inner = self.inner(table, value.span(), name);
        let is = inner.text("is");
        if let (Some(is), Some(known)) = (&is, known) {
            inner.one_of("is", is, known)?;
        }
        let (evidence, checked_on) = (inner.address("evidence"), inner.day("checked_on"));
        inner.finish();
        Some(Fact { is: is?, evidence, checked_on })
    }

    fn instances(&self, key: &'static str) -> Vec<Instance> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, "is no entry", &format!("Write [[alternative.{key}]]."));
            return Vec::new();
        };
        let one = |item: &'r Spanned<DeValue<'a>>| {
            let table = item.get_ref().as_table()?;
            let inner = self.inner(table, item.span(), format!("{}, {key}", self.name));
            inner.require("url");
            let url = inner.address("url");
            let languages = inner.texts("languages");
            let operator = inner.text("operator");
            if let Some(operator) = &operator {
                inner.one_of("operator", operator, &OPERATORS)?;
            }
            inner.finish();
            Some(Instance { url: url?, languages, operator: operator? })
        };
        items.iter().filter_map(one).collect()
    }

    fn inner(&self, table: &'r DeTable<'a>, span: Range<usize>, name: String) -> Self {
        let before = self.file.errors.borrow().len();
        Entry { file: self.file, table, span, name, before, asked: RefCell::default() }
    }

    /// Whatever nobody asked for is unknown.
    fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if asked.contains(name) {
                continue;
            }
            let mend = match nearest(name, asked.iter().copied()) {
                Some(near) => format!("Did you mean {near}?"),
                None => "See config/catalogue/README.md.".to_owned(),
            };
            let place = format!("{}, {name}", self.name);
            self.file.report(&place, Some(key.span()), "is not known", &mend);
        }
    }
}
