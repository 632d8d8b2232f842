// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bans, removals and mutes of members and ghosts, by the core bot.
//!
//! Rule: what is so already is not done again. Whom the bot may not act on although it has the right
//! stands as high as the bot.

use bridge_model::{ChatId, Moderation, Person};
use ruma::OwnedRoomId;
use serde_json::{Value, json};

use crate::action_error::ActionError;
use crate::client::ClientError;
use crate::power::{self, BAN, KICK, MUTE, POWER_LEVELS};
use crate::{MatrixNetwork, rooms};
use bot_core::network::{AskError, GhostState};
use bot_core::order::{DeliverError, ModerationTarget};
use bot_core::{Refusal, Right};

/// The type of events about members.
const MEMBER: &str = "m.room.member";

impl MatrixNetwork {
    /// Acts on a member of a room.
    ///
    /// # Errors
    /// Why that failed.
    pub(super) async fn moderate(
        &self,
        room: &OwnedRoomId,
        whom: &ModerationTarget,
        (what, reason): (Moderation, &str),
    ) -> Result<(), ActionError> {
        let mxid = match whom {
            ModerationTarget::Native(user) => user.as_str().to_owned(),
            ModerationTarget::Ghost(person) => self.ghosts.mxid(&self.ghosts.localpart(person)),
        };
        if mxid == self.ghosts.bot() {
            return Ok(());
        }
        let member = rooms::state(&self.client, room, MEMBER, &mxid).await?.unwrap_or_default();
        let is = member.pointer("/content/membership").and_then(Value::as_str);
        let is = is.unwrap_or("leave");
        let (content, right) = match what {
            Moderation::Ban { .. } if is == "ban" => return Ok(()),
            Moderation::Ban { purge } => (banned(reason, purge), (Right::Ban, BAN)),
            Moderation::Unban if is != "ban" => return Ok(()),
            Moderation::Unban => (left(reason), (Right::Ban, BAN)),
            Moderation::Kick if matches!(is, "leave" | "ban") => return Ok(()),
            Moderation::Kick => (left(reason), (Right::Ban, KICK)),
            Moderation::Mute { .. } => return self.set_voice(room, &mxid, false).await,
            Moderation::Unmute => return self.set_voice(room, &mxid, true).await,
        };
        let set = rooms::set_state(&self.client, room, (MEMBER, &mxid), &content).await;
        self.allowed(room, (set, right)).await
    }

    /// How the account of a person stands in a room.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn state_of_ghost(
        &self,
        room: &OwnedRoomId,
        person: &Person,
    ) -> Result<GhostState, ClientError> {
        let mxid = self.ghosts.mxid(&self.ghosts.localpart(person));
        let state = |kind, key| rooms::state(&self.client, room, kind, key);
        let member = state(MEMBER, mxid.as_str()).await?.unwrap_or_default();
        let create = state("m.room.create", "").await?.unwrap_or_default();
        let power = state(POWER_LEVELS, "").await?;
        let banned = member.pointer("/content/membership").and_then(Value::as_str) == Some("ban");
        let muted = !rooms::may_speak(&create, power.as_ref(), &mxid);
        Ok(GhostState { banned, muted })
    }

    /// Whether a member may speak, by their power level.
    async fn set_voice(
        &self,
        room: &OwnedRoomId,
        mxid: &str,
        may_speak: bool,
    ) -> Result<(), ActionError> {
        let state = rooms::state(&self.client, room, POWER_LEVELS, "").await?;
        let content = state.as_ref().and_then(|event| event.get("content"));
        let changed = content.and_then(|content| power::with_voice(content, mxid, may_speak));
        let Some(changed) = changed else { return Ok(()) };
        let set = rooms::set_state(&self.client, room, (POWER_LEVELS, ""), &changed).await;
        self.allowed(room, (set, (Right::Mute, MUTE))).await
    }

    /// What the homeserver's no means: a right that is missing, or somebody who stands too high.
    async fn allowed(
        &self,
        room: &OwnedRoomId,
        (set, (right, menu)): (Result<(), ClientError>, (Right, &str)),
    ) -> Result<(), ActionError> {
        match set {
            Err(error) if error.is("M_FORBIDDEN") => {}
            other => return Ok(other?),
        }
        let chat = ChatId::from(room.as_str());
        let missing = match self.lacking_to_moderate(&chat).await {
            Ok(missing) => missing,
            Err(AskError::Refused(_)) => {
                let reason = Refusal::NotInChat;
                return Err(DeliverError::ChatClosed { reason }.into());
            }
            Err(AskError::Retry { after, reason }) => {
                return Err(DeliverError::Retry { after, reason }.into());
            }
        };
        let lacks = missing.iter().any(|it| it.right == right && it.menu == menu);
        let reason = if lacks { Refusal::missing(right, menu) } else { Refusal::StandsHigher };
        Err(DeliverError::Refused { reason }.into())
    }
}

/// A ban; with `purge` what was said goes, too (MSC4293, both names of the field).
fn banned(reason: &str, purge: bool) -> Value {
    let mut content = json!({ "membership": "ban", "reason": reason });
    if purge && let Some(fields) = content.as_object_mut() {
        for name in crate::listen::REDACT {
            fields.insert(name.to_owned(), true.into());
        }
    }
    content
}

fn left(reason: &str) -> Value {
    json!({ "membership": "leave", "reason": reason })
}
