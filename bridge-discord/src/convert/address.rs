// SPDX-License-Identifier: AGPL-3.0-or-later
//! Addresses of messages: `https://discord.com/channels/GUILD/CHANNEL/MESSAGE`.

use bridge_model::{ChatId, MessageId};

const STARTS: [&str; 4] = [
    "https://discord.com/channels/",
    "https://ptb.discord.com/channels/",
    "https://canary.discord.com/channels/",
    "https://discordapp.com/channels/",
];

/// The channel and message that an address leads to.
pub fn message(url: &str) -> Option<(ChatId, MessageId)> {
    let path = STARTS.iter().find_map(|start| url.strip_prefix(start))?;
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let mut parts = path.split('/');
    let (guild, channel, message) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |part: &str| {
        !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let good = number(guild) && number(channel) && number(message) && parts.next().is_none();
    good.then(|| (ChatId::from(channel), MessageId::from(message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_messages_are_read() {
        let expected = Some((ChatId::from("2"), MessageId::from("3")));
        assert_eq!(message("https://discord.com/channels/1/2/3"), expected);
        assert_eq!(message("https://ptb.discord.com/channels/1/2/3?x"), expected);
    }

    #[test]
    fn other_addresses_lead_to_no_message() {
        for url in [
            "https://discord.com/channels/1/2",
            "https://discord.com/channels/@me/2/3",
            "https://discord.com/channels/1/2/3/4",
            "https://discord.com/channels/1/2/x",
            "https://example.org/channels/1/2/3",
        ] {
            assert_eq!(message(url), None, "{url}");
        }
    }
}
