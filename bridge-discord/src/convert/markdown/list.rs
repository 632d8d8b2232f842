// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reads lists.
//!
//! Rule: a line that is indented farther than the mark of an item belongs to the
//! item; its content is read as blocks of its own.

use bridge_model::{Block, ListItem};

use super::blocks::{Blocks, first_line};

/// The mark at the start of an item.
#[derive(Clone, Copy)]
struct Mark<'s> {
    indent: usize,
    /// The columns that the item's own lines are indented by.
    width: usize,
    number: Option<u32>,
    words: &'s str,
}

/// Reads the list that `source` starts with, and gives what follows it.
pub(super) fn read<'s>(blocks: Blocks<'_>, source: &'s str) -> Option<(Block, Option<&'s str>)> {
    let first = Mark::read(first_line(source).0)?;
    let mut items: Vec<String> = Vec::new();
    let mut current = first;
    let mut left = Some(source);
    while let Some(now) = left {
        let (line, rest) = first_line(now);
        let indent = spaces(line);
        let mark = Mark::read(line).filter(|mark| mark.indent <= first.indent);
        if let Some(mark) = mark {
            if mark.number.is_some() != first.number.is_some() {
                break;
            }
            items.push(mark.words.to_owned());
            current = mark;
        } else if belongs(line, indent, current) {
            let item = items.last_mut()?;
            item.push('\n');
            item.push_str(line.get(indent.min(current.width)..).unwrap_or_default());
        } else {
            break;
        }
        left = rest;
    }
    let items = items.iter().map(|item| ListItem(blocks.inside().parse(item))).collect();
    Some((Block::List { start: first.number, items }, left))
}

/// Whether a list begins with this line.
pub(super) fn begins(line: &str) -> bool {
    Mark::read(line).is_some()
}

fn belongs(line: &str, indent: usize, current: Mark<'_>) -> bool {
    if indent == line.len() { indent >= current.width } else { indent > current.indent }
}

impl<'s> Mark<'s> {
    fn read(line: &'s str) -> Option<Self> {
        let indent = spaces(line);
        let rest = line.get(indent..)?;
        let (sign, number) = match rest.strip_prefix(['-', '*']) {
            Some(_) => (1, None),
            None => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let number = rest.get(..digits)?.parse().ok()?;
                rest.get(digits..)?.strip_prefix('.')?;
                (digits + 1, Some(number))
            }
        };
        let words = rest.get(sign..)?.strip_prefix(' ')?.trim_start_matches(' ');
        let good = !words.trim().is_empty();
        good.then_some(Self { indent, width: indent + sign + 1, number, words })
    }
}

fn spaces(line: &str) -> usize {
    line.bytes().take_while(|b| *b == b' ').count()
}
