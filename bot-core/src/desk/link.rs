// SPDX-License-Identifier: AGPL-3.0-or-later
//! `link` and `unlink`: both sides consent, by a code that one shows and the other types, and the
//! first one confirms.

use std::sync::Arc;

use bridge_model::{NetworkId, Place, RichText, Timestamp};
use bridge_policy::stage::Stage;

use super::allow::{Admission, leave_later};
use super::appearance::Appearance;
use super::bridge_info::BridgeInfo;
use super::call::Call;
use super::code;
use super::disclosure::Disclosure;
use super::outcome::{DeskError, Outcome};
use super::pair::Pair;
use super::people;
use super::phrases::Phrases;
use super::unconfirmed;
use crate::clock::Dice;
use crate::homeserver::Rooms;
use crate::i18n::{Arg, Key};
use crate::lane::Work;
use crate::migration::{Audit, AuditAction, MigrationChange, Who};
use crate::network::{AskError, MATRIX};
use crate::portal::{End, EndState, Offer, Owner, Portal, Readers, Redeemed, Settings};
use crate::relay::Networks;
use crate::store::{Change, CodeHash, Store};
use crate::wording::{Lines, label};

/// Joins a room although another bridge is in it.
const TAKE_OVER: &str = "take-over";

/// `link`, `unlink` and `create`.
pub(super) struct Linking {
    pub(super) networks: Networks,
    pub(super) matrix: Arc<dyn Rooms>,
    pub(super) store: Arc<Store>,
    pub(super) dice: Arc<dyn Dice>,
    /// How a new link behaves.
    pub(super) defaults: Settings,
    /// Where a new link begins.
    pub(super) first: Stage,
    pub(super) admission: Admission,
    pub(super) appearance: Appearance,
    pub(super) bridge_info: BridgeInfo,
    pub(super) disclosure: Disclosure,
}

/// A link that both sides have agreed to.
pub(super) struct Agreed<'a> {
    pub(super) pair: Pair<'a>,
    pub(super) code: CodeHash,
    /// Who typed the code, for the side that did not make it.
    pub(super) by: Option<Who>,
    /// What the legacy chat is called, where that is known.
    pub(super) title: Option<String>,
    pub(super) settings: Settings,
}

impl Linking {
    /// `link`, `link NETWORK`, `link CODE`, and `link yes CODE` or `link no CODE`.
    pub(super) async fn link(
        &self,
        call: &Call<'_>,
        arguments: &[&str],
    ) -> Result<Outcome, DeskError> {
        let argument = arguments.first().copied();
        if call.command.private && !call.is_on_matrix() {
            return Ok(call.phrases.answer(Key::LinkPrivate, &[Arg::text(call.typed("link"))]));
        }
        if !call.rights(&self.networks).await?.manage {
            return Ok(call.not_allowed());
        }
        let on_matrix = call.is_on_matrix();
        let refusal = || self.admission.refusal(call.phrases, &call.command.by.user);
        if let Some(refused) = on_matrix.then(refusal).flatten() {
            return Ok(refused);
        }
        match argument {
            Some(name) if on_matrix && self.remote_network(name).is_some() => {
                let wanted = self.remote_network(name).unwrap_or_else(|| MATRIX.into());
                self.offer(call, wanted, None).await
            }
            None if !on_matrix => self.offer(call, MATRIX.into(), None).await,
            Some(name) if !on_matrix && name.eq_ignore_ascii_case(MATRIX) => {
                self.offer(call, MATRIX.into(), None).await
            }
            Some("yes") => self.consent(call, arguments.get(1).copied().unwrap_or_default()).await,
            Some("no") => self.decline(call, arguments.get(1).copied().unwrap_or_default()).await,
            Some(typed) if code::looks_like(typed) => {
                let dashes = ['-', '\u{2013}', '\u{2014}'];
                let insists =
                    arguments.iter().any(|word| word.trim_start_matches(dashes) == TAKE_OVER);
                self.redeem(call, (typed, insists)).await
            }
            Some(typed) if on_matrix => {
                let names = self.remote_names();
                Ok(call.unknown_word(typed, "link", &names.split(" | ").collect::<Vec<_>>()))
            }
            Some(_) | None => {
                let usage = Arg::text(call.typed("link"));
                let names = Arg::text(self.remote_names());
                Ok(call.phrases.answer(Key::LinkUsage, &[usage, names]))
            }
        }
    }

