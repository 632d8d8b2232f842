// SPDX-License-Identifier: AGPL-3.0-or-later
//! `link yes CODE` and `link no CODE`: the side that made a code says whether the chat in which it
//! was typed is the right one.
//!
//! Rule: a code can be read by everybody in the chat in which it was asked for, so it connects
//! nothing by itself. Nothing crosses before an admin of the side that made it has agreed.

use bridge_model::Timestamp;

use super::call::Call;
use super::code;
use super::link::{Agreed, Linking, is_active};
use super::outcome::{DeskError, Outcome};
use super::pair::Pair;
use crate::i18n::{Arg, Key};
use crate::lane::Answer;
use crate::migration::Who;
use crate::portal::{Offer, Owner, Redeemed};
use crate::store::{Change, CodeHash};
use crate::wording::label;

impl Linking {
    /// A code was typed where it may be: asks the side that made it.
    pub(super) async fn ask_for_consent(
        &self,
        call: &Call<'_>,
        (typed, offer): (&str, &Offer),
    ) -> Result<Outcome, DeskError> {
        let Call { place: here, phrases, shared, .. } = *call;
        let title = match call.command.chat_title.clone() {
            Some(title) => Some(title),
            None => self.title_of(here).await,
        };
        let by = &call.command.by;
        let on_matrix = call.is_on_matrix();
        let who = match on_matrix {
            true if call.name == by.name => format!("{} ({})", by.name, by.user.as_str()),
            _ => call.name.to_owned(),
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
            Arg::text(phrases.typed_on(&there.network, &yes)),
            Arg::text(phrases.typed_on(&there.network, &no)),
        ];
        let buttons =
            [shared.button(Key::ButtonConnect, yes), shared.button(Key::ButtonDecline, no)];
        let question = Outcome::say(shared.say(Key::LinkConfirm, &args)).with(buttons);
        let then = vec![shared.answer_in(there, Answer::default(), &question)];
        let answer = phrases.say(Key::LinkAsked, &[Arg::text(label(&there.network))]);
        let life = i64::try_from(code::LIFE.as_millis()).unwrap_or(i64::MAX);
        let until = Timestamp(phrases.now.0.saturating_add(life));
        let by = call.who().name;
        let redeemed = Redeemed { place: here.clone(), title, until, by };
        let changes = vec![Change::Redeemed(code::hash(typed), redeemed)];
        Ok(Outcome { then, ..Outcome::change(answer, changes) })
    }

    /// The side that made the code agrees.
    pub(super) async fn consent(&self, call: &Call<'_>, typed: &str) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let (code, offer, redeemed) = match self.open_question(call, typed).await? {
            Ok(open) => open,
            Err(key) => return Ok(phrases.answer(key, &[])),
        };
        let (pair, title) = if call.is_on_matrix() {
            (Pair::new(&offer.from, &redeemed.place), redeemed.title)
        } else {
            let title = call.command.chat_title.clone().or(offer.title);
            (Pair::new(&redeemed.place, &offer.from), title)
        };
        if let Some(other) = self.store.portal_of(pair.remote).await?
            && (other.room != *pair.room || is_active(&other, pair.remote))
        {
            return Ok(phrases.answer(Key::AlreadyLinked, &[]));
        }
        let mut settings = self.defaults.clone();
        if offer.created {
            settings.metadata = Owner::Legacy;
        }
        let network = redeemed.place.network.clone();
        let by = redeemed.by.map(|name| Who { network, name: Some(name), on_page: false });
        self.join(call, Agreed { pair, code, by, title, settings }).await
    }

    /// The side that made the code does not know the other one.
    pub(super) async fn decline(&self, call: &Call<'_>, typed: &str) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let (hash, _, redeemed) = match self.open_question(call, typed).await? {
            Ok(open) => open,
            Err(key) => return Ok(phrases.answer(key, &[])),
        };
        let told = call.shared.say(Key::LinkDeclined, &[Arg::text(label(&call.place.network))]);
        let then = vec![call.shared.message_in(&redeemed.place, told)];
        let answer = phrases.say(Key::LinkDeclinedHere, &[]);
        let changes = vec![Change::Spent(hash)];
        Ok(Outcome { then, ..Outcome::change(answer, changes) })
    }

    /// The question that waits for an answer in the caller's chat, or why there is none.
    async fn open_question(
        &self,
        call: &Call<'_>,
        typed: &str,
    ) -> Result<Result<(CodeHash, Offer, Redeemed), Key>, DeskError> {
        let hash = code::hash(typed);
        let offer = self.store.find_offer(&hash).await?;
        let Some(mut offer) = offer.filter(|offer| offer.from == *call.place) else {
            return Ok(Err(Key::CodeWrong));
        };
        if offer.used {
            return Ok(Err(Key::CodeUsed));
        }
        let Some(redeemed) = offer.redeemed.take() else { return Ok(Err(Key::CodeWrong)) };
        if redeemed.until < call.phrases.now {
            return Ok(Err(Key::CodeStale));
        }
        Ok(Ok((hash, offer, redeemed)))
    }
}
