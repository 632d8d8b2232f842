// SPDX-License-Identifier: AGPL-3.0-or-later
//! The thin client-server client for the bridge's own accounts: any request of ruma, as any of them.
//!
//! Rule: this is the only place that speaks HTTP to the homeserver for ghosts. Media
//! are streamed, never held.

use bot_core::Refusal;
use bot_core::measure::Stopwatch;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use ruma::api::auth_scheme::{AuthScheme, SendAccessToken};
use ruma::api::path_builder::PathBuilder;
use ruma::api::{
    AppserviceUserIdentity, IncomingResponse, MatrixVersion, OutgoingRequest,
    OutgoingRequestAppserviceExt, SupportedVersions,
};
use ruma::{DeviceId, OwnedUserId, UserId};

use bot_core::network::{AskError, MediaStream};
use bot_core::order::DeliverError;

/// Where files are, since Matrix 1.11.
const DOWNLOAD: &str = "/_matrix/client/v1/media/download";
/// Where they were before.
const DOWNLOAD_BEFORE_1_11: &str = "/_matrix/media/v3/download";

/// A homeserver, seen by an application service.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    versions: SupportedVersions,
    watch: Stopwatch,
    outages: Arc<AtomicU64>,
}

/// As whom a request is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The core bot (`sender_localpart`).
    Bot,
    /// A ghost, by `?user_id=`.
    Ghost(OwnedUserId),
}

/// A request that did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The homeserver answered with an error.
    #[error("{status} {errcode}: {message}{}", crate::mend::hint(errcode, message))]
    Answered {
        /// HTTP status.
        status: u16,
        /// Such as `M_FORBIDDEN`; empty when the body was none of Matrix's.
        errcode: String,
        /// For people.
        message: String,
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// It never reached the homeserver.
    #[error("the homeserver cannot be reached: {0}")]
    Unsent(String),
    /// It may have reached the homeserver; the answer did not reach us.
    #[error("the homeserver's answer was lost: {0}")]
    Lost(String),
    /// In an encrypted room keys come first, and something about them does not work yet.
    #[error("the keys are not ready: {0}")]
    Keys(String),
    /// The room is encrypted, and the bridge takes no part in encrypted rooms. Nothing was sent.
    #[error("the room is encrypted, and encryption is off")]
    Encrypted,
    /// The homeserver answered with something of a stranger's that cannot be read.
    #[error("what the homeserver holds cannot be read: {0}")]
    Unreadable(String),
    /// The request cannot be written.
    #[error("the request cannot be made: {0}")]
    Unwritable(String),
}

impl ClientError {
    /// Whether the homeserver answered with this code.
    pub fn is(&self, code: &str) -> bool {
        matches!(self, Self::Answered { errcode, .. } if errcode == code)
    }

    /// Whether the homeserver answered with this status and this code.
    pub fn is_answer(&self, with: u16, code: &str) -> bool {
        matches!(self, Self::Answered { status, .. } if *status == with) && self.is(code)
    }

    /// Whether the homeserver is away: nobody listens there, or a proxy before it says so.
    fn is_outage(&self) -> bool {
        match self {
            Self::Unsent(_) => true,
            Self::Answered { status: 502..=504, errcode, .. } => errcode.is_empty(),
            Self::Answered { .. }
            | Self::Lost(_)
            | Self::Keys(_)
            | Self::Encrypted
            | Self::Unreadable(_)
            | Self::Unwritable(_) => false,
        }
    }

    /// Whether the homeserver itself said no, for good.
    pub fn is_refusal(&self) -> bool {
        matches!(self.decide(), DeliverError::Refused { .. })
    }

    /// The decision about an entry that met this error. An answer without an `errcode` is not the
    /// homeserver's but of something before it (a reverse proxy, a firewall, a login page), which
    /// may have passed the request on.
    pub fn decide(&self) -> DeliverError {
        let reason = self.to_string();
        match self {
            Self::Answered { status: 429, retry_after, .. } => {
                DeliverError::Retry { after: *retry_after, reason }
            }
            Self::Answered { errcode, .. } if errcode == "M_UNKNOWN_TOKEN" => {
                let reason = format!("the homeserver refuses our as_token: {reason}");
                DeliverError::Retry { after: None, reason }
            }
            Self::Answered { status: 500.., .. } | Self::Lost(_) => {
                DeliverError::Uncertain { reason }
            }
            Self::Answered { errcode, .. } if errcode.is_empty() => {
                DeliverError::Uncertain { reason }
            }
            Self::Answered { errcode, message, .. } => {
                let words = if message.is_empty() { errcode } else { message };
                DeliverError::Refused { reason: Refusal::platform(words) }
            }
            Self::Unwritable(_) | Self::Unreadable(_) => {
                DeliverError::Refused { reason: Refusal::Unexpected(reason) }
            }
            Self::Encrypted => DeliverError::ChatClosed { reason: Refusal::Encrypted },
            Self::Unsent(_) | Self::Keys(_) => DeliverError::Retry { after: None, reason },
        }
    }

