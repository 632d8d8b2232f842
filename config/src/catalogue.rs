// SPDX-License-Identifier: AGPL-3.0-or-later
//! The catalogue: services that communities link to, with facts by part, and what is free in
//! their place.
//!
//! Rule: unclear means proprietary; a fact without evidence is never said in public.

mod pattern;
mod read;

use std::path::Path;

use url::Url;

use crate::error::{ConfigError, ConfigErrors};
pub use pattern::Pattern;

/// What is built in. The first service that a link fits is the one that it uses.
const FILES: [(&str, &str); 9] = [
    ("catalogue/services/calls.toml", include_str!("../catalogue/services/calls.toml")),
    ("catalogue/services/chat.toml", include_str!("../catalogue/services/chat.toml")),
    ("catalogue/services/dates.toml", include_str!("../catalogue/services/dates.toml")),
    ("catalogue/services/design.toml", include_str!("../catalogue/services/design.toml")),
    ("catalogue/services/forms.toml", include_str!("../catalogue/services/forms.toml")),
    ("catalogue/services/documents.toml", include_str!("../catalogue/services/documents.toml")),
    ("catalogue/services/media.toml", include_str!("../catalogue/services/media.toml")),
    ("catalogue/alternatives.toml", include_str!("../catalogue/alternatives.toml")),
    ("catalogue/requirements.toml", include_str!("../catalogue/requirements.toml")),
];

/// The catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Services, in the order of the files.
    pub services: Vec<Service>,
    /// What is free in their place.
    pub alternatives: Vec<Alternative>,
    /// What communities ask of their tools.
    pub requirements: Vec<Requirement>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its short name, `google-forms`.
    pub id: String,
    /// As people write it.
    pub name: String,
    /// What it is for.
    pub class: Class,
    /// How much is said about it.
    pub severity: Severity,
    /// Links by which people take part.
    pub at: Vec<Pattern>,
    /// Links that are most often shown as a source: posts, profiles, articles, videos.
    pub cited_at: Vec<Pattern>,
    /// Links that do not use it, all the same.
    pub not_at: Vec<Pattern>,
    /// Hosts on whose front page people type a code that somebody gave them.
    pub code_at: Vec<String>,
    /// The ids of what is free in its place, best first; where it is empty, its class says so.
    pub instead: Vec<String>,
    /// The licence of the app.
    pub client: Option<Fact>,
    /// The licence of the server.
    pub server: Option<Fact>,
    /// The licence of what a browser has to run.
    pub script: Option<Fact>,
    /// Whether an account is needed.
    pub account: Option<Fact>,
    /// Whether a phone number is needed.
    pub phone: Option<Fact>,
    /// Whether there are digital restrictions.
    pub drm: Option<Fact>,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A licence, or `needed`, `sometimes`, `no`.
    pub is: String,
    /// Where anybody can see it.
    pub evidence: Option<Url>,
    /// When somebody looked.
    pub checked_on: Option<Day>,
}

/// What a service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Talking in groups.
    Chat,
    /// Voice and video.
    Call,
    /// Surveys and registrations.
    Form,
    /// Writing together.
    Document,
    /// Showing videos.
    Video,
    /// Short public messages.
    Microblog,
    /// Finding dates.
    Scheduling,
    /// Drawing together.
    Design,
    /// Code and tasks.
    Code,
    /// Maps.
    Map,
    /// Lists of links, and addresses that hide where they lead.
    Link,
}

/// How much is said about a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It is counted, and nothing is said.
    Report,
    /// It is free; something is said all the same.
    Information,
    /// One notice for the service, not for each of its links.
    Low,
    /// A notice.
    Notice,
}

/// What is free in the place of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// Its short name.
    pub id: String,
    /// As people write it.
    pub name: String,
    /// What it can stand for.
    pub replaces: Vec<Class>,
    /// Its licence, with evidence.
    pub licence: Fact,
    /// What people call it, in small letters: so a host that nobody knows can be told to be free.
    pub names: Vec<String>,
    /// Schemes of addresses that use it.
    pub schemes: Vec<String>,
    /// Links that use it, by host.
    pub at: Vec<Pattern>,
    /// Links that do not.
    pub not_at: Vec<Pattern>,
    /// Where it can be used.
    pub instances: Vec<Instance>,
    /// Where people get an account, when that is somewhere else.
    pub accounts: Vec<Instance>,
    /// When somebody saw last that it works.
    pub checked_on: Option<Day>,
}

