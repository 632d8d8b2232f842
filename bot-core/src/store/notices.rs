// SPDX-License-Identifier: AGPL-3.0-or-later
//! What was said lately about links, so that it stays little.
//!
//! Rule: whether something is said is decided where it is noted, so that two chats of one portal
//! never exceed a cap together.

use bridge_model::{AuthorKind, Content, Event, Message, Note, Person, Place, Service, Timestamp};
use bridge_policy::budget::Limits;
use bridge_policy::calendar::DAY_MS;
use bridge_policy::stage::Stage;

use super::tables::LEDGERS;
use super::txn::Txn;
use super::{Store, StoreError, figures, hosts, keys, queue};
use crate::lane::Work;
use crate::portal::{Portal, PortalId};

/// What was linked to in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Where.
    pub portal: PortalId,
    /// The services, for figures.
    pub used: Vec<String>,
    /// Hosts that no entry of the catalogue tells of.
    pub hosts: Vec<String>,
    /// What would be said.
    pub notices: Vec<Notice>,
}

/// What would be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Below whose message.
    pub person: Person,
    /// About what.
    pub subject: String,
    /// The caps.
    pub limits: Limits,
    /// The words, for each chat.
    pub then: Vec<(Place, Work)>,
}

impl Store {
    /// How many notices a portal got within the last 24 hours.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices_lately(
        &self,
        portal: PortalId,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.read(move |tx| Ok(tx.get(&LEDGERS, &portal)?.map_or(0, |it| it.lately(now)))).await
    }
}

/// Counts the links, and says what is to be said unless enough was said lately.
///
/// # Errors
/// [`StoreError`].
pub fn linked(tx: &mut Txn<'_>, linked: Linked) -> Result<(), StoreError> {
    let Linked { portal, used, hosts, notices } = linked;
    for service in used {
        figures::note_link(tx, portal, &service)?;
    }
    for host in hosts {
        hosts::note(tx, portal, &host)?;
    }
    notices.into_iter().try_for_each(|notice| say(tx, portal, notice))
}

fn say(tx: &mut Txn<'_>, portal: PortalId, notice: Notice) -> Result<(), StoreError> {
    let Notice { person, subject, limits, then } = notice;
    let mut ledger = tx.get(&LEDGERS, &portal)?.unwrap_or_default();
    let who = hash(tx, &[person.network.as_str(), person.user.as_str()]);
    let what = hash(tx, &[&subject]);
    if let Err(why) = ledger.give(&limits, tx.now, (who, what)) {
        tracing::debug!(portal = portal.0, ?why, "nothing is said about a link");
        return Ok(());
    }
    tx.put(&LEDGERS, &portal, &ledger)?;
    then.into_iter().try_for_each(|(place, work)| queue::append(tx, &place, work))
}

fn hash(tx: &mut Txn<'_>, parts: &[&str]) -> u64 {
    let secret = tx.meta().secret.clone();
    let hash = keys::hash(&[&["notice", &secret], parts].concat());
    hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// Something was said lately about this in the portal.
///
/// # Errors
/// [`StoreError`].
pub fn was_said(tx: &mut Txn<'_>, portal: PortalId, subject: &str) -> Result<bool, StoreError> {
    let ledger = tx.get(&LEDGERS, &portal)?;
    let subject = hash(tx, &[subject]);
    Ok(ledger.is_some_and(|ledger| ledger.knows(tx.now, subject)))
}

/// What a legacy chat hears when somebody speaks or comes there, at the stages that lead away from
/// it, by its name in the ledger: once a day where people are awaited, once for each person who
/// comes where nobody can write any more.
pub fn reminder(portal: &Portal, event: &Event, now: Timestamp) -> Option<String> {
    let Content::Posted(message) = &event.content else { return None };
    if event.place == portal.room || event.late {
        return None;
    }
    let (network, chat) = (event.place.network.as_str(), event.place.chat.as_str());
    let what = format!("reminder/{}/{network}/{chat}", portal.stage.name());
    match portal.stage {
        Stage::MatrixFirst => {
            let speaks = message.author.kind == AuthorKind::Person && message.notes.is_empty();
            let day = now.0.div_euclid(DAY_MS);
            speaks.then(|| format!("{what}/{day}"))
        }
        Stage::ReadOnly => {
            let who = message.author.user.as_str();
            comes(message).map(|names| format!("{what}/{who}/{}", names.join("/")))
        }
        Stage::Inventory | Stage::Announced | Stage::Bridged | Stage::Sunset => None,
    }
}

/// Who comes, where that is what a message says.
fn comes(message: &Message) -> Option<&[String]> {
    message.notes.iter().find_map(|note| {
        let Note::Service(Service::Joined { names }) = note else { return None };
        Some(names.as_slice())
    })
}

/// A portal is no more.
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) {
    tx.delete(&LEDGERS, &portal);
}
