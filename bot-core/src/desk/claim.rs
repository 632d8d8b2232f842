// SPDX-License-Identifier: AGPL-3.0-or-later
//! Moving one person: `matrix` on the legacy side, `claim` and `unclaim` on Matrix.
//!
//! Rule: one message says what and why, where to go, and the code; one more says that it worked.
//! Which accounts belong together is told to their owner alone.

use std::time::Duration;

use bridge_model::{
    Author, AuthorKind, Content, Event, MemberChange, MessageId, Person, Place, Timestamp,
};

use super::{Caller, Desk, DeskError, Outcome, code};
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::media::qr;
use crate::portal::Portal;
use crate::store::claims::{ClaimChange, ClaimOffer};
use crate::store::{Change, Claim};
use crate::wording::{Lines, label};

/// How long a code can be used.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// What `/start` begins with for those who ask for the way to Matrix.
pub(super) const MATRIX_WORD: &str = "matrix";

/// Chats that are asked at most whether somebody is in them.
const MOST_ASKED: usize = 10;

/// Servers that are named at most.
const SERVERS: usize = 3;

impl Desk {
    /// `matrix`: what Matrix is, how to get there, and how to be the same person there.
    /// `from` is the chat that they come from, by its pseudonym.
    pub(super) async fn way_to_matrix(
        &self,
        caller: &Caller<'_>,
        from: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        let Some(portal) = self.portal_of_person(caller, from).await? else {
            if !caller.command.private {
                return Ok(self.not_linked());
            }
            let typed = Arg::text(self.typed(caller, "matrix"));
            return Ok(Outcome::say(self.wording.say(Key::WayUnknown, &[typed])));
        };
        let (web, apps) = (self.web_link(&portal.room.chat), self.join_link(&portal.room.chat));
        let mut text = self.wording.say(Key::WayToMatrix, &[Arg::url(web.clone())]);
        let mut buttons = vec![self.opens(Key::ButtonRoom, web)];
        let servers = self.servers();
        if !servers.is_empty() {
            text = text.join_line(self.wording.say(Key::ClaimServers, &[Arg::text(servers)]));
        }
        let alone = caller.command.private || caller.command.answer_via.is_some();
        if !alone {
            let network = self.networks.get(&caller.place.network);
            let address = match network {
                Some(network) => network.private_chat_link(&self.matrix_word(caller.place)).await,
                None => None,
            };
            if let Some(address) = address {
                buttons.push(self.opens(Key::ButtonAlone, address.clone()));
                text = text.join_line(self.wording.say(Key::ClaimAlone, &[Arg::url(address)]));
            }
            return Ok(Outcome::say(text).with(buttons));
        }
        let person = person(caller);
        if self.store.claim(&person).await?.is_some() {
            let known = self.wording.say(Key::ClaimKnown, &[]);
            return Ok(Outcome::say(text.join_line(known)).with(buttons));
        }
        text = text.join_line(self.wording.say(Key::WayApps, &[Arg::url(apps.clone())]));
        if let Some(token) = self.token_for(&person).await {
            let args = [Arg::text(&self.about.server), Arg::text(token)];
            text = text.join_line(self.wording.say(Key::WayAccount, &args));
        }
        let fresh = code::fresh(&*self.dice);
        let life = i64::try_from(LIFE.as_millis()).unwrap_or(i64::MAX);
        let offer = ClaimOffer {
            person,
            name: caller.command.by.name.clone(),
            from: caller.command.private.then(|| caller.place.clone()),
            portal: portal.id,
            expires: Timestamp(self.clock.now().0.saturating_add(life)),
            used: false,
        };
        let args = [Arg::text(self.matrix.bot()), Arg::text(&fresh)];
        let text = text.join_line(self.wording.say(Key::ClaimCode, &args));
        let change = ClaimChange::Offered(code::hash(&fresh), offer);
        let changes = vec![Change::Claim(Box::new(change))];
        let pictures = vec![qr::of(&apps)];
        Ok(Outcome { answer: text, pictures, changes, ..Outcome::default() }.with(buttons))
    }

    /// What somebody says to the bot alone who comes from a chat (`/start ...`): at most 64 letters,
    /// digits, `-` and `_`, <https://core.telegram.org/bots/features#deep-linking>.
    pub(super) fn matrix_word(&self, place: &Place) -> String {
        format!("{MATRIX_WORD}-{}", self.pseudonyms.place(place))
    }

