// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people of wikis write instead of addresses: `[[links]]`, `{{templates}}`, tasks of
//! Phabricator, ids of Wikidata.
//!
//! Rule: only what is certainly meant; `Q3` is a quarter of a year and `P1` a priority. Prefixes are
//! those of <https://meta.wikimedia.org/wiki/Interwiki_map>.

mod languages;

use bridge_model::RichText;

use crate::notice::links;
use languages::LANGUAGES;

/// Most pages that are named for one message.
const MOST: usize = 10;

/// Longest prefix that is an abbreviation.
const SHORT: usize = 4;

/// Longest title of a page in bytes (`$wgMaxTitleLength` counts so).
const LONGEST: usize = 255;

/// Projects with a wiki for each language: prefixes and domain.
const FAMILIES: [(&[&str], &str); 8] = [
    (&["w", "wikipedia"], "wikipedia.org"),
    (&["wikt", "wiktionary"], "wiktionary.org"),
    (&["b", "wikibooks"], "wikibooks.org"),
    (&["n", "wikinews"], "wikinews.org"),
    (&["q", "wikiquote"], "wikiquote.org"),
    (&["s", "wikisource"], "wikisource.org"),
    (&["v", "wikiversity"], "wikiversity.org"),
    (&["voy", "wikivoyage"], "wikivoyage.org"),
];

/// Projects with one wiki: prefixes and host.
const SINGLE: [(&[&str], &str); 11] = [
    (&["c", "commons"], "commons.wikimedia.org"),
    (&["m", "meta"], "meta.wikimedia.org"),
    (&["d", "wikidata"], "www.wikidata.org"),
    (&["mw"], "www.mediawiki.org"),
    (&["f", "wikifunctions"], "www.wikifunctions.org"),
    (&["species", "wikispecies"], "species.wikimedia.org"),
    (&["incubator"], "incubator.wikimedia.org"),
    (&["outreach"], "outreach.wikimedia.org"),
    (&["foundation", "wmf"], "foundation.wikimedia.org"),
    (&["wikitech"], "wikitech.wikimedia.org"),
    (&["wm", "wikimania"], "wikimania.wikimedia.org"),
];

/// What the names of variables begin with.
const VARIABLES: [&str; 15] = [
    "ARTICLE",
    "BASEPAGE",
    "CURRENT",
    "FULLPAGE",
    "LOCAL",
    "NAMESPACE",
    "NUMBEROF",
    "PAGE",
    "REVISION",
    "ROOTPAGE",
    "SERVER",
    "SITENAME",
    "SUBJECT",
    "SUBPAGE",
    "TALK",
];

/// Parser functions whose names have no `#`.
const FUNCTIONS: [&str; 20] = [
    "anchorencode",
    "canonicalurl",
    "defaultsort",
    "displaytitle",
    "filepath",
    "formatnum",
    "fullurl",
    "gender",
    "grammar",
    "int",
    "lc",
    "lcfirst",
    "localurl",
    "ns",
    "padleft",
    "padright",
    "plural",
    "uc",
    "ucfirst",
    "urlencode",
];

/// A wiki.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wiki {
    /// One language of a project: the project's domain and the language.
    Of(&'static str, String),
    /// The only one of its project: its host.
    Single(&'static str),
}

/// What was found in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// As people call it.
    pub label: String,
    /// Where it is.
    pub url: String,
}

impl Wiki {
    /// Reads a prefix such as `de`, `w:de`, `wikt:fr` or `meta`, also with colons around it.
    pub fn read(prefix: &str) -> Option<Self> {
        let mut wiki = None;
        for part in prefix.trim().trim_matches(':').split(':') {
            wiki = Some(Self::step(wiki.as_ref(), part)?);
        }
        wiki
    }

