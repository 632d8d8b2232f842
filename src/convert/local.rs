// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the bridge's relay does with its store, done with the maps of a line: people, chats,
//! emoji and answered messages become those of the destination.
//!
//! Rule: whom the line does not know stays as they are; the converter shows their name.

use bot_core::address;
use bot_core::media::plan;
use bot_core::relay::names;
use bot_core::store::Acquaintance;
use bridge_model::{Leaf, Mention, Message, MessageId, Person, Place, RichText, Span, Style};
use serde_json::Value;

use super::line::{ChatInfo, EmojiInfo, Line, ReplyInfo, Side};
use super::write;

/// A message as the destination knows it.
pub(super) struct Local {
    pub message: Message,
    /// The destination knows the answered message.
    pub native_reply: bool,
    /// The address of the answered message.
    pub link: Option<String>,
}

/// Makes a message ready for the destination.
pub(super) fn localise(mut message: Message, sides: (Side, Side), line: &Line) -> Local {
    let (native_reply, link) = reply(&mut message, line);
    let able = write::capabilities(sides.1);
    for media in &mut message.media {
        plan::plan(media, &able.media);
    }
    for note in std::mem::take(&mut message.notes) {
        message.body.append(write::words().note(&note));
    }
    // A thread is known only to a store.
    message.thread = None;
    message.body = text(message.body, sides, line);
    if let Some(reply) = &mut message.reply_to {
        reply.excerpt = reply.excerpt.take().map(|excerpt| text(excerpt, sides, line));
    }
    Local { message, native_reply, link }
}

fn reply(message: &mut Message, line: &Line) -> (bool, Option<String>) {
    let Some(reply) = &mut message.reply_to else { return (false, None) };
    let id = match line.replies.get(reply.message.as_str()) {
        None => return (false, None),
        Some(ReplyInfo::Text(link)) if link.starts_with("https://") => {
            return (false, Some(link.clone()));
        }
        Some(ReplyInfo::Text(id)) => Some(id.clone()),
        Some(ReplyInfo::Number(id)) => Some(id.to_string()),
        Some(ReplyInfo::Known { id, name, text, link }) => {
            reply.name = name.clone().or(reply.name.take());
            let said = text.as_deref().map(RichText::plain_text);
            reply.excerpt = reply.excerpt.take().filter(|_| reply.partial).or(said);
            let id = id.as_ref().and_then(|id| match id {
                Value::String(id) => Some(id.clone()),
                Value::Number(id) => Some(id.to_string()),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            });
            if let Some(id) = id {
                reply.message = MessageId::from(id);
                return (true, link.clone());
            }
            return (false, link.clone());
        }
    };
    if let Some(id) = id {
        reply.message = MessageId::from(id);
        return (true, None);
    }
    (false, None)
}

fn text(body: RichText, sides: (Side, Side), line: &Line) -> RichText {
    let body = names::call(body, acquaintances(sides, line));
    let body = body.map_mentions(&mut |mention| mentioned(mention, sides, line));
    body.map_spans(&mut |Span { leaf, style }| match leaf {
        Leaf::Emoji { id, name, animated } => {
            vec![Span { leaf: emoji((id, name, animated), sides, line), style }]
        }
        Leaf::Mention(Mention::Chat { place, name }) => {
            vec![room((place, name), style, line)]
        }
        leaf @ (Leaf::Text(_)
        | Leaf::Break
        | Leaf::Mention(_)
        | Leaf::Maths(_)
        | Leaf::Time { .. }) => vec![Span { leaf, style }],
    })
}

/// The people of the line whom the destination knows, by the names that somebody may write.
fn acquaintances((from, to): (Side, Side), line: &Line) -> Vec<Acquaintance> {
    let native = |id: &String| (!id.starts_with('@')).then(|| id.clone());
    let known = line.people.iter().filter_map(|(id, person)| {
        let there = match (from, to) {
            (Side::Telegram | Side::Discord, Side::Matrix) => person.mxid.clone(),
            (Side::Matrix, Side::Matrix) => person.mxid.clone().or_else(|| Some(id.clone())),
            (Side::Matrix, Side::Telegram | Side::Discord) => native(id),
            (Side::Telegram | Side::Discord, Side::Telegram | Side::Discord) => {
                native(id).filter(|_| from == to)
            }
        };
        Some(Acquaintance {
            person: Person::new(to.network(), there?),
            name: person.name.clone().or_else(|| person.username.clone())?,
            username: person.username.clone(),
        })
    });
    known.collect()
}

