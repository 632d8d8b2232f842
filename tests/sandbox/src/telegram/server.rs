// SPDX-License-Identifier: AGPL-3.0-or-later
//! The HTTP side: `/bot<TOKEN>/<method>` and `/file/bot<TOKEN>/<path>`.
//!
//! Rule: a request is read wholly, logged, checked against the contract, and only then
//! does anything. Source: <https://core.telegram.org/bots/api#making-requests>.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::answer::{ApiError, bad, respond};
use super::params::{self, Params};
use super::world::World;
use super::{
    about, chats, custom_emoji, edit, files, inbox, moderation, permissions, places, polls, send,
    topics,
};
use crate::faults::{Fault, Faults, lost};

/// What the server, the people and the tests share.
pub(super) struct Shared {
    pub(super) world: Mutex<World>,
    /// Rings after every change of the world.
    pub(super) changed: Notify,
    pub(super) faults: Faults,
    pub(super) stop: CancellationToken,
    pub(super) address: SocketAddr,
}

impl Shared {
    /// The world, to look at.
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world and rings.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_waiters();
        result
    }
}

type Method = fn(&mut World, &Params) -> Result<Value, ApiError>;

const METHODS: [(&str, Method); 57] = [
    ("getMe", about::me),
    ("setWebhook", inbox::set_webhook),
    ("deleteWebhook", inbox::delete_webhook),
    ("getWebhookInfo", inbox::webhook_info),
    ("sendMessage", send::message),
    ("sendPhoto", send::photo),
    ("sendDocument", send::document),
    ("sendVideo", send::video),
    ("sendAudio", send::audio),
    ("sendVoice", send::voice),
    ("sendAnimation", send::animation),
    ("sendSticker", send::sticker),
    ("sendVideoNote", send::video_note),
    ("sendMediaGroup", send::media_group),
    ("sendPoll", polls::send_poll),
    ("stopPoll", polls::stop),
    ("sendLocation", places::send_location),
    ("sendVenue", places::send_venue),
    ("sendContact", places::send_contact),
    ("editMessageLiveLocation", places::move_live),
    ("stopMessageLiveLocation", places::stop_live),
    ("setChatPermissions", permissions::set),
    ("setChatTitle", chats::set_title),
    ("setChatDescription", chats::set_description),
    ("setChatPhoto", chats::set_photo),
    ("deleteChatPhoto", chats::delete_photo),
    ("editForumTopic", topics::rename),
    ("closeForumTopic", topics::close),
    ("reopenForumTopic", topics::reopen),
    ("sendChatAction", send::chat_action),
    ("copyMessage", send::copy),
    ("editMessageText", edit::edit_text),
    ("editMessageCaption", edit::edit_caption),
    ("editMessageMedia", edit::edit_media),
    ("editMessageReplyMarkup", edit::edit_markup),
    ("deleteMessage", edit::delete),
    ("deleteMessages", edit::delete_many),
    ("setMessageReaction", edit::react),
    ("pinChatMessage", edit::pin),
    ("unpinChatMessage", edit::unpin),
    ("unpinAllChatMessages", edit::unpin_all),
    ("getChat", about::chat),
    ("getChatMember", about::member),
    ("getChatAdministrators", about::administrators),
    ("getChatMemberCount", about::member_count),
    ("leaveChat", about::leave),
    ("setMyCommands", about::set_commands),
    ("getMyCommands", about::commands),
    ("deleteMyCommands", about::delete_commands),
    ("answerCallbackQuery", about::answer_query),
    ("getFile", files::get_file),
    ("getCustomEmojiStickers", custom_emoji::get),
    ("getUserProfilePhotos", files::profile_photos),
    ("banChatMember", moderation::ban),
    ("unbanChatMember", moderation::unban),
    ("restrictChatMember", moderation::restrict),
    // Answered by `inbox::get_updates`; here so that its name is known.
    ("getUpdates", about::me),
];

