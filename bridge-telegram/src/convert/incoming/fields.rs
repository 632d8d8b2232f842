// SPDX-License-Identifier: AGPL-3.0-or-later
//! What becomes of each field of a message and of an update, up to Bot API 10.3,
//! <https://core.telegram.org/bots/api#message>, <https://core.telegram.org/bots/api#update>.
//!
//! Rule: every field of the platform stands here. A test compares this table with the platform's
//! contract, so that a new version shows what is new; a field that is not here is content that is not
//! known.

use super::service::SILENT;

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldUse {
    /// Other sides show what it says, or do what it tells.
    Crosses,
    /// A line stands for it.
    Line,
    /// Told to the bot alone, or nothing to other sides: no event.
    Silent,
    /// It says nothing by itself: it belongs to other fields, or nobody said it.
    Around,
}

/// Fields of a message that other sides show.
const CROSSES: [&str; 34] = [
    "text",
    "entities",
    "rich_message",
    "animation",
    "audio",
    "document",
    "live_photo",
    "photo",
    "sticker",
    "video",
    "video_note",
    "voice",
    "caption",
    "caption_entities",
    "checklist",
    "contact",
    "poll",
    "venue",
    "location",
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "pinned_message",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "migrate_to_chat_id",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "poll_option_added",
    "poll_option_deleted",
];

/// Fields of a message for which a line stands.
const LINE: [&str; 35] = [
    "paid_media",
    "story",
    "dice",
    "game",
    "invoice",
    "giveaway",
    "giveaway_winners",
    "gift",
    "unique_gift",
    "gift_upgrade_sent",
    "message_auto_delete_timer_changed",
    "boost_added",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "chat_owner_left",
    "chat_owner_changed",
    "chat_background_set",
    "direct_message_price_changed",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway_completed",
    "managed_bot_created",
    "paid_message_price_changed",
    "proximity_alert_triggered",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "community_chat_added",
    "community_chat_joined",
    "community_chat_removed",
];

/// Fields that stand around the content of a message.
const AROUND: [&str; 39] = [
    "message_id",
    "message_thread_id",
    "direct_messages_topic",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "date",
    "guest_query_id",
    "business_connection_id",
    "chat",
    "forward_origin",
    "is_topic_message",
    "is_automatic_forward",
    "reply_to_message",
    "external_reply",
    "quote",
    "reply_to_story",
    "reply_to_checklist_task_id",
    "reply_to_poll_option_id",
    "via_bot",
    "guest_bot_caller_user",
    "guest_bot_caller_chat",
    "receiver_user",
    "ephemeral_message_id",
    "edit_date",
    "has_protected_content",
    "is_from_offline",
    "is_paid_post",
    "media_group_id",
    "author_signature",
    "paid_star_count",
    "link_preview_options",
    "suggested_post_info",
    "effect_id",
    "show_caption_above_media",
    "has_media_spoiler",
    "reply_markup",
];

/// Kinds of updates that are read.
const UPDATES: [&str; 10] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "message_reaction",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "callback_query",
];

/// Kinds of updates that are not asked for: none holds what a person says in a joined group.
const UPDATES_NOT_ASKED_FOR: [&str; 17] = [
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
    "stopped_message_generation",
    "subscription",
];

/// What becomes of a field of a message; `None` when it is not known.
pub fn of_message(name: &str) -> Option<FieldUse> {
    let lists: [(&[&str], FieldUse); 4] = [
        (&CROSSES, FieldUse::Crosses),
        (&LINE, FieldUse::Line),
        (&SILENT, FieldUse::Silent),
        (&AROUND, FieldUse::Around),
    ];
    lists.iter().find(|(names, _)| names.contains(&name)).map(|(_, fate)| *fate)
}

/// What becomes of a field of an update; `None` when it is not known.
pub fn of_update(name: &str) -> Option<FieldUse> {
    let read = UPDATES.contains(&name).then_some(FieldUse::Crosses);
    let silent = || UPDATES_NOT_ASKED_FOR.contains(&name).then_some(FieldUse::Silent);
    let number = || (name == "update_id").then_some(FieldUse::Around);
    read.or_else(silent).or_else(number)
}

/// All fields of a message that are known, each with what becomes of it.
pub fn all() -> impl Iterator<Item = (&'static str, FieldUse)> {
    let of = |fate| move |name: &&'static str| (*name, fate);
    let shown =
        CROSSES.iter().map(of(FieldUse::Crosses)).chain(LINE.iter().map(of(FieldUse::Line)));
    shown
        .chain(SILENT.iter().map(of(FieldUse::Silent)))
        .chain(AROUND.iter().map(of(FieldUse::Around)))
}
