// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whole files, right and wrong.
//!
//! Rule: an expectation is the text that the operator reads.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::{ENVIRONMENT, load, registration_yaml};

const EXAMPLE: &str = include_str!("../../freeside.example.toml");
const SECRETS: [&str; 6] =
    ["as_token", "hs_token", "telegram_token", "discord_token", "pseudonym_secret", "admin_token"];

fn nothing(_: &str) -> Option<String> {
    None
}

fn put(dir: &Path, name: &str, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder with the example's secrets.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for secret in SECRETS {
        put(dir.path(), secret, &format!("{secret}-0123456789abcdef0123456789\n"), 0o600);
    }
    dir
}

/// The messages of all mistakes in `text`.
fn mistakes(dir: &Path, text: &str) -> String {
    put(dir, "freeside.toml", text, 0o644);
    load(&dir.join("freeside.toml"), &nothing).unwrap_err().to_string()
}

/// What belongs to another engine than that of the example; it is refused beside that one.
const OF_POSTGRES: [(&str, &str); 2] =
    [("store.url_file", "#url_file = \"store_url\""), ("store.url", "#url = \"postgres:")];

/// The example with every `#key = value` made a setting, and the sections that are left out.
fn whole_example() -> String {
    let setting = |line: &str| {
        if OF_POSTGRES.iter().any(|(_, start)| line.starts_with(start)) {
            return false;
        }
        if ["#[media_proxy]", "#[monitoring]", "#[pages]"].contains(&line) {
            return true;
        }
        let key = line.strip_prefix('#').and_then(|rest| rest.split_once(" = "));
        key.is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    };
    let line = |line| if setting(line) { line.trim_start_matches('#') } else { line };
    EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn keys(text: &str) -> BTreeSet<String> {
    let root: toml::Table = toml::from_str(text).unwrap();
    let of = |(section, value): (&String, &toml::Value)| {
        let table = value.as_table().unwrap();
        table.keys().map(|key| format!("{section}.{key}")).collect::<Vec<_>>()
    };
    root.iter().flat_map(of).collect()
}

#[test]
fn whoever_may_link_rooms_is_a_server_a_user_or_everybody() {
    assert!(check::allowed("*").is_ok());
    assert!(check::allowed("example.org:8448").is_ok());
    assert!(check::allowed("@ann:example.org").is_ok());
    assert!(check::allowed("https://example.org").is_err());
    assert!(check::allowed("@ann").is_err());
}

#[test]
fn the_example_loads_and_shows_its_defaults() {
    let dir = folder();
    put(dir.path(), "freeside.toml", EXAMPLE, 0o644);
    let config = load(&dir.path().join("freeside.toml"), &nothing).unwrap();
    assert_eq!(config.store.path, dir.path().join("store"));
    assert!(config.appservice.as_token.expose().starts_with("as_token-"));
    assert_eq!(config.discord.as_ref().unwrap().gateway_url, None);

    // What is commented out is the default, except for what says that it is an example.
    put(dir.path(), "freeside.toml", &whole_example(), 0o644);
    let mut whole = load(&dir.path().join("freeside.toml"), &nothing).unwrap();
    whole.homeserver.proxy = None;
    whole.media_proxy = None;
    whole.monitoring = None;
    whole.pages = None;
    whole.bot.admins.clear();
    whole.bot.operator = None;
    whole.bot.contact = None;
    whole.bot.allow = None;
    whole.notices.catalogue = None;
    whole.moving.admin_token = None;
    let telegram = whole.telegram.as_mut().unwrap();
    telegram.proxy = None;
    telegram.local_files = None;
    let discord = whole.discord.as_mut().unwrap();
    discord.proxy = None;
    discord.gateway_url = None;
    discord.cdn_url = None;
    assert_eq!(format!("{whole:?}"), format!("{config:?}"));
}

#[test]
fn the_example_explains_every_key_and_no_other() {
    let dir = folder();
    let outcome = read(&whole_example(), dir.path(), &nothing);
    assert_eq!(outcome.errors, []);
    let mut explained = keys(&whole_example());
    for (key, line) in OF_POSTGRES {
        assert!(EXAMPLE.contains(line), "{line}");
        explained.insert(key.to_owned());
    }
    assert_eq!(explained, outcome.asked);
    for (variable, _) in ENVIRONMENT {
        assert!(EXAMPLE.contains(variable), "{variable}");
    }
}

#[test]
fn all_mistakes_come_at_once_each_with_its_place_and_mend() {
    let dir = folder();
    put(dir.path(), "as_token", "x", 0o640);
    let text = EXAMPLE
        .replace("url = \"http://127.0.0.1:8008\"", "ulr = \"http://127.0.0.1:8008\"")
        .replace("listen = \"127.0.0.1:29330\"", "listen = 29330")
        .replace("hs_token_file = \"hs_token\"", "hs_token = \"abc\"")
        .replace("#concurrency = 128", "concurrency = 0")
        .replace("[privacy]", "[privaxy]");
    let said = mistakes(dir.path(), &text);
    // Whatever is added above these moves them down.
    let line = |key: &str| {
        let at = text.lines().position(|line| line.starts_with(key)).unwrap();
        (at + 1).to_string()
    };
    let shown = said
        .replace(&dir.path().display().to_string(), "DIR")
        .replace(&format!("\n  {}:15", line("concurrency")), "\n  LANES:15")
        .replace(&format!("\n  {}:2", line("[privaxy]")), "\n  PRIVACY:2");
    let expected = "DIR/freeside.toml: 9 mistakes
  12:1: homeserver.url: this key is missing. Write the address of the homeserver, such as http://127.0.0.1:8008.
  14:1: homeserver.ulr: there is no such key. Did you mean `url`?
  23:1: appservice.hs_token_file: this key is missing. Set it to the path of a file, or set FREESIDE_HS_TOKEN. Make one with `(umask 077; openssl rand -hex 32 > FILE)`.
  27:10: appservice.listen: this is of the kind integer. Write text in double quotes.
  33:17: appservice.as_token_file: others can read the secret in DIR/as_token (its mode is 640). Run `chmod 600 DIR/as_token`, and change the secret if others may have read it.
  34:1: appservice.hs_token: a secret must not stand in this file. Put it into a file of its own with mode 600 and set hs_token_file to its path.
  LANES:15: lanes.concurrency: 0 is out of range. Use a number from 1 to 1000.
  PRIVACY:2: privaxy: there is no such section. Did you mean [privacy]?
  privacy: this section is missing. Copy [privacy] from config/freeside.example.toml.";
    assert_eq!(shown, expected);
}

#[test]
fn whoever_watches_has_a_port_of_their_own() {
    let dir = folder();
    let with = |listen: &str| format!("{EXAMPLE}\n[monitoring]\nlisten = \"{listen}\"\n");
    let taken = "monitoring.listen: is the same as appservice.listen. Choose another port.";
    assert!(mistakes(dir.path(), &with("127.0.0.1:29330")).contains(taken));
    let media = "[media_proxy]\nlisten = \"127.0.0.1:29331\"\npublic_url = \"https://a.example\"\n";
    let said = mistakes(dir.path(), &format!("{}{media}", with("127.0.0.1:29331")));
    assert!(said.contains("monitoring.listen: is the same as media_proxy.listen."), "{said}");
    let said = mistakes(dir.path(), &format!("{EXAMPLE}\n[monitoring]\nport = 9\n"));
    assert!(said.contains("monitoring.listen: this key is missing."), "{said}");
    assert!(said.contains("monitoring.port: there is no such key."), "{said}");
}

#[test]
fn pages_have_a_port_of_their_own_and_an_encrypted_address() {
    let dir = folder();
    let with = |listen: &str, url: &str| {
        format!("[pages]\nlisten = \"{listen}\"\npublic_url = \"{url}\"\n")
    };
    let watching = "[monitoring]\nlisten = \"127.0.0.1:29332\"\n";
    for (listen, name) in
        [("127.0.0.1:29330", "appservice.listen"), ("127.0.0.1:29332", "monitoring.listen")]
    {
        let pages = with(listen, "https://a.example");
        let said = mistakes(dir.path(), &format!("{EXAMPLE}\n{watching}{pages}"));
        assert!(said.contains(&format!("pages.listen: is the same as {name}.")), "{said}");
    }
    let said =
        mistakes(dir.path(), &format!("{EXAMPLE}\n{}", with("127.0.0.1:1", "http://a.example")));
    assert!(said.contains("pages.public_url: `http://a.example` is not encrypted."), "{said}");
    let said = mistakes(dir.path(), &format!("{EXAMPLE}\n[pages]\nport = 9\n"));
    assert!(said.contains("pages.listen: this key is missing."), "{said}");
}

#[test]
fn all_mistakes_of_the_media_proxy_come_at_once() {
    let dir = folder();
    let section = "[media_proxy]\nlisten = \"127.0.0.1:29330\"\npublic_url = \"http://a.example\"\n\
                   lifetime_days = 0\nmax_size_mb = \"1\"\nrequests_per_minute = 0\n\
                   cache_size_mb = 0\ncache_minutes = 0\ntrusted_proxies = [\"here\"]\n";
    let text = EXAMPLE.replace(
        "\n[appservice]",
        "\n[appservice]\npublic_media_url = \"https://a.example\"\npublic_media_listen = \"[::]:1\"",
    );
    let said = mistakes(dir.path(), &format!("{text}\n{section}"));
    for problem in [
        "appservice.public_media_url: this key has moved. Write a section [media_proxy] with",
        "appservice.public_media_listen: this key has moved.",
        "media_proxy.listen: is the same as appservice.listen. Choose another port",
        "media_proxy.public_url: `http://a.example` is not encrypted",
        "media_proxy.lifetime_days: 0 is out of range. Use a number from 1 to 90.",
        "media_proxy.max_size_mb: this is of the kind string",
        "media_proxy.requests_per_minute: 0 is out of range",
        "media_proxy.cache_size_mb: 0 is out of range",
        "media_proxy.cache_minutes: 0 is out of range",
        "media_proxy.trusted_proxies: `here` is no IP address",
        ": 10 mistakes",
    ] {
        assert!(said.contains(problem), "{problem}\n{said}");
    }
    let bare = mistakes(dir.path(), &format!("{EXAMPLE}\n[media_proxy]\n"));
    assert!(bare.contains("media_proxy.listen: this key is missing"), "{bare}");
    assert!(bare.contains("media_proxy.public_url: this key is missing"), "{bare}");
}

#[test]
fn what_is_no_toml_says_where() {
    let dir = folder();
    let said = mistakes(dir.path(), "[homeserver]\nurl = http://x\nserver_name = \"a\nlast");
    assert!(said.contains("\n  2:7: this is not TOML: "), "{said}");
    assert!(said.contains("\n  3:"), "{said}");
}

#[test]
fn a_missing_file_says_what_to_copy() {
    let error = load(Path::new("/nonexistent/freeside.toml"), &nothing).unwrap_err();
    assert!(error.to_string().contains("Copy config/freeside.example.toml"), "{error}");
}

#[test]
fn secrets_come_from_the_environment_but_not_twice() {
    let dir = folder();
    let env = |name: &str| match name {
        "FREESIDE_AS_TOKEN" => Some("from-the-environment".to_owned()),
        "FREESIDE_TELEGRAM_TOKEN" => Some("two words".to_owned()),
        _ => None,
    };
    let text = EXAMPLE
        .replace("as_token_file = \"as_token\"\n", "")
        .replace("token_file = \"telegram_token\"\n", "");
    let outcome = read(&text, dir.path(), &env);
    assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
    let said = outcome.errors[0].to_string();
    assert!(said.starts_with("telegram.token_file: FREESIDE_TELEGRAM_TOKEN holds more"), "{said}");
    assert!(!said.contains("two words"), "a secret in an error: {said}");

    let twice = read(EXAMPLE, dir.path(), &env);
    let said: Vec<String> = twice.errors.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("given twice, here and in FREESIDE_AS_TOKEN"), "{said:?}");
}

