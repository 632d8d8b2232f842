// SPDX-License-Identifier: AGPL-3.0-or-later
//! The store's writer thread: transactions one after the other, one flush for a group of them.
//!
//! Rule: an answer is given after the flush of its group; that of a read is given at once when
//! nothing was written in the group before it. Nobody acts on something that a crash could undo.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use bridge_model::Timestamp;
use data_encoding::BASE32_NOPAD;
use tokio::sync::oneshot;

use super::kv::Kv;
use super::layout::{self, LAYOUT};
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
        self.write(move |tx| job(tx)).await
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
    kv: &mut dyn Kv,
    now: (Timestamp, u64),
    job: impl FnOnce(&mut Txn<'_>) -> Result<T, StoreError>,
) -> (Wrote, Result<T, StoreError>) {
    let prepared = Txn::begin(kv, now).and_then(|mut tx| {
        let done = job(&mut tx)?;
        Ok((tx.finish()?, done))
    });
    match prepared {
        Ok((writes, done)) if writes.is_empty() => (Wrote::Nothing, Ok(done)),
        Ok((writes, done)) => {
            let wrote = if forget::marks(&writes) { Wrote::Marks } else { Wrote::Rows };
            (wrote, kv.apply(&writes).map(|()| done))
        }
        Err(error) => (Wrote::Nothing, Err(error)),
    }
}

fn write(kv: &mut dyn Kv, work: &Receiver<Job>) {
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
        let mut flushed = if wrote { kv.flush() } else { Ok(()) };
        if marked && flushed.is_ok() {
            flushed = forget::carry_out(kv);
        }
        for answer in answers {
            answer(flushed.clone());
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
        self.read(|tx| Ok(tx.meta().instance.clone())).await
    }
}
