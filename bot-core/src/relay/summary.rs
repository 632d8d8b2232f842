// SPDX-License-Identifier: AGPL-3.0-or-later
//! Summaries: one message of the bot below another one, made from what is known when it is carried.
//!
//! Rule: whoever reads a summary sees only what the chat cannot show by itself. When that is
//! nothing, the summary goes.

use bridge_model::{Content, Message, MessageId, Place, Reaction, Reply, RichText};

use super::Delivery;
use super::emoji::short_key;
use super::lookup::unread;
use super::polls::poll_in;
use crate::courier::Attempt;
use crate::lane::{Entry, KnownPoll, Replica, Summary, SummaryKind, SummaryMessage};
use crate::network::Network;
use crate::order::{Action, DeliverError, Failure, Order, Part, Receipt, SendAs};
use crate::portal::Portal;

/// Asks for the presentation as a picture; with and without it an emoji is the same one.
const PICTURE: char = '\u{fe0f}';

/// Kinds of reactions that one line names.
const MOST_KINDS: usize = 20;

/// How things stand in one chat.
struct Standing {
    /// The message below which it is said.
    target: MessageId,
    /// What is said.
    text: RichText,
    /// The chat does not show it by itself.
    needed: bool,
}

/// People of this portal want a line about reactions that a network cannot show.
pub fn reaction_line(portal: &Portal) -> bool {
    portal.settings.reaction_line
}

