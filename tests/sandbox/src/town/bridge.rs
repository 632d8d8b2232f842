// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bridge's process: configured, started, killed, started again.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::discord::Discord;
use crate::ports::free_port;
use crate::telegram::Telegram;

/// What runs the bridge: a program and its first arguments.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// What comes before the bridge's own arguments.
    pub first: Vec<OsString>,
}

/// The bridge's process.
pub struct Bridge {
    program: Program,
    dir: PathBuf,
    port: u16,
    media_port: u16,
    watch_port: u16,
    pages_port: u16,
    remotes: String,
    encryption: &'static str,
    child: Option<Child>,
}

/// In a bridge that is this very program, started again: it ends with the program that started
/// it, also when that was killed. Who started it holds the other end of the standard input.
pub fn end_with_parent() {
    std::thread::spawn(|| {
        drop(std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
        std::process::exit(1);
    });
}

impl Program {
    /// The binary itself.
    pub fn binary(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), first: Vec::new() }
    }
}

impl Bridge {
    /// Writes secrets into `dir` and notes the addresses of the stand-ins.
    ///
    /// # Errors
    /// When the folder cannot be written or no port is free.
    pub fn new(
        program: Program,
        dir: &Path,
        telegram: &Telegram,
        discord: &Discord,
    ) -> anyhow::Result<Self> {
        secret(dir, "as_token", "as-token-of-the-tests-0123456789")?;
        secret(dir, "hs_token", "hs-token-of-the-tests-0123456789")?;
        secret(dir, "pseudonym_secret", "pseudonym-secret-of-the-tests-0123456789")?;
        secret(dir, "encryption_secret", "encryption-secret-of-the-tests-0123456789")?;
        secret(dir, "store_key", &"keyoftheplaza".repeat(4))?;
        secret(dir, "telegram_token", &telegram.bot_token())?;
        secret(dir, "discord_token", &discord.bot_token())?;
        let remotes = format!(
            "[telegram]\ntoken_file = \"telegram_token\"\napi_url = \"{}\"\n\n\
             [discord]\ntoken_file = \"discord_token\"\napi_url = \"{}\"\n\
             gateway_url = \"{}\"\ncdn_url = \"{}\"\n",
            telegram.url(),
            discord.api_url(),
            discord.gateway_url(),
            discord.cdn_url(),
        );
        let [port, media_port, watch_port, pages_port] = free_ports()?;
        let (dir, encryption) = (dir.to_owned(), "off");
        Ok(Self {
            program,
            dir,
            port,
            media_port,
            watch_port,
            pages_port,
            remotes,
            encryption,
            child: None,
        })
    }

    /// Whether the bridge takes part in encrypted rooms; counts from the next `configure`.
    pub fn allow_encryption(&mut self, allow: bool) {
        self.encryption = if allow { "allow" } else { "off" };
    }

