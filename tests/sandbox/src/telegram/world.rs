// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything that the platform knows: people, chats, messages, files, waiting updates.
//!
//! Rule: only this module makes messages and updates, so that what a person sees and what
//! the bot is told cannot differ. Source: <https://core.telegram.org/bots/api>.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{ApiError, bad, forbidden};
use super::contract::Contract;
use super::files::Files;
use super::inbox::Inbox;
use super::polls::Poll;
use super::rights::{Rights, Standing};
use super::text::Styled;
use super::topics::Topic;
use super::wire;

/// A user, human or bot.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) first: String,
    pub(super) last: Option<String>,
    pub(super) username: Option<String>,
    pub(super) language: Option<String>,
    pub(super) is_bot: bool,
    /// The file of the profile photo.
    pub(super) avatar: Option<String>,
}

impl Person {
    /// First and last name.
    pub(super) fn name(&self) -> String {
        match &self.last {
            Some(last) => format!("{} {last}", self.first),
            None => self.first.clone(),
        }
    }
}

/// The three kinds of chat that this stand-in knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChatKind {
    Private,
    Group,
    Supergroup,
}

impl ChatKind {
    /// The Bot API's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
        }
    }
}

/// One chat and its history.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) kind: ChatKind,
    pub(super) title: String,
    /// The supergroup that this basic group became.
    pub(super) migrated_to: Option<i64>,
    pub(super) members: BTreeMap<i64, Standing>,
    pub(super) messages: BTreeMap<i64, Message>,
    /// Newest first.
    pub(super) pinned: Vec<i64>,
    /// The last message id of a supergroup.
    pub(super) last_id: i64,
    /// When the bot sent something in the last minute.
    pub(super) sent: VecDeque<Instant>,
    /// In private chats: whether the person ever wrote, and whether they blocked the bot.
    pub(super) started: bool,
    pub(super) blocked: bool,
    /// What the chat says about itself, and the file of its picture.
    pub(super) about: String,
    pub(super) photo: Option<String>,
    /// What members may do who are no administrators: a `ChatPermissions`.
    pub(super) permissions: serde_json::Map<String, Value>,
    /// The emoji that are reactions here; `None` for all of the platform's.
    pub(super) reactions: Option<Vec<String>>,
    /// Messages stand in topics, by the id of the message that opened them.
    pub(super) forum: bool,
    pub(super) topics: BTreeMap<i64, Topic>,
}

impl Chat {
    /// What this user is here.
    pub(super) fn standing(&self, user: i64) -> Standing {
        self.members.get(&user).cloned().unwrap_or(Standing::Left)
    }

    /// Who made the group, else any member.
    pub(super) fn owner(&self) -> Option<i64> {
        let owner = self.members.iter().find(|(_, standing)| **standing == Standing::Owner);
        owner.map(|(id, _)| *id)
    }
}

/// What a message holds.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Text(Styled),
    Media(Media),
    /// The id of a poll.
    Poll(String),
    /// Fields of a place or a business card.
    Card(serde_json::Map<String, Value>),
    /// Fields of a service message.
    Service(serde_json::Map<String, Value>),
}

/// A file with its caption.
#[derive(Clone, Debug)]
pub(super) struct Media {
    /// The field of `Message`: `photo`, `document` and so on.
    pub(super) kind: &'static str,
    /// The value of that field.
    pub(super) value: Value,
    /// Where the content is kept.
    pub(super) file: String,
    pub(super) caption: Styled,
    pub(super) spoiler: bool,
}

/// One message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: i64,
    pub(super) from: i64,
    /// Seconds since 1970.
    pub(super) date: i64,
    pub(super) edited: Option<i64>,
    pub(super) body: Body,
    pub(super) reply_to: Option<i64>,
    pub(super) markup: Option<Value>,
    pub(super) album: Option<String>,
    /// The topic that it stands in.
    pub(super) thread: Option<i64>,
    /// The part of the answered message that was chosen, and where it begins there.
    pub(super) quote: Option<(Styled, usize)>,
    /// Fields around the content: where it was forwarded from, for whom it was said.
    pub(super) extra: serde_json::Map<String, Value>,
    /// Who reacted with what.
    pub(super) reactions: Vec<(i64, String)>,
}

impl Message {
    /// Text or caption.
    pub(super) fn styled(&self) -> Option<&Styled> {
        match &self.body {
            Body::Text(text) => Some(text),
            Body::Media(media) => Some(&media.caption),
            Body::Poll(_) | Body::Card(_) | Body::Service(_) => None,
        }
    }
}

/// What is given to make a message.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) body: Body,
    pub(super) reply_to: Option<i64>,
    pub(super) markup: Option<Value>,
    pub(super) album: Option<String>,
    pub(super) thread: Option<i64>,
    pub(super) quote: Option<(Styled, usize)>,
    pub(super) extra: serde_json::Map<String, Value>,
}

impl Draft {
    /// A message with nothing but its body.
    pub(super) fn new(body: Body) -> Self {
        let extra = serde_json::Map::new();
        Self { body, reply_to: None, markup: None, album: None, thread: None, quote: None, extra }
    }

    /// A service message with one field.
    pub(super) fn service(field: &str, value: Value) -> Self {
        Self::new(Body::Service([(field.to_owned(), value)].into_iter().collect()))
    }
}

