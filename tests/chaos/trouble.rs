// SPDX-License-Identifier: AGPL-3.0-or-later
//! What goes wrong: the bridge and the homeserver die, platforms fail in every way that they have.

use std::fmt;
use std::time::Duration;

use sandbox::between::Between;
use sandbox::faults::{Fault, Faults};
use sandbox::ports::free_port;
use sandbox::town::Town;
use serde_json::json;

use super::dice::Dice;
use super::nodes::Nodes;

/// Troubles until a homeserver that died is started again.
const OUTAGE: u32 = 2;

/// What stands between the bridge and the homeserver.
pub struct Wires {
    /// On the way of the bridge's requests.
    to_homeserver: Between,
    /// On the way of the homeserver's transactions.
    to_bridge: Between,
}

impl Wires {
    /// Puts them there; the bridge is started anew.
    pub async fn lay(town: &mut Town) -> anyhow::Result<Self> {
        town.bridge.terminate().await?;
        let homeserver = town.synapse.url().to_owned();
        let to_homeserver = Between::start(0, &homeserver).await?;
        let url = |of: &str| format!("url = \"{of}\"");
        town.bridge.reconfigure(&url(&homeserver), &url(to_homeserver.url()))?;
        let public = town.bridge.url();
        let listen = |of: &str| format!("listen = \"{}\"", of.trim_start_matches("http://"));
        let own = format!("http://127.0.0.1:{}", free_port()?);
        town.bridge.reconfigure(&listen(&public), &listen(&own))?;
        let port = public.rsplit(':').next().unwrap_or_default().parse()?;
        let to_bridge = Between::start(port, &own).await?;
        town.bridge.start()?;
        Ok(Self { to_homeserver, to_bridge })
    }
}

/// What went wrong so far.
#[derive(Default)]
pub struct Trouble {
    kills: u32,
    terminations: u32,
    homeserver: u32,
    requests: u32,
    transactions: u32,
    gateway: u32,
    database: u32,
    /// The homeserver is down, and comes back after so many troubles.
    down: Option<u32>,
}

impl Trouble {
    /// Whether people on Matrix can talk.
    pub fn homeserver_is_up(&self) -> bool {
        self.down.is_none()
    }

    /// Something goes wrong.
    pub async fn happen(
        &mut self,
        town: &mut Town,
        (wires, nodes): (&Wires, &mut Nodes),
        dice: &mut Dice,
    ) -> anyhow::Result<()> {
        nodes.revive(town)?;
        match self.down {
            Some(0) => {
                town.synapse.start_again().await?;
                self.down = None;
            }
            Some(left) => self.down = Some(left - 1),
            None => {}
        }
        match dice.below(100) {
            0..=2 if nodes.crash_database() => self.database += 1,
            0..=24 => {
                nodes.kill(town, dice)?;
                self.kills += 1;
            }
            25..=31 => {
                nodes.terminate(town, dice).await?;
                self.terminations += 1;
            }
            32..=36 if self.down.is_none() => {
                town.synapse.kill().await?;
                self.down = Some(OUTAGE);
                self.homeserver += 1;
            }
            37..=51 => self.requests += fail(town.telegram.faults(), dice, telegram_answer),
            52..=66 => self.requests += fail(town.discord.faults(), dice, discord_answer),
            67..=78 => {
                self.requests += fail(wires.to_homeserver.faults(), dice, homeserver_answer);
            }
            79..=85 => self.transactions += fail(wires.to_bridge.faults(), dice, proxy_answer),
            _ => {
                match dice.below(6) {
                    0 => town.discord.drop_connection(),
                    1 => town.discord.ask_reconnect(),
                    2 => town.discord.invalidate_session(true),
                    3 => town.discord.invalidate_session(false),
                    4 => {
                        town.discord.time_out_sessions();
                        town.discord.drop_connection();
                    }
                    _ => town.discord.close(4000),
                }
                self.gateway += 1;
            }
        }
        Ok(())
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        self.kills
            + self.terminations
            + self.homeserver
            + self.requests
            + self.transactions
            + self.gateway
            + self.database
    }

    /// All is well again.
    pub async fn end(
        &mut self,
        town: &mut Town,
        (wires, nodes): (&Wires, &mut Nodes),
    ) -> anyhow::Result<()> {
        nodes.revive(town)?;
        let ways = [&wires.to_homeserver, &wires.to_bridge].map(Between::faults);
        for faults in [town.telegram.faults(), town.discord.faults()].into_iter().chain(ways) {
            faults.clear();
        }
        if self.down.take().is_some() {
            town.synapse.start_again().await?;
        }
        Ok(())
    }
}

/// The next few requests meet one kind of fault; how many do.
fn fail(faults: &Faults, dice: &mut Dice, answer: fn(u64) -> Fault) -> u32 {
    let (kind, times) = (dice.below(8), 1 + dice.below(5));
    let fault = match kind {
        0 | 1 => Fault::LoseResponse,
        2 => Fault::Delay(Duration::from_millis(200 + dice.below(3_000))),
        3 => Fault::Break,
        kind => answer(kind - 4),
    };
    let count = u32::try_from(times).unwrap_or_default();
    faults.next("", usize::try_from(times).unwrap_or_default(), fault);
    count
}

fn answered(status: u16, body: serde_json::Value) -> Fault {
    Fault::Answer { status, body, headers: Vec::new() }
}

/// What stands before a server says when the server is away or somebody misconfigured it.
fn proxy_answer(kind: u64) -> Fault {
    match kind {
        0 => answered(502, json!("<html>502 Bad Gateway</html>")),
        1 => answered(404, json!("<html>404 page not found</html>")),
        2 => answered(403, json!("<html>Forbidden</html>")),
        _ => answered(504, json!("<html>504 Gateway Time-out</html>")),
    }
}

/// See <https://spec.matrix.org/v1.16/client-server-api/#standard-error-response>; Synapse says
/// `M_UNKNOWN` with status 500 when something inside fails.
fn homeserver_answer(kind: u64) -> Fault {
    match kind {
        0 => answered(
            429,
            json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests",
                "retry_after_ms": 700}),
        ),
        1 => answered(500, json!({"errcode": "M_UNKNOWN", "error": "Internal server error"})),
        kind => proxy_answer(kind - 2),
    }
}

/// See <https://core.telegram.org/bots/api#making-requests>; 502 comes from a server before the API.
fn telegram_answer(kind: u64) -> Fault {
    match kind {
        0 => sandbox::telegram::too_many_requests(1),
        1 => sandbox::telegram::bad_gateway(),
        _ => answered(
            500,
            json!({"ok": false, "error_code": 500, "description": "Internal Server Error"}),
        ),
    }
}

/// See <https://discord.com/developers/docs/topics/rate-limits>.
fn discord_answer(kind: u64) -> Fault {
    match kind {
        0 => Fault::Answer {
            status: 429,
            body: json!({
                "message": "You are being rate limited.", "retry_after": 0.6, "global": false,
            }),
            headers: vec![
                ("retry-after".into(), "1".into()),
                ("x-ratelimit-scope".into(), "shared".into()),
            ],
        },
        1 => answered(503, json!("upstream connect error")),
        _ => answered(500, json!({"message": "500: Internal Server Error", "code": 0})),
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kill -9, {} SIGTERM, {} homeserver deaths, {} requests, {} transactions, \
             {} gateway troubles, {} database deaths ({} in all)",
            self.kills,
            self.terminations,
            self.homeserver,
            self.requests,
            self.transactions,
            self.gateway,
            self.database,
            self.count()
        )
    }
}
