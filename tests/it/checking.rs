// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside check`: each fault has one finding, which names what mends it.
//!
//! Rule: a fault is planted in a set-up in which nothing else is wrong, so that a second finding fails
//! the test as well as a missing one.

mod bench;

use std::fs;
use std::process::Command;

use anyhow::ensure;
use bot_core::clock::{Clock, SystemClock, SystemDice};
use bot_core::store::Kek;
use bridge_model::Timestamp;
use bridge_policy::calendar::Date;
use freeside::check::{FindingKind, examine};
use sandbox::discord::{intents, permissions};
use sandbox::faults::Fault;
use sandbox::telegram::{Rights, unauthorized};
use sandbox::town::{Side, Town};
use serde_json::{Value, json};

use crate::{crosses, eventually, town};
use bench::{Bench, CHATS, INVITED, VERSIONS, WHOAMI, WHOAMI_AS_GHOST, kek};

/// The findings other than that nothing is wrong: code and what mends it.
fn wrong(json: &Value) -> Vec<(String, String)> {
    let all = json["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
    let wrong = all.iter().filter(|it| it["level"] != "ok");
    wrong.map(|it| (text(it, "code"), text(it, "mend"))).collect()
}

/// How a fault is planted.
type Plant = fn(&mut Bench) -> anyhow::Result<()>;
/// The code of its finding, a word of what mends it, and how it is planted.
type Case = (&'static str, &'static str, Plant);

const ON_THIS_MACHINE: [Case; 30] = [
    ("no-config", "init", |it| Ok(fs::remove_file(it.config())?)),
    ("config", "double quotes", |it| it.edit("[bot]", "[bot")),
    ("config", "chmod 600", |it| it.mode("as_token", 0o644)),
    ("config", "openssl rand", |it| Ok(fs::remove_file(it.path("hs_token"))?)),
    ("config", "Did you mean", |it| it.edit("[bot]", "[bot]\nlanguge = \"de\"")),
    ("config", "[media_proxy]", |it| {
        it.edit("[bot]", "public_media_url = \"https://m.example\"\n[bot]")
    }),
    ("config-writable", "chmod go-w", |it| it.mode("freeside.toml", 0o666)),
    ("registration-readable", "chmod 600", |it| {
        register(it)?;
        it.mode("registration.yaml", 0o644)
    }),
    ("registration-old", "freeside registration", |it| {
        register(it)?;
        it.set("public_url", "http://127.0.0.1:1")
    }),
    ("store-key", "keys init", |it| Ok(fs::remove_file(it.path("store_key"))?)),
    ("store-key-lost", "copy of the key", |it| {
        drop(it.open_store(&kek(&"keyoftheplaza".repeat(4))?)?);
        Ok(fs::remove_file(it.path("store_key"))?)
    }),
    ("store-folder", "ReadWritePaths", |it| it.set("path", "freeside.toml/store")),
    ("disk-space", "Make room", |it| {
        it.arguments = vec!["--min-free-mb", "999999999999"];
        Ok(())
    }),
    ("store-held", "ps ax", |it| {
        it.held = Some(it.open_store(&kek(&"keyoftheplaza".repeat(4))?)?);
        Ok(())
    }),
    ("store-broken", "right one back", |it| {
        let store = it.open_store(&Kek::random(&SystemDice))?;
        drop(store);
        Ok(())
    }),
    ("store-unfinished", "goes on", |it| Ok(fs::create_dir_all(it.path("store/sealed.part"))?)),
    ("port-taken", "ss -ltnp", |it| {
        it.bridge.page(CHATS, 200);
        it.run_bridge()
    }),
    ("listen-address", "127.0.0.1:29330", |it| it.set("listen", "192.0.2.1:29330")),
    ("other-bridge", "Restart the bridge", |it| {
        it.bridge.json(CHATS, 403, &json!({ "errcode": "M_FORBIDDEN", "error": "wrong" }));
        it.run_bridge()
    }),
    ("not-running", "freeside run", |_| Ok(())),
    ("proxy", "[telegram]", |it| {
        let proxy = format!("[telegram]\nproxy = \"socks5h://127.0.0.1:{}\"", it.dead);
        it.edit("[telegram]", &proxy)
    }),
    ("catalogue", "[notices]", |it| {
        fs::write(it.path("own.toml"), "[[service]]\nid = 1\n")?;
        it.edit("[bot]", "[notices]\ncatalogue = \"own.toml\"\n[bot]")
    }),
    ("media-address", "reverse proxy", |it| {
        it.run_bridge()?;
        let url = format!("public_url = \"http://127.0.0.1:{}\"", it.dead);
        it.edit("[bot]", &format!("[media_proxy]\nlisten = \"127.0.0.1:1\"\n{url}\n[bot]"))
    }),
    ("pages-address", "reverse proxy", |it| {
        it.run_bridge()?;
        let url = format!("public_url = \"http://127.0.0.1:{}\"", it.dead);
        it.edit("[bot]", &format!("[pages]\nlisten = \"127.0.0.1:1\"\n{url}\n[bot]"))
    }),
    ("config", "reverse proxy", |it| {
        let url = "public_url = \"http://bridge.example.org\"";
        it.edit("[bot]", &format!("[pages]\nlisten = \"127.0.0.1:1\"\n{url}\n[bot]"))
    }),
    ("port-taken", "pages.listen", |it| {
        let listen = it.bridge.address();
        let section = format!("listen = \"{listen}\"\npublic_url = \"https://p.example\"");
        it.edit("[bot]", &format!("[pages]\n{section}\n[bot]"))
    }),
    ("portals-unknown", "Restart", |it| {
        it.run_bridge()?;
        let body = json!({ "errcode": "M_UNKNOWN", "error": "the bridge is starting" });
        it.bridge.json(CHATS, 503, &body);
        Ok(())
    }),
    ("portal-rights", "gives the bot", |it| it.chats_are(json!({ "missing": ["Ban users"] }))),
    ("portal-closed", "unlink", |it| it.chats_are(json!({ "refused": "not in the chat" }))),
    ("port-taken", "media_proxy.listen", |it| {
        let listen = it.bridge.address();
        let section = format!("listen = \"{listen}\"\npublic_url = \"https://m.example\"");
        it.edit("[bot]", &format!("[media_proxy]\n{section}\n[bot]"))
    }),
];

fn register(it: &Bench) -> anyhow::Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freeside"));
    let output = command.arg("-c").arg(it.config()).arg("registration").output()?;
    fs::write(it.path("registration.yaml"), output.stdout)?;
    it.mode("registration.yaml", 0o600)
}

