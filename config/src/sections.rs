// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sections of the file, one function each.
//!
//! Rule: a section asks for all its keys before it gives up, so that all mistakes are
//! found; `freeside.example.toml` lists the same keys in the same order.

use std::collections::BTreeSet;
use std::path::Path;

use url::Url;

use crate::check;
use crate::error::{ConfigError, Wrong};
use crate::reader::{Reader, SecretSource, Section};
use crate::secret::Secret;
use crate::values::{
    Appservice, Bot, Config, Discord, Engine, Homeserver, Lanes, Log, LogFormat, NamePolicy,
    PLURALKIT, Portals, Privacy, Store, TUPPERBOX, Telegram,
};

mod database;
mod media_proxy;
mod monitoring;
mod moving;
mod notices;
mod pages;
mod stages;

const SECTIONS: [&str; 16] = [
    "homeserver",
    "appservice",
    "bot",
    "store",
    "telegram",
    "discord",
    "lanes",
    "portals",
    "stages",
    "moving",
    "media_proxy",
    "monitoring",
    "pages",
    "notices",
    "privacy",
    "log",
];
const MAKE_TOKEN: &str = "Make one with `(umask 077; openssl rand -hex 32 > FILE)`.";
const SHORTEST_KEY: usize = 32;

/// What reading a file came to.
pub(crate) struct Outcome {
    /// Complete only when there are no errors.
    pub(crate) config: Option<Config>,
    pub(crate) errors: Vec<ConfigError>,
    /// Every `section.key` that was asked for.
    #[cfg_attr(not(test), expect(dead_code, reason = "the test of the example file compares it"))]
    pub(crate) asked: BTreeSet<String>,
}

/// Reads all sections.
pub(crate) fn read(text: &str, dir: &Path, env: &dyn Fn(&str) -> Option<String>) -> Outcome {
    let reader = Reader::new(text, dir, env);
    let config = if reader.is_broken() { None } else { whole(&reader) };
    let (errors, asked) = reader.finish();
    Outcome { config, errors, asked }
}

fn whole(reader: &Reader<'_>) -> Option<Config> {
    reader.refuse_others(&SECTIONS);
    let homeserver = homeserver(reader.section("homeserver", true));
    let appservice = appservice(reader.section("appservice", true));
    let bot = bot(reader.section("bot", true));
    let store = store(reader, reader.section("store", true));
    let telegram = reader.optional_section("telegram").map(telegram);
    let discord = reader.optional_section("discord").map(discord);
    let lanes = lanes(reader.section("lanes", false));
    let portals = portals(reader.section("portals", false));
    let stages = stages::read(reader.section("stages", false));
    let moving = moving::read(reader.section("moving", false));
    let taken = appservice.as_ref().map(|it| it.listen);
    let media_proxy = reader.optional_section("media_proxy");
    let media_proxy = media_proxy.map(|section| media_proxy::read(section, taken));
    let taken = [taken, media_proxy.as_ref().and_then(|it| it.as_ref()).map(|it| it.listen)];
    let monitoring = reader.optional_section("monitoring");
    let monitoring = monitoring.map(|section| monitoring::read(section, taken));
    let [appservice_at, media_at] = taken;
    let taken = [
        appservice_at,
        media_at,
        monitoring.as_ref().and_then(|it| it.as_ref()).map(|it| it.listen),
    ];
    let pages = reader.optional_section("pages");
    let pages = pages.map(|section| pages::read(section, taken));
    let notices = notices::read(reader, reader.section("notices", false));
    let privacy = privacy(reader.section("privacy", true));
    let log = log(reader.section("log", false));
    Some(Config {
        homeserver: homeserver?,
        appservice: appservice?,
        bot: bot?,
        store: store?,
        telegram: telegram.flatten(),
        discord: discord.flatten(),
        lanes,
        portals,
        stages,
        moving: moving?,
        media_proxy: media_proxy.flatten(),
        monitoring: monitoring.flatten(),
        pages: pages.flatten(),
        notices,
        privacy: privacy?,
        log,
    })
}

fn homeserver(mut section: Section<'_, '_>) -> Option<Homeserver> {
    let url = section.required(
        "url",
        "Write the address of the homeserver, such as http://127.0.0.1:8008.",
        check::http_url,
    );
    let server_name = section.required(
        "server_name",
        "Write what follows the colon in user ids, such as example.org.",
        check::server_name,
    );
    let proxy = section.optional("proxy", check::proxy_url);
    section.finish();
    Some(Homeserver { url: url?, server_name: server_name?, proxy })
}

