// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a lane entry to an order: every id becomes one of the destination.
//!
//! Rule: whoever is not the author may take a message away only if the network on which they
//! asked for it says so.

use std::sync::Arc;

use bridge_model::{Content, Message, MessageId, Person, Place, Reaction, Thread, UserId};

use super::Relay;
use crate::lane::{CORE, Head, Replica, Speaker, Work};
use crate::network::AskError;
use crate::order::{Act, DeliverError, Order, Voice};
use crate::store::StoreError;
use crate::voice::Words;

impl Relay {
    /// The order, or `None` when there is nothing (any more) to do.
    ///
    /// # Errors
    /// What to do with the entry when something could not be asked.
    pub async fn prepare(&self, head: &Head) -> Result<Option<Order>, DeliverError> {
        let lane = &head.entry.lane;
        let work = &head.entry.work;
        let Some(act) = self.act(lane, work).await? else { return Ok(None) };
        let act = self.in_its_terms(lane, work, act).await?;
        Ok(Some(Order {
            entry: head.entry.id,
            chat: lane.chat.clone(),
            act,
            done: Vec::new(),
            after: head.newest.clone(),
            source: self.source(&work.event),
            words: Words::new(Arc::clone(&self.wording)),
        }))
    }

    /// What tells this message, or this person's reaction to it, from all others.
    fn source(&self, event: &bridge_model::Event) -> String {
        let message = self.pseudonyms.message(&event.place, &event.message);
        let Content::Reacted { by, reaction, .. } = &event.content else { return message };
        let key = match reaction {
            Reaction::Emoji(key) => key,
            Reaction::Custom { id, .. } => id,
        };
        let user = by.user.as_str();
        self.pseudonyms.token("reaction", &format!("{message}/{}/{user}/{key}", user.len()))
    }

