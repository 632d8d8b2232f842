// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a person sees in a chat.
//!
//! Rule: read from the stored messages, never from what the bot was told or sent.

use std::fmt;

use axum::body::Bytes;

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
            Body::Text(_) | Body::Service(_) => None,
        };
        let file = media.and_then(|media| world.files.get(&media.file));
        let service = match &message.body {
            Body::Service(fields) => fields.keys().next().cloned(),
            Body::Text(_) | Body::Media(_) => None,
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
            buttons: buttons(message),
        }
    }
}

fn buttons(message: &Message) -> Vec<Vec<String>> {
    let rows = message.markup.as_ref().and_then(|markup| markup.get("inline_keyboard"));
    let label = |button: &serde_json::Value| -> Option<String> {
        button.get("text").and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let rows = rows.and_then(serde_json::Value::as_array).into_iter().flatten();
    rows.map(|row| row.as_array().into_iter().flatten().filter_map(label).collect()).collect()
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}", self.id, self.from)?;
        if let Some(to) = self.reply_to {
            write!(f, " (answers #{to})")?;
        }
        write!(f, ": ")?;
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
