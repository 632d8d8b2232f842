// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages that changed while they waited in a lane.
//!
//! Rule: what was taken back before it was sent is never posted; what was edited before it was sent
//! is posted once, in its newest version. The same holds for edits that wait.

use bridge_model::{Content, Message, MessageId, Person};

use super::Delivery;
use super::lookup::unread;
use crate::lane::{CORE, Entry, Relayed, Replica};
use crate::order::DeliverError;

/// The newest version of a message, and the edits that led to it.
#[derive(Default)]
pub(super) struct Newest {
    /// `None` where it is what the entry says.
    pub version: Option<Message>,
    /// Of an edit: one of those that led to it exchanges files.
    pub media_changed: bool,
    /// The entries of the edits, which are done when the message is sent.
    pub edits: Vec<Entry>,
}

impl Delivery<'_> {
    /// The newest version of the message that the entry posts or edits.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn newest(&self) -> Result<Newest, DeliverError> {
        let Entry { lane, work, .. } = &self.head.entry;
        let Some(Relayed { event, album, .. }) = work.relayed() else {
            return Ok(Newest::default());
        };
        let alone = album.as_ref().is_none_or(|album| album.members.len() < 2);
        let (Content::Posted(first) | Content::Edited(first)) = &event.content else {
            return Ok(Newest::default());
        };
        if !alone {
            return Ok(Newest::default());
        }
        let mut edits = self.relay.store.waiting_edits(lane, event).await.map_err(unread)?;
        edits.retain(|edit| edit.id > self.head.entry.id);
        let last = edits.last().and_then(|edit| edit.work.event()).map(|event| &event.content);
        let Some(Content::Edited(last)) = last else { return Ok(Newest::default()) };
        let mut version = last.clone();
        // Edits do not say everywhere where the message stands.
        version.reply_to = version.reply_to.or_else(|| first.reply_to.clone());
        version.thread = version.thread.or_else(|| first.thread.clone());
        let mut changes = edits.iter().filter_map(|edit| edit.work.relayed());
        let media_changed = changes.any(|edit| edit.media_changed);
        Ok(Newest { version: Some(version), media_changed, edits })
    }

    /// Whoever says something with this entry has chosen meanwhile that it stays in their chat.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn is_withheld(&self) -> Result<bool, DeliverError> {
        let Some(relayed) = self.head.entry.work.relayed() else { return Ok(false) };
        let Some(portal) = &self.head.portal else { return Ok(false) };
        let content = &relayed.event.content;
        let reacts = if let Content::Reacted { by, .. } = content { Some(&by.user) } else { None };
        let by = content.message().map(|message| &message.author.user).or(reacts);
        let network = relayed.event.place.network.clone();
        let Some(by) = by.filter(|_| network.as_str() != CORE) else { return Ok(false) };
        let person = Person { network, user: by.clone() };
        let may = self.relay.store.may_leave(portal, &person).await.map_err(unread)?;
        Ok(!may)
    }

    /// The message that the entry posts or edits was deleted meanwhile, or all messages of the album
    /// were.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn is_taken_back(&self) -> Result<bool, DeliverError> {
        let Some(Relayed { event, album, .. }) = self.head.entry.work.relayed() else {
            return Ok(false);
        };
        if !matches!(event.content, Content::Posted(_) | Content::Edited(_)) {
            return Ok(false);
        }
        let others = album.iter().flat_map(|album| &album.members).map(|member| &member.message);
        for message in std::iter::once(&event.message).chain(others) {
            let known = self.relay.store.find_replica(&event.place, message).await;
            let Some(replica) = known.map_err(unread)? else { return Ok(false) };
            if !replica.deleted && !self.is_deleted_later(&replica, message).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A moderator's deletion of the message waits behind it. Its own entry finds nothing to do.
    async fn is_deleted_later(
        &self,
        replica: &Replica,
        message: &MessageId,
    ) -> Result<bool, DeliverError> {
        let waiting = self.relay.store.waiting_deletions(&self.head.entry, message).await;
        for event in waiting.map_err(unread)? {
            let Content::Deleted { by } = &event.content else { continue };
            if self.is_allowed(replica, &event.place, by.as_ref()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
