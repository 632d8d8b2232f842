// SPDX-License-Identifier: AGPL-3.0-or-later
//! From the model to the bodies of Discord's requests.
//!
//! Rule: pure, and the same for the same order, so that a second try has the same
//! parts as the first. Nobody is called but people who were resolved.

mod name;
mod request;

use bridge_model::{Block, Leaf, Media, Mention, Message, RichText, Span, Style};

use super::markdown::{degrade, linkify, measure, to_markdown};
use crate::NETWORK;

pub use name::username;
pub use request::{
    bot_edit, bot_post, commands, reaction_path, webhook_edit, webhook_post, with_attachments,
};

/// Discord's limit of characters in one message.
pub const MOST_CHARACTERS: usize = 2000;

/// Discord's limit of files in one message.
pub const MOST_FILES: usize = 10;

/// Discord's limit of bytes in one file, for servers without boosts.
pub const MOST_BYTES: u64 = 10 * 1024 * 1024;

/// How much of a message that is answered is quoted.
const EXCERPT: usize = 80;

/// One message of the destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Its Markdown; may be empty when there are files.
    pub content: String,
    /// The accounts that are called by it.
    pub users: Vec<u64>,
    /// Which of the message's media it carries, as indices.
    pub files: Vec<usize>,
}

/// The messages that say what `message` says. `answered` is the line that stands
/// first in the place of a native reply.
///
/// Text comes first; the files hang on the last piece of text, ten to a message. A
/// file that is too big becomes a line with its name and size.
pub fn pieces(message: &Message, answered: Option<Vec<Span>>) -> Vec<Piece> {
    let mut body = linkify(&message.body);
    let (fitting, big): (Vec<_>, Vec<_>) =
        message.media.iter().enumerate().partition(|(_, media)| fits(media));
    for (_, media) in big {
        body.append(RichText::paragraph(vec![Span::text(placeholder(media))]));
    }
    if let Some(forward) = &message.forwarded {
        body.prepend(vec![small(&format!("↷ {}", forward.from)), Span::line_break()]);
    }
    if let Some(mut line) = answered {
        line.push(Span::line_break());
        body.prepend(line);
    }
    let texts = degrade(&body).split(MOST_CHARACTERS, &measure);
    let mut pieces: Vec<Piece> = texts
        .iter()
        .map(|text| Piece { content: to_markdown(text), users: called(text), files: Vec::new() })
        .collect();
    let files: Vec<usize> = fitting.into_iter().map(|(index, _)| index).collect();
    for (number, chunk) in files.chunks(MOST_FILES).enumerate() {
        match pieces.last_mut().filter(|_| number == 0) {
            Some(last) => last.files = chunk.to_vec(),
            None => pieces.push(Piece { files: chunk.to_vec(), ..Piece::default() }),
        }
    }
    pieces
}

/// The file may be sent, as far as is known.
fn fits(media: &Media) -> bool {
    media.size.is_none_or(|size| size <= MOST_BYTES)
}

/// The line for a file that cannot be sent.
pub fn placeholder(media: &Media) -> String {
    let name = media.name.as_deref().unwrap_or("…");
    match media.size {
        Some(size) => {
            let tenths = size.saturating_mul(10) / (1024 * 1024);
            format!("📎 {name} ({}.{} MB)", tenths / 10, tenths % 10)
        }
        None => format!("📎 {name}"),
    }
}

fn called(text: &RichText) -> Vec<u64> {
    let mut users: Vec<u64> = text
        .mentions()
        .filter_map(|mention| match mention {
            Mention::Person { who, .. } if who.network.as_str() == NETWORK => {
                who.user.as_str().parse().ok().filter(|id| *id != 0)
            }
            Mention::Person { .. }
            | Mention::Everyone
            | Mention::Role { .. }
            | Mention::Chat { .. } => None,
        })
        .collect();
    users.sort_unstable();
    users.dedup();
    // Discord takes at most 100.
    users.truncate(100);
    users
}

/// The line `↪ Name: words` that stands for a reply where there is no native one;
/// the name leads to `link`.
pub fn answered(message: &Message, link: Option<String>) -> Option<Vec<Span>> {
    let reply = message.reply_to.as_ref()?;
    let name = reply.name.clone().unwrap_or_default();
    let words = reply.excerpt.as_ref().map(excerpt).unwrap_or_default();
    if name.is_empty() && words.is_empty() && link.is_none() {
        return None;
    }
    let label = if name.is_empty() { "…".to_owned() } else { name };
    let style = Style { subtext: true, link, ..Style::default() };
    let mut line = vec![small("↪ "), Span { leaf: Leaf::Text(label), style }];
    if !words.is_empty() {
        line.push(small(&format!(": {words}")));
    }
    Some(line)
}

fn small(text: &str) -> Span {
    let style = Style { subtext: true, ..Style::default() };
    Span { leaf: Leaf::Text(text.to_owned()), style }
}

/// One line, without what the author had hidden.
fn excerpt(text: &RichText) -> String {
    let open = RichText(text.0.iter().map(veiled).collect());
    let line = open.plain().split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= EXCERPT {
        return line;
    }
    let short: String = line.chars().take(EXCERPT).collect();
    format!("{}…", short.trim_end())
}

fn veiled(block: &Block) -> Block {
    match block {
        Block::Paragraph(spans) => Block::Paragraph(spans.iter().map(veil).collect()),
        Block::Heading { level, content } => {
            Block::Heading { level: *level, content: content.iter().map(veil).collect() }
        }
        Block::Quote { blocks, expandable } => {
            Block::Quote { blocks: blocks.iter().map(veiled).collect(), expandable: *expandable }
        }
        Block::List { start, items } => {
            let items = items
                .iter()
                .map(|item| bridge_model::ListItem(item.0.iter().map(veiled).collect()));
            Block::List { start: *start, items: items.collect() }
        }
        Block::Details { summary, .. } => Block::Paragraph(summary.iter().map(veil).collect()),
        Block::Code { .. } | Block::Table { .. } | Block::Rule => block.clone(),
    }
}

fn veil(span: &Span) -> Span {
    if span.style.spoiler.is_some() { Span::text("▒▒▒") } else { span.clone() }
}