#[test]
fn values_that_do_not_fit_together_are_refused() {
    let dir = folder();
    put(
        dir.path(),
        "hs_token",
        &std::fs::read_to_string(dir.path().join("as_token")).unwrap(),
        0o600,
    );
    put(dir.path(), "pseudonym_secret", "short", 0o600);
    let text = EXAMPLE
        .replace("#ghost_prefix = \"fs_\"", "ghost_prefix = \"free\"")
        .replace("#ghost_suffix = \" ({network})\"", "ghost_suffix = \" (T)\"")
        .replace("#admins = [\"@ann:example.org\"]", "admins = [\"@ann:example.org\", \"bob\", 3]");
    let said = mistakes(dir.path(), &text);
    for problem in [
        "hs_token_file: is the same secret as as_token",
        "ghost_prefix: the bot's own name `freeside` starts with `free`",
        "pseudonym_secret_file: the secret is shorter than 32 characters",
        "ghost_suffix: does not hold {network}",
        "admins: `bob` is no Matrix user id",
        "admins: this is of the kind integer",
        ": 6 mistakes",
    ] {
        assert!(said.contains(problem), "{problem}\n{said}");
    }
}

#[test]
fn the_defaults_of_links_are_checked() {
    let dir = folder();
    let text = EXAMPLE
        .replace("#metadata = \"nobody\"", "metadata = \"telegram\"")
        .replace("#silent = [\"members\", \"pins\"]", "silent = [\"pins\", \"joins\"]")
        .replace("#phone_numbers = false", "phone_numbers = \"no\"")
        .replace("#threads = \"threads\"", "threads = \"spaces\"");
    let said = mistakes(dir.path(), &text);
    for problem in [
        "portals.metadata: `telegram` is no choice here. Use \"legacy\" or \"matrix\" or \"nobody\".",
        "portals.silent: `joins` is no choice here. Use \"members\" or \"chat\" or",
        "portals.phone_numbers: this is of the kind string. Write true or false.",
        "portals.threads: `spaces` is no choice here. Use \"threads\" or \"rooms\".",
        ": 4 mistakes",
    ] {
        assert!(said.contains(problem), "{problem}\n{said}");
    }
    let nothing_silent = EXAMPLE.replace("#silent = [\"members\", \"pins\"]", "silent = []");
    let config = read(&nothing_silent, dir.path(), &nothing).config.unwrap();
    assert!(config.portals.silent.is_empty());
}

