// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration as values; `freeside.example.toml` says what each is for.
//!
//! Rule: what is here was checked; nobody checks it again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use crate::Secret;

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[homeserver]`
    pub homeserver: Homeserver,
    /// `[appservice]`
    pub appservice: Appservice,
    /// `[bot]`
    pub bot: Bot,
    /// `[store]`
    pub store: Store,
    /// `[telegram]`, when the bridge serves it.
    pub telegram: Option<Telegram>,
    /// `[discord]`, when the bridge serves it.
    pub discord: Option<Discord>,
    /// `[lanes]`
    pub lanes: Lanes,
    /// `[portals]`
    pub portals: Portals,
    /// `[stages]`
    pub stages: Stages,
    /// `[moving]`
    pub moving: Moving,
    /// `[media_proxy]`, when there is one.
    pub media_proxy: Option<MediaProxy>,
    /// `[monitoring]`, when somebody watches.
    pub monitoring: Option<Monitoring>,
    /// `[pages]`, when there are any.
    pub pages: Option<Pages>,
    /// `[notices]`.
    pub notices: Notices,
    /// `[privacy]`
    pub privacy: Privacy,
    /// `[log]`
    pub log: Log,
}

/// The Matrix server that the bridge belongs to.
#[derive(Clone, Debug)]
pub struct Homeserver {
    /// Where its client-server API is.
    pub url: Url,
    /// The domain in its user ids.
    pub server_name: String,
    /// The proxy for all that goes there.
    pub proxy: Option<Url>,
}

/// What somebody is told who asks for the way to Matrix.
#[derive(Clone, Debug)]
pub struct Moving {
    /// A client in the browser that opens rooms at `#/room/...`.
    pub web_client: Url,
    /// The access token of an admin of the homeserver, when people can get an account there.
    pub admin_token: Option<Secret>,
}

impl Default for Moving {
    fn default() -> Self {
        let web_client = Url::parse("https://app.element.io")
            .unwrap_or_else(|_| unreachable!("this is an address"));
        Self { web_client, admin_token: None }
    }
}

/// Where media can be had by people and platforms that are not on Matrix.
#[derive(Clone, Debug)]
pub struct MediaProxy {
    /// Where the bridge listens for them.
    pub listen: SocketAddr,
    /// Where they find that.
    pub public_url: Url,
    /// How long an address leads somewhere at least.
    pub lifetime_days: u32,
    /// Larger files are not served, in bytes.
    pub max_size: usize,
    /// Requests of one client address.
    pub requests_per_minute: u32,
    /// Room for files that were served lately, in bytes.
    pub cache_size: usize,
    /// How long they are kept.
    pub cache_minutes: u32,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

impl MediaProxy {
    /// A reverse proxy on the same machine.
    pub const LOOPBACK: [IpAddr; 2] =
        [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
}

/// For whoever watches the bridge.
#[derive(Clone, Debug)]
pub struct Monitoring {
    /// Where metrics and health can be read.
    pub listen: SocketAddr,
}

/// Pages for a browser.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Where the bridge listens for browsers.
    pub listen: SocketAddr,
    /// Where they find that.
    pub public_url: Url,
    /// Requests of one client address.
    pub requests_per_minute: u32,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// How the bridge and the homeserver know each other.
#[derive(Clone, Debug)]
pub struct Appservice {
    /// The bridge's id in the registration.
    pub id: String,
    /// Where the bridge listens.
    pub listen: SocketAddr,
    /// Where the homeserver finds the bridge.
    pub public_url: Url,
    /// The bridge shows it to the homeserver.
    pub as_token: Secret,
    /// The homeserver shows it to the bridge.
    pub hs_token: Secret,
    /// The local part of the core bot's user id.
    pub sender_localpart: String,
    /// What the local part of every ghost starts with.
    pub ghost_prefix: String,
    /// The key of what the bridge keeps for encrypted rooms, when it takes part in them.
    pub encryption: Option<Secret>,
}

/// The core bot.
#[derive(Clone, Debug)]
pub struct Bot {
    /// Its display name on Matrix.
    pub display_name: String,
    /// The language that it speaks where nothing else was chosen.
    pub language: String,
    /// Where the source of this very version is; the answer to `source`.
    pub source_url: Url,
    /// The code of conduct, to which `help` leads.
    pub conduct_url: Url,
    /// Who runs the bridge, as `privacy` names them.
    pub operator: Option<String>,
    /// How to reach them with a question or an objection.
    pub contact: Option<String>,
    /// User ids of those who may do everything.
    pub admins: Vec<String>,
    /// Servers and user ids of those who may invite the bot and link rooms; `*` for everybody. `None`
    /// for the people of the homeserver.
    pub allow: Option<Vec<String>>,
    /// Commands of one person that are answered in a minute.
    pub commands_per_minute: u32,
    /// Reactions of one person that cross in a minute.
    pub reactions_per_minute: u32,
    /// New Matrix accounts that one source with many names may make in a room and a day.
    pub new_accounts_per_day: u32,
}

/// Where the bridge keeps what it must not forget.
#[derive(Clone, Debug)]
pub struct Store {
    /// A folder.
    pub path: PathBuf,
    /// The file of the key with which it is encrypted; outside the folder.
    pub key_file: PathBuf,
    /// How it is kept.
    pub engine: Engine,
    /// The address of its database, for [`Engine::Postgres`].
    pub database: Option<Secret>,
}

/// How the store is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded database sled.
    Sled,
    /// A PostgreSQL server.
    Postgres,
}

/// Access to Telegram.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// The bot's token.
    pub token: Secret,
    /// The Bot API server.
    pub api_url: Url,
    /// The folder of a Bot API server's files on this machine; only below it are paths opened.
    pub local_files: Option<PathBuf>,
    /// The proxy for all that goes there.
    pub proxy: Option<Url>,
}

