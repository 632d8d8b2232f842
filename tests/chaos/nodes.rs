// SPDX-License-Identifier: AGPL-3.0-or-later
//! The processes of the bridge: one with its store in a folder, or some on one database.
//!
//! Rule: a process that ends by itself is started again, as systemd does it.

use std::fmt::Write;

use anyhow::Context;
use sandbox::postgres::Postgres;
use sandbox::town::{Bridge, Town};

use super::dice::Dice;

/// The database, where there is one, and all nodes but the first, which is the town's.
#[derive(Default)]
pub struct Nodes {
    database: Option<Postgres>,
    others: Vec<Bridge>,
}

impl Nodes {
    /// The database, and the lines of the configuration that name it.
    pub fn with_database() -> anyhow::Result<(Self, String)> {
        let server = Postgres::start().context("PostgreSQL is not installed here")?;
        let url = server.fresh();
        let store = format!("[store]\npath = \"store\"\nengine = \"postgres\"\nurl = \"{url}\"\n");
        Ok((Self { database: Some(server), others: Vec::new() }, store))
    }

    /// Starts more nodes at the town's address, until there are `count` in all.
    pub fn gather(&mut self, town: &Town, count: usize) -> anyhow::Result<()> {
        for number in 1..count {
            let mut node = town.bridge.twin(&format!("node{number}"), true)?;
            node.start()?;
            self.others.push(node);
        }
        Ok(())
    }

    /// One of all.
    fn one<'a>(
        &'a mut self,
        town: &'a mut Town,
        dice: &mut Dice,
    ) -> anyhow::Result<&'a mut Bridge> {
        let number = usize::try_from(dice.below(1 + self.others.len() as u64))?;
        Ok(match number.checked_sub(1) {
            Some(other) => self.others.get_mut(other).context("no such node")?,
            None => &mut town.bridge,
        })
    }

    /// `kill -9` of one node, which is started again.
    pub fn kill(&mut self, town: &mut Town, dice: &mut Dice) -> anyhow::Result<()> {
        let node = self.one(town, dice)?;
        node.kill()?;
        node.start()
    }

    /// SIGTERM for one node, which is started again.
    pub async fn terminate(&mut self, town: &mut Town, dice: &mut Dice) -> anyhow::Result<()> {
        let node = self.one(town, dice)?;
        node.terminate().await?;
        node.start()
    }

    /// The database breaks down and comes back; `false` where there is none.
    pub fn crash_database(&mut self) -> bool {
        let Some(server) = &mut self.database else { return false };
        server.crash();
        server.serve();
        true
    }

    /// Starts what has ended by itself.
    pub fn revive(&mut self, town: &mut Town) -> anyhow::Result<()> {
        for node in self.others.iter_mut().chain([&mut town.bridge]) {
            if !node.runs() {
                node.start()?;
            }
        }
        Ok(())
    }

    /// What all of them have logged.
    pub fn log(&self, town: &Town) -> String {
        let mut all = town.bridge.log();
        for (number, node) in self.others.iter().enumerate() {
            let _infallible = write!(all, "\n--- node {} ---\n{}", number + 1, node.log());
        }
        all
    }
}
