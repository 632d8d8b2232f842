// SPDX-License-Identifier: AGPL-3.0-or-later
//! The text of a message as Telegram sees it: name line, quoted line, body.
//!
//! Rule: a name is data. It goes into a text leaf and never through markup.

use bot_core::SendAs;
use bridge_model::text::bounds::MESSAGES;
use bridge_model::{Block, Leaf, Mention, Message, MessageKind, Reply, RichText, Span, name};
use teloxide::types::MessageEntityKind;

use super::MAX_TEXT;
use super::links::{as_name, defused, write_out};
use crate::NETWORK;
use crate::convert::TelegramText;
use crate::convert::entities::{CAPABILITIES, utf16_len, write};

/// Longest name that is shown, in grapheme clusters.
const MAX_NAME: usize = 64;
/// What stands for a name in which nothing can be seen.
const NAMELESS: &str = "?";
/// Room for the number of a piece and of all pieces behind a name, in UTF-16 code units.
const PIECE_NUMBER: usize = 14;
/// Longest quoted line, in characters.
const MAX_EXCERPT: usize = 120;

/// The whole text; `below` are lines about what could not be sent or shown.
pub(super) fn body(
    send_as: &SendAs,
    message: &Message,
    native_reply: bool,
    below: Vec<RichText>,
) -> RichText {
    let mut said = message.body.clone();
    if message.silent {
        said = said.map_spans(&mut |span| vec![as_name(span)]);
    }
    if let Some(from) = &message.forwarded {
        let from = shown_name(&from.from);
        said.prepend(vec![Span::text(format!("↷ {from}")), Span::line_break()]);
    }
    for line in below {
        said.append(line);
    }
    if said.is_empty() && message.media.is_empty() && message.card.is_none() {
        return RichText::default();
    }
    let mut blocks = Vec::new();
    let mut head = Vec::new();
    if let Some(name) = send_as.name() {
        head = name_line(name, message.kind);
    }
    let quote = message.reply_to.as_ref().filter(|_| !native_reply).and_then(quote);
    if let Some(quote) = quote {
        blocks.push(Block::Paragraph(std::mem::take(&mut head)));
        blocks.push(quote);
    }
    let mut rest = said.0.into_iter();
    match rest.next() {
        Some(Block::Paragraph(spans)) => {
            next_line(&mut head, message.kind);
            head.extend(spans);
            blocks.push(Block::Paragraph(head));
        }
        first => {
            blocks.push(Block::Paragraph(head));
            blocks.extend(first);
        }
    }
    blocks.extend(rest);
    RichText(blocks).normalise()
}

/// The name as it is shown: nobody is called by it, and it is no address.
pub(super) fn shown_name(name: &str) -> String {
    name::clean(name, MAX_NAME).map_or_else(|| NAMELESS.to_owned(), |name| name::defuse(&name))
}

/// There is something to quote of what is answered.
pub(super) fn has_quote(reply: &Reply) -> bool {
    quote(reply).is_some()
}

/// `Name:` or, in the third person, `* Name`.
fn name_line(name: &str, kind: MessageKind) -> Vec<Span> {
    let name = shown_name(name);
    match kind {
        MessageKind::Emote => vec![Span::text("* "), Span::bold(name)],
        MessageKind::Text | MessageKind::Notice => vec![Span::bold(format!("{name}:"))],
    }
}

/// What is said in the third person goes on in the line of the name.
fn next_line(head: &mut Vec<Span>, kind: MessageKind) {
    if !head.is_empty() {
        head.push(match kind {
            MessageKind::Emote => Span::text(" "),
            MessageKind::Text | MessageKind::Notice => Span::line_break(),
        });
    }
}

fn quote(reply: &Reply) -> Option<Block> {
    let mut spans = Vec::new();
    let called = reply.called.iter().find(|who| who.network.as_str() == NETWORK);
    match (&reply.name, called) {
        (Some(name), Some(who)) => {
            let who = Mention::Person { who: who.clone(), name: shown_name(name) };
            spans.push(Span { leaf: Leaf::Mention(who), ..Span::bold("") });
            spans.push(Span::bold(":"));
        }
        (Some(name), None) => spans.push(Span::bold(format!("{}:", shown_name(name)))),
        (None, _) => {}
    }
    if let Some(excerpt) = &reply.excerpt {
        let line = one_line(&excerpt.plain(), MAX_EXCERPT);
        let gap = if spans.is_empty() { "" } else { " " };
        // What is quoted called people once already.
        spans.push(Span::text(format!("{gap}{}", defused(&line))));
    }
    if spans.is_empty() {
        return None;
    }
    Some(Block::Quote { blocks: vec![Block::Paragraph(spans)], expandable: false })
}

/// `text` in one line of at most `max` characters.
pub(super) fn one_line(text: &str, max: usize) -> String {
    cut(&name::one_line(text, max.saturating_add(1)), max)
}

/// The first `max` characters of `text`, with a sign that there was more.
pub(super) fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let cut: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// `text` in pieces that the platform takes: `max` UTF-16 code units and not too many or too large
/// entities.
///
/// Degraded before it is cut, so that no bullet or reason is drawn again in the next piece.
pub fn split(text: &RichText, max: usize) -> Vec<TelegramText> {
    let measure = |piece: &RichText| write(piece).measure(max);
    text.restrict(&CAPABILITIES).split(max, &measure).iter().map(write).collect()
}

/// The pieces of a whole message, the first of at most `first` units of UTF-16 and the others of
/// [`MAX_TEXT`]. Each after the first begins with the author's name and its number,
/// `Mallory (2/3):`, so that nobody can write a line into it that looks like the name line of
/// somebody else's message.
pub(super) fn named_pieces(send_as: &SendAs, text: &RichText, first: usize) -> Vec<TelegramText> {
    let text = write_out(text).restrict(&CAPABILITIES);
    let measure = |max: usize, entities: usize| {
        move |piece: &RichText| write(piece).measure_with(max, entities)
    };
    let (head, rest) = text.split_first(first, &measure(first, 0));
    if rest.is_empty() {
        return if head.is_empty() { Vec::new() } else { vec![write(&head)] };
    }
    let name = send_as.name().map(shown_name);
    let room = name.as_ref().map_or(0, |name| utf16_len(name) + PIECE_NUMBER);
    let max = MAX_TEXT.saturating_sub(room);
    let entities = usize::from(name.is_some());
    let pieces = rest.split_for_chat((max, MESSAGES - 1), &CAPABILITIES, &measure(max, entities));
    let all = pieces.len() + 1;
    let named = |(number, piece): (usize, &RichText)| match &name {
        Some(name) => {
            write(piece).below(&format!("{name} ({number}/{all}):"), MessageEntityKind::Italic)
        }
        None => write(piece),
    };
    std::iter::once(write(&head)).chain((2..).zip(&pieces).map(named)).collect()
}
