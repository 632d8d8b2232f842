// SPDX-License-Identifier: AGPL-3.0-or-later
//! A whole town: three networks, one group on each, and the real bridge between them.
//!
//! Rule: the bridge runs as a process of its own, from its configuration file, and is
//! reached only as the platforms reach it.

mod bridge;
mod lines;
mod link;
mod sides;

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Map, Value};

use crate::discord::{self, Discord, permissions};
use crate::synapse::{Person, RoomOptions, Synapse, SynapseOptions};
use crate::telegram::{self, Telegram};

pub use bridge::{Bridge, Program, end_with_parent};
pub use lines::{Line, Thing};
pub use link::code_in;
pub use sides::{Said, Side};

/// The core bot's Matrix id.
pub const BOT: &str = "@freeside:localhost";

/// How a town is built.
pub struct TownOptions<'a> {
    /// What runs the bridge.
    pub program: Program,
    /// The version of new rooms: `12` or `11`.
    pub room_version: String,
    /// The room is encrypted, the bridge takes part in that, and Alice's client too.
    pub encrypted: bool,
    /// Lines to add to the configuration, such as `[lanes]` with its keys. What stands before the first
    /// section belongs to `[bot]`.
    pub more_config: String,
    /// Hears one line for each step that takes time.
    pub progress: &'a mut (dyn FnMut(&str) + Send),
}

/// How the homeserver differs from the usual one.
#[derive(Clone, Debug, Default)]
pub struct Homeserver {
    /// Another version, such as `1.98.0`.
    pub version: Option<String>,
    /// Keys of `homeserver.yaml`.
    pub more: Map<String, Value>,
}

/// Three networks and the bridge.
pub struct Town {
    /// The Telegram stand-in.
    pub telegram: Telegram,
    /// The Discord stand-in.
    pub discord: Discord,
    /// The real homeserver.
    pub synapse: Synapse,
    /// The bridge's process.
    pub bridge: Bridge,
    /// Owns the room.
    pub alice: Person,
    /// Owns the group.
    pub tanja: telegram::User,
    /// Owns the server.
    pub dora: discord::User,
    /// The Matrix room.
    pub room: String,
    /// The Telegram group.
    pub group: telegram::Group,
    /// The Discord channel.
    pub channel: discord::Channel,
    /// The Discord server.
    pub guild: discord::Guild,
    // Dropped last: the bridge writes into it.
    _dir: tempfile::TempDir,
}

impl Town {
    /// Starts everything; nothing is linked yet.
    ///
    /// # Errors
    /// Whatever did not start, with what it said.
    pub async fn build(options: TownOptions<'_>) -> anyhow::Result<Self> {
        Self::build_on(options, Homeserver::default()).await
    }

    /// The same on another homeserver.
    ///
    /// # Errors
    /// As [`Town::build`].
    pub async fn build_on(
        options: TownOptions<'_>,
        homeserver: Homeserver,
    ) -> anyhow::Result<Self> {
        let TownOptions { program, room_version, encrypted, more_config, progress } = options;
        let telegram = Telegram::start().await?;
        let discord = Discord::start().await?;
        let dir = tempfile::tempdir()?;
        let synapse_port_unknown = "http://127.0.0.1:1";
        let mut bridge = Bridge::new(program, dir.path(), &telegram, &discord)?;
        bridge.allow_encryption(encrypted);
        bridge.configure(synapse_port_unknown, &more_config)?;
        let registration: PathBuf = bridge.register()?;
        let mut options = SynapseOptions::new(progress);
        options.room_version = room_version;
        options.registrations = vec![registration];
        options.encryption = encrypted;
        (options.version, options.more) = (homeserver.version, homeserver.more);
        let synapse = Synapse::start(options).await.context("Synapse did not start")?;
        bridge.configure(synapse.url(), &more_config)?;
        bridge.start()?;

        let mut alice = synapse.person_named("alice", "Alice").await?;
        if encrypted {
            alice = alice.with_encryption().await?;
        }
        let room = RoomOptions { encrypted, ..RoomOptions::public("Free knowledge") };
        let room = alice.create_room(room).await?;
        let tanja = telegram.user("Tanja");
        let group = telegram.group("Free knowledge");
        group.own(&tanja);
        group.promote_bot(telegram::Rights::all());
        let guild = discord.guild("Free knowledge");
        let channel = guild.channel("general");
        let dora = discord.user("Dora");
        guild.join(&dora);
        guild.grant(&dora, permissions::MANAGE_GUILD | permissions::MANAGE_MESSAGES);
        Ok(Self {
            telegram,
            discord,
            synapse,
            bridge,
            alice,
            tanja,
            dora,
            room,
            group,
            channel,
            guild,
            _dir: dir,
        })
    }

    /// Starts everything and links all three.
    ///
    /// # Errors
    /// Whatever did not start or was not answered.
    pub async fn linked(options: TownOptions<'_>) -> anyhow::Result<Self> {
        Self::linked_on(options, Homeserver::default()).await
    }

    /// The same on another homeserver.
    ///
    /// # Errors
    /// As [`Town::linked`].
    pub async fn linked_on(
        options: TownOptions<'_>,
        homeserver: Homeserver,
    ) -> anyhow::Result<Self> {
        let town = Self::build_on(options, homeserver).await?;
        town.invite_bot().await?;
        town.link_telegram().await?;
        town.link_discord().await?;
        Ok(town)
    }

    /// What the stand-ins found wrong with the bridge's requests, and with their own answers.
    ///
    /// # Errors
    /// The violations.
    pub fn assert_clean(&self) -> anyhow::Result<()> {
        self.telegram.assert_clean()?;
        self.discord.assert_clean()
    }
}
