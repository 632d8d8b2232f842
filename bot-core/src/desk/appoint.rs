// SPDX-License-Identifier: AGPL-3.0-or-later
//! Admins of the legacy side keep their power when they move.
//!
//! Rule: only who asks is offered, and only an admin of the room gives it. The room learns that an
//! admin of the other side has an account here, never which one.

use bridge_model::{Person, Rights};

use super::{Caller, Desk, DeskError, Outcome};
use crate::i18n::{Arg, Key};
use crate::lane::Answer;
use crate::migration::{Audit, Deed, Move};
use crate::network::AskError;
use crate::portal::{Portal, PortalId};
use crate::store::Change;
use crate::store::claims::ClaimChange;
use crate::wording::label;

impl Desk {
    /// What an account may do in a portal's chat on its network, when that is more than others may.
    async fn power_there(
        &self,
        account: &Person,
        portal: &Portal,
    ) -> Result<Option<Rights>, DeskError> {
        let Some(end) = portal.end_on(&account.network) else { return Ok(None) };
        let Some(network) = self.networks.get(&end.place.network) else { return Ok(None) };
        let rights = network.rights(&end.place.chat, &account.user).await?;
        Ok((rights.manage || rights.moderate).then_some(rights))
    }

    /// The portals in which an account is known to be: where it spoke, and where it asked for the way.
    async fn portals_of(
        &self,
        account: &Person,
        asked_in: PortalId,
    ) -> Result<Vec<Portal>, DeskError> {
        let mut found = Vec::new();
        for portal in self.store.portals().await? {
            if portal.id == asked_in || self.spoke_in(account, &portal).await? {
                found.push(portal);
            }
        }
        Ok(found)
    }

    /// Whether an account is an admin of a chat that is joined. Nobody waits for a platform that does
    /// not say so.
    pub(super) async fn is_admin_there(
        &self,
        account: &Person,
        asked_in: PortalId,
    ) -> Result<bool, DeskError> {
        for portal in self.portals_of(account, asked_in).await? {
            if matches!(self.power_there(account, &portal).await, Ok(Some(_))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `claim admin`: the admins of the rooms are asked.
    pub(super) async fn ask_for_power(&self, mxid: &str) -> Result<Outcome, DeskError> {
        let claims = self.store.claims_by(mxid).await?;
        let answer = self.wording.say(Key::AppointAsked, &[]);
        if !claims.is_empty() && claims.iter().all(|claim| claim.asks) {
            // They know it; once is enough.
            return Ok(Outcome::say(answer));
        }
        let mut then = Vec::new();
        for claim in &claims {
            for portal in self.portals_of(&claim.person, claim.portal).await? {
                if self.power_there(&claim.person, &portal).await?.is_none() {
                    continue;
                }
                let command = format!("appoint {mxid}");
                let typed = self.typed_on(&portal.room.network, &command);
                let network = Arg::text(label(&claim.person.network));
                let args = [Arg::text(mxid), network, Arg::text(typed)];
                let text = self.wording.say(Key::AppointRequest, &args);
                let give = Outcome::say(text).with([self.button(Key::ButtonGive, command)]);
                then.push(self.words_of(&portal.room, Answer::default(), &give));
            }
        }
        if then.is_empty() {
            return Ok(Outcome::say(self.wording.say(Key::AppointNothing, &[])));
        }
        let asks = Change::Claim(Box::new(ClaimChange::Asks(mxid.to_owned())));
        Ok(Outcome { answer, then, changes: vec![asks], ..Outcome::default() })
    }

    /// `appoint MXID`, typed by an admin of the room.
    pub(super) async fn appoint(
        &self,
        caller: &Caller<'_>,
        mxid: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = self.store.portal_of(caller.place).await? else {
            return Ok(self.not_linked());
        };
        if !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        let say = |key: Key, args: &[Arg]| Ok(Outcome::say(self.wording.say(key, args)));
        let Some(mxid) = mxid.filter(|mxid| mxid.starts_with('@') && mxid.contains(':')) else {
            return say(Key::AppointUsage, &[Arg::text(self.typed(caller, "appoint"))]);
        };
        for claim in self.store.claims_by(mxid).await?.iter().filter(|claim| claim.asks) {
            let Some(rights) = self.power_there(&claim.person, &portal).await? else { continue };
            let network = claim.person.network.clone();
            return match self.matrix.appoint(&portal.room.chat, mxid, rights).await {
                Ok(Some(level)) => {
                    let named = Arg::text(label(&network));
                    let args = [Arg::text(mxid), Arg::text(level.to_string()), named];
                    let answer = self.wording.say(Key::AppointDone, &args);
                    let audit = Audit {
                        at: self.clock.now(),
                        who: Some(super::stage::who(caller)),
                        deed: Deed::Appointed(network),
                        decision: None,
                        share: None,
                    };
                    let note = Move::Note(portal.room.clone(), audit);
                    let changes = vec![Change::Move(Box::new(note))];
                    Ok(Outcome { answer, changes, ..Outcome::default() })
                }
                Ok(None) => say(Key::AppointSame, &[Arg::text(mxid)]),
                Err(AskError::Refused(why)) => {
                    let why = self.wording.reason(&portal.room.network, &why);
                    say(Key::AppointRefused, &[Arg::text(why)])
                }
                Err(error) => Err(error.into()),
            };
        }
        say(Key::AppointUnknown, &[Arg::text(mxid)])
    }
}
