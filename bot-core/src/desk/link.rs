// SPDX-License-Identifier: AGPL-3.0-or-later
//! `link` and `unlink`: both sides consent, by a code that one shows and the other types, and the
//! first one confirms.

use bridge_model::{NetworkId, Person, Place, RichText, Timestamp};

use super::{Caller, Desk, DeskError, Outcome, code};
use bridge_policy::stage::Stage;

use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::network::AskError;
use crate::network::MATRIX;
use crate::portal::{EndState, Offer, Owner, Portal, Redeemed, Settings};
use crate::store::{Change, CodeHash};
use crate::wording::{Lines, label};

/// Joins a room although another bridge is in it.
const TAKE_OVER: &str = "take-over";

/// The two chats that a code joins.
pub(super) struct Pair {
    pub(super) room: Place,
    pub(super) remote: Place,
}

impl Desk {
    /// `link`, `link NETWORK`, `link CODE`, and `link yes CODE` or `link no CODE`.
    pub(super) async fn link(
        &self,
        caller: &Caller<'_>,
        arguments: &[&str],
    ) -> Result<Outcome, DeskError> {
        let argument = arguments.first().copied();
        if !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        let on_matrix = caller.place.network.as_str() == MATRIX;
        if on_matrix && !self.allowed.includes(&caller.command.by.user) {
            let (key, operators) = self.not_welcome();
            return Ok(Outcome::say(self.wording.say(key, &[operators])));
        }
        match argument {
            Some(name) if on_matrix && self.remote_network(name).is_some() => {
                let wanted = self.remote_network(name).unwrap_or_else(|| MATRIX.into());
                self.offer(caller, wanted, None).await
            }
            None if !on_matrix => self.offer(caller, MATRIX.into(), None).await,
            Some(name) if !on_matrix && name.eq_ignore_ascii_case(MATRIX) => {
                self.offer(caller, MATRIX.into(), None).await
            }
            Some("yes") => {
                self.consent(caller, arguments.get(1).copied().unwrap_or_default()).await
            }
            Some("no") => self.decline(caller, arguments.get(1).copied().unwrap_or_default()).await,
            Some(typed) if code::looks_like(typed) => {
                let dashes = ['-', '\u{2013}', '\u{2014}'];
                let insists =
                    arguments.iter().any(|word| word.trim_start_matches(dashes) == TAKE_OVER);
                self.redeem(caller, (typed, insists)).await
            }
            Some(_) | None => {
                let usage = Arg::text(self.typed(caller, "link"));
                let names = Arg::text(self.remote_names());
                Ok(Outcome::say(self.wording.say(Key::LinkUsage, &[usage, names])))
            }
        }
    }

    /// Gives out a code that is to be typed on the network `wanted`. With `room`, it links that
    /// room instead of the chat in which it was asked for.
    pub(super) async fn offer(
        &self,
        caller: &Caller<'_>,
        wanted: NetworkId,
        room: Option<Place>,
    ) -> Result<Outcome, DeskError> {
        let created = room.is_some();
        let from = room.unwrap_or_else(|| caller.place.clone());
        if from.network.as_str() != MATRIX
            && let Some(portal) = self.store.portal_of(&from).await?
            && is_active(&portal, &from)
        {
            return Ok(Outcome::say(self.wording.say(Key::AlreadyLinked, &[])));
        }
        let code = code::fresh(&*self.dice);
        let life = i64::try_from(code::LIFE.as_millis()).unwrap_or(i64::MAX);
        let offer = Offer {
            from,
            wanted: wanted.clone(),
            by: Person {
                network: caller.place.network.clone(),
                user: caller.command.by.user.clone(),
            },
            expires: Timestamp(self.clock.now().0.saturating_add(life)),
            used: false,
            title: caller.command.chat_title.clone(),
            created,
            redeemed: None,
        };
        let typed = self.typed_on(&wanted, &format!("link {code}"));
        let args = [Arg::text(label(&wanted)), Arg::text(typed)];
        let answer = self.wording.say(Key::LinkCode.on(&wanted), &args);
        let changes = vec![Change::Offer(code::hash(&code), offer)];
        Ok(Outcome { answer, changes, ..Outcome::default() })
    }

