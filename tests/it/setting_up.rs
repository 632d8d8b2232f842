// SPDX-License-Identifier: AGPL-3.0-or-later
//! A newcomer: from an empty folder to a message that crosses, with what they type.
//!
//! Rule: the real program is driven by its standard input, and does what it says that it did.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, ensure};
use sandbox::discord::{Discord, intents, permissions};
use sandbox::synapse::{self, RoomOptions, Synapse, SynapseOptions};
use sandbox::telegram::{self, Telegram};
use sandbox::town::{BOT, code_in};

/// The addresses of the stand-ins, which are the real ones' defaults for everybody else.
fn addresses(telegram: &Telegram, discord: &Discord) -> Vec<String> {
    let named = [
        ("--telegram-api", telegram.url()),
        ("--discord-api", discord.api_url()),
        ("--discord-gateway", discord.gateway_url()),
        ("--discord-cdn", discord.cdn_url()),
    ];
    named.into_iter().flat_map(|(option, url)| [option.to_owned(), url]).collect()
}

/// Runs the program in `dir` with lines on its standard input.
fn typed(dir: &Path, arguments: &[String], lines: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freeside"));
    command.args(arguments).current_dir(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().context("a standard input")?;
    input.write_all(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes())?;
    drop(input);
    Ok(child.wait_with_output()?)
}

/// What it printed, after it succeeded.
fn said(output: &Output) -> anyhow::Result<String> {
    let (out, err) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    let out = String::from_utf8_lossy(out).into_owned();
    ensure!(output.status.success(), "{out}\n{err}");
    Ok(out)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The files below a folder, with their bytes, in order.
fn files(dir: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, fs::read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

const FILES: [&str; 8] = [
    "as_token",
    "discord_token",
    "freeside.toml",
    "hs_token",
    "pseudonym_secret",
    "registration.yaml",
    "store_key",
    "telegram_token",
];

async fn homeserver() -> anyhow::Result<Synapse> {
    let mut progress = |_: &str| {};
    Synapse::start(SynapseOptions::new(&mut progress)).await
}

/// What a newcomer types with both networks, in the order in which `init` asks.
fn answers<'a>(synapse: &'a Synapse, tokens: &'a (String, String)) -> Vec<&'a str> {
    let (telegram, discord) = (tokens.0.as_str(), tokens.1.as_str());
    let who = [synapse.url(), "localhost", "", "", "alice", telegram, discord];
    [who.as_slice(), &["", "", "", "bridged", ""]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_init_writes_files_that_work_and_that_nobody_else_can_read() -> anyhow::Result<()> {
    let (telegram, discord, synapse) =
        (Telegram::start().await?, Discord::start().await?, homeserver().await?);
    let dir = tempfile::tempdir()?;
    let mut arguments = words(&["init"]);
    arguments.extend(addresses(&telegram, &discord));
    let tokens = (telegram.bot_token(), discord.bot_token());
    let lines = answers(&synapse, &tokens);
    let text = said(&typed(dir.path(), &arguments, &lines)?)?;
    let written = files(dir.path())?;
    let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(names == FILES, "{names:?}");
    for name in FILES {
        let mode = fs::metadata(dir.path().join(name))?.permissions().mode() & 0o777;
        ensure!(mode == 0o600, "{name} has the mode {mode:o}");
    }
    ensure!(!text.contains(&tokens.0) && !text.contains(&tokens.1), "a token is shown:\n{text}");
    for (name, bytes) in &written {
        let is_secret = !matches!(name.as_str(), "freeside.toml" | "registration.yaml");
        let secret = String::from_utf8_lossy(bytes).trim().to_owned();
        ensure!(!is_secret || !text.contains(&secret), "{name} is shown:\n{text}");
    }
    let link = format!("https://t.me/{}?startgroup&admin=", telegram.bot_username());
    ensure!(text.contains(&link), "{text}");
    let link = format!("client_id={}&scope=bot+applications.commands", discord.application_id());
    ensure!(text.contains(&link), "{text}");
    ensure!(text.contains("@alice:localhost") || text.contains("@freeside:localhost"), "{text}");
    let config = fs::read_to_string(dir.path().join("freeside.toml"))?;
    ensure!(config.contains("admins = [\"@alice:localhost\"]"), "{config}");
    said(&typed(dir.path(), &words(&["check-config"]), &[])?)?;

    // Typed again, it changes nothing.
    said(&typed(dir.path(), &arguments, &[])?)?;
    ensure!(files(dir.path())? == written, "a second init has changed something");
    // Told to overwrite, it keeps the old configuration and every secret.
    arguments.extend(words(&["--overwrite", "--yes", "--server-name", "localhost"]));
    arguments.extend(words(&["--homeserver", synapse.url(), "--contact", "ann@example.org"]));
    said(&typed(dir.path(), &arguments, &[])?)?;
    let config = fs::read_to_string(dir.path().join("freeside.toml"))?;
    ensure!(config.contains("contact = \"ann@example.org\""), "{config}");
    let after = files(dir.path())?;
    let kept: Vec<&str> = after.iter().map(|(name, _)| name.as_str()).collect();
    ensure!(kept.contains(&"freeside.toml.old-1"), "{kept:?}");
    for (name, bytes) in written.iter().filter(|(name, _)| !name.contains('.')) {
        ensure!(after.iter().any(|it| it.0 == *name && it.1 == *bytes), "{name} is another one");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_init_that_was_cut_off_goes_on_and_needs_no_terminal() -> anyhow::Result<()> {
    let (telegram, discord) = (Telegram::start().await?, Discord::start().await?);
    let dir = tempfile::tempdir()?;
    let mut arguments = words(&["init"]);
    arguments.extend(addresses(&telegram, &discord));
    // The input ends in the middle: nothing is written.
    let cut = typed(dir.path(), &arguments, &["http://127.0.0.1:1"])?;
    let why = String::from_utf8_lossy(&cut.stderr).into_owned();
    ensure!(!cut.status.success() && why.contains("the input ended at the question"), "{why}");
    ensure!(files(dir.path())?.is_empty(), "something was written");
    // A homeserver that is not there is named, and taken only when that is said.
    let token = dir.path().join("from_elsewhere");
    fs::write(&token, telegram.bot_token())?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;
    let token = token.to_string_lossy().into_owned();
    arguments.extend(words(&["--yes", "--homeserver", "http://127.0.0.1:1", "--no-discord"]));
    arguments.extend(words(&["--server-name", "localhost", "--telegram-token-file", &token]));
    let refused = typed(dir.path(), &arguments, &[])?;
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(why.contains("does not answer") && why.contains("--unchecked"), "{why}");
    arguments.push("--unchecked".to_owned());
    said(&typed(dir.path(), &arguments, &[])?)?;
    // The last step was cut off, and the key went with it.
    for name in ["registration.yaml", "store_key"] {
        fs::remove_file(dir.path().join(name))?;
    }
    let before = files(dir.path())?;
    said(&typed(dir.path(), &words(&["init"]), &[])?)?;
    let after = files(dir.path())?;
    ensure!(before.iter().all(|file| after.contains(file)), "something was replaced");
    for name in ["registration.yaml", "store_key"] {
        ensure!(after.iter().any(|it| it.0 == name), "{name} was not made again");
    }
    ensure!(!after.iter().any(|it| it.0 == "discord_token"), "Discord was left out");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_wrong_answer_is_named_at_once_and_asked_again() -> anyhow::Result<()> {
    let (telegram, discord, synapse) =
        (Telegram::start().await?, Discord::start().await?, homeserver().await?);
    telegram.privacy_mode(true);
    discord.privileged_intents(intents::GUILD_MEMBERS);
    let dir = tempfile::tempdir()?;
    let mut arguments = words(&["init"]);
    arguments.extend(addresses(&telegram, &discord));
    let (token, other) = (telegram.bot_token(), discord.bot_token());
    let taken = synapse.url().trim_start_matches("http://").to_owned();
    let discord_url = discord.api_url();
    let lines = [
        "localhost:8008", // no address
        &discord_url,     // no homeserver
        synapse.url(),
        "https://localhost", // no server name
        "localhost",
        &taken, // Synapse listens there
        "",
        "",
        "Ann Example", // no user id
        "alice",
        &other,                                           // Discord's token
        "7000000001:AAThisIsAnotherTokenThatNobodyHas01", // refused
        &token,
        &token, // Telegram's token
        &other,
        "http://media.example", // not encrypted
        "",
        "",
        "",
        "never", // no stage
        "",
        "",
    ];
    let text = said(&typed(dir.path(), &arguments, &lines)?)?;
    let complaints = [
        "does not start with http://",
        "no Matrix homeserver",
        "is no server name",
        "Another program listens",
        "is no Matrix user id",
        "does not look like one (digits, a colon",
        "Telegram refuses the token",
        "does not look like one (three parts",
        "is not encrypted",
        "is no choice here",
        "/setprivacy",
        "Message Content Intent",
    ];
    for complaint in complaints {
        ensure!(text.contains(complaint), "nobody said {complaint:?}:\n{text}");
    }
    said(&typed(dir.path(), &words(&["check-config"]), &[])?)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_configuration_of_an_older_version_is_brought_up_to_date_and_kept()
-> anyhow::Result<()> {
    let telegram = Telegram::start().await?;
    let dir = tempfile::tempdir()?;
    let mut arguments = words(&["init", "--yes", "--unchecked", "--no-discord"]);
    arguments.extend(words(&["--server-name", "localhost", "--homeserver", "http://127.0.0.1:1"]));
    arguments.extend(words(&["--telegram-api", &telegram.url()]));
    said(&typed(dir.path(), &arguments, &[])?)?;
    let path = dir.path().join("freeside.toml");
    let new = fs::read_to_string(&path)?;
    let moved = "[appservice]\npublic_media_url = \"https://media.example\"";
    let old = new.replacen("[appservice]", moved, 1);
    fs::write(&path, &old)?;
    let refused = typed(dir.path(), &words(&["check-config"]), &[])?;
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(why.contains("freeside config upgrade"), "{why}");
    let text = said(&typed(dir.path(), &words(&["config", "upgrade"]), &[])?)?;
    ensure!(text.contains("media_proxy.public_url"), "{text}");
    ensure!(fs::read_to_string(dir.path().join("freeside.toml.old-1"))? == old);
    said(&typed(dir.path(), &words(&["check-config"]), &[])?)?;
    let upgraded = fs::read_to_string(&path)?;
    said(&typed(dir.path(), &words(&["config", "upgrade"]), &[])?)?;
    ensure!(fs::read_to_string(&path)? == upgraded, "the second time something was changed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_newcomer_types_twelve_answers_and_a_message_crosses() -> anyhow::Result<()> {
    let (telegram, discord, mut synapse) =
        (Telegram::start().await?, Discord::start().await?, homeserver().await?);
    let dir = tempfile::tempdir()?;
    let mut arguments = words(&["init"]);
    arguments.extend(addresses(&telegram, &discord));
    let tokens = (telegram.bot_token(), discord.bot_token());
    let lines = answers(&synapse, &tokens);
    ensure!(lines.len() <= 12);
    said(&typed(dir.path(), &arguments, &lines)?)?;
    // What the steps that `init` names do: the homeserver reads the registration, the bots are let in.
    synapse.set_registrations(vec![dir.path().join("registration.yaml")])?;
    synapse.start_again().await?;
    let guild = discord.guild("Free knowledge");
    guild.bot_permissions(permissions::BOT | permissions::USE_EXTERNAL_EMOJIS);
    let checked = typed(dir.path(), &words(&["check", "--json"]), &[])?;
    let found: serde_json::Value = serde_json::from_slice(&checked.stdout)?;
    ensure!(checked.status.code() == Some(3) && found["errors"] == 0, "{found:#}");

    let bridge = Running::start(dir.path())?;
    let live = live(&telegram, &synapse).await;
    live.with_context(|| fs::read_to_string(&bridge.log).unwrap_or_default())?;
    let checked = typed(dir.path(), &words(&["check"]), &[])?;
    let text = said(&checked)?;
    ensure!(text.contains("the homeserver reaches the bridge"), "{text}");
    telegram.assert_clean()?;
    discord.assert_clean()
}

/// `freeside run` in a folder; it ends with this value.
struct Running {
    child: std::process::Child,
    log: std::path::PathBuf,
}

impl Running {
    fn start(dir: &Path) -> anyhow::Result<Self> {
        let log = dir.join("freeside.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_freeside"));
        command.arg("run").current_dir(dir);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&log)?);
        Ok(Self { child: command.spawn()?, log })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Alice links her room with Tanja's group, and what each says arrives at the other.
async fn live(telegram: &Telegram, synapse: &Synapse) -> anyhow::Result<()> {
    let alice = synapse.person_named("alice", "Alice").await?;
    let room = alice.create_room(RoomOptions::public("Free knowledge")).await?;
    let tanja = telegram.user("Tanja");
    let group = telegram.group("Free knowledge");
    group.own(&tanja);
    group.promote_bot(telegram::Rights::all());
    alice.invite(&room, BOT).await?;
    alice.set_power(&room, BOT, 100).await?;
    alice.expect(&room, |seen| seen.sender == BOT).await?;
    let code = code_in(&crate::ask(&alice, &room, "!freeside link telegram").await?);
    let code = code.context("no code in the answer")?;
    let typed = group.say(&tanja, &format!("/link {code}"))?;
    group.expect(|seen| seen.is_bot && seen.reply_to == Some(typed)).await?;
    let asks = |seen: &synapse::Seen| seen.sender == BOT && seen.body.contains(&code);
    alice.expect(&room, asks).await?;
    crate::ask(&alice, &room, &format!("!freeside link yes {code}")).await?;
    group.say(&tanja, "hello from the group")?;
    alice.expect(&room, |seen| seen.body == "hello from the group").await?;
    alice.say(&room, "hello from the room").await?;
    group.expect(|seen| seen.text.contains("hello from the room")).await?;
    Ok(())
}
