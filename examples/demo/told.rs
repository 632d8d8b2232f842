// SPDX-License-Identifier: AGPL-3.0-or-later
//! What everybody should see of one thing that was said.
//!
//! Rule: what is expected follows from the script alone, never from what a server shows.

use sandbox::town::{Line, Side, Thing};

use crate::samples::{PICTURE, STICKER, VOICE};

/// The custom emoji of Dora's server.
pub const FACE: &str = ":wiki:";

/// What everybody should see of one line.
#[derive(Clone, Debug)]
pub struct Told {
    /// Who said it.
    pub by: Side,
    /// The newest text, or the question; empty for a sticker and a spoken message.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// The word in bold type.
    pub bold: Option<&'static str>,
    /// How the answered line begins.
    pub answers: Option<String>,
    /// How the line begins on which its thread hangs.
    pub thread: Option<String>,
    /// It was changed.
    pub edited: bool,
    /// The reactions that each network has.
    pub reactions: Vec<&'static str>,
    /// Somebody reacted with [`FACE`], which Telegram does not have.
    pub face: bool,
    /// Who chose which answer of the poll.
    pub votes: Vec<(Side, usize)>,
    /// It was taken away.
    pub gone: bool,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// A text that two of the networks show in pieces.
    Long,
    /// So many pictures with a caption.
    Pictures(usize),
    /// A poll with these answers.
    Poll([&'static str; 2]),
    /// A sticker.
    Sticker,
    /// A spoken message.
    Voice,
}

impl Told {
    /// Something plain that was just said.
    pub fn new(by: Side, text: impl Into<String>, kind: Kind) -> Self {
        Self {
            by,
            text: text.into(),
            kind,
            bold: None,
            answers: None,
            thread: None,
            edited: false,
            reactions: Vec::new(),
            face: false,
            votes: Vec::new(),
            gone: false,
        }
    }

    /// What it is called when something is wrong with it.
    pub fn name(&self) -> String {
        let who = self.by.speaker();
        match self.kind {
            Kind::Sticker => format!("{who}'s sticker"),
            Kind::Voice => format!("{who}'s voice message"),
            Kind::Long => format!("{who}'s long text"),
            Kind::Text | Kind::Pictures(_) | Kind::Poll(_) => format!("“{}”", self.text),
        }
    }

    /// How it begins.
    pub fn start(&self) -> String {
        self.text.chars().take(16).collect()
    }

    /// Whether a line of a side is this one, whatever else may be wrong with it.
    pub fn is(&self, side: Side, line: &Line) -> bool {
        let named = line.who.starts_with(self.by.speaker());
        // On Telegram stickers and polls have no caption that could hold a name.
        let bare = side == Side::Telegram && self.by != side && line.who.is_empty();
        let text = line.text.replace('*', "");
        match self.kind {
            Kind::Text | Kind::Pictures(_) => named && text == self.text,
            Kind::Long => named && text.starts_with(&self.start()),
            Kind::Poll(_) => {
                let asks =
                    |it: &Thing| matches!(it, Thing::Poll(asked, _) if asked.ends_with(&self.text));
                (named || bare) && line.things.iter().any(asks)
            }
            Kind::Sticker => (named || bare) && text.is_empty() && line.things == [sticker(side)],
            Kind::Voice => named && text.is_empty() && line.things == [voice(side)],
        }
    }

    /// What is wrong with it on a side; `None` when all is as it should be.
    pub fn fault(&self, side: Side, lines: &[Line]) -> Option<String> {
        let mut fitting = lines.iter().enumerate().filter(|(_, line)| self.is(side, line));
        let (at, line) = match (fitting.next(), fitting.count(), self.gone) {
            (None, _, true) => return None,
            (Some(_), _, true) => return Some("is still there".to_owned()),
            (None, _, false) => return Some("is missing".to_owned()),
            (Some(found), 0, false) => found,
            (Some(_), more, false) => return Some(format!("is there {} times", more + 1)),
        };
        let from = lines.get(at..).unwrap_or_default();
        let misplaced = self.misplaced(side, line);
        misplaced.or_else(|| self.unlike(side, from)).or_else(|| self.unsung(side, line, lines))
    }

    /// What is wrong with what it answers, and with the thread that it should stand in.
    fn misplaced(&self, side: Side, line: &Line) -> Option<String> {
        let (answers, thread) = match (side, &self.thread) {
            (Side::Telegram, Some(root)) => (Some(root), None),
            (Side::Matrix | Side::Discord, Some(root)) => (None, Some(root)),
            (_, None) => (self.answers.as_ref(), None),
        };
        let begins = |shown: &Option<String>, start: &String| {
            shown.as_ref().is_some_and(|shown| shown.contains(start.as_str()))
        };
        if !answers.is_none_or(|start| begins(&line.answers, start)) {
            return Some(format!("answers something else: {:?}", line.answers));
        }
        match (thread, &line.thread) {
            (None, None) | (Some(_), Some(_)) => None,
            (None, Some(thread)) => Some(format!("stands in a thread: {thread}")),
            (Some(_), None) => Some("stands in no thread".to_owned()),
        }
    }

    /// What is wrong with text and files; `from` begins with the line.
    fn unlike(&self, side: Side, from: &[Line]) -> Option<String> {
        let line = from.first()?;
        if line.edited != self.edited {
            return Some(format!("edited: {}, expected {}", line.edited, self.edited));
        }
        match self.kind {
            Kind::Long => {
                let said = |line: &Line| squeezed(self.unnamed(&line.text));
                let shown = from.iter().map(said).collect::<String>();
                let whole = shown.starts_with(&squeezed(&self.text));
                (!whole).then(|| "is not there whole and in order".to_owned())
            }
            Kind::Pictures(count) => {
                let shown = if side == Side::Matrix { singly(from) } else { pictures(line) };
                if line.file.as_deref() != Some(PICTURE) {
                    return Some("has no picture or another one".to_owned());
                }
                (shown != count).then(|| format!("has {shown} pictures, expected {count}"))
            }
            Kind::Text if !line.things.is_empty() => Some("has a file".to_owned()),
            Kind::Sticker | Kind::Voice => {
                let file = if self.kind == Kind::Sticker { STICKER } else { VOICE };
                (line.file.as_deref() != Some(file)).then(|| "has another file".to_owned())
            }
            Kind::Text | Kind::Poll(_) => None,
        }
    }

    /// A piece without the line that says whose it is: `Alice (2/3):`.
    fn unnamed<'t>(&self, text: &'t str) -> &'t str {
        let numbered = text.strip_prefix(self.by.speaker()).and_then(|it| it.strip_prefix(" ("));
        let parted = numbered.and_then(|it| it.split_once("):\n"));
        let is_number = |it: &str| it.chars().all(|c| c.is_ascii_digit() || c == '/');
        parted.filter(|(number, _)| is_number(number)).map_or(text, |(_, rest)| rest)
    }