#[test]
fn a_configuration_in_a_log_shows_no_secret() {
    let dir = folder();
    let config = read(EXAMPLE, dir.path(), &nothing).config.unwrap();
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
}

#[test]
fn the_registration_names_the_ghosts_the_bot_and_the_addresses() {
    let dir = folder();
    let config = read(EXAMPLE, dir.path(), &nothing).config.unwrap();
    let expected = r"# Made by `freeside registration`. It holds secrets: mode 600.
id: 'freeside'
url: 'http://127.0.0.1:29330'
as_token: 'as_token-0123456789abcdef0123456789'
hs_token: 'hs_token-0123456789abcdef0123456789'
sender_localpart: 'freeside'
rate_limited: false
namespaces:
  users:
    - exclusive: true
      regex: '^@fs_.*:example\.org$'
    - exclusive: true
      regex: '^@freeside:example\.org$'
  aliases:
    - exclusive: true
      regex: '^#fs_.*:example\.org$'
  rooms: []
";
    assert_eq!(registration_yaml(&config), expected);
}

#[test]
fn encryption_needs_a_key_and_more_from_the_homeserver() {
    let dir = folder();
    let allow = EXAMPLE.replace("#encryption = \"off\"", "encryption = \"allow\"");
    let said = mistakes(dir.path(), &allow);
    assert!(said.contains("appservice.encryption_secret_file: this key is missing"), "{said}");

    let key = "#encryption_secret_file = \"encryption_secret\"";
    let text = allow.replace(key, key.trim_start_matches('#'));
    put(dir.path(), "encryption_secret", "short", 0o600);
    let said = mistakes(dir.path(), &text);
    assert!(said.contains("encryption_secret_file: the secret is shorter than 32"), "{said}");

    put(dir.path(), "encryption_secret", "0123456789abcdef0123456789abcdef", 0o600);
    let config = read(&text, dir.path(), &nothing).config.unwrap();
    let yaml = registration_yaml(&config);
    assert!(yaml.contains("\nio.element.msc4190: true\norg.matrix.msc3202: true\n"), "{yaml}");
}