    /// The same for a question.
    pub fn ask(&self) -> AskError {
        match self.decide() {
            DeliverError::Retry { after, reason } => AskError::Retry { after, reason },
            DeliverError::Uncertain { reason } => AskError::Retry { after: None, reason },
            DeliverError::Refused { reason } | DeliverError::ChatClosed { reason } => {
                AskError::Refused(reason)
            }
        }
    }
}

impl Client {
    /// `base` is the homeserver's address, `token` our as_token.
    pub fn new(http: reqwest::Client, base: &str, token: &str) -> Self {
        let versions = [MatrixVersion::V1_1, MatrixVersion::V1_7, MatrixVersion::V1_11];
        Self {
            http,
            base: base.trim_end_matches('/').into(),
            token: token.into(),
            versions: SupportedVersions {
                versions: versions.into_iter().collect(),
                features: std::collections::BTreeSet::new(),
            },
            watch: Stopwatch::off(),
            outages: Arc::default(),
        }
    }

    /// How often a request did not reach the homeserver, or only what stands before it.
    pub fn outages(&self) -> u64 {
        self.outages.load(Ordering::Relaxed)
    }

    /// The same, and its requests without files are measured.
    #[must_use]
    pub fn watched(self, watch: Stopwatch) -> Self {
        Self { watch, ..self }
    }

    /// Sends any request as any of our accounts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send<R>(
        &self,
        request: R,
        identity: &Identity,
    ) -> Result<R::IncomingResponse, ClientError>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        self.send_from(request, identity, None).await
    }

    /// Sends any request as one device of one of our accounts, by `?device_id=` (MSC3202).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send_from<R>(
        &self,
        request: R,
        identity: &Identity,
        device: Option<&DeviceId>,
    ) -> Result<R::IncomingResponse, ClientError>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let request = request.try_into_http_request_with_identity::<Vec<u8>>(
            &self.base,
            SendAccessToken::Always(&self.token),
            AppserviceUserIdentity::new_maybe(identity.user(), device),
            Cow::Borrowed(&self.versions),
        );
        let request = request.map_err(|error| ClientError::Unwritable(error.to_string()))?;
        let request = reqwest::Request::try_from(request)
            .map_err(|error| ClientError::Unwritable(error.to_string()))?;
        let response = self.watch.time(self.http.execute(request)).await;
        let response = response.map_err(|error| broken(&error));
        let response = match response {
            Ok(response) => answered(response).await,
            Err(error) => Err(error),
        };
        if response.as_ref().is_err_and(ClientError::is_outage) {
            self.outages.fetch_add(1, Ordering::Relaxed);
        }
        let response = response?;
        let mut parsed = ruma::exports::http::Response::builder().status(response.status());
        if let Some(headers) = parsed.headers_mut() {
            headers.clone_from(response.headers());
        }
        let body = response.bytes().await.map_err(|error| broken(&error))?;
        let parsed =
            parsed.body(body).map_err(|error| ClientError::Unwritable(error.to_string()))?;
        R::IncomingResponse::try_from_http_response(parsed).map_err(|error| {
            let error = error.to_string();
            // The answer is whole, and nested deeper than serde_json reads: asking again is in vain.
            if error.contains("recursion limit exceeded") {
                ClientError::Unreadable(error)
            } else {
                ClientError::Lost(error)
            }
        })
    }

    /// Deletes all files that an account has uploaded, which takes a bot that is an admin of Synapse
    /// (`DELETE /_synapse/admin/v1/users/{user}/media`).
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_media_of(&self, user: &UserId) -> Result<(), ClientError> {
        // It deletes a hundred at once, and says how many it has deleted.
        loop {
            let url = format!("{}/_synapse/admin/v1/users/{user}/media", self.base);
            let request = self.http.delete(url).bearer_auth(&self.token).send();
            let response = answered(request.await.map_err(|error| broken(&error))?).await?;
            let answer: serde_json::Value =
                response.json().await.map_err(|error| broken(&error))?;
            let deleted = answer.get("deleted_media").and_then(|it| it.as_array());
            if deleted.is_none_or(Vec::is_empty) {
                return Ok(());
            }
        }
    }

    /// Uploads a file as it streams in; returns its `mxc://` URI
    /// (`POST /_matrix/media/v3/upload`).
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Lost`] also when the source breaks off.
    pub async fn upload(
        &self,
        identity: &Identity,
        (name, mime): (Option<&str>, &str),
        media: MediaStream,
    ) -> Result<String, ClientError> {
        let mut query = Vec::new();
        query.extend(name.map(|name| ("filename", name)));
        query.extend(identity.user().map(|user| ("user_id", user.as_str())));
        let mut request = self
            .http
            .post(format!("{}/_matrix/media/v3/upload", self.base))
            .query(&query)
            .bearer_auth(&self.token)
            .header(CONTENT_TYPE, mime);
        if let Some(size) = media.size {
            request = request.header(CONTENT_LENGTH, size);
        }
        let body = reqwest::Body::wrap_stream(media.chunks);
        let response = request.body(body).send().await.map_err(|error| broken(&error))?;
        let response = answered(response).await.map_err(too_large)?;
        let answer: serde_json::Value = response.json().await.map_err(|error| broken(&error))?;
        let uri = answer.get("content_uri").and_then(|uri| uri.as_str());
        uri.map(Into::into).ok_or_else(|| ClientError::Lost("no content_uri in the answer".into()))
    }

    /// Downloads a file (`GET /_matrix/client/v1/media/download`, authenticated). Homeservers of
    /// before Matrix 1.11 know only the address without authentication.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Unwritable`] when `uri` is no `mxc://` URI.
    pub async fn download(&self, uri: &str) -> Result<MediaStream, ClientError> {
        let uri = ruma::OwnedMxcUri::from(uri);
        let (server, media) =
            uri.parts().map_err(|error| ClientError::Unwritable(error.to_string()))?;
        let get = async |path: &str| {
            let request = self.http.get(format!("{}{path}/{server}/{media}", self.base));
            let request = request.bearer_auth(&self.token);
            answered(request.send().await.map_err(|error| broken(&error))?).await
        };
        let response = match get(DOWNLOAD).await {
            Err(error) if error.is("M_UNRECOGNIZED") => get(DOWNLOAD_BEFORE_1_11).await?,
            other => other?,
        };
        let mime = response.headers().get(CONTENT_TYPE).and_then(|mime| mime.to_str().ok());
        Ok(MediaStream {
            size: response.content_length(),
            mime: mime.map(Into::into),
            chunks: Box::pin(response.bytes_stream().map_err(std::io::Error::other)),
        })
    }

    /// The body of an answer to a question of the core bot, by the steps of its path; `None` when it
    /// is larger than `limit` bytes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_small(
        &self,
        path: &[&str],
        limit: usize,
    ) -> Result<Option<Vec<u8>>, ClientError> {
        let unwritable = |reason: String| ClientError::Unwritable(reason);
        let mut address =
            url::Url::parse(&self.base).map_err(|error| unwritable(error.to_string()))?;
        address
            .path_segments_mut()
            .map_err(|()| unwritable("the homeserver's address has no path".into()))?
            .pop_if_empty()
            .extend(path);
        let request = self.http.get(address).bearer_auth(&self.token);
        let response = request.send().await.map_err(|error| broken(&error))?;
        let mut response = answered(response).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > limit {
                return Ok(None);
            }
        }
        Ok(Some(body))
    }

    /// What sends the requests.
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The address of the homeserver.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The token with which the homeserver knows us.
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}

