// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration of the Synapse of tests: small, fast, silent, without a network.
//!
//! Rule: JSON is YAML, so the files are made from values and nothing is quoted by hand.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// The file of the database, in the folder of a Synapse.
pub(super) const DATABASE: &str = "homeserver.db";

/// Writes a fresh signing key, in the form of `signedjson`: algorithm, version, seed.
pub(super) fn write_key(dir: &Path) -> Result<()> {
    let seed = data_encoding::BASE64_NOPAD.encode(&rand::random::<[u8; 32]>());
    std::fs::write(dir.join("signing.key"), format!("ed25519 a_test {seed}\n"))
        .context("writing the signing key")
}

/// Every rate limit of Synapse that takes `per_second` and `burst_count`.
const PLAIN_LIMITS: [&str; 14] = [
    "rc_message",
    "rc_registration",
    "rc_registration_token_validity",
    "rc_admin_redaction",
    "rc_3pid_validation",
    "rc_third_party_invite",
    "rc_media_create",
    "rc_key_requests",
    "rc_joins_per_room",
    "rc_user_directory",
    "rc_profile",
    "rc_delayed_event_mgmt",
    "rc_reports",
    "rc_room_creation",
];
const NESTED_LIMITS: [(&str, &[&str]); 4] = [
    ("rc_presence", &["per_user"]),
    ("rc_login", &["address", "account", "failed_attempts"]),
    ("rc_joins", &["local", "remote"]),
    ("rc_invites", &["per_room", "per_user", "per_issuer"]),
];

/// What differs between two Synapses.
pub(super) struct Settings<'a> {
    pub dir: &'a Path,
    pub server_name: &'a str,
    pub port: u16,
    pub room_version: &'a str,
    pub registrations: &'a [PathBuf],
    pub encryption: bool,
    pub more: &'a Map<String, Value>,
}

impl Settings<'_> {
    /// Writes `homeserver.yaml` and `log.yaml`.
    pub(super) fn write(&self) -> Result<()> {
        let put = |name: &str, text: String| {
            let path = self.dir.join(name);
            std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
        };
        put("homeserver.yaml", format!("{:#}", Value::Object(self.homeserver())))?;
        put("log.yaml", format!("{:#}", self.log()))
    }

    fn homeserver(&self) -> Map<String, Value> {
        let unlimited = json!({ "per_second": 100_000, "burst_count": 100_000 });
        let mut all = self.fixed();
        for limit in PLAIN_LIMITS {
            all.insert(limit.to_owned(), unlimited.clone());
        }
        for (limit, parts) in NESTED_LIMITS {
            let parts = parts.iter().map(|part| ((*part).to_owned(), unlimited.clone()));
            all.insert(limit.to_owned(), Value::Object(parts.collect()));
        }
        all.extend(self.more.clone());
        all
    }

    fn fixed(&self) -> Map<String, Value> {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let registrations: Vec<PathBuf> = self.registrations.iter().map(absolute).collect();
        let values = json!({
            "server_name": self.server_name,
            "public_baseurl": format!("http://127.0.0.1:{}/", self.port),
            "pid_file": self.dir.join("homeserver.pid"),
            "signing_key_path": self.dir.join("signing.key"),
            "media_store_path": self.dir.join("media"),
            "log_config": self.dir.join("log.yaml"),
            "listeners": [{
                "port": self.port, "type": "http", "tls": false,
                "bind_addresses": ["127.0.0.1"],
                "resources": [{ "names": ["client"], "compress": false }],
            }],
            "database": {
                "name": "sqlite3",
                "args": { "database": self.dir.join(DATABASE) },
            },
            "app_service_config_files": registrations,
            "experimental_features": {
                "msc2409_to_device_messages_enabled": self.encryption,
                "msc3202_transaction_extensions": self.encryption,
            },
            "default_room_version": self.room_version,
            "max_upload_size": "100M",
            "federation_domain_whitelist": [],
            "trusted_key_servers": [],
            "suppress_key_server_warning": true,
            "ip_range_blacklist": [],
            "presence": { "enabled": false },
            "user_directory": { "enabled": false },
            "stats": { "enabled": false },
            "url_preview_enabled": false,
            "report_stats": false,
            "bcrypt_rounds": 4,
            "track_appservice_user_ips": false,
            "dynamic_thumbnails": false,
            "enable_registration": true,
            "enable_registration_without_verification": true,
            "macaroon_secret_key": "sandbox",
            "form_secret": "sandbox",
            "registration_shared_secret": "sandbox",
        });
        match values {
            Value::Object(values) => values,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        }
    }

    fn log(&self) -> Value {
        json!({
            "version": 1,
            "formatters": { "line": { "format": "%(asctime)s %(levelname)s %(name)s: %(message)s" } },
            "handlers": { "file": {
                "class": "logging.FileHandler",
                "formatter": "line",
                "filename": self.dir.join("homeserver.log"),
            } },
            // Its banner is written as warnings.
            "loggers": { "synapse.config.logger": { "level": "ERROR" } },
            "root": { "level": "WARNING", "handlers": ["file"] },
            "disable_existing_loggers": false,
        })
    }
}
