// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls, places and business cards as Telegram takes them.
//!
//! Rule: what Telegram would refuse becomes words; nothing is cut to fit.

use bot_core::{SendAs, Words};
use bridge_model::{
    Block, Card, Contact, ListItem, Live, Location, Message, Note, Point, Poll, RichText, Span,
    Timestamp,
};

use super::{ANSWERS, MAX_ANSWER, MAX_QUESTION, Piece, draw};

/// How long a poll may be open, in seconds, <https://core.telegram.org/bots/api#sendpoll>.
const OPEN: std::ops::RangeInclusive<i64> = 5..=2_628_000;
/// How long a place may move, in seconds, <https://core.telegram.org/bots/api#sendlocation>.
const LIVE: (i64, i64) = (60, 86_400);
/// Largest radius of uncertainty, in metres.
const MAX_ACCURACY: u32 = 1500;

/// A poll as `sendPoll` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question, with the name of who asks where it fits.
    pub question: String,
    /// The answers.
    pub answers: Vec<String>,
    /// One person may choose several.
    pub multiple: bool,
    /// Counts are shown only when it is closed.
    pub hidden: bool,
    /// In seconds from when it is sent. The platform counts from then, so that a poll that comes
    /// late is not refused; the core closes it in time.
    pub open_for: Option<i64>,
    /// Nobody can vote.
    pub closed: bool,
    /// The platform tells the bot who votes, so that everybody has one vote on all sides; it shows
    /// that to the members too.
    pub by_name: bool,
}

/// A place as `sendLocation` and `sendVenue` take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapPoint {
    /// Where.
    pub point: Point,
    /// In metres.
    pub accuracy: Option<u32>,
    /// What is there, and its address; never for one that moves.
    pub venue: Option<(String, String)>,
    /// For so many seconds it moves.
    pub live_for: Option<i64>,
}

/// What shows the card of a message natively, and what is said of it in words.
pub(super) fn card(message: &Message, words: &Words) -> (Option<Piece>, Vec<RichText>) {
    match &message.card {
        None => (None, Vec::new()),
        Some(Card::Poll(poll)) => match question(poll, message.sent_at) {
            Some(question) => (Some(Piece::Poll(question)), Vec::new()),
            None => (None, vec![in_words(poll), words.note(&Note::PollElsewhere)]),
        },
        Some(Card::Location(location)) => {
            let place = place(location, message.sent_at);
            // A place that moves has no title here.
            let title = location.title.iter().filter(|_| place.venue.is_none());
            let title = title.map(|it| RichText::plain_text(it)).collect();
            (Some(Piece::MapPoint(place)), title)
        }
        Some(Card::Contact(Contact { name, phone: Some(phone) })) if !phone.trim().is_empty() => {
            let name = draw::one_line(name, 64);
            let name = if name.is_empty() { phone.clone() } else { name };
            (Some(Piece::Contact { name, phone: phone.clone() }), Vec::new())
        }
        Some(Card::Contact(Contact { name, phone: _ })) => {
            (None, vec![words.note(&Note::Contact { name: name.clone() })])
        }
    }
}

/// A poll of the bot itself is a vote of the whole community.
pub(super) fn open_ballot(card: &mut Option<Piece>, send_as: &SendAs) {
    if let (Some(Piece::Poll(poll)), SendAs::Bot) = (card, send_as) {
        poll.by_name = true;
    }
}

/// Puts the name before the question, if it fits and there is nothing else to say before it.
pub(super) fn name_question(
    card: &mut Option<Piece>,
    send_as: &SendAs,
    message: &Message,
    native_reply: bool,
) -> bool {
    let (Some(Piece::Poll(poll)), Some(name)) = (card, send_as.name()) else { return false };
    let quotes = !native_reply && message.reply_to.as_ref().is_some_and(draw::has_quote);
    let named = format!("{}: {}", draw::shown_name(name), poll.question);
    if quotes || !message.body.is_empty() || named.chars().count() > MAX_QUESTION {
        return false;
    }
    poll.question = named;
    true
}

fn question(poll: &Poll, sent_at: Timestamp) -> Option<Question> {
    let line = |text: &RichText, max: usize| {
        let line = text.plain().trim().to_owned();
        (1..=max).contains(&line.chars().count()).then_some(line)
    };
    let answers: Option<Vec<String>> =
        poll.answers.iter().map(|answer| line(&answer.text, MAX_ANSWER)).collect();
    let answers = answers.filter(|it| ANSWERS.contains(&it.len()) && all_differ(it))?;
    let open_for = poll.closes_at.map(|at| seconds(sent_at, at)).filter(|it| OPEN.contains(it));
    Some(Question {
        question: line(&poll.question, MAX_QUESTION)?,
        answers,
        multiple: poll.choices > 1,
        hidden: !poll.disclosed,
        open_for: open_for.filter(|_| !poll.closed),
        closed: poll.closed,
        by_name: false,
    })
}

fn all_differ(answers: &[String]) -> bool {
    answers.iter().enumerate().all(|(at, answer)| !answers.iter().take(at).any(|it| it == answer))
}

/// The question in bold, the answers in a numbered list.
fn in_words(poll: &Poll) -> RichText {
    let question = Block::Paragraph(vec![Span::bold(poll.question.plain())]);
    let items = poll.answers.iter().map(|answer| ListItem(answer.text.0.clone())).collect();
    RichText(vec![question, Block::List { start: Some(1), items }]).normalise()
}

pub(super) fn place(location: &Location, sent_at: Timestamp) -> MapPoint {
    let live_for = match location.live {
        Some(Live { until: Some(until) }) => Some(seconds(sent_at, until)).filter(|it| *it > 0),
        Some(Live { until: None }) | None => None,
    };
    let title = location.title.as_deref().map(str::trim).filter(|it| !it.is_empty());
    let address = location.address.as_deref().map(str::trim).filter(|it| !it.is_empty());
    let venue = title.filter(|_| live_for.is_none()).map(|title| {
        let address = address.map_or_else(|| location.point.text(), str::to_owned);
        (title.to_owned(), address)
    });
    MapPoint {
        point: location.point,
        accuracy: location.accuracy.map(|it| it.min(MAX_ACCURACY)),
        venue,
        live_for: live_for.map(|it| it.clamp(LIVE.0, LIVE.1)),
    }
}

/// From one moment to another, in seconds.
fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.0.saturating_sub(from.0) / 1000
}