#[test]
fn a_key_in_the_folder_of_the_store_is_refused_also_behind_a_link() {
    let dir = folder();
    std::fs::create_dir(dir.path().join("store")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("store"), dir.path().join("elsewhere")).unwrap();
    for place in ["store/key", "store/keys/key", "./store/../store/key", "elsewhere/key"] {
        let text = EXAMPLE.replace("#key_file = \"store_key\"", &format!("key_file = \"{place}\""));
        let said = mistakes(dir.path(), &text);
        assert!(said.contains("lies in the folder of the store"), "{place}: {said}");
    }
    put(dir.path(), "freeside.toml", EXAMPLE, 0o644);
    let config = load(&dir.path().join("freeside.toml"), &nothing).unwrap();
    assert_eq!(config.store.key_file, dir.path().join("store_key"));
}

#[test]
fn the_address_of_a_database_is_given_once_without_a_password_in_the_open() {
    let dir = folder();
    put(dir.path(), "store_url", "postgres://freeside:hunter2@db.example.org/freeside", 0o600);
    let with = |lines: &str| EXAMPLE.replace("#engine = \"sled\"", lines);
    let socket = "url = \"postgres:///freeside?host=/var/run/postgresql\"";
    for (lines, said) in [
        ("engine = \"postgres\"", "store.url: the address of the database is missing"),
        (socket, "store.url: the address of a database is given, and the engine is sled"),
        (
            "engine = \"postgres\"\nurl = \"postgres://a:b@c/d\"",
            "store.url: the address holds a password",
        ),
        (
            "engine = \"postgres\"\nurl = \"mysql://c/d\"",
            "store.url: this is no address of a PostgreSQL",
        ),
        (
            &format!("engine = \"postgres\"\nurl_file = \"store_url\"\n{socket}"),
            "store.url: the address of the database is given twice",
        ),
    ] {
        let found = mistakes(dir.path(), &with(lines));
        assert!(found.contains(said), "{lines}: {found}");
    }
    let address = |lines: &str, env: &dyn Fn(&str) -> Option<String>| {
        let store = read(&with(lines), dir.path(), env).config.unwrap().store;
        assert_eq!(store.engine, Engine::Postgres);
        assert!(!format!("{store:?}").contains("hunter2"));
        store.database.unwrap().expose().to_owned()
    };
    let open = address(&format!("engine = \"postgres\"\n{socket}"), &nothing);
    assert_eq!(open, "postgres:///freeside?host=/var/run/postgresql");
    let file = address("engine = \"postgres\"\nurl_file = \"store_url\"", &nothing);
    assert!(file.contains("hunter2"));
    let env = |name: &str| (name == "FREESIDE_STORE_URL").then(|| "postgres://e/f".to_owned());
    assert_eq!(address("engine = \"postgres\"", &env), "postgres://e/f");
}
