// SPDX-License-Identifier: AGPL-3.0-or-later
//! The disclosure notice on both sides, and the state events that name the bridge to software.
//!
//! Rule: a notice has a name in the store; it is posted once and edited ever after.

use bridge_model::{Content, Event, Message, MessageId, Place, RichText};
use bridge_policy::stage::Stage;
use serde_json::json;

use super::{Desk, DeskError};
use crate::i18n::{Arg, Key};
use crate::lane::{Relayed, Speaker, Work, core_place};
use crate::migration::DISCLOSURE;
use crate::pseudonym::Pseudonyms;
use crate::wording::label;

impl Desk {
    /// The notices of a new link: pinned in the legacy chat, named after the network in the room.
    pub(super) async fn notices(
        &self,
        room: &Place,
        remote: &Place,
        stage: Stage,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        let legacy = self.stage_text(room, remote, stage);
        let name = [Arg::text(label(&remote.network))];
        let native = self.wording.say(Key::DisclosureMatrix.on(&remote.network), &name);
        let native_key = in_the_room(&self.pseudonyms, remote);
        let notice = self.notice(remote, stage, legacy).await;
        let mut works = vec![self.once(remote, DISCLOSURE, notice).await?];
        if stage != Stage::Inventory {
            works.push((remote.clone(), about(remote, DISCLOSURE, Content::Pinned).into()));
        }
        let native = self.wording.message(native, self.clock.now());
        works.push(self.once(room, &native_key, native).await?);
        Ok(works)
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

    /// Sets `m.bridge` (MSC2346) and its older name; an answer says what is missing.
    pub(super) async fn announce_bridge(
        &self,
        room: &Place,
        remote: &Place,
        title: Option<&str>,
    ) -> Result<(), RichText> {
        let channel = self.pseudonyms.place(remote);
        let network = label(&remote.network);
        let bot = self.matrix.bot();
        let content = json!({
            "bridgebot": bot,
            "creator": bot,
            "protocol": {"id": remote.network.as_str(), "displayname": network},
            "channel": {"id": channel, "displayname": title},
        });
        self.set_bridge(room, remote, &content).await
    }

    /// Empties the state events of a link that is no more.
    pub(super) async fn withdraw_bridge(&self, room: &Place, remote: &Place) {
        if self.set_bridge(room, remote, &json!({})).await.is_err() {
            tracing::info!("the state event of a link that ended could not be emptied");
        }
    }

    async fn set_bridge(
        &self,
        room: &Place,
        remote: &Place,
        content: &serde_json::Value,
    ) -> Result<(), RichText> {
        let channel = self.pseudonyms.place(remote);
        let key = format!("org.freeside://{}/{channel}", remote.network);
        for kind in ["m.bridge", "uk.half-shot.bridge"] {
            let set = self.matrix.set_state(&room.chat, (kind, &key), content).await;
            if let Err(error) = set {
                tracing::info!(%error, "the state event of a link could not be set");
                return Err(self.wording.say(Key::BridgeStateMissing, &[]));
            }
        }
        Ok(())
    }
}

/// Something that happens to the bot's own words.
pub fn about(place: &Place, key: &str, content: Content) -> Relayed {
    let (place, message) = (core_place(place), MessageId::from(key));
    Relayed::new(Event { place, message, late: false, content }, Speaker::Bot)
}

/// The name of the notice that a room has of a legacy chat.
pub fn in_the_room(pseudonyms: &Pseudonyms, remote: &Place) -> String {
    format!("{DISCLOSURE}/{}", pseudonyms.place(remote))
}
