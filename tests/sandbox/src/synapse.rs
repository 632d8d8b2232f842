// SPDX-License-Identifier: AGPL-3.0-or-later
//! A real Synapse on `127.0.0.1`, and scripted people on it.
//!
//! Rule: a Synapse lives no longer than the value that started it: it ends on drop,
//! and also when this process is killed (it watches the connection to it).

#[cfg(feature = "cipher")]
mod cipher;
#[cfg(not(feature = "cipher"))]
#[path = "synapse/clear.rs"]
mod cipher;
mod environment;
mod launcher;
mod person;
mod process;
mod reading;
mod saying;
mod settings;
mod showing;
mod transcript;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rand::Rng;
use reqwest::Url;
use serde_json::{Map, Value};

#[cfg(feature = "cipher")]
pub use cipher::KeptKey;
pub use person::{Person, RoomOptions};
pub use saying::NewFile;
pub use transcript::{Seen, SeenEvent, SeenMedia, SeenPoll, SeenReaction, Transcript};

/// How a Synapse is started.
pub struct SynapseOptions<'a> {
    /// The domain in its user ids.
    pub server_name: String,
    /// The version of rooms that are created without saying which: `12` or `11`.
    pub room_version: String,
    /// Registration files of application services.
    pub registrations: Vec<PathBuf>,
    /// Application services get what their devices need in encrypted rooms (experimental).
    pub encryption: bool,
    /// The Python to make the environment with; otherwise one is looked for.
    pub python: Option<PathBuf>,
    /// Another version than the one that is pinned, such as `1.98.0`.
    pub version: Option<String>,
    /// Further keys of `homeserver.yaml`, or other values for those that are there.
    pub more: Map<String, Value>,
    /// Hears one line for each step that takes time.
    pub progress: &'a mut (dyn FnMut(&str) + Send),
}

/// A running (or stopped) Synapse.
pub struct Synapse {
    python: PathBuf,
    port: u16,
    url: Url,
    server_name: String,
    room_version: String,
    registrations: Vec<PathBuf>,
    encryption: bool,
    more: Map<String, Value>,
    pub(crate) http: reqwest::Client,
    child: Option<process::Child>,
    // Dropped last: the child writes into it until it is dead.
    dir: tempfile::TempDir,
}

impl<'a> SynapseOptions<'a> {
    /// Room version 12, `localhost`, no application services.
    pub fn new(progress: &'a mut (dyn FnMut(&str) + Send)) -> Self {
        Self {
            server_name: "localhost".to_owned(),
            room_version: "12".to_owned(),
            registrations: Vec::new(),
            encryption: false,
            python: None,
            version: None,
            more: Map::new(),
            progress,
        }
    }
}

