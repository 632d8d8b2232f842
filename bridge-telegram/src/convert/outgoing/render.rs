// SPDX-License-Identifier: AGPL-3.0-or-later
//! Calls as they go over the wire: the name of a method and its parameters as JSON.
//!
//! Rule: no parse modes. Each file is `attach://<n>`, its preview `attach://<n>t`; whoever sends
//! the call puts the bytes under these names. Parameters are those of
//! <https://core.telegram.org/bots/api#available-methods>.

use bot_core::Part;
use bridge_model::{Button, Media, MediaHandle, MediaKind, MessageId, Press, Thumbnail};
use serde_json::{Map, Value, json};

use super::{Address, Call, FilePiece, MapPoint, Piece, Question, UploadMethod, access};
use crate::convert::TelegramText;

type Params = Map<String, Value>;

/// Bytes that belong to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enclosed {
    /// The name after `attach://`.
    pub name: String,
    /// Which file.
    pub media: Media,
    /// It may be left out.
    pub is_preview: bool,
}

/// The method and the parameters of a call in `chat`; `None` where there is nothing to call, or
/// where an id is none of Telegram's.
pub fn render(call: &Call, chat: &str) -> Option<(&'static str, Value)> {
    let (method, mut params) = match call {
        Call::Keep(_) => return None,
        Call::Send { piece, to } => send(piece, to)?,
        Call::Edit { part, text, buttons } => {
            let (method, mut params) = edit(part, text)?;
            keyboard(&mut params, buttons);
            (method, params)
        }
        Call::Exchange { part, file, to: _ } => {
            let mut params = at(&part.id)?;
            params.insert("media".to_owned(), Value::Object(item(file, 0)));
            ("editMessageMedia", params)
        }
        Call::Move { part, place: Some(place) } => {
            let mut params = at(&part.id)?;
            point(&mut params, place);
            ("editMessageLiveLocation", params)
        }
        Call::Move { part, place: None } => ("stopMessageLiveLocation", at(&part.id)?),
        Call::Delete(id) => ("deleteMessage", at(id)?),
        Call::React { target, choices } => react(target, choices.first().map(String::as_str))?,
        Call::Pin(id) => {
            let mut params = at(id)?;
            params.insert("disable_notification".to_owned(), true.into());
            ("pinChatMessage", params)
        }
        Call::Unpin(id) => ("unpinChatMessage", at(id)?),
        Call::StopPoll(id) => ("stopPoll", at(id)?),
        Call::SetTitle(title) => ("setChatTitle", one("title", title.as_str())),
        Call::SetDescription(text) => ("setChatDescription", one("description", text.as_str())),
        // Its file is a part of that name, because the method takes no reference.
        Call::SetPhoto(_) => ("setChatPhoto", Params::new()),
        Call::DeletePhoto => ("deleteChatPhoto", Params::new()),
        Call::RenameTopic { root, name } => {
            let mut params = topic(root)?;
            params.insert("name".to_owned(), name.as_str().into());
            ("editForumTopic", params)
        }
        Call::CloseTopic(root) => ("closeForumTopic", topic(root)?),
        Call::ReopenTopic(root) => ("reopenForumTopic", topic(root)?),
        Call::SetPermissions(permissions) => {
            let mut params = one("permissions", Value::Object(permissions.clone()));
            // Else a right to send pictures would bring the right to write back.
            params.insert("use_independent_chat_permissions".to_owned(), true.into());
            ("setChatPermissions", params)
        }
        Call::Ban { .. } | Call::Unban(_) | Call::Restrict { .. } => member(call)?,
        Call::Leave => ("leaveChat", Params::new()),
    };
    let chat = chat.parse::<i64>().map_or_else(|_| Value::from(chat), Value::from);
    params.insert("chat_id".to_owned(), chat);
    Some((method, Value::Object(params)))
}