impl Delivery<'_> {
    /// The summaries that are no longer right when the head is carried.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn summaries_after(&self) -> Result<Vec<(Place, Summary)>, DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        let Some(event) = work.event() else { return Ok(Vec::new()) };
        let is_reaction =
            matches!(event.content, Content::Reacted { .. } | Content::Unreacted { .. });
        let network = self.relay.networks.get(&lane.network);
        if !is_reaction || network.is_none_or(|it| it.capabilities().many_reactions) {
            return Ok(Vec::new());
        }
        if !self.head.portal.as_ref().is_some_and(reaction_line) {
            return Ok(Vec::new());
        }
        let Some(Replica { origin: place, message, .. }) = self.replica(event).await? else {
            return Ok(Vec::new());
        };
        let kind = SummaryKind::Reactions;
        Ok(vec![(lane.clone(), Summary { kind, place, message })])
    }

    /// Says, changes or takes away a summary; what is there afterwards.
    ///
    /// # Errors
    /// As [`crate::Deliver::deliver`].
    pub(super) async fn bring_up_to_date(
        &self,
        network: &dyn Network,
        (SummaryMessage { origin, id, summary }, attempt): (&SummaryMessage, &mut Attempt),
    ) -> Result<Receipt, Failure> {
        let lane = &self.head.entry.lane;
        let failed = |error, attempt: &Attempt| Failure { error, done: attempt.done.clone() };
        let said = self.relay.store.find_replica(origin, id).await;
        let said = said.map_err(|error| failed(unread(error), attempt))?;
        // A line that somebody took away is said anew.
        let said = said.filter(|said| !said.deleted);
        let mut there = said.map(|said| said.parts_at(lane)).unwrap_or_default();
        let standing = self.standing(lane, summary).await.map_err(|it| failed(it, attempt))?;
        let Some(Standing { target, text, needed }) = standing else {
            return self.take_back(network, there).await;
        };
        let reply_to = Some(Reply::to(target));
        let message = self.wording.message(text, self.relay.clock.now());
        let message = Message { reply_to, ..message };
        if there.is_empty() {
            // The try that was cut off may have said how things stood then.
            if attempt.doubt {
                attempt.done = network.find_sent(&self.order(say(message.clone()))).await?;
            }
            there.clone_from(&attempt.done);
        }
        attempt.doubt = false;
        if !needed {
            return self.take_back(network, there).await;
        }
        let act = if there.is_empty() { say(message) } else { change(message, there) };
        self.say_summary(network, self.order(act), attempt).await
    }

    async fn say_summary(
        &self,
        network: &dyn Network,
        order: Order,
        attempt: &Attempt,
    ) -> Result<Receipt, Failure> {
        network.deliver(&order, &self.relay.networks).await.map_err(|failure| {
            let Failure { error, done } = failure;
            let kept = if done.is_empty() { attempt.done.clone() } else { done };
            Failure { error, done: kept }
        })
    }

    async fn take_back(&self, network: &dyn Network, parts: Vec<Part>) -> Result<Receipt, Failure> {
        if !parts.is_empty() {
            let act = Action::Delete { send_as: SendAs::Bot, parts: parts.clone() };
            let deleted = network.deliver(&self.order(act), &self.relay.networks).await;
            deleted.map_err(|failure| Failure { done: parts, ..failure })?;
        }
        Ok(Receipt::default())
    }

    /// How things stand; `None` when the message is not known or not in this chat.
    async fn standing(
        &self,
        lane: &Place,
        summary: &Summary,
    ) -> Result<Option<Standing>, DeliverError> {
        let known = self.relay.store.find_replica(&summary.place, &summary.message).await;
        let Some(replica) = known.map_err(unread)? else { return Ok(None) };
        let Some(target) = replica.parts_at(lane).into_iter().next() else { return Ok(None) };
        let there = !replica.deleted;
        let (text, needed) = match (summary.kind, &replica.poll) {
            (SummaryKind::Poll, Some(poll)) => self.votes(lane, &replica, poll),
            (SummaryKind::Poll, None) => return Ok(None),
            (SummaryKind::Reactions, _) => self.reactions(lane, &replica),
        };
        Ok(Some(Standing { target: target.id, text, needed: needed && there }))
    }

    fn votes(&self, lane: &Place, replica: &Replica, poll: &KnownPoll) -> (RichText, bool) {
        let votes = poll.elsewhere(lane);
        let is_text =
            replica.origin != *lane && poll_in(&self.relay.networks, lane, replica).is_none();
        let shown = poll.disclosed || poll.closed;
        let needed = shown && (votes.iter().any(|count| *count > 0) || (is_text && poll.closed));
        let lines = poll.answers.iter().map(String::as_str).zip(votes).collect::<Vec<_>>();
        (self.wording.votes(&lines, is_text, poll.closed), needed)
    }

    fn reactions(&self, lane: &Place, replica: &Replica) -> (RichText, bool) {
        let mut counts: Vec<(String, u64)> = Vec::new();
        let mut hidden = false;
        let carried = |by: &bridge_model::Person| by.network != lane.network;
        for known in replica.reactions.iter().filter(|known| known.live && carried(&known.by)) {
            hidden |= known.refused.contains(lane);
            let face = face(&known.reaction);
            match counts.iter_mut().find(|(known, _)| *known == face) {
                Some((_, count)) => *count += 1,
                None => counts.push((face, 1)),
            }
        }
        // The sort is stable: of equals the older stands first.
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rest = counts.len().saturating_sub(MOST_KINDS);
        let others = counts.iter().rev().take(rest).map(|(_, count)| *count).sum::<u64>();
        counts.truncate(MOST_KINDS);
        counts.extend((others > 0).then(|| ("…".to_owned(), others)));
        let needed = hidden || counts.len() > 1 || counts.iter().any(|(_, count)| *count > 1);
        (self.wording.reactions(&counts), needed && !counts.is_empty())
    }
}

fn say(message: Message) -> Action {
    Action::Post { send_as: SendAs::Bot, message, native_reply: true, answer_via: None }
}

fn change(message: Message, parts: Vec<Part>) -> Action {
    let (send_as, native_reply, media_changed) = (SendAs::Bot, true, false);
    Action::Edit { send_as, parts, message, native_reply, media_changed }
}

/// What stands for a reaction in a line of text.
fn face(reaction: &Reaction) -> String {
    match reaction {
        Reaction::Emoji(emoji) => short_key(emoji).chars().filter(|it| *it != PICTURE).collect(),
        Reaction::Custom { name, .. } => format!(":{name}:"),
    }
}
