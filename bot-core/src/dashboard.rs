// SPDX-License-Identifier: AGPL-3.0-or-later
//! The dashboard: who is logged in, what they see, and what they have done.
//!
//! Rule: whatever is done goes through the lane of commands of a portal's room, as if its author had typed
//! it there; here it is only shown first. Secrets come in and go out, and their hashes are stored.

use std::sync::Arc;

use bridge_model::{Content, Event, MessageId};
use data_encoding::HEXLOWER;

use crate::clock::{Clock, Dice};
use crate::courier::Couriers;
use crate::desk::pages::Rehearsal;
use crate::desk::{Desk, DeskError, LaneView, PortalRow, PortalView};
use crate::network::AskError;
use crate::portal::PortalId;
use crate::store::keys;
use crate::store::visits::{AskedOnPage, Opened, asked_hash, link_hash, session_hash};
use crate::store::{Store, StoreError};
use crate::wording::Wording;

/// What can be done on pages, by its first word; all else is typed.
const COMMANDS: [&str; 7] =
    ["stage", "set", "exception", "services", "policy", "selftest", "lanes"];

/// The dashboard of a running bridge.
pub struct Dashboard {
    pub(crate) store: Arc<Store>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) couriers: Arc<Couriers>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
}

/// Somebody who is logged in.
#[derive(Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Their Matrix id.
    pub mxid: String,
    /// They run the bridge.
    pub operator: bool,
    /// The secret of their session, from which the tokens of forms are made.
    secret: String,
}

/// A command that was shown and waits for a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The command, without prefix.
    pub command: String,
    /// What it would do.
    pub rehearsal: Rehearsal,
    /// The number of the form.
    pub number: String,
    /// Proves that this command was shown to this person with this number.
    pub seal: String,
}

/// A command that was given on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The command, without prefix.
    pub command: String,
    /// What the bot said, and in which language; `None` until it has.
    pub answer: Option<(String, String)>,
}

impl Visitor {
    /// The token without which no form of theirs counts.
    pub fn form_token(&self) -> String {
        HEXLOWER.encode(&keys::hash(&["form of the dashboard", &self.secret]))
    }

    /// Whether a form comes from a page that was shown in this session.
    pub fn sent(&self, token: &str) -> bool {
        // Both are hashes, so the time that this takes tells nothing about the secret.
        keys::hash(&["compared", token]) == keys::hash(&["compared", &self.form_token()])
    }

    fn seal(&self, portal: PortalId, command: &str, number: &str) -> String {
        let portal = portal.0.to_string();
        let parts = ["shown on the dashboard", &self.secret, &portal, command, number];
        HEXLOWER.encode(&keys::hash(&parts))
    }
}

impl Dashboard {
    /// The bot's words in a language.
    pub fn wording(&self, language: &str) -> Wording {
        self.desk.wording_in(language)
    }

