// SPDX-License-Identifier: AGPL-3.0-or-later
//! Runs as a tree, for writers of HTML and Markdown.
//!
//! Rule: of the styles that start at a run, the one that reaches farthest is
//! outermost; code is always innermost, because Markdown allows nothing within it. A link is wholly
//! inside or outside of a spoiler: whoever lifts the veil must not follow the link by that.

use super::{Leaf, Span, Spoiler, Style};

/// A style that is put around something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap<'a> {
    /// Leads somewhere.
    Link(&'a str),
    /// Hidden until asked for.
    Spoiler(&'a Spoiler),
    /// Small print.
    Subtext,
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Underlined.
    Underline,
    /// Struck through.
    Strike,
    /// Fixed width. Contains only one leaf or leaves that differ in nothing.
    Code,
}

/// Part of a line with its styles as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// A leaf without further styles.
    Leaf(&'a Leaf),
    /// A style around others; never empty.
    Styled(Wrap<'a>, Vec<Node<'a>>),
}

/// Nests runs. A break between two runs that share a style stands within that style;
/// elsewhere breaks have none. Code never reaches over a break.
pub fn nest(spans: &[Span]) -> Vec<Node<'_>> {
    nest_within(spans, &mut Vec::new())
}

/// From outermost to innermost where the reach is the same.
fn wraps(style: &Style) -> impl Iterator<Item = Wrap<'_>> {
    [
        style.link.as_deref().map(Wrap::Link),
        style.spoiler.as_ref().map(Wrap::Spoiler),
        style.subtext.then_some(Wrap::Subtext),
        style.bold.then_some(Wrap::Bold),
        style.italic.then_some(Wrap::Italic),
        style.underline.then_some(Wrap::Underline),
        style.strike.then_some(Wrap::Strike),
        style.code.then_some(Wrap::Code),
    ]
    .into_iter()
    .flatten()
}

fn nest_within<'a>(spans: &'a [Span], open: &mut Vec<Wrap<'a>>) -> Vec<Node<'a>> {
    let mut nodes = Vec::new();
    let mut rest = spans;
    while let Some((first, behind)) = rest.split_first() {
        let Some((wrap, length)) = farthest(first, rest, open) else {
            nodes.push(Node::Leaf(&first.leaf));
            rest = behind;
            continue;
        };
        let Some((inside, behind)) = rest.split_at_checked(length) else { break };
        open.push(wrap);
        nodes.push(Node::Styled(wrap, nest_within(inside, open)));
        open.pop();
        rest = behind;
    }
    nodes
}

/// The style of `first` that is not open yet and reaches farthest, with its reach.
fn farthest<'a>(first: &'a Span, rest: &'a [Span], open: &[Wrap<'a>]) -> Option<(Wrap<'a>, usize)> {
    if first.leaf == Leaf::Break {
        return None;
    }
    let mut best: Option<(Wrap<'a>, usize)> = None;
    let closed = || wraps(&first.style).filter(|wrap| !open.contains(wrap));
    let hidden = closed().any(|wrap| matches!(wrap, Wrap::Spoiler(_)));
    for wrap in closed() {
        let waits = match wrap {
            Wrap::Code => best.is_some(),
            Wrap::Link(_) => hidden,
            Wrap::Spoiler(_)
            | Wrap::Subtext
            | Wrap::Bold
            | Wrap::Italic
            | Wrap::Underline
            | Wrap::Strike => false,
        };
        if waits {
            continue;
        }
        let length = reach(wrap, rest);
        if best.is_none_or(|(_, known)| length > known) {
            best = Some((wrap, length));
        }
    }
    best
}

/// How many of the first runs have the style `wrap`, breaks between them included. Nothing stands
/// within code, so code reaches only as far as nothing else changes.
fn reach(wrap: Wrap<'_>, spans: &[Span]) -> usize {
    if wrap == Wrap::Code {
        let style = spans.first().map(|first| &first.style);
        let same = |span: &&Span| Some(&span.style) == style && span.leaf != Leaf::Break;
        return spans.iter().take_while(same).count();
    }
    let mut length = 0;
    for (place, span) in spans.iter().enumerate() {
        if span.leaf == Leaf::Break {
            continue;
        }
        let crosses_veil = matches!(wrap, Wrap::Link(_))
            && spans.first().is_some_and(|first| first.style.spoiler != span.style.spoiler);
        if crosses_veil || !wraps(&span.style).any(|other| other == wrap) {
            break;
        }
        length = place + 1;
    }
    length
}
