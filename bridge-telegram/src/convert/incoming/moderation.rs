// SPDX-License-Identifier: AGPL-3.0-or-later
//! What admins do to members, <https://core.telegram.org/bots/api#chatmemberupdated>.
//!
//! Rule: what our bot did itself is no news, nor what somebody does to their own account. A ban for a
//! time is a removal, and silence until then: nobody tells when it is over.

use bridge_model::{Author, Deed, Moderation, Person, Timestamp};
use serde_json::Value;

use super::field::{flag, int, object, text};
use super::{Us, author};
use crate::NETWORK;

/// What is against somebody, as far as one `ChatMember` says it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Against {
    banned: bool,
    /// Until when; the inner `None` for ever.
    muted: Option<Option<Timestamp>>,
}

fn against(member: &Value) -> Against {
    // 0 means for ever.
    let until = int(member, "until_date").filter(|seconds| *seconds > 0);
    let until = until.map(|seconds| Timestamp(seconds.saturating_mul(1000)));
    match text(member, "status") {
        Some("kicked") if until.is_some() => Against { banned: false, muted: Some(until) },
        Some("kicked") => Against { banned: true, muted: None },
        Some("restricted") if !flag(member, "can_send_messages") => {
            Against { banned: false, muted: Some(until) }
        }
        _ => Against::default(),
    }
}

fn is_gone(member: &Value) -> bool {
    matches!(text(member, "status"), Some("left" | "kicked"))
}

/// What an admin did to `who`, from the members before and after.
pub(super) fn deeds(
    body: &Value,
    (old, new): (&Value, &Value),
    who: &Author,
    us: &Us,
) -> Vec<Deed> {
    let Some(from) = object(body, "from").filter(|from| !us.is(from)) else { return Vec::new() };
    let Some(by) = author::of_user(from).filter(|by| by.user != who.user) else {
        return Vec::new();
    };
    let (before, now) = (against(old), against(new));
    let mut all = Vec::new();
    match (before.banned, now.banned) {
        (false, true) => all.push(Moderation::Ban { purge: false }),
        (true, false) => all.push(Moderation::Unban),
        (true, true) | (false, false) => {}
    }
    if !is_gone(old) && is_gone(new) && !now.banned {
        all.push(Moderation::Kick);
    }
    match (before.muted, now.muted) {
        (None, Some(until)) => all.push(Moderation::Mute { until }),
        (Some(old), Some(until)) if old != until => all.push(Moderation::Mute { until }),
        // Whoever is banned is not heard anyway; the ban may be lifted before the mute is over.
        (Some(_), None) if !now.banned => all.push(Moderation::Unmute),
        (Some(_), Some(_) | None) | (None, None) => {}
    }
    let whom = Person { network: NETWORK.into(), user: who.user.clone() };
    let deed = |what| Deed {
        by: Some(by.clone()),
        whom: whom.clone(),
        name: who.name.clone(),
        what,
        reason: None,
    };
    all.into_iter().map(deed).collect()
}

#[cfg(test)]
mod moderation_tests {
    use super::*;
    use serde_json::json;

    fn done(from: u64, old: &Value, new: &Value) -> Vec<Moderation> {
        let us = Us { id: 1, username: "us".to_owned() };
        let user = |id: u64| json!({ "id": id, "is_bot": false, "first_name": "Ann" });
        let who = author::of_user(&user(5)).unwrap();
        let body = json!({ "from": user(from) });
        deeds(&body, (old, new), &who, &us).into_iter().map(|deed| deed.what).collect()
    }

    #[test]
    fn what_an_admin_does_is_read_and_what_we_or_they_do_is_not() {
        let member = json!({ "status": "member" });
        let kicked = json!({ "status": "kicked", "until_date": 0 });
        let left = json!({ "status": "left" });
        let ban = Moderation::Ban { purge: false };
        assert_eq!(done(9, &member, &kicked), [ban]);
        assert_eq!(done(9, &kicked, &left), [Moderation::Unban]);
        assert_eq!(done(9, &kicked, &member), [Moderation::Unban]);
        assert_eq!(done(9, &member, &left), [Moderation::Kick]);
        for own in [1, 5] {
            assert_eq!(done(own, &member, &kicked), []);
            assert_eq!(done(own, &member, &left), []);
        }
    }

    #[test]
    fn a_member_who_may_not_write_is_muted_and_one_who_may_not_send_files_is_not() {
        let member = json!({ "status": "member" });
        let silent = json!({
            "status": "restricted", "is_member": true, "can_send_messages": false,
            "until_date": 100,
        });
        let ever = json!({ "status": "restricted", "is_member": true, "until_date": 0 });
        let files = json!({
            "status": "restricted", "is_member": true, "can_send_messages": true,
            "can_send_photos": false, "until_date": 0,
        });
        let mute = |until: Option<i64>| Moderation::Mute { until: until.map(Timestamp) };
        assert_eq!(done(9, &member, &silent), [mute(Some(100_000))]);
        assert_eq!(done(9, &member, &ever), [mute(None)]);
        assert_eq!(done(9, &silent, &ever), [mute(None)]);
        assert_eq!(done(9, &ever, &files), [Moderation::Unmute]);
        assert_eq!(done(9, &member, &files), []);
        assert_eq!(done(9, &silent, &member), [Moderation::Unmute]);
    }

    #[test]
    fn a_ban_for_a_time_is_silence_for_that_time() {
        let member = json!({ "status": "member" });
        let kicked = json!({ "status": "kicked", "until_date": 100 });
        let until = Some(Timestamp(100_000));
        assert_eq!(done(9, &member, &kicked), [Moderation::Kick, Moderation::Mute { until }]);
    }
}