    /// What opening a link would do; nothing is used up.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn link(&self, secret: &str) -> Result<Opened, DeskError> {
        Ok(self.store.link_state(link_hash(secret), self.clock.now()).await?)
    }

    /// Opens a link: what became of it, and the secret of the session that it began.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open(&self, secret: &str) -> Result<(Opened, String), DeskError> {
        let session = self.secret();
        let (link, now) = (link_hash(secret), self.clock.now());
        let opened = self.store.open_link(link, session_hash(&session), now).await?;
        Ok((opened, session))
    }

    /// Who is logged in with the secret of a session.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn visitor(&self, secret: &str) -> Result<Option<Visitor>, DeskError> {
        let known = self.store.visitor(session_hash(secret), self.clock.now()).await?;
        Ok(known.map(|mxid| Visitor {
            operator: self.desk.is_operator(&mxid),
            mxid,
            secret: secret.to_owned(),
        }))
    }

    /// Ends the session of somebody.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn leave(&self, visitor: &Visitor) -> Result<(), DeskError> {
        Ok(self.store.end_session(session_hash(&visitor.secret)).await?)
    }

    /// The language that somebody has chosen where they are alone with the bot.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn language(&self, visitor: &Visitor) -> Result<Option<String>, DeskError> {
        self.desk.chosen_language(&visitor.mxid).await
    }

    /// The portals that somebody may see.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn portals(
        &self,
        visitor: &Visitor,
        wording: &Wording,
    ) -> Result<Vec<PortalRow>, DeskError> {
        self.desk.rows(wording, &visitor.mxid).await
    }

    /// A portal; `None` where somebody may see none under this number.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn portal(
        &self,
        visitor: &Visitor,
        number: PortalId,
        wording: &Wording,
    ) -> Result<Option<PortalView>, DeskError> {
        self.desk.view(wording, &visitor.mxid, number).await
    }

    /// The lanes of all portals that are busy; `None` for all but operators.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn busy_lanes(
        &self,
        visitor: &Visitor,
        wording: &Wording,
    ) -> Result<Option<Vec<(PortalRow, Vec<LaneView>)>>, DeskError> {
        self.desk.busy_lanes(wording, &visitor.mxid).await
    }

    /// What a command would do; `None` where somebody may see no such portal, or where such a command
    /// is only typed.
    ///
    /// # Errors
    /// When the store or a platform does not answer.
    pub async fn show(
        &self,
        visitor: &Visitor,
        (portal, command): (PortalId, &str),
        wording: &Wording,
    ) -> Result<Option<Shown>, DeskError> {
        if !is_for_pages(command) {
            return Ok(None);
        }
        let given = self.desk.given(&visitor.mxid, portal, command).await?;
        let Some((known, given)) = given else { return Ok(None) };
        let rehearsal = match self.desk.rehearse(wording, (&known, &given)).await {
            Ok(rehearsal) => rehearsal,
            Err(DeskError::Ask(AskError::Refused(_))) => return Ok(None),
            Err(error) => return Err(error),
        };
        let number = self.secret();
        let seal = visitor.seal(portal, command, &number);
        Ok(Some(Shown { command: command.to_owned(), rehearsal, number, seal }))
    }

    /// Hands a command over that was shown, once; `None` where it was not shown so, where somebody may
    /// see no such portal, and where nobody is answered in its room.
    ///
    /// # Errors
    /// When the store or the homeserver does not answer.
    pub async fn give(
        &self,
        visitor: &Visitor,
        (portal, command): (PortalId, &str),
        (number, seal): (&str, &str),
    ) -> Result<Option<()>, DeskError> {
        let shown = visitor.seal(portal, command, number);
        if keys::hash(&["compared", seal]) != keys::hash(&["compared", &shown]) {
            return Ok(None);
        }
        let given = self.desk.given(&visitor.mxid, portal, command).await?;
        let Some((known, given)) = given else { return Ok(None) };
        let message = MessageId::new(format!("page/{number}"));
        let key = asked_hash(message.as_str());
        let asked = AskedOnPage {
            mxid: visitor.mxid.clone(),
            portal,
            command: command.to_owned(),
            at: self.clock.now(),
            answer: None,
        };
        let content = Content::Commanded(given);
        let event = Event { place: known.room, message, late: false, content };
        let Some(accepted) = self.store.ask_on_page(key, asked, event).await? else {
            return Ok(None);
        };
        self.couriers.wake(accepted.lanes);
        Ok(Some(()))
    }

    /// What became of a command that somebody gave with the form of this number.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn done(
        &self,
        visitor: &Visitor,
        portal: PortalId,
        number: &str,
    ) -> Result<Option<Done>, StoreError> {
        let key = asked_hash(&format!("page/{number}"));
        let known = self.store.asked_on_page(key).await?;
        let own = known.filter(|asked| asked.mxid == visitor.mxid && asked.portal == portal);
        Ok(own.map(|asked| Done { command: asked.command, answer: asked.answer }))
    }

    fn secret(&self) -> String {
        let mut bytes = [0; 32];
        self.dice.roll(&mut bytes);
        HEXLOWER.encode(&bytes)
    }
}

fn is_for_pages(command: &str) -> bool {
    command.split_whitespace().next().is_some_and(|word| COMMANDS.contains(&word))
}