    /// The portal of the chat, or in a chat with the bot alone the one that they come from and are
    /// in, or one in which they spoke.
    async fn portal_of_person(
        &self,
        caller: &Caller<'_>,
        from: Option<&str>,
    ) -> Result<Option<Portal>, DeskError> {
        if let Some(portal) = self.store.portal_of(caller.place).await? {
            return Ok(Some(portal));
        }
        if !caller.command.private {
            return Ok(None);
        }
        let person = person(caller);
        let mut spoke = None;
        let mut chats: Vec<(Portal, Place)> = Vec::new();
        for portal in self.store.portals().await? {
            let Some(place) = portal.end_on(&person.network).map(|end| end.place.clone()) else {
                continue;
            };
            let comes = from.is_some_and(|from| self.pseudonyms.place(&place) == from);
            if comes && self.is_in(&person, &place).await? {
                return Ok(Some(portal));
            }
            if spoke.is_none() && self.spoke_in(&person, &portal).await? {
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
            if self.is_in(&person, &place).await? {
                return Ok(Some(portal));
            }
        }
        Ok(None)
    }

    /// Whether somebody spoke in a portal.
    pub(super) async fn spoke_in(
        &self,
        person: &Person,
        portal: &Portal,
    ) -> Result<bool, DeskError> {
        let known = self.store.people(portal.id).await?;
        Ok(known.iter().any(|one| one.person == *person))
    }

    async fn is_in(&self, person: &Person, place: &Place) -> Result<bool, DeskError> {
        match self.networks.get(&place.network) {
            Some(network) => Ok(network.rights(&place.chat, &person.user).await?.member),
            None => Ok(false),
        }
    }

    /// Servers that can be chosen, in the language of the reader first.
    fn servers(&self) -> String {
        let matrix = self.catalogue.alternatives.iter().find(|one| one.id == "matrix");
        let today = self.clock.now().0.div_euclid(bridge_policy::calendar::DAY_MS);
        let Some(matrix) = matrix.filter(|one| !one.is_stale(today)) else {
            return String::new();
        };
        let language = self.wording.language();
        let mut all: Vec<_> = matrix.accounts.iter().collect();
        all.sort_by_key(|one| !one.languages.iter().any(|known| known == language));
        let shown = all.into_iter().take(SERVERS).filter_map(|one| {
            let host = one.url.host_str()?;
            Some(format!("{host} ({})", one.languages.join(", ")))
        });
        shown.collect::<Vec<_>>().join("; ")
    }

    /// `claim CODE`, `claim voice on` and `claim voice off`.
    pub(super) async fn claim(
        &self,
        caller: &Caller<'_>,
        words: &[&str],
    ) -> Result<Outcome, DeskError> {
        if !caller.command.private {
            return Ok(self.only_in_private(words));
        }
        let mxid = caller.command.by.user.as_str();
        let usage = || {
            let typed = [Arg::text(self.typed(caller, "claim"))];
            Ok(Outcome::say(self.wording.say(Key::ClaimUsage, &typed)))
        };
        match words {
            ["voice", choice @ ("on" | "off")] => {
                return self.claim_voice(mxid, *choice == "on").await;
            }
            ["admin"] => return self.ask_for_power(mxid).await,
            [typed] if code::looks_like(typed) => {}
            _ => return usage(),
        }
        let hash = code::hash(words.first().copied().unwrap_or_default());
        let refuse = |key| Ok(Outcome::say(self.wording.say(key, &[])));
        let Some(offer) = self.store.claim_offer(&hash).await? else {
            return refuse(Key::ClaimWrong);
        };
        if offer.used || self.store.claim(&offer.person).await?.is_some() {
            return refuse(Key::ClaimUsed);
        }
        if offer.expires < self.clock.now() {
            return refuse(Key::ClaimStale);
        }
        let network = label(&offer.person.network);
        let undo = Arg::text(self.typed(caller, "unclaim"));
        let claims = self.store.claims_by(mxid).await?;
        if claims.iter().any(|claim| claim.person.network == offer.person.network) {
            let args = [Arg::text(network), undo];
            return Ok(Outcome::say(self.wording.say(Key::ClaimTwice, &args)));
        }
        let voice = Arg::text(self.typed(caller, "claim voice on"));
        let args = [Arg::text(network), Arg::text(&offer.name), voice, undo];
        let mut answer = self.wording.say(Key::Claimed, &args);
        let mut buttons =
            vec![self.button(Key::ButtonUndo, format!("unclaim {}", offer.person.network))];
        if self.is_admin_there(&offer.person, offer.portal).await? {
            let ask = self.typed(caller, "claim admin");
            let args = [Arg::text(ask), Arg::text(label(&offer.person.network))];
            answer = answer.join_line(self.wording.say(Key::AppointOffer, &args));
            buttons.push(self.button(Key::ButtonAsk, "claim admin"));
        }
        let mut then = self.ghost_leaves(&offer).await?;
        if let Some(place) = &offer.from {
            then.push(self.words(place, None, self.wording.say(Key::ClaimedThere, &[])));
        }
        let change = ClaimChange::Claimed(hash, mxid.to_owned());
        let changes = vec![Change::Claim(Box::new(change))];
        Ok(Outcome { answer, changes, then, ..Outcome::default() }.with(buttons))
    }

    /// The ghost leaves all rooms in which people of that network are.
    async fn ghost_leaves(&self, offer: &ClaimOffer) -> Result<Vec<(Place, Work)>, DeskError> {
        let mut then = Vec::new();
        for portal in self.store.portals().await? {
            let Some(end) = portal.end_on(&offer.person.network) else { continue };
            let who = Author {
                user: offer.person.user.clone(),
                kind: AuthorKind::Person,
                name: offer.name.clone(),
                username: None,
                avatar: None,
            };
            let event = Event {
                place: end.place.clone(),
                message: MessageId::from(""),
                late: false,
                content: Content::MemberChanged { who, change: MemberChange::Left },
            };
            then.push((portal.room.clone(), Work::of(event)));
        }
        Ok(then)
    }

    async fn claim_voice(&self, mxid: &str, on: bool) -> Result<Outcome, DeskError> {
        if self.store.claims_by(mxid).await?.is_empty() {
            return Ok(Outcome::say(self.wording.say(Key::UnclaimNothing, &[])));
        }
        let key = if on { Key::ClaimVoiceOn } else { Key::ClaimVoiceOff };
        let change = ClaimChange::SendAs(mxid.to_owned(), on);
        let changes = vec![Change::Claim(Box::new(change))];
        Ok(Outcome { answer: self.wording.say(key, &[]), changes, ..Outcome::default() })
    }

    /// Others would read which accounts belong together; a code that they have seen is worth nothing.
    fn only_in_private(&self, words: &[&str]) -> Outcome {
        let codes = words.iter().filter(|word| code::looks_like(word));
        let burn = |word: &&str| Change::Claim(Box::new(ClaimChange::Burnt(code::hash(word))));
        let changes = codes.map(burn).collect();
        let bot = [Arg::text(self.matrix.bot())];
        let answer = self.wording.say(Key::ClaimInPrivate, &bot);
        Outcome { answer, changes, ..Outcome::default() }
    }

    /// `unclaim`, also of one network.
    pub(super) async fn unclaim(
        &self,
        caller: &Caller<'_>,
        network: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        if !caller.command.private {
            return Ok(self.only_in_private(&[]));
        }
        let claims = self.store.claims_by(caller.command.by.user.as_str()).await?;
        let wanted = |claim: &Claim| {
            network.is_none_or(|name| claim.person.network.as_str().eq_ignore_ascii_case(name))
        };
        let people: Vec<Person> =
            claims.into_iter().filter(wanted).map(|claim| claim.person).collect();
        if people.is_empty() {
            return Ok(Outcome::say(self.wording.say(Key::UnclaimNothing, &[])));
        }
        let changes = vec![Change::Claim(Box::new(ClaimChange::Ended(people)))];
        let answer = self.wording.say(Key::Unclaimed, &[]);
        Ok(Outcome { answer, changes, ..Outcome::default() })
    }
}

fn person(caller: &Caller<'_>) -> Person {
    Person { network: caller.place.network.clone(), user: caller.command.by.user.clone() }
}
