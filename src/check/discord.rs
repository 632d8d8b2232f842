// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether Discord takes the token, and what its application may hear and do.
//!
//! Rule: only questions, without the gateway: a second session would take the place of the bridge's.
//! Source: <https://discord.com/developers/docs/resources/application>.

use bot_core::clock::Clock;
use bridge_config::{Discord, Secret};
use bridge_discord::{invitation, missing_from_invitation};
use reqwest::Url;
use serde_json::Value;

use super::ask::{Answer, Asker, Reply};
use super::finding::{Finding, FindingKind, Findings};
use super::homeserver::same_time;
use super::portals::ChatState;

/// Flags of an application: the intent is granted, or allowed for a bot in fewer than 100 servers.
const MEMBERS: u64 = 1 << 14 | 1 << 15;
const CONTENT: u64 = 1 << 18 | 1 << 19;

/// The application of a token.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) name: String,
    flags: u64,
    needs_code: bool,
    takes_interactions: bool,
    /// Discord's clock, in seconds since 1970.
    date: Option<i64>,
}

impl Application {
    /// Whether messages come with their words.
    pub(crate) fn hears_words(&self) -> bool {
        self.flags & CONTENT != 0
    }
}

/// Whether a text has the form of a token: three parts with full stops.
fn is_token(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.chars().all(plain))
}

async fn call((asker, api, token): (&Asker, &Url, &Secret), path: &str) -> Result<Reply, Finding> {
    let url = format!("{}/api/v10{path}", api.as_str().trim_end_matches('/'));
    match asker.get_as(&url, &format!("Bot {}", token.expose())).await {
        Answer::Json(reply) if reply.status == 401 => {
            Err(Finding::new(FindingKind::DiscordToken, [&reply.text("/message")]))
        }
        Answer::Json(reply) if reply.status >= 500 => {
            let why = format!("HTTP {}", reply.status);
            Err(Finding::new(FindingKind::DiscordUnreachable, [api, &why]))
        }
        Answer::Json(reply) => Ok(reply),
        Answer::Page(status @ 500..) => {
            let why = format!("HTTP {status}");
            Err(Finding::new(FindingKind::DiscordUnreachable, [api, &why]))
        }
        Answer::Page(status) => Err(Finding::new(FindingKind::DiscordPage, [api, &status])),
        Answer::Moved(_) => Err(Finding::new(FindingKind::DiscordPage, [api, &"301"])),
        Answer::Silent(why) => Err(Finding::new(FindingKind::DiscordUnreachable, [api, &why])),
    }
}

/// Asks for the application behind a token.
///
/// # Errors
/// What is wrong with the token, or with the server.
pub(crate) async fn application(
    asker: &Asker,
    api: &Url,
    token: &Secret,
) -> Result<Application, Finding> {
    if !is_token(token.expose()) {
        return Err(Finding::new(FindingKind::DiscordSwapped, []));
    }
    let reply = call((asker, api, token), "/applications/@me").await?;
    if !reply.is_success() || reply.text("/id").is_empty() {
        return Err(Finding::new(FindingKind::DiscordPage, [api, &reply.status]));
    }
    let flag = |name: &str| reply.body.get(name).and_then(Value::as_bool) == Some(true);
    Ok(Application {
        id: reply.text("/id").to_owned(),
        name: reply.text("/name").to_owned(),
        flags: reply.body.get("flags").and_then(Value::as_u64).unwrap_or_default(),
        needs_code: flag("bot_require_code_grant"),
        takes_interactions: !reply.text("/interactions_endpoint_url").is_empty(),
        date: reply.date,
    })
}

/// What is wrong with an application that has a good token.
pub(crate) fn shortcomings(application: &Application, members: bool, found: &mut Findings) {
    let name = &application.name;
    if !application.hears_words() {
        found.add(FindingKind::DiscordContent, [name]);
    }
    if members && application.flags & MEMBERS == 0 {
        found.add(FindingKind::DiscordMembers, [name]);
    }
    if application.needs_code {
        found.add(FindingKind::DiscordCodeGrant, [name]);
    }
    if application.takes_interactions {
        found.add(FindingKind::DiscordInteractions, [name]);
    }
}

/// Looks at the bot of a configuration; `chats` are those of the running bridge.
pub(super) async fn examine(
    (discord, asker): (&Discord, &Asker),
    clock: &dyn Clock,
    chats: &[ChatState],
    found: &mut Findings,
) {
    let application = match application(asker, &discord.api_url, &discord.token).await {
        Ok(application) => application,
        Err(wrong) => return found.wrong.push(wrong),
    };
    found.fine(format!("Discord: {}", application.name));
    shortcomings(&application, discord.members, found);
    same_time(("Discord", application.date), clock, found);
    let bot = (asker, &discord.api_url, &discord.token);
    servers(bot, &application, found).await;
    let channels: Vec<&ChatState> =
        chats.iter().filter(|chat| chat.network == bridge_discord::NETWORK).collect();
    let mut seen = 0;
    for channel in &channels {
        let reply = call(bot, &format!("/channels/{}", channel.chat)).await;
        seen += usize::from(reply.is_ok_and(|reply| reply.is_success()));
    }
    if seen == 0 && !channels.is_empty() {
        found.add(FindingKind::DiscordOtherBot, [&application.name, &channels.len()]);
    }
}

/// Whether the bot is in servers, with the permissions of the invitation.
async fn servers(bot: (&Asker, &Url, &Secret), application: &Application, found: &mut Findings) {
    let reply = match call(bot, "/users/@me/guilds").await {
        Ok(reply) => reply,
        Err(wrong) => return found.wrong.push(wrong),
    };
    let link = invitation(&application.id);
    let Some(servers) = reply.body.as_array().filter(|_| reply.is_success()) else { return };
    if servers.is_empty() {
        return found.add(FindingKind::DiscordNowhere, [&application.name, &link]);
    }
    let held = |server: &Value| server.get("permissions")?.as_str()?.parse::<u64>().ok();
    let lacking = servers.iter().filter_map(held).map(missing_from_invitation);
    let lacking: Vec<Vec<&str>> = lacking.filter(|names| !names.is_empty()).collect();
    if !lacking.is_empty() {
        let mut names: Vec<&str> = lacking.concat();
        names.sort_unstable();
        names.dedup();
        found.add(FindingKind::DiscordPermissions, [&lacking.len(), &names.join(", "), &link]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_telegram_is_none_of_discord() {
        assert!(is_token("MTA0.Gabc-1.x_y"));
        for other in ["", "7000000001:AAF", "a.b", "a..c", "a.b.c.d", "a.b.c d"] {
            assert!(!is_token(other), "{other}");
        }
    }
}
