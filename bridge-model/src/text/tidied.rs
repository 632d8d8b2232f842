// SPDX-License-Identifier: AGPL-3.0-or-later
//! Whether a line of runs is in its canonical form already.
//!
//! Rule: says so only when `inline::mend` would change nothing; it may say no to a line that
//! is, which then only takes longer.

use super::inline::{Kind, NBSP, clean_line};
use super::{Leaf, Mention, Span, Style, bounds};

/// Whether the runs between two breaks, of which no two can be merged, are canonical; `first` is the first line that says
/// something, which begins with no space.
pub(super) fn is_tidy(line: &[Span], first: bool, kind: Kind) -> bool {
    if !line.iter().all(|span| is_tidy_style(&span.style) && is_tidy_leaf(span)) {
        return false;
    }
    if kind != Kind::Lines && line.iter().any(|span| span.leaf == Leaf::Break) {
        return false;
    }
    let ends_well = line.last().is_none_or(|span| !ends_in_space(span));
    ends_well && !(first && line.first().is_some_and(starts_with_space))
}

fn starts_with_space(span: &Span) -> bool {
    matches!(&span.leaf, Leaf::Text(text) if text.starts_with(char::is_whitespace))
}

fn ends_in_space(span: &Span) -> bool {
    matches!(&span.leaf, Leaf::Text(text) if text.ends_with(char::is_whitespace))
}

fn is_tidy_leaf(span: &Span) -> bool {
    let plain = span.style == Style::default();
    match &span.leaf {
        Leaf::Text(text) => {
            let clean = !text.is_empty() && is_clean(text);
            // A style has no spaces at its edges.
            clean && (plain || !(starts_with_space(span) || ends_in_space(span)))
        }
        Leaf::Break => true,
        Leaf::Mention(mention) => {
            span.style.link.is_none() && is_tidy_mention(mention) && !span.style.code
        }
        Leaf::Emoji { name, .. } => !span.style.code && clean_line(name) == *name,
        // Rare: letter by letter.
        Leaf::Maths(_) | Leaf::Time { .. } => false,
    }
}

fn is_tidy_mention(mention: &Mention) -> bool {
    match mention {
        Mention::Everyone => true,
        Mention::Person { name, .. } | Mention::Role { name, .. } | Mention::Chat { name, .. } => {
            clean_line(name) == *name
        }
    }
}

/// Small print belongs to whole lines, reasons are cut: both are for [`super::inline`].
fn is_tidy_style(style: &Style) -> bool {
    let reason = style.spoiler.as_ref().is_some_and(|spoiler| spoiler.reason.is_some());
    let link = style.link.as_ref();
    let good = |url: &String| {
        !url.is_empty()
            && url.len() <= bounds::ADDRESS
            && is_clean(url)
            && url.trim().len() == url.len()
    };
    !style.subtext && !reason && link.is_none_or(good)
}

/// Neither controls nor hard spaces.
fn is_clean(text: &str) -> bool {
    !text.bytes().any(|byte| byte < b' ') && !text.contains(NBSP)
}
