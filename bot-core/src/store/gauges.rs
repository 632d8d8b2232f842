// SPDX-License-Identifier: AGPL-3.0-or-later
//! How full the store is, in numbers: what waits, for how long, and how much is known.
//!
//! Rule: sums by network; nothing that names a chat or a person leaves here.

use std::collections::BTreeMap;
use std::time::Duration;

use bridge_model::{NetworkId, Timestamp};
use bridge_policy::budget::Limits;
use bridge_policy::stage::Stage;

use super::keys::{Everything, FOR_EVER};
use super::tables::{GHOSTS, LANES, LEDGERS, PORTALS};
use super::txn::Txn;
use super::{Store, StoreError, queue};

/// The lanes of one network, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneGauges {
    /// Lanes in which something waits.
    pub busy: u64,
    /// Lanes that stand still because their chat is closed to the bot.
    pub halted: u64,
    /// Entries that wait, over all lanes.
    pub entries: u64,
    /// Entries that wait in the longest lane.
    pub deepest: u64,
    /// How long the first entry of a lane waits, in the lane where that is longest. Halted lanes do not
    /// count: they wait for people.
    pub oldest: Duration,
}

/// What the store holds, beside lanes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreGauges {
    /// Ghosts that were made.
    pub ghosts: u64,
    /// Portals by stage; all stages, in their order.
    pub portals: Vec<(Stage, u64)>,
    /// Notices about links within the last 24 hours, over all portals.
    pub notices: u64,
    /// Portals that get no more of them now.
    pub without_notices: u64,
    /// Weeks of which messages are known; what is known for ever does not count.
    pub weeks: u64,
    /// Lanes that leave out what comes because they are full.
    pub overflowing: u64,
}

impl Store {
    /// The lanes by network. Lanes of which nothing waits count nowhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lane_gauges(
        &self,
        now: Timestamp,
    ) -> Result<BTreeMap<NetworkId, LaneGauges>, StoreError> {
        self.read(move |tx| lanes(tx, now)).await
    }

    /// What the store holds beside lanes, `limits` for notices as configured.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn gauges(&self, now: Timestamp, limits: Limits) -> Result<StoreGauges, StoreError> {
        self.read(move |tx| gauges(tx, now, &limits)).await
    }
}

fn lanes(tx: &Txn<'_>, now: Timestamp) -> Result<BTreeMap<NetworkId, LaneGauges>, StoreError> {
    let mut networks: BTreeMap<NetworkId, LaneGauges> = BTreeMap::new();
    for lane in tx.all(&LANES, &Everything)? {
        if lane.depth == 0 && lane.halted.is_none() {
            continue;
        }
        let sum = networks.entry(lane.place.network.clone()).or_default();
        sum.halted += u64::from(lane.halted.is_some());
        sum.busy += u64::from(lane.depth > 0);
        sum.entries = sum.entries.saturating_add(lane.depth);
        sum.deepest = sum.deepest.max(lane.depth);
        if lane.halted.is_none()
            && let Some(since) = queue::first(tx, &lane.place)?.and_then(|head| head.since)
        {
            let waits = u64::try_from(now.0.saturating_sub(since.0)).unwrap_or_default();
            sum.oldest = sum.oldest.max(Duration::from_millis(waits));
        }
    }
    Ok(networks)
}

fn gauges(tx: &Txn<'_>, now: Timestamp, limits: &Limits) -> Result<StoreGauges, StoreError> {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let portals = tx.all(&PORTALS, &Everything)?;
    let at = |stage| count(portals.iter().filter(|portal| portal.stage == stage).count());
    let (mut notices, mut without_notices) = (0_u64, 0);
    for ledger in tx.all(&LEDGERS, &Everything)? {
        let given = ledger.lately(now);
        notices = notices.saturating_add(given);
        without_notices += u64::from(given >= u64::from(limits.room));
    }
    Ok(StoreGauges {
        ghosts: count(tx.all(&GHOSTS, &Everything)?.len()),
        portals: Stage::ALL.map(|stage| (stage, at(stage))).into(),
        notices,
        without_notices,
        weeks: count(tx.meta().buckets.iter().filter(|week| **week != FOR_EVER).count()),
        overflowing: u64::from(tx.meta().overflowing),
    })
}
