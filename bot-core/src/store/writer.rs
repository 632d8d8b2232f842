// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store's writer thread: transactions one after the other, one flush for a group of them. Where
//! the engine can, another thread flushes meanwhile.
//!
//! Rule: an answer is given after the flush of its group. Nobody acts on something that a crash could
//! undo: whoever reads beside the thread ([`Store::read`]) waits for the flush of what was applied before.
//! `Store::glance` does not wait: it only tells how to carry out what is on the disk.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use bridge_model::Timestamp;
use data_encoding::BASE32_NOPAD;
use tokio::sync::oneshot;

use super::kv::{Flusher, Kv};
use super::layout::{self, LAYOUT};
use super::shared::SharedRows;
use super::txn::Txn;
use super::{StoreError, forget, people, sealing};

/// Transactions that share a flush at most.
const GROUP: usize = 256;
/// Bytes of the instance's number; the others are its secret.
const INSTANCE: usize = 10;

/// Entries with which a lane is full where nobody says otherwise.
pub const LANE_BOUND: u64 = 2_000;

/// The time of transactions that do not look at it.
const NO_TIME: Timestamp = Timestamp(0);

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
type Job = Box<dyn FnOnce(&mut dyn Kv) -> (Wrote, Answer) + Send>;

/// Tells when what was applied is on the disk.
pub struct OnDisk(oneshot::Receiver<Result<(), StoreError>>);

impl OnDisk {
    /// Waits for it.
    ///
    /// # Errors
    /// [`StoreError`]: it may be there or not.
    pub async fn wait(self) -> Result<(), StoreError> {
        self.0.await.map_err(|_| StoreError::Closed)?
    }
}

/// What a transaction has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrote {
    Nothing,
    Rows,
    /// Rows, and keys are to be destroyed before anything else is done.
    Marks,
}

/// What survives a crash, in an embedded engine. Its verbs stand in the files of their nouns; each
/// is one transaction, and when it returns `Ok`, its effect is on the disk.
pub struct Store {
    jobs: SyncSender<Job>,
    lane_bound: u64,
    shared: Arc<SharedRows>,
    recent_people: people::RecentPeople,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Store {
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
    /// As [`Store::start`].
    pub fn bounded(
        mut kv: impl Kv,
        random: [u8; 32],
        lane_bound: u64,
    ) -> Result<Arc<Self>, StoreError> {
        layout::bring_up_to_date(&mut kv, layout::BATCH)?;
        forget::carry_out(&mut kv)?;
        let mut tx = Txn::begin(&kv, (NO_TIME, lane_bound))?;
        if tx.meta().instance.is_empty() {
            if !kv.scan_after(&[], 1)?.is_empty() {
                return Err(StoreError::Damaged {
                    what: "store without counters",
                    why: "an import was cut off. Import again, or put the last backup back".into(),
                });
            }
            tx.meta_mut().layout = LAYOUT;
            let (number, secret) = random.split_at(INSTANCE);
            tx.meta_mut().instance = BASE32_NOPAD.encode(number).to_ascii_lowercase();
            tx.meta_mut().secret = BASE32_NOPAD.encode(secret);
        }
        people::part(&mut tx)?;
        let (writes, meta) = tx.finish()?;
        kv.apply(&writes)?;
        kv.flush()?;
        let shared = Arc::new(SharedRows::new(&kv, meta));
        let (jobs, work) = sync_channel(GROUP);
        let rows = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || write(&mut kv, &rows, &work))
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        let (recent_people, thread) = (people::RecentPeople::default(), Mutex::new(Some(thread)));
        Ok(Arc::new(Self { jobs, lane_bound, shared, recent_people, thread }))
    }

