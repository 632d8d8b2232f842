// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is secret stays secret: files of the store, hidden data of files, names in logs; and no file
//! stops the bridge.
//!
//! Rule: a test is named after the finding that it keeps from coming back.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use sandbox::discord;
use sandbox::faults::Fault;
use sandbox::synapse::NewFile;
use sandbox::telegram::Post;
use sandbox::town::{BOT, Line, Side, Town};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::pictures::{gzip, picture, picture_with};
use crate::{crosses, encrypted_town, eventually, town};

#[tokio::test(flavor = "multi_thread")]
async fn s1b_deep_events_for_devices_hold_up_nobody() -> anyhow::Result<()> {
    let town = encrypted_town().await?;
    let mallory = town.synapse.person("mallory").await?;
    let deep = (0..200).fold(json!(1), |inner, _| json!({"a": inner}));
    for (number, content) in [deep, json!({"a": "\u{0}\u{fffe}"})].into_iter().enumerate() {
        let body = json!({"messages": {BOT: {"*": content}}});
        let transaction = format!("txn{number}");
        let path = ["client", "v3", "sendToDevice", "m.room_key_request", &transaction];
        mallory.call(reqwest::Method::PUT, &path, Some(body)).await?;
    }
    for side in Side::ALL {
        crosses(&town, side, &format!("{side:?} after the events for devices")).await?;
    }
    let log = town.bridge.log();
    assert!(!log.contains("panicked"), "{}", town.bridge.last_words());
    town.assert_clean()
}