/// A chat; a Matrix room that can be joined through certain servers becomes a link that says so.
fn room((place, name): (Place, String), mut style: Style, line: &Line) -> Span {
    let servers = by_room(line, place.chat.as_str()).map(|(_, chat)| chat.via.as_slice());
    let servers = servers.filter(|_| place.network.as_str() == Side::Matrix.network());
    let Some([first, others @ ..]) = servers else {
        return Span { leaf: Leaf::Mention(Mention::Chat { place, name }), style };
    };
    let others: String = others.iter().map(|server| format!("&via={server}")).collect();
    style.link = Some(format!("{}?via={first}{others}", address::matrix_to(place.chat.as_str())));
    Span { leaf: Leaf::Text(format!("#{name}")), style }
}

fn mentioned(mention: Mention, (from, to): (Side, Side), line: &Line) -> Mention {
    match mention {
        Mention::Person { who, name } => {
            let known = line.people.get(who.user.as_str());
            let name = known.and_then(|known| known.name.clone()).unwrap_or(name);
            let there = match (from, to) {
                (_, Side::Matrix) => known.and_then(|known| known.mxid.as_deref()),
                (Side::Matrix, _) => line.people.iter().find_map(|(id, person)| {
                    let is_it = person.mxid.as_deref() == Some(who.user.as_str());
                    (is_it && !id.starts_with('@')).then_some(id.as_str())
                }),
                (Side::Telegram | Side::Discord, Side::Telegram | Side::Discord) => None,
            };
            let who = there.map_or(who, |id| Person::new(to.network(), id));
            Mention::Person { who, name }
        }
        Mention::Chat { place, name } => {
            let there = match (from, to) {
                (_, Side::Matrix) => {
                    line.chats.get(place.chat.as_str()).and_then(|chat| chat.room.clone())
                }
                (Side::Matrix, _) => by_room(line, place.chat.as_str()).map(|(id, _)| id.clone()),
                (Side::Telegram | Side::Discord, Side::Telegram | Side::Discord) => None,
            };
            let known = line.chats.get(place.chat.as_str());
            let known = known.or_else(|| by_room(line, place.chat.as_str()).map(|(_, it)| it));
            let called = known.and_then(|chat| chat.name.as_deref());
            let name = called.map_or(name, |name| name.trim_start_matches('#').to_owned());
            let place = there.map_or(place, |id| Place::new(to.network(), id.as_str()));
            Mention::Chat { place, name }
        }
        Mention::Role { id, name } => {
            let known = line.roles.get(&id).and_then(|role| role.name.clone());
            Mention::Role { name: known.unwrap_or(name), id }
        }
        Mention::Everyone => Mention::Everyone,
    }
}

fn by_room<'l>(line: &'l Line, room: &str) -> Option<(&'l String, &'l ChatInfo)> {
    line.chats.iter().find(|(_, chat)| chat.room.as_deref() == Some(room))
}

fn emoji(
    (id, name, animated): (String, String, bool),
    (from, to): (Side, Side),
    line: &Line,
) -> Leaf {
    let known = line.emoji.get(&id);
    let name = known.and_then(|known| known.name.clone()).unwrap_or(name);
    let there = match to {
        _ if from == to => Some((id.clone(), animated)),
        Side::Matrix => known.and_then(|known| known.mxc.clone()).map(|mxc| (mxc, animated)),
        Side::Discord => known.and_then(native_of_discord),
        Side::Telegram => None,
    };
    if let Some((id, animated)) = there {
        return Leaf::Emoji { id, name, animated };
    }
    let plain = known.filter(|_| to == Side::Telegram).and_then(|known| known.telegram.clone());
    Leaf::Text(plain.unwrap_or_else(|| {
        // Telegram names its emoji by the plain one that stands for it.
        let is_word = name.chars().any(char::is_alphanumeric);
        if is_word { format!(":{name}:") } else { name }
    }))
}

/// `<:name:id>` or `<a:name:id>`.
fn native_of_discord(known: &EmojiInfo) -> Option<(String, bool)> {
    let inner = known.discord.as_deref()?.strip_prefix('<')?.strip_suffix('>')?;
    let mut parts = inner.rsplitn(3, ':');
    let id = parts.next().filter(|id| id.chars().all(|c| c.is_ascii_digit()))?;
    Some((id.to_owned(), inner.starts_with("a:")))
}
