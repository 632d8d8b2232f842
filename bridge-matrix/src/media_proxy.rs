// SPDX-License-Identifier: AGPL-3.0-or-later
//! The HTTP server of public addresses of media: profile pictures that platforms fetch by address, and files
//! that a platform does not take.
//!
//! Rule: it serves what [`PublicMedia`] lets it, without hidden data, as files that run nothing. It has a
//! listener of its own, and logs nothing of whoever asks (`docs/adr/0022`).

mod content;
mod range;

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Response as HttpResponse, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bot_core::media::cache::MediaCache;
use bot_core::media_link::MediaLink;
use bot_core::network::MediaStream;
use bot_core::relay::public_media::{NotServed, PublicMedia};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::port::{Opening, Port};
use crate::server::{self, Guard};
use range::Wanted;

/// Files that flow through at the same time; those in memory do not count.
const STREAMS: usize = 32;
/// Bytes that tell what a file is.
const SNIFF: usize = 64;
/// How long others keep what they have fetched, in seconds: after that they see that it was deleted.
const KEPT_BY_OTHERS: i64 = 3600;

type Chunks = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// What the operator says about the server.
#[derive(Clone, Debug)]
pub struct MediaProxySettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Other nodes of this bridge may listen there, one at a time.
    pub shared: bool,
    /// Requests of one client address in a minute.
    pub requests_per_minute: u32,
    /// Reverse proxies whose `X-Forwarded-For` says who asks.
    pub trusted: Vec<IpAddr>,
}

/// The server.
pub struct MediaProxy {
    media: PublicMedia,
    cache: Arc<MediaCache>,
    listen: SocketAddr,
    shared: bool,
    guard: Guard,
    streams: Arc<Semaphore>,
}

/// The bytes of a file, whole or as they come.
enum Source {
    Whole(Bytes),
    Stream { size: Option<u64>, chunks: Chunks, permit: OwnedSemaphorePermit },
}

