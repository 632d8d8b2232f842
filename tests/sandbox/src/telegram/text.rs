// SPDX-License-Identifier: AGPL-3.0-or-later
//! Text with entities, put in order as the platform does it before it stores a message.
//!
//! Rule: offsets and lengths count UTF-16 code units, and every change of the text moves
//! them. Sources: <https://core.telegram.org/bots/api#messageentity>,
//! <https://core.telegram.org/api/entities>, the open TDLib.

use serde_json::{Map, Value};

use super::answer::{ApiError, bad};
use super::{nesting, spotting};

/// The most bytes of entity data in one message,
/// <https://github.com/tdlib/telegram-bot-api/issues/165>.
const MOST_ENTITY_BYTES: usize = 9500;

/// One stretch of special text.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The type's name: `bold`, `text_link`, `mention` and so on.
    pub kind: String,
    /// Where it begins, in UTF-16 code units.
    pub offset: usize,
    /// How long it is, in UTF-16 code units.
    pub length: usize,
    /// The other fields: `url`, `user`, `language`, `custom_emoji_id` and so on.
    pub rest: Map<String, Value>,
}

impl Entity {
    /// Makes one without further fields.
    pub(super) fn plain(kind: &str, offset: usize, length: usize) -> Self {
        Self { kind: kind.to_owned(), offset, length, rest: Map::new() }
    }

    /// What it takes of the room for entity data, roughly: its place, its kind and its own fields.
    fn bytes(&self) -> usize {
        let own = self.rest.values().map(|it| it.as_str().map_or(8, str::len)).sum::<usize>();
        12 + own
    }

    /// One past the last code unit.
    pub(super) fn end(&self) -> usize {
        self.offset.saturating_add(self.length)
    }

    /// The `MessageEntity` of the Bot API.
    pub fn to_json(&self) -> Value {
        let mut object = self.rest.clone();
        object.insert("type".to_owned(), self.kind.clone().into());
        object.insert("offset".to_owned(), self.offset.into());
        object.insert("length".to_owned(), self.length.into());
        Value::Object(object)
    }
}

/// Text as the platform keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Styled {
    /// The characters.
    pub(super) text: String,
    /// Sorted by place, properly nested.
    pub(super) entities: Vec<Entity>,
}

impl Styled {
    /// The length that limits count, in UTF-16 code units.
    pub(super) fn units(&self) -> usize {
        self.text.encode_utf16().count()
    }

    /// The entities as the Bot API writes them.
    pub(super) fn entities_json(&self) -> Value {
        self.entities.iter().map(Entity::to_json).collect()
    }
}

/// Reads text and its given entities, and orders them as the platform does: control
/// characters become spaces, the edges lose their white space, entities are clipped and
/// nested, and mentions, links and commands are found.
///
/// # Errors
/// 400 for unknown or incomplete entities and for places outside the text.
pub(super) fn tidy(text: &str, given: &[Value]) -> Result<Styled, ApiError> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut entities = Vec::new();
    for value in given {
        if let Some(entity) = read(value).map_err(unparsable)? {
            check_place(&units, &entity)?;
            entities.push(entity);
        }
    }
    entities.sort_by(|a, b| (a.offset, b.length).cmp(&(b.offset, a.length)));
    let (units, mut entities) = clean(&units, entities);
    let units = trim(units, &mut entities);
    let mut entities = nesting::nest(entities);
    // Those beyond are dropped without a word.
    entities.truncate(100);
    if entities.iter().map(Entity::bytes).sum::<usize>() > MOST_ENTITY_BYTES {
        return Err(bad("ENTITIES_TOO_LONG"));
    }
    let text = String::from_utf16_lossy(&units);
    spotting::spot(&text, &mut entities);
    Ok(Styled { text, entities })
}

fn unparsable(why: EntityError) -> ApiError {
    match why {
        EntityError::Entity(why) => bad(format!("can't parse MessageEntity: {why}")),
        EntityError::Url(url, why) => bad(format!("entity URL '{url}' is invalid: {why}")),
    }
}

enum EntityError {
    Entity(String),
    Url(String, &'static str),
}

fn need<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a Value, EntityError> {
    object.get(name).ok_or_else(|| EntityError::Entity(format!("Can't find field \"{name}\"")))
}

fn place(object: &Map<String, Value>, name: &str) -> Result<usize, EntityError> {
    let number = need(object, name)?.as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| EntityError::Entity(format!("Field \"{name}\" must be a valid Number")))
}

fn read(value: &Value) -> Result<Option<Entity>, EntityError> {
    let object =
        value.as_object().ok_or_else(|| EntityError::Entity("expected an Object".to_owned()))?;
    let (offset, length) = (place(object, "offset")?, place(object, "length")?);
    let kind = need(object, "type")?.as_str().unwrap_or_default();
    let mut entity = Entity::plain(kind, offset, length);
    let kept: &[&str] = match kind {
        "bold"
        | "italic"
        | "underline"
        | "strikethrough"
        | "spoiler"
        | "blockquote"
        | "expandable_blockquote"
        | "code" => &[],
        "pre" => &["language"],
        "text_link" => {
            let url = need(object, "url")?.as_str().unwrap_or_default();
            entity.rest.insert("url".to_owned(), link(url)?.into());
            &[]
        }
        "text_mention" => {
            need(object, "user")?;
            &["user"]
        }
        "custom_emoji" => {
            need(object, "custom_emoji_id")?;
            &["custom_emoji_id"]
        }
        "date_time" => {
            need(object, "unix_time")?;
            &["unix_time", "date_time_format"]
        }
        // The platform finds these itself and ignores what the sender says of them.
        "mention" | "hashtag" | "cashtag" | "bot_command" | "url" | "email" | "phone_number" => {
            return Ok(None);
        }
        _ => return Err(EntityError::Entity("Unsupported type specified".to_owned())),
    };
    for name in kept {
        if let Some(value) = object.get(*name) {
            entity.rest.insert((*name).to_owned(), value.clone());
        }
    }
    Ok(Some(entity))
}

