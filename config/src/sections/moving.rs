// SPDX-License-Identifier: AGPL-3.0-or-later
//! The section `[moving]`: what somebody is told who asks for the way to Matrix.

use crate::check;
use crate::reader::{SecretSource, Section};
use crate::values::Moving;

/// Reads it; `None` when something is wrong.
pub(crate) fn read(mut section: Section<'_, '_>) -> Option<Moving> {
    let default = Moving::default();
    let web_client = section.optional("web_client", check::http_url).unwrap_or(default.web_client);
    let source = SecretSource {
        key: "admin_token_file",
        variable: "FREESIDE_ADMIN_TOKEN",
        make: "It holds the access token of an admin of the homeserver: log in as one, and copy it \
               from the settings of the client (\"Help & About\" in Element).",
    };
    let admin_token = section.optional_secret(&source)?;
    section.finish();
    Some(Moving { web_client, admin_token })
}
