// SPDX-License-Identifier: AGPL-3.0-or-later
//! The address by which the bot is invited, with the permissions that it needs.
//!
//! Rule: `docs/OPERATING.md` has the same address and says what each permission is for.
//! See <https://discord.com/developers/docs/topics/oauth2#bot-authorization-flow>.

use serenity::model::Permissions;

use crate::rights::PIN_MESSAGES;

/// The permissions with the names that Discord's menus show.
const ASKED: [(u64, &str); 17] = [
    (Permissions::VIEW_CHANNEL.bits(), "View Channel"),
    (Permissions::SEND_MESSAGES.bits(), "Send Messages"),
    (Permissions::READ_MESSAGE_HISTORY.bits(), "Read Message History"),
    (Permissions::MANAGE_WEBHOOKS.bits(), "Manage Webhooks"),
    (Permissions::ATTACH_FILES.bits(), "Attach Files"),
    (Permissions::USE_EXTERNAL_EMOJIS.bits(), "Use External Emoji"),
    (Permissions::ADD_REACTIONS.bits(), "Add Reactions"),
    (Permissions::MANAGE_MESSAGES.bits(), "Manage Messages"),
    (Permissions::BAN_MEMBERS.bits(), "Ban Members"),
    (Permissions::KICK_MEMBERS.bits(), "Kick Members"),
    (Permissions::MODERATE_MEMBERS.bits(), "Timeout Members"),
    (Permissions::VIEW_AUDIT_LOG.bits(), "View Audit Log"),
    (PIN_MESSAGES, "Pin Messages"),
    (Permissions::CREATE_PUBLIC_THREADS.bits(), "Create Public Threads"),
    (Permissions::SEND_MESSAGES_IN_THREADS.bits(), "Send Messages in Threads"),
    (Permissions::MANAGE_THREADS.bits(), "Manage Threads"),
    (Permissions::MANAGE_CHANNELS.bits(), "Manage Channels"),
];

/// The address for an application with this id.
pub fn invitation(application: &str) -> String {
    let bits = ASKED.iter().fold(0, |bits, (one, _)| bits | one);
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot+applications.commands\
         &permissions={bits}"
    )
}

/// The names of those permissions that are not among these bits.
pub fn missing_from_invitation(held: u64) -> Vec<&'static str> {
    let admin = held & Permissions::ADMINISTRATOR.bits() != 0;
    let missing = ASKED.iter().filter(|(one, _)| !admin && held & one == 0);
    missing.map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_for_operators_has_the_same_invitation_and_explains_each_permission() {
        let page = include_str!("../../docs/OPERATING.md");
        assert!(page.contains(&invitation("APPLICATION_ID")), "{}", invitation("APPLICATION_ID"));
        for (_, name) in ASKED {
            assert!(page.contains(name), "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_an_administrator_lacks_nothing() {
        let all = ASKED.iter().fold(0, |bits, (one, _)| bits | one);
        assert_eq!(missing_from_invitation(all & !PIN_MESSAGES), ["Pin Messages"]);
        assert_eq!(missing_from_invitation(8), Vec::<&str>::new());
        assert_eq!(missing_from_invitation(0).len(), ASKED.len());
    }
}
