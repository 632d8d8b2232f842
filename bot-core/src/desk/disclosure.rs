// SPDX-License-Identifier: AGPL-3.0-or-later
//! The notices that tell the people of a chat what happens there, on both sides of a connection.
//!
//! Rule: what stands is true. A notice of another stage is a new message that is pinned in the place
//! of the one before; where nothing crosses any more the one that stands is changed.

use std::sync::Arc;

use bridge_model::{Button, Content, Event, Message, MessageId, Place};
use bridge_policy::stage::Stage;

use super::deep_link;
use super::disclosure_text::{ended_text, relays, room_key, room_text, stage_text};
use super::outcome::DeskError;
use super::pair::Pair;
use super::phrases::Phrases;
use crate::i18n::Key;
use crate::lane::{Relayed, Speaker, Work, core_place};
use crate::migration::{DISCLOSURE, Migration, MigrationChange, StandingNotice};
use crate::network::MATRIX;
use crate::portal::{ConsentMode, EndState, Portal};
use crate::pseudonym::Pseudonyms;
use crate::relay::Networks;
use crate::store::migration::old_text_name;
use crate::store::{Change, CodeHash, Store};

/// Posts notices, changes them, and knows where they stand.
#[derive(Clone)]
pub(super) struct Disclosure {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) pseudonyms: Pseudonyms,
}

/// What is to be carried to the chats, and what is known of it afterwards.
#[derive(Default)]
pub(super) struct Posted {
    pub(super) then: Vec<(Place, Work)>,
    pub(super) changes: Vec<Change>,
}

impl Posted {
    fn and(&mut self, other: Self) {
        self.then.extend(other.then);
        self.changes.extend(other.changes);
    }
}

impl Disclosure {
    /// The notices of a new connection.
    pub(super) async fn first(
        &self,
        phrases: Phrases<'_>,
        pair: Pair<'_>,
        (stage, code): (Stage, &CodeHash),
    ) -> Result<Posted, DeskError> {
        let short: String = code.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{DISCLOSURE}/{short}");
        let mut posted = self.legacy(phrases, pair, (stage, &name), None).await?;
        posted.and(self.in_room(phrases, pair, (stage, &name), None).await?);
        Ok(posted)
    }

    /// The notice of a legacy chat, pinned in the place of `old` except at the first stage.
    pub(super) async fn legacy(
        &self,
        phrases: Phrases<'_>,
        pair: Pair<'_>,
        (stage, name): (Stage, &str),
        old: Option<&str>,
    ) -> Result<Posted, DeskError> {
        let place = pair.remote;
        let notice = self.notice(phrases, pair, stage).await;
        let mut then = vec![self.once(place, name, notice).await?];
        if let Some(old) = old.filter(|old| *old != name) {
            then.push(happens(place, old, Content::Unpinned));
        }
        if stage != Stage::Inventory {
            then.push(happens(place, name, Content::Pinned));
        }
        Ok(Posted { then, changes: vec![stands(pair, place, (stage, name))] })
    }

    /// The notice about a connection in the room, pinned in the place of `old`.
    pub(super) async fn in_room(
        &self,
        phrases: Phrases<'_>,
        pair: Pair<'_>,
        (stage, name): (Stage, &str),
        old: Option<&str>,
    ) -> Result<Posted, DeskError> {
        let room = pair.room;
        let mut notice = phrases.message(room_text(phrases, pair, stage));
        notice.buttons.extend(agrees(phrases, pair, stage));
        let mut then = vec![self.once(room, name, notice).await?];
        then.push(happens(room, name, Content::Pinned));
        if let Some(old) = old.filter(|old| *old != name) {
            then.push(happens(room, old, Content::Unpinned));
        }
        Ok(Posted { then, changes: vec![stands(pair, room, (stage, name))] })
    }