impl Identity {
    fn user(&self) -> Option<&UserId> {
        match self {
            Self::Bot => None,
            Self::Ghost(user) => Some(user),
        }
    }
}

trait MaybeIdentity<'a> {
    fn new_maybe(user: Option<&'a UserId>, device: Option<&'a DeviceId>) -> Self;
}

impl<'a> MaybeIdentity<'a> for AppserviceUserIdentity<'a> {
    fn new_maybe(user: Option<&'a UserId>, device: Option<&'a DeviceId>) -> Self {
        let mut identity = Self::default();
        identity.user_id = user;
        identity.device_id = device;
        identity
    }
}

/// A reverse proxy with a limit of its own says so without a code, and says it for ever.
fn too_large(error: ClientError) -> ClientError {
    let ClientError::Answered { status: status @ 413, message, retry_after, .. } = error else {
        return error;
    };
    ClientError::Answered { status, errcode: "M_TOO_LARGE".into(), message, retry_after }
}

/// What a broken exchange means: only a failed connection surely changed nothing.
pub(super) fn broken(error: &reqwest::Error) -> ClientError {
    let told = std::iter::successors(std::error::Error::source(error), |error| error.source())
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    if error.is_connect() { ClientError::Unsent(told) } else { ClientError::Lost(told) }
}

/// Passes a success on and reads the error otherwise.
pub(super) async fn answered(
    response: reqwest::Response,
) -> Result<reqwest::Response, ClientError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let seconds = header.and_then(|value| value.parse().ok()).map(Duration::from_secs);
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let ms = body.get("retry_after_ms").and_then(serde_json::Value::as_u64);
    Err(ClientError::Answered {
        status,
        errcode: text("errcode").into(),
        message: text("error").into(),
        retry_after: ms.map(Duration::from_millis).or(seconds),
    })
}
