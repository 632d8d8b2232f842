// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything that a person can say, with all that may stand around it.
//!
//! Rule: what a client of the platform would not let a person send is an error. Kinds that the
//! stand-in has no rules for are given as the field of the Bot API's `Message`; the contract
//! checks them. Source: <https://core.telegram.org/bots/api#message>.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::group::{Group, refused};
use super::params::{Params, Upload};
use super::text::{Styled, tidy};
use super::user::{MessageId, User};
use super::world::{Body, Draft, Media, World};
use super::{media, wire};

/// The platform's own accounts that stand in for chats that speak.
const CHANNEL_BOT: i64 = 136_817_688;
const GROUP_BOT: i64 = 1_087_968_824;
const TELEGRAM: i64 = 777_000;

/// The longest text and caption, in UTF-16 code units.
const TEXT: usize = 4096;
const CAPTION: usize = 1024;

/// A channel that the bot is not in.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub title: String,
}

/// Something to be said.
#[derive(Clone, Debug)]
pub struct Post {
    what: What,
    entities: Value,
    reply_to: Option<MessageId>,
    quote: Option<String>,
    topic: Option<MessageId>,
    markup: Option<Value>,
    around: Map<String, Value>,
    stands_in: Option<StandsIn>,
}

#[derive(Clone, Debug)]
enum What {
    Text(String),
    File {
        kind: &'static str,
        upload: Upload,
        about: Map<String, Value>,
        thumbnail: Option<Bytes>,
        caption: String,
        spoiler: bool,
    },
    Content(Map<String, Value>),
}

#[derive(Clone, Debug)]
enum StandsIn {
    Group,
    Channel(Channel),
    Linked(Channel),
}

impl Post {
    fn new(what: What) -> Self {
        Self {
            what,
            entities: json!([]),
            reply_to: None,
            quote: None,
            topic: None,
            markup: None,
            around: Map::new(),
            stands_in: None,
        }
    }

    /// Words.
    pub fn text(text: &str) -> Self {
        Self::new(What::Text(text.to_owned()))
    }

    /// A file: `photo`, `document`, `video`, `audio`, `voice`, `animation`, `sticker` or
    /// `video_note`, with name and media type.
    pub fn file(kind: &'static str, (name, mime): (&str, &str), bytes: impl Into<Bytes>) -> Self {
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let upload = Upload { name: named(name), mime: named(mime), bytes: bytes.into() };
        let (about, caption) = (Map::new(), String::new());
        Self::new(What::File { kind, upload, about, thumbnail: None, caption, spoiler: false })
    }

    /// A kind that has neither text nor file, such as `{"dice": {...}}`.
    pub fn content(fields: &Value) -> Self {
        Self::new(What::Content(fields.as_object().cloned().unwrap_or_default()))
    }

    /// The words below a file.
    pub fn caption(mut self, words: &str) -> Self {
        if let What::File { caption, .. } = &mut self.what {
            words.clone_into(caption);
        }
        self
    }

    /// Styles of the text or caption: a JSON array of `MessageEntity`.
    pub fn entities(self, entities: Value) -> Self {
        Self { entities, ..self }
    }

    /// Further fields of the file, such as `title`, `performer`, `duration`, `emoji`, `set_name`.
    pub fn about(mut self, fields: &Value) -> Self {
        if let What::File { about, .. } = &mut self.what {
            about.extend(fields.as_object().cloned().unwrap_or_default());
        }
        self
    }

    /// The small picture of a file.
    pub fn thumbnail(mut self, picture: impl Into<Bytes>) -> Self {
        if let What::File { thumbnail, .. } = &mut self.what {
            *thumbnail = Some(picture.into());
        }
        self
    }

    /// The file is hidden until it is touched.
    pub fn spoiler(mut self) -> Self {
        if let What::File { spoiler, .. } = &mut self.what {
            *spoiler = true;
        }
        self
    }

    /// The caption stands above the file.
    pub fn above(self) -> Self {
        self.with("show_caption_above_media", true)
    }

    /// Answers a message of the chat.
    pub fn answering(self, to: MessageId) -> Self {
        Self { reply_to: Some(to), ..self }
    }

    /// Answers just this part of the message.
    pub fn quoting(self, part: &str) -> Self {
        Self { quote: Some(part.to_owned()), ..self }
    }

