// SPDX-License-Identifier: AGPL-3.0-or-later
//! The connection to the database: made again when it is lost, and asked by threads that wait.
//!
//! Rule: what is asked can be asked twice with the same outcome, so that it is asked again after a lost
//! connection, for [`PATIENCE`]. Each new connection of an owner has a new token: what the old one may
//! still be doing is fenced off before anything else is done.

use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bot_core::store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::schema;

/// So long a lost connection is made again before whoever asks is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries.
const BETWEEN: Duration = Duration::from_millis(200);
/// One statement takes so long at most; `VACUUM` has no limit.
const STATEMENT: Duration = Duration::from_secs(60);
/// Making a connection takes so long at most.
const CONNECT: Duration = Duration::from_secs(5);
/// A lease that is not renewed ends after so many seconds.
pub(crate) const SECONDS: f64 = 6.0;
/// So long after it was seen the owner is sure that nobody has taken it.
pub(crate) const SURE: Duration = Duration::from_millis(4_500);
/// What stands for "another node owns the store" between the modules of this crate.
pub(crate) const FENCED: &str = "freeside: fenced off";

/// What is asked of a connection; the number is the token of the owner.
pub(crate) type Asked<T> =
    Box<dyn for<'c> FnMut(&'c mut PgConnection, i64) -> Answer<'c, T> + Send>;
/// The answer, on its way.
pub(crate) type Answer<'c, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'c>>;

/// A database with a store.
#[derive(Clone)]
pub struct Database {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    runtime: Option<Runtime>,
    pub(crate) options: PgConnectOptions,
    /// The name of this owner; `None` for a reader.
    pub(crate) owner: Option<String>,
    link: tokio::sync::Mutex<Link>,
    /// Until when nobody else can have taken the lease.
    pub(crate) held_until: Mutex<Option<Instant>>,
    /// Why the lease is lost.
    pub(crate) lost: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct Link {
    connection: Option<PgConnection>,
    token: i64,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        StoreError::Engine(
            "the address of the database is none such as postgres://user@host/database".into(),
        )
    })?;
    Ok(options.application_name("freeside").disable_statement_logging())
}

impl Database {
    pub(crate) fn new(url: &str, owner: Option<String>) -> Result<Self, StoreError> {
        let options = options(url)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| StoreError::Engine(error.to_string()))?;
        let inner = Inner {
            runtime: Some(runtime),
            options,
            owner,
            link: tokio::sync::Mutex::default(),
            held_until: Mutex::default(),
            lost: watch::Sender::new(None),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens a store to read what it holds now, while its owner goes on.
    ///
    /// # Errors
    /// [`StoreError::File`] when there is no store; [`StoreError::Engine`] when the database does not
    /// answer.
    pub fn snapshot(url: &str) -> Result<Self, StoreError> {
        let database = Self::new(url, None)?;
        let made = database.inner.ask(Box::new(|connection, _| {
            Box::pin(sqlx::query_scalar(schema::IS_MADE).fetch_one(connection))
        }))?;
        if made {
            return Ok(database);
        }
        Err(StoreError::File("there is no store in the database".into()))
    }

    /// Whether this only reads.
    pub(crate) fn is_snapshot(&self) -> bool {
        self.inner.owner.is_none()
    }

    /// Whether there are keys of a store.
    pub(crate) fn has_keys(&self) -> Result<bool, StoreError> {
        self.inner.ask(Box::new(|connection, _| {
            let any = "SELECT EXISTS (SELECT 1 FROM freeside_keys)";
            Box::pin(sqlx::query_scalar(any).fetch_one(connection))
        }))
    }

    /// Where the database is, without a password.
    pub fn place(&self) -> String {
        let options = &self.inner.options;
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        match options.get_socket() {
            Some(socket) => format!("the database {database} at {}", socket.display()),
            None => format!("the database {database} on {}", options.get_host()),
        }
    }

    /// Writes the table of rows anew, so that it takes no more room than it needs.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    pub fn compact(&self) -> Result<(), StoreError> {
        self.inner.ask_long(Box::new(|connection, _| {
            let vacuum = "VACUUM (FULL, ANALYZE) freeside_rows";
            Box::pin(async move { sqlx::raw_sql(vacuum).execute(connection).await.map(drop) })
        }))
    }

    /// Bytes that the rows take.
    ///
    /// # Errors
    /// [`StoreError::Engine`].
    pub fn size(&self) -> Result<u64, StoreError> {
        let bytes: i64 = self.inner.ask(Box::new(|connection, _| {
            let size = "SELECT pg_total_relation_size('freeside_rows')";
            Box::pin(sqlx::query_scalar(size).fetch_one(connection))
        }))?;
        Ok(u64::try_from(bytes).unwrap_or_default())
    }
}

