// SPDX-License-Identifier: AGPL-3.0-or-later
//! Bans, removals and timeouts.
//!
//! Rule: they concern the whole server of the channel. What is so already is a success; whom the bot
//! may not act on although it has the right stands higher than its role.

use bot_core::network::Need;
use bot_core::order::ModerationTarget;
use bot_core::{DeliverError, Failure, Order, Receipt, Refusal};
use bridge_model::{Moderation, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::convert::incoming::id;
use crate::rest::{Body, Idempotency, RestError, code, deliver_error};
use crate::rights::{self, Permission};
use crate::shared::Shared;

/// Discord takes away the messages of a week at most, in seconds.
const MOST_PURGED: u64 = 7 * 24 * 3600;
/// The longest timeout, in milliseconds, a little less than Discord's 28 days: clocks differ.
const LONGEST_TIMEOUT: i64 = 28 * 24 * 3_600_000 - 60_000;

/// One request: what is asked, what it needs, and which code says that it is so already.
struct Asked {
    method: Method,
    path: String,
    body: Body,
    right: &'static [Permission],
    fine: &'static [u64],
}

/// Acts on a member of the channel's server.
///
/// See <https://discord.com/developers/docs/resources/guild#create-guild-ban> and what stands around.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn moderate(
    shared: &Shared,
    order: &Order,
    (whom, what): (&ModerationTarget, Moderation),
    (reason, now): (&str, Timestamp),
) -> Result<Receipt, Failure> {
    let ModerationTarget::Native(user) = whom else { return Ok(Receipt::default()) };
    // Programs that speak for people have ids of their own.
    let user = user.as_str();
    if user.is_empty() || !user.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Receipt::default());
    }
    let failed = |error: &RestError, right| {
        Failure::clean(deliver_error(error, Idempotency::Repeatable, right))
    };
    let path = format!("/channels/{}", order.chat.as_str());
    let channel: Result<Value, _> = shared.rest.ask(Method::GET, &path, Body::Empty).await;
    let channel = channel.map_err(|error| failed(&error, rights::VIEW_CHANNEL))?;
    let Some(guild) = id(&channel, "guild_id") else { return Ok(Receipt::default()) };
    let Asked { method, path, body, right, fine } = asked((guild, user), what, now);
    match shared.rest.tell_because((method, &path), body, reason).await {
        Ok(()) => Ok(Receipt::default()),
        Err(error) if error.code().is_some_and(|code| fine.contains(&code)) => {
            Ok(Receipt::default())
        }
        Err(error) if error.code() == Some(code::MISSING_PERMISSIONS) => {
            let held = own_permissions(shared, &channel, guild).await;
            let held = held.map_err(|error| failed(&error, right))?;
            let lacking = rights::lacking(held, Need::Moderate);
            let reason = rights::missing(right);
            let lacks = matches!(&reason, Refusal::MissingRights(needed)
                if needed.iter().any(|it| lacking.contains(it)));
            let reason = if lacks { reason } else { Refusal::StandsHigher };
            Err(Failure::clean(DeliverError::Refused { reason }))
        }
        Err(error) => Err(failed(&error, right)),
    }
}

/// The permission bits of our bot in a channel of a server.
///
/// # Errors
/// See [`RestError`].
async fn own_permissions(shared: &Shared, channel: &Value, guild: &str) -> Result<u64, RestError> {
    let bot = &shared.me().await?.bot;
    let path = format!("/guilds/{guild}/members/{bot}");
    let member: Value = shared.rest.ask(Method::GET, &path, Body::Empty).await?;
    let path = format!("/guilds/{guild}");
    let guild: Value = shared.rest.ask(Method::GET, &path, Body::Empty).await?;
    Ok(rights::in_channel(&guild, &member, channel, bot))
}

fn asked((guild, user): (&str, &str), what: Moderation, now: Timestamp) -> Asked {
    let ban = format!("/guilds/{guild}/bans/{user}");
    let member = format!("/guilds/{guild}/members/{user}");
    let gone = &[code::UNKNOWN_MEMBER, code::UNKNOWN_USER];
    let timeout = |until: Option<String>| Asked {
        method: Method::PATCH,
        path: member.clone(),
        body: Body::Json(json!({"communication_disabled_until": until})),
        right: rights::TIME_OUT,
        fine: gone,
    };
    match what {
        Moderation::Ban { purge } => {
            let seconds = if purge { MOST_PURGED } else { 0 };
            let body = Body::Json(json!({"delete_message_seconds": seconds}));
            let fine = &[code::UNKNOWN_USER];
            Asked { method: Method::PUT, path: ban, body, right: rights::BAN, fine }
        }
        Moderation::Unban => {
            let fine = &[code::UNKNOWN_BAN, code::UNKNOWN_USER];
            // Discord's description of it wants an object without fields.
            let (method, body) = (Method::DELETE, Body::Json(json!({})));
            Asked { method, path: ban, body, right: rights::BAN, fine }
        }
        Moderation::Kick => {
            let (method, body) = (Method::DELETE, Body::Empty);
            Asked { method, path: member, body, right: rights::KICK, fine: gone }
        }
        Moderation::Mute { until } => {
            let longest = now.0.saturating_add(LONGEST_TIMEOUT);
            timeout(written(until.map_or(longest, |until| until.0.min(longest))))
        }
        Moderation::Unmute => timeout(None),
    }
}

/// A moment as Discord writes it.
fn written(milliseconds: i64) -> Option<String> {
    let moment = serenity::model::Timestamp::from_millis(milliseconds).ok()?;
    moment.to_rfc3339()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn asks(what: Moderation) -> (Method, String, Option<Value>) {
        let Asked { method, path, body, .. } = asked(("1", "2"), what, NOW);
        let body = match body {
            Body::Json(body) => Some(body),
            Body::Empty | Body::Form(_) => None,
        };
        (method, path, body)
    }

    #[test]
    fn each_deed_is_one_request_that_can_be_repeated() {
        let (bans, members) = ("/guilds/1/bans/2".to_owned(), "/guilds/1/members/2".to_owned());
        let purge = json!({"delete_message_seconds": 604_800});
        let ban = asks(Moderation::Ban { purge: true });
        assert_eq!(ban, (Method::PUT, bans.clone(), Some(purge)));
        assert_eq!(asks(Moderation::Unban), (Method::DELETE, bans, Some(json!({}))));
        assert_eq!(asks(Moderation::Kick), (Method::DELETE, members.clone(), None));
        let none = json!({"communication_disabled_until": null});
        assert_eq!(asks(Moderation::Unmute), (Method::PATCH, members, Some(none)));
    }

    #[test]
    fn a_timeout_ends_when_the_mute_does_and_never_later_than_discord_takes() {
        let until = |until: Option<i64>| {
            let until = until.map(|after| Timestamp(NOW.0 + after));
            let body = asks(Moderation::Mute { until }).2.unwrap();
            body["communication_disabled_until"].as_str().unwrap().to_owned()
        };
        assert_eq!(until(Some(3_600_000)), "2027-01-15T09:00:00Z");
        assert_eq!(until(None), "2027-02-12T07:59:00Z");
        assert_eq!(until(Some(99 * 24 * 3_600_000)), until(None));
    }
}
