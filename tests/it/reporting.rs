// SPDX-License-Identifier: AGPL-3.0-or-later
//! `freeside report`, beside a bridge that runs.

use anyhow::{Context, ensure};
use bot_core::clock::{Clock, SystemClock};
use bridge_model::Timestamp;
use bridge_policy::calendar::{DAY_MS, WEEK_MS, Week};
use sandbox::town::{Side, Town};
use serde_json::Value;

use crate::clock::FileClock;
use crate::{ask, crosses, eventually, town, town_with_clock};

/// The report for programs, after it was found to be of the shape that is written down.
fn json(town: &Town) -> anyhow::Result<Value> {
    let json: Value = serde_json::from_str(&town.bridge.tell(&["report", "--format", "json"])?)?;
    let schema: Value = serde_json::from_str(include_str!("../../docs/report.schema.json"))?;
    let validator = jsonschema::validator_for(&schema)?;
    let broken: Vec<String> = validator.iter_errors(&json).map(|it| it.to_string()).collect();
    ensure!(broken.is_empty(), "{broken:?}\n{json}");
    Ok(json)
}

/// Network, messages, answers to another side, authors: of each side of a week, as the report shows
/// them.
type Counted = Vec<(String, u64, u64, Option<u64>)>;

/// The week that is `back` weeks before the running one.
fn week(json: &Value, back: usize) -> anyhow::Result<(bool, Counted)> {
    let weeks = json.pointer("/portals/0/weeks").and_then(Value::as_array).context("weeks")?;
    let week = weeks.len().checked_sub(back + 1).and_then(|at| weeks.get(at)).context("no week")?;
    ensure!(week["estimated"] == false, "{week}");
    let side = |side: &Value| {
        let number = |name: &str| side[name].as_u64();
        let network = side["network"].as_str()?.to_owned();
        Some((network, number("messages")?, number("crossing")?, number("authors")))
    };
    let sides = week["sides"].as_array().context("sides")?.iter().map(side);
    Ok((week["running"] == true, sides.collect::<Option<_>>().context("a side")?))
}

fn counted(sides: [(&str, u64, u64, Option<u64>); 3]) -> Counted {
    sides
        .map(|(network, messages, crossing, authors)| (network.into(), messages, crossing, authors))
        .into()
}

/// It is Wednesday for the bridge, so that no week ends while people speak.
fn midweek(clock: &FileClock) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let next = Week::of(now).plus(1).begins().0 + 2 * DAY_MS;
    Ok(clock.set_ahead(next - now.0)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_09_the_figures_are_what_was_counted() -> anyhow::Result<()> {
    let town = town_with_clock().await?;
    let clock = FileClock::beside(&town.bridge.config());
    midweek(&clock)?;
    let started = Timestamp(SystemClock.now().0 + clock.ahead());
    // Seven people say two things each on Telegram, where somebody comes and something is pinned.
    let mut first = None;
    for number in 0..7 {
        let user = town.telegram.user(&format!("Tele {number}"));
        town.group.join(&user)?;
        for text in ["one", "two"] {
            first = Some(town.group.say(&user, &format!("{text} of Tele {number}"))?);
        }
    }
    town.group.pin(&town.tanja, first.context("a message")?)?;
    // Three speak on Discord: too few to be told as a number.
    for number in 0..3 {
        town.channel.say(&town.discord.user(&format!("Cord {number}")), "hello from Discord");
    }
    // Five speak on Matrix, and one of them answers somebody on Telegram.
    for number in 0..4 {
        let name = format!("mat{number}");
        let person = town.synapse.person_named(&name, &name).await?;
        person.join(&town.room).await?;
        person.say(&town.room, &format!("hello from {name}")).await?;
    }
    let seen = town.alice.expect(&town.room, |seen| seen.body == "two of Tele 6").await?;
    town.alice.reply(&town.room, &seen.event_id, "an answer to Tele").await?;
    town.group.expect(|seen| seen.text.contains("an answer to Tele")).await?;
    town.expect(Side::Telegram, |line| line.text == "hello from mat3").await?;
    town.expect(Side::Matrix, |line| line.text == "hello from Discord").await?;

    let was = || {
        let (discord, matrix) = (("discord", 3, 0, None), ("matrix", 5, 1, Some(5)));
        counted([discord, matrix, ("telegram", 14, 0, Some(7))])
    };
    eventually("all is counted", async || Ok(week(&json(&town)?, 0)? == (true, was()))).await?;
    let now = Timestamp(SystemClock.now().0 + clock.ahead());
    ensure!(Week::of(now) == Week::of(started), "the test took days");

    clock.set_ahead(clock.ahead() + WEEK_MS)?;
    let next = json(&town)?;
    ensure!(week(&next, 1)? == (false, was()), "{next:#}");
    let nobody = counted(["discord", "matrix", "telegram"].map(|side| (side, 0, 0, Some(0))));
    ensure!(week(&next, 0)? == (true, nobody.clone()), "{next:#}");
    let told = ask(&town.alice, &town.room, "!freeside report").await?;
    ensure!(told.contains("Telegram: 14 messages by 7 people"), "{told}");

    clock.set_ahead(clock.ahead() + WEEK_MS)?;
    let silent = json(&town)?;
    ensure!(week(&silent, 1)? == (false, nobody), "{silent:#}");
    let told = ask(&town.alice, &town.room, "!freeside report").await?;
    ensure!(told.contains("Authors on Matrix: nobody wrote"), "{told}");
    ensure!(!told.contains("by 7 people"), "{told}");
    town.assert_clean()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_bridge_reports_in_every_format() -> anyhow::Result<()> {
    let mut town = town("12", "").await?;
    crosses(&town, Side::Telegram, "counted, not kept").await?;
    let typed = "!freeside exception add Zoom --reason “a dial-in” --candidate Jitsi --owner chair \
                 --review 2099-01-01";
    town.alice.say(&town.room, typed).await?;
    town.alice.expect(&town.room, |seen| seen.body.contains("Recorded as exception 1")).await?;
    let json = json(&town)?;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_website_that_nobody_knows_is_named_when_an_admin_has_named_it() -> anyhow::Result<()> {
    let town = town("12", "").await?;
    crosses(&town, Side::Telegram, "sign up at https://acme-forms.example/f/1").await?;
    eventually("it is counted", async || {
        let told = ask(&town.alice, &town.room, "!freeside services").await?;
        ensure!(!told.contains("acme"), "named in public: {told}");
        Ok(told.contains("wait for a decision: 1."))
    })
    .await?;
    let waits = town.bridge.tell(&["report", "--format", "html"])?;
    ensure!(waits.contains("One unknown website waits") && !waits.contains("acme"), "{waits}");
    let alone = crate::claiming::alone_with_bot(&town.alice).await?;
    let names = ask(&town.alice, &alone, "services").await?;
    ensure!(names.contains("acme-forms.example"), "{names}");
    let typed = "!freeside services acme-forms.example proprietary --evidence \
                 https://acme-forms.example/terms";
    let done = ask(&town.alice, &town.room, typed).await?;
    ensure!(done.starts_with("Recorded: acme-forms.example"), "{done}");
    let json = json(&town)?;
    ensure!(
        json.pointer("/portals/0/links/0/service") == Some(&"acme-forms.example".into()),
        "{json}"
    );
    let bug = json.pointer("/portals/0/requirements/2").context("requirements")?;
    ensure!(bug["id"] == "REQ-BUG" && bug["state"] == "not-met", "{bug}");
    ensure!(bug.pointer("/rules/0/rule") == Some(&"no-exception".into()), "{bug}");
    town.assert_clean()
}
