// SPDX-License-Identifier: AGPL-3.0-or-later
//! The configuration: one TOML file, secrets in files of their own or in the environment.
//!
//! Rule: [`load`] finds all mistakes at once, and each says where it is and how to mend
//! it. `freeside.example.toml` explains every key; a test keeps it complete.

mod answer;
pub mod catalogue;
mod check;
mod error;
mod near;
mod reader;
mod registration;
mod secret;
mod sections;
mod upgrade;
mod values;

use std::path::Path;

pub use answer::check_answer;
pub use catalogue::Catalogue;
pub use error::{ConfigError, ConfigErrors, Position};
pub use registration::registration_yaml;
pub use secret::Secret;
pub use upgrade::{Upgraded, upgrade};
pub use values::{
    Appservice, Bot, Config, Discord, Engine, FirstStage, Homeserver, Lanes, Log, LogFormat,
    MetadataOwner, Monitoring, Moving, NamePolicy, Notices, PLURALKIT, Portals, Privacy,
    SERVICE_CLASSES, Stages, Store, TUPPERBOX, Telegram,
};

/// Reads a secret from a file that nobody else may read; `make` says how one is made.
///
/// # Errors
/// One sentence with what is wrong, and one with what to do.
pub fn read_secret(path: &Path, make: &str) -> Result<Secret, String> {
    secret::from_file(path, make).map_err(|wrong| format!("{}. {}", wrong.problem, wrong.mend))
}

/// Every environment variable that [`load`] asks for, with what it stands for.
pub const ENVIRONMENT: [(&str, &str); 8] = [
    ("FREESIDE_AS_TOKEN", "instead of appservice.as_token_file"),
    ("FREESIDE_HS_TOKEN", "instead of appservice.hs_token_file"),
    ("FREESIDE_ENCRYPTION_SECRET", "instead of appservice.encryption_secret_file"),
    ("FREESIDE_ADMIN_TOKEN", "instead of moving.admin_token_file"),
    ("FREESIDE_TELEGRAM_TOKEN", "instead of telegram.token_file"),
    ("FREESIDE_DISCORD_TOKEN", "instead of discord.token_file"),
    ("FREESIDE_STORE_URL", "instead of store.url_file"),
    ("FREESIDE_PSEUDONYM_SECRET", "instead of privacy.pseudonym_secret_file"),
];

/// Reads and checks the file at `path`; relative paths in it start at its folder. `env` gives the
/// value of an environment variable.
///
/// # Errors
/// [`ConfigErrors`] holds every mistake that was found.
pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigErrors> {
    let fail = |errors| Err(ConfigErrors::new(path, errors));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return fail(vec![ConfigError::unreadable(&error)]),
    };
    let dir = path.parent().unwrap_or(Path::new(""));
    let outcome = sections::read(&text, dir, env);
    match outcome.config {
        Some(config) if outcome.errors.is_empty() => Ok(config),
        Some(_) | None => fail(outcome.errors),
    }
}
