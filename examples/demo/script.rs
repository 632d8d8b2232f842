// SPDX-License-Identifier: AGPL-3.0-or-later
//! What the people of the demo do, and what that does to what everybody should see.
//!
//! Rule: the script is the only place that knows the conversation.

use sandbox::town::Side;

use crate::samples::long_text;
use crate::told::{FACE, Kind, Told};

/// One thing that somebody does. Lines are counted from 0 in the order in which they are said.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Says something.
    Say(Side, &'static str),
    /// Says something with one word in bold type: what comes before, the word, what follows.
    Bold(Side, [&'static str; 3]),
    /// Says something long.
    Long(Side),
    /// Answers a line.
    Reply(Side, usize, &'static str),
    /// Says something in the thread that hangs on a line.
    Thread(Side, usize, &'static str),
    /// Posts so many pictures with a caption.
    Show(Side, usize, &'static str),
    /// Posts a sticker.
    Sticker(Side),
    /// Speaks.
    Speak(Side),
    /// Asks, with two answers.
    Ask(Side, &'static str, [&'static str; 2]),
    /// Chooses an answer of a poll.
    Vote(Side, usize, usize),
    /// Changes an own line.
    Edit(usize, &'static str),
    /// Reacts to a line with an emoji that everybody has.
    React(Side, usize, &'static str),
    /// Dora reacts to a line with the emoji of her server.
    Face(usize),
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
    Act::React(Side::Telegram, 5, "❤"),
    Act::Show(Side::Telegram, 1, "This is where we meet."),
    Act::Reply(Side::Matrix, 6, "How many chairs are there?"),
    Act::React(Side::Discord, 6, "🎉"),
    Act::Say(Side::Discord, "Sorry, wrong channel."),
    Act::TakeBack(8),
    Act::Show(Side::Telegram, 3, "Three rooms to choose from."),
    Act::Show(Side::Discord, 2, "And two more across the street."),
    Act::Ask(Side::Matrix, "Which room do we take?", ["The large one", "The quiet one"]),
    Act::Vote(Side::Telegram, 11, 1),
    Act::Vote(Side::Discord, 11, 1),
    Act::Ask(Side::Discord, "Tea or coffee?", ["Tea", "Coffee"]),
    Act::Vote(Side::Matrix, 12, 0),
    Act::Ask(Side::Telegram, "Cake or fruit?", ["Cake", "Fruit"]),
    Act::Vote(Side::Discord, 13, 1),
    Act::Sticker(Side::Telegram),
    Act::Sticker(Side::Matrix),
    Act::Speak(Side::Telegram),
    Act::Speak(Side::Matrix),
    Act::Thread(Side::Matrix, 3, "I read the minutes. Where will they be?"),
    Act::Thread(Side::Discord, 3, "On the wiki, as always."),
    Act::Long(Side::Matrix),
    Act::Face(3),
    Act::Say(Side::Matrix, "See you at five!"),
];

/// Does to the list of lines what an act should do, and returns the number of its line.
pub fn expect(told: &mut Vec<Told>, act: Act) -> usize {
    let start = |line: usize| told.get(line).map(Told::start);
    let plain = |by, text| Told::new(by, text, Kind::Text);
    let (new, line) = match act {
        Act::Say(by, text) => (Some(plain(by, text)), told.len()),
        Act::Bold(by, [before, bold, after]) => {
            let said = Told::new(by, [before, bold, after].concat(), Kind::Text);
            (Some(Told { bold: Some(bold), ..said }), told.len())
        }
        Act::Long(by) => (Some(Told::new(by, long_text(), Kind::Long)), told.len()),
        Act::Reply(by, to, text) => {
            (Some(Told { answers: start(to), ..plain(by, text) }), told.len())
        }
        Act::Thread(by, root, text) => {
            (Some(Told { thread: start(root), ..plain(by, text) }), told.len())
        }
        Act::Show(by, count, text) => {
            (Some(Told::new(by, text, Kind::Pictures(count))), told.len())
        }
        Act::Sticker(by) => (Some(Told::new(by, "", Kind::Sticker)), told.len()),
        Act::Speak(by) => (Some(Told::new(by, "", Kind::Voice)), told.len()),
        Act::Ask(by, text, answers) => (Some(Told::new(by, text, Kind::Poll(answers))), told.len()),
        Act::Vote(_, line, _)
        | Act::Edit(line, _)
        | Act::React(_, line, _)
        | Act::Face(line)
        | Act::TakeBack(line) => (None, line),
    };
    told.extend(new);
    if let Some(line) = told.get_mut(line) {
        change(line, act);
    }
    line
}

fn change(line: &mut Told, act: Act) {
    match act {
        Act::Vote(by, _, answer) => line.votes.push((by, answer)),
        Act::Edit(_, text) => (line.text, line.edited) = (text.to_owned(), true),
        Act::React(_, _, emoji) => line.reactions.push(emoji),
        Act::Face(_) => line.face = true,
        Act::TakeBack(_) => line.gone = true,
        Act::Say(..)
        | Act::Bold(..)
        | Act::Long(_)
        | Act::Reply(..)
        | Act::Thread(..)
        | Act::Show(..)
        | Act::Sticker(_)
        | Act::Speak(_)
        | Act::Ask(..) => {}
    }
}

/// How an act is announced.
pub fn title(act: Act, told: &[Told]) -> String {
    let side = |line: usize| told.get(line).map_or(Side::Matrix, |told| told.by);
    let by = |line: usize| side(line).speaker();
    let (who, does) = match act {
        Act::Say(who, _) => (who, "says something".to_owned()),
        Act::Bold(who, [_, word, _]) => (who, format!("says something, with “{word}” in bold")),
        Act::Long(who) => (who, "says something long; the others cut it".to_owned()),
        Act::Reply(who, to, _) => (who, format!("answers {}", by(to))),
        Act::Thread(who, root, _) => {
            (who, format!("speaks in a thread below what {} said", by(root)))
        }
        Act::Show(who, 1, _) => (who, "shows a picture".to_owned()),
        Act::Show(who, count, _) => (who, format!("shows an album of {count} pictures")),
        Act::Sticker(who) => (who, "posts a sticker".to_owned()),
        Act::Speak(who) => (who, "sends a voice message".to_owned()),
        Act::Ask(who, ..) => (who, "asks with a poll".to_owned()),
        Act::Vote(who, line, _) => {
            (who, format!("votes in {}'s poll; the bot counts below it elsewhere", by(line)))
        }
        Act::Edit(line, _) => (side(line), "corrects a word".to_owned()),
        Act::React(who, line, emoji) => (who, format!("reacts to {} with {emoji}", by(line))),
        Act::Face(line) => {
            let does = format!("reacts to {} with her server's {FACE}", by(line));
            (Side::Discord, format!("{does}; Telegram has no such reaction, so the bot counts"))
        }
        Act::TakeBack(line) => (side(line), "takes a message back".to_owned()),
    };
    format!("{} on {who:?} {does}", who.speaker())
}