/// What is done to a member of the chat.
fn member(call: &Call) -> Option<(&'static str, Params)> {
    if let Call::Ban { user, revoke } = call {
        let mut params = one("user_id", *user);
        params.insert("revoke_messages".to_owned(), (*revoke).into());
        return Some(("banChatMember", params));
    }
    if let Call::Unban(user) = call {
        let mut params = one("user_id", *user);
        params.insert("only_if_banned".to_owned(), true.into());
        return Some(("unbanChatMember", params));
    }
    let Call::Restrict { user, may_speak, until } = call else { return None };
    let mut params = one("user_id", *user);
    params.insert("permissions".to_owned(), access::of_member(*may_speak).into());
    params.insert("use_independent_chat_permissions".to_owned(), true.into());
    params.extend(until.map(|until| ("until_date".to_owned(), until.into())));
    Some(("restrictChatMember", params))
}

/// The bytes that [`render`] gives names to, in the order of their names.
pub(crate) fn enclosed(call: &Call) -> Vec<Enclosed> {
    let files: Vec<&FilePiece> = match call {
        Call::Send { piece: Piece::File(file), .. } | Call::Exchange { file, .. } => vec![file],
        Call::Send { piece: Piece::Album(files), .. } => files.iter().collect(),
        Call::SetPhoto(handle) => {
            let media = picture(handle.clone(), Some("image/jpeg".to_owned()));
            return vec![Enclosed { name: "photo".to_owned(), media, is_preview: false }];
        }
        Call::Keep(_)
        | Call::Send { .. }
        | Call::Edit { .. }
        | Call::Move { .. }
        | Call::Delete(_)
        | Call::React { .. }
        | Call::Pin(_)
        | Call::Unpin(_)
        | Call::StopPoll(_)
        | Call::SetTitle(_)
        | Call::SetDescription(_)
        | Call::DeletePhoto
        | Call::RenameTopic { .. }
        | Call::CloseTopic(_)
        | Call::ReopenTopic(_)
        | Call::SetPermissions(_)
        | Call::Ban { .. }
        | Call::Unban(_)
        | Call::Restrict { .. }
        | Call::Leave => Vec::new(),
    };
    let each = files.into_iter().enumerate();
    each.flat_map(|(number, file)| {
        let media = file.media.clone();
        let whole = Enclosed { name: number.to_string(), media, is_preview: false };
        let preview = file.upload_as.thumbnail(&file.media).cloned().map(|it| {
            let Thumbnail { handle, mime, size, .. } = it;
            let media = Media { size, ..picture(handle, mime) };
            Enclosed { name: format!("{number}t"), media, is_preview: true }
        });
        std::iter::once(whole).chain(preview)
    })
    .collect()
}

fn picture(handle: MediaHandle, mime: Option<String>) -> Media {
    Media { mime, ..Media::new(handle, MediaKind::Image) }
}

fn send(piece: &Piece, to: &Address) -> Option<(&'static str, Params)> {
    let (method, mut params) = match piece {
        Piece::Text(text) => {
            let mut params = Params::new();
            words(&mut params, ("text", "entities"), text);
            ("sendMessage", params)
        }
        Piece::File(file) => (file.upload_as.method(), single(file)),
        Piece::Album(files) => {
            let items = files.iter().enumerate().map(|(n, file)| Value::Object(item(file, n)));
            ("sendMediaGroup", one("media", items.collect::<Vec<_>>()))
        }
        Piece::Poll(question) => ("sendPoll", poll(question)),
        Piece::MapPoint(place) => send_place(place),
        Piece::Contact { name, phone } => {
            let mut params = one("phone_number", phone.as_str());
            params.insert("first_name".to_owned(), name.as_str().into());
            ("sendContact", params)
        }
    };
    if let Some(answer) = &to.reply {
        let mut reply = one("message_id", number(&answer.message)?);
        reply.insert("allow_sending_without_reply".to_owned(), true.into());
        if let Some(quote) = &answer.quote {
            words(&mut reply, ("quote", "quote_entities"), quote);
        }
        params.insert("reply_parameters".to_owned(), Value::Object(reply));
    }
    if let Some(thread) = &to.thread {
        params.insert("message_thread_id".to_owned(), number(thread)?.into());
    }
    keyboard(&mut params, &to.buttons);
    if to.silent {
        params.insert("disable_notification".to_owned(), true.into());
    }
    Some((method, params))
}

