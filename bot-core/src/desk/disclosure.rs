// SPDX-License-Identifier: AGPL-3.0-or-later
//! The notice that tells the people of a chat what happens there, on both sides of a link.
//!
//! Rule: a notice has a name in the store; it is posted once and edited ever after.

use std::sync::Arc;

use bridge_model::{Content, Event, Message, MessageId, Place, RichText};
use bridge_policy::stage::Stage;

use super::deep_link;
use super::outcome::DeskError;
use super::pair::Pair;
use super::phrases::Phrases;
use crate::i18n::{Arg, Key};
use crate::lane::{Relayed, Speaker, Work, core_place};
use crate::migration::DISCLOSURE;
use crate::network::MATRIX;
use crate::portal::Portal;
use crate::pseudonym::Pseudonyms;
use crate::relay::Networks;
use crate::store::Store;
use crate::wording::{Lines, label};

/// The language that strangers read.
const ENGLISH: &str = "en";

/// Posts notices, edits them, and knows where they stand.
#[derive(Clone)]
pub(super) struct Disclosure {
    pub(super) networks: Networks,
    pub(super) store: Arc<Store>,
    pub(super) pseudonyms: Pseudonyms,
}

impl Disclosure {
    /// The notices of a new link: pinned in the legacy chat, named after the network in the room.
    pub(super) async fn notices(
        &self,
        phrases: Phrases<'_>,
        pair: Pair<'_>,
        stage: Stage,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        let Pair { room, remote } = pair;
        let name = [Arg::text(label(&remote.network))];
        let native = phrases.say(Key::DisclosureMatrix.on(&remote.network), &name);
        let notice = self.notice(phrases, pair, stage).await;
        let mut works = vec![self.once(remote, DISCLOSURE, notice).await?];
        if stage != Stage::Inventory {
            works.push((remote.clone(), about(remote, DISCLOSURE, Content::Pinned).into()));
        }
        works.push(self.once(room, &self.name_in_room(remote), phrases.message(native)).await?);
        Ok(works)
    }

    /// The notice of a legacy chat, with the way to Matrix as long as there is one: it begins where
    /// nobody else is disturbed by the answer.
    pub(super) async fn notice(
        &self,
        phrases: Phrases<'_>,
        pair: Pair<'_>,
        stage: Stage,
    ) -> Message {
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
        message
    }

    /// Posts what has that name, or edits it in place when it was posted before.
    pub(super) async fn once(
        &self,
        place: &Place,
        key: &str,
        message: Message,
    ) -> Result<(Place, Work), DeskError> {
        let known = self.store.find_replica(&core_place(place), &MessageId::from(key)).await?;
        if known.is_none() {
            return Ok((place.clone(), Work::say(place, Some(key), message)));
        }
        Ok((place.clone(), about(place, key, Content::Edited(message)).into()))
    }

    /// Whether the notice stands in the room and in each legacy chat.
    pub(super) async fn is_shown(&self, portal: &Portal) -> Result<bool, DeskError> {
        for end in &portal.ends {
            let (native, legacy) = (self.name_in_room(&end.place), DISCLOSURE.to_owned());
            for (place, key) in [(&portal.room, native), (&end.place, legacy)] {
                if !self.is_there(place, &key).await? {
                    return Ok(false);
                }
            }
        }
        Ok(!portal.ends.is_empty())
    }

    async fn is_there(&self, place: &Place, key: &str) -> Result<bool, DeskError> {
        let known = self.store.find_replica(&core_place(place), &MessageId::from(key)).await?;
        Ok(known.is_some_and(|replica| !replica.parts_at(place).is_empty()))
    }

    /// The name of the notice that a room has of a legacy chat.
    fn name_in_room(&self, remote: &Place) -> String {
        format!("{DISCLOSURE}/{}", self.pseudonyms.place(remote))
    }
}

/// Something that happens to the bot's own words.
pub(super) fn about(place: &Place, key: &str, content: Content) -> Relayed {
    let (place, message) = (core_place(place), MessageId::from(key));
    Relayed::new(Event { place, message, late: false, content }, Speaker::Bot)
}

/// What the notice of a legacy chat says in a stage.
pub(super) fn stage_text(phrases: Phrases<'_>, pair: Pair<'_>, stage: Stage) -> RichText {
    let place = pair.remote;
    let key = match stage {
        Stage::Inventory => Key::StageTextInventory,
        Stage::Announced => Key::StageTextAnnounced,
        Stage::Bridged => Key::Disclosure.on(&place.network),
        Stage::MatrixFirst => Key::StageTextMatrixFirst,
        Stage::ReadOnly => Key::StageTextReadOnly,
        Stage::Sunset => Key::StageTextSunset,
    };
    let typed = |command: &str| Arg::text(phrases.typed_on(&place.network, command));
    let args = [
        Arg::url(phrases.join_link(&pair.room.chat)),
        typed("unlink"),
        typed("privacy"),
        Arg::text(label(&place.network)),
        typed("matrix"),
    ];
    let text = phrases.say(key, &args);
    if phrases.wording.language() == ENGLISH || stage == Stage::Sunset {
        return text;
    }
    let [room, _, privacy, _, matrix] = args;
    let english = phrases.wording.speaking(ENGLISH);
    text.join_line(english.say(Key::InEnglish, &[room, matrix, privacy]))
}
