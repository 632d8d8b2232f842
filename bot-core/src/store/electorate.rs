// SPDX-License-Identifier: AGPL-3.0-or-later
//! Who may vote in a vote of a whole community: whoever had spoken in its chats when it began.
//!
//! Rule: the list is kept as long as the vote is open. The votes say nothing of their voters; an
//! account is found among them only by its hash in this vote.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bridge_model::{NetworkId, Person, UserId};

use super::records::{MessageRecord, Origin};
use super::tables::{ELECTORATES, MESSAGES};
use super::txn::Txn;
use super::{Store, StoreError, claims, keys, messages, topics};
use crate::lane::core_place;
use crate::migration::Vote;
use crate::portal::{Portal, PortalId};

/// The votes of an open vote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ballots {
    /// Those of people who had spoken before it began.
    pub heard: Vec<Ballot>,
    /// How many there are of others.
    pub unheard: u64,
}

/// The vote of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// The answers, as numbers in order.
    pub answers: Vec<u16>,
    /// Their accounts; none in a vote that was opened before accounts were kept.
    pub accounts: Vec<Person>,
}

impl Store {
    /// The votes in a vote of the whole community that is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ballots(&self, portal: &Portal, vote: u32) -> Result<Ballots, StoreError> {
        let portal = portal.clone();
        self.read(move |tx| ballots(tx, &portal, vote)).await
    }
}

/// A vote begins: notes who has spoken so far.
///
/// # Errors
/// [`StoreError`].
pub fn begin(tx: &mut Txn<'_>, portal: &Portal, vote: u32) -> Result<(), StoreError> {
    let speakers = speakers(tx, portal)?;
    tx.put(&ELECTORATES, &(portal.id, vote), &speakers)
}

/// A vote is over.
pub fn end(tx: &mut Txn<'_>, portal: PortalId, vote: u32) {
    tx.delete(&ELECTORATES, &(portal, vote));
}

/// A portal is no more.
///
/// # Errors
/// [`StoreError`].
pub fn forget(tx: &mut Txn<'_>, portal: PortalId) -> Result<(), StoreError> {
    tx.clear(&ELECTORATES, &portal).map(drop)
}

/// The authors of all messages of a portal that are known, one week after the other.
fn speakers(tx: &mut Txn<'_>, portal: &Portal) -> Result<Vec<Person>, StoreError> {
    let rooms = topics::all(tx, portal.id)?.into_iter().map(|topic| topic.room);
    let mut networks: BTreeMap<u32, NetworkId> = BTreeMap::new();
    for place in portal.places().cloned().chain(rooms) {
        networks.insert(tx.number(&place)?, place.network);
    }
    let mut speakers: BTreeSet<(&NetworkId, UserId)> = BTreeSet::new();
    for week in tx.meta().buckets.clone() {
        for (_, record) in tx.scan(&MESSAGES, &week, usize::MAX)? {
            if let MessageRecord::Origin(origin) = record
                && says_something(&origin)?
                && let Some(network) = networks.get(&origin.place)
            {
                speakers.insert((network, origin.author));
            }
        }
    }
    Ok(speakers.into_iter().map(|(network, user)| Person::new(network.clone(), user)).collect())
}

/// Coming and going is told by messages, too, whose author has said nothing.
fn says_something(origin: &Origin) -> Result<bool, StoreError> {
    Ok(origin.words || origin.poll.is_some() || messages::has_media(origin)?)
}

fn ballots(tx: &Txn<'_>, portal: &Portal, vote: u32) -> Result<Ballots, StoreError> {
    let (place, message) = (core_place(&portal.room), Vote::name(vote));
    let origin = messages::origin(tx, &place, &message)?;
    let Some(poll) = origin.and_then(|origin| origin.poll) else { return Ok(Ballots::default()) };
    let Some(electors) = tx.get(&ELECTORATES, &(portal.id, vote))? else {
        let heard = poll.votes.into_iter();
        let heard = heard.map(|vote| Ballot { answers: vote.answers, accounts: Vec::new() });
        return Ok(Ballots { heard: heard.collect(), unheard: 0 });
    };
    let mut accounts: HashMap<keys::Hash, Vec<Person>> = HashMap::new();
    for elector in electors {
        let voter = match claims::of(tx, &elector)? {
            Some(claim) => claim.on_matrix(),
            None => elector.clone(),
        };
        let hash = keys::voter(&tx.meta().secret, &voter, (&place, &message));
        accounts.entry(hash).or_default().push(elector);
    }
    let mut ballots = Ballots::default();
    for vote in poll.votes {
        match accounts.remove(&vote.voter) {
            Some(accounts) => ballots.heard.push(Ballot { answers: vote.answers, accounts }),
            None => ballots.unheard += 1,
        }
    }
    Ok(ballots)
}
