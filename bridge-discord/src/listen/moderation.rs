// SPDX-License-Identifier: AGPL-3.0-or-later
//! What moderators of a server do to its members, and what becomes of our own rights there.
//!
//! Rule: a deed concerns every linked channel of the server. What our bot did is no news. Bans are
//! heard in any case; removals and timeouts only where the bot may read the audit log, and timeouts
//! also where members are told of (a privileged intent).

use bridge_model::{Author, Event, Moderation};
use serde_json::{Value, json};

use super::{Listener, Stopped};
use crate::convert::incoming::{self, AuditEntry, Ours};

/// Entries of the audit log that are looked at.
const ENTRIES: usize = 10;

/// Whether a gateway event is about moderation.
pub(super) fn is_about(kind: &str) -> bool {
    matches!(
        kind,
        "GUILD_BAN_ADD"
            | "GUILD_BAN_REMOVE"
            | "GUILD_AUDIT_LOG_ENTRY_CREATE"
            | "GUILD_ROLE_UPDATE"
            | "GUILD_ROLE_DELETE"
    )
}

/// Who did something, and in which words.
#[derive(Default)]
struct Doer {
    by: Option<Author>,
    reason: Option<String>,
    /// It was our bot.
    ours: bool,
}

impl Listener {
    /// The events of what a moderator did, or of rights of ours that may be others now.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) async fn moderation(
        &mut self,
        kind: &str,
        data: &Value,
        ours: &Ours,
    ) -> Result<Vec<Event>, Stopped> {
        let Some(guild) = incoming::id(data, "guild_id") else { return Ok(Vec::new()) };
        let channels = self.linked_in(guild).await?;
        if channels.is_empty() {
            return Ok(Vec::new());
        }
        let user = data.get("user").cloned().unwrap_or_default();
        let about_us = incoming::id(&user, "id") == Some(&ours.bot);
        if kind.starts_with("GUILD_ROLE_") || (kind == "GUILD_MEMBER_UPDATE" && about_us) {
            return Ok(channels.iter().map(|it| incoming::rights_changed(it)).collect());
        }
        let (what, user, doer) = match kind {
            "GUILD_AUDIT_LOG_ENTRY_CREATE" => {
                let Some(entry) = AuditEntry::read(data) else { return Ok(Vec::new()) };
                // Of bans the server tells, too, and to everybody.
                if matches!(entry.what, Moderation::Ban { .. } | Moderation::Unban) {
                    return Ok(Vec::new());
                }
                let (user, what) = (json!({"id": entry.whom}), entry.what);
                (what, user, self.doer(guild, entry, ours).await?)
            }
            _ => {
                let Some(what) = self.deed(kind, guild, data) else { return Ok(Vec::new()) };
                let whom = incoming::id(&user, "id").unwrap_or_default().to_owned();
                (what, user, self.looked_up(guild, (&whom, what), ours).await?)
            }
        };
        if doer.ours {
            return Ok(Vec::new());
        }
        let Doer { by, reason, .. } = doer;
        let event = |channel: &String| {
            incoming::moderated(channel, &user, (what, by.clone()), reason.clone(), ours)
        };
        Ok(channels.iter().filter_map(event).collect())
    }

    fn deed(&mut self, kind: &str, guild: &str, data: &Value) -> Option<Moderation> {
        match kind {
            "GUILD_BAN_ADD" => Some(Moderation::Ban { purge: false }),
            "GUILD_BAN_REMOVE" => Some(Moderation::Unban),
            "GUILD_MEMBER_UPDATE" => self.memory.timed_out(guild, data),
            _ => None,
        }
    }

    /// Who did this last, by the audit log.
    async fn looked_up(
        &self,
        guild: &str,
        (whom, what): (&str, Moderation),
        ours: &Ours,
    ) -> Result<Doer, Stopped> {
        let kind = AuditEntry::kind(what);
        let path = format!("/guilds/{guild}/audit-logs?action_type={kind}&limit={ENTRIES}");
        let Some(log) = self.ask(&path).await? else { return Ok(Doer::default()) };
        let entries = incoming::list(&log, "audit_log_entries").iter();
        let mut entries = entries.filter_map(AuditEntry::read);
        match entries.find(|entry| entry.whom == whom) {
            Some(entry) => self.doer(guild, entry, ours).await,
            None => Ok(Doer::default()),
        }
    }

    async fn doer(&self, guild: &str, entry: AuditEntry, ours: &Ours) -> Result<Doer, Stopped> {
        if entry.by == ours.bot {
            return Ok(Doer { ours: true, ..Doer::default() });
        }
        let member = self.ask(&format!("/guilds/{guild}/members/{}", entry.by)).await?;
        let by = member.and_then(|member| {
            let user = member.get("user")?;
            incoming::author_of(user, (guild, &member), ours)
        });
        Ok(Doer { by, reason: entry.reason, ours: false })
    }

    /// The linked channels of a server.
    async fn linked_in(&self, guild: &str) -> Result<Vec<String>, Stopped> {
        let mut channels = self.linked().await?;
        channels.retain(|channel| self.shared.guild_of(channel).as_deref() == Some(guild));
        Ok(channels)
    }
}
