// SPDX-License-Identifier: AGPL-3.0-or-later
//! Buttons below the bot's words: reactions of the bot that people have only to touch.
//!
//! Rule: which command a reaction stands for is written in the words themselves, so that nothing
//! has to be remembered; only the bot's own words are believed.

use bridge_model::{Command, Content, Event, MessageId, Place};
use serde_json::Value;

use super::context::Unanswered;
use super::{Listener, NETWORK, set_avatar};
use crate::convert::incoming;
use crate::convert::outgoing::{BUTTON, BUTTONS};

/// A reaction that may be a button.
pub(super) struct Pressed<'a> {
    target: &'a str,
    key: &'a str,
}

/// Reads a reaction with the key of a button.
pub(super) fn read(raw: &Value) -> Option<Pressed<'_>> {
    if raw.get("type")?.as_str()? != "m.reaction" {
        return None;
    }
    let relation = raw.get("content")?.get("m.relates_to")?;
    let text = |key: &str| relation.get(key).and_then(Value::as_str);
    let key = text("key").filter(|key| key.starts_with(BUTTON))?;
    Some(Pressed { target: text("event_id")?, key })
}

impl Listener {
    /// The command behind a button; `None` when the words are not the bot's, or have no such button.
    pub(super) async fn pressed(
        &self,
        (room, private): (&str, bool),
        raw: &Value,
        Pressed { target, key }: Pressed<'_>,
    ) -> Result<Option<Event>, Unanswered> {
        let Some(words) = self.event(room, target).await? else { return Ok(None) };
        if words.get("sender").and_then(Value::as_str) != Some(self.ghosts.bot()) {
            return Ok(None);
        }
        let words = self.opened_one(words).await;
        let buttons = words.get("content").and_then(|content| content.get(BUTTONS));
        let command = buttons.and_then(|buttons| buttons.get(key)?.as_str());
        let text = |key: &str| raw.get(key).and_then(Value::as_str);
        let (Some(command), Some(sender), Some(id)) = (command, text("sender"), text("event_id"))
        else {
            return Ok(None);
        };
        let profile = self.profile(room, sender).await?;
        let command = Command {
            by: incoming::author(sender, profile.name.as_deref()),
            text: command.to_owned(),
            rights: None,
            reply_to: None,
            pressed: Some(MessageId::from(target)),
            answer_via: None,
            language: None,
            chat_title: None,
            private,
            on_page: false,
        };
        let mut content = Content::Commanded(command);
        set_avatar(&mut content, profile.avatar.as_deref());
        let message = MessageId::from(id);
        Ok(Some(Event { place: Place::new(NETWORK, room), message, late: false, content }))
    }
}
