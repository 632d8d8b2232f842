// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a lane entry to the action of its network.
//!
//! Rule: whoever is not the author may take a message away only if the network on which they
//! asked for it says so.

use bridge_model::{
    Author, Content, Media, Message, MessageId, Missing, Note, Person, Place, Reaction, Reply,
    Span, Thread, UserId,
};

use super::emoji::resolve_reaction;
use super::lookup::unread;
use super::prepare::{Prepared, prepare, prepare_own};
use super::{Delivery, effect, shared};
use crate::lane::{CORE, Entry, Original, Replica, Speaker, Work};
use crate::migration::Task;
use crate::network::{AskError, MATRIX};
use crate::order::{Action, DeliverError, SendAs};
use crate::wording::label;

impl Delivery<'_> {
    /// The action, or `None` when there is nothing (any more) to do.
    ///
    /// `version` is what to say in the place of a message that was edited meanwhile.
    ///
    /// # Errors
    /// What to do with the entry when something could not be asked.
    pub(super) async fn action(
        &self,
        version: Option<&Message>,
    ) -> Result<Option<Action>, DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        let event = &work.event;
        if let Some(Task::Effect(tag)) = &work.task
            && let Some(act) = effect::action(&*self.relay.store, lane, tag).await?
        {
            return Ok(Some(act));
        }
        match &event.content {
            Content::Posted(message) => self.post(version.unwrap_or(message)).await,
            Content::Edited(message) => self.edit(message).await,
            Content::PollClosed { by } => self.close_poll(lane, work, by.as_ref()).await,
            Content::Deleted { by } => self.delete(lane, work, by.as_ref()).await,
            Content::Reacted { by, reaction, .. } => self.react(by, reaction).await,
            Content::Unreacted { by, reaction } => self.unreact(by, reaction).await,
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

    async fn react(
        &self,
        by: &Author,
        reaction: &Reaction,
    ) -> Result<Option<Action>, DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        let place = &work.event.place;
        let Some(replica) = self.replica(work).await? else { return Ok(None) };
        let Some(target) = replica.parts_at(lane).into_iter().next() else { return Ok(None) };
        let person = Person { network: place.network.clone(), user: by.user.clone() };
        let others = self.others(&replica, &person, reaction).await?;
        let now = self.relay.clock.now();
        let send_as = self.relay.identities().send_as(lane, place, (by, now)).await?;
        let reaction =
            resolve_reaction(&self.directory(), &place.network, reaction.clone()).await?;
        Ok(Some(Action::React { send_as, target: target.id, reaction, others }))
    }

    async fn unreact(
        &self,
        by: &UserId,
        reaction: &Reaction,
    ) -> Result<Option<Action>, DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        let place = &work.event.place;
        let Some(replica) = self.replica(work).await? else { return Ok(None) };
        let Some(target) = replica.parts_at(lane).into_iter().next() else { return Ok(None) };
        let person = Person { network: place.network.clone(), user: by.clone() };
        let mut known = replica.reactions.iter();
        let known = known.find(|known| known.by == person && known.reaction == *reaction);
        let id: Option<MessageId> = known.and_then(|known| {
            known.events.iter().find(|(place, _)| place == lane).map(|(_, event)| event.clone())
        });
        let others = self.others(&replica, &person, reaction).await?;
        let reaction =
            resolve_reaction(&self.directory(), &place.network, reaction.clone()).await?;
        let (name, avatar_url, avatar) = (String::new(), None, None);
        let send_as = SendAs::Person { person, name, avatar_url, avatar };
        Ok(Some(Action::Unreact { send_as, target: target.id, reaction, id, others }))
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

    pub(super) async fn replica(&self, work: &Work) -> Result<Option<Replica>, DeliverError> {
        let event = &work.event;
        self.relay.store.find_replica(&event.place, &event.message).await.map_err(unread)
    }

    async fn post(&self, message: &Message) -> Result<Option<Action>, DeliverError> {
        let work = &self.head.entry.work;
        if let Some(of) = work.answer.as_ref().and_then(|answer| answer.of.as_ref())
            && self.copy_of(of).await?.is_none()
        {
            return Ok(None);
        }
        let Prepared { message, native_reply } = self.prepared(message).await?;
        let answer_via = work.answer.as_ref().and_then(|answer| answer.via.clone());
        let (send_as, message) = self.speaker(message).await?;
        Ok(Some(Action::Post { send_as, message, native_reply, answer_via }))
    }

    async fn edit(&self, message: &Message) -> Result<Option<Action>, DeliverError> {
        let Entry { lane, work, media_changed, .. } = &self.head.entry;
        let Some(replica) = self.replica(work).await? else { return Ok(None) };
        let parts = replica.parts_at(lane);
        if replica.deleted && !event_is_ours(work) {
            return Ok(None);
        }
        if parts.is_empty() {
            // The first version was refused; this one may be welcome.
            return match event_is_ours(work) || self.was_refused().await? {
                true => self.post(message).await,
                false => Ok(None),
            };
        }
        if replica.deleted {
            return Ok(None);
        }
        shared::may_edit_alone(&*self.relay.store, lane, &replica, *media_changed).await?;
        let Prepared { message, native_reply } = self.prepared(message).await?;
        let (send_as, message) = self.speaker(message).await?;
        let media_changed = *media_changed;
        Ok(Some(Action::Edit { send_as, parts, message, native_reply, media_changed }))
    }

    /// The message as the destination can show it.
    async fn prepared(&self, message: &Message) -> Result<Prepared, DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        let directory = self.directory();
        let mut message = message.clone();
        if self.without_files {
            let files = std::mem::take(&mut message.media).into_iter();
            message.notes.extend(files.map(|Media { name, size, .. }| {
                let why = Missing::Unavailable;
                Note::FileMissing { name, size, why }
            }));
        }
        let answer = self.answered().await?;
        if answer.is_some() {
            message.reply_to = None;
        }
        let mut prepared = match work.speaker {
            Speaker::Author => prepare(&directory, &self.wording, message).await?,
            Speaker::Bot => prepare_own(&directory, &self.wording, message).await?,
        };
        if let Some((to, threaded)) = answer {
            if lane.network.as_str() == MATRIX && !threaded {
                prepared.message.thread = Some(Thread { root: to.clone(), name: None });
            }
            prepared.message.reply_to = Some(Reply::to(to));
            prepared.native_reply = true;
        }
        Ok(prepared)
    }

    /// The message of this very chat that the core bot answers, and whether the answer stands where
    /// that message does instead of in a thread of its own.
    async fn answered(&self) -> Result<Option<(MessageId, bool)>, DeliverError> {
        let Some(answer) = &self.head.entry.work.answer else { return Ok(None) };
        if let Some(to) = &answer.to {
            return Ok(Some((to.clone(), true)));
        }
        let Some(of) = &answer.of else { return Ok(None) };
        Ok(self.copy_of(of).await?.map(|copy| (copy, of.threaded)))
    }

    async fn speaker(&self, mut message: Message) -> Result<(SendAs, Message), DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        if work.speaker == Speaker::Bot {
            return Ok((SendAs::Bot, message));
        }
        let place = &work.event.place;
        let author = (&message.author, message.sent_at);
        let send_as = self.relay.identities().send_as(lane, place, author).await?;
        if send_as == SendAs::Bot {
            let person =
                Person { network: place.network.clone(), user: message.author.user.clone() };
            let identities = self.relay.identities();
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
        if shared::is_needed_by_others(&*self.relay.store, lane, &replica).await? {
            let reason = "the album is one message there, so this file stays until all are deleted";
            return Err(DeliverError::Refused { reason: reason.into() });
        }
        Ok(Some(Action::Delete { send_as: copy_sent_as(&replica, lane), parts }))
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

/// The bot's own words.
fn event_is_ours(work: &Work) -> bool {
    work.event.place.network.as_str() == CORE
}