    /// What is wrong with reactions and votes, and with the bot's line that counts them.
    fn unsung(&self, side: Side, line: &Line, lines: &[Line]) -> Option<String> {
        let lacks = |emoji: &str| !line.reactions.iter().any(|it| it.starts_with(emoji));
        if let Some(emoji) = self.reactions.iter().find(|emoji| lacks(emoji)) {
            return Some(format!("lacks the reaction {emoji}"));
        }
        let counted = |words: &str| {
            lines.iter().any(|line| {
                let below = line.answers.as_ref().is_some_and(|it| it.contains(&self.start()));
                line.who.is_empty() && below && line.text.contains(words)
            })
        };
        if self.face && side == Side::Telegram && !counted(FACE) {
            return Some(format!("has no line that counts {FACE}"));
        }
        if self.face && side != Side::Telegram && lacks(FACE) {
            return Some(format!("lacks the reaction {FACE}"));
        }
        let Kind::Poll(answers) = self.kind else { return None };
        answers.iter().enumerate().find_map(|(number, words)| {
            let chosen = self.votes.iter().filter(|(_, chosen)| *chosen == number);
            let here = chosen.clone().filter(|(by, _)| *by == side).count();
            let elsewhere = chosen.count() - here;
            let shows = |thing: &Thing| match thing {
                Thing::Poll(_, shown) => shown.contains(&((*words).to_owned(), here)),
                Thing::Picture | Thing::Sticker | Thing::Voice | Thing::Sound | Thing::File => {
                    false
                }
            };
            if !line.things.iter().any(shows) {
                return Some(format!("does not show {here} for “{words}”"));
            }
            let told = elsewhere == 0 || counted(&format!("{words}: {elsewhere}"));
            (!told).then(|| format!("has no line that counts {elsewhere} for “{words}” elsewhere"))
        })
    }
}

/// How a sticker is shown.
fn sticker(side: Side) -> Thing {
    match side {
        Side::Matrix | Side::Telegram => Thing::Sticker,
        Side::Discord => Thing::Picture,
    }
}

/// How a spoken message is shown.
fn voice(side: Side) -> Thing {
    match side {
        Side::Matrix | Side::Telegram => Thing::Voice,
        Side::Discord => Thing::Sound,
    }
}

fn pictures(line: &Line) -> usize {
    line.things.iter().filter(|thing| **thing == Thing::Picture).count()
}

/// Matrix has no albums: the pictures that follow, of the same person and without words.
fn singly(from: &[Line]) -> usize {
    let Some((first, rest)) = from.split_first() else { return 0 };
    let more =
        rest.iter().take_while(|it| it.who == first.who && it.text.is_empty() && pictures(it) > 0);
    pictures(first) + more.map(pictures).sum::<usize>()
}

/// A text without white space, which may change where a text is cut.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
