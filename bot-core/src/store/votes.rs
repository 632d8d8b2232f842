// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls: who voted for what on which side, and when it is over.
//!
//! Rule: votes do not cross; each side has its own, and the others read the sum. A poll is over
//! when it is over at its origin, or when its author or a moderator says so; a copy that ends by
//! itself ends nothing.

use bridge_model::{Content, Event, Message, MessageId, Person, Place, UserId, VoteChange};

use super::records::{Origin, PollRecord, VoteRecord};
use super::txn::Txn;
use super::{StoreError, accept, claims, joint, keys, messages, portals, queue, summaries, topics};
use crate::lane::{KnownPoll, LaneState, Work};
use crate::portal::Portal;

/// The poll after an edit: votes stay as long as the answers are the same ones.
pub fn revise(known: &mut Option<PollRecord>, message: &Message) {
    let Some(mut newer) = PollRecord::begin(message) else { return };
    if let Some(known) = known.take() {
        newer.closed = known.closed;
        let ids = |poll: &PollRecord| -> Vec<String> {
            poll.answers.iter().map(|(id, _)| id.clone()).collect()
        };
        if ids(&known) == ids(&newer) {
            (newer.votes, newer.counts) = (known.votes, known.counts);
        }
    }
    *known = Some(newer);
}

/// How a poll stands, for everybody outside the store.
///
/// # Errors
/// [`StoreError`].
pub fn known(tx: &Txn<'_>, origin: &Origin) -> Result<Option<KnownPoll>, StoreError> {
    let Some(poll) = &origin.poll else { return Ok(None) };
    let mut votes = Vec::new();
    for (number, counts) in &poll.counts {
        votes.push((*number, counts.clone()));
    }
    for vote in &poll.votes {
        if poll.counts.iter().any(|(counted, _)| *counted == vote.place) {
            continue;
        }
        let at = votes.iter().position(|(number, _)| *number == vote.place);
        let at = at.unwrap_or_else(|| {
            votes.push((vote.place, vec![0; poll.answers.len()]));
            votes.len() - 1
        });
        let Some((_, sums)) = votes.get_mut(at) else { continue };
        for answer in &vote.answers {
            if let Some(sum) = sums.get_mut(usize::from(*answer)) {
                *sum += 1;
            }
        }
    }
    let votes = votes.into_iter().map(|(number, sums)| Ok((tx.numbered(number)?, sums)));
    Ok(Some(KnownPoll {
        answers: poll.answers.iter().map(|(_, text)| text.clone()).collect(),
        disclosed: poll.disclosed,
        closed: poll.closed,
        votes: votes.collect::<Result<_, StoreError>>()?,
    }))
}

/// Takes in what happened to a poll; the lanes that got entries, or `None` when it says nothing new.
///
/// # Errors
/// [`StoreError`].
pub fn hear(
    tx: &mut Txn<'_>,
    portal: &Portal,
    event: Event,
) -> Result<Option<Vec<LaneState>>, StoreError> {
    let Some(mut origin) = messages::origin(tx, &event.place, &event.message)? else {
        return Ok(None);
    };
    let Some(mut poll) = origin.poll.take().filter(|_| !origin.deleted) else { return Ok(None) };
    let side = tx.number(&event.place)?;
    let home_place = tx.numbered(origin.place)?;
    let joint = joint::is_joint(&home_place, &origin.message);
    let home = side == origin.place;
    let (news, over) = match &event.content {
        Content::Voted { by, answers, change } => {
            let voter = voter(tx, &origin, &event.place, by)?;
            let answers = poll.numbers(answers, home);
            (poll.vote((side, voter), answers, (*change, joint)), false)
        }
        // One person has one vote on all sides, which counts alone cannot tell.
        Content::Counted { .. } if joint => (false, false),
        Content::Counted { counts, closed } => {
            let over = *closed && home && !poll.closed;
            (poll.count(side, counts) || over, over)
        }
        Content::PollClosed { by } => {
            // A vote of the whole community ends by command only.
            let certain = match by {
                _ if joint => return Ok(None),
                Some(user) => messages::wrote(tx, &origin, &event.place, user)?,
                None => home,
            };
            (!poll.closed && (certain || by.is_some()), !poll.closed && certain)
        }
        Content::Posted(_)
        | Content::Edited(_)
        | Content::Deleted { .. }
        | Content::Reacted { .. }
        | Content::Unreacted { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. } => (false, false),
    };
    if !news {
        return Ok(None);
    }
    poll.closed |= over;
    origin.poll = Some(poll);
    messages::store_origin(tx, origin.clone())?;
    let mut places = topics::others(tx, (portal, &event.place), &origin)?;
    let mut lanes = hand_on(tx, (&event, over), &places)?;
    let votes_only = matches!(event.content, Content::Voted { .. } | Content::Counted { .. });
    if over {
        places.push(event.place);
    }
    if over || votes_only {
        accept::merge(&mut lanes, summaries::votes(tx, &origin, &places)?);
    }
    Ok(Some(lanes))
}

