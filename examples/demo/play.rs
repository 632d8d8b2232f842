// SPDX-License-Identifier: AGPL-3.0-or-later
//! Plays the script: acts on one side, waits until the others show it, and judges at the end.
//!
//! Rule: the judgement reads all three servers once more; it does not trust the waiting before.

use std::time::Duration;

use anyhow::bail;
use sandbox::town::{Line, Side, Town};

use crate::acts::act_out;
use crate::columns::Screen;
use crate::out;
use crate::script::{SCRIPT, expect, title};
use crate::told::Told;

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
            .filter(|line| line.who.is_empty() && line.text.contains("This room is connected"));
        (notices.count() == 2).then_some(())
    };
    let told = town.until_within(Side::Matrix, PATIENCE, notices).await;
    told.map_err(|_| anyhow::anyhow!("the bot does not show the notices in the Matrix room"))
}

/// Waits until all sides show a line as it should be; else says what is wrong.
async fn wait(town: &Town, told: &Told) -> anyhow::Result<Option<String>> {
    for side in Side::ALL {
        let right = |lines: &[Line]| told.fault(side, lines).is_none().then_some(());
        if town.until_within(side, PATIENCE, right).await.is_err()
            && let Some(fault) = told.fault(side, &town.lines(side).await?)
        {
            return Ok(Some(format!("{side:?}: {} {fault}", told.name())));
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
            faults.push(format!("{} was not taken back, or never said", line.name()));
        }
        for (side, lines) in &sides {
            let fault = match line.fault(*side, lines) {
                None => unbold(town, *side, line, lines).await?,
                fault => fault,
            };
            faults.extend(fault.map(|fault| format!("{side:?}: {} {fault}", line.name())));
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
    let line = lines.iter().find(|line| told.is(side, line));
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