    /// Gives out a code that is to be typed on the network `wanted`. With `room`, it links that
    /// room instead of the chat in which it was asked for.
    pub(super) async fn offer(
        &self,
        call: &Call<'_>,
        wanted: NetworkId,
        room: Option<Place>,
    ) -> Result<Outcome, DeskError> {
        let phrases = call.phrases;
        let created = room.is_some();
        let from = room.unwrap_or_else(|| call.place.clone());
        if !call.is_on_matrix() && call.portal.is_some_and(|portal| is_active(portal, &from)) {
            return Ok(phrases.answer(Key::AlreadyLinked, &[]));
        }
        let code = code::fresh(&*self.dice);
        let life = i64::try_from(code::LIFE.as_millis()).unwrap_or(i64::MAX);
        let offer = Offer {
            from,
            wanted: wanted.clone(),
            by: call.person(),
            expires: Timestamp(phrases.now.0.saturating_add(life)),
            used: false,
            title: call.command.chat_title.clone(),
            created,
            redeemed: None,
        };
        let typed = phrases.typed_on(&wanted, &format!("link {code}"));
        let args = [Arg::text(label(&wanted)), Arg::text(typed)];
        let answer = phrases.say(Key::LinkCode.on(&wanted), &args);
        Ok(Outcome::change(answer, vec![Change::Offer(code::hash(&code), offer)]))
    }

    async fn redeem(
        &self,
        call: &Call<'_>,
        (typed, insists): (&str, bool),
    ) -> Result<Outcome, DeskError> {
        let hash = code::hash(typed);
        let phrases = call.phrases;
        let say = |key: Key, args: &[Arg]| Ok(phrases.answer(key, args));
        let Some(offer) = self.store.find_offer(&hash).await? else {
            // A word of eight letters looks like a code.
            if call.is_on_matrix() && typed.chars().all(|c| c.is_ascii_lowercase()) {
                let names = self.remote_names();
                let names: Vec<&str> = names.split(" | ").collect();
                return Ok(call.unknown_word(typed, "link", &names));
            }
            return say(Key::CodeWrong, &[]);
        };
        let elsewhere = |it: &Redeemed| it.place != *call.place;
        if offer.used || offer.redeemed.as_ref().is_some_and(elsewhere) {
            return say(Key::CodeUsed, &[]);
        }
        if offer.expires < phrases.now {
            return say(Key::CodeStale, &[]);
        }
        let here = call.place;
        if here.network != offer.wanted {
            return say(Key::CodeElsewhere, &[Arg::text(label(&offer.wanted))]);
        }
        let remote_is_here = !call.is_on_matrix();
        let pair = if remote_is_here {
            Pair::new(&offer.from, here)
        } else {
            Pair::new(here, &offer.from)
        };
        if let Some(other) = self.store.portal_of(pair.remote).await?
            && (other.room != *pair.room || is_active(&other, pair.remote))
        {
            return say(Key::AlreadyLinked, &[]);
        }
        let others = match insists {
            true => Vec::new(),
            false => self.other_bridges(pair).await?,
        };
        if !others.is_empty() {
            let again = call.typed(&format!("link {typed} --{TAKE_OVER}"));
            let args = [Arg::text(others.join(", ")), Arg::text(again)];
            return say(Key::LinkForeign, &args);
        }
        if let Some(refused) = self.not_ready(phrases, pair).await? {
            return Ok(refused);
        }
        self.ask_for_consent(call, (typed, &offer)).await
    }

