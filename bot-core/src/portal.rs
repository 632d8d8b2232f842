// SPDX-License-Identifier: AGPL-3.0-or-later
//! A room joined to one or more remote places.

use bridge_model::{NetworkId, Person, Place, ServiceClass, Timestamp};
use bridge_policy::brakes::Brakes;
use bridge_policy::budget::Quiet;
use bridge_policy::stage::Stage;
use serde::{Deserialize, Serialize};

/// The number of a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortalId(pub u32);

/// A room joined to one or more remote places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// Its number, as `portals` shows it.
    pub id: PortalId,
    /// The Matrix room.
    pub room: Place,
    /// The remote places.
    pub ends: Vec<End>,
    /// What its people decided.
    pub settings: Settings,
    /// How far the community has come.
    pub stage: Stage,
    /// Messages cross now.
    pub relaying: bool,
    /// Why nothing crosses into the room and out of it, whatever the stage allows.
    #[serde(default)]
    pub silence: Option<Silence>,
    /// Grows when the media of this portal are taken away: public addresses of them that were made
    /// before lead nowhere.
    #[serde(default)]
    pub media_epoch: u32,
}

/// Why nothing may cross between a chat and the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// The bot was removed from it, and was not let in again.
    Removed,
    /// It is encrypted, and the bridge takes no part in encrypted rooms.
    Encrypted,
    /// Everybody can read it, and not all sides have agreed to that.
    Public,
}

/// Who may read what is said in a portal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readers {
    /// Who is, or was, in one of its chats.
    #[default]
    Members,
    /// Everybody, also without an account, where the room is open to them.
    Everybody,
}

/// What the people of a portal decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Which side says what the chats are called and look like, and what is pinned.
    pub metadata: Owner,
    /// Classes of service messages that do not cross, in the order of [`ServiceClass::ALL`].
    pub silent: Vec<ServiceClass>,
    /// Reactions that a network cannot show are counted in a line.
    pub reaction_line: bool,
    /// Phone numbers on business cards cross.
    pub phone_numbers: bool,
    /// What topics and threads are in the room.
    pub threads: Threads,
    /// Classes of services about whose links nothing is said, by name.
    pub muted: Vec<String>,
    /// The language in which the bot speaks in these chats; `None` for its own.
    pub language: Option<String>,
    /// The wiki to which `[[links]]` lead, by its prefix; `None` when they are not answered.
    pub wiki: Option<String>,
    /// When the bot gives no notices here; `None` for the operator's hours.
    #[serde(default)]
    pub quiet: Option<QuietHours>,
    /// Which messages stay on their own side.
    #[serde(default)]
    pub brakes: Brakes,
    /// Whether first messages of people who are new wait.
    #[serde(default)]
    pub first_messages: FirstMessages,
    /// Whose words may leave their chat.
    #[serde(default)]
    pub consent: ConsentMode,
    /// How much of a name other sides see; the operator's policy may show less.
    #[serde(default)]
    pub names: ShownNames,
    /// Who may read along; every side agrees before it is more than the members.
    #[serde(default)]
    pub readers: Readers,
    /// The people of the group are at risk: no files cross, nothing is said about links, nothing is
    /// counted, the group is listed nowhere, and what belongs together is forgotten soon.
    #[serde(default)]
    pub at_risk: bool,
    /// There is a public page about the portal; every side agrees before it is there.
    #[serde(default)]
    pub page: bool,
}

/// Whether first messages of people who are new wait before they are shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FirstMessages {
    /// They are shared at once.
    #[default]
    Cross,
    /// They wait until somebody who is known there reacts to one, or some minutes have passed.
    Wait,
}

/// Whose words may leave their chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsentMode {
    /// Everybody's who has not said otherwise.
    #[default]
    Notice,
    /// Only those of people who have agreed.
    OptIn,
}

/// How much of a name other sides see; each shows less than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ShownNames {
    /// All of it.
    #[default]
    Full,
    /// The first word.
    FirstName,
    /// Nothing; something that stands for it.
    Pseudonym,
}

/// When the bot gives no notices in the chats of a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuietHours {
    /// It gives them at any hour.
    Never,
    /// Every day.
    Daily(Quiet),
}

/// Which side says what the chats are called and look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// The remote chats; the room follows.
    Legacy,
    /// The room; the remote chats follow.
    Matrix,
    /// Each for itself.
    Nobody,
}

