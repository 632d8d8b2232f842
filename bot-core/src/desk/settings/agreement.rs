// SPDX-License-Identifier: AGPL-3.0-or-later
//! Settings that show or change something of the other side: an admin of each chat agrees.
//!
//! Rule: whoever types the setting that was proposed agrees to it, whoever types the value that it
//! has declines. Nothing changes before every chat has agreed; what shows and changes less needs
//! nobody else.

use bridge_model::{Place, Timestamp};

use super::SettingCommands;
use super::table::{Description, LIST};
use crate::desk::call::Call;
use crate::desk::outcome::{DeskError, Outcome};
use crate::desk::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::Answer;
use crate::portal::{Portal, Proposal, Settings};
use crate::store::Change;
use crate::wording::label;

/// How long a proposal waits for the other chats.
const LIFE_MS: i64 = 7 * 24 * 3600 * 1000;

/// A new value of a setting that somebody typed.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) portal: &'a Portal,
    pub(super) described: &'a Description,
    /// The settings with the new value.
    pub(super) settings: &'a Settings,
}

impl Wanted<'_> {
    fn value(&self) -> String {
        (self.described.value)(self.settings)
    }

    fn value_now(&self) -> String {
        (self.described.value)(&self.portal.settings)
    }
}

impl SettingCommands {
    /// What is said while other chats have not agreed; `None` when all have.
    pub(super) async fn agreement(
        &self,
        call: &Call<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Option<Outcome>, DeskError> {
        let known = self.proposal(call, wanted).await?;
        let known = known.filter(|proposal| proposal.value == wanted.value());
        let mut agreed = known.as_ref().map(|known| known.agreed.clone()).unwrap_or_default();
        agreed.push(call.place.clone());
        let missing: Vec<Place> =
            wanted.portal.reachable().into_iter().filter(|place| !agreed.contains(place)).collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let phrases = call.phrases;
        let names: Vec<String> = missing.iter().map(|place| label(&place.network)).collect();
        let args = [
            Arg::text(wanted.described.name),
            Arg::text(names.join(LIST)),
            Arg::text(wanted.value_now()),
        ];
        let answer = phrases.say(Key::SetAsked, &args);
        let proposal = Proposal {
            setting: wanted.described.name.to_owned(),
            value: wanted.value(),
            agreed,
            until: Timestamp(phrases.now.0.saturating_add(LIFE_MS)),
        };
        let changes = vec![Change::Proposed(wanted.portal.id, proposal)];
        // Who has agreed since was asked with the first proposal, and so were those that are left.
        let asked = if known.is_some() { Vec::new() } else { missing };
        let then = asked.iter().map(|place| ask(call, wanted, place)).collect();
        Ok(Some(Outcome { then, ..Outcome::change(answer, changes) }))
    }

    /// Somebody types the value that a setting has: an open proposal is worth nothing any more.
    /// `None` where there is none.
    pub(super) async fn declined(
        &self,
        call: &Call<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Option<Outcome>, DeskError> {
        if self.proposal(call, wanted).await?.is_none() {
            return Ok(None);
        }
        let name = wanted.described.name;
        let said = |phrases: Phrases<'_>| {
            let args = [Arg::text(name), Arg::text(wanted.value_now())];
            phrases.say(Key::SetDeclined, &args)
        };
        let others = wanted.portal.others(call.place);
        let then =
            others.iter().map(|place| call.shared.message_in(place, said(call.shared))).collect();
        let changes = vec![Change::Resolved(wanted.portal.id, name.to_owned())];
        Ok(Some(Outcome { then, ..Outcome::change(said(call.phrases), changes) }))
    }

    async fn proposal(
        &self,
        call: &Call<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Option<Proposal>, DeskError> {
        let open = self.store.proposals(wanted.portal.id).await?;
        let fits = |proposal: &Proposal| {
            proposal.setting == wanted.described.name && proposal.until >= call.phrases.now
        };
        Ok(open.into_iter().find(fits))
    }
}

/// The question in a chat that has not agreed yet.
fn ask(call: &Call<'_>, wanted: Wanted<'_>, there: &Place) -> (Place, crate::lane::Work) {
    let phrases = call.shared;
    let by = &call.command.by;
    let who = match call.is_on_matrix() {
        true if call.name == by.name => format!("{} ({})", by.name, by.user.as_str()),
        _ => call.name.to_owned(),
    };
    let name = wanted.described.name;
    let (yes, no) =
        (format!("set {name} {}", wanted.value()), format!("set {name} {}", wanted.value_now()));
    let args = [
        Arg::text(who),
        Arg::text(label(&call.place.network)),
        Arg::text(name),
        Arg::text(wanted.value()),
        Arg::text(wanted.value_now()),
        Arg::text(phrases.typed_on(&there.network, &yes)),
        Arg::text(phrases.typed_on(&there.network, &no)),
    ];
    let buttons = [phrases.button(Key::ButtonAgree, yes), phrases.button(Key::ButtonDecline, no)];
    let question = Outcome::say(phrases.say(Key::SetConfirm, &args)).with(buttons);
    phrases.answer_in(there, Answer::default(), &question)
}
