// SPDX-License-Identifier: AGPL-3.0-or-later
//! Names that hold for one message (MSC4144).
//!
//! Rule: only name and picture are another's; the account stays the sender's, and with it every
//! right. The account's own name stands beside the other one: most clients show nothing else, so
//! that a room sees nobody speak under a name that is not theirs.

use bridge_model::{Author, MediaHandle};
use serde_json::Value;

use super::text;
use crate::convert::{NETWORK, name};

/// Longest of both names with what stands between them, as all networks show it, and so much of the
/// account's own at most, in grapheme clusters.
const LONGEST: usize = 64;
const OWN: usize = 29;
const PROFILE: &str = "com.beeper.per_message_profile";

/// The author as the message wants them shown.
pub(super) fn shown_author(mut author: Author, content: &Value) -> Author {
    let Some(profile) = content.get(PROFILE).filter(|profile| profile.is_object()) else {
        return author;
    };
    if let Some(name) = text(profile, "displayname").and_then(name::clean)
        && name != author.name
    {
        // A long name must not push the other one out of sight.
        let own = bridge_model::name::one_line(&author.name, OWN);
        let room = LONGEST.saturating_sub(own.chars().count().min(OWN)).saturating_sub(3);
        let name = bridge_model::name::one_line(&name, room);
        author.name = format!("{} ({})", name.trim_end(), own.trim_end());
    }
    if let Some(uri) = text(profile, "avatar_url").filter(|uri| bot_core::address::is_mxc(uri)) {
        let reference = uri.to_owned();
        author.avatar = Some(MediaHandle { network: NETWORK.into(), reference });
    }
    author
}

/// `body` without the name that stands before it for clients that know no such profiles. (In HTML
/// it stands in an element of its own, which is left out where HTML is read.)
pub(super) fn without_name<'b>(body: &'b str, content: &Value) -> &'b str {
    let Some(profile) = content.get(PROFILE) else { return body };
    let fallback = profile.get("has_fallback").and_then(Value::as_bool) == Some(true);
    let name = text(profile, "displayname").filter(|_| fallback);
    let rest = name.and_then(|name| body.strip_prefix(name)?.strip_prefix(": "));
    rest.unwrap_or(body)
}
