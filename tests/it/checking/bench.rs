// SPDX-License-Identifier: AGPL-3.0-or-later
//! A set-up in which nothing is wrong, into which faults are planted.
//!
//! Rule: the servers are stand-ins; what a stand-in does not know is answered by a stub.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, ensure};
use bot_core::clock::{Dice, SystemDice};
use bot_core::store::{Kek, sealing};
use sandbox::discord::{Discord, Guild, permissions};
use sandbox::faults::Fault;
use sandbox::ports::free_port;
use sandbox::stub::Stub;
use sandbox::telegram::Telegram;
use serde_json::{Value, json};

pub const WHOAMI: &str = "/_matrix/client/v3/account/whoami";
pub const WHOAMI_AS_GHOST: &str =
    "/_matrix/client/v3/account/whoami?user_id=%40fs_0check%3Alocalhost";
pub const PING: &str = "/_matrix/client/v1/appservice/freeside/ping";
pub const CHATS: &str = "/_freeside/chats";
pub const VERSIONS: &str = "/_matrix/client/versions";

/// What the invitation of the bot asks for.
pub const INVITED: u64 = permissions::BOT | permissions::USE_EXTERNAL_EMOJIS;

/// A configuration in which everything is right, on servers that say that all is well.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub homeserver: Stub,
    pub telegram: Telegram,
    pub discord: Discord,
    pub guild: Guild,
    /// Stands for a running bridge once the configuration says that it listens there.
    pub bridge: Stub,
    /// A port at which nothing listens.
    pub dead: u16,
    pub arguments: Vec<&'static str>,
    /// What has to live as long as the check.
    pub held: Option<sealing::Sealed>,
}

impl Bench {
    pub async fn new() -> anyhow::Result<Self> {
        let (listen, dead) = (free_port()?, free_port()?);
        let discord = Discord::start().await?;
        let guild = discord.guild("Free knowledge");
        guild.bot_permissions(INVITED);
        let bench = Self {
            dir: tempfile::tempdir()?,
            homeserver: Stub::start().await?,
            telegram: Telegram::start().await?,
            discord,
            guild,
            bridge: Stub::start().await?,
            dead,
            arguments: Vec::new(),
            held: None,
        };
        bench.all_is_well();
        bench.write(&format!("127.0.0.1:{listen}"))?;
        Ok(bench)
    }

    pub fn all_is_well(&self) {
        let answers = [
            (VERSIONS, json!({ "versions": ["v1.1", "v1.11"] })),
            (
                "/_matrix/federation/v1/version",
                json!({ "server": { "name": "Stub", "version": "1" } }),
            ),
            ("/_matrix/key/v2/server", json!({ "server_name": "localhost" })),
            (WHOAMI, json!({ "user_id": "@freeside:localhost" })),
            ("/_matrix/client/v3/capabilities", json!({ "capabilities": {} })),
            ("/_matrix/client/v1/media/config", json!({ "m.upload.size": 50_000_000 })),
            (PING, json!({ "duration_ms": 2 })),
        ];
        for (path, body) in answers {
            self.homeserver.json(path, 200, &body);
        }
        let unknown = json!({ "errcode": "M_FORBIDDEN",
            "error": "Application service has not registered this user (@fs_0check:localhost)" });
        self.homeserver.json(WHOAMI_AS_GHOST, 403, &unknown);
        self.bridge.json(CHATS, 200, &json!([]));
    }

    pub fn write(&self, listen: &str) -> anyhow::Result<()> {
        for name in ["as_token", "hs_token", "pseudonym_secret"] {
            self.secret(name, &format!("{name}-of-the-tests-0123456789-0123456789"))?;
        }
        self.secret("store_key", &"keyoftheplaza".repeat(4))?;
        self.secret("telegram_token", &self.telegram.bot_token())?;
        self.secret("discord_token", &self.discord.bot_token())?;
        let text = format!(
            "[homeserver]\nurl = \"{}\"\nserver_name = \"localhost\"\n\
             [appservice]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\n\
             as_token_file = \"as_token\"\nhs_token_file = \"hs_token\"\n\
             [bot]\nsource_url = \"https://example.org/freeside\"\n\
             [store]\npath = \"store\"\n\
             [privacy]\npseudonym_secret_file = \"pseudonym_secret\"\n\
             [telegram]\ntoken_file = \"telegram_token\"\napi_url = \"{}\"\n\
             [discord]\ntoken_file = \"discord_token\"\napi_url = \"{}\"\n",
            self.homeserver.url(),
            self.telegram.url(),
            self.discord.api_url(),
        );
        fs::write(self.config(), text)?;
        self.mode("freeside.toml", 0o644)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("freeside.toml")
    }

