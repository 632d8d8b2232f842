// SPDX-License-Identifier: AGPL-3.0-or-later
//! One courier per lane: takes the head, has it carried, records what came of it.
//!
//! Rule: the variant of `DeliverError` decides. A lane that waits keeps nobody else waiting:
//! the permit to work is given back before it sleeps, and each network has permits of its own. What
//! overtakes the head of a lane changes nothing of what is known of that one, nor when it is tried again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bridge_model::{NetworkId, Place, Timestamp};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backoff::Backoff;
use crate::clock::{Clock, Dice};
use crate::lane::{LaneHead, LaneState, Work};
use crate::order::{DeliverError, EntryId, Failure, Part};
use crate::refusal::Refusal;
use crate::store::{OnDisk, Settled, Settlement, Store, StoreError};
use crate::trouble::Troubles;

const LONGEST_DELAY: Duration = Duration::from_secs(5 * 60);
/// Between tries of the same entry.
const TRIES: Backoff = Backoff::new(Duration::from_secs(1), LONGEST_DELAY);
/// Between tries of a lane that is halted: the chat may be open again without telling us.
const HALTS: Backoff = Backoff::new(Duration::from_secs(2 * 60), Duration::from_secs(60 * 60));

/// Carries one entry: to a network, or to the core bot's desk.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Carries the head of a lane. What `attempt` knows of earlier tries is brought up to date, also on
    /// errors. A refusal is settled here, with a word to the author.
    ///
    /// # Errors
    /// [`Failure`] with `Retry`, `Uncertain` or `ChatClosed`.
    async fn execute(&self, head: &LaneHead, attempt: &mut Attempt) -> Result<Settlement, Failure>;

    /// How many entries of a lane may be carried before the outcome of one is on the disk, see
    /// [`crate::Deliver::ahead`].
    fn ahead(&self, _lane: &Place) -> usize {
        0
    }

    /// What to say to whom when a lane comes to a halt.
    async fn halted(&self, head: &LaneHead, why: &Refusal) -> Vec<(Place, Work)>;
}

/// What is known of earlier tries to carry the same entry.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// Parts that are in the chat.
    pub done: Vec<Part>,
    /// An earlier try may have left more there: look first.
    pub doubt: bool,
    /// How many tries failed.
    pub failed: u32,
    /// The lane is halted, and this is a try whether the chat is open again.
    pub knocks: bool,
    /// The entry that was tried; none before the first try.
    pub entry: Option<EntryId>,
}

impl Attempt {
    /// Begins anew where another entry has become the head, because the last one was taken out.
    fn turns_to(&mut self, entry: EntryId, doubt: bool) {
        if self.entry.is_some_and(|tried| tried != entry) {
            *self = Self { knocks: self.knocks, doubt, ..Self::default() };
        }
        self.entry = Some(entry);
    }
}

/// What the courier of a lane knows.
#[derive(Default)]
struct Round {
    attempt: Attempt,
    /// What is known of an entry that overtakes the head.
    overtaking: Attempt,
    /// The head is not tried before.
    rests_until: Option<Timestamp>,
    /// So many entries from the head on may have been carried before the process ended.
    doubtful: usize,
    /// Outcomes that are on their way to the disk, the oldest first.
    pending: VecDeque<OnDisk>,
}

impl Round {
    fn in_doubt(doubtful: usize) -> Self {
        let attempt = Attempt { doubt: true, ..Attempt::default() };
        Self { attempt, doubtful, ..Self::default() }
    }

    fn of(&mut self, head: &LaneHead) -> &mut Attempt {
        if head.overtakes { &mut self.overtaking } else { &mut self.attempt }
    }

    /// Turns to the next entry.
    fn next(&mut self) {
        self.attempt = Attempt { doubt: self.doubtful > 0, ..Attempt::default() };
    }

    /// Waits until so many outcomes at most are on their way to the disk.
    async fn wait(&mut self, most: usize) -> Result<(), StoreError> {
        while self.pending.len() > most {
            if let Some(first) = self.pending.pop_front() {
                first.wait().await?;
            }
        }
        Ok(())
    }
}

