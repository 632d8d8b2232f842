// SPDX-License-Identifier: AGPL-3.0-or-later
//! What moderators of a room do to its members and to ghosts, and what becomes of the bot's rights.
//!
//! Rule: what is done to a ghost is done to its person. What our own accounts did is no news, nor what
//! somebody does to themselves.

use bridge_model::{Content, Deed, Event, MessageId, Moderation, Person, Place};
use serde_json::Value;

use super::{Listener, Unanswered, bans};
use crate::convert::incoming::author;
use crate::{NETWORK, power};
use bot_core::wording::label;

/// What a member event says that somebody did to somebody else.
fn deed(raw: &Value) -> Option<Moderation> {
    let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
    let now = text(raw.get("content")?, "membership")?;
    let before = raw.pointer("/unsigned/prev_content").and_then(|it| text(it, "membership"));
    if text(raw, "sender")? == text(raw, "state_key")? {
        return None;
    }
    match (before.as_deref(), now.as_str()) {
        (Some("ban"), "ban") => None,
        (_, "ban") => Some(Moderation::Ban { purge: bans::redacting(raw).is_some() }),
        (Some("ban"), "leave") => Some(Moderation::Unban),
        (Some("join"), "leave") => Some(Moderation::Kick),
        (_, _) => None,
    }
}

impl Listener {
    /// The deed behind an event about a member, which has what was there before.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn member_moderated(
        &self,
        room: &str,
        raw: &Value,
    ) -> Result<Option<Event>, Unanswered> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default();
        let (sender, member) = (text("sender"), text("state_key"));
        let Some(what) = deed(raw).filter(|_| !self.ghosts.is_ours(sender)) else {
            return Ok(None);
        };
        let shown = raw.pointer("/unsigned/prev_content/displayname").and_then(Value::as_str);
        let reason = raw.pointer("/content/reason").and_then(Value::as_str);
        let deed = (what, reason.map(str::to_owned));
        self.moderated((room, raw), (member, shown), deed).await
    }

    /// Whom an event about power levels mutes, and whether the bot may do what it could.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn levels_changed(
        &self,
        room: &str,
        raw: &Value,
    ) -> Result<Vec<Event>, Unanswered> {
        let raw = self.with_previous(room, raw).await?;
        let now = raw.get("content").cloned().unwrap_or_default();
        let before = raw.pointer("/unsigned/prev_content").cloned().unwrap_or_default();
        let mut events = Vec::new();
        for (user, what) in power::voices(&before, &now) {
            if user != self.ghosts.bot() {
                let known = self.known(room, &user);
                let whom = (user.as_str(), known.as_deref());
                events.extend(self.moderated((room, &raw), whom, (what, None)).await?);
            }
        }
        events.push(event((room, &raw), Content::RightsChanged));
        Ok(events)
    }

    async fn moderated(
        &self,
        (room, raw): (&str, &Value),
        (member, shown): (&str, Option<&str>),
        (what, reason): (Moderation, Option<String>),
    ) -> Result<Option<Event>, Unanswered> {
        let whom = match self.ghosts.localpart_of(member) {
            Some(localpart) => {
                let found = self.store.person_behind(localpart).await;
                let found = found.map_err(|error| Unanswered::from(error.to_string()))?;
                let Some(person) = found else { return Ok(None) };
                person
            }
            None => Person::new(NETWORK, member),
        };
        let sender = raw.get("sender").and_then(Value::as_str).unwrap_or_default();
        let profile = self.profile(room, sender).await?;
        let by = Some(author(sender, profile.name.as_deref()));
        let name = if whom.network.as_str() == NETWORK {
            author(member, shown).name
        } else {
            // The name that the person has at home is behind it, if the store knows one.
            let suffix = format!(" ({})", label(&whom.network));
            shown.unwrap_or_default().trim_end_matches(suffix.as_str()).to_owned()
        };
        let deed = Deed { by, whom, name, what, reason };
        Ok(Some(event((room, raw), Content::Moderated(Box::new(deed)))))
    }
}

fn event((room, raw): (&str, &Value), content: Content) -> Event {
    let id = raw.get("event_id").and_then(Value::as_str).unwrap_or_default();
    let (place, message) = (Place::new(NETWORK, room), MessageId::from(id));
    Event { place, message, late: false, content }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_somebody_else_does_to_a_member_is_read() {
        let of = |sender: &str, before: Value, content: Value| {
            let raw = json!({
                "sender": sender, "state_key": "@spam:x", "content": content,
                "unsigned": { "prev_content": before },
            });
            deed(&raw)
        };
        let is = |membership: &str| json!({ "membership": membership });
        let ban = Moderation::Ban { purge: false };
        assert_eq!(of("@mod:x", is("join"), is("ban")), Some(ban));
        assert_eq!(of("@mod:x", json!(null), is("ban")), Some(ban));
        let purge = json!({ "membership": "ban", "redact_events": true });
        assert_eq!(of("@mod:x", is("join"), purge), Some(Moderation::Ban { purge: true }));
        assert_eq!(of("@mod:x", is("ban"), is("leave")), Some(Moderation::Unban));
        assert_eq!(of("@mod:x", is("join"), is("leave")), Some(Moderation::Kick));
        assert_eq!(of("@spam:x", is("join"), is("leave")), None);
        assert_eq!(of("@mod:x", is("invite"), is("leave")), None);
        assert_eq!(of("@mod:x", is("ban"), is("ban")), None);
    }
}
