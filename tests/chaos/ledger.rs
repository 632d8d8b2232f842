// SPDX-License-Identifier: AGPL-3.0-or-later
//! What people said and did.

use std::fmt;

use sandbox::town::Side;

/// A message that somebody posted.
pub struct Posted {
    /// Which side its author is on.
    pub side: Side,
    /// Who of that side.
    pub author: usize,
    /// Its id there.
    pub id: String,
    /// How often it was edited.
    pub version: u32,
    /// It was taken back.
    pub deleted: bool,
    /// Somebody of this side reacted to it, with this emoji.
    pub reaction: Option<&'static str>,
}

/// All messages; a message's number is its place.
#[derive(Default)]
pub struct Ledger {
    /// In the order in which they were said.
    pub posted: Vec<Posted>,
    edits: u32,
    deletions: u32,
    reactions: u32,
}

impl Ledger {
    /// The number of the next message.
    pub fn next(&self) -> usize {
        self.posted.len()
    }

    /// Somebody said the next message.
    pub fn say(&mut self, (side, author): (Side, usize), id: String) {
        let posted = Posted { side, author, id, version: 0, deleted: false, reaction: None };
        self.posted.push(posted);
    }

    /// A message has another version.
    pub fn edit(&mut self, number: usize) {
        if let Some(posted) = self.posted.get_mut(number) {
            posted.version += 1;
            self.edits += 1;
        }
    }

    /// A message was taken back.
    pub fn delete(&mut self, number: usize) {
        if let Some(posted) = self.posted.get_mut(number) {
            posted.deleted = true;
            self.deletions += 1;
        }
    }

    /// Somebody of its side reacted to a message.
    pub fn react(&mut self, number: usize, emoji: &'static str) {
        if let Some(posted) = self.posted.get_mut(number) {
            posted.reaction = Some(emoji);
            self.reactions += 1;
        }
    }

    /// The numbers of the last messages of a side that are still there; of one author, if one is
    /// given.
    pub fn recent(&self, side: Side, author: Option<usize>) -> Vec<usize> {
        let fits = |posted: &&Posted| {
            let by = author.is_none_or(|author| author == posted.author);
            posted.side == side && !posted.deleted && by
        };
        let all = self.posted.iter().enumerate().rev().filter(|(_, posted)| fits(posted));
        all.map(|(number, _)| number).take(RECENT).collect()
    }
}

/// So many messages back people react, answer and correct themselves.
const RECENT: usize = 12;

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (said, edits) = (self.posted.len(), self.edits);
        let (deletions, reactions) = (self.deletions, self.reactions);
        write!(f, "{said} said, {edits} edits, {deletions} deletions, {reactions} reactions")
    }
}

/// What a message says: its number and version, without a sign that any network escapes, then words.
pub fn words(number: usize, version: u32) -> String {
    format!("n{number}v{version} a few words about the meeting")
}

/// The message and its version that a text is.
pub fn read(text: &str) -> Option<(usize, u32)> {
    let mut lines = text.lines().filter_map(|line| {
        let (number, version) = line.strip_prefix('n')?.split(' ').next()?.split_once('v')?;
        Some((number.parse().ok()?, version.parse().ok()?))
    });
    lines.next()
}