    pub fn mode(&self, name: &str, mode: u32) -> anyhow::Result<()> {
        Ok(fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode))?)
    }

    pub fn secret(&self, name: &str, text: &str) -> anyhow::Result<()> {
        fs::write(self.path(name), text)?;
        self.mode(name, 0o600)
    }

    /// Replaces words of the configuration.
    pub fn edit(&self, old: &str, new: &str) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.config())?;
        ensure!(text.contains(old), "the configuration has no {old:?}");
        Ok(fs::write(self.config(), text.replacen(old, new, 1))?)
    }

    /// Sets a key that is there.
    pub fn set(&self, key: &str, value: &str) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.config())?;
        let start = format!("{key} = ");
        let line = text.lines().find(|line| line.starts_with(&start)).context("no such key")?;
        self.edit(line, &format!("{key} = \"{value}\""))
    }

    /// Has the bridge's stand-in be what the configuration means.
    pub fn run_bridge(&self) -> anyhow::Result<()> {
        self.set("listen", &self.bridge.address().to_string())
    }

    pub fn homeserver_says(&self, path: &str, status: u16, body: Value) -> anyhow::Result<()> {
        self.homeserver.json(path, status, &body);
        Ok(())
    }

    pub fn bot_says(&self, more: Value) -> anyhow::Result<()> {
        let mut me = json!({ "id": 7_000_000_001_i64, "is_bot": true, "first_name": "Freeside",
            "username": "freeside_sandbox_bot", "can_join_groups": true,
            "can_read_all_group_messages": true });
        merge(&mut me, more);
        let body = json!({ "ok": true, "result": me });
        self.telegram.faults().next(
            "getMe",
            9,
            Fault::Answer { status: 200, body, headers: vec![] },
        );
        Ok(())
    }

    pub fn application_says(&self, more: Value) -> anyhow::Result<()> {
        let mut application = json!({ "id": "1", "name": "Freeside", "flags": 1 << 19 });
        merge(&mut application, more);
        let fault = Fault::Answer { status: 200, body: application, headers: vec![] };
        self.discord.faults().next("/applications/@me", 9, fault);
        Ok(())
    }

    pub fn chats_are(&self, chat: Value) -> anyhow::Result<()> {
        self.run_bridge()?;
        let mut whole = json!({ "portal": 1, "network": "matrix", "chat": "!a:localhost",
            "title": "Free knowledge", "missing": [], "refused": null });
        merge(&mut whole, chat);
        self.bridge.json(CHATS, 200, &json!([whole]));
        Ok(())
    }

    pub fn ping_says(&self, status: u16, body: Value) -> anyhow::Result<()> {
        self.run_bridge()?;
        self.homeserver_says(PING, status, body)
    }

    /// A store of this key.
    pub fn open_store(&self, key: &Kek) -> anyhow::Result<sealing::Sealed> {
        let dice: Arc<dyn Dice> = Arc::new(SystemDice);
        Ok(sealing::open(&self.path("store"), key, &dice)?)
    }

    /// The findings, as JSON, and the exit code.
    pub fn check(&self) -> anyhow::Result<(Value, i32)> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_freeside"));
        command.arg("-c").arg(self.config()).args(["check", "--json"]).args(&self.arguments);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = serde_json::from_slice(&output.stdout).with_context(|| said)?;
        Ok((json, output.status.code().context("it was killed")?))
    }
}

fn merge(whole: &mut Value, more: Value) {
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
}

pub fn kek(text: &str) -> anyhow::Result<Kek> {
    Kek::read(text).map_err(anyhow::Error::msg)
}
