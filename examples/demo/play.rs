// SPDX-License-Identifier: AGPL-3.0-or-later
//! Plays the script: acts on one side, waits until the others show it, and judges at the end.
//!
//! Rule: the judgement reads all three servers once more; it does not trust the waiting before.

use std::time::Duration;

use anyhow::{Context, bail};
use sandbox::town::{Line, Said, Side, Town};
use serde_json::json;

use crate::columns::Screen;
use crate::out;
use crate::script::{Act, PICTURE, SCRIPT, Told, expect, title};

/// How long a side may take to show what was done on another.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the conversation ended.
pub struct Arrived {
    /// Every line arrived on every side, and nobody broke a platform's rules.
    pub all: bool,
    /// What was printed so far.
    pub screen: Screen,
}

/// Plays the whole script and prints it.
///
/// # Errors
/// When a server cannot be read or nobody reads what is printed.
pub async fn play(town: &Town, mut screen: Screen) -> anyhow::Result<Arrived> {
    out("\nAlice owns a room on Matrix, Tanja a group on Telegram, Dora a server on Discord.")?;
    out("What follows is read from the three servers, as people there see it.\n")?;
    screen.head()?;
    screen.step("The bot joins the three and pins a notice in the group and the channel")?;
    settled(town).await?;
    screen.news(town).await?;
    let mut told = Vec::new();
    for (number, act) in SCRIPT.iter().enumerate() {
        screen.step(&format!("{}. {}", number + 1, title(*act, &told)))?;
        let line = match act_out(town, *act, &told).await {
            Ok(()) => expect(&mut told, *act),
            Err(error) => {
                out(&format!("This did not work: {error:#}"))?;
                break;
            }
        };
        let missing = match told.get(line) {
            Some(told) => wait(town, told).await?,
            None => bail!("the script speaks of line {line}, which is not said yet"),
        };
        screen.news(town).await?;
        if let Some(missing) = missing {
            out(&format!("{missing}, after {} s.", PATIENCE.as_secs()))?;
            break;
        }
    }
    let all = judge(town, &told).await?;
    Ok(Arrived { all, screen })
}

/// Waits until the bot has said in the Matrix room what each of the two links means.
async fn settled(town: &Town) -> anyhow::Result<()> {
    let notices = |lines: &[Line]| {
        let notices = lines
            .iter()
            .filter(|line| line.who.is_empty() && line.text.contains("This room is joined"));
        (notices.count() == 2).then_some(())
    };
    let told = town.until_within(Side::Matrix, PATIENCE, notices).await;
    told.map_err(|_| anyhow::anyhow!("the bot does not show the notices in the Matrix room"))
}

async fn act_out(town: &Town, act: Act, told: &[Told]) -> anyhow::Result<()> {
    match act {
        Act::Say(by, text) => town.say(by, text).await.map(drop),
        Act::Bold(by, words) => say_bold(town, by, words).await,
        Act::Reply(by, to, text) => {
            let to = find(town, by, told.get(to)).await?;
            town.reply(by, &to, text).await.map(drop)
        }
        Act::Show(by, caption) => town.show(by, PICTURE, caption).await.map(drop),
        Act::Edit(line, text) => town.edit(&own(town, told.get(line)).await?, text).await,
        Act::React(by, line, emoji) => {
            let to = find(town, by, told.get(line)).await?;
            town.react(by, &to, emoji).await
        }
        Act::TakeBack(line) => town.take_back(&own(town, told.get(line)).await?).await,
    }
}

async fn say_bold(town: &Town, by: Side, words: [&str; 3]) -> anyhow::Result<()> {
    let [before, bold, after] = words;
    let text = words.concat();
    match by {
        Side::Matrix => {
            let html = format!("{before}<strong>{bold}</strong>{after}");
            town.alice.say_html(&town.room, &text, &html).await.map(drop)
        }
        Side::Telegram => {
            let units = |text: &str| text.encode_utf16().count();
            let bold = json!([{ "type": "bold", "offset": units(before), "length": units(bold) }]);
            town.group.say_with_entities(&town.tanja, &text, &bold).map(drop)
        }
        Side::Discord => {
            town.channel.say(&town.dora, &format!("{before}**{bold}**{after}"));
            Ok(())
        }
    }
}

