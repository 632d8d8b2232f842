// SPDX-License-Identifier: AGPL-3.0-or-later
//! A message as people type it, for trying a verdict without a network.
//!
//! Rule: no markup but quotes and code.

use bridge_model::{Block, RichText, Span, Style};

/// What begins and ends a block of code, in a line of its own.
const FENCE: &str = "```";

/// Reads a text: a line that begins with `> ` is quoted; what stands between backticks, or between
/// two lines of three of them, is code.
pub fn as_typed(text: &str) -> RichText {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let opens = line.trim_start().strip_prefix(FENCE).is_some_and(|rest| !rest.contains('`'));
        let ends = |line: &&str| line.trim_end().ends_with(FENCE);
        if opens && lines.clone().any(|line| ends(&line)) {
            let mut code = String::new();
            for line in lines.by_ref() {
                if let Some(last) = line.trim_end().strip_suffix(FENCE) {
                    code.push_str(last);
                    break;
                }
                code.push_str(line);
                code.push('\n');
            }
            blocks.push(Block::Code { language: None, text: code });
        } else if let Some(quoted) = line.strip_prefix('>') {
            let said = vec![paragraph(quoted)];
            blocks.push(Block::Quote { blocks: said, expandable: false });
        } else {
            blocks.push(paragraph(line));
        }
    }
    RichText(blocks).normalise()
}

fn paragraph(line: &str) -> Block {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some((before, code, behind)) = code(rest) {
        spans.push(Span::text(before));
        spans.push(Span { style: Style { code: true, ..Style::default() }, ..Span::text(code) });
        rest = behind;
    }
    spans.push(Span::text(rest));
    spans.retain(|span| !matches!(&span.leaf, bridge_model::Leaf::Text(text) if text.is_empty()));
    Block::Paragraph(spans)
}

/// The first code of a line, with what stands before and behind it: as many backticks end it as
/// begin it; those that nothing ends are letters.
fn code(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_at(line.find('`')?);
    let inside = rest.trim_start_matches('`');
    let ticks = rest.get(..rest.len() - inside.len())?;
    let (code, behind) = inside.split_once(ticks)?;
    Some((before, code, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::links;

    #[test]
    fn code_is_what_stands_between_backticks_and_fences() {
        let hosts = |text: &str| {
            let links = links::of(&as_typed(text));
            links.into_iter().map(|link| link.host).collect::<Vec<_>>()
        };
        for text in [
            "`a.example/x` and ``b.example/`y` ``",
            "```\na.example/x\n```",
            "see\n```py\na.example/x\nb.example/y```",
            "> a.example/x",
        ] {
            assert!(hosts(text).is_empty(), "{text}");
        }
        assert_eq!(hosts("it`s here: a.example/x"), ["a.example"]);
        assert_eq!(
            hosts("```\nc\n```\na.example/x `b.example/y` c.example/z"),
            ["a.example", "c.example"]
        );
        assert_eq!(hosts("``` a.example/x"), ["a.example"]);
    }
}
