// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside report`, beside a bridge that runs.

use anyhow::ensure;
use sandbox::town::Side;
use serde_json::Value;

use crate::{crosses, town};

#[tokio::test(flavor = "multi_thread")]
async fn the_running_bridge_reports_in_every_format() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "counted, not kept").await?;
    let typed = "!freeside exception add Zoom --reason “a dial-in” --candidate Jitsi --owner chair \
                 --review 2099-01-01";
    town.alice.say(&town.room, typed).await?;
    town.alice.expect(&town.room, |seen| seen.body.contains("Recorded as exception 1")).await?;
    let json: Value = serde_json::from_str(&town.bridge.tell(&["report", "--format", "json"])?)?;
    let schema: Value = serde_json::from_str(include_str!("../../docs/report.schema.json"))?;
    let validator = jsonschema::validator_for(&schema)?;
    let broken: Vec<String> = validator.iter_errors(&json).map(|it| it.to_string()).collect();
    ensure!(broken.is_empty(), "{broken:?}\n{json}");
    ensure!(json.pointer("/portals/0/exceptions/0/service") == Some(&"Zoom".into()), "{json}");
    for (format, begins) in
        [("wikitext", "<!-- freeside"), ("markdown", "# "), ("html", "<!doctype")]
    {
        let text = town.bridge.tell(&["report", "--format", format])?;
        ensure!(text.starts_with(begins) && text.contains("Zoom"), "{format}: {text}");
        ensure!(text == town.bridge.tell(&["report", "--format", format])?, "another {format}");
        for name in ["Tanja", "counted, not kept"] {
            ensure!(!text.contains(name), "{format} tells {name}");
        }
    }
    let wrong = town.bridge.tell(&["report", "--format", "pdf"]).unwrap_err().to_string();
    ensure!(wrong.contains("wikitext, markdown, json, html"), "{wrong}");
    town.bridge.kill()?;
    let gone = town.bridge.tell(&["report"]).unwrap_err().to_string();
    ensure!(gone.contains("start it with `freeside run`"), "{gone}");
    Ok(())
}