fn appservice(mut section: Section<'_, '_>) -> Option<Appservice> {
    let id = section.optional("id", check::localpart);
    let listen =
        section.required("listen", "Write IP and port, such as 127.0.0.1:29330.", check::listen);
    let public_url = section.required(
        "public_url",
        "Write the address under which the homeserver reaches the bridge, such as http://127.0.0.1:29330.",
        check::http_url,
    );
    let moved = "Write a section [media_proxy] with listen and public_url instead, or type `freeside config \
                 upgrade`.";
    section.moved("public_media_url", moved);
    section.moved("public_media_listen", moved);
    let token = |key, variable| SecretSource { key, variable, make: MAKE_TOKEN };
    let as_token = section.secret(&token("as_token_file", "FREESIDE_AS_TOKEN"));
    let hs_token = section.secret(&token("hs_token_file", "FREESIDE_HS_TOKEN"));
    if as_token.is_some() && as_token == hs_token {
        let wrong = Wrong::new("is the same secret as as_token", MAKE_TOKEN);
        section.wrong("hs_token_file", wrong);
    }
    let sender = section.optional("sender_localpart", check::localpart);
    let sender_localpart = sender.unwrap_or_else(|| "freeside".to_owned());
    let prefix = section.optional("ghost_prefix", check::localpart);
    let ghost_prefix = prefix.unwrap_or_else(|| "fs_".to_owned());
    let encryption = encryption(&mut section);
    if sender_localpart.starts_with(&ghost_prefix) {
        let problem =
            format!("the bot's own name `{sender_localpart}` starts with `{ghost_prefix}`");
        let wrong =
            Wrong::new(problem, "Choose another prefix, so that ghosts and bot stay apart.");
        section.wrong("ghost_prefix", wrong);
    }
    section.finish();
    Some(Appservice {
        id: id.unwrap_or_else(|| "freeside".to_owned()),
        listen: listen?,
        public_url: public_url?,
        as_token: as_token?,
        hs_token: hs_token?,
        sender_localpart,
        ghost_prefix,
        encryption: encryption?,
    })
}

/// `None` when something is wrong, `Some(None)` when encryption is off.
fn encryption(section: &mut Section<'_, '_>) -> Option<Option<Secret>> {
    let source = SecretSource {
        key: "encryption_secret_file",
        variable: "FREESIDE_ENCRYPTION_SECRET",
        make: "Make one with `(umask 077; openssl rand -hex 32 > FILE)` and back it up: without it the \
               bridge cannot read its own keys.",
    };
    if section.optional("encryption", check::encryption) != Some(true) {
        section.skip(source.key);
        return Some(None);
    }
    let secret = section.secret(&source)?;
    if secret.expose().len() < SHORTEST_KEY {
        let problem = format!("the secret is shorter than {SHORTEST_KEY} characters");
        section.wrong(source.key, Wrong::new(problem, source.make));
    }
    Some(Some(secret))
}

/// The code of conduct of the Wikimedia projects.
const CONDUCT: &str = "https://foundation.wikimedia.org/wiki/Policy:Universal_Code_of_Conduct";

fn bot(mut section: Section<'_, '_>) -> Option<Bot> {
    let display_name = section.optional("display_name", check::words);
    let language = section.optional("language", check::language);
    let source_url = section.required(
        "source_url",
        "Write where people find the source of the version that you run (the licence asks for it).",
        check::http_url,
    );
    let conduct = section.optional("conduct_url", check::http_url);
    let operator = section.optional("operator", check::words);
    let contact = section.optional("contact", check::words);
    let admins = section.list("admins", check::user_id);
    let allow = section.optional_list("allow", check::allowed);
    let commands = section.number("commands_per_minute", 10, 1..=10_000);
    let reactions = section.number("reactions_per_minute", 30, 1..=10_000);
    let new_accounts = section.number("new_accounts_per_day", 50, 1..=100_000);
    section.finish();
    Some(Bot {
        display_name: display_name.unwrap_or_else(|| "Freeside".to_owned()),
        language: language.unwrap_or_else(|| "en".to_owned()),
        source_url: source_url?,
        conduct_url: conduct.or_else(|| Url::parse(CONDUCT).ok())?,
        operator,
        contact,
        admins,
        allow,
        commands_per_minute: u32::try_from(commands).unwrap_or(u32::MAX),
        reactions_per_minute: u32::try_from(reactions).unwrap_or(u32::MAX),
        new_accounts_per_day: u32::try_from(new_accounts).unwrap_or(u32::MAX),
    })
}

fn store(reader: &Reader<'_>, mut section: Section<'_, '_>) -> Option<Store> {
    let mend = "Write the path of a folder, such as /var/lib/freeside/store.";
    let path = section.required("path", mend, check::words);
    let engine = section.optional("engine", check::engine);
    let key_file = section.optional("key_file", check::words);
    let key_file = reader.dir().join(key_file.as_deref().unwrap_or("store_key"));
    let path = path.map(|path| reader.dir().join(path));
    if path.as_ref().is_some_and(|path| check::is_below(&key_file, path)) {
        let problem = format!(
            "the key {} lies in the folder of the store, so whoever copies one has both",
            key_file.display()
        );
        section.wrong("key_file", Wrong::new(problem, "Name a file in another folder."));
    }
    let engine = engine.unwrap_or(Engine::Sled);
    let database = database::database(&mut section, engine);
    section.finish();
    Some(Store { path: path?, key_file, engine, database })
}