    async fn redeem(
        &self,
        caller: &Caller<'_>,
        (typed, insists): (&str, bool),
    ) -> Result<Outcome, DeskError> {
        let hash = code::hash(typed);
        let say = |key: Key, args: &[Arg]| Ok(Outcome::say(self.wording.say(key, args)));
        let Some(offer) = self.store.find_offer(&hash).await? else {
            return say(Key::CodeWrong, &[]);
        };
        let elsewhere = |it: &Redeemed| it.place != *caller.place;
        if offer.used || offer.redeemed.as_ref().is_some_and(elsewhere) {
            return say(Key::CodeUsed, &[]);
        }
        if offer.expires < self.clock.now() {
            return say(Key::CodeStale, &[]);
        }
        let here = caller.place;
        if here.network != offer.wanted {
            return say(Key::CodeElsewhere, &[Arg::text(label(&offer.wanted))]);
        }
        let remote_is_here = here.network.as_str() != MATRIX;
        let pair = if remote_is_here {
            Pair { room: offer.from.clone(), remote: here.clone() }
        } else {
            Pair { room: here.clone(), remote: offer.from.clone() }
        };
        if let Some(other) = self.store.portal_of(&pair.remote).await?
            && (other.room != pair.room || is_active(&other, &pair.remote))
        {
            return say(Key::AlreadyLinked, &[]);
        }
        let others = match insists {
            true => Vec::new(),
            false => self.other_bridges(&pair).await?,
        };
        if !others.is_empty() {
            let again = self.typed(caller, &format!("link {typed} --{TAKE_OVER}"));
            let args = [Arg::text(others.join(", ")), Arg::text(again)];
            return say(Key::LinkForeign, &args);
        }
        if let Some(reason) = self.not_ready(&pair).await? {
            return Ok(Outcome::say(reason));
        }
        self.ask_for_consent(caller, (typed, &offer)).await
    }

