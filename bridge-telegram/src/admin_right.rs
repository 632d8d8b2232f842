// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rights of an admin that the bridge needs in a chat, and what Telegram's apps call them.
//!
//! Rule: values only; whether somebody has them, [`crate::rights`] asks.

use bot_core::{MissingRight, Right};

/// A right of an admin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdminRight {
    /// Its field in <https://core.telegram.org/bots/api#chatmemberadministrator>.
    pub(crate) field: &'static str,
    right: Right,
    /// Its name in Telegram's apps.
    menu: &'static str,
}

pub(crate) const PIN: AdminRight =
    AdminRight { field: "can_pin_messages", right: Right::Pin, menu: "Pin Messages" };
pub(crate) const DELETE: AdminRight =
    AdminRight { field: "can_delete_messages", right: Right::Delete, menu: "Delete Messages" };
pub(crate) const RESTRICT: AdminRight =
    AdminRight { field: "can_restrict_members", right: Right::DecideWhoSpeaks, menu: "Ban Users" };
pub(crate) const CHANGE_INFO: AdminRight =
    AdminRight { field: "can_change_info", right: Right::ChangeChat, menu: "Change Group Info" };
pub(crate) const TOPICS: AdminRight =
    AdminRight { field: "can_manage_topics", right: Right::ManageThreads, menu: "Manage Topics" };

/// What the table of rights in `docs/OPERATING.md` names.
const ASKED: [AdminRight; 5] = [PIN, DELETE, CHANGE_INFO, RESTRICT, TOPICS];

/// The address by which an admin of a group adds the bot with the rights that the bridge uses
/// (<https://core.telegram.org/api/links#groupchannel-bot-links>).
pub fn invitation(username: &str) -> String {
    let rights = ASKED.map(|right| right.field.trim_start_matches("can_"));
    format!("https://t.me/{username}?startgroup&admin={}", rights.join("+"))
}

/// The same rights under the names that Telegram's apps show.
pub(crate) fn asked() -> Vec<MissingRight> {
    ASKED.iter().map(|right| right.missing()).collect()
}

impl AdminRight {
    /// The same as a right that the bot lacks, or needs.
    pub(crate) fn missing(self) -> MissingRight {
        MissingRight { right: self.right, menu: self.menu.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invitation_asks_for_the_rights_of_the_table() {
        assert_eq!(
            invitation("a_bot"),
            "https://t.me/a_bot?startgroup&admin=pin_messages+delete_messages+change_info+\
             restrict_members+manage_topics"
        );
        let page = include_str!("../../docs/OPERATING.md").to_ascii_lowercase();
        for right in ASKED {
            assert!(
                page.contains(&format!("\n| {}", right.menu.to_ascii_lowercase())),
                "{right:?}"
            );
        }
    }
}
