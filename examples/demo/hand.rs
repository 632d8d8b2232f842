// SPDX-License-Identifier: AGPL-3.0-or-later
//! Stays up after the conversation, so that it can be tried by hand.
//!
//! Rule: what is typed is said by the person of a network; what all sides show is printed as before.

use std::time::Duration;

use anyhow::Context;
use sandbox::synapse::Person;
use sandbox::town::{Side, Town};
use tokio::sync::mpsc;

use crate::columns::Screen;
use crate::out;

/// Prints the addresses, then everything that is new, until somebody ends the program.
///
/// # Errors
/// When a server cannot be read, the bridge ended, or nobody reads what is printed.
pub async fn stay(town: &Town, mut screen: Screen) -> anyhow::Result<()> {
    addresses(town)?;
    let mut typed = keyboard();
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            Some(line) = typed.recv() => {
                if let Err(error) = said(town, &line).await {
                    out(&format!("{error:#}"))?;
                }
            }
            _ = tick.tick() => drop(screen.news(town).await?),
        }
    }
}

/// Lines of standard input; the channel closes where there is none.
fn keyboard() -> mpsc::Receiver<String> {
    let (hear, heard) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if hear.blocking_send(line).is_err() {
                return;
            }
        }
    });
    heard
}

async fn said(town: &Town, line: &str) -> anyhow::Result<()> {
    if line.trim().is_empty() {
        return Ok(());
    }
    let (who, text) = line.split_once(':').context(HOW)?;
    let side = match who.trim().to_lowercase().as_str() {
        "m" | "alice" => Side::Matrix,
        "t" | "tanja" => Side::Telegram,
        "d" | "dora" => Side::Discord,
        _ => return Err(anyhow::anyhow!(HOW)),
    };
    town.say(side, text.trim()).await.map(drop)
}

const HOW: &str = "Type `t: hello` to say hello as Tanja on Telegram, `d: hello` as Dora on \
    Discord, `m: hello` as Alice on Matrix. Commands work too: `m: !freeside help`, `t: /status`.";

fn addresses(town: &Town) -> anyhow::Result<()> {
    let (url, room, token) = (town.synapse.url(), &town.room, town.alice.token());
    out("Everything stays up until Ctrl-C. Whatever is said shows here, and:\n")?;
    out(HOW)?;
    out("\nMatrix: any client on this machine, such as Element Desktop")?;
    out(&format!("  homeserver  {url}"))?;
    out(&format!("  login       {}   password  {}", town.alice.user_id(), Person::PASSWORD))?;
    out(&format!("  room        {room}"))?;
    out(&format!(
        "  say         curl -X PUT -H 'Authorization: Bearer {token}' \
         -d '{{\"msgtype\":\"m.text\",\"body\":\"Hello by hand\"}}' \
         '{url}/_matrix/client/v3/rooms/{room}/send/m.room.message/'$RANDOM"
    ))?;
    let (api, token, group) = (town.telegram.url(), town.telegram.bot_token(), town.group.id());
    out("\nTelegram stand-in (bots cannot read the history; this shows the pinned notice)")?;
    out(&format!("  see         curl '{api}/bot{token}/getChat?chat_id={group}'"))?;
    let (api, token) = (town.discord.api_url(), town.discord.bot_token());
    let channel = town.channel.id();
    out("\nDiscord stand-in (the newest messages)")?;
    out(&format!(
        "  see         curl -H 'Authorization: Bot {token}' \
         '{api}/api/v10/channels/{channel}/messages?limit=5'"
    ))?;
    out(&format!("\nThe bridge: its configuration and log are in {}\n", folder(town)))
}

fn folder(town: &Town) -> String {
    let config = town.bridge.config();
    config.parent().map(|folder| folder.display().to_string()).unwrap_or_default()
}
