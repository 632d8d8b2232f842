// SPDX-License-Identifier: AGPL-3.0-or-later
//! Puts the spine together: listeners -> `accept` -> lanes -> couriers.
//!
//! Rule: `accept` never talks to a destination.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bridge_model::{ChatId, Content, Event, NetworkId, Person, Place, Timestamp};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backoff::Backoff;
use crate::budgets::{Allowance, Budgets};
use crate::clock::{Clock, Dice};
use crate::courier::{Attempt, CourierParts, Couriers, Executor};
use crate::dashboard::Dashboard;
use crate::desk::public_page::PublicView;
use crate::desk::{Desk, DeskError};
use crate::lane::{CORE, LaneHead, Work};
use crate::lateness;
use crate::measure::{DeliveryVerdict, Measures};
use crate::network::{
    AskError, CommandHelp, MATRIX, Need, Network, NetworkError, RememberedMessage, Sink, SinkError,
};
use crate::order::{Batch, DeliverError, Failure};
use crate::portal::{End, EndState, Owner, Portal};
use crate::refusal::Refusal;
use crate::relay::{Networks, Relay};
use crate::report::chats::{self, ChatState};
use crate::report::{Format, Reporter, ledger};
use crate::store::backup_request::CopyRequest;
use crate::store::retention::RETENTION;
use crate::store::{Settlement, Store, StoreError};

/// How often the core looks what is due.
const TICK: Duration = Duration::from_secs(45);
/// Between tries to make a network ready.
const ASKS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5 * 60));
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// The running spine.
pub struct Core {
    store: Arc<Store>,
    networks: Networks,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    reactions: Budgets,
    max_age: Duration,
    couriers: Arc<Couriers>,
    desk: Arc<Desk>,
    measures: Arc<dyn Measures>,
    linked: Mutex<LinkedChats>,
    stop: CancellationToken,
}

/// The linked chats of each network, with the number of changes that were known.
type LinkedChats = HashMap<NetworkId, (u64, Vec<ChatId>)>;

/// What the spine needs.
pub struct CoreParts {
    /// What survives a crash.
    pub store: Arc<Store>,
    /// Carries to networks.
    pub relay: Relay,
    /// Carries out commands.
    pub desk: Desk,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub dice: Arc<dyn Dice>,
    /// Entries under way at once, over all lanes of a network.
    pub concurrency: usize,
    /// Reactions that a person has in a minute; further ones do not cross.
    pub reactions: u32,
    /// What was said longer ago when it is heard is not shown any more, but counted.
    pub max_age: Duration,
    /// Counts what is done.
    pub measures: Arc<dyn Measures>,
    /// Ends everything.
    pub stop: CancellationToken,
}

/// Entries of core lanes go to the desk, all others to their network.
struct Executors {
    relay: Relay,
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
    measures: Arc<dyn Measures>,
}

impl Executors {
    fn count(&self, head: &LaneHead, outcome: Result<&Settlement, &Failure>) {
        let verdict = match outcome.map_err(|failure| &failure.error) {
            Ok(settlement) if settlement.refused => DeliveryVerdict::Refused,
            Ok(_) => DeliveryVerdict::Delivered,
            Err(DeliverError::Retry { .. }) => DeliveryVerdict::Retried,
            Err(DeliverError::Uncertain { .. }) => DeliveryVerdict::Uncertain,
            Err(DeliverError::ChatClosed { .. } | DeliverError::Refused { .. }) => {
                DeliveryVerdict::Closed
            }
        };
        let since = head.entry.since.map(|since| self.clock.now().0.saturating_sub(since.0));
        let since = since.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default()));
        self.measures.tried(&head.entry.lane.network, verdict, since);
    }
}

#[async_trait]
impl Executor for Executors {
    async fn execute(&self, head: &LaneHead, attempt: &mut Attempt) -> Result<Settlement, Failure> {
        let outcome = if head.entry.lane.network.as_str() == CORE {
            self.desk.execute(head, attempt).await
        } else {
            self.relay.execute(head, attempt).await
        };
        self.count(head, outcome.as_ref());
        outcome
    }