/// Buttons in rows of two, <https://core.telegram.org/bots/api#inlinekeyboardmarkup>. What is
/// pressed comes back as a callback query.
fn keyboard(params: &mut Params, buttons: &[Button]) {
    let button = |button: &Button| match &button.press {
        Press::Say(command) => json!({ "text": button.label, "callback_data": command }),
        Press::Open(url) => json!({ "text": button.label, "url": url }),
    };
    let rows: Vec<Vec<Value>> =
        buttons.chunks(2).map(|row| row.iter().map(button).collect()).collect();
    if !rows.is_empty() {
        params.insert("reply_markup".to_owned(), json!({ "inline_keyboard": rows }));
    }
}

/// `editMessageText` or `editMessageCaption`; an empty caption takes the old one away.
fn edit(part: &Part, text: &TelegramText) -> Option<(&'static str, Params)> {
    let mut params = at(&part.id)?;
    if part.media {
        params.insert("caption".to_owned(), text.text.as_str().into());
        words(&mut params, ("caption", "caption_entities"), text);
        return Some(("editMessageCaption", params));
    }
    words(&mut params, ("text", "entities"), text);
    Some(("editMessageText", params))
}

fn react(target: &MessageId, emoji: Option<&str>) -> Option<(&'static str, Params)> {
    let mut params = at(target)?;
    let reactions: Vec<Value> =
        emoji.into_iter().map(|emoji| json!({ "type": "emoji", "emoji": emoji })).collect();
    params.insert("reaction".to_owned(), reactions.into());
    Some(("setMessageReaction", params))
}

fn poll(question: &Question) -> Params {
    let mut params = one("question", question.question.as_str());
    let options: Vec<Value> =
        question.answers.iter().map(|answer| json!({ "text": answer })).collect();
    params.insert("options".to_owned(), options.into());
    params.insert("is_anonymous".to_owned(), (!question.by_name).into());
    params.insert("allows_multiple_answers".to_owned(), question.multiple.into());
    if question.by_name {
        // A poll that can be forwarded is voted on elsewhere, too.
        params.insert("protect_content".to_owned(), true.into());
    }
    if question.hidden {
        params.insert("hide_results_until_closes".to_owned(), true.into());
    }
    if let Some(seconds) = question.open_for {
        params.insert("open_period".to_owned(), seconds.into());
    }
    if question.closed {
        params.insert("is_closed".to_owned(), true.into());
    }
    params
}

fn send_place(place: &MapPoint) -> (&'static str, Params) {
    let mut params = Params::new();
    if let Some((title, address)) = &place.venue {
        let (latitude, longitude) = place.point.degrees();
        params.insert("latitude".to_owned(), latitude.into());
        params.insert("longitude".to_owned(), longitude.into());
        params.insert("title".to_owned(), title.as_str().into());
        params.insert("address".to_owned(), address.as_str().into());
        return ("sendVenue", params);
    }
    point(&mut params, place);
    if let Some(seconds) = place.live_for {
        params.insert("live_period".to_owned(), seconds.into());
    }
    ("sendLocation", params)
}

fn point(params: &mut Params, place: &MapPoint) {
    let (latitude, longitude) = place.point.degrees();
    params.insert("latitude".to_owned(), latitude.into());
    params.insert("longitude".to_owned(), longitude.into());
    if let Some(metres) = place.accuracy {
        params.insert("horizontal_accuracy".to_owned(), metres.into());
    }
}