/// The application of PluralKit, <https://pluralkit.me>.
pub const PLURALKIT: &str = "466378653216014359";

/// The application id of Tupperbox on Discord.
pub const TUPPERBOX: &str = "431544605209788416";

/// Access to Discord.
#[derive(Clone, Debug)]
pub struct Discord {
    /// The bot's token.
    pub token: Secret,
    /// The REST API server.
    pub api_url: Url,
    /// The gateway, where it is not the one that the API names.
    pub gateway_url: Option<Url>,
    /// The server of emoji and avatars, where it is not Discord's own.
    pub cdn_url: Option<Url>,
    /// Members who come, leave or look different are told; needs a privileged intent.
    pub members: bool,
    /// Application ids of programs that say again, under another name, what somebody said.
    pub proxies: Vec<String>,
    /// The proxy for all that goes there.
    pub proxy: Option<Url>,
}

/// The queues.
#[derive(Clone, Copy, Debug)]
pub struct Lanes {
    /// How many chats of each network are delivered to at the same time.
    pub concurrency: usize,
    /// With so many waiting entries a lane is full, and what comes is counted instead of kept.
    pub most_waiting: usize,
    /// What was said so many hours ago when it is heard is counted instead of shown.
    pub max_age_hours: u64,
}

/// How a new link behaves until its people decide otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portals {
    /// Which side says what the chats are called and look like.
    pub metadata: MetadataOwner,
    /// Classes of service messages that do not cross, see [`SERVICE_CLASSES`].
    pub silent: Vec<String>,
    /// Reactions that a network cannot show are counted in a line.
    pub reaction_line: bool,
    /// Phone numbers on business cards cross.
    pub phone_numbers: bool,
    /// Topics and threads get Matrix rooms of their own; else they are threads of the room.
    pub threads_as_rooms: bool,
}

/// Which side says what the chats are called and look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataOwner {
    /// Telegram and Discord.
    Legacy,
    /// The Matrix room.
    Matrix,
    /// Each for itself.
    Nobody,
}

/// The classes of service messages, by the names that people type.
pub const SERVICE_CLASSES: [&str; 7] =
    ["members", "chat", "pins", "threads", "calls", "boosts", "other"];

impl Default for Portals {
    fn default() -> Self {
        Self {
            metadata: MetadataOwner::Nobody,
            silent: ["members", "pins"].map(str::to_owned).into(),
            reaction_line: true,
            phone_numbers: false,
            threads_as_rooms: false,
        }
    }
}

/// How communities are walked to the free side. Days are whole days, shares are percent of the people
/// who wrote in a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages {
    /// Where a new link begins.
    pub first: FirstStage,
    /// Human admins in the room before anything is announced.
    pub admins: u32,
    /// Homeservers that they should be on.
    pub servers: u32,
    /// Days for which the notice is up before messages cross.
    pub announced_days: u32,
    /// Share of people on Matrix before Matrix comes first.
    pub native_percent: u32,
    /// Share of people on Matrix before the legacy side is closed.
    pub majority_percent: u32,
    /// Weeks for which that has to last.
    pub majority_weeks: u32,
    /// Days from the announcement to the closing.
    pub closing_notice_days: u32,
    /// Days from the announcement to the end.
    pub sunset_notice_days: u32,
    /// Days for which a self-test counts.
    pub self_test_days: u32,
}

/// Where a new link begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStage {
    /// Nothing is relayed until the admins say so.
    Inventory,
    /// Messages cross at once.
    Bridged,
}

impl Default for Stages {
    fn default() -> Self {
        Self {
            first: FirstStage::Inventory,
            admins: 3,
            servers: 2,
            announced_days: 14,
            native_percent: 15,
            majority_percent: 50,
            majority_weeks: 8,
            closing_notice_days: 30,
            sunset_notice_days: 60,
            self_test_days: 30,
        }
    }
}

/// What is shown of people.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// The key of the ghosts' pseudonyms.
    pub pseudonym_secret: Secret,
    /// How much of a name is shown.
    pub names: NamePolicy,
    /// What follows a ghost's name; `{network}` stands for the network's name.
    pub ghost_suffix: String,
    /// Profile pictures are shown.
    pub avatars: bool,
}

/// How much of a name is shown on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePolicy {
    /// As it is.
    Full,
    /// The first word of it.
    FirstName,
    /// A made-up name.
    Pseudonym,
}

/// The log on standard error.
#[derive(Clone, Debug)]
pub struct Log {
    /// A level, or a list such as `info,bot_core=debug`.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// How much is said about links to proprietary services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notices {
    /// A file that adds to the catalogue of services.
    pub catalogue: Option<PathBuf>,
    /// Notices in one room within 24 hours.
    pub per_room: u32,
    /// Notices below the messages of one person within 24 hours.
    pub per_person: u32,
    /// When nothing is said: from, to, in minutes after midnight.
    pub quiet: Option<(u16, u16)>,
    /// Minutes by which the clocks of the people are ahead of UTC.
    pub utc_offset: i16,
}

impl Default for Notices {
    fn default() -> Self {
        let quiet = Some((22 * 60, 7 * 60));
        Self { catalogue: None, per_room: 6, per_person: 2, quiet, utc_offset: 0 }
    }
}
