// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the operator does next, in order.
//!
//! Rule: each step can be done by copying; nothing in it is a secret.

use std::path::Path;

use super::answers::{Answers, DiscordBot, TelegramBot};

/// The steps, numbered.
pub(super) fn steps(config: &Path, answers: Option<&Answers>, bot: &str) -> String {
    let whole = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    let registration = whole.with_file_name("registration.yaml");
    let shown = config.display();
    let mut steps = vec![format!(
        "Copy {} to where the homeserver can read it and nobody else can. In homeserver.yaml:\n\
         \n       app_service_config_files:\n         - {}\n\n   Then restart the homeserver.",
        registration.display(),
        registration.display()
    )];
    if let Some(answers) = answers {
        for found in &answers.later.wrong {
            steps.push(format!("{}.\n   {}", capital(&found.wrong()), found.mend()));
        }
        steps.extend(answers.telegram.as_ref().map(telegram));
        steps.extend(answers.discord.as_ref().map(discord));
    }
    steps.push(
        "Keep copies of the key of the store and of pseudonym_secret, apart from copies of the store: \
         neither can be made again."
            .to_owned(),
    );
    steps.push(format!("freeside -c {shown} check\n   freeside -c {shown} run"));
    steps.push(format!(
        "In the Matrix room: invite {bot}, make it a moderator, and type `!freeside link telegram` or \
         `!freeside link discord`. An admin of the other chat posts the code there."
    ));
    let mut text = "\nWhat to do next:\n".to_owned();
    for (before, step) in steps.iter().enumerate() {
        text.push_str(&format!("{}. {step}\n", before + 1));
    }
    text
}

fn telegram(bot: &TelegramBot) -> String {
    let link = match &bot.account {
        Some(account) => bridge_telegram::invitation(&account.username),
        None => bridge_telegram::invitation("YOUR_BOT"),
    };
    format!(
        "An admin of the Telegram group opens this address, which adds the bot as an admin with the \
         rights that it uses:\n   {link}"
    )
}

fn discord(bot: &DiscordBot) -> String {
    let link = match &bot.application {
        Some(application) => bridge_discord::invitation(&application.id),
        None => bridge_discord::invitation("APPLICATION_ID"),
    };
    format!(
        "Somebody with Manage Server opens this address, which invites the bot to the Discord server \
         with the permissions that it uses:\n   {link}"
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
