// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a moderator wants, as calls of the Bot API.
//!
//! Rule: each call can be repeated. A kick is a ban that is taken back, because a basic group knows
//! nothing else; <https://core.telegram.org/bots/api#banchatmember>.

use bot_core::order::ModerationTarget;
use bridge_model::Moderation;

use super::Call;

/// The calls that carry out a deed; none for somebody who has no account here.
pub(super) fn calls(whom: &ModerationTarget, what: Moderation) -> Vec<Call> {
    let ModerationTarget::Native(user) = whom else { return Vec::new() };
    let Ok(user) = user.as_str().parse::<u64>() else { return Vec::new() };
    match what {
        Moderation::Ban { purge } => vec![Call::Ban { user, revoke: purge }],
        Moderation::Unban => vec![Call::Unban(user)],
        Moderation::Kick => vec![Call::Ban { user, revoke: false }, Call::Unban(user)],
        Moderation::Mute { until } => {
            // Rounded up, so that nobody speaks before it is over elsewhere.
            let until = until.map(|until| until.0.saturating_add(999) / 1000);
            vec![Call::Restrict { user, may_speak: false, until }]
        }
        Moderation::Unmute => vec![Call::Restrict { user, may_speak: true, until: None }],
    }
}

#[cfg(test)]
mod moderation_tests {
    use super::*;
    use bridge_model::{Person, Timestamp, UserId};
    use serde_json::json;

    use crate::convert::outgoing::render;

    fn rendered(what: Moderation) -> Vec<(&'static str, serde_json::Value)> {
        let whom = ModerationTarget::Native(UserId::from("7"));
        calls(&whom, what).iter().filter_map(|call| render(call, "-1001")).collect()
    }

    #[test]
    fn each_deed_is_calls_that_can_be_repeated() {
        let ban = json!({ "user_id": 7, "revoke_messages": true, "chat_id": -1001 });
        assert_eq!(rendered(Moderation::Ban { purge: true }), [("banChatMember", ban)]);
        let unban = json!({ "user_id": 7, "only_if_banned": true, "chat_id": -1001 });
        assert_eq!(rendered(Moderation::Unban), [("unbanChatMember", unban.clone())]);
        let kick = rendered(Moderation::Kick);
        assert_eq!(kick[0].0, "banChatMember");
        assert_eq!(kick[0].1["revoke_messages"], false);
        assert_eq!(kick[1], ("unbanChatMember", unban));
    }

    #[test]
    fn a_mute_takes_every_right_to_speak_and_ends_when_it_is_to_end() {
        let mute = rendered(Moderation::Mute { until: Some(Timestamp(5001)) });
        let (method, params) = &mute[0];
        assert_eq!((*method, &params["until_date"]), ("restrictChatMember", &json!(6)));
        let all = params["permissions"].as_object().unwrap();
        assert!(all.values().all(|may| *may == false) && all.contains_key("can_send_messages"));
        let ever = rendered(Moderation::Mute { until: None });
        assert_eq!(ever[0].1.get("until_date"), None);
        let again = rendered(Moderation::Unmute);
        assert!(again[0].1["permissions"].as_object().unwrap().values().all(|may| *may == true));
    }

    #[test]
    fn who_has_no_account_of_their_own_is_left_alone() {
        let ban = Moderation::Ban { purge: false };
        let ghost = ModerationTarget::Ghost(Person::new("matrix", "@ann:x"));
        assert_eq!(calls(&ghost, ban), []);
        assert_eq!(calls(&ModerationTarget::Native(UserId::from("-1001/Ann")), ban), []);
    }
}