impl MediaProxy {
    /// Nothing is listened for yet.
    pub fn new(media: PublicMedia, cache: Arc<MediaCache>, settings: MediaProxySettings) -> Self {
        let MediaProxySettings { listen, shared, requests_per_minute, trusted } = settings;
        let guard = Guard::new(requests_per_minute, trusted, Arc::clone(&media.clock));
        Self { media, cache, listen, shared, guard, streams: Arc::new(Semaphore::new(STREAMS)) }
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub async fn open(&self) -> std::io::Result<Opening> {
        Port::new(self.listen, "media_proxy.listen", self.shared).open().await
    }

    /// Answers requests until stopped.
    pub async fn serve(self: Arc<Self>, opening: Opening, stop: CancellationToken) {
        let Some(listener) = opening.listener(&stop).await else { return };
        tracing::info!(address = %self.listen, "serving media at public addresses");
        server::serve(listener, router(self), server::LIMITS, stop).await;
    }

    async fn source(&self, link: &MediaLink) -> Result<Source, Refused> {
        let now = self.media.clock.now();
        if let Some(file) = self.cache.get(link.portal, &link.handle, now) {
            return Ok(Source::Whole(file));
        }
        let Ok(permit) = Arc::clone(&self.streams).try_acquire_owned() else {
            return Err(Refused(NotServed::Later));
        };
        let MediaStream { size, chunks, .. } = self.media.open(link).await?;
        let largest = self.cache.largest();
        let small = size.is_none_or(|size| usize::try_from(size).is_ok_and(|it| it <= largest));
        // What may fit is read whole; else enough of it to see what it is.
        let wanted = if small { largest.saturating_add(1).max(SNIFF) } else { SNIFF };
        let (start, ended, rest) = begun(chunks, wanted).await.map_err(|_| NotServed::Later)?;
        let cut_off = size.is_some_and(|size| u64::try_from(start.len()).is_ok_and(|it| it < size));
        if ended && cut_off {
            return Err(Refused(NotServed::Later));
        }
        if ended {
            self.cache.put(link.portal, &link.handle, (start.clone(), now));
            return Ok(Source::Whole(start));
        }
        let chunks = stream::iter([Ok(start)]).chain(rest);
        Ok(Source::Stream {
            size,
            chunks: bounded(Box::pin(chunks), self.media.max_size()),
            permit,
        })
    }
}

/// The first `wanted` bytes or more, whether that is all, and the rest.
async fn begun(mut chunks: Chunks, wanted: usize) -> std::io::Result<(Bytes, bool, Chunks)> {
    let mut start = BytesMut::new();
    while start.len() < wanted {
        match chunks.next().await {
            Some(chunk) => start.extend_from_slice(&chunk?),
            None => return Ok((start.freeze(), true, Box::pin(stream::empty()))),
        }
    }
    Ok((start.freeze(), false, chunks))
}

/// Breaks off behind `most` bytes.
fn bounded(chunks: Chunks, most: u64) -> Chunks {
    let mut left = most;
    Box::pin(chunks.map(move |chunk| {
        let chunk = chunk?;
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(length).ok_or_else(|| std::io::Error::other("too large"))?;
        Ok(chunk)
    }))
}

fn router(proxy: Arc<MediaProxy>) -> axum::Router {
    axum::Router::new()
        .route("/m/{token}", get(media))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(from_fn_with_state(Arc::clone(&proxy), guarded))
        .with_state(proxy)
}

/// Bounds requests, and sets what every answer says.
async fn guarded(State(proxy): State<Arc<MediaProxy>>, request: Request, next: Next) -> Response {
    let mut response = match proxy.guard.refusal(&request) {
        None => next.run(request).await,
        Some(refused) => refused,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        // Whatever it is, a browser runs nothing of it, and lets it load nothing.
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn media(
    State(proxy): State<Arc<MediaProxy>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let served = async {
        let link = proxy.media.find(&token).await?;
        let source = proxy.source(&link).await?;
        Ok((link, source))
    };
    match served.await {
        Ok((link, source)) => answer(&link, source, (&headers, proxy.media.clock.now().0)).await,
        Err(Refused(why)) => refused(why),
    }
}

struct Refused(NotServed);

impl From<NotServed> for Refused {
    fn from(why: NotServed) -> Self {
        Self(why)
    }
}

fn refused(why: NotServed) -> Response {
    match why {
        NotServed::Unknown(said) => (StatusCode::NOT_FOUND, said).into_response(),
        NotServed::Gone(said) => (StatusCode::GONE, said).into_response(),
        NotServed::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        NotServed::Later => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")]).into_response()
        }
    }
}

async fn answer(link: &MediaLink, source: Source, (asked, now): (&HeaderMap, i64)) -> Response {
    let (start, size, source) = match source {
        Source::Whole(file) => (file.clone(), u64::try_from(file.len()).ok(), Source::Whole(file)),
        Source::Stream { size, chunks, permit } => match begun(chunks, 1).await {
            Ok((start, _, rest)) => {
                let chunks = Box::pin(stream::iter([Ok(start.clone())]).chain(rest));
                (start, size, Source::Stream { size, chunks, permit })
            }
            Err(_) => return refused(NotServed::Later),
        },
    };
    let mime = content::mime(&start);
    if matches!(link.of, bot_core::media_link::LinkedTo::Person(_))
        && !mime.is_some_and(|mime| mime.starts_with("image/"))
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    let tag = content::tag(&link.handle);
    let left = link.expires.0.saturating_sub(now) / 1000;
    let response = HttpResponse::builder()
        .header(header::CONTENT_TYPE, mime.unwrap_or("application/octet-stream"))
        .header(header::CONTENT_DISPOSITION, content::disposition(mime, link.name.as_deref()))
        .header(header::ETAG, &tag)
        .header(header::CACHE_CONTROL, format!("public, max-age={}", left.min(KEPT_BY_OTHERS)));
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH) == Some(&tag) {
        return built(response.status(StatusCode::NOT_MODIFIED).body(Body::empty()));
    }
    let Some(size) = size else {
        return built(response.body(source.whole()));
    };
    let response = response.header(header::ACCEPT_RANGES, "bytes");
    let asks = text(header::RANGE).filter(|_| text(header::IF_RANGE).is_none_or(|it| it == tag));
    match range::read(asks, size) {
        Wanted::All => built(response.header(header::CONTENT_LENGTH, size).body(source.whole())),
        Wanted::Part { first, last } => {
            let length = last.saturating_sub(first).saturating_add(1);
            let response = response
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, format!("bytes {first}-{last}/{size}"))
                .header(header::CONTENT_LENGTH, length);
            built(response.body(source.part(first, length)))
        }
        Wanted::Nothing => {
            let response = response.status(StatusCode::RANGE_NOT_SATISFIABLE);
            built(
                response
                    .header(header::CONTENT_RANGE, format!("bytes */{size}"))
                    .body(Body::empty()),
            )
        }
    }
}

fn built(response: Result<Response, axum::http::Error>) -> Response {
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

impl Source {
    fn whole(self) -> Body {
        self.part(0, u64::MAX)
    }

    /// `length` bytes behind the first `skip` ones.
    fn part(self, skip: u64, length: u64) -> Body {
        match self {
            Self::Whole(file) => Body::from(cut(file, &mut { skip }, &mut { length })),
            Self::Stream { chunks, permit, .. } => {
                let state = (chunks, permit, skip, length);
                Body::from_stream(stream::unfold(state, async |state| {
                    let (mut chunks, permit, mut skip, mut length) = state;
                    if length == 0 {
                        return None;
                    }
                    let chunk = chunks.next().await?.map(|it| cut(it, &mut skip, &mut length));
                    Some((chunk, (chunks, permit, skip, length)))
                }))
            }
        }
    }
}

/// What of a chunk belongs to a part of a file of which `skip` bytes are left out yet, and `length` are
/// to come.
fn cut(mut chunk: Bytes, skip: &mut u64, length: &mut u64) -> Bytes {
    let within =
        |most: u64, chunk: &Bytes| usize::try_from(most).unwrap_or(usize::MAX).min(chunk.len());
    let skipped = within(*skip, &chunk);
    let mut kept = chunk.split_off(skipped);
    kept.truncate(within(*length, &kept));
    *skip = skip.saturating_sub(u64::try_from(skipped).unwrap_or(u64::MAX));
    *length = length.saturating_sub(u64::try_from(kept.len()).unwrap_or(u64::MAX));
    kept
}

#[cfg(test)]
mod tests;
