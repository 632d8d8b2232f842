// SPDX-License-Identifier: AGPL-3.0-or-later
//! The settings of a link: what each is called, can be and is.
//!
//! Rule: a setting has one row here; `set`, `status`, buttons and help come from it.

use bridge_config::catalogue::Class;
use bridge_model::ServiceClass;
use bridge_policy::brakes::Brakes;
use bridge_policy::budget::Quiet;
use bridge_policy::wiki::Wiki;

use crate::i18n::{Key, languages};
use crate::portal::{
    ConsentMode, FirstMessages, Owner, QuietHours, Readers, Setting, Settings, ShownNames, Threads,
};

/// One setting.
pub(super) struct Description {
    /// What is typed for it.
    pub name: &'static str,
    /// What it does.
    pub about: Key,
    /// What can be typed as its value.
    pub values: fn() -> String,
    /// Its value, as it can be typed.
    pub value: fn(&Settings) -> String,
    /// The setting with a new value; `None` when it cannot be read.
    pub parse: fn(&str) -> Option<Setting>,
    /// It has few values: each gets a button.
    pub buttons: bool,
    /// Where it concerns the other side: whether a value shows or changes something there.
    pub of_both: Option<fn(&Setting) -> bool>,
}

/// All settings, in the order in which they are shown.
pub(super) const ALL: &[Description] = &[
    Description {
        name: "metadata",
        about: Key::SettingMetadata,
        values: || OWNERS.map(|(name, _)| name).join(" | "),
        value: |settings| name_of(&OWNERS, settings.metadata),
        parse: |typed| owner(typed).map(Setting::Metadata),
        buttons: true,
        of_both: Some(|setting| !matches!(setting, Setting::Metadata(Owner::Nobody))),
    },
    Description {
        name: "silent",
        about: Key::SettingSilent,
        values: || format!("{} | {NONE}", ServiceClass::ALL.map(|it| it.1).join(LIST)),
        value: |settings| silent(&settings.silent),
        parse: |typed| classes(typed).map(Setting::Silent),
        buttons: false,
        of_both: None,
    },
    Description {
        name: "reaction-line",
        about: Key::SettingReactionLine,
        values: on_or_off,
        value: |settings| named(settings.reaction_line),
        parse: |typed| switch(typed).map(Setting::ReactionLine),
        buttons: true,
        of_both: None,
    },
    Description {
        name: "phone-numbers",
        about: Key::SettingPhoneNumbers,
        values: on_or_off,
        value: |settings| named(settings.phone_numbers),
        parse: |typed| switch(typed).map(Setting::PhoneNumbers),
        buttons: true,
        of_both: Some(|setting| matches!(setting, Setting::PhoneNumbers(true))),
    },
    Description {
        name: "threads",
        about: Key::SettingThreads,
        values: || THREADS.map(|(name, _)| name).join(" | "),
        value: |settings| name_of(&THREADS, settings.threads),
        parse: |typed| threads(typed).map(Setting::Threads),
        buttons: true,
        of_both: None,
    },
    Description {
        name: "notices",
        about: Key::SettingNotices,
        values: || format!("{} | {EVERYTHING} | {NONE}", noticed(&[]).join(LIST)),
        value: |settings| notices(&settings.muted),
        parse: |typed| muted(typed).map(Setting::Muted),
        buttons: false,
        of_both: None,
    },
    Description {
        name: "language",
        about: Key::SettingLanguage,
        values: || format!("{} | {DEFAULT}", languages().collect::<Vec<_>>().join(LIST)),
        value: |settings| settings.language.clone().unwrap_or_else(|| DEFAULT.to_owned()),
        parse: language,
        buttons: false,
        of_both: None,
    },
    Description {
        name: "wiki",
        about: Key::SettingWiki,
        values: || "de, w:fr, meta, commons, … | off".to_owned(),
        value: |settings| settings.wiki.clone().unwrap_or_else(|| OFF.to_owned()),
        parse: wiki,
        buttons: false,
        of_both: None,
    },
    Description {
        name: "quiet",
        about: Key::SettingQuiet,
        values: || format!("22-7 UTC+2, … | {OFF} | {DEFAULT}"),
        value: |settings| match settings.quiet {
            None => DEFAULT.to_owned(),
            Some(QuietHours::Never) => OFF.to_owned(),
            Some(QuietHours::Daily(hours)) => hours.to_string(),
        },
        parse: quiet,
        buttons: false,
        of_both: None,
    },
    Description {
        name: "brakes",
        about: Key::SettingBrakes,
        values: || BRAKES.map(|(name, _)| name).join(" | "),
        value: |settings| name_of(&BRAKES, settings.brakes),
        parse: brakes,
        buttons: true,
        of_both: None,
    },
    Description {
        name: "first-messages",
        about: Key::SettingFirstMessages,
        values: || FIRST_MESSAGES.map(|(name, _)| name).join(" | "),
        value: |settings| name_of(&FIRST_MESSAGES, settings.first_messages),
        parse: |typed| one_of(&FIRST_MESSAGES, typed).map(Setting::FirstMessages),
        buttons: true,
        of_both: None,
    },
    Description {
        name: "consent",
        about: Key::SettingConsent,
        values: || CONSENT.map(|(name, _)| name).join(" | "),
        value: |settings| name_of(&CONSENT, settings.consent),
        parse: |typed| one_of(&CONSENT, typed).map(Setting::Consent),
        buttons: true,
        of_both: Some(|setting| matches!(setting, Setting::Consent(_))),
    },
    Description {
        name: "names",
        about: Key::SettingNames,
        values: || NAMES.map(|(name, _)| name).join(" | "),
        value: |settings| name_of(&NAMES, settings.names),
        parse: |typed| one_of(&NAMES, typed).map(Setting::Names),
        buttons: true,
        of_both: Some(|setting| !matches!(setting, Setting::Names(ShownNames::Pseudonym))),
    },
    Description {
        name: "readers",
        about: Key::SettingReaders,
        values: || READERS.map(|(name, _)| name).join(" | "),
        value: |settings| name_of(&READERS, settings.readers),
        parse: |typed| one_of(&READERS, typed).map(Setting::Readers),
        buttons: true,
        of_both: Some(|setting| matches!(setting, Setting::Readers(Readers::Everybody))),
    },
    Description {
        name: "at-risk",
        about: Key::SettingAtRisk,
        values: on_or_off,
        value: |settings| named(settings.at_risk),
        parse: |typed| switch(typed).map(Setting::AtRisk),
        buttons: true,
        of_both: Some(|setting| matches!(setting, Setting::AtRisk(false))),
    },
    Description {
        name: "page",
        about: Key::SettingPage,
        values: on_or_off,
        value: |settings| named(settings.page),
        parse: |typed| switch(typed).map(Setting::Page),
        buttons: true,
        of_both: Some(|setting| matches!(setting, Setting::Page(true))),
    },
];

