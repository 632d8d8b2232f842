// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a lane entry to the action of its network.
//!
//! Rule: whoever is not the author may take a message away only if the network on which they
//! asked for it says so.

use bridge_model::{
    Author, Content, Event, Media, Message, MessageId, Missing, Note, Person, Place, Reaction,
    Reply, Span, Thread, UserId,
};

use super::emoji::resolve_reaction;
use super::lookup::unread;
use super::newest::Newest;
use super::prepare::{Prepared, prepare, prepare_own};
use super::{Delivery, effect, shared};
use crate::lane::{Answer, BotMessage, CORE, Entry, Original, Relayed, Replica, Speaker, Work};
use crate::media::text_file;
use crate::migration::Task;
use crate::network::{AskError, MATRIX};
use crate::order::{Action, DeliverError, SendAs};
use crate::refusal::Refusal;
use crate::wording::label;

impl Delivery<'_> {
    /// The action, or `None` when there is nothing (any more) to do. `newest` is what to say in the
    /// place of a message that was edited meanwhile.
    ///
    /// # Errors
    /// What to do with the entry when something could not be asked.
    pub(super) async fn action(&self, newest: &Newest) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        match &self.head.entry.work {
            Work::Relay(relayed) => self.relayed(relayed, newest).await,
            Work::Say(saying) => {
                let BotMessage { message, answer, .. } = &**saying;
                let speaker = Speaker::Bot;
                self.post(Draft { message, speaker, answer: Some(answer) }).await
            }
            Work::Task(Task::Effect(tag)) => effect::action(&self.relay.store, lane, tag).await,
            Work::Task(Task::Retire(person)) => Ok(Some(Action::Retire { person: person.clone() })),
            Work::Task(
                Task::Due(_)
                | Task::Room(..)
                | Task::Tell(_)
                | Task::Notices(_)
                | Task::Moving(_)
                | Task::Braked(..)
                | Task::Policy(_)
                | Task::Returned
                | Task::SelfTest(..),
            )
            | Work::Summary(_) => Ok(None),
        }
    }

    /// What an event of another chat becomes here.
    async fn relayed(
        &self,
        relayed: &Relayed,
        newest: &Newest,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        let event = &relayed.event;
        let draft = |message| Draft { message, speaker: relayed.speaker, answer: None };
        match &event.content {
            Content::Posted(message) => {
                self.post(draft(newest.version.as_ref().unwrap_or(message))).await
            }
            Content::Edited(message) => {
                let draft = draft(newest.version.as_ref().unwrap_or(message));
                let media_changed = relayed.media_changed || newest.media_changed;
                self.edit((event, media_changed), draft).await
            }
            Content::ChatChanged { change, .. } => self.set_chat(lane, &event.place, change).await,
            Content::MemberChanged { who, change } => {
                self.member(lane, &event.place, (who, *change)).await
            }
            Content::Closed => Ok(Some(Action::Leave)),
            Content::Moderated(deed) => self.moderate(event, deed).await,
            Content::Commanded(_)
            | Content::RightsChanged
            | Content::PolicyChanged
            | Content::Encrypted
            | Content::ReadersChanged { .. }
            | Content::Moved { .. }
            | Content::Invited { .. }
            | Content::ReactionsCleared { .. }
            | Content::Voted { .. }
            | Content::Counted { .. } => Ok(None),
            Content::PollClosed { .. }
            | Content::Deleted { .. }
            | Content::Reacted { .. }
            | Content::Unreacted { .. }
            | Content::Pinned
            | Content::Unpinned
            | Content::ThreadChanged { .. } => match self.replica(event).await? {
                Some(replica) => self.happened_to(event, &replica).await,
                None => Ok(None),
            },
        }
    }

    /// What an event about a message that is known becomes at its copy.
    async fn happened_to(
        &self,
        event: &Event,
        replica: &Replica,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        let place = &event.place;
        let first = replica.parts_at(lane).into_iter().next().map(|part| part.id);
        match &event.content {
            Content::PollClosed { by } => self.close_poll(place, replica, by.as_ref()).await,
            Content::Deleted { by } => self.delete(place, replica, by.as_ref()).await,
            Content::Reacted { by, reaction, .. } => match first {
                Some(target) => self.react(event, (replica, target), by, reaction).await,
                None => Ok(None),
            },
            Content::Unreacted { by, reaction } => match first {
                Some(target) => self.unreact(event, (replica, target), by, reaction).await,
                None => Ok(None),
            },
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
            | Content::Encrypted
            | Content::ReadersChanged { .. }
            | Content::Commanded(_)
            | Content::Moved { .. }
            | Content::Invited { .. }
            | Content::ReactionsCleared { .. }
            | Content::Voted { .. }
            | Content::Counted { .. }
            | Content::ChatChanged { .. }
            | Content::MemberChanged { .. }
            | Content::Moderated(_)
            | Content::RightsChanged
            | Content::PolicyChanged => Ok(None),
        }
    }

    async fn react(
        &self,
        event: &Event,
        (replica, target): (&Replica, MessageId),
        by: &Author,
        reaction: &Reaction,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        let place = &event.place;
        let person = Person { network: place.network.clone(), user: by.user.clone() };
        let others = self.others(replica, &person, reaction).await?;
        let now = self.relay.clock.now();
        let identities = self.identities();
        let send_as = identities.send_as((lane, self.portal_id()), place, (by, now), true).await?;
        let reaction =
            resolve_reaction(&self.directory(), &place.network, reaction.clone()).await?;
        Ok(Some(Action::React { send_as, target, reaction, others }))
    }

    async fn unreact(
        &self,
        event: &Event,
        (replica, target): (&Replica, MessageId),
        by: &UserId,
        reaction: &Reaction,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        let place = &event.place;
        let person = Person { network: place.network.clone(), user: by.clone() };
        let mut known = replica.reactions.iter();
        let known = known.find(|known| known.by == person && known.reaction == *reaction);
        let id: Option<MessageId> = known.and_then(|known| {
            known.events.iter().find(|(place, _)| place == lane).map(|(_, event)| event.clone())
        });
        let others = self.others(replica, &person, reaction).await?;
        let reaction =
            resolve_reaction(&self.directory(), &place.network, reaction.clone()).await?;
        let (name, avatar_url, avatar) = (String::new(), None, None);
        let send_as = SendAs::Person { person, name, avatar_url, avatar };
        Ok(Some(Action::Unreact { send_as, target, reaction, id, others }))
    }

    /// The reactions that the bridge carries to this chat besides this one, oldest first, as the
    /// chat knows them.
    async fn others(
        &self,
        replica: &Replica,
        by: &Person,
        reaction: &Reaction,
    ) -> Result<Vec<Reaction>, DeliverError> {
        let lane = &self.head.entry.lane;
        let carried = replica.reactions.iter().filter(|known| {
            known.live
                && known.by.network != lane.network
                && !(known.by == *by && known.reaction == *reaction)
        });
        let directory = self.directory();
        let mut local = Vec::new();
        for known in carried {
            let reaction = known.reaction.clone();
            local.push(resolve_reaction(&directory, &known.by.network, reaction).await?);
        }
        Ok(local)
    }

    pub(super) async fn replica(&self, event: &Event) -> Result<Option<Replica>, DeliverError> {
        self.relay.store.find_replica(&event.place, &event.message).await.map_err(unread)
    }

    async fn post(&self, draft: Draft<'_>) -> Result<Option<Action>, DeliverError> {
        if let Some(of) = draft.answer.and_then(|answer| answer.of.as_ref())
            && self.copy_of(of).await?.is_none()
        {
            return Ok(None);
        }
        let Prepared { message, native_reply } = self.prepared(draft).await?;
        let answer_via = draft.answer.and_then(|answer| answer.via.clone());
        let (send_as, message) = self.speaker(draft, message).await?;
        Ok(Some(Action::Post { send_as, message, native_reply, answer_via }))
    }

    async fn edit(
        &self,
        (event, media_changed): (&Event, bool),
        draft: Draft<'_>,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        let Some(replica) = self.replica(event).await? else { return Ok(None) };
        let parts = replica.parts_at(lane);
        let own = event.place.network.as_str() == CORE;
        if parts.is_empty() && (own || (!replica.deleted && self.was_refused(event).await?)) {
            // The first version was refused; this one may be welcome.
            return self.post(draft).await;
        }
        if parts.is_empty() || replica.deleted {
            return Ok(None);
        }
        shared::may_edit_alone(&self.relay.store, lane, &replica, media_changed).await?;
        let without_files = draft.message.media.is_empty();
        let Prepared { message, native_reply } = self.prepared(draft).await?;
        // The rest of a long text is a file that changes with the text, that comes or that goes.
        let had_rest = without_files && parts.iter().any(|part| part.media);
        let has_rest = message.media.iter().any(text_file::is_one);
        let media_changed = media_changed || had_rest || has_rest;
        let (send_as, message) = self.speaker(draft, message).await?;
        Ok(Some(Action::Edit { send_as, parts, message, native_reply, media_changed }))
    }

    /// The message as the destination can show it.
    async fn prepared(&self, draft: Draft<'_>) -> Result<Prepared, DeliverError> {
        let directory = self.directory();
        let mut message = draft.message.clone();
        if self.without_files {
            let files = std::mem::take(&mut message.media).into_iter();
            message.notes.extend(files.map(|Media { name, size, .. }| {
                let why = Missing::Unavailable;
                Note::FileMissing { name, size, why }
            }));
        }
        let answered = self.answered(draft.answer).await?;
        if answered.is_some() {
            message.reply_to = None;
        }
        let mut prepared = match draft.speaker {
            Speaker::Author => prepare(&directory, &self.wording, message).await?,
            Speaker::Bot => prepare_own(&directory, &self.wording, message).await?,
        };
        if let Some((to, begins_thread)) = answered {
            if begins_thread {
                prepared.message.thread = Some(Thread { root: to.clone(), name: None });
            }
            prepared.message.reply_to = Some(Reply::to(to));
            prepared.native_reply = true;
        }
        Ok(prepared)
    }

    /// The message of this very chat that the core bot answers, and whether the answer begins a
    /// thread below it.
    async fn answered(
        &self,
        answer: Option<&Answer>,
    ) -> Result<Option<(MessageId, bool)>, DeliverError> {
        let Some(answer) = answer else { return Ok(None) };
        if let Some(to) = &answer.to {
            return Ok(Some((to.clone(), false)));
        }
        let Some(of) = &answer.of else { return Ok(None) };
        let begins = self.head.entry.lane.network.as_str() == MATRIX && !of.threaded;
        Ok(self.copy_of(of).await?.map(|copy| (copy, begins)))
    }

    async fn speaker(
        &self,
        draft: Draft<'_>,
        mut message: Message,
    ) -> Result<(SendAs, Message), DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        let Some((place, _)) = work.message().filter(|_| draft.speaker == Speaker::Author) else {
            return Ok((SendAs::Bot, message));
        };
        let author = (&message.author, message.sent_at);
        let identities = self.identities();
        let edited = work.event().map(|event| &event.content);
        let begins = !matches!(edited, Some(Content::Edited(_)));
        let lane = (lane, self.portal_id());
        let send_as = identities.send_as(lane, place, author, begins).await?;
        let send_as = self.unmistakable(send_as, &place.network).await?;
        if send_as == SendAs::Bot {
            let person =
                Person { network: place.network.clone(), user: message.author.user.clone() };
            let name = identities.shown_name(Some(&person), &message.author.name);
            let name = format!("{name} ({})", label(&place.network));
            message.body.lead_with(Span::bold(name));
        }
        Ok((send_as, message))
    }

    /// The first part in `lane` of a message, which may have been said there; `None` when there is
    /// none or it was taken away.
    async fn copy_of(&self, of: &Original) -> Result<Option<MessageId>, DeliverError> {
        let lane = &self.head.entry.lane;
        let known = self.relay.store.find_replica(&of.place, &of.message).await.map_err(unread)?;
        let Some(replica) = known.filter(|replica| !replica.deleted) else { return Ok(None) };
        let first = replica.parts_at(lane).into_iter().next();
        Ok(first.map(|part| part.id))
    }

    async fn delete(
        &self,
        place: &Place,
        replica: &Replica,
        by: Option<&UserId>,
    ) -> Result<Option<Action>, DeliverError> {
        let lane = &self.head.entry.lane;
        if !self.is_allowed(replica, place, by).await? {
            let reason = Refusal::NotTheirsToDelete;
            return Err(DeliverError::Refused { reason });
        }
        let parts = replica.parts_at(lane);
        if parts.is_empty() {
            return Ok(None);
        }
        if shared::is_needed_by_others(&self.relay.store, lane, replica).await? {
            return Err(DeliverError::Refused { reason: Refusal::AlbumStays });
        }
        Ok(Some(Action::Delete { send_as: copy_sent_as(replica, lane), parts }))
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
        let Some(network) = self.relay.networks.get(&place.network) else { return Ok(false) };
        match network.rights(&place.chat, user).await {
            Ok(rights) => Ok(rights.moderate),
            Err(AskError::Refused(_)) => Ok(false),
            Err(AskError::Retry { after, reason }) => Err(DeliverError::Retry { after, reason }),
        }
    }
}

/// As whom the copy of a message in `lane` was said.
pub(super) fn copy_sent_as(replica: &Replica, lane: &Place) -> SendAs {
    if replica.origin == *lane || replica.origin.network.as_str() == CORE {
        return SendAs::Bot;
    }
    let (network, user) = (replica.origin.network.clone(), replica.author.clone());
    let person = Person { network, user };
    SendAs::Person { person, name: String::new(), avatar_url: None, avatar: None }
}

/// A message as its entry holds it, before it is prepared for its destination.
#[derive(Clone, Copy)]
struct Draft<'a> {
    /// The message.
    message: &'a Message,
    /// As whom it is sent.
    speaker: Speaker,
    /// What it answers, if the bot says it.
    answer: Option<&'a Answer>,
}
