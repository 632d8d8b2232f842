// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where links lead that use a service: host and beginning of the path.
//!
//! Rule: small letters; `*.` before a host is any subdomain or none, `.*` behind it any ending,
//! a host of `*` any host; `www.` says nothing; `*` in a path is anything.

/// Host and beginning of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    host: Host,
    /// What stands between the stars, in order; the first one begins the path.
    path: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    Exactly(String),
    /// And all below.
    Below(String),
    /// `bbb.*`: this label, then any.
    Begins(String),
    /// `*.bbb.*`: this label anywhere but at the end.
    Label(String),
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
            _ if host == "*" && path.len() > 2 => Host::Any,
            (Some(rest), None) => Host::Below(name(rest)?),
            (None, Some(rest)) => Host::Begins(name(rest)?),
            (Some(rest), Some(_)) => Host::Label(name(rest.strip_suffix(".*").unwrap_or(rest))?),
            (None, None) if host.contains('.') => Host::Exactly(name(host)?),
            (None, None) => return Err("names no host"),
        };
        Ok(Self { host, path: path.split('*').map(str::to_owned).collect() })
    }

    /// Whether a link to this host and path is meant, both in small letters.
    pub fn matches(&self, host: &str, path: &str) -> bool {
        self.host.matches(host) && self.leads(path)
    }

    fn leads(&self, path: &str) -> bool {
        let mut rest = Some(path);
        for (number, piece) in self.path.iter().enumerate() {
            rest = rest.and_then(|rest| match number {
                0 => rest.strip_prefix(piece.as_str()),
                _ => rest.find(piece.as_str()).and_then(|at| rest.get(at + piece.len()..)),
            });
        }
        // Nobody uses a service by its front page.
        let only_host = self.path.iter().all(|piece| piece.is_empty() || piece == "/");
        rest.is_some_and(|rest| !only_host || !rest.trim_matches('/').is_empty())
    }
}

impl Host {
    fn matches(&self, host: &str) -> bool {
        let host = host.strip_prefix("www.").unwrap_or(host);
        match self {
            Self::Any => true,
            Self::Exactly(name) => host == name,
            Self::Below(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with('.')),
            Self::Begins(label) => {
                host.strip_prefix(label.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }
            Self::Label(label) => host.split('.').rev().skip(1).any(|one| one == label),
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