impl Inner {
    /// Runs something in the runtime of the connection, and waits for it with this thread.
    pub(crate) fn wait<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (done, answer) = std::sync::mpsc::sync_channel(1);
        let runtime = self.runtime.as_ref()?;
        runtime.spawn(async move { done.send(work.await) });
        answer.recv().ok()
    }

    /// Runs something in the runtime of the connection beside everything else.
    pub(crate) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(work);
        }
    }

    /// Asks the database; the answer may be waited for as long as [`STATEMENT`].
    pub(crate) fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        asked: Asked<T>,
    ) -> Result<T, StoreError> {
        self.within(Some(STATEMENT), asked)
    }

    /// Asks for something that takes as long as it takes.
    pub(crate) fn ask_long<T: Send + 'static>(
        self: &Arc<Self>,
        asked: Asked<T>,
    ) -> Result<T, StoreError> {
        self.within(None, asked)
    }

    fn within<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Option<Duration>,
        mut asked: Asked<T>,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(self);
        let done = self.wait(async move { inner.persist(limit, &mut asked).await });
        done.unwrap_or(Err(StoreError::Closed))
    }

    /// Asks until there is an answer, or patience ends.
    pub(crate) async fn persist<T>(
        &self,
        limit: Option<Duration>,
        asked: &mut Asked<T>,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let mut link = self.link.lock().await;
        loop {
            self.not_lost()?;
            let error = match self.once(&mut link, limit, asked).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if is_fenced(&error) {
                return Err(self.lose("another node has taken over the store"));
            }
            // What was asked may still be under way: the next connection has another token.
            link.connection = None;
            if !is_passing(&error) || begun.elapsed() > PATIENCE || self.owner.is_none() {
                return Err(StoreError::Engine(format!("PostgreSQL: {error}")));
            }
            tracing::warn!(%error, "the database does not answer; it is asked again");
            sleep(BETWEEN).await;
        }
    }

    async fn once<T>(
        &self,
        link: &mut Link,
        limit: Option<Duration>,
        asked: &mut Asked<T>,
    ) -> Result<T, sqlx::Error> {
        if link.connection.is_none() {
            *link = timeout(CONNECT, self.connect()).await.unwrap_or_else(|_| Err(too_late()))?;
        }
        let token = link.token;
        let Some(connection) = &mut link.connection else { return Err(too_late()) };
        match limit {
            Some(limit) => {
                let answer = timeout(limit, asked(connection, token)).await;
                answer.unwrap_or_else(|_| Err(too_late()))
            }
            None => asked(connection, token).await,
        }
    }

    async fn connect(&self) -> Result<Link, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        let Some(owner) = &self.owner else {
            let made = sqlx::query_scalar(schema::IS_MADE).fetch_one(&mut connection).await?;
            if made {
                sqlx::raw_sql(schema::SNAPSHOT).execute(&mut connection).await?;
            }
            return Ok(Link { connection: Some(connection), token: 0 });
        };
        sqlx::raw_sql(schema::SESSION).execute(&mut connection).await?;
        let sent = Instant::now();
        let token: Option<i64> = sqlx::query_scalar(schema::NEXT_TOKEN)
            .bind(owner)
            .bind(SECONDS)
            .fetch_optional(&mut connection)
            .await?;
        let Some(token) = token else { return Err(fenced()) };
        self.hold(sent);
        Ok(Link { connection: Some(connection), token })
    }

    /// The lease was seen at a moment not before `sent`.
    pub(crate) fn hold(&self, sent: Instant) {
        let until = sent + SURE;
        let mut held = self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(held.map_or(until, |known| known.max(until)));
    }

    /// Whether nobody else can have taken the lease.
    fn is_sure(&self) -> bool {
        let held = self.held_until.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_some_and(|until| Instant::now() < until)
    }

    /// Makes sure that the store is still ours, before anything is read that somebody acts on.
    pub(crate) fn assure(self: &Arc<Self>) -> Result<(), StoreError> {
        self.not_lost()?;
        let Some(owner) = self.owner.clone() else { return Ok(()) };
        if self.is_sure() {
            return Ok(());
        }
        let inner = Arc::clone(self);
        self.ask(Box::new(move |connection, _| {
            let (owner, inner) = (owner.clone(), Arc::clone(&inner));
            Box::pin(async move {
                let sent = Instant::now();
                renew(connection, &owner).await?;
                inner.hold(sent);
                Ok(())
            })
        }))
    }

    pub(crate) fn not_lost(&self) -> Result<(), StoreError> {
        match &*self.lost.borrow() {
            Some(why) => Err(StoreError::Engine(why.clone())),
            None => Ok(()),
        }
    }

    /// The lease is lost for good.
    pub(crate) fn lose(&self, why: &str) -> StoreError {
        self.lost.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(why.to_owned());
            }
            first
        });
        StoreError::Engine(why.to_owned())
    }

    /// Closes the connection.
    pub(crate) async fn close(&self) {
        if let Some(connection) = self.link.lock().await.connection.take() {
            drop(connection.close().await);
        }
    }
}

/// Renews the lease.
///
/// # Errors
/// That another node has it, or what the database says.
pub(crate) async fn renew(connection: &mut PgConnection, owner: &str) -> Result<(), sqlx::Error> {
    let renewed: Option<i64> = sqlx::query_scalar(schema::RENEW)
        .bind(owner)
        .bind(SECONDS)
        .fetch_optional(connection)
        .await?;
    renewed.map(drop).ok_or_else(fenced)
}

pub(crate) fn fenced() -> sqlx::Error {
    sqlx::Error::Protocol(FENCED.into())
}

fn is_fenced(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Protocol(what) if what == FENCED)
}

fn too_late() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// Whether it is the connection or the moment that fails, and not what is asked.
pub(crate) fn is_passing(error: &sqlx::Error) -> bool {
    use sqlx::Error;

    // Connection lost; shut down or starting; too many connections; a deadlock; a server that has
    // become a standby (SQLSTATE, PostgreSQL's Appendix A).
    let passes = |code: &str| {
        code.starts_with("08")
            || code.starts_with("57P")
            || matches!(code, "53300" | "40001" | "40P01" | "25006")
    };
    if let Error::Database(error) = error {
        return error.code().is_some_and(|code| passes(&code));
    }
    matches!(error, Error::Io(_) | Error::Protocol(_) | Error::WorkerCrashed)
}