    /// Answers this part of a message in a channel.
    pub fn answering_channel(self, channel: &Channel, message: i64, part: &str) -> Self {
        let origin = channel.origin(message, None);
        let external =
            json!({ "origin": origin, "chat": channel.to_json(), "message_id": message });
        let quote = json!({ "text": part, "position": 0, "is_manual": true });
        self.with("external_reply", external).with("quote", quote)
    }

    /// Stands in this topic.
    pub fn in_topic(self, topic: MessageId) -> Self {
        Self { topic: Some(topic), ..self }
    }

    /// Was first said by somebody who hides who it was.
    pub fn forwarded_from(self, name: &str) -> Self {
        let origin =
            json!({ "type": "hidden_user", "sender_user_name": name, "date": wire::now() });
        self.with("forward_origin", origin)
    }

    /// Was first said in a channel.
    pub fn forwarded_from_channel(self, channel: &Channel, signature: Option<&str>) -> Self {
        self.with("forward_origin", channel.origin(1, signature))
    }

    /// Was made with the help of another bot.
    pub fn via(self, bot: &User) -> Self {
        let bot = wire::user(&bot.shared.lock(), bot.id);
        self.with("via_bot", bot)
    }

    /// Has buttons below: rows of `InlineKeyboardButton`.
    pub fn buttons(self, rows: Value) -> Self {
        Self { markup: Some(json!({ "inline_keyboard": rows })), ..self }
    }

    /// The person speaks as the group, with this title.
    pub fn as_group(self, title: Option<&str>) -> Self {
        Self { stands_in: Some(StandsIn::Group), ..self.signed(title) }
    }

    /// The person speaks as a channel.
    pub fn as_channel(self, channel: &Channel) -> Self {
        Self { stands_in: Some(StandsIn::Channel(channel.clone())), ..self }
    }

    /// The post of a linked channel comes by itself, with the name of who wrote it.
    pub fn of_linked(self, channel: &Channel, signature: Option<&str>) -> Self {
        let origin = channel.origin(1, signature);
        let post = self.with("is_automatic_forward", true).with("forward_origin", origin);
        Self { stands_in: Some(StandsIn::Linked(channel.clone())), ..post }
    }

    fn signed(self, signature: Option<&str>) -> Self {
        match signature {
            Some(signature) => self.with("author_signature", signature),
            None => self,
        }
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.around.insert(name.to_owned(), value.into());
        self
    }

    fn body(&self, world: &mut World) -> anyhow::Result<Body> {
        let entities = self.entities.as_array().cloned().unwrap_or_default();
        match &self.what {
            What::Text(text) => {
                let text = tidy(text, &entities).map_err(refused)?;
                anyhow::ensure!(!text.text.is_empty(), "message text is empty");
                anyhow::ensure!(text.units() <= TEXT, "message is too long");
                Ok(Body::Text(text))
            }
            What::Content(fields) => Ok(Body::Card(fields.clone())),
            What::File { kind, upload, about, thumbnail, caption, spoiler } => {
                let caption = tidy(caption, &entities).map_err(refused)?;
                anyhow::ensure!(caption.units() <= CAPTION, "message caption is too long");
                let bare = matches!(*kind, "sticker" | "video_note");
                anyhow::ensure!(!bare || caption.text.is_empty(), "a {kind} has no caption");
                let file = media::keep(&mut world.files, kind, upload).map_err(refused)?;
                let mut value = media::describe(&file, &Params::default()).map_err(refused)?;
                if let Some(value) = value.as_object_mut() {
                    value.extend(about.clone());
                    let small = thumbnail.as_ref().map(|picture| thumbnail_of(world, picture));
                    value.extend(small.map(|small| ("thumbnail".to_owned(), small)));
                }
                let (kind, spoiler) = (*kind, *spoiler);
                Ok(Body::Media(Media { kind, value, file: file.id, caption, spoiler }))
            }
        }
    }

    /// The fields that say for whom the person speaks.
    fn speaker(&self, world: &World, chat: i64) -> Map<String, Value> {
        let account = |id: i64, name: &str, is_bot: bool| json!({ "id": id, "is_bot": is_bot, "first_name": name });
        let (from, sender) = match &self.stands_in {
            None => return Map::new(),
            Some(StandsIn::Group) => (account(GROUP_BOT, "Group", true), wire::chat(world, chat)),
            Some(StandsIn::Channel(it)) => (account(CHANNEL_BOT, "Channel", true), it.to_json()),
            Some(StandsIn::Linked(it)) => (account(TELEGRAM, "Telegram", false), it.to_json()),
        };
        [("from".to_owned(), from), ("sender_chat".to_owned(), sender)].into_iter().collect()
    }