/// The routes of the stand-in.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(handle).layer(DefaultBodyLimit::disable()).with_state(shared)
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().replace("%3A", ":").replace("%3a", ":");
    if shared.lock().outage {
        // Read it all the same: an early answer would break the client's writing.
        drop(params::read(request).await);
        return respond(Err(ApiError::bad_gateway()));
    }
    if let Some((token, path)) = path.strip_prefix("/file/bot").and_then(|p| p.split_once('/')) {
        return download(&shared, token, path, request.method().as_str()).await;
    }
    match path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) {
        Some((token, method)) => call(&shared, token, method, request).await,
        None => respond(Err(ApiError::not_found())),
    }
}

/// Waits or answers as a fault says; what is left to do afterwards.
async fn meet(shared: &Shared, key: &str) -> Result<bool, Response> {
    match shared.faults.take(key) {
        None => Ok(false),
        Some(Fault::LoseResponse) => Ok(true),
        Some(Fault::Break) => Err(lost()),
        Some(Fault::Delay(time)) => {
            tokio::time::sleep(time).await;
            Ok(false)
        }
        Some(Fault::Answer { status, body, headers }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = (status, axum::Json(body)).into_response();
            for (name, value) in headers {
                let name = axum::http::HeaderName::try_from(name);
                let value = axum::http::HeaderValue::try_from(value);
                if let (Ok(name), Ok(value)) = (name, value) {
                    response.headers_mut().insert(name, value);
                }
            }
            Err(response)
        }
    }
}

async fn download(shared: &Shared, token: &str, path: &str, verb: &str) -> Response {
    if shared.lock().token != token {
        return respond(Err(ApiError::unauthorized()));
    }
    let lose = match meet(shared, &format!("{verb} /file/{path}")).await {
        Ok(lose) => lose,
        Err(response) => return response,
    };
    if lose {
        return lost();
    }
    match shared.lock().files.at(path) {
        Some(bytes) => ([("content-type", "application/octet-stream")], bytes).into_response(),
        None => respond(Err(ApiError::not_found())),
    }
}

async fn call(shared: &Shared, token: &str, method: &str, request: Request) -> Response {
    let verb = request.method().as_str().to_owned();
    // The body is read first: an answer before that would break the client's writing.
    let params = params::read(request).await;
    if shared.lock().token != token {
        return respond(Err(ApiError::unauthorized()));
    }
    let found = METHODS.iter().find(|(name, _)| name.eq_ignore_ascii_case(method));
    let Some((name, work)) = found else {
        shared.with(|world| world.violations.push(format!("{method}: unknown method")));
        return respond(Err(ApiError::not_found()));
    };
    let params = match params {
        Ok(params) => params,
        Err(error) => return respond(Err(error)),
    };
    shared.with(|world| world.log.push(((*name).to_owned(), params.logged())));
    let lose = match meet(shared, &format!("{verb} /{name}")).await {
        Ok(lose) => lose,
        Err(response) => return response,
    };
    let answer = answer(shared, name, *work, &params).await;
    if lose { lost() } else { respond(answer) }
}

async fn answer(
    shared: &Shared,
    name: &str,
    work: Method,
    params: &Params,
) -> Result<Value, ApiError> {
    let contract = shared.lock().contract;
    let wrong = contract.map(|contract| contract.check_call(name, params)).unwrap_or_default();
    if let Some(first) = wrong.first().cloned() {
        shared.with(|world| world.violations.extend(wrong));
        return Err(bad(format!("against the contract: {first}")));
    }
    if name == "getUpdates" {
        return inbox::get_updates(shared, params).await;
    }
    let answer = shared.with(|world| work(world, params));
    let odd = answer.as_ref().ok().zip(contract);
    let odd = odd.and_then(|(answer, contract)| contract.check_answer(name, answer));
    if let Some(odd) = odd {
        shared.with(|world| world.violations.push(format!("answer of {name}: {odd}")));
    }
    if let Err(error) = &answer {
        tracing::debug!(
            method = name,
            code = error.code(),
            why = error.description(),
            "The stand-in refused a call"
        );
    }
    answer
}