    /// Other bridges on both sides.
    async fn other_bridges(&self, pair: Pair<'_>) -> Result<Vec<String>, DeskError> {
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

    /// The answer that says what one of the chats lacks.
    async fn not_ready(
        &self,
        phrases: Phrases<'_>,
        pair: Pair<'_>,
    ) -> Result<Option<Outcome>, DeskError> {
        for place in [pair.room, pair.remote] {
            let Some(network) = self.networks.get(&place.network) else { continue };
            if let Err(AskError::Refused(reason)) = network.prepare(&place.chat).await {
                let reason = phrases.reason(&place.network, &reason);
                let args = [Arg::text(label(&place.network)), reason];
                return Ok(Some(phrases.answer(Key::LinkNotReady, &args)));
            }
        }
        Ok(None)
    }

    /// Both sides agree: makes the portal, with its notices, if both chats are ready.
    pub(super) async fn join(
        &self,
        call: &Call<'_>,
        agreed: Agreed<'_>,
    ) -> Result<Outcome, DeskError> {
        let (phrases, shared) = (call.phrases, call.shared);
        let Agreed { pair, code, by, title, settings } = agreed;
        let Pair { room, remote, .. } = pair;
        let (here, there) = (call.place, pair.other(call.place));
        if let Some(refused) = self.not_ready(phrases, pair).await? {
            return Ok(refused);
        }
        let title = match title {
            Some(title) => Some(title),
            None => self.title_of(remote).await,
        };
        let bridge_info = self.bridge_info.announce_bridge(phrases, pair, title.as_deref()).await;
        // The room can be the other one of the two chats.
        let known = self.store.portal_of(room).await?;
        let stage = known.as_ref().map_or(self.first, |portal| portal.stage);
        let everybody = self.matrix.is_public(&room.chat).await?;
        let agreed = known.as_ref().map_or(&settings, |portal| &portal.settings).readers;
        let begin = (stage, everybody && agreed != Readers::Everybody);
        let mut answer = linked(phrases, remote, here, begin);
        if let Err(missing) = bridge_info {
            answer = answer.join_line(missing);
        }
        let undo = match *here == *remote {
            true => "unlink".to_owned(),
            false => format!("unlink {}", remote.network),
        };
        let buttons =
            [phrases.button(Key::ButtonUndo, undo), phrases.button(Key::ButtonStage, "stage")];
        let mut then = vec![shared.message_in(there, linked(shared, remote, there, begin))];
        let consent = known.as_ref().map_or(&settings, |portal| &portal.settings).consent;
        let pair = Pair { consent, ..pair };
        let notices = self.disclosure.first(shared, pair, (stage, &code)).await?;
        then.extend(notices.then);
        if stage.relays() {
            then.extend(self.first_looks(pair, known.as_ref(), &settings).await);
        }
        let (room, remote) = (room.clone(), remote.clone());
        let agreed = [by, Some(call.who())].into_iter().flatten().map(|who| {
            let deed = AuditAction::AgreedToLink(remote.network.clone());
            let (at, who) = (phrases.now, Some(who));
            let audit = Audit { at, who, deed, decision: None, share: None };
            Change::Move(Box::new(MigrationChange::Note(room.clone(), audit)))
        });
        let agreed: Vec<Change> = agreed.collect();
        let readers = Change::Readers(room.clone(), everybody);
        let link = Change::Link { code, room, remote, title, settings, stage };
        let changes = [link].into_iter().chain(agreed).chain(notices.changes);
        let changes = changes.chain([readers]).collect();
        Ok(Outcome { then, ..Outcome::change(answer, changes) }.with(buttons))
    }

    /// The looks of the side that decides: of the first chat for the room, or of the room for
    /// each chat that comes.
    async fn first_looks(
        &self,
        Pair { room, remote, .. }: Pair<'_>,
        known: Option<&Portal>,
        settings: &Settings,
    ) -> Vec<(Place, Work)> {
        let looks = &self.appearance;
        let mut all = match known.map_or(settings, |portal| &portal.settings).metadata {
            Owner::Legacy if known.is_none() => {
                looks.looks_for(remote, std::slice::from_ref(room)).await
            }
            Owner::Matrix => looks.looks_for(room, std::slice::from_ref(remote)).await,
            Owner::Legacy | Owner::Nobody => Vec::new(),
        };
        all.extend(looks.packs_for(remote, room).await);
        all
    }

    pub(super) async fn title_of(&self, place: &Place) -> Option<String> {
        let network = self.networks.get(&place.network)?;
        network.title(&place.chat).await.ok().flatten()
    }

    /// The network that a person names, if it is configured and not Matrix.
    pub(super) fn remote_network(&self, name: &str) -> Option<NetworkId> {
        let id = NetworkId::from(name.to_ascii_lowercase().as_str());
        (id.as_str() != MATRIX && self.networks.get(&id).is_some()).then_some(id)
    }

    /// The names of the configured networks, for lines that say what can be typed.
    pub(super) fn remote_names(&self) -> String {
        let all = self.networks.all().map(|network| network.id().as_str());
        let mut names: Vec<&str> = all.filter(|name| *name != MATRIX).collect();
        names.sort_unstable();
        names.join(" | ")
    }

    /// `unlink`, in a room with the network's name when there are several.
    pub(super) async fn unlink(
        &self,
        call: &Call<'_>,
        argument: Option<&str>,
    ) -> Result<Outcome, DeskError> {
        if !call.rights(&self.networks).await?.change {
            return Ok(call.may_not_change());
        }
        let Call { place: here, phrases, shared, .. } = *call;
        let Some(portal) = call.portal else { return Ok(call.not_linked()) };
        if portal.stage == Stage::ReadOnly {
            // Else nobody could write there, and nobody would open it again.
            let back = call.typed("stage back");
            return Ok(phrases.answer(Key::UnlinkClosed, &[Arg::text(back)]));
        }
        let wanted = argument.map(str::to_ascii_lowercase);
        let mut ends = portal.ends.iter().map(|end| &end.place).filter(|place| {
            *place == here
                || (portal.room == *here
                    && wanted.as_ref().is_none_or(|name| place.network.as_str() == name))
        });
        let (Some(remote), None) = (ends.next(), ends.next()) else {
            let usage = Arg::text(call.typed("unlink"));
            let linked: Vec<&str> =
                portal.ends.iter().map(|end| end.place.network.as_str()).collect();
            if let Some(word) = argument.filter(|_| portal.room == *here) {
                return Ok(call.unknown_word(word, "unlink", &linked));
            }
            let names = Arg::text(linked.join(" | "));
            return Ok(phrases.answer(Key::UnlinkUsage, &[usage, names]));
        };
        let pair = Pair::of(portal, remote);
        if !call.confirmed {
            let args = [Arg::text(label(&remote.network))];
            return Ok(unconfirmed::ask(call, phrases.say(Key::UnlinkAsk, &args)));
        }
        self.bridge_info.withdraw_bridge(pair).await;
        let there = pair.other(here);
        let said = |phrases: Phrases<'_>, place: &Place| {
            let again = phrases.typed_on(&place.network, "link");
            phrases.say(Key::Unlinked, &[Arg::text(label(&remote.network)), Arg::text(again)])
        };
        let migration = self.store.migration(portal.id).await?;
        let notices = self.disclosure.ended_on_both_sides(shared, (&migration, pair)).await?;
        let told = call.told(&portal.room, said(shared, &portal.room));
        let told = told.or_else(|| Some(shared.message_in(there, said(shared, there))));
        let mut then = Vec::from_iter(told);
        then.extend(notices.then);
        then.extend(self.ghosts_of(portal, remote).await?);
        let deed = AuditAction::Unlinked(remote.network.clone());
        // With its last connection the portal goes, and its history.
        let mut changes = vec![call.noted(portal, deed), Change::Unlink(remote.clone())];
        if portal.ends.len() == 1 {
            changes.push(leave_later(&portal.room, phrases.now));
        }
        Ok(Outcome { then, ..Outcome::change(said(phrases, here), changes) })
    }

