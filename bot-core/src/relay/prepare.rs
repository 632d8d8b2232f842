// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a lane entry to an order: every id becomes one of the destination.
//!
//! Rule: whoever is not the author may take a message away only if the network on which they
//! asked for it says so.

use std::sync::Arc;

use bridge_model::{Content, Message, MessageId, Person, Place, Reaction, Span, Thread, UserId};

use super::Relay;
use crate::lane::{CORE, Entry, LaneHead, Original, Replica, Speaker, Work};
use crate::migration::Task;
use crate::network::AskError;
use crate::network::MATRIX;
use crate::order::{Action, DeliverError, Order, SendAs};
use crate::store::StoreError;
use crate::wording::{Words, label};

impl Relay {
    /// The order, or `None` when there is nothing (any more) to do.
    ///
    /// # Errors
    /// What to do with the entry when something could not be asked.
    pub async fn prepare(&self, head: &LaneHead) -> Result<Option<Order>, DeliverError> {
        let Some(act) = self.act(&head.entry).await? else { return Ok(None) };
        let act = self.in_its_terms(&head.entry.lane, &head.entry.work, act).await?;
        Ok(Some(self.order(head, act)))
    }

    /// The order that has an act carried out for the head of a lane.
    pub(super) fn order(&self, head: &LaneHead, act: Action) -> Order {
        Order {
            entry: head.entry.id,
            chat: head.entry.lane.chat.clone(),
            act,
            done: Vec::new(),
            after: head.newest.clone(),
            source: self.source(&head.entry.work.event),
            words: Words::new(Arc::clone(&self.wording)),
        }
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

    async fn act(&self, entry: &Entry) -> Result<Option<Action>, DeliverError> {
        let Entry { lane, work, .. } = entry;
        let event = &work.event;
        if let Some(Task::Effect(tag)) = &work.task
            && let Some(act) = self.effect(lane, tag).await?
        {
            return Ok(Some(act));
        }
        match &event.content {
            Content::Posted(message) => self.post(lane, work, message).await,
            Content::Edited(message) => self.edit(entry, message).await,
            Content::PollClosed { by } => self.close_poll(lane, work, by.as_ref()).await,
            Content::Deleted { by } => self.delete(lane, work, by.as_ref()).await,
            Content::Reacted { by, reaction, .. } => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                let Some(target) = replica.parts_at(lane).into_iter().next() else {
                    return Ok(None);
                };
                let person = Person { network: event.place.network.clone(), user: by.user.clone() };
                let others = others(&replica, lane, &person, reaction);
                let now = self.clock.now();
                let send_as = self.voice_in(lane, &event.place, (by, now)).await?;
                let (target, reaction) = (target.id, reaction.clone());
                Ok(Some(Action::React { send_as, target, reaction, others }))
            }
            Content::Unreacted { by, reaction } => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                Ok(unreact(lane, &event.place, &replica, (by, reaction)))
            }
            Content::Pinned => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                let target = replica.parts_at(lane).into_iter().next();
                Ok(target.map(|target| Action::Pin { target: target.id }))
            }
            Content::Unpinned => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                let target = replica.parts_at(lane).into_iter().next();
                Ok(target.map(|target| Action::Unpin { target: target.id }))
            }
            Content::Closed => Ok(Some(Action::Leave)),
            Content::Commanded(_)
            | Content::Moved { .. }
            | Content::Invited { .. }
            | Content::Voted { .. }
            | Content::Counted { .. } => Ok(None),
            Content::ThreadChanged { name, closed } => {
                let Some(replica) = self.replica(work).await? else { return Ok(None) };
                let root = replica.parts_at(lane).into_iter().next();
                Ok(root.map(|root| Action::SetThread {
                    root: root.id,
                    name: name.clone(),
                    closed: *closed,
                }))
            }
            Content::ChatChanged { change, .. } => self.set_chat(lane, &event.place, change).await,
            Content::MemberChanged { who, change } => {
                self.member(lane, &event.place, (who, *change)).await
            }
        }
    }

    pub(super) async fn replica(&self, work: &Work) -> Result<Option<Replica>, DeliverError> {
        let event = &work.event;
        self.store.find_replica(&event.place, &event.message).await.map_err(unread)
    }

    async fn post(
        &self,
        lane: &Place,
        work: &Work,
        message: &Message,
    ) -> Result<Option<Action>, DeliverError> {
        if let Some(of) = work.answer.as_ref().and_then(|answer| answer.of.as_ref())
            && self.copy_of(lane, of).await?.is_none()
        {
            return Ok(None);
        }
        let (message, native_reply) = self.localise(lane, work, message).await?;
        let answer_via = work.answer.as_ref().and_then(|answer| answer.via.clone());
        let (send_as, message) = self.speaker(lane, work, message).await?;
        Ok(Some(Action::Post { send_as, message, native_reply, answer_via }))
    }

    async fn edit(&self, entry: &Entry, message: &Message) -> Result<Option<Action>, DeliverError> {
        let Entry { lane, work, media_changed, .. } = entry;
        let Some(replica) = self.replica(work).await? else { return Ok(None) };
        let parts = replica.parts_at(lane);
        if parts.is_empty() && event_is_ours(work) {
            // The first version was refused; this one may be welcome.
            return self.post(lane, work, message).await;
        }
        if parts.is_empty() || replica.deleted {
            return Ok(None);
        }
        self.may_edit_alone(lane, &replica, *media_changed).await?;
        let (message, native_reply) = self.localise(lane, work, message).await?;
        let (send_as, message) = self.speaker(lane, work, message).await?;
        let media_changed = *media_changed;
        Ok(Some(Action::Edit { send_as, parts, message, native_reply, media_changed }))
    }

    async fn speaker(
        &self,
        lane: &Place,
        work: &Work,
        mut message: Message,
    ) -> Result<(SendAs, Message), DeliverError> {
        if work.speaker == Speaker::Bot {
            return Ok((SendAs::Bot, message));
        }
        let place = &work.event.place;
        let author = (&message.author, message.sent_at);
        let send_as = self.voice_in(lane, place, author).await?;
        if send_as == SendAs::Bot {
            let person =
                Person { network: place.network.clone(), user: message.author.user.clone() };
            let name = self.shown_name(&person, &message.author.name);
            let name = format!("{name} ({})", label(&place.network));
            message.body.lead_with(Span::bold(name));
        }
        Ok((send_as, message))
    }

    /// The message with mentions and reply target as the destination knows them.
    async fn localise(
        &self,
        lane: &Place,
        work: &Work,
        message: &Message,
    ) -> Result<(Message, bool), DeliverError> {
        let mut message = self.discreet(lane, &work.event.place, message.clone()).await?;
        self.develop(lane, &mut message).await?;
        let mut message = self.wording.spell_notes(message);
        message.thread = self.local_thread(lane, &work.event.place, message.thread).await?;
        message.body = self.local_mentions(&lane.network, message.body).await?;
        let answered = work.answer.as_ref().and_then(|answer| answer.to.clone());
        if let Some(to) = answered {
            message.reply_to = Some(bridge_model::Reply::to(to));
            return Ok((message, true));
        }
        if let Some(of) = work.answer.as_ref().and_then(|answer| answer.of.as_ref())
            && let Some(copy) = self.copy_of(lane, of).await?
        {
            if lane.network.as_str() == MATRIX && !of.threaded {
                message.thread = Some(Thread { root: copy.clone(), name: None });
            }
            message.reply_to = Some(bridge_model::Reply::to(copy));
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

    /// The first part in `lane` of a message, which may have been said there; `None` when there is
    /// none or it was taken away.
    async fn copy_of(
        &self,
        lane: &Place,
        of: &Original,
    ) -> Result<Option<MessageId>, DeliverError> {
        let known = self.store.find_replica(&of.place, &of.message).await.map_err(unread)?;
        let Some(replica) = known.filter(|replica| !replica.deleted) else { return Ok(None) };
        let first = replica.parts_at(lane).into_iter().next();
        Ok(first.map(|part| part.id))
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
        let there = known.filter(|replica| !replica.deleted);
        let root = there.and_then(|replica| replica.parts_at(lane).into_iter().next());
        Ok(root.map(|root| Thread { root: root.id, name: thread.name }))
    }

    async fn delete(
        &self,
        lane: &Place,
        work: &Work,
        by: Option<&UserId>,
    ) -> Result<Option<Action>, DeliverError> {
        let event = &work.event;
        let Some(replica) = self.replica(work).await? else { return Ok(None) };
        if !self.is_allowed(&replica, &event.place, by).await? {
            let reason = "only its author or a moderator can take a message away".into();
            return Err(DeliverError::Refused { reason });
        }
        let parts = replica.parts_at(lane);
        if parts.is_empty() {
            return Ok(None);
        }
        if self.is_needed_by_others(lane, &replica).await? {
            let reason = "the album is one message there, so this file stays until all are deleted";
            return Err(DeliverError::Refused { reason: reason.into() });
        }
        Ok(Some(Action::Delete { send_as: voice_of_copy(&replica, lane), parts }))
    }

    /// The author and moderators may, and whoever the platform has checked already.
    pub(super) async fn is_allowed(
        &self,
        replica: &Replica,
        place: &Place,
        by: Option<&UserId>,
    ) -> Result<bool, DeliverError> {
        let Some(user) = by else { return Ok(true) };
        let own = replica.origin == *place && replica.author == *user;
        Ok(own || self.may_moderate(place, user).await?)
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

/// As whom the copy of a message in `lane` was said.
pub(super) fn voice_of_copy(replica: &Replica, lane: &Place) -> SendAs {
    if replica.origin == *lane || replica.origin.network.as_str() == CORE {
        return SendAs::Bot;
    }
    let (network, user) = (replica.origin.network.clone(), replica.author.clone());
    let person = Person { network, user };
    SendAs::Person { person, name: String::new(), avatar_url: None, avatar: None }
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
) -> Option<Action> {
    let target = replica.parts_at(lane).into_iter().next()?;
    let person = Person { network: place.network.clone(), user: by.clone() };
    let known =
        replica.reactions.iter().find(|known| known.by == person && known.reaction == *reaction);
    let event: Option<MessageId> = known.and_then(|known| {
        known.events.iter().find(|(place, _)| place == lane).map(|(_, event)| event.clone())
    });
    Some(Action::Unreact {
        target: target.id,
        reaction: reaction.clone(),
        id: event,
        others: others(replica, lane, &person, reaction),
        send_as: SendAs::Person { person, name: String::new(), avatar_url: None, avatar: None },
    })
}

/// The store could not be asked: nothing was sent yet.
pub(super) fn unread(error: StoreError) -> DeliverError {
    DeliverError::Retry { after: None, reason: error.to_string() }
}
