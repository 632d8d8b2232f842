// SPDX-License-Identifier: AGPL-3.0-or-later
//! The core bot at work: commands, invitations, lost chats, what is due.
//!
//! Rule: the desk only finds the feature that an entry asks for; each feature has what it needs and
//! no more. Nothing is ever executed for a ghost or a bot. A command ends in one transaction: its
//! change, its answer and the removal of its entry happen together, once.

mod accounts;
pub mod allow;
mod announcement;
mod appearance;
mod appoint;
mod board;
mod brakes;
mod bridge_info;
mod budget;
mod call;
mod claim;
mod code;
pub mod commands;
mod community;
mod confirm;
mod consent;
mod create;
mod dashboard;
mod deep_link;
mod disclosure;
mod disclosure_text;
mod due;
mod effect_lines;
mod effects;
mod exception;
mod faq;
mod features;
#[cfg(test)]
mod figures_said;
mod gates;
mod history;
mod hook;
mod info;
mod lanes;
mod link;
pub mod links;
mod media_purge;
mod membership;
mod moderation;
mod moves;
mod nearest;
mod outcome;
mod own_data;
pub mod pages;
mod pair;
mod people;
mod phrases;
mod plan;
mod policy;
mod policy_text;
mod power;
pub mod public_page;
mod questions;
mod removal;
mod remove;
mod report;
mod self_test;
mod services;
mod settings;
mod stage;
mod step;
mod topics;
mod typed;
mod unconfirmed;
mod visitors;
mod vote;
mod way;
mod wiki;

use std::sync::Arc;

use async_trait::async_trait;
use bridge_model::{AuthorKind, Content, ContentClass, Event, Place, Request};

pub use self::board::{DeedView, ExceptionView, HostView, LaneView, PortalRow, PortalView};
use self::call::Call;
use self::commands::Command;
pub use self::features::DeskParts;
use self::features::Features;
use self::hook::{alone_with, hook, later};
pub use self::info::About;
use self::membership::Membership;
pub use self::outcome::DeskError;
use self::outcome::Outcome;
use self::phrases::{Addresses, Phrases, Post};
use self::public_page::PublicView;
pub use self::settings::SettingView;
use crate::clock::Clock;
use crate::courier::{Attempt, Executor};
use crate::i18n::Key;
use crate::lane::{LaneHead, LaneState, Work, chat_of_core_place};
use crate::migration::{News, Task};
use crate::network::AskError;
use crate::order::{DeliverError, Failure};
use crate::page_links::PageLinks;
use crate::portal::Portal;
use crate::refusal::Refusal;
use crate::report::Format;
use crate::store::{Change, Settlement, StoreError};
use crate::trouble::Troubles;
use crate::wording::Wording;

/// The core bot at work: finds the feature that an entry asks for.
pub struct Desk {
    wording: Arc<Wording>,
    clock: Arc<dyn Clock>,
    addresses: Addresses,
    features: Features,
}

/// An entry of a core lane: its chat, the portal of that chat, the language of the answer, and the
/// one in which others are told.
#[derive(Clone, Copy)]
struct Carried<'a> {
    work: &'a Work,
    chat: &'a Place,
    portal: Option<&'a Portal>,
    phrases: Phrases<'a>,
    shared: Phrases<'a>,
}

#[async_trait]
impl Executor for Desk {
    async fn execute(
        &self,
        head: &LaneHead,
        _attempt: &mut Attempt,
    ) -> Result<Settlement, Failure> {
        let lane = &head.entry.lane;
        let work = &head.entry.work;
        let chat = chat_of_core_place(lane).unwrap_or_else(|| lane.clone());
        let portal = head.portal.as_ref();
        let language = self.language_for(work, portal).await.map_err(later)?;
        let spoken = language.map(|it| self.wording.speaking(&it));
        let phrases = self.phrases(spoken.as_ref().unwrap_or(&self.wording));
        let common = self.language_of(portal).map(|it| self.wording.speaking(&it));
        let shared = self.phrases(common.as_ref().unwrap_or(&self.wording));
        let carried = Carried { work, chat: &chat, portal, phrases, shared };
        let outcome = match self.carry_out(carried).await {
            Ok(outcome) => outcome,
            Err(DeskError::Ask(AskError::Retry { after, reason })) => {
                return Err(Failure::clean(DeliverError::Retry { after, reason }));
            }
            Err(DeskError::Ask(AskError::Refused(reason))) => match work.completes() {
                Some(tag) => effects::effect_refused(&tag, reason),
                None => {
                    let reason = phrases.reason(&chat.network, &reason);
                    phrases.answer(Key::CommandFailed, &[reason])
                }
            },
            Err(DeskError::Store(error)) => return Err(later(error)),
        };
        let outcome = hook::attributed(work, outcome, phrases);
        let hook = work.event().map(hook).unwrap_or_default();
        let said = (!outcome.answer.is_empty()).then(|| phrases.answer_in(&chat, hook, &outcome));
        let Outcome { changes, then, .. } = outcome;
        Ok(Settlement {
            lane: lane.clone(),
            entry: head.entry.id,
            parts: Vec::new(),
            also: Vec::new(),
            refused: false,
            summaries: Vec::new(),
            changes,
            then: said.into_iter().chain(then).collect(),
            now: self.clock.now(),
        })
    }

