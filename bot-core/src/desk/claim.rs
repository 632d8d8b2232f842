// SPDX-License-Identifier: AGPL-3.0-or-later
//! `claim` and `unclaim`: an account of a legacy network and a Matrix account are one person.
//!
//! Rule: one message says that it worked. Which accounts belong together is told to their owner
//! alone.

use std::sync::Arc;

use bridge_model::{Person, Place};

use super::appoint::Appointing;
use super::call::Call;
use super::code;
use super::outcome::{DeskError, Outcome};
use super::people::{self, People};
use super::phrases::Phrases;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::store::claims::{ClaimChange, ClaimOffer};
use crate::store::{Change, Claim, Store};
use crate::wording::{Lines, label};

/// `claim` and `unclaim`.
pub(super) struct Claims {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) people: People,
    pub(super) appointing: Appointing,
}

impl Claims {
    /// `claim CODE`, `claim voice on` and `claim voice off`.
    pub(super) async fn claim(
        &self,
        call: &Call<'_>,
        words: &[&str],
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        if !call.command.private {
            return Ok(self.only_in_private(phrases, words));
        }
        let mxid = call.command.by.user.as_str();
        let usage = || {
            let typed = [Arg::text(call.typed("claim"))];
            Ok(phrases.answer(Key::ClaimUsage, &typed))
        };
        match words {
            ["voice", choice @ ("on" | "off")] => {
                return self.claim_voice(phrases, mxid, *choice == "on").await;
            }
            ["admin"] => return self.appointing.ask_for_power(phrases, mxid).await,
            [typed] if code::looks_like(typed) => {}
            _ => return usage(),
        }
        let hash = code::hash(words.first().copied().unwrap_or_default());
        let refuse = |key| Ok(phrases.answer(key, &[]));
        let Some(offer) = self.store.claim_offer(&hash).await? else {
            return refuse(Key::ClaimWrong);
        };
        if offer.used || self.store.claim(&offer.person).await?.is_some() {
            return refuse(Key::ClaimUsed);
        }
        if offer.expires < phrases.now {
            return refuse(Key::ClaimStale);
        }
        let network = label(&offer.person.network);
        let undo = Arg::text(call.typed("unclaim"));
        let claims = self.store.claims_by(mxid).await?;
        if claims.iter().any(|claim| claim.person.network == offer.person.network) {
            let args = [Arg::text(network), undo];
            return Ok(phrases.answer(Key::ClaimTwice, &args));
        }
        let voice = Arg::text(call.typed("claim voice on"));
        let args = [Arg::text(network), Arg::text(&offer.name), voice, undo];
        let mut answer = phrases.say(Key::Claimed, &args);
        let mut buttons =
            vec![phrases.button(Key::ButtonUndo, format!("unclaim {}", offer.person.network))];
        if self.people.is_admin_there(&offer.person, offer.portal).await? {
            let ask = call.typed("claim admin");
            let args = [Arg::text(ask), Arg::text(label(&offer.person.network))];
            answer = answer.join_line(phrases.say(Key::AppointOffer, &args));
            buttons.push(phrases.button(Key::ButtonAsk, "claim admin"));
        }
        let mut then = self.ghost_leaves(&offer).await?;
        if let Some(place) = &offer.from {
            then.push(phrases.message_in(place, phrases.say(Key::ClaimedThere, &[])));
        }
        let change = ClaimChange::Claimed(hash, mxid.to_owned());
        let changes = vec![Change::Claim(Box::new(change))];
        Ok(Outcome { then, ..Outcome::change(answer, changes) }.with(buttons))
    }

    /// The ghost leaves all rooms in which people of that network are.
    async fn ghost_leaves(&self, offer: &ClaimOffer) -> Result<Vec<(Place, Work)>, DeskError> {
        let mut then = Vec::new();
        for portal in self.store.portals().await? {
            let Some(end) = portal.end_on(&offer.person.network) else { continue };
            let event = people::left(end.place.clone(), &offer.person, &offer.name);
            then.push((portal.room.clone(), Work::of(event)));
        }
        Ok(then)
    }

    async fn claim_voice(
        &self,
        phrases: Phrases<'_>,
        mxid: &str,
        on: bool,
    ) -> Result<Outcome, DeskError> {
        if self.store.claims_by(mxid).await?.is_empty() {
            return Ok(phrases.answer(Key::UnclaimNothing, &[]));
        }
        let key = if on { Key::ClaimVoiceOn } else { Key::ClaimVoiceOff };
        let change = ClaimChange::SendAs(mxid.to_owned(), on);
        let changes = vec![Change::Claim(Box::new(change))];
        Ok(Outcome::change(phrases.say(key, &[]), changes))
    }

    /// Others would read which accounts belong together; a code that they have seen is worth nothing.
    fn only_in_private(&self, phrases: Phrases<'_>, words: &[&str]) -> Outcome {
        let codes = words.iter().filter(|word| code::looks_like(word));
        let burn = |word: &&str| Change::Claim(Box::new(ClaimChange::Burnt(code::hash(word))));
        let changes = codes.map(burn).collect();
        let bot = [Arg::text(self.matrix.bot())];
        let answer = phrases.say(Key::ClaimInPrivate, &bot);
        Outcome::change(answer, changes)
    }

    /// `unclaim`, also of one network.
    pub(super) async fn unclaim(
        &self,
        call: &Call<'_>,
        network: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        if !call.command.private {
            return Ok(self.only_in_private(phrases, &[]));
        }
        let claims = self.store.claims_by(call.command.by.user.as_str()).await?;
        let wanted = |claim: &Claim| {
            network.is_none_or(|name| claim.person.network.as_str().eq_ignore_ascii_case(name))
        };
        let people: Vec<Person> =
            claims.into_iter().filter(wanted).map(|claim| claim.person).collect();
        if people.is_empty() {
            return Ok(phrases.answer(Key::UnclaimNothing, &[]));
        }
        let changes = vec![Change::Claim(Box::new(ClaimChange::Ended(people)))];
        let answer = phrases.say(Key::Unclaimed, &[]);
        Ok(Outcome::change(answer, changes))
    }
}
