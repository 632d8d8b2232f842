// SPDX-License-Identifier: AGPL-3.0-or-later
//! Running text under construction, with white space as HTML collapses it.
//!
//! Rule: a space is kept back until something follows it on the same line; only
//! U+00A0 and line breaks that were asked for survive for sure.

use bridge_model::{Leaf, Span, Style};

/// Running text under construction.
#[derive(Default)]
pub(super) struct Line {
    spans: Vec<Span>,
    /// A space was seen, in this style.
    space: Option<Style>,
    /// The next thing stands on a line of its own.
    gap: bool,
}

/// White space that HTML collapses.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

impl Line {
    /// Appends characters.
    pub(super) fn text(&mut self, text: &str, style: &Style) {
        let mut run = String::new();
        let mut held = false;
        for c in text.chars() {
            if is_space(c) {
                if run.is_empty() {
                    self.space(style);
                } else {
                    held = true;
                }
                continue;
            }
            if run.is_empty() {
                self.settle();
            }
            if held {
                run.push(' ');
                held = false;
            }
            run.push(c);
        }
        if !run.is_empty() {
            self.spans.push(Span { leaf: Leaf::Text(run), style: style.clone() });
            if held {
                self.space(style);
            }
        }
    }

    /// Appends something that is not a character.
    pub(super) fn leaf(&mut self, leaf: Leaf, style: Style) {
        self.settle();
        self.spans.push(Span { leaf, style });
    }

    /// Appends a space that collapses with its neighbours.
    pub(super) fn space(&mut self, style: &Style) {
        if self.space.is_none() && !self.gap && !self.at_start() {
            self.space = Some(style.clone());
        }
    }

    /// Ends the line, also an empty one (`<br>`).
    pub(super) fn line_break(&mut self) {
        self.space = None;
        self.settle();
        self.spans.push(Span::line_break());
    }

    /// Ends the line unless it is empty (the edge of a block).
    pub(super) fn gap(&mut self) {
        self.space = None;
        self.gap = !self.at_start();
    }

    /// Whether what stands last is a part of a link to this address.
    pub(super) fn ends_in_link(&self, url: &str) -> bool {
        let last = self.spans.last().filter(|_| !self.gap);
        last.is_some_and(|span| span.style.link.as_deref() == Some(url))
    }

    /// Takes what was gathered.
    pub(super) fn take(&mut self) -> Vec<Span> {
        std::mem::take(self).spans
    }

    fn at_start(&self) -> bool {
        self.spans.last().is_none_or(|span| span.leaf == Leaf::Break)
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.gap) {
            self.spans.push(Span::line_break());
        } else if let Some(style) = self.space.take() {
            self.spans.push(Span { leaf: Leaf::Text(" ".to_owned()), style });
        }
    }
}