    async fn halted(&self, _head: &LaneHead, _why: &Refusal) -> Vec<(Place, Work)> {
        Vec::new()
    }
}

impl Desk {
    /// A desk with all its features.
    pub fn new(parts: DeskParts) -> Self {
        let DeskParts { networks, about, wording, clock, pseudonyms, .. } = &parts;
        let has_pages = !about.pages.is_empty();
        let pages = has_pages.then(|| PageLinks::new(&about.pages, pseudonyms));
        Self {
            wording: Arc::clone(wording),
            clock: Arc::clone(clock),
            addresses: Addresses::new(networks, (&about.server, &about.web_client), pages),
            features: Features::of(parts),
        }
    }

    /// What goes wrong in lanes.
    pub fn troubles(&self) -> Arc<Troubles> {
        Arc::clone(&self.features.lanes.troubles)
    }

    /// The report of all portals, in the given format.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn whole_report(&self, format: Format) -> Result<String, DeskError> {
        self.features.reports.whole_report(self.phrases(&self.wording), format).await
    }

    /// What public pages say.
    pub fn public(&self) -> PublicView<'_> {
        PublicView::new(&self.features.pages, self.phrases(&self.wording))
    }

    /// Sees to it that the bot leaves the rooms that nobody connects.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn watch_unlinked(&self) -> Result<(), DeskError> {
        self.features.membership.admission.watch_unlinked(self.clock.now()).await
    }

    /// Sees to it that nothing crosses where the bot is not, or cannot read; the lanes that got entries.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn watch_rooms(&self) -> Result<Vec<LaneState>, DeskError> {
        self.features.membership.watch_rooms().await
    }

    /// Sees to it that notices which an older version has posted say what is so.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn renew_old_notices(&self) -> Result<(), DeskError> {
        for portal in self.features.store.portals().await? {
            self.features.store.renew_old_notices(portal, self.clock.now()).await?;
        }
        Ok(())
    }

    fn phrases<'a>(&'a self, wording: &'a Wording) -> Phrases<'a> {
        Phrases { wording, now: self.clock.now(), addresses: &self.addresses }
    }

    /// The language of an answer, where it is not the bot's own: what only one person sees is in
    /// theirs, all else in that of the chats.
    async fn language_for(
        &self,
        work: &Work,
        portal: Option<&Portal>,
    ) -> Result<Option<String>, StoreError> {
        let own = |language: &String| language == self.wording.language();
        if let Some(mxid) = alone_with(work) {
            let chat = self.features.store.private_chat(mxid).await?;
            if let Some(language) = chat.and_then(|chat| chat.language) {
                return Ok(Some(language).filter(|language| !own(language)));
            }
        }
        if let Some(Content::Commanded(command)) = work.event().map(|event| &event.content)
            && (command.private || command.answer_via.is_some())
            && let Some(tag) = &command.language
            && let Some(language) = self.wording.closest(tag)
        {
            return Ok(Some(language).filter(|language| !own(language)));
        }
        Ok(self.language_of(portal))
    }

    /// The language of the chats of a portal, where it is not the bot's own.
    fn language_of(&self, portal: Option<&Portal>) -> Option<String> {
        let language = portal.and_then(|portal| portal.settings.language.clone());
        language.filter(|language| language != self.wording.language())
    }

    async fn carry_out(&self, carried: Carried<'_>) -> Result<Outcome, DeskError> {
        let Carried { work, chat, portal, phrases, .. } = carried;
        match work {
            Work::Task(Task::Effect(tag)) => {
                self.features.effects.effect(phrases, portal, tag).await
            }
            Work::Task(Task::Due(due)) => {
                self.features.deadlines.due(phrases, chat, portal, due).await
            }
            Work::Task(Task::Room(end, root)) => {
                self.features.topics.topic_room(phrases, chat, end, root).await
            }
            Work::Task(Task::Notices(id)) => {
                self.features.effects.notices(phrases, portal.filter(|it| it.id == *id)).await
            }
            Work::Task(Task::Moving(what)) => {
                self.features.moves.carry_out(phrases, (chat, portal), what).await
            }
            Work::Task(Task::Braked(message, why)) => {
                Ok(brakes::told(phrases, chat, message, *why))
            }
            // The lanes of the chats do it.
            Work::Task(Task::Retire(_) | Task::SelfTest(..)) => Ok(Outcome::default()),
            Work::Task(Task::Policy(what)) => {
                self.features.policies.carry_out(phrases, portal, what).await
            }
            Work::Task(Task::Tell(
                news @ (News::SilentPartner { .. } | News::AskConsent { .. }),
            )) => Ok(self.features.consent.told(phrases, (chat, portal), news)),
            Work::Task(Task::Tell(News::SelfTested(number))) => {
                self.features.self_tests.told(phrases, portal, *number).await
            }
            Work::Task(Task::Returned) => Ok(Membership::returned(phrases, chat, portal)),
            Work::Task(Task::Tell(news)) => self.features.effects.tell(phrases, chat, news).await,
            Work::Relay(relayed) => self.handle(&relayed.event, carried).await,
            // The bot speaks in the lanes of chats only.
            Work::Say(_) | Work::Summary(_) => Ok(Outcome::default()),
        }
    }

    async fn handle(&self, event: &Event, carried: Carried<'_>) -> Result<Outcome, DeskError> {
        let Carried { chat: place, portal, phrases, shared, .. } = carried;
        let features = &self.features;
        match (event.content.class(), portal) {
            (ContentClass::ForBot(Request::Command(command)), _)
                if command.by.kind == AuthorKind::Bot =>
            {
                Ok(Outcome::default())
            }
            (ContentClass::ForBot(Request::Command(command)), _) => {
                let message = &event.message;
                // Whoever gives a command on a page has read what it does.
                let confirmed = command.on_page;
                let name = &features.consent.shown_name(portal, (place, &command.by)).await?;
                let call =
                    Call { command, place, portal, message, name, confirmed, phrases, shared };
                self.granted(&call).await
            }
            (ContentClass::ForBot(Request::Invited { by, whom }), _) => {
                features.membership.invited(phrases, place, (&by.user, whom)).await
            }
            (ContentClass::ForBot(Request::Closed), _) => {
                features.membership.lost(phrases, place, portal).await
            }
            (ContentClass::ForBot(Request::RightsChanged), _) => {
                features.moderators.rights_changed(phrases, (place, portal)).await
            }
            (ContentClass::ForBot(Request::Encrypted), _) => {
                features.membership.encrypted(phrases, place, portal).await
            }
            (ContentClass::ForBot(Request::ReadersChanged(_)), _) => {
                features.membership.readers_changed(phrases, place, portal).await
            }
            (ContentClass::ForBot(Request::Moved(_)), Some(portal)) => {
                features.membership.moved(phrases, place, portal).await
            }
            (ContentClass::Said(message), Some(portal))
                if matches!(event.content, Content::Posted(_)) =>
            {
                Ok(features.notices.links(phrases, portal, Post { event, message }))
            }
            (
                ContentClass::ForBot(Request::Moved(_) | Request::PolicyChanged)
                | ContentClass::Said(_)
                | ContentClass::AboutMessage
                | ContentClass::AboutChat,
                _,
            ) => Ok(Outcome::default()),
        }
    }

    /// Carries out what somebody typed, if they may ask for one more.
    async fn granted(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let budget = &self.features.budget;
        if let Some(refused) = budget.refusal(call) {
            return Ok(refused);
        }
        let mut done = self.command(call).await;
        if let Ok(outcome) = &mut done {
            self.features.claims.noted(call, outcome).await?;
        }
        budget.settle(call, &done);
        done
    }

    async fn command(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let mut words = call.command.text.split_whitespace();
        let name = words.next().unwrap_or_default().to_ascii_lowercase();
        if Command::read(&name) != Some(Command::Confirm) {
            return self.carry_out_command(call).await;
        }
        let found = unconfirmed::find(&self.features.store, call, words.next()).await?;
        let (command, code) = match found {
            unconfirmed::Found::Waiting(command, code) => (command, code),
            unconfirmed::Found::Nothing(answer) => return Ok(answer),
        };
        let confirmed = Call { command: &command, confirmed: true, ..*call };
        let mut outcome = self.carry_out_command(&confirmed).await?;
        // Who may not do it uses nobody's question up.
        if !outcome.changes.is_empty() {
            outcome.changes.push(Change::Confirmed(call.place.clone(), code));
        }
        Ok(outcome)
    }

    async fn carry_out_command(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let mut words = call.command.text.split_whitespace();
        let name = words.next().unwrap_or("help").to_ascii_lowercase();
        let arguments: Vec<&str> = words.collect();
        let argument = arguments.first().copied();
        if name == "start"
            && let Some(chat) = deep_link::read(argument)
        {
            return self.features.way.way_to_matrix(call, chat).await;
        }
        if name == "start" && argument == Some(deep_link::OWN_DATA) {
            return self.features.own_data.mydata(call, None).await;
        }
        let known = Command::read(&name);
        let Some(command) = known.filter(|it| call.is_on_matrix() || it.entry().remote) else {
            if call.is_on_matrix() && call.command.private && code::looks_like(&name) {
                return self.features.claims.claim(call, &[name.as_str()]).await;
            }
            return Ok(info::unknown(call, &name));
        };
        match command {
            Command::Help => Ok(self.features.info.help(call).await),
            Command::Faq => self.features.faq.faq(call, &arguments).await,
            Command::Link => self.features.linking.link(call, &arguments).await,
            // Only what was typed is confirmed, never a confirmation.
            Command::Confirm => Ok(Outcome::default()),
            Command::Unlink => self.features.linking.unlink(call, argument).await,
            Command::Status => self.features.info.status(call).await,
            Command::Set => self.features.settings.set(call, &arguments).await,
            Command::Stage => self.features.stages.stage(call).await,
            Command::Selftest => self.features.self_tests.begin(call).await,
            Command::Audit => self.features.history.audit(call).await,
            Command::Vote => self.features.votes.vote(call).await,
            Command::Report => self.report(call).await,
            Command::Exception => self.features.exceptions.exception(call).await,
            Command::Services => self.features.services.services(call).await,
            Command::Create => self.features.linking.create(call, argument).await,
            Command::Portals => self.features.info.portals(call).await,
            Command::Dashboard => self.features.dashboard.invite(call).await,
            Command::Lanes => self.features.lanes.lanes(call, &arguments).await,
            Command::Matrix => self.features.way.way_to_matrix(call, None).await,
            Command::Claim => self.features.claims.claim(call, &arguments).await,
            Command::Unclaim => self.features.claims.unclaim(call, argument).await,
            Command::Language => Ok(self.features.claims.language(call, argument)),
            Command::Appoint => self.features.appointing.appoint(call, argument).await,
            Command::Privacy => Ok(self.features.info.privacy(call)),
            Command::Optout | Command::Stop | Command::Optin => {
                self.features.consent.chosen(call, command).await
            }
            Command::Pseudonym => self.features.consent.pseudonym(call).await,
            Command::Mydata => self.features.own_data.mydata(call, argument).await,
            Command::Delete => self.features.deletion.delete(call).await,
            Command::Ban | Command::Unban | Command::Kick | Command::Mute | Command::Unmute => {
                self.features.moderators.moderate(call, command, &arguments).await
            }
            Command::Policy => self.features.policies.policy(call, &arguments).await,
            Command::Purge => self.purge(call, &arguments).await,
            Command::Version => Ok(self.features.info.version(call.phrases)),
            Command::Source => Ok(self.features.info.source(call.phrases)),
        }
    }

    /// `report` about the message that is answered, or about the community.
    async fn report(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        match call.command.reply_to {
            Some(_) => self.features.moderators.report(call).await,
            None => self.features.reports.report(call).await,
        }
    }

    /// `purge media`, or `purge` of what somebody said last.
    async fn purge(&self, call: &Call<'_>, arguments: &[&str]) -> Result<Outcome, DeskError> {
        match arguments.first() {
            Some(what) if what.eq_ignore_ascii_case("media") => {
                self.features.media_purge.purge_media(call).await
            }
            _ => self.features.moderators.purge(call, arguments).await,
        }
    }
}
