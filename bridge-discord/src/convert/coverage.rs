// SPDX-License-Identifier: AGPL-3.0-or-later
//! What of Discord's API crosses, and what does not.
//!
//! Rule: every message type, component, field of a message, card or attachment, and gateway event
//! of the API has its row; a test compares the rows with what the converters do and with Discord's own lists, so
//! that a new version shows what is new.

/// What becomes of something in Discord's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives on the other networks.
    Crosses,
    /// A line says that it was there.
    Line,
    /// It is not shown, and what comes later is understood by it.
    Learned,
    /// It is not read.
    Nothing,
}

/// By the type of a message.
///
/// See <https://discord.com/developers/docs/resources/message#message-object-message-types>.
pub const MESSAGE_TYPES: &[(u64, Fate)] = &[
    (0, Fate::Crosses),  // DEFAULT
    (1, Fate::Nothing),  // RECIPIENT_ADD
    (2, Fate::Nothing),  // RECIPIENT_REMOVE
    (3, Fate::Line),     // CALL
    (4, Fate::Line),     // CHANNEL_NAME_CHANGE
    (5, Fate::Line),     // CHANNEL_ICON_CHANGE
    (6, Fate::Line),     // CHANNEL_PINNED_MESSAGE
    (7, Fate::Line),     // USER_JOIN
    (8, Fate::Line),     // GUILD_BOOST
    (9, Fate::Line),     // GUILD_BOOST_TIER_1
    (10, Fate::Line),    // GUILD_BOOST_TIER_2
    (11, Fate::Line),    // GUILD_BOOST_TIER_3
    (12, Fate::Line),    // CHANNEL_FOLLOW_ADD
    (14, Fate::Line),    // GUILD_DISCOVERY_DISQUALIFIED
    (15, Fate::Line),    // GUILD_DISCOVERY_REQUALIFIED
    (16, Fate::Line),    // GUILD_DISCOVERY_GRACE_PERIOD_INITIAL_WARNING
    (17, Fate::Line),    // GUILD_DISCOVERY_GRACE_PERIOD_FINAL_WARNING
    (18, Fate::Line),    // THREAD_CREATED
    (19, Fate::Crosses), // REPLY
    (20, Fate::Crosses), // CHAT_INPUT_COMMAND
    (21, Fate::Nothing), // THREAD_STARTER_MESSAGE
    (22, Fate::Line),    // GUILD_INVITE_REMINDER
    (23, Fate::Crosses), // CONTEXT_MENU_COMMAND
    (24, Fate::Line),    // AUTO_MODERATION_ACTION
    (25, Fate::Line),    // ROLE_SUBSCRIPTION_PURCHASE
    (26, Fate::Line),    // INTERACTION_PREMIUM_UPSELL
    (27, Fate::Line),    // STAGE_START
    (28, Fate::Line),    // STAGE_END
    (29, Fate::Line),    // STAGE_SPEAKER
    (31, Fate::Line),    // STAGE_TOPIC
    (32, Fate::Line),    // GUILD_APPLICATION_PREMIUM_SUBSCRIPTION
    (36, Fate::Line),    // GUILD_INCIDENT_ALERT_MODE_ENABLED
    (37, Fate::Line),    // GUILD_INCIDENT_ALERT_MODE_DISABLED
    (38, Fate::Line),    // GUILD_INCIDENT_REPORT_RAID
    (39, Fate::Line),    // GUILD_INCIDENT_REPORT_FALSE_ALARM
    (46, Fate::Nothing), // POLL_RESULT
    (55, Fate::Line),    // HD_STREAMING_UPGRADED
];

/// By the type of a component.
///
/// See <https://discord.com/developers/docs/components/reference#component-object-component-types>.
pub const COMPONENTS: &[(u64, Fate)] = &[
    (1, Fate::Crosses),  // ACTION_ROW
    (2, Fate::Line),     // BUTTON
    (3, Fate::Line),     // STRING_SELECT
    (4, Fate::Nothing),  // TEXT_INPUT
    (5, Fate::Line),     // USER_SELECT
    (6, Fate::Line),     // ROLE_SELECT
    (7, Fate::Line),     // MENTIONABLE_SELECT
    (8, Fate::Line),     // CHANNEL_SELECT
    (9, Fate::Crosses),  // SECTION
    (10, Fate::Crosses), // TEXT_DISPLAY
    (11, Fate::Crosses), // THUMBNAIL
    (12, Fate::Crosses), // MEDIA_GALLERY
    (13, Fate::Crosses), // FILE
    (14, Fate::Crosses), // SEPARATOR
    (17, Fate::Crosses), // CONTAINER
    (18, Fate::Nothing), // LABEL
    (19, Fate::Nothing), // FILE_UPLOAD
    (21, Fate::Nothing), // RADIO_GROUP
    (22, Fate::Nothing), // CHECKBOX_GROUP
    (23, Fate::Nothing), // CHECKBOX
];

