// SPDX-License-Identifier: AGPL-3.0-or-later
//! Writes out what a network cannot hold in a style: where a link leads, why something is hidden.
//!
//! Rule: a stretch is a row of runs with the same link or spoiler. Ends of line, ends of blocks
//! and the marks that `restrict` puts at the start of a line do not end it, so where it ends does
//! not depend on what was degraded before.

use super::bounds::Told;
use super::walk::{self, Flat, flat_blocks, map_runs};
use super::{Block, Leaf, RichText, Span, Spoiler, Style, normal};

impl RichText {
    /// Writes ` (address)` behind each stretch whose link the network does not take, unless it
    /// says just that, and takes the link away; normalised.
    #[must_use]
    pub fn write_out_links(&self, takes: &dyn Fn(&str) -> bool) -> Self {
        let normal = normal::canonical(&self.0);
        let is_taken = |span: &&Span| span.style.link.as_deref().is_none_or(takes);
        if walk::spans(&normal).iter().all(is_taken) {
            return Self(normal);
        }
        Self(normal::canonical(&links(normal, takes)))
    }

    /// For networks that write the address of a link on each of its lines: a long address stays
    /// only on the last lines of its stretch, the others keep their words; normalised.
    #[must_use]
    pub fn thin_out_links(&self) -> Self {
        let normal = normal::canonical(&self.0);
        if walk::spans(&normal).iter().all(|span| span.style.link.is_none()) {
            return Self(normal);
        }
        Self(normal::canonical(&thinned(normal)))
    }
}

/// A part of a text, in reading order.
enum Part<'a> {
    /// A run; they are counted from 0.
    Run(&'a Span),
    /// Before the first run of a paragraph, a heading, a cell, a summary.
    Start,
    /// A block of code, a rule: something is between what stands before and behind it.
    Other,
}

fn parts(blocks: &[Block]) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    for flat in flat_blocks(blocks) {
        match flat {
            Flat::Summary(spans) => row(&mut out, spans),
            Flat::Block(Block::Paragraph(spans) | Block::Heading { content: spans, .. }) => {
                row(&mut out, spans);
            }
            Flat::Block(Block::Table { rows, .. }) => {
                rows.iter().flatten().for_each(|cell| row(&mut out, cell));
            }
            Flat::Block(
                Block::Code { .. }
                | Block::Rule
                | Block::Quote { .. }
                | Block::List { .. }
                | Block::Details { .. },
            ) => out.push(Part::Other),
        }
    }
    out
}

fn row<'a>(out: &mut Vec<Part<'a>>, spans: &'a [Span]) {
    out.push(Part::Start);
    out.extend(spans.iter().map(Part::Run));
}

/// Runs that a stretch goes on behind: ends of line, white space, and what may be a bullet, a
/// number, the sign of a quote or what parts two cells.
fn is_mark(span: &Span) -> bool {
    match &span.leaf {
        Leaf::Break => true,
        Leaf::Text(text) => {
            span.style.link.is_none()
                && span.style.spoiler.is_none()
                && text.chars().all(|c| {
                    c.is_whitespace() || c.is_ascii_digit() || matches!(c, '>' | '•' | '|' | '.')
                })
        }
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => false,
    }
}

/// Writes `(reason) ` before each hidden stretch, parted from what stands before it on its line,
/// and takes the reason away.
pub(super) fn reasons(blocks: Vec<Block>) -> Vec<Block> {
    let tellings = tellings(&blocks);
    let mut telling = tellings.into_iter();
    map_runs(blocks, &mut |spans| {
        let mut out: Vec<Span> = Vec::with_capacity(spans.len());
        for mut span in spans {
            if let Some(Telling { within_link }) = telling.next().flatten() {
                out.push(told(&span, within_link, out.last()));
            }
            if let Some(spoiler) = &mut span.style.spoiler {
                spoiler.reason = None;
            }
            out.push(span);
        }
        out
    })
}

/// A reason has to be written before a run.
struct Telling {
    /// The link goes on here: the reason belongs to it, or it would cut it in two.
    within_link: bool,
}

/// For each run, whether its reason is written before it.
fn tellings(blocks: &[Block]) -> Vec<Option<Telling>> {
    let mut told = Told::default();
    let mut before: Option<&Style> = None;
    let mut out = Vec::new();
    for part in parts(blocks) {
        match part {
            Part::Start => {}
            Part::Other => before = None,
            Part::Run(span) if is_mark(span) => out.push(None),
            Part::Run(Span { style, .. }) => {
                let last = before.replace(style);
                let reason = style.spoiler.as_ref().and_then(|spoiler| spoiler.reason.as_ref());
                let starts = last.is_none_or(|last| last.spoiler != style.spoiler);
                let telling = reason.filter(|reason| starts && told.tell(reason));
                let within_link = last.is_some_and(|last| last.link == style.link);
                out.push(telling.map(|_| Telling { within_link }));
            }
        }
    }
    out
}

fn told(span: &Span, within_link: bool, before: Option<&Span>) -> Span {
    let reason = span.style.spoiler.as_ref().and_then(|spoiler| spoiler.reason.as_deref());
    // Glued to an address it would belong to that.
    let glued = before.is_some_and(|span| match &span.leaf {
        Leaf::Text(text) => !text.ends_with(char::is_whitespace),
        Leaf::Break => false,
        Leaf::Mention(_) | Leaf::Emoji { .. } | Leaf::Maths(_) | Leaf::Time { .. } => true,
    });
    let gap = if glued { " " } else { "" };
    let link = span.style.link.clone().filter(|_| within_link);
    let style = Style { spoiler: None, code: false, link, ..span.style.clone() };
    Span { leaf: Leaf::Text(format!("{gap}({}) ", reason.unwrap_or_default())), style }
}