const AT_THE_HOMESERVER: [Case; 22] = [
    ("homeserver-unreachable", "homeserver.url", |it| {
        it.set("url", &format!("http://127.0.0.1:{}", it.dead))
    }),
    ("homeserver-page", "/_matrix", |it| {
        it.homeserver.page(VERSIONS, 200);
        Ok(())
    }),
    ("homeserver-moved", "that address", |it| {
        it.homeserver.tell(VERSIONS, (302, &[("location", "https://other.example/")]), "");
        Ok(())
    }),
    ("homeserver-failing", "log of the homeserver", |it| {
        it.homeserver.page(VERSIONS, 502);
        Ok(())
    }),
    ("homeserver-old", "Update", |it| {
        it.homeserver_says(VERSIONS, 200, json!({ "versions": ["r0.5.0", "r0.6.1"] }))
    }),
    ("homeserver-untried", "HOMESERVERS.md", |it| {
        let server = json!({ "server": { "name": "Synapse", "version": "1.85.2" } });
        it.homeserver_says("/_matrix/federation/v1/version", 200, server)
    }),
    ("server-name", "homeserver.server_name", |it| {
        it.homeserver_says("/_matrix/key/v2/server", 200, json!({ "server_name": "example.org" }))
    }),
    ("server-name", "homeserver.server_name", |it| {
        it.homeserver_says(WHOAMI, 200, json!({ "user_id": "@freeside:example.org" }))
    }),
    ("as-token", "app_service_config_files", |it| {
        it.homeserver_says(WHOAMI, 401, json!({ "errcode": "M_UNKNOWN_TOKEN", "error": "no" }))
    }),
    ("other-registration", "sender_localpart", |it| {
        it.homeserver_says(WHOAMI, 200, json!({ "user_id": "@bridge:localhost" }))
    }),
    ("namespace", "ghost_prefix", |it| {
        let error = "Application service cannot masquerade as this user (@fs_0check:localhost).";
        it.homeserver_says(
            WHOAMI_AS_GHOST,
            403,
            json!({ "errcode": "M_FORBIDDEN", "error": error }),
        )
    }),
    ("ping-no-url", "registration anew", |it| {
        it.ping_says(400, json!({ "errcode": "M_URL_NOT_SET" }))
    }),
    ("ping-unreached", "appservice.public_url", |it| {
        it.ping_says(502, json!({ "errcode": "M_CONNECTION_FAILED", "error": "refused" }))
    }),
    ("ping-refused", "older registration", |it| {
        it.ping_says(502, json!({ "errcode": "M_BAD_STATUS", "status": 403, "body": "" }))
    }),
    ("ping-id", "registration anew", |it| {
        it.ping_says(403, json!({ "errcode": "M_FORBIDDEN", "error": "not your id" }))
    }),
    ("ping-unknown", "Update", |it| {
        it.ping_says(404, json!({ "errcode": "M_UNRECOGNIZED", "error": "no" }))
    }),
    ("clock", "NTP", |it| {
        let body = json!({ "versions": ["v1.11"] }).to_string();
        let headers =
            [("content-type", "application/json"), ("date", "Thu, 01 Jan 2026 00:00:00 GMT")];
        it.homeserver.tell(VERSIONS, (200, &headers), &body);
        Ok(())
    }),
    ("names-fixed", "enable_set_displayname", |it| {
        let fixed = json!({ "capabilities": { "m.set_displayname": { "enabled": false } } });
        it.homeserver_says("/_matrix/client/v3/capabilities", 200, fixed)
    }),
    ("pictures-fixed", "enable_set_avatar_url", |it| {
        let fixed = json!({ "capabilities": { "m.set_avatar_url": { "enabled": false } } });
        it.homeserver_says("/_matrix/client/v3/capabilities", 200, fixed)
    }),
    ("upload-small", "max_upload_size", |it| {
        it.homeserver_says(
            "/_matrix/client/v1/media/config",
            200,
            json!({ "m.upload.size": 1_000_000 }),
        )
    }),
    ("admin-token", "access token of an admin", |it| {
        it.secret("admin_token", "syt_of_a_person_who_is_no_admin")?;
        it.edit("[bot]", "[moving]\nadmin_token_file = \"admin_token\"\n[bot]")
    }),
    ("homeserver-failing", "log of the homeserver", |it| {
        it.homeserver_says(WHOAMI, 500, json!({ "errcode": "M_UNKNOWN", "error": "database" }))
    }),
];

