// SPDX-License-Identifier: AGPL-3.0-or-later
//! Places on the map and business cards that the bot sends.
//!
//! Source: <https://core.telegram.org/bots/api#sendlocation> and below.

use serde_json::{Map, Value, json};

use super::answer::{ApiError, bad};
use super::edit::{message_id, own, replace};
use super::params::Params;
use super::send::{chat_id, send, target};
use super::wire;
use super::world::{Body, World};

/// A place on a person's screen.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenPlace {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
    /// What is there, and its address.
    pub venue: Option<(String, String)>,
    /// It moves.
    pub live: bool,
}

fn number(params: &Params, name: &str) -> Result<Option<f64>, ApiError> {
    let Some(text) = params.text(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    text.trim().parse().map(Some).map_err(|_| bad(format!("bad {name}")))
}

fn place(params: &Params) -> Result<Map<String, Value>, ApiError> {
    let mut place = Map::new();
    for (name, most) in [("latitude", 90.0), ("longitude", 180.0)] {
        let degrees = number(params, name)?.ok_or_else(|| bad(format!("{name} is empty")))?;
        if degrees.abs() > most {
            return Err(bad(format!("bad {name}")));
        }
        place.insert(name.to_owned(), degrees.into());
    }
    if let Some(metres) = number(params, "horizontal_accuracy")? {
        if !(0.0..=1500.0).contains(&metres) {
            return Err(bad("wrong horizontal accuracy specified"));
        }
        place.insert("horizontal_accuracy".to_owned(), metres.into());
    }
    Ok(place)
}

fn card(field: &str, value: Value) -> Body {
    Body::Card([(field.to_owned(), value)].into_iter().collect())
}

/// `sendLocation`.
pub(super) fn send_location(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let mut place = place(params)?;
    if let Some(seconds) = params.int("live_period")? {
        if !(60..=86_400).contains(&seconds) && seconds != 0x7FFF_FFFF {
            return Err(bad("wrong live location period specified"));
        }
        place.insert("live_period".to_owned(), seconds.into());
    }
    send(world, chat, params, card("location", Value::Object(place)))
}

/// `sendVenue`.
pub(super) fn send_venue(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let location = place(params)?;
    let text = |name: &str| {
        let text = params.text(name).filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| bad(format!("VENUE_{}_INVALID", name.to_uppercase())))
    };
    let venue =
        json!({ "location": location, "title": text("title")?, "address": text("address")? });
    let mut body = Map::new();
    body.insert("location".to_owned(), Value::Object(location));
    body.insert("venue".to_owned(), venue);
    send(world, chat, params, Body::Card(body))
}

/// `sendContact`.
pub(super) fn send_contact(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = target(world, params)?;
    let text = |name: &str| {
        let text = params.text(name).filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| bad(format!("contact {} is empty", name.replace('_', " "))))
    };
    let contact =
        json!({ "phone_number": text("phone_number")?, "first_name": text("first_name")? });
    send(world, chat, params, card("contact", contact))
}

/// The place of a message of the bot that still moves.
fn live(world: &World, chat: i64, id: i64) -> Result<Map<String, Value>, ApiError> {
    let message = own(world, chat, id)?;
    let Body::Card(fields) = &message.body else { return Err(bad("message can't be edited")) };
    let place = fields.get("location").and_then(Value::as_object);
    let period = place.and_then(|place| place.get("live_period")).and_then(Value::as_i64);
    let moves = period.is_some_and(|seconds| wire::now() - message.date < seconds);
    place.filter(|_| moves).cloned().ok_or_else(|| bad("message can't be edited"))
}

/// `editMessageLiveLocation`.
pub(super) fn move_live(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let id = message_id(params)?;
    let old = live(world, chat, id)?;
    let mut new = place(params)?;
    new.extend(old.get_key_value("live_period").map(|(key, value)| (key.clone(), value.clone())));
    replace(world, chat, id, (card("location", Value::Object(new)), None))
}

/// `stopMessageLiveLocation`.
pub(super) fn stop_live(world: &mut World, params: &Params) -> Result<Value, ApiError> {
    let chat = chat_id(world, params)?;
    let id = message_id(params)?;
    let mut place = live(world, chat, id)?;
    place.remove("live_period");
    replace(world, chat, id, (card("location", Value::Object(place)), None))
}

/// What a person sees of a place.
pub(super) fn seen(fields: &Map<String, Value>) -> Option<SeenPlace> {
    let place = fields.get("location")?;
    let degrees = |name: &str| place.get(name).and_then(Value::as_f64);
    let text = |name: &str| {
        let text = fields.get("venue").and_then(|venue| venue.get(name)).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    Some(SeenPlace {
        latitude: degrees("latitude")?,
        longitude: degrees("longitude")?,
        venue: text("title").zip(text("address")),
        live: place.get("live_period").is_some(),
    })
}
