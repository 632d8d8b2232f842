// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside init`: from nothing to a configuration that works.
//!
//! Rule: secrets are written first, the configuration after them and the registration last. Whatever was
//! cut off is finished by typing it again, and nothing is replaced that was there before
//! (`docs/adr/0025`).

mod answers;
mod dialog;
pub(crate) mod files;
mod next;
mod template;

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bot_core::clock::SystemDice;
use bot_core::store::sealing;

use answers::{Answers, Token};
use dialog::{Dialog, Objection, Question};
use template::Values;

/// The secrets that the bridge makes itself, with what may be lost.
const OWN: [&str; 3] = ["as_token", "hs_token", "pseudonym_secret"];
/// Those of them that can be made anew beside a configuration that is there.
const ANEW: [&str; 2] = ["as_token", "hs_token"];

/// What `freeside init` is told beforehand. What is not told is asked, or with --yes has its default.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InitArgs {
    /// Ask nothing.
    #[arg(short, long)]
    pub yes: bool,
    /// Write a new configuration and registration in the place of those that are there. The old ones
    /// are kept beside them; secrets and keys that are there are used again.
    #[arg(long)]
    pub overwrite: bool,
    /// Take answers that were not found to work, such as a homeserver that does not run yet.
    #[arg(long)]
    pub unchecked: bool,
    /// Where the homeserver's client-server API is.
    #[arg(long, value_name = "URL")]
    pub homeserver: Option<String>,
    /// What follows the colon in its user ids.
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// Where the bridge listens for the homeserver.
    #[arg(long, value_name = "IP:PORT")]
    pub listen: Option<String>,
    /// The address under which the homeserver reaches that.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Who may command the bot everywhere.
    #[arg(long, value_name = "USER_ID")]
    pub admin: Option<String>,
    /// How people reach you.
    #[arg(long, value_name = "TEXT")]
    pub contact: Option<String>,
    /// The folder of the store.
    #[arg(long, value_name = "FOLDER")]
    pub store: Option<String>,
    /// Where new links begin: inventory or bridged.
    #[arg(long, value_name = "STAGE")]
    pub first: Option<String>,
    /// The public address of media.
    #[arg(long, value_name = "URL")]
    pub media_url: Option<String>,
    /// The file with the token of the Telegram bot. The variable FREESIDE_TELEGRAM_TOKEN counts, too;
    /// then the bridge needs it as well.
    #[arg(long, value_name = "FILE")]
    pub telegram_token_file: Option<PathBuf>,
    /// The file with the token of the Discord bot, or the variable FREESIDE_DISCORD_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub discord_token_file: Option<PathBuf>,
    /// Telegram is not bridged.
    #[arg(long)]
    pub no_telegram: bool,
    /// Discord is not bridged.
    #[arg(long)]
    pub no_discord: bool,
    /// A Bot API server of your own.
    #[arg(long, value_name = "URL")]
    pub telegram_api: Option<String>,
    /// Another address of Discord's API, for tests.
    #[arg(long, value_name = "URL", hide = true)]
    pub discord_api: Option<String>,
    /// Another gateway of Discord, for tests.
    #[arg(long, value_name = "URL", hide = true)]
    pub discord_gateway: Option<String>,
    /// Another address of Discord's files, for tests.
    #[arg(long, value_name = "URL", hide = true)]
    pub discord_cdn: Option<String>,
}

/// Asks on the terminal and writes the files.
///
/// # Errors
/// When an answer cannot be used and nobody is there to give another, or a file cannot be written.
pub fn init(config: &Path, args: &InitArgs) -> anyhow::Result<()> {
    crate::choose_tls()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stdin = std::io::stdin();
    let terminal = stdin.is_terminal();
    let (mut input, mut output) = (stdin.lock(), std::io::stdout());
    runtime.block_on(init_with(config, args, (&mut input, &mut output, terminal)))
}

/// The same with another input and output; whether the input shows what is typed.
async fn init_with(
    config: &Path,
    args: &InitArgs,
    (input, output, terminal): (&mut dyn BufRead, &mut dyn Write, bool),
) -> anyhow::Result<()> {
    let mut dialog = Dialog::new(input, output, terminal);
    (dialog.silent, dialog.insists) = (args.yes, args.unchecked);
    let folder = config.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    if config.exists() && !args.overwrite {
        dialog.say(format_args!(
            "{} is there already and is left as it is (--overwrite writes another one and keeps it \
             beside). What is missing is made.",
            config.display()
        ))?;
        finish_secrets(&mut dialog, config, folder)?;
        return complete(&mut dialog, config, args, None);
    }
    dialog.say(
        "An empty line takes what stands in brackets. Each answer is looked at before anything is \
         written.\n",
    )?;
    let answers = answers::gather(&mut dialog, args, folder).await?;
    let values = values(&answers, args)?;
    confirm(&mut dialog, folder, config).await?;
    let (store, secret) = (folder.join(&answers.store), folder.join("pseudonym_secret"));
    if sealing::is_sealed(&store) && !secret.exists() {
        bail!(
            "there is a store in {}, and {} is missing: put that file back. With another one everybody \
             from Telegram and Discord gets a new account",
            store.display(),
            secret.display()
        );
    }
    for name in OWN {
        made(&mut dialog, &folder.join(name))?;
    }
    if let Some(Token::File(token)) = answers.telegram.as_ref().map(|bot| &bot.token) {
        files::write_token(&folder.join("telegram_token"), token)?;
    }
    if let Some(Token::File(token)) = answers.discord.as_ref().map(|bot| &bot.token) {
        files::write_token(&folder.join("discord_token"), token)?;
    }
    if config.exists() {
        let kept = files::keep_old(config)?;
        dialog.say(format_args!("{} is kept as {}.", config.display(), kept.display()))?;
    }
    if !files::write_new(config, &values)? {
        bail!("{} has appeared meanwhile and is left as it is", config.display());
    }
    dialog.say(format_args!("{} is written.", config.display()))?;
    complete(&mut dialog, config, args, Some(&answers))
}

