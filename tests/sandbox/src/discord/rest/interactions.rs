// SPDX-License-Identifier: AGPL-3.0-or-later
//! Answers to interactions and what follows them.
//!
//! Rule: the first answer is due within three seconds, the token lives fifteen
//! minutes; see "Receiving and Responding to Interactions".

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Call, id, wrong_method};
use crate::discord::form::Form;
use crate::discord::message::{self, Author, COMMAND, EPHEMERAL, LOADING, REPLY, Reference};
use crate::discord::posting::Draft;
use crate::discord::refusal::{
    Answer, Outcome, Refusal, acknowledged, invalid, invalid_webhook_token, unknown_interaction,
    unknown_message, unknown_webhook,
};
use crate::discord::world::{Acknowledged, World};
use crate::discord::{check, render};

/// How long a token can be used.
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// `POST /interactions/{id}/{token}/callback`
pub(super) fn callback(world: &mut World, call: &Call) -> Outcome {
    let ("POST", ["interactions", number, token, "callback"]) =
        (call.method, call.steps.as_slice())
    else {
        return wrong_method();
    };
    let number = id(number)?;
    let row = world.interactions.get(&number).ok_or_else(unknown_interaction)?;
    if row.token != *token {
        return Err(unknown_interaction());
    }
    if row.state != Acknowledged::No {
        return Err(acknowledged());
    }
    if call.arrived.duration_since(row.made) > world.knobs.answer_within {
        return Err(unknown_interaction());
    }
    check::object(&call.form)?;
    let data = call.form.json.get("data").cloned().unwrap_or_else(|| json!({}));
    let form = Form { json: data, files: call.form.files.clone() };
    let (id, state) = match call.form.json.get("type").and_then(Value::as_u64) {
        Some(4) => (answer(world, number, &form)?, Acknowledged::Answered),
        Some(5) => (defer(world, number, &form), Acknowledged::Deferred),
        Some(_) | None => {
            let text = "Value must be one of {4, 5}.";
            return Err(invalid("type", "BASE_TYPE_CHOICES", text));
        }
    };
    if let Some(row) = world.interactions.get_mut(&number) {
        row.state = state;
        row.original = Some(id);
    }
    if call.query("with_response").as_deref() != Some("true") {
        return Ok(Answer::Empty);
    }
    shown(world, number, id)
}

fn shown(world: &World, number: u64, id: u64) -> Outcome {
    let row = world.interactions.get(&number).ok_or_else(unknown_interaction)?;
    let message = stored(world, row.channel, id)?;
    let deferred = row.state == Acknowledged::Deferred;
    let ephemeral = message.get("flags").and_then(Value::as_u64).unwrap_or(0) & EPHEMERAL != 0;
    let mut json = json!({"interaction": {
        "id": number.to_string(), "type": row.kind, "response_message_id": id.to_string(),
        "response_message_loading": deferred, "response_message_ephemeral": ephemeral,
        "channel_id": row.channel.to_string(),
    }});
    if let (false, Some(map)) = (deferred, json.as_object_mut()) {
        map.insert("resource".into(), json!({"type": 4, "message": message}));
    }
    Ok(Answer::Json(json))
}

/// A message in JSON, also one that only one person sees.
fn stored(world: &World, channel: u64, id: u64) -> Result<Value, Refusal> {
    let row = world.channels.get(&channel).and_then(|row| row.messages.get(&id));
    row.map(|row| message::rest(world, row)).ok_or_else(unknown_message)
}

/// A draft that belongs to an interaction.
fn draft(world: &World, number: u64) -> Draft {
    let mut draft = Draft::new(Author::User(world.bot), "");
    draft.kind = COMMAND;
    let application = world.application.to_string();
    let mut extra = Map::new();
    extra.insert("webhook_id".into(), application.clone().into());
    extra.insert("application_id".into(), application.into());
    if let Some(row) = world.interactions.get(&number) {
        let user = render::user(world, row.user);
        let guild = world.channels.get(&row.channel).and_then(|channel| channel.guild);
        let owners = guild.map_or_else(|| json!({}), |guild| json!({"0": guild.to_string()}));
        let number = row.id.to_string();
        let mut metadata = json!({
            "id": number, "type": row.kind, "user": user, "authorizing_integration_owners": owners,
        });
        match row.below {
            Some(below) => {
                draft.kind = REPLY;
                draft.reference = Some(Reference { channel: row.channel, message: below });
                if let Some(fields) = metadata.as_object_mut() {
                    fields.insert("interacted_message_id".into(), below.to_string().into());
                }
            }
            None => {
                let old = json!({"id": number, "type": 2, "name": row.name, "user": user});
                extra.insert("interaction".into(), old);
            }
        }
        extra.insert("interaction_metadata".into(), metadata);
    }
    draft.extra = extra;
    draft
}

