// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the people of the demo do, and what everybody should see after it.
//!
//! Rule: what is expected follows from the script alone, never from what a server shows.

use sandbox::town::{Line, Side};

/// One thing that somebody does. Lines are counted from 0 in the order in which they are said.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Says something.
    Say(Side, &'static str),
    /// Says something with one word in bold type: what comes before, the word, what follows.
    Bold(Side, [&'static str; 3]),
    /// Answers a line.
    Reply(Side, usize, &'static str),
    /// Posts a picture with a caption.
    Show(Side, &'static str),
    /// Changes an own line.
    Edit(usize, &'static str),
    /// Reacts to a line.
    React(Side, usize, &'static str),
    /// Takes an own line away.
    TakeBack(usize),
}

/// The conversation.
pub const SCRIPT: &[Act] = &[
    Act::Say(Side::Matrix, "Good morning from Matrix! The meeting is at five."),
    Act::Say(Side::Telegram, "I hear you on Telegram. Here it is evening already."),
    Act::Say(Side::Discord, "Who takes the minutes tomorow?"),
    Act::Edit(2, "Who takes the minutes tomorrow?"),
    Act::Reply(Side::Telegram, 2, "I can, if somebody reads them afterwards."),
    Act::React(Side::Matrix, 3, "👍"),
    Act::Bold(Side::Matrix, ["The minutes will be under a ", "free", " licence."]),
    Act::Bold(Side::Discord, ["Then I ", "translate", " them."]),
    Act::Show(Side::Telegram, "This is where we meet."),
    Act::Reply(Side::Matrix, 6, "How many chairs are there?"),
    Act::React(Side::Discord, 6, "🎉"),
    Act::Say(Side::Discord, "Sorry, wrong channel."),
    Act::TakeBack(8),
    Act::Say(Side::Matrix, "See you at five!"),
];

/// What everybody should see of one line.
#[derive(Clone, Debug)]
pub struct Told {
    /// Who said it.
    pub by: Side,
    /// The newest text.
    pub text: String,
    /// The word in bold type.
    pub bold: Option<&'static str>,
    /// How the answered line begins.
    pub answers: Option<String>,
    /// It was changed.
    pub edited: bool,
    /// The reactions.
    pub reactions: Vec<&'static str>,
    /// It has a picture.
    pub picture: bool,
    /// It was taken away.
    pub gone: bool,
}

impl Told {
    fn new(by: Side, text: impl Into<String>) -> Self {
        Self {
            by,
            text: text.into(),
            bold: None,
            answers: None,
            edited: false,
            reactions: Vec::new(),
            picture: false,
            gone: false,
        }
    }

    /// Whether a line is this one, whatever else may be wrong with it.
    pub fn is(&self, line: &Line) -> bool {
        line.who.starts_with(self.by.speaker()) && line.text.replace('*', "") == self.text
    }

    /// What is wrong with it on a side; `None` when all is as it should be.
    pub fn fault(&self, lines: &[Line]) -> Option<String> {
        let mut fitting = lines.iter().filter(|line| self.is(line));
        let line = match (fitting.next(), fitting.count(), self.gone) {
            (None, _, true) => return None,
            (Some(_), _, true) => return Some("is still there".to_owned()),
            (None, _, false) => return Some("is missing".to_owned()),
            (Some(line), 0, false) => line,
            (Some(_), more, false) => return Some(format!("is there {} times", more + 1)),
        };
        let answers = |start: &String| {
            line.answers.as_ref().is_some_and(|answers| answers.contains(start.as_str()))
        };
        if !self.answers.as_ref().is_none_or(answers) {
            return Some(format!("answers something else: {:?}", line.answers));
        }
        if line.edited != self.edited {
            return Some(format!("edited: {}, expected {}", line.edited, self.edited));
        }
        let reacted = |emoji: &&&str| !line.reactions.iter().any(|it| it.starts_with(**emoji));
        if let Some(emoji) = self.reactions.iter().find(reacted) {
            return Some(format!("lacks the reaction {emoji}"));
        }
        let same = line.file.as_deref() == self.picture.then_some(PICTURE);
        (!same).then(|| "has no picture or another one".to_owned())
    }
}

/// Does to the list of lines what an act should do, and returns the number of its line.
pub fn expect(told: &mut Vec<Told>, act: Act) -> usize {
    let (new, line) = match act {
        Act::Say(by, text) => (Some(Told::new(by, text)), told.len()),
        Act::Bold(by, words) => {
            let [_, bold, _] = words;
            (Some(Told { bold: Some(bold), ..Told::new(by, words.concat()) }), told.len())
        }
        Act::Reply(by, to, text) => {
            let start = told.get(to).map(|line| line.text.chars().take(16).collect());
            (Some(Told { answers: start, ..Told::new(by, text) }), told.len())
        }
        Act::Show(by, caption) => {
            (Some(Told { picture: true, ..Told::new(by, caption) }), told.len())
        }
        Act::Edit(line, _) | Act::React(_, line, _) | Act::TakeBack(line) => (None, line),
    };
    told.extend(new);
    if let Some(line) = told.get_mut(line) {
        match act {
            Act::Edit(_, text) => (line.text, line.edited) = (text.to_owned(), true),
            Act::React(_, _, emoji) => line.reactions.push(emoji),
            Act::TakeBack(_) => line.gone = true,
            Act::Say(..) | Act::Bold(..) | Act::Reply(..) | Act::Show(..) => {}
        }
    }
    line
}

/// How an act is announced.
pub fn title(act: Act, told: &[Told]) -> String {
    let by = |line: usize| told.get(line).map_or(Side::Matrix, |told| told.by);
    let (who, does) = match act {
        Act::Say(by, _) => (by, "says something".to_owned()),
        Act::Bold(by, [_, word, _]) => (by, format!("says something, with “{word}” in bold")),
        Act::Reply(who, to, _) => (who, format!("answers {}", by(to).speaker())),
        Act::Show(by, _) => (by, "shows a picture".to_owned()),
        Act::Edit(line, _) => (by(line), "corrects a word".to_owned()),
        Act::React(who, line, emoji) => {
            (who, format!("reacts to {} with {emoji}", by(line).speaker()))
        }
        Act::TakeBack(line) => (by(line), "takes a message back".to_owned()),
    };
    format!("{} on {who:?} {does}", who.speaker())
}

/// A picture: one pixel.
pub const PICTURE: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x62, 0, 1, 0, 0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];
