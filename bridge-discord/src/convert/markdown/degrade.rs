// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Discord cannot show becomes what it can.
//!
//! Rule: characters stay; only the markup around them goes. The one exception are
//! empty lines at the edges of a code block and characters that an address cannot hold.

use bridge_model::{Block, Leaf, ListItem, Mention, RichText, Span, Style, Timestamp, name};

use super::closing::is_word;
use super::inline::Inline;
use super::{Names, TEXT, atoms, escape, table, write};

/// The shape in which Discord shows `text`; normalised. Applying it twice changes nothing.
pub fn degrade(text: &RichText) -> RichText {
    let text = table::as_code(text).restrict(&TEXT).label_links();
    // Discord writes an address on each line that leads to it.
    let text = text.write_out_links(&|url| is_link(&cleaned(url))).thin_out_links();
    // What was written out may have been all that there was to see of a link over several lines.
    RichText(text.0.into_iter().map(block).collect()).label_links().normalise()
}

fn block(one: Block) -> Block {
    match one {
        Block::Paragraph(content) => Block::Paragraph(spans(content)),
        Block::Heading { level, content } => {
            let mut content = spans(content);
            for span in &mut content {
                span.style.subtext = false;
            }
            Block::Heading { level, content }
        }
        Block::Quote { blocks, expandable } => {
            Block::Quote { blocks: blocks.into_iter().map(block).collect(), expandable }
        }
        Block::List { start, items } => list(start, items, 0),
        Block::Code { language, text } => {
            Block::Code { language, text: text.trim_matches('\n').to_owned() }
        }
        Block::Table { head, rows } => {
            let row = |row: Vec<Vec<Span>>| row.into_iter().map(spans).collect();
            Block::Table { head, rows: rows.into_iter().map(row).collect() }
        }
        Block::Details { summary, blocks } => Block::Details {
            summary: spans(summary),
            blocks: blocks.into_iter().map(block).collect(),
        },
        Block::Rule => Block::Rule,
    }
}

/// Discord has no empty items. The lines of an item are indented by its mark, so within other lists
/// a long number is no mark: it would stand before each line once more, as spaces.
fn list(start: Option<u32>, items: Vec<ListItem>, depth: usize) -> Block {
    let inside = |one: Block| match one {
        Block::List { start, items } => list(start, items, depth.saturating_add(1)),
        other @ (Block::Paragraph(_)
        | Block::Heading { .. }
        | Block::Quote { .. }
        | Block::Code { .. }
        | Block::Table { .. }
        | Block::Details { .. }
        | Block::Rule) => block(other),
    };
    let items: Vec<_> = items
        .into_iter()
        .map(|item| ListItem(item.0.into_iter().map(inside).collect()))
        .filter(|item| !item.0.is_empty())
        .collect();
    let most = u32::MAX.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
    let start = start.filter(|start| depth == 0 || *start <= LONGEST_INNER);
    Block::List { start: start.map(|start| start.min(most)), items }
}

/// The largest number that begins a list within a list.
const LONGEST_INNER: u32 = 9_999;

fn spans(all: Vec<Span>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::with_capacity(all.len());
    let mut left = all.into_iter().map(leaf).peekable();
    while let Some(mut span) = left.next() {
        let Some(url) = span.style.link.take() else {
            out.push(span);
            continue;
        };
        let mut words = vec![span];
        while let Some(mut more) = left.next_if(|next| next.style.link.as_ref() == Some(&url)) {
            more.style.link = None;
            words.push(more);
        }
        link(&mut out, words, &url);
    }
    out
}

/// Only `http` and `https` lead somewhere on Discord.
fn is_link(address: &str) -> bool {
    atoms::is_address(address) && address.len() <= MOST_ADDRESS
}

/// A link cannot be parted: with a longer address it might not fit into a message.
const MOST_ADDRESS: usize = 1500;

/// Only `http` and `https` lead somewhere on Discord; other addresses are shown.
fn link(out: &mut Vec<Span>, mut words: Vec<Span>, url: &str) {
    let address = cleaned(url);
    let style = words.last().map(|word| word.style.clone()).unwrap_or_default();
    let style = Style { code: false, ..style };
    let linked = Style { link: Some(address.clone()), ..style.clone() };
    let good = is_link(&address);
    let text = match words.as_slice() {
        [Span { leaf: Leaf::Text(text), style }] if !style.code => Some(text.clone()),
        _ => None,
    };
    if !good {
        out.extend(words);
        if text.as_deref() != Some(url) {
            out.push(Span { leaf: Leaf::Text(format!(" ({url})")), style });
        }
    } else if text.is_some_and(|text| atoms::is_same_address(&text, &address)) {
        // Another spelling of it as label would be shown as markup.
        out.push(Span { leaf: Leaf::Text(address), style: linked });
    } else if is_label(&words) {
        for word in &mut words {
            word.style.link = Some(address.clone());
        }
        out.extend(words);
    } else {
        out.extend(words);
        out.push(Span { leaf: Leaf::Text(" (".to_owned()), style: style.clone() });
        out.push(Span { leaf: Leaf::Text(address), style: linked });
        out.push(Span { leaf: Leaf::Text(")".to_owned()), style });
    }
}

