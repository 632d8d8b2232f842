// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, places and business cards, <https://core.telegram.org/bots/api#poll>,
//! <https://core.telegram.org/bots/api#location>.
//!
//! Rule: the platform speaks of a poll by the poll's own id, wherever it is shown. So the message
//! gets that id as its second name, in the made-up chat `polls`.

use bridge_model::{
    Alias, ChatId, Contact, Content, Event, Live, Location, MessageId, Place, Point, Poll,
    PollAnswer, RichText, Timestamp, VoteChange,
};
use serde_json::Value;

use super::author;
use super::field::{count, flag, int, list, object, text};
use crate::NETWORK;
use crate::convert::entities::from_wire;

/// The chat that only the second names of polls are in.
pub const POLLS: &str = "polls";

/// A question with answers, which are numbered from 0.
pub(super) fn poll(value: &Value, date: i64) -> Option<Poll> {
    let question = text(value, "question")?;
    let answers: Vec<PollAnswer> = list(value, "options")
        .iter()
        .enumerate()
        .map(|(number, option)| PollAnswer {
            id: number.to_string(),
            text: words(option, "text", "text_entities"),
        })
        .collect();
    let many = flag(value, "allows_multiple_answers");
    let choices = if many { u32::try_from(answers.len()).unwrap_or(u32::MAX).max(1) } else { 1 };
    let seconds = int(value, "close_date")
        .or_else(|| int(value, "open_period").map(|it| date.saturating_add(it)));
    Some(Poll {
        question: from_wire(question, list(value, "question_entities")),
        answers,
        choices,
        // Whoever has voted sees the counts, in anonymous polls too.
        disclosed: true,
        closes_at: seconds.map(|it| Timestamp(it.saturating_mul(1000))),
        closed: flag(value, "is_closed"),
    })
}

/// The second name of the message that shows the poll.
pub(super) fn alias(value: &Value) -> Option<Alias> {
    Some(Alias { chat: ChatId::new(POLLS), message: MessageId::new(text(value, "id")?) })
}

/// Reads a `poll` update: the counts of a poll that our bot posted, after each vote, and of
/// anybody's poll when it is stopped. `None` without an id.
pub(super) fn counted(value: &Value) -> Option<Event> {
    let name = alias(value)?;
    let counts =
        list(value, "options").iter().map(|it| count(it, "voter_count").unwrap_or(0)).collect();
    Some(Event {
        place: Place::new(NETWORK, name.chat),
        message: name.message,
        late: false,
        content: Content::Counted { counts, closed: flag(value, "is_closed") },
    })
}

/// Reads a `poll_answer` update: what somebody votes for in a poll of the bot that is not anonymous,
/// <https://core.telegram.org/bots/api#pollanswer>. No answers take the vote back.
pub(super) fn voted(value: &Value) -> Option<Event> {
    let voter = object(value, "user").and_then(author::of_user);
    let voter = voter.or_else(|| object(value, "voter_chat").and_then(author::of_chat))?;
    let answers = list(value, "option_ids").iter().filter_map(Value::as_u64);
    Some(Event {
        place: Place::new(NETWORK, POLLS),
        message: MessageId::new(text(value, "poll_id")?),
        late: false,
        content: Content::Voted {
            by: voter.user,
            answers: answers.map(|number| number.to_string()).collect(),
            change: VoteChange::Set,
        },
    })
}

/// A point on the map. `edited` says that the message was changed after it was sent: only a point
/// that moves can be, so without a period it has come to rest.
pub(super) fn location(value: &Value, date: i64, edited: bool) -> Option<Location> {
    let degrees = |key| value.get(key).and_then(Value::as_f64);
    let until = |period: i64| Timestamp(date.saturating_add(period).saturating_mul(1000));
    let live = match int(value, "live_period") {
        Some(period) => Some(Live { until: Some(until(period)) }),
        None => edited.then_some(Live { until: None }),
    };
    Some(Location {
        point: Point::from_degrees(degrees("latitude")?, degrees("longitude")?),
        accuracy: degrees("horizontal_accuracy").and_then(metres),
        title: None,
        address: None,
        live,
    })
}

/// A place with a name.
pub(super) fn venue(value: &Value) -> Option<Location> {
    let place = location(object(value, "location")?, 0, false)?;
    let own = |key| text(value, key).map(str::to_owned);
    Some(Location { title: own("title"), address: own("address"), live: None, ..place })
}

/// Somebody's business card.
pub(super) fn contact(value: &Value) -> Option<Contact> {
    let part = |key| text(value, key).unwrap_or_default();
    let name = format!("{} {}", part("first_name"), part("last_name")).trim().to_owned();
    let phone = text(value, "phone_number").map(str::to_owned);
    // The number never stands in for the name: portals may keep it from being shown.
    (!name.is_empty()).then_some(Contact { name, phone })
}

fn metres(exact: f64) -> Option<u32> {
    format!("{exact:.0}").parse().ok().filter(|it| *it > 0)
}

fn words(value: &Value, key: &str, entities: &str) -> RichText {
    from_wire(text(value, key).unwrap_or_default(), list(value, entities))
}