/// By the field of a message, as the API and the gateway show it.
///
/// See <https://discord.com/developers/docs/resources/message#message-object>.
pub const MESSAGE_FIELDS: &[(&str, Fate)] = &[
    ("activity", Fate::Line),
    ("application", Fate::Nothing),
    ("application_id", Fate::Crosses),
    ("attachments", Fate::Crosses),
    ("author", Fate::Crosses),
    ("call", Fate::Line),
    ("channel_id", Fate::Crosses),
    ("channel_type", Fate::Nothing),
    ("components", Fate::Crosses),
    ("content", Fate::Crosses),
    ("edited_timestamp", Fate::Crosses),
    ("embeds", Fate::Crosses),
    ("flags", Fate::Crosses),
    ("guild_id", Fate::Crosses),
    ("id", Fate::Crosses),
    ("interaction", Fate::Line),
    ("interaction_metadata", Fate::Line),
    ("lobby_member", Fate::Nothing),
    ("member", Fate::Crosses),
    ("mention_channels", Fate::Crosses),
    ("mention_everyone", Fate::Crosses),
    ("mention_roles", Fate::Nothing),
    ("mentions", Fate::Crosses),
    ("message_reference", Fate::Crosses),
    ("message_snapshots", Fate::Crosses),
    ("nonce", Fate::Nothing),
    ("pinned", Fate::Learned),
    ("poll", Fate::Crosses),
    ("position", Fate::Nothing),
    ("purchase_notification", Fate::Crosses),
    ("reactions", Fate::Nothing),
    ("referenced_message", Fate::Crosses),
    ("resolved", Fate::Nothing),
    ("role_subscription_data", Fate::Crosses),
    ("shared_client_theme", Fate::Line),
    ("sticker_items", Fate::Crosses),
    ("stickers", Fate::Nothing),
    ("thread", Fate::Nothing),
    ("timestamp", Fate::Nothing),
    ("tts", Fate::Nothing),
    ("type", Fate::Crosses),
    ("webhook_id", Fate::Crosses),
];

/// By the field of a card (embed) of a program.
///
/// See <https://discord.com/developers/docs/resources/message#embed-object>.
pub const EMBED_FIELDS: &[(&str, Fate)] = &[
    ("author", Fate::Crosses),
    ("color", Fate::Crosses),
    ("components", Fate::Crosses),
    ("description", Fate::Crosses),
    ("fields", Fate::Crosses),
    ("flags", Fate::Nothing),
    ("footer", Fate::Crosses),
    ("image", Fate::Crosses),
    ("provider", Fate::Crosses),
    ("thumbnail", Fate::Crosses),
    ("timestamp", Fate::Crosses),
    ("title", Fate::Crosses),
    ("type", Fate::Crosses),
    ("url", Fate::Crosses),
    ("video", Fate::Crosses),
];

/// By the field of an attachment.
///
/// See <https://discord.com/developers/docs/resources/message#attachment-object>.
pub const ATTACHMENT_FIELDS: &[(&str, Fate)] = &[
    ("application", Fate::Nothing),
    ("clip_created_at", Fate::Nothing),
    ("clip_participants", Fate::Nothing),
    ("content_type", Fate::Crosses),
    ("description", Fate::Crosses),
    ("duration_secs", Fate::Crosses),
    ("ephemeral", Fate::Nothing),
    ("filename", Fate::Crosses),
    ("flags", Fate::Crosses),
    ("height", Fate::Crosses),
    ("id", Fate::Crosses),
    ("placeholder", Fate::Nothing),
    ("placeholder_version", Fate::Nothing),
    ("proxy_url", Fate::Nothing),
    ("size", Fate::Crosses),
    ("title", Fate::Crosses),
    ("url", Fate::Crosses),
    ("waveform", Fate::Crosses),
    ("width", Fate::Crosses),
];

