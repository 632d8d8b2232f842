// SPDX-License-Identifier: AGPL-3.0-or-later
//! The gateway: one connection after the other, until told to stop.
//!
//! Rule: frames are handled strictly in order; the session outlives the connection
//! and the process. See <https://discord.com/developers/docs/events/gateway>.

mod connection;
mod end;
mod frame;

use std::sync::Arc;
use std::time::Duration;

use bot_core::{NetworkError, Sink};
use reqwest::Method;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::convert::incoming;
use crate::dial::Dialer;
use crate::listen::{Listener, Stopped};
use crate::pause::Pause;
use crate::rest::Body;
use crate::session::{self, Session};
use crate::settings::DiscordSettings;
use crate::shared::Shared;

use connection::Connection;
use end::ConnectionEnd;

/// So many attempts to resume fail before a new session is begun.
const PATIENCE: u32 = 4;

/// Listens until `stop` is cancelled.
///
/// # Errors
/// See [`NetworkError`].
pub(crate) async fn run(
    (settings, dialer): (&DiscordSettings, &Dialer),
    shared: Arc<Shared>,
    sink: Arc<dyn Sink>,
    stop: CancellationToken,
) -> Result<(), NetworkError> {
    let wanted = frame::intents(settings.members).bits();
    let mut pause = Pause::up_to(settings.longest_pause);
    let session = stored(sink.as_ref(), &stop, pause.clone()).await;
    let mut session = session.filter(|session| session.intents == wanted);
    let mut listener = Listener::new(shared, sink, stop.clone(), settings.longest_pause);
    let mut failures = 0;
    while !stop.is_cancelled() {
        let url = match address(settings, &listener, session.as_ref(), &mut pause).await {
            Ok(url) => url,
            Err(Stopped) => return Ok(()),
        };
        let session_here = &mut session;
        let mut connection =
            Connection { settings, dialer, url, session: session_here, lived: false };
        let end = connection.serve(&mut listener).await;
        listener.sink.hears(false);
        if connection.lived {
            pause.reset();
            failures = 0;
        }
        let wait = match end {
            ConnectionEnd::Stopped => return Ok(()),
            ConnectionEnd::Failed(error) => return Err(error),
            ConnectionEnd::Resume(reason) => {
                tracing::info!(%reason, "the connection to Discord ended; it is made again");
                failures += 1;
                if failures > PATIENCE {
                    session = None;
                }
                pause.next()
            }
            ConnectionEnd::TokenRefused(reason) => {
                tracing::error!(%reason, "Discord refuses the token; it is tried again");
                settings.longest_pause
            }
            ConnectionEnd::Identify(reason) => {
                tracing::info!(%reason, "Discord has ended the session; a new one is begun");
                session = None;
                // Discord asks for one to five seconds before the next identify.
                Duration::from_secs(1).max(pause.next())
            }
        };
        let wait = wait.mul_f64(0.5 + (settings.random)() / 2.0);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
        }
    }
    Ok(())
}

/// The session of an earlier process, if it can be read.
async fn stored(sink: &dyn Sink, stop: &CancellationToken, mut pause: Pause) -> Option<Session> {
    loop {
        match sink.mark(session::KEY).await {
            Ok(bytes) => return bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            Err(error) => tracing::warn!(%error, "the session cannot be read"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause.next()) => {}
            () = stop.cancelled() => return None,
        }
    }
}

/// Where to connect to. An address from the settings is the only one that is used.
async fn address(
    settings: &DiscordSettings,
    listener: &Listener,
    session: Option<&Session>,
    pause: &mut Pause,
) -> Result<String, Stopped> {
    let base = match (&settings.gateway_url, session) {
        (Some(url), _) => url.as_str().to_owned(),
        (None, Some(session)) => session.resume_url.clone(),
        (None, None) => loop {
            let rest = &listener.shared.rest;
            match rest.ask::<Value>(Method::GET, "/gateway/bot", Body::Empty).await {
                Ok(answer) => match incoming::text(&answer, "url") {
                    Some(url) => break url.to_owned(),
                    None => tracing::warn!("Discord names no gateway"),
                },
                Err(error) => {
                    listener.wait_out(&error, pause).await?;
                    continue;
                }
            }
            listener.pause(pause.next()).await?;
        },
    };
    let base = base.trim_end_matches('/');
    let slash =
        if base.split_once("://").is_some_and(|(_, rest)| rest.contains('/')) { "" } else { "/" };
    Ok(format!("{base}{slash}?v=10&encoding=json"))
}
