// SPDX-License-Identifier: AGPL-3.0-or-later
//! This process among those that may run the bridge: with a store in a folder it is the only one, with
//! one in a database it waits for its turn.
//!
//! Rule: nothing is read, sent or heard before the store is this node's, and nothing more once it is
//! not.

use std::sync::Arc;

use anyhow::Context;
use bot_core::clock::Dice;
use bot_core::store::kv::Kv;
use bridge_config::{Appservice, Config, Engine, Secret, Store};
use store_postgres::{Owned, Waiting};
use tokio::sync::Notify;

/// A node whose turn it is.
pub(crate) enum Node {
    /// The store is in a folder.
    Alone,
    /// The store is in a database, and this node's.
    Owner(Owned),
}

impl Node {
    /// Waits until it is this node's turn; until then the homeserver is told to try again.
    pub(crate) async fn in_turn(config: &Config) -> anyhow::Result<Self> {
        match config.store.engine {
            Engine::Sled => Ok(Self::Alone),
            Engine::Postgres => {
                let waits = Notify::new();
                let refuse = async {
                    waits.notified().await;
                    let Appservice { listen, hs_token, .. } = &config.appservice;
                    bridge_matrix::standby::serve(*listen, hs_token.expose()).await;
                };
                let (url, name) = (address(&config.store)?.expose(), name());
                let owned = Owned::in_turn(url, &name, |why| {
                    tell(why);
                    waits.notify_one();
                });
                tokio::select! {
                    owned = owned => Ok(Self::Owner(owned?)),
                    () = refuse => anyhow::bail!("the standby ended"),
                }
            }
        }
    }

    /// Whether other nodes may have the ports of this one: those that stand by, end or hang.
    pub(crate) fn shares_ports(&self) -> bool {
        matches!(self, Self::Owner(_))
    }

    /// Opens the store with its key.
    pub(crate) fn open(&self, store: &Store, dice: &Arc<dyn Dice>) -> anyhow::Result<Box<dyn Kv>> {
        Ok(match self {
            Self::Alone => Box::new(crate::keys::open(store, dice)?),
            Self::Owner(owned) => Box::new(crate::keys::with_key(store, |kek| {
                store_postgres::sealed(&owned.database, kek, dice)
            })?),
        })
    }

    /// Returns when the store is not this node's any more.
    pub(crate) async fn lost(&mut self) -> String {
        match self {
            Self::Alone => std::future::pending().await,
            Self::Owner(owned) => owned.lost().await,
        }
    }

    /// Lets another node have the store at once. This one has come to rest.
    pub(crate) async fn release(&self) {
        match self {
            Self::Alone => {}
            Self::Owner(owned) => owned.release().await,
        }
    }
}

fn tell(why: &Waiting) {
    match why {
        Waiting::Owned(node) => {
            tracing::info!(owner = node, "standing by: another node runs the bridge");
        }
        Waiting::Unreachable(why) => tracing::warn!(why, "standing by"),
    }
}

/// The address of the database.
pub(crate) fn address(store: &Store) -> anyhow::Result<&Secret> {
    store.database.as_ref().context("the address of the database is missing")
}

/// What others call this node: the machine and the process.
pub(crate) fn name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = Some(machine.trim()).filter(|name| !name.is_empty()).unwrap_or("this machine");
    format!("{machine}, process {}", std::process::id())
}
