// SPDX-License-Identifier: AGPL-3.0-or-later
//! The questions of `freeside init`, in order; each answer is looked at before the next question.
//!
//! Rule: at most twelve. What the servers say is said at once, with what mends it; what the operator has
//! to do elsewhere is collected for the end.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use bridge_config::{Secret, check_answer};
use reqwest::Url;

use super::InitArgs;
use super::dialog::{Dialog, Objection, Question};
use super::files;
use crate::check::ask::Asker;
use crate::check::portals::is_free;
use crate::check::{Findings, discord, homeserver, telegram};

/// The port that is proposed, and how many after it are tried.
const FIRST_PORT: u16 = 29_330;
const PORTS: u16 = 20;

/// A token of a bot.
pub(super) enum Token {
    /// It is in its file already, or to be written there.
    File(Secret),
    /// The environment holds it, now and when the bridge runs.
    Environment(Secret),
}

/// A bot of Telegram.
pub(super) struct TelegramBot {
    pub(super) token: Token,
    /// Where it was asked; `None` for one that was not reached.
    pub(super) account: Option<telegram::Account>,
}

/// A bot of Discord.
pub(super) struct DiscordBot {
    pub(super) token: Token,
    pub(super) application: Option<discord::Application>,
}

/// What was answered.
pub(super) struct Answers {
    pub(super) homeserver: String,
    pub(super) server_name: String,
    pub(super) listen: SocketAddr,
    pub(super) public_url: String,
    pub(super) admin: Option<String>,
    pub(super) telegram: Option<TelegramBot>,
    pub(super) discord: Option<DiscordBot>,
    /// Where everybody finds media, and where the bridge listens for that.
    pub(super) media: Option<(String, SocketAddr)>,
    pub(super) contact: Option<String>,
    pub(super) store: String,
    /// Where new links begin: a stage, as `stages.first` takes it.
    pub(super) first: String,
    /// What is wrong and can be mended later.
    pub(super) later: Findings,
}

/// An answer that has the form of the key.
fn formed(key: &str, answer: &str) -> Result<(), Objection<()>> {
    check_answer(key, answer).map_err(Objection::Wrong)
}

fn wrong<T>(objection: Objection<()>) -> Objection<T> {
    match objection {
        Objection::Wrong(why) | Objection::Doubtful(why, ()) => Objection::Wrong(why),
    }
}

const fn question<'a>(
    text: &'a str,
    default: Option<&'a str>,
    option: &'static str,
) -> Question<'a> {
    Question { text, default, option, secret: false }
}

/// Asks everything but whether it shall be written.
///
/// # Errors
/// When the input ends, or nobody is there to mend an answer.
pub(super) async fn gather(
    dialog: &mut Dialog<'_>,
    args: &InitArgs,
    folder: &Path,
) -> anyhow::Result<Answers> {
    let mut later = Findings::default();
    let asker = Asker::new(None)?;
    let (homeserver, name) = homeserver(dialog, args, &asker).await?;
    let server_name = server_name(dialog, args, name.as_deref()).await?;
    let listen = listen(dialog, args).await?;
    let public_url = public_url(dialog, args, listen).await?;
    let admin = admin(dialog, args, &server_name).await?;
    let telegram = telegram_bot(dialog, (args, &asker), folder, &mut later).await?;
    let discord = discord_bot(dialog, (args, &asker), folder, &mut later).await?;
    let media = media(dialog, args, listen).await?;
    let text = "How people reach you with a question or an objection, such as an e-mail address \
                (Enter: not said)";
    let contact = optional(dialog, (text, "bot.contact", "--contact"), args.contact.as_deref());
    let contact = contact.await?;
    let store = store(dialog, args, folder).await?;
    let first = first(dialog, args).await?;
    Ok(Answers {
        homeserver,
        server_name,
        listen,
        public_url,
        admin,
        telegram,
        discord,
        media,
        contact,
        store,
        first,
        later,
    })
}

