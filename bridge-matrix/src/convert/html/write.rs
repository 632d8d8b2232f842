// SPDX-License-Identifier: AGPL-3.0-or-later
//! From a text to HTML.
//!
//! Rule: the text is native and normalised (see [`super::write`]). Every character
//! that is not ours is escaped, and white space is written so that no reader collapses
//! it: a space next to another, or at the start of a line, is `&nbsp;`.

use bridge_model::text::nest::{Node, Wrap, nest};
use bridge_model::{Block, Leaf, ListItem, Mention, RichText, Span};

use super::super::native;

/// Writes a text. One paragraph stands without `<p>`, as clients do it.
pub(super) fn write(text: &RichText) -> String {
    let mut writer = Writer::default();
    writer.blocks(&text.0, true);
    writer.out
}

#[derive(Default)]
struct Writer {
    out: String,
    /// A space here would be collapsed.
    after_space: bool,
}

impl Writer {
    /// `tight` leaves out `<p>` where only a list follows.
    fn blocks(&mut self, blocks: &[Block], tight: bool) {
        let mut blocks = blocks.iter().peekable();
        let mut first = true;
        while let Some(block) = blocks.next() {
            let bare = first && tight;
            first = false;
            match block {
                Block::Paragraph(spans) => {
                    let last = matches!(blocks.peek(), None | Some(Block::List { .. }));
                    self.paragraph(spans, bare && last);
                }
                Block::Heading { level, content } => {
                    let tag = format!("h{level}");
                    self.element(&tag, |writer| writer.line(content));
                }
                Block::Quote { blocks, .. } => {
                    self.element("blockquote", |writer| writer.blocks(blocks, false));
                }
                Block::List { start, items } => self.list(*start, items),
                Block::Code { language, text } => self.code(language.as_deref(), text),
                Block::Table { head, rows } => {
                    self.element("table", |writer| writer.rows(*head, rows));
                }
                Block::Details { summary, blocks } => self.element("details", |writer| {
                    writer.element("summary", |writer| writer.line(summary));
                    writer.blocks(blocks, false);
                }),
                Block::Rule => self.out.push_str("<hr>"),
            }
        }
    }

    fn element(&mut self, tag: &str, inside: impl FnOnce(&mut Self)) {
        self.open(tag);
        inside(self);
        self.close(tag);
    }

