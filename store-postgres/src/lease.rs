// SPDX-License-Identifier: AGPL-3.0-or-later
//! Which node owns the store.
//!
//! Rule: the database's clock says when a lease ends. The owner counts from the moment before it asked,
//! and by less, so that it stops before another one may begin.

use std::sync::Arc;
use std::time::Duration;

use bot_core::clock::{Dice, SystemDice};
use bot_core::store::StoreError;
use sqlx::postgres::{PgConnection, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::link::{self, Database, Inner, SECONDS, SURE, renew};
use crate::schema;

/// Between two renewals.
const RENEWAL: Duration = Duration::from_millis(1_500);
/// A standby looks at least so often.
const LOOK: Duration = Duration::from_secs(2);
/// So long the end of a lease is waited for when a node ends.
const GOODBYE: Duration = Duration::from_secs(3);

/// Why a standby waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// This node owns the store.
    Owned(String),
    /// The database does not answer.
    Unreachable(String),
}

/// A store that this node owns.
pub struct Owned {
    /// The database.
    pub database: Database,
    lost: watch::Receiver<Option<String>>,
}

impl Owned {
    /// Takes a store that no node owns; `node` is what others call this one.
    ///
    /// # Errors
    /// [`StoreError::Held`] when a node owns it; [`StoreError::Engine`] when the database fails.
    pub fn now(url: &str, node: &str) -> Result<Self, StoreError> {
        let database = Database::new(url, Some(new_owner()))?;
        let inner = Arc::clone(&database.inner);
        let node = node.to_owned();
        let taken = database.inner.wait(async move { take(&inner, &node).await });
        match taken.unwrap_or(Err(StoreError::Closed))? {
            None => Ok(Self::of(database)),
            Some((holder, _)) => Err(StoreError::Held(format!(
                "cannot open the store in {}: the node {holder} has it open. Is another freeside \
                 running on it?",
                database.place()
            ))),
        }
    }

    /// Waits until the store is this node's; `told` hears why it waits, once for each reason.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the address is none, or the database refuses this user.
    pub async fn in_turn(
        url: &str,
        node: &str,
        mut told: impl FnMut(&Waiting),
    ) -> Result<Self, StoreError> {
        let database = Database::new(url, Some(new_owner()))?;
        let (asks, mut outcomes) = tokio::sync::mpsc::channel(1);
        let (inner, node) = (Arc::clone(&database.inner), node.to_owned());
        database.inner.beside(async move { stand_by(&inner, &node, &asks).await });
        let mut last = None;
        while let Some(outcome) = outcomes.recv().await {
            match outcome? {
                None => return Ok(Self::of(database)),
                Some(waiting) if last.as_ref() == Some(&waiting) => {}
                Some(waiting) => {
                    told(&waiting);
                    last = Some(waiting);
                }
            }
        }
        Err(StoreError::Closed)
    }

    fn of(database: Database) -> Self {
        let inner = Arc::downgrade(&database.inner);
        database.inner.beside(async move {
            let mut connection = None;
            loop {
                sleep(RENEWAL).await;
                let Some(inner) = inner.upgrade() else { return };
                if inner.not_lost().is_err() {
                    return;
                }
                keep(&inner, &mut connection).await;
            }
        });
        let lost = database.inner.lost.subscribe();
        Self { database, lost }
    }

