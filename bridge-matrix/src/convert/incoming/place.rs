// SPDX-License-Identifier: AGPL-3.0-or-later
//! Places on the map (`m.location`, MSC3488), and those that move (MSC3672).
//!
//! Rule: what clients write into `body` for others that show no map is no title.

use bridge_model::{Card, Content, Event, Live, Location, Message, MessageKind, Point, Timestamp};
use serde_json::Value;

use super::{Own, Raw, envelope, message, name, text, words};

const NEW: &str = "m.location";
const OLD: &str = "org.matrix.msc3488.location";

/// The place that the content of an `m.room.message` names; `None` where it cannot be read.
pub(super) fn read(content: &Value) -> Option<Location> {
    let block = block(content);
    let uri = block.and_then(|block| text(block, "uri")).or_else(|| text(content, "geo_uri"))?;
    let (point, accuracy) = geo(uri)?;
    let described = block.and_then(|block| text(block, "description"));
    let title = described.or_else(|| {
        let body = text(content, "body")?;
        let fallback = body.contains("geo:") || body.contains("://") || body.contains(uri);
        Some(body).filter(|_| !fallback)
    });
    let title = title.and_then(name::line);
    Some(Location { point, accuracy, title, address: None, live: None })
}

/// What a beacon of the live location `info` says: a first message, which the core knows already
/// unless it is the first beacon, and its newest version. `ended`: the person shares no more.
/// Nothing for what cannot be read.
pub fn beacon(room: &str, (raw, info): (&Value, &Value), ended: bool, own: &Own<'_>) -> Vec<Event> {
    let (Ok(beacon), Ok(shared)) = (envelope(room, raw, own), envelope(room, info, own)) else {
        return Vec::new();
    };
    let point = block(beacon.content).and_then(|block| geo(text(block, "uri")?));
    let (Some((point, accuracy)), true) = (point, beacon.sender == shared.sender) else {
        return Vec::new();
    };
    let title = text(shared.content, "description").and_then(name::line);
    let until = if ended { None } else { Some(until(&shared)) };
    let location = Location { point, accuracy, title, address: None, live: Some(Live { until }) };
    let mut message = message::bare(&shared, (MessageKind::Text, shared.content), None);
    message.card = Some(Card::Location(location));
    let edited = shared.event(shared.id, Content::Edited(message.clone()));
    if ended {
        return vec![edited];
    }
    vec![shared.event(shared.id, Content::Posted(message)), edited]
}

/// When a live location ends by itself.
fn until(info: &Raw<'_>) -> Timestamp {
    let number = |key: &str| info.content.get(key).and_then(Value::as_i64);
    let from = number("m.ts").or_else(|| number("org.matrix.msc3488.ts")).unwrap_or(info.sent_at);
    Timestamp(from.saturating_add(number("timeout").unwrap_or(0)))
}

/// A message that says `words` when there is no place to be read.
pub(super) fn unplaced(unplaced: &mut Message, content: &Value) {
    if unplaced.card.is_none() {
        let said = words(content).or_else(|| text(content, "geo_uri")).unwrap_or_default();
        unplaced.body = message::lines(said);
    }
}

fn block(content: &Value) -> Option<&Value> {
    [NEW, OLD].iter().find_map(|key| content.get(*key).filter(|block| block.is_object()))
}

/// A `geo:` URI (RFC 5870): latitude, longitude, perhaps altitude, perhaps `u` in metres.
fn geo(uri: &str) -> Option<(Point, Option<u32>)> {
    let rest = uri.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("geo:"))?;
    let rest = uri.get(rest.len()..)?;
    let mut parts = rest.split(';');
    let mut numbers = parts.next()?.split(',').map(|number| number.trim().parse::<f64>().ok());
    let (latitude, longitude) = (numbers.next()??, numbers.next()??);
    if !latitude.is_finite() || !longitude.is_finite() {
        return None;
    }
    let accuracy = parts.find_map(|part| part.strip_prefix("u=")?.parse::<f64>().ok());
    let accuracy = accuracy.filter(|metres| metres.is_finite() && *metres >= 0.0);
    let metres = accuracy.and_then(|metres| format!("{metres:.0}").parse().ok());
    Some((Point::from_degrees(latitude, longitude), metres))
}
