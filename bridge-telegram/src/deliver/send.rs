// SPDX-License-Identifier: AGPL-3.0-or-later
//! Sends one message.
//!
//! Rule: bytes flow from the source to the platform in chunks. When the source fails, the request
//! was never complete, so nothing was sent.

use std::sync::{Arc, Mutex, PoisonError};

use bot_core::{AskError, DeliverError, MediaStream, Part};
use bridge_model::{Media, MessageId};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use teloxide::RequestError;
use teloxide::payloads::{
    SendAnimationSetters, SendAudioSetters, SendDocumentSetters, SendMessageSetters,
    SendPhotoSetters, SendVideoSetters, SendVoiceSetters,
};
use teloxide::requests::Requester;
use teloxide::types::{self as telegram, InputFile, Message, ReplyParameters};
use tokio_util::io::StreamReader;

use super::errors::{Said, Sort, decide};
use super::{Counter, message_id};
use crate::convert::TelegramText;
use crate::convert::outgoing::{Piece, SendAs};

/// Why the source of an upload ended early.
#[derive(Clone, Debug)]
enum Broken {
    /// It holds more than the platform takes.
    TooLarge,
    /// Reading it failed.
    Source(String),
}

type Flaw = Arc<Mutex<Option<Broken>>>;

/// One file to send, with what stands around it.
struct Upload<'a> {
    media: &'a Media,
    caption: &'a TelegramText,
    reply: Option<ReplyParameters>,
}

impl Counter<'_> {
    /// Sends one message, natively answering `reply_to` if that is still there.
    pub(super) async fn send(
        &self,
        piece: Piece,
        reply_to: Option<&MessageId>,
    ) -> Result<Part, DeliverError> {
        let reply = match reply_to {
            Some(id) => {
                let to = ReplyParameters::new(message_id(id)?);
                Some(to.allow_sending_without_reply())
            }
            None => None,
        };
        match &piece {
            Piece::Text(text) => self.send_text(text, reply).await,
            Piece::File { media, send_as, caption } => {
                let upload = Upload { media, caption, reply: reply.clone() };
                match self.send_file(&upload, *send_as).await? {
                    Ok(part) => Ok(part),
                    Err((why, size)) => self.send_text(&piece.without_file(why, size), reply).await,
                }
            }
        }
    }

    async fn send_text(
        &self,
        text: &TelegramText,
        reply: Option<ReplyParameters>,
    ) -> Result<Part, DeliverError> {
        let TelegramText { text, entities } = text.clone();
        let mut request = self.desk.methods.send_message(self.chat, text).entities(entities);
        if let Some(reply) = reply {
            request = request.reply_parameters(reply);
        }
        part(request.await, false).map_err(|error| decide(&error, Sort::Once))
    }

    /// Sends a file; the inner error says why it can never be sent, with its size.
    async fn send_file(
        &self,
        upload: &Upload<'_>,
        send_as: SendAs,
    ) -> Result<Result<Part, (&'static str, Option<u64>)>, DeliverError> {
        let mut send_as = send_as;
        loop {
            let stream = match self.media.open(upload.media).await {
                Ok(stream) => stream,
                Err(AskError::Retry { after, reason }) => {
                    return Err(DeliverError::Retry { after, reason });
                }
                Err(AskError::Refused(_)) => return Ok(Err(("cannot be fetched", None))),
            };
            if stream.size.is_some_and(|size| size > self.desk.max_upload) {
                return Ok(Err(("too large for Telegram", stream.size)));
            }
            let flaw = Flaw::default();
            let file = input_file(stream, upload.media, self.desk.max_upload, &flaw);
            let error = match part(self.call(upload, send_as, file).await, true) {
                Ok(part) => return Ok(Ok(part)),
                Err(error) => error,
            };
            let flaw = flaw.lock().unwrap_or_else(PoisonError::into_inner).take();
            match flaw {
                Some(Broken::TooLarge) => return Ok(Err(("too large for Telegram", None))),
                Some(Broken::Source(reason)) => {
                    return Err(DeliverError::Retry { after: None, reason });
                }
                None => {}
            }
            let odd = Said::of(&error).is_some_and(|said| said.is_odd_picture());
            if odd && send_as == SendAs::Photo {
                send_as = SendAs::Document;
                continue;
            }
            return Err(decide(&error, Sort::Once));
        }
    }

    async fn call(
        &self,
        upload: &Upload<'_>,
        send_as: SendAs,
        file: InputFile,
    ) -> Result<Message, RequestError> {
        let (bot, chat) = (&self.desk.files, self.chat);
        let spoiler = upload.media.spoiler;
        macro_rules! send {
            ($request:expr) => {{
                let TelegramText { text, entities } = upload.caption.clone();
                let mut request = $request;
                if !text.is_empty() {
                    request = request.caption(text).caption_entities(entities);
                }
                if let Some(reply) = upload.reply.clone() {
                    request = request.reply_parameters(reply);
                }
                request.await
            }};
        }
        match send_as {
            SendAs::Photo => send!(bot.send_photo(chat, file).has_spoiler(spoiler)),
            SendAs::Video => send!(bot.send_video(chat, file).has_spoiler(spoiler)),
            SendAs::Animation => send!(bot.send_animation(chat, file).has_spoiler(spoiler)),
            SendAs::Audio => send!(bot.send_audio(chat, file)),
            SendAs::Voice => send!(bot.send_voice(chat, file)),
            SendAs::Document => send!(bot.send_document(chat, file)),
        }
    }
}

