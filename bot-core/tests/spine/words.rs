// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people do in the tests.
//!
//! Rule: the three places of the portal of the tests are [`room`], [`group`] and [`channel`].

use bot_core::lane::Work;
use bot_core::order::Part;
use bridge_model::{
    Alias, Author, AuthorKind, Card, Command, Content, Event, Media, MediaHandle, MediaKind,
    Message, MessageId, Place, Poll, PollAnswer, Reaction, Reply, RichText, Thread, Timestamp,
    UserId, VoteChange,
};

pub const DAY: i64 = 24 * 3600 * 1000;
/// When the tests begin, in milliseconds since 1970.
pub const START: Timestamp = Timestamp(2_800 * 7 * DAY + 3 * DAY);

pub fn room() -> Place {
    Place::new("matrix", "!room:example.org")
}

pub fn group() -> Place {
    Place::new("telegram", "-100200")
}

pub fn channel() -> Place {
    Place::new("discord", "300400")
}

pub fn author(user: &str) -> Author {
    Author {
        user: UserId::from(user),
        kind: AuthorKind::Person,
        name: user.trim_start_matches('@').split(':').next().unwrap().to_owned(),
        username: None,
        avatar: None,
    }
}

pub fn message(user: &str, text: &str) -> Message {
    let author = author(user);
    Message { body: RichText::plain_text(text), ..Message::new(author, START) }
}

pub fn event(place: &Place, id: &str, content: Content) -> Event {
    Event { place: place.clone(), message: MessageId::from(id), late: false, content }
}

/// What an entry of a lane carries, as an event; what the bot says happens at the core's place.
pub fn carried(work: &Work) -> Event {
    match work {
        Work::Relay(relayed) => relayed.event.clone(),
        Work::Say(saying) => {
            event(&saying.origin, saying.id.as_str(), Content::Posted(saying.message.clone()))
        }
        Work::Summary(it) => posted(&it.origin, it.id.as_str(), "bot", ""),
        Work::Task(task) => panic!("{task:?} is no event"),
    }
}

pub fn posted(place: &Place, id: &str, user: &str, text: &str) -> Event {
    event(place, id, Content::Posted(message(user, text)))
}

pub fn replied(place: &Place, id: &str, to: &str, (user, text): (&str, &str)) -> Event {
    let reply = Reply::to(MessageId::from(to));
    event(place, id, Content::Posted(Message { reply_to: Some(reply), ..message(user, text) }))
}

pub fn file(name: &str) -> Media {
    let handle = MediaHandle { network: "telegram".into(), reference: name.into() };
    Media { name: Some(name.into()), ..Media::new(handle, MediaKind::Image) }
}

/// A picture of an album, named after its message.
pub fn pictured(place: &Place, id: &str, user: &str, (text, album): (&str, &str)) -> Event {
    let (media, album) = (vec![file(&format!("{id}.png"))], Some(album.to_owned()));
    event(place, id, Content::Posted(Message { media, album, ..message(user, text) }))
}

/// A message in the thread that hangs on `root`.
pub fn threaded(place: &Place, id: &str, root: &str, (user, text): (&str, &str)) -> Event {
    let thread = Some(Thread { root: MessageId::from(root), name: None });
    event(place, id, Content::Posted(Message { thread, ..message(user, text) }))
}

/// A poll with answers that have these ids and say the same.
pub fn asked(place: &Place, id: &str, user: &str, answers: &[&str]) -> Event {
    let answer = |id: &&str| PollAnswer { id: (*id).into(), text: RichText::plain_text(id) };
    let poll = Poll {
        question: RichText::plain_text("what?"),
        answers: answers.iter().map(answer).collect(),
        choices: 2,
        disclosed: true,
        closes_at: None,
        closed: false,
    };
    let card = Some(Card::Poll(poll));
    event(place, id, Content::Posted(Message { card, ..message(user, "a poll") }))
}

pub fn voted(place: &Place, id: &str, by: &str, answers: &[&str]) -> Event {
    vote(place, id, by, (answers, VoteChange::Set))
}

pub fn vote(place: &Place, id: &str, by: &str, (answers, change): (&[&str], VoteChange)) -> Event {
    let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
    event(place, id, Content::Voted { by: UserId::from(by), answers, change })
}

pub fn counted(place: &Place, id: &str, counts: &[u64], closed: bool) -> Event {
    event(place, id, Content::Counted { counts: counts.to_vec(), closed })
}

pub fn poll_closed(place: &Place, id: &str, by: Option<&str>) -> Event {
    event(place, id, Content::PollClosed { by: by.map(UserId::from) })
}

pub fn alias(chat: &str, message: &str) -> Alias {
    Alias { chat: chat.into(), message: message.into() }
}

pub fn edited(place: &Place, id: &str, user: &str, text: &str) -> Event {
    event(place, id, Content::Edited(message(user, text)))
}

pub fn deleted(place: &Place, id: &str, by: Option<&str>) -> Event {
    event(place, id, Content::Deleted { by: by.map(UserId::from) })
}

pub fn emoji(emoji: &str) -> Reaction {
    Reaction::Emoji(emoji.into())
}

pub fn reacted(place: &Place, id: &str, (user, with): (&str, &str), own: Option<&str>) -> Event {
    let content =
        Content::Reacted { by: author(user), reaction: emoji(with), id: own.map(MessageId::from) };
    event(place, id, content)
}

pub fn unreacted(place: &Place, id: &str, user: &str, with: &str) -> Event {
    event(place, id, Content::Unreacted { by: UserId::from(user), reaction: emoji(with) })
}

pub fn command(by: &str, text: &str) -> Command {
    Command {
        by: author(by),
        text: text.into(),
        rights: None,
        reply_to: None,
        pressed: None,
        answer_via: None,
        language: None,
        chat_title: None,
        private: false,
        on_page: false,
    }
}

pub fn commanded(place: &Place, id: &str, by: &str, text: &str) -> Event {
    event(place, id, Content::Commanded(command(by, text)))
}

pub fn part(id: &str) -> Part {
    Part { id: MessageId::from(id), media: false }
}

/// A part that carries a file.
pub fn media(id: &str) -> Part {
    Part { id: MessageId::from(id), media: true }
}

/// What a person reads in an event that says something.
pub fn text(content: &Content) -> String {
    content.message().map(|message| message.body.plain()).unwrap_or_default()
}
