// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether Telegram takes the token, and what its bot may hear.
//!
//! Rule: only questions; `getUpdates` would take updates from the running bridge.
//! Source: <https://core.telegram.org/bots/api>.

use bot_core::clock::Clock;
use bridge_config::{Secret, Telegram};
use reqwest::Url;
use serde_json::{Value, json};

use super::ask::{Answer, Asker, Reply};
use super::finding::{Finding, FindingKind, Findings};
use super::homeserver::same_time;
use super::portals::ChatState;

/// The bot of a token.
#[derive(Debug)]
pub(crate) struct Account {
    id: i64,
    pub(crate) username: String,
    /// It hears everything, not only commands.
    pub(crate) hears_all: bool,
    joins_groups: bool,
    /// Telegram's clock, in seconds since 1970.
    date: Option<i64>,
}

/// Whether a text has the form of a token: `123456:` and 35 characters.
fn is_token(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.split_once(':').is_some_and(|(id, rest)| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && rest.len() >= 30
            && rest.chars().all(plain)
    })
}

/// Asks for the bot behind a token (`getMe`).
///
/// # Errors
/// What is wrong with the token, or with the server.
pub(crate) async fn account(asker: &Asker, api: &Url, token: &Secret) -> Result<Account, Finding> {
    if !is_token(token.expose()) {
        return Err(Finding::new(FindingKind::TelegramSwapped, []));
    }
    let reply = call((asker, api, token), "getMe", &json!({})).await?;
    let result = &reply.body;
    let flag = |name: &str| result.pointer(&format!("/result/{name}")).and_then(Value::as_bool);
    let id = result.pointer("/result/id").and_then(Value::as_i64);
    let (Some(id), false) = (id, reply.text("/result/username").is_empty()) else {
        return Err(Finding::new(FindingKind::TelegramPage, [api, &reply.status]));
    };
    Ok(Account {
        id,
        username: reply.text("/result/username").to_owned(),
        hears_all: flag("can_read_all_group_messages") == Some(true),
        joins_groups: flag("can_join_groups") != Some(false),
        date: reply.date,
    })
}

/// One question; an answer with `"ok": false` other than a refused token is an answer, too.
async fn call(
    (asker, api, token): (&Asker, &Url, &Secret),
    method: &str,
    params: &Value,
) -> Result<Reply, Finding> {
    let base = api.as_str().trim_end_matches('/');
    let url = format!("{base}/bot{}/{method}", token.expose());
    let reply = match asker.post(&url, None, params).await {
        Answer::Json(reply) if reply.body.get("ok").is_some() => reply,
        Answer::Json(Reply { status, .. }) | Answer::Page(status) => {
            return Err(Finding::new(FindingKind::TelegramPage, [api, &status]));
        }
        Answer::Moved(_) => return Err(Finding::new(FindingKind::TelegramPage, [api, &"301"])),
        Answer::Silent(why) => {
            return Err(Finding::new(FindingKind::TelegramUnreachable, [api, &why]));
        }
    };
    // 404 is the answer to a token of another form.
    match reply.status {
        401 | 404 => Err(Finding::new(FindingKind::TelegramToken, [&reply.text("/description")])),
        500.. => {
            Err(Finding::new(FindingKind::TelegramUnreachable, [api, &reply.text("/description")]))
        }
        _ => Ok(reply),
    }
}

/// What is wrong with a bot that has a good token.
pub(crate) fn shortcomings(account: &Account, found: &mut Findings) {
    if !account.hears_all {
        found.add(FindingKind::TelegramPrivacy, [&account.username]);
    }
    if !account.joins_groups {
        found.add(FindingKind::TelegramGroups, [&account.username]);
    }
}

/// Looks at the bot of a configuration; `chats` are those of the running bridge.
pub(super) async fn examine(
    (telegram, asker): (&Telegram, &Asker),
    clock: &dyn Clock,
    chats: &[ChatState],
    found: &mut Findings,
) {
    let account = match account(asker, &telegram.api_url, &telegram.token).await {
        Ok(account) => account,
        Err(wrong) => return found.wrong.push(wrong),
    };
    found.fine(format!("Telegram: @{}", account.username));
    shortcomings(&account, found);
    same_time(("Telegram", account.date), clock, found);
    let bot = (asker, &telegram.api_url, &telegram.token);
    match call(bot, "getWebhookInfo", &json!({})).await {
        Ok(reply) if !reply.text("/result/url").is_empty() => {
            // Its path may be a secret.
            let host = Url::parse(reply.text("/result/url"));
            let host = host.ok().and_then(|url| url.host_str().map(str::to_owned));
            let host = host.unwrap_or_else(|| "another server".to_owned());
            found.add(FindingKind::TelegramWebhook, [&account.username, &host]);
        }
        Ok(_) => {}
        Err(wrong) => found.wrong.push(wrong),
    }
    let groups: Vec<&ChatState> =
        chats.iter().filter(|chat| chat.network == bridge_telegram::NETWORK).collect();
    let mut inside = 0;
    for group in &groups {
        let params = json!({ "chat_id": group.chat.parse::<i64>().ok(), "user_id": account.id });
        if let Ok(reply) = call(bot, "getChatMember", &params).await {
            let status = reply.text("/result/status");
            inside += usize::from(!matches!(status, "" | "left" | "kicked"));
        }
    }
    if inside == 0 && !groups.is_empty() {
        found.add(FindingKind::TelegramOtherBot, [&account.username, &groups.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_discord_is_none_of_telegram() {
        assert!(is_token("7000000001:AAFreesideSandboxTokenIsNoSecret000"));
        for other in [
            "",
            "MTA.aaa.bbb",
            "7000000001",
            "7000000001:short",
            "x:AAFreesideSandboxTokenIsNoSecret000",
        ] {
            assert!(!is_token(other), "{other}");
        }
    }
}
