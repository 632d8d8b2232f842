// SPDX-License-Identifier: AGPL-3.0-or-later
//! `set`: how a link behaves.
//!
//! Rule: what is typed is read generously; what cannot be read gets one line that names what
//! can be typed.

use bridge_config::catalogue::Class;
use bridge_model::{Button, Place, Press, RichText, ServiceClass};
use bridge_policy::wiki::Wiki;

use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key, languages};
use crate::portal::{Owner, Portal, Setting, Settings, Threads};
use crate::store::Change;
use crate::wording::{Lines, label};

/// The name of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Metadata,
    Silent,
    ReactionLine,
    PhoneNumbers,
    Threads,
    Notices,
    Language,
    Wiki,
}

/// Parts words and values that people list.
const LIST: &str = ", ";
const NONE: &str = "none";
const ALL: &str = "all";
const DEFAULT: &str = "default";
const THREADS: [(&str, Threads); 2] = [("threads", Threads::Threads), ("rooms", Threads::Rooms)];
const OWNERS: [(&str, Owner); 3] =
    [("legacy", Owner::Legacy), ("matrix", Owner::Matrix), ("nobody", Owner::Nobody)];

impl Name {
    const ALL: [Self; 8] = [
        Self::Metadata,
        Self::Silent,
        Self::ReactionLine,
        Self::PhoneNumbers,
        Self::Threads,
        Self::Notices,
        Self::Language,
        Self::Wiki,
    ];

    fn typed(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Silent => "silent",
            Self::ReactionLine => "reaction-line",
            Self::PhoneNumbers => "phone-numbers",
            Self::Threads => "threads",
            Self::Notices => "notices",
            Self::Language => "language",
            Self::Wiki => "wiki",
        }
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| bare(name.typed()) == bare(text))
    }

    fn about(self) -> Key {
        match self {
            Self::Metadata => Key::SettingMetadata,
            Self::Silent => Key::SettingSilent,
            Self::ReactionLine => Key::SettingReactionLine,
            Self::PhoneNumbers => Key::SettingPhoneNumbers,
            Self::Threads => Key::SettingThreads,
            Self::Notices => Key::SettingNotices,
            Self::Language => Key::SettingLanguage,
            Self::Wiki => Key::SettingWiki,
        }
    }

    /// What can be typed as its value.
    fn values(self) -> String {
        match self {
            Self::Metadata => OWNERS.map(|(name, _)| name).join(" | "),
            Self::Silent => format!("{} | {NONE}", ServiceClass::ALL.map(|it| it.1).join(LIST)),
            Self::ReactionLine | Self::PhoneNumbers => "on | off".to_owned(),
            Self::Threads => THREADS.map(|(name, _)| name).join(" | "),
            Self::Language => format!("{} | {DEFAULT}", languages().collect::<Vec<_>>().join(LIST)),
            Self::Wiki => "de, w:fr, meta, commons, … | off".to_owned(),
            Self::Notices => format!("{} | {ALL} | {NONE}", noticed(&[]).join(LIST)),
        }
    }

    /// Its value, as it can be typed.
    fn value(self, settings: &Settings) -> String {
        let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
        match self {
            Self::Metadata => name_of(&OWNERS, settings.metadata),
            Self::Silent if settings.silent.is_empty() => NONE.to_owned(),
            Self::Silent => {
                let all = ServiceClass::ALL.iter();
                let silent = all.filter(|(class, _)| settings.silent.contains(class));
                silent.map(|(_, name)| *name).collect::<Vec<_>>().join(LIST)
            }
            Self::ReactionLine => switch(settings.reaction_line),
            Self::PhoneNumbers => switch(settings.phone_numbers),
            Self::Threads => name_of(&THREADS, settings.threads),
            Self::Language => settings.language.clone().unwrap_or_else(|| DEFAULT.to_owned()),
            Self::Wiki => settings.wiki.clone().unwrap_or_else(|| "off".to_owned()),
            Self::Notices if settings.muted.is_empty() => ALL.to_owned(),
            Self::Notices => match noticed(&settings.muted).as_slice() {
                [] => NONE.to_owned(),
                some => some.join(LIST),
            },
        }
    }

    /// The setting with a new value; `None` when it cannot be read.
    fn parse(self, typed: &str) -> Option<Setting> {
        match self {
            Self::Metadata => owner(typed).map(Setting::Metadata),
            Self::Silent => classes(typed).map(Setting::Silent),
            Self::ReactionLine => switch(typed).map(Setting::ReactionLine),
            Self::PhoneNumbers => switch(typed).map(Setting::PhoneNumbers),
            Self::Threads => {
                let typed = bare(typed);
                let found = THREADS.iter().find(|(name, _)| *name == typed);
                found.map(|(_, threads)| Setting::Threads(*threads))
            }
            Self::Notices => muted(typed).map(Setting::Muted),
            Self::Wiki if switch(typed) == Some(false) => Some(Setting::Wiki(None)),
            Self::Wiki => Wiki::read(typed).map(|wiki| Setting::Wiki(Some(wiki.prefix()))),
            Self::Language => {
                let typed = typed.trim().to_ascii_lowercase().replace('_', "-");
                let known = languages().find(|code| *code == typed).map(str::to_owned);
                let default = bare(&typed) == DEFAULT;
                (default || known.is_some()).then_some(Setting::Language(known))
            }
        }
    }
}