    /// Other bridges on both sides.
    async fn other_bridges(&self, pair: &Pair) -> Result<Vec<String>, DeskError> {
        let mut others = self.matrix.bridges(&pair.room.chat).await?;
        if let Some(network) = self.networks.get(&pair.remote.network) {
            match network.relays(&pair.remote.chat).await {
                Ok(relays) => others.extend(relays),
                // What is missing for that is missing for more, and said then.
                Err(AskError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(others)
    }

    /// What one of the chats lacks.
    async fn not_ready(&self, pair: &Pair) -> Result<Option<RichText>, DeskError> {
        for place in [&pair.room, &pair.remote] {
            let Some(network) = self.networks.get(&place.network) else { continue };
            if let Err(AskError::Refused(reason)) = network.prepare(&place.chat).await {
                let reason = self.wording.reason(&place.network, &reason);
                let args = [Arg::text(label(&place.network)), Arg::text(reason)];
                return Ok(Some(self.wording.say(Key::LinkNotReady, &args)));
            }
        }
        Ok(None)
    }

    /// Both sides agree: makes the portal, with its notices.
    pub(super) async fn join(
        &self,
        code: &CodeHash,
        pair: Pair,
        (here, title): (&Place, Option<String>),
        settings: Settings,
    ) -> Result<Outcome, DeskError> {
        if let Some(reason) = self.not_ready(&pair).await? {
            return Ok(Outcome::say(reason));
        }
        let Pair { room, remote } = pair;
        let there = if *here == room { &remote } else { &room };
        let title = match title {
            Some(title) => Some(title),
            None => self.title_of(&remote).await,
        };
        let bridge_info = self.announce_bridge(&room, &remote, title.as_deref()).await;
        let known = self.store.portal_of(&room).await?;
        let stage = known.map_or(self.first, |portal| portal.stage);
        let mut answer = self.linked(&remote, here, stage);
        if let Err(missing) = bridge_info {
            answer = answer.join_line(missing);
        }
        let undo = match *here == remote {
            true => "unlink".to_owned(),
            false => format!("unlink {}", remote.network),
        };
        let buttons = [self.button(Key::ButtonUndo, undo), self.button(Key::ButtonStage, "stage")];
        let mut then = vec![self.words(there, None, self.linked(&remote, there, stage))];
        then.extend(self.notices(&room, &remote, stage).await?);
        if stage.relays() {
            then.extend(self.first_looks(&room, &remote, &settings).await?);
        }
        let changes = vec![Change::Link { code: *code, room, remote, title, settings, stage }];
        Ok(Outcome { answer, changes, then, ..Outcome::default() }.with(buttons))
    }

    /// The looks of the side that decides: of the first chat for the room, or of the room for
    /// each chat that comes.
    async fn first_looks(
        &self,
        room: &Place,
        remote: &Place,
        settings: &Settings,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        let known = self.store.portal_of(room).await?;
        let is_first = known.is_none();
        let settings = known.map_or_else(|| settings.clone(), |portal| portal.settings);
        let mut looks = match settings.metadata {
            Owner::Legacy if is_first => self.looks_for(remote, std::slice::from_ref(room)).await,
            Owner::Matrix => self.looks_for(room, std::slice::from_ref(remote)).await,
            Owner::Legacy | Owner::Nobody => Vec::new(),
        };
        looks.extend(self.packs_for(remote, room).await);
        Ok(looks)
    }

    pub(super) async fn title_of(&self, place: &Place) -> Option<String> {
        let network = self.networks.get(&place.network)?;
        network.title(&place.chat).await.ok().flatten()
    }

    fn linked(&self, remote: &Place, reader: &Place, stage: Stage) -> RichText {
        let other = if remote == reader { MATRIX.into() } else { remote.network.clone() };
        let undo = if remote == reader {
            self.typed_on(&reader.network, "unlink")
        } else {
            self.typed_on(&reader.network, &format!("unlink {}", remote.network))
        };
        let (other, undo) = (Arg::text(label(&other)), Arg::text(undo));
        if stage.relays() {
            return self.wording.say(Key::Linked, &[other, undo]);
        }
        let on = Arg::text(self.typed_on(&reader.network, "stage"));
        self.wording.say(Key::LinkedInventory, &[other, on, undo])
    }

    /// `unlink`, in a room with the network's name when there are several.
    pub(super) async fn unlink(
        &self,
        caller: &Caller<'_>,
        argument: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        if !self.rights(caller).await?.manage {
            return Ok(Outcome::say(self.not_allowed(caller.place)));
        }
        let here = caller.place;
        let Some(portal) = self.store.portal_of(here).await? else {
            return Ok(self.not_linked());
        };
        if portal.stage == Stage::ReadOnly {
            // Else nobody could write there, and nobody would open it again.
            let back = self.typed(caller, "stage back --decision https://…");
            return Ok(Outcome::say(self.wording.say(Key::UnlinkClosed, &[Arg::text(back)])));
        }
        let wanted = argument.map(str::to_ascii_lowercase);
        let mut ends = portal.ends.iter().map(|end| &end.place).filter(|place| {
            *place == here
                || (portal.room == *here
                    && wanted.as_ref().is_none_or(|name| place.network.as_str() == name))
        });
        let (Some(remote), None) = (ends.next(), ends.next()) else {
            let usage = Arg::text(self.typed(caller, "unlink"));
            let linked = portal.ends.iter().map(|end| end.place.network.as_str());
            let names = Arg::text(linked.collect::<Vec<_>>().join(" | "));
            return Ok(Outcome::say(self.wording.say(Key::UnlinkUsage, &[usage, names])));
        };
        self.withdraw_bridge(&portal.room, remote).await;
        let there = if portal.room == *here { remote } else { &portal.room };
        let said = |place: &Place| {
            let again = self.typed_on(&place.network, "link");
            self.wording.say(Key::Unlinked, &[Arg::text(label(&remote.network)), Arg::text(again)])
        };
        let then = vec![self.words(there, None, said(there))];
        let mut changes = vec![Change::Unlink(remote.clone())];
        if portal.ends.len() == 1 {
            changes.push(self.leave_later(&portal.room));
        }
        Ok(Outcome { answer: said(here), changes, then, ..Outcome::default() })
    }
}

/// Whether messages cross to and from `remote`.
pub(super) fn is_active(portal: &Portal, remote: &Place) -> bool {
    portal.ends.iter().any(|end| end.place == *remote && end.state == EndState::Active)
}
