// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a person sees in a chat.
//!
//! Rule: read from the stored messages, never from what the bot was told or sent.

use std::fmt;

use axum::body::Bytes;

use super::places::SeenPlace;
use super::polls::SeenPoll;
use super::text::Entity;
use super::user::MessageId;
use super::world::{Body, Chat, Message, World};

/// One message on a person's screen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number in the chat.
    pub id: MessageId,
    /// The author's full name.
    pub from: String,
    /// The author's id.
    pub from_id: i64,
    /// Whether the author is a bot.
    pub is_bot: bool,
    /// The text or the caption; empty for neither.
    pub text: String,
    /// The styles, links and mentions of the text.
    pub entities: Vec<Entity>,
    /// The image of a photo.
    pub photo: Option<Bytes>,
    /// Any other file.
    pub document: Option<Attached>,
    /// Whether the file is hidden until it is touched.
    pub spoiler: bool,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// Whether it says "edited".
    pub edited: bool,
    /// Who reacted with what, as (name, emoji).
    pub reactions: Vec<(String, String)>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// The messages of one album have the same value.
    pub album: Option<String>,
    /// For service messages: the field that says what happened, such as `pinned_message`.
    pub service: Option<String>,
    /// The topic that it stands in.
    pub topic: Option<String>,
    /// The part of the answered message that was chosen.
    pub quote: Option<String>,
    /// The poll, with its counts.
    pub poll: Option<SeenPoll>,
    /// The place on the map.
    pub place: Option<SeenPlace>,
    /// The business card: name and number.
    pub contact: Option<(String, String)>,
    /// The labels of the buttons below, row by row.
    pub buttons: Vec<Vec<String>>,
}

/// A file in a message.
#[derive(Clone, Debug)]
pub struct Attached {
    /// `document`, `video`, `audio`, `voice`, `animation`, `sticker` or `video_note`.
    pub kind: &'static str,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its media type, if it is known.
    pub mime: Option<String>,
    /// What else the platform says of it: duration, title, size of the picture.
    pub about: serde_json::Value,
    /// Its content.
    pub bytes: Bytes,
}

impl Seen {
    /// The pieces of the text that wear this entity, such as `bold` or `text_link`.
    pub fn styled(&self, kind: &str) -> Vec<String> {
        let units: Vec<u16> = self.text.encode_utf16().collect();
        let piece = |entity: &Entity| -> String {
            let piece: Vec<u16> =
                units.iter().skip(entity.offset).take(entity.length).copied().collect();
            String::from_utf16_lossy(&piece)
        };
        self.entities.iter().filter(|entity| entity.kind == kind).map(piece).collect()
    }

    pub(super) fn of(world: &World, chat: &Chat, message: &Message) -> Self {
        let author = world.people.get(&message.from);
        let styled = message.styled().cloned().unwrap_or_default();
        let media = match &message.body {
            Body::Media(media) => Some(media),
            Body::Text(_) | Body::Poll(_) | Body::Card(_) | Body::Service(_) => None,
        };
        let file = media.and_then(|media| world.files.get(&media.file));
        let service = match &message.body {
            Body::Service(fields) => fields.keys().next().cloned(),
            Body::Text(_) | Body::Media(_) | Body::Poll(_) | Body::Card(_) => None,
        };
        let poll = match &message.body {
            Body::Poll(id) => world.polls.get(id).map(super::polls::Poll::seen),
            Body::Text(_) | Body::Media(_) | Body::Card(_) | Body::Service(_) => None,
        };
        let card = match &message.body {
            Body::Card(fields) => Some(fields),
            Body::Text(_) | Body::Media(_) | Body::Poll(_) | Body::Service(_) => None,
        };
        let name = |id: &i64| world.people.get(id).map(super::world::Person::name);
        let reactions = message.reactions.iter();
        Self {
            id: MessageId(message.id),
            from: author.map(super::world::Person::name).unwrap_or_default(),
            from_id: message.from,
            is_bot: author.is_some_and(|author| author.is_bot),
            text: styled.text,
            entities: styled.entities,
            photo: file.filter(|file| file.kind == "photo").map(|file| file.bytes.clone()),
            document: file.filter(|file| file.kind != "photo").map(|file| Attached {
                kind: file.kind,
                name: file.name.clone(),
                mime: file.mime.clone(),
                about: media.map(|media| media.value.clone()).unwrap_or_default(),
                bytes: file.bytes.clone(),
            }),
            spoiler: media.is_some_and(|media| media.spoiler),
            reply_to: message.reply_to.map(MessageId),
            edited: message.edited.is_some(),
            reactions: reactions
                .map(|(by, emoji)| (name(by).unwrap_or_default(), emoji.clone()))
                .collect(),
            pinned: chat.pinned.contains(&message.id),
            album: message.album.clone(),
            service,
            topic: message.thread.and_then(|id| chat.topics.get(&id)).map(|it| it.name.clone()),
            quote: message.quote.as_ref().map(|(quote, _)| quote.text.clone()),
            poll,
            place: card.and_then(super::places::seen),
            contact: card.and_then(contact),
            buttons: buttons(message),
        }
    }
}

fn contact(fields: &serde_json::Map<String, serde_json::Value>) -> Option<(String, String)> {
    let text = |name: &str| fields.get("contact")?.get(name)?.as_str().map(str::to_owned);
    text("first_name").zip(text("phone_number"))
}

fn buttons(message: &Message) -> Vec<Vec<String>> {
    let rows = message.markup.as_ref().and_then(|markup| markup.get("inline_keyboard"));
    let label = |button: &serde_json::Value| -> Option<String> {
        button.get("text").and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let rows = rows.and_then(serde_json::Value::as_array).into_iter().flatten();
    rows.map(|row| row.as_array().into_iter().flatten().filter_map(label).collect()).collect()
}

impl Seen {
    fn write_card(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(poll) = &self.poll {
            write!(f, "<poll> {}", poll.question)?;
            for (option, count) in &poll.options {
                write!(f, " / {option}: {count}")?;
            }
            write!(f, "{}", if poll.closed { " (closed)" } else { "" })?;
        }
        if let Some(place) = &self.place {
            let live = if place.live { "live " } else { "" };
            write!(f, "<{live}place {}, {}>", place.latitude, place.longitude)?;
            if let Some((title, address)) = &place.venue {
                write!(f, " {title}, {address}")?;
            }
        }
        if let Some((name, phone)) = &self.contact {
            write!(f, "<contact> {name} {phone}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}", self.id, self.from)?;
        if let Some(to) = self.reply_to {
            write!(f, " (answers #{to})")?;
        }
        if let Some(topic) = &self.topic {
            write!(f, " (in {topic})")?;
        }
        write!(f, ": ")?;
        if let Some(quote) = &self.quote {
            write!(f, "> {quote} | ")?;
        }
        self.write_card(f)?;
        if let Some(service) = &self.service {
            write!(f, "<{service}>")?;
        }
        if self.photo.is_some() {
            write!(f, "<photo> ")?;
        }
        if let Some(file) = &self.document {
            write!(f, "<{} {}> ", file.kind, file.name.as_deref().unwrap_or("unnamed"))?;
        }
        write!(f, "{}", self.text)?;
        if self.edited {
            write!(f, " (edited)")?;
        }
        if self.pinned {
            write!(f, " (pinned)")?;
        }
        for (by, emoji) in &self.reactions {
            write!(f, " [{emoji} {by}]")?;
        }
        Ok(())
    }
}
