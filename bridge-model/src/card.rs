// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a message can hold besides words and files.
//!
//! Rule: whatever is stored here can also be said in words; `Message::notes` and the core's
//! summaries do that for networks that have no such thing.

use serde::{Deserialize, Serialize};

use crate::{RichText, Timestamp};

/// What a message holds besides words and files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Card {
    /// A question with answers to choose from.
    Poll(Poll),
    /// A place on the map.
    Location(Location),
    /// Somebody's business card.
    Contact(Contact),
}

/// A question with answers to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// The question.
    pub question: RichText,
    /// The answers, in order.
    pub answers: Vec<PollAnswer>,
    /// How many answers one person may choose, at least 1.
    pub choices: u32,
    /// Counts are shown while it is open.
    pub disclosed: bool,
    /// When it closes by itself.
    pub closes_at: Option<Timestamp>,
    /// Nobody can vote any more.
    pub closed: bool,
}

/// One answer of a poll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollAnswer {
    /// The network's id of it. Copies that the bridge makes number their answers from `0`.
    pub id: String,
    /// What it says.
    pub text: RichText,
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Where.
    pub point: Point,
    /// In metres.
    pub accuracy: Option<u32>,
    /// What is there.
    pub title: Option<String>,
    /// Its postal address.
    pub address: Option<String>,
    /// The point moves with a person.
    pub live: Option<Live>,
}

/// A point on the globe, in units of 10^-7 degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Point {
    /// North is positive.
    pub latitude: i32,
    /// East is positive.
    pub longitude: i32,
}

/// A point that moves with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Until when; `None` when it has ended.
    pub until: Option<Timestamp>,
}

/// Somebody's business card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The name on it.
    pub name: String,
    /// The phone number, which is shown only where the portal allows it.
    pub phone: Option<String>,
}

/// One unit of a [`Point`] is a degree divided by this.
const UNITS: f64 = 1e7;

impl Point {
    /// From degrees; what is no place on the globe is moved to its edge, what is no number to 0.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Self {
        let units = |degrees: f64, most: f64| {
            let degrees = if degrees.is_finite() { degrees.clamp(-most, most) } else { 0.0 };
            // At most 1.8 billion, which fits.
            format!("{:.0}", degrees * UNITS).parse().unwrap_or(0)
        };
        Self { latitude: units(latitude, 90.0), longitude: units(longitude, 180.0) }
    }

    /// In degrees: latitude, longitude.
    pub fn degrees(self) -> (f64, f64) {
        (f64::from(self.latitude) / UNITS, f64::from(self.longitude) / UNITS)
    }

    /// As `geo:` URIs and people write it: `52.5200000,13.4050000` without trailing zeros.
    pub fn text(self) -> String {
        let (latitude, longitude) = self.degrees();
        format!("{latitude},{longitude}")
    }

    /// The address of a map that shows it, on a free service.
    pub fn map_url(self) -> String {
        let (latitude, longitude) = self.degrees();
        format!(
            "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}"
        )
    }
}

impl Poll {
    /// The place of an answer in the order of answers: by its id, else as the number that copies
    /// of the bridge use.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        let by_id = self.answers.iter().position(|answer| answer.id == id);
        by_id.or_else(|| id.parse().ok().filter(|number| *number < self.answers.len()))
    }
}
