// SPDX-License-Identifier: AGPL-3.0-or-later
//! `claim` and `unclaim`: an account of a legacy network and a Matrix account are one person.
//!
//! Rule: which accounts belong together is told to their owner alone, unless they have opened it. An
//! answer says what has happened, not what will.

use std::sync::Arc;

use bridge_model::Person;

use super::appoint::Appointing;
use super::call::Call;
use super::moves::Moves;
use super::outcome::{DeskError, Outcome};
use super::people::People;
use super::phrases::Phrases;
use super::{code, unconfirmed};
use crate::homeserver::{Door, Rooms};
use crate::i18n::{Arg, Key, languages};
use crate::lane::{Work, core_place};
use crate::migration::Task;
use crate::moving::Move;
use crate::portal::Portal;
use crate::store::calls::CallChange;
use crate::store::claims::{ClaimChange, ClaimOffer};
use crate::store::{Change, Claim, CodeHash, Store, Tie};
use crate::wording::{Lines, label};

/// `claim` and `unclaim`.
pub(super) struct Claims {
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) people: People,
    pub(super) appointing: Appointing,
    pub(super) moves: Moves,
}

impl Claims {
    /// `claim CODE`, and what whoever has claimed something chooses.
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
        let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let choice = match lower.as_slice() {
            ["admin"] => return self.appointing.ask_for_power(call, mxid).await,
            ["open"] => return self.open(call, mxid).await,
            ["voice", "on"] => (Key::ClaimVoiceOn, ClaimChange::SendAs(mxid.to_owned(), true)),
            ["voice", "off"] => (Key::ClaimVoiceOff, ClaimChange::SendAs(mxid.to_owned(), false)),
            ["notices", "on"] => (Key::CallsOn, ClaimChange::Deaf(mxid.to_owned(), false)),
            ["notices", "off"] => (Key::CallsOff, ClaimChange::Deaf(mxid.to_owned(), true)),
            ["quiet"] => (Key::ClaimQuiet, ClaimChange::Tied(mxid.to_owned(), Tie::Quiet)),
            [typed] if code::looks_like(typed) => return self.by_code(call, typed).await,
            _ => {
                let typed = [Arg::text(call.typed("claim"))];
                return Ok(phrases.answer(Key::ClaimUsage, &typed));
            }
        };
        self.chosen(phrases, mxid, choice).await
    }

    /// Shows a code. Nothing has happened when it is refused.
    async fn by_code(&self, call: &Call<'_>, typed: &str) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let mxid = call.command.by.user.as_str();
        let hash = code::hash(typed);
        let refuse = |key, args: &[Arg]| Ok(phrases.answer(key, args));
        let Some(offer) = self.store.claim_offer(&hash).await? else {
            return refuse(Key::ClaimWrong, &[]);
        };
        let network = Arg::text(label(&offer.person.network));
        let known = self.store.claim(&offer.person).await?;
        if known.as_ref().is_some_and(|claim| claim.mxid == mxid) {
            return refuse(Key::ClaimAlready, &[network]);
        }
        if offer.used || known.is_some() {
            return refuse(Key::ClaimUsed, &[]);
        }
        if offer.expires < phrases.now {
            return refuse(Key::ClaimStale, &[]);
        }
        let claims = self.store.claims_by(mxid).await?;
        if claims.iter().any(|claim| claim.person.network == offer.person.network) {
            return refuse(Key::ClaimTwice, &[network, Arg::text(call.typed("unclaim"))]);
        }
        let doors = self.moves.doors(&offer.person, offer.portal, mxid).await?;
        if !doors.is_empty() && doors.iter().all(|(_, door)| *door == Door::Banned) {
            return refuse(Key::ClaimBanned, &[]);
        }
        self.works(call, (hash, &offer), &doors).await
    }

    /// The code is right, and the account is claimed.
    async fn works(
        &self,
        call: &Call<'_>,
        (hash, offer): (CodeHash, &ClaimOffer),
        doors: &[(Portal, Door)],
    ) -> Result<Outcome, DeskError> {
        let mxid = call.command.by.user.as_str();
        let chosen = self.store.private_chat(mxid).await?.and_then(|chat| chat.language);
        let spoken = offer.language.as_deref().filter(|_| chosen.is_none());
        let spoken = spoken.map(|language| call.phrases.wording.speaking(language));
        let wording = spoken.as_ref().unwrap_or(call.phrases.wording);
        let phrases = Phrases { wording, ..call.phrases };
        let network = label(&offer.person.network);
        let (open, undo) = (call.typed("claim open"), call.typed("unclaim"));
        let args = [Arg::text(&network), Arg::text(open), Arg::text(undo)];
        let mut answer = phrases.say(Key::Claimed, &args);
        for (portal, _) in doors.iter().filter(|(_, door)| *door == Door::Open) {
            let room = [Arg::url(phrases.join_link(&portal.room.chat))];
            answer = answer.join_line(phrases.say(Key::ClaimJoin, &room));
        }
        if self.people.is_admin_there(&offer.person, offer.portal).await? {
            let args = [Arg::text(call.typed("claim open")), Arg::text(&network)];
            answer = answer.join_line(phrases.say(Key::AppointQuiet, &args));
        }
        let button = phrases.button(Key::ButtonUndo, format!("unclaim {}", offer.person.network));
        let mut then = vec![enter(call)];
        if let Some(place) = &offer.from {
            let spoken = offer.language.as_ref().map(|it| call.phrases.wording.speaking(it));
            let wording = spoken.as_ref().unwrap_or(call.phrases.wording);
            let there = Phrases { wording, ..call.phrases };
            then.push(there.message_in(place, there.say(Key::ClaimedThere, &[])));
        }
        let language = spoken.as_ref().map(|wording| wording.language().to_owned());
        let claimed = ClaimChange::Claimed(hash, mxid.to_owned());
        let changes = vec![Change::Claim(Box::new(claimed)), met(call, language)];
        Ok(Outcome { then, ..Outcome::change(answer, changes) }.with([button]))
    }

    /// `claim open`: from now on everybody can know. That reaches many people and cannot be taken
    /// back, so it is confirmed.
    async fn open(&self, call: &Call<'_>, mxid: &str) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let claims = self.store.claims_by(mxid).await?;
        if claims.is_empty() {
            return Ok(phrases.answer(Key::UnclaimNothing, &[]));
        }
        if !call.confirmed {
            let names = claims
                .iter()
                .map(|claim| format!("{} ({})", claim.name, label(&claim.person.network)));
            let names = names.collect::<Vec<_>>().join(", ");
            let args = [Arg::text(names), Arg::text(mxid)];
            return Ok(unconfirmed::ask(call, phrases.say(Key::ClaimOpenAsk, &args)));
        }
        let quiet = Arg::text(call.typed("claim quiet"));
        let mut answer = phrases.say(Key::ClaimOpened, &[quiet]);
        let mut buttons = Vec::new();
        for claim in &claims {
            if !self.people.is_admin_there(&claim.person, claim.portal).await? {
                continue;
            }
            let ask = call.typed("claim admin");
            let args = [Arg::text(ask), Arg::text(label(&claim.person.network))];
            answer = answer.join_line(phrases.say(Key::AppointOffer, &args));
            buttons = vec![phrases.button(Key::ButtonAsk, "claim admin")];
        }
        let change = ClaimChange::Tied(mxid.to_owned(), Tie::Open);
        let changes = vec![Change::Claim(Box::new(change))];
        let then = vec![enter(call)];
        Ok(Outcome { then, ..Outcome::change(answer, changes) }.with(buttons))
    }

    /// Something that concerns only whoever has claimed an account.
    async fn chosen(
        &self,
        phrases: Phrases<'_>,
        mxid: &str,
        (key, change): (Key, ClaimChange),
    ) -> Result<Outcome, DeskError> {
        if self.store.claims_by(mxid).await?.is_empty() {
            return Ok(phrases.answer(Key::UnclaimNothing, &[]));
        }
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

    /// `language`: what the bot speaks in this private chat.
    pub(super) fn language(&self, call: &Call<'_>, tag: Option<&str>) -> Outcome {
        let phrases = call.phrases;
        let known = tag.and_then(|tag| phrases.wording.closest(tag));
        let Some(language) = known.filter(|_| call.command.private) else {
            let known = languages().collect::<Vec<_>>().join(", ");
            let args = [Arg::text(call.typed("language")), Arg::text(known)];
            return phrases.answer(Key::LanguageUsage, &args);
        };
        let wording = phrases.wording.speaking(&language);
        let answer = Phrases { wording: &wording, ..phrases }.say(Key::LanguageSet, &[]);
        Outcome::change(answer, vec![met(call, Some(language))])
    }

    /// Whoever has claimed something is reached in the private chat in which they typed last. Claims
    /// from before people could choose are quiet, and their owner hears of it.
    pub(super) async fn noted(
        &self,
        call: &Call<'_>,
        outcome: &mut Outcome,
    ) -> Result<(), DeskError> {
        if !call.is_on_matrix() || !call.command.private {
            return Ok(());
        }
        let mxid = call.command.by.user.as_str();
        let claims = self.store.claims_by(mxid).await?;
        if claims.is_empty() {
            return Ok(());
        }
        let known = self.store.private_chat(mxid).await?;
        if known.is_none_or(|chat| chat.place != *call.place) {
            outcome.changes.insert(0, met(call, None));
        }
        let chooses = |change: &Change| {
            let Change::Claim(change) = change else { return false };
            matches!(**change, ClaimChange::Tied(..) | ClaimChange::Ended(_))
        };
        if claims.iter().all(|claim| claim.tie.is_some()) || outcome.changes.iter().any(chooses) {
            return Ok(());
        }
        let open = [Arg::text(call.typed("claim open"))];
        let told = call.phrases.say(Key::ClaimQuietNow, &open);
        let answer = std::mem::take(&mut outcome.answer);
        outcome.answer = answer.join_line(told);
        let tied = ClaimChange::Tied(mxid.to_owned(), Tie::Quiet);
        outcome.changes.push(Change::Claim(Box::new(tied)));
        Ok(())
    }
}

/// Somebody types in their private chat.
fn met(call: &Call<'_>, language: Option<String>) -> Change {
    let mxid = call.command.by.user.as_str().to_owned();
    Change::Call(Box::new(CallChange::Met(mxid, call.place.clone(), language)))
}

/// The rooms come next, when the claim is stored.
fn enter(call: &Call<'_>) -> (bridge_model::Place, Work) {
    let mxid = call.command.by.user.as_str().to_owned();
    (core_place(call.place), Work::Task(Task::Moving(Move::Enter(mxid))))
}
