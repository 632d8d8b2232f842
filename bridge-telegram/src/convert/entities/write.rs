// SPDX-License-Identifier: AGPL-3.0-or-later
//! Formatted text to text with entities.
//!
//! Rule: one entity per style and stretch, outer before inner, so that the platform has nothing
//! to repair.

use bridge_model::{Block, Leaf, Mention, RichText, Span, Style};
use teloxide::types::{MessageEntity, MessageEntityKind, User, UserId};

use super::{CAPABILITIES, TelegramText, utf16_len};
use crate::NETWORK;

/// Writes `text` as Telegram shows it, after degrading what Telegram cannot show.
pub fn to_telegram(text: &RichText) -> TelegramText {
    write(&text.restrict(&CAPABILITIES))
}

/// As [`to_telegram`], for a text that is degraded already.
pub(crate) fn write(text: &RichText) -> TelegramText {
    let mut writer = Writer::default();
    writer.blocks(&text.0);
    writer.finish()
}

#[derive(Default)]
struct Writer {
    text: String,
    /// UTF-16 length of `text`.
    at: usize,
    entities: Vec<MessageEntity>,
}

/// A stretch of text with its style; a break has none of its own.
struct Run<'a> {
    start: usize,
    length: usize,
    style: &'a Style,
    is_break: bool,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block]) {
        for (number, block) in blocks.iter().enumerate() {
            if number > 0 {
                self.push("\n");
            }
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        let start = self.at;
        match block {
            Block::Paragraph(spans) | Block::Heading { content: spans, .. } => self.spans(spans),
            Block::Quote { blocks, expandable } => {
                self.blocks(blocks);
                self.cover(start, quote_kind(*expandable));
            }
            Block::Code { language, text } => {
                self.push(text);
                self.cover(start, MessageEntityKind::Pre { language: language.clone() });
            }
            // `restrict` has turned these into paragraphs; their words are kept even if it did not.
            Block::List { items, .. } => {
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        self.push("\n");
                    }
                    self.blocks(&item.0);
                }
            }
            Block::Table { rows, .. } => {
                for (number, cell) in rows.iter().flatten().enumerate() {
                    if number > 0 {
                        self.push(" ");
                    }
                    self.spans(cell);
                }
            }
            Block::Details { summary, blocks } => {
                self.spans(summary);
                self.push("\n");
                self.blocks(blocks);
            }
            Block::Rule => self.push("---"),
        }
    }

    fn spans(&mut self, spans: &[Span]) {
        let mut runs = Vec::new();
        for span in spans {
            let start = self.at;
            self.leaf(&span.leaf);
            let length = self.at - start;
            let is_break = matches!(span.leaf, Leaf::Break);
            runs.push(Run { start, length, style: &span.style, is_break });
        }
        use MessageEntityKind::{Bold, Italic, Spoiler, Strikethrough, Underline};
        self.stretches(&runs, |style| style.bold.then_some(()), |()| Some(Bold));
        self.stretches(&runs, |style| style.italic.then_some(()), |()| Some(Italic));
        self.stretches(&runs, |style| style.underline.then_some(()), |()| Some(Underline));
        self.stretches(&runs, |style| style.strike.then_some(()), |()| Some(Strikethrough));
        self.stretches(&runs, |style| style.spoiler.as_ref().map(|_| ()), |()| Some(Spoiler));
        self.stretches(&runs, |style| style.link.as_deref(), link_kind);
        for run in runs.iter().filter(|run| run.style.code) {
            self.entity(MessageEntityKind::Code, run.start, run.length);
        }
    }

    fn leaf(&mut self, leaf: &Leaf) {
        let start = self.at;
        match leaf {
            Leaf::Mention(Mention::Person { who, name }) => {
                let native = (who.network.as_str() == NETWORK)
                    .then(|| user(who.user.as_str(), name))
                    .flatten();
                match native {
                    Some(user) => {
                        self.push(name);
                        self.cover(start, MessageEntityKind::TextMention { user });
                    }
                    None => self.push(&leaf.shown()),
                }
            }
            Leaf::Text(_)
            | Leaf::Break
            | Leaf::Maths(_)
            | Leaf::Emoji { .. }
            | Leaf::Time { .. }
            | Leaf::Mention(Mention::Everyone | Mention::Role { .. } | Mention::Chat { .. }) => {
                self.push(&leaf.shown());
            }
        }
    }

    /// One entity per stretch of neighbours with the same mark; breaks in between belong to it.
    /// `kind` is asked once for each stretch: reading an address takes time.
    fn stretches<'a, M: Copy + PartialEq>(
        &mut self,
        runs: &[Run<'a>],
        mark: impl Fn(&'a Style) -> Option<M>,
        kind: impl Fn(M) -> Option<MessageEntityKind>,
    ) {
        let shown = runs.iter().filter(|run| !run.is_break).collect::<Vec<_>>();
        for stretch in shown.chunk_by(|a, b| mark(a.style) == mark(b.style)) {
            let ([first, ..], [.., last]) = (stretch, stretch) else { continue };
            if let Some(kind) = mark(first.style).and_then(&kind) {
                self.entity(kind, first.start, last.start + last.length - first.start);
            }
        }
    }

    fn cover(&mut self, start: usize, kind: MessageEntityKind) {
        self.entity(kind, start, self.at - start);
    }

    fn entity(&mut self, kind: MessageEntityKind, start: usize, length: usize) {
        if length > 0 {
            self.entities.push(MessageEntity { kind, offset: start, length });
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.at += utf16_len(text);
    }

    fn finish(mut self) -> TelegramText {
        self.entities.sort_by(|a, b| a.offset.cmp(&b.offset).then(b.length.cmp(&a.length)));
        TelegramText { text: self.text, entities: self.entities }
    }
}

fn quote_kind(expandable: bool) -> MessageEntityKind {
    if expandable { MessageEntityKind::ExpandableBlockquote } else { MessageEntityKind::Blockquote }
}

fn link_kind(url: &str) -> Option<MessageEntityKind> {
    Some(MessageEntityKind::TextLink { url: url::Url::parse(url).ok()? })
}

/// The platform looks at the id alone; the other fields only complete the type.
fn user(id: &str, name: &str) -> Option<User> {
    Some(User {
        id: UserId(id.parse().ok()?),
        is_bot: false,
        first_name: name.to_owned(),
        last_name: None,
        username: None,
        language_code: None,
        is_premium: false,
        added_to_attachment_menu: false,
    })
}
