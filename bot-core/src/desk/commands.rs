// SPDX-License-Identifier: AGPL-3.0-or-later
//! The commands: what each is called, where it can be typed, and what help and menus say of it.
//!
//! Rule: a command stands here once; a button, a typed command and a slash command are only ways to
//! call it.

use crate::i18n::Key;
use crate::network::CommandHelp;
use crate::wording::Wording;

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
    Confirm = "confirm",
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
    Language = "language",
    Appoint = "appoint",
    Privacy = "privacy",
    Delete = "delete",
    Version = "version",
    Source = "source",
}

impl Command {
    /// The command behind a word in lower case; `start` is what Telegram types for people.
    pub(super) fn read(word: &str) -> Option<Self> {
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
            Self::Confirm => everywhere(Key::HelpConfirm),
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
            Self::Language => on_matrix(Key::HelpLanguage),
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
