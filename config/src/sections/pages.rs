// SPDX-License-Identifier: AGPL-3.0-or-later
//! The section `[pages]`: what people see of the bridge in a browser.

use std::net::SocketAddr;

use crate::check;
use crate::error::Wrong;
use crate::reader::Section;
use crate::values::{MediaProxy, Pages};

/// Reads it; `None` when something is wrong. `taken` is where others call: the homeserver, those who
/// fetch media, those who watch.
pub(crate) fn read(mut section: Section<'_, '_>, taken: [Option<SocketAddr>; 3]) -> Option<Pages> {
    let mend = "Write IP and port, such as 127.0.0.1:29333.";
    let listen = section.required("listen", mend, check::listen);
    let names = ["appservice.listen", "media_proxy.listen", "monitoring.listen"];
    for (taken, name) in taken.into_iter().zip(names) {
        if listen.is_some() && listen == taken {
            let problem = format!("is the same as {name}");
            section
                .wrong("listen", Wrong::new(problem, "Choose another port: this one is public."));
        }
    }
    let mend =
        "Write the address under which everybody reaches it, such as https://bridge.example.org.";
    let public_url = section.required("public_url", mend, check::public_url);
    let requests = section.number("requests_per_minute", 120, 1..=100_000);
    let trusted = section.optional_list("trusted_proxies", check::ip);
    section.finish();
    Some(Pages {
        listen: listen?,
        public_url: public_url?,
        requests_per_minute: u32::try_from(requests).unwrap_or(u32::MAX),
        trusted_proxies: trusted.unwrap_or_else(|| MediaProxy::LOOPBACK.to_vec()),
    })
}
