// SPDX-License-Identifier: AGPL-3.0-or-later
//! Commands that only tell: `status`, `portals`, `matrix`, `privacy`, `version`, `source`.

use bridge_model::{Place, RichText};
use bridge_policy::stage::Stage;

use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::lane::LaneState;
use crate::portal::{EndState, Portal};
use crate::wording::{Lines, label};

impl Desk {
    /// What is linked here, and whether everything crosses.
    pub(super) async fn status(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let Some(portal) = self.store.portal_of(caller.place).await? else {
            let link = self.typed(caller, "link");
            let text = self.wording.say(Key::StatusNotLinked, &[Arg::text(link)]);
            return Ok(Outcome::say(text));
        };
        let lanes = self.store.lanes().await?;
        let mut text = self.state_of(&portal, &lanes);
        let migration = self.store.migration(portal.id).await?;
        if portal.stage != Stage::Bridged {
            let more = Arg::text(self.typed(caller, "stage"));
            let stage = Arg::text(portal.stage.name());
            text = text.join_line(self.wording.say(Key::StatusStage, &[stage, more]));
        }
        for line in self.unfinished_lines(caller, &migration) {
            text = text.join_line(line);
        }
        let buttons = [
            self.button(Key::ButtonStage, "stage"),
            self.button(Key::ButtonReport, "report"),
            self.button(Key::ButtonAudit, "audit"),
        ];
        Ok(Outcome::say(text).with(buttons))
    }

    fn state_of(&self, portal: &Portal, lanes: &[LaneState]) -> RichText {
        let number = Arg::text(portal.id.0.to_string());
        let link = Arg::url(self.join_link(&portal.room.chat));
        let mut text = self.wording.say(Key::StatusRoom, &[number, link]);
        text = text.join_line(self.lane_line(&portal.room, None, lanes));
        for end in &portal.ends {
            let line = match end.state {
                EndState::Active => self.lane_line(&end.place, end.title.as_deref(), lanes),
                EndState::Severed => {
                    self.wording.say(Key::StatusSevered, &[Arg::text(label(&end.place.network))])
                }
            };
            text = text.join_line(line);
        }
        for line in self.unusual_settings(&portal.settings) {
            text = text.join_line(line);
        }
        text
    }

    fn lane_line(&self, place: &Place, title: Option<&str>, lanes: &[LaneState]) -> RichText {
        let lane = lanes.iter().find(|lane| lane.place == *place);
        let network = label(&place.network);
        let named = match title {
            Some(title) => format!("{network} ({title})"),
            None => network,
        };
        let depth = lane.map_or(0, |lane| lane.depth);
        match lane.and_then(|lane| lane.halted.as_ref()) {
            Some(why) => {
                let why = self.wording.reason(&place.network, why);
                let args = [Arg::text(named), Arg::number(depth), Arg::text(why)];
                self.wording.say(Key::StatusHalted, &args)
            }
            None if depth == 0 => self.wording.say(Key::StatusFlowing, &[Arg::text(named)]),
            None => self.wording.say(Key::StatusWaiting, &[Arg::text(named), Arg::number(depth)]),
        }
    }

    /// All portals, for those who run the bridge.
    pub(super) async fn portals(&self, caller: &Caller<'_>) -> Result<Outcome, DeskError> {
        let user = caller.command.by.user.as_str();
        if !self.about.operators.iter().any(|operator| operator == user) {
            return Ok(Outcome::say(self.wording.say(Key::OperatorsOnly, &[])));
        }
        let portals = self.store.portals().await?;
        let lanes = self.store.lanes().await?;
        let count = Arg::number(u64::try_from(portals.len()).unwrap_or(u64::MAX));
        let mut text = self.wording.say(Key::PortalsCount, &[count]);
        for portal in &portals {
            text = text.join_line(self.state_of(portal, &lanes));
        }
        Ok(Outcome::say(text))
    }

    /// What happens to personal data.
    pub(super) fn privacy(&self) -> RichText {
        let source = Arg::url(self.about.source_url.clone());
        self.wording.say(Key::Privacy, &[source])
    }

    /// Which version runs.
    pub(super) fn version(&self) -> RichText {
        let args = [Arg::text(&self.about.version), Arg::text(&self.about.commit)];
        self.wording.say(Key::Version, &args)
    }

    /// Where the source of exactly this version is (AGPL, section 13).
    pub(super) fn source(&self) -> RichText {
        let args = [Arg::url(self.about.source_url.clone()), Arg::text(&self.about.commit)];
        self.wording.say(Key::Source, &args)
    }
}