/// The id that a line has on a side.
async fn find(town: &Town, side: Side, told: Option<&Told>) -> anyhow::Result<String> {
    let told = told.context("the script speaks of a line that is not said yet")?;
    let lines = town.lines(side).await?;
    let line = lines.into_iter().find(|line| told.is(line));
    line.map(|line| line.id).with_context(|| format!("{side:?} does not show “{}”", told.text))
}

async fn own(town: &Town, told: Option<&Told>) -> anyhow::Result<Said> {
    let side = told.map_or(Side::Matrix, |told| told.by);
    Ok(Said { side, id: find(town, side, told).await? })
}

/// Waits until all sides show a line as it should be; else says what is wrong.
async fn wait(town: &Town, told: &Told) -> anyhow::Result<Option<String>> {
    for side in Side::ALL {
        let right = |lines: &[Line]| told.fault(lines).is_none().then_some(());
        if town.until_within(side, PATIENCE, right).await.is_err()
            && let Some(fault) = told.fault(&town.lines(side).await?)
        {
            return Ok(Some(format!("{side:?}: “{}” {fault}", told.text)));
        }
    }
    Ok(None)
}

/// Compares what each side shows with what the whole script says, and prints the sum.
/// `done` is how far the script was played: what was never said is not gone.
async fn judge(town: &Town, done: &[Told]) -> anyhow::Result<bool> {
    let mut told = Vec::new();
    for act in SCRIPT {
        expect(&mut told, *act);
    }
    let mut faults = Vec::new();
    let mut right = 0;
    let sides = [
        (Side::Matrix, town.lines(Side::Matrix).await?),
        (Side::Telegram, town.lines(Side::Telegram).await?),
        (Side::Discord, town.lines(Side::Discord).await?),
    ];
    for (number, line) in told.iter().enumerate() {
        let before = faults.len();
        if line.gone && !done.get(number).is_some_and(|done| done.gone) {
            faults.push(format!("“{}” was not taken back, or never said", line.text));
        }
        for (side, lines) in &sides {
            let fault = match line.fault(lines) {
                None => unbold(town, *side, line, lines).await?,
                fault => fault,
            };
            faults.extend(fault.map(|fault| format!("{side:?}: “{}” {fault}", line.text)));
        }
        right += usize::from(faults.len() == before);
    }
    if town.group.pinned().is_empty() {
        faults.push("Telegram: the notice is not pinned".to_owned());
    }
    if town.channel.pinned().is_empty() {
        faults.push("Discord: the notice is not pinned".to_owned());
    }
    if let Err(error) = town.assert_clean() {
        faults.push(format!("a rule of a platform was broken: {error:#}"));
    }
    let gone = told.iter().filter(|line| line.gone).count();
    out(&format!("\n{right} of {} lines arrived on every side", told.len()))?;
    if faults.is_empty() {
        out(&format!("({gone} of them was taken back and is gone on every side).\n"))?;
    } else {
        complain(town, &faults)?;
    }
    Ok(faults.is_empty())
}

fn complain(town: &Town, faults: &[String]) -> anyhow::Result<()> {
    out("Not right:")?;
    for fault in faults {
        out(&format!("  {fault}"))?;
    }
    let log = town.bridge.log();
    let lines: Vec<&str> = log.lines().collect();
    let tail = lines.iter().skip(lines.len().saturating_sub(20)).copied().collect::<Vec<_>>();
    out(&format!("The bridge's log ends with:\n{}\n", tail.join("\n")))
}

/// What is wrong with the bold word of a line, if it has one.
async fn unbold(
    town: &Town,
    side: Side,
    told: &Told,
    lines: &[Line],
) -> anyhow::Result<Option<String>> {
    let line = lines.iter().find(|line| told.is(line));
    let (Some(word), Some(line)) = (told.bold, line) else { return Ok(None) };
    let bold = match side {
        Side::Matrix => {
            let seen = town.alice.transcript(&town.room).await?.0;
            let seen = seen.into_iter().find(|seen| seen.event_id == line.id);
            let html = seen.and_then(|seen| seen.html).unwrap_or_default();
            html.contains(&format!("<strong>{word}</strong>"))
        }
        Side::Telegram => {
            let seen = town.group.messages();
            let seen = seen.iter().find(|seen| seen.id.0.to_string() == line.id);
            seen.is_some_and(|seen| seen.styled("bold").iter().any(|bold| bold == word))
        }
        Side::Discord => line.text.contains(&format!("**{word}**")),
    };
    Ok((!bold).then(|| format!("has lost its bold word “{word}”")))
}
