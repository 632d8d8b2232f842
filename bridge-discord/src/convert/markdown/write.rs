// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writes blocks and spans as Markdown.
//!
//! Rule: takes only what `degrade` gives; there is no other way for what Discord
//! cannot show.

use bridge_model::{Block, Leaf, ListItem, Mention, Span, Style};

use super::{JOINER, atoms, code, escape};

/// The blocks, one under the other.
pub(super) fn blocks(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut before: Option<&Block> = None;
    for block in blocks {
        if let Some(before) = before {
            out.push('\n');
            // Discord would count on: an empty line ends a numbered list.
            if is_numbered(before) && is_numbered(block) {
                out.push('\n');
            }
        }
        out.push_str(&write_block(block));
        before = Some(block);
    }
    out
}

fn is_numbered(block: &Block) -> bool {
    matches!(block, Block::List { start: Some(_), .. })
}

fn write_block(block: &Block) -> String {
    match block {
        Block::Paragraph(spans) => lines(spans),
        Block::Heading { level, content } => {
            let marks = "#".repeat(usize::from(*level));
            let words = Line::write(content, true);
            format!("{marks} {words}")
        }
        Block::Quote { blocks: inner, .. } => indent(&blocks(inner), "> ", "> "),
        Block::List { start, items } => list(*start, items),
        Block::Code { language, text } => {
            let language = language.as_deref().unwrap_or_default();
            format!("```{language}\n{}\n```", code::encode(text, 2))
        }
        Block::Details { blocks: inner, .. } => blocks(inner),
        Block::Table { rows, .. } => {
            let cells = rows.iter().flatten().map(|cell| lines(cell));
            cells.collect::<Vec<_>>().join("\n")
        }
        Block::Rule => "\\---".to_owned(),
    }
}

fn list(start: Option<u32>, items: &[ListItem]) -> String {
    let mut out = Vec::new();
    for (number, item) in (start.unwrap_or(0)..=u32::MAX).zip(items) {
        let mark = if start.is_some() { format!("{number}. ") } else { "- ".to_owned() };
        out.push(indent(&blocks(&item.0), &mark, &" ".repeat(mark.len())));
    }
    out.join("\n")
}

fn indent(text: &str, first: &str, others: &str) -> String {
    let lines = text.split('\n').enumerate();
    let marked =
        lines.map(|(number, line)| format!("{}{line}", if number == 0 { first } else { others }));
    marked.collect::<Vec<_>>().join("\n")
}

fn lines(spans: &[Span]) -> String {
    let lines = spans.split(|span| span.leaf == Leaf::Break);
    let written = lines.map(|line| {
        let small = line.iter().any(|span| span.style.subtext);
        format!("{}{}", if small { "-# " } else { "" }, Line::write(line, false))
    });
    written.collect::<Vec<_>>().join("\n")
}

/// One line being written.
struct Line {
    out: String,
    /// Where the last style was closed, as a length of `out`.
    closed: Option<usize>,
    /// Discord drops number signs from the end of a heading.
    heading: bool,
    /// Discord shows backslashes in the label of a link.
    label: bool,
}

/// The label of a link, as it stands between the brackets.
pub(super) fn label(words: &[Span]) -> String {
    let mut line = Line { out: String::new(), closed: None, heading: false, label: true };
    line.group(words, &[]);
    line.out
}

/// One thing that a span can wear, with its delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wear {
    Link,
    Spoiler,
    Bold,
    Italic,
    Underline,
    Strike,
}

impl Wear {
    const ALL: [Self; 6] =
        [Self::Spoiler, Self::Link, Self::Bold, Self::Italic, Self::Underline, Self::Strike];

    fn on(self, style: &Style) -> bool {
        match self {
            Self::Link => style.link.is_some(),
            Self::Spoiler => style.spoiler.is_some(),
            Self::Bold => style.bold,
            Self::Italic => style.italic,
            Self::Underline => style.underline,
            Self::Strike => style.strike,
        }
    }