    /// The shortest prefix that [`Wiki::read`] takes for it.
    pub fn prefix(&self) -> String {
        let short = |names: &[&'static str]| names.first().copied().unwrap_or_default();
        match self {
            Self::Single(host) => {
                let found = SINGLE.iter().find(|(_, known)| known == host);
                found.map(|(names, _)| names.last().copied().unwrap_or_default().to_owned())
            }
            Self::Of(domain, language) => {
                let found = FAMILIES.iter().find(|(_, known)| known == domain);
                found.map(|(names, _)| format!("{}:{language}", short(names)))
            }
        }
        .unwrap_or_default()
    }

    /// The wiki that a prefix leads to from here.
    fn step(here: Option<&Self>, prefix: &str) -> Option<Self> {
        let prefix = prefix.trim().to_lowercase();
        let named = |names: &[&str]| names.contains(&prefix.as_str());
        // At home a project's whole name is the name of a namespace.
        let whole = prefix.len() > SHORT;
        if let Some((_, host)) = SINGLE.iter().find(|(names, _)| named(names)) {
            let at_home = matches!(here, Some(Self::Single(known)) if known == host);
            return (!whole || !at_home).then_some(Self::Single(host));
        }
        if let Some((_, domain)) = FAMILIES.iter().find(|(names, _)| named(names)) {
            let at_home = matches!(here, Some(Self::Of(known, _)) if known == domain);
            if whole && at_home {
                return None;
            }
            let language = match here {
                Some(Self::Of(_, language)) => language.clone(),
                Some(Self::Single(_)) | None => "en".to_owned(),
            };
            return Some(Self::Of(domain, language));
        }
        LANGUAGES.contains(&prefix.as_str()).then(|| {
            let domain = match here {
                Some(Self::Of(domain, _)) => domain,
                Some(Self::Single(_)) | None => "wikipedia.org",
            };
            Self::Of(domain, prefix.clone())
        })
    }

    fn host(&self) -> String {
        match self {
            Self::Of(domain, language) => format!("{language}.{domain}"),
            Self::Single(host) => (*host).to_owned(),
        }
    }

    /// The address of a page, also with a section.
    fn page(&self, title: &str) -> String {
        let (title, section) = title.split_once('#').unwrap_or((title, ""));
        let mut url = format!("https://{}/wiki/{}", self.host(), encoded(&joined(title)));
        if !section.trim().is_empty() {
            url.push('#');
            url.push_str(&encoded(&joined(section)));
        }
        url
    }
}

/// Spaces are underlines in addresses.
fn joined(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join("_")
}

/// As MediaWiki writes it (`wfUrlencode`).
fn encoded(title: &str) -> String {
    title.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~:/@!*(),;".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The text may hold something of the kind.
pub fn is_worth_it(text: &RichText) -> bool {
    let words = links::words(text);
    words.contains("[[") || words.contains("{{") || !ids(&words).is_empty()
}

/// What a message names, each once, in order.
pub fn found(text: &RichText, home: &Wiki) -> Vec<Found> {
    let words = links::words(text);
    let mut all = brackets(&words, home);
    all.extend(ids(&words));
    all.sort_by_key(|(at, _)| *at);
    let mut found: Vec<Found> = Vec::new();
    for (_, one) in all {
        if found.len() < MOST && found.iter().all(|known| known.url != one.url) {
            found.push(one);
        }
    }
    found
}

/// `[[links]]` and `{{templates}}`, with their places.
fn brackets(words: &str, home: &Wiki) -> Vec<(usize, Found)> {
    let mut found = Vec::new();
    for (open, close) in [("[[", "]]"), ("{{", "}}")] {
        for (at, _) in words.match_indices(open) {
            let inside = words.get(at + open.len()..).unwrap_or_default();
            let Some(end) = inside.find(close) else { continue };
            let inside = inside.get(..end).unwrap_or_default();
            // The inner ones are found by themselves.
            if inside.contains(open) || inside.contains('\n') {
                continue;
            }
            let target = inside.split('|').next().unwrap_or_default();
            let one = match open {
                "[[" => link(target, home),
                _ => template(target, home),
            };
            found.extend(one.map(|one| (at, one)));
        }
    }
    found
}

fn is_title(title: &str) -> bool {
    let page = title.split('#').next().unwrap_or_default().trim();
    !page.is_empty()
        && page.len() <= LONGEST
        && !page.contains(['[', ']', '{', '}', '<', '>', '|'])
        && !page.chars().any(char::is_control)
}

fn link(target: &str, home: &Wiki) -> Option<Found> {
    let label = target.trim().trim_start_matches(':').trim();
    let mut wiki = home.clone();
    let mut title = label;
    let mut steps = 0;
    while let Some((prefix, rest)) = title.split_once(':') {
        let Some(next) = Wiki::step(Some(&wiki), prefix) else { break };
        (wiki, title) = (next, rest.trim_start());
        steps += 1;
    }
    // `[[de:]]` is the main page; so is nothing at all behind a prefix.
    let title = if title.is_empty() && steps > 0 { "Main Page" } else { title };
    is_title(title).then(|| Found { label: label.to_owned(), url: wiki.page(title) })
}

fn template(target: &str, home: &Wiki) -> Option<Found> {
    let name = target.trim();
    if is_magic(name) {
        return None;
    }
    let name = ["subst:", "safesubst:"].iter().fold(name, |name, mark| {
        let head = name.get(..mark.len()).filter(|head| head.eq_ignore_ascii_case(mark));
        head.map_or(name, |_| name.get(mark.len()..).unwrap_or_default())
    });
    match name.split_once(':') {
        Some(("", page)) => {
            let label = page.trim().to_owned();
            is_title(page).then(|| Found { label, url: home.page(page) })
        }
        Some(_) => link(name, home),
        None => is_title(name).then(|| Found {
            label: format!("{{{{{}}}}}", name.trim()),
            url: home.page(&format!("Template:{}", name.trim())),
        }),
    }
}

/// Parser functions, variables and parameters are no pages
/// (<https://www.mediawiki.org/wiki/Help:Magic_words>).
fn is_magic(name: &str) -> bool {
    let function = name.split_once(':').map(|(function, _)| function.trim().to_lowercase());
    let variable = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        && VARIABLES.iter().any(|start| name.starts_with(start));
    name.starts_with(['#', '{'])
        || variable
        || function.is_some_and(|it| FUNCTIONS.contains(&it.as_str()))
}

/// Tasks of Phabricator and ids of Wikidata that stand by themselves, with their places.
fn ids(words: &str) -> Vec<(usize, Found)> {
    let mut found = Vec::new();
    let mut before = ' ';
    for (at, c) in words.char_indices() {
        let starts = !is_part(before);
        before = c;
        if !starts || !matches!(c, 'T' | 'Q' | 'P' | 'L') {
            continue;
        }
        let word = words.get(at..).unwrap_or_default();
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '#');
        let word = word.get(..end.unwrap_or(word.len())).unwrap_or_default();
        let behind = words.get(at + word.len()..).and_then(|rest| rest.chars().next());
        if behind.is_none_or(|c| !is_part(c) || c == '.') {
            found.extend(id(word.trim_end_matches(['-', '#'])).map(|one| (at, one)));
        }
    }
    found
}

/// What makes a word a part of another one: of a name, of an address.
fn is_part(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '-' | '/' | '.' | ':' | '=' | '#' | '@' | '&' | '[' | '{')
}

