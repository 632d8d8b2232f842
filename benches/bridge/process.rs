// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bridge's process: a store with portals in it, a configuration, and what the kernel says of it.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use bot_core::clock::{Clock, Dice, SystemClock, SystemDice};
use bot_core::portal::Settings;
use bot_core::store::{Kek, Store, linking, sealing};
use bridge_model::Place;
use bridge_policy::stage::Stage;
use sandbox::postgres::Postgres;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Clock ticks in a second, as `/proc` counts them on Linux.
const TICKS: f64 = 100.0;
const KEY: &str = "keyoftheplazakeyoftheplazakeyoftheplazakeyoftheplaza";
pub(crate) const HS_TOKEN: &str = "hs-token-of-the-bench-0123456789";

/// Which engine keeps the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sled,
    Postgres,
}

/// Where the stubs are, as far as they take part.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) homeserver: SocketAddr,
    pub(crate) telegram: Option<SocketAddr>,
    /// HTTP and gateway.
    pub(crate) discord: Option<(SocketAddr, SocketAddr)>,
}

/// The running bridge.
pub(crate) struct Bridge {
    child: Child,
    dir: TempDir,
    /// Where it listens for the homeserver.
    pub(crate) address: SocketAddr,
    database: Option<Postgres>,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the kernel has counted of the process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_s: f64,
    pub(crate) written: u64,
    pub(crate) flushes: u64,
    pub(crate) switches: u64,
}

impl Bridge {
    /// Makes a store with these pairs of chats, and starts the bridge on it.
    pub(crate) async fn start(
        (program, engine): (&Path, Engine),
        to: Addresses,
        portals: Vec<(Place, Place)>,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let dir = TempDir::new_in(folder)?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        drop(listener);
        for (name, text) in [
            ("as_token", "as-token-of-the-bench-0123456789"),
            ("hs_token", HS_TOKEN),
            ("pseudonym_secret", "pseudonym-secret-of-the-bench-0123456789"),
            ("store_key", KEY),
            ("telegram_token", "900:telegram-token-of-the-bench-0123456"),
            ("discord_token", "discord-token-of-the-bench"),
        ] {
            fs::write(dir.path().join(name), text)?;
            fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o600))?;
        }
        let config = dir.path().join("freeside.toml");
        fs::write(&config, configuration(to, address, ""))?;
        seed(&dir.path().join("store"), portals).await?;
        let database = match engine {
            Engine::Sled => None,
            Engine::Postgres => Some(move_to_database(program, dir.path(), (to, address))?),
        };
        let log = fs::File::create(dir.path().join("log"))?;
        let mut command = Command::new(program);
        command.arg("--config").arg(&config).arg("run");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("the bridge cannot be started")?;
        Ok(Self { child, dir, address, database })
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
    }

    fn proc(&self, file: &str) -> anyhow::Result<String> {
        Ok(fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let stat = self.proc("stat")?;
        let (_, after) = stat.rsplit_once(") ").context("an odd line of /proc/PID/stat")?;
        let fields: Vec<&str> = after.split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|it| it.parse::<f64>().ok());
        let cpu = ticks(11).zip(ticks(12)).context("no CPU time in /proc/PID/stat")?;
        let written = line(&self.proc("io")?, "write_bytes:")?;
        let mut switches = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let status = fs::read_to_string(task?.path().join("status")).unwrap_or_default();
            switches += line(&status, "voluntary_ctxt_switches:").unwrap_or_default();
        }
        Ok(Usage { cpu_s: (cpu.0 + cpu.1) / TICKS, written, flushes: self.flushes(), switches })
    }

    /// sled's store counts its flushes in a file.
    fn flushes(&self) -> u64 {
        let found = find(&self.dir.path().join("store"), "flushes");
        let bytes = found.and_then(|path| fs::read(path).ok()).unwrap_or_default();
        bytes.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// Resident memory now and at its peak, in MB.
    pub(crate) fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let status = self.proc("status")?;
        Ok((line(&status, "VmRSS:")? / 1024, line(&status, "VmHWM:")? / 1024))
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it keeps its store in a database.
    pub(crate) fn has_database(&self) -> bool {
        self.database.is_some()
    }
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if let Some(found) = find(&path, name) {
                return Some(found);
            }
        } else if path.file_name().is_some_and(|it| it == name) {
            return Some(path);
        }
    }
    None
}

