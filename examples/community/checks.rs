// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a community may rely on, and whether it held.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bot_core::clock::{Dice, SystemDice};
use bot_core::store::{Kek, Store, sealing};
use bridge_model::Person;
use sandbox::synapse::{Person as Account, Transcript};
use sandbox::telegram::{Seen, User};
use sandbox::town::BOT;
use serde_json::Value;

use crate::out;
use crate::people::MOVERS;
use crate::words::Words;

/// Notices in one room within a day, as configured.
const NOTICES: usize = 6;
/// Messages of the bot that somebody gets who moves.
const MESSAGES: usize = 4;

/// What was found.
#[derive(Default)]
pub struct Found {
    problems: Vec<String>,
    held: Vec<String>,
    gates: usize,
    moved: Vec<usize>,
}

impl Found {
    /// Notes something that should hold.
    pub fn holds(&mut self, what: &str, holds: bool) {
        if holds {
            self.held.push(what.to_owned());
        } else {
            self.problems.push(what.to_owned());
        }
    }

    /// The gate of a step was shown: each line is met or says by how much it is not.
    pub fn gate(&mut self, stage: &str, shown: &str, words: &Words) {
        let marks = ['✓', '✗', '⚠', '–'];
        let lines = shown.lines().filter(|line| line.starts_with(marks));
        let measured = lines.filter(|line| {
            !words.says(line, "gate-not-available") || words.says(line, "gate-self-test")
        });
        let count = measured.count();
        self.gates += usize::from(count > 1);
        self.holds(&format!("the gate to {stage} is measured ({count} lines)"), count > 1);
    }

    /// How many notices there were after ten links in one day.
    pub fn notices(&mut self, said: &Transcript, words: &Words) {
        let kinds = ["notice-all", "notice-web", "notice-server"];
        let notice =
            |body: &&str| kinds.iter().any(|key| words.says(body, key)) && body.contains("Zoom");
        let count = said.bodies().iter().filter(|body| notice(body)).count();
        let holds = (1..=NOTICES).contains(&count);
        self.holds(&format!("{count} notices for ten links, at most {NOTICES}"), holds);
    }

    /// Somebody has moved, with so many messages of the bot.
    pub fn moved(&mut self, messages: usize) {
        self.moved.push(messages);
    }

    /// Rights are exactly as before.
    pub fn same(&mut self, after: &str, before: &(Value, Value), now: &(Value, Value)) {
        self.holds(&format!("after {after} all rights are as before"), before == now);
    }

    /// Nothing was said or done twice.
    pub fn once(&mut self, room: &Transcript, group: &[Seen]) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for seen in room.0.iter().filter(|seen| seen.sender != BOT) {
            if seen.body.contains(" from the ") {
                *counts.entry(seen.body.as_str()).or_default() += 1;
            }
        }
        let doubled = counts.values().filter(|count| **count > 1).count();
        let what = format!("{} messages are in the room, none twice ({doubled})", counts.len());
        self.holds(&what, doubled == 0 && counts.len() > 300);
        let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
        for seen in group.iter().filter(|seen| seen.is_bot && seen.text.contains(" from the ")) {
            *texts.entry(seen.text.as_str()).or_default() += 1;
        }
        let doubled = texts.values().filter(|count| **count > 1).count();
        self.holds(&format!("{} in the group, none twice ({doubled})", texts.len()), doubled == 0);
        let pinned = group.iter().filter(|seen| seen.is_bot && seen.pinned).count();
        self.holds(&format!("one pointer is pinned in the group ({pinned})"), pinned == 1);
    }

    /// The bot spoke one language only, from the first command to the last.
    pub fn language(&mut self, words: &Words, room: &Transcript, group: &[Seen]) {
        let in_room = room.0.iter().filter(|seen| seen.sender == BOT).map(|seen| &seen.body);
        let in_group = group.iter().filter(|seen| seen.is_bot).map(|seen| &seen.text);
        let said: Vec<&String> = in_room.chain(in_group).collect();
        let english = said.iter().find_map(|said| words.english_in(said));
        let what = format!(
            "all that the bot said in the room and the group ({} messages) is in {}{}",
            said.len(),
            words.language(),
            english
                .as_ref()
                .map(|piece| format!(", but for \u{201C}{piece}\u{201D}"))
                .unwrap_or_default(),
        );
        self.holds(&what, english.is_none());
    }

    /// What did not hold.
    ///
    /// # Errors
    /// When nobody reads what is printed.
    pub fn done(mut self) -> anyhow::Result<Vec<String>> {
        let most = self.moved.iter().copied().max().unwrap_or(0);
        let all = self.moved.len() == MOVERS;
        let what = format!("{} people moved, with at most {most} messages each", self.moved.len());
        self.holds(&what, all && most <= MESSAGES);
        out("\nWhat held:")?;
        self.held.iter().try_for_each(|line| out(&format!("  * {line}")))?;
        Ok(self.problems)
    }
}

/// Looks into the store itself, while no bridge runs.
///
/// # Errors
/// When it cannot be opened.
pub async fn store(
    found: &mut Found,
    path: &Path,
    members: &[User],
    movers: &[Account],
) -> anyhow::Result<()> {
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let key = std::fs::read_to_string(path.with_file_name("store_key"))?;
    let key = Kek::read(&key).map_err(|why| anyhow::anyhow!("the key {why}"))?;
    let store = Store::start(sealing::open(path, &key, &dice)?, [0; 32])?;
    let mut left = 0;
    for member in members {
        let person = Person::new("telegram", member.id().to_string());
        left += usize::from(store.ghost(&person).await?.is_some());
        left += usize::from(store.claim(&person).await?.is_some());
    }
    for mover in movers {
        left += store.claims_by(mover.user_id()).await?.len();
    }
    let mut waiting = 0;
    for portal in store.portals().await? {
        left += store.people(portal.id).await?.len();
    }
    for lane in store.lanes().await? {
        waiting += lane.depth;
    }
    let messages = store.count_messages().await?;
    let what = format!("no person is left in the store ({left}), no message ({messages})");
    found.holds(&what, left == 0 && messages == 0);
    found.holds(&format!("nothing waits in a lane ({waiting})"), waiting == 0);
    Ok(())
}
