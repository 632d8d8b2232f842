// SPDX-License-Identifier: AGPL-3.0-or-later
//! Formatted text: the common denominator of Matrix HTML, Telegram entities and
//! Discord Markdown.
//!
//! A tree of blocks whose leaves are runs of equally styled text. Runs instead of
//! nested inline nodes, so that overlapping styles need no care and equality of
//! normalised texts means sameness.

#[cfg(feature = "arbitrary")]
pub mod arbitrary;
pub mod bounds;
mod inline;
mod labels;
pub mod nest;
mod normal;
mod restrict;
pub mod scripts;
mod shown;
mod split;
mod tidied;
mod told;
mod walk;
mod window;

use serde::{Deserialize, Serialize};

pub use self::normal::DEPTH;
use crate::{Person, Place, Timestamp};

/// Formatted text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RichText(pub Vec<Block>);

/// One block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Block {
    /// Running text; [`Leaf::Break`] ends a line, two in a row leave one empty.
    Paragraph(Vec<Span>),
    /// A heading.
    Heading {
        /// 1 to 6.
        level: u8,
        /// One line.
        content: Vec<Span>,
    },
    /// Something that somebody else said.
    Quote {
        /// The quoted blocks.
        blocks: Vec<Block>,
        /// The client shows the quote folded at first.
        expandable: bool,
    },
    /// A list.
    List {
        /// The number of the first item; `None` for bullets.
        start: Option<u32>,
        /// The items.
        items: Vec<ListItem>,
    },
    /// A block of code.
    Code {
        /// Such as `rust`.
        language: Option<String>,
        /// The lines, without a newline at the end.
        text: String,
    },
    /// A table; the first row is the head when `head` says so.
    Table {
        /// The first row is a head.
        head: bool,
        /// Rows of cells of text.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// A section that folds.
    Details {
        /// What is seen when folded.
        summary: Vec<Span>,
        /// What is seen when unfolded.
        blocks: Vec<Block>,
    },
    /// A horizontal line.
    Rule,
}

/// One item of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListItem(pub Vec<Block>);

/// A leaf and its style.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The content.
    pub leaf: Leaf,
    /// How the content is shown.
    pub style: Style,
}

/// The smallest piece of text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Leaf {
    /// Literal characters; never markup. No line breaks once normalised.
    Text(String),
    /// The end of a line.
    Break,
    /// Somebody or something is addressed.
    Mention(Mention),
    /// A small picture in the text.
    Emoji {
        /// The network's id of it, or its `mxc://` URI.
        id: String,
        /// Its short name without colons.
        name: String,
        /// It moves.
        animated: bool,
    },
    /// A formula in LaTeX.
    Maths(String),
    /// A moment, to be shown in the reader's own time.
    Time {
        /// The moment, in whole seconds once normalised.
        at: Timestamp,
        /// Discord's style letter (`t T d D f F R`), `f` when none was given.
        style: char,
    },
}

/// Somebody or something is addressed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mention {
    /// One account. A converter shows it natively if and only if the account is
    /// of its own network; the courier has translated the others before.
    Person {
        /// The account that is mentioned.
        who: Person,
        /// The name to show, without `@`.
        name: String,
    },
    /// Everybody in the chat.
    Everyone,
    /// A group of people.
    Role {
        /// The network's id of it.
        id: String,
        /// The name to show, without `@`.
        name: String,
        /// The colour in which its network shows it, `0xRRGGBB`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        colour: Option<u32>,
    },
    /// Another chat.
    Chat {
        /// The chat that is mentioned.
        place: Place,
        /// The name to show, without `#`.
        name: String,
    },
}

/// How a leaf is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Style {
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Struck through.
    pub strike: bool,
    /// Fixed width.
    pub code: bool,
    /// Small print.
    pub subtext: bool,
    /// Hidden until asked for.
    pub spoiler: Option<Spoiler>,
    /// The address of the link, at most [`bounds::ADDRESS`] characters once normalised.
    pub link: Option<String>,
}

/// Hidden until asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Spoiler {
    /// Why it is hidden, at most [`bounds::REASON`] characters once normalised.
    pub reason: Option<String>,
}

impl Span {
    /// Unstyled characters.
    pub fn text(text: impl Into<String>) -> Self {
        Self { leaf: Leaf::Text(text.into()), style: Style::default() }
    }

    /// Bold characters.
    pub fn bold(text: impl Into<String>) -> Self {
        let style = Style { bold: true, ..Style::default() };
        Self { leaf: Leaf::Text(text.into()), style }
    }

    /// Characters that lead somewhere.
    pub fn link(text: impl Into<String>, url: impl Into<String>) -> Self {
        let style = Style { link: Some(url.into()), ..Style::default() };
        Self { leaf: Leaf::Text(text.into()), style }
    }

    /// The end of a line.
    pub fn line_break() -> Self {
        Self { leaf: Leaf::Break, style: Style::default() }
    }
}

impl RichText {
    /// Puts words and a colon before the text, on the same line where it begins with one.
    pub fn lead_with(&mut self, words: Span) {
        let mut line = vec![words, Span::text(": ")];
        match self.0.first_mut() {
            Some(Block::Paragraph(spans)) => {
                line.append(spans);
                *spans = line;
            }
            Some(_) | None => self.0.insert(0, Block::Paragraph(line)),
        }
    }

    /// Literal characters; line feeds become breaks.
    pub fn plain_text(text: &str) -> Self {
        let mut spans = Vec::new();
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                spans.push(Span::line_break());
            }
            if !line.is_empty() {
                spans.push(Span::text(line));
            }
        }
        if spans.is_empty() { Self::default() } else { Self(vec![Block::Paragraph(spans)]) }
    }

    /// The lines of a block of code as running text, for what has to wear a style that no block of
    /// code can wear: hidden words.
    pub fn lines_of_code(text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                spans.push(Span::line_break());
            }
            let style = Style { code: true, ..Style::default() };
            spans.push(Span { leaf: Leaf::Text(line.to_owned()), style });
        }
        spans
    }

    /// One paragraph.
    pub fn paragraph(spans: Vec<Span>) -> Self {
        Self(vec![Block::Paragraph(spans)])
    }

    /// Whether the text has no blocks; a normalised text without blocks shows nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a run to the last paragraph; starts one if there is none at the end.
    pub fn push_span(&mut self, span: Span) {
        if let Some(Block::Paragraph(spans)) = self.0.last_mut() {
            spans.push(span);
        } else {
            self.0.push(Block::Paragraph(vec![span]));
        }
    }

    /// Appends unstyled characters to the last paragraph.
    pub fn push_text(&mut self, text: impl Into<String>) {
        self.push_span(Span::text(text));
    }

    /// Appends the blocks of another text.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Puts runs before everything else: at the start of the first paragraph, or as a
    /// paragraph of their own where the text starts with something else.
    pub fn prepend(&mut self, mut lead: Vec<Span>) {
        if let Some(Block::Paragraph(spans)) = self.0.first_mut() {
            lead.append(spans);
            *spans = lead;
        } else {
            self.0.insert(0, Block::Paragraph(lead));
        }
    }
}
