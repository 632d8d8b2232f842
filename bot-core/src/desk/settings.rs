// SPDX-License-Identifier: AGPL-3.0-or-later
//! `set`: how a link behaves.
//!
//! Rule: what is typed is read generously; what cannot be read gets one line that names what
//! can be typed. `table` describes each setting.

mod agreement;
mod table;

use std::sync::Arc;

use bridge_model::{
    Author, AuthorKind, Button, Content, Event, MemberChange, MessageId, Person, Place, Press,
    RichText,
};

use self::agreement::Wanted;
use self::table::{Description, LIST};
use super::appearance::Appearance;
use super::call::Call;
use super::nearest::nearest;
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::topics::TopicRooms;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::{Work, core_place};
use crate::migration::{AuditAction, Task};
use crate::portal::{Portal, Readers, Setting, Settings};
use crate::relay::Networks;
use crate::store::{Change, Store};
use crate::wording::{Lines, label};

/// Stands for a name that is not to be shown and that nobody knows any more.
const UNKNOWN: &str = "?";

/// `set`.
pub(super) struct SettingCommands {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) appearance: Appearance,
    pub(super) topics: TopicRooms,
    pub(super) matrix: Arc<dyn Rooms>,
}

impl SettingCommands {
    /// `set` and `set KEY VALUE`.
    pub(super) async fn set(
        &self,
        call: &Call<'_>,
        arguments: &[&str],
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let say = |key: Key, args: &[Arg]| Ok(phrases.answer(key, args));
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        let Some((typed, value)) = arguments.split_first() else {
            return Ok(all_settings(call, &portal.settings));
        };
        let Some(described) = table::find(typed.trim_end_matches(['=', ':'])) else {
            let names: Vec<&str> = table::ALL.iter().map(|setting| setting.name).collect();
            if nearest(typed, names.iter().copied()).is_some() {
                return Ok(call.unknown_word(typed, "set", &names));
            }
            let names = names.join(" | ");
            return say(Key::SetUnknown, &[Arg::text(*typed), Arg::text(names)]);
        };
        let value = value.join(" ");
        let value = value.trim_start_matches(['=', ':']).trim();
        let Some(setting) = (described.parse)(value) else {
            return Ok(value_wanted(phrases, described, value));
        };
        if !call.rights(&self.networks).await?.change {
            return Ok(call.may_not_change());
        }
        if let Some(refused) = no_page(phrases, portal, &setting) {
            return Ok(refused);
        }
        let mut settings = portal.settings.clone();
        settings.apply(setting.clone());
        let wanted = Wanted { portal, described, settings: &settings };
        if settings == portal.settings {
            if let Some(declined) = self.declined(call, wanted).await? {
                return Ok(declined);
            }
            let args = [Arg::text(described.name), Arg::text((described.value)(&settings))];
            return say(Key::SetSame, &args);
        }
        let shows_less = settings.names > portal.settings.names;
        if described.of_both.is_some_and(|concerns| concerns(&setting))
            && !shows_less
            && let Some(asked) = self.agreement(call, wanted).await?
        {
            return Ok(asked);
        }
        self.changed(call, wanted, setting).await
    }

    /// The new value holds from now on. Where it concerns the other chats, they are told.
    async fn changed(
        &self,
        call: &Call<'_>,
        wanted: Wanted<'_>,
        setting: Setting,
    ) -> Result<Outcome, DeskError> {
        let Wanted { portal, described, settings } = wanted;
        let (phrases, shared) = (call.phrases, call.shared);
        let before = (described.value)(&portal.settings);
        let undo = format!("set {} {before}", described.name);
        let done = |phrases: Phrases<'_>, place: &Place| {
            let args = [
                Arg::text(described.name),
                Arg::text((described.value)(settings)),
                Arg::text(&before),
                Arg::text(chats(portal)),
                Arg::text(phrases.typed_on(&place.network, &undo)),
            ];
            phrases.say(Key::SetDone, &args)
        };
        let mut then = match &setting {
            // What the chats look like is handed over when messages begin to cross.
            Setting::Metadata(_) | Setting::Threads(_) if !portal.relaying => Vec::new(),
            Setting::Metadata(_) => {
                let changed = Portal { settings: settings.clone(), ..portal.clone() };
                self.appearance.handed_over(&changed, portal.settings.metadata).await
            }
            Setting::Threads(threads) => self.topics.move_in(shared, portal, *threads).await?,
            Setting::Silent(_)
            | Setting::ReactionLine(_)
            | Setting::PhoneNumbers(_)
            | Setting::Muted(_)
            | Setting::Language(_)
            | Setting::Wiki(_)
            | Setting::Quiet(_)
            | Setting::Brakes(_)
            | Setting::FirstMessages(_) => Vec::new(),
            // The notices say which mode holds, and lead to the page.
            Setting::Consent(_) | Setting::AtRisk(_) | Setting::Page(_) => {
                let notices = Work::Task(Task::Notices(portal.id));
                vec![(core_place(&portal.room), notices)]
            }
            Setting::Names(names) => self.renamed(portal, *names > portal.settings.names).await?,
            Setting::Readers(_) => Vec::new(),
        };
        if described.of_both.is_some() {
            let others = portal.others(call.place).into_iter().filter(|it| *it != portal.room);
            then.extend(others.map(|place| shared.message_in(&place, done(shared, &place))));
        }
        then.extend(call.told(&portal.room, done(shared, &portal.room)));
        let resolved = Change::Resolved(portal.id, described.name.to_owned());
        let value = (described.value)(settings);
        let deed = AuditAction::Set(described.name.to_owned(), before.clone(), value);
        let closes = setting == Setting::Readers(Readers::Members);
        let mut changes =
            vec![resolved, Change::Set(call.place.clone(), setting), call.noted(portal, deed)];
        if closes && self.matrix.is_public(&portal.room.chat).await? {
            changes.push(Change::Readers(portal.room.clone(), true));
        }
        let undone = phrases.button(Key::ButtonUndo, undo.clone());
        Ok(Outcome { then, ..Outcome::change(done(phrases, call.place), changes) }.with([undone]))
    }
}

