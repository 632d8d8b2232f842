// SPDX-License-Identifier: AGPL-3.0-or-later
//! The codes that Discord puts into error answers, by the names of its documentation.
//!
//! Rule: a decision is made by the code, never by the words beside it.
//! See <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.

/// "Unknown Channel"
pub(crate) const UNKNOWN_CHANNEL: u64 = 10003;
/// "Unknown Guild"
pub(crate) const UNKNOWN_GUILD: u64 = 10004;
/// "Unknown Member"
pub(crate) const UNKNOWN_MEMBER: u64 = 10007;
/// "Unknown Message"
pub(crate) const UNKNOWN_MESSAGE: u64 = 10008;
/// "Unknown User"
pub(crate) const UNKNOWN_USER: u64 = 10013;
/// "Unknown Emoji"
pub(crate) const UNKNOWN_EMOJI: u64 = 10014;
/// There is no ban of that user.
pub(crate) const UNKNOWN_BAN: u64 = 10026;
/// "Unknown Webhook"
pub(crate) const UNKNOWN_WEBHOOK: u64 = 10015;
/// "Maximum number of webhooks reached"
pub(crate) const TOO_MANY_WEBHOOKS: u64 = 30007;
/// "Request entity too large"
pub(crate) const ENTITY_TOO_LARGE: u64 = 40005;
/// "A tag is required to create a forum post in this channel"
pub(crate) const TAG_REQUIRED: u64 = 40067;
/// "Missing Access"
pub(crate) const MISSING_ACCESS: u64 = 50001;
/// "Missing Permissions"
pub(crate) const MISSING_PERMISSIONS: u64 = 50013;
/// "Cannot execute action on a system message"
pub(crate) const SYSTEM_MESSAGE: u64 = 50021;
/// "Cannot execute action on this channel type"
pub(crate) const WRONG_CHANNEL_TYPE: u64 = 50024;
/// "Invalid Form Body"
pub(crate) const INVALID_FORM_BODY: u64 = 50035;
/// "Invalid message type"
pub(crate) const INVALID_MESSAGE_TYPE: u64 = 50068;
/// "Thread is archived"
pub(crate) const THREAD_ARCHIVED: u64 = 50083;
/// "A thread has already been created for this message"
pub(crate) const THREAD_EXISTS: u64 = 160_004;
/// "Thread is locked"
pub(crate) const THREAD_LOCKED: u64 = 160_005;
/// "Maximum number of active threads reached"
pub(crate) const TOO_MANY_THREADS: u64 = 160_006;
/// "Webhooks posted to forum channels must have a thread_name or thread_id"
pub(crate) const POST_NAME_REQUIRED: u64 = 220_001;
/// "Webhooks can only create threads in forum channels"
pub(crate) const POST_NAME_REFUSED: u64 = 220_003;
/// "Poll expired"
pub(crate) const POLL_EXPIRED: u64 = 520_001;
/// "Cannot edit a poll message"
pub(crate) const POLL_UNCHANGEABLE: u64 = 520_003;
/// "Cannot expire a non-poll message"
pub(crate) const NOT_A_POLL: u64 = 520_006;
