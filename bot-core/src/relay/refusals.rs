// SPDX-License-Identifier: AGPL-3.0-or-later
//! The line below a message that a chat refused, and its end when an edit repairs the message; the
//! word about a chat in which the bot has to speak for people.
//!
//! Rule: a refusal is told to the author once for each chat; the line is taken away when a later
//! version arrives there.

use bridge_model::{Content, Event, Message, MessageId, Person, Place};

use super::Delivery;
use super::lookup::unread;
use crate::i18n::{Arg, Key};
use crate::lane::{Answer, BotMessage, CORE, Entry, Work, core_place};
use crate::order::{DeliverError, Receipt};
use crate::refusal::{Fallback, Refusal};
use crate::wording::label;

impl Delivery<'_> {
    /// One line under the message that did not arrive. Not for the bot's own words, and not for
    /// reactions, which would be louder than what was lost.
    pub(super) fn tell_author(&self, reason: &Refusal) -> Option<(Place, Work)> {
        let event = self.head.entry.work.event()?;
        let key = match &event.content {
            Content::Posted(_) | Content::Edited(_) if matches!(reason, Refusal::Barred(_)) => {
                self.barred_key(event)?
            }
            Content::Posted(_) | Content::Edited(_)
                if matches!(reason, Refusal::ServerDenied(_)) =>
            {
                self.denied_key()
            }
            Content::Posted(_) => self.refusal_key(event),
            Content::Edited(_) | Content::Deleted { .. } | Content::PollClosed { .. } => {
                MessageId::from("")
            }
            Content::Reacted { .. }
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
            | Content::Voted { .. }
            | Content::Counted { .. }
            | Content::ChatChanged { .. }
            | Content::MemberChanged { .. }
            | Content::ThreadChanged { .. }
            | Content::Moderated(_)
            | Content::RightsChanged
            | Content::PolicyChanged => return None,
        };
        if event.place.network.as_str() == CORE {
            return None;
        }
        let text = self.wording.refused(&self.head.entry.lane.network, reason);
        let message = self.wording.message(text, self.relay.clock.now());
        let answer = Answer { to: Some(event.message.clone()), ..Answer::default() };
        let place = event.place.clone();
        let saying = BotMessage { origin: core_place(&place), id: key, message, answer };
        Some((place, Work::Say(Box::new(saying))))
    }

    /// One line in the room, once for each person whose account is not let in or may not speak, with
    /// what the admins can do.
    pub(super) fn tell_of_barred(&self, reason: &Refusal) -> Option<(Place, Work)> {
        let Refusal::Barred(ghost) = reason else { return None };
        let Entry { lane, work, .. } = &self.head.entry;
        let event = work.event()?;
        let key = self.barred_key(event)?;
        let (Content::Posted(Message { author, .. }) | Content::Edited(Message { author, .. })) =
            &event.content
        else {
            return None;
        };
        let person = Person { network: event.place.network.clone(), user: author.user.clone() };
        let name = self.identities().shown_name(Some(&person), &author.name);
        let name = format!("{name} ({})", label(&event.place.network));
        let text = self.wording.say(Key::GhostBarred, &[Arg::text(name), Arg::text(ghost)]);
        let message = self.wording.message(text, self.relay.clock.now());
        Some((lane.clone(), Work::say(lane, Some(key.as_str()), message)))
    }

    /// One line in the room, once, where its ACL keeps out the server of all accounts that stand for
    /// people.
    pub(super) fn tell_of_denied(&self, reason: &Refusal) -> Option<(Place, Work)> {
        let Refusal::ServerDenied(server) = reason else { return None };
        let lane = &self.head.entry.lane;
        let text = self.wording.say(Key::RoomServerDenied, &[Arg::text(server)]);
        let message = self.wording.message(text, self.relay.clock.now());
        Some((lane.clone(), Work::say(lane, Some(self.denied_key().as_str()), message)))
    }

    /// The name for ever of what is said of a room whose ACL keeps our server out.
    fn denied_key(&self) -> MessageId {
        let lane = self.relay.pseudonyms.place(&self.head.entry.lane);
        MessageId::new(format!("denied/{lane}"))
    }

    /// The name for ever of what is said of a person whose account is not let into this chat.
    fn barred_key(&self, event: &Event) -> Option<MessageId> {
        let (Content::Posted(message) | Content::Edited(message)) = &event.content else {
            return None;
        };
        let pseudonyms = &self.relay.pseudonyms;
        let (network, user) = (event.place.network.clone(), message.author.user.clone());
        let person = pseudonyms.person(&Person { network, user });
        let lane = pseudonyms.place(&self.head.entry.lane);
        Some(MessageId::new(format!("barred/{lane}/{person}")))
    }

    /// One line in the room, once a day, where one source has used up its new accounts.
    pub(super) fn tell_of_new_names(&self) -> Option<(Place, Work)> {
        let Entry { lane, work, .. } = &self.head.entry;
        let event = work.event()?;
        let Content::Posted(message) = &event.content else { return None };
        let identities = self.identities();
        let source = identities.source((lane, &event.place), &message.author)?;
        if !identities.new_ghosts.tell(&source) {
            return None;
        }
        let most = u64::try_from(identities.new_ghosts.most()).unwrap_or(u64::MAX);
        let args = [Arg::number(most), Arg::text(label(&event.place.network))];
        let text = self.wording.say(Key::NewNames, &args);
        let message = self.wording.message(text, self.relay.clock.now());
        Some((lane.clone(), Work::say(lane, None, message)))
    }

    /// What the chat and the room read when the bot has to speak for people there: each once, for
    /// ever.
    pub(super) fn tell_fallback(&self, fallback: Fallback) -> Vec<(Place, Work)> {
        let lane = &self.head.entry.lane;
        let text = self.wording.fallback(&lane.network, fallback);
        let message = self.wording.message(text, self.relay.clock.now());
        let name = match fallback {
            Fallback::NoWebhook => "webhook",
            Fallback::NameRefused => "name",
        };
        let key = format!("fallback/{name}/{}", self.relay.pseudonyms.place(lane));
        let room = self.head.portal.as_ref().map(|portal| &portal.room);
        let places = [lane].into_iter().chain(room);
        let say = |place: &Place| (place.clone(), Work::say(place, Some(&key), message.clone()));
        places.map(say).collect()
    }

    /// The chat has refused the first version of the message, so that an edit of it may be posted.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn was_refused(&self, event: &Event) -> Result<bool, DeliverError> {
        let (place, line) = (core_place(&event.place), self.refusal_key(event));
        let line = self.relay.store.find_replica(&place, &line).await.map_err(unread)?;
        Ok(line.is_some_and(|line| !line.deleted))
    }

    /// Takes the line away when an edit that was refused before has arrived.
    ///
    /// # Errors
    /// [`DeliverError::Retry`] when the store cannot be asked.
    pub(super) async fn repaired(
        &self,
        receipt: &Receipt,
    ) -> Result<Option<(Place, Work)>, DeliverError> {
        let edit = self.head.entry.work.event();
        let edit = edit.filter(|event| matches!(event.content, Content::Edited(_)));
        let Some(edit) = edit.filter(|_| !receipt.parts.is_empty()) else { return Ok(None) };
        if !self.was_refused(edit).await? {
            return Ok(None);
        }
        let event = Event {
            place: core_place(&edit.place),
            message: self.refusal_key(edit),
            late: false,
            content: Content::Deleted { by: None },
        };
        Ok(Some((edit.place.clone(), Work::by_bot(event))))
    }

    /// The name of the line for ever: one for each message and chat.
    fn refusal_key(&self, event: &Event) -> MessageId {
        let pseudonyms = &self.relay.pseudonyms;
        let message = pseudonyms.message(&event.place, &event.message);
        let lane = pseudonyms.place(&self.head.entry.lane);
        MessageId::new(format!("refused/{lane}/{message}"))
    }
}