fn line(text: &str, name: &str) -> anyhow::Result<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("no {name}"))
}

async fn seed(path: &Path, portals: Vec<(Place, Place)>) -> anyhow::Result<()> {
    let kek = Kek::read(KEY).map_err(anyhow::Error::msg)?;
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let kv = sealing::open(path, &kek, &dice)?;
    let mut random = [0; 32];
    dice.roll(&mut random);
    let store = Store::start(kv, random)?;
    let portals = portals.into_iter();
    store
        .write_at(SystemClock.now(), move |tx| {
            for (room, remote) in portals {
                linking::link(tx, room, (remote, None), (Settings::default(), Stage::Bridged))?;
            }
            Ok(())
        })
        .await?;
    drop(store);
    bot_core::store::sled::SledKv::wait_until_closed(&path.join("sealed")).ok();
    Ok(())
}

/// Moves the seeded store into a database of its own, and has the configuration name it.
fn move_to_database(
    program: &Path,
    dir: &Path,
    (to, address): (Addresses, SocketAddr),
) -> anyhow::Result<Postgres> {
    let server = Postgres::start().context("PostgreSQL is not installed")?;
    let config = dir.join("freeside.toml");
    let tell = |words: &[&str]| {
        let mut command = Command::new(program);
        let done = command.arg("--config").arg(&config).args(words).current_dir(dir).output()?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "freeside {words:?}: {said}");
        anyhow::Ok(())
    };
    tell(&["store", "export", "moved.jsonl"])?;
    let store = format!("engine = \"postgres\"\nurl = \"{}\"\n", server.fresh());
    fs::write(&config, configuration(to, address, &store))?;
    tell(&["store", "import", "moved.jsonl"])?;
    Ok(server)
}

fn configuration(to: Addresses, address: SocketAddr, store: &str) -> String {
    let telegram = to.telegram.map(|it| {
        format!("[telegram]\ntoken_file = \"telegram_token\"\napi_url = \"http://{it}\"\n")
    });
    let discord = to.discord.map(|(api, gateway)| {
        format!(
            "[discord]\ntoken_file = \"discord_token\"\napi_url = \"http://{api}\"\n\
             gateway_url = \"ws://{gateway}\"\ncdn_url = \"http://{api}\"\n"
        )
    });
    format!(
        "[homeserver]\nurl = \"http://{}\"\nserver_name = \"localhost\"\n\n\
         [appservice]\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\n\
         as_token_file = \"as_token\"\nhs_token_file = \"hs_token\"\n\n\
         [bot]\nsource_url = \"https://example.org/freeside\"\n\n\
         [store]\npath = \"store\"\n{store}\n[lanes]\nmost_waiting = 100000\n\n\
         [stages]\nfirst = \"bridged\"\n\n\
         [privacy]\npseudonym_secret_file = \"pseudonym_secret\"\n\n{}\n{}\n",
        to.homeserver,
        telegram.unwrap_or_default(),
        discord.unwrap_or_default(),
    )
}

/// What was measured, as JSON.
pub(crate) fn per_message(before: Usage, after: Usage, messages: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    let each = |count: u64| count as f64 / messages.max(1) as f64;
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    let cpu = (after.cpu_s - before.cpu_s) * 1000.0 / messages.max(1) as f64;
    json!({
        "cpu_ms": cpu,
        "written": each(after.written.saturating_sub(before.written)),
        "flushes": each(after.flushes.saturating_sub(before.flushes)),
        "switches": each(after.switches.saturating_sub(before.switches)),
    })
}

/// Waits without measuring anything.
pub(crate) async fn rest(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
