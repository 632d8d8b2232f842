// SPDX-License-Identifier: AGPL-3.0-or-later
//! Many bans while people talk: how long each takes to be one on the other side.
//!
//! Rule: times are printed, not asserted. A ban that never comes is a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use sandbox::discord::permissions::BAN_MEMBERS;
use sandbox::telegram::Standing;
use sandbox::town::Town;
use sandbox::{discord, telegram};
use serde_json::Value;
use tokio::time::Instant;

/// Messages of others in a second.
const FLOW: u64 = 50;
/// Messages between two bans.
const STRIDE: usize = 15;
/// Messages between two looks at the bans that are on their way.
const LOOKS: usize = 10;
/// How long a ban may take at most.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who is banned, and where.
enum Spammer {
    /// By the room's admin, who bans the ghost.
    Telegram(telegram::User),
    /// By the room's admin, who bans the ghost.
    DiscordByGhost(discord::User),
    /// By a moderator of the server: the ghost is banned from the room.
    Discord(discord::User),
}

/// A ban that is on its way.
struct Waiting {
    spammer: usize,
    since: Instant,
}

/// Bans `count` people, with a `kill -9` in the middle; gives the line of figures.
pub async fn run(town: &mut Town, count: usize) -> anyhow::Result<String> {
    town.guild.grant(&town.dora, BAN_MEMBERS);
    let spammers = gather(town, count)?;
    let ghosts = ghosts(town, count).await?;
    let mut tick = tokio::time::interval(Duration::from_millis(1000 / FLOW));
    let (mut waiting, mut times): (Vec<Waiting>, Vec<Duration>) = (Vec::new(), Vec::new());
    let (began, mut said, mut next) = (Instant::now(), 0_usize, 0_usize);
    while times.len() < count {
        tick.tick().await;
        said += 1;
        match said % 2 {
            0 => drop(town.group.say(&town.tanja, &format!("talk {said}"))?),
            _ => drop(town.channel.say(&town.dora, &format!("talk {said}"))),
        }
        if said % STRIDE == 0 && next < count {
            ban(town, &spammers, &ghosts, next).await?;
            waiting.push(Waiting { spammer: next, since: Instant::now() });
            next += 1;
            if next == count / 2 {
                town.bridge.kill()?;
                town.bridge.start()?;
            }
        }
        if said % LOOKS != 0 {
            continue;
        }
        let mut left = Vec::new();
        for one in waiting.drain(..) {
            if is_banned(town, &spammers, &ghosts, one.spammer).await? {
                times.push(one.since.elapsed());
            } else if one.since.elapsed() > PATIENCE {
                bail!("the ban of {} never came\n{}", one.spammer, town.bridge.last_words());
            } else {
                left.push(one);
            }
        }
        waiting = left;
    }
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len() - 1));
    let seconds = |part| at(part).map_or(0.0, Duration::as_secs_f64);
    let flow = said as f64 / began.elapsed().as_secs_f64();
    Ok(format!(
        "bans: {count} in {} s with a kill -9 in the middle, {flow:.0} messages a second beside them: \
         p50 {:.2} s, p95 {:.2} s, longest {:.2} s",
        began.elapsed().as_secs(),
        seconds(50),
        seconds(95),
        seconds(100),
    ))
}

/// They come and speak, so that each has a ghost.
fn gather(town: &Town, count: usize) -> anyhow::Result<Vec<Spammer>> {
    let mut all = Vec::new();
    for number in 0..count {
        let (name, text) = (format!("Spammer {number}"), text(number));
        all.push(match number % 3 {
            0 => {
                let user = town.telegram.user(&name);
                town.group.join(&user)?;
                town.group.say(&user, &text)?;
                Spammer::Telegram(user)
            }
            side => {
                let user = town.discord.user(&name);
                town.guild.join(&user);
                town.channel.say(&user, &text);
                if side == 1 { Spammer::DiscordByGhost(user) } else { Spammer::Discord(user) }
            }
        });
    }
    Ok(all)
}

fn text(number: usize) -> String {
    format!("buy number {number}")
}

/// The ghosts of the spammers, when all of them have spoken in the room.
async fn ghosts(town: &Town, count: usize) -> anyhow::Result<Vec<String>> {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    let deadline = Instant::now() + Duration::from_secs(600);
    loop {
        tick.tick().await;
        let seen = town.alice.transcript(&town.room).await?.0;
        let by: BTreeMap<String, String> =
            seen.into_iter().map(|seen| (seen.body, seen.sender)).collect();
        let found: Vec<String> =
            (0..count).filter_map(|number| by.get(&text(number)).cloned()).collect();
        if found.len() == count {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("{} of {count} spammers came into the room", found.len());
        }
    }
}

async fn ban(
    town: &Town,
    spammers: &[Spammer],
    ghosts: &[String],
    number: usize,
) -> anyhow::Result<()> {
    let ghost = ghosts.get(number).context("no ghost")?;
    match spammers.get(number).context("no spammer")? {
        Spammer::Telegram(_) | Spammer::DiscordByGhost(_) => {
            town.alice.ban(&town.room, ghost, "spam").await
        }
        Spammer::Discord(user) => town.guild.ban(&town.dora, user, Some("spam")),
    }
}

async fn is_banned(
    town: &Town,
    spammers: &[Spammer],
    ghosts: &[String],
    number: usize,
) -> anyhow::Result<bool> {
    let ghost = ghosts.get(number).context("no ghost")?;
    Ok(match spammers.get(number).context("no spammer")? {
        Spammer::Telegram(user) => town.group.standing_of(user) == Standing::Kicked,
        Spammer::DiscordByGhost(user) => town.guild.ban_of(user).is_some(),
        Spammer::Discord(_) => {
            let member = town.alice.state(&town.room, "m.room.member", ghost).await?;
            let membership = member.as_ref().and_then(|it| it.get("membership"));
            membership.and_then(Value::as_str) == Some("ban")
        }
    })
}
