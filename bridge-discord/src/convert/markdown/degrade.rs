// SPDX-License-Identifier: AGPL-3.0-or-later
//! What Discord cannot show becomes what it can.
//!
//! Rule: characters stay; only the markup around them goes. The one exception are
//! empty lines at the edges of a code block and characters that an address cannot hold.

use bridge_model::{Block, Leaf, ListItem, Mention, RichText, Span, Timestamp};

use super::{TEXT, atoms, table};

/// The shape in which Discord shows `text`; normalised. Applying it twice changes nothing.
pub fn degrade(text: &RichText) -> RichText {
    let text = table::as_code(text).restrict(&TEXT);
    // Only `http` and `https` lead somewhere on Discord; other addresses are shown.
    let text = text.write_out_links(&|url| address(url).is_some());
    RichText(text.0.into_iter().map(block).collect()).thin_out_links()
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
        Block::List { start, items } => list(start, items),
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

/// Discord has no empty items.
fn list(start: Option<u32>, items: Vec<ListItem>) -> Block {
    let items: Vec<_> = items
        .into_iter()
        .map(|item| ListItem(item.0.into_iter().map(block).collect()))
        .filter(|item| !item.0.is_empty())
        .collect();
    let most = u32::MAX.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
    Block::List { start: start.map(|start| start.min(most)), items }
}

fn spans(all: Vec<Span>) -> Vec<Span> {
    all.into_iter().map(linked).map(leaf).collect()
}

/// With the address as Discord takes it.
fn linked(mut span: Span) -> Span {
    span.style.link = span.style.link.as_deref().and_then(address);
    span
}

/// A link cannot be parted: with a longer address it might not fit into a message.
const MOST_ADDRESS: usize = 1500;

/// Where the link leads, if Discord takes it.
fn address(url: &str) -> Option<String> {
    let address = cleaned(url);
    (atoms::is_address(&address) && address.len() <= MOST_ADDRESS).then_some(address)
}

/// Writes what cannot stand in an address as percent signs and digits.
fn cleaned(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let mut bytes = [0; 4];
    for c in url.chars() {
        if c.is_whitespace() || c.is_control() || "<>\\`".contains(c) {
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
