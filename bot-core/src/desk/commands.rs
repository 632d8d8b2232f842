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

/// What `help` and the menus of platforms say of a command.
pub struct Entry {
    /// What it does.
    pub help: Key,
    /// Its argument: name, description, may be left out.
    pub argument: Option<(&'static str, Key, bool)>,
    /// Listed in Matrix rooms.
    pub matrix: bool,
    /// Listed in legacy chats. What is not belongs to Matrix alone.
    pub remote: bool,
    /// What it is called in the menu of a message, where it can be about one.
    pub on_message: Option<Key>,
}

macro_rules! commands {
    ($($command:ident = $name:literal,)*) => {
        /// What somebody can ask the bot for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Command {
            $(
                #[doc = concat!("`", $name, "`")]
                $command,
            )*
        }

        impl Command {
            /// All commands, in the order in which `help` shows them.
            pub const ALL: &[Self] = &[$(Self::$command,)*];

            /// What is typed.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$command => $name,)*
                }
            }
        }
    };
}

commands! {
    Help = "help",
    Link = "link",
    Unlink = "unlink",
    Status = "status",
    Set = "set",
    Stage = "stage",
    Audit = "audit",
    Vote = "vote",
    Report = "report",
    Exception = "exception",
    Create = "create",
    Portals = "portals",
    Matrix = "matrix",
    Claim = "claim",
    Unclaim = "unclaim",
    Appoint = "appoint",
    Privacy = "privacy",
    Delete = "delete",
    Version = "version",
    Source = "source",
}

impl Command {
    /// The command behind a word in lower case; `start` is what Telegram types for people.
    fn read(word: &str) -> Option<Self> {
        match word {
            "start" => Some(Self::Help),
            "settings" => Some(Self::Set),
            _ => Self::ALL.iter().copied().find(|command| command.name() == word),
        }
    }

    /// What is said of it.
    pub const fn entry(self) -> Entry {
        match self {
            Self::Help => everywhere(Key::HelpHelp),
            Self::Link => everywhere(Key::HelpLink).with("code", Key::HelpLinkCode, true),
            Self::Unlink => everywhere(Key::HelpUnlink),
            Self::Status => everywhere(Key::HelpStatus),
            Self::Set => everywhere(Key::HelpSet).with("setting", Key::HelpSetSetting, true),
            Self::Stage => everywhere(Key::HelpStage).with("step", Key::HelpStageWhat, true),
            Self::Audit => everywhere(Key::HelpAudit),
            Self::Vote => everywhere(Key::HelpVote).with("question", Key::HelpVoteQuestion, true),
            Self::Report => everywhere(Key::HelpReport),
            Self::Exception => {
                everywhere(Key::HelpException).with("what", Key::HelpExceptionWhat, true)
            }
            Self::Create => on_matrix(Key::HelpCreate),
            Self::Portals => on_matrix(Key::HelpPortals),
            Self::Matrix => in_legacy_chats(Key::HelpMatrix),
            Self::Claim => on_matrix(Key::HelpClaim).with("code", Key::HelpClaimCode, false),
            Self::Unclaim => on_matrix(Key::HelpUnclaim),
            Self::Appoint => on_matrix(Key::HelpAppoint),
            Self::Privacy => everywhere(Key::HelpPrivacy),
            Self::Delete => {
                Entry { on_message: Some(Key::MenuDelete), ..in_legacy_chats(Key::HelpDelete) }
            }
            Self::Version => everywhere(Key::HelpVersion),
            Self::Source => everywhere(Key::HelpSource),
        }
    }
}

impl Entry {
    const fn with(self, name: &'static str, help: Key, optional: bool) -> Self {
        Self { argument: Some((name, help, optional)), ..self }
    }
}

const fn everywhere(help: Key) -> Entry {
    Entry { help, argument: None, matrix: true, remote: true, on_message: None }
}

const fn on_matrix(help: Key) -> Entry {
    Entry { remote: false, ..everywhere(help) }
}

const fn in_legacy_chats(help: Key) -> Entry {
    Entry { matrix: false, ..everywhere(help) }
}

/// The commands as platforms show them in their menus.
pub fn menu(wording: &Wording) -> Vec<CommandHelp> {
    let all = Command::ALL.iter().map(|command| (command.name(), command.entry()));
    all.filter(|(_, entry)| entry.remote)
        .map(|(name, entry)| CommandHelp {
            name: name.into(),
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
        if name == "start"
            && let Some(chat) = way_from(argument)
        {
            return self.way_to_matrix(caller, chat).await;
        }
        let known = Command::read(&name);
        let Some(command) = known.filter(|command| on_matrix || command.entry().remote) else {
            if on_matrix && caller.command.private && code::looks_like(&name) {
                return self.claim(caller, &[name.as_str()]).await;
            }
            return Ok(Outcome::say(self.unknown(caller, &name)));
        };
        match command {
            Command::Help => Ok(Outcome::say(self.help(caller))),
            Command::Link => self.link(caller, &arguments).await,
            Command::Unlink => self.unlink(caller, argument).await,
            Command::Status => self.status(caller).await,
            Command::Set => self.set(caller, &arguments).await,
            Command::Stage => self.stage(caller).await,
            Command::Audit => self.audit(caller).await,
            Command::Vote => self.vote(caller).await,
            Command::Report => self.report(caller).await,
            Command::Exception => self.exception(caller).await,
            Command::Create => self.create(caller, argument).await,
            Command::Portals => self.portals(caller).await,
            Command::Matrix => self.way_to_matrix(caller, None).await,
            Command::Claim => self.claim(caller, &arguments).await,
            Command::Unclaim => self.unclaim(caller, argument).await,
            Command::Appoint => self.appoint(caller, argument).await,
            Command::Privacy => Ok(Outcome::say(self.privacy())),
            Command::Delete => self.delete(caller).await,
            Command::Version => Ok(Outcome::say(self.version())),
            Command::Source => Ok(Outcome::say(self.source())),
        }
    }

    fn help(&self, caller: &Caller<'_>) -> RichText {
        let on_matrix = caller.place.network.as_str() == MATRIX;
        let mut text = self.wording.say(Key::HelpIntro, &[]);
        let all = Command::ALL.iter().map(|command| (command.name(), command.entry()));
        let shown = all.filter(|(_, it)| if on_matrix { it.matrix } else { it.remote });
        for (name, entry) in shown {
            let typed = self.typed(caller, name);
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
