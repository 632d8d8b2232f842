// SPDX-License-Identifier: AGPL-3.0-or-later
//! Checks one value before there is a file, for who asks for it.
//!
//! Rule: the checks are those of the file.

use crate::check;

/// Whether `text` can be the value of a key, `section.key`; of a list, one of its values.
///
/// # Errors
/// A sentence with what is wrong, and one with what to do.
pub fn check_answer(key: &str, text: &str) -> Result<(), String> {
    let checked = match key {
        "homeserver.url" | "appservice.public_url" | "telegram.api_url" | "discord.api_url" => {
            check::http_url(text).map(drop)
        }
        "discord.cdn_url" => check::http_url(text).map(drop),
        "discord.gateway_url" => check::socket_url(text).map(drop),
        "homeserver.server_name" => check::server_name(text).map(drop),
        "appservice.listen" => check::listen(text).map(drop),
        "stages.first" => check::first_stage(text).map(drop),
        "bot.admins" => check::user_id(text).map(drop),
        "bot.language" => check::language(text).map(drop),
        "media_proxy.public_url" => check::public_url(text).map(drop),
        _ => check::words(text).map(drop),
    };
    checked.map_err(|wrong| {
        let what = if wrong.problem.starts_with('`') { String::new() } else { "it ".to_owned() };
        format!("{what}{}. {}", wrong.problem, wrong.mend)
    })
}

#[cfg(test)]
mod tests {
    use super::check_answer;

    #[test]
    fn an_answer_is_checked_as_in_the_file() {
        assert!(check_answer("homeserver.url", "http://127.0.0.1:8008").is_ok());
        assert!(check_answer("bot.contact", "ann@example.org").is_ok());
        let wrong = [
            ("homeserver.url", "127.0.0.1:8008"),
            ("homeserver.server_name", "https://example.org"),
            ("appservice.listen", "29330"),
            ("bot.admins", "ann"),
            ("media_proxy.public_url", "http://example.org"),
            ("bot.contact", " "),
        ];
        for (key, text) in wrong {
            let said = check_answer(key, text).unwrap_err();
            assert!(said.contains(". ") && !said.starts_with(' '), "{key}: {said}");
        }
    }
}