/// A place where an alternative can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its address.
    pub url: Url,
    /// The languages that it speaks, by our codes.
    pub languages: Vec<String>,
    /// Who runs it: `association`, `community`, `company`, `foundation`, `self-hosted`,
    /// `wikimedia`.
    pub operator: String,
}

/// What communities ask of their tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Such as `REQ-FREEDOM`.
    pub id: String,
    /// What it says.
    pub says: String,
    /// Where it comes from.
    pub source: Url,
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// The year.
    pub year: u16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl Catalogue {
    /// What is built in.
    ///
    /// # Errors
    /// Every mistake in the built-in files; a test keeps them free of mistakes.
    pub fn built_in() -> Result<Self, ConfigErrors> {
        let mut all = Self::default();
        for (name, text) in FILES {
            let path = Path::new(name);
            let (found, errors) = read::read(text);
            if !errors.is_empty() {
                return Err(ConfigErrors::new(path, errors));
            }
            all.add(found);
        }
        Ok(all)
    }

    /// What is built in, with what the file at `local` adds or replaces.
    ///
    /// # Errors
    /// Every mistake in that file.
    pub fn load(local: Option<&Path>) -> Result<Self, ConfigErrors> {
        let mut all = Self::built_in()?;
        let Some(path) = local else { return Ok(all) };
        let fail = |errors| Err(ConfigErrors::new(path, errors));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return fail(vec![ConfigError::lost(&error)]),
        };
        let (found, errors) = read::read(&text);
        if !errors.is_empty() {
            return fail(errors);
        }
        all.add(found);
        Ok(all)
    }

    fn add(&mut self, others: Self) {
        for service in others.services {
            put(&mut self.services, service, |one| &one.id);
        }
        for alternative in others.alternatives {
            put(&mut self.alternatives, alternative, |one| &one.id);
        }
        for requirement in others.requirements {
            put(&mut self.requirements, requirement, |one| &one.id);
        }
    }

    /// The service that a link uses, and whether the link is one that is most often shown as a
    /// source: the longest pattern decides. Host and path in small letters.
    pub fn service(&self, host: &str, path: &str) -> Option<(&Service, bool)> {
        let fit = |patterns: &[Pattern]| {
            let fitting = patterns.iter().filter(|it| it.matches(host, path));
            fitting.map(Pattern::length).max()
        };
        self.services.iter().find_map(|one| {
            let (used, cited) = (fit(&one.at), fit(&one.cited_at));
            let uses = used.max(cited).is_some() && fit(&one.not_at).is_none();
            uses.then_some((one, cited > used))
        })
    }

    /// The service on whose front page people type a code.
    pub fn front_page(&self, host: &str) -> Option<&Service> {
        let bare = host.strip_prefix("www.").unwrap_or(host);
        self.services.iter().find(|one| one.code_at.iter().any(|known| known == bare))
    }

    /// Some entry tells of this host, whatever its path is.
    pub fn knows_host(&self, host: &str) -> bool {
        let on = |patterns: &[Pattern]| patterns.iter().any(|it| it.is_on(host));
        self.services.iter().any(|one| on(&one.at) || on(&one.cited_at) || on(&one.not_at))
            || self.alternatives.iter().any(|one| on(&one.at) || on(&one.not_at))
            || self.front_page(host).is_some()
    }

    /// The ids of what nobody has looked at in the last 90 days, each with the day when somebody
    /// did last; `today` in days since 1970.
    pub fn unchecked(&self, today: i64) -> Vec<(&str, Option<Day>)> {
        let services = self.services.iter().map(|one| (one.id.as_str(), one.checked_on()));
        let alternatives = self.alternatives.iter().map(|one| (one.id.as_str(), one.checked_on));
        let all = services.chain(alternatives);
        all.filter(|(_, day)| day.is_none_or(|day| day.is_long_ago(today))).collect()
    }

    /// The service with this id.
    pub fn named(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|one| one.id == id)
    }

    /// The alternative that a link uses, if it uses no service.
    pub fn alternative(&self, host: &str, path: &str) -> Option<&Alternative> {
        let hits = |patterns: &[Pattern]| patterns.iter().any(|it| it.matches(host, path));
        self.alternatives.iter().find(|one| hits(&one.at) && !hits(&one.not_at))
    }

    /// The alternative whose addresses have this scheme, such as `irc`.
    pub fn by_scheme(&self, scheme: &str) -> Option<&Alternative> {
        self.alternatives.iter().find(|one| one.schemes.iter().any(|known| known == scheme))
    }
}

