// SPDX-License-Identifier: AGPL-3.0-or-later
//! `matrix`: the way of one person from a legacy chat to Matrix.
//!
//! Rule: one message says what and why, where to go, and the code with which somebody is the same
//! person there. The code is only given where nobody else reads it.

use std::sync::Arc;

use bridge_config::Catalogue;
use bridge_model::{Place, Timestamp};

use super::accounts::Registration;
use super::call::Call;
use super::outcome::{DeskError, Outcome};
use super::people::People;
use super::phrases::Phrases;
use super::{code, deep_link};
use crate::clock::Dice;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::media::qr;
use crate::portal::Portal;
use crate::pseudonym::Pseudonyms;
use crate::relay::Networks;
use crate::store::claims::{ClaimChange, ClaimOffer};
use crate::store::{Change, Store};
use crate::wording::Lines;

/// How long a code can be used, in milliseconds: whoever is new on Matrix has to find a server, and
/// perhaps to confirm an address, before.
pub(super) const LIFE: i64 = 24 * 3_600_000;

/// Chats that are asked at most whether somebody is in them.
const MOST_ASKED: usize = 10;

/// Servers that are named at most.
const SERVERS: usize = 3;

/// Shows the way.
pub(super) struct Way {
    pub(super) networks: Networks,
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) pseudonyms: Pseudonyms,
    pub(super) dice: Arc<dyn Dice>,
    /// Has the homeservers on which people can have an account.
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) registration: Registration,
    pub(super) people: People,
}

impl Way {
    /// `matrix`: what Matrix is, how to get there, and how to be the same person there.
    /// `from` is the chat that they come from, by its pseudonym.
    pub(super) async fn way_to_matrix(
        &self,
        call: &Call<'_>,
        from: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let Some(portal) = self.portal_of_person(call, from).await? else {
            if !call.command.private {
                return Ok(call.not_linked());
            }
            let typed = Arg::text(call.typed("matrix"));
            return Ok(phrases.answer(Key::WayUnknown, &[typed]));
        };
        let (web, apps) =
            (phrases.web_link(&portal.room.chat), phrases.join_link(&portal.room.chat));
        let mut text = phrases.say(Key::WayToMatrix, &[Arg::url(web.clone())]);
        let mut buttons = vec![phrases.opens(Key::ButtonRoom, web)];
        let servers = self.servers(phrases);
        if !servers.is_empty() {
            text = text.join_line(phrases.say(Key::ClaimServers, &[Arg::text(servers)]));
        }
        text = phrases.with_page(text, portal.has_page().then_some(portal.id));
        let alone = call.command.private || call.command.answer_via.is_some();
        if !alone {
            let from = deep_link::way_from(&self.pseudonyms, call.place);
            let address = match self.networks.get(&call.place.network) {
                Some(network) => network.private_chat_link(&from).await,
                None => None,
            };
            if let Some(address) = address {
                buttons.push(phrases.opens(Key::ButtonAlone, address.clone()));
                text = text.join_line(phrases.say(Key::ClaimAlone, &[Arg::url(address)]));
            }
            return Ok(Outcome::say(text).with(buttons));
        }
        let person = call.person();
        if self.store.claim(&person).await?.is_some() {
            let known = phrases.say(Key::ClaimKnown, &[]);
            return Ok(Outcome::say(text.join_line(known)).with(buttons));
        }
        text = text.join_line(phrases.say(Key::WayApps, &[Arg::url(apps.clone())]));
        if let Some(token) = self.registration.token_for(&person, phrases.now).await {
            let args = [Arg::text(phrases.server()), Arg::text(token)];
            text = text.join_line(phrases.say(Key::WayAccount, &args));
        }
        let fresh = code::fresh(&*self.dice);
        let offer = ClaimOffer {
            person,
            name: call.command.by.name.clone(),
            from: call.command.private.then(|| call.place.clone()),
            portal: portal.id,
            expires: Timestamp(phrases.now.0.saturating_add(LIFE)),
            used: false,
            language: Some(phrases.wording.language().to_owned()),
        };
        let args = [Arg::text(self.matrix.bot()), Arg::text(&fresh)];
        let text = text.join_line(phrases.say(Key::ClaimCode, &args));
        let change = ClaimChange::Offered(code::hash(&fresh), offer);
        let offered = Outcome::change(text, vec![Change::Claim(Box::new(change))]);
        Ok(Outcome { pictures: vec![qr::of(&apps)], ..offered }.with(buttons))
    }

    /// The portal of the chat, or in a chat with the bot alone the one that they come from and are
    /// in, or one in which they spoke.
    async fn portal_of_person(
        &self,
        call: &Call<'_>,
        from: Option<&str>,
    ) -> Result<Option<Portal>, DeskError> {
        if let Some(portal) = call.portal {
            return Ok(Some(portal.clone()));
        }
        if !call.command.private {
            return Ok(None);
        }
        let person = call.person();
        let mut spoke = None;
        let mut chats: Vec<(Portal, Place)> = Vec::new();
        for portal in self.store.portals().await? {
            let Some(place) = portal.end_on(&person.network).map(|end| end.place.clone()) else {
                continue;
            };
            let comes = from.is_some_and(|from| self.pseudonyms.place(&place) == from);
            if comes && self.people.is_in(&person, &place).await? {
                return Ok(Some(portal));
            }
            if spoke.is_none() && self.people.spoke_in(&person, &portal).await? {
                spoke = Some(portal);
            } else {
                chats.push((portal, place));
            }
        }
        if spoke.is_some() || chats.len() > MOST_ASKED {
            // A platform is not asked about one person in a hundred chats.
            return Ok(spoke);
        }
        for (portal, place) in chats {
            if self.people.is_in(&person, &place).await? {
                return Ok(Some(portal));
            }
        }
        Ok(None)
    }

    /// Servers that can be chosen, in the language of the reader first.
    fn servers(&self, phrases: Phrases<'_>) -> String {
        let matrix = self.catalogue.alternatives.iter().find(|one| one.id == "matrix");
        let Some(matrix) = matrix else {
            return String::new();
        };
        let language = phrases.wording.language();
        let mut all: Vec<_> = matrix.accounts.iter().collect();
        all.sort_by_key(|one| !one.languages.iter().any(|known| known == language));
        let shown = all.into_iter().take(SERVERS).filter_map(|one| {
            let host = one.url.host_str()?;
            Some(format!("{host} ({})", one.languages.join(", ")))
        });
        shown.collect::<Vec<_>>().join("; ")
    }
}
