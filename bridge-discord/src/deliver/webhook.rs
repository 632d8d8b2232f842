// SPDX-License-Identifier: AGPL-3.0-or-later
//! Our webhook of a channel.
//!
//! Rule: ours is what our application made; there is one per channel, made once and found again
//! after a restart. Whoever has the right may move it to another channel or delete it, so what is
//! known of it is checked against every answer.

use reqwest::Method;
use serde_json::{Value, json};

use crate::convert::incoming;
use crate::convert::outgoing::MessageLocation;
use crate::rest::{Body, RestError};
use crate::shared::{Shared, Webhook};

/// The name in the channel's settings.
const NAME: &str = "Freeside";

/// Our webhook of `channel`, made if there is none.
///
/// See <https://discord.com/developers/docs/resources/webhook#create-webhook>.
///
/// # Errors
/// When Discord refuses: it needs Manage Webhooks.
pub(crate) async fn webhook(shared: &Shared, channel: &str) -> Result<Webhook, RestError> {
    if let Some(webhook) = shared.webhook(channel) {
        return Ok(webhook);
    }
    // Preparing a channel and delivering into it begin at the same time; one of them makes it.
    let turn = shared.webhook_turn(channel);
    let _turn = turn.lock().await;
    if let Some(webhook) = shared.webhook(channel) {
        return Ok(webhook);
    }
    let webhook = match find(shared, channel).await? {
        Some(webhook) => webhook,
        None => make(shared, channel).await?,
    };
    shared.keep_webhook(channel, webhook.clone());
    Ok(webhook)
}

async fn make(shared: &Shared, channel: &str) -> Result<Webhook, RestError> {
    let path = format!("/channels/{channel}/webhooks");
    let body = Body::Json(json!({"name": NAME}));
    let made: Value = shared.rest.ask(Method::POST, &path, body).await?;
    read(&made).ok_or_else(|| RestError::Lost("a webhook without a token".to_owned()))
}

/// Whether the webhook still posts into `channel`.
///
/// See <https://discord.com/developers/docs/resources/webhook#get-webhook-with-token>.
///
/// # Errors
/// When Discord does not say it.
pub(super) async fn is_in(
    shared: &Shared,
    webhook: &Webhook,
    channel: &str,
) -> Result<bool, RestError> {
    let path = webhook.path();
    let found: Value = shared.rest.ask_openly(Method::GET, &path, Body::Empty).await?;
    Ok(incoming::id(&found, "channel_id") == Some(channel))
}

/// Our application, and all webhooks of `channel`.
async fn all(shared: &Shared, channel: &str) -> Result<(String, Vec<Value>), RestError> {
    let application = shared.me().await?.application.clone();
    let path = format!("/channels/{channel}/webhooks");
    let all = shared.rest.ask(Method::GET, &path, Body::Empty).await?;
    Ok((application, all))
}

/// Our webhook of `channel`, if there is one.
///
/// # Errors
/// When Discord refuses.
pub(super) async fn find(shared: &Shared, channel: &str) -> Result<Option<Webhook>, RestError> {
    let (application, all) = all(shared, channel).await?;
    let ours = |one: &&Value| incoming::id(one, "application_id") == Some(&application);
    Ok(all.iter().filter(ours).find_map(read))
}

/// Words in the names of webhooks through which other bridges speak.
const BRIDGES: [&str; 9] =
    ["matterbridge", "mautrix", "matrix", "ooye", "t2bot", "telegram", "irc", "bridge", "relay"];

/// Webhooks of `channel` that belong to other bridges, by their names.
///
/// # Errors
/// When Discord refuses.
pub(crate) async fn relays(shared: &Shared, channel: &str) -> Result<Vec<String>, RestError> {
    let (application, all) = all(shared, channel).await?;
    let theirs = |one: &&Value| incoming::id(one, "application_id") != Some(&application);
    let names = all.iter().filter(theirs).filter_map(|one| incoming::text(one, "name"));
    Ok(names.filter(|name| is_bridge(name)).map(str::to_owned).collect())
}

fn is_bridge(name: &str) -> bool {
    let name = name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| BRIDGES.contains(&word))
}

fn read(webhook: &Value) -> Option<Webhook> {
    Some(Webhook {
        id: incoming::id(webhook, "id")?.to_owned(),
        token: incoming::text(webhook, "token")?.into(),
    })
}

impl Webhook {
    fn path(&self) -> String {
        format!("/webhooks/{}/{}", self.id, self.token.reveal())
    }

    /// The path that posts through it, into a thread of its channel if one is given.
    pub(super) fn post_path(&self, thread: Option<&str>) -> String {
        let thread = thread.map(|thread| format!("&thread_id={thread}")).unwrap_or_default();
        format!("{}?wait=true{thread}", self.path())
    }

    /// The path of one of its messages.
    pub(super) fn message_path(&self, location: MessageLocation<'_>) -> String {
        let thread =
            location.thread.map(|thread| format!("?thread_id={thread}")).unwrap_or_default();
        format!("{}/messages/{}{thread}", self.path(), location.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bridges_are_known_by_whole_words() {
        for name in ["matterbridge", "_matrix", "IRC relay", "OOYE Webhook", "Telegram-Bridge"] {
            assert!(is_bridge(name), "{name}");
        }
        for name in ["Circle of friends", "GitHub", "Matrices", "Bridgetown news", "Captain Hook"] {
            assert!(!is_bridge(name), "{name}");
        }
    }
}