    fn ahead(&self, lane: &Place) -> usize {
        self.relay.ahead(lane)
    }

    async fn halted(&self, head: &LaneHead, why: &Refusal) -> Vec<(Place, Work)> {
        self.relay.halted(head, why).await
    }
}

#[async_trait]
impl Reporter for Core {
    async fn report(&self, format: Format) -> Result<String, String> {
        self.desk.whole_report(format).await.map_err(|error| error.to_string())
    }

    async fn consent(&self) -> Result<String, String> {
        let lines = self.store.consent_ledger().await.map_err(|error| error.to_string())?;
        Ok(ledger::as_lines(&lines))
    }

    async fn chats(&self) -> Result<String, String> {
        let mut states = Vec::new();
        for portal in self.store.portals().await.map_err(|error| error.to_string())? {
            for place in portal.places() {
                states.push(self.state_of(&portal, place).await);
            }
        }
        Ok(chats::as_json(&states))
    }

    async fn backup(&self, request: CopyRequest) -> Result<(), String> {
        if !request.is_proven() {
            return Err(format!(
                "the bridge does not find the request in {}: it runs as another user, or sees other \
                 folders",
                request.folder.display()
            ));
        }
        self.store.backup(request.folder).await.map_err(|error| error.to_string())
    }
}

impl Core {
    /// Puts the parts together; [`Core::run`] begins.
    pub fn new(parts: CoreParts) -> Arc<Self> {
        let CoreParts { store, relay, desk, clock, dice, concurrency, max_age, .. } = parts;
        let (reactions, measures, stop) = (parts.reactions, parts.measures, parts.stop);
        let networks = relay.networks().clone();
        let reactions = Budgets::per_minute(reactions);
        let troubles = desk.troubles();
        let desk = Arc::new(desk);
        let couriers = Couriers::new(CourierParts {
            store: Arc::clone(&store),
            executor: Arc::new(Executors {
                relay,
                desk: Arc::clone(&desk),
                clock: Arc::clone(&clock),
                measures: Arc::clone(&measures),
            }),
            clock: Arc::clone(&clock),
            dice: Arc::clone(&dice),
            concurrency,
            troubles,
            stop: stop.clone(),
        });
        Arc::new(Self {
            store,
            networks,
            clock,
            dice,
            reactions,
            max_age,
            couriers,
            desk,
            measures,
            linked: Mutex::default(),
            stop,
        })
    }

    /// The dashboard of this bridge.
    pub fn dashboard(&self) -> Dashboard {
        Dashboard {
            store: Arc::clone(&self.store),
            desk: Arc::clone(&self.desk),
            couriers: Arc::clone(&self.couriers),
            clock: Arc::clone(&self.clock),
            dice: Arc::clone(&self.dice),
        }
    }

    /// Runs until stopped. A network that cannot go on leaves the others running; when none is
    /// left, this ends.
    ///
    /// # Errors
    /// [`StoreError`] when the lanes cannot be read at the start, or the last network's
    /// [`NetworkError`].
    pub async fn run(self: &Arc<Self>, commands: Vec<CommandHelp>) -> Result<(), RunError> {
        self.couriers.start().await?;
        let tasks = TaskTracker::new();
        let (ended, mut ends) = tokio::sync::mpsc::channel(8);
        for network in self.networks.all() {
            let (core, network, ended) = (Arc::clone(self), Arc::clone(network), ended.clone());
            let commands = commands.clone();
            tasks.spawn(async move {
                let id = network.id().clone();
                let sink: Arc<dyn Sink> =
                    Arc::new(NetworkSink { core: Arc::clone(&core), network: id });
                let ready = async {
                    core.make_ready(&*network, &commands).await;
                    std::future::pending().await
                };
                let ran = tokio::select! {
                    ran = network.run(sink, core.stop.clone()) => ran,
                    never = ready => never,
                };
                core.measures.hears(network.id(), false);
                // The receiver is gone only when everything ends anyway.
                drop(ended.send(ran).await);
            });
        }
        drop(ended);
        let core = Arc::clone(self);
        tasks.spawn(async move {
            tokio::select! {
                () = core.forget_daily() => {}
                () = core.stop.cancelled() => {}
            }
        });
        let core = Arc::clone(self);
        tasks.spawn(async move {
            tokio::select! {
                () = core.tick() => {}
                () = core.stop.cancelled() => {}
            }
        });
        let mut last = Ok(());
        while let Some(end) = ends.recv().await {
            if let Err(error) = end {
                tracing::error!(%error, "a network stopped; what it would carry waits in its lanes");
                last = Err(RunError::Network(error));
            }
        }
        self.stop.cancel();
        tasks.close();
        tasks.wait().await;
        self.couriers.ended().await;
        last
    }

