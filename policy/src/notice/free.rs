// SPDX-License-Identifier: AGPL-3.0-or-later
//! What else a message links to: free alternatives, pages of wikis, hosts that nobody knows.
//!
//! Rule: a host is free if the catalogue says so, or if the message calls it by the name of free
//! software. A page of a wiki beside a form does not make the form free, unless one may choose.

use bridge_config::Catalogue;
use bridge_config::catalogue::{Alternative, Service};

use super::lexicon::{Lexicon, OR};
use super::links::{Link, Said, is_about};
use super::sentences::{around, between};
use super::{MOST_WEIGHED, stands_for};

/// Words before a link by which it is called.
const BEFORE: usize = 6;

/// Words behind it.
const BEHIND: usize = 3;

/// Words between two links of which one may choose one.
const CHOICE: usize = 6;

/// Endings of Wikimedia's own hosts.
const WIKIMEDIA: [&str; 20] = [
    "wikimedia.org",
    "wikipedia.org",
    "wiktionary.org",
    "wikidata.org",
    "wikibooks.org",
    "wikinews.org",
    "wikiquote.org",
    "wikisource.org",
    "wikiversity.org",
    "wikivoyage.org",
    "wikifunctions.org",
    "mediawiki.org",
    "wikimediafoundation.org",
    "wikitech.org",
    "w.wiki",
    "toolforge.org",
    "wmcloud.org",
    "wmflabs.org",
    "wikimania.org",
    "wmfusercontent.org",
];

/// What stands beside the links to services.
pub(super) struct Beside<'c> {
    /// What is free, each once.
    free: Vec<&'c Alternative>,
    /// The numbers of links to pages of Wikimedia.
    wikis: Vec<usize>,
    unknown: Vec<String>,
}

impl<'c> Beside<'c> {
    /// What stands in this message.
    pub(super) fn of(catalogue: &'c Catalogue, said: &Said) -> Self {
        let mut beside = Self { free: Vec::new(), wikis: Vec::new(), unknown: Vec::new() };
        for (number, link) in said.links.iter().enumerate() {
            let free = free(catalogue, link);
            beside.free.extend(free);
            if free.is_some() || link.scheme != "https" {
                continue;
            }
            if is_wikimedia(&link.host) {
                beside.see_wikimedias(catalogue, said, (number, link));
            } else if !catalogue.knows_host(&link.host) {
                if number < MOST_WEIGHED {
                    beside.free.extend(called(catalogue, said, number));
                }
                beside.note(&link.host);
            }
        }
        beside.free.extend(channel(catalogue, said));
        beside
    }

    /// A host of Wikimedia's own, or of a chapter: what its name says is true of it.
    fn see_wikimedias(
        &mut self,
        catalogue: &'c Catalogue,
        said: &Said,
        (number, link): (usize, &Link),
    ) {
        let label = link.host.split('.').next().unwrap_or_default();
        let is_wiki = link.path.starts_with("/wiki/") || link.path.starts_with("/w/");
        let is_wiki = is_wiki || number >= MOST_WEIGHED;
        let mut free: Vec<&Alternative> =
            if is_wiki { Vec::new() } else { called(catalogue, said, number) };
        let named = |one: &&Alternative| one.names.iter().any(|name| name == label);
        free.extend(catalogue.alternatives.iter().filter(named));
        if free.is_empty() {
            self.wikis.push(number);
        }
        self.free.extend(free);
    }

    fn note(&mut self, host: &str) {
        let host = host.strip_prefix("www.").unwrap_or(host);
        if !self.unknown.iter().any(|known| known == host) {
            self.unknown.push(host.to_owned());
        }
    }

    /// The hosts that no entry tells of.
    pub(super) fn unknown(&self) -> Vec<String> {
        self.unknown.clone()
    }

    /// Something free stands there that does what this service does.
    pub(super) fn has(&self, service: &Service) -> bool {
        self.free.iter().any(|one| stands_for(one, service))
    }

    /// One may choose between the link and a page of a wiki.
    pub(super) fn may_choose(&self, said: &Said, link: usize) -> bool {
        let chosen = |wiki: &usize| {
            between(said, *wiki, link).is_some_and(|it| it.len() <= CHOICE && OR.is_in(&it))
        };
        self.wikis.iter().any(chosen)
    }
}

fn free<'c>(catalogue: &'c Catalogue, link: &Link) -> Option<&'c Alternative> {
    match link.scheme.as_str() {
        "https" if is_about(&link.path) => None,
        "https" => match catalogue.service(&link.host, &link.path) {
            Some(_) => None,
            None => catalogue.alternative(&link.host, &link.path),
        },
        scheme => catalogue.by_scheme(scheme),
    }
}

/// What a message calls a host that nobody knows.
fn called<'c>(catalogue: &'c Catalogue, said: &Said, link: usize) -> Vec<&'c Alternative> {
    let around = around(said, link);
    let skipped = around.before.len().saturating_sub(BEFORE);
    let before = around.before.get(skipped..).unwrap_or_default();
    let behind = around.behind.get(..BEHIND).unwrap_or(&around.behind);
    let names = |one: &&Alternative| {
        let names = Lexicon::of(one.names.iter().map(String::as_str));
        names.is_in(before) || names.is_in(behind)
    };
    catalogue.alternatives.iter().filter(names).collect()
}

/// A channel such as `#wikimedia`, in a message that names what it is on.
fn channel<'c>(catalogue: &'c Catalogue, said: &Said) -> Option<&'c Alternative> {
    let named = |word: &str| {
        let word = word.trim_start_matches(['(', '[', '"', '“', '„']);
        word.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic()))
    };
    if !said.text.split_whitespace().any(named) {
        return None;
    }
    let irc = catalogue.by_scheme("irc")?;
    let names = Lexicon::of(irc.names.iter().map(String::as_str));
    names.is_in(&super::sentences::all(said)).then_some(irc)
}

/// A host of Wikimedia or of one of its chapters (`wikimedia.de`).
fn is_wikimedia(host: &str) -> bool {
    let below = |name: &str| {
        host.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let mut labels = host.rsplit('.');
    let (country, name) = (labels.next().unwrap_or_default(), labels.next());
    let chapter = country.len() == 2 && name == Some("wikimedia");
    chapter || WIKIMEDIA.iter().any(|name| below(name))
}
