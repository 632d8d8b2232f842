// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a lane entry to an order: every id becomes one of the destination.
//!
//! Rule: whoever is not the author may take a message away only if the network on which they
//! asked for it says so.

use std::sync::Arc;

use bridge_model::{
    Content, Event, Message, MessageId, Person, Place, Reaction, Span, Thread, UserId,
};

use super::Relay;
use crate::lane::{
    Answer, CORE, Entry, LaneHead, Original, Relayed, Replica, Saying, Speaker, Work,
};
use crate::migration::Task;
use crate::network::AskError;
use crate::network::MATRIX;
use crate::order::{Action, DeliverError, Order, SendAs};
use crate::refusal::Refusal;
use crate::store::StoreError;
use crate::wording::{Words, label};

impl Relay {
    /// The order, or `None` when there is nothing (any more) to do.
    ///
    /// # Errors
    /// What to do with the entry when something could not be asked.
    pub async fn prepare(&self, head: &LaneHead) -> Result<Option<Order>, DeliverError> {
        let act = self.act(&head.entry).await?;
        Ok(act.map(|act| self.order(head, act)))
    }

    /// The order that has an act carried out for the head of a lane.
    pub(super) fn order(&self, head: &LaneHead, act: Action) -> Order {
        Order {
            entry: head.entry.id,
            chat: head.entry.lane.chat.clone(),
            act,
            done: Vec::new(),
            after: head.newest.clone(),
            source: self.source(&head.entry.work),
            words: Words::new(Arc::clone(&self.wording)),
        }
    }

    /// The keyed identity of this message, or of this person's reaction to it. Empty for a task,
    /// which sends no message.
    fn source(&self, work: &Work) -> String {
        let Some((place, id)) = work.message() else { return String::new() };
        let message = self.pseudonyms.message(place, id);
        let content = work.event().map(|event| &event.content);
        let Some(Content::Reacted { by, reaction, .. }) = content else { return message };
        let key = match reaction {
            Reaction::Emoji(key) => key,
            Reaction::Custom { id, .. } => id,
        };
        let user = by.user.as_str();
        self.pseudonyms.token("reaction", &format!("{message}/{}/{user}/{key}", user.len()))
    }

    async fn act(&self, entry: &Entry) -> Result<Option<Action>, DeliverError> {
        let lane = &entry.lane;
        match &entry.work {
            Work::Relay(relayed) => {
                let Some(act) = self.relayed(lane, relayed).await? else { return Ok(None) };
                self.in_its_terms(lane, relayed, act).await.map(Some)
            }
            Work::Say(saying) => {
                let Saying { origin, message, answer, .. } = &**saying;
                let speaker = Speaker::Bot;
                self.post(lane, Draft { origin, message, speaker, answer: Some(answer) }).await
            }
            Work::Task(Task::Effect(tag)) => self.effect(lane, tag).await,
            Work::Task(Task::Due(_) | Task::Room(..) | Task::Tell(_)) | Work::Summary(_) => {
                Ok(None)
            }
        }
    }

    /// What an event of another chat becomes here.
    async fn relayed(
        &self,
        lane: &Place,
        relayed: &Relayed,
    ) -> Result<Option<Action>, DeliverError> {
        let event = &relayed.event;
        match &event.content {
            Content::Posted(message) => self.post(lane, draft(relayed, message)).await,
            Content::Edited(message) => self.edit(lane, relayed, message).await,
            Content::ChatChanged { change, .. } => self.set_chat(lane, &event.place, change).await,
            Content::MemberChanged { who, change } => {
                self.member(lane, &event.place, (who, *change)).await
            }
            Content::Closed => Ok(Some(Action::Leave)),
            Content::Commanded(_)
            | Content::Moved { .. }
            | Content::Invited { .. }
            | Content::Voted { .. }
            | Content::Counted { .. } => Ok(None),
            Content::PollClosed { .. }
            | Content::Deleted { .. }
            | Content::Reacted { .. }
            | Content::Unreacted { .. }
            | Content::Pinned
            | Content::Unpinned
            | Content::ThreadChanged { .. } => match self.replica(event).await? {
                Some(replica) => self.happened_to(lane, event, replica).await,
                None => Ok(None),
            },
        }
    }

