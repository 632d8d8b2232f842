// SPDX-License-Identifier: AGPL-3.0-or-later
//! `set`: how a link behaves.
//!
//! Rule: what is typed is read generously; what cannot be read gets one line that names what
//! can be typed. `table` describes each setting.

mod table;

use bridge_model::{Button, Place, Press, RichText};

use self::table::{Description, LIST};
use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::portal::{Portal, Setting, Settings};
use crate::store::Change;
use crate::wording::{Lines, label};

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
        let Some(described) = table::find(typed.trim_end_matches(['=', ':'])) else {
            let names: Vec<&str> = table::ALL.iter().map(|setting| setting.name).collect();
            let names = names.join(" | ");
            return say(Key::SetUnknown, &[Arg::text(*typed), Arg::text(names)]);
        };
        let value = value.join(" ");
        let value = value.trim_start_matches(['=', ':']).trim();
        let Some(setting) = (described.parse)(value) else {
            return Ok(self.value_wanted(described, value));
        };
        if !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        let mut settings = portal.settings.clone();
        settings.apply(setting.clone());
        if settings == portal.settings {
            let args = [Arg::text(described.name), Arg::text((described.value)(&settings))];
            return say(Key::SetSame, &args);
        }
        let before = (described.value)(&portal.settings);
        let undo = format!("set {} {before}", described.name);
        let undone = self.button(Key::ButtonUndo, undo.clone());
        let undo = self.typed(caller, &undo);
        let args = [
            Arg::text(described.name),
            Arg::text((described.value)(&settings)),
            Arg::text(before),
            Arg::text(chats(&portal)),
            Arg::text(undo),
        ];
        let answer = self.wording.say(Key::SetDone, &args);
        let then = match &setting {
            // What the chats look like is handed over when messages begin to cross.
            Setting::Metadata(_) | Setting::Threads(_) if !portal.relaying => Vec::new(),
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
    fn value_wanted(&self, setting: &Description, typed: &str) -> Outcome {
        let (label, values) = (Arg::text(setting.name), Arg::text((setting.values)()));
        if typed.is_empty() {
            let usage = self.wording.say(Key::SetUsage, &[label, values]);
            return Outcome::say(usage).with(choices(setting));
        }
        Outcome::say(self.wording.say(Key::SetValue, &[label, Arg::text(typed), values]))
    }

    fn all_settings(&self, caller: &Caller<'_>, settings: &Settings) -> RichText {
        let mut text =
            self.wording.say(Key::SettingsIntro, &[Arg::text(self.typed(caller, "set"))]);
        for setting in table::ALL {
            let about = self.wording.plain(setting.about, &[Arg::text((setting.values)())]);
            let value = format!("{} {}", setting.name, (setting.value)(settings));
            let line = [Arg::text(value), Arg::text(about)];
            text = text.join_line(self.wording.say(Key::HelpLine, &line));
        }
        text
    }

    /// Lines of `status` for what differs from how links behave here otherwise.
    pub(super) fn unusual_settings(&self, settings: &Settings) -> Vec<RichText> {
        let is_unusual = |it: &&Description| (it.value)(settings) != (it.value)(&self.defaults);
        let line = |setting: &Description| {
            let args = [Arg::text(setting.name), Arg::text((setting.value)(settings))];
            self.wording.say(Key::StatusSetting, &args)
        };
        table::ALL.iter().filter(is_unusual).map(line).collect()
    }
}

/// One button for each value, where there are few.
fn choices(setting: &Description) -> Vec<Button> {
    if !setting.buttons {
        return Vec::new();
    }
    let button = |value: &str| Button {
        label: value.to_owned(),
        press: Press::Say(format!("set {} {value}", setting.name)),
    };
    (setting.values)().split(" | ").map(button).collect()
}

/// The chats that a portal joins, as people call their networks.
fn chats(portal: &Portal) -> String {
    let label = |place: &Place| label(&place.network);
    portal.places().map(label).collect::<Vec<_>>().join(LIST)
}
