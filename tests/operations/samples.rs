// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every command line and every piece of configuration in the documents can be typed as it stands.
//!
//! Rule: command lines go through the parser of the program, configuration through the reader of the
//! configuration, on top of the example.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bot_core::desk::commands::Command;
use clap::Parser;
use clap::error::ErrorKind;

use crate::program::Cli;
use crate::tree::{path, read};

const EXAMPLE: &str = "config/freeside.example.toml";

/// The documents with their texts.
fn documents() -> Vec<(String, String)> {
    let mut names = vec!["README.md".to_owned(), "SECURITY.md".to_owned()];
    for entry in std::fs::read_dir(path("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    names.into_iter().map(|name| (name.clone(), read(&name))).collect()
}

/// The blocks of code in a language, without the indentation of lists.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        match (line.trim().strip_prefix("```"), &mut open) {
            (Some(named), None) => open = Some((named == language, String::new())),
            (Some(_), Some(_)) => {
                let (wanted, block) = open.take().unwrap();
                blocks.extend(wanted.then_some(block));
            }
            (None, Some((_, block))) => {
                block.push_str(line.trim());
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Pieces of code inside of sentences.
fn spans(text: &str) -> Vec<&str> {
    let is_inside = |line: &&str| !line.trim().starts_with("```");
    let lines = text.lines().filter(is_inside);
    lines.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// What follows the program's name in each call of a line of shell.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.split(" #").next().unwrap_or_default();
    let parts = line.split([';', '|', '(', ')']).flat_map(|part| part.split("&&"));
    parts
        .filter_map(|part| {
            let words: Vec<&str> =
                part.split_whitespace().take_while(|word| !word.starts_with(['>', '<'])).collect();
            let skipped = if words.starts_with(&["sudo", "-u"]) { 3 } else { 0 };
            let (program, rest) = words.get(skipped..)?.split_first()?;
            let is_ours = *program == "freeside" || program.ends_with("/freeside");
            is_ours.then(|| rest.iter().map(|word| (*word).to_owned()).collect())
        })
        .collect()
}

/// Why a command line cannot be typed. What is missing at its end does not count inside of a sentence.
fn refused(arguments: &[String], whole: bool) -> Option<String> {
    let typed = std::iter::once("freeside".to_owned()).chain(arguments.iter().cloned());
    let error = Cli::try_parse_from(typed).err()?;
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let is_short = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let is_fine = is_help || (is_short && !whole);
    (!is_fine).then(|| format!("`freeside {}`: {}", arguments.join(" "), error.kind()))
}

fn wrong_commands(file: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in blocks(text, "sh").iter().flat_map(|block| block.lines()) {
        wrong.extend(calls(line).iter().filter_map(|call| refused(call, true)));
    }
    for span in spans(text).into_iter().filter(|span| span.starts_with("freeside ")) {
        let call = calls(span).into_iter().next().unwrap_or_default();
        // `freeside 0.1.0 (...)`, `freeside ...`: what it prints, or any of them.
        if call
            .first()
            .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase() || c == '-'))
        {
            wrong.extend(refused(&call, false));
        }
    }
    for span in spans(text) {
        let Some(typed) = span.strip_prefix("!freeside ") else { continue };
        let word = typed.split_whitespace().next().unwrap_or_default();
        if word.starts_with(|c: char| c.is_ascii_lowercase()) && !Command::is_named(word) {
            wrong.push(format!("the bot has no command {word}"));
        }
    }
    wrong.into_iter().map(|why| format!("{file}: {why}")).collect()
}

#[test]
fn every_command_line_in_the_documents_is_understood() {
    let documents = documents();
    let count: usize = documents.iter().map(|(_, text)| blocks(text, "sh").len()).sum();
    assert!(count > 5, "only {count} blocks of shell were found");
    let wrong: Vec<String> =
        documents.iter().flat_map(|(file, text)| wrong_commands(file, text)).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_command_line_that_nobody_can_type_is_refused() {
    let text = "```sh\n(umask 077; sudo -u freeside /usr/bin/freeside -c x.toml registration > y)\n\
        freeside -c x.toml chek-config # a comment\nfreeside keys\n```\n\
        Type `freeside keys`, `freeside report --form html`, `!freeside lnk` or `!freeside link`.\n";
    let wrong = wrong_commands("x.md", text);
    let parts = ["chek-config", "`freeside keys`", "--form html", "lnk"];
    assert_eq!(wrong.len(), parts.len(), "{wrong:?}");
    for (wrong, part) in wrong.iter().zip(parts) {
        assert!(wrong.starts_with("x.md: ") && wrong.contains(part), "{wrong}");
    }
}

/// The example with what a block says in its place.
fn overlaid(example: &str, block: &str) -> String {
    let mut lines: Vec<String> = example.lines().map(str::to_owned).collect();
    let mut at = 0;
    for line in block.lines().map(str::trim) {
        if line.starts_with('[') {
            let known = lines.iter().position(|it| it.trim_start_matches('#') == line);
            at = known.unwrap_or_else(|| {
                lines.push(String::new());
                lines.len() - 1
            });
            lines[at] = line.to_owned();
        } else if let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let end = lines
                .iter()
                .skip(at + 1)
                .position(|it| it.trim_start_matches('#').starts_with('[') && it.ends_with(']'));
            let end = end.map_or(lines.len(), |end| at + 1 + end);
            let same = |it: &String| {
                it.trim_start_matches('#')
                    .split_once('=')
                    .is_some_and(|(it, _)| it.trim() == key.trim())
            };
            let old = lines.iter().take(end).skip(at + 1).position(same);
            match old {
                Some(old) => lines[at + 1 + old] = line.to_owned(),
                None => lines.insert(at + 1, line.to_owned()),
            }
        }
    }
    lines.join("\n")
}

/// What the reader of the configuration says of a block.
fn misread(block: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let text = overlaid(&read(EXAMPLE), block);
    for (number, line) in text.lines().enumerate() {
        let named = line.trim_start_matches('#').split_once("_file = ");
        let file = named.and_then(|(_, value)| value.split('"').nth(1));
        if let Some(file) = file {
            secret(folder.path(), file, number);
        }
    }
    let path = folder.path().join("freeside.toml");
    std::fs::write(&path, text).unwrap();
    bridge_config::load(&path, &|_| None).err().map(|errors| errors.to_string())
}

fn secret(folder: &Path, name: &str, number: usize) {
    let path = folder.join(name);
    if path.starts_with(folder) {
        std::fs::write(&path, format!("{number:040}")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn every_piece_of_configuration_in_the_documents_can_be_used() {
    let documents = documents();
    let blocks: Vec<(&str, String)> = documents
        .iter()
        .flat_map(|(file, text)| {
            blocks(text, "toml").into_iter().map(|block| (file.as_str(), block))
        })
        .collect();
    assert!(!blocks.is_empty());
    for (file, block) in blocks {
        assert_eq!(misread(&block), None, "{file}:\n{block}");
    }
}

#[test]
fn a_piece_of_configuration_that_is_wrong_is_refused() {
    let said = misread("[monitoring]\nlisten = \"127.0.0.1:29330\"\n[lanes]\nspeed = 1\n").unwrap();
    assert!(said.contains("monitoring.listen: is the same as appservice.listen"), "{said}");
    assert!(said.contains("lanes.speed: there is no such key"), "{said}");
    assert_eq!(misread("[lanes]\nconcurrency = 3\n"), None);
}

/// The sentences that a document quotes in the first column of its tables.
fn quoted(text: &str) -> Vec<&str> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("|---"));
    let first = rows.filter_map(|line| line.trim_start_matches("| ").split(" | ").next());
    first.flat_map(spans).flat_map(|span| span.split("...")).map(str::trim).collect()
}

/// What production code and texts say, with the strings that go over several lines in one.
fn sayings() -> String {
    let mut all = read("i18n/en.json");
    let folders = ["src", "config/src", "bot-core/src", "bridge-matrix/src"];
    for folder in folders.into_iter().chain(["bridge-telegram/src", "bridge-discord/src"]) {
        let entries = walkdir::WalkDir::new(path(folder)).into_iter().flatten();
        for file in entries.filter(|it| it.path().extension().is_some_and(|it| it == "rs")) {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let mut lines = text.split("\\\n");
            all.push_str(lines.next().unwrap_or_default());
            lines.for_each(|line| all.push_str(line.trim_start()));
        }
    }
    all
}

fn unsaid(text: &str, sayings: &str) -> Vec<String> {
    let wrong = quoted(text).into_iter().filter(|it| it.len() > 4 && !sayings.contains(it));
    wrong.map(|it| format!("nobody says {it:?}")).collect()
}

#[test]
fn what_troubleshooting_quotes_is_what_the_program_says() {
    let text = read("docs/TROUBLESHOOTING.md");
    assert!(quoted(&text).len() > 20);
    assert_eq!(unsaid(&text, &sayings()), Vec::<String>::new());
    let wrong = unsaid("| `a lane is healed` ... | x |\n", &sayings());
    assert_eq!(wrong, ["nobody says \"a lane is healed\""]);
}