impl Synapse {
    /// Starts a Synapse with an empty database. The first start on a machine installs it,
    /// which takes about half a minute.
    ///
    /// # Errors
    /// No usable Python (says what to install), or Synapse does not come up (shows its log).
    pub async fn start(options: SynapseOptions<'_>) -> Result<Self> {
        let release = options.version.as_deref();
        let release = release.map_or(environment::Release::Pinned, environment::Release::Named);
        let python =
            environment::ensure((options.python.as_deref(), release), options.progress).await?;
        let dir = temporary_dir()?;
        let port = free_port()?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(90))
            .build()
            .context("building the HTTP client")?;
        let mut synapse = Self {
            python,
            port,
            url: address(port)?,
            server_name: options.server_name,
            room_version: options.room_version,
            registrations: options.registrations,
            encryption: options.encryption,
            more: options.more,
            http,
            child: None,
            dir,
        };
        (options.progress)("Starting Synapse.");
        synapse.write_files()?;
        settings::write_key(synapse.dir.path())?;
        let prepared = environment::prepared_database(&synapse.python);
        let database = synapse.dir.path().join(settings::DATABASE);
        let is_prepared = prepared.exists();
        if is_prepared {
            std::fs::copy(&prepared, &database).context("copying the empty database")?;
        }
        synapse.boot_on_a_free_port().await?;
        if !is_prepared {
            // Making the tables takes Synapse longer than all that follows.
            synapse.stop().await?;
            environment::keep_database(&synapse.python, &database).await?;
            synapse.boot().await?;
        }
        Ok(synapse)
    }

    /// The address under which clients and application services reach it, without a slash at the end.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The domain in its user ids.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// The folder of its configuration, database, media and log.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        process::log_tail(self.dir.path(), usize::MAX)
    }

    /// Ends it in order; its data stays.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub async fn stop(&mut self) -> Result<()> {
        match self.child.take() {
            Some(child) => child.stop().await,
            None => Ok(()),
        }
    }

    /// Ends it at once, as a crash would; its data stays.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        match self.child.take() {
            Some(child) => child.kill().await,
            None => Ok(()),
        }
    }

    /// Starts it again on the same port with the same data, and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up; shows its log.
    pub async fn start_again(&mut self) -> Result<()> {
        self.stop().await?;
        self.boot().await
    }

    /// Changes keys of `homeserver.yaml`; they count from the next [`Synapse::start_again`].
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn set(&mut self, more: Map<String, Value>) -> Result<()> {
        self.more.extend(more);
        self.write_files()
    }

    /// Replaces the registration files; they count from the next [`Synapse::start_again`].
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn set_registrations(&mut self, registrations: Vec<PathBuf>) -> Result<()> {
        self.registrations = registrations;
        self.write_files()
    }

    /// The person with this localpart, registered on first use; the display name is the localpart.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn person(&self, localpart: &str) -> Result<Person> {
        Person::register(self.http.clone(), self.url.clone(), localpart).await
    }

    /// As [`Synapse::person`], and sets the display name.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn person_named(&self, localpart: &str, name: &str) -> Result<Person> {
        let person = self.person(localpart).await?;
        person.set_display_name(name).await?;
        Ok(person)
    }

    /// A person who is an admin of the homeserver.
    ///
    /// # Errors
    /// When Synapse refuses.
    pub async fn admin(&self, localpart: &str) -> Result<Person> {
        process::register_admin(&self.python, (self.url(), localpart, Person::PASSWORD)).await?;
        self.person(localpart).await
    }

    fn write_files(&self) -> Result<()> {
        let settings = settings::Settings {
            dir: self.dir.path(),
            server_name: &self.server_name,
            port: self.port,
            room_version: &self.room_version,
            registrations: &self.registrations,
            encryption: self.encryption,
            more: &self.more,
        };
        settings.write()
    }

    async fn boot_on_a_free_port(&mut self) -> Result<()> {
        for _ in 0..4 {
            match self.boot().await {
                Ok(()) => return Ok(()),
                // Somebody was faster on this port; any other failure stays one.
                Err(error) if format!("{error:#}").contains("in use") => {
                    self.port = free_port()?;
                    self.url = address(self.port)?;
                    self.write_files()?;
                }
                Err(error) => return Err(error),
            }
        }
        self.boot().await
    }

    async fn boot(&mut self) -> Result<()> {
        let child = process::Child::spawn(&self.python, self.dir.path()).await?;
        let child = child.ready(&self.http, self.url(), self.dir.path()).await?;
        self.child = Some(child);
        Ok(())
    }
}

fn address(port: u16) -> Result<Url> {
    Url::parse(&format!("http://127.0.0.1:{port}/")).context("the address of Synapse")
}

/// A port below the range from which the system takes ports of outgoing connections, so
/// that it is still free when Synapse starts again.
fn free_port() -> Result<u16> {
    for _ in 0..200 {
        let port = rand::rng().random_range(20_000..32_000);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between 20000 and 32000 on 127.0.0.1")
}

fn temporary_dir() -> Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("freeside-synapse-");
    let shm = Path::new("/dev/shm");
    if shm.is_dir()
        && let Ok(dir) = builder.tempdir_in(shm)
    {
        return Ok(dir);
    }
    builder.tempdir().context("making a folder for Synapse")
}