    async fn act(&self, lane: &Place, work: &Work) -> Result<Option<Act>, DeliverError> {
        let event = &work.event;
        match &event.content {
            Content::Posted(message) => self.post(lane, work, message).await.map(Some),
            Content::Edited(message) => self.edit(lane, work, message).await,
            Content::Deleted { by } => self.delete(lane, work, by.as_ref()).await,
            Content::Reacted { by, reaction, .. } => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                let Some(target) = replica.parts_at(lane).into_iter().next() else {
                    return Ok(None);
                };
                let person = Person { network: event.place.network.clone(), user: by.user.clone() };
                let others = others(&replica, lane, &person, reaction);
                let voice = self.voice(&event.place, by).await?;
                let (target, reaction) = (target.id, reaction.clone());
                Ok(Some(Act::React { voice, target, reaction, others }))
            }
            Content::Unreacted { by, reaction } => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                Ok(unreact(lane, &event.place, &replica, (by, reaction)))
            }
            Content::Pinned => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                let target = replica.parts_at(lane).into_iter().next();
                Ok(target.map(|target| Act::Pin { target: target.id }))
            }
            Content::Unpinned => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                let target = replica.parts_at(lane).into_iter().next();
                Ok(target.map(|target| Act::Unpin { target: target.id }))
            }
            Content::Closed => Ok(Some(Act::Leave)),
            Content::Commanded(_)
            | Content::Moved { .. }
            | Content::Invited { .. }
            | Content::Voted { .. }
            | Content::Counted { .. }
            | Content::PollClosed { .. }
            | Content::ThreadChanged { .. } => Ok(None),
            Content::ChatChanged { change, .. } => Ok(self.set_chat(lane, change)),
            Content::MemberChanged { who, change } => {
                self.member(lane, &event.place, (who, *change)).await
            }
        }
    }

    async fn replica(&self, work: &Work) -> Result<Option<Replica>, DeliverError> {
        let event = &work.event;
        self.store.find_replica(&event.place, &event.message).await.map_err(unread)
    }

    async fn post(
        &self,
        lane: &Place,
        work: &Work,
        message: &Message,
    ) -> Result<Act, DeliverError> {
        let (message, native_reply) = self.localise(lane, work, message).await?;
        let answer_via = work.answer.as_ref().and_then(|answer| answer.via.clone());
        let voice = self.speaker(work, &message).await?;
        Ok(Act::Post { voice, message, native_reply, answer_via })
    }

    async fn edit(
        &self,
        lane: &Place,
        work: &Work,
        message: &Message,
    ) -> Result<Option<Act>, DeliverError> {
        let Some(replica) = self.replica(work).await? else { return Ok(None) };
        let parts = replica.parts_at(lane);
        if parts.is_empty() && event_is_ours(work) {
            // The first version was refused; this one may be welcome.
            return self.post(lane, work, message).await.map(Some);
        }
        if parts.is_empty() || replica.deleted {
            return Ok(None);
        }
        let (message, native_reply) = self.localise(lane, work, message).await?;
        let voice = self.speaker(work, &message).await?;
        Ok(Some(Act::Edit { voice, parts, message, native_reply }))
    }

    async fn speaker(&self, work: &Work, message: &Message) -> Result<Voice, DeliverError> {
        match work.speaker {
            Speaker::Bot => Ok(Voice::Bot),
            Speaker::Author => self.voice(&work.event.place, &message.author).await,
        }
    }

    /// The message with mentions and reply target as the destination knows them.
    async fn localise(
        &self,
        lane: &Place,
        work: &Work,
        message: &Message,
    ) -> Result<(Message, bool), DeliverError> {
        let message = self.discreet(lane, &work.event.place, message.clone()).await?;
        let mut message = self.wording.spell_notes(message);
        message.thread = self.local_thread(lane, &work.event.place, message.thread).await?;
        message.body = self.local_mentions(&lane.network, message.body).await?;
        let answered = work.answer.as_ref().and_then(|answer| answer.to.clone());
        if let Some(to) = answered {
            message.reply_to = Some(bridge_model::Reply::to(to));
            return Ok((message, true));
        }
        let Some(reply) = &mut message.reply_to else { return Ok((message, false)) };
        if let (Some(author), Some(name)) = (&reply.author, &reply.name) {
            reply.name = Some(self.shown_name(author, name));
        }
        if let Some(excerpt) = reply.excerpt.take() {
            reply.excerpt = Some(self.local_mentions(&lane.network, excerpt).await?);
        }
        let known = self.store.find_replica(&work.event.place, &reply.message).await;
        let Some(replica) = known.map_err(unread)? else { return Ok((message, false)) };
        let Some(first) = replica.parts_at(lane).into_iter().next() else {
            return Ok((message, false));
        };
        reply.message = first.id;
        let author = Person { network: replica.origin.network, user: replica.author };
        reply.author = Some(self.local_person(&lane.network, author).await?);
        Ok((message, true))
    }

    /// The thread as the destination knows it.
    async fn local_thread(
        &self,
        lane: &Place,
        place: &Place,
        thread: Option<Thread>,
    ) -> Result<Option<Thread>, DeliverError> {
        let Some(thread) = thread else { return Ok(None) };
        let known = self.store.find_replica(place, &thread.root).await.map_err(unread)?;
        let root = known.and_then(|replica| replica.parts_at(lane).into_iter().next());
        Ok(root.map(|root| Thread { root: root.id, name: thread.name }))
    }

    async fn delete(
        &self,
        lane: &Place,
        work: &Work,
        by: Option<&UserId>,
    ) -> Result<Option<Act>, DeliverError> {
        let event = &work.event;
        let Some(replica) = self.replica(work).await? else { return Ok(None) };
        if let Some(user) = by
            && (replica.origin != event.place || replica.author != *user)
            && !self.may_moderate(&event.place, user).await?
        {
            let reason = "only its author or a moderator can take a message away".into();
            return Err(DeliverError::Refused { reason });
        }
        let parts = replica.parts_at(lane);
        if parts.is_empty() {
            return Ok(None);
        }
        let by_bot = replica.origin == *lane || replica.origin.network.as_str() == CORE;
        let voice = if by_bot {
            Voice::Bot
        } else {
            let person = Person { network: replica.origin.network, user: replica.author };
            Voice::Person { person, name: String::new(), avatar_url: None, avatar: None }
        };
        Ok(Some(Act::Delete { voice, parts }))
    }

    async fn may_moderate(&self, place: &Place, user: &UserId) -> Result<bool, DeliverError> {
        let Some(network) = self.networks.get(&place.network) else { return Ok(false) };
        match network.rights(&place.chat, user).await {
            Ok(rights) => Ok(rights.moderate),
            Err(AskError::Refused(_)) => Ok(false),
            Err(AskError::Retry { after, reason }) => Err(DeliverError::Retry { after, reason }),
        }
    }
}

/// The bot's own words.
fn event_is_ours(work: &Work) -> bool {
    work.event.place.network.as_str() == CORE
}

/// The reactions that the bridge carries to `lane` besides this one, oldest first.
fn others(replica: &Replica, lane: &Place, by: &Person, reaction: &Reaction) -> Vec<Reaction> {
    let carried = replica.reactions.iter().filter(|known| {
        known.live
            && known.by.network != lane.network
            && !(known.by == *by && known.reaction == *reaction)
    });
    carried.map(|known| known.reaction.clone()).collect()
}

fn unreact(
    lane: &Place,
    place: &Place,
    replica: &Replica,
    (by, reaction): (&UserId, &Reaction),
) -> Option<Act> {
    let target = replica.parts_at(lane).into_iter().next()?;
    let person = Person { network: place.network.clone(), user: by.clone() };
    let known =
        replica.reactions.iter().find(|known| known.by == person && known.reaction == *reaction);
    let event: Option<MessageId> = known.and_then(|known| {
        known.events.iter().find(|(place, _)| place == lane).map(|(_, event)| event.clone())
    });
    Some(Act::Unreact {
        target: target.id,
        reaction: reaction.clone(),
        id: event,
        others: others(replica, lane, &person, reaction),
        voice: Voice::Person { person, name: String::new(), avatar_url: None, avatar: None },
    })
}

/// The store could not be asked: nothing was sent yet.
pub(super) fn unread(error: StoreError) -> DeliverError {
    DeliverError::Retry { after: None, reason: error.to_string() }
}