    /// What an event about a message that is known becomes at its copy.
    async fn happened_to(
        &self,
        lane: &Place,
        event: &Event,
        replica: Replica,
    ) -> Result<Option<Action>, DeliverError> {
        let first = replica.parts_at(lane).into_iter().next().map(|part| part.id);
        match &event.content {
            Content::PollClosed { by } => {
                self.close_poll(lane, &event.place, &replica, by.as_ref()).await
            }
            Content::Deleted { by } => self.delete(lane, &event.place, &replica, by.as_ref()).await,
            Content::Reacted { by, reaction, .. } => {
                let Some(target) = first else { return Ok(None) };
                let person = Person { network: event.place.network.clone(), user: by.user.clone() };
                let others = others(&replica, lane, &person, reaction);
                let now = self.clock.now();
                let send_as = self.voice_in(lane, &event.place, (by, now)).await?;
                Ok(Some(Action::React { send_as, target, reaction: reaction.clone(), others }))
            }
            Content::Unreacted { by, reaction } => {
                Ok(unreact(lane, &event.place, &replica, (by, reaction)))
            }
            Content::Pinned => Ok(first.map(|target| Action::Pin { target })),
            Content::Unpinned => Ok(first.map(|target| Action::Unpin { target })),
            Content::ThreadChanged { name, closed } => Ok(first.map(|root| Action::SetThread {
                root,
                name: name.clone(),
                closed: *closed,
            })),
            Content::Posted(_)
            | Content::Edited(_)
            | Content::Closed
            | Content::Commanded(_)
            | Content::Moved { .. }
            | Content::Invited { .. }
            | Content::Voted { .. }
            | Content::Counted { .. }
            | Content::ChatChanged { .. }
            | Content::MemberChanged { .. } => Ok(None),
        }
    }

    pub(super) async fn replica(&self, event: &Event) -> Result<Option<Replica>, DeliverError> {
        self.store.find_replica(&event.place, &event.message).await.map_err(unread)
    }

    async fn post(&self, lane: &Place, draft: Draft<'_>) -> Result<Option<Action>, DeliverError> {
        if let Some(of) = draft.answer.and_then(|answer| answer.of.as_ref())
            && self.copy_of(lane, of).await?.is_none()
        {
            return Ok(None);
        }
        let (message, native_reply) = self.localise(lane, draft).await?;
        let answer_via = draft.answer.and_then(|answer| answer.via.clone());
        let (send_as, message) = self.speaker(lane, draft, message).await?;
        Ok(Some(Action::Post { send_as, message, native_reply, answer_via }))
    }

    async fn edit(
        &self,
        lane: &Place,
        relayed: &Relayed,
        message: &Message,
    ) -> Result<Option<Action>, DeliverError> {
        let Relayed { event, media_changed, .. } = relayed;
        let Some(replica) = self.replica(event).await? else { return Ok(None) };
        let parts = replica.parts_at(lane);
        let draft = draft(relayed, message);
        if parts.is_empty() && event.place.network.as_str() == CORE {
            // The first version of the bot's own words was refused; this one may be welcome.
            return self.post(lane, draft).await;
        }
        if parts.is_empty() || replica.deleted {
            return Ok(None);
        }
        self.may_edit_alone(lane, &replica, *media_changed).await?;
        let (message, native_reply) = self.localise(lane, draft).await?;
        let (send_as, message) = self.speaker(lane, draft, message).await?;
        let media_changed = *media_changed;
        Ok(Some(Action::Edit { send_as, parts, message, native_reply, media_changed }))
    }

    async fn speaker(
        &self,
        lane: &Place,
        draft: Draft<'_>,
        mut message: Message,
    ) -> Result<(SendAs, Message), DeliverError> {
        if draft.speaker == Speaker::Bot {
            return Ok((SendAs::Bot, message));
        }
        let place = draft.origin;
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
        draft: Draft<'_>,
    ) -> Result<(Message, bool), DeliverError> {
        let Draft { origin, message, answer, .. } = draft;
        let mut message = self.discreet(lane, origin, message.clone()).await?;
        self.develop(lane, &mut message).await?;
        let mut message = self.wording.spell_notes(message);
        message.thread = self.local_thread(lane, origin, message.thread).await?;
        message.body = self.local_mentions(&lane.network, message.body).await?;
        if let Some(to) = answer.and_then(|answer| answer.to.clone()) {
            message.reply_to = Some(bridge_model::Reply::to(to));
            return Ok((message, true));
        }
        if let Some(of) = answer.and_then(|answer| answer.of.as_ref())
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
        let known = self.store.find_replica(origin, &reply.message).await;
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
        place: &Place,
        replica: &Replica,
        by: Option<&UserId>,
    ) -> Result<Option<Action>, DeliverError> {
        if !self.is_allowed(replica, place, by).await? {
            let reason = Refusal::NotTheirsToDelete;
            return Err(DeliverError::Refused { reason });
        }
        let parts = replica.parts_at(lane);
        if parts.is_empty() {
            return Ok(None);
        }
        if self.is_needed_by_others(lane, replica).await? {
            return Err(DeliverError::Refused { reason: Refusal::AlbumStays });
        }
        Ok(Some(Action::Delete { send_as: voice_of_copy(replica, lane), parts }))
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

/// A message as its entry holds it, before it is translated for its destination.
#[derive(Clone, Copy)]
struct Draft<'a> {
    /// Where it was said first.
    origin: &'a Place,
    /// The message.
    message: &'a Message,
    /// As whom it is sent.
    speaker: Speaker,
    /// What it answers, if the bot says it.
    answer: Option<&'a Answer>,
}

fn draft<'a>(relayed: &'a Relayed, message: &'a Message) -> Draft<'a> {
    let Relayed { event, speaker, .. } = relayed;
    Draft { origin: &event.place, message, speaker: *speaker, answer: None }
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
