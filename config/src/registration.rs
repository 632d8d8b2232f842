// SPDX-License-Identifier: AGPL-3.0-or-later
//! The registration file that the homeserver reads
//! (<https://spec.matrix.org/v1.16/application-service-api/#registration>).
//!
//! Rule: it holds both tokens; write it with mode 600. `io.element.msc4190` is there only with
//! encryption: with it Synapse refuses the bot's login by application service.

use crate::values::Config;

/// The registration in YAML.
pub fn registration_yaml(config: &Config) -> String {
    let service = &config.appservice;
    let server = literal(&config.homeserver.server_name);
    let sender = literal(&service.sender_localpart);
    let prefix = literal(&service.ghost_prefix);
    let ids = [
        ("id", service.id.as_str()),
        ("url", service.public_url.as_str().trim_end_matches('/')),
        ("as_token", service.as_token.expose()),
        ("hs_token", service.hs_token.expose()),
        ("sender_localpart", service.sender_localpart.as_str()),
    ];
    let mut yaml = "# Made by `freeside registration`. It holds secrets: mode 600.\n".to_owned();
    for (key, value) in ids {
        yaml.push_str(&format!("{key}: {}\n", quoted(value)));
    }
    yaml.push_str("rate_limited: false\n");
    if service.encryption.is_some() {
        // Synapse sends to-device events only to those who ask for typing notices and receipts.
        yaml.push_str("receive_ephemeral: true\n");
        yaml.push_str("de.sorunome.msc2409.push_ephemeral: true\n");
        // Devices without login (MSC4190), and their keys in transactions (MSC3202).
        yaml.push_str("io.element.msc4190: true\n");
        yaml.push_str("org.matrix.msc3202: true\n");
    }
    yaml.push_str("namespaces:\n  users:\n");
    yaml.push_str(&exclusive(&format!("^@{prefix}.*:{server}$")));
    yaml.push_str(&exclusive(&format!("^@{sender}:{server}$")));
    yaml.push_str("  aliases:\n");
    yaml.push_str(&exclusive(&format!("^#{prefix}.*:{server}$")));
    yaml.push_str("  rooms: []\n");
    yaml
}

fn exclusive(regex: &str) -> String {
    format!("    - exclusive: true\n      regex: {}\n", quoted(regex))
}

/// A YAML scalar in single quotes, where only the quote itself is special.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A regular expression that matches exactly this text.
fn literal(text: &str) -> String {
    let mut regex = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            regex.push('\\');
        }
        regex.push(letter);
    }
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_in_a_regular_expression_is_escaped() {
        assert_eq!(literal("fs_+[::1].org"), r"fs_\+\[::1\]\.org");
        assert_eq!(quoted("it's"), "'it''s'");
    }
}