    /// Returns when another node has taken over, with a sentence that says so.
    pub async fn lost(&mut self) -> String {
        loop {
            let why = self.lost.borrow_and_update().clone();
            match why {
                Some(why) => return why,
                None => {
                    if self.lost.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        }
    }

    /// The same as [`Owned::release`], for a thread that can wait.
    pub fn close(&self) {
        let inner = Arc::clone(&self.database.inner);
        self.database.inner.wait(async move { give_up(&inner).await });
    }

    /// Gives the store to whoever waits for it. Nothing can be read or written afterwards.
    pub async fn release(&self) {
        let inner = Arc::clone(&self.database.inner);
        let (done, released) = tokio::sync::oneshot::channel();
        self.database.inner.beside(async move {
            give_up(&inner).await;
            done.send(()).ok();
        });
        drop(released.await);
    }
}

/// Ends the lease of this owner, if it has it.
pub(crate) async fn give_up(inner: &Inner) {
    let Some(owner) = &inner.owner else { return };
    inner.lose("the store is closed");
    inner.close().await;
    let told = timeout(GOODBYE, async {
        let mut connection = inner.options.connect().await?;
        sqlx::query(schema::RELEASE).bind(owner).execute(&mut connection).await?;
        sqlx::raw_sql(schema::NOTIFY).execute(&mut connection).await?;
        connection.close().await
    });
    if !matches!(told.await, Ok(Ok(()))) {
        tracing::warn!("the store could not be given up; another node can take it in 6 s");
    }
}

/// The name of an owner, new in each process.
fn new_owner() -> String {
    let mut bytes = [0; 16];
    SystemDice.roll(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tries to take the lease once: `None` when it is ours, else who has it and for how long.
async fn take(inner: &Inner, node: &str) -> Result<Option<(String, f64)>, StoreError> {
    let taken = timeout(Duration::from_secs(10), try_to_take(inner, node)).await;
    match taken {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) if link::is_passing(&error) => Err(unreachable(&error)),
        Ok(Err(error)) => Err(StoreError::File(format!("PostgreSQL: {error}"))),
        Err(_) => Err(StoreError::Engine("PostgreSQL does not answer".into())),
    }
}

fn unreachable(error: &sqlx::Error) -> StoreError {
    StoreError::Engine(format!("PostgreSQL does not answer: {error}. Is it running?"))
}

async fn try_to_take(inner: &Inner, node: &str) -> Result<Option<(String, f64)>, sqlx::Error> {
    let mut connection = inner.options.connect().await?;
    sqlx::raw_sql("SET client_min_messages TO warning").execute(&mut connection).await?;
    sqlx::raw_sql(schema::MAKE).execute(&mut connection).await?;
    let sent = Instant::now();
    let token: Option<i64> = sqlx::query_scalar(schema::TAKE)
        .bind(inner.owner.as_deref().unwrap_or_default())
        .bind(node)
        .bind(SECONDS)
        .fetch_optional(&mut connection)
        .await?;
    let found = if token.is_some() {
        inner.hold(sent);
        None
    } else {
        let holder = sqlx::query_as(schema::HOLDER).fetch_optional(&mut connection).await?;
        // It was given up just now.
        Some(holder.unwrap_or_else(|| (String::new(), 0.0)))
    };
    connection.close().await?;
    Ok(found)
}

type Outcome = Result<Option<Waiting>, StoreError>;

/// Tries again whenever the owner says goodbye or its lease ends.
async fn stand_by(inner: &Inner, node: &str, told: &tokio::sync::mpsc::Sender<Outcome>) {
    let mut listener = None;
    loop {
        let (outcome, wait) = match take(inner, node).await {
            Ok(None) => (Ok(None), None),
            Ok(Some((holder, seconds))) => {
                let wait = Duration::from_secs_f64(seconds).min(LOOK) + Duration::from_millis(50);
                (Ok(Some(Waiting::Owned(holder))), Some(wait))
            }
            Err(StoreError::Engine(why)) => (Ok(Some(Waiting::Unreachable(why))), Some(LOOK)),
            Err(error) => (Err(error), None),
        };
        if told.send(outcome).await.is_err() {
            return;
        }
        let Some(wait) = wait else { return };
        if listener.is_none() {
            listener = timeout(LOOK, listen(inner)).await.ok().and_then(Result::ok);
        }
        let heard = async {
            match &mut listener {
                Some(listening) => listening.recv().await.map(drop),
                None => std::future::pending().await,
            }
        };
        if let Ok(Err(error)) = timeout(wait, heard).await {
            tracing::debug!(%error, "the standby does not hear the owner");
            listener = None;
        }
    }
}

async fn listen(inner: &Inner) -> Result<PgListener, sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(inner.options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("freeside_lease").await?;
    Ok(listener)
}

/// Renews the lease over a connection of its own, so that nothing long holds it up.
async fn keep(inner: &Inner, connection: &mut Option<PgConnection>) {
    let Some(owner) = &inner.owner else { return };
    let sent = Instant::now();
    let renewed = timeout(SURE, async {
        let open = match connection.take() {
            Some(open) => open,
            None => inner.options.connect().await?,
        };
        let open = connection.insert(open);
        renew(open, owner).await
    });
    match renewed.await {
        Ok(Ok(())) => inner.hold(sent),
        Ok(Err(error)) if !link::is_passing(&error) || error.to_string().contains(link::FENCED) => {
            *connection = None;
            if error.to_string().contains(link::FENCED) {
                inner.lose("another node has taken over the store");
            } else {
                tracing::error!(%error, "the lease of the store could not be renewed");
            }
        }
        Ok(Err(error)) => {
            *connection = None;
            tracing::warn!(%error, "the lease of the store could not be renewed");
        }
        Err(_) => *connection = None,
    }
}