/// All couriers.
pub struct Couriers {
    store: Arc<Store>,
    executor: Arc<dyn Executor>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    /// How many entries may be under way at once on each network.
    concurrency: usize,
    permits: Mutex<HashMap<NetworkId, Arc<Semaphore>>>,
    running: Mutex<HashMap<Place, Arc<Bells>>>,
    troubles: Arc<Troubles>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What couriers need.
pub struct CourierParts {
    /// Where the lanes are.
    pub store: Arc<Store>,
    /// Who carries.
    pub executor: Arc<dyn Executor>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub dice: Arc<dyn Dice>,
    /// How many entries are under way at once, over all lanes of a network.
    pub concurrency: usize,
    /// Where it is noted what went wrong.
    pub troubles: Arc<Troubles>,
    /// Ends all couriers.
    pub stop: CancellationToken,
}

/// What a courier hears while it waits.
#[derive(Default)]
struct Bells {
    /// The lane got entries.
    entries: Notify,
    /// Somebody wants it to try now.
    hurry: Notify,
    /// Something overtakes the head.
    urgent: Notify,
}

impl Couriers {
    /// Puts the parts together; [`Couriers::start`] begins.
    pub fn new(parts: CourierParts) -> Arc<Self> {
        let CourierParts { store, executor, clock, dice, concurrency, troubles, stop } = parts;
        Arc::new(Self {
            store,
            executor,
            clock,
            dice,
            concurrency: concurrency.max(1),
            permits: Mutex::default(),
            running: Mutex::default(),
            troubles,
            tasks: TaskTracker::new(),
            stop,
        })
    }

    /// Begins with every lane that is not empty. Each head may have been under way when the
    /// process ended, and as many entries behind it as are carried ahead, so they are in doubt. Halted lanes get another chance.
    ///
    /// # Errors
    /// [`StoreError`] when the lanes cannot be read.
    pub async fn start(self: &Arc<Self>) -> Result<(), StoreError> {
        for lane in self.store.lanes().await? {
            if lane.halted.as_ref().is_some_and(|why| *why != Refusal::HaltedByHand) {
                self.store.halt(&lane.place, None, Vec::new(), self.clock.now()).await?;
            }
            if lane.depth > 0 {
                let doubtful = self.executor.ahead(&lane.place).saturating_add(1);
                self.begin(lane.place, Round::in_doubt(doubtful));
            }
        }
        Ok(())
    }

    /// The lanes got entries.
    pub fn wake(self: &Arc<Self>, lanes: impl IntoIterator<Item = LaneState>) {
        for lane in lanes {
            if lane.halted.is_none() && lane.depth > 0 {
                if lane.urgent {
                    self.ring(&lane.place, |bells| bells.urgent.notify_one());
                }
                self.begin(lane.place, Round::default());
            }
        }
    }

