// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a [`crate::TelegramNetwork`] is made from, and the HTTP clients that follow from it.
//!
//! Rule: randomness and waiting times come in here, so that tests decide both.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bot_core::measure::Stopwatch;
use reqwest_telegram::redirect::Policy;
use reqwest_telegram::{Client, ClientBuilder, Proxy};
use url::Url;

/// How long the server may hold a `getUpdates` request open.
const LONG_POLL: Duration = Duration::from_secs(50);
/// What an answer may take beyond [`LONG_POLL`].
const POLL_GRACE: Duration = Duration::from_secs(15);
/// How long an ordinary method may be silent.
const ANSWER: Duration = Duration::from_secs(60);
/// How long an upload may take until the answer begins; reqwest counts the sending too.
const UPLOAD: Duration = Duration::from_secs(1800);

/// What the bridge needs to know to speak to Telegram.
///
/// No `Debug`: the token never gets into a log.
#[derive(Clone)]
pub struct Settings {
    /// The bot's token, from `BotFather`.
    pub token: String,
    /// The Bot API server; `https://api.telegram.org` unless one's own is run.
    pub api_url: Url,
    /// A SOCKS or HTTP proxy for all requests.
    pub proxy: Option<Url>,
    /// `api_url` is a server of one's own in `--local` mode, which lifts the limits on files.
    pub local_server: bool,
    /// The folder in which that server keeps its files, if it may hand over paths on this machine.
    /// Without it, every file comes over HTTP: a server could name any file of this machine.
    pub local_files: Option<PathBuf>,
    /// How long to wait for what.
    pub patience: Patience,
    /// Measures requests.
    pub watch: Stopwatch,
}

/// How long the listener waits for what.
#[derive(Clone)]
pub struct Patience {
    /// How long the server may hold a poll open.
    pub long_poll: Duration,
    /// The first wait after a failure.
    pub first: Duration,
    /// The longest wait after many failures.
    pub longest: Duration,
    /// A random number from 0 up to 1, each time anew.
    pub jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl Patience {
    /// The waiting times of production: polls of 50 s, waits from 1 s to 5 min.
    pub fn new(jitter: Arc<dyn Fn() -> f64 + Send + Sync>) -> Self {
        Self {
            long_poll: LONG_POLL,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(300),
            jitter,
        }
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The address cannot be the base of method addresses.
    #[error("the address of the Bot API server cannot be used: {0}")]
    ApiUrl(String),
    /// The HTTP client cannot be built, for example because of the proxy's address.
    #[error("the HTTP client for Telegram cannot be built: {0}")]
    Client(#[source] reqwest_telegram::Error),
}

/// One client per kind of waiting.
pub(crate) struct Clients {
    /// For `getUpdates`.
    pub poll: Client,
    /// For ordinary methods.
    pub methods: Client,
    /// For uploads and downloads.
    pub files: Client,
}

impl Clients {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let poll = settings.patience.long_poll + POLL_GRACE;
        Ok(Self {
            poll: build(settings, |client| client.timeout(poll))?,
            methods: build(settings, |client| client.read_timeout(ANSWER))?,
            files: build(settings, |client| client.read_timeout(UPLOAD))?,
        })
    }
}

fn build(
    settings: &Settings,
    wait: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client, SettingsError> {
    // An address holds the token: no other host may learn it from a redirect or a `Referer`.
    let mut client = Client::builder()
        .connect_timeout(Duration::from_secs(20))
        .tcp_nodelay(true)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy();
    if let Some(proxy) = &settings.proxy {
        client = client.proxy(Proxy::all(proxy.as_str()).map_err(SettingsError::Client)?);
    }
    wait(client).build().map_err(SettingsError::Client)
}
