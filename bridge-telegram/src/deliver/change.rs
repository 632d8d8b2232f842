// SPDX-License-Identifier: AGPL-3.0-or-later
//! Changes what is there: words, files, places, reactions, the chat itself.
//!
//! Rule: all of it can be repeated. What is as it shall be, and what is not there any more, is a
//! success.

use bot_core::Refusal as Reason;
use bot_core::order::Idempotency;
use bot_core::{DeliverError, Part};
use bridge_model::MessageId;

use super::errors::{Refusal, decide};
use super::stream::Setback;
use super::{ChatSender, Made};
use crate::convert::outgoing::{Address, Call, FilePiece, Piece, missing};

impl ChatSender<'_> {
    /// Edits words in place; a message that is gone is no part any more.
    pub(super) async fn edit(&self, call: Call, made: &mut Made) -> Result<(), DeliverError> {
        let answer = self.plain(&call).await;
        if let Ok(answer) = &answer {
            made.note_topic(answer.messages().unwrap_or_default().first());
        }
        let answer = answer.map(|_| ());
        let Call::Edit { part, .. } = call else { return Ok(()) };
        match answer {
            Ok(()) => made.parts.push(part),
            Err(trouble) if trouble.is(Refusal::is_unchanged) => made.parts.push(part),
            Err(trouble) if trouble.is(Refusal::is_gone) => {}
            Err(trouble) => return Err(decide(&trouble, Idempotency::Repeatable)),
        }
        Ok(())
    }

    /// Puts another file into a message. Where the message cannot hold it (groups keep their
    /// kind, stickers stay stickers), it makes way for a new one.
    pub(super) async fn exchange(
        &self,
        (part, file, to): (Part, FilePiece, Address),
        made: &mut Made,
    ) -> Result<(), DeliverError> {
        let mut file = file;
        loop {
            let held = (part.clone(), Box::new(file.clone()), to.clone());
            let call = Call::Exchange { part: held.0, file: held.1, to: held.2 };
            let trouble = match self.upload(&call).await {
                Ok(_) => {
                    made.parts.push(part);
                    return Ok(());
                }
                Err(Setback::Call(trouble)) => trouble,
                Err(Setback::Source { after, reason }) => {
                    return Err(DeliverError::Retry { after, reason });
                }
                Err(Setback::Missing { why, size, .. }) => {
                    let line = missing(&file.media, size, why, &self.setting());
                    return self
                        .replace((part, Piece::File(Box::new(file)).without(0, &line)), &to, made)
                        .await;
                }
            };
            let odd = trouble.is(Refusal::is_odd_file);
            if trouble.is(Refusal::is_unchanged) {
                made.parts.push(part);
            } else if trouble.is(Refusal::is_not_for_us) {
                let new = vec![Piece::File(Box::new(file))];
                return self.replace((part, new), &to, made).await;
            } else if let Some(Piece::File(plain)) =
                Piece::File(Box::new(file.clone())).as_documents().filter(|_| odd)
            {
                file = *plain;
                continue;
            } else if !trouble.is(Refusal::is_gone) {
                return Err(decide(&trouble, Idempotency::Repeatable));
            }
            return Ok(());
        }
    }

    /// Sends something new, then takes the old message away.
    async fn replace(
        &self,
        (old, new): (Part, Vec<Piece>),
        to: &Address,
        made: &mut Made,
    ) -> Result<(), DeliverError> {
        for piece in new {
            self.send(piece, to.clone(), made).await?;
        }
        self.set(&Call::Delete(old.id)).await
    }

    /// Moves a place, or lets it stop; one that does not move any more is left as it is.
    pub(super) async fn move_place(&self, call: Call, made: &mut Made) -> Result<(), DeliverError> {
        let answer = self.plain(&call).await.map(|_| ());
        let Call::Move { part, .. } = call else { return Ok(()) };
        let fine = |said: &Refusal| said.is_unchanged() || said.is_not_for_us();
        match answer {
            Ok(()) => made.parts.push(part),
            Err(trouble) if trouble.is(fine) => made.parts.push(part),
            Err(trouble) if trouble.is(Refusal::is_gone) => {}
            Err(trouble) => return Err(decide(&trouble, Idempotency::Repeatable)),
        }
        Ok(())
    }

    /// Sets the first reaction that the chat allows; none where it allows none of them.
    pub(super) async fn react(
        &self,
        target: &MessageId,
        choices: Vec<String>,
        made: &mut Made,
    ) -> Result<(), DeliverError> {
        let each = choices.into_iter().map(|emoji| vec![emoji]).chain([Vec::new()]);
        for choices in each {
            let none = choices.is_empty();
            let call = Call::React { target: target.clone(), choices };
            match self.plain(&call).await {
                Ok(_) => {
                    made.shows_no_reaction = none;
                    return Ok(());
                }
                Err(trouble) if trouble.is(Refusal::is_unwanted_reaction) => {}
                Err(trouble) => return Err(decide(&trouble, Idempotency::Repeatable)),
            }
        }
        made.shows_no_reaction = true;
        Ok(())
    }

    /// Everything whose answer is not needed.
    pub(super) async fn set(&self, call: &Call) -> Result<(), DeliverError> {
        let answer = if matches!(call, Call::SetPhoto(_)) {
            self.upload(call).await
        } else {
            self.plain(call).await.map_err(Setback::Call)
        };
        let trouble = match answer {
            Ok(_) => return Ok(()),
            Err(Setback::Call(trouble)) => trouble,
            Err(Setback::Source { after, reason }) => {
                return Err(DeliverError::Retry { after, reason });
            }
            Err(Setback::Missing { .. }) => {
                let reason = Reason::file("the picture cannot be fetched");
                return Err(DeliverError::Refused { reason });
            }
        };
        let nothing_to_do = |said: &Refusal| {
            said.is_unchanged()
                || said.is_gone()
                || matches!(call, Call::StopPoll(_)) && said.is_not_for_us()
                || is_topic(call) && said.is_no_topic()
                || is_about_member(call) && said.is_nobody()
                || matches!(call, Call::Unban(_)) && said.is_for_supergroups()
        };
        if trouble.is(nothing_to_do) {
            return Ok(());
        }
        let error = self.refuse(call, &trouble);
        // Nothing is left to leave.
        let left = matches!(call, Call::Leave) && matches!(error, DeliverError::ChatClosed { .. });
        if left { Ok(()) } else { Err(error) }
    }
}

/// Whoever is not there needs no ban.
fn is_about_member(call: &Call) -> bool {
    matches!(call, Call::Ban { .. } | Call::Unban(_) | Call::Restrict { .. })
}

/// A thread that is no topic has no name and cannot be closed.
fn is_topic(call: &Call) -> bool {
    matches!(call, Call::RenameTopic { .. } | Call::CloseTopic(_) | Call::ReopenTopic(_))
}
