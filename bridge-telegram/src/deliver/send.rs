// SPDX-License-Identifier: AGPL-3.0-or-later
//! Sends something new.
//!
//! Rule: what the platform does not take is tried in a plainer way before it is refused: without
//! the quote, outside the topic, as a document, each file by itself, as a line of words.

use std::collections::VecDeque;
use std::sync::PoisonError;

use bot_core::order::Idempotency;
use bot_core::{DeliverError, Part};
use bridge_model::{Alias, ChatId, MessageId};

use super::call::Sent;
use super::errors::{CallError, decide};
use super::stream::Setback;
use super::{ChatSender, Made};
use crate::convert::outgoing::{Address, Answer, Call, Piece, missing};

/// The chat under which polls are known by their own ids.
const POLLS: &str = "polls";
/// So many roots that are no topics are remembered.
const MOST_ROOTS: usize = 10_000;

impl ChatSender<'_> {
    /// Sends `piece`, which may become several, and notes what is there then.
    pub(super) async fn send(
        &self,
        piece: Piece,
        to: Address,
        made: &mut Made,
    ) -> Result<(), DeliverError> {
        let mut to = self.without_flat_thread(to);
        if to.reply.is_none() {
            to.thread = to.thread.or_else(|| made.topic.clone());
        }
        let mut queue = VecDeque::from([piece]);
        while let Some(piece) = queue.pop_front() {
            let call = Call::Send { piece: piece.clone(), to: to.clone() };
            let setback = match self.post(&call, made).await {
                Ok(()) => {
                    // Only the first message is an answer; the others stand in its topic.
                    to.reply = None;
                    to.thread = to.thread.or_else(|| made.topic.clone());
                    continue;
                }
                Err(setback) => setback,
            };
            let plainer = match setback {
                Setback::Source { after, reason } => {
                    return Err(DeliverError::Retry { after, reason });
                }
                Setback::Missing { at, why, size } => {
                    let line =
                        piece.file(at).map(|file| missing(&file.media, size, why, &self.setting()));
                    piece.without(at, &line.unwrap_or_default())
                }
                Setback::Call(trouble) => match self.plainer(&trouble, piece, &mut to) {
                    Some(pieces) => pieces,
                    None => return Err(decide(&trouble, Idempotency::Once)),
                },
            };
            plainer.into_iter().rev().for_each(|piece| queue.push_front(piece));
        }
        Ok(())
    }

    async fn post(&self, call: &Call, made: &mut Made) -> Result<(), Setback> {
        let Call::Send { piece, .. } = call else { return Ok(()) };
        let answer = if piece.is_media() {
            self.upload(call).await?
        } else {
            self.plain(call).await.map_err(Setback::Call)?
        };
        let Some(messages) = answer.messages() else {
            let reason = "the answer does not say what was sent".to_owned();
            return Err(Setback::Call(CallError::Doubtful(reason)));
        };
        let part = |sent: &Sent| Part {
            id: MessageId::new(sent.message_id.to_string()),
            media: piece.is_media(),
        };
        made.parts.extend(messages.iter().map(part));
        made.note_topic(messages.first());
        let polls = messages.into_iter().filter_map(|sent| sent.poll);
        made.also
            .extend(polls.map(|it| Alias { chat: ChatId::from(POLLS), message: it.id.into() }));
        Ok(())
    }

    /// What to try instead; `None` when there is nothing plainer.
    fn plainer(&self, trouble: &CallError, piece: Piece, to: &mut Address) -> Option<Vec<Piece>> {
        let said = trouble.said()?;
        if let Some(root) = to.thread.take_if(|_| said.is_no_topic()) {
            self.remember_flat(&root);
            to.reply.get_or_insert(Answer { message: root, quote: None });
            return Some(vec![piece]);
        }
        if said.is_bad_quote()
            && let Some(answer) = to.reply.as_mut().filter(|answer| answer.quote.is_some())
        {
            answer.quote = None;
            return Some(vec![piece]);
        }
        if to.reply.take_if(|_| said.is_no_target()).is_some() {
            return Some(vec![piece]);
        }
        if said.is_odd_file() {
            return piece.as_documents().map(|piece| vec![piece]);
        }
        if said.is_too_large() && piece.is_media() {
            if piece.parts() > 1 {
                return Some(piece.singly());
            }
            let why = bridge_model::Missing::TooLargeToSend;
            let line =
                piece.file(0).map(|file| missing(&file.media, None, why, &self.setting()))?;
            return Some(piece.without(0, &line));
        }
        None
    }

    /// In a group without topics a thread is the answers to its first message.
    fn without_flat_thread(&self, mut to: Address) -> Address {
        let is_flat = |root: &mut MessageId| {
            let known = self.context.no_topics.lock().unwrap_or_else(PoisonError::into_inner);
            known.contains(&(self.chat.to_owned(), root.clone()))
        };
        if let Some(root) = to.thread.take_if(is_flat) {
            to.reply.get_or_insert(Answer { message: root, quote: None });
        }
        to
    }

    fn remember_flat(&self, root: &MessageId) {
        let mut known = self.context.no_topics.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_ROOTS {
            known.clear();
        }
        known.insert((self.chat.to_owned(), root.clone()));
    }
}
