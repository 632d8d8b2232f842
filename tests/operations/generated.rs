// SPDX-License-Identifier: AGPL-3.0-or-later
//! `docs/COMMANDS.md` and `docs/CONFIG.md` are written by this test, from what the program itself knows.
//!
//! Rule: nobody edits them. `FREESIDE_WRITE_DOCS=1 cargo test --test operations` writes them anew.

use std::fmt::Write;

use bot_core::desk::commands::{Command, Entry, Whose};
use bot_core::i18n::I18n;
use bridge_config::ENVIRONMENT;

use crate::tree::{path, read};

const HOW: &str = "FREESIDE_WRITE_DOCS=1 cargo test --test operations";

/// Text that stands in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<")
}

fn commands() -> String {
    let texts = I18n::embedded();
    let say = |key| cell(&texts.plain("en", key, &[]));
    let mut page = format!(
        "# Commands\n\nWhat people can type to the bot. `!freeside NAME` in a Matrix room, `/NAME` on \
         Telegram, `/freeside NAME` on Discord; in a private chat with the bot the name alone does, \
         too. What can be left out stands in brackets. Who may do it is asked of the platform when it \
         is typed; the column says to whom `help` shows it. [OPERATING](OPERATING.md) and \
         [MIGRATING](MIGRATING.md) say how they are used; those of the program on the command line \
         are in `freeside --help`.\n\n\
         <!-- Written by tests/operations/generated.rs: {HOW} -->\n\n\
         | command | what it does | where | who |\n|---|---|---|---|\n"
    );
    for command in Command::ALL {
        let Entry { help, argument, matrix, remote, whose, on_message } = command.entry();
        let typed = match argument {
            None => command.name().to_owned(),
            Some((name, _, true)) => format!("{} [{name}]", command.name()),
            Some((name, _, false)) => format!("{} {name}", command.name()),
        };
        let argument = argument.map(|(name, help, _)| format!("<br>*{name}*: {}", say(help)));
        let place = match (matrix, remote) {
            (true, true) => "everywhere",
            (true, false) => "Matrix",
            (false, true) => "Telegram, Discord",
            (false, false) => "nowhere",
        };
        let menu = on_message.map_or("", |_| "; on Discord also in the menu of a message");
        let who = match whose {
            Whose::Everybody => "everybody",
            Whose::Admins => "admins",
            Whose::Operators => "who runs the bridge",
        };
        let what = format!("{}{}", say(help), argument.unwrap_or_default());
        writeln!(page, "| `{typed}` | {what} | {place}{menu} | {who} |").unwrap();
    }
    page
}

/// One key of the example.
struct Setting {
    key: String,
    value: String,
    /// It stands there without a `#`.
    is_set: bool,
    says: String,
}

/// One section of the example.
struct Part {
    title: String,
    name: String,
    says: String,
    settings: Vec<Setting>,
}

/// The example as sections: titles stand in rulers, explanations before what they explain.
fn parts(example: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut title, mut said) = (String::new(), Vec::new());
    for line in example.lines() {
        if let Some(ruler) = line.strip_prefix("# --- ") {
            title = ruler.trim_end_matches(['-', ' ']).to_owned();
            said.clear();
            continue;
        }
        let bare = line.strip_prefix('#').unwrap_or(line);
        if let Some(name) = bare.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            let says = std::mem::take(&mut said).join(" ");
            let (title, name) = (title.clone(), name.to_owned());
            parts.push(Part { title, name, says, settings: Vec::new() });
            continue;
        }
        let is_key = |key: &str| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        match bare.split_once(" = ").filter(|(key, _)| is_key(key)) {
            Some((key, value)) => {
                let setting = Setting {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    is_set: !line.starts_with('#'),
                    says: said.join(" "),
                };
                // Two keys in a row share what is said before the first.
                parts.last_mut().unwrap().settings.push(setting);
                said.clear();
            }
            None if bare.trim().is_empty() => said.clear(),
            None => said.push(bare.trim().to_owned()),
        }
    }
    parts
}

fn configuration() -> String {
    let example = read("config/freeside.example.toml");
    let mut page = format!(
        "# The configuration\n\nEvery key of `freeside.toml`, from \
         [config/freeside.example.toml](../config/freeside.example.toml), which can be copied. \
         `freeside check-config` names all mistakes of a file at once. Relative paths start at the \
         folder of the file. *To be set* says that the value is the example's; else it is the \
         default, or *an example*. A key without words belongs to the one above \
         it.\n\n<!-- Written by tests/operations/generated.rs: {HOW} -->\n"
    );
    for Part { title, name, says, settings } in parts(&example) {
        write!(page, "\n## `[{name}]`: {title}\n\n").unwrap();
        if !says.is_empty() {
            write!(page, "{}\n\n", says.replace('<', "\\<")).unwrap();
        }
        page.push_str("| key | value | what it is |\n|---|---|---|\n");
        for Setting { key, value, is_set, says } in settings {
            let (says, example) = match says.strip_suffix("An example:") {
                Some(says) => (says.trim_end().to_owned(), " (an example)"),
                None => (says, ""),
            };
            let set = if is_set { " (to be set)" } else { example };
            let value = value.replace('|', "\\|");
            writeln!(page, "| `{key}` | `{value}`{set} | {} |", cell(&says)).unwrap();
        }
    }
    page.push_str("\n## In the environment\n\n| variable | what it stands for |\n|---|---|\n");
    for (variable, instead) in ENVIRONMENT {
        writeln!(page, "| `{variable}` | {instead} |").unwrap();
    }
    page
}

fn is_fresh(file: &str, text: &str) {
    if std::env::var_os("FREESIDE_WRITE_DOCS").is_some() {
        std::fs::write(path(file), text).unwrap();
    }
    let written = std::fs::read_to_string(path(file)).unwrap_or_default();
    assert!(written == text, "{file} is not what the program says; write it anew:\n  {HOW}");
}

#[test]
fn the_commands_are_those_that_the_bot_knows() {
    let page = commands();
    assert!(Command::ALL.iter().all(|command| page.contains(&format!("| `{}", command.name()))));
    is_fresh("docs/COMMANDS.md", &page);
}

#[test]
fn the_configuration_is_that_of_the_example() {
    let page = configuration();
    let example = read("config/freeside.example.toml");
    let settings: usize = parts(&example).iter().map(|part| part.settings.len()).sum();
    let all = example.lines().filter(|line| {
        let key = line.trim_start_matches('#').split_once(" = ").map_or("", |(key, _)| key);
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    assert_eq!(settings, all.count());
    is_fresh("docs/CONFIG.md", &page);
}