const AT_THE_NETWORKS: [Case; 21] = [
    ("telegram-unreachable", "proxy", |it| {
        it.edit(&it.telegram.url(), &format!("http://127.0.0.1:{}", it.dead))
    }),
    ("telegram-page", "api_url", |it| it.edit(&it.telegram.url(), &it.homeserver.url())),
    ("telegram-token", "@BotFather", |it| {
        it.telegram.faults().next("getMe", 9, unauthorized());
        Ok(())
    }),
    ("telegram-token", "@BotFather", |it| {
        it.telegram.revoke_token();
        Ok(())
    }),
    ("telegram-swapped", "@BotFather", |it| it.secret("telegram_token", &it.discord.bot_token())),
    ("telegram-privacy", "/setprivacy", |it| {
        it.telegram.privacy_mode(true);
        Ok(())
    }),
    ("telegram-groups", "/setjoingroups", |it| it.bot_says(json!({ "can_join_groups": false }))),
    ("telegram-webhook", "deleteWebhook", |it| {
        let result = json!({ "url": "https://other.example/hook", "has_custom_certificate": false,
            "pending_update_count": 0 });
        let body = json!({ "ok": true, "result": result });
        let fault = Fault::Answer { status: 200, body, headers: vec![] };
        it.telegram.faults().next("getWebhookInfo", 9, fault);
        Ok(())
    }),
    ("telegram-other-bot", "was linked", |it| {
        let group = it.telegram.group_without_bot("Free knowledge");
        it.chats_are(json!({ "network": "telegram", "chat": group.id().to_string() }))
    }),
    ("discord-unreachable", "proxy", |it| {
        it.edit(&it.discord.api_url(), &format!("http://127.0.0.1:{}", it.dead))
    }),
    ("discord-unreachable", "proxy", |it| {
        it.discord.outage(true);
        Ok(())
    }),
    ("discord-page", "api_url", |it| it.edit(&it.discord.api_url(), &it.homeserver.url())),
    ("discord-token", "Reset Token", |it| {
        it.discord.revoke_token();
        Ok(())
    }),
    ("discord-swapped", "client secret", |it| it.secret("discord_token", &it.telegram.bot_token())),
    ("discord-content", "Message Content Intent", |it| {
        it.discord.privileged_intents(intents::GUILD_MEMBERS);
        Ok(())
    }),
    ("discord-members", "Server Members Intent", |it| {
        it.discord.privileged_intents(intents::MESSAGE_CONTENT);
        it.edit("[discord]", "[discord]\nmembers = true")
    }),
    ("discord-code-grant", "Code Grant", |it| {
        it.application_says(json!({ "bot_require_code_grant": true }))
    }),
    ("discord-interactions", "Interactions Endpoint URL", |it| {
        it.application_says(json!({ "interactions_endpoint_url": "https://other.example" }))
    }),
    ("discord-nowhere", "permissions=", |it| {
        let fault = Fault::Answer { status: 200, body: json!([]), headers: vec![] };
        it.discord.faults().next("/users/@me/guilds", 9, fault);
        Ok(())
    }),
    ("discord-permissions", "permissions=", |it| {
        it.guild.bot_permissions(INVITED & !permissions::PIN_MESSAGES);
        Ok(())
    }),
    ("discord-other-bot", "was linked", |it| {
        it.chats_are(json!({ "network": "discord", "chat": "123456789012345678" }))
    }),
];

