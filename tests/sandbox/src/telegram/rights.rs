// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a member of a chat is and may do.
//!
//! Source: <https://core.telegram.org/bots/api#chatmember>.

use serde_json::{Map, Value};

/// The rights of an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// `can_delete_messages`.
    pub delete_messages: bool,
    /// `can_restrict_members`.
    pub restrict_members: bool,
    /// `can_promote_members`.
    pub promote_members: bool,
    /// `can_change_info`.
    pub change_info: bool,
    /// `can_invite_users`.
    pub invite_users: bool,
    /// `can_pin_messages`.
    pub pin_messages: bool,
    /// `can_manage_topics`.
    pub manage_topics: bool,
    /// `is_anonymous`: they speak as the group.
    pub anonymous: bool,
}

impl Rights {
    /// Every right.
    pub fn all() -> Self {
        Self {
            delete_messages: true,
            restrict_members: true,
            promote_members: true,
            change_info: true,
            invite_users: true,
            pin_messages: true,
            manage_topics: true,
            anonymous: false,
        }
    }

    /// No right: what an administrator with all boxes unticked has.
    pub fn none() -> Self {
        Self {
            delete_messages: false,
            restrict_members: false,
            promote_members: false,
            change_info: false,
            invite_users: false,
            pin_messages: false,
            manage_topics: false,
            anonymous: false,
        }
    }

    /// The fields of `ChatMemberAdministrator`.
    pub(super) fn fields(&self, supergroup: bool) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut set = |name: &str, value: bool| fields.insert(name.to_owned(), value.into());
        set("can_be_edited", false);
        set("is_anonymous", self.anonymous);
        set("can_manage_chat", true);
        set("can_delete_messages", self.delete_messages);
        set("can_manage_video_chats", false);
        set("can_restrict_members", self.restrict_members);
        set("can_promote_members", self.promote_members);
        set("can_change_info", self.change_info);
        set("can_invite_users", self.invite_users);
        set("can_post_stories", false);
        set("can_edit_stories", false);
        set("can_delete_stories", false);
        set("can_send_welcome_messages", false);
        set("can_pin_messages", self.pin_messages);
        if supergroup {
            set("can_manage_topics", self.manage_topics);
        }
        fields
    }
}

/// What a user is in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Made the chat.
    Owner,
    /// May what the rights say.
    Admin(Rights),
    /// Is in the chat.
    Member,
    /// Is in the chat and may not write until then, in seconds since 1970; 0 for ever.
    Muted(i64),
    /// Is not, but may come back.
    Left,
    /// Was removed and may not come back.
    Kicked,
}

impl Standing {
    /// The Bot API's `status`.
    pub(super) fn status(&self) -> &'static str {
        match self {
            Self::Owner => "creator",
            Self::Admin(_) => "administrator",
            Self::Member => "member",
            Self::Muted(_) => "restricted",
            Self::Left => "left",
            Self::Kicked => "kicked",
        }
    }

    /// Whether the user is in the chat.
    pub(super) fn is_in(&self) -> bool {
        match self {
            Self::Owner | Self::Admin(_) | Self::Member | Self::Muted(_) => true,
            Self::Left | Self::Kicked => false,
        }
    }
}
