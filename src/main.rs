// SPDX-License-Identifier: AGPL-3.0-or-later
//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use freeside::Side;

/// Joins Telegram groups and Discord channels to Matrix rooms.
#[derive(Parser)]
#[command(version = freeside::VERSION, about)]
pub(crate) struct Cli {
    /// The configuration file.
    #[arg(short, long, default_value = "freeside.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the bridge.
    Run,
    /// Check the configuration and say what is wrong with it, all at once.
    CheckConfig,
    /// Ask for what is needed, check each answer, and write configuration, secrets and registration.
    Init(Box<freeside::init::InitArgs>),
    /// Look at everything that the bridge needs, also while it runs, and say how to mend what is wrong.
    /// The exit code is 0 when all is well, 1 with errors, 3 with warnings only.
    Check(freeside::check::CheckArgs),
    /// Have the running bridge read its configuration again, all of it; the same as SIGHUP.
    Reload,
    /// Work on the configuration file.
    Config {
        #[command(subcommand)]
        verb: Config,
    },
    /// Print the registration file for the homeserver.
    Registration,
    /// Print how far all communities are, as the running bridge knows it.
    Report {
        /// What it is written as: wikitext, markdown, json or html.
        #[arg(long, value_parser = freeside::format, default_value = "markdown")]
        format: freeside::Format,
    },
    /// Make or change the key with which the store is encrypted.
    Keys {
        #[command(subcommand)]
        verb: Keys,
    },
    /// Check, copy or move the store.
    Store {
        #[command(subcommand)]
        verb: Store,
    },
    /// Look into what is stored, logged and sent for what does not belong there.
    Privacy {
        #[command(subcommand)]
        verb: Privacy,
    },
    /// What people have said about being relayed, as the running bridge knows it.
    Consent {
        #[command(subcommand)]
        what: Consent,
    },
    /// Convert messages as JSON lines from standard input, without a bridge; see docs/CONTENT.md.
    Convert {
        /// What the input is.
        #[arg(long, value_enum)]
        from: Side,
        /// What the output shall be.
        #[arg(long, value_enum)]
        to: Side,
    },
    /// Say what the bridge would say about the links of messages, as JSON lines; see docs/CONTENT.md.
    Judge {
        /// The messages; standard input without it.
        file: Option<PathBuf>,
        /// A file that adds to the catalogue of services.
        #[arg(long)]
        catalogue: Option<PathBuf>,
    },
    /// Ask the running bridge how it is, by `[monitoring]`; the exit code is 1 when it is not well.
    Health {
        /// Ask only whether it lives, not whether all parts of it are ready.
        #[arg(long)]
        live: bool,
    },
    /// Print the manual page, for man(1).
    #[command(hide = true)]
    Man,
    /// Print what a shell needs to complete these commands.
    #[command(hide = true)]
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Draw a moving sticker from standard input to standard output; the bridge runs it.
    #[command(hide = true)]
    DrawSticker {
        /// What it becomes: lottie-apng or lottie-gif.
        recipe: String,
    },
}

#[derive(Subcommand)]
enum Config {
    /// Bring the configuration of an older version up to date; the old file is kept beside it.
    Upgrade,
}

#[derive(Subcommand)]
enum Keys {
    /// Make the key of a new store, in the file that `[store] key_file` names.
    Init,
    /// Give the store new keys, all of them, while the bridge does not run.
    Rotate,
}

#[derive(Subcommand)]
enum Store {
    /// Read every record and say which ones cannot be read; then the exit code is 1. The bridge must
    /// not run.
    Check {
        /// The folder of a copy, instead of the store.
        #[arg(long)]
        copy: Option<PathBuf>,
    },
    /// Write all records into a new file, as JSON lines. The bridge must not run.
    Export {
        /// The file.
        file: PathBuf,
        /// Do not encrypt the records in the file.
        #[arg(long)]
        plain: bool,
        /// Leave out what cannot be read, instead of writing no file.
        #[arg(long)]
        leave_out_damaged: bool,
    },
    /// Make a new store of such a file. There must be none yet.
    Import {
        /// The file.
        file: PathBuf,
        /// The file of the key of the store that was exported, where that was another key.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Write the store anew, so that it takes no more room than it needs. The bridge must not run.
    Compact,
    /// Copy the store into a new folder, also while the bridge runs, and check the copy.
    Backup {
        /// The folder.
        folder: PathBuf,
    },
}

impl Store {
    fn act(self, config: &Path) -> anyhow::Result<()> {
        match self {
            Self::Check { copy } => freeside::store::check(config, copy.as_deref()),
            Self::Export { file, plain, leave_out_damaged: leave_out } => {
                let options = freeside::ExportOptions { plain, leave_out };
                freeside::store::export(config, &file, options)
            }
            Self::Import { file, key } => freeside::store::import(config, &file, key.as_deref()),
            Self::Compact => freeside::store::compact(config),
            Self::Backup { folder } => freeside::store::backup(config, &folder),
        }
    }
}

#[derive(Subcommand)]
enum Privacy {
    /// Look for ids, names, words and tokens in the folder of the store, in logs and in what was
    /// sent. Says where something was found; then the exit code is 1.
    Audit {
        /// What to look for besides the secrets of the configuration and what looks like an id: lines
        /// such as `id 5000000001`, `name Ann`, `text the meeting is at five`, `token abc`.
        #[arg(long)]
        known: Option<PathBuf>,
        /// A log; can be given several times.
        #[arg(long)]
        log: Vec<PathBuf>,
        /// What was sent, such as events in JSON; names and words belong there.
        #[arg(long)]
        events: Vec<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Consent {
    /// Print the ledger as JSON lines: who (a keyed hash), what, when, which text was shown.
    Export,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Run => freeside::run(&cli.config),
        Command::CheckConfig => freeside::check_config(&cli.config),
        Command::Init(args) => freeside::init::init(&cli.config, &args),
        Command::Check(args) => match freeside::check::check(&cli.config, args) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Config { verb: Config::Upgrade } => freeside::upgrade::upgrade(&cli.config),
        Command::Reload => freeside::reload::reload(&cli.config),
        Command::Registration => freeside::registration(&cli.config),
        Command::Report { format } => freeside::report(&cli.config, format),
        Command::Keys { verb: Keys::Init } => freeside::keys::init(&cli.config),
        Command::Keys { verb: Keys::Rotate } => freeside::keys::rotate(&cli.config),
        Command::Store { verb } => verb.act(&cli.config),
        Command::Privacy { verb: Privacy::Audit { known, log, events } } => {
            let files =
                freeside::audit::Files { known: known.as_deref(), logs: &log, events: &events };
            freeside::audit::audit(&cli.config, &files)
        }
        Command::Consent { what: Consent::Export } => freeside::consent(&cli.config),
        Command::Convert { from, to } => freeside::convert_lines(from, to),
        Command::Judge { file, catalogue } => {
            freeside::judge_lines(file.as_deref(), catalogue.as_deref())
        }
        Command::Health { live } => freeside::monitoring::ask::health(&cli.config, live),
        Command::Man => freeside::manual::man(Cli::command()),
        Command::Completions { shell } => freeside::manual::completions(Cli::command(), shell),
        Command::DrawSticker { recipe } => freeside::draw_sticker(&recipe),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "this is what the operator reads")]
fn complain(error: &anyhow::Error) {
    eprintln!("freeside: {error:#}");
}
