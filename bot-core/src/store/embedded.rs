// SPDX-License-Identifier: AGPL-3.0-or-later
//! `Store` over an embedded engine: one writer thread, one flush per group of transactions.
//!
//! Rule: an answer is given after the flush of its group; that of a read is given at once when
//! nothing was written in the group before it. Nobody acts on something that a crash could undo.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bridge_model::{Event, MessageId, NetworkId, Person, Place, Timestamp};
use bridge_policy::figures::WeekFigures;
use data_encoding::BASE32_NOPAD;
use tokio::sync::oneshot;

use super::keys::Everything;
use super::kv::Kv;
use super::layout::{self, LAYOUT};
use super::tables::{LANES, LOCALPARTS, MARKS};
use super::txn::Txn;
use super::{
    Accepted, Acquaintance, Claim, ClaimOffer, CodeHash, EmojiRecord, FileRecord, GhostRecord,
    Settled, Settlement, StickerRecord, Store, StoreError, Topic, accept, albums, claims, emoji,
    erase, figures, files, keys, migration, people, portals, queue, replica, retention, settle,
    stickers, timers, topics,
};
use crate::lane::{Entry, LaneHead, LaneState, Replica, Work};
use crate::migration::{Audit, Migration};
use crate::order::{Batch, EntryId};
use crate::portal::{Offer, Portal, PortalId};
use crate::refusal::{Refusal, stored};

/// Transactions that share a flush at most.
const GROUP: usize = 256;
/// Bytes of the instance's number; the others are its secret.
const INSTANCE: usize = 10;

/// Entries with which a lane is full where nobody says otherwise.
pub const LANE_BOUND: u64 = 2_000;

/// The time of transactions that do not look at it.
const NO_TIME: Timestamp = Timestamp(0);

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Job = Box<dyn FnOnce(&mut dyn Kv) -> (bool, Answer) + Send>;

/// A store over an embedded engine.
pub struct Embedded {
    jobs: SyncSender<Job>,
    lane_bound: u64,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Embedded {
    /// Starts the writer thread. `random` makes the instance's number and its secret if the store
    /// is new.
    ///
    /// # Errors
    /// [`StoreError`] when the thread cannot be started or the store cannot be read.
    pub fn start(kv: impl Kv, random: [u8; 32]) -> Result<Arc<Self>, StoreError> {
        Self::bounded(kv, random, LANE_BOUND)
    }

    /// The same, with lanes that are full with `lane_bound` entries.
    ///
    /// # Errors
    /// As [`Embedded::start`].
    pub fn bounded(
        mut kv: impl Kv,
        random: [u8; 32],
        lane_bound: u64,
    ) -> Result<Arc<Self>, StoreError> {
        layout::bring_up_to_date(&mut kv, layout::BATCH)?;
        let mut tx = Txn::begin(&kv, (NO_TIME, lane_bound))?;
        if tx.meta().instance.is_empty() {
            tx.meta().layout = LAYOUT;
            let (number, secret) = random.split_at(INSTANCE);
            tx.meta().instance = BASE32_NOPAD.encode(number).to_ascii_lowercase();
            tx.meta().secret = BASE32_NOPAD.encode(secret);
        }
        let writes = tx.finish()?;
        kv.apply(&writes)?;
        kv.flush()?;
        let (jobs, work) = sync_channel(GROUP);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || write(&mut kv, &work))
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        Ok(Arc::new(Self { jobs, lane_bound, thread: Mutex::new(Some(thread)) }))
    }