/// Plants each fault and looks whether it is found, alone.
async fn finds(cases: &[Case]) -> anyhow::Result<()> {
    let mut missed = Vec::new();
    for (code, word, plant) in cases {
        let mut bench = Bench::new().await?;
        plant(&mut bench)?;
        let (json, exit) = bench.check()?;
        let mut found = wrong(&json);
        if *code != "not-running" {
            found.retain(|(code, _)| code != "not-running");
        }
        let is_right =
            matches!(found.as_slice(), [(it, mend)] if it == code && mend.contains(word));
        let errors = json.get("errors").and_then(Value::as_u64);
        let level = if errors == Some(0) { 3 } else { 1 };
        if !is_right || exit != level {
            missed.push(format!("{code} ({word}): exit code {exit}, {found:?}"));
        }
    }
    ensure!(missed.is_empty(), "{}", missed.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_what_is_wrong_on_the_machine_is_found_and_says_what_mends_it() -> anyhow::Result<()> {
    finds(&ON_THIS_MACHINE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_what_is_wrong_with_the_homeserver_is_found_and_says_what_mends_it()
-> anyhow::Result<()> {
    finds(&AT_THE_HOMESERVER).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_what_is_wrong_with_the_networks_is_found_and_says_what_mends_it() -> anyhow::Result<()>
{
    finds(&AT_THE_NETWORKS).await
}

/// A clock that is a year ahead.
struct Ahead;

#[async_trait::async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + 365 * 24 * 3600 * 1000)
    }

    async fn sleep(&self, _time: std::time::Duration) {
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_catalogue_that_nobody_has_looked_at_for_long_is_found() -> anyhow::Result<()> {
    let bench = Bench::new().await?;
    let today = Date::of(SystemClock.now());
    let entry = format!(
        "[[service]]\nid = \"own\"\nname = \"Own\"\nclass = \"call\"\nat = [\"own.example/\"]\n\
         evidence = \"https://own.example/terms\"\nserver = \"proprietary\"\nchecked_on = {today}\n"
    );
    fs::write(bench.path("own.toml"), entry)?;
    bench.edit("[bot]", "[notices]\ncatalogue = \"own.toml\"\n[bot]")?;
    let found = examine(&bench.config(), &SystemClock, 1).await?;
    ensure!(!found.has(FindingKind::Catalogue), "{found}");
    ensure!(!found.has(FindingKind::CatalogueOld), "{found}");
    let found = examine(&bench.config(), &Ahead, 1).await?;
    ensure!(found.has(FindingKind::CatalogueOld) && found.has(FindingKind::Clock), "{found}");
    Ok(())
}

#[test]
fn s16_each_kind_of_finding_is_planted_by_a_test() {
    let all = ON_THIS_MACHINE.iter().chain(&AT_THE_HOMESERVER).chain(&AT_THE_NETWORKS);
    let planted: Vec<&str> = all.map(|(code, ..)| *code).collect();
    let codes = FindingKind::ALL.iter().filter(|kind| **kind != FindingKind::CatalogueOld);
    let codes = codes.map(|kind| kind.row().code);
    let missing: Vec<&str> = codes.filter(|code| !planted.contains(code)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// What `freeside check` says beside the running bridge.
fn beside(town: &Town) -> anyhow::Result<Vec<(String, String)>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freeside"));
    command.arg("-c").arg(town.bridge.config()).args(["check", "--json"]);
    let json: Value = serde_json::from_slice(&command.output()?.stdout)?;
    Ok(wrong(&json))
}

fn codes(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(code, _)| code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_bridge_that_works_is_checked_while_it_runs_and_goes_on() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "before").await?;
    town.guild.bot_permissions(INVITED);
    let found = beside(&town)?;
    ensure!(found.is_empty(), "{found:?}");
    crosses(&town, Side::Telegram, "meanwhile").await?;

    town.group.promote_bot(Rights { pin_messages: false, ..Rights::all() });
    let found = beside(&town)?;
    ensure!(codes(&found) == ["portal-rights"], "{found:?}");
    town.group.promote_bot(Rights::all());

    let log = town.bridge.log();
    ensure!(!log.contains("another program takes this bot's updates"), "the check has polled");
    town.bridge.kill()?;
    eventually("the store is free", async || {
        let found = beside(&town)?;
        Ok(codes(&found) == ["not-running"])
    })
    .await?;
    town.bridge.start()?;
    crosses(&town, Side::Telegram, "afterwards").await?;
    town.assert_clean()
}
