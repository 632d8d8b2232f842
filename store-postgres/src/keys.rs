// SPDX-License-Identifier: AGPL-3.0-or-later
//! The files of keys in the database, so that each node that has the key of the store opens them.
//!
//! Rule: they are in a table of their own, which is written anew when keys were destroyed: dead rows
//! would hold them. PostgreSQL's own log and its copies keep them longer (`docs/PRIVACY.md`).

use std::sync::Arc;

use bot_core::store::StoreError;
use bot_core::store::key_files::KeyFiles;

use crate::link::{self, Database};
use crate::schema;

/// Files of keys in a database.
pub struct PgKeys(Database);

impl PgKeys {
    /// The files in a database.
    pub fn new(database: &Database) -> Self {
        Self(database.clone())
    }
}

impl KeyFiles for PgKeys {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.inner.assure()?;
        let name = name.to_owned();
        self.0.inner.ask(Box::new(move |connection, _| {
            let value = "SELECT value FROM freeside_keys WHERE name = $1";
            let query = sqlx::query_scalar(value).bind(name.clone());
            Box::pin(query.fetch_optional(connection))
        }))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(owner) = self.0.inner.owner.clone() else {
            return Err(StoreError::Engine("a snapshot is only read".into()));
        };
        let (name, bytes) = (name.to_owned(), Arc::<[u8]>::from(bytes));
        self.0.inner.ask(Box::new(move |connection, token| {
            let (owner, name, bytes) = (owner.clone(), name.clone(), Arc::clone(&bytes));
            Box::pin(async move {
                let query = sqlx::query_scalar(schema::WRITE_KEYS).bind(owner).bind(token);
                let written: i64 = query.bind(name).bind(&*bytes).fetch_one(connection).await?;
                if written == 0 { Err(link::fenced()) } else { Ok(()) }
            })
        }))
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        self.0.inner.ask(Box::new(|connection, _| {
            Box::pin(sqlx::query_scalar("SELECT name FROM freeside_keys").fetch_all(connection))
        }))
    }

    fn wipe(&self) -> Result<(), StoreError> {
        let wiped = self.0.inner.ask(Box::new(|connection, _| {
            let vacuum = ["SET lock_timeout TO '2s'", "VACUUM FULL freeside_keys"];
            Box::pin(async move {
                for statement in vacuum {
                    sqlx::raw_sql(statement).execute(&mut *connection).await?;
                }
                sqlx::raw_sql("RESET lock_timeout").execute(connection).await.map(drop)
            })
        }));
        if let Err(error) = wiped {
            tracing::warn!(%error, "dead rows with destroyed keys stay until VACUUM takes them");
        }
        Ok(())
    }

    fn place(&self) -> String {
        self.0.place()
    }
}
