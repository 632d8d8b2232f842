// SPDX-License-Identifier: AGPL-3.0-or-later
//! `optout`, `optin`, `stop` and `pseudonym`: whose words leave a chat, and under which name.
//!
//! Rule: the choice itself was stored when the command was taken in (`store::consent::typed`); here
//! it is answered, and what follows from it begins.

use std::sync::Arc;

use bridge_config::NamePolicy;
use bridge_model::{Author, Person, Place};
use bridge_policy::budget::Limits;

use super::call::Call;
use super::commands::Command;
use super::disclosure_text::{consent_text, consent_version};
use super::outcome::{DeskError, Outcome};
use super::phrases::Phrases;
use super::settings::refresh;
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, Work};
use crate::migration::News;
use crate::network::MATRIX;
use crate::portal::{ConsentMode, Portal};
use crate::pseudonym::Pseudonyms;
use crate::relay::identities::{self, pseudonym, stricter};
use crate::store::consent::{ConsentChange, Wish};
use crate::store::notices::{Linked, Notice};
use crate::store::own_data::OwnDataChange;
use crate::store::statements::Choice;
use crate::store::{Change, Store};
use crate::wording::{Lines, label};

/// Commands about oneself.
pub(super) struct Consents {
    pub(super) store: Arc<Store>,
    pub(super) pseudonyms: Pseudonyms,
    /// How much of a name the operator lets others see.
    pub(super) names: NamePolicy,
    /// How many lines about it a chat hears.
    pub(super) limits: Limits,
}

impl Consents {
    /// The name of somebody who types a command, as other sides may see it.
    pub(super) async fn shown_name(
        &self,
        portal: Option<&Portal>,
        (place, by): (&Place, &Author),
    ) -> Result<String, DeskError> {
        let person = Person { network: place.network.clone(), user: by.user.clone() };
        let shown = portal.map(|portal| portal.settings.names).unwrap_or_default();
        let hidden = self.store.pseudonymous(None).await?.contains(&person);
        let policy = match hidden {
            true => NamePolicy::Pseudonym,
            false => stricter(self.names, shown),
        };
        Ok(identities::shown_name(policy, &self.pseudonyms, Some(&person), &by.name))
    }

    /// `optout`, `stop` and `optin`.
    pub(super) async fn chosen(
        &self,
        call: &Call<'_>,
        command: Command,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(wish) = Wish::read(&call.command.text) else {
            // Whatever follows `optout` means it.
            let known = ["everywhere"];
            let mut words = call.command.text.split_whitespace().skip(1);
            let odd = words.find(|word| !known.iter().any(|it| it.eq_ignore_ascii_case(word)));
            return Ok(call.unknown_word(odd.unwrap_or_default(), command.name(), &known));
        };
        let everywhere = call.command.private || wish.everywhere;
        if !everywhere && call.portal.is_none() {
            let typed = call.typed(&format!("{} everywhere", command.name()));
            return Ok(phrases.answer(Key::ConsentNotLinked, &[Arg::text(typed)]));
        }
        let person = call.person();
        let mode = call.portal.map(|portal| portal.settings.consent).unwrap_or_default();
        let text = consent_version(phrases, call.place, mode);
        let read = ConsentChange::Read { person: person.clone(), choice: wish.choice, text };
        let mut changes = vec![Change::Consent(Box::new(read))];
        let undo = match (wish.choice, everywhere && !call.command.private) {
            (Choice::OptOut, false) => "optin",
            (Choice::OptOut, true) => "optin everywhere",
            (_, false) => "optout",
            (_, true) => "optout everywhere",
        };
        let key = match (wish.choice, everywhere) {
            (Choice::OptOut, false) => Key::OptedOut,
            (Choice::OptOut, true) => Key::OptedOutEverywhere,
            (_, false) => Key::OptedIn,
            (_, true) => Key::OptedInEverywhere,
        };
        let mut answer = phrases.say(key, &[Arg::text(call.typed(undo))]);
        if wish.erase {
            let portal = call.portal.map(|portal| portal.id).filter(|_| !everywhere);
            let count = self.store.own_messages(&person, portal).await?;
            answer = answer.join_line(phrases.say(Key::OptoutErased, &[Arg::number(count)]));
            let back = OwnDataChange::TakeBack { person, portal };
            changes.push(Change::OwnData(Box::new(back)));
        } else if wish.choice == Choice::OptOut {
            let erase = format!("{} erase", call.command.text.trim());
            answer =
                answer.join_line(phrases.say(Key::OptoutOlder, &[Arg::text(call.typed(&erase))]));
        }
        Ok(Outcome::change(answer, changes).with([phrases.button(Key::ButtonUndo, undo)]))
    }

