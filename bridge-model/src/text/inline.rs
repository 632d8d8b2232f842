// SPDX-License-Identifier: AGPL-3.0-or-later
//! The canonical form of runs: white space, edges of styles, merging.
//!
//! Rule: which characters remain depends on the characters alone, never on their
//! style. `plain()` of degraded text would differ otherwise.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use super::tidied::is_tidy;
use super::{Leaf, Mention, Span, Spoiler, Style, Timestamp, bounds};

pub(super) const NBSP: char = '\u{a0}';

/// What kind of place the runs stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A paragraph: lines.
    Lines,
    /// A table cell or summary: breaks become spaces.
    OneLine,
    /// A heading: one line, and never small print.
    Heading,
}

/// A style as a small value; `spoiler` and `link` are places in a [`Pool`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ink {
    bold: bool,
    italic: bool,
    underline: bool,
    strike: bool,
    code: bool,
    subtext: bool,
    spoiler: Option<usize>,
    link: Option<usize>,
}

/// The distinct spoilers and links of one sequence of runs.
#[derive(Default)]
struct Pool<'a> {
    spoilers: Distinct<Spoiler>,
    links: Distinct<String>,
    /// The style that was asked for last: neighbours often share a long address.
    last: Option<(&'a Style, Ink)>,
}

/// Values by the order in which they were met first.
struct Distinct<T> {
    values: Vec<T>,
    places: HashMap<T, usize>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { values: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Distinct<T> {
    fn place(&mut self, value: T) -> usize {
        if let Some(place) = self.places.get(&value) {
            return *place;
        }
        let place = self.values.len();
        self.values.push(value.clone());
        self.places.insert(value, place);
        place
    }
}

enum What {
    Char(char),
    Leaf(Box<Leaf>),
}

struct Glyph {
    what: What,
    ink: Ink,
}

impl Glyph {
    fn is_space(&self) -> bool {
        matches!(self.what, What::Char(c) if c.is_whitespace())
    }

    fn is_plain_or_hard_space(&self) -> bool {
        matches!(self.what, What::Char(' ' | NBSP))
    }
}

/// Brings runs into canonical form.
///
/// Most lines are in it already: they are looked at span by span, and only the others letter by
/// letter.
pub(super) fn tidy(spans: &[Span], kind: Kind) -> Vec<Span> {
    let mut out = Lines::default();
    let is_end = |span: &Span| kind == Kind::Lines && span.leaf == Leaf::Break;
    for line in spans.split(is_end) {
        let merged = merged(line);
        if is_tidy(&merged, out.is_empty(), kind) {
            out.add(merged.into_owned());
        } else {
            mend(line, kind, &mut out);
        }
    }
    out.spans
}

/// The runs, with neighbours of the same style in one.
fn merged(line: &[Span]) -> Cow<'_, [Span]> {
    let text = |span: &Span| matches!(span.leaf, Leaf::Text(_));
    let joins = |a: &Span, b: &Span| text(a) && text(b) && a.style == b.style;
    if !line.windows(2).any(|pair| matches!(pair, [a, b] if joins(a, b))) {
        return Cow::Borrowed(line);
    }
    let join = |spans: &[Span]| {
        let words = spans.iter().map(|span| match &span.leaf {
            Leaf::Text(text) => text.as_str(),
            Leaf::Break
            | Leaf::Mention(_)
            | Leaf::Emoji { .. }
            | Leaf::Maths(_)
            | Leaf::Time { .. } => "",
        });
        let words: String = words.collect();
        let first = spans.first().filter(|_| spans.len() > 1);
        match first {
            Some(first) => vec![Span { leaf: Leaf::Text(words), style: first.style.clone() }],
            None => spans.to_vec(),
        }
    };
    Cow::Owned(line.chunk_by(joins).flat_map(join).collect())
}

/// Lines under each other; empty ones at both ends are none.
#[derive(Default)]
struct Lines {
    spans: Vec<Span>,
    /// How many breaks stand before the next line.
    breaks: usize,
}

impl Lines {
    fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    fn add(&mut self, line: impl IntoIterator<Item = Span>) {
        let mut line = line.into_iter().peekable();
        if line.peek().is_some() {
            let breaks = if self.is_empty() { 0 } else { self.breaks };
            self.spans.extend(std::iter::repeat_n(Span::line_break(), breaks));
            self.spans.extend(line);
            self.breaks = 0;
        }
        self.breaks = self.breaks.saturating_add(1);
    }
}

/// Brings runs between two breaks into canonical form; their texts may hold further breaks.
fn mend(spans: &[Span], kind: Kind, out: &mut Lines) {
    let mut pool = Pool::default();
    for mut line in explode(spans, kind, &mut pool) {
        soften_hard_spaces(&mut line);
        let kept = line.iter().rposition(|g| !g.is_space()).map_or(0, |last| last + 1);
        line.truncate(kept);
        if out.is_empty() {
            let lead = line.iter().position(|g| !g.is_space()).unwrap_or(0);
            line.drain(..lead);
        }
        if kind == Kind::Heading {
            line.iter_mut().for_each(|g| g.ink.subtext = false);
        }
        tidy_styles(&mut line);
        out.add(collect(line, &pool));
    }
}

/// Makes one line of clean characters: no controls, no breaks, no white space at the ends.
pub(super) fn clean_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' | '\u{c}' | NBSP => out.push(' '),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            c if c < ' ' => {}
            c => out.push(c),
        }
    }
    let kept = out.trim();
    if kept.len() == out.len() { out } else { kept.to_owned() }
}

