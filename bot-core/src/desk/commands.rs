// SPDX-License-Identifier: AGPL-3.0-or-later
//! The commands: what each is called, where it can be typed, and what help and menus say of it.
//!
//! Rule: a command stands here once; a button, a typed command and a slash command are only ways to
//! call it.

use super::nearest::nearest;
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
    /// To whom `help` shows it; who may ask for it is decided where it is carried out.
    pub whose: Whose,
    /// What it is called in the menu of a message, where it can be about one.
    pub on_message: Option<Key>,
}

/// Whom a command helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Everybody in the chat.
    Everybody,
    /// Those who look after the chat.
    Admins,
    /// Those who run the bridge.
    Operators,
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
    Faq = "faq",
    Link = "link",
    Unlink = "unlink",
    Confirm = "confirm",
    Status = "status",
    Set = "set",
    Stage = "stage",
    Selftest = "selftest",
    Audit = "audit",
    Vote = "vote",
    Report = "report",
    Exception = "exception",
    Services = "services",
    Create = "create",
    Portals = "portals",
    Dashboard = "dashboard",
    Lanes = "lanes",
    Matrix = "matrix",
    Claim = "claim",
    Unclaim = "unclaim",
    Language = "language",
    Appoint = "appoint",
    Privacy = "privacy",
    Optout = "optout",
    Optin = "optin",
    Stop = "stop",
    Pseudonym = "pseudonym",
    Mydata = "mydata",
    Delete = "delete",
    Ban = "ban",
    Unban = "unban",
    Kick = "kick",
    Mute = "mute",
    Unmute = "unmute",
    Purge = "purge",
    Policy = "policy",
    Version = "version",
    Source = "source",
}

/// Commands about oneself and what can follow them; each counts also where it is typed in a
/// chat behind a bare slash.
const ABOUT_ONESELF: &[(Command, &[&str])] = &[
    (Command::Optout, &["everywhere", "erase"]),
    (Command::Optin, &["everywhere"]),
    (Command::Stop, &["everywhere", "erase"]),
    (Command::Pseudonym, &["on", "off"]),
    (Command::Mydata, &["export", "erase"]),
];

/// The command about oneself that a message is, without its slash: whoever types `/stop` where the
/// platform knows no such command must not be relayed with it.
pub fn about_oneself(message: &str) -> Option<&str> {
    let command = message.trim().strip_prefix('/')?;
    let mut words = command.split_whitespace();
    let name = Command::read(&words.next()?.to_ascii_lowercase())?;
    let (_, known) = ABOUT_ONESELF.iter().find(|(command, _)| *command == name)?;
    words.all(|word| known.iter().any(|it| it.eq_ignore_ascii_case(word))).then_some(command)
}

impl Command {
    /// Whether a word, in any case, is what a command is called.
    pub fn is_named(word: &str) -> bool {
        Self::read(&word.to_ascii_lowercase()).is_some()
    }