/// The id of what was sent. An answer that teloxide cannot read may still hold it.
fn part(answer: Result<Message, RequestError>, media: bool) -> Result<Part, RequestError> {
    let id = match answer {
        Ok(message) => message.id,
        Err(RequestError::InvalidJson { raw, source }) => match id_in(&raw) {
            Some(id) => id,
            None => return Err(RequestError::InvalidJson { raw, source }),
        },
        Err(error) => return Err(error),
    };
    Ok(Part { id: MessageId::new(id.0.to_string()), media })
}

fn id_in(raw: &str) -> Option<telegram::MessageId> {
    let answer: Value = serde_json::from_str(raw).ok()?;
    let id = answer.pointer("/result/message_id")?.as_i64()?;
    i32::try_from(id).ok().map(telegram::MessageId)
}

fn input_file(stream: MediaStream, media: &Media, max: u64, flaw: &Flaw) -> InputFile {
    let chunks = watched(stream, max, Arc::clone(flaw));
    InputFile::read(StreamReader::new(chunks.boxed())).file_name(file_name(media))
}

/// Notes why the bytes ended early, because the HTTP client only says that they did.
fn watched(
    stream: MediaStream,
    max: u64,
    flaw: Flaw,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    let mut sent: u64 = 0;
    stream.chunks.map(move |chunk| {
        let broken = match &chunk {
            Ok(bytes) => {
                sent = sent.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                (sent > max).then_some(Broken::TooLarge)
            }
            Err(error) => Some(Broken::Source(error.to_string())),
        };
        let Some(broken) = broken else { return chunk };
        *flaw.lock().unwrap_or_else(PoisonError::into_inner) = Some(broken);
        Err(std::io::Error::other("the file cannot be read to its end"))
    })
}

/// The platform tells the type of a file by its name.
fn file_name(media: &Media) -> String {
    let unsafe_in_name = |it: char| it.is_control() || "/\\\"".contains(it);
    let given = media.name.as_deref().unwrap_or_default().replace(unsafe_in_name, "_");
    if given.contains('.') {
        return given;
    }
    let stem = if given.is_empty() { "file" } else { &given };
    let mime = media.mime.as_deref().unwrap_or_default();
    let extension = match mime.split(';').next().unwrap_or_default() {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "image/gif" => ".gif",
        "video/mp4" => ".mp4",
        "video/webm" => ".webm",
        "audio/mpeg" | "audio/mp3" => ".mp3",
        "audio/mp4" | "audio/m4a" | "audio/x-m4a" => ".m4a",
        "audio/ogg" => ".ogg",
        "text/plain" => ".txt",
        "application/pdf" => ".pdf",
        _ => "",
    };
    format!("{stem}{extension}")
}
