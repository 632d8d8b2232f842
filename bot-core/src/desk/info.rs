// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands that only tell: `help`, `status`, `portals`, `privacy`, `version`, `source`.
//!
//! Rule: `help` is made of the table of commands, `status` of the table of settings.

use std::sync::Arc;

use bridge_model::{Place, RichText};
use bridge_policy::stage::Stage;

use super::call::Call;
use super::commands::{Command, Whose};
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::removal::AGREE;
use super::{effect_lines, settings};
use crate::i18n::{Arg, Key};
use crate::lane::LaneState;
use crate::portal::{EndState, Portal, Settings, Silence};
use crate::relay::Networks;
use crate::store::Store;
use crate::store::retention::about_days;
use crate::wording::{Lines, label};

/// What `version` and `source` answer, and who runs this bridge.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The version.
    pub version: String,
    /// The commit it was built from.
    pub commit: String,
    /// Where the source is.
    pub source_url: String,
    /// Matrix ids of those who run the bridge.
    pub operators: Vec<String>,
    /// The homeserver's name.
    pub server: String,
    /// The address of the code of conduct; empty for none.
    pub conduct: String,
    /// A client in the browser that opens rooms at `#/room/...`; empty for none.
    pub web_client: String,
    /// Where browsers find pages; empty for none.
    pub pages: String,
    /// Who runs the bridge, as people know them; empty where nobody has said it.
    pub operator: String,
    /// How to reach them; empty where nobody has said it.
    pub contact: String,
}

impl About {
    /// Who runs the bridge and how to reach them, in a sentence.
    pub(super) fn who_line(&self, phrases: Phrases<'_>) -> RichText {
        let (operator, contact) = self.who_runs();
        phrases.say(Key::PrivacyWho, &[Arg::text(operator), Arg::text(contact)])
    }

    /// Where the source of exactly this version is (AGPL, section 13).
    pub(super) fn source_line(&self, phrases: Phrases<'_>) -> RichText {
        let args = [Arg::url(self.source_url.clone()), Arg::text(&self.commit)];
        phrases.say(Key::Source, &args)
    }

    /// The code of conduct, where there is one.
    pub(super) fn conduct_line(&self, phrases: Phrases<'_>) -> Option<RichText> {
        let conduct = Some(self.conduct.clone()).filter(|conduct| !conduct.is_empty());
        conduct.map(|conduct| phrases.say(Key::HelpConduct, &[Arg::url(conduct)]))
    }

    /// Who runs the bridge and how to reach them; without what the configuration says, the
    /// homeserver and the Matrix ids of the operators.
    pub(super) fn who_runs(&self) -> (String, String) {
        let operator = match self.operator.as_str() {
            "" => self.server.clone(),
            operator => operator.to_owned(),
        };
        let contact = match self.contact.as_str() {
            "" if self.operators.is_empty() => self.server.clone(),
            "" => self.operators.join(", "),
            contact => contact.to_owned(),
        };
        (operator, contact)
    }
}

/// Tells how things are.
pub(super) struct Info {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) about: About,
    /// How links behave where nobody has changed a setting.
    pub(super) defaults: Settings,
}

impl Info {
    /// The commands that help the caller where they are: those for admins are shown to admins.
    pub(super) async fn help(&self, call: &Call<'_>) -> Outcome {
        let phrases = call.phrases;
        let rights =
            if call.command.private { None } else { call.rights(&self.networks).await.ok() };
        let admin = rights.is_some_and(|rights| rights.manage || rights.change);
        let mut text = phrases.say(Key::HelpIntro, &[]);
        let all = Command::ALL.iter().map(|command| (command.name(), command.entry()));
        let here = all.filter(|(_, it)| if call.is_on_matrix() { it.matrix } else { it.remote });
        let shown = here.filter(|(_, it)| match it.whose {
            Whose::Everybody => true,
            Whose::Admins => admin,
            Whose::Operators => self.is_operator(call),
        });
        for (name, entry) in shown {
            text = text.join_line(help_line(phrases, call.typed(name), entry.help));
        }
        if !admin {
            text = text.join_line(phrases.say(Key::HelpAdmins, &[]));
        }
        if let Some(conduct) = self.about.conduct_line(phrases) {
            text = text.join_line(conduct);
        }
        Outcome::say(text)
    }

    fn is_operator(&self, call: &Call<'_>) -> bool {
        let user = call.command.by.user.as_str();
        call.is_on_matrix() && self.about.operators.iter().any(|operator| operator == user)
    }

    /// What is linked here, and whether everything crosses.
    pub(super) async fn status(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = call.portal else {
            return Ok(call.not_linked());
        };
        let lanes = self.store.lanes().await?;
        let mut text = self.state_of(phrases, portal, &lanes);
        let migration = self.store.migration(portal.id).await?;
        if portal.stage != Stage::Bridged {
            text = text.join_line(stage_line(call, portal));
        }
        for line in effect_lines::unfinished(call, &migration) {
            text = text.join_line(line);
        }
        let buttons = [
            phrases.button(Key::ButtonStage, "stage"),
            phrases.button(Key::ButtonReport, "report"),
            phrases.button(Key::ButtonAudit, "audit"),
        ];
        Ok(Outcome::say(text).with(buttons))
    }