    /// Waits until every courier has come to rest; call after the stop.
    pub async fn ended(&self) {
        self.couriers.ended().await;
    }

    /// Tells the platform our commands and checks the linked chats; both are tried until they
    /// are answered.
    async fn make_ready(&self, network: &dyn Network, commands: &[CommandHelp]) {
        let work = async {
            self.insist("the commands", || network.publish_commands(commands)).await;
            let chats = self.linked_chats(network.id()).await.unwrap_or_default();
            for chat in chats {
                self.insist("a chat", || network.prepare(&chat)).await;
            }
            if network.id().as_str() == MATRIX {
                self.insist("the bot's rooms", || self.watch_unlinked()).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = self.stop.cancelled() => {}
        }
    }

    async fn watch_unlinked(&self) -> Result<(), AskError> {
        let watched = async {
            self.couriers.wake(self.desk.watch_rooms().await?);
            self.desk.renew_old_notices().await?;
            self.desk.watch_unlinked().await
        };
        watched.await.map_err(|error| match error {
            DeskError::Ask(error) => error,
            DeskError::Store(error) => AskError::Retry { after: None, reason: error.to_string() },
        })
    }

    /// Asks until the platform answers. The first failure is common at a start; from the second on
    /// each one is in the log.
    async fn insist<F, T>(&self, what: &str, ask: F)
    where
        F: Fn() -> T,
        T: Future<Output = Result<(), AskError>>,
    {
        let mut failed = 0;
        loop {
            match ask().await {
                Ok(()) => return,
                Err(AskError::Refused(reason)) => {
                    tracing::error!(what, %reason, "a platform refuses what the bridge needs");
                    return;
                }
                Err(AskError::Retry { after, reason }) => {
                    let delay = after.unwrap_or_else(|| ASKS.after(failed));
                    if failed > 0 {
                        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
                        tracing::warn!(what, reason, delay_ms, "a platform is not ready yet");
                    }
                    failed = failed.saturating_add(1);
                    self.clock.sleep(delay).await;
                }
            }
        }
    }

    /// Begins what is due. Moments that passed while nothing ran come at once.
    async fn tick(&self) {
        loop {
            match self.store.due(self.clock.now()).await {
                Ok(lanes) => self.couriers.wake(lanes),
                Err(error) => tracing::error!(%error, "what is due could not be begun"),
            }
            self.clock.sleep(TICK).await;
        }
    }

    async fn forget_daily(&self) {
        loop {
            let kept = i64::try_from(RETENTION.as_millis()).unwrap_or(i64::MAX);
            let before = Timestamp(self.clock.now().0.saturating_sub(kept));
            let forgotten = self.store.forget(before).await;
            self.measures.forgot(forgotten.as_ref().ok().copied());
            match forgotten {
                Ok(rows) => tracing::info!(rows, "old messages were forgotten"),
                Err(error) => tracing::error!(%error, "old messages were not forgotten"),
            }
            self.clock.sleep(A_DAY).await;
        }
    }
}

/// The spine cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A network cannot go on.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// What one network sees of the core.
struct NetworkSink {
    core: Arc<Core>,
    network: NetworkId,
}

#[async_trait]
impl Sink for NetworkSink {
    async fn accept(&self, mut batch: Batch) -> Result<(), SinkError> {
        let now = self.core.clock.now();
        batch.events.retain(|event| self.core.crosses(event, now));
        lateness::sort_out(&mut batch, self.core.max_age);
        let (events, began) = (batch.events.len(), tokio::time::Instant::now());
        let accepted = self.core.store.accept(batch, now).await;
        self.core.measures.stored(began.elapsed(), accepted.is_ok());
        let accepted = accepted.map_err(sink)?;
        self.core.measures.accepted(&self.network, events.saturating_sub(accepted.dropped));
        self.core.couriers.wake(accepted.lanes);
        Ok(())
    }