    /// Writes the configuration file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn configure(&self, homeserver: &str, more: &str) -> anyhow::Result<()> {
        let (port, media_port, watch_port) = (self.port, self.media_port, self.watch_port);
        let pages_port = self.pages_port;
        let (remotes, encryption) = (&self.remotes, self.encryption);
        let stages =
            if more.contains("[stages]") { "" } else { "[stages]\nfirst = \"bridged\"\n\n" };
        let store = if more.contains("[store]") { "" } else { "[store]\npath = \"store\"\n\n" };
        let first = more.find('[').unwrap_or(more.len());
        let (bot, more) = more.split_at_checked(first).unwrap_or_default();
        let text = format!(
            "[homeserver]\nurl = \"{homeserver}\"\nserver_name = \"localhost\"\n\n\
             [appservice]\nid = \"freeside\"\nlisten = \"127.0.0.1:{port}\"\n\
             public_url = \"http://127.0.0.1:{port}\"\n\
             as_token_file = \"as_token\"\nhs_token_file = \"hs_token\"\n\
             encryption = \"{encryption}\"\nencryption_secret_file = \"encryption_secret\"\n\n\
             [bot]\n{bot}display_name = \"Freeside\"\nadmins = [\"@alice:localhost\"]\n\
             source_url = \"https://example.org/freeside\"\n\
             commands_per_minute = 1000\nreactions_per_minute = 1000\n\n\
             {store}\
             {stages}\
             [privacy]\npseudonym_secret_file = \"pseudonym_secret\"\n\n\
             [log]\nlevel = \"info,bot_core=debug,bridge_telegram=debug,bridge_discord=debug\"\n\n\
             [media_proxy]\nlisten = \"127.0.0.1:{media_port}\"\n\
             public_url = \"http://127.0.0.1:{media_port}\"\n\n\
             [monitoring]\nlisten = \"127.0.0.1:{watch_port}\"\n\n\
             [pages]\nlisten = \"127.0.0.1:{pages_port}\"\n\
             public_url = \"http://127.0.0.1:{pages_port}\"\nrequests_per_minute = 1000\n\n\
             {remotes}\n{more}\n"
        );
        Ok(fs::write(self.config(), text)?)
    }

    /// Replaces words of the configuration file; they count from the next start.
    ///
    /// # Errors
    /// When the words are not there, or the file cannot be written.
    pub fn reconfigure(&self, old: &str, new: &str) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.config())?;
        ensure!(text.contains(old), "the configuration has no {old:?}");
        Ok(fs::write(self.config(), text.replacen(old, new, 1))?)
    }

    /// Another node with the same secrets and configuration, in a folder of its own; at the same
    /// addresses, which it can have when this node is gone, or at its own ones.
    ///
    /// # Errors
    /// When the folder cannot be written or no port is free.
    pub fn twin(&self, name: &str, same_address: bool) -> anyhow::Result<Self> {
        let dir = self.dir.join(name);
        fs::create_dir(&dir)?;
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path.is_file() && path != self.log_path() {
                fs::copy(&path, dir.join(path.file_name().unwrap_or_default()))?;
            }
        }
        let own = [self.port, self.media_port, self.watch_port, self.pages_port];
        let ports = if same_address { own } else { free_ports()? };
        let [port, media_port, watch_port, pages_port] = ports;
        let (program, remotes) = (self.program.clone(), self.remotes.clone());
        let encryption = self.encryption;
        let twin = Self {
            program,
            dir,
            port,
            media_port,
            watch_port,
            pages_port,
            remotes,
            encryption,
            child: None,
        };
        let mut text = fs::read_to_string(twin.config())?;
        for (old, new) in own.into_iter().zip(ports) {
            text = text.replace(&format!(":{old}\""), &format!(":{new}\""));
        }
        fs::write(twin.config(), text)?;
        Ok(twin)
    }

    /// Stops the process where it is, or lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn freeze(&self, stop: bool) -> anyhow::Result<()> {
        let process = self.process().context("the bridge does not run")?.to_string();
        let signal = if stop { "-STOP" } else { "-CONT" };
        let told = Command::new("kill").args([signal, &process]).status()?;
        ensure!(told.success(), "the bridge cannot be told");
        Ok(())
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.dir.join("freeside.toml")
    }

    /// The address on which the bridge listens for the homeserver.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address at which the bridge serves media to everybody.
    pub fn media_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.media_port)
    }

    /// The address at which the bridge tells metrics and health.
    pub fn watch_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.watch_port)
    }

    /// The address of the pages for browsers.
    pub fn pages_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.pages_port)
    }

    /// Runs the program with these arguments beside the bridge, and returns what it prints.
    ///
    /// # Errors
    /// All that it prints when it fails.
    pub fn tell(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = self.command(arguments.first().copied().unwrap_or("help"));
        let output = command.args(arguments.iter().skip(1)).output()?;
        let (told, said) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        ensure!(output.status.success(), "{told}{said}");
        Ok(told)
    }

    /// Has the bridge write its registration file.
    ///
    /// # Errors
    /// What the bridge says instead.
    pub fn register(&self) -> anyhow::Result<PathBuf> {
        let output = self.command("registration").output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "freeside registration: {said}");
        let path = self.dir.join("registration.yaml");
        fs::write(&path, output.stdout)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(path)
    }

    /// Starts the process.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let mut run = self.command("run");
        run.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        self.child = Some(run.spawn().context("the bridge cannot be started")?);
        Ok(())
    }

    /// `kill -9`, as the kernel would do it in the worst moment.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// SIGTERM, and waits until it has ended.
    ///
    /// # Errors
    /// When the process cannot be told, or does not end within a minute.
    pub async fn terminate(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
        anyhow::ensure!(told.success(), "the bridge cannot be told to end");
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while child.try_wait()?.is_none() {
            if tokio::time::Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                anyhow::bail!("the bridge does not end by SIGTERM");
            }
            tick.tick().await;
        }
        Ok(())
    }

    /// The number of the process, while it runs.
    pub fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Whether the process has not ended.
    pub fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The end of the log, for people who wonder what went wrong.
    pub fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let last: Vec<&str> = lines.iter().skip(lines.len().saturating_sub(150)).copied().collect();
        format!("--- the bridge's log, its last lines ---\n{}", last.join("\n"))
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("freeside.log")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program.path);
        command.args(&self.program.first).arg("--config").arg(self.config()).arg(verb);
        command
    }
}

/// The process ends with its owner; with a failed test, its log is shown.
impl Drop for Bridge {
    #[expect(clippy::print_stderr, reason = "the log explains why a test failed")]
    fn drop(&mut self) {
        drop(self.kill());
        if std::thread::panicking() {
            eprintln!("{}", self.last_words());
        }
    }
}

/// Ports for a bridge.
fn free_ports() -> anyhow::Result<[u16; 4]> {
    Ok([free_port()?, free_port()?, free_port()?, free_port()?])
}

fn secret(dir: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    let path = dir.join(name);
    fs::write(&path, text)?;
    Ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?)
}