fn telegram(mut section: Section<'_, '_>) -> Option<Telegram> {
    let token = section.secret(&SecretSource {
        key: "token_file",
        variable: "FREESIDE_TELEGRAM_TOKEN",
        make: "@BotFather gives you the token; put it into a file of mode 600.",
    });
    let api_url = section.optional("api_url", check::http_url);
    let local_files = section.optional("local_files", check::folder);
    let proxy = section.optional("proxy", check::proxy_url);
    section.finish();
    let api_url = api_url.or_else(|| Url::parse("https://api.telegram.org").ok());
    Some(Telegram { token: token?, api_url: api_url?, local_files, proxy })
}

fn discord(mut section: Section<'_, '_>) -> Option<Discord> {
    let token = section.secret(&SecretSource {
        key: "token_file",
        variable: "FREESIDE_DISCORD_TOKEN",
        make: "The developer portal gives you the token (Bot, Reset Token); put it into a file of mode 600.",
    });
    let api_url = section.optional("api_url", check::http_url);
    let gateway_url = section.optional("gateway_url", check::socket_url);
    let cdn_url = section.optional("cdn_url", check::http_url);
    let members = section.switch("members", false);
    let proxies = section.optional_list("proxies", check::snowflake);
    let proxies = proxies.unwrap_or_else(|| vec![PLURALKIT.to_owned(), TUPPERBOX.to_owned()]);
    let proxy = section.optional("proxy", check::proxy_url);
    section.finish();
    let api_url = api_url.or_else(|| Url::parse("https://discord.com").ok());
    let (token, api_url) = (token?, api_url?);
    Some(Discord { token, api_url, gateway_url, cdn_url, members, proxies, proxy })
}

fn lanes(mut section: Section<'_, '_>) -> Lanes {
    let concurrency = section.number("concurrency", 128, 1..=1_000);
    let most_waiting = section.number("most_waiting", 2_000, 1..=1_000_000);
    let max_age_hours = section.number("max_age_hours", 24, 1..=24 * 365);
    let max_age_hours = u64::try_from(max_age_hours).unwrap_or(u64::MAX);
    section.finish();
    Lanes { concurrency, most_waiting, max_age_hours }
}

fn portals(mut section: Section<'_, '_>) -> Portals {
    let default = Portals::default();
    let metadata = section.optional("metadata", check::owner);
    let silent = section.optional_list("silent", check::service_class);
    let reaction_line = section.switch("reaction_line", default.reaction_line);
    let phone_numbers = section.switch("phone_numbers", default.phone_numbers);
    let threads_as_rooms = section.optional("threads", check::threads);
    section.finish();
    Portals {
        metadata: metadata.unwrap_or(default.metadata),
        silent: silent.unwrap_or(default.silent),
        reaction_line,
        phone_numbers,
        threads_as_rooms: threads_as_rooms.unwrap_or(default.threads_as_rooms),
    }
}

fn privacy(mut section: Section<'_, '_>) -> Option<Privacy> {
    let source = SecretSource {
        key: "pseudonym_secret_file",
        variable: "FREESIDE_PSEUDONYM_SECRET",
        make: "Make one with `(umask 077; openssl rand -hex 32 > FILE)` and back it up: with another one \
               every ghost gets a new name.",
    };
    let pseudonym_secret = section.secret(&source);
    let short = |secret: &Secret| secret.expose().len() < SHORTEST_KEY;
    if pseudonym_secret.as_ref().is_some_and(short) {
        let problem = format!("the secret is shorter than {SHORTEST_KEY} characters");
        section.wrong(source.key, Wrong::new(problem, source.make));
    }
    let names = section.optional("names", check::names);
    let ghost_suffix = section.optional("ghost_suffix", check::words);
    if ghost_suffix.as_ref().is_some_and(|suffix| !suffix.contains("{network}")) {
        let wrong = Wrong::new(
            "does not hold {network}",
            "Write for example \" ({network})\": a ghost must not look like a person on Matrix.",
        );
        section.wrong("ghost_suffix", wrong);
    }
    let avatars = section.switch("avatars", true);
    section.finish();
    Some(Privacy {
        pseudonym_secret: pseudonym_secret?,
        names: names.unwrap_or(NamePolicy::Full),
        ghost_suffix: ghost_suffix.unwrap_or_else(|| " ({network})".to_owned()),
        avatars,
    })
}

fn log(mut section: Section<'_, '_>) -> Log {
    let level = section.optional("level", check::log_level);
    let format = section.optional("format", check::log_format);
    section.finish();
    Log {
        level: level.unwrap_or_else(|| "info".to_owned()),
        format: format.unwrap_or(LogFormat::Text),
    }
}

#[cfg(test)]
mod tests;