/// The configuration with the answers.
fn values(answers: &Answers, args: &InitArgs) -> anyhow::Result<String> {
    let mut values = Values::default();
    values.text("homeserver", "url", &answers.homeserver);
    values.text("homeserver", "server_name", &answers.server_name);
    values.text("appservice", "listen", &answers.listen.to_string());
    values.text("appservice", "public_url", &answers.public_url);
    values.text("store", "path", &answers.store);
    values.text("stages", "first", &answers.first);
    if let Some(admin) = &answers.admin {
        values.list("bot", "admins", std::slice::from_ref(admin));
    }
    if let Some(contact) = &answers.contact {
        values.text("bot", "contact", contact);
    }
    if let Some((url, listen)) = &answers.media {
        values.text("media_proxy", "public_url", url);
        values.text("media_proxy", "listen", &listen.to_string());
    }
    match answers.telegram.as_ref().map(|bot| &bot.token) {
        None => values.leave_out("telegram"),
        Some(Token::Environment(_)) => values.leave_out("telegram.token_file"),
        Some(Token::File(_)) => {}
    }
    match answers.discord.as_ref().map(|bot| &bot.token) {
        None => values.leave_out("discord"),
        Some(Token::Environment(_)) => values.leave_out("discord.token_file"),
        Some(Token::File(_)) => {}
    }
    let addresses = [
        ("telegram", "api_url", &args.telegram_api, answers.telegram.is_some()),
        ("discord", "api_url", &args.discord_api, answers.discord.is_some()),
        ("discord", "gateway_url", &args.discord_gateway, answers.discord.is_some()),
        ("discord", "cdn_url", &args.discord_cdn, answers.discord.is_some()),
    ];
    for (section, key, address, is_bridged) in addresses {
        if let Some(address) = address.as_ref().filter(|_| is_bridged) {
            values.text(section, key, address);
        }
    }
    values.fill().map_err(|keys| anyhow::anyhow!("the example has no {keys}"))
}

async fn confirm(dialog: &mut Dialog<'_>, folder: &Path, config: &Path) -> anyhow::Result<()> {
    let text = format!(
        "Write {}, its secrets and registration.yaml into {}? (yes, no)",
        config.file_name().unwrap_or_default().display(),
        folder.display()
    );
    let question = Question { text: &text, default: Some("yes"), option: "--yes", secret: false };
    let check = async |answer: &str| match answer.to_ascii_lowercase().as_str() {
        "yes" | "y" => Ok(true),
        "no" | "n" => Ok(false),
        _ => Err(Objection::Wrong("Type yes or no.".to_owned())),
    };
    if dialog.ask(question, None, check).await? {
        return Ok(());
    }
    bail!("nothing was written");
}

/// Makes a secret of the bridge's own, or says that it is there.
fn made(dialog: &mut Dialog<'_>, path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    if files::own_secret(path, &SystemDice)? {
        return dialog.say(format_args!("{shown} is made."));
    }
    dialog.say(format_args!("{shown} is there already and is used."))
}

/// Makes tokens that are missing beside a configuration which names them by their usual names.
fn finish_secrets(dialog: &mut Dialog<'_>, config: &Path, folder: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(config)
        .with_context(|| format!("{} cannot be read", config.display()))?;
    for name in ANEW {
        let line = format!("{name}_file = \"{name}\"");
        if text.lines().any(|known| known.trim() == line) && !folder.join(name).exists() {
            made(dialog, &folder.join(name))?;
        }
    }
    Ok(())
}

/// The key of the store, the registration, and what comes next.
fn complete(
    dialog: &mut Dialog<'_>,
    path: &Path,
    args: &InitArgs,
    answers: Option<&Answers>,
) -> anyhow::Result<()> {
    let config = crate::load(path)?;
    if config.store.key_file.exists() {
        crate::keys::check(&config.store)?;
        dialog.say(format_args!(
            "{} is there already and is used.",
            config.store.key_file.display()
        ))?;
    } else {
        crate::keys::init(path)?;
    }
    let registration = path.with_file_name("registration.yaml");
    let text = bridge_config::registration_yaml(&config);
    let shown = registration.display();
    if files::write_new(&registration, &text)? {
        dialog.say(format_args!("{shown} is written."))?;
    } else if std::fs::read_to_string(&registration).is_ok_and(|known| known == text) {
        dialog.say(format_args!("{shown} is there already and is right."))?;
    } else if args.overwrite {
        let kept = files::keep_old(&registration)?;
        files::replace(&registration, &text)?;
        dialog.say(format_args!("{shown} is written; the old one is {}.", kept.display()))?;
    } else {
        dialog.say(format_args!(
            "{shown} is there already and is not what the configuration says: \
             `(umask 077; freeside registration > {shown})` writes it anew."
        ))?;
    }
    let (local, server) = (&config.appservice.sender_localpart, &config.homeserver.server_name);
    dialog.say(next::steps(path, answers, &format!("@{local}:{server}")))
}
