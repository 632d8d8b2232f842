// SPDX-License-Identifier: AGPL-3.0-or-later
//! What comes long after it was said: after an outage, from a queue or a history.
//!
//! Rule: how old a message is, its network says by its own clock ([`Message::age_ms`]); the clock of
//! this machine may be wrong.
//!
//! [`Message::age_ms`]: bridge_model::Message::age_ms

use std::time::Duration;

use bridge_model::{Content, Event, MessageKind, Note, Timestamp};

use crate::order::{Batch, Mark, Missed};

/// From then on a message says when it was written, where its copy stands among newer ones.
const LATE: Duration = Duration::from_secs(10 * 60);

/// Writes into a message that is heard `now` how long ago it was said: no longer than nothing was heard,
/// `silent_for` milliseconds, because a date of long ago is no outage.
pub fn tell_age(event: &mut Event, now: Timestamp, silent_for: u64) {
    if let Content::Posted(message) = &mut event.content {
        let age = now.0.saturating_sub(message.sent_at.0);
        message.age_ms = u64::try_from(age).unwrap_or_default().min(silent_for);
    }
}

/// Takes out of a batch what is older than `longest`, and counts it; marks what is late.
pub fn sort_out(batch: &mut Batch, longest: Duration) {
    let (late, longest) = (millis(LATE), millis(longest));
    let mut missed: Vec<Missed> = Vec::new();
    batch.events.retain_mut(|event| {
        let Event { place, content: Content::Posted(message), .. } = event else { return true };
        let spoken = message.kind != MessageKind::Notice;
        if message.age_ms > longest {
            let (at, messages) = (message.sent_at, u64::from(spoken));
            match missed.iter_mut().find(|missed| missed.place == *place) {
                Some(known) => {
                    known.messages = known.messages.saturating_add(messages);
                    known.until = known.until.max(at);
                }
                // What nobody said is missed by nobody.
                None if spoken => {
                    missed.push(Missed { place: place.clone(), messages, since: at, until: at })
                }
                None => {}
            }
            return false;
        }
        if message.age_ms >= late && spoken {
            message.notes.push(Note::SentAt { at: message.sent_at });
        }
        true
    });
    batch.marks.extend(missed.into_iter().map(Mark::Missed));
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use bridge_model::{Author, AuthorKind, Message, MessageId, Place, UserId};

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn said(at: i64, age_ms: u64) -> Event {
        let author = Author {
            user: UserId::from("1"),
            kind: AuthorKind::Person,
            name: "Ann".to_owned(),
            username: None,
            avatar: None,
        };
        let message = Message { age_ms, ..Message::new(author, Timestamp(at)) };
        Event {
            place: Place::new("telegram", "-1"),
            message: MessageId::new(at.to_string()),
            late: false,
            content: Content::Posted(message),
        }
    }

    fn sorted(events: Vec<Event>) -> Batch {
        let mut batch = Batch { network: "telegram".into(), marks: Vec::new(), events };
        sort_out(&mut batch, Duration::from_secs(24 * 3600));
        batch
    }

    #[test]
    fn what_is_older_than_a_day_is_counted_and_not_shown() {
        let batch = sorted(vec![said(1, 26 * HOUR), said(2, 25 * HOUR), said(3, HOUR)]);
        let place = Place::new("telegram", "-1");
        let (since, until) = (Timestamp(1), Timestamp(2));
        assert_eq!(batch.marks, [Mark::Missed(Missed { place, messages: 2, since, until })]);
        assert_eq!(batch.events.len(), 1);
    }

    #[test]
    fn what_is_an_hour_old_says_when_it_was_written() {
        let batch = sorted(vec![said(3, HOUR), said(4, 30_000)]);
        let mut notes = Vec::new();
        for event in batch.events {
            let Content::Posted(message) = event.content else { panic!("{:?}", event.content) };
            notes.push(message.notes);
        }
        assert_eq!(notes, [vec![Note::SentAt { at: Timestamp(3) }], vec![]]);
    }
}