    fn draft(&self, world: &mut World, chat: i64) -> anyhow::Result<Draft> {
        let mut draft = Draft::new(self.body(world)?);
        let messages = world.chats.get(&chat).map(|chat| &chat.messages);
        let there = |id: &MessageId| messages.is_some_and(|all| all.contains_key(&id.0));
        for id in self.reply_to.iter().chain(&self.topic) {
            anyhow::ensure!(there(id), "message #{id} not found");
        }
        if let (Some(part), Some(to)) = (&self.quote, self.reply_to) {
            let answered = messages.and_then(|all| all.get(&to.0)).and_then(|it| it.styled());
            draft.quote = Some(quote(answered, part)?);
        }
        draft.reply_to = self.reply_to.map(|to| to.0);
        draft.thread = self.topic.map(|topic| topic.0);
        draft.markup.clone_from(&self.markup);
        draft.extra.clone_from(&self.around);
        draft.extra.extend(self.speaker(world, chat));
        Ok(draft)
    }
}

/// The chosen part and where it begins.
fn quote(answered: Option<&Styled>, part: &str) -> anyhow::Result<(Styled, usize)> {
    let text = answered.map(|it| it.text.as_str()).unwrap_or_default();
    let (before, _) =
        text.split_once(part).ok_or_else(|| anyhow::anyhow!("\"{part}\" is not in the message"))?;
    let styled = Styled { text: part.to_owned(), entities: Vec::new() };
    Ok((styled, before.encode_utf16().count()))
}

fn thumbnail_of(world: &mut World, picture: &Bytes) -> Value {
    let file = world.files.add("photo", picture.clone());
    let (width, height) = media::dimensions(picture).unwrap_or((320, 320));
    json!({ "file_id": file.id, "file_unique_id": file.unique, "width": width, "height": height,
        "file_size": picture.len() })
}

impl Channel {
    /// A channel somewhere on the platform.
    pub fn new(number: i64, title: &str) -> Self {
        Self { id: -1_001_900_000_000 - number, title: title.to_owned() }
    }

    fn to_json(&self) -> Value {
        json!({ "id": self.id, "type": "channel", "title": self.title })
    }

    fn origin(&self, message: i64, signature: Option<&str>) -> Value {
        let mut origin = json!({ "type": "channel", "chat": self.to_json(), "message_id": message,
            "date": wire::now() });
        if let (Some(signature), Some(origin)) = (signature, origin.as_object_mut()) {
            origin.insert("author_signature".to_owned(), signature.into());
        }
        origin
    }
}

impl Group {
    /// Posts something.
    ///
    /// # Errors
    /// When it is empty or too long, when what it answers is not there, or when the person was
    /// removed.
    pub fn send(&self, user: &User, post: &Post) -> anyhow::Result<MessageId> {
        self.act(user, |world, user| {
            let draft = post.draft(world, self.id)?;
            world.say(self.id, user.id, draft).map(MessageId).map_err(refused)
        })
    }

    /// Posts 2 to 10 files as one album: pictures and films, or documents, or music.
    ///
    /// # Errors
    /// As `send`, and for kinds that cannot stand together.
    pub fn send_album(&self, user: &User, posts: &[Post]) -> anyhow::Result<Vec<MessageId>> {
        anyhow::ensure!((2..=10).contains(&posts.len()), "an album has 2 to 10 files");
        let group = |post: &Post| match &post.what {
            What::File { kind: "photo" | "video", .. } => Some("pictures"),
            What::File { kind: kind @ ("document" | "audio"), .. } => Some(*kind),
            What::File { .. } | What::Text(_) | What::Content(_) => None,
        };
        let first = posts.first().and_then(group);
        let together = first.is_some() && posts.iter().all(|post| group(post) == first);
        anyhow::ensure!(together, "these cannot stand together in an album");
        self.act(user, |world, user| {
            let album = format!("1390{:013}", world.fresh());
            let mut ids = Vec::new();
            for post in posts {
                let mut draft = post.draft(world, self.id)?;
                draft.album = Some(album.clone());
                ids.push(world.say(self.id, user.id, draft).map(MessageId).map_err(refused)?);
            }
            Ok(ids)
        })
    }
}
