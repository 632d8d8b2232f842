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

impl AdminRight {
    /// The same as a right that is missing.
    pub(crate) fn missing(self) -> MissingRight {
        MissingRight { right: self.right, menu: self.menu.to_owned() }
    }
}