fn explode<'a>(spans: &'a [Span], kind: Kind, pool: &mut Pool<'a>) -> Vec<Vec<Glyph>> {
    let mut lines = vec![Vec::new()];
    for span in spans {
        let mut ink = pool.ink(&span.style);
        if let Leaf::Text(text) = &span.leaf {
            explode_text(text, ink, kind, &mut lines);
        } else if span.leaf == Leaf::Break {
            end_line(ink, kind, &mut lines);
        } else if let Some(leaf) = clean_leaf(&span.leaf) {
            ink.code = false;
            if matches!(leaf, Leaf::Mention(_)) {
                ink.link = None;
            }
            put(&mut lines, What::Leaf(Box::new(leaf)), ink);
        }
    }
    lines
}

fn explode_text(text: &str, ink: Ink, kind: Kind, lines: &mut Vec<Vec<Glyph>>) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                end_line(ink, kind, lines);
            }
            '\n' => end_line(ink, kind, lines),
            '\t' => (0..4).for_each(|_| put(lines, What::Char(' '), ink)),
            '\u{c}' => put(lines, What::Char(' '), ink),
            '\0' => put(lines, What::Char(char::REPLACEMENT_CHARACTER), ink),
            c if c < ' ' => {}
            c => put(lines, What::Char(c), ink),
        }
    }
}

fn end_line(ink: Ink, kind: Kind, lines: &mut Vec<Vec<Glyph>>) {
    match kind {
        Kind::Lines => lines.push(Vec::new()),
        Kind::OneLine | Kind::Heading => put(lines, What::Char(' '), ink),
    }
}

fn put(lines: &mut [Vec<Glyph>], what: What, ink: Ink) {
    if let Some(line) = lines.last_mut() {
        line.push(Glyph { what, ink });
    }
}

/// Cleans what is not text; `None` when nothing is left.
fn clean_leaf(leaf: &Leaf) -> Option<Leaf> {
    match leaf {
        Leaf::Text(_) | Leaf::Break => None,
        Leaf::Mention(mention) => Some(Leaf::Mention(clean_mention(mention))),
        Leaf::Emoji { id, name, animated } => {
            Some(Leaf::Emoji { id: id.clone(), name: clean_line(name), animated: *animated })
        }
        Leaf::Maths(formula) => {
            let formula = clean_line(formula);
            (!formula.is_empty()).then_some(Leaf::Maths(formula))
        }
        Leaf::Time { at, style } => {
            let style = if "tTdDfFR".contains(*style) { *style } else { 'f' };
            // Networks send whole seconds.
            let at = Timestamp(at.0.saturating_sub(at.0.rem_euclid(1000)));
            Some(Leaf::Time { at, style })
        }
    }
}

fn clean_mention(mention: &Mention) -> Mention {
    match mention {
        Mention::Person { who, name } => {
            Mention::Person { who: who.clone(), name: clean_line(name) }
        }
        Mention::Everyone => Mention::Everyone,
        Mention::Role { id, name, colour } => {
            Mention::Role { id: id.clone(), name: clean_line(name), colour: *colour }
        }
        Mention::Chat { place, name } => {
            Mention::Chat { place: place.clone(), name: clean_line(name) }
        }
    }
}