    /// Reads in one transaction: all that it sees belongs together, and is on the disk before the
    /// answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Txn<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        if !self.shared.can_read() {
            return self.write(move |tx| job(tx)).await;
        }
        let seen = self.shared.look((NO_TIME, self.lane_bound), job).ok_or(StoreError::Closed)?;
        if !seen.durable {
            self.write(|_| Ok(())).await?;
        }
        seen.value
    }

    /// Reads what may not be on the disk yet. For whoever has something to carry out that is: what they
    /// see here besides was not acknowledged to anybody, and comes again after a crash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn glance<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Txn<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        if !self.shared.can_read() {
            return self.write(move |tx| job(tx)).await;
        }
        let seen = self.shared.look((NO_TIME, self.lane_bound), job).ok_or(StoreError::Closed)?;
        seen.value
    }

    /// The people of portals, as far as they are held in memory.
    pub(super) fn recent_people(&self) -> &people::RecentPeople {
        &self.recent_people
    }

    /// What the writer thread shares with those who read.
    pub(super) fn shared(&self) -> &SharedRows {
        &self.shared
    }

    /// Writes in one transaction that does not look at the time: all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Txn<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.write_at(NO_TIME, job).await
    }

    /// Writes in one transaction at the time `now`: all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn write_at<T, F>(&self, now: Timestamp, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Txn<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let (lane_bound, shared) = (self.lane_bound, Arc::clone(&self.shared));
        let job: Job = Box::new(move |kv| {
            let (wrote, done) = transact((kv, &shared), (now, lane_bound), job);
            let answer: Answer = Box::new(move |flushed| {
                // Nobody waits any more: the caller was cancelled, the transaction stands.
                drop(answer.send(flushed.and(done)));
            });
            (wrote, answer)
        });
        self.send(job).await?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// The same, and goes on when the transaction is applied, so that others see it. Whoever needs it on
    /// the disk waits for that.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub(super) async fn write_soon<T, F>(
        &self,
        now: Timestamp,
        job: F,
    ) -> Result<(T, OnDisk), StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Txn<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let ((tell, applied), (answer, on_disk)) = (oneshot::channel(), oneshot::channel());
        let (lane_bound, shared) = (self.lane_bound, Arc::clone(&self.shared));
        let job: Job = Box::new(move |kv| {
            let (wrote, done) = transact((kv, &shared), (now, lane_bound), job);
            // Nobody waits any more: the caller was cancelled, the transaction stands.
            drop(tell.send(done));
            (wrote, Box::new(move |flushed| drop(answer.send(flushed))))
        });
        self.send(job).await?;
        let done = applied.await.map_err(|_| StoreError::Closed)??;
        Ok((done, OnDisk(on_disk)))
    }

    /// Makes a consistent copy in a folder, between two groups of transactions.
    ///
    /// # Errors
    /// As [`sealing::backup`].
    pub async fn backup(&self, folder: PathBuf) -> Result<(), StoreError> {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |kv| {
            let done = sealing::backup(kv, &folder);
            (Wrote::Nothing, Box::new(move |_| drop(answer.send(done))))
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
impl Drop for Store {
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
    (kv, shared): (&mut dyn Kv, &SharedRows),
    now: (Timestamp, u64),
    job: impl FnOnce(&mut Txn<'_>) -> Result<T, StoreError>,
) -> (Wrote, Result<T, StoreError>) {
    let mut tx = Txn::with(kv, shared.meta(), now);
    let prepared = job(&mut tx).and_then(|done| Ok((tx.finish()?, done)));
    match prepared {
        Ok(((writes, _), done)) if writes.is_empty() => (Wrote::Nothing, Ok(done)),
        Ok(((writes, meta), done)) => {
            let wrote = if forget::marks(&writes) { Wrote::Marks } else { Wrote::Rows };
            (wrote, shared.apply(kv, &writes, meta).map(|()| done))
        }
        Err(error) => (Wrote::Nothing, Err(error)),
    }
}

/// One flush for a group of transactions, by the same thread.
fn write_groups(kv: &mut dyn Kv, shared: &SharedRows, work: &Receiver<Job>) {
    while let Ok(first) = work.recv() {
        let mut answers = Vec::new();
        let (mut wrote, mut marked) = (false, false);
        let mut next = Some(first);
        while let Some(job) = next {
            let (this_wrote, answer) = job(kv);
            wrote |= this_wrote != Wrote::Nothing;
            marked |= this_wrote == Wrote::Marks;
            if wrote {
                answers.push(answer);
            } else {
                // All that it can have seen is on the disk.
                answer(Ok(()));
            }
            // Nothing is written with a key that is to be destroyed.
            next = if answers.len() < GROUP && !marked { work.try_recv().ok() } else { None };
        }
        let flushed = if wrote { flush((kv, shared), marked) } else { Ok(()) };
        for answer in answers {
            answer(flushed.clone());
        }
    }
}

fn flush((kv, shared): (&mut dyn Kv, &SharedRows), marked: bool) -> Result<(), StoreError> {
    let point = shared.point();
    kv.flush()?;
    if marked {
        shared.alone(|| forget::carry_out(kv))?;
    }
    shared.note_flushed(&point);
    Ok(())
}

/// Transactions one after the other, while another thread flushes what was applied before.
fn write_beside(
    kv: &mut dyn Kv,
    shared: &SharedRows,
    (work, flushes): (&Receiver<Job>, SyncSender<Answer>),
) {
    while let Ok(job) = work.recv() {
        let (wrote, answer) = job(kv);
        match wrote {
            Wrote::Nothing if shared.is_flushed(&shared.point()) => answer(Ok(())),
            Wrote::Nothing | Wrote::Rows => {
                if let Err(unsent) = flushes.send(answer) {
                    (unsent.0)(Err(StoreError::Closed));
                }
            }
            // Nothing is written with a key that is to be destroyed.
            Wrote::Marks => answer(flush((kv, shared), true)),
        }
    }
}

/// One flush for all that wait for one.
fn flush_groups(mut flush: Flusher, shared: &SharedRows, waiting: &Receiver<Answer>) {
    while let Ok(first) = waiting.recv() {
        let mut answers = vec![first];
        while answers.len() < GROUP
            && let Ok(answer) = waiting.try_recv()
        {
            answers.push(answer);
        }
        let point = shared.point();
        let flushed = if shared.is_flushed(&point) { Ok(()) } else { flush() };
        if flushed.is_ok() {
            shared.note_flushed(&point);
        }
        for answer in answers {
            answer(flushed.clone());
        }
    }
}

/// What the writer thread does. Returns when the store is closed and all is on the disk.
fn write(kv: &mut dyn Kv, shared: &Arc<SharedRows>, work: &Receiver<Job>) {
    let Some(flusher) = kv.flusher() else { return write_groups(kv, shared, work) };
    let (flushes, waiting) = sync_channel(GROUP);
    let rows = Arc::clone(shared);
    let thread = std::thread::Builder::new()
        .name("store flush".into())
        .spawn(move || flush_groups(flusher, &rows, &waiting));
    match thread {
        Ok(thread) => {
            write_beside(kv, shared, (work, flushes));
            drop(thread.join());
        }
        Err(error) => {
            tracing::warn!(%error, "no second thread for the store: it flushes by itself");
            write_groups(kv, shared, work);
        }
    }
}

impl Store {
    /// A random number made when the store was made; base of idempotency keys, so that a store
    /// made anew never repeats one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn instance(&self) -> Result<String, StoreError> {
        // Whoever asks for it to know whether the store works is answered by the thread.
        self.write(|tx| Ok(tx.meta().instance.clone())).await
    }
}
