// SPDX-License-Identifier: AGPL-3.0-or-later
//! Every metric that there is.
//!
//! Rule: what is not here is not told. Labels are networks, verdicts, stages and parts of the bridge:
//! nothing that grows with chats or people, and nothing that names them.

/// What kind of number it is, as Prometheus calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size, from 0 at the start of the process.
    Histogram,
}

/// One metric with all its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricFamily {
    /// Its name, with its unit.
    pub name: &'static str,
    /// Its kind.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

macro_rules! families {
    ($($id:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $id: MetricFamily = MetricFamily {
                name: $name,
                kind: MetricKind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )*

        /// All of them, in the order in which they are told.
        pub const ALL: &[MetricFamily] = &[$($id),*];
    };
}

families! {
    BUILD = Gauge "freeside_build_info" ["version", "commit"]
        "Always 1; the labels say which version runs.";
    STARTED = Gauge "process_start_time_seconds" []
        "When the process began, in seconds since 1970.";
    MEMORY = Gauge "process_resident_memory_bytes" []
        "Memory of the process, without those that draw stickers.";
    READY = Gauge "freeside_ready" ["part"]
        "1 when a part of the bridge works, else 0: homeserver, store, and each network that listens.";
    LANES = Gauge "freeside_lanes" ["network", "state"]
        "Lanes (one for each chat) in which something waits (busy), or that stand still because the chat is closed to the bot (halted).";
    LANE_ENTRIES = Gauge "freeside_lane_entries" ["network"]
        "Entries that wait, over all lanes of a network; core is the bot's desk.";
    LANE_DEEPEST = Gauge "freeside_lane_deepest_entries" ["network"]
        "Entries that wait in the longest lane of a network.";
    LANE_OLDEST = Gauge "freeside_lane_oldest_head_seconds" ["network"]
        "How long the first entry of a lane waits, in the lane of the network where that is longest. Halted lanes do not count.";
    LANES_FULL = Gauge "freeside_lanes_full" []
        "Lanes that leave out what comes, because lanes.most_waiting entries wait there.";
    EVENTS = Counter "freeside_events_accepted_total" ["network"]
        "Events of a network that were stored and concern somebody.";
    DELIVERIES = Counter "freeside_deliveries_total" ["network", "verdict"]
        "Tries to carry an entry to a network: delivered, refused (for good, the author was told), retried, uncertain (may have arrived), closed (the lane is halted).";
    DELIVERY_TIME = Histogram "freeside_delivery_seconds" ["network"]
        "From the moment when an entry was stored to its delivery.";
    UPSTREAM = Histogram "freeside_upstream_request_seconds" ["network"]
        "Requests to a platform, until the answer begins. Without long polls and files.";
    UPSTREAM_LOST = Counter "freeside_upstream_requests_lost_total" ["network"]
        "Requests to a platform that got no answer at all.";
    COMMIT = Histogram "freeside_store_commit_seconds" []
        "From the moment when a batch of events was handed over to the moment when it was on the disk.";
    COMMIT_FAILED = Counter "freeside_store_commits_failed_total" []
        "Batches that could not be stored. Nothing of them was acknowledged; they come again.";
    STORE_SIZE = Gauge "freeside_store_size_bytes" []
        "Size of the files below store.path.";
    FORGOTTEN = Counter "freeside_retention_records_forgotten_total" []
        "Records that the daily clean-up has removed.";
    FORGOT_AT = Gauge "freeside_retention_last_success_timestamp_seconds" []
        "When the daily clean-up last succeeded, in seconds since 1970; 0 before the first time since the start.";
    WEEKS = Gauge "freeside_retention_weeks" []
        "Weeks of which messages are known. More than 15 are too many.";
    NOTICES = Gauge "freeside_notices_last_day" []
        "Notices about links that were given within 24 hours, over all portals.";
    NOTICES_SPENT = Gauge "freeside_notice_budgets_spent" []
        "Portals that get no more notices now, because notices.per_room were given within 24 hours.";
    GHOSTS = Gauge "freeside_ghosts" []
        "Matrix accounts that were made for people of other networks.";
    PORTALS = Gauge "freeside_portals" ["stage"]
        "Connections between chats, by stage.";
}
