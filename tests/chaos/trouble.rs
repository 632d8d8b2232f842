// SPDX-License-Identifier: AGPL-3.0-or-later
//! What goes wrong: the bridge and the homeserver die, platforms fail in every way that they have.

use std::fmt;
use std::time::Duration;

use sandbox::faults::{Fault, Faults};
use sandbox::town::Town;
use serde_json::json;

use super::dice::Dice;

/// Troubles until a homeserver that died is started again.
const OUTAGE: u32 = 2;

/// What went wrong so far.
#[derive(Default)]
pub struct Trouble {
    kills: u32,
    terminations: u32,
    homeserver: u32,
    requests: u32,
    gateway: u32,
    /// The homeserver is down, and comes back after so many troubles.
    down: Option<u32>,
}

impl Trouble {
    /// Whether people on Matrix can talk.
    pub fn homeserver_is_up(&self) -> bool {
        self.down.is_none()
    }

    /// Something goes wrong.
    pub async fn happen(&mut self, town: &mut Town, dice: &mut Dice) -> anyhow::Result<()> {
        match self.down {
            Some(0) => {
                town.synapse.start_again().await?;
                self.down = None;
            }
            Some(left) => self.down = Some(left - 1),
            None => {}
        }
        match dice.below(100) {
            0..=29 => {
                town.bridge.kill()?;
                town.bridge.start()?;
                self.kills += 1;
            }
            30..=39 => {
                town.bridge.terminate().await?;
                town.bridge.start()?;
                self.terminations += 1;
            }
            40..=44 if self.down.is_none() => {
                town.synapse.kill().await?;
                self.down = Some(OUTAGE);
                self.homeserver += 1;
            }
            45..=64 => self.requests += fail(town.telegram.faults(), dice, telegram_answer),
            65..=84 => self.requests += fail(town.discord.faults(), dice, discord_answer),
            _ => {
                match dice.below(4) {
                    0 => town.discord.drop_connection(),
                    1 => town.discord.ask_reconnect(),
                    2 => town.discord.invalidate_session(true),
                    _ => town.discord.close(4000),
                }
                self.gateway += 1;
            }
        }
        Ok(())
    }

    /// All is well again.
    pub async fn end(&mut self, town: &mut Town) -> anyhow::Result<()> {
        town.telegram.faults().clear();
        town.discord.faults().clear();
        if self.down.take().is_some() {
            town.synapse.start_again().await?;
        }
        Ok(())
    }
}

/// The next few requests meet one kind of fault; how many do.
fn fail(faults: &Faults, dice: &mut Dice, answer: fn(u64) -> Fault) -> u32 {
    let (kind, times) = (dice.below(6), 1 + dice.below(5));
    let fault = match kind {
        0 | 1 => Fault::LoseResponse,
        2 => Fault::Delay(Duration::from_millis(200 + dice.below(3_000))),
        kind => answer(kind),
    };
    let count = u32::try_from(times).unwrap_or_default();
    faults.next("", usize::try_from(times).unwrap_or_default(), fault);
    count
}

/// See <https://core.telegram.org/bots/api#making-requests>; 502 comes from a server before the API.
fn telegram_answer(kind: u64) -> Fault {
    match kind {
        3 => sandbox::telegram::too_many_requests(1),
        4 => sandbox::telegram::bad_gateway(),
        _ => Fault::Answer {
            status: 500,
            body: json!({"ok": false, "error_code": 500, "description": "Internal Server Error"}),
            headers: Vec::new(),
        },
    }
}

/// See <https://discord.com/developers/docs/topics/rate-limits>.
fn discord_answer(kind: u64) -> Fault {
    match kind {
        3 => Fault::Answer {
            status: 429,
            body: json!({
                "message": "You are being rate limited.", "retry_after": 0.6, "global": false,
            }),
            headers: vec![
                ("retry-after".into(), "1".into()),
                ("x-ratelimit-scope".into(), "shared".into()),
            ],
        },
        4 => Fault::Answer {
            status: 503,
            body: json!("upstream connect error"),
            headers: Vec::new(),
        },
        _ => Fault::Answer {
            status: 500,
            body: json!({"message": "500: Internal Server Error", "code": 0}),
            headers: Vec::new(),
        },
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kill -9, {} SIGTERM, {} homeserver deaths, {} requests, {} gateway troubles",
            self.kills, self.terminations, self.homeserver, self.requests, self.gateway
        )
    }
}