/// The platform refuses hosts without a dot and protocols other than its own, adds a
/// missing `http://` and a missing `/`.
fn link(url: &str) -> Result<String, EntityError> {
    let wrong = |why| EntityError::Url(url.to_owned(), why);
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "tg" | "ton" | "tonsite" => return Ok(format!("{scheme}://{rest}")),
        "http" | "https" => {}
        _ => return Err(wrong("Unsupported URL protocol")),
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let server = host.rsplit('@').next().unwrap_or_default();
    let (bare, port) = match server.rsplit_once(':') {
        Some((bare, port)) if !port.ends_with(']') => (bare, Some(port)),
        Some(_) | None => (server, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().unwrap_or(0) == 0) {
        return Err(wrong("Wrong port number specified in the URL"));
    }
    let numbers = bare.starts_with('[') && bare.ends_with(']');
    if !bare.contains('.') && !numbers {
        return Err(wrong("Wrong HTTP URL"));
    }
    let allowed =
        |it: char| it.is_ascii_alphanumeric() || !it.is_ascii() || ".-_!$,~*'();&+=%".contains(it);
    if !numbers && !bare.chars().all(allowed) {
        return Err(wrong("Disallowed character in URL host"));
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(format!("{scheme}://{}{slash}{path}", host.to_lowercase()))
}

fn check_place(units: &[u16], entity: &Entity) -> Result<(), ApiError> {
    let inside = |at: usize| units.get(at).is_some_and(|unit| (0xDC00..0xE000).contains(unit));
    let (offset, end) = (entity.offset, entity.end());
    if offset > units.len() {
        return Err(bad(format!(
            "entity begins after the end of the text at UTF-16 offset {offset}"
        )));
    }
    if end > units.len() {
        return Err(bad(format!(
            "entity beginning at UTF-16 offset {offset} ends after the end of the text at \
             UTF-16 offset {end}"
        )));
    }
    if inside(offset) {
        return Err(bad(format!(
            "entity begins in a middle of a UTF-16 symbol at byte offset {}",
            bytes_before(units, offset + 1)
        )));
    }
    if inside(end) {
        return Err(bad(format!(
            "entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol at \
             byte offset {}",
            bytes_before(units, end + 1)
        )));
    }
    Ok(())
}

/// The platform notices a split symbol only where the next one begins.
fn bytes_before(units: &[u16], end: usize) -> usize {
    let before: Vec<u16> = units.iter().take(end).copied().collect();
    char::decode_utf16(before).map(|c| c.map_or(0, char::len_utf8)).sum()
}

/// What a code unit becomes: `None` for characters that the platform removes.
fn cleaned(unit: u16) -> Option<u16> {
    match unit {
        0x000D | 0x2028..=0x202E => None,
        0x000A => Some(unit),
        0x0000..=0x001F => Some(0x0020),
        _ => Some(unit),
    }
}

fn clean(units: &[u16], entities: Vec<Entity>) -> (Vec<u16>, Vec<Entity>) {
    let (mut kept, mut moved) = (Vec::new(), Vec::new());
    for unit in units {
        moved.push(kept.len());
        kept.extend(cleaned(*unit));
    }
    moved.push(kept.len());
    let at = |place: usize| moved.get(place).copied().unwrap_or(kept.len());
    let entities = entities
        .into_iter()
        .map(|entity| {
            let (offset, end) = (at(entity.offset), at(entity.end()));
            Entity { offset, length: end.saturating_sub(offset), ..entity }
        })
        .collect();
    (kept, entities)
}

fn blank(unit: u16) -> bool {
    unit == 0x0020 || unit == 0x000A
}

/// Takes white space from the end and, up to the first entity, from the start; entities
/// that cover nothing else vanish.
fn trim(mut units: Vec<u16>, entities: &mut Vec<Entity>) -> Vec<u16> {
    let visible = |entity: &Entity, units: &[u16]| {
        units.iter().skip(entity.offset).take(entity.length).any(|unit| !blank(*unit))
    };
    entities.retain(|entity| visible(entity, &units));
    while units.last().copied().is_some_and(blank) {
        units.pop();
    }
    let first = entities.iter().map(|entity| entity.offset).min().unwrap_or(units.len());
    let cut = units.iter().take(first).take_while(|unit| blank(**unit)).count();
    units.drain(..cut);
    for entity in entities.iter_mut() {
        let end = entity.end().saturating_sub(cut).min(units.len());
        entity.offset = entity.offset.saturating_sub(cut);
        entity.length = end.saturating_sub(entity.offset);
    }
    entities.retain(|entity| entity.length > 0);
    units
}
