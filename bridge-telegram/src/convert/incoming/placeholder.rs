// SPDX-License-Identifier: AGPL-3.0-or-later
//! Kinds of messages that do not cross (yet), each with the line that stands for it.
//!
//! Rule: whoever reads the line knows that something was there and what it was.

/// A kind of message that does not cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// A list of tasks.
    Checklist,
    /// A person's card.
    Contact,
    /// A random value (dice, darts, football).
    Dice,
    /// A game.
    Game,
    /// A draw of prizes.
    Giveaway,
    /// A bill.
    Invoice,
    /// A point on the map.
    Location,
    /// Files that cost something.
    PaidMedia,
    /// A poll or a quiz.
    Poll,
    /// A story.
    Story,
    /// A place with a name.
    Venue,
    /// Something that the Bot API got after this program was made.
    Unknown,
}

impl Placeholder {
    /// The line.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Checklist => "[checklist]",
            Self::Contact => "[contact]",
            Self::Dice => "[dice]",
            Self::Game => "[game]",
            Self::Giveaway => "[giveaway]",
            Self::Invoice => "[invoice]",
            Self::Location => "[location]",
            Self::PaidMedia => "[paid media]",
            Self::Poll => "[poll]",
            Self::Story => "[story]",
            Self::Venue => "[venue]",
            Self::Unknown => "[a kind of message that is not known here]",
        }
    }
}