/// Writes out the addresses that are not taken. Not normalised.
pub(super) fn links(blocks: Vec<Block>, takes: &dyn Fn(&str) -> bool) -> Vec<Block> {
    let mut told = Told::default();
    let mut ends = vec![false; count(&blocks)];
    for stretch in stretches(&blocks) {
        let tells = !stretch.says_itself && !takes(stretch.url) && told.tell(stretch.url);
        if let Some(end) = stretch.last().and_then(|line| ends.get_mut(line.last)).filter(|_| tells)
        {
            *end = true;
        }
    }
    let mut ends = ends.into_iter();
    map_runs(blocks, &mut |spans| {
        let mut out: Vec<Span> = Vec::with_capacity(spans.len());
        for mut span in spans {
            let ends_here = ends.next().unwrap_or_default();
            let Some(url) = span.style.link.take_if(|url| !takes(url)) else {
                out.push(span);
                continue;
            };
            let style = Style { code: false, ..span.style.clone() };
            out.push(span);
            if ends_here {
                out.push(Span { leaf: Leaf::Text(format!(" ({url})")), style });
            }
        }
        out
    })
}

/// Takes links from all but the last lines of long stretches. Not normalised.
fn thinned(blocks: Vec<Block>) -> Vec<Block> {
    let (mut told, mut more) = (Told::default(), Told::default());
    let mut keeps = vec![true; count(&blocks)];
    for stretch in stretches(&blocks) {
        let mut keep = stretch.says_itself || told.tell(stretch.url);
        for (from_end, line) in stretch.lines.iter().rev().enumerate() {
            keep = keep && (from_end == 0 || more.tell(stretch.url));
            let runs = keeps.get_mut(line.first..=line.last).unwrap_or_default();
            runs.iter_mut().for_each(|run| *run = keep);
        }
    }
    let mut keeps = keeps.into_iter();
    map_runs(blocks, &mut |spans| {
        let thin = |mut span: Span| {
            let keep = keeps.next().unwrap_or(true);
            span.style.link = span.style.link.filter(|_| keep);
            span
        };
        spans.into_iter().map(thin).collect()
    })
}

fn count(blocks: &[Block]) -> usize {
    walk::spans(blocks).len()
}

/// Lines with the same link, with nothing but marks between them.
struct Stretch<'a> {
    url: &'a str,
    lines: Vec<Line>,
    /// The words are the address. Such a line is a stretch of its own.
    says_itself: bool,
}

/// The runs of a line that belong to a stretch, as places in the row of all runs.
struct Line {
    first: usize,
    last: usize,
}

impl Stretch<'_> {
    fn last(&self) -> Option<&Line> {
        self.lines.last()
    }
}

/// All stretches with a link, in reading order.
fn stretches(blocks: &[Block]) -> Vec<Stretch<'_>> {
    let parts = parts(blocks);
    let mut out: Vec<Stretch<'_>> = Vec::new();
    let mut goes_on = false;
    let mut place = 0;
    let mut rest = parts.as_slice();
    while let Some((part, behind)) = rest.split_first() {
        let Part::Run(span) = part else {
            goes_on = goes_on && matches!(part, Part::Start);
            rest = behind;
            continue;
        };
        let group = group(span, rest);
        let Some(url) = span.style.link.as_deref().filter(|_| !group.is_empty()) else {
            goes_on = goes_on && is_mark(span);
            place += 1;
            rest = behind;
            continue;
        };
        let line = Line { first: place, last: place + group.len() - 1 };
        let says_itself = says(&group, url);
        match out.last_mut() {
            Some(open) if goes_on && open.url == url && !open.says_itself && !says_itself => {
                open.lines.push(line);
            }
            Some(_) | None => out.push(Stretch { url, lines: vec![line], says_itself }),
        }
        goes_on = true;
        place += group.len();
        rest = rest.get(group.len()..).unwrap_or_default();
    }
    out
}

/// The runs from `first` on that have its link, on its line.
fn group<'a>(first: &Span, rest: &[Part<'a>]) -> Vec<&'a Span> {
    let same = |part: &Part<'a>| match part {
        Part::Run(span) if span.leaf != Leaf::Break && span.style.link == first.style.link => {
            Some(*span)
        }
        Part::Run(_) | Part::Start | Part::Other => None,
    };
    if first.style.link.is_none() { Vec::new() } else { rest.iter().map_while(same).collect() }
}

/// Gaps that people put into a number.
const GAPS: usize = 16;

/// The words of these runs are their address, as people write it (perhaps without the scheme),
/// and no reason will be told in the midst of them.
fn says(group: &[&Span], url: &str) -> bool {
    let mut words = String::new();
    for span in group {
        words.push_str(&span.leaf.shown());
        // Not much longer than the address: it may end with a slash more, a number have gaps.
        if words.len() > url.len().saturating_add(GAPS) {
            return false;
        }
    }
    let unslashed = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
    let bare = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    // A number is the same with other gaps.
    let dialled = |text: &str| text.replace([' ', '-', '(', ')', '/', '.', '\u{a0}'], "");
    let named = url.strip_prefix("mailto:").is_some_and(|bare| words == bare);
    let called = url.strip_prefix("tel:").is_some_and(|bare| dialled(&words) == dialled(bare));
    let same = words == url
        || named
        || called
        || bare.is_some_and(|bare| unslashed(&words) == unslashed(bare));
    same && !group.windows(2).any(|pair| match pair {
        [a, b] => {
            let reason = |spoiler: &Spoiler| spoiler.reason.is_some();
            b.style.spoiler.as_ref().is_some_and(reason) && a.style.spoiler != b.style.spoiler
        }
        _ => false,
    })
}