/// What topics of Telegram and threads of Discord are on Matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Threads {
    /// Threads in the room.
    Threads,
    /// Rooms of their own, in a space.
    Rooms,
}

/// One setting with its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// See [`Settings::metadata`].
    Metadata(Owner),
    /// See [`Settings::silent`].
    Silent(Vec<ServiceClass>),
    /// See [`Settings::reaction_line`].
    ReactionLine(bool),
    /// See [`Settings::phone_numbers`].
    PhoneNumbers(bool),
    /// See [`Settings::threads`].
    Threads(Threads),
    /// See [`Settings::muted`].
    Muted(Vec<String>),
    /// See [`Settings::language`].
    Language(Option<String>),
    /// See [`Settings::wiki`].
    Wiki(Option<String>),
    /// See [`Settings::quiet`].
    Quiet(Option<QuietHours>),
    /// See [`Settings::brakes`].
    Brakes(Brakes),
    /// See [`Settings::first_messages`].
    FirstMessages(FirstMessages),
    /// See [`Settings::consent`].
    Consent(ConsentMode),
    /// See [`Settings::names`].
    Names(ShownNames),
    /// See [`Settings::readers`].
    Readers(Readers),
    /// See [`Settings::at_risk`].
    AtRisk(bool),
    /// See [`Settings::page`].
    Page(bool),
}

impl Default for Settings {
    /// Nobody's name is overwritten unasked; coming and going is no news, and what is pinned can be
    /// seen without being told.
    fn default() -> Self {
        Self {
            metadata: Owner::Nobody,
            silent: vec![ServiceClass::Members, ServiceClass::Pins],
            reaction_line: true,
            phone_numbers: false,
            threads: Threads::Threads,
            muted: Vec::new(),
            language: None,
            wiki: None,
            quiet: None,
            brakes: Brakes::Off,
            first_messages: FirstMessages::Cross,
            consent: ConsentMode::Notice,
            names: ShownNames::Full,
            readers: Readers::Members,
            at_risk: false,
            page: false,
        }
    }
}

impl Settings {
    /// Puts a new value in its place.
    pub fn apply(&mut self, setting: Setting) {
        match setting {
            Setting::Metadata(owner) => self.metadata = owner,
            Setting::Silent(mut classes) => {
                classes.sort_unstable();
                classes.dedup();
                self.silent = classes;
            }
            Setting::ReactionLine(on) => self.reaction_line = on,
            Setting::PhoneNumbers(on) => self.phone_numbers = on,
            Setting::Threads(threads) => self.threads = threads,
            Setting::Muted(classes) => self.muted = classes,
            Setting::Wiki(wiki) => self.wiki = wiki,
            Setting::Quiet(quiet) => self.quiet = quiet,
            Setting::Brakes(brakes) => self.brakes = brakes,
            Setting::FirstMessages(first) => self.first_messages = first,
            Setting::Consent(mode) => self.consent = mode,
            Setting::Names(names) => self.names = names,
            Setting::Readers(readers) => self.readers = readers,
            Setting::AtRisk(on) => self.at_risk = on,
            Setting::Page(on) => self.page = on,
            Setting::Language(language) => self.language = language,
        }
    }

    /// What the operator wants where nobody has decided otherwise.
    pub fn from_config(config: &bridge_config::Portals) -> Self {
        let all = ServiceClass::ALL.into_iter();
        let silent = all.filter(|(_, name)| config.silent.iter().any(|known| known == name));
        let mut settings = Self {
            metadata: match config.metadata {
                bridge_config::MetadataOwner::Legacy => Owner::Legacy,
                bridge_config::MetadataOwner::Matrix => Owner::Matrix,
                bridge_config::MetadataOwner::Nobody => Owner::Nobody,
            },
            reaction_line: config.reaction_line,
            phone_numbers: config.phone_numbers,
            threads: if config.threads_as_rooms { Threads::Rooms } else { Threads::Threads },
            ..Self::default()
        };
        settings.apply(Setting::Silent(silent.map(|(class, _)| class).collect()));
        settings
    }
}

/// One remote place of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Where.
    pub place: Place,
    /// Whether it still exists for us.
    pub state: EndState,
    /// Since when it is linked.
    pub since: Timestamp,
    /// The chat's title at that time, for `status`.
    pub title: Option<String>,
}

/// Whether an end is reachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndState {
    /// Messages cross.
    Active,
    /// The bot was removed or the chat is gone; the room stays as it is.
    Severed,
}

