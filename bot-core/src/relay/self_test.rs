// SPDX-License-Identifier: AGPL-3.0-or-later
//! Carries out a self-test in one chat: a test account speaks, is muted and banned, its message is
//! deleted, and each is read back from the platform.
//!
//! Rule: it takes the same calls as real deeds. A second try takes away what the first one left, and
//! nothing stays in the chat.

use bridge_model::{MediaHandle, Message, Moderation, Person};

use super::Delivery;
use super::lookup::unread;
use crate::courier::Attempt;
use crate::i18n::Key;
use crate::network::{AskError, GhostState, MATRIX, Need, Network};
use crate::order::{Action, DeliverError, Failure, ModerationTarget, Order, Part, Receipt, SendAs};
use crate::portal::{EndState, Portal, PortalId};
use crate::refusal::{MissingRight, Refusal};
use crate::self_test::{CheckOutcome, DeedCheck, TestedDeed, TestedSide, test_user};
use crate::store::self_tests::SelfTestChange;
use crate::store::{Change, Settlement};

/// Whether the platform did something, or why not.
type Tried = Result<(), Refusal>;

impl Delivery<'_> {
    /// Tries what moderators do; nothing where a newer self-test was asked for meanwhile.
    ///
    /// # Errors
    /// What to do with the entry when the platform does not answer.
    pub(super) async fn self_test(
        &self,
        (id, number): (PortalId, u32),
        attempt: &mut Attempt,
    ) -> Result<Settlement, Failure> {
        let lane = &self.head.entry.lane;
        let mut settlement = self.settled(Receipt::default());
        let portal = self.head.portal.as_ref().filter(|portal| portal.id == id);
        let Some(portal) = portal.filter(|portal| portal.silence_at(lane).is_none()) else {
            return Ok(settlement);
        };
        let migration = self.relay.store.migration(id).await;
        let migration = migration.map_err(|error| Failure::clean(unread(error)))?;
        if migration.self_test.is_none_or(|run| run.number != number) {
            return Ok(settlement);
        }
        let Some(network) = self.relay.networks.get(&lane.network) else {
            let reason = Refusal::NotConfigured;
            return Err(Failure::clean(DeliverError::ChatClosed { reason }));
        };
        let trial = Trial { delivery: self, network: &**network, person: self.test_person(portal) };
        let checks = trial.carry_out(attempt).await?;
        let side = TestedSide { place: lane.clone(), at: self.relay.clock.now(), checks };
        settlement.changes.push(Change::Lacks(lane.clone(), side.missing()));
        let measured = SelfTestChange::Measured(id, number, side);
        settlement.changes.push(Change::SelfTest(Box::new(measured)));
        Ok(settlement)
    }

    /// The test account of this chat: somebody from the other side.
    fn test_person(&self, portal: &Portal) -> Person {
        let lane = &self.head.entry.lane;
        let mut ends = portal.ends.iter().filter(|end| end.state == EndState::Active);
        let network = match ends.next().filter(|_| lane.network.as_str() == MATRIX) {
            Some(end) => end.place.network.clone(),
            None => MATRIX.into(),
        };
        Person { network, user: test_user() }
    }
}

/// One self-test under way in a chat.
struct Trial<'a> {
    delivery: &'a Delivery<'a>,
    network: &'a dyn Network,
    person: Person,
}

