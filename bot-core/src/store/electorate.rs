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

/// The votes in which somebody may vote, by number.
///
/// # Errors
/// [`StoreError`].
pub fn with(tx: &Txn<'_>, portal: PortalId, person: &Person) -> Result<Vec<u32>, StoreError> {
    let mut votes = Vec::new();
    for (row, electors) in tx.scan(&ELECTORATES, &portal, usize::MAX)? {
        if electors.contains(person)
            && let Some(number) = row.0.last_chunk().copied().map(u32::from_be_bytes)
        {
            votes.push(number);
        }
    }
    Ok(votes)
}

/// Somebody is taken out of all lists; how many held them.
///
/// # Errors
/// [`StoreError`].
pub fn forget_one(tx: &mut Txn<'_>, person: &Person) -> Result<u64, StoreError> {
    let mut changed = 0_u64;
    for (row, mut electors) in tx.scan(&ELECTORATES, &keys::Everything, usize::MAX)? {
        let before = electors.len();
        electors.retain(|known| known != person);
        if electors.len() < before {
            tx.replace(&ELECTORATES, row, &electors)?;
            changed = changed.saturating_add(1);
        }
    }
    Ok(changed)
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
    let voters =
        Voters::of(tx, electors, |who| keys::voter(&tx.meta().secret, who, (&place, &message)))?;
    let mut ballots = Ballots::default();
    let mut heard: BTreeMap<Person, Ballot> = BTreeMap::new();
    for vote in poll.votes {
        let Some(person) = voters.people.get(&vote.voter) else {
            ballots.unheard += 1;
            continue;
        };
        let accounts = voters.accounts.get(person).cloned().unwrap_or_default();
        let ballot = Ballot { answers: vote.answers, accounts };
        // Of two votes of one person the later one stands.
        if heard.insert(person.clone(), ballot).is_some() {
            ballots.unheard += 1;
        }
    }
    ballots.heard = heard.into_values().collect();
    Ok(ballots)
}

/// Who may vote, as people. Votes are shown under the accounts that everybody may know; only what they
/// come to in the end counts people who have several.
#[derive(Default)]
struct Voters {
    /// People by the hashes under which each of their accounts votes.
    people: HashMap<keys::Hash, Person>,
    /// The accounts of each that had spoken.
    accounts: HashMap<Person, Vec<Person>>,
}

impl Voters {
    fn of(
        tx: &Txn<'_>,
        electors: Vec<Person>,
        voter: impl Fn(&Person) -> keys::Hash,
    ) -> Result<Self, StoreError> {
        let mut voters = Self::default();
        for elector in electors {
            let person = claims::is_really(tx, &elector)?;
            let claims = claims::by(tx, person.user.as_str())?.into_iter();
            let others = claims.filter(|claim| claim.on_matrix() == person);
            for account in others.map(|claim| claim.person).chain([person.clone()]) {
                voters.people.insert(voter(&account), person.clone());
            }
            voters.accounts.entry(person).or_default().push(elector);
        }
        Ok(voters)
    }
}
