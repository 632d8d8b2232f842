// SPDX-License-Identifier: AGPL-3.0-or-later
//! Homeservers that people have: other settings, other versions.
//!
//! Rule: on each one the same is carried in all directions: words, an edit, a file, a reaction. Versions
//! that have to be installed first run only when they are asked for; what came out stands in
//! `docs/HOMESERVERS.md`.

use anyhow::{Context, ensure};
use sandbox::stub::Stub;
use sandbox::town::{Homeserver, Line, Side, Town, TownOptions};
use serde_json::{Map, Value, json};

use crate::crossing::PIXEL;
use crate::{crosses, program};

/// The versions that are tried unless others are named.
const OLD: &str = "1.98.0 1.111.1 1.120.2";

/// Three linked networks on a homeserver that differs.
async fn town_on(room_version: &str, homeserver: Homeserver) -> anyhow::Result<Town> {
    let options = TownOptions {
        program: program(),
        room_version: room_version.into(),
        encrypted: false,
        more_config: String::new(),
        progress: &mut |_| {},
    };
    Town::linked_on(options, homeserver).await
}

fn keys(more: Value) -> Map<String, Value> {
    match more {
        Value::Object(keys) => keys,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// Gives the homeserver other settings, and starts it and the bridge again.
async fn restart_with(town: &mut Town, more: Value) -> anyhow::Result<()> {
    town.bridge.kill()?;
    town.synapse.set(keys(more))?;
    town.synapse.start_again().await?;
    town.bridge.start()
}

/// Words, an edit, a file and a reaction, from Matrix and to it.
async fn carries_all(town: &Town) -> anyhow::Result<()> {
    for side in Side::ALL {
        crosses(town, side, &format!("hello from {side:?}")).await?;
    }
    for side in [Side::Matrix, Side::Telegram] {
        let said = town.say(side, &format!("draft of {side:?}")).await?;
        for other in side.others() {
            town.expect(other, |line| line.text == format!("draft of {side:?}")).await?;
        }
        town.edit(&said, &format!("final of {side:?}")).await?;
        let caption = format!("a picture of {side:?}");
        town.show(side, PIXEL, &caption).await?;
        for other in side.others() {
            town.expect(other, |line| line.text == format!("final of {side:?}")).await?;
            let shown = |line: &Line| line.text == caption && line.file.is_some();
            town.expect(other, shown).await?;
        }
    }
    let said = town.say(Side::Discord, "react to this").await?;
    let copy = town.expect(Side::Matrix, |line| line.text == "react to this").await?;
    town.react(Side::Matrix, &copy.id, "👍").await?;
    let heard = |line: &Line| line.text == "react to this" && !line.reactions.is_empty();
    town.expect(Side::Discord, heard).await.map(drop)?;
    ensure!(said.side == Side::Discord, "it was said on Discord");
    town.assert_clean()
}

/// The name under which somebody is shown in the room.
async fn name_in_room(town: &Town, text: &str) -> anyhow::Result<String> {
    let line = town.expect(Side::Matrix, |line| line.text == text).await?;
    Ok(line.who)
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_homeserver_that_fixes_names_and_registers_nobody_carries_all_the_same()
-> anyhow::Result<()> {
    let mut town = crate::unlinked().await?;
    let fixed = json!({ "enable_set_displayname": false, "enable_set_avatar_url": false });
    restart_with(&mut town, fixed).await?;
    town.invite_bot().await?;
    town.link_telegram().await?;
    town.link_discord().await?;
    carries_all(&town).await?;
    let shown = name_in_room(&town, "hello from Telegram").await?;
    ensure!(shown == "Tanja (Telegram)", "Tanja is shown as {shown}");
    let log = town.bridge.log();
    ensure!(log.contains("enable_set_displayname"), "the log does not name the setting");
    // Those who are there stay; nobody else can register, but ghosts.
    restart_with(&mut town, json!({ "enable_registration": false })).await?;
    let ute = town.telegram.user("Ute");
    town.group.join(&ute)?;
    town.group.say(&ute, "hello, I am new")?;
    let shown = name_in_room(&town, "hello, I am new").await?;
    ensure!(shown == "Ute (Telegram)", "Ute is shown as {shown}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_where_logins_are_done_by_another_service_the_bridge_needs_none() -> anyhow::Result<()>
{
    let mut town = crate::unlinked().await?;
    // Stands for the Matrix Authentication Service: it knows one token, Alice's.
    let service = Stub::start().await?;
    let alice = json!({ "active": true, "username": "alice", "device_id": town.alice.device_id(),
        "scope": "urn:matrix:client:api:*" });
    service.json("/oauth2/introspect", 200, &alice);
    let elsewhere = json!({
        "matrix_authentication_service":
            { "enabled": true, "endpoint": service.url(), "secret": "sandbox" },
        "enable_registration": false,
        "password_config": { "enabled": false },
    });
    restart_with(&mut town, elsewhere).await?;
    town.invite_bot().await?;
    town.link_telegram().await?;
    town.link_discord().await?;
    carries_all(&town).await
}

/// `FREESIDE_SYNAPSE="1.98.0 1.120.2" cargo test --test it -- --ignored old_synapses`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "installs old versions of Synapse from PyPI"]
#[expect(clippy::disallowed_methods, reason = "what is installed is named by the environment")]
async fn s16_old_synapses_carry_all() -> anyhow::Result<()> {
    let named = std::env::var("FREESIDE_SYNAPSE").unwrap_or_else(|_| OLD.to_owned());
    for version in named.split_whitespace() {
        let homeserver = Homeserver { version: Some(version.to_owned()), more: Map::new() };
        let town = town_on("10", homeserver).await.with_context(|| version.to_owned())?;
        carries_all(&town).await.with_context(|| version.to_owned())?;
    }
    Ok(())
}