    /// The accounts for people of a chat leave the room with it, unless another chat of their network
    /// stays: who is shown as a member would be thought to read along.
    async fn ghosts_of(
        &self,
        portal: &Portal,
        remote: &Place,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        let stays = |end: &End| end.place != *remote && end.place.network == remote.network;
        if portal.ends.iter().any(stays) {
            return Ok(Vec::new());
        }
        let leaving = people::withdrawals(&self.store, portal, Some(&remote.network)).await?;
        Ok(leaving.into_iter().map(|(room, relayed)| (room, relayed.into())).collect())
    }
}

/// Whether messages cross to and from `remote`.
pub(super) fn is_active(portal: &Portal, remote: &Place) -> bool {
    portal.ends.iter().any(|end| end.place == *remote && end.state == EndState::Active)
}

/// What the people of a chat read when it is linked.
/// `silent`: everybody can read the room, and nobody has agreed to that.
fn linked(
    phrases: Phrases<'_>,
    remote: &Place,
    reader: &Place,
    (stage, silent): (Stage, bool),
) -> RichText {
    let other = if remote == reader { MATRIX.into() } else { remote.network.clone() };
    let undo = if remote == reader {
        phrases.typed_on(&reader.network, "unlink")
    } else {
        phrases.typed_on(&reader.network, &format!("unlink {}", remote.network))
    };
    let (other, undo) = (Arg::text(label(&other)), Arg::text(undo));
    if stage.relays() {
        let key = if silent { Key::LinkedPublic } else { Key::Linked };
        return phrases.say(key, &[other, undo]);
    }
    let on = Arg::text(phrases.typed_on(&reader.network, "stage"));
    phrases.say(Key::LinkedInventory, &[other, on, undo, phrases.stage(stage)])
}