/// The address of the homeserver, and its name where it tells it.
async fn homeserver(
    dialog: &mut Dialog<'_>,
    args: &InitArgs,
    asker: &Asker,
) -> anyhow::Result<(String, Option<String>)> {
    let text = "Address of the homeserver's client-server API, as this machine reaches it";
    let asked = question(text, Some("http://127.0.0.1:8008"), "--homeserver");
    let check = async |answer: &str| {
        formed("homeserver.url", answer).map_err(wrong)?;
        let url = Url::parse(answer).map_err(|error| Objection::Wrong(error.to_string()))?;
        let taken = answer.to_owned();
        match homeserver::reach(asker, &url).await {
            Ok(homeserver) => Ok((taken, Some(homeserver))),
            Err(found) => {
                let why = format!("{}. {}", found.wrong(), found.mend());
                Err(Objection::Doubtful(why, (taken, None)))
            }
        }
    };
    let (url, found) = dialog.ask(asked, args.homeserver.as_deref(), check).await?;
    let Some(found) = found else { return Ok((url, None)) };
    dialog.say(format_args!("  {}", found.describe()))?;
    if found.is_untried() {
        dialog.say("  That is older than what the bridge was tried with (Synapse 1.98).")?;
    }
    Ok((url, found.name))
}

async fn server_name(
    dialog: &mut Dialog<'_>,
    args: &InitArgs,
    told: Option<&str>,
) -> anyhow::Result<String> {
    let text = "Its server name: what follows the colon in user ids. It cannot be changed later";
    let asked = question(text, told, "--server-name");
    let check = async |answer: &str| {
        formed("homeserver.server_name", answer).map_err(wrong)?;
        match told.filter(|told| *told != answer) {
            Some(told) => {
                let why = format!("The homeserver says that its name is {told}.");
                Err(Objection::Doubtful(why, answer.to_owned()))
            }
            None => Ok(answer.to_owned()),
        }
    };
    dialog.ask(asked, args.server_name.as_deref(), check).await
}

async fn listen(dialog: &mut Dialog<'_>, args: &InitArgs) -> anyhow::Result<SocketAddr> {
    let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let mut ports = (FIRST_PORT..FIRST_PORT + PORTS).map(local);
    let free = ports.find(|address| matches!(is_free(*address), Ok(true)));
    let default = free.unwrap_or_else(|| local(FIRST_PORT)).to_string();
    let text = "IP and port on which the bridge listens for the homeserver";
    let check = async |answer: &str| {
        formed("appservice.listen", answer).map_err(wrong)?;
        let address: SocketAddr =
            answer.parse().map_err(|_| Objection::Wrong("That is no address.".to_owned()))?;
        match is_free(address) {
            Ok(true) => Ok(address),
            Ok(false) => {
                let why = format!("Another program listens at {address} (`ss -ltnp` names it).");
                Err(Objection::Doubtful(why, address))
            }
            Err(error) => {
                let why = format!("The bridge cannot listen at {address}: {error}.");
                Err(Objection::Doubtful(why, address))
            }
        }
    };
    let asked = question(text, Some(&default), "--listen");
    dialog.ask(asked, args.listen.as_deref(), check).await
}

async fn public_url(
    dialog: &mut Dialog<'_>,
    args: &InitArgs,
    listen: SocketAddr,
) -> anyhow::Result<String> {
    let mut seen = listen;
    if seen.ip().is_unspecified() {
        seen.set_ip(IpAddr::from([127, 0, 0, 1]));
    }
    let default = format!("http://{seen}");
    let text = "Address under which the homeserver reaches that";
    let asked = question(text, Some(&default), "--public-url");
    let check = async |answer: &str| {
        formed("appservice.public_url", answer).map_err(wrong)?;
        Ok(answer.to_owned())
    };
    dialog.ask(asked, args.public_url.as_deref(), check).await
}

