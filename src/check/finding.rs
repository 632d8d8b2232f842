// SPDX-License-Identifier: AGPL-3.0-or-later
//! What `freeside check` can find, as values.
//!
//! Rule: a kind of finding has one text (`table.rs`): what is wrong, what it breaks, who can mend it and
//! how. Who finds something adds facts, such as an address, and never a token.

use std::fmt;

use serde_json::{Value, json};

pub use super::table::FindingKind;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The bridge works, and something is missing.
    Warning,
    /// The bridge does not work, or one of its networks does not.
    Error,
}

/// Who can mend something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responsible {
    /// Whoever runs the bridge.
    Operator,
    /// Whoever runs the homeserver.
    Homeserver,
    /// Whoever made the bot at `@BotFather`.
    TelegramBot,
    /// Whoever owns the application in Discord's developer portal.
    DiscordApplication,
    /// The admins of the chat.
    Admins,
}

/// The text of a kind of finding. `{0}`, `{1}` and `{2}` stand for facts.
#[derive(Debug)]
pub struct FindingText {
    /// By which programs know it.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Who can mend it.
    pub who: Responsible,
    /// What is wrong.
    pub wrong: &'static str,
    /// What does not work therefore.
    pub breaks: &'static str,
    /// What to do.
    pub mend: &'static str,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    facts: Vec<String>,
}

/// What an examination came to.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is wrong.
    pub wrong: Vec<Finding>,
    /// What was looked at and is as it should be.
    pub fine: Vec<String>,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Responsible {
    fn name(self) -> &'static str {
        match self {
            Self::Operator => "you",
            Self::Homeserver => "who runs the homeserver",
            Self::TelegramBot => "who made the bot at @BotFather",
            Self::DiscordApplication => "who owns the application at Discord",
            Self::Admins => "the admins of the chat",
        }
    }
}

impl Finding {
    /// A finding of this kind, with what its text leaves open.
    pub fn new<const N: usize>(kind: FindingKind, facts: [&dyn fmt::Display; N]) -> Self {
        Self { kind, facts: facts.map(ToString::to_string).into() }
    }

    /// What the text leaves open, by its number.
    pub(super) fn fact(&self, at: usize) -> Option<&str> {
        self.facts.get(at).map(String::as_str)
    }

    /// How bad it is.
    pub fn level(&self) -> Level {
        self.kind.row().level
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((number, behind)) = after.split_once('}') else { break };
            filled.push_str(before);
            let fact = number.parse().ok().and_then(|at: usize| self.facts.get(at));
            filled.push_str(fact.map_or("", String::as_str));
            rest = behind;
        }
        filled.push_str(rest);
        filled
    }

    /// What is wrong.
    pub fn wrong(&self) -> String {
        self.fill(self.kind.row().wrong)
    }

    /// What to do.
    pub fn mend(&self) -> String {
        self.fill(self.kind.row().mend)
    }

    fn json(&self) -> Value {
        let row = self.kind.row();
        json!({
            "level": row.level.name(), "code": row.code, "wrong": self.wrong(),
            "breaks": self.fill(row.breaks), "who": row.who.name(), "mend": self.mend(),
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.kind.row();
        writeln!(f, "{:<8} {}: {}", row.level.name(), row.code, self.wrong())?;
        writeln!(f, "         breaks: {}", self.fill(row.breaks))?;
        write!(f, "         mend ({}): {}", row.who.name(), self.mend())
    }
}

impl Findings {
    /// Adds something that is as it should be.
    pub(crate) fn fine(&mut self, what: impl Into<String>) {
        self.fine.push(what.into());
    }

    /// Adds something that is wrong.
    pub(crate) fn add<const N: usize>(&mut self, kind: FindingKind, facts: [&dyn fmt::Display; N]) {
        self.wrong.push(Finding::new(kind, facts));
    }

    /// Whether a finding of this kind is there.
    pub fn has(&self, kind: FindingKind) -> bool {
        self.wrong.iter().any(|it| it.kind == kind)
    }

    /// How many findings of a level there are.
    pub fn count(&self, level: Level) -> usize {
        self.wrong.iter().filter(|it| it.level() == level).count()
    }

    /// For programs; the shape is in `docs/OPERATING.md`.
    pub fn json(&self) -> Value {
        let fine = self.fine.iter().map(|what| json!({ "level": "ok", "what": what }));
        let wrong = self.wrong.iter().map(Finding::json);
        json!({
            "errors": self.count(Level::Error), "warnings": self.count(Level::Warning),
            "findings": wrong.chain(fine).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for what in &self.fine {
            writeln!(f, "ok       {what}")?;
        }
        for finding in &self.wrong {
            writeln!(f, "{finding}")?;
        }
        let (errors, warnings) = (self.count(Level::Error), self.count(Level::Warning));
        writeln!(f, "{errors} errors, {warnings} warnings")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_where_the_text_leaves_them_open() {
        let found = Finding::new(FindingKind::PortTaken, [&"127.0.0.1:1", &"appservice.listen"]);
        assert!(found.wrong().contains("127.0.0.1:1"), "{found}");
        assert!(!found.to_string().contains(['{', '}']), "{found}");
    }

    #[test]
    fn each_kind_has_a_code_of_its_own_and_says_what_to_do() {
        let mut codes: Vec<&str> = FindingKind::ALL.iter().map(|kind| kind.row().code).collect();
        for kind in FindingKind::ALL {
            let row = kind.row();
            for text in [row.wrong, row.breaks, row.mend] {
                // Or all of it comes from whoever found it.
                assert!(text.len() > 10 || text.starts_with('{'), "{kind:?}: {text}");
                assert!(!text.contains("  "), "{kind:?}: {text}");
            }
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), FindingKind::ALL.len());
    }
}
