// SPDX-License-Identifier: AGPL-3.0-or-later
//! The section `[media_proxy]`: pictures for platforms that fetch them by address, and files that a
//! platform does not take.

use std::net::SocketAddr;

use crate::check;
use crate::error::Wrong;
use crate::reader::Section;
use crate::values::MediaProxy;

/// Bytes of a megabyte.
const MEGABYTE: usize = 1_000_000;

/// Reads it; `None` when something is wrong. `taken` is where the homeserver calls.
pub(crate) fn read(mut section: Section<'_, '_>, taken: Option<SocketAddr>) -> Option<MediaProxy> {
    let mend = "Write IP and port, such as 127.0.0.1:29331.";
    let listen = section.required("listen", mend, check::listen);
    if listen.is_some() && listen == taken {
        let problem = "is the same as appservice.listen";
        section.wrong("listen", Wrong::new(problem, "Choose another port: this one is public."));
    }
    let mend =
        "Write the address under which everybody reaches it, such as https://media.example.org.";
    let public_url = section.required("public_url", mend, check::public_url);
    let lifetime_days = section.number("lifetime_days", 7, 1..=90);
    let max_size = section.number("max_size_mb", 100, 1..=4_000);
    let requests = section.number("requests_per_minute", 300, 1..=100_000);
    let cache_size = section.number("cache_size_mb", 64, 1..=16_000);
    let cache_minutes = section.number("cache_minutes", 60, 1..=1_440);
    let trusted = section.optional_list("trusted_proxies", check::ip);
    section.finish();
    Some(MediaProxy {
        listen: listen?,
        public_url: public_url?,
        lifetime_days: u32::try_from(lifetime_days).unwrap_or(u32::MAX),
        max_size: max_size.saturating_mul(MEGABYTE),
        requests_per_minute: u32::try_from(requests).unwrap_or(u32::MAX),
        cache_size: cache_size.saturating_mul(MEGABYTE),
        cache_minutes: u32::try_from(cache_minutes).unwrap_or(u32::MAX),
        trusted_proxies: trusted.unwrap_or_else(|| MediaProxy::LOOPBACK.to_vec()),
    })
}
