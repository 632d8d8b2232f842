// SPDX-License-Identifier: AGPL-3.0-or-later
//! The directory of one line: what the relay would ask its store or a platform stands in the maps
//! of the line.
//!
//! Rule: whom the line does not know stays as they are; the converter shows their name. A line
//! without settings is a portal with the defaults.

use async_trait::async_trait;
use bot_core::portal::Settings;
use bot_core::pseudonym::Pseudonyms;
use bot_core::relay::directory::{
    CustomEmoji, Directory, KnownChat, KnownEmoji, KnownMessage, KnownPerson, Route,
};
use bot_core::relay::identities::shown_name;
use bot_core::relay::impostors::not_the_bot;
use bot_core::store::{Acquaintance, StickerRecord};
use bot_core::{DeliverError, SendAs};
use bridge_config::NamePolicy;
use bridge_model::{Author, Capabilities, Media, MessageId, Person, Place, RichText, UserId};
use serde_json::Value;

use super::line::{ChatInfo, EmojiInfo, Line, NamesInfo, PersonInfo, ReplyInfo, Side};
use super::read::NOBODY;
use super::write;

/// What the bot is called where the configuration says nothing else.
const BOT: &str = "Freeside";

/// What one line knows.
pub(super) struct LineDirectory<'l> {
    line: &'l Line,
    sides: (Side, Side),
    route: Route,
    capabilities: Capabilities,
    settings: Settings,
    pseudonyms: Pseudonyms,
}

impl<'l> LineDirectory<'l> {
    /// The directory of `line` between two networks.
    pub(super) fn new(line: &'l Line, sides: (Side, Side)) -> Self {
        let place = |side: Side| Place::new(side.network(), "convert");
        let route = Route { from: place(sides.0), to: place(sides.1) };
        let phone_numbers = line.settings.phone_numbers;
        Self {
            line,
            sides,
            route,
            capabilities: write::capabilities(sides.1),
            settings: Settings { phone_numbers, ..Settings::default() },
            pseudonyms: Pseudonyms::new(b"convert"),
        }
    }

    /// The address of the answered message at the destination.
    pub(super) fn link_of(&self, answered: &MessageId) -> Option<String> {
        match self.line.replies.get(answered.as_str())? {
            ReplyInfo::Text(link) if link.starts_with("https://") => Some(link.clone()),
            ReplyInfo::Known { link, .. } => link.clone(),
            ReplyInfo::Text(_) | ReplyInfo::Number(_) => None,
        }
    }

    /// The author, where the line says who it is.
    pub(super) fn send_as(&self, author: &Author) -> SendAs {
        if author.user.as_str() == NOBODY {
            return SendAs::Bot;
        }
        let network = self.route.from.network.clone();
        let person = Person { network: network.clone(), user: author.user.clone() };
        let name = self.shown_name(Some(&person), &author.name);
        let name = match self.sides.1 {
            Side::Matrix => name,
            Side::Telegram | Side::Discord => not_the_bot(name, BOT, &network),
        };
        let person = Person::new("", author.user.clone());
        SendAs::Person { person, name, avatar_url: None, avatar: None }
    }

    /// The account at the destination of whoever stands in the line under `id`.
    fn account(&self, id: &str, info: &PersonInfo) -> Option<String> {
        let native = (!id.starts_with('@')).then(|| id.to_owned());
        match self.sides {
            (Side::Telegram | Side::Discord, Side::Matrix) => info.mxid.clone(),
            (Side::Matrix, Side::Matrix) => info.mxid.clone().or_else(|| Some(id.to_owned())),
            (Side::Matrix, Side::Telegram | Side::Discord) => native,
            (from @ (Side::Telegram | Side::Discord), to) => native.filter(|_| from == to),
        }
    }

    /// Who wrote an answered message: the account that the line names, else the only person of the
    /// line with this name.
    fn answered(&self, id: Option<&str>, name: Option<&str>) -> Option<Person> {
        let person = |id: &str| Person::new(self.sides.1.network(), id);
        if let Some(id) = id {
            return Some(person(id));
        }
        let name = name?;
        let mut named = self.line.people.iter().filter(|(_, it)| it.name.as_deref() == Some(name));
        let (Some((id, info)), None) = (named.next(), named.next()) else { return None };
        self.account(id, info).map(|id| person(&id))
    }

    fn chat_of_room(&self, room: &str) -> Option<(&String, &ChatInfo)> {
        self.line.chats.iter().find(|(_, chat)| chat.room.as_deref() == Some(room))
    }
}

