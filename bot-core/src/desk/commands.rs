// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which command does what. All sides end here: a button, a typed command and a slash
//! command are only ways to call it.

use bridge_model::{NetworkId, RichText};

use super::claim::MATRIX_WORD;
use super::{Caller, Desk, DeskError, Outcome, code};
use crate::i18n::{Arg, Key};
use crate::network::CommandHelp;
use crate::network::MATRIX;
use crate::wording::{Lines, Wording};

/// A command, its line in `help`, and its argument in menus.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub help: Key,
    /// Its argument: name, description, may be left out.
    pub argument: Option<(&'static str, Key, bool)>,
    /// Typed in Matrix rooms.
    pub matrix: bool,
    /// Typed in legacy chats.
    pub remote: bool,
    /// What it is called in the menu of a message, where it can be about one.
    pub on_message: Option<Key>,
}

const fn entry(name: &'static str, help: Key, matrix: bool, remote: bool) -> Entry {
    Entry { name, help, argument: None, matrix, remote, on_message: None }
}

/// All commands, in the order in which `help` shows them.
pub const ALL: &[Entry] = &[
    entry("help", Key::HelpHelp, true, true),
    Entry {
        argument: Some(("code", Key::HelpLinkCode, true)),
        ..entry("link", Key::HelpLink, true, true)
    },
    entry("unlink", Key::HelpUnlink, true, true),
    entry("status", Key::HelpStatus, true, true),
    Entry {
        argument: Some(("setting", Key::HelpSetSetting, true)),
        ..entry("set", Key::HelpSet, true, true)
    },
    Entry {
        argument: Some(("step", Key::HelpStageWhat, true)),
        ..entry("stage", Key::HelpStage, true, true)
    },
    entry("audit", Key::HelpAudit, true, true),
    Entry {
        argument: Some(("question", Key::HelpVoteQuestion, true)),
        ..entry("vote", Key::HelpVote, true, true)
    },
    entry("report", Key::HelpReport, true, true),
    Entry {
        argument: Some(("what", Key::HelpExceptionWhat, true)),
        ..entry("exception", Key::HelpException, true, true)
    },
    entry("create", Key::HelpCreate, true, false),
    entry("portals", Key::HelpPortals, true, false),
    entry("matrix", Key::HelpMatrix, false, true),
    Entry {
        argument: Some(("code", Key::HelpClaimCode, false)),
        ..entry("claim", Key::HelpClaim, true, false)
    },
    entry("unclaim", Key::HelpUnclaim, true, false),
    entry("appoint", Key::HelpAppoint, true, false),
    entry("privacy", Key::HelpPrivacy, true, true),
    Entry { on_message: Some(Key::MenuDelete), ..entry("delete", Key::HelpDelete, false, true) },
    entry("version", Key::HelpVersion, true, true),
    entry("source", Key::HelpSource, true, true),
];

/// The commands as platforms show them in their menus.
pub fn menu(wording: &Wording) -> Vec<CommandHelp> {
    let remote = ALL.iter().filter(|entry| entry.remote);
    remote
        .map(|entry| CommandHelp {
            name: entry.name.into(),
            description: wording.plain(entry.help, &[]),
            argument: entry.argument.map(|(name, ..)| name.into()),
            argument_help: entry.argument.map(|(_, help, _)| wording.plain(help, &[])),
            argument_optional: entry.argument.is_some_and(|(_, _, optional)| optional),
            on_message: entry.on_message.map(|name| wording.plain(name, &[])),
        })
        .collect()
}

/// Whether `/start` asks for the way to Matrix, and from which chat.
fn way_from(argument: Option<&str>) -> Option<Option<&str>> {
    let rest = argument?.strip_prefix(MATRIX_WORD)?;
    if rest.is_empty() { Some(None) } else { rest.strip_prefix('-').map(Some) }
}

impl Desk {
    /// Carries out what somebody typed.
    pub(super) async fn command(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let mut words = caller.command.text.split_whitespace();
        let name = words.next().unwrap_or("help").to_ascii_lowercase();
        let arguments: Vec<&str> = words.collect();
        let argument = arguments.first().copied();
        let on_matrix = caller.place.network.as_str() == MATRIX;
        match name.as_str() {
            "start" if way_from(argument).is_some() => {
                self.way_to_matrix(caller, way_from(argument).flatten()).await
            }
            "claim" if on_matrix => self.claim(caller, &arguments).await,
            "unclaim" if on_matrix => self.unclaim(caller, argument).await,
            "appoint" if on_matrix => self.appoint(caller, argument).await,
            "help" | "start" => Ok(Outcome::say(self.help(caller))),
            "link" => self.link(caller, &arguments).await,
            "unlink" => self.unlink(caller, argument).await,
            "status" => self.status(caller).await,
            "set" | "settings" => self.set(caller, &arguments).await,
            "stage" => self.stage(caller).await,
            "audit" => self.audit(caller).await,
            "vote" => self.vote(caller).await,
            "report" => self.report(caller).await,
            "exception" => self.exception(caller).await,
            "create" if on_matrix => self.create(caller, argument).await,
            "portals" if on_matrix => self.portals(caller).await,
            "matrix" => self.way_to_matrix(caller, None).await,
            "privacy" => Ok(Outcome::say(self.privacy())),
            "delete" => self.delete(caller).await,
            "version" => Ok(Outcome::say(self.version())),
            "source" => Ok(Outcome::say(self.source())),
            _ if on_matrix && caller.command.private && code::looks_like(&name) => {
                self.claim(caller, &[name.as_str()]).await
            }
            _ => Ok(Outcome::say(self.unknown(caller, &name))),
        }
    }

    fn help(&self, caller: &Caller<'_>) -> RichText {
        let on_matrix = caller.place.network.as_str() == MATRIX;
        let mut text = self.wording.say(Key::HelpIntro, &[]);
        let shown = ALL.iter().filter(|e| if on_matrix { e.matrix } else { e.remote });
        for entry in shown {
            let typed = self.typed(caller, entry.name);
            let help = self.wording.plain(entry.help, &[]);
            let line = [Arg::text(typed), Arg::text(help)];
            text = text.join_line(self.wording.say(Key::HelpLine, &line));
        }
        text
    }

    fn unknown(&self, caller: &Caller<'_>, name: &str) -> RichText {
        let help = self.typed(caller, "help");
        self.wording.say(Key::CommandUnknown, &[Arg::text(name), Arg::text(help)])
    }

    /// How a command is typed where the caller is.
    pub(super) fn typed(&self, caller: &Caller<'_>, command: &str) -> String {
        self.typed_on(&caller.place.network, command)
    }

    /// How a command is typed on a network.
    pub(super) fn typed_on(&self, network: &NetworkId, command: &str) -> String {
        let prefix = self.networks.get(network).map(|network| network.command_prefix());
        format!("{}{command}", prefix.unwrap_or("/"))
    }
}
