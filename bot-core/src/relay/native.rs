// SPDX-License-Identifier: AGPL-3.0-or-later
//! The last step before an order leaves: what its text and reactions name becomes what the
//! destination names so.
//!
//! Rule: whatever cannot be translated stays readable; nothing is lost for a question that was
//! not answered.

use bridge_model::{Leaf, Mention, Message, Person, Place, RichText, Span};

use super::Relay;
use crate::lane::{Relayed, Speaker};
use crate::network::AskError;
use crate::order::{Action, DeliverError};

impl Relay {
    /// The act in the destination's own terms.
    ///
    /// # Errors
    /// What to do with the entry when something has to be known and could not be asked.
    pub(super) async fn in_its_terms(
        &self,
        lane: &Place,
        relayed: &Relayed,
        act: Action,
    ) -> Result<Action, DeliverError> {
        let event = &relayed.event;
        Ok(match act {
            Action::Post { send_as, message, native_reply, answer_via } => {
                let message = self.message_in_its_terms(lane, relayed, message).await?;
                Action::Post { send_as, message, native_reply, answer_via }
            }
            Action::Edit { send_as, parts, message, native_reply, media_changed } => {
                let message = self.message_in_its_terms(lane, relayed, message).await?;
                Action::Edit { send_as, parts, message, native_reply, media_changed }
            }
            Action::React { send_as, target, reaction, others } => {
                let reaction = self.local_reaction(lane, &event.place, reaction).await?;
                let others = self.local_others(lane, event, others).await?;
                Action::React { send_as, target, reaction, others }
            }
            Action::Unreact { send_as, target, reaction, id, others } => {
                let reaction = self.local_reaction(lane, &event.place, reaction).await?;
                let others = self.local_others(lane, event, others).await?;
                Action::Unreact { send_as, target, reaction, id, others }
            }
            same @ (Action::Delete { .. }
            | Action::Pin { .. }
            | Action::Unpin { .. }
            | Action::ClosePoll { .. }
            | Action::SetChat { .. }
            | Action::SetThread { .. }
            | Action::Refresh { .. }
            | Action::Withdraw { .. }
            | Action::SetAccess { .. }
            | Action::Leave) => same,
        })
    }

    async fn message_in_its_terms(
        &self,
        lane: &Place,
        relayed: &Relayed,
        mut message: Message,
    ) -> Result<Message, DeliverError> {
        if relayed.speaker == Speaker::Bot {
            return Ok(message);
        }
        let place = &relayed.event.place;
        let author = Person { network: place.network.clone(), user: message.author.user.clone() };
        message.body = self.checked_calls(place, &author, message.body).await?;
        message.body = self.written_names(lane, message.body).await?;
        message.body = self.local_links(lane, message.body).await?;
        message.body = self.local_emoji(lane, place, message.body).await?;
        if let Some(excerpt) = message.reply_to.as_mut().and_then(|reply| reply.excerpt.take()) {
            let excerpt = self.local_emoji(lane, place, excerpt).await?;
            if let Some(reply) = &mut message.reply_to {
                reply.excerpt = Some(excerpt);
            }
        }
        Ok(message)
    }

    /// Everybody is called only by somebody who may do that where they spoke.
    async fn checked_calls(
        &self,
        place: &Place,
        author: &Person,
        text: RichText,
    ) -> Result<RichText, DeliverError> {
        if !text.mentions().any(|mention| *mention == Mention::Everyone) {
            return Ok(text);
        }
        let may = match self.networks.get(&place.network) {
            Some(network) => network.may_call_everyone(&place.chat, &author.user).await,
            None => Ok(false),
        };
        match may {
            Ok(true) => Ok(text),
            Ok(false) | Err(AskError::Refused(_)) => Ok(text.map_spans(&mut |span| {
                if span.leaf == Leaf::Mention(Mention::Everyone) {
                    // The joiner keeps platforms from reading it as a name of their own.
                    let words = Mention::Everyone.shown().replacen('@', "@\u{2060}", 1);
                    let leaf = Leaf::Text(words);
                    return vec![Span { leaf, style: span.style }];
                }
                vec![span]
            })),
            Err(AskError::Retry { after, reason }) => Err(DeliverError::Retry { after, reason }),
        }
    }
}
