// SPDX-License-Identifier: AGPL-3.0-or-later
//! Admins of the legacy side keep their power when they move.
//!
//! Rule: only who asks is offered, and only an admin of the room gives it. The room learns that an
//! admin of the other side has an account here, never which one; so whoever asks has opened their claim.

use std::sync::Arc;

use bridge_model::{NetworkId, Place};

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use super::people::People;
use super::phrases::Phrases;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::{Work, core_place};
use crate::migration::{Audit, AuditAction, MigrationChange, Task};
use crate::moving::Move;
use crate::network::AskError;
use crate::relay::Networks;
use crate::store::claims::ClaimChange;
use crate::store::{Change, Store, Tie};
use crate::wording::label;

/// What the admins of a room are asked, in the language of the room.
pub(super) fn request(
    phrases: Phrases<'_>,
    room: &Place,
    (mxid, network): (&str, &NetworkId),
) -> Outcome {
    let command = format!("appoint {mxid}");
    let typed = phrases.typed_on(&room.network, &command);
    let args = [Arg::text(mxid), Arg::text(label(network)), Arg::text(typed)];
    let text = phrases.say(Key::AppointRequest, &args);
    Outcome::say(text).with([phrases.button(Key::ButtonGive, command)])
}

/// `appoint`, and the request for it.
#[derive(Clone)]
pub(super) struct Appointing {
    pub(super) networks: Networks,
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) people: People,
}

impl Appointing {
    /// `claim admin`: the admins of the rooms are asked.
    pub(super) async fn ask_for_power(
        &self,
        call: &Call<'_>,
        mxid: &str,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let mut claims = self.store.claims_by(mxid).await?;
        claims.retain(|claim| claim.tie() == Tie::Open);
        if claims.is_empty() {
            return self.is_quiet(call, mxid).await;
        }
        let answer = phrases.say(Key::AppointAsked, &[]);
        if claims.iter().all(|claim| claim.asks) {
            // They know it; once is enough.
            return Ok(Outcome::say(answer));
        }
        let mut then = Vec::new();
        for claim in &claims {
            for portal in self.people.portals_of(&claim.person, claim.portal).await? {
                if self.people.power_there(&claim.person, &portal).await?.is_none() {
                    continue;
                }
                let power = Move::Power(mxid.to_owned(), claim.person.network.clone());
                then.push((core_place(&portal.room), Work::Task(Task::Moving(power))));
            }
        }
        if then.is_empty() {
            return Ok(phrases.answer(Key::AppointNothing, &[]));
        }
        let asks = Change::Claim(Box::new(ClaimChange::Asks(mxid.to_owned())));
        Ok(Outcome { then, ..Outcome::change(answer, vec![asks]) })
    }

    /// Nobody may learn that somebody with a quiet account is an admin over there.
    async fn is_quiet(&self, call: &Call<'_>, mxid: &str) -> Result<Outcome, DeskError> {
        for claim in self.store.claims_by(mxid).await? {
            if self.people.is_admin_there(&claim.person, claim.portal).await? {
                let open = Arg::text(call.typed("claim open"));
                let args = [open, Arg::text(label(&claim.person.network))];
                return Ok(call.phrases.answer(Key::AppointQuiet, &args));
            }
        }
        Ok(call.phrases.answer(Key::AppointNothing, &[]))
    }

    /// `appoint MXID`, typed by an admin of the room.
    pub(super) async fn appoint(
        &self,
        call: &Call<'_>,
        mxid: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        if !call.rights(&self.networks).await?.manage {
            return Ok(call.not_allowed());
        }
        let say = |key: Key, args: &[Arg]| Ok(phrases.answer(key, args));
        let Some(mxid) = mxid.filter(|mxid| mxid.starts_with('@') && mxid.contains(':')) else {
            return say(Key::AppointUsage, &[Arg::text(call.typed("appoint"))]);
        };
        let mut claims = self.store.claims_by(mxid).await?;
        claims.retain(|claim| claim.asks && claim.tie() == Tie::Open);
        for claim in &claims {
            let Some(rights) = self.people.power_there(&claim.person, portal).await? else {
                continue;
            };
            let network = claim.person.network.clone();
            return match self.matrix.appoint(&portal.room.chat, mxid, rights).await {
                Ok(Some(level)) => {
                    let named = Arg::text(label(&network));
                    let args = [Arg::text(mxid), Arg::text(level.to_string()), named];
                    let answer = phrases.say(Key::AppointDone, &args);
                    let audit = Audit {
                        at: phrases.now,
                        who: Some(call.who()),
                        deed: AuditAction::Appointed(network),
                        decision: None,
                        share: None,
                    };
                    Ok(Outcome::moves(answer, [MigrationChange::Note(portal.room.clone(), audit)]))
                }
                Ok(None) => say(Key::AppointSame, &[Arg::text(mxid)]),
                Err(AskError::Refused(why)) => {
                    let why = phrases.reason(&portal.room.network, &why);
                    say(Key::AppointRefused, &[why])
                }
                Err(error) => Err(error.into()),
            };
        }
        say(Key::AppointUnknown, &[Arg::text(mxid)])
    }
}
