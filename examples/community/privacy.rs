// SPDX-License-Identifier: AGPL-3.0-or-later
//! What of the people of the play lies where it does not belong: in the store, the log, the events.

use std::path::Path;

use sandbox::telegram::User;
use sandbox::town::{BOT, Town};
use serde_json::json;

/// What `freeside privacy audit` says of the store, the log and what the bridge sent to the room.
///
/// # Errors
/// What it has found, and where.
pub async fn audit(town: &Town, members: &[User]) -> anyhow::Result<String> {
    let beside = |name: &str| town.bridge.config().with_file_name(name);
    let (known, events) = (beside("known"), beside("sent.jsonl"));
    std::fs::write(&known, people(town, members).join("\n"))?;
    let sent = town.alice.messages(&town.room).await?.into_iter();
    let ours = sent.filter(|event| event.sender == BOT || event.sender.starts_with("@fs_"));
    let lines: Vec<String> = ours
        .map(|event| {
            json!({"type": event.kind, "sender": event.sender, "state_key": event.state_key,
                "event_id": event.event_id, "content": event.content})
            .to_string()
        })
        .collect();
    std::fs::write(&events, lines.join("\n"))?;
    let text = |path: &Path| path.display().to_string();
    let (known, events, log) = (text(&known), text(&events), text(&beside("freeside.log")));
    town.bridge.tell(&["audit", "--known", &known, "--events", &events, "--log", &log])
}

/// Ids, names, words and tokens, a line each.
fn people(town: &Town, members: &[User]) -> Vec<String> {
    let mut lines: Vec<String> = members
        .iter()
        .flat_map(|user| [format!("id {}", user.id()), format!("name {}", user.name())])
        .collect();
    // What is shorter is found by chance.
    let long = |text: &String| text.len() >= 8;
    let said = town.group.messages().into_iter().filter(|seen| !seen.is_bot);
    let said = said.map(|seen| seen.text.replace('\n', " ")).filter(long);
    lines.extend(said.map(|text| format!("text {text}")));
    let chats = [town.group.id().to_string(), town.channel.id().to_string()];
    lines.extend(chats.map(|id| format!("id {id}")));
    let tokens = [town.telegram.bot_token(), town.discord.bot_token()];
    lines.extend(tokens.map(|token| format!("token {token}")));
    lines
}
