// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where the bridge connects to, and what it lets a server have it open.
//!
//! Rule: a server that only a proxy can find proves that nothing goes around the proxy.

use std::path::Path;

use sandbox::faults::Fault;
use sandbox::proxy::Proxy;
use sandbox::telegram::Telegram;
use sandbox::town::{Line, Side, Town};
use serde_json::json;

use crate::crossing::PIXEL;
use crate::{crosses, town};

/// Bytes of no known kind.
const BYTES: &[u8] = b"what the file says";

/// Has the bridge look for a server under a name that only `proxy` knows, through it.
fn hide(town: &Town, key: &str, url: &str, (name, proxy): (&str, &str)) -> anyhow::Result<()> {
    let (_, port) = url.rsplit_once(':').unwrap_or_default();
    let hidden = format!("{key} = \"http://{name}:{port}\"\nproxy = \"{proxy}\"");
    town.bridge.reconfigure(&format!("{key} = \"{url}\""), &hidden)
}

/// Words and files, there and back.
async fn talk(town: &Town, word: &str) -> anyhow::Result<()> {
    crosses(town, Side::Matrix, &format!("{word} from Matrix")).await?;
    crosses(town, Side::Telegram, &format!("{word} from Telegram")).await?;
    for side in [Side::Matrix, Side::Telegram] {
        let caption = format!("{word}, a picture of {side:?}");
        town.show(side, PIXEL, &caption).await?;
        for other in side.others() {
            let shown = |line: &Line| line.text == caption && line.file.is_some();
            town.expect(other, shown).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_s10_telegram_and_the_homeserver_are_reached_through_their_proxies_alone()
-> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let (to_telegram, to_matrix) = (Proxy::start().await?, Proxy::start().await?);
    let (telegram, matrix) = (town.telegram.url(), town.synapse.url().to_owned());
    let via = |proxy: &Proxy| proxy.url("socks5h");
    hide(&town, "api_url", &telegram, ("telegram.invalid", &via(&to_telegram)))?;
    hide(&town, "url", &matrix, ("matrix.invalid", &via(&to_matrix)))?;
    town.bridge.kill()?;
    town.bridge.start()?;
    talk(&town, "by SOCKS").await?;
    for proxy in [&to_telegram, &to_matrix] {
        town.bridge.reconfigure(&via(proxy), &proxy.url("http"))?;
    }
    town.bridge.kill()?;
    town.bridge.start()?;
    talk(&town, "by HTTP").await?;
    for (proxy, name) in [(to_telegram, "telegram.invalid:"), (to_matrix, "matrix.invalid:")] {
        let targets = proxy.targets();
        assert!(targets.iter().all(|target| target.starts_with(name)), "{targets:?}");
    }
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_bot_api_server_names_no_file_of_the_bridges_machine() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    // Tanja's picture is a file, too, and is fetched now.
    crosses(&town, Side::Telegram, "hello").await?;
    let dir = tempfile::tempdir()?;
    let served = dir.path().join("served");
    std::fs::create_dir(&served)?;
    std::fs::write(dir.path().join("secret"), "the secret of the machine")?;
    std::fs::write(served.join("file"), BYTES)?;
    says(&town, &served.join("file"));
    post(&town, "not yet")?;
    withheld(&town, "not yet").await?;
    let setting = format!("[telegram]\nlocal_files = {served:?}\n");
    town.bridge.reconfigure("[telegram]\n", &setting)?;
    town.bridge.kill()?;
    town.bridge.start()?;
    for path in [dir.path().join("secret"), served.join("../secret")] {
        says(&town, &path);
        let name = format!("named {}", path.display());
        post(&town, &name)?;
        withheld(&town, &name).await?;
    }
    says(&town, &served.join("file"));
    post(&town, "served")?;
    for side in Side::Telegram.others() {
        let shown = |line: &Line| line.text == "served" && line.file.as_deref() == Some(BYTES);
        town.expect(side, shown).await?;
    }
    town.assert_clean()
}

/// The next file is here on the server's machine, as the stand-in tells whoever asks for it.
fn says(town: &Town, path: &Path) {
    let file = json!({ "file_id": "f", "file_unique_id": "f", "file_path": path });
    let body = json!({ "ok": true, "result": file });
    let answer = Fault::Answer { status: 200, body, headers: Vec::new() };
    town.telegram.faults().clear();
    town.telegram.faults().next("getFile", 20, answer);
}

/// Tanja posts a file whose bytes the stand-in is about to say where they are.
fn post(town: &Town, caption: &str) -> anyhow::Result<()> {
    let kind = ("a.bin", "application/x-of-tests");
    town.group.document(&town.tanja, kind, BYTES, caption).map(drop)
}

/// The others get the words with a line for the file, and no file.
async fn withheld(town: &Town, caption: &str) -> anyhow::Result<()> {
    for side in Side::Telegram.others() {
        let told = |line: &Line| line.text.starts_with(caption) && line.text.contains("a.bin");
        let line = town.expect(side, told).await?;
        anyhow::ensure!(line.file.is_none(), "{line}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_a_bot_api_server_sends_words_and_token_nowhere_else() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    let other = Telegram::start().await?;
    for status in [302, 307, 308] {
        let address = format!("{}/bot{}/sendMessage", other.url(), other.bot_token());
        let headers = vec![("location".to_owned(), address)];
        let elsewhere = Fault::Answer { status, body: json!({}), headers };
        town.telegram.faults().next("sendMessage", 1, elsewhere);
        crosses(&town, Side::Matrix, &format!("said although there was a {status}")).await?;
    }
    assert!(other.requests().is_empty(), "{:?}", other.requests());
    town.assert_clean()
}