fn id(word: &str) -> Option<Found> {
    let (letter, rest) = word.split_at_checked(1)?;
    let (number, part) = match rest.find(['-', '#']) {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, ""),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) || number.starts_with('0') {
        return None;
    }
    let url = match (letter, number.len(), part) {
        ("T", 3..=7, "") => format!("https://phabricator.wikimedia.org/T{number}"),
        ("T", 3..=7, part) if part.strip_prefix('#').is_some_and(digits) => {
            format!("https://phabricator.wikimedia.org/T{number}{part}")
        }
        ("Q", 2..=10, "") => format!("https://www.wikidata.org/wiki/Q{number}"),
        ("P", 2..=7, "") => format!("https://www.wikidata.org/wiki/Property:P{number}"),
        ("L", 2..=9, "") => format!("https://www.wikidata.org/wiki/Lexeme:L{number}"),
        ("L", 2..=9, part) => {
            let form = part.strip_prefix("-F").or_else(|| part.strip_prefix("-S"));
            form.filter(|it| digits(it))?;
            let anchor = part.trim_start_matches('-');
            format!("https://www.wikidata.org/wiki/Lexeme:L{number}#{anchor}")
        }
        _ => return None,
    };
    Some(Found { label: word.to_owned(), url })
}

#[cfg(test)]
mod tests;