/// The setting that somebody names; case, hyphens and the like do not matter.
pub(super) fn find(typed: &str) -> Option<&'static Description> {
    ALL.iter().find(|setting| bare(setting.name) == bare(typed))
}

/// Parts words and values that people list.
pub(super) const LIST: &str = ", ";
const NONE: &str = "none";
const EVERYTHING: &str = "all";
const DEFAULT: &str = "default";
const OFF: &str = "off";
const THREADS: [(&str, Threads); 2] = [("threads", Threads::Threads), ("rooms", Threads::Rooms)];
const FIRST_MESSAGES: [(&str, FirstMessages); 2] =
    [("cross", FirstMessages::Cross), ("wait", FirstMessages::Wait)];
const CONSENT: [(&str, ConsentMode); 2] =
    [("notice", ConsentMode::Notice), ("opt-in", ConsentMode::OptIn)];
const NAMES: [(&str, ShownNames); 3] = [
    ("full", ShownNames::Full),
    ("first-name", ShownNames::FirstName),
    ("pseudonym", ShownNames::Pseudonym),
];
const READERS: [(&str, Readers); 2] =
    [("members", Readers::Members), ("everybody", Readers::Everybody)];
const OWNERS: [(&str, Owner); 3] =
    [("legacy", Owner::Legacy), ("matrix", Owner::Matrix), ("nobody", Owner::Nobody)];

const BRAKES: [(&str, Brakes); 4] = [
    (OFF, Brakes::Off),
    ("flood", Brakes::Flood),
    ("newcomers", Brakes::Newcomers),
    ("raid", Brakes::Raid),
];

fn on_or_off() -> String {
    "on | off".to_owned()
}

fn named(on: bool) -> String {
    if on { "on" } else { OFF }.to_owned()
}

fn silent(classes: &[ServiceClass]) -> String {
    if classes.is_empty() {
        return NONE.to_owned();
    }
    let silent = ServiceClass::ALL.iter().filter(|(class, _)| classes.contains(class));
    silent.map(|(_, name)| *name).collect::<Vec<_>>().join(LIST)
}