    /// Nothing crosses any more: the notice that stands in `place` about a connection says so, and is
    /// unpinned.
    pub(super) async fn ended(
        &self,
        phrases: Phrases<'_>,
        (migration, pair): (&Migration, Pair<'_>),
        place: &Place,
    ) -> Result<Posted, DeskError> {
        let Some(name) = self.standing(migration, pair, place).await? else {
            return Ok(Posted::default());
        };
        let text = phrases.message(ended_text(phrases, pair, place));
        let edited = happens(place, &name, Content::Edited(text));
        let then = vec![happens(place, &name, Content::Unpinned), edited];
        let (end, place, consent) = (pair.remote.clone(), place.clone(), pair.consent);
        let notice = StandingNotice {
            end,
            place,
            name,
            stage: None,
            consent,
            at_risk: pair.at_risk,
            page: false,
        };
        let known = MigrationChange::Notice(pair.room.clone(), notice);
        Ok(Posted { then, changes: vec![Change::Move(Box::new(known))] })
    }

    /// The same on both sides.
    pub(super) async fn ended_on_both_sides(
        &self,
        phrases: Phrases<'_>,
        (migration, pair): (&Migration, Pair<'_>),
    ) -> Result<Posted, DeskError> {
        let mut posted = self.ended(phrases, (migration, pair), pair.remote).await?;
        posted.and(self.ended(phrases, (migration, pair), pair.room).await?);
        Ok(posted)
    }

    /// Makes each notice that was posted say what is so, where it does not.
    pub(super) async fn renewed(
        &self,
        phrases: Phrases<'_>,
        (portal, migration): (&Portal, &Migration),
    ) -> Result<Posted, DeskError> {
        let mut posted = Posted::default();
        let stage = portal.stage;
        let fresh = format!("{DISCLOSURE}/{}/{}", portal.id.0, phrases.now.0);
        for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
            let pair = Pair::of(portal, &end.place);
            for place in [pair.remote, pair.room] {
                if self.is_true(migration, (pair, place), stage).await? {
                    continue;
                }
                // Where nothing was ever posted, nobody expects it.
                let Some(old) = self.standing(migration, pair, place).await? else { continue };
                // What an older version posted is changed where it stands.
                let is_new = migration.notice(pair.remote, place).is_some();
                let fresh = format!("{fresh}/{}", self.pseudonyms.place(pair.remote));
                let name = if is_new { fresh } else { old.clone() };
                let about = (stage, name.as_str());
                posted.and(if place == pair.room {
                    self.in_room(phrases, pair, about, Some(&old)).await?
                } else {
                    let mut notice = self.legacy(phrases, pair, about, Some(&old)).await?;
                    // It is pinned already; once more would call everybody.
                    notice.then.retain(|(_, work)| is_new || !pins(work));
                    notice
                });
            }
        }
        Ok(posted)
    }

    /// The notice of a legacy chat, with the way to Matrix as long as there is one: it begins where
    /// nobody else is disturbed by the answer.
    async fn notice(&self, phrases: Phrases<'_>, pair: Pair<'_>, stage: Stage) -> Message {
        let place = pair.remote;
        let mut message = phrases.message(stage_text(phrases, pair, stage));
        let answers = !matches!(stage, Stage::Inventory | Stage::Sunset);
        let network = self.networks.get(&place.network);
        if let Some(network) = network.filter(|_| answers && place.network.as_str() != MATRIX) {
            let word = deep_link::way_from(&self.pseudonyms, place);
            message.buttons.push(match network.private_chat_link(&word).await {
                Some(address) => phrases.opens(Key::ButtonMatrix, address),
                None => phrases.button(Key::ButtonMatrix, "matrix"),
            });
        }
        message.buttons.extend(agrees(phrases, pair, stage));
        message
    }

    /// Posts what has that name, or edits it in place when it was posted before.
    async fn once(
        &self,
        place: &Place,
        key: &str,
        message: Message,
    ) -> Result<(Place, Work), DeskError> {
        let known = self.store.find_replica(&core_place(place), &MessageId::from(key)).await?;
        if known.is_none() {
            return Ok((place.clone(), Work::say(place, Some(key), message)));
        }
        Ok(happens(place, key, Content::Edited(message)))
    }

    /// Whether in the room and in each legacy chat the notice stands that says what is so.
    pub(super) async fn is_shown(&self, portal: &Portal) -> Result<bool, DeskError> {
        let migration = self.store.migration(portal.id).await?;
        let mut any = false;
        for end in portal.ends.iter().filter(|end| end.state == EndState::Active) {
            any = true;
            let pair = Pair::of(portal, &end.place);
            for place in [pair.room, pair.remote] {
                if !self.is_true(&migration, (pair, place), portal.stage).await? {
                    return Ok(false);
                }
            }
        }
        Ok(any)
    }

    /// Whether the room reads already what a stage means for a connection.
    pub(super) async fn room_is_told(
        &self,
        migration: &Migration,
        pair: Pair<'_>,
        stage: Stage,
    ) -> Result<bool, DeskError> {
        self.is_true(migration, (pair, pair.room), stage).await
    }

    /// A legacy chat in a name.
    pub(super) fn short(&self, remote: &Place) -> String {
        self.pseudonyms.place(remote)
    }

    /// Whether the notice about a connection stands in `place` and says what is so at a stage.
    async fn is_true(
        &self,
        migration: &Migration,
        (pair, place): (Pair<'_>, &Place),
        stage: Stage,
    ) -> Result<bool, DeskError> {
        let Some(notice) = migration.notice(pair.remote, place) else { return Ok(false) };
        let says = match notice.stage {
            Some(said) if place == pair.room => room_key(said) == room_key(stage),
            Some(said) => said == stage,
            None => false,
        };
        let mode = (notice.consent, notice.at_risk) == (pair.consent, pair.at_risk);
        let says = says && notice.page == pair.page.is_some() && (!relays(stage) || mode);
        Ok(says && self.is_there(place, &notice.name).await?)
    }

    async fn is_there(&self, place: &Place, key: &str) -> Result<bool, DeskError> {
        let known = self.store.find_replica(&core_place(place), &MessageId::from(key)).await?;
        Ok(known.is_some_and(|it| !it.deleted && !it.parts_at(place).is_empty()))
    }

    /// The name of the notice about a connection that stands in `place`, also where an older version
    /// has posted it.
    pub(super) async fn standing(
        &self,
        migration: &Migration,
        pair: Pair<'_>,
        place: &Place,
    ) -> Result<Option<String>, DeskError> {
        if let Some(notice) = migration.notice(pair.remote, place) {
            return Ok(Some(notice.name.clone()));
        }
        let names = if place == pair.room {
            vec![format!("{DISCLOSURE}/{}", self.pseudonyms.place(pair.remote))]
        } else {
            let first = DISCLOSURE.to_owned();
            let step = old_text_name(migration.steps);
            [step].into_iter().chain(migration.text.clone()).chain([first]).collect()
        };
        for name in names {
            if self.is_there(place, &name).await? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// Something that happens to the bot's own words.
pub(super) fn about(place: &Place, key: &str, content: Content) -> Relayed {
    let (place, message) = (core_place(place), MessageId::from(key));
    Relayed::new(Event { place, message, late: false, content }, Speaker::Bot)
}

fn happens(place: &Place, key: &str, content: Content) -> (Place, Work) {
    (place.clone(), about(place, key, content).into())
}

/// Where only the words of people who agree leave a chat, one touch agrees.
fn agrees(phrases: Phrases<'_>, pair: Pair<'_>, stage: Stage) -> Option<Button> {
    let asks = relays(stage) && pair.consent == ConsentMode::OptIn;
    asks.then(|| phrases.button(Key::ButtonOptIn, "optin"))
}

fn pins(work: &Work) -> bool {
    work.event().is_some_and(|event| matches!(event.content, Content::Pinned))
}

fn stands(pair: Pair<'_>, place: &Place, (stage, name): (Stage, &str)) -> Change {
    let notice = StandingNotice {
        end: pair.remote.clone(),
        place: place.clone(),
        name: name.to_owned(),
        stage: Some(stage),
        consent: pair.consent,
        at_risk: pair.at_risk,
        page: pair.page.is_some(),
    };
    Change::Move(Box::new(MigrationChange::Notice(pair.room.clone(), notice)))
}
