// SPDX-License-Identifier: AGPL-3.0-or-later
//! The manual page and the completions of shells, for whoever packages the program.
//!
//! Rule: both come from the table of the command line (`main.rs`), so that neither can be older.

use std::io::{self, Write};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

/// Prints the manual page: the program, then each command with its options.
///
/// # Errors
/// When it cannot be printed.
pub fn man(command: Command) -> anyhow::Result<()> {
    let mut page = Vec::new();
    write_page(command, &mut page)?;
    Ok(io::stdout().lock().write_all(&page)?)
}

fn write_page(mut command: Command, page: &mut Vec<u8>) -> io::Result<()> {
    command.build();
    let main = Man::new(command.clone()).manual("Freeside");
    main.render_title(page)?;
    main.render_name_section(page)?;
    main.render_synopsis_section(page)?;
    main.render_description_section(page)?;
    main.render_options_section(page)?;
    writeln!(page, ".SH COMMANDS")?;
    for part in visible(&command) {
        write_command(part, "freeside", page)?;
    }
    writeln!(page, ".SH FILES\n.TP\nfreeside.toml\nThe configuration; see freeside.example.toml.")?;
    writeln!(
        page,
        ".SH \"EXIT STATUS\"\n0 when all went well, else 1; 2 when the command line cannot be read."
    )?;
    main.render_version_section(page)
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help")
}

/// One command below those that lead to it.
fn write_command(command: &Command, before: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let name = format!("{before} {}", command.get_name());
    let parts: Vec<&Command> = visible(command).collect();
    if parts.is_empty() {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
        writeln!(page, ".SS {}", escaped(&name))?;
        writeln!(page, ".B {}\n.PP", escaped(usage))?;
        let about = command.get_long_about().or(command.get_about());
        writeln!(page, "{}", escaped(&about.map(ToString::to_string).unwrap_or_default()))?;
    }
    let own = command.get_arguments().filter(|it| {
        !it.is_hide_set()
            && !it.is_global_set()
            && it.get_id() != "help"
            && it.get_id() != "version"
    });
    for argument in own {
        let help = argument.get_long_help().or(argument.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        writeln!(page, ".TP\n{}\n{}", escaped(&argument.to_string()), escaped(&help))?;
    }
    parts.into_iter().try_for_each(|part| write_command(part, &name, page))
}

/// Words that are no macros and hold no hyphens that could be broken.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// Prints what a shell needs to complete the commands.
///
/// # Errors
/// When it cannot be printed.
pub fn completions(mut command: Command, shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "freeside", &mut script);
    Ok(io::stdout().lock().write_all(&script)?)
}
