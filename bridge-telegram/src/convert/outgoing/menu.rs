// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bot's commands as Telegram's menu shows them, in the language of each client.

use std::collections::BTreeSet;

use bot_core::network::CommandHelp;
use serde_json::{Value, json};

/// The parameters of `setMyCommands`: first for those whose language is none of ours, then for each
/// language. See <https://core.telegram.org/bots/api#setmycommands>.
pub fn commands(commands: &[CommandHelp]) -> Vec<Value> {
    let listed = |text: &dyn Fn(&CommandHelp) -> String| -> Vec<Value> {
        let one = |it: &CommandHelp| json!({ "command": it.name, "description": text(it) });
        commands.iter().map(one).collect()
    };
    let mut all = vec![json!({ "commands": listed(&|it| it.description.own.clone()) })];
    let others = commands.iter().flat_map(|it| &it.description.others).map(|(code, _)| code);
    for code in others.collect::<BTreeSet<_>>() {
        let own = |it: &CommandHelp| {
            let text = it.description.others.iter().find(|(known, _)| known == code);
            text.map_or_else(|| it.description.own.clone(), |(_, text)| text.clone())
        };
        all.push(json!({ "commands": listed(&own), "language_code": two_letters(code) }));
    }
    all
}

/// Telegram takes languages of ISO 639-1 without a country or a script.
fn two_letters(code: &str) -> &str {
    code.split('-').next().unwrap_or(code)
}
