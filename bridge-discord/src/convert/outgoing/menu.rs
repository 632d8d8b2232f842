// SPDX-License-Identifier: AGPL-3.0-or-later
//! The bot's commands as Discord's menus show them, in the language of each client.

use bot_core::network::{CommandHelp, MenuText};
use serde_json::Value;
use serenity::builder::{CreateCommand, CreateCommandOption};
use serenity::model::application::{CommandOptionType, CommandType};

use super::request::{said, written};
use crate::COMMAND;

/// Discord takes 25 subcommands. These are left out of them: one is the same as `optout`, what the
/// other says stands in the answer to `source`, self-tests belong to the room, and `faq` is typed.
const LEFT_OUT: [&str; 4] = ["stop", "version", "selftest", "faq"];
/// Letters of a name in a menu.
const MOST_NAME: usize = 32;
/// Letters of a description.
const MOST_WORDS: usize = 100;
/// Discord's locales for our codes of languages, <https://discord.com/developers/docs/reference#locales>.
/// What is not here (Arabic, Persian) no client of Discord speaks.
const LOCALES: [(&str, &[&str]); 10] = [
    ("de", &["de"]),
    ("en", &["en-GB", "en-US"]),
    ("es", &["es-419", "es-ES"]),
    ("fr", &["fr"]),
    ("hi", &["hi"]),
    ("id", &["id"]),
    ("it", &["it"]),
    ("pt-br", &["pt-BR"]),
    ("ru", &["ru"]),
    ("zh-hans", &["zh-CN", "zh-TW"]),
];

/// The body of `PUT /applications/{id}/commands`: one command with subcommands, and one in the
/// menu of messages for each that is about a message.
///
/// See <https://discord.com/developers/docs/interactions/application-commands>.
pub fn commands(commands: &[CommandHelp]) -> Value {
    let mut all = CreateCommand::new(COMMAND).description(short("…"));
    if let Some(help) = commands.first().map(|first| &first.description) {
        all = all.description(short(&help.own));
        for (locale, words) in localized(help) {
            all = all.description_localized(locale, short(words));
        }
    }
    let shown = commands.iter().filter(|it| !LEFT_OUT.contains(&it.name.as_str()));
    let all = all.set_options(shown.map(option).collect());
    let menus = commands.iter().filter_map(|command| {
        // What stands in a menu has no description.
        let mut menu = CreateCommand::new(menu_name(command)?).kind(CommandType::Message);
        for (locale, name) in command.on_message.iter().flat_map(localized) {
            menu = menu.name_localized(locale, cut(name, MOST_NAME));
        }
        Some(menu)
    });
    Value::Array(std::iter::once(all).chain(menus).map(|one| said(written(one))).collect())
}

fn option(command: &CommandHelp) -> CreateCommandOption {
    let described = |kind: CommandOptionType, name: &str, help: &MenuText| {
        let mut option = CreateCommandOption::new(kind, name, short(&help.own));
        for (locale, words) in localized(help) {
            option = option.description_localized(locale, short(words));
        }
        option
    };
    let one = described(CommandOptionType::SubCommand, &command.name, &command.description);
    let Some(argument) = &command.argument else { return one };
    let own = MenuText::from(argument.as_str());
    let help = command.argument_help.as_ref().unwrap_or(&own);
    let argument = described(CommandOptionType::String, argument, help);
    one.add_sub_option(argument.required(!command.argument_optional))
}

/// How a command is called in the menu of a message, where it stands there: Discord names it so,
/// in whatever language it was read.
pub fn menu_name(command: &CommandHelp) -> Option<String> {
    command.on_message.as_ref().map(|name| cut(&name.own, MOST_NAME))
}

/// A text by Discord's locales.
fn localized(text: &MenuText) -> impl Iterator<Item = (&'static str, &str)> {
    text.others.iter().flat_map(|(code, words)| {
        let known = LOCALES.iter().find(|(ours, _)| ours == code);
        let locales = known.map(|(_, locales)| *locales).unwrap_or_default();
        locales.iter().map(|locale| (*locale, words.as_str()))
    })
}

fn short(words: &str) -> String {
    if words.is_empty() { "…".to_owned() } else { cut(words, MOST_WORDS) }
}

fn cut(words: &str, most: usize) -> String {
    words.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn discord_takes_all_subcommands_and_entries_of_the_menu_of_a_message() {
        let words = bot_core::Words::english();
        let made = commands(&bot_core::desk::commands::menu(words.wording()));
        let count = |pointer: &str| made.pointer(pointer).and_then(Value::as_array).map(Vec::len);
        assert!(count("/0/options").is_some_and(|options| options <= 25), "{made:#}");
        assert!(count("").is_some_and(|all| all <= 6), "at most five entries for messages");
    }

    #[test]
    fn each_client_reads_the_menus_in_its_language() {
        let text = |own: &str, other: &str| MenuText {
            own: own.to_owned(),
            others: vec![("pt-br".into(), other.into()), ("fa".into(), "unused".into())],
        };
        let delete = CommandHelp {
            name: "delete".into(),
            description: text("Delete", "Apagar"),
            argument: Some("code".into()),
            argument_help: Some(text("The code", "O código")),
            argument_optional: true,
            on_message: Some(text("Delete everywhere", "Apagar em todos os lados e em cada lugar")),
        };
        let made = commands(&[delete]);
        let said = |pointer: &str| made.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(said("/0/description_localizations"), json!({"pt-BR": "Apagar"}));
        assert_eq!(said("/0/options/0/description"), json!("Delete"));
        assert_eq!(said("/0/options/0/description_localizations"), json!({"pt-BR": "Apagar"}));
        let argument = "/0/options/0/options/0/description_localizations";
        assert_eq!(said(argument), json!({"pt-BR": "O código"}));
        assert_eq!(said("/1/name"), json!("Delete everywhere"));
        let name = json!({"pt-BR": "Apagar em todos os lados e em ca"});
        assert_eq!(said("/1/name_localizations"), name);
    }
}
