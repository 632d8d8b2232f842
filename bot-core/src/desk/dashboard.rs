// SPDX-License-Identifier: AGPL-3.0-or-later
//! `dashboard`: a link that opens the pages for admins and operators, once.
//!
//! Rule: whoever has the link is let in, so it is said to one person alone, and never where others read
//! along.

use std::sync::Arc;

use data_encoding::HEXLOWER;

use super::call::Call;
use super::outcome::{DeskError, Outcome};
use super::visitors::Visitors;
use crate::clock::Dice;
use crate::i18n::{Arg, Key};
use crate::store::Change;
use crate::store::visits::{VisitChange, link_hash};

/// `dashboard`.
pub(super) struct Dashboard {
    pub(super) visitors: Visitors,
    pub(super) dice: Arc<dyn Dice>,
    /// The address before the pages; empty where there are none.
    pub(super) pages: String,
}

impl Dashboard {
    /// `dashboard`.
    pub(super) async fn invite(&self, call: &Call<'_>) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        if self.pages.is_empty() {
            return Ok(phrases.answer(Key::DashboardNone, &[]));
        }
        if !call.command.private {
            let bot = [Arg::text(self.visitors.matrix.bot())];
            return Ok(phrases.answer(Key::DashboardInPrivate, &bot));
        }
        let mxid = call.command.by.user.as_str();
        let may = self.visitors.is_operator(mxid) || !self.visitors.portals(mxid).await?.is_empty();
        if !may {
            return Ok(phrases.answer(Key::DashboardNotAllowed, &[]));
        }
        let mut bytes = [0; 32];
        self.dice.roll(&mut bytes);
        let secret = HEXLOWER.encode(&bytes);
        let address = format!("{}/in/{secret}", self.pages.trim_end_matches('/'));

        let args = [Arg::url(address)];
        let invite = VisitChange::Invite(link_hash(&secret), mxid.to_owned());
        let changes = vec![Change::Visit(Box::new(invite))];
        Ok(Outcome::change(phrases.say(Key::DashboardLink, &args), changes))
    }
}
