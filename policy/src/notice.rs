// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message links to, and whether anything is to be said about it.
//!
//! Rule: a wrong notice discredits all others, so silence wins where it is not clear: a free link in
//! the same message, words of somebody else, code, a video that is only shown around.

mod dial_in;
pub(crate) mod links;
mod words;

use bridge_config::Catalogue;
use bridge_config::catalogue::{Alternative, Class, Service, Severity};
use bridge_model::RichText;

pub use dial_in::DialIn;
pub use links::Link;

/// Alternatives that are named at most.
const MOST_NAMED: usize = 2;

/// What came of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The services that it links to, each once, in order; for figures.
    pub used: Vec<String>,
    /// What is to be said.
    pub remark: Option<Remark>,
}

/// What is to be said about one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The service's id.
    pub service: String,
    /// What it is for.
    pub class: Class,
    /// What it is said of, once in a while: the link, or for some services all of their links.
    pub subject: String,
    /// How to take part by phone, where the message says so.
    pub dial_in: Option<DialIn>,
    /// The ids of what is free in its place.
    pub alternatives: Vec<String>,
}

/// The text may have links worth looking at.
pub fn is_worth_it(text: &RichText) -> bool {
    !links::of(text).is_empty()
}

/// What a message links to, and what is to be said. `language` is that of its readers, `today` in
/// days since 1970.
pub fn judge(catalogue: &Catalogue, text: &RichText, language: &str, today: i64) -> Verdict {
    let links = links::of(text);
    let mut found: Vec<(&Service, &Link)> = Vec::new();
    let mut free: Vec<&Alternative> = Vec::new();
    for link in &links {
        match catalogue.service(&link.host, &link.path) {
            Some(service) => found.push((service, link)),
            None => free.extend(catalogue.alternative(&link.host, &link.path)),
        }
    }
    let mut used: Vec<String> = Vec::new();
    for (service, _) in found.iter().filter(|(service, _)| service.counts_as_proprietary()) {
        if !used.contains(&service.id) {
            used.push(service.id.clone());
        }
    }
    let said = links::words(text);
    let worth_it = |(service, link): &&(&Service, &Link)| {
        let replaced = free.iter().any(|one| one.replaces.contains(&service.class));
        let shown = service.class != Class::Video
            || service.announced_at.iter().any(|it| it.matches(&link.host, &link.path))
            || words::announces(&said);
        service.severity != Severity::Report && service.is_proven() && !replaced && shown
    };
    let mut worth: Vec<&(&Service, &Link)> = found.iter().filter(worth_it).collect();
    worth.sort_by_key(|(service, _)| std::cmp::Reverse(service.severity));
    let remark = worth.first().map(|(service, link)| Remark {
        service: service.id.clone(),
        class: service.class,
        subject: match service.severity {
            Severity::Low => service.id.clone(),
            Severity::Report | Severity::Information | Severity::Notice => link.canonical.clone(),
        },
        dial_in: if service.class == Class::Call { dial_in::of(&said) } else { None },
        alternatives: match service.severity {
            Severity::Information => Vec::new(),
            Severity::Report | Severity::Low | Severity::Notice => {
                alternatives(catalogue, service.class, language, today)
            }
        },
    });
    Verdict { used, remark }
}

/// The ids of what is free and works, first what speaks the readers' language.
pub fn alternatives(
    catalogue: &Catalogue,
    class: Class,
    language: &str,
    today: i64,
) -> Vec<String> {
    let speaks = |one: &Alternative| {
        one.instances.iter().any(|it| it.languages.iter().any(|known| known == language))
    };
    let fits = |one: &&Alternative| one.replaces.contains(&class) && !one.is_stale(today);
    let mut fitting: Vec<&Alternative> = catalogue.alternatives.iter().filter(fits).collect();
    fitting.sort_by_key(|one| !speaks(one));
    fitting.into_iter().take(MOST_NAMED).map(|one| one.id.clone()).collect()
}

#[cfg(test)]
mod tests;