impl UploadMethod {
    fn method(self) -> &'static str {
        match self {
            Self::Photo => "sendPhoto",
            Self::Video => "sendVideo",
            Self::Animation => "sendAnimation",
            Self::Audio => "sendAudio",
            Self::Voice => "sendVoice",
            Self::Round => "sendVideoNote",
            Self::Sticker => "sendSticker",
            Self::Document => "sendDocument",
        }
    }

    /// The name of the parameter that holds the file, and of the kind in a group.
    fn field(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Video => "video",
            Self::Animation => "animation",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Round => "video_note",
            Self::Sticker => "sticker",
            Self::Document => "document",
        }
    }
}

/// The parameters of a method that sends one file.
fn single(file: &FilePiece) -> Params {
    let mut params = about(file, 0);
    params.insert(file.upload_as.field().to_owned(), attached(0).into());
    params
}

/// An `InputMedia`, <https://core.telegram.org/bots/api#inputmedia>.
fn item(file: &FilePiece, number: usize) -> Params {
    let mut params = about(file, number);
    params.insert("type".to_owned(), file.upload_as.field().into());
    params.insert("media".to_owned(), attached(number).into());
    params
}

/// What is said of a file, as far as its method takes it.
fn about(file: &FilePiece, number: usize) -> Params {
    let FilePiece { media, upload_as, caption } = file;
    let mut params = Params::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            params.insert(name.to_owned(), value);
        }
    };
    let sized = matches!(upload_as, UploadMethod::Video | UploadMethod::Animation);
    let bare = matches!(upload_as, UploadMethod::Document) && media.spoiler;
    let timed = sized
        || matches!(upload_as, UploadMethod::Audio | UploadMethod::Voice | UploadMethod::Round);
    let music = matches!(upload_as, UploadMethod::Audio);
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    put("has_spoiler", (upload_as.hides() && media.spoiler).then(|| true.into()));
    // Else the platform makes a picture, a film or a sticker of it.
    put("disable_content_type_detection", bare.then(|| true.into()));
    put("width", media.width.filter(|_| sized).map(Value::from));
    put("height", media.height.filter(|_| sized).map(Value::from));
    put(
        "length",
        media.width.filter(|_| matches!(upload_as, UploadMethod::Round)).map(Value::from),
    );
    put("duration", media.duration_ms.filter(|_| timed).map(|it| it.div_ceil(1000).into()));
    put("supports_streaming", matches!(upload_as, UploadMethod::Video).then(|| true.into()));
    put("title", text(&media.title).filter(|_| music));
    put("performer", text(&media.performer).filter(|_| music));
    put("thumbnail", upload_as.thumbnail(media).map(|_| format!("attach://{number}t").into()));
    let emoji = media.sticker.as_ref().and_then(|sticker| sticker.emoji.as_deref());
    put("emoji", emoji.filter(|_| matches!(upload_as, UploadMethod::Sticker)).map(Value::from));
    if upload_as.has_caption() && !caption.text.is_empty() {
        words(&mut params, ("caption", "caption_entities"), caption);
    }
    params
}

fn attached(number: usize) -> String {
    format!("attach://{number}")
}

fn words(params: &mut Params, (text, entities): (&str, &str), words: &TelegramText) {
    params.insert(text.to_owned(), words.text.as_str().into());
    if let Ok(list) = serde_json::to_value(&words.entities)
        && !words.entities.is_empty()
    {
        params.insert(entities.to_owned(), list);
    }
}

fn one(name: &str, value: impl Into<Value>) -> Params {
    Params::from_iter([(name.to_owned(), value.into())])
}

fn at(id: &MessageId) -> Option<Params> {
    Some(one("message_id", number(id)?))
}

fn topic(root: &MessageId) -> Option<Params> {
    Some(one("message_thread_id", number(root)?))
}

fn number(id: &MessageId) -> Option<i64> {
    id.as_str().parse::<i32>().ok().map(i64::from)
}