fn notices(muted: &[String]) -> String {
    match noticed(muted).as_slice() {
        _ if muted.is_empty() => EVERYTHING.to_owned(),
        [] => NONE.to_owned(),
        some => some.join(LIST),
    }
}

fn threads(typed: &str) -> Option<Threads> {
    let typed = bare(typed);
    THREADS.iter().find(|(name, _)| *name == typed).map(|(_, threads)| *threads)
}

fn brakes(typed: &str) -> Option<Setting> {
    if switch(typed) == Some(false) {
        return Some(Setting::Brakes(Brakes::Off));
    }
    let typed = bare(typed);
    BRAKES.iter().find(|(name, _)| *name == typed).map(|(_, brakes)| Setting::Brakes(*brakes))
}

fn wiki(typed: &str) -> Option<Setting> {
    if switch(typed) == Some(false) {
        return Some(Setting::Wiki(None));
    }
    Wiki::read(typed).map(|wiki| Setting::Wiki(Some(wiki.prefix())))
}

fn quiet(typed: &str) -> Option<Setting> {
    if bare(typed) == DEFAULT {
        return Some(Setting::Quiet(None));
    }
    if switch(typed) == Some(false) {
        return Some(Setting::Quiet(Some(QuietHours::Never)));
    }
    Quiet::read(typed).map(|hours| Setting::Quiet(Some(QuietHours::Daily(hours))))
}

fn language(typed: &str) -> Option<Setting> {
    let typed = typed.trim().to_ascii_lowercase().replace('_', "-");
    let known = languages().find(|code| *code == typed).map(str::to_owned);
    let default = bare(&typed) == DEFAULT;
    (default || known.is_some()).then_some(Setting::Language(known))
}

/// The name of a value, as it can be typed.
fn name_of<T: PartialEq>(names: &[(&str, T)], value: T) -> String {
    let found = names.iter().find(|(_, known)| *known == value);
    found.map(|(name, _)| (*name).to_owned()).unwrap_or_default()
}

/// The value that somebody names; hyphens and the like do not matter.
fn one_of<T: Copy>(names: &[(&str, T)], typed: &str) -> Option<T> {
    names.iter().find(|(name, _)| bare(name) == bare(typed)).map(|(_, value)| *value)
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
        [one] if [EVERYTHING, "on", "yes"].contains(&one.as_str()) => all.clone(),
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
        [one] if one == EVERYTHING => Some(ServiceClass::ALL.map(|(class, _)| class).to_vec()),
        names => names
            .iter()
            .map(|name| {
                let mut all = ServiceClass::ALL.iter();
                all.find(|(_, known)| known == name).map(|(class, _)| *class)
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str) -> &'static Description {
        find(name).unwrap()
    }

    #[test]
    fn whatever_is_shown_as_a_value_can_be_typed() {
        let mut settings = Settings::default();
        for setting in ALL {
            assert_eq!(find(setting.name).unwrap().name, setting.name);
            let before = settings.clone();
            settings.apply((setting.parse)(&(setting.value)(&before)).unwrap());
            assert_eq!(settings, before, "{}", setting.name);
        }
        settings.apply(Setting::Silent(Vec::new()));
        assert_eq!((setting("silent").value)(&settings), "none");
        assert_eq!((setting("silent").parse)("none"), Some(Setting::Silent(Vec::new())));
    }

    #[test]
    fn what_has_buttons_can_be_typed_as_they_say() {
        for setting in ALL.iter().filter(|setting| setting.buttons) {
            for value in (setting.values)().split(" | ") {
                assert!((setting.parse)(value).is_some(), "{} {value}", setting.name);
            }
        }
    }

    #[test]
    fn values_are_read_generously() {
        let parse = |name: &str, typed: &str| (setting(name).parse)(typed);
        assert_eq!(setting("Reaction_Line").name, "reaction-line");
        assert_eq!(parse("phone-numbers", "YES"), Some(Setting::PhoneNumbers(true)));
        assert_eq!(parse("metadata", "Telegram"), Some(Setting::Metadata(Owner::Legacy)));
        let pins_and_calls = Setting::Silent(vec![ServiceClass::Pins, ServiceClass::Calls]);
        assert_eq!(parse("silent", "Pins,calls"), Some(pins_and_calls));
        assert_eq!(parse("silent", "pins, everything"), None);
        assert_eq!(parse("metadata", ""), None);
    }
}