/// Discord shows these words as the label of a link, with nothing added and nothing lost: it knows
/// no escapes there, no addresses and no brackets.
pub(in crate::convert) fn is_label(words: &[Span]) -> bool {
    let bare: Vec<Span> = words.iter().map(|word| without_names(word.clone())).collect();
    let label = write::label(&bare);
    let text = |word: &Span| match &word.leaf {
        Leaf::Text(text) | Leaf::Maths(text) if !word.style.code => text.clone(),
        Leaf::Text(_)
        | Leaf::Maths(_)
        | Leaf::Break
        | Leaf::Mention(_)
        | Leaf::Emoji { .. }
        | Leaf::Time { .. } => " ".to_owned(),
    };
    let said: String = bare.iter().map(text).collect();
    // Not every client knows brackets within brackets, or agrees on what a backslash does there.
    let marks = ["**", "__", "~~", "||", "`", "[", "]", "\\"];
    let marked = marks.iter().any(|sign| said.contains(sign));
    let emoji = said.char_indices().any(|(at, _)| said.get(at..).is_some_and(escape::is_shortcode));
    // Signs that nobody sees and capitals would make another label of an address for the client, and
    // the same one for its reader.
    let shown = name::one_line(&label, usize::MAX).to_lowercase();
    if marked || emoji || underlined(&said) || atoms::holds_address(&shown) {
        return false;
    }
    if bare.iter().any(runs_into_a_mark) {
        return false;
    }
    let link = format!("[{label}]({SAMPLE})");
    let mut read = Inline::read(&Names::default(), &link, &Style::default());
    let all = read.iter().all(|span| span.style.link.as_deref() == Some(SAMPLE));
    read.iter_mut().for_each(|span| span.style.link = None);
    let normal = |spans: Vec<Span>| {
        let spans = spans.into_iter().map(without_names).collect();
        RichText(vec![Block::Paragraph(spans)]).normalise()
    };
    all && !read.is_empty() && normal(read) == normal(bare)
}

/// A sign in the words of a style would be read as a part of its mark, and which marks stand inside
/// of the label depends on what stands before and behind the link.
fn runs_into_a_mark(span: &Span) -> bool {
    let style = &span.style;
    let styled = style.bold || style.italic || style.underline || style.strike;
    let Leaf::Text(text) = &span.leaf else { return false };
    let edge = text.starts_with(['_', '~']) || text.ends_with(['_', '~']);
    styled && !style.code && (edge || text.contains('*'))
}

/// An address to try labels with.
const SAMPLE: &str = "https://wikimedia.org/";

/// Discord leans what stands between two low lines of which the last ends a word, also where the
/// first is in the middle of one.
fn underlined(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let ends = |at: usize| chars.get(at + 1).is_none_or(|c| !is_word(*c));
    let lines = chars.iter().enumerate().filter(|(_, c)| **c == '_').map(|(at, _)| at);
    lines.skip(1).any(ends)
}

/// A mention without the name, which is not written.
fn without_names(span: Span) -> Span {
    let leaf = match span.leaf {
        Leaf::Mention(Mention::Person { who, .. }) => {
            Leaf::Mention(Mention::Person { who, name: String::new() })
        }
        Leaf::Mention(Mention::Chat { place, .. }) => {
            Leaf::Mention(Mention::Chat { place, name: String::new() })
        }
        Leaf::Mention(Mention::Role { id, .. }) => {
            Leaf::Mention(Mention::Role { id, name: String::new(), colour: None })
        }
        leaf @ (Leaf::Mention(Mention::Everyone)
        | Leaf::Text(_)
        | Leaf::Break
        | Leaf::Emoji { .. }
        | Leaf::Maths(_)
        | Leaf::Time { .. }) => leaf,
    };
    Span { leaf, style: Style { subtext: false, ..span.style } }
}

/// Turns the direction of writing, or shows nothing: the address would look like another one.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Writes what cannot stand in an address as percent signs and digits.
fn cleaned(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let mut bytes = [0; 4];
    for c in url.chars() {
        if c.is_whitespace() || c.is_control() || is_unseen(c) || "<>\\`|".contains(c) {
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn leaf(span: Span) -> Span {
    let Span { leaf, style } = span;
    let leaf = match leaf {
        Leaf::Mention(mention) => self::mention(mention),
        Leaf::Emoji { id, name, animated } => {
            if atoms::is_id(&id) && atoms::is_emoji_name(&name) {
                Leaf::Emoji { id, name, animated }
            } else {
                Leaf::Text(spelled(name))
            }
        }
        Leaf::Time { at, style } => Leaf::Time {
            at: Timestamp(at.0.div_euclid(1000).saturating_mul(1000)),
            style: if atoms::is_time_style(style) { style } else { 'f' },
        },
        Leaf::Text(_) | Leaf::Break | Leaf::Maths(_) => leaf,
    };
    Span { leaf, style }
}

/// `:name:`; a name that is an emoji itself stands alone.
fn spelled(name: String) -> String {
    let word = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '~' | '+'));
    if word { format!(":{name}:") } else { name }
}

fn mention(mention: Mention) -> Leaf {
    match mention {
        Mention::Person { who, name } => {
            if who.network.as_str() == crate::NETWORK && atoms::is_id(who.user.as_str()) {
                Leaf::Mention(Mention::Person { who, name })
            } else {
                Leaf::Text(format!("@{name}"))
            }
        }
        Mention::Chat { place, name } => {
            if place.network.as_str() == crate::NETWORK && atoms::is_id(place.chat.as_str()) {
                Leaf::Mention(Mention::Chat { place, name })
            } else {
                Leaf::Text(format!("#{name}"))
            }
        }
        // A role belongs to one server.
        Mention::Role { name, .. } => Leaf::Text(format!("@{name}")),
        // The core lets it through only when its author may do that.
        Mention::Everyone => Leaf::Mention(Mention::Everyone),
    }
}