/// By the name of a gateway event.
///
/// See <https://discord.com/developers/docs/events/gateway-events#receive-events>.
pub const GATEWAY_EVENTS: &[(&str, Fate)] = &[
    ("APPLICATION_COMMAND_PERMISSIONS_UPDATE", Fate::Nothing),
    ("AUTO_MODERATION_ACTION_EXECUTION", Fate::Nothing),
    ("AUTO_MODERATION_RULE_CREATE", Fate::Nothing),
    ("AUTO_MODERATION_RULE_DELETE", Fate::Nothing),
    ("AUTO_MODERATION_RULE_UPDATE", Fate::Nothing),
    ("CHANNEL_CREATE", Fate::Learned),
    ("CHANNEL_DELETE", Fate::Crosses),
    ("CHANNEL_INFO", Fate::Nothing),
    ("CHANNEL_PINS_UPDATE", Fate::Learned),
    ("CHANNEL_UPDATE", Fate::Crosses),
    ("ENTITLEMENT_CREATE", Fate::Nothing),
    ("ENTITLEMENT_DELETE", Fate::Nothing),
    ("ENTITLEMENT_UPDATE", Fate::Nothing),
    ("GUILD_AUDIT_LOG_ENTRY_CREATE", Fate::Crosses),
    ("GUILD_BAN_ADD", Fate::Crosses),
    ("GUILD_BAN_REMOVE", Fate::Crosses),
    ("GUILD_CREATE", Fate::Learned),
    ("GUILD_DELETE", Fate::Crosses),
    ("GUILD_EMOJIS_UPDATE", Fate::Crosses),
    ("GUILD_INTEGRATIONS_UPDATE", Fate::Nothing),
    ("GUILD_MEMBERS_CHUNK", Fate::Nothing),
    ("GUILD_MEMBER_ADD", Fate::Crosses),
    ("GUILD_MEMBER_REMOVE", Fate::Crosses),
    ("GUILD_MEMBER_UPDATE", Fate::Crosses),
    ("GUILD_ROLE_CREATE", Fate::Learned),
    ("GUILD_ROLE_DELETE", Fate::Learned),
    ("GUILD_ROLE_UPDATE", Fate::Learned),
    ("GUILD_SCHEDULED_EVENT_CREATE", Fate::Nothing),
    ("GUILD_SCHEDULED_EVENT_DELETE", Fate::Nothing),
    ("GUILD_SCHEDULED_EVENT_UPDATE", Fate::Nothing),
    ("GUILD_SCHEDULED_EVENT_USER_ADD", Fate::Nothing),
    ("GUILD_SCHEDULED_EVENT_USER_REMOVE", Fate::Nothing),
    ("GUILD_SOUNDBOARD_SOUNDS_UPDATE", Fate::Nothing),
    ("GUILD_SOUNDBOARD_SOUND_CREATE", Fate::Nothing),
    ("GUILD_SOUNDBOARD_SOUND_DELETE", Fate::Nothing),
    ("GUILD_SOUNDBOARD_SOUND_UPDATE", Fate::Nothing),
    ("GUILD_STICKERS_UPDATE", Fate::Nothing),
    ("GUILD_UPDATE", Fate::Crosses),
    ("INTEGRATION_CREATE", Fate::Nothing),
    ("INTEGRATION_DELETE", Fate::Nothing),
    ("INTEGRATION_UPDATE", Fate::Nothing),
    ("INTERACTION_CREATE", Fate::Crosses),
    ("INVITE_CREATE", Fate::Nothing),
    ("INVITE_DELETE", Fate::Nothing),
    ("MESSAGE_CREATE", Fate::Crosses),
    ("MESSAGE_DELETE", Fate::Crosses),
    ("MESSAGE_DELETE_BULK", Fate::Crosses),
    ("MESSAGE_POLL_VOTE_ADD", Fate::Crosses),
    ("MESSAGE_POLL_VOTE_REMOVE", Fate::Crosses),
    ("MESSAGE_REACTION_ADD", Fate::Crosses),
    ("MESSAGE_REACTION_REMOVE", Fate::Crosses),
    ("MESSAGE_REACTION_REMOVE_ALL", Fate::Crosses),
    ("MESSAGE_REACTION_REMOVE_EMOJI", Fate::Crosses),
    ("MESSAGE_UPDATE", Fate::Crosses),
    ("PRESENCE_UPDATE", Fate::Nothing),
    ("RATE_LIMITED", Fate::Nothing),
    ("READY", Fate::Learned),
    ("RESUMED", Fate::Learned),
    ("SOUNDBOARD_SOUNDS", Fate::Nothing),
    ("STAGE_INSTANCE_CREATE", Fate::Nothing),
    ("STAGE_INSTANCE_DELETE", Fate::Nothing),
    ("STAGE_INSTANCE_UPDATE", Fate::Nothing),
    ("SUBSCRIPTION_CREATE", Fate::Nothing),
    ("SUBSCRIPTION_DELETE", Fate::Nothing),
    ("SUBSCRIPTION_UPDATE", Fate::Nothing),
    ("THREAD_CREATE", Fate::Learned),
    ("THREAD_DELETE", Fate::Crosses),
    ("THREAD_LIST_SYNC", Fate::Learned),
    ("THREAD_MEMBERS_UPDATE", Fate::Nothing),
    ("THREAD_MEMBER_UPDATE", Fate::Nothing),
    ("THREAD_UPDATE", Fate::Crosses),
    ("TYPING_START", Fate::Nothing),
    ("USER_UPDATE", Fate::Nothing),
    ("VOICE_CHANNEL_EFFECT_SEND", Fate::Nothing),
    ("VOICE_CHANNEL_START_TIME_UPDATE", Fate::Nothing),
    ("VOICE_CHANNEL_STATUS_UPDATE", Fate::Nothing),
    ("VOICE_SERVER_UPDATE", Fate::Nothing),
    ("VOICE_STATE_UPDATE", Fate::Nothing),
    ("WEBHOOKS_UPDATE", Fate::Learned),
];
