// SPDX-License-Identifier: AGPL-3.0-or-later
//! The desk for pages: what they show, and what a command would do that is given there.
//!
//! Rule: a command is rehearsed by the code that carries it out, with the rights of whoever gives it, and
//! nothing of what comes of it is stored.

use bridge_model::{Author, AuthorKind, Command as Given, MessageId, UserId};
use bridge_policy::stage::Direction;

use super::Desk;
use super::board::{LaneView, PortalRow, PortalView};
use super::call::Call;
use super::outcome::{DeskError, Outcome};
use crate::i18n::Key;
use crate::network::AskError;
use crate::portal::{Portal, PortalId};
use crate::wording::Wording;

/// What a command would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// What a step of the way changes, where it is one.
    pub plan: Option<String>,
    /// What the bot would say.
    pub said: String,
    /// Something would be done.
    pub does: bool,
}

/// Shows what pages show.
impl Desk {
    /// The bot's words in a language.
    pub fn wording_in(&self, language: &str) -> Wording {
        self.wording.speaking(language)
    }

    /// The language that somebody has chosen where they are alone with the bot.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn chosen_language(&self, mxid: &str) -> Result<Option<String>, DeskError> {
        let chat = self.features.store.private_chat(mxid).await?;
        Ok(chat.and_then(|chat| chat.language))
    }

    /// Whether somebody runs the bridge.
    pub fn is_operator(&self, mxid: &str) -> bool {
        self.features.board.visitors.is_operator(mxid)
    }

    /// All portals that somebody may see.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn rows(&self, wording: &Wording, mxid: &str) -> Result<Vec<PortalRow>, DeskError> {
        self.features.board.rows(self.phrases(wording), mxid).await
    }

    /// A portal; `None` for those who may not see it, and where there is none.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn view(
        &self,
        wording: &Wording,
        mxid: &str,
        number: PortalId,
    ) -> Result<Option<PortalView>, DeskError> {
        self.features.board.view(self.phrases(wording), mxid, number).await
    }

    /// Lanes in which something waits or that stand still, by portal; `None` for all but operators.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn busy_lanes(
        &self,
        wording: &Wording,
        mxid: &str,
    ) -> Result<Option<Vec<(PortalRow, Vec<LaneView>)>>, DeskError> {
        self.features.board.busy_lanes(self.phrases(wording), mxid).await
    }

    /// The portal for which somebody may give a command, and the command; `None` for those who may not
    /// see it.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn given(
        &self,
        mxid: &str,
        number: PortalId,
        text: &str,
    ) -> Result<Option<(Portal, Given)>, DeskError> {
        let board = &self.features.board;
        let Some(portal) = board.visitors.portal(mxid, number).await? else { return Ok(None) };
        let name = board.visitors.matrix.name_in(&portal.room.chat, mxid).await?;
        let by = Author {
            user: UserId::from(mxid),
            kind: AuthorKind::Person,
            name,
            username: None,
            avatar: None,
        };
        let command = Given {
            by,
            text: text.to_owned(),
            rights: None,
            reply_to: None,
            pressed: None,
            answer_via: None,
            language: None,
            chat_title: None,
            private: false,
            on_page: true,
        };
        Ok(Some((portal, command)))
    }

    /// What a command would do now, and what the bot would say.
    ///
    /// # Errors
    /// When the store or a platform does not answer.
    pub async fn rehearse(
        &self,
        wording: &Wording,
        (portal, command): (&Portal, &Given),
    ) -> Result<Rehearsal, DeskError> {
        let mut plan = None;
        if let Some(direction) = step(&command.text) {
            let verb = if direction == Direction::Back { "back" } else { "next" };
            let shown = Given { text: format!("stage plan {verb}"), ..command.clone() };
            plan = Some(self.tried(wording, portal, &shown).await?.answer.plain());
        }
        let outcome = self.tried(wording, portal, command).await?;
        let does = !outcome.changes.is_empty();
        Ok(Rehearsal { plan: plan.filter(|_| does), said: outcome.answer.plain(), does })
    }

    async fn tried(
        &self,
        wording: &Wording,
        portal: &Portal,
        command: &Given,
    ) -> Result<Outcome, DeskError> {
        let phrases = self.phrases(wording);
        let (message, place) = (&MessageId::from(""), &portal.room);
        let name = &self.features.consent.shown_name(Some(portal), (place, &command.by)).await?;
        let (portal, confirmed) = (Some(portal), false);
        let shared = phrases;
        let call = Call { command, place, portal, message, name, confirmed, phrases, shared };
        match self.carry_out_command(&call).await {
            Err(DeskError::Ask(AskError::Refused(reason))) => {
                let reason = phrases.reason(&place.network, &reason);
                Ok(phrases.answer(Key::CommandFailed, &[reason]))
            }
            done => done,
        }
    }
}

/// The step of the way that a command takes.
fn step(text: &str) -> Option<Direction> {
    let mut words = text.split_whitespace();
    match (words.next()?, words.next()?) {
        ("stage", "next") => Some(Direction::Next),
        ("stage", "back") => Some(Direction::Back),
        _ => None,
    }
}