/// The name of a value, as it can be typed.
fn name_of<T: PartialEq>(names: &[(&str, T)], value: T) -> String {
    let found = names.iter().find(|(_, known)| *known == value);
    found.map(|(name, _)| (*name).to_owned()).unwrap_or_default()
}

/// Letters alone, in lower case.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The classes about which something is said, but for those that are muted. Of code nothing is.
fn noticed(muted: &[String]) -> Vec<&'static str> {
    let all = Class::ALL.iter().filter(|(class, _)| *class != Class::Code);
    let left = all.filter(|(_, name)| !muted.iter().any(|known| known == name));
    left.map(|(_, name)| *name).collect()
}

/// The classes that are not among those that were typed.
fn muted(typed: &str) -> Option<Vec<String>> {
    let words = typed.split(|c: char| c.is_whitespace() || c == ',' || c == '|');
    let words: Vec<String> = words.map(bare).filter(|word| !word.is_empty()).collect();
    let all = noticed(&[]);
    let wanted: Vec<&str> = match words.as_slice() {
        [] => return None,
        [one] if [NONE, "nothing", "no", "off"].contains(&one.as_str()) => Vec::new(),
        [one] if [ALL, "on", "yes"].contains(&one.as_str()) => all.clone(),
        some => {
            let named = |word: &String| {
                let one = word.strip_suffix('s').unwrap_or(word);
                all.iter().copied().find(|name| *name == one || *name == word)
            };
            some.iter().map(named).collect::<Option<_>>()?
        }
    };
    let left = all.into_iter().filter(|name| !wanted.contains(name));
    Some(left.map(str::to_owned).collect())
}

fn owner(typed: &str) -> Option<Owner> {
    match bare(typed).as_str() {
        "legacy" | "remote" | "telegram" | "discord" => Some(Owner::Legacy),
        "matrix" | "room" => Some(Owner::Matrix),
        "nobody" | "none" | "no" | "off" => Some(Owner::Nobody),
        _ => None,
    }
}

fn switch(typed: &str) -> Option<bool> {
    match bare(typed).as_str() {
        "on" | "yes" | "true" | "1" => Some(true),
        "off" | "no" | "false" | "0" | "none" => Some(false),
        _ => None,
    }
}

fn classes(typed: &str) -> Option<Vec<ServiceClass>> {
    let words = typed.split(|c: char| c.is_whitespace() || c == ',' || c == '|');
    let words: Vec<String> = words.map(bare).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => None,
        [one] if [NONE, "nothing", "no", "off"].contains(&one.as_str()) => Some(Vec::new()),
        [one] if one == ALL => Some(ServiceClass::ALL.map(|(class, _)| class).to_vec()),
        names => names
            .iter()
            .map(|name| {
                let mut all = ServiceClass::ALL.iter();
                all.find(|(_, known)| known == name).map(|(class, _)| *class)
            })
            .collect(),
    }
}

impl Desk {
    /// `set` and `set KEY VALUE`.
    pub(super) async fn set(
        &self,
        caller: &Caller<'_>,
        arguments: &[&str],
    ) -> Result<Outcome, DeskError> {
        let say = |key: Key, args: &[Arg]| Ok(Outcome::say(self.wording.say(key, args)));
        let Some(portal) = self.store.portal_of(caller.place).await? else {
            return Ok(self.not_linked());
        };
        let Some((typed, value)) = arguments.split_first() else {
            return Ok(Outcome::say(self.all_settings(caller, &portal.settings)));
        };
        let Some(name) = Name::read(typed.trim_end_matches(['=', ':'])) else {
            let names = Name::ALL.map(Name::typed).join(" | ");
            return say(Key::SetUnknown, &[Arg::text(*typed), Arg::text(names)]);
        };
        let value = value.join(" ");
        let value = value.trim_start_matches(['=', ':']).trim();
        let Some(setting) = name.parse(value) else {
            return Ok(self.value_wanted(name, value));
        };
        if !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        let mut settings = portal.settings.clone();
        settings.apply(setting.clone());
        if settings == portal.settings {
            let args = [Arg::text(name.typed()), Arg::text(name.value(&settings))];
            return say(Key::SetSame, &args);
        }
        let before = name.value(&portal.settings);
        let undo = format!("set {} {before}", name.typed());
        let undone = self.button(Key::ButtonUndo, undo.clone());
        let undo = self.typed(caller, &undo);
        let args = [
            Arg::text(name.typed()),
            Arg::text(name.value(&settings)),
            Arg::text(before),
            Arg::text(chats(&portal)),
            Arg::text(undo),
        ];
        let answer = self.wording.say(Key::SetDone, &args);
        let then = match &setting {
            Setting::Metadata(_) => {
                let before = portal.settings.metadata;
                self.appearance(&Portal { settings, ..portal }, before).await
            }
            Setting::Threads(threads) => self.topics_move_in(&portal, *threads).await?,
            Setting::Silent(_)
            | Setting::ReactionLine(_)
            | Setting::PhoneNumbers(_)
            | Setting::Muted(_)
            | Setting::Language(_)
            | Setting::Wiki(_) => Vec::new(),
        };
        let changes = vec![Change::Set(caller.place.clone(), setting)];
        Ok(Outcome { answer, changes, then, ..Outcome::default() }.with([undone]))
    }

