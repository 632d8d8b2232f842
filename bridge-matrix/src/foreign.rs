// SPDX-License-Identifier: AGPL-3.0-or-later
//! Other bridges in a room: two that carry the same chat say everything twice.
//!
//! Rule: only what is certain: the state by which bridges name themselves (MSC2346), and accounts
//! that are called as those of well-known bridges to Telegram and Discord are.

use serde_json::Value;

/// The state by which bridges name themselves.
const NAMED: [&str; 2] = ["m.bridge", "uk.half-shot.bridge"];

/// Local parts of relay bots.
const BOTS: [&str; 9] = [
    "telegrambot",
    "discordbot",
    "_discord_bot",
    "_telegram_bot",
    "matterbridge",
    "matterbridgebot",
    "t2bot",
    "out-of-your-element",
    "teleirc",
];

/// Beginnings of the local parts of accounts that stand for people elsewhere.
const GHOSTS: [&str; 6] = ["telegram_", "_telegram_", "discord_", "_discord_", "_ooye_", "_oooye_"];

/// The other bridges that the state of a room tells of, as their admins would know them.
pub fn bridges(state: &[Value], is_ours: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !found.contains(&name) {
            found.push(name);
        }
    };
    for event in state {
        let text = |path: &str| event.pointer(path).and_then(Value::as_str);
        let kind = text("/type").unwrap_or_default();
        if NAMED.contains(&kind) {
            let bot = text("/content/bridgebot").or_else(|| text("/sender"));
            let other = bot.filter(|bot| !is_ours(bot));
            // A bridge that has left empties its state.
            let there =
                text("/content/bridgebot").is_some() || text("/content/protocol/id").is_some();
            other.filter(|_| there).map(str::to_owned).into_iter().for_each(&mut add);
        }
        if kind == "m.room.member" && text("/content/membership") == Some("join") {
            let Some(user) = text("/state_key").filter(|user| !is_ours(user)) else { continue };
            let Some((local, server)) = user.strip_prefix('@').and_then(|it| it.split_once(':'))
            else {
                continue;
            };
            if BOTS.contains(&local) {
                add(user.to_owned());
            } else if let Some(start) = GHOSTS.iter().find(|start| local.starts_with(**start)) {
                add(format!("@{start}…:{server}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn member(user: &str, membership: &str) -> Value {
        json!({ "type": "m.room.member", "state_key": user,
                "content": { "membership": membership } })
    }

    #[test]
    fn other_bridges_are_found_and_our_own_and_people_are_not() {
        let ours = |user: &str| user.starts_with("@_freeside_") || user == "@freeside:hs.example";
        let named = |bot: Value| {
            json!({ "type": "m.bridge", "sender": "@x:hs.example", "state_key": "k",
                    "content": { "bridgebot": bot, "protocol": { "id": "telegram" } } })
        };
        let state = [
            named(json!("@freeside:hs.example")),
            named(json!("@telegrambot:t2bot.io")),
            json!({ "type": "m.bridge", "sender": "@gone:hs.example", "content": {} }),
            member("@telegrambot:t2bot.io", "join"),
            member("@telegram_123:t2bot.io", "join"),
            member("@telegram_456:t2bot.io", "join"),
            member("@_discord_9:old.example", "leave"),
            member("@_freeside_abc:hs.example", "join"),
            member("@telegraph:hs.example", "join"),
            member("@matterbridge:hs.example", "join"),
        ];
        let found = bridges(&state, &ours);
        assert_eq!(
            found,
            ["@telegrambot:t2bot.io", "@telegram_…:t2bot.io", "@matterbridge:hs.example"]
        );
        assert!(bridges(&[json!(null), json!({"type": "m.bridge"})], &ours).is_empty());
    }
}
