// SPDX-License-Identifier: AGPL-3.0-or-later
//! Puts together what makes and serves public addresses of media.
//!
//! Rule: without `[media_proxy]` there are none, and nothing listens.

use std::sync::Arc;

use bot_core::clock::Clock;
use bot_core::media::cache::MediaCache;
use bot_core::media_link::{MediaLinks, Terms};
use bot_core::pseudonym::Pseudonyms;
use bot_core::relay::Networks;
use bot_core::relay::public_media::PublicMedia;
use bot_core::store::Store;
use bot_core::wording::Wording;
use bridge_config::Config;
use bridge_matrix::media_proxy::{MediaProxy, MediaProxySettings};

/// What several parts share.
pub(crate) struct MediaParts {
    /// Makes and reads addresses.
    pub(crate) links: Option<MediaLinks>,
    /// Files that were served lately.
    pub(crate) cache: Option<Arc<MediaCache>>,
}

impl MediaParts {
    /// As the configuration says.
    pub(crate) fn of(config: &Config, pseudonyms: &Pseudonyms) -> Self {
        let Some(proxy) = &config.media_proxy else { return Self { links: None, cache: None } };
        let terms = Terms {
            lifetime: i64::from(proxy.lifetime_days).saturating_mul(24 * 60 * 60 * 1000),
            max_size: u64::try_from(proxy.max_size).unwrap_or(u64::MAX),
            pictures: config.privacy.avatars,
        };
        let time = i64::from(proxy.cache_minutes).saturating_mul(60_000);
        Self {
            links: Some(MediaLinks::new(proxy.public_url.as_str(), pseudonyms, terms)),
            cache: Some(Arc::new(MediaCache::new(proxy.cache_size, time))),
        }
    }

    /// The server; `shared` when other nodes of this bridge may listen where it does, one at a time.
    pub(crate) fn proxy(
        &self,
        config: &Config,
        (store, networks): (&Arc<Store>, &Networks),
        (wording, clock): (&Arc<Wording>, &Arc<dyn Clock>),
        shared: bool,
    ) -> Option<Arc<MediaProxy>> {
        let proxy = config.media_proxy.as_ref()?;
        let media = PublicMedia {
            links: self.links.clone()?,
            store: Arc::clone(store),
            networks: networks.clone(),
            wording: Arc::clone(wording),
            clock: Arc::clone(clock),
        };
        let settings = MediaProxySettings {
            listen: proxy.listen,
            shared,
            requests_per_minute: proxy.requests_per_minute,
            trusted: proxy.trusted_proxies.clone(),
        };
        Some(Arc::new(MediaProxy::new(media, self.cache.clone()?, settings)))
    }
}