/// The end of a poll goes to the lanes of the other places, votes do not.
fn hand_on(
    tx: &mut Txn<'_>,
    (event, over): (&Event, bool),
    places: &[Place],
) -> Result<Vec<LaneState>, StoreError> {
    let mut event = event.clone();
    if over && matches!(event.content, Content::Counted { .. }) {
        event.content = Content::PollClosed { by: None };
    }
    let mut lanes = Vec::new();
    if matches!(event.content, Content::PollClosed { .. }) {
        for place in places {
            lanes.push(queue::append(tx, place, Work::of(event.clone()))?);
        }
    }
    Ok(lanes)
}

/// A poll was closed by somebody who had to be asked for, and it was allowed.
///
/// # Errors
/// [`StoreError`].
pub fn close(
    tx: &mut Txn<'_>,
    lane: &Place,
    (place, message): (&Place, &MessageId),
) -> Result<Vec<LaneState>, StoreError> {
    let Some(mut origin) = messages::origin(tx, place, message)? else { return Ok(Vec::new()) };
    match &mut origin.poll {
        Some(poll) if !poll.closed => poll.closed = true,
        Some(_) | None => return Ok(Vec::new()),
    }
    messages::store_origin(tx, origin.clone())?;
    let portal = portals::of(tx, lane)?;
    let places = portal.map(|portal| portal.active()).unwrap_or_default();
    summaries::votes(tx, &origin, &places)
}

fn voter(
    tx: &mut Txn<'_>,
    origin: &Origin,
    place: &Place,
    user: &UserId,
) -> Result<keys::Hash, StoreError> {
    let mut person = Person { network: place.network.clone(), user: user.clone() };
    let place = tx.numbered(origin.place)?;
    if joint::is_joint(&place, &origin.message)
        && let Some(claim) = claims::of(tx, &person)?
    {
        person = claim.on_matrix();
    }
    Ok(keys::voter(&tx.meta().secret, &person, (&place, &origin.message)))
}

impl PollRecord {
    /// Answers as numbers in order. At home they have the ids of the poll, in copies their numbers.
    fn numbers(&self, ids: &[String], home: bool) -> Vec<u16> {
        let number = |id: &String| {
            let by_id = self.answers.iter().position(|(known, _)| home && known == id);
            by_id.or_else(|| id.parse().ok()).filter(|at| *at < self.answers.len())
        };
        let mut numbers: Vec<u16> =
            ids.iter().filter_map(number).filter_map(|at| u16::try_from(at).ok()).collect();
        numbers.truncate(usize::try_from(self.choices.max(1)).unwrap_or(usize::MAX));
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Notes a vote; `false` when it changes nothing or comes too late.
    fn vote(
        &mut self,
        (place, voter): (u32, keys::Hash),
        answers: Vec<u16>,
        (change, joint): (VoteChange, bool),
    ) -> bool {
        if self.closed {
            return false;
        }
        let is_theirs = |vote: &VoteRecord| vote.voter == voter && (joint || vote.place == place);
        let at = self.votes.iter().position(is_theirs);
        let before = at.map(|at| self.votes.remove(at).answers).unwrap_or_default();
        let mut after = match change {
            VoteChange::Set => answers,
            VoteChange::Add => [before.clone(), answers].concat(),
            VoteChange::Remove => {
                before.iter().filter(|answer| !answers.contains(answer)).copied().collect()
            }
        };
        after.sort_unstable();
        after.dedup();
        let news = after != before;
        if !after.is_empty() {
            self.votes.push(VoteRecord { place, voter, answers: after });
        }
        news
    }

    /// Two voters turn out to be one person: of two votes the later one stands, under the second
    /// name. `false` when the first one has no vote.
    pub(super) fn unite(&mut self, (account, person): (keys::Hash, keys::Hash)) -> bool {
        let Some(first) = self.votes.iter().position(|vote| vote.voter == account) else {
            return false;
        };
        let second = self.votes.iter().position(|vote| vote.voter == person);
        if second.is_some_and(|second| second > first) {
            self.votes.remove(first);
            return true;
        }
        if let Some(vote) = self.votes.get_mut(first) {
            vote.voter = person;
        }
        if let Some(earlier) = second {
            self.votes.remove(earlier);
        }
        true
    }

    /// Notes a network's own count; `false` when it is known.
    fn count(&mut self, place: u32, counts: &[u64]) -> bool {
        let mut counts = counts.to_vec();
        counts.resize(self.answers.len(), 0);
        let at = self.counts.iter().position(|(known, _)| *known == place);
        let before = at.map(|at| self.counts.remove(at).1);
        let news = match &before {
            Some(before) => *before != counts,
            None => counts.iter().any(|count| *count > 0),
        };
        if news || before.is_some() {
            self.counts.push((place, counts));
        }
        news
    }
}
