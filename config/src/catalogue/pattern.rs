// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where links lead that use a service: host and beginning of the path.
//!
//! Rule: small letters; `*.` before a host is any subdomain or none, `.*` behind it any ending;
//! `www.` says nothing; `*` in a path is anything, `{n}` a whole part of digits.

/// Names below a host that are the service's own, not those of who uses it.
const ITS_OWN: [&str; 34] = [
    "about",
    "account",
    "accounts",
    "api",
    "app",
    "apps",
    "blog",
    "cdn",
    "community",
    "dev",
    "developer",
    "developers",
    "docs",
    "forum",
    "go",
    "help",
    "info",
    "learn",
    "login",
    "m",
    "mail",
    "mobile",
    "my",
    "new",
    "news",
    "old",
    "open",
    "press",
    "secure",
    "static",
    "status",
    "support",
    "web",
    "www",
];

/// Host and beginning of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    host: Host,
    /// What stands between the stars, in order; the first one begins the path.
    path: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    /// A part of the path that is a number stands behind it.
    number: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Exactly(String),
    /// And all below.
    Below(String),
    /// `eventbrite.*`: this name, with any ending.
    AnyEnding(String),
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if text.contains("://") {
            return Err("begins with a scheme");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_uppercase()) {
            return Err("holds white space or capital letters");
        }
        let (host, path) = match text.find('/') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let host = match (host.strip_prefix("*."), host.strip_suffix(".*")) {
            (Some(rest), None) => Host::Below(name(rest)?),
            (None, Some(rest)) => Host::AnyEnding(name(rest)?),
            (Some(_), Some(_)) => return Err("names no host"),
            (None, None) if host.contains('.') => Host::Exactly(name(host)?),
            (None, None) => return Err("names no host"),
        };
        Ok(Self { host, path: path.split('*').map(piece).collect() })
    }

    /// Whether a link to this host and path is meant, both in small letters.
    pub fn matches(&self, host: &str, path: &str) -> bool {
        self.host.matches(host) && self.leads(path, self.host.is_somebodys(host))
    }

    /// The letters of its path that have to be there.
    pub(crate) fn length(&self) -> usize {
        self.path.iter().map(|piece| piece.text.len() + usize::from(piece.number)).sum()
    }

    /// Whether it tells of this host, in small letters.
    pub fn is_on(&self, host: &str) -> bool {
        self.host.matches(host)
    }

    /// Whether it names its host by more than a label that anybody may have.
    pub(crate) fn is_one_host(&self) -> bool {
        !matches!(self.host, Host::AnyEnding(_))
    }

    fn leads(&self, path: &str, is_somebodys: bool) -> bool {
        let mut rest = Some(path);
        for (number, piece) in self.path.iter().enumerate() {
            rest = rest.and_then(|rest| piece.ends_in(rest, number == 0));
        }
        // Nobody uses a service by its front page, or by that of one of its parts; but by that of
        // somebody's own host below it (`club.peatix.com`).
        let only_host = self.path.iter().all(Piece::is_nothing);
        if only_host && is_somebodys {
            return rest.is_some();
        }
        let is_front =
            only_host || self.path.last().is_some_and(|it| it.text.ends_with('/') && !it.number);
        rest.is_some_and(|rest| !is_front || !rest.trim_matches('/').is_empty())
    }
}

impl Piece {
    fn is_nothing(&self) -> bool {
        matches!(self.text.as_str(), "" | "/") && !self.number
    }

    /// What stands in `path` behind this piece.
    fn ends_in<'p>(&self, path: &'p str, at_once: bool) -> Option<&'p str> {
        if at_once {
            return self.behind(path.strip_prefix(self.text.as_str())?);
        }
        path.match_indices(self.text.as_str())
            .find_map(|(at, _)| self.behind(path.get(at + self.text.len()..)?))
    }

    fn behind<'p>(&self, rest: &'p str) -> Option<&'p str> {
        if !self.number {
            return Some(rest);
        }
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let ends = behind.is_empty() || behind.starts_with(['/', '?']);
        (behind.len() < rest.len() && ends).then_some(behind)
    }
}

fn piece(text: &str) -> Piece {
    let before = text.strip_suffix("{n}");
    Piece { text: before.unwrap_or(text).to_owned(), number: before.is_some() }
}

impl Host {
    /// Below the service's host, and named by who uses it.
    fn is_somebodys(&self, host: &str) -> bool {
        let Self::Below(name) = self else { return false };
        let label = host.strip_suffix(name.as_str()).and_then(|rest| rest.strip_suffix('.'));
        // Two letters are a language or a country.
        label.is_some_and(|it| it.len() > 2 && !ITS_OWN.contains(&it))
    }

    fn matches(&self, host: &str) -> bool {
        let host = host.strip_prefix("www.").unwrap_or(host);
        match self {
            Self::Exactly(name) => host == name,
            Self::Below(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.')),
            // `eventbrite.com`, `eventbrite.co.uk`, and no `eventbrite.example.com`.
            Self::AnyEnding(name) => host.strip_prefix(name.as_str()).is_some_and(|rest| {
                rest.starts_with('.') && rest.split('.').skip(1).all(|label| label.len() <= 3)
            }),
        }
    }
}

fn name(text: &str) -> Result<String, &'static str> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if text.is_empty() || !text.chars().all(good) {
        return Err("names no host");
    }
    Ok(text.to_owned())
}