/// The whole platform, as far as this bot can see it.
pub(super) struct World {
    pub(super) token: String,
    pub(super) bot: i64,
    pub(super) people: BTreeMap<i64, Person>,
    pub(super) chats: BTreeMap<i64, Chat>,
    /// The counter that private chats and basic groups share.
    pub(super) common_id: i64,
    pub(super) made: i64,
    pub(super) inbox: Inbox,
    pub(super) files: Files,
    pub(super) polls: BTreeMap<String, Poll>,
    /// By scope and language.
    pub(super) commands: BTreeMap<(String, String), Vec<Value>>,
    /// The stickers of custom emoji, by the emoji's id.
    pub(super) emoji: BTreeMap<String, Value>,
    /// Callback queries that wait for an answer.
    pub(super) queries: BTreeSet<String>,
    pub(super) log: Vec<(String, Value)>,
    pub(super) violations: Vec<String>,
    pub(super) contract: Option<&'static Contract>,
    pub(super) privacy: bool,
    pub(super) limited: bool,
    pub(super) outage: bool,
}

impl World {
    /// A number that was not used before in this world.
    pub(super) fn fresh(&mut self) -> i64 {
        self.made += 1;
        self.made
    }

    /// The chat, or the platform's refusal when the bot may not look into it.
    ///
    /// # Errors
    /// 400 for unknown and migrated chats, 403 where the bot is not a member.
    pub(super) fn chat_for_bot(&self, id: i64) -> Result<&Chat, ApiError> {
        let chat = self.chats.get(&id).ok_or_else(|| bad("chat not found"))?;
        if let Some(to) = chat.migrated_to {
            return Err(ApiError::migrated(to));
        }
        let kind = chat.kind.name();
        match chat.standing(self.bot) {
            Standing::Kicked => Err(forbidden(format!("bot was kicked from the {kind} chat"))),
            Standing::Left if chat.kind != ChatKind::Private => {
                Err(forbidden(format!("bot is not a member of the {kind} chat")))
            }
            Standing::Left
            | Standing::Member
            | Standing::Muted(_)
            | Standing::Admin(_)
            | Standing::Owner => Ok(chat),
        }
    }

    /// The rights of the bot; a plain member has none.
    pub(super) fn bot_rights(&self, chat: &Chat) -> Rights {
        match chat.standing(self.bot) {
            Standing::Admin(rights) => rights,
            Standing::Owner => Rights::all(),
            Standing::Member | Standing::Muted(_) | Standing::Left | Standing::Kicked => {
                Rights::none()
            }
        }
    }

    /// Stores a message and tells the bot of it, if the bot may see it.
    ///
    /// # Errors
    /// 400 when the chat is unknown.
    pub(super) fn post(&mut self, chat: i64, from: i64, draft: Draft) -> Result<i64, ApiError> {
        let date = wire::now();
        let room = self.chats.get_mut(&chat).ok_or_else(|| bad("chat not found"))?;
        let id = if room.kind == ChatKind::Supergroup {
            room.last_id += 1;
            room.last_id
        } else {
            self.common_id += 1;
            self.common_id
        };
        let Draft { body, reply_to, markup, album, thread, quote, extra } = draft;
        let message = Message {
            id,
            from,
            date,
            edited: None,
            body,
            reply_to,
            markup,
            album,
            thread,
            quote,
            extra,
            reactions: Vec::new(),
        };
        room.messages.insert(id, message);
        if self.bot_sees(chat, id) {
            let payload = wire::message(self, chat, id);
            self.tell("message", payload);
        }
        Ok(id)
    }

    /// Whether the bot is told of this message.
    pub(super) fn bot_sees(&self, chat: i64, id: i64) -> bool {
        let Some(room) = self.chats.get(&chat) else { return false };
        let Some(message) = room.messages.get(&id) else { return false };
        let by_bot = self.people.get(&message.from).is_some_and(|person| person.is_bot);
        let member = room.kind == ChatKind::Private
            || !matches!(room.standing(self.bot), Standing::Left | Standing::Kicked);
        if by_bot || !member {
            return false;
        }
        let admin = matches!(room.standing(self.bot), Standing::Admin(_) | Standing::Owner);
        let Some(text) = message.styled().filter(|_| self.privacy && !admin) else { return true };
        let to_bot = message.reply_to.and_then(|to| room.messages.get(&to));
        let answers = to_bot.is_some_and(|to| to.from == self.bot);
        let name = self.people.get(&self.bot).and_then(|bot| bot.username.clone());
        let mention = format!("@{}", name.unwrap_or_default());
        let command = text.text.starts_with('/')
            && text.text.split_whitespace().next().is_some_and(|word| {
                !word.contains('@') || word.to_lowercase().ends_with(&mention.to_lowercase())
            });
        let mentioned = text.text.to_lowercase().contains(&mention.to_lowercase());
        room.kind == ChatKind::Private || answers || command || mentioned
    }

    /// Queues an update of this kind, if the bot asked for the kind.
    pub(super) fn tell(&mut self, kind: &str, payload: Value) {
        if !self.inbox.wants(kind) {
            return;
        }
        let body = self.inbox.push(json!({ kind: payload }));
        if let Some(violation) = self.contract.and_then(|contract| contract.check_update(&body)) {
            self.violations.push(format!("update {kind}: {violation}"));
        }
    }

    /// Changes what a user is in a chat and tells the bot.
    pub(super) fn set_standing(&mut self, chat: i64, user: i64, by: i64, new: Standing) {
        let Some(room) = self.chats.get_mut(&chat) else { return };
        let old = room.standing(user);
        room.members.insert(user, new.clone());
        if old == new {
            return;
        }
        let room_is_admin = matches!(room.standing(self.bot), Standing::Admin(_) | Standing::Owner);
        let private = room.kind == ChatKind::Private;
        let payload = json!({
            "chat": wire::chat(self, chat),
            "from": wire::user(self, by),
            "date": wire::now(),
            "old_chat_member": wire::member(self, user, &old, !private),
            "new_chat_member": wire::member(self, user, &new, !private),
        });
        if user == self.bot {
            self.tell("my_chat_member", payload);
        } else if room_is_admin {
            self.tell("chat_member", payload);
        }
    }
}
