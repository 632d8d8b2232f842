// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls: who voted for what on which side, and when it is over.
//!
//! Rule: votes do not cross; each side has its own, and the others read the sum. A poll is over
//! when it is over at its origin, or when its author or a moderator says so; a copy that ends by
//! itself ends nothing.

use bridge_model::{Content, Event, Message, MessageId, Person, Place, UserId, VoteChange};

use super::records::{Origin, PollRecord, VoteRecord};
use super::txn::Txn;
use super::{StoreError, claims, joint, keys, messages, portals, queue, summaries, topics};
use crate::lane::Work;
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

/// Takes in what happened to a poll; `false` when it says nothing new.
///
/// # Errors
/// [`StoreError`].
pub fn hear(tx: &mut Txn<'_>, portal: &Portal, event: Event) -> Result<bool, StoreError> {
    let Some(mut origin) = messages::origin(tx, &event.place, &event.message)? else {
        return Ok(false);
    };
    let Some(mut poll) = origin.poll.take().filter(|_| !origin.deleted) else { return Ok(false) };
    let side = tx.number(&event.place)?;
    let joint = joint::is_joint(&tx.numbered(origin.place)?, &origin.message);
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
                _ if joint => return Ok(false),
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
        | Content::ReactionsCleared { .. }
        | Content::Commanded(_)
        | Content::Moved { .. }
        | Content::Closed
        | Content::Encrypted
        | Content::ReadersChanged { .. }
        | Content::Invited { .. }
        | Content::Pinned
        | Content::Unpinned
        | Content::ChatChanged { .. }
        | Content::MemberChanged { .. }
        | Content::ThreadChanged { .. }
        | Content::Moderated(_)
        | Content::RightsChanged
        | Content::PolicyChanged => (false, false),
    };
    if !news {
        return Ok(false);
    }
    poll.closed |= over;
    origin.poll = Some(poll);
    changed(tx, portal, (event, over), &origin)?;
    Ok(true)
}

/// Stores what is known of a poll, and has its end and its votes shown elsewhere.
fn changed(
    tx: &mut Txn<'_>,
    portal: &Portal,
    (event, over): (Event, bool),
    origin: &Origin,
) -> Result<(), StoreError> {
    messages::store_origin(tx, origin.clone())?;
    let mut places = topics::others(tx, (portal, &event.place), origin)?;
    hand_on(tx, (&event, over), &places)?;
    let votes_only = matches!(event.content, Content::Voted { .. } | Content::Counted { .. });
    places.extend(over.then_some(event.place));
    if over || votes_only {
        summaries::votes(tx, origin, &places)?;
    }
    Ok(())
}

/// The end of a poll goes to the lanes of the other places, votes do not.
fn hand_on(
    tx: &mut Txn<'_>,
    (event, over): (&Event, bool),
    places: &[Place],
) -> Result<(), StoreError> {
    let mut event = event.clone();
    if over && matches!(event.content, Content::Counted { .. }) {
        event.content = Content::PollClosed { by: None };
    }
    if matches!(event.content, Content::PollClosed { .. }) {
        for place in places {
            queue::append(tx, place, Work::of(event.clone()))?;
        }
    }
    Ok(())
}

/// A poll was closed by somebody who had to be asked for, and it was allowed.
///
/// # Errors
/// [`StoreError`].
pub fn close(
    tx: &mut Txn<'_>,
    lane: &Place,
    (place, message): (&Place, &MessageId),
) -> Result<(), StoreError> {
    let Some(mut origin) = messages::origin(tx, place, message)? else { return Ok(()) };
    match &mut origin.poll {
        Some(poll) if !poll.closed => poll.closed = true,
        Some(_) | None => return Ok(()),
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
    if joint::is_joint(&place, &origin.message) {
        person = claims::known_as(tx, &person)?;
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

    /// How many votes each answer has, by place number: the network's own count where there is one,
    /// else what was seen there.
    pub(super) fn sums(&self) -> Vec<(u32, Vec<u64>)> {
        let mut all = self.counts.clone();
        for vote in &self.votes {
            if self.counts.iter().any(|(counted, _)| *counted == vote.place) {
                continue;
            }
            let at = all.iter().position(|(place, _)| *place == vote.place);
            let at = at.unwrap_or_else(|| {
                all.push((vote.place, vec![0; self.answers.len()]));
                all.len() - 1
            });
            let Some((_, sums)) = all.get_mut(at) else { continue };
            for answer in &vote.answers {
                if let Some(sum) = sums.get_mut(usize::from(*answer)) {
                    *sum += 1;
                }
            }
        }
        all
    }

    /// Only sums are left of the votes; nobody can vote any more.
    pub(super) fn close_for_good(&mut self) {
        self.counts = self.sums();
        self.votes.clear();
        self.closed = true;
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