    /// Runs one transaction that needs no time on the writer thread.
    async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Txn<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.run_at(NO_TIME, job).await
    }

    /// Runs one transaction on the writer thread.
    async fn run_at<T, F>(&self, now: Timestamp, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Txn<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let lane_bound = self.lane_bound;
        let job: Job = Box::new(move |kv| {
            let (wrote, done) = transact(kv, (now, lane_bound), job);
            let answer: Answer = Box::new(move |flushed| {
                // Nobody waits any more: the caller was cancelled, the transaction stands.
                drop(answer.send(flushed.and(done)));
            });
            (wrote, answer)
        });
        self.send(job).await?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    async fn send(&self, mut job: Job) -> Result<(), StoreError> {
        loop {
            match self.jobs.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) => job = back,
                Err(TrySendError::Disconnected(_)) => return Err(StoreError::Closed),
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

/// Waits for the writer thread, so that the engine is closed when the store is gone.
impl Drop for Embedded {
    fn drop(&mut self) {
        let (closed, _) = sync_channel(1);
        self.jobs = closed;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }
}

fn transact<T>(
    kv: &mut dyn Kv,
    now: (Timestamp, u64),
    job: impl FnOnce(&mut Txn<'_>) -> Result<T, StoreError>,
) -> (bool, Result<T, StoreError>) {
    let prepared = Txn::begin(kv, now).and_then(|mut tx| {
        let done = job(&mut tx)?;
        Ok((tx.finish()?, done))
    });
    match prepared {
        Ok((writes, done)) if writes.is_empty() => (false, Ok(done)),
        Ok((writes, done)) => (true, kv.apply(&writes).map(|()| done)),
        Err(error) => (false, Err(error)),
    }
}

fn write(kv: &mut dyn Kv, work: &Receiver<Job>) {
    while let Ok(first) = work.recv() {
        let mut answers = Vec::new();
        let mut wrote = false;
        let mut next = Some(first);
        while let Some(job) = next {
            let (this_wrote, answer) = job(kv);
            wrote |= this_wrote;
            if wrote {
                answers.push(answer);
            } else {
                // All that it can have seen is on the disk.
                answer(Ok(()));
            }
            next = if answers.len() < GROUP { work.try_recv().ok() } else { None };
        }
        let flushed = if wrote { kv.flush() } else { Ok(()) };
        for answer in answers {
            answer(flushed.clone());
        }
    }
}

#[async_trait]
impl Store for Embedded {
    async fn accept(&self, batch: Batch, now: Timestamp) -> Result<Accepted, StoreError> {
        self.run_at(now, move |tx| accept::accept(tx, batch)).await
    }

    async fn mark(&self, network: &NetworkId, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = keys::hash(&[network.as_str(), key]);
        self.run(move |tx| tx.get(&MARKS, &name)).await
    }

    async fn take(&self, lane: &Place) -> Result<Option<LaneHead>, StoreError> {
        let lane = lane.clone();
        self.run(move |tx| queue::head(tx, &lane)).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.run_at(settlement.now, move |tx| settle::settle(tx, settlement)).await
    }

    async fn close_album(
        &self,
        lane: &Place,
        entry: EntryId,
    ) -> Result<Option<LaneHead>, StoreError> {
        let lane = lane.clone();
        self.run(move |tx| albums::close(tx, &lane, entry)).await
    }

    async fn lanes(&self) -> Result<Vec<LaneState>, StoreError> {
        self.run(|tx| {
            let lanes = tx.all(&LANES, &Everything)?;
            let busy = lanes.into_iter().filter(|lane| lane.depth > 0 || lane.halted.is_some());
            Ok(busy.map(queue::state).collect())
        })
        .await
    }

    async fn halt(
        &self,
        lane: &Place,
        why: Option<Refusal>,
        then: Vec<(Place, Work)>,
        now: Timestamp,
    ) -> Result<Vec<Place>, StoreError> {
        let lane = lane.clone();
        self.run_at(now, move |tx| {
            let mut record = queue::lane(tx, &lane)?;
            record.halted = why.as_ref().map(stored::text);
            queue::store_lane(tx, &record)?;
            for (place, work) in then {
                queue::append(tx, &place, work)?;
            }
            Ok(tx.touched().to_vec())
        })
        .await
    }

    async fn find_replica(
        &self,
        place: &Place,
        message: &MessageId,
    ) -> Result<Option<Replica>, StoreError> {
        let (place, message) = (place.clone(), message.clone());
        self.run(move |tx| replica::find(tx, &place, &message)).await
    }

    async fn waiting_edits(&self, lane: &Place, event: &Event) -> Result<Vec<Entry>, StoreError> {
        let (lane, event) = (lane.clone(), event.clone());
        self.run(move |tx| replica::waiting_edits(tx, &lane, &event)).await
    }

    async fn portal_of(&self, place: &Place) -> Result<Option<Portal>, StoreError> {
        let place = place.clone();
        self.run(move |tx| portals::of(tx, &place)).await
    }

    async fn portals(&self) -> Result<Vec<Portal>, StoreError> {
        self.run(|tx| portals::all(tx)).await
    }

    async fn find_offer(&self, code: &CodeHash) -> Result<Option<Offer>, StoreError> {
        let code = *code;
        self.run(move |tx| portals::offer(tx, &code)).await
    }

    async fn ghost(&self, person: &Person) -> Result<Option<GhostRecord>, StoreError> {
        let person = person.clone();
        self.run(move |tx| portals::ghost(tx, &person)).await
    }

    async fn save_ghost(&self, person: &Person, ghost: GhostRecord) -> Result<(), StoreError> {
        let person = person.clone();
        self.run(move |tx| portals::save_ghost(tx, &person, &ghost)).await
    }

    async fn person_behind(&self, localpart: &str) -> Result<Option<Person>, StoreError> {
        let localpart = localpart.to_owned();
        self.run(move |tx| tx.get(&LOCALPARTS, &localpart)).await
    }

    async fn people(&self, portal: PortalId) -> Result<Vec<Acquaintance>, StoreError> {
        self.run(move |tx| people::of(tx, portal)).await
    }

    async fn emoji(
        &self,
        network: &NetworkId,
        id: &str,
    ) -> Result<Option<EmojiRecord>, StoreError> {
        let (network, id) = (network.clone(), id.to_owned());
        self.run(move |tx| emoji::of(tx, &network, &id)).await
    }

    async fn emoji_behind(&self, mxc: &str) -> Result<Option<EmojiRecord>, StoreError> {
        let mxc = mxc.to_owned();
        self.run(move |tx| emoji::behind(tx, &mxc)).await
    }

    async fn save_emoji(&self, emoji: EmojiRecord) -> Result<(), StoreError> {
        self.run(move |tx| emoji::save(tx, &emoji)).await
    }

    async fn count_messages(&self) -> Result<u64, StoreError> {
        self.run(|tx| erase::left(tx)).await
    }

    async fn claim_offer(&self, code: &CodeHash) -> Result<Option<ClaimOffer>, StoreError> {
        let code = *code;
        self.run(move |tx| claims::offer(tx, &code)).await
    }

    async fn claim(&self, person: &Person) -> Result<Option<Claim>, StoreError> {
        let person = person.clone();
        self.run(move |tx| claims::of(tx, &person)).await
    }

    async fn claims_by(&self, mxid: &str) -> Result<Vec<Claim>, StoreError> {
        let mxid = mxid.to_owned();
        self.run(move |tx| claims::by(tx, &mxid)).await
    }

    async fn sticker_behind(&self, mxc: &str) -> Result<Option<StickerRecord>, StoreError> {
        let mxc = mxc.to_owned();
        self.run(move |tx| stickers::behind(tx, &mxc)).await
    }

    async fn save_sticker(&self, mxc: &str, sticker: StickerRecord) -> Result<(), StoreError> {
        let mxc = mxc.to_owned();
        self.run(move |tx| stickers::save(tx, &mxc, &sticker)).await
    }

    async fn file(
        &self,
        name: &keys::Hash,
        now: Timestamp,
    ) -> Result<Option<FileRecord>, StoreError> {
        let name = *name;
        self.run_at(now, move |tx| files::find(tx, &name)).await
    }

    async fn save_file(
        &self,
        names: Vec<keys::Hash>,
        file: FileRecord,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.run_at(now, move |tx| files::save(tx, &names, &file)).await
    }

    async fn migration(&self, portal: PortalId) -> Result<Migration, StoreError> {
        self.run(move |tx| migration::of(tx, portal)).await
    }

    async fn history(&self, portal: PortalId) -> Result<Vec<Audit>, StoreError> {
        self.run(move |tx| migration::history(tx, portal)).await
    }

    async fn topic(&self, end: &Place, root: &MessageId) -> Result<Option<Topic>, StoreError> {
        let (end, root) = (end.clone(), root.clone());
        self.run(move |tx| topics::of_root(tx, &end, &root)).await
    }

    async fn topic_of_room(&self, room: &Place) -> Result<Option<Topic>, StoreError> {
        let room = room.clone();
        self.run(move |tx| topics::of_room(tx, &room)).await
    }

    async fn all_topics(&self) -> Result<Vec<Topic>, StoreError> {
        self.run(|tx| topics::every(tx)).await
    }

    async fn topics(&self, portal: PortalId) -> Result<Vec<Topic>, StoreError> {
        self.run(move |tx| topics::all(tx, portal)).await
    }

    async fn figures(&self, portal: PortalId) -> Result<Vec<WeekFigures>, StoreError> {
        self.run(move |tx| figures::of(tx, portal)).await
    }

    async fn ghosts_in(&self, room: &Place) -> Result<Vec<Person>, StoreError> {
        let room = room.clone();
        self.run(move |tx| portals::ghosts_in(tx, &room)).await
    }

    async fn due(&self, now: Timestamp) -> Result<Vec<LaneState>, StoreError> {
        self.run_at(now, |tx| {
            timers::due(tx)?;
            queue::touched(tx)
        })
        .await
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.run(move |tx| retention::forget(tx, before)).await
    }

    async fn instance(&self) -> Result<String, StoreError> {
        self.run(|tx| Ok(tx.meta().instance.clone())).await
    }
}