#[async_trait]
impl Directory for LineDirectory<'_> {
    fn route(&self) -> &Route {
        &self.route
    }

    fn capabilities(&self) -> Option<&Capabilities> {
        Some(&self.capabilities)
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn shown_name(&self, person: Option<&Person>, name: &str) -> String {
        let policy = match self.line.settings.names {
            NamesInfo::Full => NamePolicy::Full,
            NamesInfo::FirstName => NamePolicy::FirstName,
            NamesInfo::Pseudonym => NamePolicy::Pseudonym,
        };
        shown_name(policy, &self.pseudonyms, person, name)
    }

    async fn people(&self) -> Result<Vec<Acquaintance>, DeliverError> {
        let network = self.sides.1.network();
        let known = self.line.people.iter().filter_map(|(id, info)| {
            Some(Acquaintance {
                person: Person::new(network, self.account(id, info)?),
                name: info.name.clone().or_else(|| info.username.clone())?,
                username: info.username.clone(),
            })
        });
        Ok(known.collect())
    }

    async fn person(&self, person: &Person) -> Result<KnownPerson, DeliverError> {
        let id = person.user.as_str();
        let known = self.line.people.get(id);
        let name = known.and_then(|known| known.name.clone());
        let there = match self.sides {
            (_, Side::Matrix) => known.and_then(|known| known.mxid.as_deref()),
            (Side::Matrix, Side::Telegram | Side::Discord) => {
                self.line.people.iter().find_map(|(native, info)| {
                    let is_it = info.mxid.as_deref() == Some(id);
                    (is_it && !native.starts_with('@')).then_some(native.as_str())
                })
            }
            (Side::Telegram | Side::Discord, Side::Telegram | Side::Discord) => None,
        };
        let there = there.map(|there| Person::new(self.sides.1.network(), there));
        Ok(KnownPerson { person: there.unwrap_or_else(|| person.clone()), name })
    }

    async fn chat(&self, place: &Place) -> Result<KnownChat, DeliverError> {
        let id = place.chat.as_str();
        let by_id = self.line.chats.get(id);
        let by_room = self.chat_of_room(id);
        let there = match self.sides {
            (_, Side::Matrix) => by_id.and_then(|chat| chat.room.as_deref()),
            (Side::Matrix, Side::Telegram | Side::Discord) => by_room.map(|(id, _)| id.as_str()),
            (Side::Telegram | Side::Discord, Side::Telegram | Side::Discord) => None,
        };
        let there = there.map(|there| Place::new(self.sides.1.network(), there));
        let known = by_id.or_else(|| by_room.map(|(_, chat)| chat));
        let title = known.and_then(|chat| chat.name.as_deref());
        Ok(KnownChat {
            place: there.unwrap_or_else(|| place.clone()),
            title: title.map(|title| title.trim_start_matches('#').to_owned()),
            via: known.map(|chat| chat.via.clone()).unwrap_or_default(),
        })
    }

    async fn message(&self, message: &MessageId) -> Result<Option<KnownMessage>, DeliverError> {
        Ok(self.line.replies.get(message.as_str()).map(|known| match known {
            ReplyInfo::Text(link) if link.starts_with("https://") => KnownMessage::default(),
            ReplyInfo::Text(id) => with_id(id.clone()),
            ReplyInfo::Number(id) => with_id(id.to_string()),
            ReplyInfo::Known { id, name, text, author_id, .. } => KnownMessage {
                id: id.as_ref().and_then(written_id).map(MessageId::from),
                author: self.answered(author_id.as_deref(), name.as_deref()),
                name: name.clone(),
                excerpt: text.as_deref().map(RichText::plain_text),
                revised: false,
            },
        }))
    }

    async fn thread_root(&self, _root: &MessageId) -> Result<Option<MessageId>, DeliverError> {
        // A thread is known only to a store.
        Ok(None)
    }

    async fn link(&self, _url: &str) -> Result<Option<String>, DeliverError> {
        Ok(None)
    }

    async fn emoji(&self, emoji: &CustomEmoji) -> Result<Option<KnownEmoji>, DeliverError> {
        let known = self.line.emoji.get(&emoji.id);
        let name = known.and_then(|known| known.name.clone()).unwrap_or(emoji.name.clone());
        let moves = known.and_then(|known| known.discord.as_deref());
        let animated = emoji.animated || moves.is_some_and(|emoji| emoji.starts_with("<a:"));
        let custom = |id: String| KnownEmoji::Custom { id, name: name.clone(), animated };
        let (from, to) = self.sides;
        Ok(match to {
            _ if from == to => Some(custom(emoji.id.clone())),
            Side::Matrix => known.and_then(|known| known.mxc.clone()).map(custom),
            Side::Discord => known.and_then(id_on_discord).map(custom),
            Side::Telegram => known.and_then(|known| known.telegram.clone()).map(KnownEmoji::Text),
        })
    }

    async fn sticker(&self, _sticker: &Media) -> Result<Option<StickerRecord>, DeliverError> {
        Ok(None)
    }

    async fn may_call_everyone(&self, _user: &UserId) -> Result<bool, DeliverError> {
        Ok(self.line.settings.everyone)
    }
}

fn with_id(id: String) -> KnownMessage {
    KnownMessage { id: Some(MessageId::from(id)), ..KnownMessage::default() }
}

fn written_id(id: &Value) -> Option<String> {
    match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The id in `<:name:id>` or `<a:name:id>`.
fn id_on_discord(known: &EmojiInfo) -> Option<String> {
    let inner = known.discord.as_deref()?.strip_prefix('<')?.strip_suffix('>')?;
    let id = inner.rsplit(':').next()?;
    id.chars().all(|c| c.is_ascii_digit()).then(|| id.to_owned())
}