/// Hard spaces stay only where they are alone inside a line: writers use them to
/// keep runs of spaces, so elsewhere they mean plain ones.
fn soften_hard_spaces(line: &mut [Glyph]) {
    let soften = |glyph: &mut Glyph| {
        if matches!(glyph.what, What::Char(NBSP)) {
            glyph.what = What::Char(' ');
        }
    };
    line.first_mut().into_iter().for_each(soften);
    line.last_mut().into_iter().for_each(soften);
    let same = |a: &Glyph, b: &Glyph| a.is_plain_or_hard_space() && b.is_plain_or_hard_space();
    line.chunk_by_mut(same)
        .filter(|run| run.len() > 1)
        .for_each(|run| run.iter_mut().for_each(soften));
}

fn tidy_styles(line: &mut [Glyph]) {
    let small = line.iter().any(|g| g.ink.subtext && !g.is_space());
    line.iter_mut().for_each(|g| g.ink.subtext = small);
    strip(line, |ink| ink.bold.then_some(0), |ink| ink.bold = false);
    strip(line, |ink| ink.italic.then_some(0), |ink| ink.italic = false);
    strip(line, |ink| ink.underline.then_some(0), |ink| ink.underline = false);
    strip(line, |ink| ink.strike.then_some(0), |ink| ink.strike = false);
    strip(line, |ink| ink.subtext.then_some(0), |ink| ink.subtext = false);
    strip(line, |ink| ink.spoiler, |ink| ink.spoiler = None);
    strip(line, |ink| ink.link, |ink| ink.link = None);
    for run in line.chunk_by_mut(|a, b| a.ink == b.ink) {
        if run.iter().all(Glyph::is_space) {
            run.iter_mut().for_each(|g| g.ink.code = false);
        }
    }
}

/// Removes one attribute from the spaces at the edges of each stretch that has it.
fn strip(line: &mut [Glyph], get: fn(&Ink) -> Option<usize>, clear: fn(&mut Ink)) {
    for run in line.chunk_by_mut(|a, b| get(&a.ink) == get(&b.ink)) {
        let spaces = run.iter_mut().take_while(|g| g.is_space());
        spaces.for_each(|g| clear(&mut g.ink));
        let spaces = run.iter_mut().rev().take_while(|g| g.is_space());
        spaces.for_each(|g| clear(&mut g.ink));
    }
}

fn collect(line: Vec<Glyph>, pool: &Pool<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut text = String::new();
    let mut current = Ink::default();
    for glyph in line {
        if glyph.ink != current || matches!(glyph.what, What::Leaf(_)) {
            flush(&mut spans, &mut text, pool, current);
            current = glyph.ink;
        }
        match glyph.what {
            What::Char(c) => text.push(c),
            What::Leaf(leaf) => spans.push(Span { leaf: *leaf, style: pool.style(current) }),
        }
    }
    flush(&mut spans, &mut text, pool, current);
    spans
}

fn flush(spans: &mut Vec<Span>, text: &mut String, pool: &Pool<'_>, ink: Ink) {
    if !text.is_empty() {
        spans.push(Span { leaf: Leaf::Text(std::mem::take(text)), style: pool.style(ink) });
    }
}

impl<'a> Pool<'a> {
    fn ink(&mut self, style: &'a Style) -> Ink {
        if let Some((_, ink)) = self.last.filter(|(last, _)| *last == style) {
            return ink;
        }
        let spoiler = style.spoiler.as_ref().map(|spoiler| {
            let reason = spoiler.reason.as_deref().map(clean_line);
            let reason = reason.and_then(|words| bounds::reason(&words));
            self.spoilers.place(Spoiler { reason })
        });
        let link = style.link.as_deref().map(clean_line).and_then(bounds::address);
        let ink = Ink {
            bold: style.bold,
            italic: style.italic,
            underline: style.underline,
            strike: style.strike,
            code: style.code,
            subtext: style.subtext,
            spoiler,
            link: link.map(|url| self.links.place(url)),
        };
        self.last = Some((style, ink));
        ink
    }

    fn style(&self, ink: Ink) -> Style {
        Style {
            bold: ink.bold,
            italic: ink.italic,
            underline: ink.underline,
            strike: ink.strike,
            code: ink.code,
            subtext: ink.subtext,
            spoiler: ink.spoiler.and_then(|place| self.spoilers.values.get(place).cloned()),
            link: ink.link.and_then(|place| self.links.values.get(place).cloned()),
        }
    }
}
