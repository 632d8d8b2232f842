// SPDX-License-Identifier: AGPL-3.0-or-later
//! Edits that are taken back: which message an edit belongs to is in no redacted event.
//!
//! Rule: the last edits are remembered in marks of the store, in a fixed number of lists, so that
//! neither time nor a restart makes them grow. An edit that was taken back makes the version before
//! it the newest one, which the homeserver is asked for.

use bridge_model::{Content, Event, Reply, Thread};
use serde_json::Value;

use super::Listener;
use super::context::Unanswered;
use crate::convert::incoming;
use bot_core::network::SinkError;
use bot_core::order::Mark;
use bot_core::store::keys;

/// Lists of edits; an edit stands in the one that its id chooses.
const LISTS: u8 = 128;
/// Edits in each list.
const IN_A_LIST: usize = 32;

/// The first bytes of a hash of an edit's id, and the id of the message that it changed.
type Edit = (u64, String);

/// An edit, as it is remembered with the batch that it comes in.
#[derive(Default)]
pub(super) struct NewEdits(Vec<(String, Edit)>);

impl NewEdits {
    /// Notes an edit that was heard.
    pub(super) fn note(&mut self, raw: &Value) {
        let Some(edited) = edited(raw) else { return };
        let Some(id) = raw.get("event_id").and_then(Value::as_str) else { return };
        let (list, short) = name(id);
        self.0.push((list, (short, edited.to_owned())));
    }
}

impl Listener {
    /// The lists with the new edits in them, to be stored together with these edits.
    pub(super) async fn remembered(&self, new: NewEdits) -> Result<Vec<Mark>, SinkError> {
        let mut lists: Vec<(String, Vec<Edit>)> = Vec::new();
        for (key, edit) in new.0 {
            let at = match lists.iter().position(|(known, _)| *known == key) {
                Some(at) => at,
                None => {
                    lists.push((key.clone(), self.list(&key).await?));
                    lists.len().saturating_sub(1)
                }
            };
            if let Some((_, list)) = lists.get_mut(at) {
                list.retain(|(short, _)| *short != edit.0);
                list.push(edit);
                list.drain(..list.len().saturating_sub(IN_A_LIST));
            }
        }
        let write = |(key, list): (String, Vec<Edit>)| {
            let value = postcard::to_stdvec(&list).map_err(|error| SinkError(error.to_string()))?;
            Ok(Mark::Set { key, value })
        };
        lists.into_iter().map(write).collect()
    }

    /// When `raw` takes an edit back: the message as it is without it. `None` for all other events,
    /// and when nothing is known of the edit.
    pub(super) async fn edit_taken_back(
        &self,
        room: &str,
        raw: &Value,
    ) -> Result<Option<Vec<Event>>, Unanswered> {
        if raw.get("type").and_then(Value::as_str) != Some("m.room.redaction") {
            return Ok(None);
        }
        let redacted = raw.pointer("/content/redacts").or_else(|| raw.get("redacts"));
        let Some(redacted) = redacted.and_then(Value::as_str) else { return Ok(None) };
        let (list, short) = name(redacted);
        let list = self.list(&list).await.map_err(|error| Unanswered::from(error.to_string()))?;
        let Some((_, target)) = list.into_iter().find(|(known, _)| *known == short) else {
            return Ok(None);
        };
        let Some(first) = self.event(room, &target).await? else { return Ok(Some(Vec::new())) };
        let Some(raw) = self.newest_version(room, first).await else {
            return Ok(Some(Vec::new()));
        };
        let mut events = self.read(room, (&raw, false)).await?;
        events.retain_mut(|event| {
            let Content::Posted(message) = &event.content else { return false };
            event.content = Content::Edited(message.clone());
            true
        });
        Ok(Some(events))
    }

    /// A message of a room as its author edited it last; `None` when that cannot be read. The
    /// homeserver bundles the newest edit ("Server-side aggregation of m.replace relationships");
    /// others than its author have no say in it.
    pub(super) async fn newest_version(&self, room: &str, raw: Value) -> Option<Value> {
        let edit = raw.pointer("/unsigned/m.relations/m.replace").cloned();
        let edit = edit.filter(|edit| {
            edit.get("content").is_some() && edit.get("sender") == raw.get("sender")
        });
        let mut raw = self.opened_one(with_room(raw, room)).await;
        let Some(edit) = edit else { return Some(raw) };
        let mut edit = self.opened_one(with_room(edit, room)).await;
        let content = edit.pointer_mut("/content/m.new_content").map(Value::take);
        let content = content.filter(Value::is_object)?;
        if let Some(old) = raw.get_mut("content") {
            // The relation is that of the first version.
            let relation = old.get("m.relates_to").cloned();
            *old = content;
            if let (Some(relation), Value::Object(fields)) = (relation, old) {
                fields.insert("m.relates_to".into(), relation);
            }
        }
        Some(raw)
    }

    /// What the message that `raw` edits answers, and its thread: an edit does not say it.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn place_in_conversation(
        &self,
        room: &str,
        raw: &Value,
    ) -> Result<Option<(Option<Reply>, Option<Thread>)>, Unanswered> {
        let Some(first) = edited(raw) else { return Ok(None) };
        let first = self.event(room, first).await?;
        let relation = first.as_ref().and_then(|first| first.get("content")?.get("m.relates_to"));
        let (mut reply, thread) = incoming::place_in_conversation(relation);
        if let (Some(reply), Some(new)) = (&mut reply, raw.pointer("/content/m.new_content")) {
            reply.called = incoming::called(new);
        }
        Ok(Some((reply, thread)))
    }

    /// Whether the message that `raw` edits was a command that has been carried out. A mistyped one
    /// has not, so mending it asks for the command.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub(super) async fn edits_a_command(
        &self,
        room: &str,
        raw: &Value,
        private: bool,
    ) -> Result<bool, Unanswered> {
        let Some(first) = edited(raw) else { return Ok(false) };
        let Some(first) = self.event(room, first).await? else { return Ok(true) };
        let first = self.opened_one(with_room(first, room)).await;
        let name = |mxid: &str| self.known(room, mxid);
        Ok(incoming::is_known_command(&first, &self.own(private, &name)))
    }

    async fn list(&self, key: &str) -> Result<Vec<Edit>, SinkError> {
        let stored = self.sink.mark(key).await?;
        Ok(stored.and_then(|stored| postcard::from_bytes(&stored).ok()).unwrap_or_default())
    }
}

/// The event with its room, by which its keys are found; answers leave it out here and there.
fn with_room(mut raw: Value, room: &str) -> Value {
    if let Value::Object(fields) = &mut raw {
        fields.insert("room_id".into(), room.into());
    }
    raw
}

/// The message that an edit changes.
fn edited(raw: &Value) -> Option<&str> {
    let relation = raw.get("content")?.get("m.relates_to")?;
    let kind = relation.get("rel_type")?.as_str()?;
    if kind == "m.replace" { relation.get("event_id")?.as_str() } else { None }
}

/// The list of an edit, and what it is called there.
fn name(edit: &str) -> (String, u64) {
    let hash = keys::hash(&[edit]);
    let number = hash.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let list = hash.first().copied().unwrap_or_default() % LISTS;
    (format!("edits.{list}"), number)
}
