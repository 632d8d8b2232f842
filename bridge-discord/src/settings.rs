// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the network has to be told.
//!
//! Rule: an address that is set is the only one that is ever used; nothing falls
//! back to the real Discord.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bot_core::measure::Stopwatch;
use url::Url;

use crate::dial::ProxyError;
use crate::token::Token;

/// What the network has to be told.
#[derive(Clone)]
pub struct DiscordSettings {
    /// The bot's token, without `Bot `.
    pub token: Token,
    /// The API: `https://discord.com`, or with a path where it is not `/api/v10`.
    pub api_url: Option<Url>,
    /// The gateway; asked from the API when `None`.
    pub gateway_url: Option<Url>,
    /// The origin of files; the two hosts of Discord's CDN when `None`.
    pub cdn_url: Option<Url>,
    /// A proxy for all that goes to Discord, the gateway too: `socks5h://` (names are resolved by
    /// the proxy), `socks5://` or `http://` (CONNECT), with user and password where it needs them.
    pub proxy: Option<Url>,
    /// Hear of members who come, leave or look different; needs the Server Members Intent.
    pub members: bool,
    /// Application ids of programs that say again, under another name, what somebody said.
    pub proxies: Vec<String>,
    /// The longest pause between two tries of the listener.
    pub longest_pause: Duration,
    /// Gives numbers from 0 up to 1, for jitter.
    pub random: Arc<dyn Fn() -> f64 + Send + Sync>,
    /// Measures requests.
    pub watch: Stopwatch,
}

/// The network cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// A built-in or configured address is not one.
    #[error("not an address: {0}")]
    Address(#[from] url::ParseError),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
    /// The gateway cannot be reached through this kind of proxy.
    #[error("discord.proxy: {0}")]
    Proxy(#[from] ProxyError),
}

impl DiscordSettings {
    /// Settings for the real Discord.
    pub fn new(token: impl Into<Token>) -> Self {
        Self {
            token: token.into(),
            api_url: None,
            gateway_url: None,
            cdn_url: None,
            proxy: None,
            members: false,
            proxies: Vec::new(),
            longest_pause: Duration::from_secs(30),
            random: Arc::new(rand::random::<f64>),
            watch: Stopwatch::off(),
        }
    }
}

/// Without the token.
impl fmt::Debug for DiscordSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiscordSettings")
            .field("api_url", &self.api_url)
            .field("gateway_url", &self.gateway_url)
            .field("cdn_url", &self.cdn_url)
            .finish_non_exhaustive()
    }
}
