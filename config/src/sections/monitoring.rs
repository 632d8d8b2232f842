// SPDX-License-Identifier: AGPL-3.0-or-later
//! The section `[monitoring]`: metrics and health, for whoever watches the bridge.

use std::net::SocketAddr;

use crate::check;
use crate::error::Wrong;
use crate::reader::Section;
use crate::values::Monitoring;

/// Reads it; `None` when something is wrong. `taken` is where others call: the homeserver, and those
/// who fetch media.
pub(crate) fn read(
    mut section: Section<'_, '_>,
    taken: [Option<SocketAddr>; 2],
) -> Option<Monitoring> {
    let mend = "Write IP and port, such as 127.0.0.1:29332.";
    let listen = section.required("listen", mend, check::listen);
    let names = ["appservice.listen", "media_proxy.listen"];
    for (taken, name) in taken.into_iter().zip(names) {
        if listen.is_some() && listen == taken {
            let problem = format!("is the same as {name}");
            section.wrong("listen", Wrong::new(problem, "Choose another port."));
        }
    }
    section.finish();
    Some(Monitoring { listen: listen? })
}
