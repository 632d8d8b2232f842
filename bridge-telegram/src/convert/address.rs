// SPDX-License-Identifier: AGPL-3.0-or-later
//! Addresses of messages and accounts, <https://core.telegram.org/api/links>, and ids of who signs.
//!
//! Rule: only addresses that hold the chat's id; a public name says nothing about it.

use bridge_model::{ChatId, MessageId};
use url::Url;

/// What parts the id of a chat from the signature of the one who spoke for it, in the id of an author.
pub(crate) const SIGNED: char = '/';

const STARTS: [&str; 6] = [
    "https://t.me/c/",
    "http://t.me/c/",
    "https://telegram.me/c/",
    "http://telegram.me/c/",
    "https://telegram.dog/c/",
    "https://www.t.me/c/",
];

/// The message that `https://t.me/c/CHAT/MESSAGE` or, in a topic, `.../CHAT/TOPIC/MESSAGE` leads to.
pub fn message(url: &str) -> Option<(ChatId, MessageId)> {
    let path = STARTS.iter().find_map(|start| url.strip_prefix(start))?;
    let path = path.split(['?', '#']).next()?.trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let (chat, message) = match parts.as_slice() {
        [chat, message] | [chat, _, message] => (*chat, *message),
        _ => return None,
    };
    let numbers = parts.iter().all(|part| {
        !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    numbers.then(|| (ChatId::from(format!("-100{chat}")), MessageId::from(message)))
}

/// Whether `url` leads to an account by its id. On the way in the id would be told to other networks;
/// on the way out the platform makes a mention of it, and whoever reads the text cannot see whom it
/// calls.
pub(crate) fn leads_to_account(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let command = url.host_str().unwrap_or_else(|| url.path());
    url.scheme() == "tg"
        && ["user", "openmessage"].iter().any(|it| command.eq_ignore_ascii_case(it))
}

#[cfg(test)]
mod message_address_tests {
    use super::*;

    #[test]
    fn an_account_by_its_id_is_known_in_each_spelling() {
        for url in
            ["tg://user?id=5", "tg:user?id=5", "TG://USER?id=5", "tg://openmessage?user_id=5"]
        {
            assert!(leads_to_account(url), "{url}");
        }
        assert!(!leads_to_account("tg://resolve?domain=wikimedia"));
        assert!(!leads_to_account("https://user/"));
    }

    #[test]
    fn addresses_of_messages_are_read() {
        let expected = Some((ChatId::from("-1001234"), MessageId::from("56")));
        for url in [
            "https://t.me/c/1234/56",
            "https://t.me/c/1234/56?single",
            "https://t.me/c/1234/7/56",
            "http://telegram.me/c/1234/56/",
        ] {
            assert_eq!(message(url), expected, "{url}");
        }
    }

    #[test]
    fn other_addresses_lead_to_no_message() {
        for url in [
            "https://t.me/wikimedia/56",
            "https://t.me/c/1234",
            "https://t.me/c/1234/x",
            "https://t.me/c//5",
            "https://t.me/c/1/2/3/4",
            "https://example.org/c/1234/56",
        ] {
            assert_eq!(message(url), None, "{url}");
        }
    }
}
