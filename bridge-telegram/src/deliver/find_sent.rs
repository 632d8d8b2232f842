// SPDX-License-Identifier: AGPL-3.0-or-later
//! Looks for what an earlier, doubtful try has left in a chat. See `docs/adr/0002`.
//!
//! Rule: a bot cannot read history, but it learns from an edit whether a message is there and its
//! own. Candidates are edited to exactly what this order would send, so that nothing can change
//! that is not this order's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bot_core::order::Idempotency;
use bot_core::{DeliverError, EntryId, Failure, Order, Part};
use bridge_model::{Button, ChatId, MessageId};
use serde_json::json;

use super::errors::{CallError, Refusal, decide};
use super::{ApiContext, check_chat};
use crate::convert::TelegramText;
use crate::convert::outgoing::{self, Call, FilePiece, Piece, Setting, render};

/// So many ids without a message in a row are taken as the end of the chat. More than one,
/// because messages are deleted and service messages vanish.
const EMPTY_IN_A_ROW: u32 = 5;
/// Most ids that are tried: a chat in which more was said since is not searched for ever.
const MOST_PROBES: u32 = 100;

/// One message that is looked for.
struct Candidate {
    media: bool,
    /// Its text or caption; `None` where it cannot have any, so that only its author tells.
    words: Option<TelegramText>,
    /// What stands below it.
    buttons: Vec<Button>,
}

/// Whose the message with an id is, as an edit tells.
enum Ownership {
    Ours,
    SomebodyElses,
    /// There is none.
    Nobodys,
}

/// Most searches that are remembered.
const MOST_SEARCHES: usize = 1000;

/// How far a search came before the platform stopped it. Kept between tries, so that a busy group
/// is not searched from the start each time; after a restart it begins anew.
#[derive(Debug, Default)]
pub(crate) struct Searches(Mutex<HashMap<(ChatId, EntryId), Search>>);

/// The state of one search.
#[derive(Clone, Debug)]
struct Search {
    /// Where it started; an entry that starts elsewhere is another search.
    start: i32,
    /// The last id that was tried.
    reached: i32,
    found: Vec<Part>,
    /// Ids without a message in a row.
    empty: u32,
    probes: u32,
}

impl Searches {
    /// Takes the search for this order out, or begins one.
    fn resume(&self, order: &Order, start: i32) -> Search {
        let mut searches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = searches.remove(&(order.chat.clone(), order.entry));
        known.filter(|search| search.start == start).unwrap_or_else(|| Search {
            start,
            reached: start,
            found: Vec::new(),
            empty: 0,
            probes: 0,
        })
    }

    fn keep(&self, order: &Order, search: Search) {
        let mut searches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if searches.len() >= MOST_SEARCHES {
            searches.clear();
        }
        searches.insert((order.chat.clone(), order.entry), search);
    }
}

/// Finds the parts that a doubtful try left after `order.after`, in order; without a place to
/// start from, none. A search that is interrupted goes on where it stopped, and all its tries
/// together probe at most [`MOST_PROBES`] ids.
pub(crate) async fn find_sent(context: &ApiContext, order: &Order) -> Result<Vec<Part>, Failure> {
    check_chat(order)?;
    let Some(start) = start(order) else { return Ok(Vec::new()) };
    let mut search = context.searches.resume(order, start);
    let mut candidates = unsent(context, order).into_iter().skip(search.found.len());
    let Some(mut candidate) = candidates.next() else { return Ok(search.found) };
    while search.probes < MOST_PROBES && search.empty < EMPTY_IN_A_ROW {
        let id = search.reached.saturating_add(1);
        let part = Part { id: MessageId::new(id.to_string()), media: candidate.media };
        match probe(context, order.chat.as_str(), &part, &candidate).await {
            Ok(Ownership::Ours) => {
                search.empty = 0;
                search.found.push(part);
                match candidates.next() {
                    Some(next) => candidate = next,
                    None => break,
                }
            }
            Ok(Ownership::SomebodyElses) => search.empty = 0,
            Ok(Ownership::Nobodys) => search.empty += 1,
            Err(error) => {
                context.searches.keep(order, search);
                return Err(Failure { error, done: order.done.clone() });
            }
        }
        search.reached = id;
        search.probes += 1;
    }
    Ok(search.found)
}

fn unsent(context: &ApiContext, order: &Order) -> Vec<Candidate> {
    let setting = Setting { max_upload: context.max_upload, words: &order.words };
    let calls = outgoing::calls(&order.act, &order.done, &setting).into_iter();
    calls
        .flat_map(|call| {
            if let Call::Send { piece, to } = call {
                messages(piece, to.buttons)
            } else {
                Vec::new()
            }
        })
        .collect()
}

fn messages(piece: Piece, buttons: Vec<Button>) -> Vec<Candidate> {
    let silent = || vec![Candidate { media: false, words: None, buttons: Vec::new() }];
    let file = |file: FilePiece| Candidate {
        media: true,
        words: file.upload_as.has_caption().then_some(file.caption),
        buttons: Vec::new(),
    };
    match piece {
        Piece::Text(text) => vec![Candidate { media: false, words: Some(text), buttons }],
        Piece::File(one) => vec![file(*one)],
        Piece::Album(files) => files.into_iter().map(file).collect(),
        Piece::Poll(_) | Piece::MapPoint(_) | Piece::Contact { .. } => silent(),
    }
}

/// The newest id that is certainly not what is looked for.
fn start(order: &Order) -> Option<i32> {
    let after = order.after.as_ref()?.as_str().parse().ok()?;
    let done = order.done.iter().filter_map(|part| part.id.as_str().parse().ok());
    Some(done.fold(after, i32::max))
}

async fn probe(
    context: &ApiContext,
    chat: &str,
    part: &Part,
    candidate: &Candidate,
) -> Result<Ownership, DeliverError> {
    let rendered = match &candidate.words {
        Some(text) => {
            let (text, buttons) = (text.clone(), candidate.buttons.clone());
            render(&Call::Edit { part: part.clone(), text, buttons }, chat)
        }
        // What has no words can still be given buttons; none leave it as it is.
        None => {
            let message = part.id.as_str().parse::<i64>().ok();
            let params = json!({ "chat_id": chat, "message_id": message });
            message.map(|_| ("editMessageReplyMarkup", params))
        }
    };
    let Some((method, params)) = rendered else { return Ok(Ownership::Nobodys) };
    let answer = context.ask(method, &params).await;
    let Err(trouble) = answer else { return Ok(Ownership::Ours) };
    classify(&trouble)
}

fn classify(trouble: &CallError) -> Result<Ownership, DeliverError> {
    if trouble.is(Refusal::is_unchanged) {
        Ok(Ownership::Ours)
    } else if trouble.is(Refusal::is_gone) {
        Ok(Ownership::Nobodys)
    } else if trouble.is(Refusal::is_not_for_us) {
        Ok(Ownership::SomebodyElses)
    } else {
        Err(decide(trouble, Idempotency::Repeatable))
    }
}
