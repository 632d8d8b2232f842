// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message links to, and whether anything is to be said about it.
//!
//! Rule: a wrong notice discredits all others, so silence wins where it is not clear: a free link in
//! the same message, words of somebody else, code, a page that is only shown as a source.

mod dial_in;
mod fold;
mod free;
mod lexicon;
pub(crate) mod links;
mod sentences;
mod typed;
mod why;

use bridge_config::Catalogue;
use bridge_config::catalogue::{Alternative, Class, Service, Severity};
use bridge_model::RichText;

use free::Beside;
use links::Said;
use why::Whole;

pub use dial_in::DialIn;
pub use links::Link;
pub use typed::as_typed;
pub use why::Why;

/// Alternatives that are named at most.
const MOST_NAMED: usize = 2;

/// Links that are weighed at most; more are counted. Nobody is asked to use so many, and each takes
/// the time of the whole message.
const MOST_WEIGHED: usize = 32;

/// What came of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The services that it links to, each once, in order; for figures.
    pub used: Vec<String>,
    /// Of those the ones where people are to watch something, with nothing free beside it.
    pub watched: Vec<String>,
    /// The hosts that no entry of the catalogue tells of, each once; for those who tend it.
    pub unknown: Vec<String>,
    /// What is to be said.
    pub remark: Option<Remark>,
    /// Why it is said, or why nothing is.
    pub why: Why,
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

/// A link to a service.
#[derive(Clone, Copy)]
struct Use<'c> {
    service: &'c Service,
    /// Its number in the message.
    link: usize,
    /// It leads to a page that is most often shown as a source.
    cited: bool,
}

/// The text may have links worth looking at.
pub fn is_worth_it(text: &RichText) -> bool {
    let may_be_typed = || {
        let words = links::words(text);
        links::names_a_host(text) && why::gives_a_code(&words)
    };
    !links::of(text).is_empty() || may_be_typed()
}

/// What a message links to, and what is to be said. `language` is that of its readers, `today` in
/// days since 1970.
pub fn judge(catalogue: &Catalogue, text: &RichText, language: &str, today: i64) -> Verdict {
    let said = links::read(text, &|host| catalogue.front_page(host).is_some());
    let uses = uses(catalogue, &said);
    let beside = Beside::of(catalogue, &said);
    let mut used: Vec<String> = Vec::new();
    for one in uses.iter().filter(|one| one.service.counts_as_proprietary()) {
        if !used.contains(&one.service.id) {
            used.push(one.service.id.clone());
        }
    }
    let whole = Whole::of(&said);
    let weighed: Vec<(Use<'_>, Why)> = uses
        .iter()
        .take(MOST_WEIGHED)
        .map(|one| (*one, why::weigh(&said, &whole, &beside, *one)))
        .collect();
    let due = weighed.iter().filter(|(_, why)| why.is_due());
    let mut watched: Vec<String> = Vec::new();
    for (one, _) in due.clone().filter(|(one, _)| one.service.class == Class::Video) {
        if !watched.contains(&one.service.id) {
            watched.push(one.service.id.clone());
        }
    }
    // The first of those that weigh most.
    let due = due.rev().max_by_key(|(one, _)| one.service.severity);
    let why = due.or(weighed.first()).map_or(Why::NoService, |(_, why)| *why);
    let remark = due.map(|(one, _)| remark(catalogue, &said, *one, (language, today)));
    Verdict { used, watched, unknown: beside.unknown(), remark, why }
}

/// The links that use a service, in order.
fn uses<'c>(catalogue: &'c Catalogue, said: &Said) -> Vec<Use<'c>> {
    let one = |(link, at): (usize, &Link)| {
        if links::is_about(&at.path) {
            return None;
        }
        let known = catalogue.service(&at.host, &at.path);
        let by_code = || {
            let front = at.path == "/" && why::gives_a_code(&said.text);
            let service = catalogue.front_page(&at.host).filter(|_| front)?;
            Some((service, false))
        };
        let (service, cited) = known.or_else(by_code)?;
        Some(Use { service, link, cited })
    };
    said.links.iter().enumerate().filter_map(one).collect()
}

fn remark(
    catalogue: &Catalogue,
    said: &Said,
    one: Use<'_>,
    (language, today): (&str, i64),
) -> Remark {
    let service = one.service;
    let canonical = said.links.get(one.link).map(|link| link.canonical.clone());
    let subject = match service.severity {
        Severity::Low => None,
        Severity::Report | Severity::Information | Severity::Notice => canonical,
    };
    Remark {
        service: service.id.clone(),
        class: service.class,
        subject: subject.unwrap_or_else(|| service.id.clone()),
        dial_in: if service.class == Class::Call { dial_in::of(&said.text) } else { None },
        alternatives: match service.severity {
            Severity::Information => Vec::new(),
            Severity::Report | Severity::Low | Severity::Notice => {
                alternatives(catalogue, service, language, today)
            }
        },
    }
}

/// The ids of what is free in the place of a service: first what Wikimedia itself runs, then what
/// speaks the readers' language, then what somebody has looked at lately.
pub fn alternatives(
    catalogue: &Catalogue,
    service: &Service,
    language: &str,
    today: i64,
) -> Vec<String> {
    let speaks = |one: &Alternative| {
        one.instances.iter().any(|it| it.languages.iter().any(|known| known == language))
    };
    let is_fresh = |one: &Alternative| one.checked_on.is_some_and(|day| !day.is_long_ago(today));
    let place = |one: &Alternative| service.instead.iter().position(|id| *id == one.id);
    let mut fitting: Vec<&Alternative> =
        catalogue.alternatives.iter().filter(|one| stands_for(one, service)).collect();
    fitting.sort_by_key(|one| (!one.is_wikimedias_own(), !speaks(one), !is_fresh(one), place(one)));
    fitting.into_iter().take(MOST_NAMED).map(|one| one.id.clone()).collect()
}

/// It does what the service does.
fn stands_for(one: &Alternative, service: &Service) -> bool {
    if service.instead.is_empty() {
        one.replaces.contains(&service.class)
    } else {
        service.instead.contains(&one.id)
    }
}

#[cfg(test)]
mod tests;
