// SPDX-License-Identifier: AGPL-3.0-or-later
//! A new version of a message to calls that change what is there.
//!
//! Rule: parts are paired in order, file with file and text with text. What is there and not
//! wanted goes; what is wanted and not there is sent behind. Files are exchanged only when the
//! act says that they changed, because a bot cannot see what a message holds.

use bot_core::Part;
use bridge_model::{Message, Missing, Note};

use super::pieces::{groups, missing};
use super::{Address, Call, FilePiece, Piece, Setting};

/// One message of the new version.
enum NewPart {
    Text(crate::convert::TelegramText),
    File(Box<FilePiece>),
    /// A poll, a place or a business card: at most one, and the last of all.
    Card(Piece),
}

/// A step towards the new version.
enum Step {
    Make(Call),
    /// To be sent, as a group with its neighbours.
    New(Box<FilePiece>),
    NewPiece(Piece),
}

/// The message with a line instead of files that could not be sent before: those that are
/// wanted, have not changed and are not there.
pub(super) fn without_lost(
    message: &Message,
    parts: &[Part],
    (media_changed, setting): (bool, &Setting<'_>),
) -> Message {
    let mut fitting = message.clone();
    let there = parts.iter().filter(|part| part.media).count();
    let fits = |size: Option<u64>| size.is_none_or(|it| it <= setting.max_upload);
    let wanted = message.media.iter().filter(|media| fits(media.size)).count();
    if media_changed || wanted <= there {
        return fitting;
    }
    if there == 0 {
        for media in fitting.media.extract_if(.., |media| fits(media.size)) {
            fitting.body.append(missing(&media, None, Missing::Unavailable, setting));
        }
        return fitting;
    }
    // Nobody knows any more which ones they were.
    fitting.media.truncate(there);
    let why = Missing::Unavailable;
    let line = setting.words.note(&Note::FileMissing { name: None, size: None, why });
    fitting.body.append(line);
    fitting
}

/// The calls that make `wanted` of the parts that are there; `done` are those that an earlier
/// try of this edit left.
pub(super) fn edit(
    wanted: Vec<Piece>,
    (parts, done): (&[Part], &[Part]),
    media_changed: bool,
    to: &Address,
) -> Vec<Call> {
    let wanted: Vec<NewPart> = wanted.into_iter().flat_map(NewPart::of).collect();
    let mut there: Vec<&Part> = parts.iter().collect();
    let has_card = wanted.iter().any(|it| matches!(it, NewPart::Card(_)));
    let card_at = there.iter().rposition(|part| !part.media).filter(|_| has_card);
    let mut card_part = card_at.map(|at| there.remove(at));
    let mut steps = Vec::new();
    let last = wanted.len();
    for (number, it) in (1..).zip(wanted) {
        let mut take = |media: bool| {
            let at = there.iter().position(|part| part.media == media);
            at.map(|at| there.remove(at).clone())
        };
        match it {
            NewPart::Card(piece) => steps.push(match card_part.take() {
                Some(part) => Step::Make(change_card(piece, part.clone())),
                None => Step::NewPiece(piece),
            }),
            NewPart::Text(text) => steps.push(match take(false) {
                Some(part) if done.contains(&part) => Step::Make(Call::Keep(part)),
                Some(part) => {
                    let buttons = if number == last { to.buttons.clone() } else { Vec::new() };
                    Step::Make(Call::Edit { part, text, buttons })
                }
                None => Step::NewPiece(Piece::Text(text)),
            }),
            NewPart::File(file) => match take(true) {
                Some(part) if done.contains(&part) => steps.push(Step::Make(Call::Keep(part))),
                Some(part) => steps.extend(change_file(*file, part, media_changed, to)),
                None => steps.push(Step::New(file)),
            },
        }
    }
    // Sent by an earlier try of this edit.
    let sent = done.iter().filter(|it| parts.iter().all(|part| part.id != it.id)).cloned();
    let mut calls = send(steps, sent.collect(), to);
    calls.extend(there.into_iter().map(|part| Call::Delete(part.id.clone())));
    calls
}

impl NewPart {
    fn of(piece: Piece) -> Vec<Self> {
        match piece {
            Piece::Text(text) => vec![Self::Text(text)],
            Piece::File(file) => vec![Self::File(file)],
            Piece::Album(files) => {
                files.into_iter().map(|file| Self::File(Box::new(file))).collect()
            }
            Piece::Poll(_) | Piece::MapPoint(_) | Piece::Contact { .. } => vec![Self::Card(piece)],
        }
    }
}

fn change_file(file: FilePiece, part: Part, media_changed: bool, to: &Address) -> Vec<Step> {
    match (media_changed, file.upload_as.exchanges(), file.upload_as.has_caption()) {
        (true, true, _) => {
            vec![Step::Make(Call::Exchange { part, file: Box::new(file), to: to.clone() })]
        }
        // No message can become a spoken message, a sticker or a round film.
        (true, false, _) => vec![Step::New(Box::new(file)), Step::Make(Call::Delete(part.id))],
        (false, _, true) => {
            vec![Step::Make(Call::Edit { part, text: file.caption, buttons: Vec::new() })]
        }
        (false, _, false) => vec![Step::Make(Call::Keep(part))],
    }
}

/// Polls and business cards stay as they are; a place that moves is moved.
fn change_card(piece: Piece, part: Part) -> Call {
    match piece {
        Piece::MapPoint(place) if place.live_for.is_some() => {
            Call::Move { part, place: Some(place) }
        }
        Piece::MapPoint(place) if place.venue.is_none() => Call::Move { part, place: None },
        Piece::MapPoint(_)
        | Piece::Poll(_)
        | Piece::Contact { .. }
        | Piece::Text(_)
        | Piece::File(_)
        | Piece::Album(_) => Call::Keep(part),
    }
}

fn send(steps: Vec<Step>, sent: Vec<Part>, to: &Address) -> Vec<Call> {
    let mut sent = sent.into_iter();
    let mut calls = Vec::new();
    let mut files = Vec::new();
    let mut flush = |files: &mut Vec<FilePiece>, calls: &mut Vec<Call>, last: Option<Piece>| {
        for piece in groups(std::mem::take(files)).into_iter().chain(last) {
            let there: Vec<Part> = sent.by_ref().take(piece.parts()).collect();
            let rest = piece.after(there.len());
            calls.extend(there.into_iter().map(Call::Keep));
            calls.extend(rest.map(|piece| Call::Send { piece, to: to.clone() }));
        }
    };
    for step in steps {
        match step {
            Step::New(file) => files.push(*file),
            Step::NewPiece(piece) => flush(&mut files, &mut calls, Some(piece)),
            Step::Make(call) => {
                flush(&mut files, &mut calls, None);
                calls.push(call);
            }
        }
    }
    flush(&mut files, &mut calls, None);
    calls.extend(sent.map(Call::Keep));
    calls
}