    /// Rings for the courier of a lane, if there is one.
    fn ring(&self, lane: &Place, how: impl FnOnce(&Bells)) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bells) = running.get(lane) {
            how(bells);
        }
    }

    /// The heads of these lanes are tried now, whatever their couriers wait for.
    pub fn hurry(self: &Arc<Self>, lanes: Vec<Place>) {
        for lane in lanes {
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            match running.get(&lane).cloned() {
                Some(bells) => bells.hurry.notify_one(),
                None => {
                    drop(running);
                    self.begin(lane, Round::default());
                }
            }
        }
    }

    /// Waits until every courier has ended; call after the stop token was cancelled.
    pub async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn begin(self: &Arc<Self>, lane: Place, round: Round) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = running.get(&lane) {
            bell.entries.notify_one();
            return;
        }
        let bell = Arc::new(Bells::default());
        running.insert(lane.clone(), Arc::clone(&bell));
        let couriers = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::select! {
                () = couriers.stop.cancelled() => {}
                () = couriers.work(&lane, &bell, round) => {}
            }
        });
    }

    /// Works until the lane is empty. The head of a halted lane is tried again by itself, so the
    /// courier stays with it.
    async fn work(self: &Arc<Self>, lane: &Place, bell: &Bells, mut round: Round) {
        let mut halts = 0;
        loop {
            match self.step(lane, &mut round).await {
                Step::Next => {
                    round.next();
                    halts = 0;
                }
                Step::Overtaken => round.overtaking = Attempt::default(),
                Step::Halted => tokio::select! {
                    () = self.clock.sleep(HALTS.jittered(halts, &*self.dice)) => {
                        halts = halts.saturating_add(1);
                        round.attempt.knocks = true;
                    }
                    // Somebody set the lane going again.
                    () = bell.entries.notified() => {}
                    () = bell.hurry.notified() => round.attempt.knocks = true,
                },
                Step::Wait(delay) => {
                    let delay_ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
                    let until = Timestamp(self.clock.now().0.saturating_add(delay_ms));
                    round.rests_until = tokio::select! {
                        () = self.clock.sleep(delay) => None,
                        () = bell.hurry.notified() => None,
                        () = bell.urgent.notified() => Some(until),
                    };
                }
                // What waits may be taken away, which nobody behind it waits for.
                Step::Hold(delay) => tokio::select! {
                    () = self.clock.sleep(delay) => {}
                    () = bell.entries.notified() => {}
                    () = bell.urgent.notified() => {}
                },
                Step::Rest => {
                    if let Err(error) = round.wait(0).await {
                        tracing::error!(network = %lane.network, %error, "an outcome was not stored");
                    }
                    let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                    let rung =
                        futures_util::FutureExt::now_or_never(bell.entries.notified()).is_some();
                    if !rung {
                        running.remove(lane);
                        return;
                    }
                }
            }
        }
    }

    fn permits_of(&self, network: &NetworkId) -> Arc<Semaphore> {
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = permits.get(network) {
            return Arc::clone(known);
        }
        let new = Arc::new(Semaphore::new(self.concurrency));
        permits.insert(network.clone(), Arc::clone(&new));
        new
    }

    async fn step(self: &Arc<Self>, lane: &Place, round: &mut Round) -> Step {
        // Where messages are not known by themselves, what was left in the chat is not this entry's.
        let doubt = round.doubtful > 0 && self.executor.ahead(lane) > 0;
        let knocks = round.attempt.knocks;
        let permits = self.permits_of(&lane.network);
        let Ok(permit) = permits.acquire().await else { return Step::Rest };
        let head = match self.store.take(lane).await {
            Ok(Some(head)) if head.left_out => head,
            Ok(Some(head)) if head.by_hand || (head.halted && !knocks) => {
                return Step::Halted;
            }
            Ok(Some(head)) => head,
            Ok(None) => return Step::Rest,
            Err(error) => {
                tracing::error!(%error, "a lane cannot be read");
                return Step::Wait(self.delay(&mut round.attempt));
            }
        };
        if let Some(step) = self.not_yet(round, &head) {
            return step;
        }
        let head = match self.closed(head).await {
            Ok(Some(head)) if !head.entry.is_open() => head,
            Ok(_) => return Step::Next,
            Err(error) => {
                tracing::error!(%error, "an entry that waited cannot be taken");
                return Step::Wait(self.delay(&mut round.attempt));
            }
        };
        let attempt = round.of(&head);
        attempt.turns_to(head.entry.id, doubt && !head.overtakes);
        let entry = head.entry.id.0;
        let network = lane.network.clone();
        match self.executor.execute(&head, attempt).await {
            Ok(settlement) => match self.settle(&head, round, settlement).await {
                Ok(settled) => {
                    tracing::debug!(entry, %network, depth = settled.depth, "an entry is settled");
                    self.troubles.over(lane);
                    if head.halted && !head.left_out {
                        self.open_again(lane).await;
                    }
                    self.wake(settled.lanes);
                    self.hurry(settled.hurried);
                    if head.overtakes { Step::Overtaken } else { Step::Next }
                }
                Err(error) => {
                    // What was sent is sent: look before sending again.
                    tracing::error!(entry, %network, %error, "an outcome was not stored");
                    round.doubtful = self.executor.ahead(lane).saturating_add(1);
                    round.attempt.doubt = true;
                    Step::Wait(self.delay(round.of(&head)))
                }
            },
            Err(failure) => {
                drop(permit);
                self.failed(&head, attempt, failure).await
            }
        }
    }

    /// Stores what came of an entry. Where the lane may go ahead, that is on the disk a while later.
    async fn settle(
        &self,
        head: &LaneHead,
        round: &mut Round,
        settlement: Settlement,
    ) -> Result<Settled, StoreError> {
        let (settled, on_disk) = self.store.settle_soon(settlement).await?;
        round.pending.push_back(on_disk);
        round.wait(self.executor.ahead(&head.entry.lane)).await?;
        if !head.overtakes {
            round.doubtful = round.doubtful.saturating_sub(1);
        }
        Ok(settled)
    }

    /// Whether an entry is not carried yet: it failed before something overtook it, or waits.
    fn not_yet(&self, round: &mut Round, head: &LaneHead) -> Option<Step> {
        if head.overtakes {
            return None;
        }
        let now = self.clock.now();
        let rest = round.rests_until.take().map_or(0, |until| until.0.saturating_sub(now.0));
        if let Some(rest) = u64::try_from(rest).ok().filter(|rest| *rest > 0) {
            return Some(Step::Wait(Duration::from_millis(rest)));
        }
        let wait = head.entry.waits(now)?;
        let held = head.entry.work.relayed().is_some_and(|it| it.held_until.is_some());
        Some(if held { Step::Hold(wait) } else { Step::Wait(wait) })
    }

    /// A halted lane works again.
    async fn open_again(&self, lane: &Place) {
        tracing::info!(network = %lane.network, "a halted lane goes on");
        // If this is not stored, the next entry is tried like this one.
        if let Err(error) = self.store.halt(lane, None, Vec::new(), self.clock.now()).await {
            tracing::error!(%error, "that a lane goes on was not stored");
        }
    }

    /// The head, which nothing joins any more.
    async fn closed(&self, head: LaneHead) -> Result<Option<LaneHead>, StoreError> {
        if !head.entry.is_open() {
            return Ok(Some(head));
        }
        self.store.close_album(&head.entry.lane, head.entry.id).await
    }

    async fn failed(
        self: &Arc<Self>,
        head: &LaneHead,
        attempt: &mut Attempt,
        failure: Failure,
    ) -> Step {
        let (entry, network) = (head.entry.id.0, head.entry.lane.network.clone());
        attempt.done = failure.done;
        self.note(&head.entry.lane, &failure.error);
        match failure.error {
            DeliverError::Retry { after, reason } => {
                let delay = after.unwrap_or_else(|| self.delay(attempt));
                let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(entry, %network, reason, delay_ms, "an entry is tried again later");
                Step::Wait(delay)
            }
            DeliverError::Uncertain { reason } => {
                tracing::warn!(entry, %network, reason, "an entry may have arrived");
                attempt.doubt = true;
                Step::Wait(self.delay(attempt))
            }
            DeliverError::ChatClosed { reason } | DeliverError::Refused { reason }
                if head.halted =>
            {
                // The room was told when the lane came to its halt.
                tracing::warn!(entry, %network, %reason, "a lane stays halted");
                attempt.knocks = false;
                Step::Halted
            }
            DeliverError::ChatClosed { reason } | DeliverError::Refused { reason } => {
                tracing::error!(entry, %network, %reason, "a lane is halted");
                let then = self.executor.halted(head, &reason).await;
                let lane = &head.entry.lane;
                match self.store.halt(lane, Some(reason), then, self.clock.now()).await {
                    Ok(told) => {
                        for lane in told {
                            self.begin(lane, Round::default());
                        }
                        Step::Halted
                    }
                    Err(error) => {
                        tracing::error!(entry, %network, %error, "a halt was not stored");
                        Step::Wait(self.delay(attempt))
                    }
                }
            }
        }
    }

    /// Those who look after the lane are told why its head waits.
    fn note(&self, lane: &Place, error: &DeliverError) {
        let (reason, in_doubt) = match error {
            DeliverError::Retry { reason, .. } => (reason, false),
            DeliverError::Uncertain { reason } => (reason, true),
            // The store knows it.
            DeliverError::ChatClosed { .. } | DeliverError::Refused { .. } => return,
        };
        self.troubles.note(lane, self.clock.now(), in_doubt, reason);
    }

    fn delay(&self, attempt: &mut Attempt) -> Duration {
        let delay = TRIES.jittered(attempt.failed, &*self.dice);
        attempt.failed = attempt.failed.saturating_add(1);
        delay
    }
}

enum Step {
    Next,
    /// What overtook the head is settled.
    Overtaken,
    Wait(Duration),
    Hold(Duration),
    Halted,
    Rest,
}
