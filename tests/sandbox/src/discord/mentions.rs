// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whom a message pings.
//!
//! Rule: without `allowed_mentions` everything in the text pings, as on the platform;
//! what stands in code does not. See "Allowed Mentions Object".

use serde_json::Value;

use super::refusal::{Refusal, invalid};

/// One ping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ping {
    /// A user named in the text.
    User(u64),
    /// The author of the message that was replied to.
    Replied(u64),
    /// A role.
    Role(u64),
    /// `@everyone`
    Everyone,
    /// `@here`
    Here,
}

/// What `allowed_mentions` said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    /// There was such an object: only what it names may ping.
    given: bool,
    parse: Vec<String>,
    users: Vec<u64>,
    roles: Vec<u64>,
    replied: Option<bool>,
}

impl Allowed {
    /// Reads the object from a message body.
    pub(crate) fn read(body: &Value) -> Result<Self, Refusal> {
        let Some(given) = body.get("allowed_mentions").filter(|value| !value.is_null()) else {
            return Ok(Self::default());
        };
        let list = |key: &str| given.get(key).and_then(Value::as_array).cloned();
        let parse = list("parse").unwrap_or_default();
        let parse: Vec<String> =
            parse.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let allowed = Self {
            given: true,
            users: ids(&list("users").unwrap_or_default()),
            roles: ids(&list("roles").unwrap_or_default()),
            replied: given.get("replied_user").and_then(Value::as_bool),
            parse,
        };
        allowed.check()?;
        Ok(allowed)
    }

    fn check(&self) -> Result<(), Refusal> {
        for (kind, ids) in [("users", &self.users), ("roles", &self.roles)] {
            if !ids.is_empty() && self.parses(kind) {
                let text =
                    format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
                let code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE";
                return Err(invalid("allowed_mentions", code, text));
            }
            if ids.len() > 100 {
                let path = format!("allowed_mentions.{kind}");
                return Err(invalid(
                    &path,
                    "BASE_TYPE_MAX_LENGTH",
                    "Must be 100 or fewer in length.",
                ));
            }
        }
        let known = ["users", "roles", "everyone"];
        match self.parse.iter().find(|kind| !known.contains(&kind.as_str())) {
            None => Ok(()),
            Some(_) => {
                let text = "Value must be one of ('users', 'everyone', 'roles').";
                Err(invalid("allowed_mentions.parse.0", "BASE_TYPE_CHOICES", text))
            }
        }
    }

    fn parses(&self, kind: &str) -> bool {
        self.parse.iter().any(|known| known == kind)
    }

    /// Whether this mention pings.
    pub(crate) fn lets(&self, ping: &Ping) -> bool {
        if !self.given {
            return true;
        }
        match ping {
            Ping::User(id) => self.parses("users") || self.users.contains(id),
            Ping::Role(id) => self.parses("roles") || self.roles.contains(id),
            Ping::Everyone | Ping::Here => self.parses("everyone"),
            Ping::Replied(id) => {
                self.replied.unwrap_or_else(|| self.parses("users") || self.users.contains(id))
            }
        }
    }
}

fn ids(values: &[Value]) -> Vec<u64> {
    let one = |value: &Value| value.as_str().map_or_else(|| value.as_u64(), |id| id.parse().ok());
    values.iter().filter_map(one).collect()
}

/// Everything in the text that could ping, in order and without repeats.
pub(crate) fn find(content: &str) -> Vec<Ping> {
    let mut found = Vec::new();
    for stretch in outside_code(content) {
        let words = [("@everyone", Ping::Everyone), ("@here", Ping::Here)];
        found.extend(words.into_iter().filter(|(word, _)| stretch.contains(word)).map(|(_, p)| p));
        found.extend(stretch.split("<@").skip(1).filter_map(tag));
    }
    let mut once = Vec::new();
    for ping in found {
        if !once.contains(&ping) {
            once.push(ping);
        }
    }
    once
}

/// Reads what follows `<@`: `123>`, `!123>` or `&123>`.
fn tag(rest: &str) -> Option<Ping> {
    let (inside, _) = rest.split_once('>')?;
    match inside.strip_prefix('&') {
        Some(role) => role.parse().ok().map(Ping::Role),
        None => inside.strip_prefix('!').unwrap_or(inside).parse().ok().map(Ping::User),
    }
}

/// The stretches of text that no pair of equally long backtick runs encloses.
fn outside_code(content: &str) -> Vec<&str> {
    let (mut out, mut rest) = (Vec::new(), content);
    while let Some(start) = rest.find('`') {
        let (before, ticked) = rest.split_at(start);
        let run = ticked.len() - ticked.trim_start_matches('`').len();
        let (fence, after) = ticked.split_at(run);
        match after.split_once(fence) {
            Some((_code, behind)) => {
                out.push(before);
                rest = behind;
            }
            None => {
                out.push(before);
                rest = after;
            }
        }
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_found_outside_of_code() {
        let text = "<@1> <@!2> <@&3> @everyone `<@4> @here` ```\n<@5>``` @here <@1>";
        let all = [Ping::Everyone, Ping::User(1), Ping::User(2), Ping::Role(3), Ping::Here];
        assert_eq!(find(text), all);
    }

    #[test]
    fn an_empty_object_lets_nothing_ping() {
        let body = serde_json::json!({"allowed_mentions": {"parse": []}});
        let allowed = Allowed::read(&body).unwrap();
        assert!(!allowed.lets(&Ping::User(1)) && !allowed.lets(&Ping::Everyone));
        assert!(Allowed::default().lets(&Ping::Everyone));
    }
}