    /// What somebody who typed this word may have meant, among the commands of where they are.
    pub(super) fn nearest(word: &str, on_matrix: bool) -> Option<Self> {
        let here = |it: &&Self| if on_matrix { it.entry().matrix } else { it.entry().remote };
        let names = Self::ALL.iter().filter(here).map(|it| it.name());
        nearest(word, names).and_then(Self::read)
    }

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
            Self::Faq => everywhere(Key::HelpFaq).with("question", Key::HelpFaqWhat, true),
            Self::Link => {
                everywhere(Key::HelpLink).of_admins().with("code", Key::HelpLinkCode, true)
            }
            Self::Unlink => everywhere(Key::HelpUnlink).of_admins(),
            Self::Confirm => everywhere(Key::HelpConfirm).of_admins(),
            Self::Status => everywhere(Key::HelpStatus),
            Self::Set => {
                everywhere(Key::HelpSet).of_admins().with("setting", Key::HelpSetSetting, true)
            }
            Self::Stage => {
                everywhere(Key::HelpStage).of_admins().with("step", Key::HelpStageWhat, true)
            }
            Self::Selftest => everywhere(Key::HelpSelftest).of_admins(),
            Self::Audit => everywhere(Key::HelpAudit).of_admins(),
            Self::Vote => {
                everywhere(Key::HelpVote).of_admins().with("question", Key::HelpVoteQuestion, true)
            }
            Self::Report => everywhere(Key::HelpReport).of_admins().in_menu(Key::MenuReport),
            Self::Exception => {
                let what = Key::HelpExceptionWhat;
                everywhere(Key::HelpException).of_admins().with("what", what, true)
            }
            Self::Services => {
                on_matrix(Key::HelpServices).of_admins().with("host", Key::HelpServicesWhat, true)
            }
            Self::Create => on_matrix(Key::HelpCreate).of_admins(),
            Self::Portals => on_matrix(Key::HelpPortals).of_operators(),
            Self::Dashboard => on_matrix(Key::HelpDashboard).of_admins(),
            Self::Lanes => {
                on_matrix(Key::HelpLanes).of_admins().with("what", Key::HelpLanesWhat, true)
            }
            Self::Matrix => in_legacy_chats(Key::HelpMatrix),
            Self::Claim => on_matrix(Key::HelpClaim).with("code", Key::HelpClaimCode, false),
            Self::Unclaim => on_matrix(Key::HelpUnclaim),
            Self::Language => on_matrix(Key::HelpLanguage),
            Self::Appoint => on_matrix(Key::HelpAppoint).of_admins(),
            Self::Privacy => everywhere(Key::HelpPrivacy),
            Self::Optout => everywhere(Key::HelpOptout).with("what", Key::HelpOptoutWhat, true),
            Self::Optin => everywhere(Key::HelpOptin).with("where", Key::HelpOptinWhere, true),
            Self::Stop => everywhere(Key::HelpStop),
            Self::Pseudonym => {
                everywhere(Key::HelpPseudonym).with("choice", Key::HelpPseudonymChoice, true)
            }
            Self::Mydata => everywhere(Key::HelpMydata).with("what", Key::HelpMydataWhat, true),
            Self::Delete => in_legacy_chats(Key::HelpDelete).in_menu(Key::MenuDelete),
            Self::Ban => moderation(Key::HelpBan, Key::HelpBanWhat).in_menu(Key::MenuBan),
            Self::Unban => moderation(Key::HelpUnban, Key::HelpModerationWhat),
            Self::Kick => moderation(Key::HelpKick, Key::HelpModerationWhat).in_menu(Key::MenuKick),
            Self::Mute => moderation(Key::HelpMute, Key::HelpMuteWhat).in_menu(Key::MenuMute),
            Self::Unmute => moderation(Key::HelpUnmute, Key::HelpModerationWhat),
            Self::Purge => moderation(Key::HelpPurge, Key::HelpPurgeWhat),
            Self::Policy => {
                on_matrix(Key::HelpPolicy).of_admins().with("what", Key::HelpPolicyWhat, true)
            }
            Self::Version => everywhere(Key::HelpVersion),
            Self::Source => everywhere(Key::HelpSource),
        }
    }
}

impl Entry {
    const fn of_admins(self) -> Self {
        Self { whose: Whose::Admins, ..self }
    }

    const fn of_operators(self) -> Self {
        Self { whose: Whose::Operators, ..self }
    }

    /// It stands in the menu of a message, too.
    const fn in_menu(self, name: Key) -> Self {
        Self { on_message: Some(name), ..self }
    }

    const fn with(self, name: &'static str, help: Key, optional: bool) -> Self {
        Self { argument: Some((name, help, optional)), ..self }
    }
}

const fn everywhere(help: Key) -> Entry {
    let whose = Whose::Everybody;
    Entry { help, argument: None, matrix: true, remote: true, whose, on_message: None }
}

/// For moderators, about the author of a message.
const fn moderation(help: Key, what: Key) -> Entry {
    everywhere(help).of_admins().with("whom", what, true)
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
            description: wording.in_menu(entry.help),
            argument: entry.argument.map(|(name, ..)| name.into()),
            argument_help: entry.argument.map(|(_, help, _)| wording.in_menu(help)),
            argument_optional: entry.argument.is_some_and(|(_, _, optional)| optional),
            on_message: entry.on_message.map(|name| wording.in_menu(name)),
        })
        .collect()
}