fn channel_of(world: &World, number: u64) -> Result<u64, Refusal> {
    world.interactions.get(&number).map(|row| row.channel).ok_or_else(unknown_interaction)
}

fn answer(world: &mut World, number: u64, form: &Form) -> Result<u64, Refusal> {
    let channel = channel_of(world, number)?;
    let draft = draft(world, number);
    let draft = check::fill(world, channel, form, draft)?;
    Ok(world.post(channel, draft))
}

fn defer(world: &mut World, number: u64, form: &Form) -> u64 {
    let flags = form.json.get("flags").and_then(Value::as_u64).unwrap_or(0);
    let channel = channel_of(world, number).unwrap_or(0);
    let mut draft = draft(world, number);
    draft.flags = flags & EPHEMERAL | LOADING;
    world.post(channel, draft)
}

/// `/webhooks/{application}/{token}...`
pub(super) fn followups(world: &mut World, call: &Call) -> Outcome {
    let ["webhooks", _, token, rest @ ..] = call.steps.as_slice() else {
        return Err(unknown_webhook());
    };
    let found = world.interactions.values().find(|row| row.token == *token);
    let row = found.ok_or_else(invalid_webhook_token)?;
    if row.made.elapsed() > TOKEN_LIFE {
        return Err(invalid_webhook_token());
    }
    // Before the first answer there is no webhook to speak of.
    if row.state == Acknowledged::No {
        return Err(unknown_webhook());
    }
    let (number, channel, original) = (row.id, row.channel, row.original);
    let message = match rest {
        [] => None,
        ["messages", "@original"] => Some(original.ok_or_else(unknown_message)?),
        ["messages", message] => {
            let message = id(message)?;
            if original != Some(message) && !row.followups.contains(&message) {
                return Err(unknown_message());
            }
            Some(message)
        }
        _ => return wrong_method(),
    };
    match (call.method, message) {
        ("POST", None) => follow(world, call, number),
        ("GET", Some(message)) => stored(world, channel, message).map(Answer::Json),
        ("PATCH", Some(message)) => fill_in(world, call, number, message),
        ("DELETE", Some(message)) => {
            world.delete(channel, message)?;
            Ok(Answer::Empty)
        }
        _ => wrong_method(),
    }
}

fn follow(world: &mut World, call: &Call, number: u64) -> Outcome {
    check::object(&call.form)?;
    let deferred =
        world.interactions.get(&number).is_some_and(|row| row.state == Acknowledged::Deferred);
    if deferred {
        // The first follow-up after a deferral takes the place of the loading state.
        let original = world.interactions.get(&number).and_then(|row| row.original);
        return fill_in(world, call, number, original.ok_or_else(unknown_message)?);
    }
    let id = answer(world, number, &call.form)?;
    if let Some(row) = world.interactions.get_mut(&number) {
        row.followups.push(id);
    }
    stored(world, channel_of(world, number)?, id).map(Answer::Json)
}

/// Edits an answer; a deferred one gets its content and is not marked as edited.
fn fill_in(world: &mut World, call: &Call, number: u64, message: u64) -> Outcome {
    check::object(&call.form)?;
    let channel = channel_of(world, number)?;
    let mut change = check::change(world, (channel, message), &call.form)?;
    let row = world.channels.get(&channel).and_then(|row| row.messages.get(&message));
    let flags = row.ok_or_else(unknown_message)?.flags;
    change.silent = flags & LOADING != 0;
    change.flags = Some(flags & !LOADING);
    world.change(channel, message, change)?;
    if let Some(row) =
        world.interactions.get_mut(&number).filter(|row| row.original == Some(message))
    {
        row.state = Acknowledged::Answered;
    }
    stored(world, channel, message).map(Answer::Json)
}
