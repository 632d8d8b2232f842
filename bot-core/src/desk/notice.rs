// SPDX-License-Identifier: AGPL-3.0-or-later
//! The disclosure notice on both sides, and the state events that name the bridge to software.
//!
//! Rule: a notice has a name in the store; it is posted once and edited ever after.

use bridge_model::{Content, Event, MessageId, Place, RichText};
use serde_json::json;

use super::{Desk, DeskError};
use crate::i18n::{Arg, Key};
use crate::lane::{Speaker, Work, core_place};
use crate::voice::label;

/// The name of the notice of a chat.
const DISCLOSURE: &str = "disclosure";

impl Desk {
    /// The notices of a new link: pinned in the legacy chat, named after the network in the room.
    pub(super) async fn notices(
        &self,
        room: &Place,
        remote: &Place,
    ) -> Result<Vec<(Place, Work)>, DeskError> {
        let link = self.join_link(&room.chat);
        let opt_out = self.typed_on(&remote.network, "unlink");
        let privacy = self.typed_on(&remote.network, "privacy");
        let args = [Arg::url(link), Arg::text(opt_out), Arg::text(privacy)];
        let legacy = self.wording.say(Key::Disclosure.on(&remote.network), &args);
        let name = [Arg::text(label(&remote.network))];
        let native = self.wording.say(Key::DisclosureMatrix.on(&remote.network), &name);
        let native_key = format!("{DISCLOSURE}/{}", self.pseudonyms.place(remote));
        let mut works = vec![self.once(remote, DISCLOSURE, legacy).await?];
        works.push((remote.clone(), about(remote, DISCLOSURE, Content::Pinned)));
        works.push(self.once(room, &native_key, native).await?);
        Ok(works)
    }

    /// Posts what has that name, or edits it in place when it was posted before.
    async fn once(
        &self,
        place: &Place,
        key: &str,
        text: RichText,
    ) -> Result<(Place, Work), DeskError> {
        let known = self.store.find_replica(&core_place(place), &MessageId::from(key)).await?;
        if known.is_none() {
            return Ok(self.words(place, Some(key), text));
        }
        let message = self.wording.message(text, self.clock.now());
        Ok((place.clone(), about(place, key, Content::Edited(message))))
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
fn about(place: &Place, key: &str, content: Content) -> Work {
    let event =
        Event { place: core_place(place), message: MessageId::from(key), late: false, content };
    Work { event, speaker: Speaker::Bot, answer: None }
}