/// A moving sticker whose composition `0` holds these layers.
fn lottie(layers: &Value) -> Vec<u8> {
    let reference = json!({"ty": 0, "refId": "0", "ip": 0, "op": 6, "st": 0, "w": 64, "h": 64,
        "ks": {}});
    let file = json!({"v": "5.7.6", "fr": 30, "ip": 0, "op": 6, "w": 64, "h": 64,
        "assets": [{"id": "0", "layers": layers}], "layers": [reference]});
    gzip(file.to_string().as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_no_file_stops_the_bridge() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let process = town.bridge.process();
    let itself = json!([{"ty": 0, "refId": "0", "ip": 0, "op": 6, "st": 0, "w": 64, "h": 64,
        "ks": {}}]);
    let star = json!([{"ty": 4, "ip": 0, "op": 6, "st": 0, "ks": {}, "shapes": [{"ty": "gr", "it": [
        {"ty": "sr", "sy": 1, "pt": {"a": 0, "k": 1e9}, "p": {"a": 0, "k": [0, 0]},
         "r": {"a": 0, "k": 0}, "or": {"a": 0, "k": 30}, "os": {"a": 0, "k": 0},
         "ir": {"a": 0, "k": 10}, "is": {"a": 0, "k": 0}},
        {"ty": "fl", "c": {"a": 0, "k": [1, 0, 0, 1]}, "o": {"a": 0, "k": 100}}]}]}]);
    let mime = "application/x-tgsticker";
    let about = json!({"emoji": "🐈", "set_name": "cats", "width": 512, "height": 512,
        "type": "regular", "is_animated": true, "is_video": false});
    for (name, layers) in [("itself", itself), ("star", star)] {
        let bytes = lottie(&layers);
        let post = Post::file("sticker", ("", mime), bytes.clone()).about(&about);
        town.group.send(&town.tanja, &post)?;
        let caption = format!("the file {name}");
        let file = NewFile::new(&bytes, name, mime);
        town.alice.send_file(&town.room, file, &caption).await?;
        // Only a platform's own stickers are drawn.
        let seen = town.expect(Side::Discord, |line| line.text == caption).await?;
        assert_eq!(seen.file.as_deref(), Some(bytes.as_slice()), "{name}");
    }
    for side in Side::ALL {
        crosses(&town, side, &format!("{side:?} after the stickers")).await?;
    }
    assert!(town.bridge.runs());
    assert_eq!(town.bridge.process(), process, "it is the same process");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_a_message_under_way_at_three_deaths_goes_on_without_its_files() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let never = Fault::Delay(Duration::from_secs(3600));
    town.telegram.faults().next("getFile", 1_000, never);
    let asked = |town: &Town| town.telegram.requests_of("getFile").len();
    town.group.photo(&town.tanja, picture(9), "look at this")?;
    // The lanes of Matrix and of Discord each ask for it.
    for life in 1..=3 {
        eventually("the file is asked for", async || Ok(asked(&town) >= 2 * life)).await?;
        town.bridge.kill()?;
        town.bridge.start()?;
    }
    let told = |line: &Line| {
        line.text.starts_with("look at this") && line.text.contains("cannot be downloaded")
    };
    town.expect(Side::Matrix, told).await?;
    crosses(&town, Side::Matrix, "and it goes on").await
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_one_message_becomes_ten_at_most_whatever_is_in_it() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let lines = |many: usize| (0..many).map(|n| format!("{n}<br>")).collect::<String>();
    let reason = "because ".repeat(1_200);
    let address = format!("https://example.org/{}", "a".repeat(1_400));
    let nested = format!("{}x{}", "<ol start=4000000000><li>".repeat(30), lines(600));
    let hostile = [
        format!("<span data-mx-spoiler=\"{reason}\">{}</span>", lines(2_000)),
        format!("<a href=\"{address}\">{}</a>", lines(1_000)),
        nested,
        format!("<p {}>x</p>", "a=1 ".repeat(8_000)),
    ];
    for (number, html) in hostile.iter().enumerate() {
        let before = (town.group.messages().len(), town.channel.messages().len());
        town.alice.say_html(&town.room, "hostile", html).await?;
        let last = format!("after number {number}");
        crosses(&town, Side::Matrix, &last).await?;
        let grown = (
            town.group.messages().len() - before.0 - 1,
            town.channel.messages().len() - before.1 - 1,
        );
        assert!(grown.0 <= 10 && grown.1 <= 10, "number {number} became {grown:?} messages");
    }
    town.assert_clean()
}

/// Everything below a folder.
fn below(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => found.extend(below(&entry.path())?),
            false => found.push(entry.path()),
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn s6_nobody_else_on_the_machine_reads_the_store() -> anyhow::Result<()> {
    let mut town = encrypted_town().await?;
    crosses(&town, Side::Telegram, "before").await?;
    town.bridge.kill()?;
    let store = town.bridge.config().with_file_name("store");
    let open =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    open(&store, 0o755)?;
    open(&store.join("sealed").join("db"), 0o644)?;
    open(&store.join("crypto"), 0o755)?;
    town.bridge.start()?;
    crosses(&town, Side::Telegram, "after").await?;
    let mode = |path: &Path| -> anyhow::Result<u32> {
        Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
    };
    assert_eq!(mode(&store)?, 0o700);
    let keys = below(&store.join("crypto"))?;
    let databases = keys.iter().filter(|path| path.is_file());
    assert!(databases.count() > 0, "there are no keys");
    for path in keys.iter().chain(&["db", "conf"].map(|name| store.join("sealed").join(name))) {
        assert_eq!(mode(path)? & 0o077, 0, "{}", path.display());
    }
    Ok(())
}

/// Words that a camera or program hid in a picture.
const HIDDEN: &[u8] = b"Exif\0\0 taken at 52.5200 N 13.4050 E by Mallory's phone";

fn hides(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|part| part == b"52.5200")
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_s17_the_bytes_decide_what_is_a_picture_also_of_a_person() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let labels = [("a.png", "image/png"), ("b.bin", "application/octet-stream"), ("c.txt", "")];
    for (number, (name, mime)) in labels.into_iter().enumerate() {
        let bytes = picture_with(u8::try_from(number)?, HIDDEN);
        assert!(hides(&bytes));
        let caption = format!("the picture {name}");
        town.alice.send_file(&town.room, NewFile::new(&bytes, name, mime), &caption).await?;
        for side in Side::Matrix.others() {
            let line = town.expect(side, |line| line.text == caption).await?;
            let file = line.file.context("no file")?;
            assert!(!hides(&file) && file.starts_with(b"\x89PNG"), "{name} on {side:?}");
        }
    }
    let mine = picture_with(200, HIDDEN);
    let mxc = town.alice.upload(mine, "me.png", "image/png").await?;
    let rose = town.synapse.person_named("rose", "Rose").await?;
    rose.set_avatar(&mxc).await?;
    rose.join(&town.room).await?;
    rose.say(&town.room, "with a picture").await?;
    let posted = |seen: &discord::Seen| seen.content == "with a picture";
    let address = town.channel.expect(posted).await?.avatar_url.context("no picture")?;
    let shown = reqwest::get(&address).await?.error_for_status()?.bytes().await?;
    assert!(!hides(&shown) && shown.starts_with(b"\x89PNG"));
    let ann = town.telegram.user("Ann").with_avatar(picture_with(100, HIDDEN));
    town.group.join(&ann)?;
    town.group.say(&ann, "look at me")?;
    let said = town.alice.expect(&town.room, |seen| seen.body == "look at me").await?;
    let mut picture = None;
    eventually("the ghost has a picture", async || {
        let profile = town.alice.profile(&said.sender).await?;
        picture = profile.get("avatar_url").and_then(Value::as_str).map(str::to_owned);
        Ok(picture.is_some())
    })
    .await?;
    let shown = town.alice.download(&picture.unwrap_or_default()).await?;
    assert!(!hides(&shown) && shown.starts_with(b"\x89PNG"));
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s20_connections_that_say_nothing_are_closed_and_hold_up_nobody() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    crosses(&town, Side::Matrix, "before").await?;
    let [main, media] =
        [town.bridge.url(), town.bridge.media_url()].map(|it| it.replace("http://", ""));
    for address in [main, media.clone()] {
        let mut silent = Vec::new();
        for _ in 0..600 {
            let mut connection = tokio::net::TcpStream::connect(&address).await?;
            connection.write_all(b"PUT /_matrix/app/v1/transactions/1 HTTP/1.1\r\nX: ").await?;
            silent.push(connection);
        }
        for side in Side::ALL {
            crosses(&town, side, &format!("{side:?} while {address} is full")).await?;
        }
        let mut first = silent.swap_remove(0);
        let mut byte = [0; 512];
        let closed = tokio::time::timeout(Duration::from_secs(90), async {
            while first.read(&mut byte).await.is_ok_and(|read| read > 0) {}
        });
        closed.await.context("the connection stays open")?;
    }
    // The public address answers media only.
    let url = format!("http://{media}/_matrix/app/v1/ping");
    assert_eq!(reqwest::Client::new().post(url).send().await?.status(), 404);
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_s25_the_log_names_nobody_and_no_room() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    town.bridge.reconfigure(
        "level = \"info,bot_core=debug,bridge_telegram=debug,bridge_discord=debug\"",
        "level = \"info\"",
    )?;
    town.bridge.kill()?;
    let before = town.bridge.log().len();
    town.bridge.start()?;
    for side in Side::ALL {
        crosses(&town, side, &format!("very secret words of {side:?}")).await?;
    }
    let zora = town.synapse.person_named("zora", "Zora Quint").await?;
    zora.join(&town.room).await?;
    let room = zora.create_room(sandbox::synapse::RoomOptions::public("Private matters")).await?;
    zora.invite(&room, BOT).await?;
    zora.expect(&room, |seen| seen.sender == BOT).await?;
    crate::ask(&zora, &room, "!freeside link telegram").await?;
    crate::ask(&town.alice, &town.room, "!freeside status").await?;
    for _ in 0..20 {
        let url = format!("{}/_matrix/app/v1/ping", town.bridge.url());
        reqwest::Client::new().post(url).bearer_auth("wrong").send().await?;
    }
    let log = town.bridge.log().split_off(before);
    let guild = town.channel.guild_id().unwrap_or_default().to_string();
    let ids = [
        town.tanja.id().to_string(),
        town.group.id().to_string(),
        town.dora.id().to_string(),
        town.channel.id().to_string(),
        guild,
        room.clone(),
        town.room.clone(),
    ];
    let words = ["alice", "Tanja", "Dora", "zora", "Zora", "secret words", "Private matters"];
    for word in ids.iter().map(String::as_str).chain(words) {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "the log names {word}");
    }
    assert_eq!(log.matches("wrong hs_token").count(), 1, "one line a minute for wrong tokens");
    Ok(())
}