    /// What can be typed, or touched, as a value.
    fn value_wanted(&self, name: Name, typed: &str) -> Outcome {
        let (label, values) = (Arg::text(name.typed()), Arg::text(name.values()));
        if typed.is_empty() {
            let usage = self.wording.say(Key::SetUsage, &[label, values]);
            return Outcome::say(usage).with(choices(name));
        }
        Outcome::say(self.wording.say(Key::SetValue, &[label, Arg::text(typed), values]))
    }

    fn all_settings(&self, caller: &Caller<'_>, settings: &Settings) -> RichText {
        let mut text =
            self.wording.say(Key::SettingsIntro, &[Arg::text(self.typed(caller, "set"))]);
        for name in Name::ALL {
            let about = self.wording.plain(name.about(), &[Arg::text(name.values())]);
            let value = format!("{} {}", name.typed(), name.value(settings));
            let line = [Arg::text(value), Arg::text(about)];
            text = text.join_line(self.wording.say(Key::HelpLine, &line));
        }
        text
    }

    /// Lines of `status` for what differs from how links behave here otherwise.
    pub(super) fn unusual_settings(&self, settings: &Settings) -> Vec<RichText> {
        let unusual =
            Name::ALL.into_iter().filter(|name| name.value(settings) != name.value(&self.defaults));
        let line = |name: Name| {
            let args = [Arg::text(name.typed()), Arg::text(name.value(settings))];
            self.wording.say(Key::StatusSetting, &args)
        };
        unusual.map(line).collect()
    }
}

/// One button for each value, where there are few.
fn choices(name: Name) -> Vec<Button> {
    let values = match name {
        Name::Metadata | Name::ReactionLine | Name::PhoneNumbers | Name::Threads => name.values(),
        Name::Silent | Name::Notices | Name::Language | Name::Wiki => return Vec::new(),
    };
    let button = |value: &str| Button {
        label: value.to_owned(),
        press: Press::Say(format!("set {} {value}", name.typed())),
    };
    values.split(" | ").map(button).collect()
}

/// The chats that a portal joins, as people call their networks.
fn chats(portal: &Portal) -> String {
    let label = |place: &Place| label(&place.network);
    portal.places().map(label).collect::<Vec<_>>().join(LIST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_shown_as_a_value_can_be_typed() {
        let mut settings = Settings::default();
        for name in Name::ALL {
            assert_eq!(Name::read(name.typed()), Some(name));
            let before = settings.clone();
            settings.apply(name.parse(&name.value(&before)).unwrap());
            assert_eq!(settings, before, "{}", name.typed());
        }
        settings.apply(Setting::Silent(Vec::new()));
        assert_eq!(Name::Silent.value(&settings), "none");
        assert_eq!(Name::Silent.parse("none"), Some(Setting::Silent(Vec::new())));
    }

    #[test]
    fn values_are_read_generously() {
        assert_eq!(Name::read("Reaction_Line"), Some(Name::ReactionLine));
        assert_eq!(Name::PhoneNumbers.parse("YES"), Some(Setting::PhoneNumbers(true)));
        assert_eq!(Name::Metadata.parse("Telegram"), Some(Setting::Metadata(Owner::Legacy)));
        let pins_and_calls = Setting::Silent(vec![ServiceClass::Pins, ServiceClass::Calls]);
        assert_eq!(Name::Silent.parse("Pins,calls"), Some(pins_and_calls));
        assert_eq!(Name::Silent.parse("pins, everything"), None);
        assert_eq!(Name::Metadata.parse(""), None);
    }
}