    /// Both wear it, and the same one.
    fn shared(self, one: &Style, other: &Style) -> bool {
        // The address of a link stands behind its words: a spoiler around some of them would leave
        // it open, so that each link is wholly inside or outside of one.
        let same_link =
            || one.link == other.link && one.spoiler.is_some() == other.spoiler.is_some();
        self.on(one) && self.on(other) && (self != Self::Link || same_link())
    }

    fn delimiter(self) -> &'static str {
        match self {
            Self::Link => "",
            Self::Spoiler => "||",
            Self::Bold => "**",
            Self::Italic => "*",
            Self::Underline => "__",
            Self::Strike => "~~",
        }
    }
}

impl Line {
    fn write(spans: &[Span], heading: bool) -> String {
        let mut line = Self { out: String::new(), closed: None, heading, label: false };
        line.group(spans, &[]);
        line.out
    }

    /// Writes spans that all wear `open` already.
    fn group(&mut self, spans: &[Span], open: &[Wear]) {
        let mut left = spans;
        while let Some(first) = left.first() {
            let reach = |wear: Wear| {
                left.iter().take_while(|span| wear.shared(&first.style, &span.style)).count()
            };
            let wears = Wear::ALL.into_iter().filter(|w| !open.contains(w) && w.on(&first.style));
            // An address that says itself is no label: every other style stands outside of it.
            let innermost = |wear: Wear| wear == Wear::Link && says_itself(first);
            let order = |wear: &Wear| (*wear == Wear::Spoiler, !innermost(*wear), reach(*wear));
            // The first of several that reach equally far is to be the outermost.
            let widest = wears.rev().max_by_key(order);
            let count = widest.map_or(1, reach);
            let (now, later) = left.split_at_checked(count).unwrap_or((left, &[]));
            match widest {
                None => self.leaf(first),
                Some(Wear::Link) => self.link(now, open, later),
                Some(wear) => self.styled(now, open, wear),
            }
            left = later;
        }
    }

    fn styled(&mut self, spans: &[Span], open: &[Wear], wear: Wear) {
        self.keep_apart(wear.delimiter());
        self.out.push_str(wear.delimiter());
        self.closed = None;
        let start = self.out.len();
        self.group(spans, &[open, &[wear]].concat());
        match wear {
            Wear::Bold | Wear::Italic => self.shield_spaces(start),
            Wear::Spoiler => self.guard_bars(start),
            Wear::Link | Wear::Underline | Wear::Strike => {}
        }
        self.out.push_str(wear.delimiter());
        self.closed = Some(self.out.len());
    }

    /// `*` neither opens before a space nor closes after one: a joiner goes in between,
    /// and one more where joiners are there already. `**` does the same, because `***` may
    /// be read with either inside.
    fn shield_spaces(&mut self, start: usize) {
        let inner = self.out.get(start..).unwrap_or_default();
        let front = inner.trim_start_matches(JOINER).starts_with(' ');
        let back = inner.trim_end_matches(JOINER).ends_with(' ');
        if front {
            self.out.insert(start, JOINER);
        }
        if back {
            self.out.push(JOINER);
        }
    }

    /// Discord takes the first two bars for the end, whether the first is escaped or not: a joiner
    /// keeps a bar at the end apart, and one more where joiners are there already.
    fn guard_bars(&mut self, start: usize) {
        let inner = self.out.get(start..).unwrap_or_default();
        if inner.trim_end_matches(JOINER).ends_with('|') {
            self.out.push(JOINER);
        }
    }

    /// Puts a joiner between a delimiter that closed and one that opens, where
    /// they would run together or where joiners stand there already.
    fn keep_apart(&mut self, opening: &str) {
        let Some(closed) = self.closed else { return };
        let between = self.out.get(closed..).unwrap_or_default();
        if !between.chars().all(|c| c == JOINER) {
            return;
        }
        let run_together = self.out.chars().last() == opening.chars().next();
        if !between.is_empty() || run_together {
            self.out.push(JOINER);
        }
    }