    fn open(&mut self, tag: &str) {
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn close(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    /// Two breaks in a row are the end of a paragraph.
    fn paragraph(&mut self, spans: &[Span], bare: bool) {
        let mut paragraphs = split_at_empty_lines(spans);
        if bare && paragraphs.len() == 1 {
            paragraphs.iter().for_each(|spans| self.line(spans));
        } else {
            for spans in paragraphs.drain(..) {
                self.element("p", |writer| writer.line(spans));
            }
        }
    }

    fn list(&mut self, start: Option<u32>, items: &[ListItem]) {
        let tag = match start {
            None => "ul",
            Some(_) => "ol",
        };
        match start {
            None | Some(1) => self.open(tag),
            Some(start) => self.out.push_str(&format!("<ol start=\"{start}\">")),
        }
        for ListItem(blocks) in items {
            self.element("li", |writer| writer.blocks(blocks, true));
        }
        self.close(tag);
    }

    fn code(&mut self, language: Option<&str>, text: &str) {
        match language {
            Some(language) => {
                self.out.push_str("<pre><code class=\"language-");
                self.attribute(language);
                self.out.push_str("\">");
            }
            None => self.out.push_str("<pre><code>"),
        }
        text.chars().for_each(|c| self.escaped(c));
        self.out.push_str("\n</code></pre>");
    }

    fn rows(&mut self, head: bool, rows: &[Vec<Vec<Span>>]) {
        let (first, rest) = rows.split_at(usize::from(head).min(rows.len()));
        for (section, cell, rows) in [("thead", "th", first), ("tbody", "td", rest)] {
            if rows.is_empty() {
                continue;
            }
            self.open(section);
            for row in rows {
                self.open("tr");
                for content in row {
                    self.element(cell, |writer| writer.line(content));
                }
                self.close("tr");
            }
            self.close(section);
        }
    }

    /// Running text that starts on a new line.
    fn line(&mut self, spans: &[Span]) {
        self.after_space = true;
        self.nodes(&nest(spans));
    }

    fn nodes(&mut self, nodes: &[Node<'_>]) {
        for node in nodes {
            match node {
                Node::Leaf(leaf) => self.leaf(leaf),
                Node::Styled(wrap, inside) => self.styled(*wrap, inside),
            }
        }
    }

    fn styled(&mut self, wrap: Wrap<'_>, inside: &[Node<'_>]) {
        let tag = match wrap {
            Wrap::Link(url) => {
                self.start_link(url);
                self.nodes(inside);
                self.close("a");
                return;
            }
            Wrap::Spoiler(spoiler) => {
                self.out.push_str("<span data-mx-spoiler");
                if let Some(reason) = &spoiler.reason {
                    self.out.push_str("=\"");
                    self.attribute(reason);
                    self.out.push('"');
                }
                self.out.push('>');
                self.nodes(inside);
                self.close("span");
                return;
            }
            Wrap::Subtext => "sub",
            Wrap::Bold => "strong",
            Wrap::Italic => "em",
            Wrap::Underline => "u",
            Wrap::Strike => "del",
            Wrap::Code => "code",
        };
        self.element(tag, |writer| writer.nodes(inside));
    }

    fn leaf(&mut self, leaf: &Leaf) {
        match leaf {
            Leaf::Text(text) => text.chars().for_each(|c| self.character(c)),
            Leaf::Break => {
                self.out.push_str("<br>");
                self.after_space = true;
            }
            Leaf::Mention(mention) => self.mention(mention),
            Leaf::Emoji { id, name, .. } => self.emoji(id, name),
            Leaf::Maths(latex) => {
                self.out.push_str("<span data-mx-maths=\"");
                self.attribute(latex);
                self.out.push_str("\"><code>");
                latex.chars().for_each(|c| self.escaped(c));
                self.out.push_str("</code></span>");
                self.after_space = false;
            }
            Leaf::Time { .. } => self.words(&leaf.shown()),
        }
    }

    fn mention(&mut self, mention: &Mention) {
        match mention {
            Mention::Person { who, name } => {
                self.start_link(&bot_core::address::matrix_to(who.user.as_str()));
                // The reader takes one `@` away.
                if name.starts_with('@') {
                    self.out.push('@');
                }
                self.words(name);
                self.close("a");
            }
            Mention::Chat { place, name } => {
                self.start_link(&bot_core::address::matrix_to(place.chat.as_str()));
                self.out.push('#');
                self.words(name);
                self.close("a");
            }
            Mention::Role { colour: Some(colour), .. } => {
                self.out.push_str(&format!("<span data-mx-color=\"#{:06x}\">", colour & 0xff_ffff));
                self.words(&mention.shown());
                self.close("span");
            }
            Mention::Everyone | Mention::Role { colour: None, .. } => {
                self.words(&mention.shown());
            }
        }
    }

    /// The markup of MSC2545 and of the specification; the height is that of a line of text.
    fn emoji(&mut self, id: &str, name: &str) {
        self.out.push_str("<img data-mx-emoticon src=\"");
        self.attribute(id);
        let shown = native::shortcode(name);
        for attribute in ["\" alt=\"", "\" title=\""] {
            self.out.push_str(attribute);
            self.attribute(&shown);
        }
        self.out.push_str("\" height=\"32\">");
        self.after_space = false;
    }

    fn start_link(&mut self, url: &str) {
        self.out.push_str("<a href=\"");
        self.attribute(url);
        self.out.push_str("\">");
    }

    fn words(&mut self, text: &str) {
        text.chars().for_each(|c| self.escaped(c));
        self.after_space = false;
    }

    fn attribute(&mut self, value: &str) {
        value.chars().for_each(|c| self.escaped(c));
    }

    fn character(&mut self, c: char) {
        if c == ' ' && self.after_space {
            self.escaped('\u{a0}');
        } else {
            self.escaped(c);
        }
        self.after_space = c == ' ' && !self.after_space;
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '"' => self.out.push_str("&quot;"),
            '\u{a0}' => self.out.push_str("&nbsp;"),
            other => self.out.push(other),
        }
    }
}

/// Cuts at two breaks in a row; three or more are lines that somebody left empty. A line
/// that starts with white space stays in its paragraph, or it would lose that.
fn split_at_empty_lines(spans: &[Span]) -> Vec<&[Span]> {
    let is_break = |span: &Span| span.leaf == Leaf::Break;
    let mut paragraphs = Vec::new();
    let mut rest = spans;
    let mut from = 0;
    while let Some(found) = rest.get(from..).and_then(|s| s.iter().position(is_break)) {
        let start = from + found;
        let behind = rest.get(start..).unwrap_or_default();
        let length = behind.iter().take_while(|span| is_break(span)).count();
        let next = behind.get(length..).unwrap_or_default();
        if length == 2 && !next.first().is_some_and(starts_with_space) {
            paragraphs.push(rest.get(..start).unwrap_or_default());
            rest = next;
            from = 0;
        } else {
            from = start + length;
        }
    }
    paragraphs.push(rest);
    paragraphs
}

fn starts_with_space(span: &Span) -> bool {
    matches!(&span.leaf, Leaf::Text(text) if text.starts_with(char::is_whitespace))
}