async fn admin(
    dialog: &mut Dialog<'_>,
    args: &InitArgs,
    server_name: &str,
) -> anyhow::Result<Option<String>> {
    let text = "Your Matrix id: who may command the bot everywhere (Enter: nobody)";
    let asked = question(text, Some(""), "--admin");
    let check = async |answer: &str| {
        if answer.is_empty() {
            return Ok(None);
        }
        let whole = match answer.strip_prefix('@') {
            Some(rest) if rest.contains(':') => answer.to_owned(),
            Some(rest) => format!("@{rest}:{server_name}"),
            None => format!("@{answer}:{server_name}"),
        };
        formed("bot.admins", &whole).map_err(wrong)?;
        Ok(Some(whole))
    };
    dialog.ask(asked, args.admin.as_deref(), check).await
}

async fn optional(
    dialog: &mut Dialog<'_>,
    (text, key, option): (&str, &str, &'static str),
    given: Option<&str>,
) -> anyhow::Result<Option<String>> {
    let check = async |answer: &str| {
        if answer.is_empty() {
            return Ok(None);
        }
        formed(key, answer).map_err(wrong)?;
        Ok(Some(answer.to_owned()))
    };
    dialog.ask(question(text, Some(""), option), given, check).await
}

async fn media(
    dialog: &mut Dialog<'_>,
    args: &InitArgs,
    listen: SocketAddr,
) -> anyhow::Result<Option<(String, SocketAddr)>> {
    let text = "Public https address that a reverse proxy leads to the bridge, for pictures of authors \
                on Discord and large files (Enter: none)";
    let asked = (text, "media_proxy.public_url", "--media-url");
    let Some(url) = optional(dialog, asked, args.media_url.as_deref()).await? else {
        return Ok(None);
    };
    let ports = (1..=PORTS).filter_map(|step| listen.port().checked_add(step));
    let mut addresses = ports.map(|port| SocketAddr::new(listen.ip(), port));
    let free = addresses.find(|address| matches!(is_free(*address), Ok(true)));
    Ok(Some((url, free.unwrap_or(listen))))
}

async fn store(dialog: &mut Dialog<'_>, args: &InitArgs, folder: &Path) -> anyhow::Result<String> {
    let text = "Folder of the store; relative to the configuration";
    let asked = question(text, Some("store"), "--store");
    let check = async |answer: &str| {
        formed("store.path", answer).map_err(wrong)?;
        let path = folder.join(answer);
        match std::fs::create_dir_all(&path) {
            Ok(()) => Ok(answer.to_owned()),
            Err(error) => Err(Objection::Doubtful(
                format!("{} cannot be made: {error}.", path.display()),
                answer.to_owned(),
            )),
        }
    };
    dialog.ask(asked, args.store.as_deref(), check).await
}

async fn first(dialog: &mut Dialog<'_>, args: &InitArgs) -> anyhow::Result<String> {
    let text = "New links begin with: inventory (nothing crosses until it was announced), bridged \
                (messages cross at once)";
    let asked = question(text, Some("inventory"), "--first");
    let check = async |answer: &str| {
        formed("stages.first", answer).map_err(wrong)?;
        Ok(answer.to_owned())
    };
    dialog.ask(asked, args.first.as_deref(), check).await
}

/// Where a token is before anybody is asked: in the environment, or in the file that an option names.
struct Beforehand {
    token: Option<Token>,
    /// It is in the file already that the configuration names.
    kept: Option<Secret>,
}

#[expect(clippy::disallowed_methods, reason = "the binary hands the environment down")]
fn beforehand(variable: &str, file: Option<&Path>, kept: &Path) -> anyhow::Result<Beforehand> {
    let environment = std::env::var(variable).ok().filter(|text| !text.trim().is_empty());
    let token = match (environment, file) {
        (Some(token), _) => Some(Token::Environment(Secret::new(token.trim()))),
        (None, Some(file)) => Some(Token::File(files::read(file)?)),
        (None, None) => None,
    };
    let kept = if kept.exists() { Some(files::read(kept)?) } else { None };
    Ok(Beforehand { token, kept })
}

/// Asks for a token, unless it is known, and has it looked at. `None` for a network that is not bridged.
async fn token<T>(
    dialog: &mut Dialog<'_>,
    (text, option): (&str, &'static str),
    before: Beforehand,
    look: impl AsyncFn(&Secret) -> Result<T, String>,
) -> anyhow::Result<Option<(Token, Option<T>)>> {
    let kept = if before.kept.is_some() { "the one in its file" } else { "" };
    let asked = Question { text, default: Some(kept), option, secret: true };
    let check = async |answer: &str| {
        let secret = match (&before.token, &before.kept) {
            (Some(Token::File(known) | Token::Environment(known)), _) if answer == GIVEN => known,
            (_, Some(known)) if answer == kept => known,
            _ if answer.is_empty() || answer == "none" => return Ok(None),
            _ => &Secret::new(answer),
        };
        match look(secret).await {
            Ok(found) => Ok(Some((secret.clone(), Some(found)))),
            Err(why) => Err(Objection::Doubtful(why, Some((secret.clone(), None)))),
        }
    };
    let given = before.token.is_some().then_some(GIVEN);
    let answered = dialog.ask(asked, given, check).await?;
    let Some((secret, found)) = answered else { return Ok(None) };
    let token = match before.token {
        Some(Token::Environment(known)) if known == secret => Token::Environment(secret),
        Some(Token::Environment(_) | Token::File(_)) | None => Token::File(secret),
    };
    Ok(Some((token, found)))
}

/// Stands for the token that an option or the environment gave.
const GIVEN: &str = "(given)";

async fn telegram_bot(
    dialog: &mut Dialog<'_>,
    (args, asker): (&InitArgs, &Asker),
    folder: &Path,
    later: &mut Findings,
) -> anyhow::Result<Option<TelegramBot>> {
    if args.no_telegram {
        return Ok(None);
    }
    let api = Url::parse(args.telegram_api.as_deref().unwrap_or("https://api.telegram.org"))?;
    let file = args.telegram_token_file.as_deref();
    let before = beforehand("FREESIDE_TELEGRAM_TOKEN", file, &folder.join("telegram_token"))?;
    let text = "Token of the Telegram bot, from @BotFather; it is not shown (Enter: no Telegram)";
    let look = async |secret: &Secret| {
        let account = telegram::account(asker, &api, secret).await;
        account.map_err(|found| format!("{}. {}", found.wrong(), found.mend()))
    };
    let asked = (text, "--telegram-token-file");
    let Some((token, account)) = token(dialog, asked, before, look).await? else {
        return Ok(None);
    };
    if let Some(account) = &account {
        dialog.say(format_args!("  @{}", account.username))?;
        remember(dialog, later, |found| telegram::shortcomings(account, found))?;
    }
    Ok(Some(TelegramBot { token, account }))
}

async fn discord_bot(
    dialog: &mut Dialog<'_>,
    (args, asker): (&InitArgs, &Asker),
    folder: &Path,
    later: &mut Findings,
) -> anyhow::Result<Option<DiscordBot>> {
    if args.no_discord {
        return Ok(None);
    }
    let api = Url::parse(args.discord_api.as_deref().unwrap_or("https://discord.com"))?;
    let file = args.discord_token_file.as_deref();
    let before = beforehand("FREESIDE_DISCORD_TOKEN", file, &folder.join("discord_token"))?;
    let text =
        "Token of the Discord bot, from the developer portal; it is not shown (Enter: no Discord)";
    let look = async |secret: &Secret| {
        let application = discord::application(asker, &api, secret).await;
        application.map_err(|found| format!("{}. {}", found.wrong(), found.mend()))
    };
    let asked = (text, "--discord-token-file");
    let Some((token, application)) = token(dialog, asked, before, look).await? else {
        return Ok(None);
    };
    if let Some(application) = &application {
        dialog.say(format_args!("  {}", application.name))?;
        remember(dialog, later, |found| discord::shortcomings(application, false, found))?;
    }
    Ok(Some(DiscordBot { token, application }))
}

/// Says what is wrong with a bot, and keeps it for the end.
fn remember(
    dialog: &mut Dialog<'_>,
    later: &mut Findings,
    look: impl FnOnce(&mut Findings),
) -> anyhow::Result<()> {
    let before = later.wrong.len();
    look(later);
    for found in later.wrong.iter().skip(before) {
        dialog.say(format_args!("  To mend: {}.", found.wrong()))?;
    }
    Ok(())
}
