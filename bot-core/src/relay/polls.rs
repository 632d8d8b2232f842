// SPDX-License-Identifier: AGPL-3.0-or-later
//! Polls at the destination: where the bridge has a real one, and how it ends.

use bridge_model::{Place, PollCapabilities, UserId};

use super::Delivery;
use super::actions::copy_sent_as;
use super::networks::Networks;
use crate::lane::{KnownPoll, Replica};
use crate::order::{Action, DeliverError};
use crate::refusal::Refusal;

impl Delivery<'_> {
    /// Closes the copy of a poll that ended.
    ///
    /// # Errors
    /// What to do with the entry.
    pub(super) async fn close_poll(
        &self,
        place: &Place,
        replica: &Replica,
        by: Option<&UserId>,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        if !self.is_allowed(replica, place, by).await? {
            let reason = Refusal::NotTheirsToClose;
            return Err(DeliverError::Refused { reason });
        }
        let parts = replica.parts_at(lane);
        // What somebody else posted is not ours to close.
        let ours = replica.origin != *lane && !parts.is_empty();
        let closing =
            poll_in(&self.relay.networks, lane, replica).is_some_and(|polls| polls.closing);
        let send_as = copy_sent_as(replica, lane);
        Ok((ours && closing).then_some(Action::ClosePoll { send_as, parts }))
    }
}

/// What `lane` can do with this poll; `None` where it is text.
pub(super) fn poll_in(
    networks: &Networks,
    lane: &Place,
    replica: &Replica,
) -> Option<PollCapabilities> {
    let polls = networks.get(&lane.network)?.capabilities().polls?;
    let answers = replica.poll.as_ref().map_or(0, |poll: &KnownPoll| poll.answers.len());
    (polls.fewest..=polls.most).contains(&answers).then_some(polls)
}