fn put<T>(all: &mut Vec<T>, one: T, id: impl Fn(&T) -> &str) {
    match all.iter_mut().find(|known| id(known) == id(&one)) {
        Some(known) => *known = one,
        None => all.push(one),
    }
}

impl Service {
    /// The parts whose licence is not free, as far as anybody has shown evidence.
    pub fn proprietary_parts(&self) -> Vec<Part> {
        let parts = [
            (Part::Client, &self.client),
            (Part::Server, &self.server),
            (Part::Script, &self.script),
        ];
        let bad = |fact: &&Fact| fact.is_proven() && !fact.is_free();
        parts
            .into_iter()
            .filter(|(_, fact)| fact.as_ref().is_some_and(|f| bad(&f)))
            .map(|(p, _)| p)
            .collect()
    }

    /// It counts as proprietary: some part is, or nobody has shown that none is.
    pub fn counts_as_proprietary(&self) -> bool {
        let parts = [&self.client, &self.server, &self.script];
        let known: Vec<&Fact> = parts.into_iter().flatten().collect();
        known.is_empty() || known.iter().any(|fact| !fact.is_free() || !fact.is_proven())
    }

    /// Somebody has shown evidence for every part that is said of it.
    pub fn is_proven(&self) -> bool {
        let parts = [&self.client, &self.server, &self.script];
        let mut known = parts.into_iter().flatten().peekable();
        known.peek().is_some() && known.all(Fact::is_proven)
    }

    /// When somebody looked at all of its facts; `None` where one was never looked at.
    pub fn checked_on(&self) -> Option<Day> {
        let parts = [&self.client, &self.server, &self.script];
        let needs = [&self.account, &self.phone, &self.drm];
        let days = parts.into_iter().chain(needs).flatten().map(|fact| fact.checked_on);
        days.collect::<Option<Vec<Day>>>()?.into_iter().min()
    }

    /// One is needed, always or sometimes.
    pub fn needs(fact: &Option<Fact>) -> Option<&Fact> {
        fact.as_ref().filter(|fact| fact.is_proven() && fact.is == "needed")
    }
}

/// A part of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The app.
    Client,
    /// The server.
    Server,
    /// What a browser has to run.
    Script,
}

impl Fact {
    /// A licence that is free.
    pub fn is_free(&self) -> bool {
        !matches!(self.is.as_str(), "proprietary" | "unknown")
    }

    /// Anybody can see where it stands.
    pub fn is_proven(&self) -> bool {
        self.evidence.is_some()
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Class {
    /// All of them, with the names that people type.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Chat, "chat"),
        (Self::Call, "call"),
        (Self::Form, "form"),
        (Self::Document, "document"),
        (Self::Video, "video"),
        (Self::Microblog, "microblog"),
        (Self::Scheduling, "scheduling"),
        (Self::Design, "design"),
        (Self::Code, "code"),
        (Self::Map, "map"),
        (Self::Link, "link"),
    ];

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(class, _)| *class)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(class, _)| *class == self).map_or("", |(_, name)| name)
    }
}

impl Day {
    /// Days since 1 January 1970; earlier ones are negative.
    pub fn number(self) -> i64 {
        // Days since 1 March of the year 0, so that the leap day is the last of its year; see
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * shifted + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// More than 90 days ago; `today` in days since 1970.
    pub fn is_long_ago(self, today: i64) -> bool {
        today - self.number() > 90
    }
}

impl Alternative {
    /// Wikimedia itself runs it.
    pub fn is_wikimedias_own(&self) -> bool {
        self.instances.first().is_some_and(|first| first.operator == "wikimedia")
    }
}

#[cfg(test)]
mod tests;