impl Trial<'_> {
    async fn carry_out(&self, attempt: &mut Attempt) -> Result<Vec<DeedCheck>, Failure> {
        let post = self.order(self.post());
        if attempt.doubt {
            attempt.done = self.network.find_sent(&post).await?;
            attempt.doubt = false;
        }
        let has_ghosts = self.state().await.map_err(|error| failed(error, &attempt.done))?;
        if has_ghosts.is_some() {
            // An earlier try may have ended in the middle.
            self.act(Moderation::Unban, &attempt.done).await?.ok();
            self.act(Moderation::Unmute, &attempt.done).await?.ok();
        }
        let posted = self.posted(post, &attempt.done).await?;
        let parts = match &posted {
            Some(Ok(parts)) => parts.clone(),
            Some(Err(_)) | None => Vec::new(),
        };
        attempt.done.clone_from(&parts);
        let (mut mute, mut ban) = (None, None);
        if has_ghosts.is_some() {
            mute = Some(self.muted(&parts).await?);
        }
        let deleted = self.deleted(posted, &parts).await?;
        if has_ghosts.is_some() {
            ban = Some(self.banned(&parts).await?);
            self.moderate(Action::Withdraw { send_as: self.speaker() }, &parts).await?.ok();
        }
        let missing = self.missing(&parts).await?;
        let mut checks = Vec::new();
        for (deed, tried) in
            [(TestedDeed::Ban, ban), (TestedDeed::Mute, mute), (TestedDeed::Delete, deleted)]
        {
            let outcome = self.outcome((deed, tried), &missing, &parts).await?;
            checks.push(DeedCheck { deed, outcome });
        }
        Ok(checks)
    }

    /// A right that is missing is the reason, whatever the platform has answered.
    async fn outcome(
        &self,
        (deed, tried): (TestedDeed, Option<Tried>),
        missing: &Result<Vec<MissingRight>, Refusal>,
        parts: &[Part],
    ) -> Result<CheckOutcome, Failure> {
        let missing: Vec<MissingRight> = match missing {
            Ok(missing) => missing.iter().filter(|it| deed.takes(it.right)).cloned().collect(),
            Err(reason) => return Ok(CheckOutcome::Failed(reason.clone())),
        };
        if !missing.is_empty() {
            return Ok(CheckOutcome::Failed(Refusal::MissingRights(missing)));
        }
        Ok(match tried {
            Some(Ok(())) => CheckOutcome::Done,
            Some(Err(reason)) => CheckOutcome::Failed(reason),
            None => match self.obstacle(deed).await.map_err(|error| failed(error, parts))? {
                Some(reason) => CheckOutcome::Failed(reason),
                None => CheckOutcome::RightOnly,
            },
        })
    }

    async fn muted(&self, parts: &[Part]) -> Result<Tried, Failure> {
        let mute = self.act(Moderation::Mute { until: None }, parts).await?;
        let held = self.is(parts, |state| state.muted).await?;
        let unmute = self.act(Moderation::Unmute, parts).await?;
        let free = self.is(parts, |state| !state.muted).await?;
        Ok(mute.and(held).and(unmute).and(free))
    }

    async fn banned(&self, parts: &[Part]) -> Result<Tried, Failure> {
        let ban = self.act(Moderation::Ban { purge: false }, parts).await?;
        let held = self.is(parts, |state| state.banned).await?;
        let unban = self.act(Moderation::Unban, parts).await?;
        let free = self.is(parts, |state| !state.banned).await?;
        Ok(ban.and(held).and(unban).and(free))
    }

    /// What the test account has said; `None` where it says nothing, because that would leave something
    /// behind.
    async fn posted(
        &self,
        post: Order,
        done: &[Part],
    ) -> Result<Option<Result<Vec<Part>, Refusal>>, Failure> {
        match self.network.forgets_messages(&post.chat).await {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(AskError::Refused(reason)) => return Ok(Some(Err(reason))),
            Err(AskError::Retry { after, reason }) => {
                return Err(failed(DeliverError::Retry { after, reason }, done));
            }
        }
        let posted = self.deliver(Order { done: done.to_vec(), ..post }).await;
        let posted = posted.map_err(|failure| kept(failure, done))?;
        Ok(Some(posted.map(|receipt| receipt.parts)))
    }

    /// Deletes the message as a moderator does; `None` where there is none, or the platform does not
    /// say whether it is gone.
    async fn deleted(
        &self,
        posted: Option<Result<Vec<Part>, Refusal>>,
        parts: &[Part],
    ) -> Result<Option<Tried>, Failure> {
        match posted {
            Some(Ok(_)) => {}
            Some(Err(reason)) => return Ok(Some(Err(reason))),
            None => return Ok(None),
        }
        let delete = |send_as| Action::Delete { send_as, parts: parts.to_vec() };
        if let Err(reason) = self.moderate(delete(SendAs::Bot), parts).await? {
            // Nothing stays, even so.
            self.moderate(delete(self.speaker()), parts).await?.ok();
            return Ok(Some(Err(reason)));
        }
        let chat = &self.delivery.head.entry.lane.chat;
        for part in parts {
            match self.network.is_gone(chat, &part.id).await {
                Ok(Some(true)) => {}
                Ok(Some(false)) => return Ok(Some(Err(Refusal::NotSo))),
                Ok(None) => return Ok(None),
                Err(AskError::Refused(reason)) => return Ok(Some(Err(reason))),
                Err(AskError::Retry { after, reason }) => {
                    let error = DeliverError::Retry { after, reason };
                    return Err(failed(error, parts));
                }
            }
        }
        Ok(Some(Ok(())))
    }

    /// What the platform says of the account, after it has answered that something was done.
    async fn is(
        &self,
        parts: &[Part],
        wanted: impl Fn(GhostState) -> bool,
    ) -> Result<Tried, Failure> {
        let state = self.state().await.map_err(|error| failed(error, parts))?;
        Ok(if state.is_some_and(wanted) { Ok(()) } else { Err(Refusal::NotSo) })
    }

    async fn state(&self) -> Result<Option<GhostState>, DeliverError> {
        let chat = &self.delivery.head.entry.lane.chat;
        match self.network.ghost_state(chat, &self.person).await {
            Ok(state) => Ok(state),
            Err(AskError::Refused(reason)) => Err(DeliverError::ChatClosed { reason }),
            Err(AskError::Retry { after, reason }) => Err(DeliverError::Retry { after, reason }),
        }
    }

    async fn missing(&self, parts: &[Part]) -> Result<Result<Vec<MissingRight>, Refusal>, Failure> {
        let chat = &self.delivery.head.entry.lane.chat;
        match self.network.missing_rights(chat, Need::Moderate).await {
            Ok(missing) => Ok(Ok(missing)),
            Err(AskError::Refused(reason)) => Ok(Err(reason)),
            Err(AskError::Retry { after, reason }) => {
                Err(failed(DeliverError::Retry { after, reason }, parts))
            }
        }
    }

    /// Why the bot could not do it although it has the right.
    async fn obstacle(&self, deed: TestedDeed) -> Result<Option<Refusal>, DeliverError> {
        let what = match deed {
            TestedDeed::Ban => Moderation::Ban { purge: false },
            TestedDeed::Mute => Moderation::Mute { until: None },
            TestedDeed::Delete => return Ok(None),
        };
        let chat = &self.delivery.head.entry.lane.chat;
        match self.network.obstacle(chat, what).await {
            Ok(obstacle) => Ok(obstacle),
            Err(AskError::Refused(reason)) => Ok(Some(reason)),
            Err(AskError::Retry { after, reason }) => Err(DeliverError::Retry { after, reason }),
        }
    }

    async fn act(&self, what: Moderation, parts: &[Part]) -> Result<Tried, Failure> {
        let whom = ModerationTarget::Ghost(self.person.clone());
        let reason = self.delivery.wording.plain(Key::SelfTestName, &[]);
        let now = self.delivery.relay.clock.now();
        self.moderate(Action::Moderate { whom, what, reason, now }, parts).await
    }

    async fn moderate(&self, action: Action, parts: &[Part]) -> Result<Tried, Failure> {
        let done = self.deliver(self.order(action)).await;
        let done = done.map_err(|failure| kept(failure, parts))?;
        Ok(done.map(drop))
    }

    async fn deliver(&self, order: Order) -> Result<Result<Receipt, Refusal>, Failure> {
        match self.network.deliver(&order, &self.delivery.relay.networks).await {
            Ok(receipt) => Ok(Ok(receipt)),
            Err(Failure { error: DeliverError::Refused { reason }, .. }) => Ok(Err(reason)),
            Err(failure) => Err(failure),
        }
    }

    /// What the test account says. It rings nowhere.
    fn post(&self) -> Action {
        let wording = &self.delivery.wording;
        let text = wording.say(Key::SelfTestMessage, &[]);
        let message = wording.message(text, self.delivery.relay.clock.now());
        let message = Message { silent: true, ..message };
        let (send_as, native_reply, answer_via) = (self.speaker(), false, None);
        Action::Post { send_as, message, native_reply, answer_via }
    }

    fn speaker(&self) -> SendAs {
        let network = &self.person.network;
        SendAs::Person {
            person: self.person.clone(),
            name: self.delivery.wording.plain(Key::SelfTestName, &[]),
            avatar_url: None,
            avatar: Some(MediaHandle::none(network)),
        }
    }

    /// Every order of this self-test has its identity, so that its message is found again.
    fn order(&self, action: Action) -> Order {
        let entry = self.delivery.head.entry.id.0.to_string();
        let source = self.delivery.relay.pseudonyms.token("self-test", &entry);
        Order { source, ..self.delivery.order(action) }
    }
}

fn failed(error: DeliverError, parts: &[Part]) -> Failure {
    Failure { error, done: parts.to_vec() }
}

/// The failure, with the message that has to be taken away.
fn kept(failure: Failure, parts: &[Part]) -> Failure {
    let done = if failure.done.is_empty() { parts.to_vec() } else { failure.done };
    Failure { done, ..failure }
}