impl Portal {
    /// All active places but `origin`: where an event of `origin` goes. Without its room a portal
    /// carries nothing.
    pub fn others(&self, origin: &Place) -> Vec<Place> {
        let out = self.silence == Some(Silence::Removed)
            || (self.silence.is_some() && *origin == self.room);
        let mut places = if out { Vec::new() } else { self.active() };
        places.retain(|place| place != origin);
        places
    }

    /// Where a message has to be taken away that was taken away at `origin`: wherever the bot can do
    /// so, also where nothing else crosses.
    pub fn others_of_deletion(&self, origin: &Place) -> Vec<Place> {
        let mut places = self.active();
        if matches!(self.silence, Some(Silence::Encrypted | Silence::Public)) {
            places.push(self.room.clone());
        }
        places.retain(|place| place != origin);
        places
    }

    /// All places in which the bot may say something, also where nothing else is carried.
    pub fn reachable(&self) -> Vec<Place> {
        let mut places = self.active();
        if self.silence == Some(Silence::Public) {
            places.insert(0, self.room.clone());
        }
        places
    }

    /// All active places.
    pub fn active(&self) -> Vec<Place> {
        let room = Some(&self.room).filter(|_| self.silence.is_none());
        let active = self.ends.iter().filter(|end| end.state == EndState::Active);
        room.into_iter().chain(active.map(|end| &end.place)).cloned().collect()
    }

    /// Whether a place of this portal is its room, or the room of a topic.
    pub fn is_matrix(&self, place: &Place) -> bool {
        self.room.network == place.network
    }

    /// Why nothing may be said in a place of this portal.
    pub fn silence_at(&self, place: &Place) -> Option<Silence> {
        if *place == self.room {
            return self.silence;
        }
        let severed = |end: &End| end.place == *place && end.state == EndState::Severed;
        self.ends.iter().any(severed).then_some(Silence::Removed)
    }

    /// Whether the group appears in anything that others read: reports, lists, pages.
    pub fn is_listed(&self) -> bool {
        !self.settings.at_risk
    }

    /// Whether there is a public page about it.
    pub fn has_page(&self) -> bool {
        self.settings.page && self.is_listed()
    }

    /// Every place, active or not.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.room).chain(self.ends.iter().map(|end| &end.place))
    }

    /// Whether what a place looks like is the model for the others.
    pub fn leads(&self, place: &Place) -> bool {
        match self.settings.metadata {
            Owner::Legacy => self.room.network != place.network,
            Owner::Matrix => self.room.network == place.network,
            Owner::Nobody => false,
        }
    }

    /// The active end on `network`, if there is exactly that.
    pub fn end_on(&self, network: &NetworkId) -> Option<&End> {
        self.ends.iter().find(|end| end.place.network == *network && end.state == EndState::Active)
    }
}

/// A code that was given out on one side and waits to be typed on the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Where it was asked for.
    pub from: Place,
    /// The network on which it may be used.
    pub wanted: NetworkId,
    /// Who asked.
    pub by: Person,
    /// When it ends.
    pub expires: Timestamp,
    /// Set once it was used, so that a second use is told apart from a wrong code.
    pub used: bool,
    /// The title of the chat it was asked in.
    pub title: Option<String>,
    /// The room was made for this link, so the remote chat says what it looks like.
    pub created: bool,
    /// Where it was typed; the side that made it has to agree.
    #[serde(default)]
    pub redeemed: Option<Redeemed>,
}

/// The chat in which a code was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    /// Which.
    pub place: Place,
    /// Its title.
    pub title: Option<String>,
    /// Until when the other side can agree.
    pub until: Timestamp,
    /// The name of whoever typed it.
    #[serde(default)]
    pub by: Option<String>,
}

/// A setting that waits until an admin of each chat has agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its name, as it is typed.
    pub setting: String,
    /// The value, as it is typed.
    pub value: String,
    /// The chats whose admins have agreed.
    pub agreed: Vec<Place>,
    /// Until when the others can agree.
    pub until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_names_the_same_classes_of_service_messages() {
        let names: Vec<&str> = ServiceClass::ALL.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, bridge_config::SERVICE_CLASSES);
    }

    #[test]
    fn the_defaults_of_the_configuration_are_those_of_a_portal() {
        let config = bridge_config::Portals::default();
        assert_eq!(Settings::from_config(&config), Settings::default());
    }
}