impl SettingCommands {
    /// No account of ours keeps a name that it may not show any more: each that is in the room is
    /// brought up to date.
    async fn renamed(&self, portal: &Portal, less: bool) -> Result<Vec<(Place, Work)>, DeskError> {
        let mut then = Vec::new();
        let known = self.store.people(portal.id).await?;
        for person in self.store.ghosts_in(&portal.room).await? {
            let seen = known.iter().find(|known| known.person == person);
            let name = match seen {
                Some(seen) => seen.name.as_str(),
                // Whose name nobody knows any more has it again with the next message.
                None if less => UNKNOWN,
                None => continue,
            };
            then.push(refresh(portal, &person, name));
        }
        Ok(then)
    }
}

/// The account of ours that stands for a person is brought up to date.
pub(super) fn refresh(portal: &Portal, person: &Person, name: &str) -> (Place, Work) {
    let who = Author {
        user: person.user.clone(),
        kind: AuthorKind::Person,
        name: name.to_owned(),
        username: None,
        avatar: None,
    };
    let ends = portal.ends.iter().find(|end| end.place.network == person.network);
    let place = ends.map_or_else(
        || Place { network: person.network.clone(), chat: portal.room.chat.clone() },
        |end| end.place.clone(),
    );
    let content = Content::MemberChanged { who, change: MemberChange::Profile };
    let event = Event { place, message: MessageId::from(""), late: false, content };
    (portal.room.clone(), Work::of(event))
}

/// What can be typed, or touched, as a value.
fn value_wanted(phrases: Phrases<'_>, setting: &Description, typed: &str) -> Outcome {
    let (label, values) = (Arg::text(setting.name), Arg::text((setting.values)()));
    if typed.is_empty() {
        let usage = phrases.say(Key::SetUsage, &[label, values]);
        return Outcome::say(usage).with(choices(setting));
    }
    phrases.answer(Key::SetValue, &[label, Arg::text(typed), values])
}

/// Why there can be no public page.
fn no_page(phrases: Phrases<'_>, portal: &Portal, setting: &Setting) -> Option<Outcome> {
    if *setting != Setting::Page(true) {
        return None;
    }
    if !portal.is_listed() {
        return Some(phrases.answer(Key::PageAtRisk, &[]));
    }
    phrases.page_of(portal.id).is_none().then(|| phrases.answer(Key::PageNowhere, &[]))
}

/// Each setting with its value, what it does and what can be typed.
fn all_settings(call: &Call<'_>, settings: &Settings) -> Outcome {
    let phrases = call.phrases;
    let mut text = phrases.say(Key::SettingsIntro, &[Arg::text(call.typed("set"))]);
    for setting in table::ALL {
        let about = phrases.plain(setting.about, &[Arg::text((setting.values)())]);
        let value = format!("{} {}", setting.name, (setting.value)(settings));
        let line = [Arg::text(value), Arg::text(about)];
        text = text.join_line(phrases.say(Key::HelpLine, &line));
    }
    Outcome::say(text)
}

/// A setting on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingView {
    /// As it is typed.
    pub name: &'static str,
    /// What it does, and what can be typed.
    pub about: String,
    /// Its value, as it is typed.
    pub value: String,
    /// All values, where there are few.
    pub choices: Vec<String>,
}

impl SettingView {
    /// Whether this is its value.
    pub fn is_now(&self, choice: &str) -> bool {
        self.value == choice
    }
}

/// All settings, for a page.
pub(super) fn listed(phrases: Phrases<'_>, settings: &Settings) -> Vec<SettingView> {
    let view = |setting: &Description| SettingView {
        name: setting.name,
        about: phrases.plain(setting.about, &[Arg::text((setting.values)())]),
        value: (setting.value)(settings),
        choices: match setting.buttons {
            true => (setting.values)().split(" | ").map(str::to_owned).collect(),
            false => Vec::new(),
        },
    };
    table::ALL.iter().map(view).collect()
}

/// Lines of `status` for what differs from how links behave here otherwise.
pub(super) fn unusual(
    phrases: Phrases<'_>,
    settings: &Settings,
    defaults: &Settings,
) -> Vec<RichText> {
    let is_unusual = |it: &&Description| (it.value)(settings) != (it.value)(defaults);
    let line = |setting: &Description| {
        let args = [Arg::text(setting.name), Arg::text((setting.value)(settings))];
        phrases.say(Key::StatusSetting, &args)
    };
    table::ALL.iter().filter(is_unusual).map(line).collect()
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
