// SPDX-License-Identifier: AGPL-3.0-or-later
//! Discord Markdown: the parser and the writer.
//!
//! Rule: whatever [`to_markdown`] writes, [`from_markdown`] reads back as
//! [`degrade`] left it; literal text never becomes markup.

mod atoms;
mod blocks;
mod closing;
mod code;
mod degrade;
mod emoji;
mod escape;
mod inline;
mod linkify;
mod list;
mod table;
mod write;

use std::borrow::Cow;
use std::collections::HashMap;

use bridge_model::{Block, QuoteDepth, RichText, Span, Spoiler, Style, TextCapabilities};

pub use degrade::degrade;
pub(super) use degrade::is_label;
pub use linkify::linkify;

/// The sign that keeps two delimiters apart which would otherwise run together:
/// `**a**` and `*b*` are written with one in between, and the parser takes one away.
const JOINER: char = '\u{2060}';

/// The sign that breaks `@everyone` and runs of backticks in two.
const BREAKER: char = '\u{200B}';

/// The four characters that style delimiters are made of.
const DELIMITERS: [char; 4] = ['*', '_', '~', '|'];

/// What Discord Markdown can show.
///
/// See <https://support.discord.com/hc/en-us/articles/210298617>.
pub const TEXT: TextCapabilities = TextCapabilities {
    headings: 3,
    lists: true,
    tables: false,
    details: false,
    rules: false,
    quotes: QuoteDepth::One,
    expandable_quotes: false,
    blocks_in_quotes: true,
    code_blocks: true,
    code_language: true,
    basic_styles: true,
    underline: true,
    code: true,
    styled_code: true,
    spoilers: true,
    spoiler_reasons: false,
    subtext: true,
    links: true,
    custom_emoji: true,
    maths: false,
    timestamps: true,
};

/// What is shown of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Without `@`.
    pub name: String,
    /// `0xRRGGBB`; `None` where it is not shown in one.
    pub colour: Option<u32>,
}

/// The names behind the ids that stand in a message's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// User id to display name.
    pub users: HashMap<String, String>,
    /// Role id to role.
    pub roles: HashMap<String, Role>,
    /// Channel id to name.
    pub chats: HashMap<String, String>,
    /// `@everyone` and `@here` did address everybody.
    pub everyone: bool,
    /// `:name:` is the emoji of this name. What people type has the emoji itself already.
    pub emoji: bool,
}

impl Names {
    fn user(&self, id: &str) -> String {
        self.users.get(id).cloned().unwrap_or_else(|| "user".to_owned())
    }

    fn role(&self, id: &str) -> Role {
        let unknown = || Role { name: "role".to_owned(), colour: None };
        self.roles.get(id).cloned().unwrap_or_else(unknown)
    }

    fn chat(&self, id: &str) -> String {
        self.chats.get(id).cloned().unwrap_or_else(|| "channel".to_owned())
    }
}

/// Reads Discord Markdown as Discord's own clients show it.
///
/// Takes any string, never fails; what is not markup is text. A link of which nobody sees
/// anything (`[ ](https://...)`) shows its address. The result is normalised.
pub fn from_markdown(source: &str, names: &Names) -> RichText {
    let source = line_feeds(source);
    RichText(blocks::Blocks::new(names).parse(&source)).label_links().normalise()
}

/// Programs also end lines with carriage returns.
fn line_feeds(source: &str) -> Cow<'_, str> {
    if source.contains('\r') {
        Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(source)
    }
}

/// Hides the words of blocks until asked for.
pub(super) fn veil(blocks: &mut Vec<Block>) {
    *blocks = RichText(std::mem::take(blocks)).normalise().0;
    dress(blocks, &|style| {
        style.spoiler.get_or_insert_with(Spoiler::default);
    });
}

/// Gives all words of blocks a style.
fn dress(blocks: &mut [Block], put_on: &dyn Fn(&mut Style)) {
    let hides = {
        let mut style = Style::default();
        put_on(&mut style);
        style.spoiler.is_some()
    };
    let dressed = |spans: &mut Vec<Span>| spans.iter_mut().for_each(|span| put_on(&mut span.style));
    let mut open: Vec<&mut Block> = blocks.iter_mut().collect();
    while let Some(block) = open.pop() {
        match block {
            Block::Paragraph(spans) | Block::Heading { content: spans, .. } => dressed(spans),
            Block::Quote { blocks, .. } => open.extend(blocks),
            Block::List { items, .. } => {
                open.extend(items.iter_mut().flat_map(|item| &mut item.0));
            }
            Block::Code { text, .. } if hides => {
                let mut lines = RichText::lines_of_code(text);
                dressed(&mut lines);
                *block = Block::Paragraph(lines);
            }
            Block::Table { rows, .. } => rows.iter_mut().flatten().for_each(dressed),
            Block::Details { summary, blocks } => {
                dressed(summary);
                open.extend(blocks);
            }
            Block::Code { .. } | Block::Rule => {}
        }
    }
}

/// Writes `text` as Discord Markdown, in the shape that [`degrade`] gives it.
///
/// The length is not bounded: split first.
pub fn to_markdown(text: &RichText) -> String {
    write::blocks(&degrade(text).0)
}

/// As [`to_markdown`], of a piece that was cut out of a text in the shape that [`degrade`] gives.
///
/// Most pieces have that shape themselves; not where a link was cut, or a list, whose numbers go on.
pub fn piece_to_markdown(piece: &RichText) -> String {
    let ends = [piece.runs().next(), piece.runs().last()];
    let whole = ends.into_iter().flatten().all(|span| span.style.link.is_none());
    if whole && !piece.0.iter().any(holds_list) {
        return write::blocks(&piece.0);
    }
    to_markdown(piece)
}

fn holds_list(block: &Block) -> bool {
    match block {
        Block::List { .. } | Block::Table { .. } | Block::Details { .. } => true,
        Block::Quote { blocks, .. } => blocks.iter().any(holds_list),
        Block::Paragraph(_) | Block::Heading { .. } | Block::Code { .. } | Block::Rule => false,
    }
}

/// The length of a piece in Discord's unit, once written as by [`piece_to_markdown`].
pub fn measure(piece: &RichText) -> usize {
    piece_to_markdown(piece).chars().count()
}
