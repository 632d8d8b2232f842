// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a scripted person says besides text and plain files, and how they change a room.
//!
//! Rule: events look as those of common clients: polls and places in the unstable forms that these
//! send.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::person::{Person, required};
use super::saying::NewFile;

impl Person {
    /// Asks, with answers whose ids are their words; one may be chosen.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn ask(&self, room: &str, question: &str, answers: &[&str]) -> Result<String> {
        let listed: Vec<Value> = answers
            .iter()
            .map(|words| json!({ "id": words, "org.matrix.msc1767.text": words }))
            .collect();
        let asked = json!({ "org.matrix.msc1767.text": question, "body": question,
            "msgtype": "m.text" });
        let content = json!({
            "org.matrix.msc1767.text": format!("{question}\n{}", answers.join("\n")),
            "org.matrix.msc3381.poll.start": {
                "kind": "org.matrix.msc3381.poll.disclosed", "max_selections": 1,
                "question": asked, "answers": listed,
            },
        });
        self.send_raw(room, "org.matrix.msc3381.poll.start", content).await
    }

    /// Votes by the ids of answers.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn vote(&self, room: &str, poll: &str, answers: &[&str]) -> Result<String> {
        let content = json!({ "m.relates_to": referring(poll),
            "org.matrix.msc3381.poll.response": { "answers": answers } });
        self.send_raw(room, "org.matrix.msc3381.poll.response", content).await
    }

    /// Ends a poll.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn close_poll(&self, room: &str, poll: &str) -> Result<String> {
        let content = json!({ "m.relates_to": referring(poll),
            "org.matrix.msc1767.text": "Ended poll", "org.matrix.msc3381.poll.end": {} });
        self.send_raw(room, "org.matrix.msc3381.poll.end", content).await
    }

    /// Shows a place (`52.5,13.4`) with a name.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn send_location(&self, room: &str, point: &str, name: &str) -> Result<String> {
        let uri = format!("geo:{point};u=10");
        let body = format!("Location \"{name}\" {uri}");
        let content = json!({
            "msgtype": "m.location", "body": body, "geo_uri": uri,
            "org.matrix.msc1767.text": body,
            "org.matrix.msc3488.location": { "uri": uri, "description": name },
            "org.matrix.msc3488.asset": { "type": "m.pin" },
        });
        self.send_raw(room, "m.room.message", content).await
    }

    /// Begins to share where they are, for a minute, or ends it; returns the state event.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn share_location(&self, room: &str, live: bool) -> Result<String> {
        let content = json!({ "description": "on the way", "live": live, "timeout": 60_000,
            "org.matrix.msc3488.asset": { "type": "m.self" } });
        let who = self.user_id().to_owned();
        self.set_state(room, "org.matrix.msc3672.beacon_info", &who, content).await
    }

    /// Is somewhere, within what [`Person::share_location`] has begun.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn be_at(&self, room: &str, shared: &str, point: &str) -> Result<String> {
        let content = json!({ "m.relates_to": referring(shared),
            "org.matrix.msc3488.location": { "uri": format!("geo:{point}") } });
        self.send_raw(room, "org.matrix.msc3672.beacon", content).await
    }

    /// Speaks.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn send_voice(
        &self,
        room: &str,
        file: NewFile<'_>,
        (duration_ms, waveform): (u64, &[u16]),
    ) -> Result<String> {
        let mxc = self.upload(file.bytes.to_vec(), file.name, file.mime).await?;
        let content = json!({
            "msgtype": "m.audio", "body": "Voice message", "filename": file.name, "url": mxc,
            "info": { "mimetype": file.mime, "size": file.bytes.len(), "duration": duration_ms },
            "org.matrix.msc3245.voice": {},
            "org.matrix.msc1767.audio": { "duration": duration_ms, "waveform": waveform },
        });
        self.send_raw(room, "m.room.message", content).await
    }

    /// Uploads and sends a sticker that `body` describes.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn send_sticker(&self, room: &str, file: NewFile<'_>, body: &str) -> Result<String> {
        let mxc = self.upload(file.bytes.to_vec(), file.name, file.mime).await?;
        let info = json!({ "mimetype": file.mime, "size": file.bytes.len() });
        self.send_raw(room, "m.sticker", json!({ "body": body, "url": mxc, "info": info })).await
    }

    /// Says something in the thread that hangs on `root`.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn say_in_thread(&self, room: &str, root: &str, text: &str) -> Result<String> {
        let relation = json!({ "rel_type": "m.thread", "event_id": root,
            "is_falling_back": true, "m.in_reply_to": { "event_id": root } });
        let content = json!({ "msgtype": "m.text", "body": text, "m.mentions": {},
            "m.relates_to": relation });
        self.send_raw(room, "m.room.message", content).await
    }

    /// Says a custom emoji alone.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn say_emoji(&self, room: &str, mxc: &str, name: &str) -> Result<String> {
        let html = format!(
            "<img data-mx-emoticon src=\"{mxc}\" alt=\":{name}:\" title=\":{name}:\" height=\"32\">"
        );
        self.say_html(room, &format!(":{name}:"), &html).await
    }

    /// Reacts with a picture.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn react_with(
        &self,
        room: &str,
        event_id: &str,
        (mxc, name): (&str, &str),
    ) -> Result<String> {
        let relation = json!({ "rel_type": "m.annotation", "event_id": event_id, "key": mxc });
        let content = json!({ "m.relates_to": relation, "shortcode": format!(":{name}:") });
        self.send_raw(room, "m.reaction", content).await
    }

    /// Gives the room another name.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn rename(&self, room: &str, name: &str) -> Result<String> {
        self.set_state(room, "m.room.name", "", json!({ "name": name })).await
    }

    /// Gives the room another topic.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn describe(&self, room: &str, topic: &str) -> Result<String> {
        self.set_state(room, "m.room.topic", "", json!({ "topic": topic })).await
    }

    /// Gives the room a picture that is uploaded already.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn picture(&self, room: &str, mxc: &str) -> Result<String> {
        self.set_state(room, "m.room.avatar", "", json!({ "url": mxc })).await
    }

    /// Pins just these messages.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn pin(&self, room: &str, events: &[&str]) -> Result<String> {
        self.set_state(room, "m.room.pinned_events", "", json!({ "pinned": events })).await
    }

    /// The messages that are pinned.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn pins(&self, room: &str) -> Result<Vec<String>> {
        let Some(content) = self.state(room, "m.room.pinned_events", "").await? else {
            return Ok(Vec::new());
        };
        let pinned = content.get("pinned").and_then(Value::as_array).context("no pinned")?;
        Ok(pinned.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Name, topic and picture of a room, where it has them.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn looks(&self, room: &str) -> Result<[Option<String>; 3]> {
        let keys = [("m.room.name", "name"), ("m.room.topic", "topic"), ("m.room.avatar", "url")];
        let mut looks = [None, None, None];
        for ((kind, key), look) in keys.iter().zip(&mut looks) {
            let content = self.state(room, kind, "").await?;
            let value = content.as_ref().and_then(|content| content.get(*key)?.as_str());
            *look = value.map(str::to_owned);
        }
        Ok(looks)
    }

    /// Makes a new version of the room, and returns its id.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn upgrade(&self, room: &str, version: &str) -> Result<String> {
        let path = ["client", "v3", "rooms", room, "upgrade"];
        let body = json!({ "new_version": version });
        required(&self.call(Method::POST, &path, Some(body)).await?, "/replacement_room")
    }
}

fn referring(event_id: &str) -> Value {
    json!({ "rel_type": "m.reference", "event_id": event_id })
}