    async fn mark(&self, key: &str) -> Result<Option<Vec<u8>>, SinkError> {
        self.core.store.mark(&self.network, key).await.map_err(sink)
    }

    async fn linked_chats(&self, network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        self.core.linked_chats(network).await.map_err(sink)
    }

    async fn severed_chats(&self, network: &NetworkId) -> Result<Vec<ChatId>, SinkError> {
        let portals = self.core.store.portals().await.map_err(sink)?.into_iter();
        let ends = portals.flat_map(|portal| portal.ends);
        let severed = |end: &End| end.place.network == *network && end.state == EndState::Severed;
        Ok(ends.filter(severed).map(|end| end.place.chat).collect())
    }

    async fn newest_known(
        &self,
        chat: &ChatId,
        most: usize,
    ) -> Result<Vec<RememberedMessage>, SinkError> {
        let place = Place { network: self.network.clone(), chat: chat.clone() };
        self.core.store.newest_known(&place, most).await.map_err(sink)
    }

    fn hears(&self, hears: bool) {
        self.core.measures.hears(&self.network, hears);
    }
}

impl Core {
    /// What public pages say.
    pub fn public(&self) -> PublicView<'_> {
        self.desk.public()
    }

    /// Each event of some networks asks for them.
    async fn linked_chats(&self, network: &NetworkId) -> Result<Vec<ChatId>, StoreError> {
        let changes = self.store.changes_of_links();
        let known = |linked: &LinkedChats| {
            let (since, chats) = linked.get(network)?;
            (*since == changes).then(|| chats.clone())
        };
        if let Some(chats) = known(&self.linked.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(chats);
        }
        let chats = self.store.linked_chats(network).await?;
        let mut linked = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        linked.insert(network.clone(), (changes, chats.clone()));
        Ok(chats)
    }
}

impl Core {
    /// How the bot stands in one chat of a portal.
    async fn state_of(&self, portal: &Portal, place: &Place) -> ChatState {
        let mut state = ChatState::new(portal.id.0, place);
        let severed = |end: &End| end.place == *place && end.state == EndState::Severed;
        if portal.ends.iter().any(severed) {
            state.refused = Some(Refusal::NotInChat.to_string());
            return state;
        }
        let Some(network) = self.networks.get(&place.network) else {
            state.refused = Some(Refusal::NotConfigured.to_string());
            return state;
        };
        if !portal.settings.at_risk {
            state.title = network.title(&place.chat).await.ok().flatten();
        }
        let follows = portal.settings.metadata != Owner::Nobody && !portal.leads(place);
        let needs = [Need::Pin, Need::Moderate].into_iter();
        for need in needs.chain(follows.then_some(Need::SetChat)) {
            match network.missing_rights(&place.chat, need).await {
                Ok(missing) => state.missing.extend(missing.into_iter().map(|it| it.menu)),
                Err(error) => {
                    state.refused = Some(error.to_string());
                    return state;
                }
            }
        }
        state.missing.dedup();
        state
    }

    /// Whether an event is more than one person's share.
    fn crosses(&self, event: &Event, now: Timestamp) -> bool {
        let Content::Reacted { by, .. } = &event.content else { return true };
        let person = Person { network: event.place.network.clone(), user: by.user.clone() };
        let granted = self.reactions.take(&person, now) == Allowance::Granted;
        if !granted {
            tracing::debug!(network = %person.network, "a reaction is one too many and does not cross");
        }
        granted
    }
}

fn sink(error: StoreError) -> SinkError {
    SinkError(error.to_string())
}