    /// `pseudonym`, `pseudonym on` and `pseudonym off`.
    pub(super) async fn pseudonym(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let person = call.person();
        let shown = Arg::text(pseudonym(&self.pseudonyms, &person));
        let typed = |word: &str| Arg::text(call.typed(&format!("pseudonym {word}")));
        let Some(wish) = Wish::read(&call.command.text) else {
            if let Some(word) = call.command.text.split_whitespace().nth(1) {
                return Ok(call.unknown_word(word, "pseudonym", &["on", "off"]));
            }
            let has = self.store.statements(&person).await?.pseudonym();
            return Ok(match has {
                true => phrases.answer(Key::PseudonymIsOn, &[shown, typed("off")]),
                false => phrases.answer(Key::PseudonymIsOff, &[shown, typed("on")]),
            });
        };
        let then = self.renamed(call, &person).await?;
        let (answer, undo) = match wish.on {
            true => (phrases.say(Key::PseudonymOn, &[shown, typed("off")]), "pseudonym off"),
            false => (phrases.say(Key::PseudonymOff, &[typed("on")]), "pseudonym on"),
        };
        let text = consent_version(phrases, call.place, ConsentMode::Notice);
        let read = ConsentChange::Read { person, choice: Choice::Pseudonym, text };
        let changes = vec![Change::Consent(Box::new(read))];
        let undone = phrases.button(Key::ButtonUndo, undo);
        Ok(Outcome { then, ..Outcome::change(answer, changes) }.with([undone]))
    }

    /// The account of ours that stands for somebody is renamed at once, in one of its rooms: its
    /// profile is the same in all.
    async fn renamed(
        &self,
        call: &Call<'_>,
        person: &Person,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        if person.network.as_str() == MATRIX || self.store.ghost(person).await?.is_none() {
            return Ok(Vec::new());
        }
        for portal in self.store.portals().await? {
            if self.store.ghosts_in(&portal.room).await?.contains(person) {
                return Ok(vec![refresh(&portal, person, &call.command.by.name)]);
            }
        }
        Ok(Vec::new())
    }

    /// What people are told about those whose words stay in their chat.
    pub(super) fn told(
        &self,
        phrases: Phrases<'_>,
        (chat, portal): (&Place, Option<&Portal>),
        news: &News,
    ) -> Outcome {
        let Some(portal) = portal else { return Outcome::default() };
        match news {
            News::SilentPartner { network, message } => {
                let text = phrases.say(Key::SilentPartner, &[Arg::text(label(network))]);
                let answer = Answer { to: Some(message.clone()), ..Answer::default() };
                Outcome::then(vec![phrases.answer_in(chat, answer, &Outcome::say(text))])
            }
            News::AskConsent { person, subject } => {
                let privacy = phrases.typed_on(&chat.network, "privacy");
                let text = consent_text(phrases, chat, ConsentMode::OptIn)
                    .join_line(phrases.say(Key::ConsentMore, &[Arg::text(privacy)]));
                let button = phrases.button(Key::ButtonOptIn, "optin");
                let asked = Outcome::say(text).with([button]);
                let then = vec![phrases.answer_in(chat, Answer::default(), &asked)];
                // It is no notice about anybody, and answers at any hour.
                let limits = Limits { person: u32::MAX, quiet: None, ..self.limits };
                let (person, subject) = (person.clone(), subject.clone());
                let notices = vec![Notice { person, subject, limits, then }];
                let (used, hosts) = (Vec::new(), Vec::new());
                let linked = Linked { portal: portal.id, used, hosts, notices };
                Outcome { changes: vec![Change::Linked(Box::new(linked))], ..Outcome::default() }
            }
            News::Refused(_) | News::Erased { .. } | News::SelfTested(_) => Outcome::default(),
        }
    }
}
