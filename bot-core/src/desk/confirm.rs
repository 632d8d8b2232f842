// SPDX-License-Identifier: AGPL-3.0-or-later
//! `link yes CODE` and `link no CODE`: the side that made a code says whether the chat in which it
//! was typed is the right one.
//!
//! Rule: a code can be read by everybody in the chat in which it was asked for, so it connects
//! nothing by itself. Nothing crosses before an admin of the side that made it has agreed.

use bridge_model::{Place, Timestamp};

use super::link::{Pair, is_active};
use super::{Caller, Desk, DeskError, Outcome, code};
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, Work};
use crate::network::MATRIX;
use crate::portal::{Offer, Owner, Redeemed};
use crate::store::{Change, CodeHash};
use crate::wording::label;

impl Desk {
    /// A code was typed where it may be: asks the side that made it.
    pub(super) async fn ask_for_consent(
        &self,
        caller: &Caller<'_>,
        (typed, offer): (&str, &Offer),
    ) -> Result<Outcome, DeskError> {
        let here = caller.place;
        let title = match caller.command.chat_title.clone() {
            Some(title) => Some(title),
            None => self.title_of(here).await,
        };
        let by = &caller.command.by;
        let on_matrix = here.network.as_str() == MATRIX;
        let who = match on_matrix {
            true => format!("{} ({})", by.name, by.user.as_str()),
            false => by.name.clone(),
        };
        let chat = match &title {
            Some(title) if on_matrix => format!("{title} ({})", here.chat.as_str()),
            Some(title) => title.clone(),
            None => here.chat.as_str().to_owned(),
        };
        let there = &offer.from;
        let (yes, no) = (format!("link yes {typed}"), format!("link no {typed}"));
        let args = [
            Arg::text(chat),
            Arg::text(label(&here.network)),
            Arg::text(who),
            Arg::text(self.typed_on(&there.network, &yes)),
            Arg::text(self.typed_on(&there.network, &no)),
        ];
        let buttons = [self.button(Key::ButtonConnect, yes), self.button(Key::ButtonDecline, no)];
        let question = Outcome::say(self.wording.say(Key::LinkConfirm, &args)).with(buttons);
        let then = vec![self.words_of(there, Answer::default(), &question)];
        let answer = self.wording.say(Key::LinkAsked, &[Arg::text(label(&there.network))]);
        let life = i64::try_from(code::LIFE.as_millis()).unwrap_or(i64::MAX);
        let until = Timestamp(self.clock.now().0.saturating_add(life));
        let redeemed = Redeemed { place: here.clone(), title, until };
        let changes = vec![Change::Redeemed(code::hash(typed), redeemed)];
        Ok(Outcome { answer, changes, then, ..Outcome::default() })
    }

    /// The side that made the code agrees.
    pub(super) async fn consent(
        &self,
        caller: &Caller<'_>,
        typed: &str,
    ) -> Result<Outcome, DeskError> {
        let (hash, offer, redeemed) = match self.open_question(caller, typed).await? {
            Ok(open) => open,
            Err(key) => return Ok(Outcome::say(self.wording.say(key, &[]))),
        };
        let remote_is_here = caller.place.network.as_str() != MATRIX;
        let (pair, title) = if remote_is_here {
            let title = caller.command.chat_title.clone().or(offer.title);
            (Pair { room: redeemed.place, remote: offer.from }, title)
        } else {
            (Pair { room: offer.from, remote: redeemed.place }, redeemed.title)
        };
        if let Some(other) = self.store.portal_of(&pair.remote).await?
            && (other.room != pair.room || is_active(&other, &pair.remote))
        {
            return Ok(Outcome::say(self.wording.say(Key::AlreadyLinked, &[])));
        }
        let mut settings = self.defaults.clone();
        if offer.created {
            settings.metadata = Owner::Legacy;
        }
        self.join(&hash, pair, (caller.place, title), settings).await
    }

    /// The side that made the code does not know the other one.
    pub(super) async fn decline(
        &self,
        caller: &Caller<'_>,
        typed: &str,
    ) -> Result<Outcome, DeskError> {
        let (hash, _, redeemed) = match self.open_question(caller, typed).await? {
            Ok(open) => open,
            Err(key) => return Ok(Outcome::say(self.wording.say(key, &[]))),
        };
        let told = self.wording.say(Key::LinkDeclined, &[Arg::text(label(&caller.place.network))]);
        let then: Vec<(Place, Work)> = vec![self.words(&redeemed.place, None, told)];
        let answer = self.wording.say(Key::LinkDeclinedHere, &[]);
        let changes = vec![Change::Spent(hash)];
        Ok(Outcome { answer, changes, then, ..Outcome::default() })
    }

    /// The question that waits for an answer in the caller's chat, or why there is none.
    async fn open_question(
        &self,
        caller: &Caller<'_>,
        typed: &str,
    ) -> Result<Result<(CodeHash, Offer, Redeemed), Key>, DeskError> {
        let hash = code::hash(typed);
        let offer = self.store.find_offer(&hash).await?;
        let Some(mut offer) = offer.filter(|offer| offer.from == *caller.place) else {
            return Ok(Err(Key::CodeWrong));
        };
        if offer.used {
            return Ok(Err(Key::CodeUsed));
        }
        let Some(redeemed) = offer.redeemed.take() else { return Ok(Err(Key::CodeWrong)) };
        if redeemed.until < self.clock.now() {
            return Ok(Err(Key::CodeStale));
        }
        Ok(Ok((hash, offer, redeemed)))
    }
}
