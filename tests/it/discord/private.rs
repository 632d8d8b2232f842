// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is meant for one person, and where the connections of the bridge go.
//!
//! Rule: a test is named after the finding that it keeps from coming back.

use anyhow::{Context, ensure};
use sandbox::discord::File;
use sandbox::faults::Fault;
use sandbox::proxy::Proxy;
use sandbox::town::{Side, Town, code_in};
use serde_json::json;

use crate::content::on_matrix;
use crate::content::samples::PDF;
use crate::{crosses, town};

#[tokio::test(flavor = "multi_thread")]
async fn s9_a_private_answer_that_cannot_be_written_is_never_posted_in_public() -> anyhow::Result<()>
{
    let town = town("12", "").await?;
    let asked = town.channel.slash(&town.dora, "freeside", "matrix", &[])?;
    let answer = asked.answer().await?;
    ensure!(answer.message.flags & (1 << 6) != 0, "everybody sees it: {:?}", answer.message);
    ensure!(code_in(&answer.message.content).is_some(), "no code: {}", answer.message.content);
    let gone = [
        (404, 10_008, "Unknown Message"),
        (404, 10_015, "Unknown Webhook"),
        (401, 50_027, "Invalid Webhook Token"),
    ];
    for (status, code, message) in gone {
        let body = json!({"message": message, "code": code});
        let fault = Fault::Answer { status, body, headers: Vec::new() };
        town.discord.faults().next("/messages/@original", 1, fault);
        let before = town.discord.requests().len();
        town.channel.slash(&town.dora, "freeside", "matrix", &[])?;
        let refused = |it: &sandbox::discord::Request| {
            it.path.contains("@original") && it.status == Some(status)
        };
        wait_for_request(&town, before, refused).await?;
        // The lane goes on, and what stands in it next is what people say.
        let text = format!("said after {code}");
        crosses(&town, Side::Matrix, &text).await?;
    }
    for seen in town.channel.messages() {
        ensure!(code_in(&seen.content).is_none(), "everybody reads a code: {seen:?}");
    }
    Ok(())
}

async fn wait_for_request(
    town: &Town,
    before: usize,
    fits: impl Fn(&sandbox::discord::Request) -> bool,
) -> anyhow::Result<()> {
    crate::eventually("the answer was tried", async || {
        Ok(town.discord.requests().iter().skip(before).any(&fits))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_s10_gateway_requests_and_files_of_discord_go_through_a_socks_proxy()
-> anyhow::Result<()> {
    all_goes_through("socks5h").await
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_s10_gateway_requests_and_files_of_discord_go_through_an_http_proxy()
-> anyhow::Result<()> {
    all_goes_through("http").await
}

/// Three names stand for gateway, requests and files; only the proxy knows them, so that whatever
/// goes around it goes nowhere.
async fn all_goes_through(scheme: &str) -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    let proxy = Proxy::start().await?;
    let origin = town.discord.api_url();
    let port = origin.rsplit(':').next().context("no port")?.to_owned();
    let names = ["requests.invalid", "gateway.invalid", "files.invalid"];
    let [api, gateway, cdn] = names.map(|name| format!("{name}:{port}"));
    let host = origin.trim_start_matches("http://").to_owned();
    town.bridge.kill()?;
    let set = |key: &str, old: String, new: String| {
        let (old, new) = (format!("{key} = \"{old}"), format!("{key} = \"{new}"));
        town.bridge.reconfigure(&old, &new)
    };
    set("gateway_url", format!("ws://{host}"), format!("ws://{gateway}"))?;
    set("cdn_url", origin.clone(), format!("http://{cdn}\"\nproxy = \"{}", proxy.url(scheme)))?;
    let discord = format!("token_file = \"discord_token\"\napi_url = \"{origin}");
    let through = format!("token_file = \"discord_token\"\napi_url = \"http://{api}");
    town.bridge.reconfigure(&discord, &through)?;
    town.discord.serve_files_at(&format!("http://{cdn}"));
    town.discord.time_out_sessions();
    town.bridge.start()?;
    town.discord.expect_connected().await?;
    for side in [Side::Discord, Side::Matrix] {
        crosses(&town, side, &format!("through {scheme} from {side:?}")).await?;
    }
    let file = File::new("paper.pdf", "application/pdf", PDF);
    town.channel.attach(&town.dora, file, "a paper");
    let seen = on_matrix(&town, "the paper", |it| it.media.is_some()).await?;
    let mxc = seen.media.map(|it| it.mxc).unwrap_or_default();
    ensure!(town.alice.download(&mxc).await? == PDF, "another file");
    let targets = proxy.targets();
    for wanted in [api, gateway, cdn] {
        ensure!(targets.contains(&wanted), "{wanted} is not among {targets:?}");
    }
    town.assert_clean()
}