    fn link(&mut self, spans: &[Span], open: &[Wear], later: &[Span]) {
        let url = spans.first().and_then(|span| span.style.link.clone()).unwrap_or_default();
        // Its last sign would run together with the mark that ends a style.
        let runs_on = !open.is_empty() && url.ends_with(['*', '_', '~', '|']);
        let open = [open, &[Wear::Link]].concat();
        if let [only] = spans
            && says_itself(only)
        {
            let bare = !runs_on && self.may_stand_bare(&url, later);
            self.out.push_str(&if bare { url } else { format!("<{url}>") });
            return;
        }
        self.out.push('[');
        self.closed = None;
        self.label = true;
        self.group(spans, &open);
        self.label = false;
        self.closed = None;
        let fenced = url.contains(['(', ')']);
        self.out.push_str(&if fenced { format!("](<{url}>)") } else { format!("]({url})") });
    }

    fn may_stand_bare(&self, url: &str, later: &[Span]) -> bool {
        let chars: Vec<char> = url.chars().collect();
        let whole = atoms::bare_address(&chars, 0) == Some(chars.len());
        // In a cell or a struck line these signs would end a style, whatever is open here.
        let quiet = !["*", "__", "~~", "||"].iter().any(|sign| url.contains(sign));
        let apart = !self.out.chars().last().is_some_and(char::is_alphanumeric);
        let kept = !(self.heading && url.ends_with('#'));
        whole && quiet && apart && kept && ends_before(url, later)
    }

    fn leaf(&mut self, span: &Span) {
        match &span.leaf {
            Leaf::Text(text) if span.style.code => {
                let hidden = span.style.spoiler.is_some();
                let text = if hidden { &code::break_bars(text) } else { text };
                self.out.push_str(&code::span(text));
            }
            Leaf::Text(text) | Leaf::Maths(text) if self.label => self.out.push_str(text),
            Leaf::Text(text) | Leaf::Maths(text) => escape::push(&mut self.out, text, self.heading),
            Leaf::Break => self.out.push('\n'),
            Leaf::Mention(mention) => self.mention(mention),
            Leaf::Emoji { id, name, animated } => {
                let animated = if *animated { "a" } else { "" };
                self.out.push_str(&format!("<{animated}:{name}:{id}>"));
            }
            Leaf::Time { at, style } => {
                let seconds = at.0.div_euclid(1000);
                self.out.push_str(&format!("<t:{seconds}:{style}>"));
            }
        }
    }

    fn mention(&mut self, mention: &Mention) {
        match mention {
            Mention::Person { who, .. } => {
                self.out.push_str(&format!("<@{}>", who.user.as_str()));
            }
            Mention::Role { id, .. } => self.out.push_str(&format!("<@&{id}>")),
            Mention::Chat { place, .. } => {
                self.out.push_str(&format!("<#{}>", place.chat.as_str()));
            }
            Mention::Everyone => self.out.push_str("@everyone"),
        }
    }
}

/// Whoever reads the address ends it before what follows.
fn ends_before(url: &str, later: &[Span]) -> bool {
    let Some(next) = later.first() else { return true };
    let Leaf::Text(text) = &next.leaf else { return false };
    let mut behind = String::from(url);
    escape::push(&mut behind, text, false);
    let chars: Vec<char> = behind.chars().collect();
    let plain = is_plain(next) && (later.len() == 1 || text.contains(char::is_whitespace));
    plain && atoms::bare_address(&chars, 0) == Some(url.chars().count())
}

fn is_plain(span: &Span) -> bool {
    span.style == Style::default()
}

/// A link whose words are its address.
fn says_itself(span: &Span) -> bool {
    match &span.leaf {
        Leaf::Text(words) => !span.style.code && span.style.link.as_ref() == Some(words),
        Leaf::Break
        | Leaf::Mention(_)
        | Leaf::Emoji { .. }
        | Leaf::Maths(_)
        | Leaf::Time { .. } => false,
    }
}