    fn state_of(&self, phrases: Phrases<'_>, portal: &Portal, lanes: &[LaneState]) -> RichText {
        let number = Arg::text(portal.id.0.to_string());
        let link = Arg::url(phrases.join_link(&portal.room.chat));
        let mut text = phrases.say(Key::StatusRoom, &[number, link]);
        text = text.join_line(match portal.silence {
            None => lane_line(phrases, &portal.room, None, lanes),
            Some(silence) => silent_line(phrases, silence),
        });
        for end in &portal.ends {
            let line = match end.state {
                EndState::Active => lane_line(phrases, &end.place, end.title.as_deref(), lanes),
                EndState::Severed => {
                    phrases.say(Key::StatusSevered, &[Arg::text(label(&end.place.network))])
                }
            };
            text = text.join_line(line);
        }
        for line in settings::unusual(phrases, &portal.settings, &self.defaults) {
            text = text.join_line(line);
        }
        text
    }

    /// All portals, for those who run the bridge.
    pub(super) async fn portals(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        if !self.is_operator(call) {
            return Ok(phrases.answer(Key::OperatorsOnly, &[]));
        }
        let mut portals = self.store.portals().await?;
        portals.retain(Portal::is_listed);
        let lanes = self.store.lanes().await?;
        let count = Arg::number(u64::try_from(portals.len()).unwrap_or(u64::MAX));
        let mut text = phrases.say(Key::PortalsCount, &[count]);
        for portal in &portals {
            text = text.join_line(self.state_of(phrases, portal, &lanes));
        }
        Ok(Outcome::say(text))
    }

    /// What happens to personal data.
    pub(super) fn privacy(&self, call: &Call<'_>) -> Outcome {
        let phrases = call.phrases;
        let source = Arg::url(self.about.source_url.clone());
        let text = phrases
            .say(Key::Privacy, &[])
            .join_line(stored_line(call))
            .join_line(phrases.say(Key::PrivacyStays, &[]))
            .join_line(phrases.say(Key::PrivacyNumber, &[source]))
            .join_line(self.about.who_line(phrases))
            .join_line(rights_line(call));
        Outcome::say(text)
    }

    /// Which version runs.
    pub(super) fn version(&self, phrases: Phrases<'_>) -> Outcome {
        let args = [Arg::text(&self.about.version), Arg::text(&self.about.commit)];
        phrases.answer(Key::Version, &args)
    }

    /// Where the source is.
    pub(super) fn source(&self, phrases: Phrases<'_>) -> Outcome {
        Outcome::say(self.about.source_line(phrases))
    }
}

/// What a command does, behind how it is typed.
pub(super) fn help_line(phrases: Phrases<'_>, typed: String, help: Key) -> RichText {
    let help = phrases.plain(help, &[]);
    phrases.say(Key::HelpLine, &[Arg::text(typed), Arg::text(help)])
}

/// Why nothing crosses between the room and the others.
pub(super) fn silent_line(phrases: Phrases<'_>, silence: Silence) -> RichText {
    match silence {
        Silence::Removed => phrases.say(Key::StatusRoomRemoved, &[]),
        Silence::Encrypted => phrases.say(Key::StatusRoomEncrypted, &[]),
        Silence::Public => phrases.say(Key::StatusRoomPublic, &[Arg::text(AGREE)]),
    }
}

/// The stage of a portal, and the command that tells more.
pub(super) fn stage_line(call: &Call<'_>, portal: &Portal) -> RichText {
    let args = [call.phrases.stage(portal.stage), Arg::text(call.typed("stage"))];
    call.phrases.say(Key::StatusStage, &args)
}

/// What is stored where a command was typed, and for how long.
pub(super) fn stored_line(call: &Call<'_>) -> RichText {
    let at_risk = call.portal.is_some_and(|portal| portal.settings.at_risk);
    call.phrases.say(Key::PrivacyStores, &[Arg::number(about_days(at_risk))])
}

/// What people can do about their own data.
pub(super) fn rights_line(call: &Call<'_>) -> RichText {
    let can = ["optout", "pseudonym on", "mydata"].map(|command| Arg::text(call.typed(command)));
    call.phrases.say(Key::PrivacyRights, &can)
}

/// How much waits for a chat, and why.
pub(super) fn lane_line(
    phrases: Phrases<'_>,
    place: &Place,
    title: Option<&str>,
    lanes: &[LaneState],
) -> RichText {
    let lane = lanes.iter().find(|lane| lane.place == *place);
    let network = label(&place.network);
    let named = match title {
        Some(title) => format!("{network} ({title})"),
        None => network,
    };
    let depth = lane.map_or(0, |lane| lane.depth);
    match lane.and_then(|lane| lane.halted.as_ref()) {
        Some(why) => {
            let why = phrases.reason(&place.network, why);
            let args = [Arg::text(named), Arg::number(depth), why];
            phrases.say(Key::StatusHalted, &args)
        }
        None if depth == 0 => phrases.say(Key::StatusFlowing, &[Arg::text(named)]),
        None => phrases.say(Key::StatusWaiting, &[Arg::text(named), Arg::number(depth)]),
    }
}

/// The answer to a word that is no command, with the one that was meant as a button.
pub(super) fn unknown(call: &Call<'_>, name: &str) -> Outcome {
    if let Some(meant) = Command::nearest(name, call.is_on_matrix()) {
        let args = [Arg::text(name), Arg::text(call.typed(meant.name()))];
        let answer = call.phrases.answer(Key::CommandNearest, &args);
        return answer.with([call.instead(name, meant.name())]);
    }
    let help = call.typed("help");
    call.phrases.answer(Key::CommandUnknown, &[Arg::text(name), Arg::text(help)])
}
